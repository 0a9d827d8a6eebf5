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

/* With small pages most of a look-up is the walk through the page tables. But a few thousand keys touch all large pages
 * of a map, which then have to be zeroed. */
void offset_map_expect(struct offset_map *m, int64_t bytes)
{
	(void)madvise(m->slots, m->bytes, bytes >= (int64_t)(m->bytes / 2) ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

static size_t place_of(const struct offset_map *m, const struct offset_key *key)
{
	return (size_t)((unsigned __int128)key->hash * m->slots_n >> 64);
}

struct offset_key offset_map_hash(const struct offset_map *m, struct bytes key)
{
	uint8_t out[EVP_MAX_MD_SIZE];
	struct offset_key k;
	unsigned n;
	bool ok;

	ok = EVP_DigestInit_ex2(m->context, NULL, NULL) == 1 && EVP_DigestUpdate(m->context, m->salt, SALT_SIZE) == 1 &&
	    EVP_DigestUpdate(m->context, key.p, (size_t)MAX(key.len, 0)) == 1 &&
	    EVP_DigestFinal_ex(m->context, out, &n) == 1;
	assert(ok && n >= sizeof(k)); /* a digest of bytes in memory cannot fail once its context is set up */
	(void)ok;
	memcpy(&k, out, sizeof(k));
	__builtin_prefetch(&m->slots[place_of(m, &k)]);
	return k;
}

/* The entry of this key, or the free place where it belongs. */
static struct slot *find(const struct offset_map *m, const struct offset_key *key)
{
	size_t i = place_of(m, key);

	while (m->slots[i].next != 0 && (m->slots[i].hash != key->hash || m->slots[i].more != key->more))
		i = i + 1 == m->slots_n ? 0 : i + 1;
	return &m->slots[i];
}

bool offset_map_put(struct offset_map *m, const struct offset_key *key, int64_t offset)
{
	struct slot *at = find(m, key);

	assert(offset >= 0 && offset < INT64_MAX);
	if (at->next == 0) {
		if (m->size >= m->limit)
			return false;
		m->size++;
		at->hash = key->hash;
		at->more = key->more;
	}
	at->next = offset + 1;
	m->latest = offset;
	return true;
}

int64_t offset_map_get(const struct offset_map *m, const struct offset_key *key)
{
	return find(m, key)->next - 1;
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
