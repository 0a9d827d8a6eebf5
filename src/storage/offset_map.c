/* offset_map.c - see offset_map.h. Open addressing, linear probing: at a load of 0.9 a probe is a short walk through
 * neighbouring memory. An entry is never all zero, since it holds offset + 1. Full maps keep one place free, where
 * every probe ends. */
#include "storage/offset_map.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"

#define SALT_SIZE 16

struct slot {
	uint64_t hash, more;
	int64_t next; /* offset + 1; 0: free */
};
static_assert(sizeof(struct slot) == OFFSET_MAP_ENTRY, "the memory budget counts on it");

struct offset_map {
	struct slot *slots; /* mapped, zero where never touched */
	size_t slots_n, limit, size;
	size_t bytes;
	int64_t latest;
	EVP_MD *digest;
	EVP_MD_CTX *context;
	uint8_t salt[SALT_SIZE];
};

static size_t slots_of(size_t bytes)
{
	return MIN(bytes, (size_t)INT32_MAX) / OFFSET_MAP_ENTRY;
}

bool offset_map_fits(size_t bytes, double load_factor)
{
	return (double)slots_of(bytes) * load_factor > 1 && slots_of(bytes) > 1;
}

static int open_digest(struct offset_map *m)
{
	m->context = EVP_MD_CTX_new();
	m->digest = EVP_MD_fetch(NULL, "MD5", NULL);
	if (!m->digest) /* a FIPS provider has none; any hash of 16 bytes or more will do */
		m->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!m->context || !m->digest || EVP_DigestInit_ex2(m->context, m->digest, NULL) != 1)
		return FAIL(-ENOMEM);
	random_bytes(m->salt, SALT_SIZE);
	return 0;
}

int offset_map_new(size_t bytes, double load_factor, struct offset_map **ret)
{
	CLEANUP(offset_map_freep) struct offset_map *m = NULL;
	void *p;
	int r;

	if (!offset_map_fits(bytes, load_factor))
		return -EINVAL;
	m = xcalloc(1, sizeof(*m));
	m->slots_n = slots_of(bytes);
	m->limit = (size_t)MIN((double)m->slots_n * load_factor, (double)(m->slots_n - 1));
	m->bytes = m->slots_n * sizeof(struct slot);
	m->latest = -1;
	r = open_digest(m);
	if (r < 0)
		return FAIL(r);
	p = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return FAIL(-ENOMEM);
	m->slots = p;
	*ret = TAKE(m);
	return 0;
}

struct offset_map *offset_map_free(struct offset_map *m)
{
	if (!m)
		return NULL;
	if (m->slots)
		(void)munmap(m->slots, m->bytes);
	EVP_MD_CTX_free(m->context);
	EVP_MD_free(m->digest);
	free(m);
	return NULL;
}

void offset_map_clear(struct offset_map *m)
{
	/* Anonymous pages read as zero after this. */
	if (m->size > 0 && madvise(m->slots, m->bytes, MADV_DONTNEED) < 0)
		memset(m->slots, 0, m->bytes);
	m->size = 0;
	m->latest = -1;
}

static struct slot hash_of(const struct offset_map *m, struct bytes key)
{
	uint8_t out[EVP_MAX_MD_SIZE];
	struct slot s = { 0 };
	unsigned n;
	bool ok;

	assert(key.len >= 0);
	ok = EVP_DigestInit_ex2(m->context, NULL, NULL) == 1 && EVP_DigestUpdate(m->context, m->salt, SALT_SIZE) == 1 &&
	    EVP_DigestUpdate(m->context, key.p, (size_t)key.len) == 1 &&
	    EVP_DigestFinal_ex(m->context, out, &n) == 1;
	assert(ok && n >= 16); /* a digest of bytes in memory cannot fail once its context is set up */
	(void)ok;
	memcpy(&s.hash, out, sizeof(s.hash));
	memcpy(&s.more, out + sizeof(s.hash), sizeof(s.more));
	return s;
}

/* The entry of this hash, or the free place where it belongs. */
static struct slot *find(const struct offset_map *m, const struct slot *s)
{
	size_t i = s->hash % m->slots_n;

	while (m->slots[i].next != 0 && (m->slots[i].hash != s->hash || m->slots[i].more != s->more))
		i = i + 1 == m->slots_n ? 0 : i + 1;
	return &m->slots[i];
}

bool offset_map_put(struct offset_map *m, struct bytes key, int64_t offset)
{
	struct slot s = hash_of(m, key), *at = find(m, &s);

	assert(offset >= 0 && offset < INT64_MAX);
	if (at->next == 0) {
		if (m->size >= m->limit)
			return false;
		m->size++;
		*at = s;
	}
	at->next = offset + 1;
	m->latest = offset;
	return true;
}

int64_t offset_map_get(const struct offset_map *m, struct bytes key)
{
	struct slot s;

	if (m->size == 0)
		return -1;
	s = hash_of(m, key);
	return find(m, &s)->next - 1;
}

int64_t offset_map_latest(const struct offset_map *m)
{
	return m->latest;
}

void offset_map_set_latest(struct offset_map *m, int64_t offset)
{
	m->latest = offset;
}

size_t offset_map_size(const struct offset_map *m)
{
	return m->size;
}

size_t offset_map_slots(const struct offset_map *m)
{
	return m->slots_n;
}
