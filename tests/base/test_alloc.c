/* test_alloc.c - checked sizes and growing arrays. */
#include "base/alloc.h"

#include <string.h>

#include "unit.h"

static void sizes_from_outside_are_limited(void **state)
{
	char *p = try_array(4, 25, 100);

	(void)state;
	assert_non_null(p);
	for (int i = 0; i < 100; i++)
		assert_int_equal(0, p[i]);
	free(p);
	assert_null(try_array(4, 26, 100));
	assert_null(try_array(SIZE_MAX / 2, 3, SIZE_MAX));
	p = try_array(0, 8, 0);
	assert_non_null(p);
	free(p);
}

static void an_array_grows_by_doubling_and_keeps_its_content(void **state)
{
	size_t cap = 0;
	int *v = NULL;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		size_t was = cap;

		v = grow_array(v, &cap, i + 1, sizeof(*v));
		assert_true(cap == was || cap == 8 || cap == 2 * was);
		v[i] = (int)i;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(i, v[i]);
	free(v);
}

static void copies_are_copies(void **state)
{
	CLEANUP(freep) char *a = xstrdup("hello");
	CLEANUP(freep) char *b = xstrndup("hello", 2);
	CLEANUP(freep) char *c = xasprintf("%s-%d", "x", 7);
	CLEANUP(freep) char *d = xmemdup("ab", 3);
	CLEANUP(freep) char *e = xstrndup("hi", 10);
	CLEANUP(freep) void *none = xmemdup(NULL, 0);

	(void)state;
	assert_string_equal("hello", a);
	assert_string_equal("he", b);
	assert_string_equal("x-7", c);
	assert_string_equal("ab", d);
	assert_string_equal("hi", e);
	assert_non_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_from_outside_are_limited),
		cmocka_unit_test(an_array_grows_by_doubling_and_keeps_its_content),
		cmocka_unit_test(copies_are_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
