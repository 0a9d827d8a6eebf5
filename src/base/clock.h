/* clock.h - time as a parameter: real in the broker, moved by hand in tests.
 *
 * Deadlines are monotonic milliseconds; wall time is for record timestamps, retention and logs only.
 * Thread: any.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*mono_ms)(const struct clock *c);
	int64_t (*wall_ms)(const struct clock *c);
};

extern const struct clock clock_real;

/* A clock that stands still until told. */
struct clock_fake {
	struct clock clock; /* first: pass &fake.clock */
	int64_t mono_ms, wall_ms;
};

void clock_fake_init(struct clock_fake *f, int64_t wall_ms);
void clock_fake_advance(struct clock_fake *f, int64_t ms);

static inline int64_t clock_mono_ms(const struct clock *c)
{
	return c->mono_ms(c);
}

static inline int64_t clock_wall_ms(const struct clock *c)
{
	return c->wall_ms(c);
}

#endif
