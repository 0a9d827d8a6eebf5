/* dump_log_producers.c - .snapshot and .txnindex files: the producers of a partition and their aborted transactions. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/file.h"
#include "tools/dump_log_priv.h"
#include "tools/java_exception.h"

#define WINDOW (64u << 10)

/* --- .snapshot (storage.md 2.5) --- */

#define SNAPSHOT_VERSION 1
#define SNAPSHOT_HEADER 10
#define SNAPSHOT_COUNT_AT 6
#define SNAPSHOT_ENTRY 46

static const struct {
	const char *name;
	int size;
} entry_fields[] = {{"producer_id", 8}, {"epoch", 2}, {"last_sequence", 4}, {"last_offset", 8},
	{"offset_delta", 4}, {"timestamp", 8}, {"coordinator_epoch", 4}, {"current_txn_first_offset", 8}};

#define UNDERFLOW "java.nio.BufferUnderflowException"

/* Kafka catches what is wrong with a snapshot: a line, and on to the next file. */
PRINTF(1, 2) static int bad_snapshot(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	return 0;
}

/* The field of an entry that `left` bytes do not reach. */
static int bad_entry(int64_t left)
{
	size_t i = 0;

	for (; i + 1 < ARRAY_LEN(entry_fields) && left >= entry_fields[i].size; i++)
		left -= entry_fields[i].size;
	return bad_snapshot("Snapshot failed schema validation: Error reading field 'producer_entries': Error "
			    "reading field '%s': " UNDERFLOW,
		entry_fields[i].name);
}

static int sum(struct file *f, int64_t from, int64_t end, uint32_t *ret)
{
	CLEANUP(freep) uint8_t *window = xmalloc(WINDOW);

	*ret = 0;
	for (int64_t at = from; at < end;) {
		size_t n = (size_t)MIN(end - at, WINDOW);
		int r = file_read_full(f, window, n, at);

		if (r < 0)
			return r;
		*ret = crc32c(*ret, window, n);
		at += (int64_t)n;
	}
	return 0;
}

/* DefaultRecordBatch.decrementSequence, which overflows as Java does. */
static int32_t first_sequence(int32_t last, int32_t delta)
{
	if (last < delta)
		return (int32_t)((uint32_t)INT32_MAX - ((uint32_t)delta - (uint32_t)last) + 1u);
	return (int32_t)((uint32_t)last - (uint32_t)delta);
}

static void print_producer(struct cursor *c)
{
	int64_t id = cur_i64(c);
	int epoch = cur_i16(c);
	int32_t sequence = cur_i32(c);
	int64_t offset = cur_i64(c);
	int32_t delta = cur_i32(c);
	int64_t timestamp = cur_i64(c);
	int32_t coordinator = cur_i32(c);
	int64_t txn = cur_i64(c);

	printf("producerId: %" PRId64 " producerEpoch: %d coordinatorEpoch: %" PRId32 " currentTxnFirstOffset: ", id,
		epoch, coordinator);
	if (txn >= 0)
		printf("OptionalLong[%" PRId64 "]", txn);
	else
		fputs("OptionalLong.empty", stdout);
	printf(" lastTimestamp: %" PRId64 " ", timestamp);
	if (offset >= 0)
		printf("firstSequence: %" PRId32 " lastSequence: %" PRId32 " lastOffset: %" PRId64
		       " offsetDelta: %" PRId32 " timestamp: %" PRId64,
			first_sequence(sequence, delta), sequence, offset, delta, timestamp);
	putchar('\n');
}

static int print_entries(const char *path, struct file *f, int32_t n)
{
	for (int32_t i = 0; i < n; i++) {
		uint8_t entry[SNAPSHOT_ENTRY];
		struct cursor c = cur_of(entry, sizeof(entry));
		int r = file_read_full(f, entry, sizeof(entry), SNAPSHOT_HEADER + (int64_t)i * SNAPSHOT_ENTRY);

		if (r < 0)
			return java_file_exception(r, path);
		print_producer(&c);
	}
	return 0;
}

/* The order of these checks is Kafka's: fields first, then what they say. */
static int check_snapshot(const char *path, struct file *f, int64_t size)
{
	uint8_t head[SNAPSHOT_HEADER];
	struct cursor c = cur_of(head, sizeof(head));
	int64_t left = size - SNAPSHOT_HEADER;
	uint32_t crc, computed = 0;
	int16_t version;
	int32_t n;
	int r;

	if (size < SNAPSHOT_HEADER)
		return bad_snapshot("Snapshot failed schema validation: Error reading field '%s': " UNDERFLOW,
			size < 2 ? "version" : size < SNAPSHOT_COUNT_AT ? "crc" : "producer_entries");
	r = file_read_full(f, head, sizeof(head), 0);
	if (r == 0)
		r = sum(f, SNAPSHOT_COUNT_AT, size, &computed);
	if (r < 0)
		return java_file_exception(r, path);
	version = cur_i16(&c);
	crc = cur_u32(&c);
	n = cur_i32(&c);
	if (n < 0)
		return bad_snapshot("Snapshot failed schema validation: Error reading field 'producer_entries': Array "
				    "size %" PRId32 " cannot be negative",
			n);
	if (n > left)
		return bad_snapshot("Snapshot failed schema validation: Error reading field 'producer_entries': Error "
				    "reading array of size %" PRId32 ", only %" PRId64 " bytes available",
			n, left);
	if (n > left / SNAPSHOT_ENTRY)
		return bad_entry(left % SNAPSHOT_ENTRY);
	if (version != SNAPSHOT_VERSION)
		return bad_snapshot("Snapshot contained an unknown file version %d", version);
	if (crc != computed)
		return bad_snapshot("Snapshot is corrupt (CRC is no longer valid). Stored crc: %" PRIu32
				    ". Computed crc: %" PRIu32,
			crc, computed);
	return print_entries(path, f, n);
}

int dump_producer_snapshot(const struct dump_file *f)
{
	CLEANUP(file_unrefp) struct file *file = NULL;
	int64_t size;
	int exit_code = dump_open(f->path, &file, &size);

	return exit_code ? exit_code : check_snapshot(f->path, file, size);
}

/* --- .txnindex (storage.md 2.4) --- */

#define TXN_ENTRY 34

static int read_txn(const char *path, struct file *f, int64_t i, uint8_t *entry)
{
	int r = file_read_full(f, entry, TXN_ENTRY, i * TXN_ENTRY);

	return r < 0 ? java_file_exception(r, path) : 0;
}

/* Java looks at one byte only. */
static int check_txn(const struct dump_file *f, struct file *file, int64_t i)
{
	uint8_t entry[TXN_ENTRY];

	if (read_txn(f->path, file, i, entry))
		return 1;
	if ((int8_t)entry[0] <= 0)
		return 0;
	return java_exception("org.apache.kafka.common.KafkaException",
		"Unexpected aborted transaction version %d in transaction index %s, current version is 0",
		(int8_t)entry[0], f->absolute);
}

static int print_txn(const struct dump_file *f, struct file *file, int64_t i)
{
	uint8_t entry[TXN_ENTRY];
	struct cursor c = cur_of(entry + 2, TXN_ENTRY - 2);
	int64_t id, first, last, stable;

	if (read_txn(f->path, file, i, entry))
		return 1;
	id = cur_i64(&c);
	first = cur_i64(&c);
	last = cur_i64(&c);
	stable = cur_i64(&c);
	printf("version: %d producerId: %" PRId64 " firstOffset: %" PRId64 " lastOffset: %" PRId64
	       " lastStableOffset: %" PRId64 "\n",
		(int8_t)entry[0], id, first, last, stable);
	return 0;
}

int dump_txn_index(const struct dump_file *f)
{
	CLEANUP(file_unrefp) struct file *file = NULL;
	int64_t base, size, n;
	int exit_code = dump_base_offset(f->name, &base);

	if (exit_code)
		return exit_code;
	if (!fs_exists(f->path))
		return 0; /* Kafka has such a file only where there is something in it */
	exit_code = dump_open(f->path, &file, &size);
	n = exit_code ? 0 : size / TXN_ENTRY;
	for (int64_t i = 0; i < n && !exit_code; i++)
		exit_code = check_txn(f, file, i);
	for (int64_t i = 0; i < n && !exit_code; i++)
		exit_code = print_txn(f, file, i);
	return exit_code;
}
