/* test_registration.c - a broker's place in a real ZooKeeper: new, again, taken, left over. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "broker/registration.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"
#include "tests/zk/fixture.h"

static struct registration *broker(struct zk_session *zk, int32_t id, const struct clock *clock, int32_t port)
{
	static char listener[] = "PLAINTEXT", host[] = "127.0.0.1";
	struct zk_endpoint e = { listener, ZK_PLAINTEXT, host, port };
	struct znode_broker info = ZNODE_BROKER_INIT;

	info.endpoints = &e;
	info.endpoints_n = 1;
	return registration_new(&(struct registration_config){ zk, clock, id, &info });
}

static void the_first_broker_makes_its_cluster(void **state)
{
	struct zk_session *zk = fixture_session("reg-first", 4000);
	struct clock_fake clock;
	struct registration *r;
	struct zk_value v = ZK_VALUE_INIT;
	char why[REGISTRATION_WHY_MAX], *id, *again;
	int64_t epoch;
	int32_t n;

	(void)state;
	clock_fake_init(&clock, 1729528886000);
	assert_int_equal(0, registration_make_paths(zk));
	assert_int_equal(0, zk_get(zk, &v, ZK_PATH_PRODUCER_IDS));
	assert_int_equal(-1, v.len);
	assert_int_equal(0, registration_cluster_id(zk, &id));
	assert_int_equal(22, strlen(id));
	assert_int_equal(0, registration_cluster_id(zk, &again));
	assert_string_equal(id, again);
	free(id);
	free(again);
	assert_int_equal(0, registration_generate_id(zk, 1000, &n));
	assert_int_equal(1001, n);
	assert_int_equal(0, registration_check_features(zk, &n, why));
	assert_int_equal(-1, n);

	r = broker(zk, 1, &clock.clock, 9092);
	assert_int_equal(0, registration_check_endpoints(r, why));
	assert_int_equal(0, registration_register(r, &epoch, why));
	assert_int_equal(0, zk_get(zk, &v, ZK_PATH_BROKER, 1));
	assert_string_equal("{\"features\":{},\"listener_security_protocol_map\":{\"PLAINTEXT\":\"PLAINTEXT\"},"
			    "\"endpoints\":[\"PLAINTEXT://127.0.0.1:9092\"],\"jmx_port\":-1,\"port\":9092,"
			    "\"host\":\"127.0.0.1\",\"version\":5,\"timestamp\":\"1729528886000\"}",
	    v.data);
	assert_int_equal(1, v.stat.version);
	assert_true(v.stat.czxid == epoch);
	zk_value_fini(&v);
	registration_free(r);
	zk_session_close(zk);
}

static void a_live_broker_keeps_its_id_and_its_address(void **state)
{
	struct zk_session *zk = fixture_session("reg-dup", 600), *other = fixture_session("reg-dup", 600);
	struct registration *r = broker(zk, 1, &clock_real, 9092), *dup = broker(other, 1, &clock_real, 9093),
			    *same = broker(other, 2, &clock_real, 9092);
	char why[REGISTRATION_WHY_MAX];
	int64_t epoch, start;

	(void)state;
	assert_int_equal(0, registration_make_paths(zk));
	assert_int_equal(0, registration_register(r, &epoch, why));
	start = clock_mono_ms(&clock_real);
	assert_int_equal(-EEXIST, registration_register(dup, &epoch, why));
	assert_in_range(clock_mono_ms(&clock_real) - start, 500, 5000);
	assert_non_null(strstr(why, "127.0.0.1:9092"));
	assert_int_equal(-EADDRINUSE, registration_check_endpoints(same, why));
	assert_string_equal("requirement failed: Configured end points 127.0.0.1:9092 in advertised listeners are "
			    "already registered by broker 1",
	    why);
	registration_free(r);
	registration_free(dup);
	registration_free(same);
	zk_session_close(other);
	zk_session_close(zk);
}

static void *expire_later(void *arg)
{
	fixture_expire(arg);
	return NULL;
}

static void a_node_left_over_from_kill_9_is_waited_for(void **state)
{
	struct zk_session *killed = fixture_session("reg-left", 20000), *zk = fixture_session("reg-left", 20000);
	struct registration *old = broker(killed, 1, &clock_real, 9092), *r = broker(zk, 1, &clock_real, 9092);
	char why[REGISTRATION_WHY_MAX];
	int64_t first, second;
	pthread_t thread;

	(void)state;
	assert_int_equal(0, registration_make_paths(zk));
	assert_int_equal(0, registration_register(old, &first, why));
	assert_int_equal(0, pthread_create(&thread, NULL, expire_later, killed));
	assert_int_equal(0, registration_register(r, &second, why));
	assert_int_equal(0, pthread_join(thread, NULL));
	assert_true(second > first);
	registration_free(old);
	registration_free(r);
	zk_session_close(killed);
	zk_session_close(zk);
}

static void after_an_expiry_a_broker_registers_anew(void **state)
{
	struct zk_session *zk = fixture_session("reg-again", 20000);
	struct registration *r = broker(zk, 1, &clock_real, 9092);
	char why[REGISTRATION_WHY_MAX];
	int64_t first, second;

	(void)state;
	assert_int_equal(0, registration_make_paths(zk));
	assert_int_equal(0, registration_register(r, &first, why));
	assert_int_equal(0, registration_register(r, &second, why)); /* an answer that was lost */
	assert_true(first == second);
	fixture_expire(zk);
	while (registration_register(r, &second, why) != 0) /* the session is between two lives */
		;
	assert_true(second > first);
	registration_free(r);
	zk_session_close(zk);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_broker_makes_its_cluster),
		cmocka_unit_test(a_live_broker_keeps_its_id_and_its_address),
		cmocka_unit_test(a_node_left_over_from_kill_9_is_waited_for),
		cmocka_unit_test(after_an_expiry_a_broker_registers_anew),
	};

	fixture_zookeeper(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
