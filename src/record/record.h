/* record.h - one record inside a magic 2 batch: decode without copying, encode.
 *
 * struct record serves for records of every magic (record_reader yields it for all); the encoding here is that
 * of magic 2 (protocol.md 6.1). Messages of magic 0 and 1 are in legacy.h.
 *
 * Thread: the holder's. Layer: record. Pure bytes.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/cursor.h"
#include "base/str.h"

struct batch;
struct writer;

struct record {
	int64_t offset;	   /* absolute */
	int64_t timestamp; /* absolute; the batch's max timestamp when it has LogAppendTime; -1 none */
	int32_t sequence;  /* -1 none */
	size_t size;	   /* encoded, with its length field (magic 0, 1: with offset and size fields) */
	struct bytes key, value;      /* borrowed; null is possible. After a skipping walk only len is set */
	int32_t headers_n;
	struct bytes headers;	      /* borrowed: the encoded headers; record_header_next walks them */
};

struct record_header {
	struct str key;
	struct bytes value; /* null is possible */
};

/* Decodes the record at the cursor and checks everything in it, headers included. 0 | KERR_INVALID_RECORD. */
int record_parse(struct cursor *c, const struct batch *b, struct record *ret) MUST_CHECK;

/* What the records of an uncompressed magic 2 batch have in common: all that an append in place asks for, without
 * a struct for each record. Timestamps count as in CreateTime, whatever the batch says. */
struct record_scan {
	int64_t min_timestamp; /* of those that are not -1; INT64_MAX when there is none */
	int64_t max_timestamp; /* at least -1 */
	bool null_key;	       /* some record has no key */
	bool out_of_sequence;  /* offset deltas are not 0, 1, 2, ... */
};

/* Checks all records of `b` completely (b->record_count >= 0) and that nothing is left behind them.
 * 0 | KERR_INVALID_RECORD. */
int record_scan(const struct batch *b, struct record_scan *ret) MUST_CHECK;

/* Fills offset, timestamp and sequence from the batch and the record's deltas. */
void record_place(struct record *rec, const struct batch *b, int64_t timestamp_delta, int32_t offset_delta);

/* The next header of `c = cur_of(rec.headers.p, rec.headers.len)`; the bytes were checked by record_parse.
 * False behind the last one. */
bool record_header_next(struct cursor *c, struct record_header *ret);
/* The first header with this key; false when there is none. */
bool record_header_find(const struct record *rec, const char *key, struct bytes *ret);

/* Encodes one header; a sequence of them is `headers` of record_head. */
void record_header_put(struct writer *w, struct str key, struct bytes value);

/* Encoding in pieces, so that keys and values need no staging copy: head, key, varint value length, value, varint
 * header count, headers. */
#define RECORD_HEAD_MAX 26 /* length 5, attributes 1, timestamp 10, offset 5, key length 5 */
/* Bytes of the whole record, its length field included. */
size_t record_size(int64_t timestamp_delta, int32_t offset_delta, struct bytes key, struct bytes value,
		   int32_t headers_n, struct bytes headers);
/* Writes everything up to and including the key length; `size` is what record_size returned. Returns the bytes
 * used. */
size_t record_put_head(uint8_t *out, size_t size, int64_t timestamp_delta, int32_t offset_delta, int32_t key_len);
/* Zigzag varint into out (at most 5 bytes); returns the bytes used. */
size_t record_put_varint(uint8_t *out, int32_t v);

#endif
