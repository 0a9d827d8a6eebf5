/* table.c - a seeded multiply-and-mix over eight bytes at a time. */
#include "base/table.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "base/random.h"

static uint64_t seed;
static pthread_once_t seeded = PTHREAD_ONCE_INIT;

static void make_seed(void)
{
	seed = random_u64();
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	__extension__ unsigned __int128 m = (unsigned __int128)(h ^ v) * 0x9e3779b97f4a7c15u;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

unsigned table_hash(const void *key, size_t len)
{
	const unsigned char *p = key;
	uint64_t h, v;

	pthread_once(&seeded, make_seed);
	h = seed ^ len;
	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&v, p, 8);
		h = mix(h, v);
	}
	v = 0;
	memcpy(&v, p, len);
	h = mix(mix(h, v), seed);
	return (unsigned)(h ^ (h >> 32));
}
