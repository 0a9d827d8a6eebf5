/* producer_snapshots.c - <offset>.snapshot: producer state on disk (storage.md 2.5, 6.7). */
#define LOG_CLASS "org.apache.kafka.storage.internals.log.ProducerStateManager"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crc32c.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/file.h"
#include "base/logger.h"
#include "storage/producers_priv.h"
#include "storage/replica_dir.h"

#define EXT	     ".snapshot"
#define VERSION	     1
#define HEADER_SIZE  10u
#define ENTRY_SIZE   46u
#define CRC_AT	     2u
#define COUNT_AT     6u
#define SIZE_MAX_OK  (1u << 30) /* 23 million producers; more is damage */

/* --- the list of files --- */

static size_t index_of(const struct producers *p, int64_t offset)
{
	size_t i = 0;

	while (i < p->snapshots_n && p->snapshots[i] < offset)
		i++;
	return i;
}

static void list_add(struct producers *p, int64_t offset)
{
	size_t i = index_of(p, offset);

	if (i < p->snapshots_n && p->snapshots[i] == offset)
		return;
	p->snapshots = grow_array(p->snapshots, &p->snapshots_cap, p->snapshots_n + 1, sizeof(*p->snapshots));
	memmove(p->snapshots + i + 1, p->snapshots + i, (p->snapshots_n - i) * sizeof(*p->snapshots));
	p->snapshots[i] = offset;
	p->snapshots_n++;
}

static void list_drop(struct producers *p, size_t i)
{
	p->snapshots_n--;
	memmove(p->snapshots + i, p->snapshots + i + 1, (p->snapshots_n - i) * sizeof(*p->snapshots));
}

static int delete_at(struct producers *p, size_t i)
{
	CLEANUP(freep) char *path = replica_dir_file(p->dir, p->snapshots[i], EXT, "");
	int r = fs_unlink(path);

	if (r < 0)
		return FAIL(r);
	list_drop(p, i);
	return 0;
}

int producers_scan(struct producers *p)
{
	DIR *dir = opendir(replica_dir_path(p->dir));
	const struct dirent *d;
	int64_t offset;

	if (!dir)
		return FAIL(-errno);
	p->snapshots_n = 0;
	while ((d = readdir(dir))) {
		size_t n = strlen(d->d_name);

		if (n > sizeof(EXT) - 1 && strcmp(d->d_name + n - (sizeof(EXT) - 1), EXT) == 0 &&
		    replica_file_offset(d->d_name, &offset))
			list_add(p, offset);
	}
	(void)closedir(dir);
	return 0;
}

int64_t producers_latest_snapshot(const struct producers *p)
{
	return p->snapshots_n > 0 ? p->snapshots[p->snapshots_n - 1] : -1;
}

static bool has(const int64_t *v, size_t n, int64_t x)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i] == x)
			return true;
	}
	return false;
}

int producers_remove_strays(struct producers *p, const int64_t *bases, size_t n)
{
	int64_t largest_base = -1, largest_stray = -1;
	int r;

	for (size_t i = 0; i < n; i++)
		largest_base = MAX(largest_base, bases[i]);
	for (size_t i = 0; i < p->snapshots_n; i++) {
		if (!has(bases, n, p->snapshots[i]))
			largest_stray = p->snapshots[i];
	}
	for (size_t i = p->snapshots_n; i-- > 0;) {
		int64_t offset = p->snapshots[i];

		if (has(bases, n, offset) || (offset == largest_stray && offset >= largest_base))
			continue;
		r = delete_at(p, i);
		if (r < 0)
			return FAIL(r);
	}
	return 0;
}

int producers_doom_snapshot(struct producers *p, int64_t offset, bool *ret)
{
	CLEANUP(freep) char *from = NULL;
	CLEANUP(freep) char *to = NULL;
	size_t i = index_of(p, offset);
	int r;

	*ret = false;
	if (i == p->snapshots_n || p->snapshots[i] != offset)
		return 0;
	list_drop(p, i);
	from = replica_dir_file(p->dir, offset, EXT, "");
	to = replica_dir_file(p->dir, offset, EXT, SUFFIX_DELETED);
	r = fs_rename(from, to);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return FAIL(r);
	*ret = true;
	return 0;
}

/* --- bytes --- */

static void put(uint8_t **out, uint64_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		*(*out)++ = (uint8_t)(v >> (8 * i));
}

static void encode_entry(const struct producer *pr, uint8_t **out)
{
	const struct producer_state *s = &pr->state;
	const struct producer_batch none = { -1, 0, -1, -1 };
	const struct producer_batch *last = s->n > 0 ? &s->batches[s->n - 1] : &none;

	put(out, (uint64_t)pr->id, 8);
	put(out, (uint16_t)s->epoch, 2);
	put(out, (uint32_t)last->last_sequence, 4);
	put(out, (uint64_t)last->last_offset, 8);
	put(out, (uint32_t)last->offset_delta, 4);
	put(out, (uint64_t)s->last_timestamp, 8);
	put(out, (uint32_t)s->coordinator_epoch, 4);
	put(out, (uint64_t)s->txn_first_offset, 8);
}

static uint8_t *encode(const struct producers *p, size_t *ret_size)
{
	struct producer *pr, *tmp;
	size_t count = producers_count(p), size = HEADER_SIZE + count * ENTRY_SIZE;
	uint8_t *buf = xmalloc(size), *at = buf;

	put(&at, VERSION, 2);
	put(&at, 0, 4);
	put(&at, count, 4);
	HASH_ITER(hh, p->table, pr, tmp)
		encode_entry(pr, &at);
	at = buf + CRC_AT;
	put(&at, crc32c(0, buf + COUNT_AT, size - COUNT_AT), 4);
	*ret_size = size;
	return buf;
}

int producers_snapshot(struct producers *p, bool sync)
{
	CLEANUP(freep) char *path = NULL;
	CLEANUP(freep) uint8_t *bytes = NULL;
	CLEANUP(file_unrefp) struct file *f = NULL;
	size_t size;
	int r;

	if (p->map_end <= p->last_snapshot)
		return 0;
	path = replica_dir_file(p->dir, p->map_end, EXT, "");
	bytes = encode(p, &size);
	/* Truncated, unlike in Kafka: a rest of a longer file would break the checksum (storage.md 2.5). */
	r = file_open(path, O_RDWR | O_CREAT | O_TRUNC, 0644, &f);
	if (r == 0)
		r = file_write_full(f, bytes, size, 0);
	if (r == 0 && sync)
		r = file_sync(f);
	if (r < 0)
		return FAIL(r);
	list_add(p, p->map_end);
	p->last_snapshot = p->map_end;
	return 0;
}

static int64_t decode_entry(struct cursor *c, struct producer_state *s)
{
	struct producer_batch b;
	int64_t id = cur_i64(c), txn;

	*s = PRODUCER_STATE_NONE;
	s->epoch = cur_i16(c);
	b.last_sequence = cur_i32(c);
	b.last_offset = cur_i64(c);
	b.offset_delta = cur_i32(c);
	s->last_timestamp = b.timestamp = cur_i64(c);
	s->coordinator_epoch = cur_i32(c);
	txn = cur_i64(c);
	s->txn_first_offset = txn >= 0 ? txn : -1;
	if (b.last_offset >= 0) {
		if (b.offset_delta < 0 || b.offset_delta > b.last_offset)
			c->bad = true;
		s->batches[s->n++] = b;
	}
	return id;
}

/* Adds the producers of the file. -EBADMSG: damaged; some may have been added. */
static int load_file(struct producers *p, int64_t offset, int64_t now_ms)
{
	CLEANUP(freep) char *path = replica_dir_file(p->dir, offset, EXT, "");
	CLEANUP(freep) char *bytes = NULL;
	struct producer_state s;
	struct cursor c;
	uint32_t crc, n;
	size_t size;
	int r = fs_read_file(path, SIZE_MAX_OK, &bytes, &size);

	if (r == -EFBIG)
		return -EBADMSG;
	if (r < 0)
		return FAIL(r);
	c = cur_of(bytes, size);
	if (cur_u16(&c) != VERSION)
		return -EBADMSG;
	crc = cur_u32(&c);
	n = cur_u32(&c);
	if (c.bad || crc != crc32c(0, bytes + COUNT_AT, size - COUNT_AT) || n > cur_left(&c) / ENTRY_SIZE)
		return -EBADMSG;
	for (uint32_t i = 0; i < n; i++) {
		int64_t id = decode_entry(&c, &s);
		struct producer *pr;

		if (c.bad)
			return -EBADMSG;
		if (producers_expired(p, &s, now_ms))
			continue;
		pr = producers_add(p, id);
		if (pr->state.txn_first_offset >= 0)
			return -EBADMSG; /* a producer is there once */
		pr->state = s;
		if (s.txn_first_offset >= 0)
			producers_insert_txn(&p->ongoing, id, s.txn_first_offset, -1);
	}
	return 0;
}

/* The newest snapshot that is whole; damaged ones are deleted. */
static int load_latest(struct producers *p, int64_t start, int64_t now_ms)
{
	int r;

	while (p->snapshots_n > 0) {
		int64_t offset = producers_latest_snapshot(p);

		r = load_file(p, offset, now_ms);
		if (r == 0) {
			p->map_end = p->last_snapshot = offset;
			return 0;
		}
		if (r != -EBADMSG && r != -ENOENT)
			return FAIL(r);
		log_warn("partition %s: deleting a damaged producer snapshot offset=%" PRId64, p->label, offset);
		producers_clear(p);
		r = delete_at(p, p->snapshots_n - 1);
		if (r < 0)
			return FAIL(r);
	}
	p->map_end = p->last_snapshot = start;
	return 0;
}

void producers_on_start_offset(struct producers *p, int64_t start)
{
	producers_on_high_watermark(p, start);
	p->map_end = MAX(p->map_end, start);
	p->last_snapshot = p->snapshots_n > 0 ? producers_latest_snapshot(p) : start;
}

int producers_truncate(struct producers *p, int64_t start, int64_t end, int64_t now_ms)
{
	int r;

	for (size_t i = p->snapshots_n; i-- > 0;) {
		if (p->snapshots[i] <= end && p->snapshots[i] > start)
			continue;
		r = delete_at(p, i);
		if (r < 0)
			return FAIL(r);
	}
	if (end == p->map_end) {
		producers_on_start_offset(p, start);
		return 0;
	}
	producers_clear(p);
	r = load_latest(p, start, now_ms);
	return r < 0 ? FAIL(r) : 0;
}

int producers_reset(struct producers *p, int64_t offset)
{
	int r;

	producers_clear(p);
	while (p->snapshots_n > 0) {
		r = delete_at(p, p->snapshots_n - 1);
		if (r < 0)
			return FAIL(r);
	}
	p->last_snapshot = 0;
	p->map_end = offset;
	return 0;
}
