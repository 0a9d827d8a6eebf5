/* isr_notices.c - see isr_notices.h. */
#include "replica/isr_notices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/table.h"
#include "zk/znode.h"

struct isr_notice {
	UT_hash_handle hh;
	int32_t partition;
	size_t topic_len;
	char key[]; /* topic, a slash, partition */
};

void isr_notices_init(struct isr_notices *n, int64_t now_ms)
{
	*n = (struct isr_notices){ .last_change_ms = now_ms, .last_told_ms = now_ms };
}

static void drop(struct isr_notices *n, size_t max)
{
	struct isr_notice *it, *tmp;

	HASH_ITER(hh, n->table, it, tmp) {
		if (max-- == 0)
			return;
		HASH_DEL(n->table, it);
		free(it);
	}
}

void isr_notices_fini(struct isr_notices *n)
{
	drop(n, SIZE_MAX);
}

void isr_notices_add(struct isr_notices *n, const char *topic, int32_t partition, int64_t now_ms)
{
	size_t topic_len = strlen(topic), size = topic_len + 16;
	struct isr_notice *it = xcalloc(1, sizeof(*it) + size), *old;

	n->last_change_ms = now_ms;
	(void)snprintf(it->key, size, "%s/%d", topic, (int)partition);
	HASH_FIND_STR(n->table, it->key, old);
	if (old) {
		free(it);
		return;
	}
	it->topic_len = topic_len;
	it->partition = partition;
	HASH_ADD_STR(n->table, key, it);
}

size_t isr_notices_count(const struct isr_notices *n)
{
	return HASH_COUNT(n->table);
}

bool isr_notices_due(const struct isr_notices *n, int64_t now_ms)
{
	return n->table && (n->last_change_ms + ISR_NOTICE_LINGER_MS < now_ms ||
			       n->last_told_ms + ISR_NOTICE_MAX_MS < now_ms);
}

char *isr_notices_text(const struct isr_notices *n)
{
	struct znode_partitions p = ZNODE_PARTITIONS_INIT;
	struct isr_notice *it, *tmp;
	char *text;

	if (!n->table)
		return NULL;
	p.refs = xcalloc(MIN(isr_notices_count(n), (size_t)ISR_NOTICE_PARTITIONS_MAX), sizeof(*p.refs));
	HASH_ITER(hh, n->table, it, tmp) {
		if (p.n == ISR_NOTICE_PARTITIONS_MAX)
			break;
		p.refs[p.n++] = (struct zk_partition_ref){ .topic = xstrndup(it->key, it->topic_len),
			.partition = it->partition };
	}
	text = znode_partitions_encode(&p);
	znode_partitions_fini(&p);
	return text;
}

void isr_notices_told(struct isr_notices *n, int64_t now_ms)
{
	drop(n, ISR_NOTICE_PARTITIONS_MAX);
	n->last_told_ms = now_ms;
}
