/* log_fixture.h - for tests: a log in a directory of its own, batches to put into it, and a clock moved by hand.
 *
 * Also for tests of the layers above: log_fixture_open gives a struct log that works on real files. Assertions inside
 * are cmocka's. Link tests/storage/log_fixture.c and fault_fs.c.
 */
#ifndef TESTS_STORAGE_LOG_FIXTURE_H
#define TESTS_STORAGE_LOG_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "storage/chores.h"
#include "storage/log.h"
#include "storage/log_config.h"
#include "storage/log_open.h"

#define FIXTURE_NOW INT64_C(1700000000000)

struct log_fixture {
	char *parent; /* the log directory, a scratch directory */
	struct clock_fake clock;
	struct chores *chores;
	struct log_config *config; /* may be changed before a log is opened */
	struct log_open_args args; /* t-0; recovery point, start offset and `clean` are set by reopen */
	struct log *log;	   /* NULL until opened */
	struct arena arena;
	int failures; /* how often on_failure was called */
	int last_failure;
};

/* A scratch directory, default configuration; nothing opened. */
void log_fixture_init(struct log_fixture *f);
void log_fixture_fini(struct log_fixture *f); /* closes dirty what is open */
/* Opens t-0, which must succeed. */
struct log *log_fixture_open(struct log_fixture *f);
/* Stops in order and opens again with the offsets a checkpoint would have. */
struct log *log_fixture_reopen_clean(struct log_fixture *f);
/* Forgets the process: closes without writing and opens as after kill -9, with the recovery point as checkpointed
 * last: `recovery_point` -1 takes the one in memory. */
struct log *log_fixture_reopen_dirty(struct log_fixture *f, int64_t recovery_point);
void log_fixture_close_clean(struct log_fixture *f);
/* Does what is due in the background `ms` from now. */
void log_fixture_run(struct log_fixture *f, int64_t ms);

/* --- batches --- */

struct batch_spec {
	int64_t base_offset;   /* 0 for a leader's append */
	int32_t leader_epoch;  /* for follower appends */
	int records;	       /* default 1 */
	int64_t timestamp;     /* of the first record, later ones one more each; 0: FIXTURE_NOW */
	size_t value_size;     /* default 2: "v0" */
	int64_t producer_id;   /* 0: none; tests number producers from 1 */
	int16_t producer_epoch;
	int32_t sequence;
	bool transactional;
	int codec;
};
struct buf *batch_of(const struct batch_spec *spec);
#define BATCH(...) batch_of(&(struct batch_spec){ __VA_ARGS__ })
/* An end-of-transaction marker at an offset. */
struct buf *marker_of(bool abort, int64_t offset, int64_t producer_id, int16_t epoch, int32_t coordinator_epoch);

/* Appends and frees the batch; the answer of log_append_as_leader with APPEND_CLIENT and leader epoch 0. */
int append(struct log *log, struct buf *batch);
int append_epoch(struct log *log, struct buf *batch, int32_t leader_epoch);
int append_from(struct log *log, struct buf *batch, enum append_origin origin, struct log_append_info *ret);
int append_follower(struct log *log, struct buf *batch);
/* n single-record batches through a leader's append. */
void append_many(struct log *log, int n);

/* --- looking --- */

/* All bytes that a read at `offset` gives, owned; fails the test unless the answer is `want`. */
struct buf *read_at(struct log *log, int64_t offset, size_t max, enum fetch_isolation isolation, int want);
/* Checks that the log holds whole batches with offsets from start to end without holes. */
void check_continuous(struct log *log);
/* A file of t-0 as hex text, owned; "" for an empty one, NULL when absent. */
char *file_hex(const struct log_fixture *f, const char *name);
void write_hex(const struct log_fixture *f, const char *name, const char *hex);
int64_t file_bytes(const struct log_fixture *f, const char *name); /* -1 absent */
/* The directory of t-0; owned. */
char *replica_path(const struct log_fixture *f, const char *name);
bool has_file(const struct log_fixture *f, const char *name);

#endif
