/* handle.c - libzookeeper_mt: handles, their connections and sessions, and the order in which things arrive. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/table.h"
#include "fiber.h"
#include "zookeeper.h"

enum { TICK_MS = 200, RECONNECT_MS = 150, ROUND_TRIP_MAX_MS = 4 };

enum call_kind { CALL_GET, CALL_EXISTS, CALL_CHILDREN, CALL_CREATE, CALL_SET, CALL_DELETE, CALL_MULTI };

/* A request, from the call to its completion. */
struct call {
	struct list link;
	enum call_kind kind;
	zhandle_t *zh;
	char *path, *data;
	int len, version, mode;
	bool watch;
	int multi_n;
	const zoo_op_t *ops;
	zoo_op_result_t *results;
	struct Stat **stats; /* of the parts of a multi */
	union {
		data_completion_t data_done;
		stat_completion_t stat_done;
		strings_stat_completion_t strings_done;
		string_completion_t string_done;
		void_completion_t void_done;
	};
	const void *arg;
	/* the answer */
	int rc;
	struct Stat stat;
	char *value, created[256];
	int value_len;
	char **names;
	int names_n;
};

struct watch {
	struct list link;
	char *path;
	bool children, absent; /* which sort; it was set on a node that was not there */
	int64_t zxid;
	bool fired; /* on its way */
};

/* What the handle's thread is to run: an answer or an event. */
struct item {
	struct list link;
	struct call *call;
	int type;
	char *path;
	/* on its way from the server */
	zhandle_t *zh;
	uint64_t connection;
};

struct session {
	int64_t id;
	bool alive;
	int64_t heard_ms;
	int32_t timeout_ms;
	zhandle_t *zh;
	struct session *next;
};

struct _zhandle {
	int node;
	uint32_t life;
	watcher_fn fn;
	void *ctx;
	int32_t timeout_ms;
	int state;
	clientid_t id;
	struct session *session;
	bool connected, closing;
	uint64_t connection; /* counts them */
	int64_t lost_at_ms; /* when the client notices that the connection is gone; 0: it is not */
	int64_t last_sent_ms, last_answer_ms;
	struct list calls; /* not answered */
	struct list inbox;
	struct list watches;
	struct fiber *io;
	struct list io_wait;
	zhandle_t *next;
};

static zhandle_t *handles;
static struct session *sessions;
static int64_t session_ids;
static bool cut[NODES], stopped;

static bool lives(const zhandle_t *zh)
{
	return zh->life == node_life(zh->node);
}

static bool is_cut(const zhandle_t *zh)
{
	return stopped || cut[zh->node];
}

static bool reachable(const zhandle_t *zh)
{
	return lives(zh) && !is_cut(zh);
}

static int64_t trip_ms(void)
{
	return 1 + (int64_t)world_random(world_chance(5) ? 100 : ROUND_TRIP_MAX_MS);
}

static void wake_io(zhandle_t *zh)
{
	fiber_wake_all(&zh->io_wait);
}

/* The connection is gone; the client notices within notice_ms. */
static void drop_connection(zhandle_t *zh, int64_t notice_ms)
{
	if (!zh->connected)
		return;
	zh->connected = false;
	zh->connection++;
	zh->lost_at_ms = world_now_ms() + (int64_t)world_random((uint64_t)notice_ms + 1);
	if (lives(zh))
		wake_io(zh);
}

/* --- from the server to the client --- */

static void item_free(struct item *i)
{
	free(i->path);
	free(i);
}

static void forget_watch(struct watch *x)
{
	list_remove(&x->link);
	free(x->path);
	free(x);
}

static void drop_watches(zhandle_t *zh, int type, const char *path)
{
	struct watch *x, *tmp;

	list_foreach_safe(x, tmp, &zh->watches, link)
		if (strcmp(x->path, path) == 0 &&
		    (type == ZOO_DELETED_EVENT || x->children == (type == ZOO_CHILD_EVENT)))
			forget_watch(x);
}

static void item_arrived(void *arg)
{
	struct item *i = arg;
	zhandle_t *zh = i->zh;

	if (!lives(zh) || i->connection != zh->connection || !zh->connected) {
		item_free(i); /* an answer's call is still among the calls, which the loss completes */
		return;
	}
	if (is_cut(zh)) {
		drop_connection(zh, zh->timeout_ms * 2 / 3);
		item_free(i);
		return;
	}
	if (i->call)
		list_remove(&i->call->link);
	else
		drop_watches(zh, i->type, i->path);
	list_append(&zh->inbox, &i->link);
	wake_io(zh);
}

static void send_item(zhandle_t *zh, struct call *call, int type, const char *path)
{
	struct item *i = xcalloc(1, sizeof(*i));

	list_init(&i->link);
	i->call = call;
	i->type = type;
	i->path = path ? xstrdup(path) : NULL;
	i->zh = zh;
	i->connection = zh->connection;
	zh->last_answer_ms = MAX(zh->last_answer_ms, world_now_ms() + trip_ms());
	world_at(zh->last_answer_ms, item_arrived, i);
}

void zookeeper_tree_changed(int type, const char *path)
{
	for (zhandle_t *zh = handles; zh; zh = zh->next) {
		struct watch *x;
		bool any = false;

		list_foreach(x, &zh->watches, link) {
			if (x->fired || strcmp(x->path, path) != 0 ||
			    (type != ZOO_DELETED_EVENT && x->children != (type == ZOO_CHILD_EVENT)))
				continue;
			if (!zh->connected)
				continue; /* found when it connects again */
			x->fired = any = true;
		}
		if (any)
			send_item(zh, NULL, type, path);
	}
}

/* --- the server --- */

static void set_watch(zhandle_t *zh, const char *path, bool children, bool absent)
{
	struct watch *x;

	list_foreach(x, &zh->watches, link)
		if (x->children == children && !x->fired && strcmp(x->path, path) == 0) {
			x->zxid = tree_zxid();
			x->absent = absent;
			return;
		}
	x = xcalloc(1, sizeof(*x));
	x->path = xstrdup(path);
	x->children = children;
	x->absent = absent;
	x->zxid = tree_zxid();
	list_init(&x->link);
	list_append(&zh->watches, &x->link);
}

static void read_call(struct call *c)
{
	struct znode *z = tree_find(c->path);

	c->rc = z ? ZOK : ZNONODE;
	if (c->watch && (z || c->kind == CALL_EXISTS))
		set_watch(c->zh, c->path, c->kind == CALL_CHILDREN, !z);
	if (!z)
		return;
	c->stat = z->stat;
	if (c->kind == CALL_GET && z->len >= 0)
		c->value = xmemdup(z->data, (size_t)z->len + 1);
	c->value_len = z->len;
	if (c->kind == CALL_CHILDREN)
		c->names = tree_children(c->path, &c->names_n);
}

static int64_t owner_of(const struct call *c, int mode)
{
	return mode & 1 ? c->zh->session->id : 0; /* ZOO_EPHEMERAL */
}

static void write_call(struct call *c)
{
	struct znode *z;

	tree_begin_txn();
	if (c->kind == CALL_CREATE)
		c->rc = tree_create(c->path, c->data, c->len, owner_of(c, c->mode), c->mode & 2, c->created);
	else if (c->kind == CALL_SET)
		c->rc = tree_set(c->path, c->data, c->len, c->version);
	else
		c->rc = tree_delete(c->path, c->version);
	tree_end_txn(c->rc == ZOK);
	z = c->kind == CALL_SET && c->rc == ZOK ? tree_find(c->path) : NULL;
	if (z)
		c->stat = z->stat;
}

static int run_part(struct call *c, const zoo_op_t *op, struct Stat *ret)
{
	char created[256];
	int r;

	if (op->type == ZOO_CREATE_OP)
		return tree_create(op->create_op.path, op->create_op.data, op->create_op.datalen,
		    owner_of(c, op->create_op.flags), op->create_op.flags & 2, created);
	if (op->type == ZOO_DELETE_OP)
		return tree_delete(op->delete_op.path, op->delete_op.version);
	if (op->type == ZOO_CHECK_OP)
		return tree_check(op->check_op.path, op->check_op.version);
	r = tree_set(op->set_op.path, op->set_op.data, op->set_op.datalen, op->set_op.version);
	if (r == ZOK)
		*ret = tree_find(op->set_op.path)->stat;
	return r;
}

/* All or none; the codes of a multi that failed are ZooKeeper's. The results are the client's memory: they are kept
 * here until the answer arrives. */
static void multi_call(struct call *c)
{
	int failed = -1;

	c->names_n = 0;
	tree_begin_txn();
	c->rc = ZOK;
	for (int i = 0; i < c->multi_n && failed < 0; i++) {
		int r = run_part(c, &c->ops[i], c->stats[i]);

		if (r != ZOK) {
			failed = i;
			c->rc = r;
		}
	}
	tree_end_txn(failed < 0);
	c->version = failed;
}

static void arrived_at_server(void *arg)
{
	struct item *i = arg;
	zhandle_t *zh = i->zh;
	struct call *c = i->call; /* gone when the connection is */
	bool lost = i->connection != zh->connection;

	item_free(i);
	if (lost || !zh->session || !zh->session->alive)
		return;
	if (is_cut(zh)) {
		drop_connection(zh, zh->timeout_ms * 2 / 3);
		return;
	}
	if (!lives(zh))
		return;
	if (c->kind <= CALL_CHILDREN)
		read_call(c);
	else if (c->kind == CALL_MULTI)
		multi_call(c);
	else
		write_call(c);
	send_item(zh, c, 0, NULL);
}

static void expire(struct session *s)
{
	struct znode *z;
	int n;
	/* Ephemeral nodes have no children: a walk over the known places would do, a walk over all is simpler. */
	static const char *const places[] = { "/brokers/ids", "/" };

	s->alive = false;
	for (size_t p = 0; p < ARRAY_LEN(places); p++) {
		char **names = tree_children(places[p], &n);

		for (int i = 0; i < n; i++) {
			char *path = xasprintf("%s/%s", p ? "" : places[p], names[i]);

			z = tree_find(path);
			if (z && z->stat.ephemeralOwner == s->id) {
				tree_begin_txn();
				(void)tree_delete(path, -1);
				tree_end_txn(true);
			}
			free(path);
			free(names[i]);
		}
		free(names);
	}
}

static void tick(void *arg)
{
	int64_t now = world_now_ms();

	(void)arg;
	for (struct session *s = sessions; s; s = s->next) {
		if (!s->alive)
			continue;
		if (stopped || (reachable(s->zh) && s->zh->connected && !node_is_paused(s->zh->node)))
			s->heard_ms = now;
		else if (now - s->heard_ms > s->timeout_ms) {
			expire(s);
			drop_connection(s->zh, 0);
		}
		if (s->alive && s->zh->connected && is_cut(s->zh))
			drop_connection(s->zh, s->timeout_ms * 2 / 3);
	}
	world_at(now + TICK_MS, tick, NULL);
}

/* --- the handle's thread --- */

static void call_free(struct call *c)
{
	for (int i = 0; i < c->names_n; i++)
		free(c->names[i]);
	free(c->names);
	free(c->stats);
	free(c->value);
	free(c->path);
	free(c->data);
	free(c);
}

static void fill_results(struct call *c)
{
	for (int i = 0; i < c->multi_n; i++)
		c->results[i].err = c->version < 0 || i < c->version ? ZOK :
		    i == c->version			    ? c->rc :
							      ZRUNTIMEINCONSISTENCY;
}

static void complete(struct call *c, int rc)
{
	struct String_vector names = { c->names_n, c->names };

	switch (c->kind) {
	case CALL_GET:
		c->data_done(rc, c->value, c->value_len, &c->stat, c->arg);
		break;
	case CALL_EXISTS:
	case CALL_SET:
		c->stat_done(rc, &c->stat, c->arg);
		break;
	case CALL_CHILDREN:
		c->strings_done(rc, &names, &c->stat, c->arg);
		break;
	case CALL_CREATE:
		c->string_done(rc, c->created, c->arg);
		break;
	case CALL_MULTI:
		fill_results(c);
		c->void_done(rc, c->arg);
		break;
	case CALL_DELETE:
		c->void_done(rc, c->arg);
		break;
	}
	call_free(c);
}

static void complete_all(zhandle_t *zh, int rc)
{
	struct list all = LIST_INIT(all);

	list_splice(&all, &zh->calls);
	while (!list_empty(&all)) {
		struct call *c = list_first(&all, struct call, link);

		list_remove(&c->link);
		complete(c, rc);
	}
}

static bool has_changed(const struct watch *x, const struct znode *z, int *ret_type)
{
	if (!z) {
		*ret_type = ZOO_DELETED_EVENT;
		return !x->absent;
	}
	*ret_type = x->absent ? ZOO_CREATED_EVENT : x->children ? ZOO_CHILD_EVENT : ZOO_CHANGED_EVENT;
	return x->absent || (x->children ? z->stat.pzxid : z->stat.mzxid) > x->zxid;
}

/* What was missed while there was no connection. */
static void check_watches(zhandle_t *zh)
{
	struct watch *x;

	list_foreach(x, &zh->watches, link) {
		int type;

		x->fired = has_changed(x, tree_find(x->path), &type);
		if (x->fired)
			send_item(zh, NULL, type, x->path);
	}
}

static void change_state(zhandle_t *zh, int state)
{
	zh->state = state;
	zh->fn(zh, ZOO_SESSION_EVENT, state, "", zh->ctx);
}

static struct session *session_new(zhandle_t *zh)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->id = INT64_C(0x100000000000000) + ++session_ids;
	s->alive = true;
	s->timeout_ms = zh->timeout_ms;
	s->zh = zh;
	s->next = sessions;
	sessions = s;
	return s;
}

static void try_connect(zhandle_t *zh)
{
	(void)fiber_wait(&zh->io_wait, world_now_ms() + 1 + (int64_t)world_random(RECONNECT_MS));
	if (zh->closing || zh->connected || is_cut(zh))
		return;
	if (!zh->session)
		zh->session = session_new(zh);
	zh->id.client_id = zh->session->id;
	if (!zh->session->alive) {
		change_state(zh, ZOO_EXPIRED_SESSION_STATE);
		return;
	}
	zh->session->heard_ms = world_now_ms();
	zh->connected = true;
	zh->lost_at_ms = 0;
	zh->connection++;
	check_watches(zh);
	change_state(zh, ZOO_CONNECTED_STATE);
}

static void run_item(zhandle_t *zh, struct item *i)
{
	list_remove(&i->link);
	if (i->call)
		complete(i->call, i->call->rc);
	else
		zh->fn(zh, i->type, ZOO_CONNECTED_STATE, i->path, zh->ctx);
	item_free(i);
}

static void *io_main(void *arg)
{
	zhandle_t *zh = arg;

	while (!zh->closing) {
		struct item *i = list_first(&zh->inbox, struct item, link);

		if (i) {
			run_item(zh, i);
		} else if (zh->state == ZOO_EXPIRED_SESSION_STATE) {
			complete_all(zh, ZSESSIONEXPIRED);
			(void)fiber_wait(&zh->io_wait, INT64_MAX);
		} else if (zh->connected) {
			(void)fiber_wait(&zh->io_wait, INT64_MAX);
		} else if (zh->lost_at_ms > world_now_ms()) {
			(void)fiber_wait(&zh->io_wait, zh->lost_at_ms);
		} else {
			if (zh->state == ZOO_CONNECTED_STATE)
				change_state(zh, ZOO_CONNECTING_STATE);
			complete_all(zh, ZCONNECTIONLOSS);
			try_connect(zh);
		}
	}
	zh->connection++; /* nothing arrives any more */
	complete_all(zh, ZCLOSING);
	while (!list_empty(&zh->inbox)) {
		struct item *i = list_first(&zh->inbox, struct item, link);

		list_remove(&i->link);
		if (i->call)
			complete(i->call, ZCLOSING);
		item_free(i);
	}
	return NULL;
}

/* --- the library's calls --- */

void zoo_set_debug_level(ZooLogLevel level)
{
	(void)level;
}

zhandle_t *zookeeper_init2(const char *host, watcher_fn fn, int recv_timeout, const clientid_t *clientid, void *context,
    int flags, log_callback_fn log_callback)
{
	zhandle_t *zh = xcalloc(1, sizeof(*zh));

	(void)host;
	(void)clientid;
	(void)flags;
	(void)log_callback;
	zh->node = fiber_node();
	zh->life = node_life(zh->node);
	zh->fn = fn;
	zh->ctx = context;
	zh->timeout_ms = recv_timeout;
	zh->state = ZOO_CONNECTING_STATE;
	list_init(&zh->calls);
	list_init(&zh->inbox);
	list_init(&zh->watches);
	list_init(&zh->io_wait);
	zh->next = handles;
	handles = zh;
	zh->io = fiber_spawn(zh->node, "zk-io", io_main, zh);
	return zh;
}

int zookeeper_close(zhandle_t *zh)
{
	struct watch *x, *tmp;

	zh->closing = true;
	wake_io(zh);
	(void)fiber_join(zh->io);
	if (zh->session && zh->session->alive && zh->connected && !is_cut(zh))
		expire(zh->session);
	zh->connected = false;
	list_foreach_safe(x, tmp, &zh->watches, link)
		forget_watch(x);
	return ZOK;
}

int zoo_state(zhandle_t *zh)
{
	return zh->state;
}

const clientid_t *zoo_client_id(zhandle_t *zh)
{
	return &zh->id;
}

int zoo_recv_timeout(zhandle_t *zh)
{
	return zh->timeout_ms;
}

static struct call *call_new(zhandle_t *zh, enum call_kind kind, const char *path, const char *data, int len,
    const void *arg)
{
	struct call *c = xcalloc(1, sizeof(*c));

	list_init(&c->link);
	c->zh = zh;
	c->kind = kind;
	c->path = path ? xstrdup(path) : NULL;
	c->data = data && len >= 0 ? xmemdup(data, (size_t)len + 1) : NULL;
	c->len = data ? len : -1;
	c->arg = arg;
	return c;
}

static int submit(zhandle_t *zh, struct call *c)
{
	struct item *i;

	if (zh->state == ZOO_EXPIRED_SESSION_STATE || zh->closing) {
		call_free(c);
		return ZINVALIDSTATE;
	}
	list_append(&zh->calls, &c->link);
	if (!zh->connected) {
		wake_io(zh); /* the loss completes it */
		return ZOK;
	}
	i = xcalloc(1, sizeof(*i));
	list_init(&i->link);
	i->call = c;
	i->zh = zh;
	i->connection = zh->connection;
	zh->last_sent_ms = MAX(zh->last_sent_ms, world_now_ms() + trip_ms());
	world_at(zh->last_sent_ms, arrived_at_server, i);
	return ZOK;
}

int zoo_awget(zhandle_t *zh, const char *path, watcher_fn watcher, void *watcher_ctx, data_completion_t done,
    const void *arg)
{
	struct call *c = call_new(zh, CALL_GET, path, NULL, -1, arg);

	(void)watcher_ctx;
	c->watch = watcher != NULL;
	c->data_done = done;
	return submit(zh, c);
}

int zoo_awexists(zhandle_t *zh, const char *path, watcher_fn watcher, void *watcher_ctx, stat_completion_t done,
    const void *arg)
{
	struct call *c = call_new(zh, CALL_EXISTS, path, NULL, -1, arg);

	(void)watcher_ctx;
	c->watch = watcher != NULL;
	c->stat_done = done;
	return submit(zh, c);
}

int zoo_awget_children2(zhandle_t *zh, const char *path, watcher_fn watcher, void *watcher_ctx,
    strings_stat_completion_t done, const void *arg)
{
	struct call *c = call_new(zh, CALL_CHILDREN, path, NULL, -1, arg);

	(void)watcher_ctx;
	c->watch = watcher != NULL;
	c->strings_done = done;
	return submit(zh, c);
}

int zoo_acreate(zhandle_t *zh, const char *path, const char *value, int len, const struct ACL_vector *acl, int mode,
    string_completion_t done, const void *arg)
{
	struct call *c = call_new(zh, CALL_CREATE, path, value, len, arg);

	(void)acl;
	c->mode = mode;
	c->string_done = done;
	return submit(zh, c);
}

int zoo_aset(zhandle_t *zh, const char *path, const char *buffer, int len, int version, stat_completion_t done,
    const void *arg)
{
	struct call *c = call_new(zh, CALL_SET, path, buffer, len, arg);

	c->version = version;
	c->stat_done = done;
	return submit(zh, c);
}

int zoo_adelete(zhandle_t *zh, const char *path, int version, void_completion_t done, const void *arg)
{
	struct call *c = call_new(zh, CALL_DELETE, path, NULL, -1, arg);

	c->version = version;
	c->void_done = done;
	return submit(zh, c);
}

/* The library copies stats into the parts' own; here they are written by the server, and read only on success. */
int zoo_amulti(zhandle_t *zh, int n, const zoo_op_t *ops, zoo_op_result_t *results, void_completion_t done,
    const void *arg)
{
	static struct Stat unused;
	struct call *c = call_new(zh, CALL_MULTI, NULL, NULL, -1, arg);

	c->multi_n = n;
	c->ops = ops;
	c->results = results;
	c->stats = xcalloc((size_t)n + 1, sizeof(struct Stat *));
	for (int i = 0; i < n; i++)
		c->stats[i] = ops[i].type == ZOO_SETDATA_OP && ops[i].set_op.stat ? ops[i].set_op.stat : &unused;
	c->void_done = done;
	return submit(zh, c);
}

/* --- faults --- */

void zookeeper_begin(void)
{
	tree_begin();
	tick(NULL);
}

void zookeeper_cut(int node, bool is)
{
	cut[node] = is;
}

void zookeeper_stop(bool stop)
{
	stopped = stop;
}

void zookeeper_heal(void)
{
	stopped = false;
	memset(cut, 0, sizeof(cut));
}

void zookeeper_expire(int node, int64_t notice_ms)
{
	for (struct session *s = sessions; s; s = s->next) {
		if (!s->alive || s->zh->node != node || !lives(s->zh))
			continue;
		expire(s);
		drop_connection(s->zh, notice_ms);
	}
}

/* The sessions stay until they time out. */
void zookeeper_node_killed(int node)
{
	for (zhandle_t *zh = handles; zh; zh = zh->next)
		if (zh->node == node) {
			zh->connected = false;
			zh->connection++;
		}
}
