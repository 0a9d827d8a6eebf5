/* test_connection_quotas.c - who is let in, who waits, who has to go. */
#include "net/connection_quotas.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"

#define UNLIMITED ((struct connection_limits){ INT32_MAX, INT32_MAX })

static struct connection_quotas *q;
static struct quota_listener inner, outer;
static int max;

static int prepare(void **state UNUSED)
{
	q = connection_quotas_new(11, 1000, "INNER");
	connection_quotas_add(q, &inner, "INNER", UNLIMITED);
	connection_quotas_add(q, &outer, "OUTER", UNLIMITED);
	return 0;
}

static int finish(void **state UNUSED)
{
	connection_quotas_remove(q, &inner);
	connection_quotas_remove(q, &outer);
	quota_listener_fini(&inner);
	quota_listener_fini(&outer);
	q = connection_quotas_free(q);
	return 0;
}

static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage a = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&a;

	a.ss_family = AF_INET;
	assert_int_equal(1, inet_pton(AF_INET, text, &v4->sin_addr));
	return a;
}

static enum quota_answer take(struct quota_listener *l, const char *host)
{
	struct sockaddr_storage a = address(host);

	return connection_quotas_take(q, l, &a, &max);
}

static void release(struct quota_listener *l, const char *host)
{
	struct sockaddr_storage a = address(host);

	connection_quotas_release(q, l, &a);
}

static void brokers_are_let_in_when_clients_are_not(void **state UNUSED)
{
	connection_quotas_set_broker(q, (struct connection_limits){ 2, INT32_MAX });
	assert_int_equal(QUOTA_TAKEN, take(&outer, "10.0.0.1"));
	assert_int_equal(QUOTA_TAKEN, take(&outer, "10.0.0.1"));
	assert_int_equal(QUOTA_NO_SLOT, take(&outer, "10.0.0.2"));
	assert_false(connection_quotas_exceeded(q));
	assert_int_equal(QUOTA_TAKEN, take(&inner, "10.0.0.3"));
	assert_true(connection_quotas_exceeded(q)); /* a client has to make room */
	assert_true(connection_quotas_protects(q, &inner));
	assert_false(connection_quotas_protects(q, &outer));
	release(&outer, "10.0.0.1");
	assert_false(connection_quotas_exceeded(q));
	assert_int_equal(QUOTA_NO_SLOT, take(&outer, "10.0.0.1"));
	assert_int_equal(2, connection_quotas_count(q));
	release(&outer, "10.0.0.1");
	release(&inner, "10.0.0.3");
}

static void a_listener_alone_is_not_protected(void **state UNUSED)
{
	connection_quotas_remove(q, &outer);
	connection_quotas_set_broker(q, (struct connection_limits){ 1, INT32_MAX });
	assert_int_equal(QUOTA_TAKEN, take(&inner, "10.0.0.1"));
	assert_int_equal(QUOTA_NO_SLOT, take(&inner, "10.0.0.2"));
	assert_false(connection_quotas_protects(q, &inner));
	release(&inner, "10.0.0.1");
	connection_quotas_add(q, &outer, "OUTER", UNLIMITED);
}

static void a_listener_has_a_limit_of_its_own(void **state UNUSED)
{
	connection_quotas_set_listener(q, &inner, (struct connection_limits){ 1, INT32_MAX });
	assert_int_equal(QUOTA_TAKEN, take(&inner, "10.0.0.1"));
	assert_int_equal(QUOTA_NO_SLOT, take(&inner, "10.0.0.1"));
	assert_int_equal(QUOTA_TAKEN, take(&outer, "10.0.0.1"));
	release(&inner, "10.0.0.1");
	assert_int_equal(QUOTA_TAKEN, take(&inner, "10.0.0.1"));
	release(&inner, "10.0.0.1");
	release(&outer, "10.0.0.1");
}

static void an_address_is_refused_not_kept_waiting(void **state UNUSED)
{
	connection_quotas_set_per_ip(q, 1, "10.0.0.2:2, 10.0.0.3:0");
	assert_int_equal(QUOTA_TAKEN, take(&outer, "10.0.0.1"));
	assert_int_equal(QUOTA_REFUSED, take(&inner, "10.0.0.1"));
	assert_int_equal(1, max);
	assert_int_equal(QUOTA_TAKEN, take(&outer, "10.0.0.2"));
	assert_int_equal(QUOTA_TAKEN, take(&outer, "10.0.0.2"));
	assert_int_equal(QUOTA_REFUSED, take(&outer, "10.0.0.2"));
	assert_int_equal(QUOTA_REFUSED, take(&outer, "10.0.0.3"));
	assert_int_equal(0, max);
	release(&outer, "10.0.0.1");
	release(&outer, "10.0.0.2");
	release(&outer, "10.0.0.2");
	assert_int_equal(0, connection_quotas_count(q));
}

/* 11 samples of a second: ten times the rate may come at once, then each waits for a tenth of what it is above. */
static void they_may_not_come_too_fast(void **state UNUSED)
{
	connection_quotas_set_broker(q, (struct connection_limits){ INT32_MAX, 2 });
	for (int i = 0; i < 20; i++)
		assert_int_equal(0, connection_quotas_arrive(q, &outer, 1000));
	assert_int_equal(500, connection_quotas_arrive(q, &outer, 1000));
	assert_int_equal(1000, connection_quotas_arrive(q, &outer, 1000));
	assert_int_equal(1000, connection_quotas_arrive(q, &outer, 1000)); /* never more than a window */
	assert_int_equal(0, connection_quotas_arrive(q, &inner, 1000));	   /* between brokers: no limit */
	assert_int_equal(0, connection_quotas_arrive(q, &outer, 60000));
}

static void the_longer_wait_counts(void **state UNUSED)
{
	connection_quotas_set_broker(q, (struct connection_limits){ INT32_MAX, 10 });
	connection_quotas_set_listener(q, &outer, (struct connection_limits){ INT32_MAX, 1 });
	connection_quotas_set_listener(q, &inner, (struct connection_limits){ INT32_MAX, 1 });
	for (int i = 0; i < 10; i++)
		assert_int_equal(0, connection_quotas_arrive(q, &outer, 5));
	assert_int_equal(1000, connection_quotas_arrive(q, &outer, 5));
	for (int i = 0; i < 10; i++)
		assert_int_equal(0, connection_quotas_arrive(q, &inner, 5));
	assert_int_equal(1000, connection_quotas_arrive(q, &inner, 5)); /* its own limit holds */
}

static void each_claim_is_for_one_connection(void **state UNUSED)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(QUOTA_TAKEN, take(&outer, "10.0.0.1"));
	connection_quotas_set_broker(q, (struct connection_limits){ 1, INT32_MAX });
	assert_true(connection_quotas_claim(q));
	assert_true(connection_quotas_claim(q));
	assert_false(connection_quotas_claim(q)); /* two are on their way out */
	release(&outer, "10.0.0.1");
	connection_quotas_shed(q);
	assert_false(connection_quotas_claim(q));
	connection_quotas_shed(q); /* that one found nobody to close */
	assert_true(connection_quotas_claim(q));
	connection_quotas_shed(q);
	release(&outer, "10.0.0.1");
	release(&outer, "10.0.0.1");
}

static void connections_outlive_their_listener(void **state UNUSED)
{
	assert_int_equal(QUOTA_TAKEN, take(&outer, "10.0.0.1"));
	connection_quotas_remove(q, &outer);
	assert_int_equal(1, connection_quotas_count(q));
	release(&outer, "10.0.0.1");
	assert_int_equal(0, connection_quotas_count(q));
	quota_listener_fini(&outer);
	connection_quotas_add(q, &outer, "OUTER", UNLIMITED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, finish)
	const struct CMUnitTest tests[] = {
		TEST(brokers_are_let_in_when_clients_are_not),
		TEST(a_listener_alone_is_not_protected),
		TEST(a_listener_has_a_limit_of_its_own),
		TEST(an_address_is_refused_not_kept_waiting),
		TEST(they_may_not_come_too_fast),
		TEST(the_longer_wait_counts),
		TEST(each_claim_is_for_one_connection),
		TEST(connections_outlive_their_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
