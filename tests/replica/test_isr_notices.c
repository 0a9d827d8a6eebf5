/* test_isr_notices.c - when changed in-sync sets are told to the controller, and in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "replica/isr_notices.h"
#include "zk/znode.h"

#define START INT64_C(1000000)

static void a_change_is_told_when_it_has_been_quiet(void **state)
{
	struct isr_notices n;
	char *text;

	(void)state;
	isr_notices_init(&n, START);
	assert_false(isr_notices_due(&n, START + 10 * ISR_NOTICE_MAX_MS)); /* nothing to be told */
	isr_notices_add(&n, "t", 7, START + 100);
	assert_false(isr_notices_due(&n, START + 100 + ISR_NOTICE_LINGER_MS));
	assert_true(isr_notices_due(&n, START + 101 + ISR_NOTICE_LINGER_MS));
	isr_notices_add(&n, "t", 7, START + 2000); /* again: the quiet begins anew */
	assert_false(isr_notices_due(&n, START + 2000 + ISR_NOTICE_LINGER_MS));
	assert_int_equal(1, isr_notices_count(&n));
	text = isr_notices_text(&n);
	assert_string_equal("{\"version\":1,\"partitions\":[{\"topic\":\"t\",\"partition\":7}]}", text);
	free(text);
	isr_notices_told(&n, START + 8000);
	assert_int_equal(0, isr_notices_count(&n));
	assert_null(isr_notices_text(&n));
	isr_notices_fini(&n);
}

static void who_never_rests_is_told_of_once_a_minute(void **state)
{
	struct isr_notices n;
	int64_t now = START, told = 0;

	(void)state;
	isr_notices_init(&n, START);
	for (; now <= START + 2 * ISR_NOTICE_MAX_MS + 5000; now += 1000) {
		isr_notices_add(&n, "t", (int32_t)(now / 1000 % 5), now);
		if (!isr_notices_due(&n, now))
			continue;
		assert_int_equal(START + ++told * (ISR_NOTICE_MAX_MS + 1000), now);
		isr_notices_told(&n, now);
	}
	assert_int_equal(2, told);
	isr_notices_fini(&n);
}

/* A server takes no node of more than about 1 MiB. */
static void many_are_told_in_several_nodes(void **state)
{
	char topic[250];
	struct isr_notices n;
	size_t nodes = 0, seen = 0;
	char *text;

	(void)state;
	memset(topic, 'x', sizeof(topic) - 1);
	topic[sizeof(topic) - 1] = '\0';
	isr_notices_init(&n, START);
	for (int32_t i = 0; i < 2 * ISR_NOTICE_PARTITIONS_MAX + 1; i++)
		isr_notices_add(&n, topic, i, START);
	while ((text = isr_notices_text(&n)) != NULL) {
		struct znode_partitions p;

		assert_true(strlen(text) < 1000000);
		assert_int_equal(0, znode_partitions_decode(text, (int32_t)strlen(text), &p));
		assert_string_equal(topic, p.refs[0].topic);
		seen += p.n;
		nodes++;
		znode_partitions_fini(&p);
		free(text);
		isr_notices_told(&n, START);
	}
	assert_int_equal(3, nodes);
	assert_int_equal(2 * ISR_NOTICE_PARTITIONS_MAX + 1, seen);
	isr_notices_fini(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_told_when_it_has_been_quiet),
		cmocka_unit_test(who_never_rests_is_told_of_once_a_minute),
		cmocka_unit_test(many_are_told_in_several_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
