/* reassign_plan.h - what kafka-reassign-partitions.sh reads, works out and prints: lists of partitions with their
 * replicas, moves between log directories.
 *
 * Pure. Everything is in the arena that it was made in. Thread: any. Layer: tools.
 */
#ifndef TOOLS_REASSIGN_PLAN_H
#define TOOLS_REASSIGN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"
#include "tools/thrown.h"

#define JAVA_ADMIN_OPERATION "org.apache.kafka.server.common.AdminOperationException"
#define JAVA_ADMIN_COMMAND "org.apache.kafka.server.common.AdminCommandFailedException"

struct reassign_ids {
	int32_t *v;
	size_t n;
};

struct reassign_row {
	struct str topic;
	int32_t partition;
	struct reassign_ids replicas;
	/* of a reassignment; the former are among the replicas */
	struct reassign_ids adding, removing;
};

struct reassign_rows {
	struct reassign_row *v;
	size_t n;
};

struct reassign_move {
	struct str topic;
	int32_t partition, broker;
	struct str to; /* the directory */
	/* where the replica is, and where it is on its way to; may be null */
	struct str current, future;
};

struct reassign_moves {
	struct reassign_move *v;
	size_t n;
};

/* ---- lists (reassign_rows.c) ---- */

bool reassign_ids_have(const struct reassign_ids *s, int32_t id);
/* "1,2,3" */
struct str reassign_ids_text(struct arena *a, const struct reassign_ids *s);
/* Without repetition, in the order of a HashSet to which they were added one by one. */
int reassign_ids_as_set(
	struct arena *a, const struct reassign_ids *s, struct reassign_ids *ret) MUST_CHECK;

/* By topic and partition; equal ones stay in order. */
void reassign_rows_sort(struct reassign_rows *rows);
/* In sorted rows; NULL when it is not there. */
struct reassign_row *reassign_rows_find(
	const struct reassign_rows *sorted, struct str topic, int32_t partition);
/* Where the rows of a topic begin in sorted rows, or would. */
size_t reassign_rows_first(const struct reassign_rows *sorted, struct str topic);
/* How many rows from `first` on are of its topic. */
size_t reassign_rows_run(const struct reassign_rows *sorted, size_t first);
/* Puts rows in the order of a HashMap, which they were put into in this order. */
void reassign_rows_hash(struct reassign_rows *rows);
/* A copy without repetition of places, sorted: of several rows the last counts. -ENOMEM */
int reassign_rows_unique(
	struct arena *a, const struct reassign_rows *rows, struct reassign_rows *ret) MUST_CHECK;

/* The rows whose places had been there before, each once, at the second time; -ENOMEM. */
int reassign_rows_repeated(
	struct arena *a, const struct reassign_rows *rows, struct reassign_rows *ret) MUST_CHECK;
/* The topics of the rows: rows without a partition, but with the replicas of the first row of the topic. As they come; in
 * the order of a HashSet to which they were added (-ENOMEM). */
int reassign_topics_listed(
	struct arena *a, const struct reassign_rows *rows, struct reassign_rows *ret) MUST_CHECK;
int reassign_topics(
	struct arena *a, const struct reassign_rows *rows, struct reassign_rows *ret) MUST_CHECK;
/* From that order to the one of the admin client's descriptions of these topics. */
void reassign_topics_described(struct reassign_rows *topics);

/* By broker, topic, partition. */
void reassign_moves_sort(struct reassign_moves *moves);
/* In the order of a HashMap. */
void reassign_moves_hash(struct reassign_moves *moves);
/* hashCode of a TopicPartitionReplica. */
int32_t reassign_move_hash(const struct reassign_move *m);

/* ---- files (reassign_file.c) ---- */

/* {"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[1,2],"log_dirs":["any","/d"]}]}: rows in the order
 * of the file, and the moves that log_dirs ask for, each once, in the order of Java's map.
 *   0, or -EINVAL with *t set                                                                         */
int reassign_parse(const char *text, size_t n, struct arena *a, struct reassign_rows *ret_rows,
	struct reassign_moves *ret_moves, struct thrown *t) MUST_CHECK;
/* Is there nothing that cannot be executed: no partition, one without replicas, one named twice, a broker twice? */
int reassign_check(const struct reassign_rows *rows, struct arena *a, struct thrown *t) MUST_CHECK;
/* {"version":1,"topics":[{"topic":"t"}]}, as rows with a topic alone. */
int reassign_parse_topics(const char *text, size_t n, struct arena *a, struct reassign_rows *ret,
	struct thrown *t) MUST_CHECK;
/* Both: "0,1,2", and that; neither may name anything twice. */
int reassign_parse_generate(const char *text, size_t n, const char *broker_list, struct arena *a,
	struct reassign_ids *ret_brokers, struct reassign_rows *ret_topics,
	struct thrown *t) MUST_CHECK;
/* One line of JSON without a newline, as reassign_parse reads it, sorted. */
void reassign_print_json(const struct reassign_rows *rows, FILE *out);

/* ---- plans (reassign_plan.c) ---- */

/* The replicas whose traffic is held back while `proposed` is carried out in addition to `active`: per topic, in
 * alphabetical order, "partition:broker,..." of those that are copied from and to; and all brokers among them. `current`
 * are the replicas now. The rows are sorted. */
struct reassign_throttle {
	struct str topic, leaders, followers;
};
struct reassign_throttles {
	struct reassign_throttle *v;
	size_t n;
	struct reassign_ids brokers;
};
int reassign_plan_throttles(struct arena *a, const struct reassign_rows *active,
	const struct reassign_rows *proposed, const struct reassign_rows *current,
	struct reassign_throttles *ret) MUST_CHECK;

/* New replicas for all partitions of `current`, which is sorted: each topic gets as many per partition as the first
 * partition of Java's map has. `start` and `shift` of a topic come from chance(n), in [0, n).
 *   0, or -EINVAL with *t set                                                                        */
struct assign_broker;
int reassign_plan_assignment(struct arena *a, const struct reassign_rows *current,
	const struct assign_broker *brokers, size_t brokers_n, uint64_t (*chance)(uint64_t n),
	struct reassign_rows *ret, struct thrown *t) MUST_CHECK;

/* ---- states (reassign_states.c) ---- */

/* The lines of --verify, --list: each with a newline. `active` and `current` are sorted; of partitions that are in neither
 * nothing is known, they have no replicas. */
void reassign_print_states(const struct reassign_rows *sorted, const struct reassign_rows *active,
	const struct reassign_rows *current, FILE *out);
void reassign_print_active(const struct reassign_rows *active, FILE *out);
void reassign_print_moves(const struct reassign_moves *sorted, FILE *out);

#endif
