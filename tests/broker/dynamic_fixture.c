/* dynamic_fixture.c - see dynamic_fixture.h. */
#include "dynamic_fixture.h"

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
#include "controller/entity_config.h"
#include "protocol/errors.h"
#include "storage/log_config.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

#define EVENTS_MAX 64
#define PATIENCE_MS 5000

/* --- the fake ZooKeeper; guarded by `lock`, as are the events --- */


struct zk_session zk;
static struct lock lock;
static struct cond happened;
static char events[EVENTS_MAX][256]; /* what the hooks and parts were told */
static size_t events_n;
static struct clock_fake now;

int zk_fake_find(const char *path)
{
	for (size_t i = 0; i < zk.nodes_n; i++) {
		if (!strcmp(zk.nodes[i].path, path))
			return (int)i;
	}
	return -1;
}

void zk_fake_put(const char *path, const char *data, int64_t ctime_ms)
{
	struct zk_watch *w;
	int i;

	lock_take(&lock);
	i = zk_fake_find(path);
	if (i < 0)
		i = (int)zk.nodes_n++;
	assert_true(i < NODES_MAX);
	snprintf(zk.nodes[i].path, sizeof(zk.nodes[i].path), "%s", path);
	snprintf(zk.nodes[i].data, sizeof(zk.nodes[i].data), "%s", data);
	zk.nodes[i].ctime_ms = ctime_ms;
	w = zk.children;
	lock_release(&lock);
	if (w && !strncmp(path, ZK_PATH_CONFIG_CHANGES, strlen(ZK_PATH_CONFIG_CHANGES)))
		w->fired(w, ZK_EVENT_CHILDREN);
}

static int PRINTF(2, 0) find_f(char *path, const char *fmt, va_list va)
{
	int i;

	vsnprintf(path, 128, fmt, va);
	lock_take(&lock);
	i = zk_fake_find(path);
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
	assert_string_equal(path, ZK_PATH_CONFIG_CHANGES);
	lock_take(&lock);
	*(kind == ZK_WATCH_CHILDREN ? &s->children : &s->deleted) = w;
	lock_release(&lock);
}

void zk_session_unwatch(struct zk_session *s, struct zk_watch *w)
{
	lock_take(&lock);
	*(s->children == w ? &s->children : &s->deleted) = NULL;
	lock_release(&lock);
}

void zk_session_listen(struct zk_session *s, struct zk_listener *l)
{
	lock_take(&lock);
	s->listener = l;
	lock_release(&lock);
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
	if (!s->changes_czxid) {
		lock_release(&lock);
		free(names);
		return ZK_NO_NODE;
	}
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

char *zk_fake_data(int i)
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

	va_start(va, fmt);
	vsnprintf(path, sizeof(path), fmt, va);
	va_end(va);
	lock_take(&lock);
	i = zk_fake_find(path);
	ret->data = i < 0 ? NULL : xstrdup(s->nodes[i].data);
	lock_release(&lock);
	if (!ret->data)
		return ZK_NO_NODE;
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
	bool there;
	va_list va;
	int i;

	va_start(va, fmt);
	vsnprintf(path, sizeof(path), fmt, va);
	va_end(va);
	lock_take(&lock);
	i = zk_fake_find(path);
	there = i >= 0;
	*ret = (struct zk_stat){.ctime_ms = there ? s->nodes[i].ctime_ms : 0};
	if (!strcmp(path, ZK_PATH_CONFIG_CHANGES)) {
		there = s->changes_czxid != 0;
		*ret = (struct zk_stat){.czxid = s->changes_czxid};
	}
	lock_release(&lock);
	return there ? 0 : ZK_NO_NODE;
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

int zk_make_path(struct zk_session *s, const char *fmt, ...)
{
	(void)fmt;
	lock_take(&lock);
	s->changes_czxid = 1000;
	lock_release(&lock);
	record("made " ZK_PATH_CONFIG_CHANGES);
	return 0;
}

void zk_fake_delete_changes(void)
{
	struct zk_watch *w;

	lock_take(&lock);
	for (size_t i = zk.nodes_n; i-- > 0;) {
		if (!strncmp(zk.nodes[i].path, ZK_PATH_CONFIG_CHANGES, strlen(ZK_PATH_CONFIG_CHANGES)))
			zk.nodes[i] = zk.nodes[--zk.nodes_n];
	}
	zk.changes_czxid = 0;
	w = zk.deleted;
	lock_release(&lock);
	w->fired(w, ZK_EVENT_DELETED);
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
	op->data = i < 0 ? NULL : zk_fake_data(i);
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
	zk_fake_put(path, text, NOW_MS);
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

void zk_fake_renew(void)
{
	struct zk_listener *l;

	lock_take(&lock);
	l = zk.listener;
	lock_release(&lock);
	l->after_new_session(l);
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

int times(const char *event)
{
	int n;

	lock_take(&lock);
	n = count_of(event);
	lock_release(&lock);
	return n;
}

/* Waits until this was recorded. */
void expect_event(const char *event)
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

void forget_events(void)
{
	lock_take(&lock);
	events_n = 0;
	lock_release(&lock);
}

static char gone[32]; /* under lock */

void set_gone(const char *topic)
{
	lock_take(&lock);
	snprintf(gone, sizeof(gone), "%s", topic);
	lock_release(&lock);
}

static bool on_topic(void *arg, const char *topic, struct log_config *l)
{
	bool here;

	(void)arg;
	record("topic %s retention.ms=%lld", topic, (long long)l->retention_ms);
	lock_take(&lock);
	here = strcmp(topic, gone) != 0;
	lock_release(&lock);
	return here;
}

static void on_unclean(void *arg, const char *topic)
{
	(void)arg;
	record("unclean %s", topic ? topic : "default");
}

static void on_rates(void *arg, const struct throttle_rates *r)
{
	(void)arg;
	record("rates %lld %lld %lld", (long long)r->leader, (long long)r->follower, (long long)r->alter_log_dirs);
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
struct dynamic_config *d;
static char why[CONFIG_ERROR_MAX];

static void quiet(enum log_level level, const char *cls, const char *msg)
{
	(void)cls;
	if (level >= LOG_WARN)
		record("log %.200s", msg);
}

int dynamic_fixture_setup(void **state)
{
	(void)state;
	memset(&zk, 0, sizeof(zk));
	zk.state = ZK_CONNECTED;
	zk.changes_czxid = 1;
	gone[0] = '\0';
	lock_init(&lock, RANK_LEAF, "test");
	cond_init(&happened);
	clock_fake_init(&now, NOW_MS);
	events_n = 0;
	logger_capture(quiet);
	return 0;
}

int dynamic_fixture_teardown(void **state)
{
	(void)state;
	d = dynamic_config_free(d);
	logger_capture(NULL);
	cond_fini(&happened);
	lock_fini(&lock);
	return 0;
}

void open_broker(const char *fixed)
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

void start_broker(const char *fixed)
{
	open_broker(fixed);
	(void)retention_of("t");
	(void)retention_of("own");
	(void)retention_of("plain");
	dynamic_config_loaded(d);
	assert_int_equal(dynamic_config_start(d, &hooks), 0);
}

void announce(int number, const char *entity_path)
{
	char path[128], data[256];

	snprintf(path, sizeof(path), ZK_PATH_CONFIG_CHANGE "%010d", number);
	snprintf(data, sizeof(data), "{\"version\":2,\"entity_path\":\"%s\"}", entity_path);
	zk_fake_put(path, data, NOW_MS);
}

void store(const char *path, const char *config)
{
	char data[2048];

	snprintf(data, sizeof(data), "{\"version\":1,\"config\":{%s}}", config);
	zk_fake_put(path, data, NOW_MS);
}

int int_now(enum config_id id)
{
	struct config *c = dynamic_config_current(d);
	int value = config_int(c, id);

	config_unref(c);
	return value;
}

int64_t retention_of(const char *topic)
{
	struct log_config *l = dynamic_config_topic(d, topic);
	int64_t ms = l->retention_ms;

	log_config_unref(l);
	return ms;
}
