/* cleaner_fixture.h - for tests of the cleaner: a log of keyed records, passes over it by hand, and what survived.
 *
 * On top of log_fixture.h. Assertions inside are cmocka's.
 */
#ifndef TESTS_STORAGE_CLEANER_FIXTURE_H
#define TESTS_STORAGE_CLEANER_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "log_fixture.h"
#include "storage/cleaner_pass.h"
#include "storage/log_cleaning.h"

struct kv {
	const char *key;   /* NULL: none */
	const char *value; /* NULL: a tombstone */
};

#define KV_MAX 16

struct kv_batch {
	struct kv v[KV_MAX]; /* up to the first one without key and value */
	int64_t base_offset; /* of a follower's append */
	int32_t leader_epoch;
	int64_t timestamp;   /* 0: FIXTURE_NOW */
	int64_t producer_id; /* 0: none */
	int16_t producer_epoch;
	int32_t sequence;
	bool transactional;
	int codec;
	int8_t magic;	     /* 0: the current format; else minus the magic, -1 or -16 for 0 */
	bool log_append_time;
};
#define MAGIC_0 (-16)
#define MAGIC_1 (-1)
struct buf *kv_batch_of(const struct kv_batch *spec);
#define KVS(...) kv_batch_of(&(struct kv_batch){ __VA_ARGS__ })

/* Compacted, small segments rolled by hand: nothing is opened yet. */
void cleaner_fixture_init(struct log_fixture *f);

/* One record of the key, by a leader, without producer; the log's high watermark follows. */
void put(struct log *log, const char *key, const char *value);
/* Any batch by a leader; the high watermark follows. */
void put_batch(struct log *log, struct buf *batch);
void end_txn(struct log *log, bool abort, int64_t producer_id, int16_t epoch);
/* The active segment is closed and a new one begins. */
void roll(struct log *log);

/* A pass with a map for that many keys (0: plenty) over what is dirty from `first_dirty` on (-1: all). Returns the
 * answer of cleaner_pass_run, or 1000 when nothing was cleanable; *end is set on success. */
#define NOTHING_TO_CLEAN 1000
int clean_log(struct log *log, const struct clock *clock, int64_t first_dirty, size_t keys, int64_t *end,
    struct cleaner_stats *stats);
/* The usual: everything dirty is cleaned; returns the new first dirty offset. */
int64_t clean(struct log_fixture *f, int64_t first_dirty);
/* What the next pass asks before each chunk; NULL: goes on. */
extern int (*cleaner_fixture_check)(void);

/* All records as a consumer sees them, "0:a=1 2:b=- ..." (- for a tombstone, ? for a missing key), owned. */
char *records_of(struct log *log, enum fetch_isolation isolation);
#define RECORDS(log, isolation, want)                                                                                  \
	do {                                                                                                           \
		char *got_ = records_of(log, isolation);                                                               \
		assert_string_equal(want, got_);                                                                       \
		free(got_);                                                                                            \
	} while (0)
/* All batches, "[0-1 2] ..." : first offset, last offset, records; T transactional, C control, H with a horizon. */
char *batches_of(struct log *log);
#define BATCHES(log, want)                                                                                             \
	do {                                                                                                           \
		char *got_ = batches_of(log);                                                                          \
		assert_string_equal(want, got_);                                                                       \
		free(got_);                                                                                            \
	} while (0)
/* The bases of the segments on disk, "0 10 20", by the files of t-0 that end in `suffix` (".log"). */
char *files_of(const struct log_fixture *f, const char *suffix);
#define FILES(f, suffix, want)                                                                                         \
	do {                                                                                                           \
		char *got_ = files_of(f, suffix);                                                                      \
		assert_string_equal(want, got_);                                                                       \
		free(got_);                                                                                            \
	} while (0)

#endif
