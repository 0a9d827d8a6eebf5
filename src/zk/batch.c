/* batch.c - see batch.h. A batch waits on a counter that the answers' jobs count down; the jobs run on ZooKeeper's
 * thread and do nothing else. */
#include "zk/batch.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/lock.h"

#define PATH_FMT(fmt, path)                                                                        \
	do {                                                                                       \
		va_list va_;                                                                       \
		va_start(va_, fmt);                                                                \
		(path) = xvasprintf(fmt, va_);                                                     \
		va_end(va_);                                                                       \
	} while (0)

struct countdown {
	struct lock lock;
	struct cond zero;
	size_t left;
};

void zk_batch_init(struct zk_batch *b, struct zk_session *s)
{
	*b = (struct zk_batch){ .session = s };
}

void zk_batch_fini(struct zk_batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		zk_op_free(b->ops[i]);
	free(b->ops);
	b->ops = NULL;
	b->n = b->cap = 0;
}

void zk_batch_guard(struct zk_batch *b, const char *path, int32_t version)
{
	b->guard = path;
	b->guard_version = version;
}

static struct zk_op *batch_add(struct zk_batch *b, struct zk_op *op)
{
	b->ops = grow_array(b->ops, &b->cap, b->n + 1, sizeof(struct zk_op *));
	b->ops[b->n++] = op;
	return op;
}

static struct zk_op *multi_add(struct zk_op *multi, struct zk_op *op)
{
	assert(multi->kind == ZK_MULTI);
	multi->parts = xrealloc(multi->parts, ((size_t)multi->parts_n + 1) * sizeof(struct zk_op *));
	multi->parts[multi->parts_n++] = op;
	return op;
}

/* Takes `path` over. */
static struct zk_op *make(enum zk_op_kind kind, char *path)
{
	struct zk_op *op = zk_op_new(kind, NULL);

	op->path = path;
	return op;
}

static struct zk_op *make_write(enum zk_op_kind kind, char *path, const char *data, int32_t version)
{
	struct zk_op *op = make(kind, path);

	op->data_in = data ? xstrdup(data) : NULL;
	op->version = version;
	return op;
}

static struct zk_op *batch_write(struct zk_batch *b, struct zk_op *op)
{
	struct zk_op *multi, *check;

	if (!b->guard)
		return batch_add(b, op);
	multi = batch_add(b, zk_op_new(ZK_MULTI, NULL));
	multi->guarded = true;
	check = multi_add(multi, make(ZK_CHECK, xstrdup(b->guard)));
	check->version = b->guard_version;
	return multi_add(multi, op);
}

struct zk_op *zk_batch_get(struct zk_batch *b, const char *path, ...)
{
	char *p;

	PATH_FMT(path, p);
	return batch_add(b, make(ZK_GET, p));
}

struct zk_op *zk_batch_exists(struct zk_batch *b, const char *path, ...)
{
	char *p;

	PATH_FMT(path, p);
	return batch_add(b, make(ZK_EXISTS, p));
}

struct zk_op *zk_batch_children(struct zk_batch *b, const char *path, ...)
{
	char *p;

	PATH_FMT(path, p);
	return batch_add(b, make(ZK_GET_CHILDREN, p));
}

struct zk_op *zk_batch_create(struct zk_batch *b, enum zk_create_mode mode, const char *data, const char *path, ...)
{
	struct zk_op *op;
	char *p;

	PATH_FMT(path, p);
	op = make_write(ZK_CREATE, p, data, ZK_ANY_VERSION);
	op->mode = mode;
	return batch_write(b, op);
}

struct zk_op *zk_batch_set(struct zk_batch *b, const char *data, int32_t version, const char *path, ...)
{
	char *p;

	PATH_FMT(path, p);
	return batch_write(b, make_write(ZK_SET, p, data, version));
}

struct zk_op *zk_batch_delete(struct zk_batch *b, int32_t version, const char *path, ...)
{
	char *p;

	PATH_FMT(path, p);
	return batch_write(b, make_write(ZK_DELETE, p, NULL, version));
}

struct zk_op *zk_batch_multi(struct zk_batch *b)
{
	return batch_add(b, zk_op_new(ZK_MULTI, NULL));
}

struct zk_op *zk_multi_check(struct zk_op *multi, int32_t version, const char *path, ...)
{
	char *p;

	PATH_FMT(path, p);
	return multi_add(multi, make_write(ZK_CHECK, p, NULL, version));
}

struct zk_op *zk_multi_create(struct zk_op *multi, enum zk_create_mode mode, const char *data, const char *path,
    ...)
{
	struct zk_op *op;
	char *p;

	PATH_FMT(path, p);
	op = make_write(ZK_CREATE, p, data, ZK_ANY_VERSION);
	op->mode = mode;
	return multi_add(multi, op);
}

struct zk_op *zk_multi_set(struct zk_op *multi, const char *data, int32_t version, const char *path, ...)
{
	char *p;

	PATH_FMT(path, p);
	return multi_add(multi, make_write(ZK_SET, p, data, version));
}

struct zk_op *zk_multi_delete(struct zk_op *multi, int32_t version, const char *path, ...)
{
	char *p;

	PATH_FMT(path, p);
	return multi_add(multi, make_write(ZK_DELETE, p, NULL, version));
}

/* ---- running ---- */

static void count_down(struct job *job)
{
	struct zk_op *op = CONTAINER_OF(job, struct zk_op, job);
	struct countdown *c = op->arg;

	lock_take(&c->lock);
	if (--c->left == 0)
		cond_signal(&c->zero);
	lock_release(&c->lock);
}

static void run_here(void *arg, struct job *job)
{
	(void)arg;
	job->run(job);
}

/* The inner operation of a guarded write answers as if it stood alone (zookeeper.md 1.3, failed multis). */
static bool guard_refused(struct zk_op *multi)
{
	struct zk_op *check = multi->parts[0], *op = multi->parts[1];

	if (multi->rc == 0)
		return false;
	if (multi->rc < 0) {
		op->rc = multi->rc;
		return false;
	}
	if (check->rc == ZK_BAD_VERSION || check->rc == ZK_NO_NODE) {
		op->rc = ZK_GUARD_FAILED;
		return true;
	}
	if (op->rc == 0)
		op->rc = multi->rc; /* refused as a whole, e.g. too large */
	return false;
}

int zk_batch_run(struct zk_batch *b)
{
	struct countdown c = { .left = b->n };
	int r = 0;

	if (b->n == 0)
		return 0;
	lock_init(&c.lock, RANK_LEAF, "zk batch");
	cond_init(&c.zero);
	for (size_t i = 0; i < b->n; i++) {
		b->ops[i]->job.run = count_down;
		b->ops[i]->arg = &c;
		zk_op_submit(b->session, b->ops[i], (struct zk_executor){ .submit = run_here });
	}
	lock_take(&c.lock);
	while (c.left > 0)
		lock_wait(&c.lock, &c.zero);
	lock_release(&c.lock);
	cond_fini(&c.zero);
	lock_fini(&c.lock);
	for (size_t i = 0; i < b->n; i++) {
		if (b->ops[i]->guarded && guard_refused(b->ops[i]))
			r = r < 0 ? r : ZK_GUARD_FAILED;
		if (b->ops[i]->rc < 0)
			r = b->ops[i]->rc;
	}
	return r < 0 ? FAIL(r) : r;
}

/* ---- single operations ---- */

void zk_value_fini(struct zk_value *v)
{
	free(v->data);
	*v = ZK_VALUE_INIT;
}

/* Runs a batch of one. The op is valid until zk_batch_fini. */
static int run_one(struct zk_batch *b, struct zk_op *op)
{
	int r = zk_batch_run(b);

	return r != 0 ? r : op->rc;
}

static int get(struct zk_session *s, struct zk_value *ret, const char *path)
{
	struct zk_batch b;
	struct zk_op *op;
	int r;

	zk_batch_init(&b, s);
	op = zk_batch_get(&b, "%s", path);
	r = run_one(&b, op);
	if (r == 0)
		*ret = (struct zk_value){ .data = TAKE(op->data), .len = op->data_len, .stat = op->stat };
	zk_batch_fini(&b);
	return r;
}

int zk_get(struct zk_session *s, struct zk_value *ret, const char *path, ...)
{
	char *p;
	int r;

	PATH_FMT(path, p);
	r = get(s, ret, p);
	free(p);
	return r;
}

int zk_exists(struct zk_session *s, struct zk_stat *ret, const char *path, ...)
{
	struct zk_batch b;
	struct zk_op *op;
	char *p;
	int r;

	PATH_FMT(path, p);
	zk_batch_init(&b, s);
	op = zk_batch_exists(&b, "%s", p);
	r = run_one(&b, op);
	if (r == 0 && ret)
		*ret = op->stat;
	zk_batch_fini(&b);
	free(p);
	return r;
}

int zk_set(struct zk_session *s, const char *data, int32_t version, struct zk_stat *ret, const char *path, ...)
{
	struct zk_batch b;
	struct zk_op *op;
	char *p;
	int r;

	PATH_FMT(path, p);
	zk_batch_init(&b, s);
	op = zk_batch_set(&b, data, version, "%s", p);
	r = run_one(&b, op);
	if (r == 0 && ret)
		*ret = op->stat;
	zk_batch_fini(&b);
	free(p);
	return r;
}

static int create(struct zk_session *s, enum zk_create_mode mode, const char *data, const char *path)
{
	struct zk_batch b;
	struct zk_op *op;
	int r;

	zk_batch_init(&b, s);
	op = zk_batch_create(&b, mode, data, "%s", path);
	r = run_one(&b, op);
	zk_batch_fini(&b);
	return r;
}

int zk_create(struct zk_session *s, enum zk_create_mode mode, const char *data, const char *path, ...)
{
	char *p;
	int r;

	PATH_FMT(path, p);
	r = create(s, mode, data, p);
	free(p);
	return r;
}

static int delete_one(struct zk_session *s, const char *guard, int32_t guard_version, int32_t version,
    const char *path)
{
	struct zk_batch b;
	struct zk_op *op;
	int r;

	zk_batch_init(&b, s);
	zk_batch_guard(&b, guard, guard_version);
	op = zk_batch_delete(&b, version, "%s", path);
	r = run_one(&b, op);
	zk_batch_fini(&b);
	return r;
}

int zk_delete(struct zk_session *s, int32_t version, const char *path, ...)
{
	char *p;
	int r;

	PATH_FMT(path, p);
	r = delete_one(s, NULL, 0, version, p);
	free(p);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int children(struct zk_session *s, char ***ret, size_t *ret_n, const char *path)
{
	struct zk_batch b;
	struct zk_op *op;
	int r;

	zk_batch_init(&b, s);
	op = zk_batch_children(&b, "%s", path);
	r = run_one(&b, op);
	if (r == 0) {
		*ret_n = (size_t)op->children_n;
		*ret = TAKE(op->children);
		op->children_n = 0;
		qsort(*ret, *ret_n, sizeof(char *), by_name);
	}
	zk_batch_fini(&b);
	return r;
}

int zk_children(struct zk_session *s, char ***ret, size_t *ret_n, const char *path, ...)
{
	char *p;
	int r;

	PATH_FMT(path, p);
	r = children(s, ret, ret_n, p);
	free(p);
	return r;
}

void zk_names_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

/* ---- trees ---- */

/* Makes the parents of `path`, from the top, when the node itself cannot be made for want of one. */
static int create_with_parents(struct zk_session *s, const char *data, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *parent;
	int r = create(s, ZK_PERSISTENT, data, path);

	if (r != ZK_NO_NODE || !slash || slash == path)
		return r;
	parent = xstrndup(path, (size_t)(slash - path));
	r = create_with_parents(s, NULL, parent);
	free(parent);
	if (r != 0 && r != ZK_NODE_EXISTS)
		return r;
	return create(s, ZK_PERSISTENT, data, path);
}

int zk_create_with_parents(struct zk_session *s, const char *data, const char *path, ...)
{
	char *p;
	int r;

	PATH_FMT(path, p);
	r = create_with_parents(s, data, p);
	free(p);
	return r;
}

int zk_make_path(struct zk_session *s, const char *path, ...)
{
	char *p;
	int r;

	PATH_FMT(path, p);
	r = create_with_parents(s, NULL, p);
	free(p);
	return r == ZK_NODE_EXISTS ? 0 : r;
}

static int delete_tree(struct zk_session *s, const char *guard, int32_t guard_version, const char *path)
{
	char **names = NULL;
	size_t n = 0;
	int r = children(s, &names, &n, path);

	if (r != 0)
		return r == ZK_NO_NODE ? 0 : r;
	for (size_t i = 0; i < n && r == 0; i++) {
		char *child = xasprintf("%s/%s", path, names[i]);

		r = delete_tree(s, guard, guard_version, child);
		free(child);
	}
	zk_names_free(names, n);
	if (r == 0)
		r = delete_one(s, guard, guard_version, ZK_ANY_VERSION, path);
	return r == ZK_NO_NODE ? 0 : r;
}

int zk_delete_recursive(struct zk_session *s, const char *guard, int32_t guard_version, const char *path, ...)
{
	char *p;
	int r;

	PATH_FMT(path, p);
	r = delete_tree(s, guard, guard_version, p);
	if (r == ZK_NOT_EMPTY) /* somebody added a child meanwhile */
		r = delete_tree(s, guard, guard_version, p);
	free(p);
	return r;
}
