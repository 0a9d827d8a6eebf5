/* admin_topics.h - topics and their partitions, for tools that then ask about each partition.
 *
 * Owner: the tool. Thread: main. Layer: tools.
 */
#ifndef TOOLS_ADMIN_TOPICS_H
#define TOOLS_ADMIN_TOPICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"
#include "tools/admin.h"

struct topic_description {
	struct str name;
	bool internal;
	int32_t *partitions; /* ascending */
	size_t partitions_n;
	struct str error; /* null, or the exception */
};

/* Fills in topics[0..n), whose names are set. The partitions are in the arena. 0, or -errno as admin_call: admin_error
 * has the text. */
int admin_describe_topics(struct admin *a, struct topic_description *topics, size_t n,
	struct arena *arena) MUST_CHECK;

/* All topics that we may see. 0, or -errno as admin_call. */
int admin_list_topics(struct admin *a, struct arena *arena, struct topic_description **ret,
	size_t *ret_n) MUST_CHECK;

#endif
