/* test_cleaner_model.c - a compacted log is a list of records from which some have gone, and each had leave to go.
 *
 * Random keyed appends (plain, idempotent, transactional; tombstones; every codec), rolls, cleanings with maps of any
 * size, cleanings that are given up or during which the machine dies, retention, deletions, truncations, restarts, and
 * changes of policy. After every step the log is read and compared with the list: a record may be missing only if a
 * cleaning that has been tried might take it, and after a cleaning exactly the last one of each key is left.
 * The seed is printed on failure and can be given as MODEL_SEED; MODEL_STEPS makes runs longer or shorter.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/random.h"
#include "cleaner_fixture.h"
#include "golden.h"
#include "lossy_fs.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "record/reader.h"
#include "storage/log_priv.h"

#define KEYS	  14
#define PRODUCERS 3 /* the first is idempotent, the others transactional */
#define RETENTION 5000

enum status { PLAIN, OPEN, COMMITTED, ABORTED };

struct entry {
	int64_t offset, timestamp;
	int key, value; /* value -1: a tombstone */
	enum status status;
	int64_t txn;	    /* first offset of its transaction; -1 none */
	int64_t pid;
	int64_t batch_last; /* offset */
	int64_t marker;	    /* of that, once it is there; -1 */
	int64_t horizon;    /* of a tombstone that a cleaning has seen; -1 not yet */
	bool gone;
};

struct producer {
	int64_t id;
	int32_t sequence;
	int64_t txn; /* -1: none is open */
};

static struct {
	struct entry *v;
	size_t n, cap;
	int64_t end, first_dirty;
	int64_t recorded; /* recovery point on disk */
	struct producer p[PRODUCERS];
	int64_t next_id;
	int values;
} m;

static struct log_fixture f;
static struct rng rng;
static uint64_t seed;
static int step;
static const char *doing;

#define MUST(cond)                                                                                                     \
	do {                                                                                                           \
		if (!(cond))                                                                                           \
			fail_msg("seed %" PRIu64 " step %d (%s): %s", seed, step, doing, #cond);                       \
	} while (0)

static int64_t below(int64_t n)
{
	return n <= 0 ? 0 : (int64_t)rng_below(&rng, (uint64_t)n);
}

static int64_t now(void)
{
	return clock_wall_ms(&f.clock.clock);
}

static void fresh_producers(void)
{
	for (int i = 0; i < PRODUCERS; i++)
		m.p[i] = (struct producer){ ++m.next_id, 0, -1 };
}

/* --- comparison --- */

static struct entry *entry_at(int64_t offset)
{
	size_t lo = 0, hi = m.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (m.v[mid].offset < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m.n && m.v[lo].offset == offset ? &m.v[lo] : NULL;
}

static bool is_decided(const struct entry *e)
{
	return e->status == PLAIN || e->status == COMMITTED;
}

static bool is_overtaken(const struct entry *e, int64_t end)
{
	for (const struct entry *o = e + 1; o < m.v + m.n && o->offset < end; o++) {
		if (o->key == e->key && is_decided(o))
			return true;
	}
	return false;
}

/* Whether a cleaning of everything below `end` may take the record. */
static bool may_go(const struct entry *e, int64_t end)
{
	if (e->offset >= end)
		return false;
	if (e->status == ABORTED || is_overtaken(e, end))
		return true;
	return e->value < 0 && e->horizon >= 0 && now() >= e->horizon;
}

/* Whether a cleaning that came to `end` must have taken it. */
static bool must_go(const struct entry *e, int64_t end)
{
	return e->offset < end && (e->status == ABORTED || is_overtaken(e, end));
}

static void see(const struct record *rec, bool *seen)
{
	struct entry *e = entry_at(rec->offset);
	char key[16], value[16];

	MUST(e != NULL);
	MUST(!e->gone);
	(void)snprintf(key, sizeof(key), "key-%d", e->key);
	(void)snprintf(value, sizeof(value), "v%d", e->value);
	MUST(rec->key.len == (int32_t)strlen(key) && memcmp(rec->key.p, key, strlen(key)) == 0);
	if (e->value < 0)
		MUST(rec->value.len < 0);
	else
		MUST(rec->value.len == (int32_t)strlen(value) && memcmp(rec->value.p, value, strlen(value)) == 0);
	MUST(rec->timestamp == e->timestamp);
	seen[e - m.v] = true;
}

/* Every batch from the log start on, in order; marks what it holds. */
static void read_log(bool *seen)
{
	int64_t offset = log_start_offset(f.log), start = offset;
	struct record_reader in;
	struct record rec;
	struct batch b;

	for (;;) {
		struct buf *buf = read_at(f.log, offset, 100 + (size_t)below(3000), FETCH_LOG_END, 0);
		size_t pos = 0, before = 0;

		while (batch_next(buf->data, buf->len, &pos, &b) == 0) {
			MUST(batch_crc_ok(&b));
			MUST(b.last_offset >= offset);
			MUST(b.base_offset >= offset || offset == start);
			before++;
			offset = b.last_offset + 1;
			if (b.control)
				continue;
			assert_int_equal(0, record_reader_init(&in, &b, NULL, false));
			while (record_reader_next(&in, &rec) == 0)
				if (rec.offset >= start)
					see(&rec, seen);
			record_reader_fini(&in);
		}
		buf_unref(buf);
		if (before == 0)
			break;
	}
	MUST(offset <= m.end);
}

/* What a consumer of committed records sees must be what is there and was not aborted, up to the stable offset. */
static void check_committed(const bool *seen)
{
	CLEANUP(freep) char *got = records_of(f.log, FETCH_COMMITTED);
	int64_t stable = log_last_stable_offset(f.log);
	const char *at = got;

	for (size_t i = 0; i < m.n; i++) {
		const struct entry *e = &m.v[i];

		if (e->offset < log_start_offset(f.log) || !seen[i] || e->status == ABORTED || e->batch_last >= stable)
			continue; /* a batch is seen whole or not at all */
		MUST(e->status != OPEN);
		if (strtoll(at, NULL, 10) != e->offset)
			fail_msg("seed %" PRIu64 " step %d (%s): committed record %" PRId64 " (of transaction %" PRId64
				 ", marker %" PRId64 ") is not where the consumer sees \"%.20s\", stable offset %" PRId64,
			    seed, step, doing, e->offset, e->txn, e->marker, at, stable);
		at += strcspn(at, " ");
		at += *at == ' ';
	}
	MUST(*at == '\0');
}

/* `tried`: cleanings that may have taken effect went up to there. */
static void compare(int64_t tried)
{
	bool *seen = xcalloc(m.n + 1, sizeof(*seen));

	MUST(log_end_offset(f.log) == m.end);
	read_log(seen);
	check_committed(seen);
	for (size_t i = 0; i < m.n; i++) {
		struct entry *e = &m.v[i];

		if (e->gone || e->offset < log_start_offset(f.log))
			e->gone = true;
		else if (!seen[i]) {
			if (!may_go(e, tried))
				fail_msg("seed %" PRIu64 " step %d (%s): record %" PRId64 " is missing", seed, step, doing,
				    e->offset);
			e->gone = true;
		}
	}
	free(seen);
}

/* --- appends --- */

static struct entry *add_entry(int64_t offset, int key, int value)
{
	m.v = grow_array(m.v, &m.cap, m.n + 1, sizeof(*m.v));
	m.v[m.n] = (struct entry){ offset, now(), key, value, PLAIN, -1, -1, 0, -1, -1, false };
	return &m.v[m.n++];
}

static void append_by(struct producer *p, bool transactional)
{
	static const int codecs[] = { CODEC_NONE, CODEC_NONE, CODEC_GZIP, CODEC_SNAPPY, CODEC_LZ4, CODEC_ZSTD };
	struct kv_batch spec = { .codec = codecs[below(6)], .transactional = transactional, .timestamp = now() };
	char text[KV_MAX][2][16];
	int n = 1 + (int)below(5);

	if (p) {
		spec.producer_id = p->id;
		spec.sequence = p->sequence;
		p->sequence += n;
		if (transactional && p->txn < 0)
			p->txn = m.end;
	}
	for (int i = 0; i < n; i++) {
		int key = (int)below(KEYS), value = below(5) == 0 ? -1 : m.values++;
		struct entry *e = add_entry(m.end + i, key, value);

		e->timestamp += i;
		e->batch_last = m.end + n - 1;
		if (transactional) {
			e->status = OPEN;
			e->txn = p->txn;
			e->pid = p->id;
		}
		(void)snprintf(text[i][0], 16, "key-%d", key);
		(void)snprintf(text[i][1], 16, "v%d", value);
		spec.v[i] = (struct kv){ text[i][0], value < 0 ? NULL : text[i][1] };
	}
	MUST(append(f.log, kv_batch_of(&spec)) == 0);
	m.end += n;
}

static void do_append(void)
{
	int64_t which = below(8);

	if (which < 4)
		append_by(NULL, false);
	else if (which < 5)
		append_by(&m.p[0], false);
	else
		append_by(&m.p[1 + below(PRODUCERS - 1)], true);
}

static void end_one(struct producer *p, bool abort)
{
	struct log_append_info info;

	MUST(append_from(f.log, marker_of(abort, 0, p->id, 0, 1), APPEND_COORDINATOR, &info) == 0);
	for (size_t i = 0; i < m.n; i++) {
		if (m.v[i].status != OPEN || m.v[i].txn != p->txn)
			continue;
		m.v[i].status = abort ? ABORTED : COMMITTED;
		m.v[i].marker = m.end;
	}
	p->txn = -1;
	m.end++;
}

static void do_end_txn(void)
{
	struct producer *p = &m.p[1 + below(PRODUCERS - 1)];

	if (p->txn >= 0)
		end_one(p, below(2));
}

static void do_roll(void)
{
	roll(f.log);
}

static void do_high_watermark(void)
{
	int64_t hw = log_high_watermark(f.log);

	(void)log_set_high_watermark(f.log, below(3) ? m.end : hw + below(m.end - hw + 1));
}

static void do_time(void)
{
	clock_fake_advance(&f.clock, below(2) ? below(RETENTION) : 1 + below(100));
	if (below(4) == 0)
		log_expire_producers(f.log, now());
}

/* --- what removes --- */

static uint64_t active_bytes(void)
{
	CLEANUP(file_unrefp) struct file *file = NULL;
	struct segment *s = log_active(f.log);
	uint64_t sum = (uint64_t)segment_base(s) * 31;
	uint8_t *bytes = xmalloc((size_t)segment_size(s) + 1);

	assert_int_equal(0, segment_file(s, &file));
	assert_int_equal(0, file_read_full(file, bytes, (size_t)segment_size(s), 0));
	for (int64_t i = 0; i < segment_size(s); i++)
		sum = sum * 31 + bytes[i];
	free(bytes);
	return sum;
}

/* What cleaner_worker does before a pass. */
static int64_t make_durable(int64_t first_dirty)
{
	struct log_dirt dirt;

	MUST(log_dirt(f.log, first_dirty, now(), &dirt) == 0);
	if (dirt.cleanable_bytes == 0)
		return 0;
	if (log_recovery_point(f.log) < dirt.decided_by)
		MUST(log_flush(f.log) == 0);
	m.recorded = log_recovery_point(f.log);
	MUST(m.recorded >= dirt.decided_by && dirt.decided_by >= dirt.first_uncleanable);
	return dirt.first_uncleanable;
}

/* Tombstones that a pass to `end` has seen and left. */
static void set_horizons(int64_t end)
{
	for (size_t i = 0; i < m.n; i++) {
		struct entry *e = &m.v[i];

		if (!e->gone && e->value < 0 && is_decided(e) && e->offset < end && e->horizon < 0)
			e->horizon = now() + RETENTION;
	}
}

static void do_clean(void)
{
	int64_t uncleanable = make_durable(m.first_dirty), end = -1, leo = m.end;
	size_t keys = below(3) ? 0 : 1 + (size_t)below(KEYS);
	uint64_t active = active_bytes();

	if (uncleanable == 0)
		return;
	MUST(clean_log(f.log, &f.clock.clock, m.first_dirty, keys, &end, NULL) == 0);
	MUST(end > m.first_dirty && end <= uncleanable);
	MUST(leo == log_end_offset(f.log));
	MUST(active == active_bytes());
	compare(uncleanable);
	for (size_t i = 0; i < m.n; i++)
		MUST(!must_go(&m.v[i], end) || m.v[i].gone);
	set_horizons(end);
	m.first_dirty = end;
}

static int countdown;

static int cancel_later(void)
{
	return --countdown < 0 ? -ECANCELED : 0;
}

static void do_give_up(void)
{
	int64_t uncleanable = make_durable(m.first_dirty), end = -1;
	int r;

	if (uncleanable == 0)
		return;
	countdown = (int)below(30);
	cleaner_fixture_check = cancel_later;
	r = clean_log(f.log, &f.clock.clock, m.first_dirty, 0, &end, NULL);
	cleaner_fixture_check = NULL;
	MUST(r == 0 || r == -ECANCELED);
	compare(uncleanable);
	set_horizons(uncleanable); /* of groups that were swapped; early is never too early to wait for */
	if (r == 0)
		m.first_dirty = end;
}

static void do_retention(void)
{
	f.config->retention_bytes = below(2) ? -1 : 2000 + below(10000);
	f.config->cleanup_delete = true;
	MUST(log_apply_retention(f.log) >= 0);
	f.config->cleanup_delete = false;
	f.config->retention_bytes = -1;
}

static void do_delete_records(void)
{
	int64_t start = log_start_offset(f.log), hw = log_high_watermark(f.log);

	MUST(log_advance_start_offset(f.log, start + below(MIN(hw - start, 20) + 1)) == 0);
	(void)log_apply_retention(f.log);
}

/* Everything from `end` on is lost: records, markers, and what producers are at. */
static void lose_from(int64_t end)
{
	while (m.n > 0 && m.v[m.n - 1].offset >= end)
		m.n--;
	for (size_t i = 0; i < m.n; i++) {
		if (m.v[i].marker >= end) {
			m.v[i].status = OPEN;
			m.v[i].marker = -1;
		}
	}
	m.end = end;
}

/* Ends transactions whose producers are no longer with us. */
static void end_orphans(const struct producer *old)
{
	for (int i = 1; i < PRODUCERS; i++) {
		struct producer p = old[i];

		p.txn = -1;
		for (size_t k = 0; k < m.n && p.txn < 0; k++) {
			if (m.v[k].status == OPEN && m.v[k].pid == p.id)
				p.txn = m.v[k].txn;
		}
		MUST((p.txn >= 0) == log_has_ongoing_txn(f.log, p.id));
		if (p.txn >= 0)
			end_one(&p, below(2));
	}
}

/* --- restarts --- */

static void after_restart(int64_t hw)
{
	if (m.first_dirty > log_end_offset(f.log) || m.first_dirty < log_start_offset(f.log))
		m.first_dirty = log_start_offset(f.log);
	(void)log_set_high_watermark(f.log, MIN(hw, m.end));
}

static void do_clean_restart(void)
{
	int64_t hw = log_high_watermark(f.log);

	f.config->cleanup_compact = below(2);
	f.args.first_dirty = m.first_dirty;
	(void)log_fixture_reopen_clean(&f);
	f.config->cleanup_compact = true;
	MUST(log_end_offset(f.log) == m.end);
	m.recorded = m.end;
	after_restart(hw);
}

/* Not below the high watermark: others have acknowledged that, and it would come back from them. */
static void crash(int64_t tried)
{
	struct producer old[PRODUCERS];
	int64_t hw = log_high_watermark(f.log), end;

	memcpy(old, m.p, sizeof(old));
	log_close_dirty(f.log);
	lossy_fs_crash(&rng);
	f.config->cleanup_compact = below(2); /* whoever starts next may have another policy */
	f.args.first_dirty = MAX(m.first_dirty, 0);
	(void)log_fixture_reopen_dirty(&f, m.recorded);
	f.config->cleanup_compact = true;
	end = log_end_offset(f.log);
	MUST(end >= MIN(m.recorded, m.end));
	MUST(end <= m.end);
	lose_from(end);
	after_restart(hw);
	compare(tried);
	fresh_producers();
	end_orphans(old);
	(void)log_set_high_watermark(f.log, m.end);
}

static void do_crash(void)
{
	MUST(log_flush(f.log) == 0); /* open transactions and markers are worth a test only when they survive */
	if (below(2))
		m.recorded = log_recovery_point(f.log);
	crash(0);
}

static void do_die_while_cleaning(void)
{
	int64_t uncleanable = make_durable(m.first_dirty), end;

	if (uncleanable == 0)
		return;
	lossy_fs_stop(1 + (int)below(150));
	(void)!clean_log(f.log, &f.clock.clock, m.first_dirty, 0, &end, NULL);
	crash(uncleanable);
	set_horizons(uncleanable);
}

static const struct {
	const char *name;
	void (*run)(void);
	int weight;
} steps[] = {
	{ "append", do_append, 60 },
	{ "end transaction", do_end_txn, 10 },
	{ "roll", do_roll, 8 },
	{ "high watermark", do_high_watermark, 12 },
	{ "time", do_time, 5 },
	{ "clean", do_clean, 8 },
	{ "give up", do_give_up, 2 },
	{ "retention", do_retention, 1 },
	{ "delete records", do_delete_records, 1 },
	{ "clean restart", do_clean_restart, 2 },
	{ "crash", do_crash, 1 },
	{ "die while cleaning", do_die_while_cleaning, 2 },
};

static void one_step(void)
{
	int total = 0, at;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		total += steps[i].weight;
	at = (int)below(total);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		at -= steps[i].weight;
		if (at >= 0)
			continue;
		doing = steps[i].name;
		steps[i].run();
		if (steps[i].weight < 10)
			compare(0);
		return;
	}
}

static void run(uint64_t with_seed, int n)
{
	seed = with_seed;
	rng_init(&rng, seed);
	free(m.v);
	memset(&m, 0, sizeof(m));
	m.first_dirty = -1;
	fresh_producers();
	cleaner_fixture_init(&f);
	f.config->segment_bytes = 600 + (int32_t)below(3000);
	f.config->index_interval_bytes = (int32_t)below(400);
	f.config->segment_index_bytes = below(3) ? 4096 : 240;
	f.config->preallocate = below(4) == 0;
	f.config->delete_retention_ms = RETENTION;
	f.config->log_append_time = false;
	f.args.producer_id_expiration_ms = 20000;
	lossy_fs_install();
	(void)log_fixture_open(&f);
	for (step = 0; step < n; step++)
		one_step();
	lossy_fs_remove();
	log_fixture_fini(&f);
	free(m.v);
	m.v = NULL;
}

static void every_record_that_goes_had_leave_to_go(void **state)
{
	const char *given = getenv("MODEL_SEED"), *steps_given = getenv("MODEL_STEPS");
	int n = steps_given ? atoi(steps_given) : 300;

	(void)state;
	if (given) {
		run(strtoull(given, NULL, 10), n);
		return;
	}
	for (uint64_t i = 1; i <= 8; i++)
		run(i, n);
	run(random_u64(), n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_record_that_goes_had_leave_to_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
