/* test_table.c - uthash with our hash. */
#include "base/table.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

struct entry {
	char key[16];
	int v;
	UT_hash_handle hh;
};

static void entries_are_found_and_removed(void **state)
{
	static struct entry e[1000];
	struct entry *table = NULL, *got;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(e[i].key, sizeof(e[i].key), "k%d", i);
		e[i].v = i;
		HASH_ADD_STR(table, key, &e[i]);
	}
	HASH_FIND_STR(table, "k777", got);
	assert_ptr_equal(&e[777], got);
	HASH_DEL(table, got);
	HASH_FIND_STR(table, "k777", got);
	assert_null(got);
	assert_int_equal(999, HASH_COUNT(table));
	HASH_CLEAR(hh, table);
}

static void the_hash_depends_on_every_byte(void **state)
{
	char key[9] = "topic-12";

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		unsigned before = table_hash(key, 8);

		assert_int_equal(before, table_hash(key, 8));
		key[i] ^= 1;
		assert_int_not_equal(before, table_hash(key, 8));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_found_and_removed),
		cmocka_unit_test(the_hash_depends_on_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
