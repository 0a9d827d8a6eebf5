/* test_producer_ids.c - blocks are used in order, the next one is asked for in time, once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/clock.h"
#include "coordinator/producer_ids.h"
#include "protocol/errors.h"

struct source {
	int requests;
	int at_once; /* answer while asked */
	int64_t first;
};

static void request(void *arg, struct producer_ids *ids)
{
	struct source *s = arg;

	s->requests++;
	if (s->at_once)
		producer_ids_block(ids, 0, s->first, PRODUCER_ID_BLOCK);
}

static struct producer_ids *ids_of(struct source *s, struct clock_fake *clock)
{
	struct producer_ids_config c = { .clock = &clock->clock, .request = request, .arg = s };

	clock_fake_init(clock, 0);
	return producer_ids_new(&c);
}

static void without_a_block_producers_try_again(void **state)
{
	struct source s = { .first = 0 };
	struct clock_fake clock;
	struct producer_ids *ids = ids_of(&s, &clock);
	int64_t id;

	(void)state;
	assert_int_equal(KERR_COORDINATOR_LOAD_IN_PROGRESS, producer_ids_next(ids, &id));
	assert_int_equal(KERR_COORDINATOR_LOAD_IN_PROGRESS, producer_ids_next(ids, &id));
	assert_int_equal(1, s.requests); /* one on its way */
	producer_ids_block(ids, 0, 2000, PRODUCER_ID_BLOCK);
	assert_int_equal(0, producer_ids_next(ids, &id));
	assert_int_equal(2000, id);
	producer_ids_free(ids);
}

static void an_error_is_not_repeated_within_50_ms(void **state)
{
	struct source s = { .first = 0 };
	struct clock_fake clock;
	struct producer_ids *ids = ids_of(&s, &clock);
	int64_t id;

	(void)state;
	assert_int_equal(KERR_COORDINATOR_LOAD_IN_PROGRESS, producer_ids_next(ids, &id));
	producer_ids_block(ids, KERR_NOT_CONTROLLER, 0, 0);
	clock_fake_advance(&clock, 49);
	assert_int_equal(KERR_COORDINATOR_LOAD_IN_PROGRESS, producer_ids_next(ids, &id));
	assert_int_equal(1, s.requests);
	clock_fake_advance(&clock, 1);
	assert_int_equal(KERR_COORDINATOR_LOAD_IN_PROGRESS, producer_ids_next(ids, &id));
	assert_int_equal(2, s.requests);
	producer_ids_free(ids);
}

static void the_next_block_is_asked_for_at_nine_tenths(void **state)
{
	struct source s = { .first = 0, .at_once = 1 };
	struct clock_fake clock;
	struct producer_ids *ids = ids_of(&s, &clock);
	int64_t id;

	(void)state;
	for (int64_t i = 0; i < PRODUCER_ID_BLOCK; i++) {
		assert_int_equal(0, producer_ids_next(ids, &id));
		assert_int_equal(i, id);
		assert_int_equal(i + 1 < PRODUCER_ID_BLOCK * 9 / 10 ? 1 : 2, s.requests);
		s.first = 5000;
	}
	assert_int_equal(0, producer_ids_next(ids, &id));
	assert_int_equal(5000, id);
	producer_ids_free(ids);
}

/* Brokers that take their blocks themselves have the first one at their start, and another one when they need it. */
static void a_late_source_is_asked_when_a_block_is_used_up(void **state)
{
	struct source s = { .first = 0, .at_once = 1 };
	struct clock_fake clock;
	struct producer_ids_config c = { .clock = &clock.clock, .late = true, .request = request, .arg = &s };
	struct producer_ids *ids;
	int64_t id;

	(void)state;
	clock_fake_init(&clock, 0);
	ids = producer_ids_new(&c);
	producer_ids_start(ids);
	assert_int_equal(1, s.requests);
	s.first = 5000;
	for (int64_t i = 0; i < PRODUCER_ID_BLOCK; i++) {
		assert_int_equal(0, producer_ids_next(ids, &id));
		assert_int_equal(i, id);
		assert_int_equal(1, s.requests);
	}
	assert_int_equal(0, producer_ids_next(ids, &id));
	assert_int_equal(5000, id);
	assert_int_equal(2, s.requests);
	producer_ids_free(ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_block_producers_try_again),
		cmocka_unit_test(an_error_is_not_repeated_within_50_ms),
		cmocka_unit_test(the_next_block_is_asked_for_at_nine_tenths),
		cmocka_unit_test(a_late_source_is_asked_when_a_block_is_used_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
