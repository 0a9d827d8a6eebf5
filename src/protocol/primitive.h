/* primitive.h - the wire's primitive types: how each is held in memory, and how strings, bytes and counts are
 * read and written (protocol.md section 2).
 *
 * "compact" is the form of flexible versions: lengths as uvarint(length + 1), 0 for null.
 * Thread: the holder's. Layer: protocol; base only.
 */
#ifndef PROTOCOL_PRIMITIVE_H
#define PROTOCOL_PRIMITIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/cursor.h"
#include "base/str.h"
#include "base/uuid.h"
#include "base/writer.h"

/* A record set inside a message. Where the bytes are:
 *   file set	range [at, at + len) of that file; sent without a copy, the writer takes its own reference
 *   buf set	p points into buf->data; sent without a copy, the writer takes its own reference
 *   neither	plain memory; copied. Decoding yields this: p points into the input.                      */
struct records {
	const uint8_t *p;
	int32_t len; /* -1: null */
	struct buf *buf;
	struct file *file;
	int64_t at;
};

#define RECORDS_NULL ((struct records){ .p = NULL, .len = -1 })

/* Longest string a message can carry. */
#define WIRE_STRING_MAX 32767

/* Each reads a length prefix and what follows. Null has len -1. A short input, or a string longer than
 * WIRE_STRING_MAX, makes the cursor bad. Any negative length reads as null, as Kafka's readers do. */
struct str wire_read_string(struct cursor *c, bool compact);
struct bytes wire_read_bytes(struct cursor *c, bool compact);
/* The count of an array: -1 null. Checked against the bytes left by the caller. */
int32_t wire_read_count(struct cursor *c, bool compact);

void wire_write_string(struct writer *w, struct str s, bool compact);
void wire_write_bytes(struct writer *w, struct bytes b, bool compact);
void wire_write_records(struct writer *w, const struct records *r, bool compact);
void wire_write_count(struct writer *w, int32_t n, bool compact);

/* Size of the length prefix: of a string, and of bytes, records or a count. len -1: null. */
size_t wire_string_prefix(int32_t len, bool compact);
size_t wire_count_prefix(int32_t len, bool compact);

#endif
