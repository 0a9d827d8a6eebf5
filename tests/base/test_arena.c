/* test_arena.c - alignment, zeroing, the limit. */
#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

#include "base/random.h"
#include "unit.h"

static void memory_is_zeroed_aligned_and_separate(void **state)
{
	struct arena a;
	struct rng rng;
	uint8_t *p[300];
	size_t n[300];

	(void)state;
	rng_init(&rng, 1);
	arena_init(&a, 0);
	for (int i = 0; i < 300; i++) {
		n[i] = (size_t)rng_below(&rng, i % 20 == 0 ? 200000 : 300);
		p[i] = arena_alloc(&a, n[i]);
		assert_non_null(p[i]);
		assert_int_equal(0, (uintptr_t)p[i] % alignof(max_align_t));
		for (size_t k = 0; k < n[i]; k++)
			assert_int_equal(0, p[i][k]);
		memset(p[i], i & 0xFF, n[i]);
	}
	for (int i = 0; i < 300; i++)
		for (size_t k = 0; k < n[i]; k++)
			assert_int_equal(i & 0xFF, p[i][k]);
	arena_fini(&a);
	assert_int_equal(0, a.used);
}

static void the_limit_holds_for_any_request(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1000);
	assert_non_null(arena_alloc(&a, 900));
	assert_null(arena_alloc(&a, 200));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 8));
	assert_null(arena_array(&a, SIZE_MAX / 2, 3));
	assert_null(arena_strdup(&a, (struct str){ (const char[200]){ 0 }, 200 }));
	assert_int_equal(-1, arena_printf(&a, "%300d", 1).len);
	assert_non_null(arena_alloc(&a, 10)); /* a refusal takes nothing */
	assert_true(a.used <= 1000);
	arena_fini(&a);
}

static void a_large_size_leaves_the_current_chunk_in_use(void **state)
{
	struct arena a;
	uint8_t *small, *next;

	(void)state;
	arena_init(&a, 0);
	small = arena_alloc(&a, 16);
	assert_non_null(arena_alloc(&a, 1 << 20));
	next = arena_alloc(&a, 16);
	assert_ptr_equal(small + 16, next);
	arena_fini(&a);
}

static void texts_are_copied(void **state)
{
	struct arena a;
	char text[] = "abc";
	struct str s, printed;
	char *dup;

	(void)state;
	arena_init(&a, 0);
	s = arena_str(&a, text);
	dup = arena_strdup(&a, str_of(text));
	printed = arena_printf(&a, "%s-%d", text, 5);
	text[0] = 'x';
	assert_true(str_is(s, "abc"));
	assert_string_equal("abc", dup);
	assert_true(str_is(printed, "abc-5"));
	assert_string_equal("abc-5", printed.p);
	assert_string_equal("", arena_strdup(&a, STR_NULL));
	assert_int_equal(-1, arena_str(&a, NULL).len);
	assert_non_null(arena_array(&a, 0, 100));
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_separate),
		cmocka_unit_test(the_limit_holds_for_any_request),
		cmocka_unit_test(a_large_size_leaves_the_current_chunk_in_use),
		cmocka_unit_test(texts_are_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
