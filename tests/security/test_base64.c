/* test_base64.c - the vectors of RFC 4648, and what is none. */
#include "security/base64.h"

#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "tests/base/unit.h"

static const char *const vectors[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
	{"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

static void there_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		char *text = base64_encode((const uint8_t *)vectors[i][0], strlen(vectors[i][0]));
		uint8_t *p = NULL;
		size_t n = 99;

		assert_string_equal(vectors[i][1], text);
		assert_int_equal(0, base64_decode(text, strlen(text), &p, &n));
		assert_int_equal(strlen(vectors[i][0]), n);
		assert_memory_equal(vectors[i][0], p, n);
		free(p);
		free(text);
	}
}

static void what_is_not_base64_is_refused(void **state)
{
	static const char *const bad[] = {"Z", "Zg", "Zg=", "Z===", "Zg==Zg==", "Zm9 ", "Zm\n9", "Zm-_", "=Zm9", "Zm=9"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		uint8_t *p = NULL;
		size_t n;

		assert_int_equal(-EINVAL, base64_decode(bad[i], strlen(bad[i]), &p, &n));
		assert_null(p);
	}
	/* A NUL is no character of the alphabet, and nothing behind `len` counts. */
	{
		uint8_t *p = NULL;
		size_t n;

		assert_int_equal(-EINVAL, base64_decode("Zm\0v", 4, &p, &n));
		assert_int_equal(0, base64_decode("Zm9v!", 4, &p, &n));
		assert_int_equal(3, n);
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(what_is_not_base64_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
