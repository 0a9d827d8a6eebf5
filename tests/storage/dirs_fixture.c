/* dirs_fixture.c - see dirs_fixture.h. */
#include "dirs_fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#define LOG_CLASS "test"
#include "base/logger.h"
#include "fault_fs.h"
#include "storage/log_config.h"

#define LINES_MAX 4096

struct dirs_fixture fx;

static struct {
	enum log_level level;
	char *text; /* "message (class)" */
} lines[LINES_MAX];
static int lines_n;
static pthread_mutex_t lines_mutex = PTHREAD_MUTEX_INITIALIZER;

static void capture(enum log_level level, const char *cls, const char *msg)
{
	if (getenv("TEST_LOG"))
		(void)fprintf(stderr, "%s (%s)\n", msg, cls);
	pthread_mutex_lock(&lines_mutex);
	if (lines_n >= LINES_MAX)
		abort();
	lines[lines_n].level = level;
	lines[lines_n++].text = xasprintf("%s (%s)", msg, cls);
	pthread_mutex_unlock(&lines_mutex);
}

void dirs_forget_lines(void)
{
	pthread_mutex_lock(&lines_mutex);
	while (lines_n > 0)
		free(lines[--lines_n].text);
	pthread_mutex_unlock(&lines_mutex);
}

int dirs_lines(const char *level, const char *text)
{
	static const char *const names[] = { "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "OFF" };
	int n = 0;

	pthread_mutex_lock(&lines_mutex);
	for (int i = 0; i < lines_n; i++)
		n += (!level || strcmp(names[lines[i].level], level) == 0) && strstr(lines[i].text, text);
	pthread_mutex_unlock(&lines_mutex);
	return n;
}

static struct log_config *config_of(void *arg, const char *topic)
{
	(void)arg;
	(void)topic;
	return log_config_new();
}

static void on_dir_offline(void *arg, const char *dir)
{
	(void)arg;
	(void)snprintf(fx.last_offline, sizeof(fx.last_offline), "%s", dir);
	atomic_fetch_add(&fx.offline_calls, 1);
}

static void on_all_offline(void *arg)
{
	(void)arg;
	atomic_fetch_add(&fx.all_offline_calls, 1);
}

int dirs_fixture_setup(void **state)
{
	(void)state;
	memset(&fx, 0, sizeof(fx));
	fx.root = scratch_new();
	fx.paths[0] = xasprintf("%s/a", fx.root);
	fx.paths[1] = xasprintf("%s/b", fx.root);
	clock_fake_init(&fx.clock, 1700000000000);
	fx.config = (struct log_dirs_config){
		.dirs = (const char *const *)fx.paths,
		.dirs_n = 2,
		.recovery_threads_per_dir = 1,
		.retention_check_interval_ms = 300000,
		.flush_scheduler_interval_ms = INT64_MAX,
		.flush_offset_checkpoint_interval_ms = 60000,
		.flush_start_offset_checkpoint_interval_ms = 60000,
		.high_watermark_checkpoint_interval_ms = 5000,
		.producer_id_expiration_ms = 86400000,
		.producer_id_expiration_check_interval_ms = 600000,
		.initial_task_delay_ms = 30000,
		.file_delete_delay_ms = 60000,
		.config_of = config_of,
		.on_dir_offline = on_dir_offline,
		.on_all_offline = on_all_offline,
	};
	logger_capture(capture);
	return 0;
}

int dirs_fixture_teardown(void **state)
{
	(void)state;
	dirs_close();
	logger_capture(NULL);
	dirs_forget_lines();
	fault_fs_remove();
	scratch_free(fx.root);
	free(fx.paths[0]);
	free(fx.paths[1]);
	return 0;
}

void dirs_open(size_t n, struct scheduler *scheduler)
{
	fx.config.dirs_n = n;
	assert_int_equal(0, log_dirs_open(&fx.config, &fx.clock.clock, scheduler, &fx.d));
}

void dirs_load(void)
{
	assert_int_equal(0, log_dirs_load(fx.d));
}

void dirs_close(void)
{
	fx.d = log_dirs_close(fx.d);
}

void dirs_wait(atomic_int *n, int want)
{
	for (int i = 0; i < 10000 && atomic_load(n) < want; i++)
		usleep(1000);
	assert_true(atomic_load(n) >= want);
}

void dirs_wait_offline(int dirs)
{
	dirs_wait(&fx.offline_calls, dirs);
}

int64_t dirs_online(void)
{
	return (int64_t)log_dirs_online_count(fx.d);
}
