/* reassign_priv.h - kafka-reassign-partitions.sh: its actions, and the calls to brokers that they are made of. What is
 * pure is in reassign_plan.h.
 *
 * Owner: the tool. Thread: main. Layer: tools.
 */
#ifndef TOOLS_REASSIGN_PRIV_H
#define TOOLS_REASSIGN_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "tools/admin.h"
#include "tools/options.h"
#include "tools/reassign_plan.h"
#include "tools/thrown.h"

enum reassign_option {
	REASSIGN_ADDITIONAL,
	REASSIGN_BOOTSTRAP_SERVER,
	REASSIGN_BROKER_LIST,
	REASSIGN_CANCEL,
	REASSIGN_COMMAND_CONFIG,
	REASSIGN_DISABLE_RACK_AWARE,
	REASSIGN_EXECUTE,
	REASSIGN_GENERATE,
	REASSIGN_LIST,
	REASSIGN_PRESERVE_THROTTLES,
	REASSIGN_JSON_FILE,
	REASSIGN_REPLICA_ALTER_LOG_DIRS_THROTTLE,
	REASSIGN_THROTTLE,
	REASSIGN_TIMEOUT,
	REASSIGN_TOPICS_FILE,
	REASSIGN_VERIFY,
	REASSIGN_HELP,
	REASSIGN_VERSION,
	REASSIGN_OPTION_COUNT,
};

struct reassign {
	struct options options;
	struct admin *admin;
	struct arena arena;
	struct thrown thrown; /* why a call below failed */
};

/* All below return 0, or a negative number with `thrown` set. */

/* ---- actions (reassign_generate.c, reassign_execute.c, reassign_verify.c) ---- */

int reassign_generate(struct reassign *r) MUST_CHECK;
int reassign_execute(struct reassign *r) MUST_CHECK;
int reassign_verify(struct reassign *r) MUST_CHECK;
int reassign_cancel(struct reassign *r) MUST_CHECK;
int reassign_list(struct reassign *r) MUST_CHECK;

/* ---- what several actions do ---- */

/* The text of an option, or its number; and the file that it names. */
int reassign_text(struct reassign *r, enum reassign_option id, const char **ret) MUST_CHECK;
int reassign_number(struct reassign *r, enum reassign_option id, int64_t *ret) MUST_CHECK;
int reassign_load(
	struct reassign *r, enum reassign_option id, char **ret, size_t *ret_n) MUST_CHECK;

/* Ends an action on partitions: with words of success and the partitions, or of failure and a line for each refusal. The
 * first words are for one, the second for several. */
int reassign_print_altered(struct reassign *r, const struct reassign_rows *rows,
	const struct str *errors, const char *const failed[2],
	const char *const done[2]) MUST_CHECK;

/* Starts moves between log directories, again and again until all have been taken or the time is up. `moves` is changed. */
int reassign_start_moves(
	struct reassign *r, struct reassign_moves *moves, int64_t timeout_ms) MUST_CHECK;

/* ---- calls (reassign_calls.c, reassign_log_dirs.c) ---- */

/* The exception of a call that failed with -errno `e`, or was answered with a code. */
int reassign_fail_call(struct reassign *r, int e);
int reassign_fail_code(struct reassign *r, int code, struct str message);
int reassign_no_memory(struct reassign *r);
/* The first failure among pieces of an admin_job; 0 when there is none. */
struct admin_piece;
int reassign_fail_pieces(struct reassign *r, const struct admin_piece *pieces, size_t n);

/* Whom to call for a broker of which a file says that it has this id: nobody when it is negative. */
int32_t reassign_node(int32_t broker);

/* Partitions that are being reassigned, sorted: of `only`, or all when that is NULL. */
int reassign_find_active(
	struct reassign *r, const struct reassign_rows *only, struct reassign_rows *ret) MUST_CHECK;

/* Gives the partitions new replicas, or with `cancel` those they had before. `rows` are sorted; (*ret)[i] is the message
 * of a refusal, or null. */
int reassign_alter(struct reassign *r, const struct reassign_rows *rows, bool cancel,
	struct str **ret) MUST_CHECK;

/* The partitions of the topics of `rows`, sorted, with their replicas. Unless `lenient` an unknown topic fails; else it has
 * no rows. Topics that fail otherwise do so in the order of `rows`, or in that of Java's map. */
int reassign_find_replicas(struct reassign *r, const struct reassign_rows *rows, bool lenient,
	struct reassign_rows *ret) MUST_CHECK;

/* The living brokers in the order of Java's map. */
int reassign_find_brokers(struct reassign *r, struct admin_node **ret, size_t *ret_n) MUST_CHECK;

#define REASSIGN_LEADER_RATE "leader.replication.throttled.rate"
#define REASSIGN_FOLLOWER_RATE "follower.replication.throttled.rate"
#define REASSIGN_DIRS_RATE "replica.alter.log.dirs.io.max.bytes.per.second"
#define REASSIGN_LEADER_REPLICAS "leader.replication.throttled.replicas"
#define REASSIGN_FOLLOWER_REPLICAS "follower.replication.throttled.replicas"
enum reassign_resource { REASSIGN_TOPIC = 2, REASSIGN_BROKER = 4 };
struct reassign_setting {
	struct str resource; /* a topic, or the id of a broker */
	const char *name;
	struct str value; /* null: the setting is removed */
};
/* Changes settings of topics or of brokers, to each broker those of its own. Rows of a resource follow each other. */
int reassign_set(struct reassign *r, enum reassign_resource type, const struct reassign_setting *v,
	size_t n) MUST_CHECK;

/* Fills in `current` and `future` of every move: null where there is none. */
int reassign_find_dirs(struct reassign *r, struct reassign_moves *moves) MUST_CHECK;
/* Asks brokers to start moves. ret_taken[i] says whether the move has been; a replica that is not there yet is not. */
int reassign_move_dirs(
	struct reassign *r, const struct reassign_moves *moves, bool *ret_taken) MUST_CHECK;

#endif
