/* dump_log_records.c - .log and .checkpoint files: a line per batch, a line per record. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/file.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "record/reader.h"
#include "storage/batch_walk.h"
#include "tools/dump_log_priv.h"
#include "tools/java_exception.h"
#include "tools/message_json.h"
#include "tools/record_decoder_priv.h"
#include "tools/records.h"

/* A larger batch is not held in memory: its checksum is read through the window, its records are refused. */
#define BATCH_IN_MEMORY (256u << 20)
#define RECORD_IN_MEMORY (256u << 20)
#define CRC_WINDOW (1u << 20)

#define EPOCH_WIDTH 10
#define OFFSET_WIDTH 20

struct dumping {
	struct dump *d;
	const struct dump_file *f;
	struct record_decoder *decoder;
	struct batch_walk walk;
	int64_t valid, last_offset;
};

static const char *timestamp_name(enum timestamp_type type)
{
	return type == TIMESTAMP_CREATE ? "CreateTime" : type == TIMESTAMP_LOG_APPEND ? "LogAppendTime" : "NoTimestampType";
}

static const char *text_of(bool b)
{
	return b ? "true" : "false";
}

/* --- a batch --- */

/* As written; the record layer takes numbers above 2 for 2. */
static int magic_of(const struct dumping *g)
{
	return (int8_t)g->walk.window[g->walk.at - g->walk.window_at + BATCH_PROBE - 1];
}

/* DefaultRecordBatch.lastSequence(), which counts on from damaged sequences too. */
static int32_t last_sequence(const struct batch *b)
{
	uint32_t base = (uint32_t)b->base_sequence, n = (uint32_t)b->last_offset_delta;

	if (b->base_sequence == NO_SEQUENCE)
		return NO_SEQUENCE;
	if (b->base_sequence > (int32_t)((uint32_t)INT32_MAX - n))
		return (int32_t)(n - ((uint32_t)INT32_MAX - base) - 1u);
	return (int32_t)(base + n);
}

static void print_head(const struct batch *b)
{
	if (b->magic < 2) {
		printf("offset: %" PRId64, b->last_offset);
		return;
	}
	printf("baseOffset: %" PRId64 " lastOffset: %" PRId64 " count: %" PRId32 " baseSequence: %" PRId32
	       " lastSequence: %" PRId32 " producerId: %" PRId64 " producerEpoch: %d partitionLeaderEpoch: %" PRId32
	       " isTransactional: %s isControl: %s deleteHorizonMs: ",
		b->base_offset, b->last_offset, b->record_count, b->base_sequence, last_sequence(b),
		b->producer_id, b->producer_epoch, b->leader_epoch, text_of(b->transactional), text_of(b->control));
	if (b->has_delete_horizon)
		printf("OptionalLong[%" PRId64 "]", b->base_timestamp);
	else
		fputs("OptionalLong.empty", stdout);
}

/* The checksum of magic 2, read in pieces. */
static int check_large(struct dumping *g, bool *ret_valid)
{
	const struct batch *b = &g->walk.batch;
	CLEANUP(freep) uint8_t *window = xmalloc(CRC_WINDOW);
	int64_t at = g->walk.at + 21, end = g->walk.at + (int64_t)b->size;
	uint32_t crc = 0;

	while (at < end) {
		size_t n = (size_t)MIN(end - at, CRC_WINDOW);
		int r = file_read_full(g->walk.file, window, n, at);

		if (r < 0)
			return java_file_exception(r, g->f->path);
		crc = crc32c(crc, window, n);
		at += (int64_t)n;
	}
	*ret_valid = b->magic >= 2 && crc == b->crc;
	return 0;
}

static int check_batch(struct dumping *g, bool *ret_valid)
{
	int r;

	if (g->walk.batch.size > BATCH_IN_MEMORY)
		return check_large(g, ret_valid);
	r = batch_walk_load(&g->walk);
	if (r < 0)
		return java_file_exception(r, g->f->path);
	*ret_valid = batch_crc_ok(&g->walk.batch);
	return 0;
}

static int print_batch(struct dumping *g, bool *ret_valid)
{
	const struct batch *b = &g->walk.batch;
	int magic = magic_of(g), exit_code;

	print_head(b);
	if (magic < 0)
		return java_exception(
			"java.lang.IllegalArgumentException", "Invalid magic used in LegacyRecord: %d", magic);
	exit_code = check_batch(g, ret_valid);
	if (exit_code)
		return exit_code;
	if (b->codec > CODEC_MAX)
		return java_exception(
			"java.lang.IllegalArgumentException", "Unknown compression type id: %d", b->codec);
	printf(" position: %" PRId64 " %s: %" PRId64 " size: %zu magic: %d compresscodec: %s crc: %" PRIu32
	       " isvalid: %s\n",
		g->valid, timestamp_name(b->timestamp_type), b->max_timestamp, b->size, magic,
		codec_name((enum codec)b->codec), b->crc, text_of(*ret_valid));
	return 0;
}

/* --- a record --- */

static void print_header_keys(const struct record *rec)
{
	struct cursor c = cur_of(rec->headers.p, (size_t)MAX(rec->headers.len, 0));
	struct record_header h;
	const char *gap = "";

	fputs(" headerKeys: [", stdout);
	for (int32_t i = 0; i < rec->headers_n && record_header_next(&c, &h); i++) {
		fputs(gap, stdout);
		message_json_plain(h.key.p, (size_t)MAX(h.key.len, 0), stdout);
		gap = ",";
	}
	putchar(']');
}

static int print_message(const struct schema *s, const char *name, struct bytes value)
{
	struct cursor c = cur_of(value.p, (size_t)MAX(value.len, 0));
	union {
		struct snapshot_header_record header;
		struct snapshot_footer_record footer;
		struct k_raft_version_record version;
		struct voters_record voters;
	} message;
	int exit_code = 0;
	struct arena a;

	arena_init(&a, DECODE_ARENA_MAX);
	if (codec_decode(s, 0, &c, &a, &message)) {
		exit_code = java_exception("java.nio.BufferUnderflowException", NULL);
	} else {
		int16_t version;

		memcpy(&version, &message, sizeof(version)); /* the first field of each */
		printf(" %s ", name);
		message_json(s, MAX(version, 0), &message, NULL, stdout);
	}
	arena_fini(&a);
	return exit_code;
}

static int print_marker(int type, struct bytes value)
{
	struct cursor c = cur_of(value.p, (size_t)MAX(value.len, 0));
	int16_t version = cur_i16(&c);
	int32_t epoch = cur_i32(&c);

	if (value.len < 0)
		return java_exception("java.lang.NullPointerException", NULL);
	if (c.bad)
		return java_exception("org.apache.kafka.common.InvalidRecordException",
			"Invalid value size found for end transaction marker. Must have at least 6 bytes, but found "
			"only %" PRId32,
			value.len);
	if (version < 0)
		return java_exception("org.apache.kafka.common.InvalidRecordException",
			"Invalid version found for end transaction marker: %d. May indicate data corruption", version);
	printf(" endTxnMarker: %s coordinatorEpoch: %" PRId32, type ? "COMMIT" : "ABORT", epoch);
	return 0;
}

static int print_control_type(int type, const struct record *rec)
{
	switch (type) {
	case 0:
	case 1:
		return print_marker(type, rec->value);
	case 3:
		return print_message(&snapshot_header_record_schema, "SnapshotHeader", rec->value);
	case 4:
		return print_message(&snapshot_footer_record_schema, "SnapshotFooter", rec->value);
	case 5:
		return print_message(&k_raft_version_record_schema, "KRaftVersion", rec->value);
	case 6:
		return print_message(&voters_record_schema, "KRaftVoters", rec->value);
	default:
		printf(" controlType: %s(%d)", type == 2 ? "LEADER_CHANGE" : "UNKNOWN", type);
		return 0;
	}
}

static int print_control(const struct record *rec)
{
	struct cursor c = cur_of(rec->key.p, (size_t)MAX(rec->key.len, 0));
	int16_t version = cur_i16(&c), type = cur_i16(&c);

	if (rec->key.len < 0)
		return java_exception("java.lang.NullPointerException", NULL);
	if (c.bad)
		return java_exception("org.apache.kafka.common.InvalidRecordException",
			"Invalid value size found for end control record key. Must have at least 4 bytes, but found "
			"only %" PRId32,
			rec->key.len);
	if (version < 0)
		return java_exception("org.apache.kafka.common.InvalidRecordException",
			"Invalid version found for control record: %d. May indicate data corruption", version);
	return print_control_type(type, rec);
}

static int print_metadata(const struct record_reader *r, const struct record *rec, bool valid)
{
	const struct batch *b = &r->batch;

	printf("| offset: %" PRId64 " %s: %" PRId64 " keySize: %" PRId32 " valueSize: %" PRId32, rec->offset,
		timestamp_name(b->timestamp_type), rec->timestamp, rec->key.len, rec->value.len);
	if (b->magic >= 2) {
		printf(" sequence: %" PRId32, rec->sequence);
		print_header_keys(rec);
	} else {
		bool inner = batch_is_compressed(b);

		printf(" isValid: %s crc: %" PRIu32 "}", text_of(inner ? !r->inner_crc_bad : valid),
			inner ? r->inner_crc : b->crc);
	}
	return b->control ? print_control(rec) : 0;
}

static int print_content(struct dumping *g, const struct record *rec)
{
	struct decoded text;
	int exit_code = record_decoder_run(g->decoder, rec, &text);

	if (exit_code)
		return exit_code;
	if (text.has_key) {
		fputs(g->d->skip_metadata ? "| key: " : " key: ", stdout);
		fwrite(text.key, 1, text.key_len, stdout);
	}
	if (text.has_value) {
		fputs(" payload: ", stdout);
		fwrite(text.value, 1, text.value_len, stdout);
	}
	return 0;
}

static int print_record(struct dumping *g, const struct record_reader *r, const struct record *rec, bool valid)
{
	int exit_code = 0;

	if (g->last_offset != -1 && rec->offset != (int64_t)((uint64_t)g->last_offset + 1))
		findings_add(&g->d->not_consecutive, g->f->absolute, g->last_offset, rec->offset);
	g->last_offset = rec->offset;
	if (!g->d->skip_metadata)
		exit_code = print_metadata(r, rec, valid);
	if (!exit_code && g->d->print_content && !r->batch.control)
		exit_code = print_content(g, rec);
	if (!exit_code)
		putchar('\n');
	return exit_code;
}

/* --- the records of a batch --- */

static const struct reader_limits limits = {.record = RECORD_IN_MEMORY};

/* Kafka decompresses a batch as a whole before it shows a record, so damage shows first. */
static int check_payload(const struct batch *b)
{
	struct record_reader r;
	struct record rec;
	int e = record_reader_init(&r, b, &limits, true);

	if (e == 0) {
		do
			e = record_reader_next(&r, &rec);
		while (e == 0);
		record_reader_fini(&r);
	}
	return e == RECORDS_END ? 0 : dump_record_exception(e, b);
}

static int print_records(struct dumping *g, bool valid)
{
	const struct batch *b = &g->walk.batch;
	struct record_reader r;
	struct record rec;
	int e, exit_code = 0;

	if (b->size > BATCH_IN_MEMORY)
		return dump_record_exception(KERR_MESSAGE_TOO_LARGE, b);
	if (!valid && batch_is_compressed(b))
		exit_code = check_payload(b);
	if (exit_code)
		return exit_code;
	e = record_reader_init(&r, b, &limits, false);
	if (e != 0)
		return dump_record_exception(e, b);
	while (!exit_code && (e = record_reader_next(&r, &rec)) == 0)
		exit_code = print_record(g, &r, &rec, valid);
	record_reader_fini(&r);
	return exit_code || e == RECORDS_END ? exit_code : dump_record_exception(e, b);
}

/* --- the file --- */

static int print_batches(struct dumping *g)
{
	for (;;) {
		bool valid = false;
		int r = batch_walk_next(&g->walk), exit_code;

		if (r == BATCH_PARTIAL)
			return 0;
		if (r != 0)
			return dump_batch_exception(r, g->walk.file, g->f->path, g->walk.next);
		exit_code = print_batch(g, &valid);
		if (!exit_code && g->d->deep)
			exit_code = print_records(g, valid);
		if (exit_code)
			return exit_code;
		g->valid += (int64_t)g->walk.batch.size;
	}
}

static int take_number(const char *p, int width, int64_t min, int64_t max, int64_t *ret)
{
	if (str_to_i64((struct str){p, width}, min, max, ret))
		return 0;
	return java_exception("java.lang.NumberFormatException", "For input string: \"%.*s\"", width, p);
}

/* 00000000000000000010-0000000003.checkpoint */
static int print_snapshot_name(const char *name)
{
	int64_t offset, epoch;
	size_t len = strlen(name);

	if (strcmp(name, "bootstrap.checkpoint") == 0) {
		puts("KRaft bootstrap snapshot");
		return 0;
	}
	if (len < OFFSET_WIDTH)
		return java_exception("java.lang.StringIndexOutOfBoundsException", "begin 0, end %d, length %zu",
			OFFSET_WIDTH, len);
	if (take_number(name, OFFSET_WIDTH, INT64_MIN, INT64_MAX, &offset))
		return 1;
	if (len < OFFSET_WIDTH + 1 + EPOCH_WIDTH)
		return java_exception("java.lang.StringIndexOutOfBoundsException", "begin %d, end %d, length %zu",
			OFFSET_WIDTH + 1, OFFSET_WIDTH + 1 + EPOCH_WIDTH, len);
	if (take_number(name + OFFSET_WIDTH + 1, EPOCH_WIDTH, INT32_MIN, INT32_MAX, &epoch))
		return 1;
	printf("Snapshot end offset: %" PRId64 ", epoch: %" PRId64 "\n", offset, epoch);
	return 0;
}

static int print_name(const char *name)
{
	int64_t base;

	if (strcmp(strrchr(name, '.'), ".log") != 0)
		return print_snapshot_name(name);
	if (dump_base_offset(name, &base))
		return 1;
	printf("Log starting offset: %" PRId64 "\n", base);
	return 0;
}

static int make_decoder(struct dump *d, struct record_decoder **ret)
{
	struct options *o = &d->options;
	const char *value_class, *key_class;
	enum record_content content = options_has(o, DUMP_OFFSETS_DECODER)		 ? RECORD_CONTENT_OFFSETS
				      : options_has(o, DUMP_TRANSACTION_LOG_DECODER)	 ? RECORD_CONTENT_TRANSACTIONS
				      : options_has(o, DUMP_CLUSTER_METADATA_DECODER)	 ? RECORD_CONTENT_CLUSTER_METADATA
				      : options_has(o, DUMP_REMOTE_LOG_METADATA_DECODER) ? RECORD_CONTENT_REMOTE_LOG
											 : RECORD_CONTENT_PLAIN;

	if (options_text(o, DUMP_VALUE_DECODER_CLASS, &value_class) ||
		options_text(o, DUMP_KEY_DECODER_CLASS, &key_class)) {
		fprintf(stderr, "%s\n", o->error);
		return 1;
	}
	return record_decoder_new(content, value_class, key_class, ret);
}

static int dump_bytes(struct dumping *g, int64_t max_bytes)
{
	CLEANUP(file_unrefp) struct file *file = NULL;
	int64_t size;
	int exit_code = dump_open_records(g->f->path, &file, &size);

	if (exit_code)
		return exit_code;
	if (max_bytes < 0)
		return java_exception("java.lang.IllegalArgumentException",
			"Invalid size: %" PRId64 " in read from FileRecords(size=%" PRId64
			", file=%s, start=0, end=2147483647)",
			max_bytes, size, g->f->path);
	batch_walk_init(&g->walk, file, 0, MIN(size, max_bytes), WALK_WHOLE);
	exit_code = print_batches(g);
	batch_walk_fini(&g->walk);
	if (!exit_code && size > g->valid && max_bytes == INT32_MAX)
		printf("Found %" PRId64 " invalid bytes at the end of %s\n", size - g->valid, g->f->name);
	return exit_code;
}

int dump_records(struct dump *d, const struct dump_file *f)
{
	CLEANUP(record_decoder_freep) struct record_decoder *decoder = NULL;
	struct dumping g = {.d = d, .f = f, .last_offset = -1};
	int64_t max_bytes = 0;
	int exit_code = make_decoder(d, &decoder);

	if (exit_code)
		return exit_code;
	if (options_number(&d->options, DUMP_MAX_BYTES, &max_bytes)) {
		fprintf(stderr, "%s\n", d->options.error);
		return 1;
	}
	g.decoder = decoder;
	exit_code = print_name(f->name);
	return exit_code ? exit_code : dump_bytes(&g, max_bytes);
}
