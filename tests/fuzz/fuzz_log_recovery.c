/* fuzz_log_recovery.c - arbitrary bytes as the files of a replica directory: opening must end, in a consistent log or
 * an error, and such a log must serve reads, take an append, close and open again.
 *
 * Input: flags, checkpointed recovery point and start offset (a byte each), then files: kind, base, length (2 bytes),
 * bytes. With FIX_CRC the checksums of batches are made right, so that mutations get past them.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/logger.h"
#include "record/batch.h"
#include "record/builder.h"
#include "storage/chores.h"
#include "storage/cleaner_pass.h"
#include "storage/log.h"
#include "storage/log_cleaning.h"
#include "storage/log_config.h"
#include "storage/log_open.h"
#include "storage/offset_map.h"

#define NOW	  INT64_C(1700000000000)
#define FILES_MAX 12
#define READS_MAX 2000

enum { CLEAN = 1, COMPACT = 2, FIX_CRC = 4, HUGE_BASES = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(cond)                                                                                                    \
	do {                                                                                                           \
		if (!(cond)) {                                                                                         \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                               \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

static const char *const kinds[] = { ".log", ".index", ".timeindex", ".txnindex", ".snapshot", ".log.swap",
	".index.swap", ".log.cleaned", ".log.deleted" };

static char *parent;
static struct log_config *config;
static struct clock_fake fake_clock;
static struct file_ops ops;

static int no_sync(int fd)
{
	(void)fd;
	return 0;
}

static void quiet(enum log_level level, const char *cls, const char *msg)
{
	(void)level;
	(void)cls;
	(void)msg;
}

static void clean_up(void)
{
	(void)fs_remove_tree(parent);
	free(parent);
	log_config_unref(config);
}

static void set_up(void)
{
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	logger_capture(quiet);
	ops = file_ops_posix;
	ops.fsync = no_sync;
	file_set_ops(&ops);
	parent = xasprintf("%s/moldau-fuzz-XXXXXX", tmp);
	CHECK(mkdtemp(parent));
	config = log_config_new();
	config->segment_index_bytes = 240;
	config->index_interval_bytes = 50;
	config->segment_bytes = 2000;
	clock_fake_init(&fake_clock, NOW);
	CHECK(atexit(clean_up) == 0);
}

static void fix_crcs(uint8_t *p, size_t n)
{
	struct batch b;
	size_t at = 0;

	while (n - at > BATCH_PROBE && batch_parse_header(p + at, n - at, n - at, &b) == 0) {
		if (p[at + 16] == 2)
			batch_update_crc(p + at);
		at += b.size;
	}
}

static void write_file(const char *path, const uint8_t *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK(write(fd, p, n) == (ssize_t)n);
	(void)close(fd);
}

static void one_file(struct cursor *c, unsigned flags)
{
	unsigned kind = cur_u8(c), where = cur_u8(c);
	size_t n = MIN((size_t)cur_u16(c), cur_left(c));
	const uint8_t *p = cur_take(c, n);
	CLEANUP(freep) uint8_t *bytes = NULL;
	CLEANUP(freep) char *path = NULL;
	int64_t base = where;

	if (!p)
		return;
	if ((flags & HUGE_BASES) && where & 1)
		base = INT64_MAX - where;
	if (kind == 255)
		path = xasprintf("%s/t-0/leader-epoch-checkpoint", parent);
	else if (kind == 254)
		path = xasprintf("%s/t-0/partition.metadata", parent);
	else
		path = xasprintf("%s/t-0/%020" PRId64 "%s", parent, base, kinds[kind % ARRAY_LEN(kinds)]);
	bytes = xmalloc(n + 1);
	memcpy(bytes, p, n);
	if ((flags & FIX_CRC) && strstr(path, ".log"))
		fix_crcs(bytes, n);
	write_file(path, bytes, n);
}

static void check_log(struct log *log)
{
	int64_t start = log_start_offset(log), end = log_end_offset(log), offset = start;
	struct offset_and_timestamp ot;
	struct log_slice slice;
	struct arena arena;
	int32_t epoch;

	CHECK(start >= 0 && start <= end);
	CHECK(log_recovery_point(log) <= end);
	(void)log_set_high_watermark(log, end);
	CHECK(log_last_stable_offset(log) >= start && log_last_stable_offset(log) <= end);
	arena_init(&arena, 0);
	for (int i = 0; i < READS_MAX && offset < end; i++) {
		int r = log_read(log, offset, 100, true, i % 2 ? FETCH_COMMITTED : FETCH_LOG_END, &arena, &slice);

		CHECK(r >= 0);
		CHECK(slice.len == 0 || slice.file);
		log_slice_fini(&slice);
		offset += 1 + (end - offset) / READS_MAX;
		(void)log_bytes_available(log, offset, FETCH_COMMITTED, 1000);
	}
	arena_fini(&arena);
	for (int64_t ts = -4; ts < 3; ts++)
		CHECK(log_offset_for_timestamp(log, ts, &ot) >= 0);
	CHECK(log_offset_for_timestamp(log, NOW, &ot) >= 0);
	log_end_offset_for_epoch(log, 3, &epoch, &offset);
	CHECK(log_apply_retention(log) >= 0);
}

static void append_one(struct log *log)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct bytes value = { (const uint8_t *)"value", 5 };
	int64_t end = log_end_offset(log);
	struct log_append_info info;
	struct batch_builder b;
	struct arena arena;
	struct buf *buf;

	CHECK(batch_builder_init(&b, &c, NULL) == 0);
	CHECK(batch_builder_append(&b, 0, NOW, value, value, 0, BYTES_NULL) == 0);
	CHECK(batch_builder_finish(&b, &buf) == 0);
	batch_builder_fini(&b);
	arena_init(&arena, 0);
	if (end < INT64_MAX / 2) {
		CHECK(log_append_as_leader(log, buf->data, buf->len, 1000, APPEND_CLIENT, 9, &arena, &info) == 0);
		CHECK(info.first_offset == end && log_end_offset(log) == end + 1);
	}
	arena_fini(&arena);
	buf_unref(buf);
}

static int go_on(void *arg)
{
	(void)arg;
	return 0;
}

static int free_of_charge(void *arg, size_t bytes)
{
	(void)arg;
	(void)bytes;
	return 0;
}

/* Compacts all that is closed: damage is found, or nothing but records goes. */
static void clean(struct log *log)
{
	const struct cleaner_pass_config c = { .map_bytes = 1000 * OFFSET_MAP_ENTRY, .load_factor = 0.9,
		.buffer_bytes = 512, .max_message_bytes = 2000 };
	struct cleaner_stats stats;
	struct cleaner_pass pass;
	struct log_dirt dirt;
	int64_t end = log_end_offset(log), cleaned;
	int r;

	CHECK(log_dirt(log, -1, NOW, &dirt) == 0);
	if (dirt.cleanable_bytes == 0)
		return;
	CHECK(cleaner_pass_init(&pass, &c, &fake_clock.clock) == 0);
	pass.check = go_on;
	pass.charge = free_of_charge;
	r = cleaner_pass_run(&pass, log, &dirt, &stats, &cleaned);
	CHECK(r >= 0 || r == -ECANCELED); /* a split calls the pass off */
	CHECK(log_end_offset(log) == end);
	cleaner_pass_fini(&pass);
	check_log(log);
}

/* Opens, looks, appends, compacts, stops in order, opens again. */
static void use(struct log_open_args *args)
{
	struct log *log;
	int64_t end;
	int r;

	if (log_open(args, &log) < 0)
		return;
	check_log(log);
	append_one(log);
	(void)log_set_high_watermark(log, log_end_offset(log));
	if (config->cleanup_compact)
		clean(log);
	end = log_end_offset(log);
	CHECK(log_close_clean(log) == 0);
	args->recovery_point = log_recovery_point(log);
	args->log_start_offset = log_start_offset(log);
	args->clean = true;
	log_unref(log);
	CHECK(log_open(args, &log) == 0);
	CHECK(log_end_offset(log) == end);
	check_log(log);
	/* Damage that a clean marker covered may be met only here: then the log fails, as on a broken disk. */
	r = log_truncate_to(log, log_start_offset(log) + (end - log_start_offset(log)) / 2);
	CHECK(r == 0 || r == -EIO);
	if (r == 0)
		check_log(log);
	CHECK(log_delete_files(log) == 0);
	log_unref(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cur_of(data, size);
	unsigned flags = cur_u8(&c);
	struct log_open_args args = { .name = "t-0", .topic = "t", .clock = &fake_clock.clock };
	CLEANUP(freep) char *dir = NULL;

	if (!parent)
		set_up();
	dir = xasprintf("%s/t-0", parent);
	CHECK(mkdir(dir, 0755) == 0);
	args.parent_dir = parent;
	args.config = config;
	args.chores = chores_new(&fake_clock.clock, NULL);
	args.clean = flags & CLEAN;
	args.recovery_point = cur_u8(&c);
	args.log_start_offset = cur_u8(&c);
	config->cleanup_compact = flags & COMPACT;
	for (int i = 0; i < FILES_MAX && cur_left(&c) > 0; i++)
		one_file(&c, flags);
	use(&args);
	clock_fake_advance(&fake_clock, 60000);
	while (chores_run(args.chores))
		continue;
	chores_free(args.chores);
	CHECK(fs_remove_tree(dir) == 0);
	return 0;
}
