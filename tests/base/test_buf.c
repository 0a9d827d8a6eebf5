/* test_buf.c - references and growth. */
#include "base/buf.h"

#include <pthread.h>
#include <string.h>

#include "unit.h"

/* The sanitizers would rather stop than return NULL. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void growth_keeps_the_content(void **state)
{
	struct buf *b = buf_new(3);

	(void)state;
	assert_non_null(b);
	memcpy(b->data, "abc", 3);
	b->len = 3;
	assert_true(buf_reserve(b, 100000));
	assert_int_equal(100000, b->cap);
	assert_true(buf_reserve(b, 5));
	assert_int_equal(100000, b->cap);
	assert_memory_equal("abc", b->data, 3);
	assert_null(buf_unref(b));
	assert_null(buf_unref(NULL));
}

static void no_memory_is_no_crash(void **state)
{
	volatile size_t huge = SIZE_MAX / 2; /* volatile: the compiler would object */
	struct buf *b = buf_new(0);

	(void)state;
	assert_non_null(b);
	assert_null(buf_new(huge));
	assert_false(buf_reserve(b, huge));
	assert_int_equal(0, b->cap);
	buf_unref(b);
}

static void *ref_unref(void *arg)
{
	struct buf *b = arg;

	for (int i = 0; i < 10000; i++)
		buf_unref(buf_ref(b));
	buf_unref(b);
	return NULL;
}

static void threads_share_a_buffer(void **state)
{
	struct buf *b = buf_new(16);
	pthread_t t[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(0, pthread_create(&t[i], NULL, ref_unref, buf_ref(b)));
	for (int i = 0; i < 4; i++)
		(void)pthread_join(t[i], NULL);
	assert_int_equal(1, atomic_load(&b->refs));
	buf_unref(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_keeps_the_content),
		cmocka_unit_test(no_memory_is_no_crash),
		cmocka_unit_test(threads_share_a_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
