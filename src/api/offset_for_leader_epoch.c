/* offset_for_leader_epoch.c - OffsetForLeaderEpoch (key 23): where leader epochs end (protocol.md section 13). */
#include "api/api.h"
#include "metadata/image.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/partitions.h"

typedef struct offset_for_leader_epoch_request_offset_for_leader_topic topic_ask_t;
typedef struct offset_for_leader_epoch_request_offset_for_leader_partition ask_t;
typedef struct offset_for_leader_epoch_response_epoch_end_offset answer_t;

/* Always the leader's to answer, whoever asks. */
static int answer_one(struct request *req, const struct image *image, struct str topic, const ask_t *ask, answer_t *a)
{
	struct partition *p;
	struct log *log;
	int r = partitions_find(req->ctx->partitions, image, topic, ask->partition, &p);

	if (r)
		return r;
	r = partition_check(p, ask->current_leader_epoch, true, &log);
	if (r == 0) {
		log_end_offset_for_epoch(log, ask->leader_epoch, &a->leader_epoch, &a->end_offset);
		log_unref(log);
	}
	partition_unref(p);
	return r;
}

/* False when the arena is full. */
static bool answer_topic(struct request *req, const struct image *image, const topic_ask_t *topic,
			 struct offset_for_leader_epoch_response_offset_for_leader_topic_result *ret)
{
	ret->topic = topic->topic;
	ret->partitions = CODEC_NEW(&req->arena, offset_for_leader_epoch_response_epoch_end_offset,
				    (size_t)topic->partitions_n);
	if (!ret->partitions)
		return false;
	ret->partitions_n = topic->partitions_n;
	for (int32_t i = 0; i < topic->partitions_n; i++) {
		answer_t *a = &ret->partitions[i];

		a->partition = topic->partitions[i].partition;
		a->error_code = kerr_of(answer_one(req, image, topic->topic, &topic->partitions[i], a));
	}
	return true;
}

static void offset_for_leader_epoch(struct request *req)
{
	const struct offset_for_leader_epoch_request *in = req->in;
	struct offset_for_leader_epoch_response *out = req->out;
	struct image *image = metadata_image(req->ctx->metadata);
	bool ok;

	out->topics = CODEC_NEW(&req->arena, offset_for_leader_epoch_response_offset_for_leader_topic_result,
				(size_t)in->topics_n);
	ok = out->topics != NULL;
	for (int32_t t = 0; ok && t < in->topics_n; t++)
		ok = answer_topic(req, image, &in->topics[t], &out->topics[t]);
	out->topics_n = ok ? in->topics_n : 0;
	image_unref(image);
	if (ok)
		request_reply(req);
	else
		request_close(req, "the answer to OffsetForLeaderEpoch is too large");
}

const struct api api_offset_for_leader_epoch = {
	.key = 23, .min_version = 0, .max_version = 4, .run_on = RUN_ON_LOOP, .run = offset_for_leader_epoch,
};
