/* log_retention.c - which old segments go: below the log start offset, by size, by time (storage.md 10.1). */
#define LOG_CLASS "kafka.log.UnifiedLog"

#include <inttypes.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/logger.h"
#include "storage/log_config.h"
#include "storage/log_priv.h"

struct walk {
	struct log *log;
	int64_t excess; /* bytes above retention.bytes, less what goes */
	int64_t now;
};

/* Whether segment i may go by this rule: 0, 1 or -errno. */
typedef int (*rule)(struct walk *w, size_t i);

static int below_start(struct walk *w, size_t i)
{
	const struct log *log = w->log;

	return i + 1 < log->segments_n && segment_base(log->segments[i + 1]) <= log->start;
}

static int too_large(struct walk *w, size_t i)
{
	int64_t size = segment_size(w->log->segments[i]);

	if (w->excess < size)
		return 0;
	w->excess -= size;
	return 1;
}

static int too_old(struct walk *w, size_t i)
{
	int64_t largest, age;
	int r = segment_largest_timestamp(w->log->segments[i], &largest);

	if (r < 0)
		return FAIL(r);
	if (__builtin_sub_overflow(w->now, largest, &age))
		return 0;
	return age > w->log->config->retention_ms;
}

/* How many segments from the oldest on may go. */
static int count(struct walk *w, rule deletable)
{
	const struct log *log = w->log;
	int n = 0, r;

	for (size_t i = 0; i < log->segments_n; i++) {
		bool last = i + 1 == log->segments_n;
		int64_t upper = last ? log->end : segment_base(log->segments[i + 1]);

		if (log->hw < upper || (last && segment_size(log->segments[i]) == 0))
			break;
		r = deletable(w, i);
		if (r < 0)
			return FAIL(r);
		if (r == 0)
			break;
		n++;
	}
	return n;
}

static int delete_by(struct walk *w, rule deletable, const char *why)
{
	struct log *log = w->log;
	int n = count(w, deletable), r = 0;

	if (n <= 0)
		return n;
	if ((size_t)n == log->segments_n)
		r = log_roll(log, log->end);
	if (r < 0)
		return FAIL(r);
	log_info("[UnifiedLog partition=%s, dir=%s] Deleting segments due to %s: %d from base offset %" PRId64, log->label,
	    log->dir.parent, why, n, segment_base(log->segments[0]));
	/* The start is raised before the files go: a crash in between leaves files, not holes. */
	log_raise_start(log, segment_base(log->segments[n]));
	r = log_doom_segments(log, 0, (size_t)n);
	return r < 0 ? FAIL(r) : n;
}

static int64_t excess_of(const struct log *log)
{
	int64_t size = 0;

	for (size_t i = 0; i < log->segments_n; i++)
		size += segment_size(log->segments[i]);
	return size - log->config->retention_bytes;
}

static int apply(struct log *log)
{
	struct walk w = { .log = log, .now = clock_wall_ms(log->clock) };
	const struct log_config *c = log->config;
	int n = delete_by(&w, below_start, "log start offset breach"), r;

	if (n < 0 || !c->cleanup_delete)
		return n < 0 ? FAIL(n) : n;
	if (c->retention_bytes >= 0 && (w.excess = excess_of(log)) >= 0) {
		r = delete_by(&w, too_large, "retention size breach");
		if (r < 0)
			return FAIL(r);
		n += r;
	}
	if (c->retention_ms >= 0) {
		r = delete_by(&w, too_old, "retention time breach");
		if (r < 0)
			return FAIL(r);
		n += r;
	}
	return n;
}

int log_apply_retention(struct log *log)
{
	int r = 0;

	lock_take(&log->lock);
	log_await_swap(log);
	if (!log->closed && !log->failed) {
		r = apply(log);
		(void)log_note_failure(log, r);
	}
	lock_release(&log->lock);
	return r < 0 ? FAIL(r) : r;
}
