/* test_reassign_plan.c - throttles of a reassignment, and proposals. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "controller/replica_assignment.h"
#include "tests/base/unit.h"
#include "tools/reassign_plan.h"

static struct arena arena;

static int arena_setup(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	return 0;
}

static int arena_teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

/* "1,2": digits only. */
static struct reassign_ids ids(const char *text)
{
	struct reassign_ids s = {arena_array(&arena, strlen(text) + 1, sizeof(int32_t)), 0};

	assert_non_null(s.v);
	for (; *text; text++)
		if (*text != ',')
			s.v[s.n++] = *text - '0';
	return s;
}

static struct reassign_row row(const char *topic, int32_t partition, const char *replicas, const char *adding)
{
	return (struct reassign_row){str_of(topic), partition, ids(replicas), ids(adding), {NULL, 0}};
}

#define ROWS(v) (struct reassign_rows){v, ARRAY_LEN(v)}
static const struct reassign_rows none = {NULL, 0};

static void expect(const struct reassign_rows *active, const struct reassign_rows *proposed,
	const struct reassign_rows *current, const char *want)
{
	struct reassign_throttles t;
	char got[512], *to = got;

	assert_int_equal(0, reassign_plan_throttles(&arena, active, proposed, current, &t));
	for (size_t i = 0; i < t.n; i++)
		to += sprintf(to, "%.*s %.*s %.*s\n", STR_ARG(t.v[i].topic), STR_ARG(t.v[i].leaders),
			STR_ARG(t.v[i].followers));
	sprintf(to, "%.*s", STR_ARG(reassign_ids_text(&arena, &t.brokers)));
	assert_string_equal(want, got);
}

static void copies_are_throttled(void **state)
{
	struct reassign_row now[] = {row("a", 1, "0,1", ""), row("a", 10, "2", ""), row("b", 0, "3", "")};
	struct reassign_row next[] = {row("a", 1, "1,2", ""), row("a", 10, "2,4", ""), row("b", 0, "3", "")};
	struct reassign_rows current = ROWS(now), proposed = ROWS(next);

	(void)state;
	expect(&none, &proposed, &current, "a 10:2,1:0,1:1 10:4,1:2\nb 0:3 \n0,1,2,3,4");
}

static void active_ones_stay_throttled(void **state)
{
	struct reassign_row under_way[] = {row("a", 0, "0,1,2", "2"), row("c", 0, "5,6", "6")};
	struct reassign_row now[] = {row("a", 0, "0,1,2", "")}, next[] = {row("a", 0, "0,7,2", "")};
	struct reassign_rows active = ROWS(under_way), current = ROWS(now), proposed = ROWS(next);

	(void)state;
	expect(&active, &proposed, &current, "a 0:0,0:1 0:2,0:7\nc 0:5 0:6\n0,1,2,5,6,7");
	expect(&active, &none, &none, "a 0:0,0:1 0:2\nc 0:5 0:6\n0,1,2,5,6");
	expect(&none, &none, &none, "");
}

static uint64_t zero(uint64_t n)
{
	assert_true(n > 0);
	return 0;
}

static uint64_t last(uint64_t n)
{
	return n - 1;
}

static void expect_proposal(const struct reassign_rows *current, const struct assign_broker *brokers, size_t brokers_n,
	uint64_t (*chance)(uint64_t n), const char *want)
{
	struct reassign_rows rows;
	struct thrown thrown = THROWN_INIT;
	char got[512] = "", *to = got;

	if (reassign_plan_assignment(&arena, current, brokers, brokers_n, chance, &rows, &thrown))
		snprintf(got, sizeof(got), "%s", thrown.message);
	else
		for (size_t i = 0; i < rows.n; i++)
			to += sprintf(to, "%s%.*s-%d:%.*s", i ? " " : "", STR_ARG(rows.v[i].topic),
				rows.v[i].partition,
				STR_ARG(reassign_ids_text(&arena, &rows.v[i].replicas)));
	assert_string_equal(want, got);
	thrown_fini(&thrown);
}

static void proposals(void **state)
{
	static const struct assign_broker plain[] = {{5, NULL}, {6, NULL}, {7, NULL}};
	static const struct assign_broker racks[] = {{0, "x"}, {1, "x"}, {2, "y"}};
	struct reassign_row now[] = {row("a", 0, "1,2", ""), row("a", 1, "2,1", ""), row("a", 2, "2,1", ""),
		row("b", 0, "9", "")};
	struct reassign_rows current = ROWS(now);

	(void)state;
	expect_proposal(&current, plain, 3, zero, "a-0:5,6 a-1:6,7 a-2:7,5 b-0:5");
	expect_proposal(&current, plain, 3, last, "a-0:7,5 a-1:5,6 a-2:6,7 b-0:7");
	expect_proposal(&current, racks, 3, zero, "a-0:0,2 a-1:2,1 a-2:1,2 b-0:0");
	expect_proposal(&current, plain, 1, zero, "Replication factor: 2 larger than available brokers: 1.");
	expect_proposal(&none, NULL, 0, zero, "");
}

/* Of partitions with different numbers of replicas, the first of Java's map decides. */
static void mixed_replication(void **state)
{
	static const struct assign_broker plain[] = {{5, NULL}, {6, NULL}};
	struct reassign_row now[] = {row("a", 0, "1,2", ""), row("a", 1, "1", "")};
	struct reassign_rows current = ROWS(now);

	(void)state;
	expect_proposal(&current, plain, 2, zero, "a-0:5 a-1:6"); /* a-1 is in an earlier bucket */
}

static void a_topic_without_replicas(void **state)
{
	static const struct assign_broker plain[] = {{5, NULL}};
	struct reassign_row now[] = {row("a", 0, "", "")};
	struct reassign_rows current = ROWS(now);

	(void)state;
	expect_proposal(&current, plain, 1, zero, "Replication factor must be larger than 0.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(copies_are_throttled, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(active_ones_stay_throttled, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(proposals, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(mixed_replication, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(a_topic_without_replicas, arena_setup, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
