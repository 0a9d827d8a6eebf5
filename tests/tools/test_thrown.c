/* test_thrown.c - exceptions with causes, as Java prints them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"
#include "tools/thrown.h"

static void expect(const struct thrown *t, const char *want)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	thrown_print(t, out);
	(void)fclose(out);
	assert_string_equal(want, text);
	free(text);
}

static void messages_and_causes(void **state)
{
	struct thrown t = THROWN_INIT;

	(void)state;
	assert_int_equal(-EINVAL, thrown_set(&t, NULL, "only %d", 1));
	expect(&t, "only 1\n");
	assert_int_equal(-EINVAL, thrown_set(&t, "a.B", "%s", "why"));
	expect(&t, "Error: why\na.B: why\n\n");
	assert_int_equal(-EINVAL, thrown_wrap(&t, "c.D", NULL));
	expect(&t, "Error: a.B: why\nc.D: a.B: why\nCaused by: a.B: why\n\n");
	assert_int_equal(-EINVAL, thrown_wrap(&t, "e.F", "for %s", "short"));
	expect(&t, "Error: for short\ne.F: for short\nCaused by: c.D: a.B: why\nCaused by: a.B: why\n\n");
	assert_string_equal("e.F: for short", t.text);
	thrown_fini(&t);
	thrown_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(messages_and_causes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
