/* json_decode.c - see json_decode.h. */
#include "tools/json_decode.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tools/json_syntax.h"
#include "tools/json_text.h"

/* A value as Jackson prints it. Depth is limited by the parser. */
static void put_value(FILE *out, const json_t *v)
{
	const char *key, *between = "";
	const json_t *member;

	switch (json_typeof(v)) {
	case JSON_OBJECT:
		putc('{', out);
		json_object_foreach((json_t *)(uintptr_t)v, key, member)
		{
			fputs(between, out);
			json_put_string(out, str_of(key));
			putc(':', out);
			put_value(out, member);
			between = ",";
		}
		putc('}', out);
		break;
	case JSON_ARRAY:
		putc('[', out);
		for (size_t i = 0; i < json_array_size(v); i++) {
			fputs(i ? "," : "", out);
			put_value(out, json_array_get(v, i));
		}
		putc(']', out);
		break;
	case JSON_STRING:
		json_put_string(out, str_of(json_string_value(v)));
		break;
	case JSON_INTEGER:
		fprintf(out, "%lld", (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		json_put_real(out, json_real_value(v));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		fputs(json_is_null(v) ? "null" : json_is_true(v) ? "true" : "false", out);
		break;
	}
}

/* A value of another type than is expected. */
static int wrong_type(const char *want, const json_t *got, char **ret_error)
{
	size_t size = 0;
	FILE *out = open_memstream(ret_error, &size);

	if (!out)
		abort();
	fprintf(out, "Expected %s, received ", want);
	if (got)
		put_value(out, got);
	(void)fclose(out);
	return -EINVAL;
}

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!memchr(" \t\r\n", text[i], 4))
			return false;
	return true;
}

int json_decode_text(
	const char *text, size_t len, json_t **ret, char **ret_error, const char **ret_class)
{
	json_error_t why;

	if (len > 0 && is_blank(text, len)) {
		*ret = NULL;
		return 0;
	}
	*ret_error = json_syntax_fault(text, len, ret_class);
	if (*ret_error)
		return -EINVAL;
	*ret = json_loadb(text, len, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &why);
	if (*ret)
		return 0;
	/* what Jackson would take, and we do not: numbers and texts that C has no room for */
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
