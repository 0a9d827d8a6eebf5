/* session_ops.c - the operations of a session: building, sending, answering.
 *
 * An operation is in exactly one place: `waiting` (not yet sent, in order of submission), `again` (sent, its
 * connection broke; goes out before the waiting ones), `sent` (the library has it), or answered. session_pump moves
 * from the first two to the third while the session is connected and the in-flight cap allows.
 *
 * The lock is held while an operation is given to the library: that only serialises it into the library's queue.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "zk/session_priv.h"

/* A server refuses a larger packet (jute.maxbuffer, 1 MiB) by closing the connection, after which the request would
 * be sent again, forever. */
#define DATA_MAX ((1u << 20) - 4096)

static const struct {
	enum zk_code code;
	int library;
	const char *text;
} codes[] = {
#define X(name, value, library, text) { ZK_##name, library, text },
	ZK_CODE_TABLE(X)
#undef X
};

const char *zk_code_text(int r)
{
	if (r == 0)
		return "OK";
	if (r == ZK_GUARD_FAILED)
		return "guard failed";
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if ((int)codes[i].code == r)
			return codes[i].text;
	return r == -ECONNRESET ? "SessionExpired" : r < 0 ? strerror(-r) : "unknown";
}

struct zk_op *zk_op_new(enum zk_op_kind kind, const char *path)
{
	struct zk_op *op = xcalloc(1, sizeof(*op));

	op->kind = kind;
	op->path = path ? xstrdup(path) : NULL;
	op->version = ZK_ANY_VERSION;
	op->data_len = -1;
	list_init(&op->link);
	return op;
}

static void op_free_answer(struct zk_op *op)
{
	free(op->data);
	op->data = NULL;
	op->data_len = -1;
	for (int32_t i = 0; i < op->children_n; i++)
		free(op->children[i]);
	free(op->children);
	op->children = NULL;
	op->children_n = 0;
	free(op->created);
	op->created = NULL;
}

static void wire_free(struct zk_wire *w)
{
	if (!w)
		return;
	free(w->ops);
	free(w->results);
	free(w->stats);
	free(w);
}

struct zk_op *zk_op_free(struct zk_op *op)
{
	if (!op)
		return NULL;
	op_free_answer(op);
	for (int32_t i = 0; i < op->parts_n; i++)
		zk_op_free(op->parts[i]);
	free(op->parts);
	wire_free(op->wire);
	free(op->path);
	free(op->data_in);
	free(op);
	return NULL;
}

static void stat_copy(const struct Stat *from, struct zk_stat *ret)
{
	if (!from)
		return;
	*ret = (struct zk_stat){
		.czxid = from->czxid,
		.mzxid = from->mzxid,
		.pzxid = from->pzxid,
		.ctime_ms = from->ctime,
		.mtime_ms = from->mtime,
		.ephemeral_owner = from->ephemeralOwner,
		.version = from->version,
		.child_version = from->cversion,
		.children = from->numChildren,
	};
}

/* The library's code as one of ours. */
static int code_of(int rc)
{
	if (rc == ZOK)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].library == rc)
			return (int)codes[i].code;
	switch (rc) {
	case ZSESSIONEXPIRED:
	case ZCLOSING:
	case ZINVALIDSTATE:
		return -ECONNRESET;
	case ZAUTHFAILED:
	case ZSESSIONCLOSEDREQUIRESASLAUTH:
		return -EACCES;
	default:
		return -EPROTO;
	}
}

/* The request may have been applied or not: only these are sent again. */
static bool lost(int rc)
{
	return rc == ZCONNECTIONLOSS || rc == ZOPERATIONTIMEOUT || rc == ZSYSTEMERROR || rc == ZSESSIONMOVED ||
	    rc == ZTHROTTLEDOP;
}

/* Locks: none held. Hands answered operations to their makers. */
void session_deliver(struct list *done)
{
	struct zk_op *op, *next;

	list_foreach_safe(op, next, done, link) {
		struct zk_executor e = op->executor;

		list_remove(&op->link);
		e.submit(e.arg, &op->job);
	}
}

/* Locks: s->lock held. */
static void finish(struct zk_op *op, int rc, struct list *done)
{
	op->rc = rc;
	list_remove(&op->link);
	list_append(done, &op->link);
}

/* Locks: s->lock held. Everything that has not been given to the library ends with `rc`. */
void session_fail_unsent(struct zk_session *s, int rc, struct list *done)
{
	struct zk_op *op, *next;

	list_foreach_safe(op, next, &s->again, link)
		finish(op, rc, done);
	list_foreach_safe(op, next, &s->waiting, link)
		finish(op, rc, done);
}

/* ZooKeeper's thread: every completion ends here. */
static void answered(struct zk_op *op, int rc)
{
	struct zk_session *s = op->session;
	struct list done = LIST_INIT(done);

	lock_take(&s->lock);
	s->in_flight--;
	if (lost(rc) && !s->stopping && !s->aborted && s->state != ZK_EXPIRED && s->state != ZK_AUTH_FAILED) {
		op_free_answer(op);
		list_remove(&op->link);
		list_append(&s->again, &op->link);
	} else if (lost(rc)) {
		finish(op, s->stopping || s->aborted ? -ESHUTDOWN : -ECONNRESET, &done);
	} else {
		int code = code_of(rc);

		finish(op, code == -ECONNRESET && s->stopping ? -ESHUTDOWN : code, &done);
	}
	session_pump(s, &done);
	lock_release(&s->lock);
	session_deliver(&done);
}

static void on_data(int rc, const char *value, int len, const struct Stat *stat, const void *arg)
{
	struct zk_op *op = (struct zk_op *)(uintptr_t)arg;

	if (rc == ZOK) {
		stat_copy(stat, &op->stat);
		if (value && len >= 0) {
			op->data = xmalloc((size_t)len + 1);
			memcpy(op->data, value, (size_t)len);
			op->data[len] = '\0';
			op->data_len = len;
		}
	}
	answered(op, rc);
}

static void on_stat(int rc, const struct Stat *stat, const void *arg)
{
	struct zk_op *op = (struct zk_op *)(uintptr_t)arg;

	if (rc == ZOK)
		stat_copy(stat, &op->stat);
	answered(op, rc);
}

static void on_children(int rc, const struct String_vector *names, const struct Stat *stat, const void *arg)
{
	struct zk_op *op = (struct zk_op *)(uintptr_t)arg;

	if (rc == ZOK) {
		stat_copy(stat, &op->stat);
		op->children_n = names ? names->count : 0;
		op->children = xcalloc((size_t)op->children_n + 1, sizeof(*op->children));
		for (int32_t i = 0; i < op->children_n; i++)
			op->children[i] = xstrdup(names->data[i]);
	}
	answered(op, rc);
}

static void on_created(int rc, const char *name, const void *arg)
{
	struct zk_op *op = (struct zk_op *)(uintptr_t)arg;

	if (rc == ZOK && name)
		op->created = xstrdup(name);
	answered(op, rc);
}

static void on_void(int rc, const void *arg)
{
	struct zk_op *op = (struct zk_op *)(uintptr_t)arg;

	for (int32_t i = 0; i < op->parts_n && !lost(rc); i++) {
		op->parts[i]->rc = code_of(op->wire->results[i].err);
		if (rc == ZOK && op->parts[i]->kind == ZK_SET)
			stat_copy(&op->wire->stats[i], &op->parts[i]->stat);
	}
	answered(op, rc);
}

/* ---- sending ---- */

/* zookeeper.md 1.6 */
static const struct ACL_vector *acl_of(const struct zk_session *s, const char *path)
{
	static struct ACL readable[2];
	static struct ACL_vector secure = { 2, readable };

	if (!s->config.set_acl || strcmp(path, "/consumers") == 0)
		return &ZOO_OPEN_ACL_UNSAFE;
	if (strncmp(path, "/config/users", 13) == 0 || strncmp(path, "/config/brokers", 15) == 0 ||
	    strncmp(path, "/delegation_token/tokens", 24) == 0)
		return &ZOO_CREATOR_ALL_ACL;
	readable[0] = (struct ACL){ ZOO_PERM_ALL, ZOO_AUTH_IDS };
	readable[1] = (struct ACL){ ZOO_PERM_READ, ZOO_ANYONE_ID_UNSAFE };
	return &secure;
}

static int mode_of(enum zk_create_mode mode)
{
	switch (mode) {
	case ZK_PERSISTENT:
		return ZOO_PERSISTENT;
	case ZK_EPHEMERAL:
		return ZOO_EPHEMERAL;
	case ZK_PERSISTENT_SEQUENTIAL:
		return ZOO_PERSISTENT_SEQUENTIAL;
	}
	return ZOO_PERSISTENT;
}

static int data_len(const struct zk_op *op)
{
	return op->data_in ? (int)strlen(op->data_in) : -1;
}

static int send_multi(struct zk_session *s, struct zk_op *op)
{
	size_t n = (size_t)op->parts_n;
	struct zk_wire *w;

	wire_free(op->wire); /* of an earlier try */
	op->wire = w = xcalloc(1, sizeof(*w));
	w->ops = xcalloc(n, sizeof(*w->ops));
	w->results = xcalloc(n, sizeof(*w->results));
	w->stats = xcalloc(n, sizeof(*w->stats));
	for (size_t i = 0; i < n; i++) {
		const struct zk_op *part = op->parts[i];

		if (part->kind == ZK_CREATE)
			zoo_create_op_init(&w->ops[i], part->path, part->data_in, data_len(part),
			    acl_of(s, part->path), mode_of(part->mode), NULL, 0);
		else if (part->kind == ZK_SET)
			zoo_set_op_init(&w->ops[i], part->path, part->data_in, data_len(part), part->version,
			    &w->stats[i]);
		else if (part->kind == ZK_DELETE)
			zoo_delete_op_init(&w->ops[i], part->path, part->version);
		else
			zoo_check_op_init(&w->ops[i], part->path, part->version);
	}
	return zoo_amulti(s->zh, (int)n, w->ops, w->results, on_void, op);
}

/* Locks: s->lock held. Is anybody interested in this path? Then the read sets the watch. */
static watcher_fn watcher_for(struct zk_session *s, const char *path, enum zk_watch_kind kind)
{
	struct zk_watch *w;

	list_foreach(w, &s->watches, link)
		if (w->kind == kind && strcmp(w->path, path) == 0)
			return session_library_event;
	return NULL;
}

/* Locks: s->lock held. */
static int send_op(struct zk_session *s, struct zk_op *op)
{
	switch (op->kind) {
	case ZK_GET:
		return zoo_awget(s->zh, op->path, watcher_for(s, op->path, ZK_WATCH_DATA), s, on_data, op);
	case ZK_EXISTS:
		return zoo_awexists(s->zh, op->path, watcher_for(s, op->path, ZK_WATCH_DATA), s, on_stat, op);
	case ZK_GET_CHILDREN:
		return zoo_awget_children2(s->zh, op->path, watcher_for(s, op->path, ZK_WATCH_CHILDREN), s,
		    on_children, op);
	case ZK_CREATE:
		return zoo_acreate(s->zh, op->path, op->data_in, data_len(op), acl_of(s, op->path),
		    mode_of(op->mode), on_created, op);
	case ZK_SET:
		return zoo_aset(s->zh, op->path, op->data_in, data_len(op), op->version, on_stat, op);
	case ZK_DELETE:
		return zoo_adelete(s->zh, op->path, op->version, on_void, op);
	case ZK_MULTI:
		return send_multi(s, op);
	case ZK_CHECK:
		break; /* only as a part */
	}
	return ZBADARGUMENTS;
}

/* Locks: s->lock held. Gives the library what the cap allows. */
void session_pump(struct zk_session *s, struct list *done)
{
	while (s->zh && s->state == ZK_CONNECTED && s->in_flight < s->config.max_in_flight) {
		struct zk_op *op = list_first(&s->again, struct zk_op, link);
		int rc;

		if (!op)
			op = list_first(&s->waiting, struct zk_op, link);
		if (!op)
			return;
		list_remove(&op->link);
		list_append(&s->sent, &op->link);
		s->in_flight++;
		rc = send_op(s, op);
		if (rc == ZOK)
			continue;
		s->in_flight--;
		finish(op, code_of(rc), done);
	}
}

static size_t op_size(const struct zk_op *op)
{
	size_t n = (op->path ? strlen(op->path) : 0) + (op->data_in ? strlen(op->data_in) : 0);

	for (int32_t i = 0; i < op->parts_n; i++)
		n += op_size(op->parts[i]);
	return n;
}

void zk_op_submit(struct zk_session *s, struct zk_op *op, struct zk_executor executor)
{
	struct list done = LIST_INIT(done);

	assert(s->magic == SESSION_MAGIC);
	op->session = s;
	op->executor = executor;
	op_free_answer(op);
	lock_take(&s->lock);
	list_append(&s->waiting, &op->link);
	if (s->stopping || s->aborted)
		finish(op, -ESHUTDOWN, &done);
	else if (op_size(op) > DATA_MAX)
		finish(op, ZK_BAD_ARGUMENTS, &done);
	else if (s->state == ZK_EXPIRED)
		finish(op, -ECONNRESET, &done);
	else if (s->state == ZK_AUTH_FAILED)
		finish(op, -EACCES, &done);
	else
		session_pump(s, &done);
	lock_release(&s->lock);
	session_deliver(&done);
}
