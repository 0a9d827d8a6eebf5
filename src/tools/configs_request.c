/* configs_request.c - calls to brokers with the time limits of the configs tool, and their failures as Java's
 * exceptions. */
#include <errno.h>

#include "protocol/errors.h"
#include "tools/configs_priv.h"
#include "tools/report.h"

void configs_begin(struct configs *c, const char *name, int64_t wait_ms, int64_t client_ms)
{
	if (client_ms == 0)
		client_ms = c->api_timeout_ms;
	c->impatient = wait_ms < client_ms;
	admin_begin_within(c->admin, name, MIN(wait_ms, client_ms));
}

int configs_fail_call(struct configs *c, int r)
{
	const char *exception = r == -ENOTSUP	   ? "errors.UnsupportedVersionException"
				: r == -ETIMEDOUT ? "errors.TimeoutException"
						  : "KafkaException";

	if (r == -ETIMEDOUT && c->impatient)
		return configs_fail(c, "java.util.concurrent.TimeoutException");
	return configs_fail(c,
		"java.util.concurrent.ExecutionException: org.apache.kafka.common.%s: %s",
		exception, admin_error(c->admin));
}

int configs_fail_code(struct configs *c, int code, struct str message)
{
	char exception[96];

	if (message.len < 0)
		message = str_of(report_default_message(code));
	return configs_fail(c, "java.util.concurrent.ExecutionException: %s: %.*s",
		report_exception(code, exception, sizeof(exception)), STR_ARG(message));
}
