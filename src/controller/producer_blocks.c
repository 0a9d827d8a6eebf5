/* producer_blocks.c - see producer_blocks.h. The conditional write makes two takers of one block impossible; a write
 * whose answer was lost costs a block, which is harmless. */
#include "controller/producer_blocks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

#define LOG_CLASS "kafka.coordinator.transaction.ZkProducerIdManager$"
#include "base/logger.h"

#define BLOCK 1000

/* What follows the block in `v`. */
static int next_block(const struct zk_value *v, int32_t broker, struct znode_producer_ids *ret)
{
	struct znode_producer_ids last = { .start = 0, .end = -1 };
	int r;

	if (v->data) { /* NULL data: no block yet */
		r = znode_producer_ids_decode(v->data, v->len, &last);
		if (r < 0)
			return FAIL(r);
	}
	if (last.end < -1)
		return FAIL(-EBADMSG);
	if (last.end > INT64_MAX - BLOCK)
		return FAIL(-ERANGE);
	*ret = (struct znode_producer_ids){ .broker = broker, .start = last.end + 1, .end = last.end + BLOCK };
	return 0;
}

/* 0, enum zk_code, -errno */
static int try_take(struct zk_session *zk, int32_t broker, struct znode_producer_ids *ret)
{
	struct zk_value v = ZK_VALUE_INIT;
	struct zk_stat stat;
	char *text;
	int r = zk_get(zk, &v, ZK_PATH_PRODUCER_IDS);

	if (r == 0)
		r = next_block(&v, broker, ret);
	if (r == 0) {
		text = znode_producer_ids_encode(ret);
		r = zk_set(zk, text, v.stat.version, &stat, ZK_PATH_PRODUCER_IDS);
		free(text);
	}
	if (r == 0)
		log_info("Acquired new producerId block ProducerIdsBlock(assignedBrokerId=%d, firstProducerId=%" PRId64
			 ", size=%d) by writing to Zk with path version %d",
		    broker, ret->start, BLOCK, stat.version);
	zk_value_fini(&v);
	return r;
}

int producer_blocks_take(struct zk_session *zk, int32_t broker, int64_t *ret_first, int32_t *ret_count)
{
	struct znode_producer_ids block;
	int r;

	do {
		r = try_take(zk, broker, &block);
		if (r == ZK_NO_NODE) /* only start-up makes it; Kafka would try forever (zookeeper.md 2.13) */
			r = zk_make_path(zk, ZK_PATH_PRODUCER_IDS) < 0 ? -EPROTO : ZK_BAD_VERSION;
	} while (r == ZK_BAD_VERSION);
	if (r != 0)
		return FAIL(r > 0 ? -EPROTO : r);
	*ret_first = block.start;
	*ret_count = BLOCK;
	return 0;
}
