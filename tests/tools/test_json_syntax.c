/* test_json_syntax.c - faults of JSON; what Apache's tools print for the same texts, with Jackson 2.16. */
#include <string.h>

#include "base/attr.h"
#include "tests/base/unit.h"
#include "tools/json_syntax.h"

#define AT "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: "
#define PARSE "com.fasterxml.jackson.core.JsonParseException"
#define END "com.fasterxml.jackson.core.io.JsonEOFException"
#define VALUES "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

static void expect_bytes(const char *text, size_t len, const char *class, const char *want)
{
	const char *got_class = NULL;
	char *exact = xmemdup(text, len + 1), *got;

	got = json_syntax_fault(exact, len, &got_class);
	assert_non_null(got);
	assert_string_equal(want, got);
	assert_string_equal(class, got_class);
	free(got);
	free(exact);
}

static void expect(const char *text, const char *class, const char *want)
{
	expect_bytes(text, strlen(text), class, want);
}

static void expect_none(const char *text)
{
	const char *class;
	char *got = json_syntax_fault(text, strlen(text), &class);

	if (got)
		fail_msg("%s: %s", text, got);
}

static void right_texts(void **state)
{
	(void)state;
	expect_none("{}");
	expect_none(" [ 1 , -0.5e+3,\"\\u00e9\\n\\\"\", {\"a\":{\"b\":[]}}, true,false , null]\r\n");
	expect_none("{} what follows is not looked at");
	expect_none("12");
	expect_none("0 x");
	expect_none("true,");
	expect_none("[99999999999999999999999999, 1e999, \"\\ud800\"]");
	expect_none(" \n");
}

static void what_is_missing(void **state)
{
	(void)state;
	expect("", PARSE,
		"The input string shouldn't be empty\n at [Source: UNKNOWN; byte offset: #UNKNOWN]");
	expect("{", END,
		"Unexpected end-of-input: expected close marker for Object (start marker at [Source: REDACTED "
		"(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1])" AT "1, column: 2]");
	expect("{\"a\":\n [1,2", END,
		"Unexpected end-of-input: expected close marker for Array (start marker at [Source: REDACTED "
		"(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 2, column: 2])" AT "2, column: 6]");
	expect("[1,", PARSE, "Unexpected end-of-input within/between Array entries" AT "1, column: 4]");
	expect("{\"a\":", END, "Unexpected end-of-input within/between Object entries" AT "1, column: 6]");
	expect("{\"a", END, "Unexpected end-of-input in field name" AT "1, column: 4]");
	expect("[\"a", END, "Unexpected end-of-input: was expecting closing quote for a string value" AT "1, column: 4]");
	expect("[\"\\u12", END, "Unexpected end-of-input in character escape sequence" AT "1, column: 7]");
	expect("-", END, "Unexpected end-of-inputNo digit following minus sign" AT "1, column: 2]");
	expect("[1.", PARSE,
		"Unexpected character ('.' (code 46)) in numeric value: Decimal point not followed by a digit" AT
		"1, column: 4]");
	expect("[1e", END, "Unexpected end-of-inputexpected a digit for number exponent" AT "1, column: 4]");
}

static void what_is_in_the_way(void **state)
{
	(void)state;
	expect("{\"a\":1,}", PARSE,
		"Unexpected character ('}' (code 125)): was expecting double-quote to start field name" AT "1, column: 9]");
	expect("{\"a\" 1}", PARSE,
		"Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value" AT
		"1, column: 7]");
	expect("[1 2]", PARSE,
		"Unexpected character ('2' (code 50)): was expecting comma to separate Array entries" AT "1, column: 5]");
	expect("[1,]", PARSE,
		"Unexpected character (']' (code 93)): expected a valid value " VALUES AT "1, column: 5]");
	expect("[1}", PARSE,
		"Unexpected close marker '}': expected ']' (for Array starting at [Source: REDACTED "
		"(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1])" AT "1, column: 4]");
	expect("]", PARSE,
		"Unexpected close marker ']': expected '}' (for root starting at [Source: REDACTED "
		"(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1])" AT "1, column: 2]");
	expect("[// c", PARSE,
		"Unexpected character ('/' (code 47)): maybe a (non-standard) comment? (not recognized as one since Feature "
		"'ALLOW_COMMENTS' not enabled for parser)" AT "1, column: 3]");
	expect("1x", PARSE,
		"Unexpected character ('x' (code 120)): Expected space separating root-level values" AT "1, column: 3]");
	expect("[\xf0\x9f\x98\x80]", PARSE,
		"Unexpected character ('?' (code 55357 / 0xd83d)): expected a valid value " VALUES AT "1, column: 3]");
	expect_bytes("[\0]", 3, PARSE,
		"Illegal character ((CTRL-CHAR, code 0)): only regular white space (\\r, \\n, \\t) is allowed between tokens" AT
		"1, column: 3]");
	expect_bytes("[\"\0\"]", 5, PARSE,
		"Illegal unquoted character ((CTRL-CHAR, code 0)): has to be escaped using backslash to be included in string "
		"value" AT "1, column: 4]");
	expect("[\xff]", PARSE,
		"Unexpected character ('\xef\xbf\xbd' (code 65533 / 0xfffd)): expected a valid value " VALUES AT
		"1, column: 3]");
}

static void words_and_numbers(void **state)
{
	(void)state;
	expect("tru", PARSE, "Unrecognized token 'tru': was expecting " VALUES AT "1, column: 4]");
	expect("[a.b]", PARSE, "Unrecognized token 'a': was expecting " VALUES AT "1, column: 3]");
	expect("[NaN]", PARSE,
		"Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow" AT "1, column: 5]");
	expect("[01]", PARSE, "Invalid numeric value: Leading zeroes not allowed" AT "1, column: 3]");
	expect("[-x]", PARSE,
		"Unexpected character ('x' (code 120)) in numeric value: expected digit (0-9) to follow minus sign, for valid "
		"numeric value" AT "1, column: 4]");
	expect("[1.5e]", PARSE,
		"Unexpected character (']' (code 93)) in numeric value: Exponent indicator not followed by a digit" AT
		"1, column: 4]");
	expect("[0.5e]", PARSE,
		"Unexpected character (']' (code 93)) in numeric value: Exponent indicator not followed by a digit" AT
		"1, column: 7]");
}

static void what_is_too_deep(void **state)
{
	char text[1002];

	(void)state;
	memset(text, '[', sizeof(text));
	text[1001] = '\0';
	expect(text, "com.fasterxml.jackson.core.exc.StreamConstraintsException",
		"Document nesting depth (1001) exceeds the maximum allowed (1000, from "
		"`StreamReadConstraints.getMaxNestingDepth()`)");
	text[1000] = '\0';
	expect(text, END,
		"Unexpected end-of-input: expected close marker for Array (start marker at [Source: REDACTED "
		"(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1000])" AT "1, column: 1001]");
}

/* Every beginning of a text is looked at without a step beyond it. */
static void every_beginning(void **state)
{
	static const char text[] = "{\"a\\u00e9\":[-1.5e+3,true,null,\"\xc3\xa9\"],\r\n\"b\":{}}";

	(void)state;
	for (size_t n = 0; n + 1 < sizeof(text); n++) {
		const char *class;
		char *exact = malloc(n + 1), *got;

		assert_non_null(exact);
		memcpy(exact, text, n);
		got = json_syntax_fault(exact, n, &class);
		assert_non_null(got);
		free(got);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_texts),
		cmocka_unit_test(what_is_missing),
		cmocka_unit_test(what_is_in_the_way),
		cmocka_unit_test(words_and_numbers),
		cmocka_unit_test(what_is_too_deep),
		cmocka_unit_test(every_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
