/* test_java_base64.c - what OpenJDK 17 says of texts that are no base64. */
#include "tools/java_base64.h"

#include "base/attr.h"
#include "tests/base/unit.h"

#define SHORT "Input byte[] should at least have 2 bytes for base64 bytes"
#define UNIT  "Input byte array has wrong 4-byte ending unit"
#define BITS  "Last unit does not have enough valid bits"

static void texts(void **state)
{
	static const struct {
		const char *text, *why;
		size_t n;
	} cases[] = {
		{"", NULL, 0},
		{"x", SHORT, 0},
		{"=", SHORT, 0},
		{"*", SHORT, 0},
		{"xx", NULL, 1},
		{"xxx", NULL, 2},
		{"xxxx", NULL, 3},
		{"xx==", NULL, 1},
		{"xxx=", NULL, 2},
		{"lWWJ6A_oQfiY_GYYQSeN-A", NULL, 16},
		{"==", UNIT, 0},
		{"xx=", UNIT, 0},
		{"xxxx=", UNIT, 0},
		{"xxxxx", BITS, 0},
		{"a*b", "Illegal base64 character 2a", 0},
		{"a+b", "Illegal base64 character 2b", 0},
		{"xxx=x", "Input byte array has incorrect ending byte at 4", 0},
		{"xx===", "Input byte array has incorrect ending byte at 4", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char why[JAVA_BASE64_WHY_MAX];
		size_t n = 0;
		bool bad = java_base64_fault(cases[i].text, why, &n);

		assert_int_equal(cases[i].why != NULL, bad);
		if (bad)
			assert_string_equal(cases[i].why, why);
		else
			assert_int_equal(cases[i].n, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
