/* sampled_rate.h - how often something happens per second, over a window of samples that slides.
 *
 * Computed as Kafka's Rate over a WindowedSum (SampledStat.java, Rate.java and QuotaUtils.java of 3.9), so that limits
 * mean the same: each sample covers `window_ms` from its first event; all samples with an event within
 * samples * window_ms count; the time is taken as at least samples - 1 whole windows, so a burst is allowed at first.
 * The "simple" rate (SimpleRate.java) takes the time as at least one window: what comes at first counts at once.
 *
 * Owner and thread: the holder's.
 */
#ifndef BASE_SAMPLED_RATE_H
#define BASE_SAMPLED_RATE_H

#include <stddef.h>
#include <stdint.h>

struct sampled_rate {
	int32_t samples;   /* quota.window.num; at least 1 */
	int64_t window_ms; /* quota.window.size.seconds */
	struct rate_sample {
		double sum;
		int64_t start_ms, last_ms;
	} *v; /* at most samples + 1: one more may overlap the window */
	size_t n, cap, current;
};

void sampled_rate_init(struct sampled_rate *r, int32_t samples, int64_t window_ms);
void sampled_rate_fini(struct sampled_rate *r);

/* `now_ms` never goes back. A negative value takes back what was recorded. */
void sampled_rate_record(struct sampled_rate *r, double value, int64_t now_ms);
double sampled_rate_per_second(struct sampled_rate *r, int64_t now_ms);
double sampled_rate_simple_per_second(struct sampled_rate *r, int64_t now_ms);
/* How long to wait until the rate is down to `bound`; 0 when it is not above, at most `max_ms`. */
int64_t sampled_rate_throttle_ms(struct sampled_rate *r, double bound, int64_t now_ms, int64_t max_ms);

#endif
