/* reset_plan.h - offsets of groups as comma-separated text: what --export of kafka-consumer-groups.sh writes and
 * --from-file reads.
 *
 * Thread: main. Layer: tools; pure.
 */
#ifndef TOOLS_RESET_PLAN_H
#define TOOLS_RESET_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

struct plan_row {
	struct str group; /* null: the one of the command line */
	struct str topic;
	int32_t partition;
	int64_t offset;
};

/* Reads "group,topic,partition,offset" lines, or, if `alone` and the first line is so, "topic,partition,offset". Empty
 * lines at the end are left out. The rows are in the arena.
 *   0
 *   -EINVAL  *ret_error names the first bad line; owned by the caller
 *   -ENOMEM                                                                                             */
int reset_plan_parse(struct str text, bool alone, struct arena *arena, struct plan_row **ret,
	size_t *ret_n, char **ret_error) MUST_CHECK;

/* Writes a row with its newline, without a group if that is null. */
void reset_plan_write(const struct plan_row *row, FILE *out);

#endif
