/* tool_admin.h - tools with one admin client: from their options to their exit code, and the client.
 *
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_TOOL_ADMIN_H
#define TOOLS_TOOL_ADMIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "tools/admin.h"
#include "tools/options.h"

/* `path` is that of --command-config, or NULL; `servers` go above what is in it, `client_id` (may be NULL) below.
 *   0
 *   -errno  *ret_error has what Kafka's tools say, owned by the caller                                 */
int tool_admin_open(const char *servers, const char *path, const char *client_id,
	struct admin **ret, char **ret_error) MUST_CHECK;

/* A setting that a tool gives its client. */
struct tool_admin_setting {
	const char *key, *value;
	bool always; /* also where the file says otherwise */
};

/* The same with settings of the tool. */
int tool_admin_open_with(const char *servers, const char *path, const struct tool_admin_setting *settings, size_t n,
	struct admin **ret, char **ret_error) MUST_CHECK;

/* The exception after an admin call that failed with r: "org.apache.kafka.common.errors.TimeoutException: ...".
 * Owned by the caller. */
char *tool_admin_exception(const struct admin *a, int r);

/* What a tool has while it runs; a member of its own struct. */
struct tool_admin {
	struct options options;
	struct arena arena;
	struct admin *admin; /* closed after `run`; NULL: not opened */
	char *error;	     /* of tool_admin_fault */
};

/* Why the tool ends, in place of what was said before; returns -1. */
int tool_admin_fault(struct tool_admin *t, const char *fmt, ...) PRINTF(2, 3);

/* Reads the options, answers --help, --version, and a command line without any; `purpose` is a sentence for the usage.
 * Else it calls `run`, which returns 0, 1 after it said itself what was wrong, or -1 after tool_admin_fault. Returns the
 * exit code. */
int tool_admin_run(struct tool_admin *t, const struct option *table, size_t n, const char *purpose,
	int (*run)(struct tool_admin *t), int argc, char **argv);

#endif
