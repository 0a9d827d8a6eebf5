/* zk_store.c - see zk_store.h. */
#include "controller/zk_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "controller/entity_config.h"
#include "protocol/errors.h"
#include "zk/batch.h"
#include "zk/path.h"

int zk_store_result(int r, int code)
{
	if (r == ZK_GUARD_FAILED)
		return KERR_STALE_CONTROLLER_EPOCH;
	if (r == 0 || (r > 0 && r == code))
		return 0;
	return FAIL(r > 0 ? -EPROTO : r);
}

/* A batch whose writes are fenced. */
static void fenced(struct zk_store *s, struct zk_batch *b)
{
	zk_batch_init(b, s->zk);
	zk_batch_guard(b, ZK_PATH_CONTROLLER_EPOCH, s->ctx->epoch_version);
}

static int store_read(void *arg, struct ctl_partition *const *p, size_t n, struct stored_state *ret)
{
	struct zk_store *s = arg;
	struct zk_batch b;
	int r;

	zk_batch_init(&b, s->zk);
	for (size_t i = 0; i < n; i++)
		zk_batch_get(&b, ZK_PATH_PARTITION_STATE, p[i]->topic->name, p[i]->index);
	r = zk_batch_run(&b);
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct zk_op *op = b.ops[i];

		ret[i].rc = op->rc;
		if (op->rc == 0)
			ret[i].rc = znode_state_decode(op->data, op->data_len, op->stat.version, &ret[i].state);
	}
	zk_batch_fini(&b);
	return zk_store_result(r, 0);
}

static int store_write(void *arg, struct ctl_partition *const *p, const struct znode_state *v, size_t n, int *ret_rc,
    int32_t *ret_version)
{
	struct zk_op **ops = xcalloc(n + 1, sizeof(struct zk_op *));
	struct zk_store *s = arg;
	struct zk_batch b;
	int r;

	fenced(s, &b);
	for (size_t i = 0; i < n; i++) {
		char *text = znode_state_encode(&v[i]);

		ops[i] = zk_batch_set(&b, text, v[i].partition_epoch, ZK_PATH_PARTITION_STATE, p[i]->topic->name,
		    p[i]->index);
		free(text);
	}
	r = zk_batch_run(&b);
	for (size_t i = 0; i < n && r == 0; i++) {
		ret_rc[i] = ops[i]->rc;
		ret_version[i] = ops[i]->stat.version;
	}
	zk_batch_fini(&b);
	free(ops);
	return zk_store_result(r, 0);
}

/* One pass over all partitions: 0 topic directories, 1 partition directories. NodeExists is fine. */
static int make_dirs(struct zk_store *s, struct ctl_partition *const *p, size_t n, int pass)
{
	struct zk_batch b;
	int r;

	fenced(s, &b);
	for (size_t i = 0; i < n; i++) {
		if (pass == 1)
			zk_batch_create(&b, ZK_PERSISTENT, NULL, ZK_PATH_PARTITION, p[i]->topic->name, p[i]->index);
		else if (i == 0 || p[i]->topic != p[i - 1]->topic)
			zk_batch_create(&b, ZK_PERSISTENT, NULL, ZK_PATH_PARTITIONS, p[i]->topic->name);
	}
	r = zk_batch_run(&b);
	zk_batch_fini(&b);
	return zk_store_result(r, 0);
}

static int store_create(void *arg, struct ctl_partition *const *p, const struct znode_state *v, size_t n, int *ret_rc)
{
	struct zk_op **ops = xcalloc(n + 1, sizeof(struct zk_op *));
	struct zk_store *s = arg;
	struct zk_batch b;
	int r = make_dirs(s, p, n, 0);

	if (r == 0)
		r = make_dirs(s, p, n, 1);
	fenced(s, &b);
	for (size_t i = 0; i < n && r == 0; i++) {
		char *text = znode_state_encode(&v[i]);

		ops[i] = zk_batch_create(&b, ZK_PERSISTENT, text, ZK_PATH_PARTITION_STATE, p[i]->topic->name, p[i]->index);
		free(text);
	}
	if (r == 0)
		r = zk_store_result(zk_batch_run(&b), 0);
	for (size_t i = 0; i < n && r == 0; i++)
		ret_rc[i] = ops[i]->rc;
	zk_batch_fini(&b);
	free(ops);
	return r;
}

static int store_unclean(void *arg, const char *topic, bool *ret)
{
	struct zk_store *s = arg;
	struct znode_config c = ZNODE_CONFIG_INIT;
	const char *value;
	int r = entity_config_read(s->zk, "topics", topic, &c);

	if (r != 0)
		return FAIL(r);
	value = znode_config_get(&c, "unclean.leader.election.enable");
	*ret = value ? strcasecmp(value, "true") == 0 : s->unclean_default(s->arg);
	znode_config_fini(&c);
	return 0;
}

void zk_store_init(struct zk_store *s, struct zk_session *zk, const struct context *ctx,
    bool (*unclean_default)(void *arg), void *arg)
{
	*s = (struct zk_store){
		.store = { s, store_read, store_write, store_create, store_unclean },
		.zk = zk,
		.ctx = ctx,
		.unclean_default = unclean_default,
		.arg = arg,
	};
}

/* ---- other writes ---- */

/* Runs a batch of one write. */
static int run_one(struct zk_batch *b, struct zk_op *op, int code)
{
	int r = zk_batch_run(b);

	if (r == 0)
		r = op->rc;
	zk_batch_fini(b);
	return zk_store_result(r, code);
}

int zk_store_set(struct zk_store *s, const char *path, const char *text)
{
	struct zk_batch b;

	fenced(s, &b);
	return run_one(&b, zk_batch_set(&b, text, ZK_ANY_VERSION, "%s", path), ZK_NO_NODE);
}

int zk_store_delete(struct zk_store *s, const char *path)
{
	struct zk_batch b;

	fenced(s, &b);
	return run_one(&b, zk_batch_delete(&b, ZK_ANY_VERSION, "%s", path), ZK_NO_NODE);
}

int zk_store_delete_children(struct zk_store *s, const char *dir, char *const *names, size_t n)
{
	struct zk_batch b;
	int r;

	fenced(s, &b);
	for (size_t i = 0; i < n; i++)
		zk_batch_delete(&b, ZK_ANY_VERSION, "%s/%s", dir, names[i]);
	r = zk_batch_run(&b);
	zk_batch_fini(&b);
	return zk_store_result(r, 0);
}

int zk_store_write_topic(struct zk_store *s, const struct ctl_topic *t)
{
	struct znode_topic z = ZNODE_TOPIC_INIT;
	char path[512], *text;
	int r;

	z.id = t->id;
	z.partitions = xcalloc(t->partitions_n + 1, sizeof(*z.partitions));
	z.partitions_n = t->partitions_n;
	for (size_t i = 0; i < t->partitions_n; i++)
		z.partitions[i] = assignment_copy(&t->partitions[i]->assignment);
	text = znode_topic_encode(&z);
	znode_topic_fini(&z);
	(void)snprintf(path, sizeof(path), ZK_PATH_TOPIC, t->name);
	r = zk_store_set(s, path, text);
	free(text);
	return r;
}

int zk_store_remove_topic(struct zk_store *s, const char *topic)
{
	char path[512];
	int r = zk_delete_recursive(s->zk, ZK_PATH_CONTROLLER_EPOCH, s->ctx->epoch_version, ZK_PATH_TOPIC, topic);

	r = zk_store_result(r, 0);
	if (r == 0) {
		(void)snprintf(path, sizeof(path), ZK_PATH_CONFIG_ENTITY, "topics", topic);
		r = zk_store_delete(s, path);
	}
	if (r == 0) {
		(void)snprintf(path, sizeof(path), ZK_PATH_DELETE_TOPIC, topic);
		r = zk_store_delete(s, path);
	}
	return r;
}
