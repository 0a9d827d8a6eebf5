/* tool_admin.c - see tool_admin.h. */
#include "tools/tool_admin.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/properties.h"
#include "tools/client_properties.h"
#include "tools/tool.h"

int tool_admin_open_with(const char *servers, const char *path, const struct tool_admin_setting *settings, size_t n,
	struct admin **ret, char **ret_error)
{
	struct properties config = PROPERTIES_INIT;
	int r = path ? client_properties_load(&config, path, ret_error) : 0;

	if (!r) {
		properties_set(&config, "bootstrap.servers", servers, 0);
		for (size_t i = 0; i < n; i++)
			if (settings[i].always || !properties_get(&config, settings[i].key))
				properties_set(&config, settings[i].key, settings[i].value, 0);
		r = admin_open(&config, ret, ret_error);
	}
	properties_fini(&config);
	return r;
}

int tool_admin_open(const char *servers, const char *path, const char *client_id,
	struct admin **ret, char **ret_error)
{
	struct tool_admin_setting id = {"client.id", client_id, false};

	return tool_admin_open_with(servers, path, &id, client_id ? 1 : 0, ret, ret_error);
}

char *tool_admin_exception(const struct admin *a, int r)
{
	const char *name = r == -ENOTSUP     ? "errors.UnsupportedVersionException"
			   : r == -ETIMEDOUT ? "errors.TimeoutException"
					     : "KafkaException";

	return xasprintf("org.apache.kafka.common.%s: %s", name, admin_error(a));
}

int tool_admin_fault(struct tool_admin *t, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	free(t->error); /* which may be an argument */
	t->error = text;
	return -1;
}

static int run_with(struct tool_admin *t, const struct option *table, size_t n, const char *purpose,
	int (*run)(struct tool_admin *t), int argc, char **argv)
{
	if (options_parse(&t->options, table, n, argc, argv))
		return tool_admin_fault(t, "%s", t->options.error);
	if (argc < 2 || options_has_help(&t->options))
		return options_usage(&t->options, purpose);
	if (options_has_version(&t->options)) {
		puts(TOOL_KAFKA_VERSION);
		return 0;
	}
	return run(t);
}

int tool_admin_run(struct tool_admin *t, const struct option *table, size_t n, const char *purpose,
	int (*run)(struct tool_admin *t), int argc, char **argv)
{
	int r;

	*t = (struct tool_admin){.options = OPTIONS_INIT};
	arena_init(&t->arena, 0);
	r = run_with(t, table, n, purpose, run, argc, argv);
	fflush(stdout);
	if (r < 0)
		fprintf(stderr, "%s\n", t->error);
	free(t->error);
	admin_close(t->admin);
	arena_fini(&t->arena);
	options_fini(&t->options);
	return r ? 1 : 0;
}
