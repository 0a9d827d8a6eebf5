/* test_properties.c - what java.util.Properties reads and writes. */
#include "base/properties.h"

#include <errno.h>
#include <string.h>

#include "base/writer.h"
#include "unit.h"

static void expect_entry(const struct properties *p, const char *key, const char *want)
{
	const char *got = properties_get(p, key);

	if (!got)
		fail_msg("key %s is missing", key);
	assert_string_equal(want, got);
}

static void parse(struct properties *p, const char *text)
{
	int line = 0;

	assert_int_equal(0, properties_parse(p, text, strlen(text), &line));
}

static void separators_and_comments(void **state)
{
	struct properties p = PROPERTIES_INIT;

	(void)state;
	parse(&p, "# comment \\\na=1\n  ! another\n\n\tb : 2  \nc 3=4\nd\ne==5\nf:=6\r\ng =\t=7\rh\\ i\\==8\n: none");
	expect_entry(&p, "a", "1");
	expect_entry(&p, "b", "2  "); /* blanks at the end belong to the value */
	expect_entry(&p, "c", "3=4");
	expect_entry(&p, "d", "");
	expect_entry(&p, "e", "=5");
	expect_entry(&p, "f", "=6");
	expect_entry(&p, "g", "=7");
	expect_entry(&p, "h i=", "8");
	expect_entry(&p, "", "none");
	assert_int_equal(9, p.n);
	assert_null(properties_get(&p, "x"));
	properties_fini(&p);
}

static void continuations(void **state)
{
	struct properties p = PROPERTIES_INIT;

	(void)state;
	parse(&p, "a=1,\\\n   2,\\\r\n\t3\nb=x\\\\\nc=\\\n# not a comment\nke\\\n  y=v\n\\\n\nd=end\\");
	expect_entry(&p, "a", "1,2,3");
	expect_entry(&p, "b", "x\\");
	expect_entry(&p, "c", "# not a comment");
	expect_entry(&p, "key", "v");
	expect_entry(&p, "d", "end");
	properties_fini(&p);
}

static void escapes_and_latin_1(void **state)
{
	struct properties p = PROPERTIES_INIT;

	(void)state;
	parse(&p, "a=\\u00e4\\t\\q\\n\\u4E2d\nb=\xE4\nc=\\ud83d\\ude00\nd=\\ud83dx\ne=\\ude00\nf=\\ud83d");
	expect_entry(&p, "a", "\xC3\xA4\tq\n\xE4\xB8\xAD");
	expect_entry(&p, "b", "\xC3\xA4");
	expect_entry(&p, "c", "\xF0\x9F\x98\x80");
	expect_entry(&p, "d", "?x");
	expect_entry(&p, "e", "?");
	expect_entry(&p, "f", "?");
	properties_fini(&p);
}

static void the_last_value_wins_in_the_first_place(void **state)
{
	struct properties p = PROPERTIES_INIT;

	(void)state;
	parse(&p, "a=1\n\nb=2\na=\\\n3\n");
	assert_int_equal(2, p.n);
	assert_string_equal("a", p.v[0].key);
	assert_string_equal("3", p.v[0].value);
	assert_int_equal(4, p.v[0].line);
	assert_int_equal(3, p.v[1].line);
	properties_set(&p, "b", p.v[0].value, 0); /* from within the set */
	properties_set(&p, "b", properties_get(&p, "b"), 0);
	expect_entry(&p, "b", "3");
	properties_remove(&p, "a");
	properties_remove(&p, "a");
	assert_int_equal(1, p.n);
	assert_null(properties_get(&p, "a"));
	properties_fini(&p);
}

static void a_bad_escape_names_its_line_and_adds_nothing(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		int line;
	} bad[] = {
		{ "a=1\n\nb=\\u12", 11, 3 },
		{ "\\u12g4=1", 8, 1 },
		{ "a=1\nx=\\\n\\u000g", 14, 2 },
		{ "a=\\u0000", 8, 1 },
		{ "a=1\nb\0=1", 8, 2 },
		{ "a=\\ud83d\\u12", 12, 1 },
	};
	struct properties p = PROPERTIES_INIT;

	(void)state;
	parse(&p, "kept=1");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int line = 0;

		assert_int_equal(-EINVAL, properties_parse(&p, bad[i].text, bad[i].len, &line));
		assert_int_equal(bad[i].line, line);
		assert_int_equal(1, p.n);
	}
	properties_fini(&p);
}

static void writing_escapes_like_java(void **state)
{
	static const char want[] = "a\\ \\=\\:=\\  x y\\#\\!\n"
				   "u=\\u00E4\\uD83D\\uDE00\\u0001\\t\\\\\n"
				   "=\n";
	struct properties p = PROPERTIES_INIT;
	struct writer w;
	struct buf *b;

	(void)state;
	properties_set(&p, "a =:", "  x y#!", 0);
	properties_set(&p, "u", "\xC3\xA4\xF0\x9F\x98\x80\x01\t\\", 0);
	properties_set(&p, "", "", 0);
	writer_init(&w, 0, 0);
	properties_write(&p, &w);
	assert_int_equal(0, writer_take_buf(&w, &b));
	assert_int_equal(sizeof(want) - 1, b->len);
	assert_memory_equal(want, b->data, b->len);
	buf_unref(b);
	properties_fini(&p);
}

static void files_are_limited(void **state)
{
	char *dir = temp_dir_new();
	CLEANUP(freep) char *path = xasprintf("%s/p", dir);
	CLEANUP(freep) char *big = xcalloc(1, (1 << 20) + 1);
	struct properties p = PROPERTIES_INIT;
	int line = 7;

	(void)state;
	assert_int_equal(-ENOENT, properties_load(&p, path, &line));
	assert_int_equal(0, line);
	assert_int_equal(0, fs_replace_file(path, "a=1\nb=\\uq", 9));
	assert_int_equal(-EINVAL, properties_load(&p, path, &line));
	assert_int_equal(2, line);
	assert_int_equal(0, fs_replace_file(path, "a=1\n", 4));
	assert_int_equal(0, properties_load(&p, path, NULL));
	expect_entry(&p, "a", "1");
	memset(big, '\n', (1 << 20) + 1);
	assert_int_equal(0, fs_replace_file(path, big, (1 << 20) + 1));
	assert_int_equal(-EFBIG, properties_load(&p, path, &line));
	properties_fini(&p);
	temp_dir_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(separators_and_comments),
		cmocka_unit_test(continuations),
		cmocka_unit_test(escapes_and_latin_1),
		cmocka_unit_test(the_last_value_wins_in_the_first_place),
		cmocka_unit_test(a_bad_escape_names_its_line_and_adds_nothing),
		cmocka_unit_test(writing_escapes_like_java),
		cmocka_unit_test(files_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
