/* config_loggers.c - see config_loggers.h. */
#define LOG_CLASS "kafka.server.ConfigAdminManager"

#include "broker/config_loggers.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log_levels.h"
#include "broker/config.h"
#include "protocol/errors.h"

static const char *const levels[] = {
	[LOG_TRACE] = "TRACE",
	[LOG_DEBUG] = "DEBUG",
	[LOG_INFO] = "INFO",
	[LOG_WARN] = "WARN",
	[LOG_ERROR] = "ERROR",
	[LOG_FATAL] = "FATAL",
	[LOG_OFF] = "OFF",
};

static bool wanted(const struct describe_query *q, const char *name)
{
	for (int32_t i = 0; i < q->keys_n; i++) {
		if (str_is(q->keys[i], name))
			return true;
	}
	return q->keys_n <= 0;
}

int config_loggers_describe(
	const struct describe_query *q, struct config_entry **ret, int32_t *ret_n)
{
	size_t all;
	struct log_level_entry *found = log_levels_list(&all);
	struct config_entry *v = arena_array(q->arena, all, sizeof(*v));
	int32_t n = 0;

	for (size_t i = 0; v && i < all; i++) {
		if (!wanted(q, found[i].name))
			continue;
		v[n++] = (struct config_entry){
			.name = str_of(found[i].name),
			.value = str_of(levels[found[i].level]),
			.source = CONFIG_SOURCE_DYNAMIC_BROKER_LOGGER,
			.documentation = STR_NULL,
		};
	}
	free(found);
	if (!v)
		return FAIL(-ENOMEM);
	*ret = v;
	*ret_n = n;
	return 0;
}

static int PRINTF(4, 5)
	answer(struct arena *a, int r, struct str *ret_message, const char *fmt, ...)
{
	char text[CONFIG_ERROR_MAX];
	va_list va;

	va_start(va, fmt);
	vsnprintf(text, sizeof(text), fmt, va);
	va_end(va);
	*ret_message = arena_str(a, text);
	return r;
}

static bool level_parse(struct str s, enum log_level *ret)
{
	for (int i = LOG_TRACE; i <= LOG_FATAL; i++) {
		if (str_is(s, levels[i])) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static bool exists(struct str name)
{
	char *text = str_dup(name);
	bool yes = text && log_levels_exists(text);

	free(text);
	return yes;
}

static int check(struct arena *a, const struct config_change *c, struct str *ret_message)
{
	enum log_level level;

	if (c->op == CONFIG_OP_APPEND || c->op == CONFIG_OP_SUBTRACT)
		return answer(a, KERR_INVALID_REQUEST, ret_message,
			"%s operation is not allowed for the BROKER_LOGGER resource",
			c->op == CONFIG_OP_APPEND ? "APPEND" : "SUBTRACT");
	if (!exists(c->name))
		return answer(a, KERR_INVALID_CONFIG, ret_message,
			"Logger %.*s does not exist!", STR_ARG(c->name));
	if (c->op == CONFIG_OP_DELETE && str_is(c->name, LOG_ROOT))
		return answer(a, KERR_INVALID_REQUEST, ret_message,
			"Removing the log level of the " LOG_ROOT " logger is not allowed");
	if (c->op == CONFIG_OP_DELETE || level_parse(c->value, &level))
		return 0;
	return answer(a, KERR_INVALID_CONFIG, ret_message,
		"Cannot set the log level of %.*s to %.*s as it is not a supported log level. "
		"Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN",
		STR_ARG(c->name), STR_ARG(c->value));
}

static void apply(const struct config_change *c)
{
	char *name = str_dup(c->name);
	enum log_level level;

	if (c->op == CONFIG_OP_DELETE) {
		(void)log_levels_unset(name);
		log_warn("Unset the log level of %s", name);
	} else if (level_parse(c->value, &level)) {
		(void)log_levels_set(name, level);
		log_warn("Updated the log level of %s to %s", name, levels[level]);
	}
	free(name);
}

int config_loggers_alter(struct arena *a, const struct config_change *v, int32_t n,
	bool validate_only, struct str *ret_message)
{
	for (int32_t i = 0; i < n; i++) {
		int r = check(a, &v[i], ret_message);

		if (r)
			return r;
	}
	for (int32_t i = 0; i < n && !validate_only; i++)
		apply(&v[i]);
	return 0;
}
