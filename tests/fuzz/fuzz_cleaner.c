/* fuzz_cleaner.c - any segment bytes through the cleaner's filter, whatever the map and the transactions say: what comes
 * out are good batches, in order, no more of them than went in, also when it goes through the filter again.
 *
 * Input: flags, latest offset; number of keys, each a length, its bytes and an offset; number of aborted transactions,
 * each producer, first and last offset; number of active producers, each id and last offset; the rest is the segment.
 * Checksums are made right first, unless a flag says otherwise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "storage/cleaner_filter.h"
#include "storage/cleaner_txns.h"
#include "storage/offset_map.h"

#define ENDS_MAX 8

enum { KEEP_CRC = 1, LATER = 2, KEEP_OLD_DELETES = 4, SMALL_OUTPUT = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(cond)                                                                                                    \
	do {                                                                                                           \
		if (!(cond)) {                                                                                         \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                               \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

static void repair_checksums(uint8_t *p, size_t n)
{
	struct batch b;
	size_t pos = 0, at = 0;

	while (batch_next(p, n, &pos, &b) == 0) {
		batch_update_crc(p + at);
		at = pos;
	}
}

static void read_map(struct cursor *c, struct offset_map *m)
{
	unsigned n = cur_u8(c);

	while (n-- > 0 && cur_left(c) > 0) {
		size_t len = cur_u8(c);
		const uint8_t *key = cur_take(c, len);

		struct offset_key k = offset_map_hash(m, (struct bytes){ key, key ? (int32_t)len : 0 });

		(void)offset_map_put(m, &k, cur_u8(c));
	}
}

static void read_txns(struct cursor *c, struct cleaner_txns *txns)
{
	unsigned n = cur_u8(c);

	while (n-- > 0 && cur_left(c) > 0) {
		struct txn_index_entry e = { .producer_id = cur_u8(c) };

		e.first_offset = cur_u8(c);
		e.last_offset = cur_u8(c);
		cleaner_txns_add(txns, &e);
	}
}

static size_t read_ends(struct cursor *c, struct producer_end *out)
{
	size_t n = cur_u8(c);

	n = MIN(n, (size_t)ENDS_MAX);
	for (size_t i = 0; i < n; i++)
		out[i] = (struct producer_end){ (int64_t)i, cur_i8(c), 0 };
	return n;
}

/* All of p[0 .. n); the number of batches looked at, or -1 for damage. */
static int filter_all(struct cleaner_filter *f, const uint8_t *p, size_t n, size_t limit, struct buf *all)
{
	size_t used = 1, at = 0;

	while (at < n && used > 0) {
		int r = cleaner_filter_run(f, p + at, n - at, limit, &used);

		CHECK(r == 0 || r == KERR_CORRUPT_MESSAGE || r == KERR_INVALID_RECORD || r == KERR_MESSAGE_TOO_LARGE);
		if (r != 0)
			return -1;
		CHECK(used <= n - at);
		at += used;
		CHECK(buf_reserve(all, all->len + f->out->len));
		memcpy(all->data + all->len, f->out->data, f->out->len);
		all->len += f->out->len;
		f->out->len = 0;
	}
	return 0;
}

static int64_t count(const uint8_t *p, size_t n, bool good)
{
	struct batch b;
	size_t pos = 0;
	int64_t batches = 0, last = -1;
	int r;

	while ((r = batch_next(p, n, &pos, &b)) == 0) {
		if (good) {
			CHECK(batch_crc_ok(&b));
			CHECK(b.base_offset > last);
			CHECK(b.last_offset >= b.base_offset);
			last = b.last_offset;
		}
		batches++;
	}
	if (good)
		CHECK(r == BATCH_PARTIAL && pos == n);
	return batches;
}

static void run(struct cleaner_filter *f, struct cursor *c, unsigned flags)
{
	size_t n = cur_left(c), limit = flags & SMALL_OUTPUT ? 1 : SIZE_MAX;
	CLEANUP(freep) uint8_t *in = xmalloc(n + 1);
	CLEANUP(buf_unrefp) struct buf *once = buf_new(64);
	CLEANUP(buf_unrefp) struct buf *twice = buf_new(64);
	struct cleaner_txns none = CLEANER_TXNS_INIT;

	memcpy(in, cur_take(c, n), n);
	if (!(flags & KEEP_CRC))
		repair_checksums(in, n);
	if (filter_all(f, in, n, limit, once) != 0)
		return;
	CHECK(count(once->data, once->len, true) <= count(in, n, false));
	CHECK(f->messages_kept <= f->messages_read);
	f->previous = -1;
	f->txns = &none;
	/* Markers and what lies behind the range are copied unread: damage in them may show only now. */
	if (filter_all(f, once->data, once->len, limit, twice) == 0)
		CHECK(count(twice->data, twice->len, true) <= count(once->data, once->len, true));
	cleaner_txns_fini(&none);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cur_of(data, size);
	unsigned flags = cur_u8(&c);
	int64_t latest = cur_u8(&c);
	struct cleaner_txns txns = CLEANER_TXNS_INIT;
	struct producer_end ends[ENDS_MAX];
	struct cleaner_filter f = { .txns = &txns, .producers = ends, .delete_retention_ms = 1000, .round_end = 100,
		.max_message_bytes = 1000, .previous = -1 };
	struct offset_map *m;

	CHECK(offset_map_new(300 * OFFSET_MAP_ENTRY, 1, &m) == 0);
	f.map = m;
	f.now_ms = flags & LATER ? INT64_MAX : 1000;
	f.keep_legacy_deletes = flags & KEEP_OLD_DELETES;
	f.out = buf_new(16);
	read_map(&c, m);
	offset_map_set_latest(m, latest);
	read_txns(&c, &txns);
	f.producers_n = read_ends(&c, ends);
	if (!c.bad && cur_left(&c) > 0)
		run(&f, &c, flags);
	cleaner_filter_fini(&f);
	cleaner_txns_fini(&txns);
	buf_unref(f.out);
	offset_map_free(m);
	return 0;
}
