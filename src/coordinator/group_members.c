/* group_members.c - who is in a group, and which protocols how many of them offer.
 *
 * A protocol is known once per group, with the number of members that offer it, so that finding a common one costs
 * no walk over the members. A list that names a protocol twice counts once; the first entry is the one that is used.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "coordinator/group_priv.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "protocol/primitive.h"

#define UUID_LEN 36

/* A null string as an empty one, with an address. */
static struct str text_of(struct str s)
{
	return s.len > 0 ? s : STR("");
}

static struct bytes bytes_of(struct bytes b)
{
	return b.len > 0 ? b : NO_BYTES;
}

/* --- protocols --- */

static struct protocol *protocol_find(const struct group *g, struct str name)
{
	struct protocol *p = NULL;

	name = text_of(name);
	HASH_FIND(hh, g->protocols, name.p, (size_t)name.len, p);
	return p;
}

static struct protocol *protocol_ref(struct group *g, struct str name)
{
	struct protocol *p = protocol_find(g, name);

	name = text_of(name);
	if (!p) {
		p = try_array(sizeof(*p) + (size_t)name.len, 1, SIZE_MAX / 2);
		if (!p)
			return NULL;
		memcpy(p + 1, name.p, (size_t)name.len);
		p->name = (struct str){ (const char *)(p + 1), name.len };
		HASH_ADD_KEYPTR(hh, g->protocols, p->name.p, (size_t)name.len, p);
	}
	p->refs++;
	return p;
}

static void protocol_unref(struct group *g, struct protocol *p)
{
	assert(p->refs > 0);
	if (--p->refs > 0)
		return;
	HASH_DEL(g->protocols, p);
	group_bury(g, p); /* a reply may name it */
}

/* --- offers --- */

static bool offer_size(const struct join_group_request_join_group_request_protocol *p, int32_t n, size_t *ret)
{
	size_t size = sizeof(struct offer) + (size_t)n * sizeof(struct member_protocol);

	for (int32_t i = 0; i < n; i++)
		if (__builtin_add_overflow(size, (size_t)MAX(p[i].metadata.len, 0), &size))
			return false;
	*ret = size;
	return true;
}

int offer_new(struct group *g, const struct join_group_request_join_group_request_protocol *p, int32_t n,
	      struct offer **ret)
{
	struct offer *o;
	uint8_t *bytes;
	size_t size;

	if (n > GROUP_PROTOCOLS_MAX)
		return KERR_INVALID_REQUEST;
	o = offer_size(p, n, &size) ? try_array(size, 1, SIZE_MAX / 2) : NULL;
	if (!o)
		return -ENOMEM;
	bytes = (uint8_t *)(o->v + n);
	for (; o->n < n; o->n++) {
		struct member_protocol *mp = &o->v[o->n];
		struct bytes data = bytes_of(p[o->n].metadata);

		mp->protocol = protocol_ref(g, p[o->n].name);
		if (!mp->protocol) {
			offer_bury(g, o);
			return -ENOMEM;
		}
		memcpy(bytes, data.p, (size_t)data.len);
		mp->metadata = (struct bytes){ bytes, data.len };
		bytes += data.len;
	}
	*ret = o;
	return 0;
}

void offer_bury(struct group *g, struct offer *o)
{
	if (!o)
		return;
	for (int32_t i = 0; i < o->n; i++)
		protocol_unref(g, o->v[i].protocol);
	group_bury(g, o);
}

bool offer_same(const struct offer *o, const struct join_group_request_join_group_request_protocol *p, int32_t n)
{
	if (o->n != n)
		return false;
	for (int32_t i = 0; i < n; i++) {
		struct bytes mine = o->v[i].metadata, other = bytes_of(p[i].metadata);

		if (!str_eq(o->v[i].protocol->name, text_of(p[i].name)) || mine.len != other.len ||
		    memcmp(mine.p, other.p, (size_t)mine.len) != 0)
			return false;
	}
	return true;
}

/* Counts the offer in, or out. */
static void offer_count(struct group *g, const struct offer *o, bool in)
{
	g->counting++;
	for (int32_t i = 0; i < o->n; i++) {
		struct protocol *p = o->v[i].protocol;

		if (p->counted == g->counting)
			continue;
		p->counted = g->counting;
		assert(in || p->members > 0);
		p->members += in ? 1 : (size_t)-1;
	}
}

struct bytes member_metadata(const struct group_member *m, const struct protocol *p)
{
	for (int32_t i = 0; i < m->offer->n; i++)
		if (m->offer->v[i].protocol == p)
			return m->offer->v[i].metadata;
	return NO_BYTES;
}

bool group_supports(struct group *g, struct str type, const struct join_group_request_join_group_request_protocol *p,
		    int32_t n)
{
	if (g->state == GROUP_EMPTY)
		return type.len > 0 && n > 0;
	if (g->protocol_type.len < 0 || !str_eq(g->protocol_type, text_of(type)))
		return false;
	for (int32_t i = 0; i < n; i++) {
		const struct protocol *known = protocol_find(g, p[i].name);

		if ((known ? known->members : 0) == g->members_n)
			return true;
	}
	return false;
}

/* Each member votes for the first protocol in its list that all support; of equals the one known longest wins. */
struct protocol *group_elect_protocol(struct group *g)
{
	struct protocol *p, *best = NULL;
	struct group_member *m;

	for (p = g->protocols; p; p = p->hh.next)
		p->votes = 0;
	list_foreach(m, &g->members, link) {
		int32_t i = 0;

		while (i < m->offer->n && m->offer->v[i].protocol->members != g->members_n)
			i++;
		assert(i < m->offer->n);
		m->offer->v[i].protocol->votes++;
	}
	for (p = g->protocols; p; p = p->hh.next)
		if (p->votes > 0 && (!best || p->votes > best->votes))
			best = p;
	assert(best);
	return best;
}

void group_set_protocol(struct group *g, struct protocol *p)
{
	struct protocol *old = g->protocol;

	if (p)
		p->refs++;
	g->protocol = p;
	if (old)
		protocol_unref(g, old);
}

/* --- members --- */

struct group_member *member_find(const struct group *g, struct str id)
{
	struct group_member *m = NULL;

	id = text_of(id);
	HASH_FIND(by_id, g->ids, id.p, (size_t)id.len, m);
	return m;
}

struct group_member *member_find_instance(const struct group *g, struct str instance_id)
{
	struct group_member *m = NULL;

	if (instance_id.len < 0)
		return NULL;
	instance_id = text_of(instance_id);
	HASH_FIND(by_instance, g->instances, instance_id.p, (size_t)instance_id.len, m);
	return m;
}

int member_check(const struct group *g, struct str id, struct str instance_id)
{
	const struct group_member *m;

	if (instance_id.len >= 0) {
		m = member_find_instance(g, instance_id);
		if (!m)
			return KERR_UNKNOWN_MEMBER_ID;
		if (!str_eq(m->id, text_of(id)))
			return KERR_FENCED_INSTANCE_ID;
	}
	return member_find(g, id) ? 0 : KERR_UNKNOWN_MEMBER_ID;
}

static void uuid_v4_text(struct group_pool *pool, char *out)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t b[16];

	pool->random(pool->random_arg, b, sizeof(b));
	b[6] = (uint8_t)((b[6] & 0x0F) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
	for (size_t i = 0; i < sizeof(b); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[b[i] >> 4];
		*out++ = hex[b[i] & 15];
	}
}

/* The id must fit into a string of the protocol: a longer prefix is cut, between characters. */
struct str member_id_make(struct group *g, struct str client_id, struct str instance_id)
{
	struct str prefix = text_of(instance_id.len >= 0 ? instance_id : client_id);
	size_t len = (size_t)prefix.len, max = WIRE_STRING_MAX - 1 - UUID_LEN;
	char *p;

	if (len > max) {
		len = max;
		while (len > 0 && ((uint8_t)prefix.p[len] & 0xC0) == 0x80)
			len--;
	}
	p = xmalloc(len + 1 + UUID_LEN);
	memcpy(p, prefix.p, len);
	p[len] = '-';
	uuid_v4_text(g->pool, p + len + 1);
	return (struct str){ p, (int32_t)(len + 1 + UUID_LEN) };
}

static struct str put_text(char **at, struct str s)
{
	struct str copy = { *at, s.len };

	if (s.len > 0)
		memcpy(*at, s.p, (size_t)s.len);
	*at += MAX(s.len, 0);
	return copy;
}

static bool set_protocol_type(struct group *g, struct str type)
{
	char *text;

	if (g->protocol_type.len >= 0 && str_eq(g->protocol_type, type))
		return true;
	text = try_array((size_t)type.len + 1, 1, SIZE_MAX / 2);
	if (!text)
		return false;
	memcpy(text, type.p, (size_t)type.len);
	group_bury(g, (char *)g->protocol_type.p);
	g->protocol_type = (struct str){ text, type.len };
	return true;
}

struct group_member *member_add(struct group *g, const struct member_spec *spec)
{
	struct str client_id = text_of(spec->client_id), host = text_of(spec->client_host);
	size_t tail = (size_t)MAX(spec->instance_id.len, 0) + (size_t)client_id.len + (size_t)host.len;
	struct group_member *m;
	char *at;

	assert(!member_find(g, spec->id) && !member_find_instance(g, spec->instance_id));
	if (g->members_n == 0 && !set_protocol_type(g, text_of(spec->protocol_type)))
		return NULL;
	m = try_array(sizeof(*m) + tail, 1, SIZE_MAX / 2);
	if (!m)
		return NULL;
	at = (char *)(m + 1);
	m->id = spec->id;
	m->instance_id = put_text(&at, spec->instance_id);
	m->client_id = put_text(&at, client_id);
	m->client_host = put_text(&at, host);
	m->session_timeout_ms = spec->session_timeout_ms;
	m->rebalance_timeout_ms = spec->rebalance_timeout_ms;
	m->offer = spec->offer;
	m->assignment = m->next_assignment = NO_BYTES;
	m->deadline = GROUP_NO_DEADLINE;
	offer_count(g, m->offer, true);
	list_append(&g->members, &m->link);
	HASH_ADD_KEYPTR(by_id, g->ids, m->id.p, (size_t)m->id.len, m);
	if (m->instance_id.len >= 0) {
		HASH_ADD_KEYPTR(by_instance, g->instances, m->instance_id.p, (size_t)m->instance_id.len, m);
		g->statics_n++;
	}
	g->members_n++;
	if (!g->leader)
		g->leader = m;
	return m;
}

void member_remove(struct group *g, struct group_member *m)
{
	assert(!m->awaiting_join && !m->awaiting_sync);
	replacement_drop(g, m);
	HASH_DELETE(by_id, g->ids, m);
	if (m->instance_id.len >= 0) {
		HASH_DELETE(by_instance, g->instances, m);
		g->statics_n--;
	}
	list_remove(&m->link);
	g->members_n--;
	g->pending_sync_n -= m->pending_sync;
	if (g->leader == m)
		g->leader = list_first(&g->members, struct group_member, link);
	offer_count(g, m->offer, false);
	offer_bury(g, m->offer);
	if (m->assignment.len > 0)
		group_bury(g, (uint8_t *)m->assignment.p);
	if (m->next_assignment.len > 0)
		group_bury(g, (uint8_t *)m->next_assignment.p);
	group_bury(g, (char *)m->id.p);
	group_bury(g, m);
}

void member_set_offer(struct group *g, struct group_member *m, struct offer *o, struct offer **ret_old)
{
	offer_count(g, m->offer, false);
	offer_count(g, o, true);
	*ret_old = m->offer;
	m->offer = o;
}

void member_set_id(struct group *g, struct group_member *m, struct str id)
{
	HASH_DELETE(by_id, g->ids, m);
	m->id = id;
	HASH_ADD_KEYPTR(by_id, g->ids, m->id.p, (size_t)m->id.len, m);
}

void member_set_assignment(struct group *g, struct group_member *m, struct bytes owned)
{
	if (m->assignment.len > 0)
		group_bury(g, (uint8_t *)m->assignment.p);
	m->assignment = owned.len > 0 ? owned : NO_BYTES;
}

void members_drop_next_assignments(struct group *g)
{
	struct group_member *m;

	list_foreach(m, &g->members, link) {
		if (m->next_assignment.len > 0)
			group_bury(g, (uint8_t *)m->next_assignment.p);
		m->next_assignment = NO_BYTES;
	}
}

int32_t group_rebalance_timeout(const struct group *g)
{
	const struct group_member *m = NULL;
	int32_t most = 0;

	while ((m = group_member_next(g, m)))
		most = MAX(most, m->rebalance_timeout_ms);
	return most;
}

/* Only consumers say what they are subscribed to; when one of them cannot be understood nothing is known. */
void group_subscriptions_read(struct group *g)
{
	struct group_member *m;

	topic_set_fini(&g->subscribed);
	g->subscribed_known = str_is(g->protocol_type, "consumer");
	if (!g->subscribed_known)
		return;
	list_foreach(m, &g->members, link) {
		if (topic_set_add_subscription(&g->subscribed, member_metadata(m, g->protocol)) == 0)
			continue;
		topic_set_fini(&g->subscribed);
		g->subscribed_known = false;
		return;
	}
}

/* --- ids given out --- */

struct pending_member *pending_find(const struct group *g, struct str id)
{
	struct pending_member *p = NULL;

	id = text_of(id);
	HASH_FIND(hh, g->pending_members, id.p, (size_t)id.len, p);
	return p;
}

/* There is room for GROUP_PENDING_MAX: the oldest makes way, and its holder starts again when it comes. */
struct pending_member *pending_add(struct group *g, struct str id, int64_t deadline)
{
	struct pending_member *p = xcalloc(1, sizeof(*p) + (size_t)id.len);

	if (g->pending_members_n >= GROUP_PENDING_MAX)
		pending_remove(g, g->pending_members);
	memcpy(p + 1, id.p, (size_t)id.len);
	p->id = (struct str){ (const char *)(p + 1), id.len };
	p->deadline = deadline;
	HASH_ADD_KEYPTR(hh, g->pending_members, p->id.p, (size_t)id.len, p);
	g->pending_members_n++;
	return p;
}

void pending_remove(struct group *g, struct pending_member *p)
{
	HASH_DELETE(hh, g->pending_members, p);
	g->pending_members_n--;
	group_bury(g, p);
}
