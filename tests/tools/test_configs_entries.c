/* test_configs_entries.c - lists of settings as kafka-configs.sh splits them. The cases were given to Apache's tool. */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "tests/base/unit.h"
#include "tools/configs_priv.h"

/* "key=value|key=value" of a list; "ERROR" when it is none. Owned. */
static char *parsed(const char *list)
{
	struct properties p = PROPERTIES_INIT;
	char *text = xstrdup("");
	int r = configs_parse_list(list, &p);

	for (size_t i = 0; i < p.n && !r; i++) {
		char *more = xasprintf("%s%s%s=%s", text, i ? "|" : "", p.v[i].key, p.v[i].value);

		free(text);
		text = more;
	}
	properties_fini(&p);
	if (!r)
		return text;
	assert_int_equal(-EINVAL, r);
	free(text);
	return xstrdup("ERROR");
}

static void lists(void **state)
{
	static const struct {
		const char *list, *want;
	} cases[] = {
		{"a=b", "a=b"},
		{"a=b,c=d", "a=b|c=d"},
		{"a=", "a="},
		{"=b", "=b"},
		{" a = b , c = d ", "a=b|c=d"},
		{"a=1,a=2", "a=2"},
		/* brackets keep commas and equals signs, and go */
		{"a=[b,c],d=e", "a=b,c|d=e"},
		{"a=[b=c,d=e]", "a=b=c,d=e"},
		{"a = [ 77 ] ,", "a=77"},
		{"a=x[b,c]y", "a=xb,cy"},
		{"a=[]", "a="},
		/* a bracket that is not closed keeps nothing together: the next bracket decides */
		{"a=[b,c", "ERROR"},
		{"a=[b,c=d", "a=b|c=d"},
		/* one that was not opened keeps what is before it */
		{"a=b],c=d", "ERROR"},
		{"[a=b]", "ERROR"},
		/* empty entries count, but for those at the end */
		{"", "ERROR"},
		{",", ""},
		{",,,", ""},
		{"a=b,", "a=b"},
		{"a=b,,", "a=b"},
		{"a=b, ,", "ERROR"},
		{"a=b,,c=d", "ERROR"},
		{",a=b", "ERROR"},
		{"a", "ERROR"},
		{"a=b=c", "ERROR"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *got = parsed(cases[i].list);

		assert_string_equal(cases[i].want, got);
		free(got);
	}
}

static void keys_of_a_list(void **state)
{
	static const struct {
		const char *list, *want;
	} cases[] = {
		{"a", "a"},
		{"a,b", "a|b"},
		{" a , b ", "a|b"},
		{",a,,b,", "a|b"},
		{"a, ,b", "a||b"},
		{",", ","},
		{"", ""},
	};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct name_list w = {NULL, 0, 0};
		char *got;

		configs_parse_keys(&a, cases[i].list, &w);
		got = name_list_join(&w, "|");
		assert_string_equal(cases[i].want, got);
		free(got);
		name_list_fini(&w);
	}
	arena_fini(&a);
}

static void characters_of_keys(void **state)
{
	static const char *const bad[] = {"a b", "a/b", "a:b", "\xc3\xa9", "a\n", "[a"};

	(void)state;
	assert_true(configs_key_ok(""));
	assert_true(configs_key_ok("log.cleaner_threads-9.Z"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(configs_key_ok(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(keys_of_a_list),
		cmocka_unit_test(characters_of_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
