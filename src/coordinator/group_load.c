/* group_load.c - groups are made as their first record comes; what the log says last about a group's members is kept
 * as it stands and decoded at the end, when it is known to be the last word. Offsets go straight into the group.
 */
#include "coordinator/group_load.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "coordinator/group_priv.h"
#include "coordinator/group_records.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "record/batch.h"
#include "record/control.h"
#include "record/reader.h"

#define LOG_CLASS "kafka.coordinator.group.GroupMetadataManager"
#include "base/logger.h"

/* What a decoded group record may take: a member is at least 15 bytes there, and 104 here. */
#define VALUE_ARENA(value) ((size_t)(value).len * 8 + 4096)

struct loading {
	UT_hash_handle hh; /* by the group's id */
	struct group *g;
	struct bytes value; /* owned; len -1: none, or a tombstone was the last */
};

struct group_load {
	struct group_pool *pool;
	struct loading *groups;
	struct group_load_stats stats;
};

struct group_load *group_load_new(struct group_pool *pool)
{
	struct group_load *l = xcalloc(1, sizeof(*l));

	l->pool = pool;
	l->stats.damaged_at = -1;
	return l;
}

/* Takes the group out; it is the caller's. */
static struct group *loading_take(struct group_load *l, struct loading *e)
{
	struct group *g = e->g;

	HASH_DEL(l->groups, e);
	free((uint8_t *)e->value.p);
	free(e);
	return g;
}

struct group_load *group_load_free(struct group_load *l)
{
	if (!l)
		return NULL;
	while (l->groups)
		group_free(loading_take(l, l->groups));
	free(l);
	return NULL;
}

const struct group_load_stats *group_load_stats(const struct group_load *l)
{
	return &l->stats;
}

/* --- records --- */

static struct loading *loading_find(const struct group_load *l, struct str id)
{
	struct loading *e = NULL;

	if (id.len > 0)
		HASH_FIND(hh, l->groups, id.p, (size_t)id.len, e);
	else
		HASH_FIND(hh, l->groups, "", 0, e);
	return e;
}

static struct loading *loading_of(struct group_load *l, struct str id)
{
	struct loading *e = loading_find(l, id);
	struct group_now unknown = { .mono_ms = 0, .wall_ms = -1 };

	if (e)
		return e;
	e = xcalloc(1, sizeof(*e));
	e->value = BYTES_NULL;
	e->g = group_new(l->pool, id, unknown);
	if (!e->g) {
		free(e);
		return NULL;
	}
	HASH_ADD_KEYPTR(hh, l->groups, e->g->id.p, (size_t)e->g->id.len, e);
	return e;
}

static void damaged(struct group_load *l, int64_t at)
{
	if (l->stats.damaged++ == 0)
		l->stats.damaged_at = at;
}

static int load_offset(struct group_load *l, const struct group_record_key *k, int64_t base, int64_t producer_id,
		       struct bytes value)
{
	struct offset_commit_value v;
	struct loading *e;
	int r;

	if (value.len >= 0) {
		r = offset_record_parse_value(value, &v);
		if (r != 0)
			return r;
	} else if (!loading_find(l, k->group)) {
		return 0;
	}
	e = loading_of(l, k->group);
	if (!e)
		return -ENOMEM;
	if (producer_id >= 0)
		return offsets_load_txn(&e->g->offsets, producer_id, k->topic, k->partition, base,
		    value.len >= 0 ? &v : NULL);
	return offsets_load(&e->g->offsets, k->topic, k->partition, base, value.len >= 0 ? &v : NULL);
}

static bool known_strings(const struct group_metadata_value *v)
{
	for (int32_t i = 0; i < v->members_n; i++)
		if (v->members[i].member_id.len == 0)
			return false;
	return v->members_n == 0 || (v->protocol.len >= 0 && v->protocol_type.len > 0);
}

/* A value that would make no group is left out now, so that the one before it counts. */
static int check_value(struct bytes value)
{
	struct group_metadata_value v;
	struct arena a;
	int r;

	arena_init(&a, VALUE_ARENA(value));
	r = group_record_parse_value(value, &a, &v);
	if (r == 0 && (!known_strings(&v) || v.generation < 0))
		r = KERR_INVALID_RECORD;
	arena_fini(&a);
	return r;
}

static int load_group(struct group_load *l, const struct group_record_key *k, struct bytes value)
{
	struct loading *e = loading_find(l, k->group);
	uint8_t *copy = NULL;
	int r;

	if (value.len >= 0) {
		r = check_value(value);
		if (r != 0)
			return r;
		copy = try_array((size_t)value.len, 1, SIZE_MAX / 2);
		if (copy && !e)
			e = loading_of(l, k->group);
		if (!copy || !e) {
			free(copy);
			return -ENOMEM;
		}
		memcpy(copy, value.p, (size_t)value.len);
	}
	if (!e)
		return 0;
	free((uint8_t *)e->value.p);
	e->value = (struct bytes){ copy, value.len };
	return 0;
}

int group_load_record(struct group_load *l, int64_t base, int64_t producer_id, struct bytes key, struct bytes value)
{
	struct group_record_key k;
	int r = group_record_parse_key(key, &k);

	l->stats.records++;
	if (r == 0 && k.type == GROUP_RECORD_OFFSET) {
		r = load_offset(l, &k, base, producer_id, value);
	} else if (r == 0 && k.type == GROUP_RECORD_GROUP) {
		r = load_group(l, &k, value);
	} else if (r == 0 && l->stats.unknown_keys++ == 0) {
		l->stats.unknown_version = k.version;
	}
	if (r <= 0)
		return r;
	damaged(l, base);
	return 0;
}

void group_load_marker(struct group_load *l, int64_t producer_id, int64_t offset, bool commit)
{
	group_pool_marker(l->pool, producer_id, offset, commit);
}

/* --- batches --- */

static void load_control(struct group_load *l, const struct batch *b)
{
	struct txn_marker marker;

	if (control_parse_batch(b, &marker) != 0)
		damaged(l, b->base_offset);
	else if (marker.type != CONTROL_OTHER)
		group_load_marker(l, b->producer_id, b->base_offset, marker.type == CONTROL_COMMIT);
}

static int load_records(struct group_load *l, const struct batch *b, struct record_reader *in)
{
	struct record rec;
	int64_t base = -1;
	int r;

	while ((r = record_reader_next(in, &rec)) == 0) {
		if (base < 0)
			base = rec.offset;
		r = group_load_record(l, base, b->transactional ? b->producer_id : -1, rec.key, rec.value);
		if (r != 0)
			return r;
	}
	if (r == RECORDS_END)
		return 0;
	if (r < 0)
		return r;
	damaged(l, b->base_offset);
	return 0;
}

int group_load_batch(struct group_load *l, const struct batch *b)
{
	struct record_reader in;
	int r;

	l->stats.batches++;
	if (b->control) {
		if (b->record_count > 0) /* none is left of a marker that compaction emptied */
			load_control(l, b);
		return 0;
	}
	r = record_reader_init(&in, b, NULL, false);
	if (r == 0) {
		r = load_records(l, b, &in);
		record_reader_fini(&in);
	} else if (r > 0) {
		damaged(l, b->base_offset);
		r = 0;
	}
	return r;
}

/* --- groups --- */

static int add_member(struct group *g, const struct group_metadata_value *v,
		      const struct group_metadata_value_member_metadata *in)
{
	struct join_group_request_join_group_request_protocol p = { v->protocol, in->subscription };
	struct member_spec spec = {
		.instance_id = in->group_instance_id,
		.client_id = in->client_id,
		.client_host = in->client_host,
		.protocol_type = v->protocol_type,
		.session_timeout_ms = in->session_timeout,
		.rebalance_timeout_ms = in->rebalance_timeout,
	};
	struct group_member *m;
	uint8_t *assignment;
	int r;

	if (member_find(g, in->member_id) || member_find_instance(g, in->group_instance_id))
		return 0; /* twice in one record: the first counts */
	r = offer_new(g, &p, 1, &spec.offer);
	if (r != 0)
		return r;
	spec.id = (struct str){ str_dup(in->member_id), in->member_id.len };
	m = member_add(g, &spec);
	if (!m) {
		offer_bury(g, spec.offer);
		free((char *)spec.id.p);
		return -ENOMEM;
	}
	if (in->assignment.len <= 0)
		return 0;
	assignment = try_array((size_t)in->assignment.len, 1, SIZE_MAX / 2);
	if (!assignment)
		return -ENOMEM;
	memcpy(assignment, in->assignment.p, (size_t)in->assignment.len);
	member_set_assignment(g, m, (struct bytes){ assignment, in->assignment.len });
	return 0;
}

static int fill(struct group *g, const struct group_metadata_value *v)
{
	struct group_member *leader;
	int r = 0;

	g->generation = v->generation;
	g->state_timestamp_ms = v->current_state_timestamp;
	if (v->protocol_type.len > 0)
		g->protocol_type = (struct str){ str_dup(v->protocol_type), v->protocol_type.len };
	for (int32_t i = 0; i < v->members_n && r == 0; i++)
		r = add_member(g, v, &v->members[i]);
	if (r != 0 || g->members_n == 0)
		return r;
	leader = v->leader.len >= 0 ? member_find(g, v->leader) : NULL;
	if (leader)
		g->leader = leader;
	group_set_protocol(g, g->leader->offer->v[0].protocol);
	group_begin_stable(g);
	return 0;
}

static int decode(struct group *g, struct bytes value)
{
	struct group_metadata_value v;
	struct arena a;
	int r;

	arena_init(&a, VALUE_ARENA(value));
	r = group_record_parse_value(value, &a, &v);
	if (r == 0)
		r = fill(g, &v);
	arena_fini(&a);
	return r;
}

struct group *group_load_next(struct group_load *l, struct group_now now, struct group_effects *fx)
{
	while (l->groups) {
		struct loading *e = l->groups;
		bool has_value = e->value.len >= 0;
		char id[GROUP_TEXT_MAX];
		struct group *g;
		int r = has_value ? decode(e->g, e->value) : 0;

		g = loading_take(l, e);
		if (r != 0 || (!has_value && !offsets_any(&g->offsets))) {
			if (r != 0)
				log_error("[GroupMetadataManager brokerId=%d] group %s cannot be loaded, no memory",
				    l->pool->settings.broker_id, group_text(g->id, id));
			group_free(g);
			continue;
		}
		if (!has_value)
			g->state_timestamp_ms = now.wall_ms;
		if (str_is(g->protocol_type, "consumer"))
			group_subscriptions_read(g);
		group_start_timers(g, now, fx);
		return g;
	}
	return NULL;
}
