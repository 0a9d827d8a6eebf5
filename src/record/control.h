/* control.h - control batches: the markers that end a transaction.
 *
 * Format: protocol.md 6.2. Thread: the holder's. Layer: record. Pure bytes.
 */
#ifndef RECORD_CONTROL_H
#define RECORD_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct batch;
struct buf;
struct record;

/* Types 2 to 6 belong to KRaft and anything else is unknown: both are ignored by readers. */
enum control_type { CONTROL_ABORT = 0, CONTROL_COMMIT = 1, CONTROL_OTHER = -1 };

#define CONTROL_MARKER_SIZE 78u

struct txn_marker {
	enum control_type type;	   /* ABORT or COMMIT; OTHER: not a marker, nothing else is set */
	int32_t coordinator_epoch;
};

/* A marker batch as the transaction coordinator appends it (base offset 0, to be assigned by validate_records
 * with APPEND_COORDINATOR). 0 | -ENOMEM. */
int control_build_marker(enum control_type type, int64_t producer_id, int16_t producer_epoch,
			 int32_t coordinator_epoch, int64_t timestamp, struct buf **ret) MUST_CHECK;

/* The type from a control record's key; CONTROL_OTHER for types that are not ours.
 * 0 | KERR_INVALID_RECORD (shorter than 4 bytes, negative version) */
int control_type_of(struct bytes key, enum control_type *ret) MUST_CHECK;
/* The marker in a control record. 0 | KERR_INVALID_RECORD. */
int control_parse_marker(const struct record *rec, struct txn_marker *ret) MUST_CHECK;
/* The marker in a control batch: its first record. 0 | KERR_INVALID_RECORD. */
int control_parse_batch(const struct batch *b, struct txn_marker *ret) MUST_CHECK;

#endif
