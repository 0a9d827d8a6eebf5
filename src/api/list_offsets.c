/* list_offsets.c - ListOffsets (key 2): offsets of partitions by time (protocol.md section 12).
 *
 * The two ends of a log are known in memory; everything else may read an index or a segment and is a worker's.
 */
#include <errno.h>
#include <stdlib.h>

#include "api/api.h"
#include "metadata/image.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/partitions.h"

enum { TIME_LATEST = -1, TIME_EARLIEST = -2, TIME_MAX = -3, TIME_EARLIEST_LOCAL = -4, TIME_LATEST_TIERED = -5 };
enum { REPLICA_CLIENT = -1, REPLICA_DEBUGGING = -2 };
enum {
	LEADER_EPOCH_SINCE = 4,	 /* not ignorable: setting it earlier is a fault */
	NOT_AVAILABLE_SINCE = 5, /* OFFSET_NOT_AVAILABLE; below: LEADER_NOT_AVAILABLE */
	OFFSETS_MAX = 1 << 16,	 /* of one answer of v0: more segments than a log has */
};

typedef struct list_offsets_request_list_offsets_partition ask_t;
typedef struct list_offsets_response_list_offsets_partition_response answer_t;

/* The first version of each special timestamp; 0 from v0 on, -1 never. */
static int first_version(int64_t timestamp)
{
	static const int8_t since[] = { [-TIME_LATEST] = 0, [-TIME_EARLIEST] = 0, [-TIME_MAX] = 7,
					[-TIME_EARLIEST_LOCAL] = 8, [-TIME_LATEST_TIERED] = 9 };

	if (timestamp >= 0)
		return 0;
	return timestamp >= TIME_LATEST_TIERED ? since[-timestamp] : -1;
}

/* --- a partition listed twice --- */

struct named {
	struct str topic;
	int32_t partition;
	answer_t *answer;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int c = str_cmp(x->topic, y->topic);

	return c ? c : (x->partition > y->partition) - (x->partition < y->partition);
}

/* Sets INVALID_REQUEST at all answers whose partition is asked for more than once. Sorts `v`. */
static void refuse_repeated(struct named *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 1; i < n; i++) {
		if (by_name(&v[i - 1], &v[i]) == 0)
			v[i - 1].answer->error_code = v[i].answer->error_code = KERR_INVALID_REQUEST;
	}
}

/* --- v1 and later: one result --- */

static enum fetch_isolation isolation_of(const struct list_offsets_request *in)
{
	if (in->replica_id != REPLICA_CLIENT)
		return FETCH_LOG_END;
	return in->isolation_level == 1 ? FETCH_COMMITTED : FETCH_HIGH_WATERMARK;
}

/* 0, OFFSET_NOT_AVAILABLE, -errno; *ret has -1s when there is no such offset. */
static int look_up(const struct list_offsets_request *in, const ask_t *ask, struct partition *p, struct log *log,
		   struct offset_and_timestamp *ret)
{
	int64_t end;
	int not_available, r;

	*ret = (struct offset_and_timestamp){ -1, -1, -1 };
	if (ask->timestamp == TIME_LATEST_TIERED)
		return 0; /* no tiered storage */
	not_available = partition_end_for(p, log, isolation_of(in), &end);
	if (ask->timestamp == TIME_LATEST) {
		if (not_available == 0)
			*ret = (struct offset_and_timestamp){ end, -1, partition_leader_epoch(p) };
		return not_available;
	}
	r = log_offset_for_timestamp(log, ask->timestamp, ret);
	if (r || ask->timestamp == TIME_EARLIEST || ask->timestamp == TIME_EARLIEST_LOCAL)
		return r;
	if (ret->offset >= 0 && ret->offset < end)
		return 0;
	*ret = (struct offset_and_timestamp){ -1, -1, -1 };
	return not_available;
}

/* --- v0: a list of segment starts --- */

static int list_old(struct request *req, const ask_t *ask, struct log *log, answer_t *a)
{
	const struct list_offsets_request *in = req->in;
	int32_t max = MIN(MAX(ask->max_num_offsets, 0), OFFSETS_MAX), n;
	int64_t hw = log_high_watermark(log);
	int64_t *v = arena_array(&req->arena, (size_t)max + 1, sizeof(*v));
	int32_t above = 0;

	if (!v)
		return -ENOMEM;
	n = log_offsets_before(log, ask->timestamp, v + 1, max);
	if (n < 0)
		return n;
	while (in->replica_id == REPLICA_CLIENT && above < n && v[1 + above] > hw)
		above++;
	/* A list that begins above the high watermark begins with it instead. */
	if (above > 0)
		v[above] = hw;
	a->old_style_offsets = above > 0 ? v + above : v + 1;
	a->old_style_offsets_n = above > 0 ? n - above + 1 : n;
	return 0;
}

/* --- both --- */

static int answer_one(struct request *req, const struct image *image, struct str topic, const ask_t *ask, answer_t *a)
{
	const struct list_offsets_request *in = req->in;
	struct offset_and_timestamp found = { -1, -1, -1 };
	struct partition *p;
	struct log *log;
	int r;

	if (a->error_code)
		return a->error_code;
	if (first_version(ask->timestamp) < 0 || req->version < first_version(ask->timestamp))
		return KERR_UNSUPPORTED_VERSION;
	r = partitions_find(req->ctx->partitions, image, topic, ask->partition_index, &p);
	if (r)
		return r;
	r = partition_check(p, ask->current_leader_epoch, in->replica_id != REPLICA_DEBUGGING, &log);
	if (r == 0) {
		r = req->version == 0 ? list_old(req, ask, log, a) : look_up(in, ask, p, log, &found);
		log_unref(log);
	}
	if (r < 0 && kerr_of(r) == KERR_KAFKA_STORAGE_ERROR)
		partitions_storage_failed(req->ctx->partitions, p, r);
	partition_unref(p);
	if (r == KERR_OFFSET_NOT_AVAILABLE && req->version < NOT_AVAILABLE_SINCE)
		r = KERR_LEADER_NOT_AVAILABLE;
	if (r == 0 && req->version > 0) {
		a->timestamp = found.timestamp;
		a->offset = found.offset;
		a->leader_epoch = req->version >= LEADER_EPOCH_SINCE ? found.leader_epoch : -1;
	}
	return r;
}

static void answer_all(struct request *req)
{
	const struct list_offsets_request *in = req->in;
	struct list_offsets_response *out = req->out;
	struct image *image = metadata_image(req->ctx->metadata);

	for (int32_t t = 0; t < in->topics_n; t++) {
		for (int32_t i = 0; i < in->topics[t].partitions_n; i++) {
			answer_t *a = &out->topics[t].partitions[i];

			a->error_code = kerr_of(
				answer_one(req, image, in->topics[t].name, &in->topics[t].partitions[i], a));
		}
	}
	image_unref(image);
	request_reply(req);
}

/* The skeleton of the response. *ret_disk: somebody asks for more than the ends of a log. False: out of memory. */
static bool prepare(struct request *req, bool *ret_disk)
{
	const struct list_offsets_request *in = req->in;
	struct list_offsets_response *out = req->out;
	struct named *names;
	size_t n = 0, at = 0;

	*ret_disk = req->version == 0;
	for (int32_t t = 0; t < in->topics_n; t++)
		n += (size_t)in->topics[t].partitions_n;
	names = arena_array(&req->arena, n, sizeof(*names));
	out->topics = CODEC_NEW(&req->arena, list_offsets_response_list_offsets_topic_response, (size_t)in->topics_n);
	if (!names || !out->topics)
		return false;
	out->topics_n = in->topics_n;
	for (int32_t t = 0; t < in->topics_n; t++) {
		int32_t parts = in->topics[t].partitions_n;

		out->topics[t].name = in->topics[t].name;
		out->topics[t].partitions = CODEC_NEW(
			&req->arena, list_offsets_response_list_offsets_partition_response, (size_t)parts);
		if (!out->topics[t].partitions)
			return false;
		out->topics[t].partitions_n = parts;
		for (int32_t i = 0; i < parts; i++) {
			const ask_t *ask = &in->topics[t].partitions[i];
			answer_t *a = &out->topics[t].partitions[i];

			a->partition_index = ask->partition_index;
			names[at++] = (struct named){ in->topics[t].name, ask->partition_index, a };
			*ret_disk |= ask->timestamp != TIME_LATEST && ask->timestamp != TIME_EARLIEST;
		}
	}
	if (req->version > 0)
		refuse_repeated(names, n);
	return true;
}

static void list_offsets(struct request *req)
{
	bool disk;

	if (!prepare(req, &disk))
		request_close(req, "the answer to ListOffsets is too large");
	else if (disk)
		request_to_worker(req, answer_all);
	else
		answer_all(req);
}

const struct api api_list_offsets = {
	.key = 2, .min_version = 0, .max_version = 9, .run_on = RUN_ON_LOOP, .run = list_offsets,
};
