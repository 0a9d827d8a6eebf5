/* isr_notices.h - which partitions' in-sync sets were written to ZooKeeper and not told to the controller yet, and when it
 * is to be told (ZkAlterPartitionManager of Kafka 3.9; zookeeper.md 2.12).
 *
 * Pure: times come in, texts go out. Many changes in a short time make one notification: a set is told when it has been
 * quiet for ISR_NOTICE_LINGER_MS, and in any case ISR_NOTICE_MAX_MS after the last one.
 *
 * Owner: struct isr_writer. Thread: its.
 */
#ifndef REPLICA_ISR_NOTICES_H
#define REPLICA_ISR_NOTICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ISR_NOTICE_CHECK_MS = 2500, ISR_NOTICE_LINGER_MS = 5000, ISR_NOTICE_MAX_MS = 60000 };
/* One node holds no more than this: a server takes 1 MiB, a topic's name is up to 249 bytes. */
#define ISR_NOTICE_PARTITIONS_MAX 3000

struct isr_notices {
	struct isr_notice *table; /* owned */
	int64_t last_change_ms, last_told_ms;
};

void isr_notices_init(struct isr_notices *n, int64_t now_ms);
void isr_notices_fini(struct isr_notices *n);
void isr_notices_add(struct isr_notices *n, const char *topic, int32_t partition, int64_t now_ms);
size_t isr_notices_count(const struct isr_notices *n);
bool isr_notices_due(const struct isr_notices *n, int64_t now_ms);
/* The next node's content, owned by the caller. NULL: nothing is left to be told. isr_notices_told when it is made. */
char *isr_notices_text(const struct isr_notices *n);
void isr_notices_told(struct isr_notices *n, int64_t now_ms);

#endif
