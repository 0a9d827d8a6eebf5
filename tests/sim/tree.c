/* tree.c - the znodes. Transactions keep what they replaced, to bring it back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/table.h"
#include "fiber.h"
#include "zookeeper.h"

struct undo {
	char *path;
	struct znode *before; /* NULL: it was absent */
	struct undo *next;
};

struct pending_event {
	int type;
	char *path;
};

static struct znode *nodes;
static int64_t zxid;
static bool in_txn;
static struct undo *undos;
static struct pending_event *events;
static size_t events_n, events_cap;

static struct znode *copy_of(const struct znode *z)
{
	struct znode *c = xmemdup(z, sizeof(*z));

	c->path = xstrdup(z->path);
	c->data = z->len >= 0 ? xmemdup(z->data, (size_t)z->len + 1) : NULL;
	return c;
}

static void znode_free(struct znode *z)
{
	free(z->path);
	free(z->data);
	free(z);
}

static void remember(const char *path)
{
	struct undo *u = xcalloc(1, sizeof(*u));
	struct znode *z = tree_find(path);

	u->path = xstrdup(path);
	u->before = z ? copy_of(z) : NULL;
	u->next = undos;
	undos = u;
}

static void tell(int type, const char *path)
{
	events = grow_array(events, &events_cap, events_n + 1, sizeof(*events));
	events[events_n++] = (struct pending_event){ type, xstrdup(path) };
}

struct znode *tree_find(const char *path)
{
	struct znode *z;

	HASH_FIND_STR(nodes, path, z);
	return z;
}

int64_t tree_zxid(void)
{
	return zxid;
}

static void add(struct znode *z)
{
	HASH_ADD_KEYPTR(hh, nodes, z->path, strlen(z->path), z);
}

static void undo_one(struct undo *u)
{
	struct znode *z = tree_find(u->path);

	if (z) {
		HASH_DEL(nodes, z);
		znode_free(z);
	}
	if (u->before)
		add(u->before);
	free(u->path);
	free(u);
}

void tree_begin_txn(void)
{
	in_txn = true;
	zxid++;
}

void tree_end_txn(bool commit)
{
	struct undo *u;
	size_t i;

	in_txn = false;
	while ((u = undos)) {
		undos = u->next;
		if (!commit) {
			undo_one(u);
			continue;
		}
		if (u->before)
			znode_free(u->before);
		free(u->path);
		free(u);
	}
	if (!commit)
		zxid--;
	for (i = 0; i < events_n; i++) {
		struct znode *z = commit ? tree_find(events[i].path) : NULL;

		if (commit && z && events[i].type != ZOO_CHILD_EVENT)
			oracle_state_written(z->path, z->data, z->len);
		if (commit)
			zookeeper_tree_changed(events[i].type, events[i].path);
		free(events[i].path);
	}
	events_n = 0;
}

static struct znode *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
	struct znode *z = tree_find(name);

	free(name);
	return z;
}

static void set_data(struct znode *z, const char *data, int len)
{
	free(z->data);
	z->data = NULL;
	z->len = len;
	if (len >= 0) {
		z->data = xcalloc((size_t)len + 1, 1);
		memcpy(z->data, data, (size_t)len);
	}
	z->stat.dataLength = MAX(len, 0);
}

int tree_create(const char *path, const char *data, int len, int64_t owner, bool sequential, char path_out[256])
{
	struct znode *parent = parent_of(path), *z;

	if (!parent)
		return ZNONODE;
	if (parent->stat.ephemeralOwner)
		return ZNOCHILDRENFOREPHEMERALS;
	if (sequential)
		(void)snprintf(path_out, 256, "%s%010d", path, parent->sequence);
	else
		(void)snprintf(path_out, 256, "%s", path);
	if (tree_find(path_out))
		return ZNODEEXISTS;
	remember(parent->path);
	remember(path_out);
	z = xcalloc(1, sizeof(*z));
	z->path = xstrdup(path_out);
	set_data(z, data, len);
	z->stat.czxid = z->stat.mzxid = z->stat.pzxid = zxid;
	z->stat.ctime = z->stat.mtime = world_now_ms();
	z->stat.ephemeralOwner = owner;
	add(z);
	parent->sequence++;
	parent->stat.cversion++;
	parent->stat.numChildren++;
	parent->stat.pzxid = zxid;
	tell(ZOO_CREATED_EVENT, path_out);
	tell(ZOO_CHILD_EVENT, parent->path);
	return ZOK;
}

int tree_check(const char *path, int version)
{
	struct znode *z = tree_find(path);

	if (!z)
		return ZNONODE;
	return version >= 0 && z->stat.version != version ? ZBADVERSION : ZOK;
}

int tree_set(const char *path, const char *data, int len, int version)
{
	int r = tree_check(path, version);
	struct znode *z = tree_find(path);

	if (r != ZOK)
		return r;
	remember(path);
	set_data(z, data, len);
	z->stat.version++;
	z->stat.mzxid = zxid;
	z->stat.mtime = world_now_ms();
	tell(ZOO_CHANGED_EVENT, path);
	return ZOK;
}

int tree_delete(const char *path, int version)
{
	int r = tree_check(path, version);
	struct znode *z = tree_find(path), *parent = parent_of(path);

	if (r != ZOK)
		return r;
	if (z->stat.numChildren > 0)
		return ZNOTEMPTY;
	remember(parent->path);
	remember(path);
	HASH_DEL(nodes, z);
	parent->stat.cversion++;
	parent->stat.numChildren--;
	parent->stat.pzxid = zxid;
	tell(ZOO_DELETED_EVENT, path);
	tell(ZOO_CHILD_EVENT, parent->path);
	znode_free(z);
	return ZOK;
}

char **tree_children(const char *path, int *ret_n)
{
	size_t len = strlen(path), cap = 0;
	struct znode *z, *tmp;
	char **v = NULL;
	int n = 0;

	len = len == 1 ? 0 : len;
	HASH_ITER(hh, nodes, z, tmp) {
		if (strncmp(z->path, path, len) != 0 || z->path[len] != '/' || !z->path[len + 1] ||
		    strchr(z->path + len + 1, '/'))
			continue;
		v = grow_array(v, &cap, (size_t)n + 1, sizeof(char *));
		v[n++] = xstrdup(z->path + len + 1);
	}
	*ret_n = n;
	return v;
}

void tree_begin(void)
{
	struct znode *root = xcalloc(1, sizeof(*root));

	root->path = xstrdup("/");
	root->len = -1;
	add(root);
}
