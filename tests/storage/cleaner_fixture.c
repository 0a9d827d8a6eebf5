/* cleaner_fixture.c - see cleaner_fixture.h. */
#include "cleaner_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "record/builder.h"
#include "record/control.h"
#include "record/reader.h"
#include "storage/log_priv.h"
#include "storage/offset_map.h"

/* --- a text that grows --- */

struct text {
	char *p;
	size_t n, cap;
};

static void PRINTF(2, 3) add(struct text *t, const char *fmt, ...)
{
	char piece[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(piece, sizeof(piece), fmt, ap);
	va_end(ap);
	assert_in_range(n, 0, sizeof(piece) - 1);
	t->p = grow_array(t->p, &t->cap, t->n + (size_t)n + 2, 1);
	if (t->n > 0)
		t->p[t->n++] = ' ';
	memcpy(t->p + t->n, piece, (size_t)n + 1);
	t->n += (size_t)n;
}

static char *text_of(struct text *t)
{
	return t->p ? t->p : xstrdup("");
}

/* --- batches --- */

static struct bytes bytes_of(const char *s)
{
	return s ? (struct bytes){ (const uint8_t *)s, (int32_t)strlen(s) } : BYTES_NULL;
}

struct buf *kv_batch_of(const struct kv_batch *spec)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;
	struct buf *out = NULL;

	c.magic = spec->magic == MAGIC_0 ? 0 : spec->magic == MAGIC_1 ? 1 : 2;
	c.base_offset = spec->base_offset;
	c.leader_epoch = spec->leader_epoch;
	c.codec = (enum codec)spec->codec;
	c.transactional = spec->transactional;
	c.timestamp_type = spec->log_append_time ? TIMESTAMP_LOG_APPEND : TIMESTAMP_CREATE;
	c.log_append_time = spec->timestamp ? spec->timestamp : FIXTURE_NOW;
	if (spec->producer_id > 0) {
		c.producer_id = spec->producer_id;
		c.producer_epoch = spec->producer_epoch;
		c.base_sequence = spec->sequence;
	}
	assert_int_equal(0, batch_builder_init(&b, &c, NULL));
	for (int i = 0; i < KV_MAX && (spec->v[i].key || spec->v[i].value); i++)
		assert_int_equal(0, batch_builder_append(&b, spec->base_offset + i,
					(spec->timestamp ? spec->timestamp : FIXTURE_NOW) + i, bytes_of(spec->v[i].key),
					bytes_of(spec->v[i].value), 0, BYTES_NULL));
	assert_int_equal(0, batch_builder_finish(&b, &out));
	batch_builder_fini(&b);
	return out;
}

void cleaner_fixture_init(struct log_fixture *f)
{
	log_fixture_init(f);
	f->config->cleanup_compact = true;
	f->config->cleanup_delete = false;
	f->config->index_interval_bytes = 100;
	f->config->segment_index_bytes = 4096;
	f->config->min_cleanable_dirty_ratio = 0;
}

static void follow(struct log *log)
{
	(void)log_set_high_watermark(log, log_end_offset(log));
}

void put_batch(struct log *log, struct buf *batch)
{
	assert_int_equal(0, append(log, batch));
	follow(log);
}

void put(struct log *log, const char *key, const char *value)
{
	put_batch(log, KVS(.v = { { key, value } }));
}

void end_txn(struct log *log, bool abort, int64_t producer_id, int16_t epoch)
{
	struct log_append_info info;
	struct buf *b = NULL;

	assert_int_equal(0, control_build_marker(abort ? CONTROL_ABORT : CONTROL_COMMIT, producer_id, epoch, 1, FIXTURE_NOW,
				&b));
	assert_int_equal(0, append_from(log, b, APPEND_COORDINATOR, &info));
	follow(log);
}

void roll(struct log *log)
{
	int r;

	lock_take(&log->lock);
	r = log_roll(log, log->end);
	lock_release(&log->lock);
	assert_int_equal(0, r);
}

/* --- cleaning --- */

int (*cleaner_fixture_check)(void);

static int check(void *arg)
{
	(void)arg;
	return cleaner_fixture_check ? cleaner_fixture_check() : 0;
}

static int charge(void *arg, size_t bytes)
{
	(void)arg;
	(void)bytes;
	return 0;
}

int clean_log(struct log *log, const struct clock *clock, int64_t first_dirty, size_t keys, int64_t *end,
    struct cleaner_stats *stats)
{
	const struct cleaner_pass_config c = { .map_bytes = (keys ? keys + 1 : 10000) * OFFSET_MAP_ENTRY,
		.load_factor = 1, .buffer_bytes = 512, .max_message_bytes = 4096 };
	struct cleaner_pass pass;
	struct cleaner_stats own;
	struct log_dirt dirt;
	int r;

	assert_int_equal(0, log_dirt(log, first_dirty, clock_wall_ms(clock), &dirt));
	if (dirt.cleanable_bytes == 0)
		return NOTHING_TO_CLEAN;
	assert_int_equal(0, cleaner_pass_init(&pass, &c, clock));
	pass.check = check;
	pass.charge = charge;
	r = cleaner_pass_run(&pass, log, &dirt, stats ? stats : &own, end);
	cleaner_pass_fini(&pass);
	return r;
}

int64_t clean(struct log_fixture *f, int64_t first_dirty)
{
	int64_t end = -1;

	assert_int_equal(0, clean_log(f->log, &f->clock.clock, first_dirty, 0, &end, NULL));
	return end;
}

/* --- looking --- */

struct consumer {
	struct text text;
	const struct aborted_txn *aborted;
	int32_t aborted_n;
	int64_t *done; /* first offsets of aborted transactions that ended */
	size_t done_n, done_cap;
	int64_t next;
};

static bool is_done(const struct consumer *c, int64_t first_offset)
{
	for (size_t i = 0; i < c->done_n; i++) {
		if (c->done[i] == first_offset)
			return true;
	}
	return false;
}

/* As a client does it: from its first offset on, up to its marker. */
static const struct aborted_txn *aborted_txn_of(const struct consumer *c, const struct batch *b)
{
	for (int32_t i = 0; i < c->aborted_n; i++) {
		const struct aborted_txn *t = &c->aborted[i];

		if (t->producer_id == b->producer_id && t->first_offset <= b->last_offset && !is_done(c, t->first_offset))
			return t;
	}
	return NULL;
}

static void see_record(struct consumer *c, const struct record *rec)
{
	if (rec->value.len < 0)
		add(&c->text, "%" PRId64 ":%.*s=-", rec->offset, rec->key.len < 0 ? 1 : rec->key.len,
		    rec->key.len < 0 ? "?" : (const char *)rec->key.p);
	else
		add(&c->text, "%" PRId64 ":%.*s=%.*s", rec->offset, rec->key.len < 0 ? 1 : rec->key.len,
		    rec->key.len < 0 ? "?" : (const char *)rec->key.p, MIN(rec->value.len, 60), rec->value.p);
}

static void see_batch(struct consumer *c, const struct batch *b)
{
	const struct aborted_txn *t = b->transactional ? aborted_txn_of(c, b) : NULL;
	struct record_reader in;
	struct record rec;
	struct txn_marker m;
	int64_t from = c->next;

	assert_true(batch_crc_ok(b));
	assert_true(b->last_offset >= from);
	c->next = b->last_offset + 1;
	if (b->control) {
		if (t && b->record_count > 0 && control_parse_batch(b, &m) == 0 && m.type == CONTROL_ABORT) {
			c->done = grow_array(c->done, &c->done_cap, c->done_n + 1, sizeof(*c->done));
			c->done[c->done_n++] = t->first_offset;
		}
		return;
	}
	if (t)
		return;
	assert_int_equal(0, record_reader_init(&in, b, NULL, false));
	while (record_reader_next(&in, &rec) == 0)
		if (rec.offset >= from)
			see_record(c, &rec);
	record_reader_fini(&in);
}

/* One fetch; false at the end. */
static bool fetch(struct log *log, struct consumer *c, enum fetch_isolation isolation)
{
	struct log_slice slice;
	struct arena arena;
	struct batch b;
	uint8_t *bytes;
	size_t pos = 0;
	bool any = false;

	arena_init(&arena, 0);
	assert_int_equal(0, log_read(log, c->next, 700, true, isolation, &arena, &slice));
	bytes = xmalloc(slice.len + 1);
	if (slice.len > 0)
		assert_int_equal(0, file_read_full(slice.file, bytes, slice.len, slice.at));
	c->aborted = slice.aborted;
	c->aborted_n = slice.aborted_n;
	while (batch_next(bytes, slice.len, &pos, &b) == 0) {
		see_batch(c, &b);
		any = true;
	}
	free(bytes);
	log_slice_fini(&slice);
	arena_fini(&arena);
	return any;
}

char *records_of(struct log *log, enum fetch_isolation isolation)
{
	struct consumer c = { .next = log_start_offset(log) };

	while (fetch(log, &c, isolation))
		continue;
	free(c.done);
	return text_of(&c.text);
}

char *batches_of(struct log *log)
{
	int64_t offset = log_start_offset(log);
	struct text t = { NULL, 0, 0 };
	struct batch b;

	for (;;) {
		struct buf *buf = read_at(log, offset, 1 << 20, FETCH_LOG_END, 0);
		size_t pos = 0;
		bool any = false;

		while (batch_next(buf->data, buf->len, &pos, &b) == 0) {
			add(&t, "[%" PRId64 "-%" PRId64 " %d%s%s%s]", b.base_offset, b.last_offset, b.record_count,
			    b.transactional ? "T" : "", b.control ? "C" : "", b.has_delete_horizon ? "H" : "");
			offset = b.last_offset + 1;
			any = true;
		}
		buf_unref(buf);
		if (!any)
			return text_of(&t);
	}
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

char *files_of(const struct log_fixture *f, const char *suffix)
{
	CLEANUP(freep) char *path = replica_path(f, "");
	struct text t = { NULL, 0, 0 };
	int64_t v[256];
	size_t n = 0;
	DIR *dir = opendir(path);
	const struct dirent *d;

	assert_non_null(dir);
	while ((d = readdir(dir))) {
		size_t len = strlen(d->d_name), k = strlen(suffix);

		if (len != 20 + k || strcmp(d->d_name + 20, suffix) != 0)
			continue;
		assert_true(n < ARRAY_LEN(v));
		v[n++] = strtoll(d->d_name, NULL, 10);
	}
	(void)closedir(dir);
	qsort(v, n, sizeof(*v), by_number);
	for (size_t i = 0; i < n; i++)
		add(&t, "%" PRId64, v[i]);
	return text_of(&t);
}
