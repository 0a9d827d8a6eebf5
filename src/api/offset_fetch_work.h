/* offset_fetch_work.h - one group of an OffsetFetch request, whatever the version (offset_fetch.c, offset_fetch_group.c).
 *
 * Requests and responses of v8+ are lists of groups, those before are about one; the two have structs of their own with the
 * same content. Owner: the request; memory is its arena's.
 */
#ifndef API_OFFSET_FETCH_WORK_H
#define API_OFFSET_FETCH_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct groups;
struct groups_fetched;

/* A topic that is asked for. */
struct offset_fetch_topic {
	struct str name;
	const int32_t *partitions;
	int32_t partitions_n;
};

struct offset_fetch_group {
	struct str group_id;
	bool all; /* every topic, whatever is listed */
	const struct offset_fetch_topic *topics;
	int32_t topics_n;
	/* answer */
	int error;		  /* of the group */
	struct groups_fetched *v; /* those of a topic are neighbours */
	size_t n;
};

/* The partitions that are asked for, without an answer yet. False: the arena is full. */
bool offset_fetch_list(struct offset_fetch_group *g, struct arena *a);
/* Asks the coordinator. False: the arena is full. */
bool offset_fetch_ask(struct groups *groups, struct offset_fetch_group *g, bool require_stable, struct arena *a);
/* The end of the run of v[from]'s topic. */
size_t offset_fetch_run(const struct offset_fetch_group *g, size_t from);

#endif
