/* test_session.c - sessions and batches against a real ZooKeeper. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "fixture.h"
#include "zk/batch.h"
#include "zk/path.h"

#define SESSION_MS 4000

static void the_chroot_is_made_and_nodes_keep_null_and_empty_apart(void **state)
{
	struct zk_session *s = fixture_session("a/b/c", SESSION_MS);
	struct zk_value v = ZK_VALUE_INIT;

	(void)state;
	assert_int_equal(0, zk_create(s, ZK_PERSISTENT, NULL, "/null"));
	assert_int_equal(0, zk_create(s, ZK_PERSISTENT, "", "/empty"));
	assert_int_equal(0, zk_get(s, &v, "/null"));
	assert_int_equal(-1, v.len);
	assert_null(v.data);
	zk_value_fini(&v);
	assert_int_equal(0, zk_get(s, &v, "/empty"));
	assert_int_equal(0, v.len);
	zk_value_fini(&v);
	assert_int_equal(ZK_NO_NODE, zk_get(s, &v, "/absent"));
	assert_int_equal(ZK_NODE_EXISTS, zk_create(s, ZK_PERSISTENT, "x", "/null"));
	zk_session_close(s);
}

static void a_batch_of_many_is_answered_in_full(void **state)
{
	struct zk_session *s = fixture_session("many", SESSION_MS);
	struct zk_batch b;
	char **names;
	size_t n;

	(void)state;
	zk_batch_init(&b, s);
	for (int i = 0; i < 500; i++)
		zk_batch_create(&b, ZK_PERSISTENT, "x", "/n%03d", i);
	assert_int_equal(0, zk_batch_run(&b));
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(0, b.ops[i]->rc);
	zk_batch_fini(&b);
	assert_int_equal(0, zk_children(s, &names, &n, "/"));
	assert_int_equal(500, n);
	assert_string_equal("n000", names[0]);
	zk_names_free(names, n);
	assert_int_equal(0, zk_make_path(s, "/x/y/z"));
	assert_int_equal(0, zk_make_path(s, "/x/y/z"));
	assert_int_equal(0, zk_delete_recursive(s, NULL, 0, "/x"));
	assert_int_equal(ZK_NO_NODE, zk_exists(s, NULL, "/x"));
	zk_session_close(s);
}

static void a_guarded_write_fails_once_the_guard_moved(void **state)
{
	struct zk_session *s = fixture_session("guard", SESSION_MS);
	struct zk_batch b;
	struct zk_op *create, *set, *absent;

	(void)state;
	assert_int_equal(0, zk_create(s, ZK_PERSISTENT, "0", "/controller_epoch"));
	zk_batch_init(&b, s);
	zk_batch_guard(&b, "/controller_epoch", 0);
	create = zk_batch_create(&b, ZK_PERSISTENT, "v", "/t");
	set = zk_batch_set(&b, "w", 0, "/t");
	absent = zk_batch_set(&b, "w", 0, "/u");
	assert_int_equal(0, zk_batch_run(&b));
	assert_int_equal(0, create->rc);
	assert_int_equal(0, set->rc);
	assert_int_equal(1, set->stat.version);
	assert_int_equal(ZK_NO_NODE, absent->rc);
	zk_batch_fini(&b);

	zk_batch_init(&b, s);
	zk_batch_guard(&b, "/controller_epoch", 0);
	set = zk_batch_set(&b, "w", 0, "/t");
	assert_int_equal(0, zk_batch_run(&b));
	assert_int_equal(ZK_BAD_VERSION, set->rc); /* the operation, not the guard */
	zk_batch_fini(&b);

	assert_int_equal(0, zk_set(s, "1", ZK_ANY_VERSION, NULL, "/controller_epoch"));
	zk_batch_init(&b, s);
	zk_batch_guard(&b, "/controller_epoch", 0);
	set = zk_batch_set(&b, "x", ZK_ANY_VERSION, "/t");
	assert_int_equal(ZK_GUARD_FAILED, zk_batch_run(&b));
	assert_int_equal(ZK_GUARD_FAILED, set->rc);
	zk_batch_fini(&b);
	assert_int_equal(ZK_GUARD_FAILED, zk_delete_recursive(s, "/controller_epoch", 0, "/t"));
	zk_session_close(s);
}

static void a_registration_multi_leaves_version_1_and_czxid_equal_mzxid(void **state)
{
	struct zk_session *s = fixture_session("multi", SESSION_MS);
	struct zk_batch b;
	struct zk_op *multi, *set;

	(void)state;
	assert_int_equal(0, zk_make_path(s, ZK_PATH_BROKER_IDS));
	zk_batch_init(&b, s);
	multi = zk_batch_multi(&b);
	zk_multi_create(multi, ZK_EPHEMERAL, NULL, ZK_PATH_BROKER, 7);
	set = zk_multi_set(multi, "{}", 0, ZK_PATH_BROKER, 7);
	assert_int_equal(0, zk_batch_run(&b));
	assert_int_equal(0, multi->rc);
	assert_int_equal(1, set->stat.version);
	assert_true(set->stat.czxid == set->stat.mzxid);
	assert_true(set->stat.ephemeral_owner == zk_session_id(s, NULL));
	zk_batch_fini(&b);

	zk_batch_init(&b, s);
	multi = zk_batch_multi(&b);
	zk_multi_check(multi, 0, ZK_PATH_BROKER_IDS);
	set = zk_multi_create(multi, ZK_EPHEMERAL, NULL, ZK_PATH_BROKER, 7);
	zk_multi_delete(multi, ZK_ANY_VERSION, ZK_PATH_BROKER, 7);
	assert_int_equal(0, zk_batch_run(&b));
	assert_int_equal(ZK_NODE_EXISTS, multi->rc);
	assert_int_equal(0, multi->parts[0]->rc);
	assert_int_equal(ZK_NODE_EXISTS, set->rc);
	assert_int_equal(ZK_ROLLED_BACK, multi->parts[2]->rc);
	zk_batch_fini(&b);
	zk_session_close(s);
}

/* ---- watches ---- */

struct heard {
	struct zk_watch watch;
	atomic_int events[4];
};

static void on_event(struct zk_watch *w, enum zk_event event)
{
	struct heard *h = CONTAINER_OF(w, struct heard, watch);

	atomic_fetch_add(&h->events[event], 1);
}

static int created(void *arg)
{
	return atomic_load(&((struct heard *)arg)->events[ZK_EVENT_CREATED]) == 1;
}

static int children_changed(void *arg)
{
	return atomic_load(&((struct heard *)arg)->events[ZK_EVENT_CHILDREN]) == 1;
}

static void watches_fire_once_and_are_armed_by_reads(void **state)
{
	struct zk_session *s = fixture_session("watch", SESSION_MS);
	struct heard node = { .watch.fired = on_event }, dir = { .watch.fired = on_event };
	char **names;
	size_t n;

	(void)state;
	assert_int_equal(0, zk_create(s, ZK_PERSISTENT, NULL, "/dir"));
	zk_session_watch(s, &node.watch, ZK_WATCH_DATA, "/dir/node");
	zk_session_watch(s, &dir.watch, ZK_WATCH_CHILDREN, "/dir");
	assert_int_equal(ZK_NO_NODE, zk_exists(s, NULL, "/dir/node"));
	assert_int_equal(0, zk_children(s, &names, &n, "/dir"));
	zk_names_free(names, n);
	assert_int_equal(0, zk_create(s, ZK_PERSISTENT, NULL, "/dir/node"));
	fixture_until("the node's creation is heard", created, &node);
	fixture_until("the directory's change is heard", children_changed, &dir);
	assert_int_equal(0, zk_create(s, ZK_PERSISTENT, NULL, "/dir/other")); /* not armed again */
	assert_int_equal(0, zk_set(s, "x", ZK_ANY_VERSION, NULL, "/dir/node"));
	zk_session_unwatch(s, &node.watch);
	zk_session_unwatch(s, &dir.watch);
	assert_int_equal(1, atomic_load(&dir.events[ZK_EVENT_CHILDREN]));
	assert_int_equal(0, atomic_load(&node.events[ZK_EVENT_CHANGED]));
	zk_session_close(s);
}

/* ---- expiry and absence ---- */

struct life {
	struct zk_listener listener;
	atomic_int before, after;
	struct zk_session *s;
	int during; /* what an operation gets between the sessions */
};

static void before(struct zk_listener *l)
{
	struct life *life = l->arg;

	life->during = zk_exists(life->s, NULL, "/e");
	atomic_fetch_add(&life->before, 1);
}

static void after(struct zk_listener *l)
{
	struct life *life = l->arg;

	atomic_fetch_add(&life->after, 1);
}

static int renewed(void *arg)
{
	return atomic_load(&((struct life *)arg)->after) == 1;
}

static void an_expired_session_is_made_anew(void **state)
{
	struct zk_session *s = fixture_session("expire", SESSION_MS);
	struct life life = { .s = s };
	int64_t old = zk_session_id(s, NULL);

	(void)state;
	life.listener = (struct zk_listener){ .before_new_session = before, .after_new_session = after, .arg = &life };
	zk_session_listen(s, &life.listener);
	assert_int_equal(0, zk_create(s, ZK_EPHEMERAL, NULL, "/e"));
	fixture_expire(s);
	fixture_until("there is a new session", renewed, &life);
	assert_int_equal(1, atomic_load(&life.before));
	assert_int_equal(-ECONNRESET, life.during);
	assert_int_equal(ZK_NO_NODE, zk_exists(s, NULL, "/e")); /* waits until connected */
	assert_true(old != zk_session_id(s, NULL));
	zk_session_unlisten(s, &life.listener);
	zk_session_close(s);
}

static int is_connecting(void *arg)
{
	return zk_session_state(arg) == ZK_CONNECTING;
}

static void operations_wait_out_a_lost_connection(void **state)
{
	struct zk_session *s = fixture_session("away", 8000);
	int64_t id = zk_session_id(s, NULL);

	(void)state;
	assert_int_equal(0, zk_create(s, ZK_PERSISTENT, "1", "/n"));
	fixture_pause();
	fixture_until("the connection is given up", is_connecting, s);
	fixture_resume();
	assert_int_equal(0, zk_set(s, "2", 0, NULL, "/n"));
	assert_true(id == zk_session_id(s, NULL));
	zk_session_close(s);
}

static void no_zookeeper_is_one_error_after_the_timeout(void **state)
{
	struct zk_config c = {
		.connect = "127.0.0.1:1/kafka",
		.name = "Kafka server",
		.session_timeout_ms = 1000,
		.connection_timeout_ms = 300,
		.max_in_flight = 1,
	};
	struct zk_session *s = NULL;
	int64_t start = clock_mono_ms(&clock_real);

	(void)state;
	assert_int_equal(-ETIMEDOUT, zk_session_open(&c, &s));
	assert_null(s);
	assert_in_range(clock_mono_ms(&clock_real) - start, 290, 3000);
}

static void an_aborted_session_answers_at_once(void **state)
{
	struct zk_session *s = fixture_session("abort", 8000);

	(void)state;
	zk_session_abort(s);
	assert_int_equal(-ESHUTDOWN, zk_exists(s, NULL, "/n"));
	zk_session_close(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_chroot_is_made_and_nodes_keep_null_and_empty_apart),
		cmocka_unit_test(a_batch_of_many_is_answered_in_full),
		cmocka_unit_test(a_guarded_write_fails_once_the_guard_moved),
		cmocka_unit_test(a_registration_multi_leaves_version_1_and_czxid_equal_mzxid),
		cmocka_unit_test(watches_fire_once_and_are_armed_by_reads),
		cmocka_unit_test(an_expired_session_is_made_anew),
		cmocka_unit_test(operations_wait_out_a_lost_connection),
		cmocka_unit_test(no_zookeeper_is_one_error_after_the_timeout),
		cmocka_unit_test(an_aborted_session_answers_at_once),
	};

	fixture_zookeeper(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
