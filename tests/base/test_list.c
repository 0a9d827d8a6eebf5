/* test_list.c - the intrusive list. */
#include "base/list.h"

#include "unit.h"

struct item {
	int v;
	struct list link;
};

static int sum(struct list *l)
{
	struct item *it;
	int total = 0;

	list_foreach(it, l, link)
		total = total * 10 + it->v;
	return total;
}

static void elements_keep_their_order(void **state)
{
	struct list a = LIST_INIT(a), b = LIST_INIT(b);
	struct item i[5] = { { .v = 1 }, { .v = 2 }, { .v = 3 }, { .v = 4 }, { .v = 5 } };

	(void)state;
	assert_null(list_first(&a, struct item, link));
	for (int k = 0; k < 3; k++)
		list_append(&a, &i[k].link);
	list_append(&b, &i[3].link);
	list_insert(&b, &i[4].link);
	assert_int_equal(123, sum(&a));
	assert_int_equal(54, sum(&b));
	list_splice(&a, &b);
	assert_int_equal(12354, sum(&a));
	assert_true(list_empty(&b));
	list_splice(&a, &b);
	assert_int_equal(1, list_first(&a, struct item, link)->v);
	assert_int_equal(4, list_last(&a, struct item, link)->v);
}

static void the_current_element_may_leave(void **state)
{
	struct list a = LIST_INIT(a);
	struct item i[4] = { { .v = 1 }, { .v = 2 }, { .v = 3 }, { .v = 4 } };
	struct item *it, *tmp;

	(void)state;
	for (int k = 0; k < 4; k++)
		list_append(&a, &i[k].link);
	list_foreach_safe(it, tmp, &a, link)
		if (it->v % 2 == 0)
			list_remove(&it->link);
	assert_int_equal(13, sum(&a));
	list_remove(&i[1].link); /* alone already: harmless */
	assert_int_equal(13, sum(&a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_keep_their_order),
		cmocka_unit_test(the_current_element_may_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
