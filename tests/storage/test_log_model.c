/* test_log_model.c - a log behaves like an array of batches, whatever is done to it in whatever order.
 *
 * Random appends, rolls, truncations, deletions, flushes, clean restarts and crashes that lose unsynced writes, on a
 * log and on a list of (offsets, checksum). Compared after every step. The seed is printed on failure and can be
 * given as MODEL_SEED; MODEL_STEPS makes runs longer or shorter.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/random.h"
#include "golden.h"
#include "log_fixture.h"
#include "lossy_fs.h"
#include "protocol/errors.h"
#include "record/batch.h"

#define PID 7

struct entry {
	int64_t first, last;
	uint32_t crc;
	int32_t sequence; /* of the first record; -1 without producer */
	int32_t epoch;
};

static struct model {
	struct entry *v;
	size_t n, cap;
	int64_t start, end, hw;
	int32_t epoch;
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

static int64_t data_end(void)
{
	return m.n > 0 ? m.v[m.n - 1].last + 1 : -1;
}

static int32_t next_sequence(void)
{
	for (size_t i = m.n; i-- > 0;) {
		if (m.v[i].sequence >= 0)
			return m.v[i].sequence + (int32_t)(m.v[i].last - m.v[i].first) + 1;
	}
	return -1; /* unknown: any */
}

static void drop_from(int64_t offset)
{
	while (m.n > 0 && m.v[m.n - 1].last >= offset)
		m.n--;
}

/* --- steps --- */

static void do_append(void)
{
	struct batch_spec spec = { .records = 1 + (int)below(3), .value_size = 2 + (size_t)below(200),
		.timestamp = FIXTURE_NOW + below(1000), .codec = below(4) == 0 ? CODEC_LZ4 : CODEC_NONE };
	struct log_append_info info;
	struct arena arena;
	struct batch b;
	struct buf *buf;
	int r;

	if (below(2)) {
		spec.producer_id = PID;
		spec.sequence = next_sequence() < 0 ? 100 : next_sequence();
	}
	if (below(20) == 0)
		m.epoch++;
	buf = batch_of(&spec);
	assert_int_equal(0, batch_parse(buf->data, buf->len, &b));
	arena_init(&arena, 0);
	r = log_append_as_leader(f.log, buf->data, buf->len, m.epoch, APPEND_CLIENT, 9, &arena, &info);
	MUST(r == 0);
	MUST(!info.duplicate);
	MUST(info.first_offset == m.end);
	MUST(info.last_offset == m.end + spec.records - 1);
	m.v = grow_array(m.v, &m.cap, m.n + 1, sizeof(*m.v));
	m.v[m.n++] = (struct entry){ info.first_offset, info.last_offset, b.crc, spec.producer_id ? spec.sequence : -1,
		m.epoch };
	m.end = info.last_offset + 1;
	arena_fini(&arena);
	buf_unref(buf);
}

static void do_truncate(void)
{
	/* At the start of a batch, as leader epochs have it: a batch cut in the middle would leave a gap in the offsets,
	 * which recovery takes for a loss. */
	size_t back = (size_t)below(below(15) == 0 ? (int64_t)m.n + 1 : MIN((int64_t)m.n, 10) + 1);
	int64_t to = back == 0 ? m.end : m.v[m.n - back].first;

	MUST(log_truncate_to(f.log, to) == 0);
	drop_from(to);
	m.end = MIN(m.end, to);
	m.start = MIN(m.start, m.end);
	m.hw = MAX(MIN(m.hw, m.end), m.start);
}

static void do_restart_at(void)
{
	int64_t to = below(2) ? m.end + below(100) : below(m.end + 1);

	MUST(log_truncate_fully_and_start_at(f.log, to) == 0);
	m.n = 0;
	m.start = m.end = m.hw = to;
}

static void do_high_watermark(void)
{
	int64_t hw = m.hw + below(m.end - m.hw + 1);

	(void)log_set_high_watermark(f.log, hw);
	m.hw = hw;
}

static void do_delete_records(void)
{
	int64_t to = m.start + below(m.hw - m.start + 1);

	MUST(log_advance_start_offset(f.log, to) == 0);
	m.start = to;
}

static void do_retention(void)
{
	f.config->retention_bytes = below(2) ? -1 : 500 + below(20000);
	MUST(log_apply_retention(f.log) >= 0);
	MUST(log_start_offset(f.log) >= m.start);
	MUST(log_start_offset(f.log) <= m.hw);
	m.start = log_start_offset(f.log);
}

static void do_background(void)
{
	log_fixture_run(&f, below(3) ? 300 : 70000);
	MUST(f.failures == 0);
}

/* What a restart may do to the offsets: the log end comes from the data, so an offset gap at the end closes. */
static void after_restart(int64_t at_least)
{
	int64_t end;

	m.end = log_end_offset(f.log);
	end = m.n > 0 ? data_end() : m.end;
	MUST(m.end >= at_least);
	MUST(m.end >= end || m.n == 0);
	m.start = MAX(log_start_offset(f.log), 0);
	MUST(m.start <= m.end);
	m.hw = log_high_watermark(f.log);
	MUST(m.hw == m.start);
	(void)log_set_high_watermark(f.log, m.end);
	m.hw = m.end;
}

static void do_clean_restart(void)
{
	int64_t start = m.start, end = data_end();

	(void)log_fixture_reopen_clean(&f);
	after_restart(end);
	MUST(m.start == start || m.n == 0);
}

static void do_crash(void)
{
	int64_t recovery_point = log_recovery_point(f.log), safe = -1, end;

	for (size_t i = 0; i < m.n; i++) {
		if (m.v[i].last < recovery_point)
			safe = m.v[i].last + 1;
	}
	log_close_dirty(f.log);
	lossy_fs_crash(&rng);
	(void)log_fixture_reopen_dirty(&f, below(3) ? -1 : below(recovery_point + 1));
	end = log_end_offset(f.log);
	drop_from(end);
	after_restart(safe);
	if (m.epoch > log_latest_epoch(f.log) && log_latest_epoch(f.log) >= 0)
		m.epoch = log_latest_epoch(f.log);
}

static void do_resend(void)
{
	/* The last batch of the producer again: bytes as they are in the log. */
	for (size_t i = m.n; i-- > 0;) {
		struct log_append_info info;
		struct batch_spec spec = { .producer_id = PID, .sequence = m.v[i].sequence,
			.records = (int)(m.v[i].last - m.v[i].first + 1) };

		if (m.v[i].sequence < 0)
			continue;
		if (m.v[i].first < m.start)
			return; /* deleted: the producer may be forgotten */
		MUST(append_from(f.log, batch_of(&spec), APPEND_CLIENT, &info) == 0);
		MUST(info.duplicate);
		MUST(info.first_offset == m.v[i].first);
		return;
	}
}

static void do_flush(void)
{
	MUST(log_flush(f.log) == 0);
	MUST(log_recovery_point(f.log) >= m.end);
}

static const struct {
	const char *name;
	void (*run)(void);
	int weight;
} steps[] = {
	{ "append", do_append, 60 },
	{ "truncate", do_truncate, 3 },
	{ "restart at", do_restart_at, 1 },
	{ "high watermark", do_high_watermark, 8 },
	{ "delete records", do_delete_records, 2 },
	{ "retention", do_retention, 2 },
	{ "background", do_background, 5 },
	{ "clean restart", do_clean_restart, 2 },
	{ "crash", do_crash, 3 },
	{ "resend", do_resend, 4 },
	{ "flush", do_flush, 2 },
};

/* --- comparison --- */

static size_t find_entry(int64_t offset)
{
	size_t i = 0;

	while (i < m.n && m.v[i].last < offset)
		i++;
	return i;
}

/* What a read at `offset` gives must be the model's batches from there on. */
static int64_t compare_read(int64_t offset, enum fetch_isolation isolation, int64_t bound)
{
	struct buf *buf = read_at(f.log, offset, (size_t)(200 + below(5000)), isolation, 0);
	size_t i = find_entry(offset), pos = 0;
	struct batch b;

	while (batch_next(buf->data, buf->len, &pos, &b) == 0) {
		MUST(i < m.n);
		MUST(b.base_offset == m.v[i].first);
		MUST(b.last_offset == m.v[i].last);
		MUST(b.crc == m.v[i].crc);
		MUST(b.last_offset < bound);
		MUST(batch_crc_ok(&b));
		offset = m.v[i].last + 1;
		i++;
	}
	/* an empty answer only where nothing whole lies below the bound */
	if (pos == 0)
		MUST(i == m.n || m.v[i].last >= bound);
	buf_unref(buf);
	return pos == 0 ? INT64_MAX : offset;
}

static void compare(bool all)
{
	MUST(log_end_offset(f.log) == m.end);
	MUST(log_start_offset(f.log) == m.start);
	MUST(log_high_watermark(f.log) == m.hw);
	if (all) {
		for (int64_t offset = m.start; offset < m.end;)
			offset = compare_read(offset, FETCH_LOG_END, m.end);
		return;
	}
	(void)compare_read(m.start + below(m.end - m.start + 1), FETCH_LOG_END, m.end);
	(void)compare_read(m.start + below(m.hw - m.start + 1), FETCH_HIGH_WATERMARK, m.hw);
}

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
		compare(strcmp(doing, "crash") == 0 || strcmp(doing, "clean restart") == 0);
		return;
	}
}

static void run(uint64_t with_seed, int n)
{
	seed = with_seed;
	rng_init(&rng, seed);
	memset(&m, 0, sizeof(m));
	log_fixture_init(&f);
	f.config->segment_bytes = 800 + (int32_t)below(3000);
	f.config->index_interval_bytes = (int32_t)below(400);
	f.config->segment_index_bytes = below(3) ? 4096 : 60;
	f.config->preallocate = below(4) == 0;
	f.config->file_delete_delay_ms = 60000;
	f.config->flush_messages = below(3) ? INT64_MAX : 1 + below(20);
	f.args.producer_id_expiration_ms = 0;
	lossy_fs_install();
	(void)log_fixture_open(&f);
	for (step = 0; step < n; step++)
		one_step();
	lossy_fs_remove();
	log_fixture_fini(&f);
	free(m.v);
}

static void a_log_is_an_array_of_batches(void **state)
{
	const char *given = getenv("MODEL_SEED"), *steps_given = getenv("MODEL_STEPS");
	int n = steps_given ? atoi(steps_given) : 400;

	(void)state;
	if (given) {
		run(strtoull(given, NULL, 10), n);
		return;
	}
	for (uint64_t i = 1; i <= 12; i++)
		run(i, n);
	run(random_u64(), n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_is_an_array_of_batches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
