/* test_keeper_record.c - paths are refused in the words of ZooKeeper's Java client; records that lie are refused too. */
#include "tools/keeper_record.h"

#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"

static void expect_path(const char *path, const char *want)
{
	char *reason = NULL;
	int r = keeper_path_check(path, &reason);

	if ((r == 0) != (want == NULL) || (want && strcmp(want, reason) != 0))
		fail_msg("%s: wanted %s, got %s", path, want ? want : "no complaint", reason ? reason : "none");
	free(reason);
}

static void paths(void **state)
{
	(void)state;
	expect_path("/", NULL);
	expect_path("/a/b.c/..d/e..", NULL);
	expect_path("/\xc3\xa4/\xe2\x82\xac", NULL);
	expect_path("", "Path length must be > 0");
	expect_path("a", "Path must start with / character");
	expect_path("/a/", "Path must not end with / character");
	expect_path("/a//b", "Invalid path string \"/a//b\" caused by empty node name specified @3");
	expect_path("/a/../b", "Invalid path string \"/a/../b\" caused by relative paths not allowed @4");
	expect_path("/a/./b", "Invalid path string \"/a/./b\" caused by relative paths not allowed @3");
	expect_path("/a/..", "Invalid path string \"/a/..\" caused by relative paths not allowed @4");
	expect_path("/.", "Invalid path string \"/.\" caused by relative paths not allowed @1");
	expect_path("/\xc3\xa4\x01", "Invalid path string \"/\xc3\xa4\x01\" caused by invalid character @2");
	expect_path("/\xef\xbf\xbd", "Invalid path string \"/\xef\xbf\xbd\" caused by invalid character @1");
	expect_path("/\xf0\x9f\x98\x80", "Invalid path string \"/\xf0\x9f\x98\x80\" caused by invalid character @1");
}

static void names_are_sorted_as_java_does(void **state)
{
	static const char *const words[] = {"b", "\xef\xbc\xa1", "a0", "\xf0\x9f\x98\x80", "a", "", "\xc3\xa4"};
	static const char *const want[] = {"", "a", "a0", "b", "\xc3\xa4", "\xf0\x9f\x98\x80", "\xef\xbc\xa1"};
	struct keeper_names names = {NULL, 0, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		keeper_names_add(&names, str_of(words[i]));
	keeper_names_sort(&names);
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_string_equal(want[i], names.v[i]);
	keeper_names_fini(&names);
}

static void lengths_that_lie_are_refused(void **state)
{
	static const uint8_t names[] = {0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0}, text[] = {0, 0, 0, 9, 'a'};
	struct keeper_names list = {NULL, 0, 0};
	struct keeper_acls acls = {NULL, 0, 0};
	struct cursor c = cur_of(names, sizeof(names));

	(void)state;
	keeper_take_names(&c, &list);
	assert_true(c.bad);
	assert_int_equal(0, list.n);
	c = cur_of(names, sizeof(names));
	keeper_take_acls(&c, &acls);
	assert_true(c.bad);
	c = cur_of(text, sizeof(text));
	assert_int_equal(-1, keeper_take_string(&c).len);
	assert_true(c.bad);
	keeper_names_fini(&list);
	keeper_acls_fini(&acls);
}

static void what_is_written_is_read(void **state)
{
	struct keeper_acls acls = {NULL, 0, 0}, again = {NULL, 0, 0};
	struct writer w;
	struct buf *b;
	struct cursor c;

	(void)state;
	keeper_acls_add(&acls, KEEPER_PERM_READ, STR("digest"), STR("bob:x"));
	writer_init(&w, 64, 0);
	keeper_put_string(&w, "/a");
	keeper_put_buffer(&w, NULL, -1);
	keeper_put_acls(&w, &acls);
	keeper_put_bool(&w, true);
	assert_int_equal(0, writer_take_buf(&w, &b));
	c = cur_of(b->data, b->len);
	assert_true(str_is(keeper_take_string(&c), "/a"));
	assert_int_equal(-1, keeper_take_buffer(&c).len);
	keeper_take_acls(&c, &again);
	assert_int_equal(1, again.n);
	assert_int_equal(KEEPER_PERM_READ, again.v[0].perms);
	assert_string_equal("bob:x", again.v[0].id);
	assert_int_equal(1, cur_u8(&c));
	assert_false(c.bad);
	assert_int_equal(0, cur_left(&c));
	writer_fini(&w);
	buf_unref(b);
	keeper_acls_fini(&acls);
	keeper_acls_fini(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(names_are_sorted_as_java_does),
		cmocka_unit_test(lengths_that_lie_are_refused),
		cmocka_unit_test(what_is_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
