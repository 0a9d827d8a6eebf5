/* offset_delete.c - OffsetDelete (key 47): forgets committed offsets of topics that no member consumes (coordinators.md 2.17). */
#include "api/api.h"
#include "coordinator/groups.h"
#include "metadata/image.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

typedef struct offset_delete_response_offset_delete_response_partition answer_t;

/* The partitions that exist, and where their answers go. */
struct work {
	struct groups_offset_deletion *v;
	answer_t **answers;
	size_t n;
};

static bool prepare_topic(struct request *req, const struct image *image, struct work *w,
    const struct offset_delete_request_offset_delete_request_topic *in,
    struct offset_delete_response_offset_delete_response_topic *out)
{
	const struct image_topic *topic = image_topic(image, in->name);
	int32_t i;

	out->name = in->name;
	out->partitions = CODEC_NEW(&req->arena, offset_delete_response_offset_delete_response_partition,
	    (size_t)in->partitions_n);
	if (!out->partitions)
		return false;
	out->partitions_n = in->partitions_n;
	for (i = 0; i < in->partitions_n; i++) {
		answer_t *a = &out->partitions[i];

		a->partition_index = in->partitions[i].partition_index;
		if (!image_partition(topic, a->partition_index)) {
			a->error_code = KERR_UNKNOWN_TOPIC_OR_PARTITION;
			continue;
		}
		w->answers[w->n] = a;
		w->v[w->n++] = (struct groups_offset_deletion){ in->name, a->partition_index, 0 };
	}
	return true;
}

static bool prepare(struct request *req, struct work *w)
{
	const struct offset_delete_request *in = req->in;
	struct offset_delete_response *out = req->out;
	struct image *image = metadata_image(req->ctx->metadata);
	size_t n = 0;
	int32_t t;
	bool fits;

	for (t = 0; t < in->topics_n; t++)
		n += (size_t)in->topics[t].partitions_n;
	w->v = arena_array(&req->arena, n, sizeof(*w->v));
	w->answers = arena_array(&req->arena, n, sizeof(answer_t *));
	out->topics = CODEC_NEW(&req->arena, offset_delete_response_offset_delete_response_topic, (size_t)in->topics_n);
	fits = w->v && w->answers && out->topics;
	for (t = 0; fits && t < in->topics_n; t++) {
		if (in->topics[t].partitions_n)
			fits = prepare_topic(req, image, w, &in->topics[t], &out->topics[out->topics_n++]);
	}
	image_unref(image);
	return fits;
}

static void offset_delete(struct request *req)
{
	const struct offset_delete_request *in = req->in;
	struct offset_delete_response *out = req->out;
	struct work w = { .n = 0 };
	size_t i;
	int r;

	if (!prepare(req, &w))
		return request_close(req, "the answer to OffsetDelete is too large");
	r = groups_delete_offsets(req->ctx->groups, in->group_id, w.v, w.n);
	out->error_code = kerr_of(r);
	if (r)
		out->topics_n = 0; /* and what was wrong with partitions is lost */
	for (i = 0; r == 0 && i < w.n; i++)
		w.answers[i]->error_code = kerr_of(w.v[i].error);
	request_reply(req);
}

const struct api api_offset_delete = {
	.key = 47, .min_version = 0, .max_version = 0, .run_on = RUN_ON_WORKER, .run = offset_delete,
};
