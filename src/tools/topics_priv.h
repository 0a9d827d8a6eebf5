/* topics_priv.h - what the files of the topics tool share: its options and the run of one command.
 *
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_TOPICS_PRIV_H
#define TOOLS_TOPICS_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/properties.h"
#include "protocol/messages.h"
#include "tools/admin.h"
#include "tools/options.h"

enum topics_option {
	TOPICS_ALTER,
	TOPICS_AT_MIN_ISR,
	TOPICS_BOOTSTRAP_SERVER,
	TOPICS_COMMAND_CONFIG,
	TOPICS_CONFIG,
	TOPICS_CREATE,
	TOPICS_DELETE,
	TOPICS_DELETE_CONFIG,
	TOPICS_DESCRIBE,
	TOPICS_DISABLE_RACK_AWARE,
	TOPICS_EXCLUDE_INTERNAL,
	TOPICS_FORCE,
	TOPICS_IF_EXISTS,
	TOPICS_IF_NOT_EXISTS,
	TOPICS_LIST,
	TOPICS_PARTITION_SIZE_LIMIT,
	TOPICS_PARTITIONS,
	TOPICS_REPLICA_ASSIGNMENT,
	TOPICS_REPLICATION_FACTOR,
	TOPICS_TOPIC,
	TOPICS_TOPIC_ID,
	TOPICS_WITH_OVERRIDES,
	TOPICS_UNAVAILABLE,
	TOPICS_UNDER_MIN_ISR,
	TOPICS_UNDER_REPLICATED,
	TOPICS_ZOOKEEPER,
	TOPICS_HELP,
	TOPICS_VERSION,
	TOPICS_OPTION_COUNT,
};

extern const struct option topics_options[TOPICS_OPTION_COUNT];

/* Checks which options may go together. 0, or the exit code after a message; *ret_done: the work is done (--version). */
int topics_check_options(const struct options *o, bool *ret_done);

struct java_regex;
struct zk_session;

/* One run of the tool. Its steps return 0, or -1 after topics_fail. */
struct topics {
	struct options *options;
	struct admin *admin;   /* NULL with --zookeeper */
	struct zk_session *zk; /* with --zookeeper */
	struct arena arena; /* of requests and answers */
	char *message;      /* why it failed */
	int code;           /* error code of the protocol if it has one, else 0 */
};

/* Remembers the failure; returns -1. */
int topics_fail(struct topics *t, int code, const char *fmt, ...) PRINTF(3, 4);
/* An error code in an answer, with the broker's message or Kafka's default one. */
int topics_fail_code(struct topics *t, int code, struct str message);
/* The last call of t->admin failed. */
int topics_fail_admin(struct topics *t);
/* An option's value was wrong: 0 passes through. */
int topics_fail_option(struct topics *t, int r);

/* The cluster's topics that --topic (if `by_name`) and --exclude-internal select, sorted by name. `ret` and `ret_topics`
 * (pointers into it, owned by the caller) live as long as the arena. */
int topics_select(struct topics *t, bool by_name, struct metadata_response *ret,
	const struct metadata_response_metadata_response_topic ***ret_topics,
	size_t *ret_n) MUST_CHECK;

/* --topic as an expression; NULL without the option. Owned by the caller. */
int topics_filter(struct topics *t, struct java_regex **ret) MUST_CHECK;
#define TOPICS_COLLISION_WARNING                                                                   \
	"WARNING: Due to limitations in metric names, topics with a period ('.') or underscore "   \
	"('_') could collide. To avoid issues it is best to use either, but not both."
/* Blanks around it cut off. */
struct str topics_trimmed(const char *p, size_t len);

/* The settings of --config, checked. Added to *ret. */
int topics_configs(struct topics *t, struct properties *ret) MUST_CHECK;

/* Is --topic given and not empty while nothing was found, and is that an error? */
int topics_must_exist(struct topics *t, size_t found) MUST_CHECK;

/* --replica-assignment "a:b,c:d": the replicas of each partition, in the arena; *ret_n 0 without the option. */
struct replica_list {
	int32_t *ids;
	int32_t n;
};
int topics_assignment(struct topics *t, struct replica_list **ret, int32_t *ret_n) MUST_CHECK;

/* the commands */
int topics_create(struct topics *t) MUST_CHECK;
int topics_list(struct topics *t) MUST_CHECK;
int topics_describe(struct topics *t) MUST_CHECK;
int topics_alter(struct topics *t) MUST_CHECK;
int topics_delete(struct topics *t) MUST_CHECK;

/* ---- --zookeeper, as in Kafka 2.x: the same commands directly on the znodes ---- */

/* Runs the command that is asked for. 0, -1 after topics_fail; *ret_connected false: there was no connection. */
int topics_zookeeper(struct topics *t, const char *connect, bool *ret_connected) MUST_CHECK;

/* The topics that --topic and --exclude-internal select, sorted; zk_names_free. */
int topics_zk_select(struct topics *t, char ***ret, size_t *ret_n) MUST_CHECK;
/* Nothing was found although a topic was asked for, and that is an error? */
int topics_zk_must_exist(struct topics *t, size_t found) MUST_CHECK;
/* An operation on `path` failed with r. */
int topics_zk_fail(struct topics *t, int r, const char *path, ...) PRINTF(3, 4);
int topics_zk_describe(struct topics *t) MUST_CHECK;

#endif
