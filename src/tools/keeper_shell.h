/* keeper_shell.h - the ZooKeeper shell: its state, and its commands as rows of a table.
 *
 * Owner: run() of keeper_shell.c. Thread: main. Layer: tools.
 */
#ifndef TOOLS_KEEPER_SHELL_H
#define TOOLS_KEEPER_SHELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "tools/keeper_calls.h"
#include "tools/words.h"

struct keeper_shell {
	struct keeper *keeper;
	char *host; /* with the chroot */
	int32_t timeout_ms;
	bool read_only, hide_watches;
	char **history; /* by number; owned */
	size_t history_n, history_cap;
	int exit_code; /* of the last command */
	bool quit;
};

/* The release whose shell this is like, and whose command lines these are. */
#define KEEPER_SHELL_VERSION "3.8.4-moldau"
#define KEEPER_ADD_WATCH_USAGE                                                                     \
	"[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - default is " \
	"PERSISTENT_RECURSIVE"
#define KEEPER_RECONFIG_USAGE                                                                      \
	"[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | "  \
	"[-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]"

/* Does what a command is for. Returns its exit code, after a message. */
typedef int keeper_command_fn(struct keeper_shell *s, const struct words *w);

struct keeper_command {
	const char *name, *usage; /* "ls", "[-s] [-w] [-R] path" */
	const struct word_option *options;
	enum word_group group;
	int words_min; /* the name counted; fewer are answered with the usage */
	keeper_command_fn *run; /* NULL: one of the shell itself */
};

extern const struct keeper_command keeper_node_commands[], keeper_acl_commands[], keeper_quota_commands[],
	keeper_session_commands[], keeper_ensemble_commands[]; /* each ends with a row without a name */

/* A message on the standard error, behind what the standard output has. Returns 1. */
int keeper_say(const char *fmt, ...) PRINTF(1, 2);
/* What the Java shell says of a call that failed. Returns 0 for 0, else 1. */
int keeper_failure(int r, const char *path);
/* 0, or 1 after the message about the path. */
int keeper_check_path(const char *path) MUST_CHECK;
/* "world:anyone:cdrwa,..."; what is not in that form is said and left out. */
void keeper_parse_acls(const char *text, struct keeper_acls *ret);
/* Prints the eleven lines. */
void keeper_print_stat(const struct keeper_stat *stat);
/* The number in the text: of an option or the command line. 0, or 1 after the message of Java's exception. */
int keeper_int(const char *text, int32_t *ret) MUST_CHECK;

#endif
