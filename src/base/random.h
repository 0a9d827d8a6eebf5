/* random.h - random bytes from the kernel, and a seeded generator for tests and jitter.
 *
 * Thread: random_* any; a struct rng belongs to its holder.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *p, size_t n);
uint64_t random_u64(void);
uint64_t random_below(uint64_t n); /* uniform in [0, n); n > 0 */

struct rng {
	uint64_t state;
};

void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n);

#endif
