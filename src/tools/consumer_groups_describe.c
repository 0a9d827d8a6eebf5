/* consumer_groups_describe.c - --describe of the consumer groups tool: offsets, members or states of groups.
 *
 * Everything is asked before anything is printed, as in Kafka 3.9; groups are printed in order of their ids. Rows of
 * partitions begin with a newline and do not end with one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "tools/admin_offsets.h"
#include "tools/column.h"
#include "tools/consumer_groups_priv.h"
#include "tools/java_order.h"

#define MISSING STR("-")

/* A line of the table of offsets: what is where is missing when NULL or -1. */
struct row {
	struct group_offset at; /* with the committed offset */
	int64_t end;
	const struct group_member *member;
};

struct group_rows {
	const struct group_description *group;
	struct row *v;
	size_t n;
};

static int by_id(const void *a, const void *b)
{
	const struct group_description *x = a, *y = b;

	return str_cmp(x->id, y->id);
}

static int describe(struct groups *g, struct group_description **ret, size_t *ret_n)
{
	struct group_description *v;
	struct str *ids;
	size_t n;

	if (groups_select(g, &ids, &n) || groups_begin(g, "describeConsumerGroups"))
		return -1;
	v = groups_room(g, n, sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[i].id = ids[i];
	admin_describe_groups(g->admin, v, n, &g->arena);
	for (size_t i = 0; i < n; i++)
		if (v[i].error.len >= 0)
			return groups_fail_call(g, v[i].error);
	if (n)
		qsort(v, n, sizeof(*v), by_id);
	*ret = v;
	*ret_n = n;
	return 0;
}

/* Says what there is to say about the state of a group. 1: its rows are to be printed; 0: there are none; -1 after
 * groups_fail. */
static int show_state(struct groups *g, const struct group_description *d, size_t rows)
{
	enum group_state s = group_state_of(d->state);

	fflush(stdout);
	switch (s) {
	case GROUP_STATE_DEAD:
		groups_print_error("Consumer group '%.*s' does not exist.", STR_ARG(d->id));
		return 0;
	case GROUP_STATE_EMPTY:
		fprintf(stderr, "\nConsumer group '%.*s' has no active members.\n", STR_ARG(d->id));
		break;
	case GROUP_STATE_PREPARING:
	case GROUP_STATE_COMPLETING:
	case GROUP_STATE_ASSIGNING:
	case GROUP_STATE_RECONCILING:
		fprintf(stderr, "\nWarning: Consumer group '%.*s' is rebalancing.\n",
			STR_ARG(d->id));
		break;
	case GROUP_STATE_STABLE:
		break;
	case GROUP_STATE_UNKNOWN:
	case GROUP_STATE_COUNT:
		return groups_fail(
			g, "Expected a valid consumer group state, but found 'Unknown'.");
	}
	return rows > 0;
}

struct by_partition {
	int32_t partition;
	size_t index;
};

static int compare_partitions(const void *a, const void *b)
{
	const struct by_partition *x = a, *y = b;

	if (x->partition != y->partition)
		return x->partition < y->partition ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* Sorts by partition and keeps the order of the topics, then puts into the order of a map. */
static void order_rows(struct group_offset *v, size_t n)
{
	struct group_offset *from = xmemdup(v, n * sizeof(*v) + 1);
	struct by_partition *keys = xcalloc(n + 1, sizeof(*keys));

	for (size_t i = 0; i < n; i++)
		keys[i] = (struct by_partition){v[i].partition, i};
	qsort(keys, n, sizeof(*keys), compare_partitions);
	for (size_t i = 0; i < n; i++)
		v[i] = from[keys[i].index];
	free(keys);
	free(from);
	groups_order(v, n, java_buckets(n));
}

/* Members by number of partitions, descending; equal ones stay in order. */
static int by_share(const void *a, const void *b)
{
	const struct group_member *const *x = a, *const *y = b;

	if ((*x)->partitions_n != (*y)->partitions_n)
		return (*x)->partitions_n > (*y)->partitions_n ? -1 : 1;
	return (*x > *y) - (*x < *y);
}

static void add_rows(
	struct group_rows *to, struct group_offset *v, size_t n, const struct group_member *m)
{
	order_rows(v, n);
	for (size_t i = 0; i < n; i++)
		to->v[to->n++] = (struct row){.at = v[i], .end = -1, .member = m};
}

static void add_member(struct groups *g, struct group_rows *to, const struct group_member *m,
	const struct groups_committed *committed, bool *owned)
{
	struct group_offset *v = groups_room(g, m->partitions_n, sizeof(*v));

	for (size_t i = 0; i < m->partitions_n; i++) {
		const struct group_offset *c = groups_committed_find(
			committed, m->partitions[i].topic, m->partitions[i].partition);

		v[i] = (struct group_offset){m->partitions[i].topic, m->partitions[i].partition,
			c ? c->offset : -1, STR_NULL};
		if (c)
			owned[c - committed->sorted] = true;
	}
	groups_order(v, m->partitions_n, java_buckets_at_once(m->partitions_n));
	add_rows(to, v, m->partitions_n, m);
}

/* Partitions that have an offset and no owner. */
static void add_unowned(struct groups *g, struct group_rows *to,
	const struct groups_committed *committed, const bool *owned)
{
	struct group_offset *v = groups_room(g, committed->n, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < committed->n; i++) {
		const struct group_offset *c = &committed->v[i];

		if (!owned[groups_committed_find(committed, c->topic, c->partition) -
			    committed->sorted])
			v[n++] = *c;
	}
	groups_order(v, n, java_buckets(committed->n));
	groups_order(v, n, java_buckets(n));
	add_rows(to, v, n, NULL);
}

/* The rows of a group: those of its members, then the partitions without an owner. */
static int collect_rows(struct groups *g, const struct group_description *d, struct group_rows *ret)
{
	const struct group_member **members =
		groups_room(g, d->members_n, sizeof(struct group_member *));
	struct groups_committed committed;
	size_t room;
	bool *owned;

	if (groups_committed(g, d->id, &committed))
		return -1;
	room = committed.n;
	for (size_t i = 0; i < d->members_n; i++) {
		members[i] = &d->members[i];
		room += d->members[i].partitions_n;
	}
	if (d->members_n)
		qsort(members, d->members_n, sizeof(*members), by_share);
	*ret = (struct group_rows){.group = d, .v = groups_room(g, room, sizeof(*ret->v))};
	owned = groups_room(g, committed.n, sizeof(*owned));
	for (size_t i = 0; i < d->members_n; i++)
		add_member(g, ret, members[i], &committed, owned);
	add_unowned(g, ret, &committed, owned);
	return 0;
}

static int ask_ends(struct groups *g, struct group_rows *rows)
{
	struct partition_offset *v = groups_room(g, rows->n, sizeof(*v));

	for (size_t i = 0; i < rows->n; i++) {
		v[i].topic = rows->v[i].at.topic;
		v[i].partition = rows->v[i].at.partition;
	}
	if (!rows->n)
		return 0;
	if (groups_begin(g, "listOffsets"))
		return -1;
	admin_list_offsets(g->admin, OFFSETS_LATEST, v, rows->n, &g->arena);
	for (size_t i = 0; i < rows->n; i++) {
		if (v[i].error.len >= 0)
			return groups_fail_wrapped(g, v[i].error);
		rows->v[i].end = v[i].offset;
	}
	return 0;
}

struct widths {
	size_t group, topic, member, host;
};

static struct str member_id(const struct row *r)
{
	return r->member ? r->member->id : MISSING;
}

static struct str member_host(const struct row *r)
{
	return r->member ? r->member->host : MISSING;
}

static struct widths widths_of(const struct group_rows *rows)
{
	struct widths w = {15, 15, 15, 15};

	for (size_t i = 0; i < rows->n; i++) {
		w.group = MAX(w.group, column_width(rows->group->id));
		w.topic = MAX(w.topic, column_width(rows->v[i].at.topic));
		w.member = MAX(w.member, column_width(member_id(&rows->v[i])));
		w.host = MAX(w.host, column_width(member_host(&rows->v[i])));
	}
	return w;
}

static void print_cells(struct widths w, const struct str cells[9])
{
	const size_t widths[9] = {w.group, w.topic, 10, 15, 15, 15, w.member, w.host, 0};

	for (size_t i = 0; i < 9; i++) {
		putchar(i ? ' ' : '\n');
		column_put(stdout, cells[i], widths[i]);
	}
}

static struct str number(char buf[24], int64_t n, bool there)
{
	if (!there)
		return MISSING;
	snprintf(buf, 24, "%" PRId64, n);
	return str_of(buf);
}

static void print_row(struct widths w, struct str group, const struct row *r)
{
	char partition[24], offset[24], end[24], lag[24];
	bool committed = r->at.offset >= 0;

	print_cells(w, (struct str[9]){group, r->at.topic, number(partition, r->at.partition, true),
			       number(offset, r->at.offset, committed), number(end, r->end, true),
			       number(lag, r->end - r->at.offset, committed), member_id(r),
			       member_host(r), r->member ? r->member->client_id : MISSING});
}

static int print_offsets(struct groups *g, const struct group_rows *rows)
{
	struct widths w = widths_of(rows);
	int shown = show_state(g, rows->group, rows->n);

	if (shown <= 0)
		return shown;
	print_cells(w, (struct str[9]){STR("GROUP"), STR("TOPIC"), STR("PARTITION"),
			       STR("CURRENT-OFFSET"), STR("LOG-END-OFFSET"), STR("LAG"),
			       STR("CONSUMER-ID"), STR("HOST"), STR("CLIENT-ID")});
	for (size_t i = 0; i < rows->n; i++)
		print_row(w, rows->group->id, &rows->v[i]);
	return 0;
}

static int describe_offsets(struct groups *g, const struct group_description *v, size_t n)
{
	struct group_rows *rows = groups_room(g, n, sizeof(*rows));

	for (size_t i = 0; i < n; i++)
		if (collect_rows(g, &v[i], &rows[i]) || ask_ends(g, &rows[i]))
			return -1;
	for (size_t i = 0; i < n; i++)
		if (print_offsets(g, &rows[i]))
			return -1;
	return 0;
}

static int by_string(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return str_cmp(*x, *y);
}

/* "(0,1,10,2)": the partitions of one topic, which follow each other, in order of their texts. */
static struct str partitions_text(struct groups *g, const struct group_partition *v, size_t n)
{
	struct str *numbers = groups_room(g, n, sizeof(*numbers));
	size_t len = 2;
	char *text, *p;

	for (size_t i = 0; i < n; i++) {
		numbers[i] = arena_printf(&g->arena, "%d", v[i].partition);
		len += (size_t)numbers[i].len + 1;
	}
	qsort(numbers, n, sizeof(*numbers), by_string);
	p = text = groups_room(g, len, 1);
	for (size_t i = 0; i < n; i++) {
		*p++ = i ? ',' : '(';
		memcpy(p, numbers[i].p, (size_t)numbers[i].len);
		p += numbers[i].len;
	}
	*p++ = ')';
	return (struct str){text, (int32_t)(p - text)};
}

/* The partitions of a member, which are in order of topics: a list for each, without the topic's name, in order of the
 * lists' texts. */
static void print_assignment(struct groups *g, const struct group_member *m)
{
	struct str *lists = groups_room(g, m->partitions_n, sizeof(*lists));
	size_t n = 0;

	for (size_t i = 0, next; i < m->partitions_n; i = next) {
		for (next = i + 1; next < m->partitions_n &&
				   str_eq(m->partitions[next].topic, m->partitions[i].topic);
			next++)
			;
		lists[n++] = partitions_text(g, &m->partitions[i], next - i);
	}
	if (n)
		qsort(lists, n, sizeof(*lists), by_string);
	for (size_t i = 0; i < n; i++)
		printf("%s%.*s", i ? ", " : "", STR_ARG(lists[i]));
	if (!n)
		putchar('-');
}

struct member_widths {
	size_t group, member, instance, host, client;
	bool instances; /* some member has one */
};

static struct member_widths member_widths_of(const struct group_description *d)
{
	struct member_widths w = {15, 15, 17, 15, 15, false};

	for (size_t i = 0; i < d->members_n; i++) {
		const struct group_member *m = &d->members[i];

		w.group = MAX(w.group, column_width(d->id));
		w.member = MAX(w.member, column_width(m->id));
		w.instance = MAX(w.instance, column_width(m->instance_id));
		w.host = MAX(w.host, column_width(m->host));
		w.client = MAX(w.client, column_width(m->client_id));
		w.instances = w.instances || m->instance_id.len > 0;
	}
	return w;
}

static void print_member(const struct member_widths *w, struct str group,
	const struct group_member *m, const char *partitions)
{
	column_put(stdout, group, w->group);
	putchar(' ');
	column_put(stdout, m->id, w->member);
	putchar(' ');
	if (w->instances) {
		column_put(stdout, m->instance_id, w->instance);
		putchar(' ');
	}
	column_put(stdout, m->host, w->host);
	putchar(' ');
	column_put(stdout, m->client_id, w->client);
	printf(" %-15s ", partitions);
}

static int print_members(struct groups *g, const struct group_description *d)
{
	static const struct group_member header = {.id = STR("CONSUMER-ID"),
		.instance_id = STR("GROUP-INSTANCE-ID"),
		.host = STR("HOST"),
		.client_id = STR("CLIENT-ID")};
	bool verbose = options_has(g->options, GROUPS_VERBOSE);
	struct member_widths w = member_widths_of(d);

	if (show_state(g, d, d->members_n) < 0)
		return -1;
	putchar('\n'); /* the header is there even for a group that is not */
	print_member(&w, STR("GROUP"), &header, "#PARTITIONS");
	puts(verbose ? "ASSIGNMENT" : "");
	for (size_t i = 0; i < d->members_n; i++) {
		char count[24];

		snprintf(count, sizeof(count), "%zu", d->members[i].partitions_n);
		print_member(&w, d->id, &d->members[i], count);
		if (verbose)
			print_assignment(g, &d->members[i]);
		putchar('\n');
	}
	return 0;
}

static int describe_members(struct groups *g, const struct group_description *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (print_members(g, &v[i]))
			return -1;
	return 0;
}

static void print_state_cells(size_t width, const struct str cells[5])
{
	const size_t widths[5] = {width, 25, 20, 15, 0};

	for (size_t i = 0; i < 5; i++) {
		putchar(i ? ' ' : '\n');
		column_put(stdout, cells[i], widths[i]);
	}
}

static int describe_states(struct groups *g, const struct group_description *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct admin_node *node = admin_node(g->admin, v[i].coordinator);
		struct str coordinator = arena_printf(&g->arena, "%s:%d  (%d)",
			node ? node->host : "", node ? node->port : -1, v[i].coordinator);
		size_t width = MAX(25, column_width(coordinator)); /* of the group's column, too */
		int shown = show_state(g, &v[i], 1);

		if (shown < 0)
			return -1;
		if (!shown)
			continue;
		print_state_cells(
			width, (struct str[5]){STR("GROUP"), STR("COORDINATOR (ID)"),
				       STR("ASSIGNMENT-STRATEGY"), STR("STATE"), STR("#MEMBERS")});
		print_state_cells(width, (struct str[5]){v[i].id, coordinator, v[i].assignor,
						 group_state_name(group_state_of(v[i].state)),
						 arena_printf(&g->arena, "%zu", v[i].members_n)});
		putchar('\n');
	}
	return 0;
}

int groups_describe(struct groups *g)
{
	struct group_description *v = NULL;
	size_t n = 0;

	if (describe(g, &v, &n))
		return -1;
	if (options_has(g->options, GROUPS_MEMBERS))
		return describe_members(g, v, n);
	if (options_has(g->options, GROUPS_STATE))
		return describe_states(g, v, n);
	return describe_offsets(g, v, n);
}
