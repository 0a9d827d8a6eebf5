/* decode_remote_log.c - records of __remote_log_metadata as the objects' toString() (RemoteMetadataLogMessageParser of Kafka
 * 3.9). */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/uuid.h"
#include "protocol/codec.h"
#include "tools/message_json.h"
#include "tools/record_decoder_priv.h"
#include "tools/records.h"

enum { SEGMENT, SEGMENT_UPDATE, PARTITION_DELETE, SEGMENT_SNAPSHOT };

union remote_record {
	struct remote_log_segment_metadata_record segment;
	struct remote_log_segment_metadata_update_record update;
	struct remote_partition_delete_metadata_record partition_delete;
	struct remote_log_segment_metadata_snapshot_record snapshot;
};

/* What is written in the place of an object that Kafka would not make. */
struct refusal {
	char text[200];
};

static const struct schema *const schemas[] = {
	[SEGMENT] = &remote_log_segment_metadata_record_schema,
	[SEGMENT_UPDATE] = &remote_log_segment_metadata_update_record_schema,
	[PARTITION_DELETE] = &remote_partition_delete_metadata_record_schema,
	[SEGMENT_SNAPSHOT] = &remote_log_segment_metadata_snapshot_record_schema,
};

static const char *const segment_states[] = {"COPY_SEGMENT_STARTED", "COPY_SEGMENT_FINISHED",
	"DELETE_SEGMENT_STARTED", "DELETE_SEGMENT_FINISHED"};
static const char *const delete_states[] = {
	"DELETE_PARTITION_MARKED", "DELETE_PARTITION_STARTED", "DELETE_PARTITION_FINISHED"};

PRINTF(2, 3) static bool refuse(struct refusal *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return false;
}

static void put_partition(struct str topic, struct uuid id, int32_t partition, FILE *out)
{
	char text[UUID_TEXT_LEN + 1];

	fprintf(out, "%s:", uuid_text(id, text));
	message_json_plain(topic.p, (size_t)topic.len, out);
	fprintf(out, "-%" PRId32, partition);
}

static void put_segment_id(struct str topic, struct uuid topic_id, int32_t partition, struct uuid id, FILE *out)
{
	char text[UUID_TEXT_LEN + 1];

	fputs("remoteLogSegmentId=RemoteLogSegmentId{topicIdPartition=", out);
	put_partition(topic, topic_id, partition, out);
	fprintf(out, ", id=%s}", uuid_text(id, text));
}

static void put_custom(struct bytes b, FILE *out)
{
	if (b.len < 0)
		fputs(", customMetadata=Optional.empty", out);
	else
		fprintf(out, ", customMetadata=Optional[CustomMetadata{%" PRId32 " bytes}]", b.len);
}

struct epoch {
	int32_t epoch, at;
	int64_t offset;
};

static int by_epoch(const void *a, const void *b)
{
	const struct epoch *x = a, *y = b;

	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* A sorted map: of several entries for an epoch the last one counts. Sorts `v`. */
static void put_epochs(struct epoch *v, int32_t n, FILE *out)
{
	const char *gap = "";

	qsort(v, (size_t)n, sizeof(*v), by_epoch);
	fputs(", segmentLeaderEpochs={", out);
	for (int32_t i = 0; i < n; i++) {
		if (i + 1 < n && v[i + 1].epoch == v[i].epoch)
			continue;
		fprintf(out, "%s%" PRId32 "=%" PRId64, gap, v[i].epoch, v[i].offset);
		gap = ", ";
	}
	putc('}', out);
}

/* NULL: refused. */
static const char *segment_state(int8_t id, struct refusal *why)
{
	if (id >= 0 && (size_t)id < ARRAY_LEN(segment_states))
		return segment_states[id];
	(void)refuse(why, "state can not be null");
	return NULL;
}

static bool put_segment(const struct remote_log_segment_metadata_record *r, struct arena *a, FILE *out,
	struct refusal *why)
{
	struct epoch *epochs = arena_array(a, (size_t)r->segment_leader_epochs_n, sizeof(*epochs));
	const char *state = segment_state(r->remote_log_segment_state, why);

	if (r->start_offset < 0)
		return refuse(why,
			"Unexpected start offset = %" PRId64
			". StartOffset for a remote segment cannot be negative",
			r->start_offset);
	if (r->end_offset < r->start_offset)
		return refuse(why,
			"Unexpected end offset = %" PRId64 ". EndOffset for a remote segment cannot be less than "
			"startOffset = %" PRId64,
			r->end_offset, r->start_offset);
	if (r->segment_leader_epochs_n == 0 || !epochs)
		return refuse(why, "segmentLeaderEpochs can not be null or empty");
	if (!state)
		return false;
	for (int32_t i = 0; i < r->segment_leader_epochs_n; i++)
		epochs[i] = (struct epoch){r->segment_leader_epochs[i].leader_epoch, i,
			r->segment_leader_epochs[i].offset};
	fputs("RemoteLogSegmentMetadata{", out);
	put_segment_id(r->remote_log_segment_id.topic_id_partition.name,
		r->remote_log_segment_id.topic_id_partition.id,
		r->remote_log_segment_id.topic_id_partition.partition, r->remote_log_segment_id.id, out);
	fprintf(out,
		", startOffset=%" PRId64 ", endOffset=%" PRId64 ", brokerId=%" PRId32
		", maxTimestampMs=%" PRId64 ", eventTimestampMs=%" PRId64,
		r->start_offset, r->end_offset, r->broker_id, r->max_timestamp_ms, r->event_timestamp_ms);
	put_epochs(epochs, r->segment_leader_epochs_n, out);
	fprintf(out, ", segmentSizeInBytes=%" PRId32, r->segment_size_in_bytes);
	put_custom(r->custom_metadata, out);
	fprintf(out, ", state=%s}", state);
	return true;
}

static bool put_update(
	const struct remote_log_segment_metadata_update_record *r, FILE *out, struct refusal *why)
{
	const char *state = segment_state(r->remote_log_segment_state, why);

	if (!state)
		return false;
	fputs("RemoteLogSegmentMetadataUpdate{", out);
	put_segment_id(r->remote_log_segment_id.topic_id_partition.name,
		r->remote_log_segment_id.topic_id_partition.id,
		r->remote_log_segment_id.topic_id_partition.partition, r->remote_log_segment_id.id, out);
	put_custom(r->custom_metadata, out);
	fprintf(out, ", state=%s, eventTimestampMs=%" PRId64 ", brokerId=%" PRId32 "}", state,
		r->event_timestamp_ms, r->broker_id);
	return true;
}

static bool put_delete(
	const struct remote_partition_delete_metadata_record *r, FILE *out, struct refusal *why)
{
	int8_t id = r->remote_partition_delete_state;

	if (id < 0 || (size_t)id >= ARRAY_LEN(delete_states))
		return refuse(why, "null");
	fputs("RemotePartitionDeleteMetadata{topicPartition=", out);
	put_partition(r->topic_id_partition.name, r->topic_id_partition.id, r->topic_id_partition.partition, out);
	fprintf(out, ", state=%s, eventTimestampMs=%" PRId64 ", brokerId=%" PRId32 "}", delete_states[id],
		r->event_timestamp_ms, r->broker_id);
	return true;
}

static bool put_snapshot(const struct remote_log_segment_metadata_snapshot_record *r, struct arena *a,
	FILE *out, struct refusal *why)
{
	struct epoch *epochs = arena_array(a, (size_t)r->segment_leader_epochs_n, sizeof(*epochs));
	char id[UUID_TEXT_LEN + 1];
	const char *state = segment_state(r->remote_log_segment_state, why);

	if (!state)
		return false;
	if (r->segment_leader_epochs_n == 0 || !epochs)
		return refuse(why, "segmentLeaderEpochs can not be null or empty");
	for (int32_t i = 0; i < r->segment_leader_epochs_n; i++)
		epochs[i] = (struct epoch){r->segment_leader_epochs[i].leader_epoch, i,
			r->segment_leader_epochs[i].offset};
	fprintf(out,
		"RemoteLogSegmentMetadataSnapshot{segmentId=%s, startOffset=%" PRId64 ", endOffset=%" PRId64
		", maxTimestampMs=%" PRId64,
		uuid_text(r->segment_id, id), r->start_offset, r->end_offset, r->max_timestamp_ms);
	put_epochs(epochs, r->segment_leader_epochs_n, out);
	fprintf(out, ", segmentSizeInBytes=%" PRId32, r->segment_size_in_bytes);
	put_custom(r->custom_metadata, out);
	fprintf(out, ", state=%s}", state);
	return true;
}

static bool put_object(int type, const union remote_record *r, struct arena *a, FILE *out, struct refusal *why)
{
	switch (type) {
	case SEGMENT:
		return put_segment(&r->segment, a, out, why);
	case SEGMENT_UPDATE:
		return put_update(&r->update, out, why);
	case PARTITION_DELETE:
		return put_delete(&r->partition_delete, out, why);
	default:
		return put_snapshot(&r->snapshot, a, out, why);
	}
}

static bool put_record(struct cursor *c, struct arena *a, FILE *out, struct refusal *why)
{
	struct metadata_frame f;
	union remote_record record;
	const char *error;

	if (!decode_frame(c, &f, &error))
		return refuse(why, "%s", error);
	if (f.type < 0 || (size_t)f.type >= ARRAY_LEN(schemas))
		return refuse(why,
			"org.apache.kafka.common.errors.UnsupportedVersionException: Unknown metadata id %d",
			f.type);
	if (decode_message(schemas[f.type], f.version, c, a, &record))
		return refuse(why, "Failed to deserialize record with type %d", f.type);
	if (cur_left(c) > 0)
		return refuse(why, "Found %zu byte(s) of garbage after %d", cur_left(c), f.type);
	return put_object(f.type, &record, a, out, why);
}

int decode_remote_log(const struct record *r, struct decoding *d)
{
	struct cursor c = cur_of(r->value.p, (size_t)(r->value.len > 0 ? r->value.len : 0));
	struct refusal why = {""};
	struct arena a;

	d->has_value = true;
	arena_init(&a, DECODE_ARENA_MAX);
	if (r->value.len < 0)
		(void)refuse(&why, "Cannot invoke \"java.nio.ByteBuffer.remaining()\" because the return value "
				   "of \"org.apache.kafka.common.record.Record.value()\" is null");
	if (r->value.len < 0 || !put_record(&c, &a, d->value, &why)) {
		rewind(d->value);
		fprintf(d->value, "Error at offset %" PRId64 ", skipping. %s", r->offset, why.text);
	}
	arena_fini(&a);
	return 0;
}
