/* dynamic_config.c - the current snapshot, and what a change sets in motion.
 *
 * After the start only the notification thread replaces the snapshot, so building, vetoing and applying need no
 * lock; d->lock guards the pointer. What announcements do is in config_announcements.c. A broker change goes: drop bad entries, build the new
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
#include "broker/change_listener.h"
#include "broker/config_change.h"
#include "broker/config_passwords.h"
#include "broker/config_priv.h"
#include "broker/dynamic_config_priv.h"
#include "broker/topic_config.h"
#include "broker/topic_overrides.h"
#include "controller/entity_config.h"
#include "protocol/errors.h"
#include "storage/log_config.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

#define BATCH_TOPICS 256 /* znodes read together at the start */

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

/* At the start what cannot be read as a config counts as empty. 0 | -errno */
static int unreadable(int r, const char *type, const char *name)
{
	if (r != -EBADMSG)
		return FAIL(r);
	log_error("Config of %s/%s is ignored: a value is no string", type, name);
	return 0;
}

int dynamic_config_read(
	struct dynamic_config *d, const char *type, const char *name, struct properties *ret)
{
	struct znode_config z = ZNODE_CONFIG_INIT;
	int r = entity_config_read(d->zk, type, name, &z);

	if (r < 0)
		return r == -EBADMSG ? r : FAIL(r);
	properties_of(&z, ret);
	znode_config_fini(&z);
	return 0;
}

/* What was read about a topic, handed to fn; nothing when it is unreadable. */
static void read_one(struct dynamic_config *d, const char *name, const struct zk_op *op, topic_read_fn *fn)
{
	struct znode_config z = ZNODE_CONFIG_INIT;
	struct properties p = PROPERTIES_INIT;

	if (op->rc && op->rc != ZK_NO_NODE)
		return;
	if (op->rc == 0 && znode_config_decode(op->data, op->data_len, &z)) {
		log_error("Config of topics/%s is ignored: a value is no string", name);
		return;
	}
	properties_of(&z, &p);
	znode_config_fini(&z);
	fn(d, name, &p);
	properties_fini(&p);
}

int dynamic_config_read_topics(struct dynamic_config *d, char *const *names, size_t n, topic_read_fn *fn)
{
	int r = 0;

	for (size_t from = 0; from < n && r == 0; from += BATCH_TOPICS) {
		size_t to = MIN(n, from + BATCH_TOPICS);
		struct zk_op *ops[BATCH_TOPICS];
		struct zk_batch b;

		zk_batch_init(&b, d->zk);
		for (size_t i = from; i < to; i++)
			ops[i - from] = zk_batch_get(&b, ZK_PATH_CONFIG_ENTITY, "topics", names[i]);
		r = zk_batch_run(&b);
		for (size_t i = from; i < to && r == 0; i++)
			read_one(d, names[i], ops[i - from], fn);
		zk_batch_fini(&b);
	}
	return r < 0 ? FAIL(r) : 0;
}

static void store_read(struct dynamic_config *d, const char *name, const struct properties *p)
{
	(void)!topic_overrides_put(d->stored, name, p, 0); /* nothing is announced there */
}

static int read_all_topics(struct dynamic_config *d)
{
	char **names;
	size_t n;
	int r = zk_children(d->zk, &names, &n, ZK_PATH_CONFIG_TOPICS);

	if (r)
		return r < 0 ? FAIL(r) : 0; /* no node: no topics */
	r = dynamic_config_read_topics(d, names, n, store_read);
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
	       id == CFG_LISTENER_SECURITY_PROTOCOL_MAP || id == CFG_METRIC_REPORTERS ||
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

void dynamic_config_throttle_rates(const struct config *c, struct throttle_rates *ret)
{
	*ret = (struct throttle_rates){
		.leader = rate_of(c, CFG_LEADER_REPLICATION_THROTTLED_RATE),
		.follower = rate_of(c, CFG_FOLLOWER_REPLICATION_THROTTLED_RATE),
		.alter_log_dirs = rate_of(c, CFG_REPLICA_ALTER_LOG_DIRS_IO_MAX_BYTES_PER_SECOND),
	};
}

static void tell_rates(struct dynamic_config *d, const struct config *c)
{
	struct throttle_rates now;

	dynamic_config_throttle_rates(c, &now);
	if (now.leader == d->rates.leader && now.follower == d->rates.follower &&
		now.alter_log_dirs == d->rates.alter_log_dirs)
		return;
	d->rates = now;
	if (d->hooks.throttle_changed)
		d->hooks.throttle_changed(d->hooks.arg, &now);
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

void dynamic_config_tell_topic(struct dynamic_config *d, const char *name)
{
	CLEANUP(config_unrefp) struct config *c = dynamic_config_current(d);
	struct properties overrides = PROPERTIES_INIT;
	struct log_config *settings;

	if (!d->hooks.topic_changed)
		return;
	topic_overrides_get(d->topics, name, &overrides);
	settings = topic_config_new(c, name, &overrides);
	if (!d->hooks.topic_changed(d->hooks.arg, name, settings))
		topic_overrides_forget(d->topics, name);
	log_config_unref(settings);
	properties_fini(&overrides);
}

static void tell_all_topics(struct dynamic_config *d)
{
	size_t n;
	char **names = topic_overrides_names(d->topics, &n);

	for (size_t i = 0; i < n; i++)
		dynamic_config_tell_topic(d, names[i]);
	zk_names_free(names, n);
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
		tell_all_topics(d);
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

void dynamic_config_apply(struct dynamic_config *d, struct properties *stored, bool per_broker)
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
	d->rates = (struct throttle_rates){INT64_MAX, INT64_MAX, INT64_MAX};
	d->topics = topic_overrides_new();
	d->stored = topic_overrides_new();
	lock_init(&d->lock, RANK_LEAF, "dynamic config");
	list_init(&d->parts);
	snprintf(name, sizeof(name), "%d", (int)broker_id);
	r = dynamic_config_read(d, "brokers", ZK_DEFAULT_ENTITY, &cluster);
	if (r < 0)
		r = unreadable(r, "brokers", ZK_DEFAULT_ENTITY);
	if (r == 0)
		r = read_own(d, name, &broker);
	if (r == 0)
		r = read_all_topics(d);
	if (r == 0) {
		dynamic_config_apply(d, &cluster, false);
		dynamic_config_apply(d, &broker, true);
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

void dynamic_config_loaded(struct dynamic_config *d)
{
	d->stored = topic_overrides_free(d->stored); /* what nobody has asked for has no logs here */
}

int dynamic_config_start(struct dynamic_config *d, const struct dynamic_config_hooks *hooks)
{
	const struct change_listener_config c = {
		.zk = d->zk,
		.clock = d->clock,
		.path = ZK_PATH_CONFIG_CHANGES,
		.prefix = ZK_PREFIX_CONFIG_CHANGE,
		.process = dynamic_config_announced,
		.catch_up = dynamic_config_catch_up,
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

	if (!d)
		return NULL;
	dynamic_config_stop(d);
	topic_overrides_free(d->topics);
	topic_overrides_free(d->stored);
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

	if (zk_session_state(d->zk) == ZK_CONNECTED && dynamic_config_read(d, "topics", topic, &p) == 0)
		properties_copy(&p, ret);
	else
		topic_overrides_get(d->topics, topic, ret);
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
		generation = topic_overrides_generation(d->topics);
		if (d->stored)
			topic_overrides_get(d->stored, topic, &overrides);
		else
			dynamic_config_overrides(d, topic, &overrides);
		/* also when there are none: the topic takes part when defaults change */
	} while (!topic_overrides_put(d->topics, topic, &overrides, generation));
	settings = topic_config_new(c, topic, &overrides);
	properties_fini(&overrides);
	return settings;
}

void dynamic_config_retell(struct dynamic_config *d, const char *topic)
{
	if (atomic_load(&d->started))
		dynamic_config_tell_topic(d, topic);
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
