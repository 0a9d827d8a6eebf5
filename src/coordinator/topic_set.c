/* topic_set.c - open addressing over a run of names. */
#include "coordinator/topic_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cursor.h"
#include "base/table.h"
#include "protocol/errors.h"
#include "protocol/primitive.h"

void topic_set_fini(struct topic_set *s)
{
	free(s->names);
	free(s->slots);
	*s = (struct topic_set)TOPIC_SET_INIT;
}

static struct str name_at(const struct topic_set *s, uint32_t slot)
{
	const uint8_t *p = s->names + (slot - 1);
	uint16_t len;

	memcpy(&len, p, sizeof(len));
	return (struct str){ (const char *)p + sizeof(len), len };
}

/* The slot that holds the name, or the free one where it belongs. */
static uint32_t place(const struct topic_set *s, struct str name)
{
	uint32_t at = table_hash(name.p, (size_t)name.len) & (s->slots_n - 1);

	while (s->slots[at] && !str_eq(name_at(s, s->slots[at]), name))
		at = (at + 1) & (s->slots_n - 1);
	return at;
}

static int grow_slots(struct topic_set *s)
{
	uint32_t old_n = s->slots_n, *old = s->slots;
	uint32_t n = old_n ? old_n * 2 : 8;
	uint32_t *slots;

	if (n < old_n)
		return -ENOMEM;
	slots = try_array(n, sizeof(*slots), SIZE_MAX / 2);
	if (!slots)
		return -ENOMEM;
	s->slots = slots;
	s->slots_n = n;
	for (uint32_t i = 0; i < old_n; i++)
		if (old[i])
			s->slots[place(s, name_at(s, old[i]))] = old[i];
	free(old);
	return 0;
}

static int grow_names(struct topic_set *s, size_t need)
{
	size_t cap = s->cap;
	uint8_t *p;

	if (need > UINT32_MAX - 1)
		return -ENOMEM;
	while (cap < need)
		cap = cap ? cap + cap / 2 : 64;
	if (cap == s->cap)
		return 0;
	p = realloc(s->names, cap);
	if (!p)
		return -ENOMEM;
	s->names = p;
	s->cap = cap;
	return 0;
}

int topic_set_add(struct topic_set *s, struct str name)
{
	uint16_t len = (uint16_t)name.len;
	uint32_t at;
	int r;

	if (name.len < 0 || name.len > UINT16_MAX)
		return -ENOMEM;
	if ((s->n + 1) * (uint64_t)4 > s->slots_n * (uint64_t)3) {
		r = grow_slots(s);
		if (r != 0)
			return r;
	}
	at = place(s, name);
	if (s->slots[at])
		return 0;
	r = grow_names(s, s->len + sizeof(len) + len);
	if (r != 0)
		return r;
	memcpy(s->names + s->len, &len, sizeof(len));
	if (len)
		memcpy(s->names + s->len + sizeof(len), name.p, len);
	s->slots[at] = (uint32_t)s->len + 1;
	s->len += sizeof(len) + len;
	s->n++;
	return 0;
}

bool topic_set_has(const struct topic_set *s, struct str name)
{
	return s->n && name.len >= 0 && s->slots[place(s, name)] != 0;
}

/* The topics come in the same place in every version; later fields are left unread (Kafka 3.9, GroupMetadata.scala,
 * computeSubscribedTopics). */
int topic_set_add_subscription(struct topic_set *s, struct bytes metadata)
{
	struct cursor c = cur_of(metadata.p, metadata.len > 0 ? (size_t)metadata.len : 0);
	int32_t n;
	int r;

	(void)cur_i16(&c);
	n = wire_read_count(&c, false);
	if (c.bad || n < 0 || (size_t)n > cur_left(&c) / 2)
		return KERR_INVALID_RECORD;
	for (int32_t i = 0; i < n; i++) {
		struct str topic = wire_read_string(&c, false);

		if (c.bad || topic.len < 0)
			return KERR_INVALID_RECORD;
		r = topic_set_add(s, topic);
		if (r != 0)
			return r;
	}
	(void)wire_read_bytes(&c, false); /* user data */
	return c.bad ? KERR_INVALID_RECORD : 0;
}
