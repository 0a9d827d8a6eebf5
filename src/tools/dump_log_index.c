/* dump_log_index.c - .index and .timeindex files, compared with the segment that they belong to. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cursor.h"
#include "base/file.h"
#include "protocol/errors.h"
#include "record/reader.h"
#include "storage/batch_walk.h"
#include "tools/dump_log_priv.h"
#include "tools/java_exception.h"

#define OFFSET_ENTRY 8u
#define TIME_ENTRY 12u
#define WINDOW_ENTRIES 1024
#define CORRUPT "org.apache.kafka.storage.internals.log.CorruptIndexException"

/* An index as a row of entries. */
struct index_rows {
	struct file *file;
	int64_t size, base, n;
	uint32_t entry_size;
	uint8_t window[WINDOW_ENTRIES * TIME_ENTRY];
	int64_t window_at, window_n; /* entries in the window */
};

struct index_entry {
	int64_t offset, timestamp, position;
};

static int open_rows(const char *path, int64_t base, uint32_t entry_size, struct index_rows *ret)
{
	int exit_code = dump_open(path, &ret->file, &ret->size);

	ret->base = base;
	ret->entry_size = entry_size;
	ret->n = exit_code ? 0 : ret->size / entry_size;
	ret->window_at = ret->window_n = 0;
	return exit_code;
}

static int load_window(struct index_rows *x, int64_t i)
{
	int64_t n = MIN(x->n - i, WINDOW_ENTRIES);

	x->window_n = 0;
	x->window_at = i;
	if (file_read_full(x->file, x->window, (size_t)n * x->entry_size, i * x->entry_size) < 0)
		return -1;
	x->window_n = n;
	return 0;
}

/* Entry i < n; what a file that shrinks meanwhile no longer has reads as zeros, as in a mapping of it. */
static struct index_entry entry_at(struct index_rows *x, int64_t i)
{
	struct index_entry e = {0, 0, 0};
	struct cursor c;

	if (i < x->window_at || i >= x->window_at + x->window_n)
		if (load_window(x, i) < 0)
			return (struct index_entry){x->base, 0, 0};
	c = cur_of(x->window + (i - x->window_at) * x->entry_size, x->entry_size);
	if (x->entry_size == TIME_ENTRY)
		e.timestamp = cur_i64(&c);
	e.offset = (int64_t)((uint64_t)x->base + (uint64_t)(int64_t)cur_i32(&c));
	if (x->entry_size == OFFSET_ENTRY)
		e.position = cur_i32(&c);
	return e;
}

/* --- .index --- */

static int check_offset_index(const struct dump_file *f, struct index_rows *x)
{
	int64_t last = entry_at(x, x->n - 1).offset;

	if (last < x->base)
		return java_exception(CORRUPT,
			"Corrupt index found, index file %s has non-zero size but the last offset is %" PRId64
			" which is less than the base offset %" PRId64,
			f->absolute, last, x->base);
	if (x->size % OFFSET_ENTRY)
		return java_exception(CORRUPT,
			"Index file %s is corrupt, found %" PRId64
			" bytes which is neither positive nor a multiple of 8",
			f->absolute, x->size);
	printf("%s passed sanity check.\n", f->path);
	return 0;
}

/* A slice of Kafka's FileRecords must begin within the file. */
static int check_position(const char *path, int64_t size, int64_t position)
{
	if (position >= 0 && position <= size)
		return 0;
	return java_exception("java.lang.IllegalArgumentException",
		position < 0 ? "Invalid position: %" PRId64 " in read from FileRecords(size=%" PRId64
			       ", file=%s, start=0, end=2147483647)"
			     : "Slice from position %" PRId64 " exceeds end position of FileRecords(size=%" PRId64
			       ", file=%s, start=0, end=2147483647)",
		position, size, path);
}

/* The last offset of the batch at a position. */
static int offset_at(struct file *log, const char *path, int64_t size, int64_t position, int64_t length, int64_t *ret)
{
	struct batch_walk w;
	int r;

	if (check_position(path, size, position))
		return 1;
	batch_walk_init(&w, log, position, MIN(size, position + length), WALK_HEADERS);
	r = batch_walk_next(&w);
	*ret = w.batch.last_offset;
	batch_walk_fini(&w);
	if (r == BATCH_PARTIAL)
		return java_exception("java.util.NoSuchElementException", NULL);
	return r ? dump_batch_exception(r, log, path, position) : 0;
}

static int compare_offset_index(
	struct dump *d, const struct dump_file *f, struct index_rows *x, struct file *log, int64_t log_size)
{
	CLEANUP(freep) char *log_path = dump_sibling(f, ".log");
	int64_t max = 0;

	if (options_number(&d->options, DUMP_MAX_MESSAGE_SIZE, &max)) {
		fprintf(stderr, "%s\n", d->options.error);
		return 1;
	}
	if (max < 0)
		return java_exception("java.lang.IllegalArgumentException", "Invalid size: %" PRId64, max);
	for (int64_t i = 0; i < x->n; i++) {
		struct index_entry e = entry_at(x, i);
		int64_t offset;
		int exit_code;

		if (e.offset == x->base && i > 0)
			return 0; /* the zeros of a file that was not cut to its entries */
		exit_code = offset_at(log, log_path, log_size, e.position, max, &offset);
		if (exit_code)
			return exit_code;
		if (offset != e.offset)
			findings_add(&d->mismatches, f->absolute, e.offset, offset);
		if (!d->verify_only)
			printf("offset: %" PRId64 " position: %" PRId64 "\n", e.offset, e.position);
	}
	return 0;
}

static int dump_offset_rows(
	struct dump *d, const struct dump_file *f, struct index_rows *x, struct file *log, int64_t log_size)
{
	if (x->n == 0) {
		printf("%s is empty.\n", f->path);
		return 0;
	}
	return d->sanity_only ? check_offset_index(f, x) : compare_offset_index(d, f, x, log, log_size);
}

int dump_offset_index(struct dump *d, const struct dump_file *f)
{
	CLEANUP(freep) char *log_path = dump_sibling(f, ".log");
	CLEANUP(file_unrefp) struct file *log = NULL;
	CLEANUP(freep) struct index_rows *x = xcalloc(1, sizeof(*x));
	int64_t base, log_size;
	int exit_code = dump_base_offset(f->name, &base);

	if (!exit_code)
		exit_code = dump_open_records(log_path, &log, &log_size);
	if (!exit_code)
		exit_code = open_rows(f->path, base, OFFSET_ENTRY, x);
	if (!exit_code)
		exit_code = dump_offset_rows(d, f, x, log, log_size);
	file_unref(x->file);
	return exit_code;
}

/* --- .timeindex --- */

static int check_time_index(const struct dump_file *f, struct index_rows *x)
{
	struct index_entry first = {.offset = x->base}, last = first;

	if (x->n > 0) {
		first = entry_at(x, 0);
		last = entry_at(x, x->n - 1);
	}
	if (last.timestamp < first.timestamp)
		return java_exception(CORRUPT,
			"Corrupt time index found, time index file (%s) has non-zero size but the last timestamp "
			"is %" PRId64 " which is less than the first timestamp %" PRId64,
			f->absolute, last.timestamp, first.timestamp);
	if (last.offset < x->base)
		return java_exception(CORRUPT,
			"Corrupt time index found, time index file (%s) has non-zero size but the last offset is "
			"%" PRId64 " which is less than the first offset %" PRId64,
			f->absolute, last.offset, x->base);
	if (x->size % TIME_ENTRY)
		return java_exception(CORRUPT,
			"Time index file %s is corrupt, found %" PRId64
			" bytes which is neither positive nor a multiple of 12",
			f->absolute, x->size);
	printf("%s passed sanity check.\n", f->path);
	return 0;
}

/* Where a look-up of the offset begins to read: the position of the largest entry that is not above it. */
static int64_t position_of(struct index_rows *offsets, int64_t offset)
{
	int64_t low = -1, high = offsets->n - 1;

	while (low < high) {
		int64_t middle = (low + high + 1) / 2;

		if (entry_at(offsets, middle).offset <= offset)
			low = middle;
		else
			high = middle - 1;
	}
	return low < 0 ? 0 : entry_at(offsets, low).position;
}

/* The largest timestamp of a batch's records. */
static int max_timestamp(struct batch_walk *w, const char *path, int64_t *ret)
{
	static const struct reader_limits limits = {.record = 256u << 20};
	struct record_reader reader;
	struct record rec;
	int r = batch_walk_load(w);

	if (r < 0)
		return java_file_exception(r, path);
	*ret = NO_TIMESTAMP;
	r = record_reader_init(&reader, &w->batch, &limits, true);
	if (r == 0) {
		while ((r = record_reader_next(&reader, &rec)) == 0)
			*ret = MAX(*ret, rec.timestamp);
		record_reader_fini(&reader);
	}
	return r == RECORDS_END ? 0 : dump_record_exception(r, &w->batch);
}

struct time_check {
	struct dump *d;
	const struct dump_file *f;
	struct index_rows *times, *offsets;
	struct file *log;
	const char *log_path;
	int64_t log_size, previous;
};

/* What the records say about an entry. `w` stands at its batch. */
static int compare_time(struct time_check *t, struct batch_walk *w, struct index_entry e)
{
	int64_t timestamp = NO_TIMESTAMP;

	if (w->batch.last_offset != e.offset) {
		findings_add(&t->d->not_found, t->f->absolute, e.offset, w->batch.last_offset);
		return 0;
	}
	if (max_timestamp(w, t->log_path, &timestamp))
		return 1;
	if (timestamp != e.timestamp)
		findings_add(&t->d->time_mismatches, t->f->absolute, e.timestamp, timestamp);
	if (t->previous >= e.timestamp)
		findings_add(&t->d->out_of_order, t->f->absolute, e.timestamp, t->previous);
	return 0;
}

static int check_time(struct time_check *t, struct index_entry e)
{
	int64_t position = position_of(t->offsets, e.offset);
	struct batch_walk w;
	int r, exit_code;

	if (check_position(t->log_path, t->log_size, position))
		return 1;
	batch_walk_init(&w, t->log, position, t->log_size, WALK_HEADERS);
	do
		r = batch_walk_next(&w);
	while (r == 0 && w.batch.last_offset < e.offset);
	if (r == 0) {
		exit_code = compare_time(t, &w, e);
	} else if (r == BATCH_PARTIAL) {
		findings_add(&t->d->not_found, t->f->absolute, e.offset, -1);
		exit_code = 0;
	} else {
		exit_code = dump_batch_exception(r, t->log, t->log_path, w.next);
	}
	batch_walk_fini(&w);
	return exit_code;
}

static int compare_time_index(struct time_check *t)
{
	t->previous = NO_TIMESTAMP;
	for (int64_t i = 0; i < t->times->n; i++) {
		struct index_entry e = entry_at(t->times, i);

		if (e.offset == t->times->base && i > 0)
			return 0;
		if (check_time(t, e))
			return 1;
		if (!t->d->verify_only)
			printf("timestamp: %" PRId64 " offset: %" PRId64 "\n", e.timestamp, e.offset);
		t->previous = e.timestamp;
	}
	return 0;
}

int dump_time_index(struct dump *d, const struct dump_file *f)
{
	CLEANUP(freep) char *log_path = dump_sibling(f, ".log");
	CLEANUP(freep) char *index_path = dump_sibling(f, ".index");
	CLEANUP(file_unrefp) struct file *log = NULL;
	CLEANUP(freep) struct index_rows *times = xcalloc(1, sizeof(*times));
	CLEANUP(freep) struct index_rows *offsets = xcalloc(1, sizeof(*offsets));
	struct time_check t = {.d = d, .f = f, .times = times, .offsets = offsets, .log_path = log_path};
	int64_t base;
	int exit_code = dump_base_offset(f->name, &base);

	if (!exit_code)
		exit_code = dump_open_records(log_path, &log, &t.log_size);
	if (!exit_code)
		exit_code = open_rows(index_path, base, OFFSET_ENTRY, offsets);
	if (!exit_code)
		exit_code = open_rows(f->path, base, TIME_ENTRY, times);
	t.log = log;
	if (!exit_code)
		exit_code = d->sanity_only ? check_time_index(f, times) : compare_time_index(&t);
	file_unref(times->file);
	file_unref(offsets->file);
	return exit_code;
}
