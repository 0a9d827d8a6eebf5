/* cleaner.c - see cleaner.h: the threads. */
#include "storage/cleaner.h"

#define LOG_CLASS "kafka.log.LogCleaner"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/logger.h"
#include "storage/cleaner_worker.h"
#include "storage/offset_map.h"

/* Lines about the threads themselves are of another class, and go to server.log. */
#define log_thread(id, what) \
	logger_write(LOG_INFO, "kafka.log.LogCleaner$CleanerThread", "[kafka-log-cleaner-thread-%d]: %s", (id), (what))

struct cleaner_thread {
	struct cleaner_worker worker;
	pthread_t thread;
};

struct cleaner {
	struct cleaner_config config;
	struct cleaner_shared shared;
	struct lock lock; /* RANK_TABLE: guards the array against metrics */
	struct cleaner_thread *v;
	int n;
};

/* --- one thread --- */

static size_t map_bytes(const struct cleaner_config *c)
{
	return (size_t)MIN(MAX(c->dedupe_buffer_bytes / MAX(c->threads, 1), 0), (int64_t)INT32_MAX);
}

bool cleaner_config_fits(const struct cleaner_config *c)
{
	return offset_map_fits(map_bytes(c), c->load_factor);
}

static void back_off(struct cleaner_shared *s)
{
	int64_t begin = clock_mono_ms(&clock_real);

	lock_take(&s->lock);
	while (!atomic_load(&s->stop) && clock_mono_ms(&clock_real) - begin < atomic_load(&s->backoff_ms)) {
		int64_t until;

		if (__builtin_add_overflow(begin, atomic_load(&s->backoff_ms), &until))
			until = INT64_MAX;
		(void)lock_wait_until(&s->lock, &s->changed, until);
	}
	lock_release(&s->lock);
}

static void *thread_main(void *arg)
{
	struct cleaner_thread *t = arg;
	struct cleaner_shared *s = t->worker.shared;

	log_thread(t->worker.pass.id, "Starting");
	while (!atomic_load(&s->stop)) {
		if (!cleaner_worker_once(&t->worker))
			back_off(s);
	}
	log_thread(t->worker.pass.id, "Stopped");
	return NULL;
}

static int start_one(struct cleaner *c, int id)
{
	struct cleaner_thread *t = &c->v[id];
	const struct cleaner_pass_config pass = {
		.id = id,
		.map_bytes = map_bytes(&c->config),
		.load_factor = c->config.load_factor,
		.buffer_bytes = (size_t)(MAX(c->config.io_buffer_bytes, 0) / c->config.threads / 2),
		.max_message_bytes = (size_t)MAX(c->config.max_message_bytes, 0),
	};
	char name[16];
	int r = cleaner_worker_init(&t->worker, &c->shared, &pass);

	if (r < 0)
		return r == -EINVAL ? r : FAIL(r);
	r = pthread_create(&t->thread, NULL, thread_main, t);
	if (r != 0) {
		cleaner_worker_fini(&t->worker);
		return FAIL(-r);
	}
	(void)snprintf(name, sizeof(name), "log-cleaner-%d", id % 1000);
	(void)pthread_setname_np(t->thread, name);
	return 0;
}

/* --- all threads --- */

static void stop_threads(struct cleaner *c)
{
	struct cleaner_thread *v;
	int n;

	log_info("Shutting down the log cleaner.");
	for (int i = 0; i < c->n; i++)
		log_thread(i, "Shutting down");
	atomic_store(&c->shared.stop, true);
	cleaner_shared_wake(&c->shared);
	for (int i = 0; i < c->n; i++)
		pthread_join(c->v[i].thread, NULL);
	lock_take(&c->lock);
	v = c->v;
	n = c->n;
	c->v = NULL;
	c->n = 0;
	lock_release(&c->lock);
	for (int i = 0; i < n; i++) {
		log_thread(i, "Shutdown completed");
		cleaner_worker_fini(&v[i].worker);
	}
	free(v);
}

static int start_threads(struct cleaner *c)
{
	int r = 0, n = 0;

	log_info("Starting the log cleaner");
	if (c->config.dedupe_buffer_bytes / MAX(c->config.threads, 1) > INT32_MAX)
		log_warn("Cannot use more than 2G of cleaner buffer space per cleaner thread, ignoring excess buffer space...");
	atomic_store(&c->shared.stop, false);
	c->v = xcalloc((size_t)c->config.threads + 1, sizeof(*c->v));
	for (; n < c->config.threads && r == 0; n += r == 0)
		r = start_one(c, n);
	lock_take(&c->lock);
	c->n = n;
	lock_release(&c->lock);
	return r == -EINVAL ? r : FAIL(r);
}

static void apply(struct cleaner *c, const struct cleaner_config *config)
{
	c->config = *config;
	atomic_store(&c->shared.backoff_ms, config->backoff_ms);
}

int cleaner_start(struct log_dirs *dirs, const struct cleaner_config *config, const struct clock *clock,
    struct cleaner **ret)
{
	struct cleaner *c;
	int r;

	if (!cleaner_config_fits(config))
		return -EINVAL;
	c = xcalloc(1, sizeof(*c));
	cleaner_shared_init(&c->shared, dirs, clock, config->max_bytes_per_second);
	lock_init(&c->lock, RANK_TABLE, "cleaner");
	apply(c, config);
	r = start_threads(c);
	if (r < 0) {
		cleaner_stop(c);
		return FAIL(r);
	}
	*ret = c;
	return 0;
}

static bool needs_new_threads(const struct cleaner_config *a, const struct cleaner_config *b)
{
	return a->threads != b->threads || a->dedupe_buffer_bytes != b->dedupe_buffer_bytes ||
	    a->load_factor < b->load_factor || a->load_factor > b->load_factor ||
	    a->io_buffer_bytes != b->io_buffer_bytes || a->max_message_bytes != b->max_message_bytes;
}

int cleaner_reconfigure(struct cleaner *c, const struct cleaner_config *config)
{
	bool anew = needs_new_threads(&c->config, config);
	int r;

	if (!cleaner_config_fits(config))
		return -EINVAL;
	if (c->config.max_bytes_per_second < config->max_bytes_per_second ||
	    c->config.max_bytes_per_second > config->max_bytes_per_second) {
		log_info("Updating logCleanerIoMaxBytesPerSecond: %g", config->max_bytes_per_second);
		cleaner_throttle_set(&c->shared.throttle, config->max_bytes_per_second);
	}
	if (anew)
		stop_threads(c);
	apply(c, config);
	cleaner_shared_wake(&c->shared);
	r = anew ? start_threads(c) : 0;
	return FAIL(r);
}

struct cleaner *cleaner_stop(struct cleaner *c)
{
	if (!c)
		return NULL;
	stop_threads(c);
	cleaner_shared_fini(&c->shared);
	lock_fini(&c->lock);
	free(c);
	return NULL;
}

/* --- metrics --- */

void cleaner_metrics(struct cleaner *c, struct cleaner_metrics *ret)
{
	int64_t read = 0, written = 0;

	*ret = (struct cleaner_metrics){ 0 };
	lock_take(&c->lock);
	for (int i = 0; i < c->n; i++) {
		struct cleaner_worker *w = &c->v[i].worker;
		struct cleaner_stats s;

		lock_take(&w->lock);
		s = w->stats;
		ret->max_compaction_delay_s = MAX(ret->max_compaction_delay_s, w->overdue_ms / 1000);
		lock_release(&w->lock);
		ret->max_buffer_utilization_percent =
		    MAX(ret->max_buffer_utilization_percent, (int)(100 * s.utilization));
		ret->max_clean_time_s = MAX(ret->max_clean_time_s, (s.end_ms - s.start_ms) / 1000);
		read += s.bytes_read;
		written += s.bytes_written;
	}
	lock_release(&c->lock);
	ret->recopy_percent = (int)(100 * (double)written / (double)MAX(read, 1));
	ret->max_dirty_percent = atomic_load(&c->shared.dirtiest_percent);
	ret->time_since_last_run_ms = clock_wall_ms(c->shared.clock) - atomic_load(&c->shared.last_run_ms);
}
