/* json_decode.c - see json_decode.h. */
#include "tools/json_decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* A value of another type than is expected. */
static int wrong_type(const char *want, const json_t *got, char **ret_error)
{
	char *text = got ? json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	*ret_error = xasprintf("Expected %s, received %s", want, text ? text : "");
	free(text);
	return -EINVAL;
}

int json_decode_text(const char *text, size_t len, json_t **ret, char **ret_error)
{
	json_error_t why;

	if (len > 0 && strspn(text, " \t\r\n") == len) {
		*ret = NULL;
		return 0;
	}
	*ret = json_loadb(text, len, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &why);
	if (*ret)
		return 0;
	*ret_error = xasprintf("%s at line %d, column %d", why.text, why.line, why.column);
	return -EINVAL;
}

int json_decode_object(const json_t *v, char **ret_error)
{
	return json_is_object(v) ? 0 : wrong_type("JSON object", v, ret_error);
}

int json_decode_array(const json_t *v, char **ret_error)
{
	return json_is_array(v) ? 0 : wrong_type("JSON array", v, ret_error);
}

int json_decode_list(const json_t *v, char **ret_error)
{
	return json_is_array(v) ? 0 : wrong_type("`JSON array` value", v, ret_error);
}

int json_decode_member(const json_t *object, const char *name, const json_t **ret, char **ret_error)
{
	*ret = json_object_get(object, name);
	if (*ret)
		return 0;
	*ret_error = xasprintf("No such field exists: `%s`", name);
	return -EINVAL;
}

int json_decode_string(const json_t *v, struct str *ret, char **ret_error)
{
	if (!json_is_string(v) || json_string_length(v) > INT32_MAX)
		return wrong_type("`String` value", v, ret_error);
	*ret = (struct str){json_string_value(v), (int32_t)json_string_length(v)};
	return 0;
}

int json_decode_int(const json_t *v, int32_t *ret, char **ret_error)
{
	if (!json_is_integer(v) || json_integer_value(v) < INT32_MIN ||
		json_integer_value(v) > INT32_MAX)
		return wrong_type("`Integer` value", v, ret_error);
	*ret = (int32_t)json_integer_value(v);
	return 0;
}

int json_decode_long(const json_t *v, int64_t *ret, char **ret_error)
{
	if (!json_is_integer(v))
		return wrong_type("`Long` value", v, ret_error);
	*ret = json_integer_value(v);
	return 0;
}
