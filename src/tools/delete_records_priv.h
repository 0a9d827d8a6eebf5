/* delete_records_priv.h - the file that kafka-delete-records.sh reads: partitions and offsets.
 *
 * Pure. Thread: any. Layer: tools.
 */
#ifndef TOOLS_DELETE_RECORDS_PRIV_H
#define TOOLS_DELETE_RECORDS_PRIV_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

struct target {
	struct str topic;
	int32_t partition;
	int64_t offset;	       /* -1: the high watermark */
	int64_t low_watermark; /* the outcome */
};

struct targets {
	struct target *v;
	size_t n;
};

/* {"partitions":[{"topic":"t","partition":0,"offset":1}],"version":1}, in the order in which Java's tool prints the
 * results; all of it in the arena.
 *   0
 *   -EINVAL  *ret_error is Kafka's message, owned by the caller                                     */
int targets_parse(const char *text, size_t len, struct arena *a, struct targets *ret,
	char **ret_error) MUST_CHECK;

#endif
