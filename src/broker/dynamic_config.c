/* dynamic_config.c - the current snapshot, the topics' overrides, and what a change sets in motion.
 *
 * After the start only the notification thread replaces the snapshot, so building, vetoing and applying need no
 * lock; d->lock guards the pointer and the table of topics. A broker change goes: drop bad entries, build the new
 * snapshot, ask the parts, publish, tell the parts, rebuild topics when their defaults moved.
 */
#define LOG_CLASS "kafka.server.ZkConfigManager"

#include "broker/dynamic_config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/logger.h"
#include "base/str.h"
#include "base/table.h"
#include "broker/change_listener.h"
#include "broker/config_change.h"
#include "broker/config_passwords.h"
#include "broker/config_priv.h"
#include "broker/topic_config.h"
#include "controller/entity_config.h"
#include "protocol/errors.h"
#include "storage/log_config.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

#define BATCH_TOPICS 256 /* znodes read together at the start */

struct topic {
	char *name;
	struct properties overrides;
	UT_hash_handle hh;
};

struct rates {
	int64_t leader, follower, alter_log_dirs;
};

struct dynamic_config {
	struct zk_session *zk;
	const struct clock *clock;
	int32_t broker_id;
	struct lock lock; /* current, topics */
	struct config *current;
	struct topic *topics;
	struct list parts; /* unchanged after the start */
	struct dynamic_config_hooks hooks;
	atomic_bool started;       /* parts are asked and told */
	uint64_t topic_generation; /* lock: counts announced topic changes */
	struct change_listener *changes;
	struct rates rates;
	bool warned_quotas;
};

/* --- the table of topics --- */

/* Locks: d->lock held. */
static struct topic *topic_put(struct dynamic_config *d, const char *name)
{
	struct topic *t;

	HASH_FIND_STR(d->topics, name, t);
	if (t)
		return t;
	t = xcalloc(1, sizeof(*t));
	t->name = xstrdup(name);
	HASH_ADD_KEYPTR(hh, d->topics, t->name, strlen(t->name), t);
	return t;
}

/* Remembers the overrides of a topic. An announced change always counts; what somebody else read counts only if none
 * was announced since `generation`, else it may be older. False: read again. */
static bool topic_remember(struct dynamic_config *d, const char *name,
	const struct properties *overrides, bool announced, uint64_t generation)
{
	struct topic *t;
	bool current;

	lock_take(&d->lock);
	d->topic_generation += announced;
	current = announced || generation == d->topic_generation;
	if (current) {
		t = topic_put(d, name);
		properties_fini(&t->overrides);
		t->overrides = (struct properties)PROPERTIES_INIT;
		properties_copy(overrides, &t->overrides);
	}
	lock_release(&d->lock);
	return current;
}

static uint64_t topic_generation(struct dynamic_config *d)
{
	uint64_t generation;

	lock_take(&d->lock);
	generation = d->topic_generation;
	lock_release(&d->lock);
	return generation;
}

static void topic_recall(struct dynamic_config *d, const char *name, struct properties *ret)
{
	struct topic *t;

	lock_take(&d->lock);
	HASH_FIND_STR(d->topics, name, t);
	if (t)
		properties_copy(&t->overrides, ret);
	lock_release(&d->lock);
}

/* --- reading ZooKeeper --- */

static void properties_of(const struct znode_config *z, struct properties *ret)
{
	for (size_t i = 0; i < z->n; i++)
		properties_set(ret, z->pairs[i].name, z->pairs[i].value, 0);
}

static void znode_of(const struct properties *p, struct znode_config *ret)
{
	*ret = ZNODE_CONFIG_INIT;
	for (size_t i = 0; i < p->n; i++)
		znode_config_put(ret, p->v[i].key, p->v[i].value);
}

/* What cannot be read as a config counts as empty. 0 | -errno */
static int unreadable(int r, const char *type, const char *name)
{
	if (r != -EBADMSG)
		return FAIL(r);
	log_error("Config of %s/%s is ignored: a value is no string", type, name);
	return 0;
}

/* Adds what an entity stores. 0 | -errno */
static int read_entity(
	struct dynamic_config *d, const char *type, const char *name, struct properties *ret)
{
	struct znode_config z = ZNODE_CONFIG_INIT;
	int r = entity_config_read(d->zk, type, name, &z);

	if (r < 0)
		return unreadable(r, type, name);
	properties_of(&z, ret);
	znode_config_fini(&z);
	return 0;
}

static void remember_read(struct dynamic_config *d, const char *name, const struct zk_op *op)
{
	struct znode_config z = ZNODE_CONFIG_INIT;
	struct properties p = PROPERTIES_INIT;

	if (op->rc)
		return; /* deleted meanwhile */
	if (znode_config_decode(op->data, op->data_len, &z)) {
		log_error("Config of topics/%s is ignored: a value is no string", name);
		return;
	}
	properties_of(&z, &p);
	znode_config_fini(&z);
	(void)topic_remember(d, name, &p, false, 0); /* nothing is announced before the start */
	properties_fini(&p);
}

static int read_topics(struct dynamic_config *d)
{
	char **names;
	size_t n;
	int r = zk_children(d->zk, &names, &n, ZK_PATH_CONFIG_TOPICS);

	if (r)
		return r < 0 ? FAIL(r) : 0; /* no node: no topics */
	for (size_t from = 0; from < n && r == 0; from += BATCH_TOPICS) {
		size_t to = MIN(n, from + BATCH_TOPICS);
		struct zk_op *ops[BATCH_TOPICS];
		struct zk_batch b;

		zk_batch_init(&b, d->zk);
		for (size_t i = from; i < to; i++)
			ops[i - from] = zk_batch_get(&b, ZK_PATH_CONFIG_ENTITY, "topics", names[i]);
		r = zk_batch_run(&b);
		for (size_t i = from; i < to && r == 0; i++)
			remember_read(d, names[i], ops[i - from]);
		zk_batch_fini(&b);
	}
	zk_names_free(names, n);
	return r < 0 ? FAIL(r) : 0;
}

/* --- replacing the snapshot --- */

static bool same_layer(const struct properties *a, const struct properties *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const char *other = properties_get(b, a->v[i].key);

		if (!other || strcmp(other, a->v[i].value))
			return false;
	}
	return true;
}

static bool handles(const struct reconfigurable *p, enum config_id id)
{
	for (size_t i = 0; p->keys[i] != CFG_COUNT; i++) {
		if (p->keys[i] == id)
			return true;
	}
	return false;
}

static bool listener_differs(
	const struct endpoints *e, const struct config *from, const struct config *to, enum config_id id)
{
	for (size_t i = 0; i < e->n; i++) {
		if (config_differs_for(from, to, e->v[i].listener, id))
			return true;
	}
	return false;
}

static bool concerns(
	const struct reconfigurable *p, const struct config *from, const struct config *to)
{
	for (size_t i = 0; p->keys[i] != CFG_COUNT; i++) {
		if (config_differs(from, to, p->keys[i]) ||
			(p->per_listener && listener_differs(&to->listeners, from, to, p->keys[i])))
			return true;
	}
	return false;
}

static bool some_part_handles(const struct dynamic_config *d, enum config_id id)
{
	struct reconfigurable *p;

	list_foreach (p, &d->parts, link) {
		if (handles(p, id))
			return true;
	}
	return false;
}

static bool same_endpoints(const struct endpoints *a, const struct endpoints *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->v[i].listener, b->v[i].listener) ||
			strcmp(a->v[i].host, b->v[i].host) || a->v[i].port != b->v[i].port ||
			a->v[i].protocol != b->v[i].protocol)
			return false;
	}
	return true;
}

static int check_change(struct dynamic_config *d, const struct config *from,
	const struct config *to, char why[CONFIG_ERROR_MAX])
{
	char detail[CONFIG_ERROR_MAX];
	struct reconfigurable *p;
	int r = config_change_check(from, to, why);

	if (r)
		return r;
	if (!some_part_handles(d, CFG_LISTENERS) &&
		!same_endpoints(&from->listeners, &to->listeners)) {
		snprintf(why, CONFIG_ERROR_MAX,
			"Invalid dynamic configuration: listeners cannot be added, removed or "
			"moved while the broker runs");
		return KERR_INVALID_CONFIG;
	}
	list_foreach (p, &d->parts, link) {
		if (!p->validate || !concerns(p, from, to))
			continue;
		r = p->validate(p->arg, from, to, detail);
		if (r == 0)
			continue;
		snprintf(why, CONFIG_ERROR_MAX, "Invalid dynamic configuration: %.900s", detail);
		return r;
	}
	return 0;
}

static bool is_topic_default(enum config_id id)
{
	enum config_id ids[CONFIG_SYNONYMS_MAX];

	for (int t = 0; t < TOPIC_CFG_COUNT; t++) {
		int n = topic_config_synonym[t] < 0
				? 0
				: config_synonyms((enum config_id)topic_config_synonym[t], ids);

		while (n-- > 0) {
			if (ids[n] == id)
				return true;
		}
	}
	return false;
}

/* Keys that are read from the snapshot whenever they matter, or that other calls here take care of. */
static bool needs_nobody(enum config_id id)
{
	return is_topic_default(id) || id >= CFG_STATIC_COUNT || id == CFG_ADVERTISED_LISTENERS ||
	       id == CFG_LISTENER_SECURITY_PROTOCOL_MAP ||
	       config_keys[id].support == CONFIG_NO_EFFECT;
}

static void warn_unhandled(
	const struct dynamic_config *d, const struct config *from, const struct config *to)
{
	for (int id = 0; id < CFG_COUNT; id++) {
		enum config_id key = (enum config_id)id;

		if (config_differs(from, to, key) && !needs_nobody(key) && !some_part_handles(d, key))
			log_warn("%s=%s takes effect at the next start of the broker",
				config_keys[id].name,
				config_text(to, key) ? config_text(to, key) : "null");
	}
}

static int64_t rate_of(const struct config *c, enum config_id id)
{
	struct config_value v;
	char why[CONFIG_ERROR_MAX];
	int64_t rate = INT64_MAX;
	const char *text = properties_get(&c->layers[LAYER_BROKER], config_keys[id].name);

	if (!text) /* a static value has no effect */
		text = properties_get(&c->layers[LAYER_CLUSTER], config_keys[id].name);
	if (!text || config_value_parse(&config_keys[id], text, &v, why, sizeof(why)))
		return rate;
	rate = v.i;
	config_value_fini(&config_keys[id], &v);
	return rate;
}

static void tell_rates(struct dynamic_config *d, const struct config *c)
{
	struct rates now = {
		.leader = rate_of(c, CFG_LEADER_REPLICATION_THROTTLED_RATE),
		.follower = rate_of(c, CFG_FOLLOWER_REPLICATION_THROTTLED_RATE),
		.alter_log_dirs = rate_of(c, CFG_REPLICA_ALTER_LOG_DIRS_IO_MAX_BYTES_PER_SECOND),
	};

	if (now.leader == d->rates.leader && now.follower == d->rates.follower &&
		now.alter_log_dirs == d->rates.alter_log_dirs)
		return;
	d->rates = now;
	if (d->hooks.throttle_changed)
		d->hooks.throttle_changed(
			d->hooks.arg, now.leader, now.follower, now.alter_log_dirs);
}

static bool topic_defaults_differ(const struct config *from, const struct config *to)
{
	char x[32], y[32];

	for (int id = 0; id < TOPIC_CFG_COUNT; id++) {
		const char *a = topic_config_default(from, (enum topic_config_id)id, x, sizeof(x));
		const char *b = topic_config_default(to, (enum topic_config_id)id, y, sizeof(y));

		if (!a != !b || (a && strcmp(a, b)))
			return true;
	}
	return false;
}

static void tell_topic(struct dynamic_config *d, const struct config *c, const char *name)
{
	struct properties overrides = PROPERTIES_INIT;
	struct log_config *settings;

	if (!d->hooks.topic_changed)
		return;
	topic_recall(d, name, &overrides);
	settings = topic_config_new(c, name, &overrides);
	d->hooks.topic_changed(d->hooks.arg, name, settings);
	log_config_unref(settings);
	properties_fini(&overrides);
}

static void tell_all_topics(struct dynamic_config *d, const struct config *c)
{
	struct topic *t, *next;
	size_t n = 0, count;
	char **names;

	lock_take(&d->lock);
	count = HASH_COUNT(d->topics);
	names = xcalloc(count + 1, sizeof(*names));
	HASH_ITER (hh, d->topics, t, next)
		names[n++] = xstrdup(t->name);
	lock_release(&d->lock);
	while (n-- > 0) {
		tell_topic(d, c, names[n]);
		free(names[n]);
	}
	free(names);
}

/* Everybody who has to act on the difference. No lock held. */
static void tell(struct dynamic_config *d, const struct config *from, const struct config *to)
{
	struct reconfigurable *p;

	list_foreach (p, &d->parts, link) {
		if (!concerns(p, from, to))
			continue;
		log_info("Reconfiguring %s", p->name);
		p->apply(p->arg, from, to);
	}
	warn_unhandled(d, from, to);
	if (topic_defaults_differ(from, to))
		tell_all_topics(d, to);
	if (d->hooks.unclean_enabled && !config_bool(from, CFG_UNCLEAN_LEADER_ELECTION_ENABLE) &&
		config_bool(to, CFG_UNCLEAN_LEADER_ELECTION_ENABLE))
		d->hooks.unclean_enabled(d->hooks.arg, NULL);
	if (d->hooks.endpoints_changed && !same_endpoints(&from->advertised, &to->advertised))
		d->hooks.endpoints_changed(d->hooks.arg, to);
	tell_rates(d, to);
}

static int build_with(const struct properties *p, bool per_broker, const struct config *from,
	struct config **ret, char why[CONFIG_ERROR_MAX])
{
	return config_with_dynamic(from, per_broker ? &from->layers[LAYER_CLUSTER] : p,
		per_broker ? p : &from->layers[LAYER_BROKER], ret, why);
}

/* Replaces a dynamic layer by what is stored. Thread: start-up, then the notification thread. */
static void apply_layer(struct dynamic_config *d, struct properties *stored, bool per_broker)
{
	CLEANUP(config_unrefp) struct config *from = dynamic_config_current(d), *to = NULL;
	enum config_layer layer = per_broker ? LAYER_BROKER : LAYER_CLUSTER;
	char why[CONFIG_ERROR_MAX];

	config_clean_dynamic(stored, per_broker);
	config_passwords_decode(from, stored);
	if (same_layer(stored, &from->layers[layer]))
		return;
	if (build_with(stored, per_broker, from, &to, why) ||
		(atomic_load(&d->started) && check_change(d, from, to, why))) {
		log_error("%s could not be applied, the former values stay: %s",
			per_broker ? "Configs of this broker" : "Cluster default configs", why);
		return;
	}
	lock_take(&d->lock);
	config_unref(d->current);
	d->current = config_ref(to);
	lock_release(&d->lock);
	if (!atomic_load(&d->started))
		return;
	config_log_values(to);
	tell(d, from, to);
}

/* --- announcements --- */

/* "HashMap(a -> 1, b -> 2)", passwords hidden. */
static void print_config(const struct properties *p, char *buf, size_t size)
{
	size_t at = (size_t)snprintf(buf, size, "HashMap(");

	for (size_t i = 0; i < p->n && at < size; i++) {
		bool hide = config_is_password(p->v[i].key) || strstr(p->v[i].key, "SCRAM");

		at += (size_t)snprintf(buf + at, size - at, "%s%s -> %s", i ? ", " : "",
			p->v[i].key, hide ? "[hidden]" : p->v[i].value);
	}
	if (at < size)
		snprintf(buf + at, size - at, ")");
}

static void process_topic(struct dynamic_config *d, const char *name, const struct properties *p)
{
	CLEANUP(config_unrefp) struct config *c = dynamic_config_current(d);
	const char *unclean = properties_get(p, "unclean.leader.election.enable");

	(void)topic_remember(d, name, p, true, 0);
	tell_topic(d, c, name);
	if (unclean && !strcasecmp(unclean, "true") && d->hooks.unclean_enabled)
		d->hooks.unclean_enabled(d->hooks.arg, name);
}

static void process_broker(struct dynamic_config *d, const char *name, struct properties *p)
{
	int64_t id;

	if (!strcmp(name, ZK_DEFAULT_ENTITY))
		apply_layer(d, p, false);
	else if (str_to_i64(str_of(name), 0, INT32_MAX, &id) && id == d->broker_id)
		apply_layer(d, p, true);
}

static void process_entity(struct dynamic_config *d, const char *type, const char *name)
{
	struct properties p = PROPERTIES_INIT;
	char printed[1024], text[256];
	int r = read_entity(d, type, name, &p);

	if (r < 0) {
		log_error("Config of %s/%s could not be read, the former values stay: %s", type,
			name, error_text(r, text, sizeof(text)));
		properties_fini(&p);
		return;
	}
	print_config(&p, printed, sizeof(printed));
	log_info("Processing override for entityPath: %s/%s with config: %s", type, name, printed);
	if (!strcmp(type, "topics"))
		process_topic(d, name, &p);
	else if (!strcmp(type, "brokers"))
		process_broker(d, name, &p);
	properties_fini(&p);
}

static void on_change(void *arg, const char *text, int32_t len)
{
	struct dynamic_config *d = arg;
	char *path, *slash;

	if (!text || len <= 0)
		return;
	if (znode_config_change_decode(text, len, &path)) {
		log_error("Config change notification has an unexpected value: %.200s", text);
		return;
	}
	slash = strchr(path, '/');
	if (slash)
		*slash = '\0';
	if (slash && (!strcmp(path, "topics") || !strcmp(path, "brokers"))) {
		process_entity(d, path, slash + 1);
	} else if (slash &&
		   (!strcmp(path, "users") || !strcmp(path, "clients") || !strcmp(path, "ips"))) {
		if (!d->warned_quotas)
			log_warn("Quotas of %s are stored, but this broker does not enforce quotas "
				 "yet",
				path);
		d->warned_quotas = true;
	} else {
		log_error("Config change notification names an unknown entity: %.200s", text);
	}
	free(path);
}

/* --- life --- */

/* Reads this broker's entries; passwords of an old secret are stored anew (maybeReEncodePasswords). 0 | -errno */
static int read_own(struct dynamic_config *d, const char *name, struct properties *ret)
{
	struct znode_config z = ZNODE_CONFIG_INIT;
	int32_t version;
	int r;

	do {
		properties_fini(ret);
		*ret = (struct properties)PROPERTIES_INIT;
		r = entity_config_read_version(d->zk, "brokers", name, &z, &version);
		if (r < 0)
			return unreadable(r, "brokers", name);
		properties_of(&z, ret);
		znode_config_fini(&z);
		if (!config_passwords_renew(d->current, ret))
			return 0;
		znode_of(ret, &z);
		r = entity_config_replace(d->zk, "brokers", name, &z, version);
		znode_config_fini(&z);
	} while (r == ZK_BAD_VERSION || r == ZK_NO_NODE);
	return r > 0 ? FAIL(-EPROTO) : r < 0 ? FAIL(r) : 0;
}

int dynamic_config_open(struct zk_session *zk, const struct clock *clock,
	const struct config *fixed, int32_t broker_id, struct dynamic_config **ret)
{
	struct dynamic_config *d = xcalloc(1, sizeof(*d));
	struct properties cluster = PROPERTIES_INIT, broker = PROPERTIES_INIT;
	char name[16];
	int r;

	d->zk = zk;
	d->clock = clock;
	d->broker_id = broker_id;
	d->current = config_ref(fixed);
	d->rates = (struct rates){INT64_MAX, INT64_MAX, INT64_MAX};
	lock_init(&d->lock, RANK_LEAF, "dynamic config");
	list_init(&d->parts);
	snprintf(name, sizeof(name), "%d", (int)broker_id);
	r = read_entity(d, "brokers", ZK_DEFAULT_ENTITY, &cluster);
	if (r == 0)
		r = read_own(d, name, &broker);
	if (r == 0)
		r = read_topics(d);
	if (r == 0) {
		apply_layer(d, &cluster, false);
		apply_layer(d, &broker, true);
		*ret = d;
	} else {
		dynamic_config_free(d);
	}
	properties_fini(&cluster);
	properties_fini(&broker);
	return r < 0 ? FAIL(r) : r;
}

void dynamic_config_add(struct dynamic_config *d, struct reconfigurable *r)
{
	list_append(&d->parts, &r->link);
}

int dynamic_config_start(struct dynamic_config *d, const struct dynamic_config_hooks *hooks)
{
	const struct change_listener_config c = {
		.zk = d->zk,
		.clock = d->clock,
		.path = ZK_PATH_CONFIG_CHANGES,
		.prefix = ZK_PREFIX_CONFIG_CHANGE,
		.process = on_change,
		.arg = d,
	};

	d->hooks = *hooks;
	tell_rates(d, d->current);
	atomic_store(&d->started, true);
	return change_listener_start(&c, &d->changes);
}

void dynamic_config_stop(struct dynamic_config *d)
{
	d->changes = change_listener_stop(d->changes);
}

struct dynamic_config *dynamic_config_free(struct dynamic_config *d)
{
	struct topic *t, *next;

	if (!d)
		return NULL;
	dynamic_config_stop(d);
	HASH_ITER (hh, d->topics, t, next) {
		HASH_DEL(d->topics, t);
		properties_fini(&t->overrides);
		free(t->name);
		free(t);
	}
	config_unref(d->current);
	lock_fini(&d->lock);
	free(d);
	return NULL;
}

/* --- asking --- */

struct config *dynamic_config_current(struct dynamic_config *d)
{
	struct config *c;

	lock_take(&d->lock);
	c = config_ref(d->current);
	lock_release(&d->lock);
	return c;
}

int32_t dynamic_config_broker_id(const struct dynamic_config *d)
{
	return d->broker_id;
}

void dynamic_config_overrides(struct dynamic_config *d, const char *topic, struct properties *ret)
{
	struct properties p = PROPERTIES_INIT;

	if (zk_session_state(d->zk) == ZK_CONNECTED && read_entity(d, "topics", topic, &p) == 0)
		properties_copy(&p, ret);
	else
		topic_recall(d, topic, ret);
	properties_fini(&p);
}

struct log_config *dynamic_config_topic(struct dynamic_config *d, const char *topic)
{
	CLEANUP(config_unrefp) struct config *c = dynamic_config_current(d);
	struct properties overrides = PROPERTIES_INIT;
	struct log_config *settings;
	uint64_t generation;

	do {
		properties_fini(&overrides);
		overrides = (struct properties)PROPERTIES_INIT;
		generation = topic_generation(d);
		if (atomic_load(&d->started))
			dynamic_config_overrides(d, topic, &overrides);
		else
			topic_recall(d, topic, &overrides);
		/* also when there are none: the topic takes part when defaults change */
	} while (!topic_remember(d, topic, &overrides, false, generation));
	settings = topic_config_new(c, topic, &overrides);
	properties_fini(&overrides);
	return settings;
}

void dynamic_config_retell(struct dynamic_config *d, const char *topic)
{
	CLEANUP(config_unrefp) struct config *c = dynamic_config_current(d);

	if (atomic_load(&d->started))
		tell_topic(d, c, topic);
}

int dynamic_config_validate(struct dynamic_config *d, const struct properties *p, bool per_broker,
	char why[CONFIG_ERROR_MAX])
{
	CLEANUP(config_unrefp) struct config *from = dynamic_config_current(d), *to = NULL;
	int r = config_check_dynamic(p, per_broker, why);

	if (r == 0)
		r = build_with(p, per_broker, from, &to, why);
	if (r == 0)
		r = check_change(d, from, to, why);
	return r;
}
