/* producers_priv.h - layout of producer state, for producers.c and producer_snapshots.c. */
#ifndef STORAGE_PRODUCERS_PRIV_H
#define STORAGE_PRODUCERS_PRIV_H

#include "base/list.h"
#include "base/table.h"
#include "storage/producers.h"

#define PRODUCER_BATCHES 5 /* Kafka 3.9, ProducerStateEntry.NUM_BATCHES_TO_RETAIN */

struct producer_batch {
	int32_t last_sequence;
	int32_t offset_delta; /* last - first */
	int64_t last_offset;
	int64_t timestamp;
};

/* What is copied for staging. */
struct producer_state {
	int16_t epoch;
	int8_t n; /* batches */
	int32_t coordinator_epoch;
	int64_t last_timestamp;
	int64_t txn_first_offset; /* -1: no open transaction */
	struct producer_batch batches[PRODUCER_BATCHES]; /* oldest first */
};

#define PRODUCER_STATE_NONE                                                                        \
	((struct producer_state){ .epoch = -1, .coordinator_epoch = -1, .last_timestamp = -1,      \
		.txn_first_offset = -1 })

struct staged {
	struct list link;
	struct producer *producer;
	struct producer_state state;
	bool fresh; /* the producer was not in the table before */
	bool transactional;
};

struct producer {
	int64_t id;
	struct producer_state state;
	struct staged *staged; /* NULL: none */
	UT_hash_handle hh;
};

struct txn {
	struct list link;
	int64_t producer_id, first_offset, last_offset;
};

struct txn_event {
	bool started; /* else completed */
	struct completed_txn txn;
};

struct verification {
	int64_t id;
	uint64_t guard;
	int64_t created_ms;
	int32_t lowest_sequence;
	int16_t epoch;
	UT_hash_handle hh;
};

struct producers {
	const struct replica_dir *dir;
	const char *label;
	int64_t expiration_ms;
	struct producer *table;
	struct verification *verifications;
	uint64_t last_guard;
	struct list staged, spare;
	struct list ongoing;	  /* struct txn, by first offset */
	struct list unreplicated; /* completed, marker at or above the high watermark; by first offset */
	struct txn_event *events; /* staged */
	size_t events_n, events_cap;
	struct completed_txn *completed; /* of the last commit */
	size_t completed_n, completed_cap;
	int64_t map_end, last_snapshot;
	int64_t *snapshots; /* offsets of the files, rising */
	size_t snapshots_n, snapshots_cap;
};

struct producer *producers_add(struct producers *p, int64_t id);
void producers_clear(struct producers *p);
void producers_insert_txn(struct list *txns, int64_t producer_id, int64_t first, int64_t last);
bool producers_expired(const struct producers *p, const struct producer_state *s, int64_t now_ms);

#endif
