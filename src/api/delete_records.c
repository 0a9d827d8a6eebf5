/* delete_records.c - DeleteRecords (key 21): new log start offsets (replication.md 5.6, 10.4).
 *
 * The leader's start moves at once, which may roll a segment and is a worker's; the answer waits until the start
 * of every live replica has followed, or for the time-out.
 */
#include <errno.h>

#include "api/api.h"
#include "base/clock.h"
#include "metadata/image.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/partitions.h"

typedef struct delete_records_response_delete_records_partition_result answer_t;

struct target {
	struct str topic;
	int64_t offset; /* asked; then what the low watermark must reach */
	answer_t *answer;
	struct partition *p; /* counted */
	bool waiting;
};

struct work {
	struct request *req;
	struct image *image;
	struct target *v;
	int32_t n, waiting_n;
};

static void release(struct request *req)
{
	struct work *w = req->state;

	for (int32_t i = 0; i < w->n; i++)
		partition_unref(w->v[i].p);
	image_unref(w->image);
}

/* True when the partition is decided. */
static bool deleted(struct target *t)
{
	int16_t error;
	int64_t low;

	if (!partition_check_low(t->p, t->offset, &low, &error))
		return false;
	t->answer->error_code = error;
	t->answer->low_watermark = error ? -1 : low;
	t->waiting = false;
	return true;
}

static bool try_waiting(void *arg, int32_t key)
{
	struct work *w = arg;

	for (int32_t i = 0; i < w->n; i++) {
		if (w->v[i].waiting && (key < 0 || i == key) && deleted(&w->v[i]))
			w->waiting_n--;
	}
	return w->waiting_n == 0;
}

static void end_waiting(void *arg, enum delayed_end end)
{
	struct work *w = arg;

	(void)end;
	request_reply(w->req); /* what still waits keeps REQUEST_TIMED_OUT */
}

static void wait_deleted(struct request *req)
{
	static const struct delayed_class cls = { try_waiting, end_waiting };
	const struct delete_records_request *in = req->in;
	struct work *w = req->state;
	struct delayed_key *keys = arena_array(&req->arena, (size_t)w->n, sizeof(*keys));

	if (!keys)
		return request_close(req, "out of memory");
	for (int32_t i = 0; i < w->n; i++)
		keys[i] = (struct delayed_key){ DELAYED_DELETE_RECORDS, w->v[i].topic,
						w->v[i].answer->partition_index };
	delayed_add(req->ctx->delayed, &cls, w, keys, (size_t)w->n,
		    clock_mono_ms(req->ctx->clock) + MAX(in->timeout_ms, 0));
}

static int delete_one(struct request *req, const struct image *image, struct target *t)
{
	unsigned moved;
	int64_t low;
	int r;

	if (!image_partition(image_topic(image, t->topic), t->answer->partition_index))
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	if (image_topic_is_internal(t->topic))
		return KERR_INVALID_TOPIC_EXCEPTION;
	r = partitions_find(req->ctx->partitions, image, t->topic, t->answer->partition_index, &t->p);
	if (r)
		return r;
	r = partition_delete_records(t->p, t->offset, &t->offset, &low, &moved);
	if (r < 0 && kerr_of(r) == KERR_KAFKA_STORAGE_ERROR)
		partitions_storage_failed(req->ctx->partitions, t->p, r);
	if (r == 0) {
		t->answer->low_watermark = low;
		t->waiting = true;
	}
	partitions_moved(req->ctx->partitions, t->p, moved);
	return r;
}

static int prepare(struct request *req)
{
	const struct delete_records_request *in = req->in;
	struct delete_records_response *out = req->out;
	struct work *w = arena_alloc(&req->arena, sizeof(*w));
	size_t n = 0;

	for (int32_t t = 0; t < in->topics_n; t++)
		n += (size_t)in->topics[t].partitions_n;
	out->topics = CODEC_NEW(&req->arena, delete_records_response_delete_records_topic_result, (size_t)in->topics_n);
	if (!w || !out->topics || !(w->v = arena_array(&req->arena, n, sizeof(*w->v))))
		return -ENOMEM;
	w->req = req;
	w->image = metadata_image(req->ctx->metadata);
	req->state = w;
	req->release = release;
	out->topics_n = in->topics_n;
	for (int32_t t = 0; t < in->topics_n; t++) {
		int32_t parts = in->topics[t].partitions_n;

		out->topics[t].name = in->topics[t].name;
		out->topics[t].partitions =
			CODEC_NEW(&req->arena, delete_records_response_delete_records_partition_result, (size_t)parts);
		if (!out->topics[t].partitions)
			return -ENOMEM;
		out->topics[t].partitions_n = parts;
		for (int32_t i = 0; i < parts; i++) {
			answer_t *a = &out->topics[t].partitions[i];

			a->partition_index = in->topics[t].partitions[i].partition_index;
			w->v[w->n++] = (struct target){ .topic = in->topics[t].name,
							.offset = in->topics[t].partitions[i].offset,
							.answer = a };
		}
	}
	return 0;
}

static void delete_records(struct request *req)
{
	struct work *w;

	if (prepare(req))
		return request_close(req, "the answer to DeleteRecords is too large");
	w = req->state;
	for (int32_t i = 0; i < w->n; i++) {
		struct target *t = &w->v[i];

		t->answer->low_watermark = -1;
		t->answer->error_code = kerr_of(delete_one(req, w->image, t));
		if (t->waiting && !deleted(t)) {
			t->answer->error_code = KERR_REQUEST_TIMED_OUT; /* until decided */
			w->waiting_n++;
		}
	}
	if (w->waiting_n > 0)
		wait_deleted(req);
	else
		request_reply(req);
}

const struct api api_delete_records = {
	.key = 21, .min_version = 0, .max_version = 2, .run_on = RUN_ON_WORKER, .run = delete_records,
};
