/* cleaner_map.c - the first read: which keys the dirty part has, and the offset of the last record of each.
 *
 * Markers and aborted batches are passed over. A batch with a record beyond the limits is too: its keys are missing in
 * the map, so that older records of them stay, and the second read leaves the batch alone.
 */
#define LOG_CLASS CLEANER_CLASS

#include "storage/cleaner_pass_priv.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/file.h"
#include "base/logger.h"
#include "protocol/errors.h"
#include "record/reader.h"
#include "storage/cleaner_filter.h"
#include "storage/log_config.h"
#include "storage/offset_map.h"
#include "storage/segment.h"

/* Answer inside this file: the map takes no more. */
#define MAP_FULL ((1 << 20) + 2) /* beside RECORDS_END and BATCH_PARTIAL */

/* Keys that are hashed, and whose places in the map are on their way from memory. */
struct ahead {
	struct {
		struct offset_key key;
		int64_t offset;
	} v[CLEANER_AHEAD];
	unsigned first, n;
};

static int put_first(struct cleaner_run *run, struct ahead *a)
{
	unsigned i = a->first % CLEANER_AHEAD;

	a->first++;
	a->n--;
	return offset_map_put(run->p->map, &a->v[i].key, a->v[i].offset) ? 0 : MAP_FULL;
}

static int map_record(struct cleaner_run *run, const struct batch *b, const struct record *rec, struct ahead *a)
{
	unsigned i;
	int r = 0;

	if (rec->offset > b->last_offset || (b->magic >= 2 && rec->offset < b->base_offset))
		return KERR_INVALID_RECORD;
	if (rec->key.len < 0 || rec->offset < run->dirt->first_dirty)
		return 0;
	if (a->n == CLEANER_AHEAD)
		r = put_first(run, a);
	i = (a->first + a->n++) % CLEANER_AHEAD;
	a->v[i].key = offset_map_hash(run->p->map, rec->key);
	a->v[i].offset = rec->offset;
	return r;
}

static int map_records(struct cleaner_run *run, const struct batch *b)
{
	struct ahead a = { .n = 0 };
	struct record_reader in;
	struct record rec;
	int r = record_reader_init(&in, b, &cleaner_limits, false);

	while (r == 0) {
		r = record_reader_next(&in, &rec);
		if (r == 0)
			r = in.inner_crc_bad ? KERR_CORRUPT_MESSAGE : map_record(run, b, &rec, &a);
	}
	record_reader_fini(&in);
	if (r == RECORDS_END || r == KERR_MESSAGE_TOO_LARGE)
		r = 0;
	while (r == 0 && a.n > 0)
		r = put_first(run, &a);
	return r;
}

static int map_batch(struct cleaner_run *run, const struct batch *b)
{
	struct txn_index_entry aborted;
	bool discardable, set;
	int r = 0;

	if (b->control)
		r = cleaner_txns_on_control(&run->txns, b, &discardable, &aborted, &set);
	else if (!cleaner_txns_on_data(&run->txns, b) && b->last_offset >= run->dirt->first_dirty)
		r = map_records(run, b);
	if (r == 0 && b->last_offset >= run->dirt->first_dirty)
		offset_map_set_latest(run->p->map, b->last_offset);
	return r;
}

static int map_chunk(struct cleaner_run *run, int64_t *previous)
{
	const struct cleaner_chunk *in = &run->p->in;
	struct batch b;
	size_t pos = 0;
	int r;

	while ((r = batch_next(in->data, in->len, &pos, &b)) == 0) {
		if (!cleaner_batch_ok(&b, *previous))
			return KERR_CORRUPT_MESSAGE;
		*previous = b.last_offset;
		r = map_batch(run, &b);
		if (r != 0)
			return r;
	}
	return r == BATCH_PARTIAL ? 0 : r;
}

/* `next`: where the next segment, or what is not cleaned, begins. */
static int map_segment(struct cleaner_run *run, struct segment *s, int64_t next)
{
	CLEANUP(file_unrefp) struct file *f = NULL;
	struct cleaner_pass *p = run->p;
	size_t max = MAX((size_t)run->config->max_message_bytes, p->max_message_bytes);
	int64_t at = 0, end = segment_size(s), previous = -1;
	int r = segment_lookup(s, run->dirt->first_dirty, &f, &at);

	while (r == 0 && at < end) {
		r = cleaner_check(run);
		if (r == 0)
			r = cleaner_chunk_read(&p->in, f, at, end, max);
		if (r == 0)
			r = p->charge(p->arg, p->in.read);
		if (r == 0)
			r = map_chunk(run, &previous);
		if (r == 0) {
			at += (int64_t)p->in.len;
			run->stats->map_bytes_read += (int64_t)p->in.len;
		}
	}
	cleaner_chunk_rest(&p->in);
	if (r == 0) /* offsets that compaction or a truncation left out are done with, too */
		offset_map_set_latest(p->map, next - 1);
	return r;
}

int cleaner_map_build(struct cleaner_run *run, const struct segment_list *dirty)
{
	int64_t from = run->dirt->first_dirty, end = run->dirt->first_uncleanable;
	int r;

	offset_map_clear(run->p->map);
	offset_map_expect(run->p->map, run->dirt->cleanable_bytes);
	log_info("Cleaner %d: Building offset map for log %s for %zu segments in offset range [%" PRId64 ", %" PRId64 ").",
	    run->p->id, run->name, dirty->n, from, end);
	r = cleaner_note_aborted(run, from, end);
	for (size_t i = 0; i < dirty->n && r == 0; i++)
		r = map_segment(run, dirty->v[i], i + 1 < dirty->n ? segment_base(dirty->v[i + 1]) : end);
	cleaner_txns_fini(&run->txns);
	if (r != 0 && r != MAP_FULL)
		return FAIL(r);
	log_info("Cleaner %d: Offset map for log %s complete.", run->p->id, run->name);
	return 0;
}
