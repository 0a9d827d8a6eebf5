/* throttle.c - the sums of ThroughputThrottler.java (3.9), single precision included. */
#include "tools/throttle.h"

#include <time.h>
#include <unistd.h>

#include "base/attr.h"

#define NS_PER_SECOND 1000000000.0
#define SHORTEST_NS   2000000 /* shorter sleeps are saved up */

static int64_t real_now(const struct throttle_clock *c)
{
	struct timespec t;

	(void)c;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool real_sleep(const struct throttle_clock *c, int64_t ns)
{
	struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

	(void)c;
	if (ns == INT64_MAX)
		pause();
	else
		nanosleep(&t, NULL);
	return true;
}

const struct throttle_clock throttle_clock_real = {real_now, real_sleep};

void throttle_init(
	struct throttle *t, double per_second, int64_t start_ms, const struct throttle_clock *clock)
{
	double each = per_second > 0 ? NS_PER_SECOND / per_second : 0;

	*t = (struct throttle){.clock = clock,
		.start_ms = start_ms,
		.per_second = per_second,
		.each_ns = per_second > 0 && each < 9e18 ? (int64_t)each : INT64_MAX};
}

bool throttle_is_due(const struct throttle *t, int64_t sent, int64_t now_ms)
{
	float seconds = (float)(now_ms - t->start_ms) / 1000.0f;

	if (t->per_second < 0)
		return false;
	return seconds > 0 && (double)sent / (double)seconds > t->per_second;
}

bool throttle_wait(struct throttle *t)
{
	int64_t start, left;

	if (t->per_second == 0) {
		while (t->clock->sleep_ns(t->clock, INT64_MAX))
			;
		return false;
	}
	if (__builtin_add_overflow(t->owed_ns, t->each_ns, &t->owed_ns))
		t->owed_ns = INT64_MAX - 1;
	if (t->owed_ns < SHORTEST_NS)
		return true;
	start = t->clock->now_ns(t->clock);
	for (left = t->owed_ns; left > 0;
		left = t->owed_ns - (t->clock->now_ns(t->clock) - start))
		if (!t->clock->sleep_ns(t->clock, left))
			return false;
	t->owed_ns = 0;
	return true;
}
