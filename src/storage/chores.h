/* chores.h - work on a log directory that waits: flushes after a roll, unlinking after file.delete.delay.ms.
 *
 * A chore is embedded in its owner's struct. It runs once, or is dropped once when the chores are freed first
 * (as in Kafka, pending unlinks are lost at shutdown and finished by the next start, storage.md 10.2).
 *
 * Owner: one per log directory, so that a stalled disk delays only itself (log_dirs.c); tests make their own.
 * Thread: chores_add from any (RANK_QUEUE inside); chores run one after the other, on a pool thread of the
 * scheduler or in chores_run, without a lock held.
 */
#ifndef STORAGE_CHORES_H
#define STORAGE_CHORES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct chores;
struct clock;
struct scheduler;

struct chore {
	struct list link;
	int64_t due_ms; /* monotonic */
	void (*run)(struct chore *chore);
	void (*drop)(struct chore *chore); /* frees without doing */
};

/* `scheduler` NULL: nothing runs by itself, only in chores_run (tests with a fake clock). */
struct chores *chores_new(const struct clock *clock, struct scheduler *scheduler);
/* Waits for a running chore, drops the others. Accepts NULL, returns NULL. */
struct chores *chores_free(struct chores *c);
void chores_add(struct chores *c, struct chore *chore, int64_t delay_ms);
/* Runs what is due; true when something ran. */
bool chores_run(struct chores *c);
bool chores_empty(struct chores *c);

#endif
