/* test_topic_set.c - sets of names; subscriptions of any version are read, anything else is refused. */
#include <stdio.h>
#include <string.h>

#include "base/unit.h"

#include "coordinator/topic_set.h"
#include "protocol/errors.h"

static struct bytes raw(const char *p, size_t n)
{
	return (struct bytes){ (const uint8_t *)p, (int32_t)n };
}
#define RAW(lit) raw(lit, sizeof(lit) - 1)

static void names_are_held_once(void **state)
{
	struct topic_set s = TOPIC_SET_INIT;
	char name[16];

	(void)state;
	assert_false(topic_set_has(&s, STR("t")));
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < 1000; i++) {
			(void)snprintf(name, sizeof(name), "topic-%d", i);
			assert_int_equal(0, topic_set_add(&s, str_of(name)));
		}
	}
	assert_int_equal(0, topic_set_add(&s, STR("")));
	assert_int_equal(1001, s.n);
	assert_true(topic_set_has(&s, STR("topic-999")));
	assert_true(topic_set_has(&s, STR("")));
	assert_false(topic_set_has(&s, STR("topic-1000")));
	assert_false(topic_set_has(&s, STR_NULL));
	topic_set_fini(&s);
	assert_false(topic_set_has(&s, STR("topic-999")));
}

static void every_version_begins_like_version_0(void **state)
{
	struct topic_set s = TOPIC_SET_INIT;

	(void)state;
	/* version 0: one topic, null user data */
	assert_int_equal(0, topic_set_add_subscription(&s, RAW("\0\0" "\0\0\0\1" "\0\1t" "\377\377\377\377")));
	/* version 3 with owned partitions, generation and rack behind; user data of two bytes */
	assert_int_equal(0, topic_set_add_subscription(&s,
				    RAW("\0\3" "\0\0\0\2" "\0\1u" "\0\2vw" "\0\0\0\2ab" "\0\0\0\0" "\0\0\0\5" "\377\377")));
	/* a version that nobody knows */
	assert_int_equal(0, topic_set_add_subscription(&s, RAW("\177\377" "\0\0\0\0" "\377\377\377\377")));
	assert_int_equal(3, s.n);
	assert_true(topic_set_has(&s, STR("t")));
	assert_true(topic_set_has(&s, STR("u")));
	assert_true(topic_set_has(&s, STR("vw")));
	topic_set_fini(&s);
}

static void other_bytes_are_no_subscription(void **state)
{
	static const struct {
		const char *p;
		size_t n;
	} bad[] = {
#define BAD(lit) { lit, sizeof(lit) - 1 }
		BAD(""),
		BAD("\0"),
		BAD("\0\0"),
		BAD("\0\0" "\0\0\0"),
		BAD("\0\0" "\377\377\377\377" "\377\377\377\377"),	 /* null topics */
		BAD("\0\0" "\0\0\0\1" "\377\377" "\377\377\377\377"), /* a null topic */
		BAD("\0\0" "\0\0\0\2" "\0\1t" "\377\377\377\377"),	 /* one topic is missing */
		BAD("\0\0" "\177\377\377\377" "\0\1t"),
		BAD("\0\0" "\0\0\0\1" "\0\5t" "\377\377\377\377"),
		BAD("\0\0" "\0\0\0\1" "\0\1t"),			 /* no user data */
		BAD("\0\0" "\0\0\0\1" "\0\1t" "\0\0\0\2x"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct topic_set s = TOPIC_SET_INIT;

		assert_int_equal(KERR_INVALID_RECORD, topic_set_add_subscription(&s, raw(bad[i].p, bad[i].n)));
		topic_set_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_held_once),
		cmocka_unit_test(every_version_begins_like_version_0),
		cmocka_unit_test(other_bytes_are_no_subscription),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
