/* admin_groups.h - what an administrator asks about groups, each at its coordinator: which there are, their members,
 * their offsets; changing and deleting those.
 *
 * Answers live in the arena. A failure is the text of Java's exception, "org.apache.kafka.common.errors.X: why", null
 * when there is none. Call admin_begin before each.
 * Owner: the tool. Thread: main. Layer: tools.
 */
#ifndef TOOLS_ADMIN_GROUPS_H
#define TOOLS_ADMIN_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"
#include "tools/admin.h"

struct group_listing {
	struct str id;
	struct str state,
		type; /* as brokers say them: "Stable", "classic"; empty when they do not */
};

struct group_filter {
	struct str *states, *types; /* none: all */
	size_t states_n, types_n;
};

/* The consumer groups of all brokers, no id twice, in the order of Java's map. 0, or -1 with *ret_error. */
int admin_list_groups(struct admin *a, const struct group_filter *filter, struct arena *arena,
	struct group_listing **ret, size_t *ret_n, struct str *ret_error) MUST_CHECK;

struct group_partition {
	struct str topic;
	int32_t partition;
};

struct group_member {
	struct str id, instance_id /* null: none */, client_id, host;
	struct group_partition *partitions; /* each once */
	size_t partitions_n;
};

struct group_description {
	struct str id;
	struct str state, assignor;
	int32_t coordinator;
	struct group_member *members; /* in the order of the answer */
	size_t members_n;
	struct str error;
};

/* Fills in groups[0..n), whose ids are set and different. Groups of the newer protocol first (KIP-848), else as
 * classic ones. */
void admin_describe_groups(
	struct admin *a, struct group_description *groups, size_t n, struct arena *arena);

struct group_offset {
	struct str topic;
	int32_t partition;
	int64_t offset;   /* -1: none */
	struct str error; /* of this partition, when committing and deleting */
};

/* All offsets that a group has committed, in the order of the answer. Partitions with an error of their own are left
 * out, with a warning. 0, or -1 with *ret_error. */
int admin_group_offsets(struct admin *a, struct str group, struct arena *arena,
	struct group_offset **ret, size_t *ret_n, struct str *ret_error) MUST_CHECK;

/* Commits offsets[0..n) for a group without members. 0, or -1 with *ret_error, which names the partitions that
 * failed. */
int admin_commit_offsets(struct admin *a, struct str group, struct group_offset *offsets, size_t n,
	struct arena *arena, struct str *ret_error) MUST_CHECK;

/* Deletes the offsets of the partitions. 0, or the error code (as on the wire) of the group, which is then that of all
 * partitions, or of the first partition that failed. */
int admin_delete_offsets(struct admin *a, struct str group, struct group_offset *offsets, size_t n,
	struct arena *arena) MUST_CHECK;

struct group_deletion {
	struct str id;
	struct str error;
};

/* Deletes groups[0..n), whose ids are different. */
void admin_delete_groups(
	struct admin *a, struct group_deletion *groups, size_t n, struct arena *arena);

#endif
