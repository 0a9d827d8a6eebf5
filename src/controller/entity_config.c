/* entity_config.c - see entity_config.h; zookeeper.md 2.7 and 2.8. */
#include "controller/entity_config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

int entity_config_read_version(struct zk_session *zk, const char *type, const char *name, struct znode_config *ret,
    int32_t *ret_version)
{
	struct zk_value v = ZK_VALUE_INIT;
	int r = zk_get(zk, &v, ZK_PATH_CONFIG_ENTITY, type, name);

	*ret_version = r == 0 ? v.stat.version : -1;
	if (r == ZK_NO_NODE) {
		*ret = ZNODE_CONFIG_INIT;
		return 0;
	}
	if (r == 0)
		r = znode_config_decode(v.data, v.len, ret);
	zk_value_fini(&v);
	return r > 0 ? FAIL(-EPROTO) : r < 0 ? FAIL(r) : 0;
}

int entity_config_read(struct zk_session *zk, const char *type, const char *name, struct znode_config *ret)
{
	int32_t version;

	return entity_config_read_version(zk, type, name, ret, &version);
}

/* The version of /controller, which guards the write. KERR_STALE_CONTROLLER_EPOCH without a ZooKeeper controller. */
static int controller_version(struct zk_session *zk, int32_t *ret)
{
	struct znode_controller c;
	struct zk_value v = ZK_VALUE_INIT;
	int r = zk_get(zk, &v, ZK_PATH_CONTROLLER);

	if (r == 0)
		r = znode_controller_decode(v.data, v.len, &c);
	*ret = v.stat.version;
	zk_value_fini(&v);
	if (r == ZK_NO_NODE || (r == 0 && c.kraft_epoch > 0))
		return KERR_STALE_CONTROLLER_EPOCH;
	return r > 0 ? FAIL(-EPROTO) : r < 0 ? FAIL(r) : 0;
}

/* A write's guard: the version of /controller, or none. */
struct guard {
	bool wanted;
	int32_t version;
};

/* 0, enum zk_code, -errno */
static int guarded_set(struct zk_session *zk, struct guard g, const char *type, const char *name, const char *text)
{
	struct zk_batch b;
	struct zk_op *op;
	int r;

	zk_batch_init(&b, zk);
	if (g.wanted)
		zk_batch_guard(&b, ZK_PATH_CONTROLLER, g.version);
	op = zk_batch_set(&b, text, ZK_ANY_VERSION, ZK_PATH_CONFIG_ENTITY, type, name);
	r = zk_batch_run(&b);
	if (r == 0)
		r = op->rc;
	zk_batch_fini(&b);
	return r;
}

/* 0, enum zk_code, -errno */
static int set_or_create(struct zk_session *zk, struct guard g, const char *type, const char *name, const char *text)
{
	int r = guarded_set(zk, g, type, name, text);

	if (r == ZK_NO_NODE) {
		r = zk_create_with_parents(zk, text, ZK_PATH_CONFIG_ENTITY, type, name);
		if (r == ZK_NODE_EXISTS) /* somebody else was faster; the last writer wins */
			r = guarded_set(zk, g, type, name, text);
	}
	return r;
}

/* ---- quota entities that became empty (zookeeper.md 2.7) ---- */

/* Number of children, `only` (of one child) owned by the caller. */
static int count_children(struct zk_session *zk, const char *path, size_t *ret, char **ret_only)
{
	char **names;
	int r = zk_children(zk, &names, ret, "%s", path);

	*ret_only = NULL;
	if (r == ZK_NO_NODE) {
		*ret = 0;
		return 0;
	}
	if (r != 0)
		return r > 0 ? FAIL(-EPROTO) : FAIL(r);
	if (*ret == 1)
		*ret_only = xstrdup(names[0]);
	zk_names_free(names, *ret);
	return 0;
}

static int only_child_is(struct zk_session *zk, const char *path, const char *child, bool *ret)
{
	char *only;
	size_t n;
	int r = count_children(zk, path, &n, &only);

	if (r < 0)
		return FAIL(r);
	*ret = only && strcmp(only, child) == 0;
	free(only);
	return 0;
}

/* "u/clients/c": with the last client goes `clients`, with that a user without settings of its own. `path` is the
 * client's node on entry, what is to be deleted on return. */
static int widen_to_user(struct zk_session *zk, const char *name, char **path)
{
	const char *mid = strstr(name, "/clients/");
	char *user = xstrndup(name, (size_t)(mid - name));
	char *user_path = xasprintf("/config/users/%s", user), *clients_path = xasprintf("%s/clients", user_path);
	struct znode_config c = ZNODE_CONFIG_INIT;
	bool last = false, alone = false;
	int r = only_child_is(zk, clients_path, mid + strlen("/clients/"), &last);

	if (r == 0 && last)
		r = entity_config_read(zk, "users", user, &c);
	if (r == 0 && last && c.n == 0)
		r = only_child_is(zk, user_path, "clients", &alone);
	if (r == 0 && last) {
		free(*path);
		*path = xstrdup(alone ? user_path : clients_path);
	}
	znode_config_fini(&c);
	free(user);
	free(user_path);
	free(clients_path);
	return r < 0 ? FAIL(r) : 0;
}

/* *ret: the node is gone, nothing is to be written. */
static int try_delete(struct zk_session *zk, const char *type, const char *name, bool *ret)
{
	char *path = xasprintf(ZK_PATH_CONFIG_ENTITY, type, name), *only;
	size_t n;
	int r = count_children(zk, path, &n, &only);

	free(only);
	*ret = false;
	if (r == 0 && n == 0) {
		if (strstr(name, "/clients/"))
			r = widen_to_user(zk, name, &path);
		if (r == 0)
			r = zk_delete_recursive(zk, NULL, 0, "%s", path);
		*ret = true;
	}
	free(path);
	return r > 0 ? FAIL(-EPROTO) : r < 0 ? FAIL(r) : 0;
}

static bool is_quota(const char *type)
{
	return strcmp(type, "users") == 0 || strcmp(type, "clients") == 0 || strcmp(type, "ips") == 0;
}

static int notify_brokers(struct zk_session *zk, const char *type, const char *name)
{
	char *entity = xasprintf("%s/%s", type, name), *text = znode_config_change_encode(entity);
	int r;

	r = zk_create(zk, ZK_PERSISTENT_SEQUENTIAL, text, ZK_PATH_CONFIG_CHANGE);
	if (r == ZK_NO_NODE) { /* somebody deleted the directory */
		r = zk_make_path(zk, ZK_PATH_CONFIG_CHANGES);
		if (r == 0)
			r = zk_create(zk, ZK_PERSISTENT_SEQUENTIAL, text, ZK_PATH_CONFIG_CHANGE);
	}
	free(text);
	free(entity);
	return r > 0 ? FAIL(-EPROTO) : r < 0 ? FAIL(r) : 0;
}

int entity_config_write(struct zk_session *zk, const char *type, const char *name, const struct znode_config *c,
    bool notify)
{
	struct guard g = { .wanted = true };
	bool deleted = false;
	char *text;
	int r = 0;

	if (c->n == 0 && is_quota(type))
		r = try_delete(zk, type, name, &deleted);
	if (r == 0 && !deleted) {
		r = controller_version(zk, &g.version);
		if (r > 0)
			return r;
	}
	if (r == 0 && !deleted) {
		text = znode_config_encode(c);
		r = set_or_create(zk, g, type, name, text);
		free(text);
	}
	if (r == ZK_GUARD_FAILED)
		return KERR_STALE_CONTROLLER_EPOCH;
	if (r == 0 && notify)
		r = notify_brokers(zk, type, name);
	return r > 0 ? FAIL(-EPROTO) : r < 0 ? FAIL(r) : 0;
}

int entity_config_write_plain(struct zk_session *zk, const char *type, const char *name,
    const struct znode_config *c, bool notify)
{
	bool deleted = false;
	char *text;
	int r = 0;

	if (c->n == 0 && is_quota(type))
		r = try_delete(zk, type, name, &deleted);
	if (r == 0 && !deleted) {
		text = znode_config_encode(c);
		r = set_or_create(zk, (struct guard){ .wanted = false }, type, name, text);
		free(text);
	}
	if (r == 0 && notify)
		r = notify_brokers(zk, type, name);
	if (r == ZK_NO_AUTH)
		return FAIL(-EACCES);
	if (r == ZK_NO_NODE)
		return FAIL(-ENOENT);
	return r > 0 ? FAIL(-EPROTO) : r < 0 ? FAIL(r) : 0;
}

int entity_config_replace(struct zk_session *zk, const char *type, const char *name, const struct znode_config *c,
    int32_t version)
{
	char *text = znode_config_encode(c);
	int r = zk_set(zk, text, version, NULL, ZK_PATH_CONFIG_ENTITY, type, name);

	free(text);
	if (r == 0)
		r = notify_brokers(zk, type, name);
	return r < 0 ? FAIL(r) : r;
}
