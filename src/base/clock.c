/* clock.c - the real clock and the one of tests. */
#include "base/clock.h"

#include <time.h>

static int64_t now_ms(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts); /* cannot fail for these two ids */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t real_mono_ms(const struct clock *c)
{
	(void)c;
	return now_ms(CLOCK_MONOTONIC);
}

static int64_t real_wall_ms(const struct clock *c)
{
	(void)c;
	return now_ms(CLOCK_REALTIME);
}

const struct clock clock_real = { .mono_ms = real_mono_ms, .wall_ms = real_wall_ms };

static int64_t fake_mono_ms(const struct clock *c)
{
	return ((const struct clock_fake *)c)->mono_ms;
}

static int64_t fake_wall_ms(const struct clock *c)
{
	return ((const struct clock_fake *)c)->wall_ms;
}

void clock_fake_init(struct clock_fake *f, int64_t wall_ms)
{
	*f = (struct clock_fake){
		.clock = { .mono_ms = fake_mono_ms, .wall_ms = fake_wall_ms },
		.wall_ms = wall_ms,
	};
}

void clock_fake_advance(struct clock_fake *f, int64_t ms)
{
	f->mono_ms += ms;
	f->wall_ms += ms;
}
