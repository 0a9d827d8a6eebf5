/* reader.h - walks the records of one batch, whatever its magic and codec, with bounded memory.
 *
 * Uncompressed records are views into the batch; compressed ones are views into a window that moves over the
 * decompressed payload and grows only for a record that is larger. Each record is checked completely.
 *
 * Owner: the caller's stack or struct. Thread: the holder's. Layer: record. No I/O.
 */
#ifndef RECORD_READER_H
#define RECORD_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "record/batch.h"
#include "record/record.h"

/* Answer of record_reader_next besides 0 and error codes: all records were read, and nothing is left over. */
#define RECORDS_END ((1 << 20) + 1)

struct reader_limits {
	size_t record;	  /* largest record that may have to be held in memory; 0: 2^31 - 1 */
	uint64_t payload; /* largest decompressed payload; 0: 2^31 - 1 */
};

struct record_reader {
	struct batch batch;   /* a copy; its data is borrowed */
	struct reader_limits limits;
	bool skip;	      /* records without key, value and header bytes (only their lengths) */
	int32_t n;	      /* records read so far */
	uint64_t total;	      /* their bytes, decompressed */
	struct cursor in;     /* uncompressed magic 2: what is left */
	struct decompressor *z;
	uint8_t *window;      /* [at, end) is decompressed and not yet read */
	size_t at, end, cap;
	int64_t inner_base;   /* magic 1 wrapper: absolute offset of relative offset 0 */
	/* the current message of a magic 0 or 1 wrapper */
	int8_t inner_magic;
	bool inner_crc_bad;
	uint32_t inner_crc; /* as written */
};

/* Begins a walk over `b`, whose data must hold the whole batch and outlive the walk. `limits` NULL: the defaults.
 * `skip`: the caller wants no bytes of keys, values and headers, which then are not kept (compressed magic 2).
 *   0
 *   KERR_INVALID_RECORD   negative count, bad codec, bad wrapper (see protocol.md 6.3)
 *   -ENOMEM                                                                                          */
int record_reader_init(struct record_reader *r, const struct batch *b, const struct reader_limits *limits,
		       bool skip) MUST_CHECK;
void record_reader_fini(struct record_reader *r); /* {0} is fine */

/* The next record; its bytes are valid until the next call.
 *   0 | RECORDS_END
 *   KERR_INVALID_RECORD    damaged record or payload, more or fewer records than the batch says
 *   KERR_CORRUPT_MESSAGE   impossible size of an inner message (magic 0 and 1)
 *   KERR_MESSAGE_TOO_LARGE a limit was reached
 *   -ENOMEM
 * Inner messages of magic 0 and 1 come even with a bad checksum or another magic than the wrapper's: the reader's
 * inner_crc_bad and inner_magic tell, and the caller decides.                                        */
int record_reader_next(struct record_reader *r, struct record *ret) MUST_CHECK;

/* Absolute offset of the first record: the header's in magic 2, found by a walk in a compressed wrapper. */
int batch_first_offset(const struct batch *b, int64_t *ret) MUST_CHECK;

#endif
