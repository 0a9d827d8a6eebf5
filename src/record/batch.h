/* batch.h - one record batch of any magic: its header as a struct, its checksum, edits in place.
 *
 * A record set (a produce request's field, a log segment) is a concatenation of batches; in magic 0 and 1 a
 * "batch" is one message, possibly a compressed wrapper. Formats: protocol.md section 6, storage.md 2.1.
 * struct batch is a decoded copy of the header that borrows the bytes; edits go to the bytes, parse again after.
 *
 * Thread: the holder's. Layer: record. Pure bytes.
 */
#ifndef RECORD_BATCH_H
#define RECORD_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "record/compress.h"

#define BATCH_OVERHEAD	  12u /* offset and length, in front of every batch */
#define BATCH_PROBE	  17u /* bytes up to and including the magic */
#define BATCH_HEADER_SIZE 61u /* magic 2, records follow */
#define BATCH_MIN_LENGTH  14	/* smallest valid length field (magic 0) */

#define NO_TIMESTAMP	  INT64_C(-1)
#define NO_PRODUCER_ID	  INT64_C(-1)
#define NO_PRODUCER_EPOCH (-1)
#define NO_SEQUENCE	  (-1)
#define NO_LEADER_EPOCH	  (-1)

/* Answer of the parsers besides 0 and error codes: the bytes end before the batch does. No Kafka error has
 * this value. */
#define BATCH_PARTIAL (1 << 20)

enum timestamp_type {
	TIMESTAMP_NONE = -1, /* magic 0 */
	TIMESTAMP_CREATE = 0,
	TIMESTAMP_LOG_APPEND = 1,
};

/* attributes of magic 2 (bits 0 to 3 also of magic 1) */
#define BATCH_CODEC_MASK     0x07u
#define BATCH_LOG_APPEND     0x08u
#define BATCH_TRANSACTIONAL  0x10u
#define BATCH_CONTROL	     0x20u
#define BATCH_DELETE_HORIZON 0x40u

struct batch {
	const uint8_t *data; /* borrowed; the whole batch, or only its header after batch_parse_header */
	size_t size;	     /* of the whole batch, the first 12 bytes included */
	int8_t magic;
	uint8_t attributes;  /* the low byte; the rest is not used */
	uint8_t codec;	     /* enum codec, or 5 to 7 from a bad writer */
	bool transactional, control, has_delete_horizon;
	enum timestamp_type timestamp_type;
	uint32_t crc;
	int32_t leader_epoch;
	/* Magic 2: as the header says. Magic 0 and 1: both are the offset field, which is the last offset; the
	 * first one of a compressed wrapper is known to a record_reader only. */
	int64_t base_offset, last_offset;
	int32_t last_offset_delta; /* 0 in magic 0 and 1 */
	/* base_timestamp: with has_delete_horizon it is the horizon, and record deltas are relative to that. */
	int64_t base_timestamp, max_timestamp; /* magic 1: the message's; magic 0: -1 */
	int64_t producer_id;
	int16_t producer_epoch;
	int32_t base_sequence, last_sequence; /* -1 none */
	int32_t record_count; /* as written, unchecked; magic 0 and 1: 1, or -1 for a wrapper */
};

/* Reads the batch at the start of the `left` bytes at `p`, with the rules for bytes from the network
 * (Kafka 3.9, ByteBufferLogInputStream).
 *   0                     *ret describes the batch, all of it is there (ret->size <= left)
 *   BATCH_PARTIAL         fewer bytes are left than the batch has: the end of the set
 *   KERR_CORRUPT_MESSAGE  impossible length, unknown magic, or too short for its magic            */
int batch_parse(const uint8_t *p, size_t left, struct batch *ret) MUST_CHECK;

/* The same with the rules for a log file (FileLogInputStream), from the header alone: `p` holds `have` bytes
 * (at least min(left, 61)) and `left` bytes remain in the file. A tail of <= 17 bytes is BATCH_PARTIAL; a magic
 * above 2 reads as 2, a negative one as 0 (its checksum will not fit). */
int batch_parse_header(const uint8_t *p, size_t have, uint64_t left, struct batch *ret) MUST_CHECK;

/* Whether the checksum of the whole batch (b->data must hold all of it) is right: CRC-32C in magic 2, CRC-32 in
 * magic 0 and 1. */
bool batch_crc_ok(const struct batch *b);
/* The checksum that its bytes have, whatever the header says; as above. */
uint32_t batch_crc(const struct batch *b);

/* Walks a set: parses the batch at *pos and moves *pos behind it. The tail that BATCH_PARTIAL leaves is
 * data[*pos .. len). Returns as batch_parse. */
int batch_next(const uint8_t *data, size_t len, size_t *pos, struct batch *ret) MUST_CHECK;

/* The payload: everything behind the header of magic 2. */
static inline const uint8_t *batch_payload(const struct batch *b)
{
	return b->data + BATCH_HEADER_SIZE;
}
static inline size_t batch_payload_size(const struct batch *b)
{
	return b->size - BATCH_HEADER_SIZE;
}
static inline bool batch_is_compressed(const struct batch *b)
{
	return b->codec != CODEC_NONE;
}
static inline bool batch_has_producer(const struct batch *b)
{
	return b->producer_id > NO_PRODUCER_ID;
}

/* sequence + n, where 2147483647 is followed by 0; n >= 0. */
int32_t sequence_add(int32_t sequence, int32_t n);
/* sequence - n, where 0 is preceded by 2147483647; n >= 0. */
int32_t sequence_sub(int32_t sequence, int32_t n);

/* --- edits in place: `p` is the start of a batch that batch_parse accepted --- */

/* Not covered by the checksum. Magic 0 and 1: the offset field. */
void batch_set_base_offset(uint8_t *p, int64_t offset);
/* Magic 2: base offset = last - last offset delta. Magic 0 and 1: the offset field. */
void batch_set_last_offset(uint8_t *p, int64_t last);
void batch_set_leader_epoch(uint8_t *p, int32_t epoch); /* magic 2 only; not covered by the checksum */
/* Sets the type and the max timestamp, and a new checksum, unless both are so already (then the bytes stay).
 * Clears unused attribute bits when it writes. Magic 1 and 2. */
void batch_set_max_timestamp(uint8_t *p, enum timestamp_type type, int64_t timestamp);
void batch_update_crc(uint8_t *p);

#endif
