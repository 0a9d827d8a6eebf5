/* random.c - kernel randomness, and splitmix64 for reproducible runs. */
#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *p, size_t n)
{
	uint8_t *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			/* Ids and salts that are not random would be worse than stopping. */
			perror("getrandom");
			abort();
		}
		at += got;
		n -= (size_t)got;
	}
}

uint64_t random_u64(void)
{
	uint64_t v;

	random_bytes(&v, sizeof(v));
	return v;
}

/* Numbers below 2^64 mod n would be drawn once too often: they are drawn again. */
static uint64_t reject_below(uint64_t n)
{
	return (0 - n) % n;
}

uint64_t random_below(uint64_t n)
{
	uint64_t v;

	assert(n > 0);
	do
		v = random_u64();
	while (v < reject_below(n));
	return v % n;
}

void rng_init(struct rng *r, uint64_t seed)
{
	r->state = seed;
}

/* splitmix64, Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014). */
uint64_t rng_u64(struct rng *r)
{
	uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	uint64_t v;

	assert(n > 0);
	do
		v = rng_u64(r);
	while (v < reject_below(n));
	return v % n;
}
