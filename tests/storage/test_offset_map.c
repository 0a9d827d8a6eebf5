/* test_offset_map.c - the map of keys, against a plain array. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storage/offset_map.h"

static struct bytes key_of(int i, char buf[32])
{
	return (struct bytes){ (const uint8_t *)buf, (int32_t)snprintf(buf, 32, "key-%d", i) };
}

static bool put(struct offset_map *m, struct bytes key, int64_t offset)
{
	struct offset_key k = offset_map_hash(m, key);

	return offset_map_put(m, &k, offset);
}

static int64_t get(const struct offset_map *m, struct bytes key)
{
	struct offset_key k = offset_map_hash(m, key);

	return offset_map_get(m, &k);
}

static void holds_what_was_put(void **state)
{
	struct offset_map *m;
	char buf[32];

	(void)state;
	assert_int_equal(0, offset_map_new(1000 * OFFSET_MAP_ENTRY, 0.9, &m));
	assert_int_equal(1000, offset_map_slots(m));
	for (int i = 0; i < 900; i++)
		assert_true(put(m, key_of(i, buf), 2 * i));
	assert_int_equal(900, offset_map_size(m));
	assert_int_equal(1798, offset_map_latest(m));
	for (int i = 0; i < 900; i++)
		assert_int_equal(2 * i, get(m, key_of(i, buf)));
	assert_int_equal(-1, get(m, key_of(900, buf)));
	assert_false(put(m, key_of(900, buf), 5000)); /* full */
	assert_int_equal(1798, offset_map_latest(m));
	assert_true(put(m, key_of(7, buf), 6000)); /* known */
	assert_int_equal(6000, get(m, key_of(7, buf)));
	assert_int_equal(6000, offset_map_latest(m));
	offset_map_free(m);
}

static void a_clear_forgets(void **state)
{
	struct offset_map *m;
	char buf[32];

	(void)state;
	assert_int_equal(0, offset_map_new(1 << 20, 0.9, &m));
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 30000; i++)
			assert_true(put(m, key_of(i + round * 30000, buf), i));
		for (int i = 0; i < 30000; i++)
			assert_int_equal(i, get(m, key_of(i + round * 30000, buf)));
		offset_map_clear(m);
		assert_int_equal(0, offset_map_size(m));
		assert_int_equal(-1, offset_map_latest(m));
		assert_int_equal(-1, get(m, key_of(1, buf)));
	}
	offset_map_free(m);
}

static void a_load_of_one_still_ends(void **state)
{
	struct offset_map *m;
	char buf[32];
	int n = 0;

	(void)state;
	assert_int_equal(0, offset_map_new(10 * OFFSET_MAP_ENTRY, 3.5, &m));
	while (put(m, key_of(n, buf), n))
		n++;
	assert_int_equal(9, n);
	assert_int_equal(-1, get(m, key_of(100, buf)));
	offset_map_free(m);
}

static void empty_keys_are_keys(void **state)
{
	struct offset_map *m;

	(void)state;
	assert_int_equal(0, offset_map_new(100 * OFFSET_MAP_ENTRY, 0.5, &m));
	assert_int_equal(-1, get(m, (struct bytes){ NULL, 0 }));
	assert_true(put(m, (struct bytes){ NULL, 0 }, 0));
	assert_int_equal(0, get(m, (struct bytes){ NULL, 0 }));
	assert_int_equal(0, offset_map_latest(m));
	offset_map_free(m);
}

static void sizes_that_hold_nothing_are_refused(void **state)
{
	struct offset_map *m;

	(void)state;
	assert_int_equal(-EINVAL, offset_map_new(0, 0.9, &m));
	assert_int_equal(-EINVAL, offset_map_new(OFFSET_MAP_ENTRY, 1, &m));
	assert_int_equal(-EINVAL, offset_map_new(1 << 20, 0, &m));
	assert_int_equal(-EINVAL, offset_map_new(1 << 20, -1, &m));
	assert_int_equal(-EINVAL, offset_map_new(1 << 20, (double)NAN, &m));
	/* storage.md 15.3: 128 MiB for one thread */
	assert_int_equal(0, offset_map_new(134217728, 0.9, &m));
	assert_int_equal(5592405, offset_map_slots(m));
	offset_map_free(m);
	assert_int_equal(0, offset_map_new((size_t)8 << 30, 0.9, &m));
	assert_int_equal(INT32_MAX / 24, offset_map_slots(m));
	offset_map_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_what_was_put),
		cmocka_unit_test(a_clear_forgets),
		cmocka_unit_test(a_load_of_one_still_ends),
		cmocka_unit_test(empty_keys_are_keys),
		cmocka_unit_test(sizes_that_hold_nothing_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
