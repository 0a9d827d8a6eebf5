/* fetch_work.h - one Fetch request on its way: what fetch.c decides, fetch_read.c reads and fetch_answer.c sends.
 *
 * Owner: the request (req->state, in its arena); what is not arena is dropped by fetch_work_release.
 * Thread: whoever holds the request.
 */
#ifndef API_FETCH_WORK_H
#define API_FETCH_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "replica/fetch_session.h"
#include "replica/partition.h"

struct buf;
struct image;
struct request;

/* One partition of the fetch; beside context.v. */
struct fetch_part {
	struct partition *p;	    /* counted; NULL: refused before it was looked up */
	struct partition_read query;
	struct partition_data data; /* holds the slice's file */
	struct buf *converted;	    /* counted; in place of the slice, for v0 to v3 */
	int32_t near;		    /* the replica to read from instead; -1: us */
	int64_t available;	    /* while waiting: bytes at the last look */
	int16_t error;
	bool refused;	     /* the error is of the request checks, not of the read (protocol.md 10.1) */
	bool held_back;	     /* the first batch is larger than what is left, or the replica is throttled */
	bool not_understood; /* the error is that the version cannot be given what is stored */
};

struct fetch_work {
	struct request *req;
	struct image *image;
	struct fetch_context context;
	struct fetch_part *v;
	int32_t n;
	bool has_context;
	bool follower;
	bool by_rack; /* consumers may be sent to a replica in their rack */
	int8_t magic;		/* what the version understands */
	int64_t max_bytes, min_bytes;
	int64_t bytes;		/* found by the last read */
	bool found_nothing;	/* ... by the first one, before it waited */
	bool answer_now;	/* an error or a divergence was found */
	int64_t available;	/* while waiting: of all partitions */
	bool hopeless;		/* while waiting: some partition will not get better */
	bool listed;		/* a follower asks for replicas that may be throttled: what is readable changes with time */
};

/* --- fetch_read.c --- */

/* Looks the partitions up from number `from` on and fills their queries; errors of the request checks are set. False: all
 * were refused. */
bool fetch_prepare(struct fetch_work *w, int32_t from);
/* Reads all partitions in order, within the limits. `first`: not the re-read after waiting. */
void fetch_read(struct fetch_work *w, bool first);
/* What reading partition i now would find: -1 nothing to wait for. */
int64_t fetch_available(struct fetch_work *w, int32_t i);
/* Does sending what was read have to wait for the disk, or be computed? Then fetch_load first, on a worker. `fresh`:
 * the bytes were written a moment ago, so they are in memory and that is not asked. */
bool fetch_is_heavy(const struct fetch_work *w, bool fresh);
/* Loads cold ranges and converts for old versions. */
void fetch_load(struct fetch_work *w);
/* Drops what the last read found. */
void fetch_drop(struct fetch_work *w);

/* --- fetch_answer.c --- */

/* Ends the session's part, fills the response and sends it; the request is gone afterwards. */
void fetch_answer(struct fetch_work *w);

#endif
