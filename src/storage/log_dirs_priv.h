/* log_dirs_priv.h - the layout of struct log_dirs, for the log_dirs_*.c files and their tests only. */
#ifndef STORAGE_LOG_DIRS_PRIV_H
#define STORAGE_LOG_DIRS_PRIV_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/list.h"
#include "base/lock.h"
#include "base/table.h"
#include "base/worker.h"
#include "storage/dir_name.h"
#include "storage/log_dirs.h"
#include "storage/meta_properties.h"

#define LOG_MANAGER_CLASS     "kafka.log.LogManager"
#define FAILURE_CHANNEL_CLASS "org.apache.kafka.storage.internals.log.LogDirFailureChannel"

struct chores;
struct cleaner_table;
struct dir_lock;
struct log;

enum dir_checkpoint {
	CHECKPOINT_RECOVERY_POINT,
	CHECKPOINT_LOG_START,
	CHECKPOINT_HIGH_WATERMARK,
	CHECKPOINT_CLEANER,
	CHECKPOINTS_N
};

/* One log directory. Lives as long as struct log_dirs. */
struct log_dir {
	char *path; /* absolute */
	dev_t dev;
	ino_t ino;
	struct dir_lock *lock; /* NULL when offline */
	struct chores *chores;
	struct meta_properties meta;
	atomic_bool online;	  /* only ever goes to false: a reader that sees true meets the failure itself */
	bool clearing, cleared;	  /* failure thread, under fail_lock: offline, logs not yet / all removed */
	bool was_clean;		  /* the marker was there at load */
	atomic_bool loaded;	  /* every log of it has been loaded */
	int logs_n;		  /* in the table and being created; under table lock */
	atomic_bool stale;	  /* a deleted log may still be in the checkpoints on disk */

	/* One writer of the checkpoint files at a time. Not a lock, since it is held over an fsync: the flag is
	 * claimed under claim_lock (RANK_LEAF), whoever finds it taken waits. */
	struct lock claim_lock;
	struct cond claim_free;
	bool claimed;
	char *written[CHECKPOINTS_N]; /* rows on disk, by the holder of the claim; NULL: not known */
	size_t written_len[CHECKPOINTS_N];
};

/* One log in the table. While busy (being created or deleted) `log` is NULL and others wait. */
struct log_entry {
	UT_hash_handle hh;
	struct log *log; /* a reference */
	struct log_dir *dir;
	bool busy;
	bool hw_live;		/* the log's own high watermark counts, not the one read at load */
	int64_t hw_checkpointed; /* -1: none */
	int64_t first_dirty;	 /* what the cleaner has to look at next; -1: everything */
	char key[];		/* "topic-partition" */
};

/* A replica directory that the start has found. */
struct found_log {
	struct log_dir *dir;
	char name[DIR_NAME_MAX + 1];
	struct dir_name parsed;
	bool replaced; /* a move had begun to put another copy in its place */
	bool held;     /* that copy may be in a directory that is offline: loaded, not served */
};

/* Where the log of a partition is to be created. */
struct preferred_dir {
	UT_hash_handle hh;
	struct log_dir *dir;
	char key[]; /* "topic-partition" */
};

/* A log whose directory is renamed and waits for removal. */
struct doomed_log {
	struct list link;
	struct log *log; /* a reference */
	struct log_dir *dir;
	int64_t due_ms; /* monotonic */
};

enum dirs_timer {
	TIMER_RETENTION,
	TIMER_FLUSH,
	TIMER_RECOVERY_POINT,
	TIMER_LOG_START,
	TIMER_HIGH_WATERMARK,
	TIMER_PRODUCERS,
	TIMER_DELETE,
	TIMERS_N
};

struct log_dirs {
	struct log_dirs_config config; /* dirs is not kept, and these four may change (log_dirs_reconfigure): */
	atomic_int recovery_threads;
	_Atomic int64_t file_delete_delay_ms, producer_id_expiration_ms;
	atomic_bool verify_transactions;
	const struct clock *clock;
	struct scheduler *scheduler;
	struct log_dir *v;
	size_t n;

	struct lock lock; /* RANK_TABLE: the tables and the doomed */
	struct cond changed;
	struct log_entry *current, *future, *held; /* held: log_dirs_replaced.c */
	struct preferred_dir *preferred; /* where logs are to be created */
	struct list doomed;
	struct cleaner_table *cleaner; /* locked in itself */

	struct lock fail_lock; /* RANK_LOG_DIR */
	struct cond fail_changed;
	bool fail_stop, fail_running;
	pthread_t fail_thread;
	bool all_offline_told;

	struct timer *timers[TIMERS_N];
};

/* log_dirs.c */
struct log_entry *log_dirs_find(struct log_entry *table, const char *key);
struct log_entry *log_dirs_add_entry(struct log_dirs *d, struct log_entry **table, const char *key,
    struct log_dir *dir);
void log_dirs_remove_entry(struct log_dirs *d, struct log_entry **table, struct log_entry *e);
/* The entry when it is at rest, NULL when there is none. Locks: table lock held, released while waiting. */
struct log_entry *log_dirs_find_idle(struct log_dirs *d, struct log_entry **table, const char *key);
/* Makes a log called `name` in a directory; a failure takes that offline. */
int log_dirs_create_in(struct log_dirs *d, struct log_dir *dir, const char *topic, int32_t partition,
    const char *name, struct log **ret) MUST_CHECK;
/* Gives a busy entry its log. False when the directory failed meanwhile: the log is closed and gone. */
bool log_dirs_publish(struct log_dirs *d, struct log_entry *e, struct log *log);
bool log_dirs_some_offline(const struct log_dirs *d);
/* 1 when there is no such log in the table; 0 | -errno. */
int log_dirs_delete_from(struct log_dirs *d, struct log_entry **table, const char *key) MUST_CHECK;
/* Renames a log that has left the table to ...-delete and queues it; takes over the reference. */
int log_dirs_rename_to_delete(struct log_dirs *d, struct log_dir *dir, struct log *log) MUST_CHECK;
/* log_dirs_move.c: the preferred directory of a log about to be created, which is forgotten; NULL: none. Locks: table
 * lock held. */
struct log_dir *log_dirs_take_preferred(struct log_dirs *d, const char *key);
void log_dirs_forget_preferred(struct log_dirs *d);
/* Queues a log for removal; takes over the reference. */
void log_dirs_doom(struct log_dirs *d, struct log_dir *dir, struct log *log);
/* References of the logs of a directory (NULL: all directories): the current ones, the future ones, or, asked for both,
 * all, with those that are held. The caller releases with log_dirs_unref_all. */
struct log **log_dirs_snapshot(struct log_dirs *d, const struct log_dir *dir, bool current, bool future,
    size_t *ret_n);
void log_dirs_unref_all(struct log **v, size_t n);

/* log_dirs_open.c */
void log_dirs_free(struct log_dirs *d);

/* log_dirs_fail.c */
int log_dirs_fail_start(struct log_dirs *d) MUST_CHECK;
void log_dirs_fail_finish(struct log_dirs *d); /* clears what failed, then ends the thread */
struct log_dir *log_dirs_dir_of(struct log_dirs *d, const char *path);
void log_dirs_on_log_failure(void *arg, const char *parent_dir, int r); /* log_open_args.on_failure */

/* log_dirs_checkpoint.c */
void log_dirs_checkpoint(struct log_dirs *d, struct log_dir *dir, enum dir_checkpoint which);
void log_dirs_checkpoint_all(struct log_dirs *d, enum dir_checkpoint which);
/* Writes recovery points and log starts without the deleted logs, where that is still to be done. */
void log_dirs_checkpoint_stale(struct log_dirs *d, struct log_dir *dir);

/* The rows of the cleaner's checkpoint are few or none: then an empty file is not written again. */
void log_dirs_cleaner_is_empty(struct log_dir *dir);

/* log_dirs_background.c */
void log_dirs_stop_timers(struct log_dirs *d);
void log_dirs_remove_doomed(struct log_dirs *d);

/* log_dirs_replaced.c: the marker of a replica directory that another one is about to replace, on disk when they return.
 * 0 | -errno; 1: there is no room for the file */
int log_dirs_mark_replaced(const char *replica_dir) MUST_CHECK;
int log_dirs_unmark_replaced(const char *replica_dir) MUST_CHECK; /* 0 also when it had none */
/* What the marker says about the directories with the name of a partition. Reorders v; a directory may go offline. */
void log_dirs_settle_replaced(struct log_dirs *d, struct found_log **v, size_t n);

/* log_dirs_load.c */
void log_dirs_close_logs(struct log_dirs *d);

#endif
