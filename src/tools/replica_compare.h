/* replica_compare.h - what the replicas of a partition hold, compared batch by batch up to their high watermarks
 * (ReplicaVerificationTool.ReplicaBuffer, Kafka 3.9).
 *
 * A round: replica_take for each replica that has answered, replica_compare for each partition, and so on from the offset
 * up to which all agree to have something. Of records only offsets and checksums are kept.
 *
 * Owner: the tool. Thread: main. Layer: tools; pure.
 */
#ifndef TOOLS_REPLICA_COMPARE_H
#define TOOLS_REPLICA_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

/* One batch: the checksum in its header, and that of its bytes. */
struct replica_batch {
	int64_t last_offset;
	uint32_t stored, computed;
};

/* What a replica had to say in this round. */
struct replica {
	int32_t broker;
	int64_t high_watermark; /* -1: nothing */
	int error;              /* its last answer's */
	struct replica_batch *v;
	size_t n, cap;
	bool broken; /* behind v[n - 1] something follows that is no batch */
};

struct replica_partition {
	struct str topic;
	int32_t partition;
	int64_t offset;           /* everything before it has been compared */
	struct replica *replicas; /* in the order in which they are compared */
	size_t n;
};

void replica_partition_fini(struct replica_partition *p);
struct replica *replica_find(struct replica_partition *p, int32_t broker);

/* Keeps what is to be known of a set of records. */
void replica_take(struct replica *r, int64_t high_watermark, const uint8_t *records, size_t len);

enum replica_verdict {
	REPLICAS_GO_ON,
	REPLICAS_DIFFER, /* in offsets: nothing can be compared behind that */
	REPLICAS_BROKEN, /* *ret_broken holds what cannot be read */
};

/* Compares what was taken, forgets it, and moves the offset. `say` gets a line without a time for each difference. */
typedef void replica_say_fn(void *arg, const char *line);
enum replica_verdict replica_compare(struct replica_partition *p, replica_say_fn *say, void *arg,
	int32_t *ret_broken) MUST_CHECK;

/* The partition that is farthest behind; the first of those that are equally far. */
struct replica_lag {
	int64_t lag, offset;
	const struct replica_partition *partition; /* NULL: none yet */
};
#define REPLICA_LAG_INIT ((struct replica_lag){.lag = -1, .offset = -1})

/* The highest of the replicas' high watermarks; before replica_compare. */
int64_t replica_high_watermark(const struct replica_partition *p);
/* After replica_compare. */
void replica_lag_add(
	struct replica_lag *lag, const struct replica_partition *p, int64_t high_watermark);
/* "max lag is 0 for partition t-0 at offset 5 among 3 partitions", owned by the caller. */
char *replica_lag_text(const struct replica_lag *lag, size_t partitions_n);

#endif
