/* cleaner_txns.h - transactions while a pass walks a log: which batches were aborted, which markers may go.
 *
 * Aborted transactions are known beforehand, from the transaction indexes; all others below the last stable offset
 * were committed. A marker may go when no batch of its transaction was met: they have all been removed before.
 *
 * Owner and thread: one pass. Layer: batches; no I/O.
 * Rules: storage.md 15.5 (Kafka 3.9, CleanedTransactionMetadata).
 */
#ifndef STORAGE_CLEANER_TXNS_H
#define STORAGE_CLEANER_TXNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "storage/txn_index.h"

struct batch;
struct cleaner_aborted;
struct cleaner_committed;

struct cleaner_txns {
	struct txn_index_entry *heap; /* not reached yet; the lowest first offset on top */
	size_t heap_n, heap_cap;
	struct cleaner_aborted *aborted;     /* reached, by producer */
	struct cleaner_committed *committed; /* producers with batches since their last marker */
};

#define CLEANER_TXNS_INIT { NULL, 0, 0, NULL, NULL }

void cleaner_txns_fini(struct cleaner_txns *t);
/* One aborted transaction that reaches into what comes next; may be told again for the next segment. */
void cleaner_txns_add(struct cleaner_txns *t, const struct txn_index_entry *e);

/* The next batch, a data batch. True when its transaction was aborted. */
bool cleaner_txns_on_data(struct cleaner_txns *t, const struct batch *b);
/* The next batch, a control batch whose bytes are complete.
 *   0                    *ret_discardable; *ret_aborted_set: *ret_aborted still has batches and must stay indexed
 *   KERR_INVALID_RECORD  its key is none                                                                     */
int cleaner_txns_on_control(struct cleaner_txns *t, const struct batch *b, bool *ret_discardable,
    struct txn_index_entry *ret_aborted, bool *ret_aborted_set) MUST_CHECK;

#endif
