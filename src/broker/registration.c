/* registration.c - see registration.h; zookeeper.md 2.0, 2.4, 2.5, 3.1 to 3.3. */
#include "broker/registration.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/random.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

#define LOG_CLASS "kafka.zk.KafkaZkClient"
#include "base/logger.h"
#define EPHEMERAL_CLASS "kafka.zk.KafkaZkClient$CheckedEphemeral"

/* A server looks for expired sessions once per tick, so an expiry may come a tick later than the timeout; the shortest
 * timeout that a server agrees to is two ticks, unless it is told otherwise. */
#define EXPIRY_SLACK_MAX_MS 4000

/* ---- what every broker makes ---- */

static const char *const persistent_paths[] = {
	ZK_PATH_CONSUMERS,
	ZK_PATH_BROKER_IDS,
	ZK_PATH_TOPICS,
	ZK_PATH_CONFIG_CHANGES,
	ZK_PATH_DELETE_TOPICS,
	ZK_PATH_BROKER_SEQID,
	ZK_PATH_ISR_CHANGES,
	ZK_PATH_PRODUCER_IDS, /* with NULL data: "no block yet" (zookeeper.md 8.2) */
	ZK_PATH_LOG_DIR_EVENTS,
	ZK_PATH_CONFIG_TOPICS,
	ZK_PATH_CONFIG_CLIENTS,
	ZK_PATH_CONFIG_USERS,
	ZK_PATH_CONFIG_BROKERS,
	ZK_PATH_CONFIG_IPS,
};

int registration_make_paths(struct zk_session *zk)
{
	struct zk_batch b;
	int r;

	zk_batch_init(&b, zk);
	for (size_t i = 0; i < ARRAY_LEN(persistent_paths); i++)
		zk_batch_exists(&b, "%s", persistent_paths[i]);
	r = zk_batch_run(&b);
	for (size_t i = 0; i < b.n && r == 0; i++)
		if (b.ops[i]->rc == ZK_NO_NODE)
			r = zk_make_path(zk, "%s", persistent_paths[i]);
	zk_batch_fini(&b);
	return r > 0 ? FAIL(-EPROTO) : r < 0 ? FAIL(r) : 0;
}

/* 22 characters of base64url; unlike a topic id it may be any random version 4 id. */
static void random_cluster_id(char *ret)
{
	struct uuid u;

	random_bytes(u.b, sizeof(u.b));
	u.b[6] = (uint8_t)((u.b[6] & 0x0f) | 0x40);
	u.b[8] = (uint8_t)((u.b[8] & 0x3f) | 0x80);
	uuid_text(u, ret);
}

int registration_cluster_id(struct zk_session *zk, char **ret)
{
	struct zk_value v = ZK_VALUE_INIT;
	char id[UUID_TEXT_LEN + 1], *text;
	int r = zk_get(zk, &v, ZK_PATH_CLUSTER_ID);

	if (r == ZK_NO_NODE) {
		random_cluster_id(id);
		text = znode_cluster_id_encode(id);
		r = zk_create_with_parents(zk, text, ZK_PATH_CLUSTER_ID);
		free(text);
		if (r == 0 || r == ZK_NODE_EXISTS) /* another first broker was faster */
			r = zk_get(zk, &v, ZK_PATH_CLUSTER_ID);
	}
	if (r == 0)
		r = znode_cluster_id_decode(v.data, v.len, ret);
	zk_value_fini(&v);
	return r > 0 ? FAIL(-EPROTO) : r < 0 ? FAIL(r) : 0;
}

int registration_generate_id(struct zk_session *zk, int32_t reserved_max_id, int32_t *ret)
{
	struct zk_stat stat = { .version = 0 };
	int r = zk_set(zk, "", ZK_ANY_VERSION, &stat, ZK_PATH_BROKER_SEQID);

	if (r == ZK_NO_NODE) {
		r = zk_create_with_parents(zk, "", ZK_PATH_BROKER_SEQID);
		if (r == 0 || r == ZK_NODE_EXISTS)
			r = zk_set(zk, "", ZK_ANY_VERSION, &stat, ZK_PATH_BROKER_SEQID);
	}
	if (r != 0)
		return FAIL(r > 0 ? -EPROTO : r);
	if (stat.version > INT32_MAX - reserved_max_id)
		return FAIL(-ERANGE);
	*ret = stat.version + reserved_max_id;
	return 0;
}

int registration_check_features(struct zk_session *zk, int32_t *ret_version, char why[REGISTRATION_WHY_MAX])
{
	struct zk_value v = ZK_VALUE_INIT;
	struct znode_feature f = { .features = NULL };
	int r;

	do { /* only exists watches an absent node; if it came in between, read it */
		r = zk_get(zk, &v, ZK_PATH_FEATURE);
	} while (r == ZK_NO_NODE && (r = zk_exists(zk, NULL, ZK_PATH_FEATURE)) == 0);
	if (r == ZK_NO_NODE) {
		*ret_version = -1;
		return 0;
	}
	if (r != 0)
		return FAIL(r > 0 ? -EPROTO : r);
	/* What cannot be read counts as no features (zookeeper.md 2.17). */
	if (znode_feature_decode(v.data, v.len, &f) == 0 && f.status == 1 && f.features_n > 0) {
		(void)snprintf(why, REGISTRATION_WHY_MAX,
		    "The cluster has finalized feature '%s' (level %d) in %s, which this broker does not support",
		    f.features[0].name, f.features[0].max_version, ZK_PATH_FEATURE);
		r = -EINVAL;
	}
	*ret_version = v.stat.version;
	znode_feature_fini(&f);
	zk_value_fini(&v);
	return r;
}

/* ---- /brokers/ids/N ---- */

struct registration {
	struct zk_session *zk;
	const struct clock *clock;
	int32_t id;
	struct lock lock; /* guards info: the controller's thread registers it, the configuration's changes it */
	struct znode_broker info;
	int64_t session; /* in which we registered last, 0: never; the controller's thread */
};

struct registration *registration_new(const struct registration_config *c)
{
	struct registration *r = xcalloc(1, sizeof(*r));

	r->zk = c->zk;
	r->clock = c->clock;
	r->id = c->broker_id;
	lock_init(&r->lock, RANK_LEAF, "registration");
	znode_broker_copy(c->info, &r->info);
	return r;
}

struct registration *registration_free(struct registration *r)
{
	if (!r)
		return NULL;
	znode_broker_fini(&r->info);
	lock_fini(&r->lock);
	free(r);
	return NULL;
}

/* What is registered, with the time of now; a text and a copy, both owned by the caller. */
static char *current_info(struct registration *r, struct znode_broker *ret)
{
	char *text;

	lock_take(&r->lock);
	r->info.timestamp_ms = clock_wall_ms(r->clock);
	text = znode_broker_encode(&r->info);
	znode_broker_copy(&r->info, ret);
	lock_release(&r->lock);
	return text;
}

/* Is one of our endpoints in `other`? Writes the shared ones into `why`. */
static bool shares_endpoint(const struct znode_broker *info, const struct znode_broker *other, const char *other_id,
    char why[REGISTRATION_WHY_MAX])
{
	char list[REGISTRATION_WHY_MAX / 2] = "";
	size_t len = 0;

	for (size_t i = 0; i < info->endpoints_n; i++)
		for (size_t j = 0; j < other->endpoints_n && len < sizeof(list); j++) {
			const struct zk_endpoint *a = &info->endpoints[i], *b = &other->endpoints[j];

			if (a->port == b->port && strcmp(a->host, b->host) == 0)
				len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s:%d", len ? "," : "",
				    a->host, a->port);
		}
	if (len == 0)
		return false;
	(void)snprintf(why, REGISTRATION_WHY_MAX,
	    "requirement failed: Configured end points %s in advertised listeners are already registered by broker %s",
	    list, other_id);
	return true;
}

static int check_endpoints(struct registration *r, const struct znode_broker *info, char why[REGISTRATION_WHY_MAX])
{
	struct znode_broker other;
	struct zk_batch b;
	char **names;
	size_t n;
	int rc = zk_children(r->zk, &names, &n, ZK_PATH_BROKER_IDS);

	if (rc != 0)
		return FAIL(rc > 0 ? -EPROTO : rc);
	zk_batch_init(&b, r->zk);
	for (size_t i = 0; i < n; i++)
		zk_batch_get(&b, ZK_PATH_BROKER_IDS "/%s", names[i]);
	rc = zk_batch_run(&b);
	for (size_t i = 0; i < n && rc == 0; i++) {
		int64_t id = -1;

		(void)str_to_i64(str_of(names[i]), 0, INT32_MAX, &id);
		if (id == r->id || b.ops[i]->rc != 0 ||
		    znode_broker_decode(b.ops[i]->data, b.ops[i]->data_len, &other) != 0)
			continue;
		if (shares_endpoint(info, &other, names[i], why))
			rc = -EADDRINUSE;
		znode_broker_fini(&other);
	}
	zk_batch_fini(&b);
	zk_names_free(names, n);
	return rc;
}

int registration_check_endpoints(struct registration *r, char why[REGISTRATION_WHY_MAX])
{
	struct znode_broker info;
	int rc;

	free(current_info(r, &info));
	rc = check_endpoints(r, &info, why);
	znode_broker_fini(&info);
	return rc;
}

/* One multi: create the ephemeral node with NULL data, then set its data, so that it never shows half made and its
 * data version is 1. 0, enum zk_code, -errno. */
static int try_create(struct registration *r, struct znode_broker *info, struct zk_stat *ret)
{
	struct zk_batch b;
	struct zk_op *multi, *set;
	char *text;
	int rc;

	znode_broker_fini(info);
	text = current_info(r, info);
	zk_batch_init(&b, r->zk);
	multi = zk_batch_multi(&b);
	zk_multi_create(multi, ZK_EPHEMERAL, NULL, ZK_PATH_BROKER, r->id);
	set = zk_multi_set(multi, text, 0, ZK_PATH_BROKER, r->id);
	rc = zk_batch_run(&b);
	if (rc == 0)
		rc = multi->rc;
	if (rc == 0)
		*ret = set->stat;
	zk_batch_fini(&b);
	free(text);
	return rc;
}

/* Who holds our place, as text. */
static void describe_holder(const struct registration *r, const struct zk_value *v, char why[REGISTRATION_WHY_MAX])
{
	struct znode_broker other;
	const char *host = "an unreadable address";
	int32_t port = -1;
	bool known = znode_broker_decode(v->data, v->len, &other) == 0;

	if (known && other.endpoints_n > 0) {
		host = other.endpoints[0].host;
		port = other.endpoints[0].port;
	}
	(void)snprintf(why, REGISTRATION_WHY_MAX,
	    "KeeperErrorCode = NodeExists: broker id %d is taken: it is registered by a broker at %s:%d in session 0x%" PRIx64
	    "; stop that broker or give this one another broker.id",
	    r->id, host, port, (uint64_t)v->stat.ephemeral_owner);
	if (known)
		znode_broker_fini(&other);
}

struct waiter {
	struct zk_watch watch;
	struct lock lock;
	struct cond fired;
	bool changed;
};

static void on_change(struct zk_watch *w, enum zk_event event)
{
	struct waiter *waiter = CONTAINER_OF(w, struct waiter, watch);

	(void)event;
	lock_take(&waiter->lock);
	waiter->changed = true;
	cond_signal(&waiter->fired);
	lock_release(&waiter->lock);
}

/* Waits until the node of `owner` is gone. 0, ZK_NODE_EXISTS when it is still there at the deadline, -errno. */
static int wait_gone(struct registration *r, int64_t owner, int64_t deadline_ms)
{
	struct waiter w = { .watch.fired = on_change };
	char path[64];
	struct zk_stat stat;
	bool in_time = true;
	int rc;

	lock_init(&w.lock, RANK_LEAF, "registration");
	cond_init(&w.fired);
	(void)snprintf(path, sizeof(path), ZK_PATH_BROKER, r->id);
	zk_session_watch(r->zk, &w.watch, ZK_WATCH_DATA, path);
	for (;;) {
		rc = zk_exists(r->zk, &stat, "%s", path);
		if (rc != 0 || stat.ephemeral_owner != owner || !in_time)
			break;
		lock_take(&w.lock);
		while (!w.changed && in_time)
			in_time = lock_wait_until(&w.lock, &w.fired, deadline_ms);
		w.changed = false;
		lock_release(&w.lock);
	}
	zk_session_unwatch(r->zk, &w.watch);
	cond_fini(&w.fired);
	lock_fini(&w.lock);
	if (rc < 0)
		return FAIL(rc);
	return rc == 0 && stat.ephemeral_owner == owner ? ZK_NODE_EXISTS : 0;
}

/* The node is somebody's. 0: ours, *ret_stat is its stat; ZK_NO_NODE: gone now, try again; ZK_NODE_EXISTS: taken, `why`
 * says by whom; -errno. */
static int resolve_conflict(struct registration *r, int64_t *deadline_ms, struct zk_stat *ret_stat,
    char why[REGISTRATION_WHY_MAX])
{
	int64_t current = zk_session_id(r->zk, NULL), timeout = zk_session_timeout_ms(r->zk);
	struct zk_value v = ZK_VALUE_INIT;
	int64_t owner;
	int rc = zk_get(r->zk, &v, ZK_PATH_BROKER, r->id);

	if (rc != 0)
		return rc == ZK_NO_NODE ? rc : FAIL(rc > 0 ? -EPROTO : rc);
	owner = v.stat.ephemeral_owner;
	*ret_stat = v.stat;
	describe_holder(r, &v, why);
	zk_value_fini(&v);
	if (owner == current)
		return 0;
	if (owner == r->session) { /* our own former session, not yet expired at this server */
		rc = zk_delete(r->zk, ZK_ANY_VERSION, ZK_PATH_BROKER, r->id);
		return rc == 0 || rc == ZK_NO_NODE ? ZK_NO_NODE : FAIL(rc > 0 ? -EPROTO : rc);
	}
	if (*deadline_ms == 0) {
		*deadline_ms = clock_mono_ms(&clock_real) + timeout + MIN(timeout / 2, EXPIRY_SLACK_MAX_MS);
		log_warn("/brokers/ids/%d is held by session 0x%" PRIx64 ". If it is left over from a broker that was killed it expires "
			 "within %" PRId64 " ms; waiting for that",
		    r->id, (uint64_t)owner, timeout);
	}
	rc = wait_gone(r, owner, *deadline_ms);
	if (rc == ZK_NODE_EXISTS)
		log_to(LOG_ERROR, EPHEMERAL_CLASS,
		    "Error while creating ephemeral at /brokers/ids/%d, node already exists and owner '0x%" PRIx64
		    "' does not match current session '0x%" PRIx64 "'",
		    r->id, (uint64_t)owner, (uint64_t)current);
	return rc == 0 ? ZK_NO_NODE : rc;
}

static void log_registered(
    const struct registration *r, const struct znode_broker *info, const struct zk_stat *stat)
{
	char list[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < info->endpoints_n && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s://%s:%d", i ? "," : "",
		    info->endpoints[i].listener, info->endpoints[i].host, info->endpoints[i].port);
	log_info("Stat of the created znode at /brokers/ids/%d is: %" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
		 ",%d,%d,0,%" PRId64 ",%d,%d,%" PRId64,
	    r->id, stat->czxid, stat->mzxid, stat->ctime_ms, stat->mtime_ms, stat->version, stat->child_version,
	    stat->ephemeral_owner, 0, stat->children, stat->pzxid);
	log_info("Registered broker %d at path /brokers/ids/%d with addresses: %s, czxid (broker epoch): %" PRId64, r->id,
	    r->id, list, stat->czxid);
}

/* Writes what is registered now. 0, enum zk_code, -errno. */
static int write_info(struct registration *r)
{
	struct znode_broker info;
	char *text = current_info(r, &info);
	int rc = zk_set(r->zk, text, ZK_ANY_VERSION, NULL, ZK_PATH_BROKER, r->id);

	if (rc == 0)
		log_info("Updated broker %d at path /brokers/ids/%d", r->id, r->id);
	znode_broker_fini(&info);
	free(text);
	return rc;
}

static bool is_current(struct registration *r, const struct znode_broker *info)
{
	bool same;

	lock_take(&r->lock);
	same = znode_broker_same_endpoints(&r->info, info);
	lock_release(&r->lock);
	return same;
}

static int create_node(struct registration *r, struct znode_broker *info, struct zk_stat *ret_stat,
    char why[REGISTRATION_WHY_MAX])
{
	int64_t deadline_ms = 0;
	int rc;

	do {
		rc = try_create(r, info, ret_stat);
		if (rc == ZK_NODE_EXISTS)
			rc = resolve_conflict(r, &deadline_ms, ret_stat, why);
		else if (rc == ZK_NO_NODE) /* no /brokers/ids */
			rc = registration_make_paths(r->zk) < 0 ? -EPROTO : ZK_NO_NODE;
	} while (rc == ZK_NO_NODE);
	return rc;
}

int registration_await_place(struct registration *r, char why[REGISTRATION_WHY_MAX])
{
	int64_t deadline_ms = 0;
	struct zk_stat stat;
	int rc = resolve_conflict(r, &deadline_ms, &stat, why);

	if (rc == ZK_NO_NODE)
		rc = 0;
	return rc == ZK_NODE_EXISTS ? -EEXIST : rc > 0 ? FAIL(-EPROTO) : FAIL(rc);
}

int registration_register(struct registration *r, int64_t *ret_epoch, char why[REGISTRATION_WHY_MAX])
{
	struct zk_stat stat = { .version = 0 };
	struct znode_broker info = ZNODE_BROKER_INIT;
	int rc;

	log_info("Creating /brokers/ids/%d (is it secure? %s)", r->id, zk_session_secure(r->zk) ? "true" : "false");
	rc = create_node(r, &info, &stat, why);
	if (rc == 0) {
		r->session = stat.ephemeral_owner;
		log_registered(r, &info, &stat);
		*ret_epoch = stat.czxid;
		if (!is_current(r, &info)) /* changed meanwhile, when there was no node to be written */
			rc = write_info(r);
	} else if (rc != ZK_NODE_EXISTS) {
		log_to(LOG_ERROR, EPHEMERAL_CLASS,
		    "Error while creating ephemeral at /brokers/ids/%d with return code: %s", r->id, zk_code_text(rc));
		(void)snprintf(why, REGISTRATION_WHY_MAX, "/brokers/ids/%d cannot be created: %s", r->id,
		    zk_code_text(rc));
	}
	znode_broker_fini(&info);
	if (rc == ZK_NODE_EXISTS)
		return -EEXIST;
	return rc > 0 ? FAIL(-EPROTO) : rc < 0 ? FAIL(rc) : 0;
}

int registration_update(struct registration *r, const struct znode_broker *info, char why[REGISTRATION_WHY_MAX])
{
	int rc = check_endpoints(r, info, why);

	if (rc == -EADDRINUSE)
		return rc;
	lock_take(&r->lock);
	znode_broker_fini(&r->info);
	znode_broker_copy(info, &r->info);
	lock_release(&r->lock);
	rc = write_info(r);
	if (rc == ZK_NO_NODE)
		return 0; /* between two sessions: registered with the new endpoints by the one who is about to */
	return rc > 0 ? FAIL(-EPROTO) : rc < 0 ? FAIL(rc) : 0;
}
