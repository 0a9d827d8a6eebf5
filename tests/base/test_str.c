/* test_str.c - comparison, quoting, UTF-8, numbers, Java's hash. */
#include "base/str.h"

#include "unit.h"
#include "vectors.h"

static void null_is_not_empty(void **state)
{
	(void)state;
	assert_true(str_eq(STR_NULL, str_of(NULL)));
	assert_false(str_eq(STR_NULL, STR("")));
	assert_true(str_eq(STR(""), (struct str){ NULL, 0 }));
	assert_true(str_is(STR("ab"), "ab"));
	assert_false(str_is(STR("ab"), "abc"));
	assert_false(str_is(STR_NULL, ""));
	assert_null(str_dup(STR_NULL));
}

static void strings_sort_by_bytes(void **state)
{
	static const struct str rising[] = { STR_NULL, STR(""), STR("a"), STR("a\0"), STR("ab"), STR("b"),
		STR("\xC3\xA4") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rising); i++)
		for (size_t k = 0; k < ARRAY_LEN(rising); k++)
			assert_int_equal((i > k) - (i < k), str_cmp(rising[i], rising[k]));
}

static void copies_are_cut_to_fit(void **state)
{
	CLEANUP(freep) char *dup = str_dup((struct str){ "hello", 2 });
	char buf[4];

	(void)state;
	assert_string_equal("he", dup);
	assert_string_equal("hel", str_copy(STR("hello"), buf, sizeof(buf)));
	assert_string_equal("", str_copy(STR_NULL, buf, sizeof(buf)));
	assert_string_equal("", str_copy(STR("x"), buf, 1));
}

static void quotes_hide_what_could_hurt(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal("\"a\\x01b\"", str_quote(STR("a\001b"), buf, sizeof(buf)));
	assert_string_equal("\"say \\\"\\\\\\\"\"", str_quote(STR("say \"\\\""), buf, sizeof(buf)));
	assert_string_equal("\"\xC3\xA4\"", str_quote(STR("\xC3\xA4"), buf, sizeof(buf)));
	assert_string_equal("\"\\xc3\"", str_quote(STR("\xC3"), buf, sizeof(buf)));
	assert_string_equal("\"\\xc2\\x9b1m\"", str_quote(STR("\xC2\x9B"
								"1m"), buf, sizeof(buf)));
	assert_string_equal("\"\\x0a\\x00\\x7f\"", str_quote(STR("\n\0\x7F"), buf, sizeof(buf)));
	assert_string_equal("null", str_quote(STR_NULL, buf, sizeof(buf)));
	assert_string_equal("\"ab\"", str_quote(STR("abcdef"), buf, 5));
	assert_string_equal("\"a\"", str_quote(STR("a\x01"), buf, 7)); /* an escape is not cut */
	assert_string_equal("", str_quote(STR("a"), buf, 2));
}

static void utf8_is_strict(void **state)
{
	static const struct str good[] = { STR(""), STR("a"), STR("\xC3\xA4"), STR("\xE4\xB8\xAD"),
		STR("\xF0\x9F\x98\x80"), STR("\xED\x9F\xBF"), STR("\xF4\x8F\xBF\xBF"), STR_NULL };
	static const struct str bad[] = { STR("\0"), STR("\x80"), STR("\xC0\x80"), STR("\xE0\x80\x80"),
		STR("\xED\xA0\x80"), STR("\xF4\x90\x80\x80"), STR("\xF5"), STR("\xE4\xB8"), STR("\xC3") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(str_is_utf8(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(str_is_utf8(bad[i]));
}

static void every_code_point_survives(void **state)
{
	uint32_t got;
	char buf[4];

	(void)state;
	for (uint32_t code = 0; code < 0x110000; code++) {
		size_t n;

		if (code >= 0xD800 && code < 0xE000)
			continue;
		n = utf8_encode(code, buf);
		if (utf8_decode(buf, n, &got) != (int)n || got != code)
			fail_msg("U+%04X", code);
	}
}

static void check_number(const char *s, bool ok, int64_t want)
{
	int64_t got = 77;

	assert_int_equal(ok, str_to_i64(str_of(s), INT64_MIN, INT64_MAX, &got));
	assert_int_equal(ok ? want : 77, got);
}

static void numbers_are_read_like_java_does(void **state)
{
	int64_t v;

	(void)state;
	check_number("0", true, 0);
	check_number("-0", true, 0);
	check_number("+17", true, 17);
	check_number("007", true, 7);
	check_number("9223372036854775807", true, INT64_MAX);
	check_number("-9223372036854775808", true, INT64_MIN);
	check_number("9223372036854775808", false, 0);
	check_number("-9223372036854775809", false, 0);
	check_number("99999999999999999999999", false, 0);
	check_number("", false, 0);
	check_number("-", false, 0);
	check_number("+-1", false, 0);
	check_number(" 1", false, 0);
	check_number("1 ", false, 0);
	check_number("0x1", false, 0);
	check_number(NULL, false, 0);
	assert_true(str_to_i64(STR("5"), 0, 5, &v));
	assert_false(str_to_i64(STR("6"), 0, 5, &v));
	assert_false(str_to_i64(STR("-1"), 0, 5, &v));
}

static void the_hash_is_java_s(void **state)
{
	json_t *all = vectors_load(), *row;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(all, "coordinatorPartition"), i, row)
		assert_int_equal(vector_number(row, "javaHashCode"),
		    str_java_hash(str_of(vector_text(row, "key"))));
	assert_true(i > 0);
	json_decref(all);
	assert_int_equal(0xFFFD, str_java_hash(STR("\xE4\xB8"))); /* one replacement for a cut character */
	assert_int_equal(0xFFFD * 31 + 0xFFFD, str_java_hash(STR("\xFF\xFF")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_is_not_empty),
		cmocka_unit_test(strings_sort_by_bytes),
		cmocka_unit_test(copies_are_cut_to_fit),
		cmocka_unit_test(quotes_hide_what_could_hurt),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(every_code_point_survives),
		cmocka_unit_test(numbers_are_read_like_java_does),
		cmocka_unit_test(the_hash_is_java_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
