/* keeper_calls.c - requests in the form of ZooKeeper 3.8's zookeeper.jute. */
#include "tools/keeper_calls.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define CONFIG_NODE "/zookeeper/config"
/* Deeper than any tree of use: paths are no longer than a request may be. */
#define DEPTH_MAX 4096

static void begin(struct writer *w, const struct keeper *c, const char *path)
{
	char *server_path = keeper_server_path(c, path);

	writer_init(w, 256, 0);
	keeper_put_string(w, server_path);
	free(server_path);
}

/* What is left over makes no difference; what is missing does. */
static int checked(const struct cursor *c)
{
	return c->bad ? KEEPER_MARSHALLING_ERROR : 0;
}

int keeper_children(struct keeper *c, const char *path, bool watch, struct keeper_names *ret, struct keeper_stat *ret_stat)
{
	struct cursor in;
	struct writer w;
	int r;

	begin(&w, c, path);
	keeper_put_bool(&w, watch);
	r = keeper_call(c, KEEPER_OP_GET_CHILDREN, &w, &in);
	if (r)
		return r;
	keeper_take_names(&in, ret);
	keeper_take_stat(&in, ret_stat);
	if (watch)
		keeper_watch(c, path, KEEPER_WATCH_CHILD);
	return checked(&in);
}

static int get_data(struct keeper *c, struct writer *w, bool watch, struct bytes *ret, struct keeper_stat *ret_stat)
{
	struct cursor in;
	int r;

	keeper_put_bool(w, watch);
	r = keeper_call(c, KEEPER_OP_GET_DATA, w, &in);
	if (r)
		return r;
	*ret = keeper_take_buffer(&in);
	keeper_take_stat(&in, ret_stat);
	return checked(&in);
}

int keeper_data(struct keeper *c, const char *path, bool watch, struct bytes *ret, struct keeper_stat *ret_stat)
{
	struct writer w;
	int r;

	begin(&w, c, path);
	r = get_data(c, &w, watch, ret, ret_stat);
	if (!r && watch)
		keeper_watch(c, path, KEEPER_WATCH_DATA);
	return r;
}

int keeper_ensemble(struct keeper *c, bool watch, struct bytes *ret, struct keeper_stat *ret_stat)
{
	struct writer w;
	int r;

	writer_init(&w, 64, 0);
	keeper_put_string(&w, CONFIG_NODE);
	r = get_data(c, &w, watch, ret, ret_stat);
	if (!r && watch)
		keeper_watch(c, CONFIG_NODE, KEEPER_WATCH_DATA);
	return r;
}

int keeper_exists(struct keeper *c, const char *path, bool watch, struct keeper_stat *ret_stat)
{
	struct cursor in;
	struct writer w;
	int r;

	begin(&w, c, path);
	keeper_put_bool(&w, watch);
	r = keeper_call(c, KEEPER_OP_EXISTS, &w, &in);
	if (watch && (r == 0 || r == KEEPER_NO_NODE))
		keeper_watch(c, path, r ? KEEPER_WATCH_EXIST : KEEPER_WATCH_DATA);
	if (r)
		return r;
	keeper_take_stat(&in, ret_stat);
	return checked(&in);
}

int keeper_create_node(struct keeper *c, const char *path, struct bytes data, const struct keeper_acls *acls,
	enum keeper_create_mode mode, int64_t ttl_ms, char **ret)
{
	bool ttl = mode == KEEPER_MODE_PERSISTENT_WITH_TTL || mode == KEEPER_MODE_PERSISTENT_SEQUENTIAL_WITH_TTL;
	size_t skip = keeper_chroot_length(c);
	struct cursor in;
	struct writer w;
	struct str name;
	int r;

	begin(&w, c, path);
	keeper_put_buffer(&w, data.p, data.len);
	keeper_put_acls(&w, acls);
	writer_i32(&w, mode);
	if (ttl)
		writer_i64(&w, ttl_ms);
	r = keeper_call(c, ttl ? KEEPER_OP_CREATE_TTL : mode == KEEPER_MODE_CONTAINER ? KEEPER_OP_CREATE_CONTAINER : KEEPER_OP_CREATE, &w, &in);
	if (r)
		return r;
	name = keeper_take_string(&in);
	if (in.bad || name.len < (int32_t)skip)
		return KEEPER_MARSHALLING_ERROR;
	*ret = xstrndup(name.p + skip, (size_t)name.len - skip);
	return 0;
}

int keeper_create_open(struct keeper *c, const char *path, struct bytes data)
{
	struct keeper_acl everybody = {KEEPER_PERM_READ | KEEPER_PERM_WRITE | KEEPER_PERM_CREATE | KEEPER_PERM_DELETE | KEEPER_PERM_ADMIN,
		(char *)"world", (char *)"anyone"};
	char *created = NULL;
	int r = keeper_create_node(c, path, data, &(struct keeper_acls){&everybody, 1, 1}, KEEPER_MODE_PERSISTENT, 0, &created);

	free(created);
	return r;
}

static int call_for_stat(struct keeper *c, enum keeper_op_code op, struct writer *w, struct keeper_stat *ret_stat)
{
	struct cursor in;
	int r = keeper_call(c, op, w, &in);

	if (r)
		return r;
	keeper_take_stat(&in, ret_stat);
	return checked(&in);
}

int keeper_set_data(struct keeper *c, const char *path, struct bytes data, int32_t version, struct keeper_stat *ret_stat)
{
	struct writer w;

	begin(&w, c, path);
	keeper_put_buffer(&w, data.p, data.len);
	writer_i32(&w, version);
	return call_for_stat(c, KEEPER_OP_SET_DATA, &w, ret_stat);
}

int keeper_set_acls(struct keeper *c, const char *path, const struct keeper_acls *acls, int32_t version, struct keeper_stat *ret_stat)
{
	struct writer w;

	begin(&w, c, path);
	keeper_put_acls(&w, acls);
	writer_i32(&w, version);
	return call_for_stat(c, KEEPER_OP_SET_ACL, &w, ret_stat);
}

int keeper_delete_node(struct keeper *c, const char *path, int32_t version)
{
	struct cursor in;
	struct writer w;

	if (path[1]) {
		begin(&w, c, path);
	} else { /* the root stays, that of a chroot too */
		writer_init(&w, 64, 0);
		keeper_put_string(&w, path);
	}
	writer_i32(&w, version);
	return keeper_call(c, KEEPER_OP_DELETE, &w, &in);
}

static void put_multi_head(struct writer *w, int32_t op, bool done)
{
	writer_i32(w, op);
	keeper_put_bool(w, done);
	writer_i32(w, -1);
}

/* The first error among the results. */
static int read_multi(struct cursor *in)
{
	for (;;) {
		int32_t type = cur_i32(in);
		bool done = cur_u8(in) != 0;
		int32_t error = cur_i32(in);

		if (in->bad)
			return KEEPER_MARSHALLING_ERROR;
		if (done)
			return 0;
		if (type != -1)
			continue;
		error = cur_i32(in);
		if (error)
			return error < 0 && error > -1000 ? -error : KEEPER_SYSTEM_ERROR;
	}
}

int keeper_delete_nodes(struct keeper *c, char *const *paths, size_t n)
{
	struct cursor in;
	struct writer w;
	int r;

	writer_init(&w, 1024, 0);
	for (size_t i = 0; i < n; i++) {
		char *path = keeper_server_path(c, paths[i]);

		put_multi_head(&w, KEEPER_OP_DELETE, false);
		keeper_put_string(&w, path);
		writer_i32(&w, -1);
		free(path);
	}
	put_multi_head(&w, -1, true);
	r = keeper_call(c, KEEPER_OP_MULTI, &w, &in);
	return r ? r : read_multi(&in);
}

int keeper_get_acls(struct keeper *c, const char *path, struct keeper_acls *ret, struct keeper_stat *ret_stat)
{
	struct cursor in;
	struct writer w;
	int r;

	begin(&w, c, path);
	r = keeper_call(c, KEEPER_OP_GET_ACL, &w, &in);
	if (r)
		return r;
	keeper_take_acls(&in, ret);
	keeper_take_stat(&in, ret_stat);
	return checked(&in);
}

int keeper_sync(struct keeper *c, const char *path)
{
	struct cursor in;
	struct writer w;

	begin(&w, c, path);
	return keeper_call(c, KEEPER_OP_SYNC, &w, &in);
}

/* The Java client does not put the chroot before the prefix either. */
int keeper_ephemerals(struct keeper *c, const char *prefix, struct keeper_names *ret)
{
	struct cursor in;
	struct writer w;
	int r;

	writer_init(&w, 256, 0);
	keeper_put_string(&w, prefix);
	r = keeper_call(c, KEEPER_OP_GET_EPHEMERALS, &w, &in);
	if (r)
		return r;
	keeper_take_names(&in, ret);
	return checked(&in);
}

int keeper_descendants(struct keeper *c, const char *path, int32_t *ret)
{
	struct cursor in;
	struct writer w;
	int r;

	begin(&w, c, path);
	r = keeper_call(c, KEEPER_OP_GET_ALL_CHILDREN_NUMBER, &w, &in);
	if (r)
		return r;
	*ret = cur_i32(&in);
	return checked(&in);
}

int keeper_who_am_i(struct keeper *c, struct keeper_names *ret)
{
	struct cursor in;
	int r = keeper_call(c, KEEPER_OP_WHO_AM_I, NULL, &in);
	int32_t n;

	if (r)
		return r;
	n = cur_i32(&in);
	for (int32_t i = 0; i < n && !in.bad; i++) {
		keeper_names_add(ret, keeper_take_string(&in));
		keeper_names_add(ret, keeper_take_string(&in));
	}
	return checked(&in);
}

int keeper_add_watch(struct keeper *c, const char *path, bool recursive)
{
	struct cursor in;
	struct writer w;
	int r;

	begin(&w, c, path);
	writer_i32(&w, recursive ? 1 : 0);
	r = keeper_call(c, KEEPER_OP_ADD_WATCH, &w, &in);
	if (!r)
		keeper_watch(c, path, recursive ? KEEPER_WATCH_RECURSIVE : KEEPER_WATCH_PERSISTENT);
	return r;
}

/* Removes them on this side, and tells of it, as the Java client does after the answer. */
static int forget(struct keeper *c, const char *path, enum keeper_watcher_type type)
{
	static const unsigned persistent = KEEPER_WATCH_PERSISTENT | KEEPER_WATCH_RECURSIVE;
	unsigned child = type != KEEPER_WATCHER_DATA ? keeper_unwatch(c, path, KEEPER_WATCH_CHILD) : 0;
	unsigned data = type != KEEPER_WATCHER_CHILDREN ? keeper_unwatch(c, path, KEEPER_WATCH_DATA | KEEPER_WATCH_EXIST) : 0;
	unsigned other = type == KEEPER_WATCHER_ANY ? keeper_unwatch(c, path, persistent) : 0;

	if (child)
		keeper_tell(c, "ChildWatchRemoved", path);
	if (data)
		keeper_tell(c, "DataWatchRemoved", path);
	if (other)
		keeper_tell(c, "PersistentWatchRemoved", path);
	return child || data || other ? 0 : KEEPER_NO_WATCHER;
}

int keeper_remove_watches(struct keeper *c, const char *path, enum keeper_watcher_type type, bool local)
{
	unsigned wanted = KEEPER_WATCH_PERSISTENT | KEEPER_WATCH_RECURSIVE |
			  (type != KEEPER_WATCHER_DATA ? KEEPER_WATCH_CHILD : 0u) |
			  (type != KEEPER_WATCHER_CHILDREN ? KEEPER_WATCH_DATA | KEEPER_WATCH_EXIST : 0u);
	struct cursor in;
	struct writer w;
	int r;

	begin(&w, c, path);
	writer_i32(&w, type);
	r = keeper_call(c, KEEPER_OP_REMOVE_WATCHES, &w, &in);
	if (!(keeper_watches(c, path) & wanted))
		return r == KEEPER_CONNECTION_LOSS ? r : KEEPER_NO_WATCHER;
	return r && !local ? r : forget(c, path, type);
}

int keeper_reconfigure(struct keeper *c, const char *joining, const char *leaving, const char *members, int64_t version,
	struct bytes *ret, struct keeper_stat *ret_stat)
{
	struct cursor in;
	struct writer w;
	int r;

	writer_init(&w, 512, 0);
	keeper_put_string(&w, joining);
	keeper_put_string(&w, leaving);
	keeper_put_string(&w, members);
	writer_i64(&w, version);
	r = keeper_call(c, KEEPER_OP_RECONFIG, &w, &in);
	if (r)
		return r;
	*ret = keeper_take_buffer(&in);
	keeper_take_stat(&in, ret_stat);
	return checked(&in);
}

/* --- trees --- */

struct walk {
	struct keeper *client;
	bool watch;
	int (*fn)(void *arg, const char *path);
	void *arg;
	int depth;
};

static char *child_path(const char *path, const char *name)
{
	return xasprintf("%s/%s", path[1] ? path : "", name);
}

static int visit(struct walk *w, const char *path);

static int visit_children(struct walk *w, const char *path, const struct keeper_names *names)
{
	int r = 0;

	for (size_t i = 0; i < names->n && !r; i++) {
		char *child = child_path(path, names->v[i]);

		r = w->fn(w->arg, child);
		free(child);
	}
	for (size_t i = 0; i < names->n && !r; i++) {
		char *child = child_path(path, names->v[i]);

		r = visit(w, child);
		free(child);
	}
	return r;
}

static int visit(struct walk *w, const char *path)
{
	struct keeper_names names = {NULL, 0, 0};
	struct keeper_stat stat;
	int r;

	if (++w->depth > DEPTH_MAX)
		return KEEPER_DATA_INCONSISTENCY;
	r = keeper_children(w->client, path, w->watch, &names, &stat);
	keeper_names_sort(&names);
	if (!r)
		r = visit_children(w, path, &names);
	keeper_names_fini(&names);
	w->depth--;
	return r == KEEPER_NO_NODE ? 0 : r;
}

int keeper_walk(struct keeper *c, const char *path, bool watch, int (*fn)(void *arg, const char *path), void *arg)
{
	struct walk w = {c, watch, fn, arg, 0};
	struct keeper_stat stat;
	struct bytes data;
	int r = keeper_data(c, path, watch, &data, &stat);

	if (!r)
		r = fn(arg, path);
	return r ? r : visit(&w, path);
}
