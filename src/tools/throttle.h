/* throttle.h - slows a sender down to so many records a second, by the sums of Kafka's ThroughputThrottler: now and then
 * a short sleep that makes up for several records.
 *
 * Time is passed in, so that tests need none. Thread: the sender's. Layer: tools; pure but for throttle_clock_real.
 */
#ifndef TOOLS_THROTTLE_H
#define TOOLS_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle_clock {
	int64_t (*now_ns)(const struct throttle_clock *c);
	/* Sleeps about so long, or shorter; INT64_MAX: for good. False when the sender is to stop. */
	bool (*sleep_ns)(const struct throttle_clock *c, int64_t ns);
};

extern const struct throttle_clock throttle_clock_real;

struct throttle {
	const struct throttle_clock *clock;
	int64_t start_ms, each_ns, owed_ns;
	double per_second;
};

/* `per_second` below 0: never; 0: nothing is sent any more once the first millisecond has gone by. */
void throttle_init(
	struct throttle *t, double per_second, int64_t start_ms, const struct throttle_clock *clock);

/* Has the sender, with `sent` records so far and the last one at `now_ms`, been too fast? */
bool throttle_is_due(const struct throttle *t, int64_t sent, int64_t now_ms);
/* Call when it is due; sleeps when enough has come together. False when the clock says to stop. */
bool throttle_wait(struct throttle *t);

#endif
