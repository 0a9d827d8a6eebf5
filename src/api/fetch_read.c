/* fetch_read.c - reading the partitions of a fetch (protocol.md 10.1 to 10.4, 6.4). */
#include "api/fetch_work.h"

#include <errno.h>

#include "api/api.h"
#include "api/near_replica.h"
#include "base/page_cache.h"
#include "metadata/image.h"
#include "net/connection.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "record/convert.h"
#include "replica/partitions.h"
#include "replica/throttle.h"
#include "storage/log_config.h"

enum {
	CONSUMER_FROM_FOLLOWER_SINCE = 11,
	INCOMPLETE_UNTIL = 2, /* up to v2 a batch is cut at the limit */
	ZSTD_SINCE = 10,
	BY_ID_SINCE = 13,
	REPLICA_STATE_SINCE = 15,
};

static enum fetch_isolation isolation_of(const struct fetch_work *w)
{
	const struct fetch_request *in = w->req->in;

	if (w->follower)
		return FETCH_LOG_END;
	return in->isolation_level == 1 ? FETCH_COMMITTED : FETCH_HIGH_WATERMARK;
}

static void fill_query(const struct fetch_work *w, const struct fetch_want *want, struct partition_read *q)
{
	const struct fetch_request *in = w->req->in;
	bool state = w->req->version >= REPLICA_STATE_SINCE;

	*q = (struct partition_read){
		.replica_id = w->follower ? (state ? in->replica_state.replica_id : in->replica_id) : -1,
		.leader_epoch = want->leader_epoch,
		.last_fetched_epoch = want->last_fetched_epoch,
		.offset = want->offset,
		.follower_start = want->log_start,
		.follower_broker_epoch = state ? in->replica_state.replica_epoch : -1,
		.connection = connection_serial(w->req->conn),
		.topic_id = want->topic_id,
		.max_bytes = (size_t)MAX(want->max_bytes, 0),
		.isolation = isolation_of(w),
		/* Older consumers do not know that another replica may answer (KAFKA-9004). */
		.leader_only = w->follower || w->req->version < CONSUMER_FROM_FOLLOWER_SINCE,
	};
}

/* A topic that stores zstd is not for clients that cannot read it; nor is one that may not be converted, for clients
 * that would need it, even when nothing is to be sent (KafkaApis.scala, maybeConvertFetchedData). */
static int check_understood(const struct fetch_work *w, struct partition *p)
{
	struct log_config *config;
	struct log *log;
	int r = 0;

	if (w->req->version >= ZSTD_SINCE || !(log = partition_log(p)))
		return 0;
	config = log_get_config(log);
	if (config->compression_type == CODEC_ZSTD)
		r = KERR_UNSUPPORTED_COMPRESSION_TYPE;
	else if (w->magic < 2 && !w->follower && !config->message_downconversion_enable)
		r = KERR_UNSUPPORTED_VERSION;
	log_config_unref(config);
	log_unref(log);
	return r;
}

static int check_want(const struct fetch_work *w, const struct fetch_want *want)
{
	bool by_id = w->req->version >= BY_ID_SINCE;

	if (by_id && (uuid_is_zero(want->topic_id) || want->topic.len < 0))
		return KERR_UNKNOWN_TOPIC_ID;
	if (!image_partition(image_topic(w->image, want->topic), want->partition))
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	return 0;
}

bool fetch_prepare(struct fetch_work *w, int32_t from)
{
	bool some = false;

	for (int32_t i = from; i < w->n; i++) {
		struct fetch_part *part = &w->v[i];

		part->near = -1;
		part->error = (int16_t)check_want(w, &w->context.v[i]);
		part->refused = part->error != 0;
		some |= !part->refused;
		if (part->refused)
			continue;
		fill_query(w, &w->context.v[i], &part->query);
		part->error = (int16_t)partitions_find(w->req->ctx->partitions, w->image, w->context.v[i].topic,
						       w->context.v[i].partition, &part->p);
		if (part->error)
			continue;
		part->error = (int16_t)check_understood(w, part->p);
		part->not_understood = part->error != 0;
	}
	return some;
}

static void drop_part(struct fetch_part *part)
{
	log_slice_fini(&part->data.slice);
	part->converted = buf_unref(part->converted);
}

void fetch_drop(struct fetch_work *w)
{
	for (int32_t i = 0; i < w->n; i++)
		drop_part(&w->v[i]);
}

/* Consumers that name their rack may have a nearer replica (KIP-392). */
static int32_t choose_replica(const struct fetch_work *w, const struct fetch_part *part)
{
	const struct fetch_request *in = w->req->in;

	if (!w->by_rack || w->follower || w->req->version < CONSUMER_FROM_FOLLOWER_SINCE)
		return -1;
	return near_replica(w->req, w->image, part->p, part->query.offset, in->rack_id);
}

/* Followers that are in sync are not held back, so that throttling does not shrink the ISR (replication.md 12). */
static bool is_throttled(struct fetch_work *w, const struct fetch_part *part)
{
	struct throttle *t = w->req->ctx->throttle;

	if (!w->follower || !throttle_lists(t, THROTTLE_LEADER, part->p))
		return false;
	w->listed = true;
	return !partition_is_in_sync(part->p, part->query.replica_id) && throttle_is_exceeded(t, THROTTLE_LEADER);
}

static void read_part(struct fetch_work *w, struct fetch_part *part, bool first, int64_t left)
{
	struct partition_read q = part->query;
	unsigned moved = 0;
	int r;

	q.update_follower = first;
	q.max_bytes = (size_t)MIN((int64_t)q.max_bytes, left);
	q.min_one_message = w->req->version > INCOMPLETE_UNTIL && w->bytes == 0;
	part->near = choose_replica(w, part);
	if (part->near >= 0)
		r = partition_look(part->p, &q, &part->data);
	else
		r = partition_read(part->p, &q, &w->req->arena, &part->data, &moved);
	if (r < 0 && kerr_of(r) == KERR_KAFKA_STORAGE_ERROR)
		partitions_storage_failed(w->req->ctx->partitions, part->p, r);
	part->error = kerr_of(r);
	/* From v3 on an incomplete first batch is not sent: the client could do nothing with it. */
	part->held_back = part->data.slice.first_batch_incomplete && w->req->version > INCOMPLETE_UNTIL;
	if (part->error == 0 && is_throttled(w, part))
		part->held_back = true;
	if (part->error || part->held_back)
		drop_part(part);
	partitions_moved(w->req->ctx->partitions, part->p, moved);
}

void fetch_read(struct fetch_work *w, bool first)
{
	w->bytes = 0;
	w->answer_now = w->listed = false;
	for (int32_t i = 0; i < w->n; i++) {
		struct fetch_part *part = &w->v[i];

		if (part->p && part->error == 0) {
			drop_part(part);
			read_part(w, part, first, MAX(w->max_bytes - w->bytes, 0));
			w->bytes += (int64_t)part->data.slice.len;
		}
		w->answer_now |= (part->error != 0 && !part->refused) || part->data.diverging || part->near >= 0;
	}
}

int64_t fetch_available(struct fetch_work *w, int32_t i)
{
	const struct fetch_part *part = &w->v[i];

	int64_t n = part->p ? partition_available(part->p, &part->query) : 0;

	return n > 0 && is_throttled(w, part) ? 0 : n;
}

/* --- before the bytes leave --- */

/* A follower of an old release usually has logs of its own format, whose bytes go out as they are. */
static bool newer_format(const struct fetch_work *w, struct partition *p)
{
	struct log *log = partition_log(p);
	struct log_config *config;
	bool newer;

	if (!log)
		return false;
	config = log_get_config(log);
	newer = config->record_format > w->magic;
	log_config_unref(config);
	log_unref(log);
	return newer;
}

static bool needs_conversion(const struct fetch_work *w, const struct fetch_part *part)
{
	return w->magic < 2 && part->data.slice.len > 0 && (!w->follower || newer_format(w, part->p));
}

bool fetch_is_heavy(const struct fetch_work *w, bool fresh)
{
	for (int32_t i = 0; i < w->n; i++) {
		const struct log_slice *s = &w->v[i].data.slice;

		if (s->len == 0)
			continue;
		if (needs_conversion(w, &w->v[i]) || (!fresh && !page_cache_has(s->file, s->at, s->len)))
			return true;
	}
	return false;
}

/* Stored bytes in the format of the version. 0 with part->converted, > 0, -errno. */
static int convert(const struct fetch_work *w, struct fetch_part *part)
{
	struct log_slice *s = &part->data.slice;
	CLEANUP(buf_unrefp) struct buf *raw = NULL;
	int r;

	raw = buf_new(s->len);
	if (!raw)
		return -ENOMEM;
	r = file_read_full(s->file, raw->data, s->len, s->at);
	if (r)
		return r;
	raw->len = s->len;
	return convert_fetch(raw->data, raw->len, w->magic, part->query.offset, &part->converted);
}

void fetch_load(struct fetch_work *w)
{
	for (int32_t i = 0; i < w->n; i++) {
		struct fetch_part *part = &w->v[i];
		struct log_slice *s = &part->data.slice;
		int r = 0;

		if (s->len == 0)
			continue;
		if (needs_conversion(w, part))
			r = convert(w, part);
		else if (!page_cache_has(s->file, s->at, s->len))
			r = page_cache_load(s->file, s->at, s->len);
		if (r < 0 && kerr_of(r) == KERR_KAFKA_STORAGE_ERROR)
			partitions_storage_failed(w->req->ctx->partitions, part->p, r);
		part->error = kerr_of(r);
		part->not_understood = r > 0;
		if (r || part->converted)
			log_slice_fini(s);
	}
}
