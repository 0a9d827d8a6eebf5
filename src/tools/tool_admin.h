/* tool_admin.h - the admin client of a tool, from its options.
 *
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_TOOL_ADMIN_H
#define TOOLS_TOOL_ADMIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "tools/admin.h"

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

#endif
