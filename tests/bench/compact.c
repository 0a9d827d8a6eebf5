/* compact.c - how fast, and in how much memory, a log is compacted, beside a plain copy of the same bytes.
 *
 *	compact DIR MEGABYTES [keys [value bytes [codec [dedupe megabytes]]]]
 *
 * Writes a log of random keys into DIR/t-0, compacts it as a cleaner thread with that share of
 * log.cleaner.dedupe.buffer.size would (pass after pass until it is clean), copies what was written once, and removes
 * all of it. Prints one line of JSON. The page cache is warm in both cases if memory allows; what is written is synced
 * in both.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/logger.h"
#include "base/random.h"
#include "record/builder.h"
#include "storage/chores.h"
#include "storage/cleaner_pass.h"
#include "storage/log.h"
#include "storage/log_cleaning.h"
#include "storage/log_config.h"
#include "storage/log_open.h"
#include "storage/offset_map.h"

#define BATCH	 16000 /* bytes, about what a producer sends */
#define CHUNK	 (256 << 10)
#define SEGMENT	 (256 << 20)
#define MB	 1048576.0

static struct {
	const char *dir;
	int64_t bytes;
	uint64_t keys;
	size_t value;
	enum codec codec;
	size_t dedupe;
} opt = { .keys = 1000000, .value = 100, .dedupe = (size_t)128 << 20 };

static void die(const char *what, int r)
{
	(void)fprintf(stderr, "compact: %s: %s\n", what, strerror(r < 0 ? -r : EINVAL));
	exit(1);
}

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_s(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* --- the log --- */

static struct buf *make_batch(struct rng *rng, const uint8_t *noise, size_t noise_len)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;
	struct buf *out;
	char key[32];
	int r;

	c.codec = opt.codec;
	r = batch_builder_init(&b, &c, NULL);
	for (int i = 0; r == 0 && b.uncompressed < BATCH; i++) {
		int n = snprintf(key, sizeof(key), "key-%012" PRIu64, rng_below(rng, opt.keys));
		const uint8_t *value = noise + rng_below(rng, noise_len - opt.value);

		r = batch_builder_append(&b, i, 1700000000000, (struct bytes){ (uint8_t *)key, n },
		    (struct bytes){ value, (int32_t)opt.value }, 0, BYTES_NULL);
	}
	if (r == 0)
		r = batch_builder_finish(&b, &out);
	if (r != 0)
		die("batch", r);
	batch_builder_fini(&b);
	return out;
}

static void fill(struct log *log)
{
	struct rng rng;
	struct arena arena;
	struct log_append_info info;
	size_t noise_len = (1u << 20) + opt.value;
	CLEANUP(freep) uint8_t *noise = xmalloc(noise_len);
	int64_t written = 0;

	rng_init(&rng, 1);
	for (size_t i = 0; i < noise_len; i++)
		noise[i] = (uint8_t)("abcdefghijklmnopqrstuvwxyz 0123456789"[rng_below(&rng, 37)]);
	arena_init(&arena, 0);
	while (written < opt.bytes) {
		struct buf *b = make_batch(&rng, noise, noise_len);
		int r = log_append_as_leader(log, b->data, b->len, 0, APPEND_CLIENT, 9, &arena, &info);

		if (r != 0)
			die("append", r);
		written += (int64_t)b->len;
		buf_unref(b);
	}
	arena_fini(&arena);
	(void)log_set_high_watermark(log, log_end_offset(log));
	if (log_flush(log) != 0)
		die("flush", -EIO);
}

/* --- compaction --- */

static int go_on(void *arg)
{
	(void)arg;
	return 0;
}

static int64_t moved;

static int count(void *arg, size_t bytes)
{
	(void)arg;
	moved += (int64_t)bytes;
	return 0;
}

/* How many passes it took. */
static int compact(struct log *log)
{
	const struct cleaner_pass_config c = { .map_bytes = opt.dedupe, .load_factor = 0.9, .buffer_bytes = CHUNK,
		.max_message_bytes = 1048588 };
	struct cleaner_stats stats;
	struct cleaner_pass pass;
	struct log_dirt dirt;
	int64_t end = -1;
	int n = 0, r = cleaner_pass_init(&pass, &c, &clock_real);

	pass.check = go_on;
	pass.charge = count;
	while (r == 0) {
		r = log_dirt(log, end, clock_wall_ms(&clock_real), &dirt);
		if (r != 0 || dirt.cleanable_bytes == 0)
			break;
		r = cleaner_pass_run(&pass, log, &dirt, &stats, &end);
		n++;
	}
	if (r != 0)
		die("cleaning", r);
	cleaner_pass_fini(&pass);
	return n;
}

/* --- the copy --- */

/* The first segment through a buffer into another file, as dumb as it can be done. */
static double copy(const char *from_dir)
{
	CLEANUP(freep) char *to = xasprintf("%s/copy", opt.dir);
	CLEANUP(freep) uint8_t *buf = xmalloc(CHUNK);
	CLEANUP(freep) char *from = xasprintf("%s/00000000000000000000.log", from_dir);
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	double begin = now_s();
	int64_t done = 0;
	ssize_t n;

	if (in < 0 || out < 0)
		die("copy", -errno);
	while ((n = read(in, buf, CHUNK)) > 0) {
		if (write(out, buf, (size_t)n) != n)
			die("copy", -errno);
		done += n;
	}
	if (fdatasync(out) < 0)
		die("copy", -errno);
	(void)close(in);
	(void)close(out);
	(void)unlink(to);
	return (double)done / MB / (now_s() - begin);
}

static void quiet(enum log_level level, const char *cls, const char *msg)
{
	(void)level;
	(void)cls;
	(void)msg;
}

static long peak_kb(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static void run(struct log *log)
{
	double copied, begin, cpu, took;
	int64_t records, size;
	long before;
	int passes;

	fill(log);
	records = log_end_offset(log);
	size = log_size(log);
	copied = copy(log_dir_path(log));
	before = peak_kb();
	begin = now_s();
	cpu = cpu_s();
	passes = compact(log);
	took = now_s() - begin;
	printf("{\"mb\": %.0f, \"records\": %" PRId64 ", \"keys\": %" PRIu64 ", \"value\": %zu, \"codec\": \"%s\", "
	       "\"passes\": %d, \"seconds\": %.2f, \"cpu_seconds\": %.2f, \"log_mb_per_s\": %.0f, "
	       "\"moved_mb_per_s\": %.0f, \"left_mb\": %.0f, \"copy_mb_per_s\": %.0f, \"peak_rss_mb\": %.1f, "
	       "\"peak_rss_before_mb\": %.1f}\n",
	    (double)size / MB, records, opt.keys, opt.value, codec_name(opt.codec), passes, took, cpu_s() - cpu,
	    (double)size / MB / took, (double)moved / MB / took, (double)log_size(log) / MB, copied,
	    (double)peak_kb() / 1024, (double)before / 1024);
}

int main(int argc, char **argv)
{
	struct log_open_args args = { .name = "t-0", .topic = "t", .clock = &clock_real };
	struct log *log;
	int r;

	if (argc < 3) {
		(void)fprintf(stderr, "usage: compact DIR MEGABYTES [keys [value bytes [codec [dedupe megabytes]]]]\n");
		return 2;
	}
	opt.dir = argv[1];
	opt.bytes = strtoll(argv[2], NULL, 10) << 20;
	if (argc > 3)
		opt.keys = strtoull(argv[3], NULL, 10);
	if (argc > 4)
		opt.value = strtoull(argv[4], NULL, 10);
	if (argc > 5 && !codec_of_name(str_of(argv[5]), &opt.codec))
		die("codec", -EINVAL);
	if (argc > 6)
		opt.dedupe = strtoull(argv[6], NULL, 10) << 20;
	logger_capture(quiet);
	args.parent_dir = opt.dir;
	args.config = log_config_new();
	args.config->cleanup_compact = true;
	args.config->cleanup_delete = false;
	args.config->segment_bytes = SEGMENT;
	args.config->file_delete_delay_ms = 0;
	args.chores = chores_new(&clock_real, NULL);
	r = log_open(&args, &log);
	if (r < 0)
		die(opt.dir, r);
	run(log);
	while (chores_run(args.chores))
		continue;
	r = log_delete_files(log);
	log_unref(log);
	chores_free(args.chores);
	log_config_unref(args.config);
	return r < 0;
}
