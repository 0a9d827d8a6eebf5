/* builder.h - builds batches of any magic and codec, record by record, into a struct buf.
 *
 * Magic 2: one batch. Magic 0 and 1: with a codec one wrapper message, without one message per record.
 * What Kafka's MemoryRecordsBuilder writes; used for rebuilt and converted sets, markers, offset commits, the
 * cleaner, tools and tests.
 *
 * Owner: the caller's stack or struct. Thread: the holder's. Layer: record. No I/O.
 */
#ifndef RECORD_BUILDER_H
#define RECORD_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/str.h"
#include "record/batch.h"

struct record;

struct builder_config {
	int8_t magic;
	enum codec codec;
	int level; /* CODEC_LEVEL_DEFAULT or a level */
	enum timestamp_type timestamp_type;
	int64_t base_offset;
	int64_t log_append_time;   /* max timestamp when timestamp_type is TIMESTAMP_LOG_APPEND */
	int32_t leader_epoch;
	int64_t producer_id;
	int16_t producer_epoch;
	int32_t base_sequence;
	bool transactional, control;
	int64_t delete_horizon_ms; /* -1: none */
	size_t limit;		   /* of the whole buffer; 0: 2^31 - 1 */
};

/* Magic 2, no codec, CreateTime, offset 0, no producer, leader epoch -1: what a simple producer sends. */
#define BUILDER_CONFIG_INIT                                                                        \
	{                                                                                          \
		.magic = 2, .level = CODEC_LEVEL_DEFAULT, .log_append_time = NO_TIMESTAMP,         \
		.leader_epoch = NO_LEADER_EPOCH, .producer_id = NO_PRODUCER_ID,                    \
		.producer_epoch = NO_PRODUCER_EPOCH, .base_sequence = NO_SEQUENCE,                 \
		.delete_horizon_ms = NO_TIMESTAMP,                                                 \
	}

struct batch_builder {
	struct builder_config config;
	struct buf *buf;
	size_t start;		 /* of this batch in buf */
	struct compressor *z;
	int32_t n;
	int64_t base_timestamp;	 /* of the first record, or the delete horizon */
	int64_t max_timestamp;
	int64_t first_offset, last_offset;
	int64_t offset_of_max_timestamp;
	bool last_offset_set;
	size_t uncompressed;	 /* record bytes before compression */
};

/* Begins a batch at the end of `into`, or in a new buffer when it is NULL. Takes over the caller's reference of
 * `into` only on success.
 *   0 | KERR_UNSUPPORTED_FOR_MESSAGE_FORMAT producer, transaction, control or zstd below magic 2
 *   KERR_INVALID_RECORD unknown codec | KERR_MESSAGE_TOO_LARGE | -ENOMEM                               */
int batch_builder_init(struct batch_builder *b, const struct builder_config *config, struct buf *into) MUST_CHECK;
void batch_builder_fini(struct batch_builder *b); /* {0} is fine */

/* Adds a record. Offsets must rise and lie within 2^31 - 1 of the base offset. `headers` is the encoded form
 * (record.h), dropped below magic 2.
 *   0 | KERR_INVALID_RECORD offset | KERR_INVALID_TIMESTAMP below -1 | KERR_MESSAGE_TOO_LARGE | -ENOMEM
 * After a failure only batch_builder_fini may follow.                                                 */
int batch_builder_append(struct batch_builder *b, int64_t offset, int64_t timestamp, struct bytes key,
			 struct bytes value, int32_t headers_n, struct bytes headers) MUST_CHECK;
/* The same from a decoded record, under another offset. */
int batch_builder_add(struct batch_builder *b, int64_t offset, const struct record *rec) MUST_CHECK;

/* Magic 2: the batch keeps this last offset even if its last record has a lower one (compaction). */
void batch_builder_set_last_offset(struct batch_builder *b, int64_t last);

/* Writes the header and hands the buffer over. Without records the buffer is as before the batch. */
int batch_builder_finish(struct batch_builder *b, struct buf **ret) MUST_CHECK;

/* Appends a 61-byte batch without records, kept by the cleaner for the producer state: the header of `like`,
 * codec none, count 0, base timestamp -1. 0 | -ENOMEM. */
int batch_build_empty(struct buf *into, const struct batch *like) MUST_CHECK;

#endif
