/* sampled_rate.c - see sampled_rate.h. */
#include "base/sampled_rate.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/attr.h"

void sampled_rate_init(struct sampled_rate *r, int32_t samples, int64_t window_ms)
{
	*r = (struct sampled_rate){ .samples = samples, .window_ms = window_ms };
}

void sampled_rate_fini(struct sampled_rate *r)
{
	free(r->v);
	r->v = NULL;
	r->n = r->cap = r->current = 0;
}

static void add_sample(struct sampled_rate *r, int64_t now_ms)
{
	r->v = grow_array(r->v, &r->cap, r->n + 1, sizeof(*r->v));
	r->v[r->n++] = (struct rate_sample){ 0, now_ms, now_ms };
}

static struct rate_sample *advance(struct sampled_rate *r, int64_t now_ms)
{
	r->current = (r->current + 1) % ((size_t)r->samples + 1);
	if (r->current >= r->n)
		add_sample(r, now_ms);
	else
		r->v[r->current] = (struct rate_sample){ 0, now_ms, now_ms };
	return &r->v[r->current];
}

void sampled_rate_record(struct sampled_rate *r, double value, int64_t now_ms)
{
	struct rate_sample *s;

	if (r->n == 0)
		add_sample(r, now_ms);
	s = &r->v[r->current];
	if (now_ms - s->start_ms >= r->window_ms)
		s = advance(r, now_ms);
	s->sum += value;
	s->last_ms = now_ms;
}

/* The sum over the window, and the time since its oldest sample began. */
static double sum_up(struct sampled_rate *r, int64_t now_ms, int64_t *ret_elapsed_ms)
{
	int64_t expires_ms = r->samples * r->window_ms, oldest_ms = now_ms;
	double sum = 0;

	if (r->n == 0)
		add_sample(r, now_ms); /* the time counts from the first look on */
	for (size_t i = 0; i < r->n; i++) {
		if (now_ms - r->v[i].last_ms >= expires_ms)
			r->v[i] = (struct rate_sample){ 0, now_ms, now_ms };
		oldest_ms = MIN(oldest_ms, r->v[i].start_ms);
		sum += r->v[i].sum;
	}
	*ret_elapsed_ms = now_ms - oldest_ms;
	return sum;
}

/* The sum over the window, and the time it took. */
static double measure(struct sampled_rate *r, int64_t now_ms, int64_t *ret_elapsed_ms)
{
	int64_t elapsed_ms, whole;
	double sum = sum_up(r, now_ms, &elapsed_ms);

	whole = elapsed_ms / r->window_ms;
	if (whole < r->samples - 1)
		elapsed_ms += (r->samples - 1 - whole) * r->window_ms;
	*ret_elapsed_ms = MAX(elapsed_ms, 1);
	return sum;
}

double sampled_rate_per_second(struct sampled_rate *r, int64_t now_ms)
{
	int64_t elapsed_ms;
	double sum = measure(r, now_ms, &elapsed_ms);

	return sum * 1000 / (double)elapsed_ms;
}

double sampled_rate_simple_per_second(struct sampled_rate *r, int64_t now_ms)
{
	int64_t elapsed_ms;
	double sum = sum_up(r, now_ms, &elapsed_ms);

	return sum * 1000 / (double)MAX(elapsed_ms, r->window_ms);
}

int64_t sampled_rate_throttle_ms(struct sampled_rate *r, double bound, int64_t now_ms, int64_t max_ms)
{
	int64_t elapsed_ms;
	double rate = measure(r, now_ms, &elapsed_ms) * 1000 / (double)elapsed_ms, wait_ms;

	if (rate <= bound)
		return 0;
	wait_ms = (rate - bound) / bound * (double)elapsed_ms; /* infinite for a bound of 0 */
	return wait_ms < (double)max_ms ? (int64_t)floor(wait_ms + 0.5) : max_ms;
}
