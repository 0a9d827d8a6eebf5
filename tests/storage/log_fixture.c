/* log_fixture.c - see log_fixture.h. */
#include "log_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/logger.h"
#include "fault_fs.h"
#include "protocol/errors.h"
#include "record/batch.h"
#include "record/builder.h"
#include "record/control.h"

static void on_failure(void *arg, const char *parent_dir, int r)
{
	struct log_fixture *f = arg;

	(void)parent_dir;
	f->failures++;
	f->last_failure = r;
}

static void quiet(enum log_level level, const char *cls, const char *msg)
{
	(void)level;
	(void)cls;
	(void)msg;
}

void log_fixture_init(struct log_fixture *f)
{
	memset(f, 0, sizeof(*f));
	if (!getenv("TEST_LOG"))
		logger_capture(quiet);
	f->parent = scratch_new();
	clock_fake_init(&f->clock, FIXTURE_NOW);
	f->chores = chores_new(&f->clock.clock, NULL);
	f->config = log_config_new();
	arena_init(&f->arena, 0);
	f->args = (struct log_open_args){
		.parent_dir = f->parent,
		.name = "t-0",
		.topic = "t",
		.clock = &f->clock.clock,
		.chores = f->chores,
		.producer_id_expiration_ms = 86400000,
		.on_failure = on_failure,
		.arg = f,
	};
}

static void drop_log(struct log_fixture *f)
{
	if (!f->log)
		return;
	log_close_dirty(f->log);
	f->log = log_unref(f->log);
}

void log_fixture_fini(struct log_fixture *f)
{
	drop_log(f);
	chores_free(f->chores);
	log_config_unref(f->config);
	arena_fini(&f->arena);
	scratch_free(f->parent);
	logger_capture(NULL);
}

struct log *log_fixture_open(struct log_fixture *f)
{
	f->args.config = f->config;
	assert_int_equal(0, log_open(&f->args, &f->log));
	return f->log;
}

/* What the checkpoints would hold. */
static void checkpoint(struct log_fixture *f)
{
	struct log_offsets o;

	log_offsets(f->log, &o);
	f->args.recovery_point = o.recovery_point;
	f->args.log_start_offset = o.start > o.first_segment ? o.start : 0;
}

/* Work that waits dies with the process. */
static void new_chores(struct log_fixture *f)
{
	chores_free(f->chores);
	f->chores = chores_new(&f->clock.clock, NULL);
	f->args.chores = f->chores;
}

void log_fixture_close_clean(struct log_fixture *f)
{
	assert_int_equal(0, log_close_clean(f->log));
	checkpoint(f);
	f->log = log_unref(f->log);
	new_chores(f);
	f->args.clean = true;
}

struct log *log_fixture_reopen_clean(struct log_fixture *f)
{
	log_fixture_close_clean(f);
	return log_fixture_open(f);
}

struct log *log_fixture_reopen_dirty(struct log_fixture *f, int64_t recovery_point)
{
	if (f->log)
		checkpoint(f);
	drop_log(f);
	new_chores(f);
	f->args.clean = false;
	if (recovery_point >= 0)
		f->args.recovery_point = recovery_point;
	return log_fixture_open(f);
}

void log_fixture_run(struct log_fixture *f, int64_t ms)
{
	clock_fake_advance(&f->clock, ms);
	while (chores_run(f->chores))
		continue;
}

/* --- batches --- */

struct buf *batch_of(const struct batch_spec *spec)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;
	CLEANUP(freep) char *value = NULL;
	struct buf *out = NULL;
	int n = spec->records ? spec->records : 1;
	int64_t ts = spec->timestamp ? spec->timestamp : FIXTURE_NOW;

	c.base_offset = spec->base_offset;
	c.leader_epoch = spec->leader_epoch;
	c.codec = (enum codec)spec->codec;
	c.transactional = spec->transactional;
	if (spec->producer_id > 0) {
		c.producer_id = spec->producer_id;
		c.producer_epoch = spec->producer_epoch;
		c.base_sequence = spec->sequence;
	}
	assert_int_equal(0, batch_builder_init(&b, &c, NULL));
	for (int i = 0; i < n; i++) {
		char key[16];
		size_t size = spec->value_size ? spec->value_size : 2;

		free(value);
		value = xmalloc(size + 16);
		memset(value, 'x', size);
		(void)snprintf(key, sizeof(key), "k%d", i);
		(void)snprintf(value, size + 16, "v%d", i);
		assert_int_equal(0, batch_builder_append(&b, spec->base_offset + i, ts + i,
					(struct bytes){ (uint8_t *)key, (int32_t)strlen(key) },
					(struct bytes){ (uint8_t *)value, (int32_t)size }, 0, BYTES_NULL));
	}
	assert_int_equal(0, batch_builder_finish(&b, &out));
	batch_builder_fini(&b);
	return out;
}

struct buf *marker_of(bool abort, int64_t offset, int64_t producer_id, int16_t epoch, int32_t coordinator_epoch)
{
	struct buf *b = NULL;

	assert_int_equal(0, control_build_marker(abort ? CONTROL_ABORT : CONTROL_COMMIT, producer_id, epoch,
				coordinator_epoch, FIXTURE_NOW, &b));
	batch_set_base_offset(b->data, offset);
	batch_set_leader_epoch(b->data, 0);
	return b;
}

static int append_as(struct log *log, struct buf *batch, int32_t leader_epoch, enum append_origin origin,
    struct log_append_info *ret)
{
	struct arena arena;
	int r;

	arena_init(&arena, 0);
	if (origin == APPEND_REPLICATION)
		r = log_append_as_follower(log, batch->data, batch->len, ret);
	else
		r = log_append_as_leader(log, batch->data, batch->len, leader_epoch, origin, 9, &arena, ret);
	ret->errors = NULL; /* they lived in the arena */
	arena_fini(&arena);
	buf_unref(batch);
	return r;
}

int append(struct log *log, struct buf *batch)
{
	struct log_append_info info;

	return append_as(log, batch, 0, APPEND_CLIENT, &info);
}

int append_epoch(struct log *log, struct buf *batch, int32_t leader_epoch)
{
	struct log_append_info info;

	return append_as(log, batch, leader_epoch, APPEND_CLIENT, &info);
}

int append_from(struct log *log, struct buf *batch, enum append_origin origin, struct log_append_info *ret)
{
	return append_as(log, batch, 0, origin, ret);
}

int append_follower(struct log *log, struct buf *batch)
{
	struct log_append_info info;

	return append_as(log, batch, 0, APPEND_REPLICATION, &info);
}

void append_many(struct log *log, int n)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(0, append(log, BATCH(0)));
}

/* --- looking --- */

struct buf *read_at(struct log *log, int64_t offset, size_t max, enum fetch_isolation isolation, int want)
{
	struct arena arena;
	struct log_slice slice;
	struct buf *b = buf_new(1);
	int r;

	assert_non_null(b);
	arena_init(&arena, 0);
	r = log_read(log, offset, max, true, isolation, &arena, &slice);
	if (r != want)
		fail_msg("read at %lld: wanted %d, got %d", (long long)offset, want, r);
	if (r == 0 && slice.len > 0) {
		assert_true(buf_reserve(b, slice.len));
		assert_int_equal(0, file_read_full(slice.file, b->data, slice.len, slice.at));
		b->len = slice.len;
	}
	log_slice_fini(&slice);
	arena_fini(&arena);
	return b;
}

/* Counts whole batches of one read; returns the offset after them. */
static int64_t walk(const struct buf *b, int64_t offset, bool first)
{
	struct batch batch;
	size_t pos = 0;

	while (batch_next(b->data, b->len, &pos, &batch) == 0) {
		assert_true(batch_crc_ok(&batch));
		if (first)
			assert_in_range(offset, batch.base_offset, batch.last_offset);
		else
			assert_int_equal(offset, batch.base_offset);
		first = false;
		offset = batch.last_offset + 1;
	}
	return offset;
}

void check_continuous(struct log *log)
{
	int64_t offset = log_start_offset(log), end = log_end_offset(log), start = offset;

	while (offset < end) {
		struct buf *b = read_at(log, offset, 1 << 16, FETCH_LOG_END, 0);
		int64_t next = walk(b, offset, offset == start);

		buf_unref(b);
		if (next <= offset)
			fail_msg("nothing to read at %lld, log end %lld", (long long)offset, (long long)end);
		offset = next;
	}
	assert_int_equal(end, offset);
}

char *replica_path(const struct log_fixture *f, const char *name)
{
	return xasprintf("%s/%s/%s", f->parent, f->args.name, name);
}

bool has_file(const struct log_fixture *f, const char *name)
{
	return file_bytes(f, name) >= 0;
}

int64_t file_bytes(const struct log_fixture *f, const char *name)
{
	CLEANUP(freep) char *path = replica_path(f, name);
	struct stat st;

	return stat(path, &st) < 0 ? -1 : (int64_t)st.st_size;
}

char *file_hex(const struct log_fixture *f, const char *name)
{
	CLEANUP(freep) char *path = replica_path(f, name);
	CLEANUP(freep) char *bytes = NULL;
	size_t len;
	char *hex;

	if (fs_read_file(path, 1 << 30, &bytes, &len) < 0)
		return NULL;
	hex = xmalloc(2 * len + 1);
	for (size_t i = 0; i < len; i++)
		(void)sprintf(hex + 2 * i, "%02x", (uint8_t)bytes[i]);
	hex[2 * len] = '\0';
	return hex;
}

void write_hex(const struct log_fixture *f, const char *name, const char *hex)
{
	CLEANUP(freep) char *path = replica_path(f, name);
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	for (; hex[0] && hex[1]; hex += 2) {
		char two[3] = { hex[0], hex[1], '\0' };

		assert_int_not_equal(EOF, fputc((int)strtol(two, NULL, 16), out));
	}
	assert_int_equal(0, fclose(out));
}
