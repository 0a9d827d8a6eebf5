/* offset_fetch.c - OffsetFetch (key 9): the positions that groups have stored (coordinators.md 2.14).
 *
 * Version 0 reads them from ZooKeeper, on any broker; the later ones ask the group's coordinator.
 */
#include "api/api.h"
#include "api/group_request.h"
#include "api/offset_fetch_work.h"
#include "api/zk_offsets.h"
#include "coordinator/groups.h"
#include "metadata/image.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

enum {
	ZOOKEEPER_VERSION = 0,
	NO_GROUP_ERROR_VERSION = 1, /* has no field for an error of the group */
	ALL_SINCE = 2,
	GROUPS_SINCE = 8,
};

/* --- one group, v0 to v7 --- */

static bool fill_topics(struct request *req, const struct offset_fetch_group *g)
{
	struct offset_fetch_response *out = req->out;
	struct offset_fetch_response_offset_fetch_response_topic *t;
	size_t i, from, to;

	out->topics = CODEC_NEW(&req->arena, offset_fetch_response_offset_fetch_response_topic, g->n);
	for (from = 0; out->topics && from < g->n; from = to) {
		to = offset_fetch_run(g, from);
		t = &out->topics[out->topics_n++];
		t->name = g->v[from].offset.topic;
		t->partitions = CODEC_NEW(&req->arena, offset_fetch_response_offset_fetch_response_partition, to - from);
		if (!t->partitions)
			return false;
		t->partitions_n = (int32_t)(to - from);
		for (i = from; i < to; i++)
			t->partitions[i - from] = (struct offset_fetch_response_offset_fetch_response_partition){
				.partition_index = g->v[i].offset.partition,
				.committed_offset = g->v[i].offset.offset,
				.committed_leader_epoch = g->v[i].offset.leader_epoch,
				.metadata = g->v[i].offset.metadata,
				.error_code = kerr_of(g->v[i].error),
			};
	}
	return out->topics;
}

/* Nothing else can carry the group's error in v1: Apache Kafka 3.9 drops it, and consumers then begin anywhere. */
static void spread_error(struct offset_fetch_group *g)
{
	for (size_t i = 0; i < g->n; i++)
		g->v[i].error = g->error;
}

static struct offset_fetch_group *only_group(struct request *req)
{
	const struct offset_fetch_request *in = req->in;
	struct offset_fetch_group *g = arena_alloc(&req->arena, sizeof(*g));
	struct offset_fetch_topic *topics = arena_array(&req->arena, (size_t)MAX(in->topics_n, 0), sizeof(*topics));
	int32_t i;

	if (!g || !topics)
		return NULL;
	for (i = 0; i < in->topics_n; i++)
		topics[i] = (struct offset_fetch_topic){ in->topics[i].name, in->topics[i].partition_indexes,
			in->topics[i].partition_indexes_n };
	*g = (struct offset_fetch_group){ .group_id = in->group_id,
		.all = in->topics_n < 0,
		.topics = topics,
		.topics_n = MAX(in->topics_n, 0) };
	return g;
}

static void fetch_one(struct request *req)
{
	const struct offset_fetch_request *in = req->in;
	struct offset_fetch_response *out = req->out;
	struct offset_fetch_group *g = only_group(req);
	bool fits = g && offset_fetch_ask(req->ctx->groups, g, in->require_stable, &req->arena);

	if (fits && g->error && req->version == NO_GROUP_ERROR_VERSION)
		spread_error(g);
	else if (fits && g->error)
		g->n = 0;
	if (!fits || !fill_topics(req, g))
		return request_close(req, "the answer to OffsetFetch is too large");
	if (req->version >= ALL_SINCE)
		out->error_code = kerr_of(g->error);
	request_reply(req);
}

/* --- several groups, v8 on --- */

static bool fill_group(struct request *req, const struct offset_fetch_group *g,
    struct offset_fetch_response_offset_fetch_response_group *out)
{
	struct offset_fetch_response_offset_fetch_response_topics *t;
	size_t i, from, to, n = g->error ? 0 : g->n;

	out->group_id = g->group_id;
	out->error_code = kerr_of(g->error);
	out->topics = CODEC_NEW(&req->arena, offset_fetch_response_offset_fetch_response_topics, n);
	for (from = 0; out->topics && from < n; from = to) {
		to = offset_fetch_run(g, from);
		t = &out->topics[out->topics_n++];
		t->name = g->v[from].offset.topic;
		t->partitions = CODEC_NEW(&req->arena, offset_fetch_response_offset_fetch_response_partitions, to - from);
		if (!t->partitions)
			return false;
		t->partitions_n = (int32_t)(to - from);
		for (i = from; i < to; i++)
			t->partitions[i - from] = (struct offset_fetch_response_offset_fetch_response_partitions){
				.partition_index = g->v[i].offset.partition,
				.committed_offset = g->v[i].offset.offset,
				.committed_leader_epoch = g->v[i].offset.leader_epoch,
				.metadata = g->v[i].offset.metadata,
				.error_code = kerr_of(g->v[i].error),
			};
	}
	return out->topics;
}

static bool fetch_group(struct request *req, const struct offset_fetch_request_offset_fetch_request_group *in,
    struct offset_fetch_response_offset_fetch_response_group *out)
{
	const struct offset_fetch_request *body = req->in;
	struct offset_fetch_topic *topics = arena_array(&req->arena, (size_t)MAX(in->topics_n, 0), sizeof(*topics));
	struct offset_fetch_group g = { .group_id = in->group_id,
		.all = in->topics_n < 0,
		.topics = topics,
		.topics_n = MAX(in->topics_n, 0) };
	int32_t i;

	if (!topics)
		return false;
	for (i = 0; i < in->topics_n; i++)
		topics[i] = (struct offset_fetch_topic){ in->topics[i].name, in->topics[i].partition_indexes,
			in->topics[i].partition_indexes_n };
	return offset_fetch_ask(req->ctx->groups, &g, body->require_stable, &req->arena) && fill_group(req, &g, out);
}

static void fetch_several(struct request *req)
{
	const struct offset_fetch_request *in = req->in;
	struct offset_fetch_response *out = req->out;
	int32_t i;

	out->groups = CODEC_NEW(&req->arena, offset_fetch_response_offset_fetch_response_group, (size_t)in->groups_n);
	for (i = 0; out->groups && i < in->groups_n; i++) {
		if (!fetch_group(req, &in->groups[i], &out->groups[out->groups_n++]))
			break;
	}
	if (!out->groups || i < in->groups_n)
		return request_close(req, "the answer to OffsetFetch is too large");
	request_reply(req);
}

/* --- version 0: ZooKeeper, on a worker --- */

static bool read_zookeeper(struct request *req, struct offset_fetch_group *g)
{
	struct image *image = metadata_image(req->ctx->metadata);
	struct zk_offset *v = arena_array(&req->arena, g->n, sizeof(*v));
	size_t i;

	for (i = 0; v && i < g->n; i++) {
		v[i] = (struct zk_offset){ .topic = g->v[i].offset.topic, .partition = g->v[i].offset.partition };
		if (!image_partition(image_topic(image, v[i].topic), v[i].partition))
			v[i].result = KERR_UNKNOWN_TOPIC_OR_PARTITION;
	}
	image_unref(image);
	if (!v)
		return false;
	zk_offsets_read(req->ctx->zk, g->group_id, v, (int32_t)g->n);
	for (i = 0; i < g->n; i++) {
		g->v[i].error = v[i].result;
		if (v[i].result == 0)
			g->v[i].offset.offset = v[i].offset;
	}
	return true;
}

static void fetch_from_zookeeper(struct request *req)
{
	struct offset_fetch_group *g = only_group(req);

	if (!g || !offset_fetch_list(g, &req->arena) || !read_zookeeper(req, g) || !fill_topics(req, g))
		return request_close(req, "the answer to OffsetFetch is too large");
	request_reply(req);
}

static void offset_fetch(struct request *req)
{
	const struct offset_fetch_request *in = req->in;

	if (req->version == ZOOKEEPER_VERSION)
		request_to_worker(req, fetch_from_zookeeper);
	else if (req->version < GROUPS_SINCE)
		group_run(req, in->group_id, fetch_one);
	else if (in->groups_n == 1)
		group_run(req, in->groups[0].group_id, fetch_several);
	else
		request_to_worker(req, fetch_several);
}

const struct api api_offset_fetch = {
	.key = 9, .min_version = 0, .max_version = 9, .run_on = RUN_ON_LOOP, .run = offset_fetch,
};
