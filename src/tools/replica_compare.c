/* replica_compare.c - see replica_compare.h.
 *
 * Batches are taken from all replicas at once, one from each. The first replica that has one below its high watermark is
 * what the others are compared with. As soon as one has none, the round ends for this partition: what others have there is
 * compared once more in the next.
 */
#include "tools/replica_compare.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "record/batch.h"

void replica_partition_fini(struct replica_partition *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->replicas[i].v);
	free(p->replicas);
	*p = (struct replica_partition){.replicas = NULL};
}

struct replica *replica_find(struct replica_partition *p, int32_t broker)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->replicas[i].broker == broker)
			return &p->replicas[i];
	return NULL;
}

static void forget(struct replica *r)
{
	free(r->v);
	r->v = NULL;
	r->n = r->cap = 0;
	r->high_watermark = -1;
	r->broken = false;
}

void replica_take(struct replica *r, int64_t high_watermark, const uint8_t *records, size_t len)
{
	struct batch b;
	size_t pos = 0;
	int code;

	forget(r);
	r->high_watermark = MAX(high_watermark, -1);
	while ((code = batch_next(records, len, &pos, &b)) == 0) {
		r->v = grow_array(r->v, &r->cap, r->n + 1, sizeof(*r->v));
		r->v[r->n++] = (struct replica_batch){b.last_offset, b.crc, batch_crc(&b)};
	}
	r->broken = code != BATCH_PARTIAL;
}

/* ---- comparing ---- */

/* The first replica's batch, and whose it is. */
struct first {
	const struct replica *replica;
	const struct replica_batch *batch;
};

static void say_offsets(const struct replica_partition *p, const struct first *first,
	const struct replica *r, const struct replica_batch *b, replica_say_fn *say, void *arg)
{
	char *line = xasprintf("partition %.*s-%d: replica %d's offset %" PRId64
			       " doesn't match replica %d's offset %" PRId64,
		STR_ARG(p->topic), p->partition, first->replica->broker, first->batch->last_offset,
		r->broker, b->last_offset);

	say(arg, line);
	free(line);
}

/* Where the headers agree, the bytes do not. */
static void say_checksums(const struct replica_partition *p, const struct first *first,
	const struct replica *r, const struct replica_batch *b, replica_say_fn *say, void *arg)
{
	bool headers = first->batch->stored != b->stored;
	char *line = xasprintf("partition %.*s-%d has unmatched checksum at offset %" PRId64
			       "; replica %d's checksum %u; replica %d's checksum %u",
		STR_ARG(p->topic), p->partition, b->last_offset, first->replica->broker,
		headers ? first->batch->stored : first->batch->computed, r->broker,
		headers ? b->stored : b->computed);

	say(arg, line);
	free(line);
}

/* Row `at` of all replicas. *ret_all: each has something there. */
static enum replica_verdict compare_row(struct replica_partition *p, size_t at, replica_say_fn *say,
	void *arg, int32_t *ret_broken, bool *ret_all, struct first *ret_first)
{
	struct first first = {NULL, NULL};

	*ret_all = p->n > 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct replica *r = &p->replicas[i];
		const struct replica_batch *b = at < r->n ? &r->v[at] : NULL;

		if (!b && r->broken) {
			*ret_broken = r->broker;
			return REPLICAS_BROKEN;
		}
		if (!b || b->last_offset >= r->high_watermark) {
			*ret_all = false;
			continue;
		}
		if (!first.replica) {
			first = (struct first){r, b};
			continue;
		}
		if (first.batch->last_offset != b->last_offset) {
			say_offsets(p, &first, r, b, say, arg);
			return REPLICAS_DIFFER;
		}
		if (first.batch->stored != b->stored || first.batch->computed != b->computed)
			say_checksums(p, &first, r, b, say, arg);
	}
	*ret_first = first;
	return REPLICAS_GO_ON;
}

enum replica_verdict replica_compare(
	struct replica_partition *p, replica_say_fn *say, void *arg, int32_t *ret_broken)
{
	enum replica_verdict verdict;
	struct first first;
	bool all = true;

	for (size_t at = 0; all; at++) {
		verdict = compare_row(p, at, say, arg, ret_broken, &all, &first);
		if (verdict != REPLICAS_GO_ON)
			return verdict;
		if (all)
			p->offset = first.batch->last_offset + 1;
	}
	for (size_t i = 0; i < p->n; i++)
		forget(&p->replicas[i]);
	return REPLICAS_GO_ON;
}

/* ---- lag ---- */

int64_t replica_high_watermark(const struct replica_partition *p)
{
	int64_t highest = -1;

	for (size_t i = 0; i < p->n; i++)
		highest = MAX(highest, p->replicas[i].high_watermark);
	return highest;
}

void replica_lag_add(
	struct replica_lag *lag, const struct replica_partition *p, int64_t high_watermark)
{
	if (high_watermark - p->offset <= lag->lag)
		return;
	*lag = (struct replica_lag){high_watermark - p->offset, p->offset, p};
}

char *replica_lag_text(const struct replica_lag *lag, size_t partitions_n)
{
	char *name = lag->partition ? xasprintf("%.*s-%d", STR_ARG(lag->partition->topic),
					      lag->partition->partition)
				    : xstrdup("null");
	char *text = xasprintf("max lag is %" PRId64 " for partition %s at offset %" PRId64
			       " among %zu partitions",
		lag->lag, name, lag->offset, partitions_n);

	free(name);
	return text;
}
