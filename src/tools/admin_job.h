/* admin_job.h - one operation on many things, each of which a certain broker is responsible for: groups and
 * transactional ids have their coordinator, partitions their leader. Looks up who that is, sends each broker what
 * concerns it, and does both again for what is to be tried again, until the time-out (Kafka's AdminApiDriver).
 *
 *	struct admin_piece pieces[] = { ... };		name and place of each thing
 *	admin_begin(a, "deleteRecords");
 *	admin_run(a, &job, pieces, n, &arena);		calls job.build and job.take, any number of times
 *	for each piece: piece.code, piece.message
 *
 * Owner: the tool. Thread: main. Layer: tools.
 */
#ifndef TOOLS_ADMIN_JOB_H
#define TOOLS_ADMIN_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"
#include "tools/admin.h"

enum admin_place {
	ADMIN_AT_NODE,        /* the broker `node` that the caller has set */
	ADMIN_AT_GROUP,       /* the coordinator of the group `name` */
	ADMIN_AT_TRANSACTION, /* the coordinator of the transactional id `name` */
	ADMIN_AT_LEADER,      /* the leader of partition `partition` of the topic `name` */
};

struct admin_piece {
	struct str name;
	int32_t partition;
	int32_t node; /* who is responsible; set it to ADMIN_ANY, or to what an earlier job found out */
	size_t index; /* the caller's own */
	/* the outcome */
	bool done;
	int code; /* of the protocol; KERR_REQUEST_TIMED_OUT when time was up */
	struct str
		message; /* with a code: never null, Kafka's own words or the broker's; in the arena or constant */
};

struct admin_job {
	enum admin_place place;
	bool must_exist; /* a topic that nobody knows fails its pieces at once; else it is waited for */
	int key;         /* of the request */
	int many_since; /* version since which a request holds several pieces; 0: all, ADMIN_ONE_EACH: none */
	/* Fills in the request (its struct of protocol/messages.h, with defaults) for pieces of one broker, which are in
	 * order of name and partition. 0, or -ENOMEM. */
	int (*build)(void *arg, int version, struct admin_piece *const *pieces, size_t n,
		struct arena *arena, void *in);
	/* Gives each piece its outcome from the answer, with admin_piece_end. Those that get none are tried again. The
	 * answer stays in the arena. */
	void (*take)(void *arg, int version, struct admin_piece *const *pieces, size_t n,
		const void *out);
	void *arg;
};
#define ADMIN_ONE_EACH INT32_MAX

/* Runs until every piece is done. Pieces that are done already are left alone. Call admin_begin before.
 * Codes besides those that brokers answer: KERR_REQUEST_TIMED_OUT, KERR_UNSUPPORTED_VERSION (the broker does not serve
 * the request, or not in a version that can say it), KERR_UNKNOWN_SERVER_ERROR (what came is no answer). */
void admin_run(struct admin *a, const struct admin_job *job, struct admin_piece *pieces, size_t n,
	struct arena *arena);

/* The outcome of a piece: with code 0 or a code that is final it is done; with one that says that the broker is the
 * wrong one, or not ready, it will be tried again (COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR,
 * NOT_LEADER_OR_FOLLOWER, ...). A null or empty `message` stands for Kafka's default words. */
void admin_piece_end(
	const struct admin_job *job, struct admin_piece *p, int code, struct str message);

/* The piece of that name and partition among those that `take` is given; NULL when it is not there. */
struct admin_piece *admin_piece_find(
	struct admin_piece *const *pieces, size_t n, struct str name, int32_t partition);

/* "org.apache.kafka.common.errors.NotCoordinatorException: This is ...", in the arena: a piece's failure as Java shows
 * an exception. */
struct str admin_piece_exception(struct arena *arena, const struct admin_piece *p);

/* Finds out who is responsible, and no more. */
void admin_locate(struct admin *a, enum admin_place place, struct admin_piece *pieces, size_t n,
	struct arena *arena);

#endif
