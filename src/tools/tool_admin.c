/* tool_admin.c - see tool_admin.h. */
#include "tools/tool_admin.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/properties.h"
#include "tools/client_properties.h"

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
