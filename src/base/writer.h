/* writer.h - builds a message: bytes, plus references to counted buffers and file ranges.
 *
 * Bytes put one after the other are gathered in memory; writer_file and writer_buf add a piece without
 * copying (how Fetch answers reach sendfile). The result leaves as a struct chain.
 * Failure (over the limit, out of memory) is sticky in `bad`. Thread: the holder's.
 */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/file.h"

/* A run of bytes to send: in a counted buffer, or in a file. Holds one reference of what it names. */
struct piece {
	struct buf *buf;   /* either this ... */
	struct file *file; /* ... or this */
	int64_t at;	   /* offset in it */
	size_t len;
};

/* An ordered list of pieces, owned by one holder (the response, then the connection). */
struct chain {
	struct piece *v;
	size_t n, cap;
	size_t len; /* bytes in all pieces */
};

void chain_fini(struct chain *c); /* drops the references; {0} is valid and empty */

struct writer {
	struct chain done; /* finished pieces */
	struct buf *tail;  /* memory being filled; finished pieces may share it */
	size_t tail_at;	   /* where the unfinished piece begins in it */
	size_t limit;	   /* of all pieces together; 0: none */
	bool bad;
	bool no_memory; /* why it is bad: memory was short, not the limit */
};

void writer_init(struct writer *w, size_t size_hint, size_t limit);
void writer_fini(struct writer *w);
size_t writer_len(const struct writer *w); /* all pieces */

void writer_put(struct writer *w, const void *p, size_t n);
/* Room for n bytes to fill by the caller, valid until the next call; NULL when bad. */
uint8_t *writer_room(struct writer *w, size_t n);
void writer_i8(struct writer *w, int8_t v);
void writer_i16(struct writer *w, int16_t v);
void writer_i32(struct writer *w, int32_t v);
void writer_i64(struct writer *w, int64_t v);
void writer_uvarint(struct writer *w, uint32_t v);
void writer_varint(struct writer *w, int32_t v);
void writer_varlong(struct writer *w, int64_t v);
size_t uvarint_size(uint32_t v);
size_t varint_size(int32_t v);
size_t varlong_size(int64_t v);

/* Adds a piece without copying; takes a reference of its own. */
void writer_buf(struct writer *w, struct buf *b, size_t at, size_t len);
void writer_file(struct writer *w, struct file *f, int64_t at, size_t len);

/* Overwrites four bytes written earlier at `pos` (counted from the start, within memory of the first piece:
 * the frame's size field). */
void writer_patch_i32(struct writer *w, size_t pos, int32_t v);

/* Hands the result over; the writer is empty afterwards. 0, or -EMSGSIZE/-ENOMEM when bad. */
int writer_take(struct writer *w, struct chain *ret) MUST_CHECK;
/* The same as one contiguous buffer; asserts that no file piece is in it. For tests, tools and storage. */
int writer_take_buf(struct writer *w, struct buf **ret) MUST_CHECK;

#endif
