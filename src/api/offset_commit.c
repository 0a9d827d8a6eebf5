/* offset_commit.c - OffsetCommit (key 8): a group stores its positions (coordinators.md 2.12).
 *
 * Version 0 stores them in ZooKeeper, on any broker; the later ones with the group's coordinator.
 */
#include "api/api.h"
#include "api/group_request.h"
#include "api/zk_offsets.h"
#include "base/clock.h"
#include "coordinator/groups.h"
#include "metadata/image.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

typedef struct offset_commit_request_offset_commit_request_topic topic_t;
typedef struct offset_commit_response_offset_commit_response_partition answer_t;

enum {
	ZOOKEEPER_VERSION = 0,
	LOOP_ITEMS_MAX = 4096, /* a loop is not kept busy by more */
};

struct work {
	struct groups_commit commit;
	struct request *req;
	struct group_commit_item *items; /* those whose partition exists */
	answer_t **answers;
	size_t n;
};

static void answer(struct request *req)
{
	const struct work *w = req->state;

	for (size_t i = 0; i < w->n; i++)
		w->answers[i]->error_code = kerr_of(w->commit.error ? w->commit.error : w->items[i].error);
	request_reply(req);
}

/* --- reading the request --- */

/* With a retention time the offset has an end of its own; else the broker's retention counts from the group's end. */
static int64_t expiry_of(const struct request *req, int64_t now_ms)
{
	const struct offset_commit_request *in = req->in;
	int64_t at;

	if (in->retention_time_ms == -1)
		return -1;
	return __builtin_add_overflow(now_ms, in->retention_time_ms, &at) ? INT64_MAX : at;
}

static bool prepare_topic(struct request *req, const struct image *image, struct work *w, const topic_t *in,
    int64_t now_ms, struct offset_commit_response_offset_commit_response_topic *out)
{
	const struct image_topic *topic = image_topic(image, in->name);
	int64_t expire_timestamp = expiry_of(req, now_ms);
	int32_t i;

	out->name = in->name;
	out->partitions = CODEC_NEW(&req->arena, offset_commit_response_offset_commit_response_partition,
	    (size_t)in->partitions_n);
	if (!out->partitions)
		return false;
	out->partitions_n = in->partitions_n;
	for (i = 0; i < in->partitions_n; i++) {
		const struct offset_commit_request_offset_commit_request_partition *p = &in->partitions[i];

		out->partitions[i].partition_index = p->partition_index;
		if (!image_partition(topic, p->partition_index)) {
			out->partitions[i].error_code = KERR_UNKNOWN_TOPIC_OR_PARTITION;
			continue;
		}
		w->answers[w->n] = &out->partitions[i];
		w->items[w->n++] = (struct group_commit_item){ .topic = in->name,
			.partition = p->partition_index,
			.offset = p->committed_offset,
			.leader_epoch = p->committed_leader_epoch,
			.metadata = p->committed_metadata,
			.commit_timestamp = p->commit_timestamp == -1 ? now_ms : p->commit_timestamp,
			.expire_timestamp = expire_timestamp };
	}
	return true;
}

static bool prepare(struct request *req)
{
	const struct offset_commit_request *in = req->in;
	struct offset_commit_response *out = req->out;
	struct work *w = arena_alloc(&req->arena, sizeof(*w));
	int64_t now_ms = clock_wall_ms(req->ctx->clock);
	struct image *image;
	size_t n = 0;
	int32_t t;
	bool fits;

	for (t = 0; t < in->topics_n; t++)
		n += (size_t)in->topics[t].partitions_n;
	out->topics = CODEC_NEW(&req->arena, offset_commit_response_offset_commit_response_topic, (size_t)in->topics_n);
	if (!w || !out->topics || !(w->items = arena_array(&req->arena, n, sizeof(*w->items))) ||
	    !(w->answers = arena_array(&req->arena, n, sizeof(answer_t *))))
		return false;
	w->req = req;
	req->state = w;
	image = metadata_image(req->ctx->metadata);
	for (t = 0, fits = true; fits && t < in->topics_n; t++) {
		if (in->topics[t].partitions_n) /* the answer has partitions; a topic without any is left out */
			fits = prepare_topic(req, image, w, &in->topics[t], now_ms, &out->topics[out->topics_n++]);
	}
	image_unref(image);
	return fits;
}

/* --- version 0: ZooKeeper, on a worker --- */

static void commit_to_zookeeper(struct request *req)
{
	const struct offset_commit_request *in = req->in;
	struct work *w = req->state;
	struct zk_offset *v = arena_array(&req->arena, w->n, sizeof(*v));

	if (!v)
		return request_close(req, "OffsetCommit is too large");
	for (size_t i = 0; i < w->n; i++) {
		v[i] = (struct zk_offset){ .topic = w->items[i].topic,
			.partition = w->items[i].partition,
			.offset = w->items[i].offset };
		if (!groups_metadata_fits(req->ctx->groups, w->items[i].metadata))
			v[i].result = KERR_OFFSET_METADATA_TOO_LARGE;
	}
	zk_offsets_store(req->ctx->zk, in->group_id, v, (int32_t)w->n);
	for (size_t i = 0; i < w->n; i++)
		w->items[i].error = v[i].result;
	answer(req);
}

/* --- later versions: the coordinator --- */

static void finish(struct groups_waiter *waiter)
{
	answer(CONTAINER_OF(CONTAINER_OF(waiter, struct groups_commit, waiter), struct work, commit)->req);
}

static void commit_to_group(struct request *req)
{
	const struct offset_commit_request *in = req->in;
	struct work *w = req->state;

	w->commit.waiter.send = finish;
	w->commit.request = (struct group_commit_request){ .member_id = in->member_id,
		.instance_id = in->group_instance_id,
		.generation = in->generation_id_or_member_epoch,
		.producer_id = -1,
		.items = w->items,
		.items_n = w->n };
	groups_commit(req->ctx->groups, in->group_id, &w->commit);
}

static void refuse_all(struct request *req, int16_t error)
{
	struct offset_commit_response *out = req->out;

	for (int32_t t = 0; t < out->topics_n; t++)
		for (int32_t i = 0; i < out->topics[t].partitions_n; i++)
			out->topics[t].partitions[i].error_code = error;
	request_reply(req);
}

static void offset_commit(struct request *req)
{
	const struct offset_commit_request *in = req->in;
	struct work *w;

	if (!prepare(req))
		return request_close(req, "the answer to OffsetCommit is too large");
	w = req->state;
	if (group_refuses_instance(req, in->group_instance_id))
		refuse_all(req, KERR_UNSUPPORTED_VERSION);
	else if (w->n == 0)
		answer(req);
	else if (req->version == ZOOKEEPER_VERSION)
		request_to_worker(req, commit_to_zookeeper);
	else if (w->n > LOOP_ITEMS_MAX)
		request_to_worker(req, commit_to_group);
	else
		group_run(req, in->group_id, commit_to_group);
}

const struct api api_offset_commit = {
	.key = 8, .min_version = 0, .max_version = 9, .run_on = RUN_ON_LOOP, .run = offset_commit,
};
