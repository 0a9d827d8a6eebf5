/* partition_map.c - linear probing over entry numbers; removal closes the gap, so there are no tombstones.
 *
 * Partition numbers come from outside: the hash is seeded (base/table.h), so that they cannot be chosen to collide.
 */
#include "coordinator/partition_map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/table.h"

void partition_map_init(struct partition_map *m, size_t size, size_t *memory)
{
	assert(size >= sizeof(struct partition_key) && size <= UINT16_MAX);
	*m = (struct partition_map){ .size = (uint32_t)size, .memory = memory };
}

static size_t held(const struct partition_map *m)
{
	return (size_t)m->cap * m->size + m->slots_n * sizeof(*m->slots);
}

void partition_map_fini(struct partition_map *m)
{
	*m->memory -= held(m);
	free(m->v);
	free(m->slots);
	partition_map_init(m, m->size, m->memory);
}

static bool is(const struct partition_map *m, uint32_t i, const struct topic_name *topic, int32_t partition)
{
	const struct partition_key *k = partition_map_at(m, i);

	return k->topic == topic && k->partition == partition;
}

static uint32_t home(const struct partition_map *m, const struct topic_name *topic, int32_t partition)
{
	uint64_t key[2] = { (uint64_t)(uintptr_t)topic, (uint32_t)partition };

	return table_hash(key, sizeof(key)) & (m->slots_n - 1);
}

static uint32_t home_of(const struct partition_map *m, uint32_t i)
{
	const struct partition_key *k = partition_map_at(m, i);

	return home(m, k->topic, k->partition);
}

/* The slot of entry i, which is in the index. */
static uint32_t slot_of(const struct partition_map *m, uint32_t i)
{
	uint32_t s = home_of(m, i);

	while (m->slots[s] != i + 1)
		s = (s + 1) & (m->slots_n - 1);
	return s;
}

static void index_add(struct partition_map *m, uint32_t i)
{
	uint32_t s = home_of(m, i);

	while (m->slots[s] != 0)
		s = (s + 1) & (m->slots_n - 1);
	m->slots[s] = i + 1;
}

/* Empties the slot and moves back what was pushed beyond it. */
static void index_remove(struct partition_map *m, uint32_t hole)
{
	uint32_t mask = m->slots_n - 1, s = hole;

	for (;;) {
		uint32_t from;

		s = (s + 1) & mask;
		if (m->slots[s] == 0)
			break;
		from = home_of(m, m->slots[s] - 1);
		if (((s - from) & mask) >= ((s - hole) & mask)) {
			m->slots[hole] = m->slots[s];
			hole = s;
		}
	}
	m->slots[hole] = 0;
}

static void index_rebuild(struct partition_map *m, uint32_t slots_n)
{
	free(m->slots);
	m->slots = xcalloc(slots_n, sizeof(*m->slots));
	m->slots_n = slots_n;
	for (uint32_t i = 0; i < m->n; i++)
		index_add(m, i);
}

void *partition_map_find(const struct partition_map *m, const struct topic_name *topic, int32_t partition)
{
	if (m->slots_n == 0) {
		for (uint32_t i = 0; i < m->n; i++)
			if (is(m, i, topic, partition))
				return partition_map_at(m, i);
		return NULL;
	}
	for (uint32_t s = home(m, topic, partition); m->slots[s] != 0; s = (s + 1) & (m->slots_n - 1))
		if (is(m, m->slots[s] - 1, topic, partition))
			return partition_map_at(m, m->slots[s] - 1);
	return NULL;
}

/* Room for one more entry. */
static void grow(struct partition_map *m)
{
	size_t before = held(m);

	if (m->n == m->cap) {
		uint32_t cap = m->cap + MAX(m->cap / 4, 1); /* many groups, few offsets each: room is dear */

		assert(cap > m->cap && cap < UINT32_MAX / 4);
		m->v = xrealloc(m->v, (size_t)cap * m->size);
		m->cap = cap;
	}
	if (m->n >= PARTITION_MAP_PLAIN && (m->n + 1) * 4 > m->slots_n * 3)
		index_rebuild(m, m->slots_n ? m->slots_n * 2 : PARTITION_MAP_PLAIN * 2);
	*m->memory += held(m) - before;
}

void *partition_map_put(struct partition_map *m, struct topic_name *topic, int32_t partition, bool *ret_new)
{
	struct partition_key *k = partition_map_find(m, topic, partition);

	*ret_new = !k;
	if (k)
		return k;
	grow(m);
	k = partition_map_at(m, m->n);
	memset(k, 0, m->size);
	k->topic = topic;
	k->partition = partition;
	m->n++;
	if (m->slots_n)
		index_add(m, m->n - 1);
	return k;
}

/* Gives memory back when three quarters lie idle. */
static void shrink(struct partition_map *m)
{
	size_t before = held(m);
	uint32_t slots = PARTITION_MAP_PLAIN * 2;

	if (m->n > m->cap / 4)
		return;
	if (m->n == 0) {
		partition_map_fini(m);
		return;
	}
	m->cap = MAX(m->cap / 2, 1);
	m->v = xrealloc(m->v, (size_t)m->cap * m->size);
	if (m->slots_n && m->n <= PARTITION_MAP_PLAIN) {
		free(m->slots);
		m->slots = NULL;
		m->slots_n = 0;
	} else if (m->slots_n) {
		while (slots * 3 < (m->n + 1) * 4)
			slots *= 2;
		if (slots < m->slots_n)
			index_rebuild(m, slots);
	}
	*m->memory += held(m) - before;
}

void partition_map_remove(struct partition_map *m, void *entry)
{
	uint32_t i = (uint32_t)((size_t)((uint8_t *)entry - m->v) / m->size), last = m->n - 1;

	assert(i < m->n);
	if (m->slots_n) {
		index_remove(m, slot_of(m, i));
		if (i != last)
			m->slots[slot_of(m, last)] = i + 1;
	}
	if (i != last)
		memcpy(entry, partition_map_at(m, last), m->size);
	m->n = last;
	shrink(m);
}
