/* test_dynamic_config.c - stored layers, notifications, vetoes, topics; over a ZooKeeper that is a few arrays.
 *
 * The functions of zk/ and controller/ that dynamic_config uses are defined here, so the real ones are not linked.
 */
#include "broker/dynamic_config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/logger.h"
#include "broker/password_encoder.h"
#include "controller/entity_config.h"
#include "protocol/errors.h"
#include "storage/log_config.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

#define NODES_MAX 32
#define EVENTS_MAX 64
#define NOW_MS INT64_C(1700000000000)
#define OLD_MS (NOW_MS - 16 * 60 * 1000)
#define PATIENCE_MS 5000

/* --- the fake ZooKeeper; guarded by `lock`, as are the events --- */

struct zk_session {
	enum zk_state state;
	struct zk_watch *watch;
	struct {
		char path[128], data[2048];
		int64_t ctime_ms;
	} nodes[NODES_MAX];
	size_t nodes_n;
};

static struct zk_session zk;
static struct lock lock;
static struct cond happened;
static char events[EVENTS_MAX][256]; /* what the hooks and parts were told */
static size_t events_n;
static struct clock_fake now;

static int node_find(const char *path)
{
	for (size_t i = 0; i < zk.nodes_n; i++) {
		if (!strcmp(zk.nodes[i].path, path))
			return (int)i;
	}
	return -1;
}

static void node_put(const char *path, const char *data, int64_t ctime_ms)
{
	struct zk_watch *w;
	int i;

	lock_take(&lock);
	i = node_find(path);
	if (i < 0)
		i = (int)zk.nodes_n++;
	assert_true(i < NODES_MAX);
	snprintf(zk.nodes[i].path, sizeof(zk.nodes[i].path), "%s", path);
	snprintf(zk.nodes[i].data, sizeof(zk.nodes[i].data), "%s", data);
	zk.nodes[i].ctime_ms = ctime_ms;
	w = zk.watch;
	lock_release(&lock);
	if (w && !strncmp(path, ZK_PATH_CONFIG_CHANGES, strlen(ZK_PATH_CONFIG_CHANGES)))
		w->fired(w, ZK_EVENT_CHILDREN);
}

static int PRINTF(2, 0) find_f(char *path, const char *fmt, va_list va)
{
	int i;

	vsnprintf(path, 128, fmt, va);
	lock_take(&lock);
	i = node_find(path);
	lock_release(&lock);
	return i;
}

enum zk_state zk_session_state(struct zk_session *s)
{
	return s->state;
}

void zk_session_watch(
	struct zk_session *s, struct zk_watch *w, enum zk_watch_kind kind, const char *path)
{
	assert_int_equal(kind, ZK_WATCH_CHILDREN);
	assert_string_equal(path, ZK_PATH_CONFIG_CHANGES);
	lock_take(&lock);
	s->watch = w;
	lock_release(&lock);
}

void zk_session_unwatch(struct zk_session *s, struct zk_watch *w)
{
	(void)w;
	lock_take(&lock);
	s->watch = NULL;
	lock_release(&lock);
}

void zk_session_listen(struct zk_session *s, struct zk_listener *l)
{
	(void)s;
	(void)l;
}

void zk_session_unlisten(struct zk_session *s, struct zk_listener *l)
{
	(void)s;
	(void)l;
}

const char *zk_code_text(int r)
{
	return r == ZK_NO_NODE ? "NoNode" : "?";
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int zk_children(struct zk_session *s, char ***ret, size_t *ret_n, const char *fmt, ...)
{
	char path[128], **names = xcalloc(NODES_MAX, sizeof(*names));
	size_t n = 0, len;
	va_list va;

	va_start(va, fmt);
	vsnprintf(path, sizeof(path), fmt, va);
	va_end(va);
	len = strlen(path);
	lock_take(&lock);
	for (size_t i = 0; i < s->nodes_n; i++) {
		if (!strncmp(s->nodes[i].path, path, len) && s->nodes[i].path[len] == '/')
			names[n++] = xstrdup(s->nodes[i].path + len + 1);
	}
	lock_release(&lock);
	qsort(names, n, sizeof(*names), by_text);
	*ret = names;
	*ret_n = n;
	return 0;
}

void zk_names_free(char **names, size_t n)
{
	while (n-- > 0)
		free(names[n]);
	free(names);
}

static char *node_data(int i)
{
	char *data;

	lock_take(&lock);
	data = xstrdup(zk.nodes[i].data);
	lock_release(&lock);
	return data;
}

int zk_get(struct zk_session *s, struct zk_value *ret, const char *fmt, ...)
{
	char path[128];
	va_list va;
	int i;

	(void)s;
	va_start(va, fmt);
	i = find_f(path, fmt, va);
	va_end(va);
	if (i < 0)
		return ZK_NO_NODE;
	ret->data = node_data(i);
	ret->len = (int32_t)strlen(ret->data);
	return 0;
}

void zk_value_fini(struct zk_value *v)
{
	free(v->data);
}

int zk_exists(struct zk_session *s, struct zk_stat *ret, const char *fmt, ...)
{
	char path[128];
	va_list va;
	int i;

	va_start(va, fmt);
	i = find_f(path, fmt, va);
	va_end(va);
	if (i < 0)
		return ZK_NO_NODE;
	*ret = (struct zk_stat){.ctime_ms = s->nodes[i].ctime_ms};
	return 0;
}

static void PRINTF(1, 2) record(const char *fmt, ...)
{
	va_list va;

	lock_take(&lock);
	assert_true(events_n < EVENTS_MAX);
	va_start(va, fmt);
	vsnprintf(events[events_n++], sizeof(events[0]), fmt, va);
	va_end(va);
	cond_signal(&happened);
	lock_release(&lock);
}

int zk_delete(struct zk_session *s, int32_t version, const char *fmt, ...)
{
	char path[128];
	va_list va;
	int i;

	assert_int_equal(version, ZK_ANY_VERSION);
	va_start(va, fmt);
	i = find_f(path, fmt, va);
	va_end(va);
	lock_take(&lock);
	if (i >= 0)
		s->nodes[i] = s->nodes[--s->nodes_n];
	lock_release(&lock);
	record("deleted %s", path);
	return 0;
}

void zk_batch_init(struct zk_batch *b, struct zk_session *s)
{
	*b = (struct zk_batch){.session = s};
}

struct zk_op *zk_batch_get(struct zk_batch *b, const char *fmt, ...)
{
	struct zk_op *op = xcalloc(1, sizeof(*op));
	char path[128];
	va_list va;
	int i;

	va_start(va, fmt);
	i = find_f(path, fmt, va);
	va_end(va);
	op->rc = i < 0 ? ZK_NO_NODE : 0;
	op->data = i < 0 ? NULL : node_data(i);
	op->data_len = op->data ? (int32_t)strlen(op->data) : -1;
	b->ops = grow_array(b->ops, &b->cap, b->n + 1, sizeof(*b->ops));
	b->ops[b->n++] = op;
	return op;
}

int zk_batch_run(struct zk_batch *b)
{
	(void)b;
	return 0;
}

void zk_batch_fini(struct zk_batch *b)
{
	while (b->n-- > 0) {
		free(b->ops[b->n]->data);
		free(b->ops[b->n]);
	}
	free(b->ops);
}

int entity_config_read_version(struct zk_session *s, const char *type, const char *name,
	struct znode_config *ret, int32_t *ret_version)
{
	*ret_version = 7;
	return entity_config_read(s, type, name, ret);
}

int entity_config_replace(struct zk_session *s, const char *type, const char *name,
	const struct znode_config *c, int32_t version)
{
	char path[128], *text = znode_config_encode(c);

	(void)s;
	assert_int_equal(version, 7);
	snprintf(path, sizeof(path), "/config/%s/%s", type, name);
	node_put(path, text, NOW_MS);
	free(text);
	record("replaced %s", path);
	return 0;
}

int entity_config_read(
	struct zk_session *s, const char *type, const char *name, struct znode_config *ret)
{
	struct zk_value v = ZK_VALUE_INIT;
	int r = zk_get(s, &v, "/config/%s/%s", type, name);

	if (r == 0)
		r = znode_config_decode(v.data, v.len, ret);
	zk_value_fini(&v);
	return r > 0 ? 0 : r;
}

/* --- the broker under test --- */

/* Locks: lock held. */
static int count_of(const char *event)
{
	int n = 0;

	for (size_t i = 0; i < events_n; i++)
		n += !strcmp(events[i], event);
	return n;
}

static int times(const char *event)
{
	int n;

	lock_take(&lock);
	n = count_of(event);
	lock_release(&lock);
	return n;
}

/* Waits until this was recorded. */
static void expect_event(const char *event)
{
	int64_t deadline = clock_mono_ms(&clock_real) + PATIENCE_MS;

	lock_take(&lock);
	while (count_of(event) == 0) {
		if (lock_wait_until(&lock, &happened, deadline))
			continue;
		for (size_t i = 0; i < events_n; i++)
			print_message("event: %s\n", events[i]);
		fail_msg("never happened: %s", event);
	}
	lock_release(&lock);
}

static void forget_events(void)
{
	lock_take(&lock);
	events_n = 0;
	lock_release(&lock);
}

static void on_topic(void *arg, const char *topic, struct log_config *l)
{
	(void)arg;
	record("topic %s retention.ms=%lld", topic, (long long)l->retention_ms);
}

static void on_unclean(void *arg, const char *topic)
{
	(void)arg;
	record("unclean %s", topic ? topic : "default");
}

static void on_rates(void *arg, int64_t leader, int64_t follower, int64_t alter)
{
	(void)arg;
	record("rates %lld %lld %lld", (long long)leader, (long long)follower, (long long)alter);
}

static void on_endpoints(void *arg, const struct config *to)
{
	size_t n;

	(void)arg;
	record("endpoints %s", config_advertised(to, &n)[0].host);
}

static const struct dynamic_config_hooks hooks = {
	on_topic, on_unclean, on_rates, on_endpoints, NULL};

static int veto(
	void *arg, const struct config *from, const struct config *to, char why[CONFIG_ERROR_MAX])
{
	(void)arg;
	(void)from;
	if (config_int(to, CFG_MAX_CONNECTIONS) != 13)
		return 0;
	snprintf(why, CONFIG_ERROR_MAX, "unlucky");
	return KERR_INVALID_CONFIG;
}

static void apply(void *arg, const struct config *from, const struct config *to)
{
	(void)arg;
	record("connections %d to %d", config_int(from, CFG_MAX_CONNECTIONS),
		config_int(to, CFG_MAX_CONNECTIONS));
}

static const enum config_id part_keys[] = {CFG_MAX_CONNECTIONS, CFG_COUNT};
static struct reconfigurable part = {
	.name = "connections", .keys = part_keys, .validate = veto, .apply = apply};
static struct dynamic_config *d;
static char why[CONFIG_ERROR_MAX];

static void quiet(enum log_level level, const char *cls, const char *msg)
{
	(void)cls;
	if (level >= LOG_WARN)
		record("log %.200s", msg);
}

static int prepare(void **state)
{
	(void)state;
	memset(&zk, 0, sizeof(zk));
	zk.state = ZK_CONNECTED;
	lock_init(&lock, RANK_LEAF, "test");
	cond_init(&happened);
	clock_fake_init(&now, NOW_MS);
	events_n = 0;
	logger_capture(quiet);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	d = dynamic_config_free(d);
	logger_capture(NULL);
	cond_fini(&happened);
	lock_fini(&lock);
	return 0;
}

static void open_broker(const char *fixed)
{
	struct properties p = PROPERTIES_INIT;
	struct config *c = NULL;
	int line;

	assert_int_equal(properties_parse(&p, fixed, strlen(fixed), &line), 0);
	properties_set(&p, "zookeeper.connect", "z", 1);
	assert_int_equal(config_new(&p, "f", &c, why), 0);
	properties_fini(&p);
	assert_int_equal(dynamic_config_open(&zk, &now.clock, c, 1, &d), 0);
	config_unref(c);
	dynamic_config_add(d, &part);
}

static void start_broker(const char *fixed)
{
	open_broker(fixed);
	assert_int_equal(dynamic_config_start(d, &hooks), 0);
}

static void announce(int number, const char *entity_path)
{
	char path[128], data[256];

	snprintf(path, sizeof(path), ZK_PATH_CONFIG_CHANGE "%010d", number);
	snprintf(data, sizeof(data), "{\"version\":2,\"entity_path\":\"%s\"}", entity_path);
	node_put(path, data, NOW_MS);
}

static void store(const char *path, const char *config)
{
	char data[2048];

	snprintf(data, sizeof(data), "{\"version\":1,\"config\":{%s}}", config);
	node_put(path, data, NOW_MS);
}

static int int_now(enum config_id id)
{
	struct config *c = dynamic_config_current(d);
	int value = config_int(c, id);

	config_unref(c);
	return value;
}

static int64_t retention_of(const char *topic)
{
	struct log_config *l = dynamic_config_topic(d, topic);
	int64_t ms = l->retention_ms;

	log_config_unref(l);
	return ms;
}

/* --- tests --- */

static void test_what_is_stored_is_in_effect_at_the_start(void **state)
{
	(void)state;
	store("/config/brokers/<default>",
		"\"num.io.threads\":\"20\",\"max.connections\":\"7\",\"broker.id\":\"5\"");
	store("/config/brokers/1", "\"max.connections\":\"9\",\"min.insync.replicas\":\"zero\"");
	store("/config/brokers/2", "\"max.connections\":\"11\"");
	store("/config/topics/t", "\"retention.ms\":\"5\"");
	node_put("/config/topics/plain", "", NOW_MS);
	open_broker("num.io.threads=2\nlog.retention.ms=77\n");
	assert_int_equal(int_now(CFG_NUM_IO_THREADS), 20); /* no limit of doubling at the start */
	assert_int_equal(int_now(CFG_MAX_CONNECTIONS), 9);
	assert_int_equal(int_now(CFG_MIN_INSYNC_REPLICAS), 1);
	assert_int_equal(retention_of("t"), 5);
	assert_int_equal(retention_of("plain"), 77);
	assert_int_equal(times("log Non-dynamic configs configured in ZooKeeper will be "
			       "ignored: Set(broker.id)"),
		1);
}

static void test_a_topic_change_reaches_its_logs(void **state)
{
	(void)state;
	start_broker("");
	store("/config/topics/t",
		"\"retention.ms\":\"123\",\"unclean.leader.election.enable\":\"true\"");
	announce(0, "topics/t");
	expect_event("topic t retention.ms=123");
	expect_event("unclean t");
}

static void test_a_broker_change_reaches_parts_and_topics(void **state)
{
	(void)state;
	store("/config/topics/own", "\"retention.ms\":\"1\"");
	store("/config/topics/plain", "");
	start_broker("");
	store("/config/brokers/<default>", "\"max.connections\":\"50\",\"log.retention.ms\":\"99\","
					   "\"unclean.leader.election.enable\":\"true\"");
	announce(3, "brokers/<default>");
	expect_event("connections 2147483647 to 50");
	expect_event("topic plain retention.ms=99");
	expect_event("topic own retention.ms=1");
	expect_event("unclean default");
	assert_int_equal(int_now(CFG_MAX_CONNECTIONS), 50);
	forget_events();
	store("/config/brokers/1",
		"\"max.connections\":\"60\",\"advertised.listeners\":\"PLAINTEXT://new:9092\","
		"\"leader.replication.throttled.rate\":\"1000\"");
	announce(4, "brokers/1");
	expect_event("connections 50 to 60");
	expect_event("endpoints new");
	expect_event("rates 1000 9223372036854775807 9223372036854775807");
	assert_int_equal(times("topic plain retention.ms=99"), 0); /* its defaults did not move */
}

static void test_what_no_part_takes_says_so(void **state)
{
	(void)state;
	start_broker("");
	store("/config/brokers/<default>", "\"num.io.threads\":\"9\"");
	announce(0, "brokers/<default>");
	expect_event("log num.io.threads=9 takes effect at the next start of the broker");
}

static void test_a_stored_change_that_is_vetoed_changes_nothing(void **state)
{
	(void)state;
	start_broker("");
	store("/config/brokers/1", "\"max.connections\":\"13\"");
	announce(0, "brokers/1");
	expect_event("log Configs of this broker could not be applied, the former values stay: "
		     "Invalid dynamic configuration: unlucky");
	assert_int_equal(int_now(CFG_MAX_CONNECTIONS), INT32_MAX);
}

static void refused(const char *entry, bool per_broker, const char *message)
{
	struct properties p = PROPERTIES_INIT;
	int line;

	assert_int_equal(properties_parse(&p, entry, strlen(entry), &line), 0);
	assert_int_equal(
		dynamic_config_validate(d, &p, per_broker, why), message ? KERR_INVALID_CONFIG : 0);
	if (message)
		assert_string_equal(why, message);
	properties_fini(&p);
}

static void test_changes_are_checked_before_they_are_written(void **state)
{
	(void)state;
	start_broker("num.io.threads=4\n");
	refused("num.io.threads=8\n", true, NULL);
	refused("num.io.threads=2\n", true, NULL);
	refused("num.io.threads=9\n", true,
		"Invalid dynamic configuration: Dynamic thread count update validation failed for "
		"num.io.threads=9, "
		"value should not be greater than double the current value 4");
	refused("num.io.threads=1\n", false,
		"Invalid dynamic configuration: Dynamic thread count update validation failed for "
		"num.io.threads=1, "
		"value should be at least half the current value 4");
	refused("max.connections=13\n", true, "Invalid dynamic configuration: unlucky");
	refused("listeners=PLAINTEXT://:9093\n", true,
		"Invalid dynamic configuration: listeners cannot be added, removed or moved while "
		"the broker runs");
	refused("listeners=PLAINTEXT://:9092\n", true, NULL);
	refused("log.roll.ms=0\n", false,
		"requirement failed: log.roll.ms must be greater than or equal to 1");
	refused("broker.id=3\n", true, "Cannot update these configs dynamically: Set(broker.id)");
}

static void test_old_announcements_are_removed_nonsense_is_skipped(void **state)
{
	(void)state;
	store("/config/topics/t", "\"retention.ms\":\"5\"");
	node_put(ZK_PATH_CONFIG_CHANGE "0000000001", "{\"version\":2,\"entity_path\":\"topics/t\"}",
		OLD_MS);
	node_put(ZK_PATH_CONFIG_CHANGE "0000000002", "{\"version\":2,\"entity_path\":\"nonsense\"}",
		NOW_MS);
	node_put(ZK_PATH_CONFIG_CHANGE "0000000003", "\"t\"", NOW_MS);
	node_put(ZK_PATH_CONFIG_CHANGE "0000000004", "{\"version\":2,\"entity_path\":\"users/u\"}",
		NOW_MS);
	node_put(ZK_PATH_CONFIG_CHANGES "/other", "x", NOW_MS);
	start_broker("");
	expect_event("topic t retention.ms=5"); /* what is there at the start is processed too */
	expect_event("deleted " ZK_PATH_CONFIG_CHANGE "0000000001");
	expect_event("log Quotas of users are stored, but this broker does not enforce quotas yet");
	forget_events();
	store("/config/topics/t", "\"retention.ms\":\"6\"");
	announce(5, "topics/t");
	expect_event("topic t retention.ms=6");
	assert_int_equal(times("topic t retention.ms=5"), 0);
}

#define KEYSTORE "listener.name.plaintext.ssl.keystore.password"

static void store_password(const char *secret, const char *password)
{
	const struct password_encoder e = {secret, NULL, "AES/CBC/PKCS5Padding", 128, 1024};
	char *encoded, text[1024];

	assert_int_equal(password_encode(&e, password, &encoded), 0);
	snprintf(text, sizeof(text), "\"" KEYSTORE "\":\"%s\",\"max.connections\":\"5\"", encoded);
	store("/config/brokers/1", text);
	free(encoded);
}

static void expect_password(const char *password)
{
	struct config *c = dynamic_config_current(d);
	const char *value = properties_get(config_layer(c, LAYER_BROKER), KEYSTORE);

	assert_int_equal(config_int(c, CFG_MAX_CONNECTIONS), 5);
	if (password)
		assert_string_equal(value, password);
	else
		assert_null(value);
	config_unref(c);
}

static void test_stored_passwords_are_decoded(void **state)
{
	(void)state;
	store_password("top", "opensesame");
	open_broker("password.encoder.secret=top\n");
	expect_password("opensesame");
	assert_int_equal(times("replaced /config/brokers/1"), 0);
}

static void test_without_its_secret_a_password_is_left_out(void **state)
{
	(void)state;
	store_password("top", "opensesame");
	open_broker("password.encoder.secret=other\n");
	expect_password(NULL);
	assert_int_equal(times("log Dynamic password config " KEYSTORE " could not be decoded, ignoring. "
			       "(password.encoder.secret is another one, or the value is damaged)"),
		1);
}

static void test_passwords_of_the_old_secret_are_stored_anew(void **state)
{
	struct znode_config z;
	char *data, *plain;
	int i;

	(void)state;
	store_password("old", "opensesame");
	open_broker("password.encoder.secret=new\npassword.encoder.old.secret=old\n");
	expect_password("opensesame");
	assert_int_equal(times("replaced /config/brokers/1"), 1);
	i = node_find("/config/brokers/1");
	data = node_data(i);
	assert_int_equal(znode_config_decode(data, (int32_t)strlen(data), &z), 0);
	assert_int_equal(password_decode("new", znode_config_get(&z, KEYSTORE), &plain), 0);
	assert_string_equal(plain, "opensesame");
	assert_string_equal(znode_config_get(&z, "max.connections"), "5");
	free(plain);
	znode_config_fini(&z);
	free(data);
	/* the next start with both secrets has nothing to do */
	d = dynamic_config_free(d);
	forget_events();
	open_broker("password.encoder.secret=new\npassword.encoder.old.secret=old\n");
	expect_password("opensesame");
	assert_int_equal(times("replaced /config/brokers/1"), 0);
}

static void test_a_new_topic_is_read_when_it_is_made(void **state)
{
	(void)state;
	start_broker("");
	store("/config/topics/late", "\"retention.ms\":\"8\""); /* creation is not announced */
	assert_int_equal(retention_of("late"), 8);
	dynamic_config_retell(d, "late");
	assert_int_equal(times("topic late retention.ms=8"), 1);
	zk.state = ZK_CONNECTING;
	store("/config/topics/late", "\"retention.ms\":\"9\"");
	assert_int_equal(retention_of("late"), 8); /* the last known, while ZooKeeper is away */
	zk.state = ZK_CONNECTED;
	assert_int_equal(retention_of("late"), 9);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, finish)
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_stored_is_in_effect_at_the_start),
		TEST(test_a_topic_change_reaches_its_logs),
		TEST(test_a_broker_change_reaches_parts_and_topics),
		TEST(test_what_no_part_takes_says_so),
		TEST(test_a_stored_change_that_is_vetoed_changes_nothing),
		TEST(test_changes_are_checked_before_they_are_written),
		TEST(test_old_announcements_are_removed_nonsense_is_skipped),
		TEST(test_stored_passwords_are_decoded),
		TEST(test_without_its_secret_a_password_is_left_out),
		TEST(test_passwords_of_the_old_secret_are_stored_anew),
		TEST(test_a_new_topic_is_read_when_it_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
