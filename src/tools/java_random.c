/* java_random.c - the linear congruential generator of java.util.Random. */
#include "tools/java_random.h"

#define MULTIPLIER 0x5deece66du
#define MASK	   ((1ull << 48) - 1)

void java_random_init(struct java_random *r, int64_t seed)
{
	r->state = ((uint64_t)seed ^ MULTIPLIER) & MASK;
}

/* The upper 31 bits of the next state. */
static uint32_t next(struct java_random *r)
{
	r->state = (r->state * MULTIPLIER + 0xb) & MASK;
	return (uint32_t)(r->state >> 17);
}

int32_t java_random_below(struct java_random *r, int32_t bound)
{
	uint32_t u = next(r), max = (uint32_t)bound - 1, got;

	assert(bound > 0);
	if (((uint32_t)bound & max) == 0)
		return (int32_t)(((uint64_t)(uint32_t)bound * u) >> 31);
	for (; got = u % (uint32_t)bound, u - got + max > INT32_MAX;)
		u = next(r);
	return (int32_t)got;
}
