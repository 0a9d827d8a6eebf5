/* json_value.c - see json_value.h. */
#include "tools/json_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

int json_value_parse(const char *text, size_t len, json_t **ret)
{
	json_error_t why;
	size_t at = 0;

	if (len == 0)
		return -EINVAL;
	while (at < len && strchr(" \t\r\n", text[at]) && text[at])
		at++;
	*ret = NULL;
	if (at == len)
		return 0;
	*ret = json_loadb(text, len, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &why);
	return *ret ? 0 : -EINVAL;
}

static int wrong_type(const char *want, const json_t *got, char **ret_error)
{
	char *text = got ? json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	*ret_error = xasprintf("Expected %s, received %s", want, text ? text : "");
	free(text);
	return -EINVAL; /* an answer to the user, not a failure to trace */
}

int json_value_object(const json_t *v, char **ret_error)
{
	return json_is_object(v) ? 0 : wrong_type("JSON object", v, ret_error);
}

int json_value_array(const json_t *v, char **ret_error)
{
	return json_is_array(v) ? 0 : wrong_type("JSON array", v, ret_error);
}

int json_value_member(const json_t *o, const char *name, json_t **ret, char **ret_error)
{
	*ret = json_object_get(o, name);
	if (*ret)
		return 0;
	*ret_error = xasprintf("No such field exists: `%s`", name);
	return -EINVAL;
}

int json_value_int(const json_t *v, int32_t *ret, char **ret_error)
{
	if (!json_is_integer(v) || json_integer_value(v) < INT32_MIN ||
		json_integer_value(v) > INT32_MAX)
		return wrong_type("`Integer` value", v, ret_error);
	*ret = (int32_t)json_integer_value(v);
	return 0;
}

int json_value_long(const json_t *v, int64_t *ret, char **ret_error)
{
	if (!json_is_integer(v))
		return wrong_type("`Long` value", v, ret_error);
	*ret = json_integer_value(v);
	return 0;
}

int json_value_string(const json_t *v, struct arena *arena, struct str *ret, char **ret_error)
{
	if (!json_is_string(v))
		return wrong_type("`String` value", v, ret_error);
	*ret = arena_str(arena, json_string_value(v));
	return 0;
}
