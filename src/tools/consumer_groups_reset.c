/* consumer_groups_reset.c - --reset-offsets of the consumer groups tool: which partitions, to which offsets, and writing
 * them.
 *
 * Groups are worked on one after the other; what has been executed stays so when a later one fails. The new offsets are
 * printed at the end.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "tools/admin_offsets.h"
#include "tools/admin_topics.h"
#include "tools/column.h"
#include "tools/consumer_groups_priv.h"
#include "tools/date_time.h"
#include "tools/java_order.h"
#include "tools/report.h"
#include "tools/reset_plan.h"

#define LOGGER "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
/* A reset plan of a million partitions has some 100 MB. */
#define PLAN_MAX (256 * 1024 * 1024)

struct reset {
	struct groups *g;
	struct str group;
	struct group_offset *v; /* the partitions, and then their new offsets */
	size_t n;
};

static bool has(const struct reset *r, enum groups_option id)
{
	return options_has(r->g->options, id);
}

static int describe_topics(struct reset *r, struct topic_description *v, size_t n)
{
	if (groups_begin(r->g, "describeTopics"))
		return -1;
	if (admin_describe_topics(r->g->admin, v, n, &r->g->arena))
		return groups_fail_wrapped(
			r->g, arena_printf(&r->g->arena,
				      "org.apache.kafka.common.errors.TimeoutException: %s",
				      admin_error(r->g->admin)));
	for (size_t i = 0; i < n; i++)
		if (v[i].error.len >= 0)
			return groups_fail_wrapped(r->g, v[i].error);
	return 0;
}

/* The partitions of --topic: those that are listed, then those of whole topics, which come in the order of a map. */
static int partitions_of_topics(struct reset *r)
{
	struct groups_topics topics;
	struct topic_description *whole;
	int32_t *hashes;
	size_t *order, room, n;

	if (groups_topics(r->g, &topics))
		return -1;
	n = topics.whole_n;
	whole = groups_room(r->g, n, sizeof(*whole));
	hashes = groups_room(r->g, n, sizeof(*hashes));
	order = groups_room(r->g, n, sizeof(*order));
	for (size_t i = 0; i < n; i++) {
		whole[i] = (struct topic_description){.name = topics.whole[i], .error = STR_NULL};
		hashes[i] = str_java_hash(topics.whole[i]);
	}
	if (n && describe_topics(r, whole, n))
		return -1;
	room = topics.listed_n;
	for (size_t i = 0; i < n; i++)
		room += whole[i].partitions_n;
	r->v = groups_room(r->g, room, sizeof(*r->v));
	memcpy(r->v, topics.listed, topics.listed_n * sizeof(*r->v));
	r->n = topics.listed_n;
	java_order(hashes, n, java_buckets(n), order);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < whole[order[i]].partitions_n; k++)
			r->v[r->n++] = (struct group_offset){
				whole[order[i]].name, whole[order[i]].partitions[k], -1, STR_NULL};
	r->n = groups_unique(r->v, r->n);
	return 0;
}

/* What --all-topics, --topic or the plan's rows name. */
static int choose_partitions(struct reset *r)
{
	struct groups_committed committed;

	if (has(r, GROUPS_ALL_TOPICS)) {
		if (groups_committed(r->g, r->group, &committed))
			return -1;
		r->v = committed.v;
		r->n = committed.n;
		groups_order(r->v, r->n, java_buckets(r->n));
		return 0;
	}
	if (has(r, GROUPS_TOPIC))
		return partitions_of_topics(r);
	if (has(r, GROUPS_FROM_FILE))
		return 0;
	return groups_misuse(
		r->g, "One of the reset scopes should be defined: --all-topics, --topic.");
}

/* Asks for the offsets of v[0..n) at a time. */
static int list_offsets(
	struct reset *r, int64_t timestamp, const struct group_offset *v, size_t n, int64_t *ret)
{
	struct partition_offset *offsets = groups_room(r->g, n, sizeof(*offsets));

	if (!n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		offsets[i].topic = v[i].topic;
		offsets[i].partition = v[i].partition;
	}
	if (groups_begin(r->g, "listOffsets"))
		return -1;
	admin_list_offsets(r->g->admin, timestamp, offsets, n, &r->g->arena);
	for (size_t i = 0; i < n; i++) {
		if (offsets[i].error.len >= 0)
			return groups_fail_wrapped(r->g, offsets[i].error);
		ret[i] = offsets[i].offset;
	}
	return 0;
}

/* Sets all partitions to an end of their logs. */
static int to_end(struct reset *r, int64_t timestamp)
{
	int64_t *offsets = groups_room(r->g, r->n, sizeof(*offsets));

	groups_order(r->v, r->n, java_buckets(r->n));
	if (list_offsets(r, timestamp, r->v, r->n, offsets))
		return -1;
	for (size_t i = 0; i < r->n; i++)
		r->v[i].offset = offsets[i];
	return 0;
}

static int64_t within(const struct group_offset *o, int64_t start, int64_t end)
{
	int64_t to = o->offset > end ? end : o->offset < start ? start : o->offset;

	if (to != o->offset)
		report("WARN", LOGGER,
			"New offset (%" PRId64
			") is %s offset for topic partition %.*s-%d. Value will be "
			"set to %" PRId64,
			o->offset, o->offset > end ? "higher than latest" : "lower than earliest",
			STR_ARG(o->topic), o->partition, to);
	return to;
}

/* Moves offsets that lie outside of their logs to the nearest end. */
static int into_range(struct reset *r)
{
	int64_t *start = groups_room(r->g, r->n, sizeof(*start));
	int64_t *end = groups_room(r->g, r->n, sizeof(*end));

	groups_order(r->v, r->n, java_buckets(r->n));
	if (list_offsets(r, OFFSETS_EARLIEST, r->v, r->n, start) ||
		list_offsets(r, OFFSETS_LATEST, r->v, r->n, end))
		return -1;
	for (size_t i = 0; i < r->n; i++)
		r->v[i].offset = within(&r->v[i], start[i], end[i]);
	return 0;
}

static int read_number(struct reset *r, enum groups_option id, int64_t *ret)
{
	if (options_number(r->g->options, id, ret))
		return groups_fail(r->g, "%s", r->g->options->error);
	return 0;
}

static int to_offset(struct reset *r)
{
	int64_t offset = 0;

	if (read_number(r, GROUPS_TO_OFFSET, &offset))
		return -1;
	for (size_t i = 0; i < r->n; i++)
		r->v[i].offset = offset;
	return into_range(r);
}

static int by_place(const void *a, const void *b)
{
	const struct group_offset *x = a, *y = b;
	int c = str_cmp(x->topic, y->topic);

	return c ? c : (x->partition > y->partition) - (x->partition < y->partition);
}

static const struct group_offset *find(
	const struct group_offset *v, size_t n, const struct group_offset *place)
{
	return n ? bsearch(place, v, n, sizeof(*v), by_place) : NULL;
}

/* Sets the partitions that have a committed offset to it, and the others to -1. */
static int to_committed(struct reset *r)
{
	struct groups_committed committed;

	if (groups_committed(r->g, r->group, &committed))
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		const struct group_offset *c =
			groups_committed_find(&committed, r->v[i].topic, r->v[i].partition);

		r->v[i].offset = c ? c->offset : -1;
	}
	return 0;
}

static int shift_by(struct reset *r)
{
	int64_t by = 0;

	if (to_committed(r))
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		if (read_number(r, GROUPS_SHIFT_BY, &by))
			return -1;
		if (r->v[i].offset < 0)
			return groups_misuse(r->g,
				"Cannot shift offset for partition %.*s-%d since there is no "
				"current "
				"committed offset",
				STR_ARG(r->v[i].topic), r->v[i].partition);
		if (__builtin_add_overflow(r->v[i].offset, by, &r->v[i].offset))
			r->v[i].offset = by > 0 ? INT64_MAX : INT64_MIN;
	}
	return into_range(r);
}

/* The committed offset, or the end of the log. */
static int to_current(struct reset *r)
{
	struct group_offset *missing = groups_room(r->g, r->n, sizeof(*missing));
	struct group_offset *v = groups_room(r->g, r->n, sizeof(*v));
	int64_t *ends = groups_room(r->g, r->n, sizeof(*ends));
	size_t n = 0, missing_n = 0;

	if (to_committed(r))
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].offset < 0)
			missing[missing_n++] = r->v[i];
		else
			v[n++] = r->v[i];
	if (list_offsets(r, OFFSETS_LATEST, missing, missing_n, ends))
		return -1;
	for (size_t i = 0; i < missing_n; i++) {
		missing[i].offset = ends[i];
		v[n + i] = missing[i];
	}
	r->v = v;
	groups_order(r->v, r->n, n ? java_buckets(r->n) : java_buckets_at_once(r->n));
	return 0;
}

/* The first record at a time or later; the end, with a warning, where there is none. */
static int to_time(struct reset *r, int64_t timestamp)
{
	struct group_offset *missing = groups_room(r->g, r->n, sizeof(*missing));
	int64_t *offsets = groups_room(r->g, r->n, sizeof(*offsets));
	size_t n = 0;

	groups_order(r->v, r->n, java_buckets(r->n));
	if (list_offsets(r, timestamp, r->v, r->n, offsets))
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		r->v[i].offset = offsets[i];
		if (offsets[i] < 0)
			missing[n++] = r->v[i];
	}
	groups_order(missing, n, java_buckets(n));
	for (size_t i = 0; i < n; i++)
		printf("\nWarn: Partition %d from topic %.*s is empty. Falling back to latest "
		       "known "
		       "offset.\n",
			missing[i].partition, STR_ARG(missing[i].topic));
	if (list_offsets(r, OFFSETS_LATEST, missing, n, offsets))
		return -1;
	for (size_t i = 0; i < n; i++)
		missing[i].offset = offsets[i];
	if (n)
		qsort(missing, n, sizeof(*missing), by_place);
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].offset < 0)
			r->v[i].offset = find(missing, n, &r->v[i])->offset;
	return 0;
}

static int read_text(struct reset *r, enum groups_option id, const char **ret)
{
	if (options_text(r->g->options, id, ret))
		return groups_fail(r->g, "%s", r->g->options->error);
	return 0;
}

static int to_date_time(struct reset *r)
{
	CLEANUP(freep) char *error = NULL;
	const char *text;
	int64_t timestamp;

	if (read_text(r, GROUPS_TO_DATETIME, &text))
		return -1;
	if (date_time_parse(text, &timestamp, &error))
		return groups_fail(r->g, "java.text.ParseException: %s", error);
	return to_time(r, timestamp);
}

static int by_duration(struct reset *r)
{
	CLEANUP(freep) char *error = NULL;
	struct duration d;
	struct timespec now;
	const char *text;
	int64_t timestamp;

	if (read_text(r, GROUPS_BY_DURATION, &text))
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	if (duration_parse(text, &d, &error) || duration_before(&d, now, &timestamp, &error))
		return groups_fail(r->g, "%s", error);
	return to_time(r, timestamp);
}

static int read_file(struct reset *r, const char *path, struct str *ret)
{
	FILE *f = fopen(path, "re");
	size_t n = 0, cap = 0;
	char *text = NULL;
	bool failed = !f;

	while (!failed && !feof(f) && n <= PLAN_MAX) {
		text = grow_array(text, &cap, n + BUFSIZ, 1);
		n += fread(text + n, 1, BUFSIZ, f);
		failed = ferror(f) != 0;
	}
	if (f)
		fclose(f);
	if (!failed && n <= PLAN_MAX) {
		char *kept = groups_room(r->g, n, 1);

		memcpy(kept, text ? text : "", n);
		*ret = (struct str){kept, (int32_t)n};
	}
	free(text);
	if (failed || n > PLAN_MAX)
		return groups_fail(r->g, "java.io.IOException: Unable to read file %s", path);
	return 0;
}

/* The rows of the plan that are about this group, as its partitions: in order of first appearance, and with the last
 * offset, of those that are named more than once. */
static int take_plan(struct reset *r, const struct plan_row *rows, size_t n)
{
	struct group_offset *last = groups_room(r->g, n, sizeof(*last));
	size_t found = 0, last_n;

	r->v = groups_room(r->g, n, sizeof(*r->v));
	for (size_t i = 0; i < n; i++)
		if (rows[i].group.len < 0 || str_eq(rows[i].group, r->group))
			r->v[found++] = (struct group_offset){
				rows[i].topic, rows[i].partition, rows[i].offset, STR_NULL};
	for (size_t i = 0; i < found; i++)
		last[i] = r->v[found - 1 - i];
	last_n = groups_unique(last, found);
	r->n = groups_unique(r->v, found);
	if (!r->n) {
		groups_print_error("No reset plan for group %.*s found", STR_ARG(r->group));
		return 0;
	}
	qsort(last, last_n, sizeof(*last), by_place);
	for (size_t i = 0; i < r->n; i++)
		r->v[i].offset = find(last, last_n, &r->v[i])->offset;
	return into_range(r);
}

static int from_file(struct reset *r)
{
	CLEANUP(freep) char *error = NULL;
	struct plan_row *rows;
	struct str text;
	const char *path;
	size_t n, groups_n;

	(void)options_all(r->g->options, GROUPS_GROUP, &groups_n);
	if (read_text(r, GROUPS_FROM_FILE, &path) || read_file(r, path, &text))
		return -1;
	if (reset_plan_parse(text, groups_n == 1, &r->g->arena, &rows, &n, &error))
		return groups_fail(r->g, "%s", error ? error : "out of memory");
	for (size_t i = 0; i < n; i++)
		if (rows[i].offset < 0)
			return groups_misuse(r->g, "Invalid negative offset");
	return take_plan(r, rows, n);
}

static int to_earliest(struct reset *r)
{
	return to_end(r, OFFSETS_EARLIEST);
}

static int to_latest(struct reset *r)
{
	return to_end(r, OFFSETS_LATEST);
}

static int new_offsets(struct reset *r)
{
	static const struct {
		enum groups_option option;
		int (*run)(struct reset *r);
	} scenarios[] = {
		{GROUPS_TO_OFFSET, to_offset},
		{GROUPS_TO_EARLIEST, to_earliest},
		{GROUPS_TO_LATEST, to_latest},
		{GROUPS_SHIFT_BY, shift_by},
		{GROUPS_TO_DATETIME, to_date_time},
		{GROUPS_BY_DURATION, by_duration},
		{GROUPS_FROM_FILE, from_file},
		{GROUPS_TO_CURRENT, to_current},
	};

	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++)
		if (has(r, scenarios[i].option))
			return scenarios[i].run(r);
	(void)groups_missing_scenario(r->g->options);
	r->g->told = true;
	return groups_misuse(r->g, "no scenario");
}

static int execute(struct reset *r)
{
	struct group_offset *v = groups_room(r->g, r->n, sizeof(*v));
	struct str error;

	if (groups_begin(r->g, "offsetCommit"))
		return -1;
	memcpy(v, r->v, r->n * sizeof(*v)); /* which will be sorted */
	if (admin_commit_offsets(r->g->admin, r->group, v, r->n, &r->g->arena, &error))
		return groups_fail_wrapped(r->g, error);
	return 0;
}

static int reset_group(struct reset *r, const struct group_description *d)
{
	enum group_state s = group_state_of(d->state);

	if (d->error.len >= 0)
		return groups_fail_wrapped(r->g, d->error);
	if (s != GROUP_STATE_EMPTY && s != GROUP_STATE_DEAD) {
		struct str name = group_state_name(s);

		groups_print_error(
			"Assignments can only be reset if the group '%.*s' is inactive, but the "
			"current state is %.*s.",
			STR_ARG(d->id), STR_ARG(name));
		return 0;
	}
	if (choose_partitions(r) || new_offsets(r))
		return -1;
	return has(r, GROUPS_EXECUTE) && !has(r, GROUPS_DRY_RUN) ? execute(r) : 0;
}

static void print_export(const struct groups *g, const struct reset *v, size_t n)
{
	size_t groups_n;

	(void)options_all(g->options, GROUPS_GROUP, &groups_n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].n; k++) {
			const struct group_offset *o = &v[i].v[k];
			struct plan_row row = {groups_n == 1 ? STR_NULL : v[i].group, o->topic,
				o->partition, o->offset};

			reset_plan_write(&row, stdout);
		}
	putchar('\n');
}

static void print_table(const struct reset *v, size_t n)
{
	if (n)
		printf("\n%-30s %-30s %-10s %-15s\n", "GROUP", "TOPIC", "PARTITION", "NEW-OFFSET");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].n; k++) {
			column_put(stdout, v[i].group, 30);
			putchar(' ');
			column_put(stdout, v[i].v[k].topic, 30);
			printf(" %-10d %-15" PRId64 "\n", v[i].v[k].partition, v[i].v[k].offset);
		}
}

int groups_reset(struct groups *g)
{
	struct group_description *groups;
	struct reset *v;
	struct str *ids;
	size_t n;

	if (groups_select(g, &ids, &n) || groups_begin(g, "describeConsumerGroups"))
		return -1;
	groups = groups_room(g, n, sizeof(*groups));
	v = groups_room(g, n, sizeof(*v));
	for (size_t i = 0; i < n; i++)
		groups[i].id = ids[i];
	admin_describe_groups(g->admin, groups, n, &g->arena);
	for (size_t i = 0; i < n; i++) {
		v[i] = (struct reset){.g = g, .group = ids[i]};
		if (reset_group(&v[i], &groups[i]))
			return -1;
	}
	if (options_has(g->options, GROUPS_EXPORT))
		print_export(g, v, n);
	else
		print_table(v, n);
	return 0;
}
