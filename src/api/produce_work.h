/* produce_work.h - one Produce request on its way: what produce_check.c checks and produce.c appends and answers.
 *
 * Owner: the request (req->state, in its arena). Thread: whoever holds the request; while it waits, under the lock of
 * its delayed operation.
 */
#ifndef API_PRODUCE_WORK_H
#define API_PRODUCE_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct image;
struct partition;
struct produce_response_partition_produce_response;
struct records;
struct request;

/* One partition of the request. */
struct produce_target {
	struct str topic;
	struct records *records;
	struct produce_response_partition_produce_response *answer;
	struct partition *p; /* counted; NULL: refused */
	int64_t required;    /* acks=-1: what the high watermark must reach */
	bool waiting;
};

struct produce_work {
	struct request *req;
	struct image *image;
	struct produce_target *v;
	int32_t n;
	int32_t waiting_n;
};

/* Checks 1 and 5: what refuses the request as a whole, 0 for nothing. */
int produce_check_transaction(const struct produce_work *w);
/* Checks 3, 4 and 6 to 9. On 0 the partition is in t->p. */
int produce_check_target(const struct produce_work *w, struct produce_target *t);
/* What appending this takes of the thread that does it, as bytes to walk over; SIZE_MAX when a network loop should
 * not even begin: it may wait, or compute for long. */
size_t produce_cost(const struct produce_target *t);
/* The log line about records that were refused with `r`, if it deserves one; `why` may be null. */
void produce_log_refused(const struct produce_work *w, const struct produce_target *t, int r, struct str why);

#endif
