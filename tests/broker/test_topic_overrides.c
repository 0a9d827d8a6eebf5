/* test_topic_overrides.c - what was read never replaces what was announced meanwhile. */
#include "broker/topic_overrides.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct topic_overrides *t;

static int prepare(void **state)
{
	(void)state;
	t = topic_overrides_new();
	return 0;
}

static int finish(void **state)
{
	(void)state;
	t = topic_overrides_free(t);
	return 0;
}

/* A set of one entry. */
static struct properties of(const char *value)
{
	struct properties p = PROPERTIES_INIT;

	properties_set(&p, "retention.ms", value, 0);
	return p;
}

static bool put(const char *topic, const char *value, uint64_t generation)
{
	struct properties p = of(value);
	bool done = topic_overrides_put(t, topic, &p, generation);

	properties_fini(&p);
	return done;
}

static bool announce(const char *topic, const char *value)
{
	struct properties p = of(value);
	bool known = topic_overrides_announce(t, topic, &p);

	properties_fini(&p);
	return known;
}

static void expect(const char *topic, const char *value)
{
	struct properties p = PROPERTIES_INIT, same = of(value ? value : "");
	const char *got;

	topic_overrides_get(t, topic, &p);
	got = properties_get(&p, "retention.ms");
	if (value)
		assert_string_equal(got, value);
	else
		assert_null(got);
	assert_int_equal(topic_overrides_are(t, topic, &same), value != NULL);
	properties_fini(&p);
	properties_fini(&same);
}

static void what_was_read_is_kept(void **state)
{
	(void)state;
	expect("t", NULL);
	assert_true(put("t", "1", topic_overrides_generation(t)));
	assert_true(put("u", "2", topic_overrides_generation(t)));
	expect("t", "1");
	expect("u", "2");
	assert_true(put("t", "3", topic_overrides_generation(t)));
	expect("t", "3");
}

static void an_announcement_wins_over_an_older_reading(void **state)
{
	uint64_t before = topic_overrides_generation(t);

	(void)state;
	assert_true(put("t", "1", before));
	assert_true(announce("t", "2"));
	assert_false(put("t", "1", before)); /* read before the announcement: to be read again */
	expect("t", "2");
	assert_true(put("t", "3", topic_overrides_generation(t)));
	expect("t", "3");
}

static void announcements_about_others_are_not_kept(void **state)
{
	uint64_t before = topic_overrides_generation(t);

	(void)state;
	assert_false(announce("t", "1"));
	expect("t", NULL);
	assert_false(put("t", "0", before)); /* but whoever is reading reads again */
	expect("t", NULL);
}

static void what_is_forgotten_is_not_here(void **state)
{
	(void)state;
	assert_true(put("t", "1", topic_overrides_generation(t)));
	topic_overrides_forget(t, "t");
	topic_overrides_forget(t, "t");
	expect("t", NULL);
	assert_false(announce("t", "2"));
}

static void all_names_are_listed(void **state)
{
	size_t n, seen = 0;
	char **names;

	(void)state;
	assert_true(put("a", "1", topic_overrides_generation(t)));
	assert_true(put("b", "1", topic_overrides_generation(t)));
	names = topic_overrides_names(t, &n);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		seen |= 1u << (names[i][0] - 'a');
		free(names[i]);
	}
	free(names);
	assert_int_equal(seen, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, finish)
	const struct CMUnitTest tests[] = {
		TEST(what_was_read_is_kept),
		TEST(an_announcement_wins_over_an_older_reading),
		TEST(announcements_about_others_are_not_kept),
		TEST(what_is_forgotten_is_not_here),
		TEST(all_names_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
