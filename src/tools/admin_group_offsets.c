/* admin_group_offsets.c - the committed offsets of groups (Kafka 3.9, ListConsumerGroupOffsetsHandler,
 * AlterConsumerGroupOffsetsHandler, DeleteConsumerGroupOffsetsHandler). One group per request. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/admin_groups.h"
#include "tools/admin_job.h"
#include "tools/java_order.h"
#include "tools/report.h"

/* Versions of OffsetFetch: since when all topics can be asked for, and several groups. */
#define FETCH_ALL_SINCE 2
#define FETCH_GROUPS_SINCE 8

struct offsets {
	struct admin_job job;
	struct arena *arena;
	struct group_offset *v;
	size_t n, cap;
	int *codes; /* of the partitions, when committing and deleting */
};

static struct admin_piece run(struct admin *a, struct offsets *o, struct str group)
{
	struct admin_piece p = {.name = group, .node = ADMIN_ANY};

	o->job.place = ADMIN_AT_GROUP;
	o->job.many_since = ADMIN_ONE_EACH;
	o->job.arg = o;
	admin_run(a, &o->job, &p, 1, o->arena);
	return p;
}

static int build_fetch(void *arg, int version, struct admin_piece *const *pieces, size_t n,
	struct arena *arena, void *request)
{
	struct offset_fetch_request *in = request;
	struct offset_fetch_request_offset_fetch_request_group *group;

	(void)arg;
	(void)n;
	if (version < FETCH_ALL_SINCE)
		return -ENOTSUP;
	if (version < FETCH_GROUPS_SINCE) {
		in->group_id = pieces[0]->name;
		in->topics_n = -1;
		return 0;
	}
	group = CODEC_NEW(arena, offset_fetch_request_offset_fetch_request_group, 1);
	if (!group)
		return -ENOMEM;
	group->group_id = pieces[0]->name;
	group->topics_n = -1;
	in->groups = group;
	in->groups_n = 1;
	return 0;
}

static void add_offset(
	struct offsets *o, struct str topic, int32_t partition, int64_t offset, int code)
{
	if (code) {
		report("WARN",
			"org.apache.kafka.clients.admin.internals.ListConsumerGroupOffsetsHandler",
			"Skipping return offset for %.*s-%d due to error %s.", STR_ARG(topic),
			partition, kerr_name(code));
		return;
	}
	o->v = grow_array(o->v, &o->cap, o->n + 1, sizeof(*o->v));
	o->v[o->n++] = (struct group_offset){topic, partition, MAX(offset, -1), STR_NULL};
}

static void add_group(
	struct offsets *o, const struct offset_fetch_response_offset_fetch_response_group *g)
{
	for (int32_t i = 0; i < g->topics_n; i++)
		for (int32_t k = 0; k < g->topics[i].partitions_n; k++)
			add_offset(o, g->topics[i].name, g->topics[i].partitions[k].partition_index,
				g->topics[i].partitions[k].committed_offset,
				g->topics[i].partitions[k].error_code);
}

static void add_topics(struct offsets *o, const struct offset_fetch_response *out)
{
	for (int32_t i = 0; i < out->topics_n; i++)
		for (int32_t k = 0; k < out->topics[i].partitions_n; k++)
			add_offset(o, out->topics[i].name,
				out->topics[i].partitions[k].partition_index,
				out->topics[i].partitions[k].committed_offset,
				out->topics[i].partitions[k].error_code);
}

static void take_fetch(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *answer)
{
	struct offsets *o = arg;
	const struct offset_fetch_response *out = answer;

	(void)n;
	o->n = 0;
	if (version < FETCH_GROUPS_SINCE) {
		if (!out->error_code)
			add_topics(o, out);
		admin_piece_end(&o->job, pieces[0], out->error_code, STR_NULL);
		return;
	}
	for (int32_t i = 0; i < out->groups_n; i++) {
		if (!str_eq(out->groups[i].group_id, pieces[0]->name) || pieces[0]->done)
			continue;
		if (!out->groups[i].error_code)
			add_group(o, &out->groups[i]);
		admin_piece_end(&o->job, pieces[0], out->groups[i].error_code, STR_NULL);
	}
}

static int by_place(const void *a, const void *b)
{
	const struct group_offset *x = a, *y = b;
	int c = str_cmp(x->topic, y->topic);

	return c ? c : (x->partition > y->partition) - (x->partition < y->partition);
}

/* Moves the offsets into the arena. */
static int keep_offsets(struct offsets *o, struct group_offset **ret, size_t *ret_n)
{
	*ret = arena_array(o->arena, o->n, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	if (o->n)
		memcpy(*ret, o->v, o->n * sizeof(*o->v));
	*ret_n = o->n;
	return 0;
}

int admin_group_offsets(struct admin *a, struct str group, struct arena *arena,
	struct group_offset **ret, size_t *ret_n, struct str *ret_error)
{
	struct offsets o = {
		.job = {.key = API_OFFSET_FETCH, .build = build_fetch, .take = take_fetch},
		.arena = arena,
	};
	struct admin_piece p = run(a, &o, group);
	int r = p.code ? -1 : keep_offsets(&o, ret, ret_n);

	free(o.v);
	if (!r)
		return 0;
	*ret_error = p.code ? admin_piece_exception(arena, &p) : STR("java.lang.OutOfMemoryError");
	return -1;
}

static int build_commit(void *arg, int version, struct admin_piece *const *pieces, size_t n,
	struct arena *arena, void *request)
{
	const struct offsets *o = arg;
	struct offset_commit_request *in = request;
	struct offset_commit_request_offset_commit_request_topic
		*topic = NULL,
		*topics = CODEC_NEW(arena, offset_commit_request_offset_commit_request_topic, o->n);
	struct offset_commit_request_offset_commit_request_partition *partition =
		CODEC_NEW(arena, offset_commit_request_offset_commit_request_partition, o->n);

	(void)n;
	if (!topics || !partition)
		return -ENOMEM;
	if (version < 1)
		return -ENOTSUP;
	in->group_id = pieces[0]->name;
	in->topics = topics;
	for (size_t i = 0; i < o->n; i++, partition++) {
		if (i == 0 || !str_eq(o->v[i].topic, o->v[i - 1].topic)) {
			topic = &topics[in->topics_n++];
			*topic = (struct offset_commit_request_offset_commit_request_topic){
				.name = o->v[i].topic, .partitions = partition};
		}
		topic->partitions_n++;
		partition->partition_index = o->v[i].partition;
		partition->committed_offset = o->v[i].offset;
		partition->committed_metadata = STR("");
	}
	return 0;
}

/* The entry of a partition among o->v, which is in order; -1 when there is none. */
static ssize_t find(const struct offsets *o, struct str topic, int32_t partition)
{
	struct group_offset key = {.topic = topic, .partition = partition};
	const struct group_offset *at =
		o->n ? bsearch(&key, o->v, o->n, sizeof(key), by_place) : NULL;

	return at ? at - o->v : -1;
}

static bool may_pass(int code)
{
	return code == KERR_COORDINATOR_LOAD_IN_PROGRESS || code == KERR_REBALANCE_IN_PROGRESS ||
	       code == KERR_COORDINATOR_NOT_AVAILABLE || code == KERR_NOT_COORDINATOR;
}

static void take_commit(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *answer)
{
	struct offsets *o = arg;
	const struct offset_commit_response *out = answer;
	int again = 0;

	(void)version;
	(void)n;
	for (int32_t i = 0; i < out->topics_n; i++)
		for (int32_t k = 0; k < out->topics[i].partitions_n; k++) {
			int code = out->topics[i].partitions[k].error_code;
			ssize_t at = find(o, out->topics[i].name,
				out->topics[i].partitions[k].partition_index);

			if (at >= 0)
				o->codes[at] = code;
			if (may_pass(code))
				again = code;
		}
	if (again != KERR_REBALANCE_IN_PROGRESS)
		admin_piece_end(&o->job, pieces[0], again, STR_NULL);
}

/* "t-0, t-1": the partitions that failed, in the order of Java's map. 0, or the code of the first. */
static int failed_partitions(const struct offsets *o, char **ret_list)
{
	int32_t *hashes = xcalloc(o->n, sizeof(*hashes));
	size_t *order = xcalloc(o->n, sizeof(*order)), len;
	FILE *list = open_memstream(ret_list, &len);
	int first = 0;

	if (!list)
		abort();
	for (size_t i = 0; i < o->n; i++)
		hashes[i] = java_hash_partition(o->v[i].topic, o->v[i].partition);
	java_order(hashes, o->n, java_buckets(o->n), order);
	for (size_t i = 0; i < o->n; i++) {
		const struct group_offset *at = &o->v[order[i]];

		if (!o->codes[order[i]])
			continue;
		fprintf(list, "%s%.*s-%d", first ? ", " : "", STR_ARG(at->topic), at->partition);
		if (!first)
			first = o->codes[order[i]];
	}
	fclose(list);
	free(hashes);
	free(order);
	return first;
}

int admin_commit_offsets(struct admin *a, struct str group, struct group_offset *offsets, size_t n,
	struct arena *arena, struct str *ret_error)
{
	struct offsets o = {
		.job = {.key = API_OFFSET_COMMIT, .build = build_commit, .take = take_commit},
		.arena = arena,
		.v = offsets,
		.n = n,
	};
	CLEANUP(freep) char *failed = NULL;
	struct admin_piece p;

	if (!n)
		return 0;
	qsort(offsets, n, sizeof(*offsets), by_place);
	o.codes = xcalloc(n, sizeof(*o.codes));
	p = run(a, &o, group);
	if (!p.code) {
		p.code = failed_partitions(&o, &failed);
		p.message = arena_printf(arena,
			"Failed altering consumer group offsets for the following partitions: [%s]",
			failed);
	}
	free(o.codes);
	if (!p.code)
		return 0;
	*ret_error = admin_piece_exception(arena, &p);
	return -1;
}

static int build_delete(void *arg, int version, struct admin_piece *const *pieces, size_t n,
	struct arena *arena, void *request)
{
	const struct offsets *o = arg;
	struct offset_delete_request *in = request;
	struct offset_delete_request_offset_delete_request_topic
		*topic = NULL,
		*topics = CODEC_NEW(arena, offset_delete_request_offset_delete_request_topic, o->n);
	struct offset_delete_request_offset_delete_request_partition *partition =
		CODEC_NEW(arena, offset_delete_request_offset_delete_request_partition, o->n);

	(void)version;
	(void)n;
	if (!topics || !partition)
		return -ENOMEM;
	in->group_id = pieces[0]->name;
	in->topics = topics;
	for (size_t i = 0; i < o->n; i++, partition++) {
		if (i == 0 || !str_eq(o->v[i].topic, o->v[i - 1].topic)) {
			topic = &topics[in->topics_n++];
			*topic = (struct offset_delete_request_offset_delete_request_topic){
				.name = o->v[i].topic, .partitions = partition};
		}
		topic->partitions_n++;
		partition->partition_index = o->v[i].partition;
	}
	return 0;
}

static void take_delete(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *answer)
{
	struct offsets *o = arg;
	const struct offset_delete_response *out = answer;

	(void)version;
	(void)n;
	for (int32_t i = 0; !out->error_code && i < out->topics_n; i++)
		for (int32_t k = 0; k < out->topics[i].partitions_n; k++) {
			ssize_t at = find(o, out->topics[i].name,
				out->topics[i].partitions[k].partition_index);

			if (at >= 0)
				o->codes[at] = out->topics[i].partitions[k].error_code;
		}
	admin_piece_end(&o->job, pieces[0], out->error_code, STR_NULL);
}

int admin_delete_offsets(struct admin *a, struct str group, struct group_offset *offsets, size_t n,
	struct arena *arena)
{
	struct offsets o = {
		.job = {.key = API_OFFSET_DELETE, .build = build_delete, .take = take_delete},
		.arena = arena,
		.v = offsets,
		.n = n,
	};
	struct admin_piece p;
	int code;

	if (n)
		qsort(offsets, n, sizeof(*offsets), by_place);
	o.codes = xcalloc(n + 1, sizeof(*o.codes));
	p = run(a, &o, group);
	code = p.code;
	for (size_t i = 0; i < n; i++) {
		struct admin_piece failed = p;

		if (!p.code) {
			failed.code = o.codes[i];
			failed.message = str_of(report_default_message(o.codes[i]));
		}
		offsets[i].error = failed.code ? admin_piece_exception(arena, &failed) : STR_NULL;
		if (!code)
			code = failed.code;
	}
	free(o.codes);
	return code;
}
