/* vectors.c - reads the reference values. */
#include "vectors.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

json_t *vectors_load(void)
{
	CLEANUP(freep) char *path = source_path("tests/base/data/primitives.json");
	json_error_t error;
	json_t *all = json_load_file(path, 0, &error);

	if (!all)
		fail_msg("%s: %s", path, error.text);
	return all;
}

const char *vector_text(const json_t *row, const char *name)
{
	const json_t *v = json_object_get(row, name);

	assert_true(json_is_string(v));
	return json_string_value(v);
}

int64_t vector_number(const json_t *row, const char *name)
{
	const json_t *v = json_object_get(row, name);

	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

size_t vector_hex(const json_t *row, const char *name, uint8_t *buf, size_t size)
{
	const char *hex = vector_text(row, name);
	size_t n = strlen(hex) / 2;

	assert_true(n <= size);
	for (size_t i = 0; i < n; i++) {
		unsigned v;

		assert_int_equal(1, sscanf(hex + 2 * i, "%2x", &v));
		buf[i] = (uint8_t)v;
	}
	return n;
}
