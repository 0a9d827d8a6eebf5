/* test_reassign_states.c - what --verify and --list print. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "tests/base/unit.h"
#include "tools/reassign_plan.h"

static int32_t numbers[] = {0, 1, 2, 3};
#define FROM(first, n) {&numbers[first], n}
#define ROWS(v) (struct reassign_rows){v, ARRAY_LEN(v)}

struct page {
	FILE *out;
	char *text;
	size_t size;
};

static FILE *page_begin(struct page *p)
{
	p->out = open_memstream(&p->text, &p->size);
	assert_non_null(p->out);
	return p->out;
}

static void page_expect(struct page *p, const char *want)
{
	(void)fclose(p->out);
	assert_string_equal(want, p->text);
	free(p->text);
}

static void partitions(void **state)
{
	struct reassign_row wanted[] = {{STR("a"), 0, FROM(0, 2), {0}, {0}}, {STR("a"), 1, FROM(0, 2), {0}, {0}},
		{STR("a"), 2, FROM(0, 2), {0}, {0}}, {STR("gone"), 0, FROM(3, 1), {0}, {0}}};
	struct reassign_row moving[] = {{STR("a"), 1, FROM(0, 4), FROM(0, 1), {0}}};
	struct reassign_row now[] = {{STR("a"), 0, FROM(0, 2), {0}, {0}}, {STR("a"), 2, FROM(0, 3), {0}, {0}}};
	struct reassign_rows sorted = ROWS(wanted), active = ROWS(moving), current = ROWS(now);
	struct page p;

	(void)state;
	reassign_print_states(&sorted, &active, &current, page_begin(&p));
	page_expect(&p, "Status of partition reassignment:\n"
			"Reassignment of partition a-0 is completed.\n"
			"Reassignment of partition a-1 is still in progress.\n"
			"There is no active reassignment of partition a-2, but replica set is 0,1,2 rather than 0,1.\n"
			"There is no active reassignment of partition gone-0, but replica set is  rather than 3.\n");
}

static void lists(void **state)
{
	struct reassign_row moving[] = {{STR("a"), 0, FROM(0, 4), FROM(2, 2), FROM(0, 1)},
		{STR("a"), 1, FROM(0, 2), FROM(1, 1), {0}}, {STR("b"), 0, FROM(0, 1), {0}, FROM(3, 1)},
		{STR("c"), 0, FROM(0, 1), {0}, {0}}};
	struct reassign_rows active = ROWS(moving), none = {NULL, 0};
	struct page p;

	(void)state;
	reassign_print_active(&active, page_begin(&p));
	page_expect(&p, "Current partition reassignments:\n"
			"a-0: replicas: 0,1,2,3. adding: 2,3. removing: 0.\n"
			"a-1: replicas: 0,1. adding: 1.\n"
			"b-0: replicas: 0. removing: 3.\n"
			"c-0: replicas: 0.\n");
	reassign_print_active(&none, page_begin(&p));
	page_expect(&p, "No partition reassignments found.\n");
}

static void moves(void **state)
{
	struct reassign_move v[] = {
		{STR("t"), 3, 1, STR("/b"), STR("/a"), STR("/c")},
		{STR("t"), 2, 1, STR("/b"), STR("/a"), STR_NULL},
		{STR("t"), 1, 1, STR("/b"), STR("/b"), STR_NULL},
		{STR("t"), 9, 0, STR("/b"), STR("/a"), STR("/b")},
		{STR("t"), 0, 1, STR("/b"), STR_NULL, STR_NULL},
	};
	struct reassign_moves all = {v, ARRAY_LEN(v)}, none = {NULL, 0};
	struct page p;

	(void)state;
	reassign_moves_sort(&all);
	reassign_print_moves(&all, page_begin(&p));
	page_expect(&p, "Reassignment of replica t-9-0 is still in progress.\n"
			"Partition t-0 is not found in any live log dir on broker 1. There is likely an offline log directory on "
			"the broker.\n"
			"Reassignment of replica t-1-1 completed successfully.\n"
			"Partition t-2 on broker 1 is not being moved from log dir /a to /b.\n"
			"Partition t-3 on broker 1 is being moved to log dir /c instead of /b.\n");
	reassign_print_moves(&none, page_begin(&p));
	page_expect(&p, "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partitions),
		cmocka_unit_test(lists),
		cmocka_unit_test(moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
