/* java_random.h - Java's two seeded generators, so that a test program sends the same bytes as Kafka's.
 *
 * Owner and thread: the holder's. Layer: tools; pure.
 */
#ifndef TOOLS_JAVA_RANDOM_H
#define TOOLS_JAVA_RANDOM_H

#include <assert.h>
#include <stdint.h>

/* java.util.SplittableRandom(seed). */
struct java_splittable {
	uint64_t seed;
};

static inline uint32_t java_splittable_next(struct java_splittable *r)
{
	uint64_t z = r->seed += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 33)) * 0x62a9d9ed799705f5u;
	return (uint32_t)(((z ^ (z >> 28)) * 0xcb24d0a5c88c35b3u) >> 32);
}

/* nextInt(bound), bound > 0. */
static inline int32_t java_splittable_below(struct java_splittable *r, int32_t bound)
{
	uint32_t u = java_splittable_next(r), max = (uint32_t)bound - 1, got;

	assert(bound > 0);
	if (((uint32_t)bound & max) == 0)
		return (int32_t)(u & max);
	/* Draws from the incomplete last stretch of the range are thrown away. */
	for (u >>= 1; got = u % (uint32_t)bound, u + max - got > INT32_MAX;)
		u = java_splittable_next(r) >> 1;
	return (int32_t)got;
}

/* java.util.Random(seed). */
struct java_random {
	uint64_t state;
};

void java_random_init(struct java_random *r, int64_t seed);
int32_t java_random_below(struct java_random *r, int32_t bound); /* nextInt(bound), bound > 0 */

#endif
