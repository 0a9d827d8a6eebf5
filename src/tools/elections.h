/* elections.h - elections of leaders asked of the controller (ElectLeaders), and what the tools for it print.
 *
 * Owner: the tool. Thread: main. Layer: tools.
 */
#ifndef TOOLS_ELECTIONS_H
#define TOOLS_ELECTIONS_H

#include <stdbool.h>

#include "base/attr.h"
#include "tools/admin.h"
#include "tools/election_file.h"

/* The numbers of the request. */
enum elections_type { ELECTIONS_PREFERRED = 0, ELECTIONS_UNCLEAN = 1 };

/* How a tool says it; its partitions are in the order of Java's sets, or of Scala's. */
struct elections_words {
	/* What precedes the partitions that have been elected; those that needed no election; one that failed. */
	const char *done, *needless, *failed;
	const char *summary; /* follows the number of those that failed */
	bool scala;
};

/* Why it failed. */
struct elections_failure {
	bool by_command; /* the tool's own message; else what is the cause of an ExecutionException */
	char *text;      /* owned by the caller */
};

/* Elects the leaders of these partitions (NULL: of all), and prints what came of it.
 *   0
 *   -1   *ret says why                                                                                         */
int elections_run(struct admin *a, enum elections_type type,
	const struct election_partitions *partitions, const struct elections_words *words,
	struct arena *arena, struct elections_failure *ret) MUST_CHECK;

#endif
