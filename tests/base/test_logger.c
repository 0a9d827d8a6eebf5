/* test_logger.c - the shape of a line, the file it goes to, the hourly roll. */
#define LOG_CLASS "kafka.server.KafkaServer"
#include "base/logger.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log_levels.h"
#include "unit.h"

static char *dir;
static int saved_stdout;

static char *path_of(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

/* Standard output goes to the file "stdout" of the directory. */
static int make_dir(void **state)
{
	CLEANUP(freep) char *path = NULL;
	int fd;

	(void)state;
	dir = temp_dir_new();
	path = path_of("stdout");
	(void)fflush(stdout);
	saved_stdout = dup(STDOUT_FILENO);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	assert_true(fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0);
	(void)close(fd);
	return 0;
}

static int drop_dir(void **state)
{
	(void)state;
	logger_close();
	logger_set_level(LOG_INFO);
	(void)fflush(stdout);
	assert_true(dup2(saved_stdout, STDOUT_FILENO) >= 0);
	(void)close(saved_stdout);
	temp_dir_free(dir);
	return 0;
}

static char *content(const char *name)
{
	CLEANUP(freep) char *path = path_of(name);
	char *text;

	assert_int_equal(0, fs_read_file(path, 1 << 24, &text, NULL));
	return text;
}

static void expect_match(const char *name, const char *pattern)
{
	CLEANUP(freep) char *text = content(name);
	regex_t re;

	assert_int_equal(0, regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB));
	if (regexec(&re, text, 0, NULL, 0) != 0)
		fail_msg("%s: wanted %s, got %s", name, pattern, text);
	regfree(&re);
}

#define HEAD "\\[[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3}\\] "

static void a_line_has_the_classic_shape(void **state)
{
	(void)state;
	assert_int_equal(0, logger_open(dir, LOG_INFO));
	log_info("[KafkaServer id=%d] started", 0);
	log_debug("not wanted");
	expect_match(
	    "server.log", "^" HEAD "INFO \\[KafkaServer id=0\\] started \\(kafka\\.server\\.KafkaServer\\)\n$");
	expect_match(
	    "stdout", "^" HEAD "INFO \\[KafkaServer id=0\\] started \\(kafka\\.server\\.KafkaServer\\)\n$");
}

static void a_class_decides_where_a_line_goes(void **state)
{
	static const struct {
		const char *cls;
		enum log_level level;
		const char *file; /* NULL: nowhere */
	} rows[] = {
		{ "kafka.controller", LOG_TRACE, "controller.log" },
		{ "kafka.controller.KafkaController", LOG_TRACE, "controller.log" },
		{ "kafka.controllers", LOG_INFO, "server.log" },
		{ "org.apache.kafka.controller.X", LOG_DEBUG, NULL },
		{ "org.apache.kafka.controller.X", LOG_INFO, "controller.log" },
		{ "state.change.logger", LOG_INFO, "state-change.log" },
		{ "state.change.logger", LOG_DEBUG, NULL },
		{ "kafka.log.LogCleaner", LOG_INFO, "log-cleaner.log" },
		{ "kafka.log.LogCleaner$CleanerThread", LOG_INFO, "server.log" },
		{ "kafka.request.logger", LOG_INFO, NULL },
		{ "kafka.request.logger", LOG_WARN, "kafka-request.log" },
		{ "kafka.authorizer.logger", LOG_INFO, "kafka-authorizer.log" },
		{ "kafka.server.KafkaServer", LOG_DEBUG, NULL },
		{ "kafka.server.KafkaServer", LOG_ERROR, "server.log" },
	};
	char pattern[64];

	(void)state;
	assert_int_equal(0, logger_open(dir, LOG_INFO));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(rows[i].file != NULL, rows[i].level >= log_levels_get(rows[i].cls));
		if (!rows[i].file)
			continue;
		logger_write(rows[i].level, rows[i].cls, "row %zu.", i);
		(void)snprintf(pattern, sizeof(pattern), "row %zu\\.", i);
		expect_match(rows[i].file, pattern);
	}
	{
		CLEANUP(freep) char *out = content("stdout");

		assert_null(strstr(out, "(kafka.controller.")); /* only what server.log has */
		assert_non_null(strstr(out, "(kafka.controllers)"));
	}
}

static void without_files_all_goes_to_stdout(void **state)
{
	(void)state;
	assert_int_equal(0, logger_open(NULL, LOG_INFO));
	assert_int_equal(LOG_INFO, log_levels_get("kafka.controller.X"));
	logger_write(LOG_INFO, "kafka.controller.X", "elected");
	expect_match("stdout", "INFO elected \\(kafka\\.controller\\.X\\)\n");
	logger_set_level(LOG_OFF);
	assert_int_equal(LOG_OFF, log_levels_get("kafka.controller.X"));
	assert_false(log_wants(LOG_ERROR));
}

static void an_old_file_rolls_at_the_first_line(void **state)
{
	CLEANUP(freep) char *path = path_of("server.log");
	time_t old = time(NULL) - 7200;
	struct timespec times[2] = { { .tv_sec = old }, { .tv_sec = old } };
	char name[64];
	struct tm tm;

	(void)state;
	assert_int_equal(0, fs_replace_file(path, "yesterday\n", 10));
	assert_int_equal(0, utimensat(AT_FDCWD, path, times, 0));
	assert_int_equal(0, logger_open(dir, LOG_INFO));
	log_info("today");
	(void)localtime_r(&old, &tm);
	(void)strftime(name, sizeof(name), "server.log.%Y-%m-%d-%H", &tm);
	expect_match(name, "^yesterday\n$");
	expect_match("server.log", "^\\[.*today");
}

static void a_young_file_is_continued(void **state)
{
	CLEANUP(freep) char *path = path_of("server.log");

	(void)state;
	assert_int_equal(0, logger_open(dir, LOG_INFO));
	log_info("one");
	logger_close();
	assert_int_equal(0, logger_open(dir, LOG_INFO));
	log_warn("two");
	expect_match("stdout", "one.*\n.*two");
	assert_true(fs_exists(path));
}

static void a_line_may_be_long(void **state)
{
	CLEANUP(freep) char *big = xcalloc(1, 100001);

	(void)state;
	memset(big, 'x', 100000);
	assert_int_equal(0, logger_open(dir, LOG_INFO));
	for (size_t n = 900; n < 1100; n++)
		log_info("%.*s", (int)n, big);
	log_info("%s", big);
	{
		CLEANUP(freep) char *text = content("server.log");
		const char *last = text;
		size_t lines = 0;

		for (const char *p = text; (p = strchr(p, '\n')); p++, lines++)
			if (p[1])
				last = p + 1;
		assert_int_equal(201, lines);
		assert_true(strlen(last) > 100000);
		assert_non_null(strstr(last, "x (kafka.server.KafkaServer)\n"));
	}
}

static void a_directory_that_cannot_be_made_is_an_error(void **state)
{
	CLEANUP(freep) char *below = path_of("stdout/logs");

	(void)state;
	assert_int_equal(-ENOTDIR, logger_open(below, LOG_INFO));
	log_info("still heard");
	expect_match("stdout", "still heard");
}

static char captured[64];

static void capture(enum log_level level, const char *cls, const char *msg)
{
	(void)snprintf(captured, sizeof(captured), "%d %s %s", (int)level, cls, msg);
}

static void tests_can_listen(void **state)
{
	(void)state;
	logger_capture(capture);
	errno = ENOSPC;
	log_warn("full %d", 1);
	assert_int_equal(ENOSPC, errno);
	logger_capture(NULL);
	assert_string_equal("3 kafka.server.KafkaServer full 1", captured);
}

static void *write_many(void *arg)
{
	for (int i = 0; i < 200; i++)
		log_info("thread %d line %d end", *(int *)arg, i);
	return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
	int id[4] = { 0, 1, 2, 3 };
	pthread_t t[4];

	(void)state;
	assert_int_equal(0, logger_open(dir, LOG_INFO));
	for (int i = 0; i < 4; i++)
		assert_int_equal(0, pthread_create(&t[i], NULL, write_many, &id[i]));
	for (int i = 0; i < 4; i++)
		(void)pthread_join(t[i], NULL);
	{
		CLEANUP(freep) char *text = content("server.log");
		char *save = NULL;
		int lines = 0;

		for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save), lines++) {
			int thread, line;

			assert_int_equal(
			    2, sscanf(l, "[%*[^]]] INFO thread %d line %d end (kafka.", &thread, &line));
		}
		assert_int_equal(800, lines);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_has_the_classic_shape, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(a_class_decides_where_a_line_goes, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(without_files_all_goes_to_stdout, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(an_old_file_rolls_at_the_first_line, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(a_young_file_is_continued, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(a_line_may_be_long, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(
		    a_directory_that_cannot_be_made_is_an_error, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(tests_can_listen, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(lines_of_threads_do_not_mix, make_dir, drop_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
