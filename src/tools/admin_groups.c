/* admin_groups.c - listing, describing and deleting groups (Kafka 3.9, KafkaAdminClient.listConsumerGroups,
 * DescribeConsumerGroupsHandler, DeleteConsumerGroupsHandler). Their offsets are in admin_group_offsets.c. */
#include "tools/admin_groups.h"

#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cursor.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/admin_job.h"
#include "tools/java_order.h"

#define SCHEMA_EXCEPTION "org.apache.kafka.common.protocol.types.SchemaException: "
/* First versions of ListGroups that filter. */
#define STATES_SINCE 4
#define TYPES_SINCE 5

struct list {
	struct admin_job job;
	const struct group_filter *filter;
	struct group_listing *v;
	size_t n, cap;
};

static bool is_consumer_protocol(struct str type)
{
	return type.len <= 0 || str_is(type, "consumer");
}

/* Brokers that cannot filter by type have classic groups only: if those are wanted, all are. */
static bool wants_classic(const struct group_filter *f)
{
	for (size_t i = 0; i < f->types_n; i++)
		if (str_is(f->types[i], "Classic"))
			return true;
	return false;
}

static int build_list(void *arg, int version, struct admin_piece *const *pieces, size_t n,
	struct arena *arena, void *request)
{
	const struct group_filter *f = ((const struct list *)arg)->filter;
	struct list_groups_request *in = request;

	(void)pieces;
	(void)n;
	(void)arena;
	if ((f->states_n && version < STATES_SINCE) ||
		(f->types_n && version < TYPES_SINCE && !wants_classic(f)))
		return -ENOTSUP;
	in->states_filter = f->states;
	in->states_filter_n = (int32_t)f->states_n;
	if (version >= TYPES_SINCE) {
		in->types_filter = f->types;
		in->types_filter_n = (int32_t)f->types_n;
	}
	return 0;
}

static void take_list(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *answer)
{
	struct list *l = arg;
	const struct list_groups_response *out = answer;

	(void)version;
	(void)n;
	for (int32_t i = 0; !out->error_code && i < out->groups_n; i++) {
		const struct list_groups_response_listed_group *g = &out->groups[i];

		if (!is_consumer_protocol(g->protocol_type))
			continue;
		l->v = grow_array(l->v, &l->cap, l->n + 1, sizeof(*l->v));
		l->v[l->n++] = (struct group_listing){g->group_id, g->group_state, g->group_type};
	}
	admin_piece_end(&l->job, pieces[0], out->error_code, STR_NULL);
}

static int by_listed_id(const void *a, const void *b)
{
	const struct group_listing *const *x = a, *const *y = b;
	int c = str_cmp((*x)->id, (*y)->id);

	return c ? c : (*x > *y) - (*x < *y);
}

/* Leaves the first entry of each id. */
static void drop_repeats(struct list *l)
{
	struct group_listing **sorted = xcalloc(l->n + 1, sizeof(struct group_listing *));
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		sorted[i] = &l->v[i];
	qsort(sorted, l->n, sizeof(*sorted), by_listed_id);
	for (size_t i = l->n; i-- > 1;)
		if (str_eq(sorted[i]->id, sorted[i - 1]->id))
			sorted[i]->id = STR_NULL;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].id.len >= 0)
			l->v[n++] = l->v[i];
	l->n = n;
	free(sorted);
}

/* In the order of a HashMap into which the entries were put in the order of the answers. */
static int order_list(
	struct list *l, struct arena *arena, struct group_listing **ret, size_t *ret_n)
{
	int32_t *hashes;
	size_t *order;

	drop_repeats(l);
	*ret = arena_array(arena, l->n, sizeof(**ret));
	hashes = arena_array(arena, l->n, sizeof(*hashes));
	order = arena_array(arena, l->n, sizeof(*order));
	if (!*ret || !hashes || !order)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++)
		hashes[i] = str_java_hash(l->v[i].id);
	java_order(hashes, l->n, java_buckets(l->n), order);
	for (size_t i = 0; i < l->n; i++)
		(*ret)[i] = l->v[order[i]];
	*ret_n = l->n;
	return 0;
}

/* The first broker's failure. */
static bool list_failed(struct admin *a, const struct admin_piece *pieces, size_t n,
	struct arena *arena, struct str *ret_error)
{
	for (size_t i = 0; i < n; i++) {
		const struct admin_node *node = admin_node(a, pieces[i].node);
		struct admin_piece p = pieces[i];

		if (!p.code)
			continue;
		p.message =
			arena_printf(arena, "Error listing groups on %s:%d (id: %d rack: %s): %.*s",
				node ? node->host : "", node ? node->port : 0, p.node,
				node && node->rack ? node->rack : "null", STR_ARG(p.message));
		*ret_error = admin_piece_exception(arena, &p);
		return true;
	}
	return false;
}

int admin_list_groups(struct admin *a, const struct group_filter *filter, struct arena *arena,
	struct group_listing **ret, size_t *ret_n, struct str *ret_error)
{
	struct list l = {.job = {.place = ADMIN_AT_NODE,
				 .key = API_LIST_GROUPS,
				 .many_since = ADMIN_ONE_EACH,
				 .build = build_list,
				 .take = take_list},
		.filter = filter};
	CLEANUP(freep) struct admin_piece *pieces = NULL;
	struct admin_node *nodes;
	size_t n;
	int r = 0;

	if (admin_brokers(a, arena, &nodes, &n)) {
		*ret_error = STR(
			"org.apache.kafka.common.KafkaException: Failed to find brokers to send "
			"ListGroups");
		return -1;
	}
	l.job.arg = &l;
	pieces = xcalloc(n, sizeof(*pieces));
	for (size_t i = 0; i < n; i++)
		pieces[i] = (struct admin_piece){
			.name = STR(""), .partition = nodes[i].id, .node = nodes[i].id};
	admin_run(a, &l.job, pieces, n, arena);
	if (list_failed(a, pieces, n, arena, ret_error)) {
		r = -1;
	} else if (order_list(&l, arena, ret, ret_n)) {
		*ret_error = STR("java.lang.OutOfMemoryError");
		r = -1;
	}
	free(l.v);
	return r;
}

struct describe {
	struct admin_job job;
	struct arena *arena;
	struct group_description *groups;
};

static int build_describe_newer(void *arg, int version, struct admin_piece *const *pieces, size_t n,
	struct arena *arena, void *request)
{
	struct consumer_group_describe_request *in = request;
	struct str *ids = arena_array(arena, n, sizeof(*ids));

	(void)arg;
	(void)version;
	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		ids[i] = pieces[i]->name;
	in->group_ids = ids;
	in->group_ids_n = (int32_t)n;
	return 0;
}

static int build_describe_classic(void *arg, int version, struct admin_piece *const *pieces,
	size_t n, struct arena *arena, void *request)
{
	struct describe_groups_request *in = request;
	struct str *ids = arena_array(arena, n, sizeof(*ids));

	(void)arg;
	(void)version;
	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		ids[i] = pieces[i]->name;
	in->groups = ids;
	in->groups_n = (int32_t)n;
	return 0;
}

static int by_partition(const void *a, const void *b)
{
	const struct group_partition *x = a, *y = b;
	int c = str_cmp(x->topic, y->topic);

	return c ? c : (x->partition > y->partition) - (x->partition < y->partition);
}

static size_t without_repeats(struct group_partition *v, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(v, n, sizeof(*v), by_partition);
	for (size_t i = 0; i < n; i++)
		if (!kept || by_partition(&v[i], &v[kept - 1]))
			v[kept++] = v[i];
	return kept;
}

/* What a classic member's bytes assign to it. 0, -ENOMEM, or -EINVAL with the exception. */
static int read_assignment(
	struct bytes b, struct arena *arena, struct group_member *m, const char **ret_error)
{
	struct consumer_protocol_assignment out;
	struct cursor c = cur_of(b.p, (size_t)MAX(b.len, 0));
	int16_t version = cur_i16(&c);
	size_t n = 0;

	if (b.len <= 0)
		return 0;
	*ret_error = SCHEMA_EXCEPTION "Buffer underflow while parsing consumer protocol's header";
	if (c.bad || version < 0)
		return -EINVAL;
	*ret_error =
		SCHEMA_EXCEPTION "Buffer underflow while parsing consumer protocol's assignment";
	if (codec_decode(&consumer_protocol_assignment_schema,
		    MIN(version, consumer_protocol_assignment_last), &c, arena, &out))
		return -EINVAL;
	for (int32_t i = 0; i < out.assigned_partitions_n; i++)
		n += (size_t)MAX(out.assigned_partitions[i].partitions_n, 0);
	m->partitions = arena_array(arena, n, sizeof(*m->partitions));
	if (!m->partitions)
		return -ENOMEM;
	n = 0;
	for (int32_t i = 0; i < out.assigned_partitions_n; i++)
		for (int32_t k = 0; k < out.assigned_partitions[i].partitions_n; k++)
			m->partitions[n++] =
				(struct group_partition){out.assigned_partitions[i].topic,
					out.assigned_partitions[i].partitions[k]};
	m->partitions_n = without_repeats(m->partitions, n);
	return 0;
}

static void take_newer_members(struct describe *d, struct group_description *g,
	const struct consumer_group_describe_response_described_group *from)
{
	g->members = arena_array(d->arena, (size_t)from->members_n, sizeof(*g->members));
	for (int32_t i = 0; g->members && i < from->members_n; i++) {
		const struct consumer_group_describe_response_member *in = &from->members[i];
		struct group_member *m = &g->members[g->members_n++];
		size_t n = 0, k = 0;

		*m = (struct group_member){.id = in->member_id,
			.instance_id = in->instance_id,
			.client_id = in->client_id,
			.host = in->client_host};
		for (int32_t t = 0; t < in->assignment.topic_partitions_n; t++)
			n += (size_t)in->assignment.topic_partitions[t].partitions_n;
		m->partitions = arena_array(d->arena, n, sizeof(*m->partitions));
		for (int32_t t = 0; m->partitions && t < in->assignment.topic_partitions_n; t++)
			for (int32_t p = 0; p < in->assignment.topic_partitions[t].partitions_n;
				p++)
				m->partitions[k++] = (struct group_partition){
					in->assignment.topic_partitions[t].topic_name,
					in->assignment.topic_partitions[t].partitions[p]};
		m->partitions_n = without_repeats(m->partitions, k);
	}
}

static void take_describe_newer(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *answer)
{
	struct describe *d = arg;
	const struct consumer_group_describe_response *out = answer;

	(void)version;
	for (int32_t i = 0; i < out->groups_n; i++) {
		const struct consumer_group_describe_response_described_group *from =
			&out->groups[i];
		struct admin_piece *p = admin_piece_find(pieces, n, from->group_id, 0);
		struct group_description *g;

		if (!p || p->done)
			continue;
		g = &d->groups[p->index];
		admin_piece_end(&d->job, p, from->error_code, from->error_message);
		if (!p->done || p->code)
			continue;
		g->state = from->group_state;
		g->assignor = from->assignor_name;
		g->coordinator = p->node;
		take_newer_members(d, g, from);
	}
}

static void take_classic_members(struct describe *d, struct group_description *g,
	const struct describe_groups_response_described_group *from)
{
	const char *why = NULL;

	g->members = arena_array(d->arena, (size_t)from->members_n, sizeof(*g->members));
	for (int32_t i = 0; g->members && i < from->members_n; i++) {
		const struct describe_groups_response_described_group_member *in =
			&from->members[i];
		struct group_member *m = &g->members[g->members_n++];

		*m = (struct group_member){.id = in->member_id,
			.instance_id = in->group_instance_id,
			.client_id = in->client_id,
			.host = in->client_host};
		if (read_assignment(in->member_assignment, d->arena, m, &why))
			g->error = str_of(why);
	}
}

static void take_describe_classic(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *answer)
{
	struct describe *d = arg;
	const struct describe_groups_response *out = answer;

	(void)version;
	for (int32_t i = 0; i < out->groups_n; i++) {
		const struct describe_groups_response_described_group *from = &out->groups[i];
		struct admin_piece *p = admin_piece_find(pieces, n, from->group_id, 0);
		struct group_description *g;

		if (!p || p->done)
			continue;
		g = &d->groups[p->index];
		admin_piece_end(&d->job, p, from->error_code, STR_NULL);
		if (!p->done || p->code)
			continue;
		g->state = from->group_state;
		g->assignor = from->protocol_data;
		g->coordinator = p->node;
		if (is_consumer_protocol(from->protocol_type))
			take_classic_members(d, g, from);
		else
			g->error = arena_printf(d->arena,
				"java.lang.IllegalArgumentException: GroupId %.*s is not a "
				"consumer group "
				"(%.*s).",
				STR_ARG(g->id), STR_ARG(from->protocol_type));
	}
}

/* Groups that the newer request did not find are asked for as classic ones. */
static void reopen(struct admin_piece *pieces, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pieces[i].code == KERR_UNSUPPORTED_VERSION ||
			pieces[i].code == KERR_GROUP_ID_NOT_FOUND) {
			pieces[i].done = false;
			pieces[i].code = 0;
		}
}

void admin_describe_groups(
	struct admin *a, struct group_description *groups, size_t n, struct arena *arena)
{
	struct describe d = {.job = {.place = ADMIN_AT_GROUP,
				     .key = API_CONSUMER_GROUP_DESCRIBE,
				     .build = build_describe_newer,
				     .take = take_describe_newer},
		.arena = arena,
		.groups = groups};
	struct admin_piece *pieces = xcalloc(n + 1, sizeof(*pieces));

	d.job.arg = &d;
	for (size_t i = 0; i < n; i++) {
		groups[i] = (struct group_description){.id = groups[i].id, .error = STR_NULL};
		pieces[i] =
			(struct admin_piece){.name = groups[i].id, .node = ADMIN_ANY, .index = i};
	}
	admin_run(a, &d.job, pieces, n, arena);
	reopen(pieces, n);
	d.job.key = API_DESCRIBE_GROUPS;
	d.job.build = build_describe_classic;
	d.job.take = take_describe_classic;
	admin_run(a, &d.job, pieces, n, arena);
	for (size_t i = 0; i < n; i++)
		if (pieces[i].code)
			groups[i].error = admin_piece_exception(arena, &pieces[i]);
	free(pieces);
}

static int build_delete(void *arg, int version, struct admin_piece *const *pieces, size_t n,
	struct arena *arena, void *request)
{
	struct delete_groups_request *in = request;
	struct str *ids = arena_array(arena, n, sizeof(*ids));

	(void)arg;
	(void)version;
	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		ids[i] = pieces[i]->name;
	in->groups_names = ids;
	in->groups_names_n = (int32_t)n;
	return 0;
}

static void take_delete(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *answer)
{
	const struct admin_job *job = arg;
	const struct delete_groups_response *out = answer;

	(void)version;
	for (int32_t i = 0; i < out->results_n; i++) {
		struct admin_piece *p = admin_piece_find(pieces, n, out->results[i].group_id, 0);

		if (p && !p->done)
			admin_piece_end(job, p, out->results[i].error_code, STR_NULL);
	}
}

void admin_delete_groups(
	struct admin *a, struct group_deletion *groups, size_t n, struct arena *arena)
{
	struct admin_job job = {.place = ADMIN_AT_GROUP,
		.key = API_DELETE_GROUPS,
		.build = build_delete,
		.take = take_delete};
	struct admin_piece *pieces = xcalloc(n + 1, sizeof(*pieces));

	job.arg = &job;
	for (size_t i = 0; i < n; i++)
		pieces[i] =
			(struct admin_piece){.name = groups[i].id, .node = ADMIN_ANY, .index = i};
	admin_run(a, &job, pieces, n, arena);
	for (size_t i = 0; i < n; i++)
		groups[i].error =
			pieces[i].code ? admin_piece_exception(arena, &pieces[i]) : STR_NULL;
	free(pieces);
}
