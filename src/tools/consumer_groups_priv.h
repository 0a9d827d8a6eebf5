/* consumer_groups_priv.h - what the files of the consumer groups tool share: its options and the run of one command.
 *
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_CONSUMER_GROUPS_PRIV_H
#define TOOLS_CONSUMER_GROUPS_PRIV_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "tools/admin.h"
#include "tools/admin_groups.h"
#include "tools/options.h"

enum groups_option {
	GROUPS_ALL_GROUPS,
	GROUPS_ALL_TOPICS,
	GROUPS_BOOTSTRAP_SERVER,
	GROUPS_BY_DURATION,
	GROUPS_COMMAND_CONFIG,
	GROUPS_DELETE,
	GROUPS_DELETE_OFFSETS,
	GROUPS_DESCRIBE,
	GROUPS_DRY_RUN,
	GROUPS_EXECUTE,
	GROUPS_EXPORT,
	GROUPS_FROM_FILE,
	GROUPS_GROUP,
	GROUPS_LIST,
	GROUPS_MEMBERS,
	GROUPS_OFFSETS,
	GROUPS_RESET_OFFSETS,
	GROUPS_SHIFT_BY,
	GROUPS_STATE,
	GROUPS_TIMEOUT,
	GROUPS_TO_CURRENT,
	GROUPS_TO_DATETIME,
	GROUPS_TO_EARLIEST,
	GROUPS_TO_LATEST,
	GROUPS_TO_OFFSET,
	GROUPS_TOPIC,
	GROUPS_TYPE,
	GROUPS_VERBOSE,
	GROUPS_HELP,
	GROUPS_VERSION,
	GROUPS_OPTION_COUNT,
};

extern const struct option groups_options[GROUPS_OPTION_COUNT];

/* Checks which options may go together. 0, or the exit code after a message; *ret_done: the work is done (--version). */
int groups_check_options(const struct options *o, int argc, bool *ret_done) MUST_CHECK;

/* "Option '[reset-offsets]' requires one of ...": no scenario was given. Exit code of wrong usage. */
int groups_missing_scenario(const struct options *o);

/* One run of the tool. Its steps return 0, or -1 after one of the groups_fail functions. */
struct groups {
	struct options *options;
	struct admin *admin;
	struct arena arena; /* of requests and answers */
	char *message;      /* why it failed */
	bool misuse; /* ... which is a fault of the command line: the usage is shown, exit code 1 */
	bool told;   /* the message has been printed */
};

/* Remembers the failure; returns -1. */
int groups_fail(struct groups *g, const char *fmt, ...) PRINTF(2, 3);
int groups_misuse(struct groups *g, const char *fmt, ...) PRINTF(2, 3);
#define GROUPS_EXECUTION "java.util.concurrent.ExecutionException: "
/* A failed call, as the exception of its future, or as that of a function that passes it on. */
int groups_fail_call(struct groups *g, struct str exception);
int groups_fail_wrapped(struct groups *g, struct str exception);

/* Zeroed memory of the arena; ends the program when there is none. */
void *groups_room(struct groups *g, size_t n, size_t size) MUST_CHECK;

/* "\nError: ..." on stdout. */
void groups_print_error(const char *fmt, ...) PRINTF(1, 2);

/* admin_begin with the time-out of the command line. */
int groups_begin(struct groups *g, const char *name) MUST_CHECK;

/* The ids of --group, or all of them with --all-groups; in the order of Java's map, each once. */
int groups_select(struct groups *g, struct str **ret, size_t *ret_n) MUST_CHECK;

/* Puts partitions into the order of a Java map with so many buckets (java_order.h). */
void groups_order(struct group_offset *v, size_t n, size_t buckets);
/* Each partition once, in the order of their first appearance. */
size_t groups_unique(struct group_offset *v, size_t n);

/* What a group has committed, in the order of the answer. */
struct groups_committed {
	struct group_offset *v;
	size_t n;
	struct group_offset *sorted; /* the same by topic and partition */
};
int groups_committed(struct groups *g, struct str group, struct groups_committed *ret) MUST_CHECK;
/* The entry of a partition in `sorted`; NULL when it has none. */
const struct group_offset *groups_committed_find(
	const struct groups_committed *c, struct str topic, int32_t partition);

enum group_state {
	GROUP_STATE_UNKNOWN,
	GROUP_STATE_PREPARING,
	GROUP_STATE_COMPLETING,
	GROUP_STATE_STABLE,
	GROUP_STATE_DEAD,
	GROUP_STATE_EMPTY,
	GROUP_STATE_ASSIGNING,
	GROUP_STATE_RECONCILING,
	GROUP_STATE_COUNT,
};

/* Upper and lower case do not matter. */
enum group_state group_state_of(struct str name);
struct str group_state_name(enum group_state s);

/* The values of --topic: "t:0,1", or "t" for the whole topic, each once. */
struct groups_topics {
	struct str *whole; /* topics without partitions */
	size_t whole_n;
	struct group_offset *listed;
	size_t listed_n;
};
int groups_topics(struct groups *g, struct groups_topics *ret) MUST_CHECK;

/* the commands */
int groups_list(struct groups *g) MUST_CHECK;
int groups_describe(struct groups *g) MUST_CHECK;
int groups_delete(struct groups *g) MUST_CHECK;
int groups_delete_offsets(struct groups *g) MUST_CHECK;
int groups_reset(struct groups *g) MUST_CHECK;

#endif
