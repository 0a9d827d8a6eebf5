/* oracle.h - what must be true of a cluster, looked at after every step of every broker.
 *
 * The rules, of DESIGN.md section 5:
 *   1  A record that was acknowledged with acks=all is in the log of whoever leads in the newest leader epoch.
 *   2  Below its high watermark every replica has what the first replica had whose mark passed that offset: two
 *      replicas agree below both marks, at all times and also with what was there before.
 *   3  One leader per leader epoch. Leader and controller epochs never fall: in ZooKeeper, at a broker.
 *      The high watermark of a leader never falls within its epoch.
 * They hold for elections that are clean, as long as not more than min.insync.replicas - 1 replicas of a partition lose
 * unsynced bytes between two moments at which its in-sync set was whole; faults.c keeps to that. A scenario that goes
 * further says so with oracle_forgive.
 */
#ifndef TESTS_SIM_ORACLE_H
#define TESTS_SIM_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/uuid.h"

void oracle_begin(void);
void oracle_broker_gone(int id);

/* A producer was told that its records are at [base, base + n) of the partition. */
void oracle_acknowledged(struct uuid topic_id, const char *topic, int32_t index, int64_t base, const uint64_t *values, int n);

/* Reads all logs from the start once more; the values of a producer rise in each of them. In a fiber. */
void oracle_check_all(void);
/* Every partition has its leader, a full in-sync set and equal logs; nothing is being moved or deleted. `why`: what is
 * missing. In a fiber. */
bool oracle_is_settled(char why[256]);

/* Rules 1 and 2 do not hold in this cluster, nor that a producer's values rise in each log: replicas find out where their
 * logs part in a way that is known to be wrong. Rule 3 and what oracle_is_settled asks for stay. */
void oracle_expect_losses(void);
/* What an acknowledged or committed record of this topic is worth from now on: nothing is known. */
void oracle_forgive(const char *topic);

/* For tests: the value at an offset of a broker's log, 0 when there is none; the end and the mark, -1: no log. */
uint64_t oracle_value(int broker, const char *topic, int32_t index, int64_t offset);
struct replica_view {
	int64_t end, high_watermark;
	int32_t leader_epoch;
	bool is_leader;
};
bool oracle_view(int broker, const char *topic, int32_t index, struct replica_view *ret);
/* The state in ZooKeeper; false: none. */
struct stored_view {
	int32_t leader, leader_epoch, isr_n, isr[8], controller_epoch, partition_epoch;
};
bool oracle_stored(const char *topic, int32_t index, struct stored_view *ret);
uint64_t oracle_committed_count(void);

#endif
