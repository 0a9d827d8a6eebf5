/* zk_offsets.c - see zk_offsets.h. Operations are pipelined, a bounded number at a time. */
#include "api/zk_offsets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "protocol/errors.h"
#include "zk/batch.h"

#define PATH "/consumers/%.*s/offsets/%.*s/%d"
#define PATH_ARGS(group, o) STR_ARG(group), STR_ARG((o)->topic), (int)(o)->partition

enum { AT_ONCE = 256 };

/* A name that ends early as a C string would be another group's. */
static bool is_path_part(struct str group)
{
	return group.len > 0 && !memchr(group.p, '\0', (size_t)group.len);
}

static void fail_all(struct zk_offset *v, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		v[i].result = v[i].result ? v[i].result : -EINVAL;
}

/* What ZooKeeper answers besides 0 and "no such node" has no code of Kafka's. */
static int result_of(int rc)
{
	return rc > 0 ? -EPROTO : rc;
}

static int store_new(struct zk_session *zk, struct str group, const struct zk_offset *o, const char *text)
{
	int r = zk_create_with_parents(zk, text, PATH, PATH_ARGS(group, o));

	if (r == ZK_NODE_EXISTS) /* somebody else's first commit */
		r = zk_set(zk, text, ZK_ANY_VERSION, NULL, PATH, PATH_ARGS(group, o));
	return result_of(r);
}

static void store_some(struct zk_session *zk, struct str group, struct zk_offset *v, int32_t n)
{
	struct zk_op *ops[AT_ONCE] = { NULL };
	struct zk_batch b;
	char text[24];
	int r;

	zk_batch_init(&b, zk);
	for (int32_t i = 0; i < n; i++) {
		(void)snprintf(text, sizeof(text), "%" PRId64, v[i].offset);
		if (v[i].result == 0)
			ops[i] = zk_batch_set(&b, text, ZK_ANY_VERSION, PATH, PATH_ARGS(group, &v[i]));
	}
	r = zk_batch_run(&b);
	for (int32_t i = 0; i < n; i++) {
		if (!ops[i])
			continue;
		(void)snprintf(text, sizeof(text), "%" PRId64, v[i].offset);
		if (r == 0 && ops[i]->rc == ZK_NO_NODE)
			v[i].result = store_new(zk, group, &v[i], text);
		else
			v[i].result = result_of(ops[i]->rc);
	}
	zk_batch_fini(&b);
}

void zk_offsets_store(struct zk_session *zk, struct str group, struct zk_offset *v, int32_t n)
{
	if (!is_path_part(group))
		return fail_all(v, n);
	for (int32_t i = 0; i < n; i += AT_ONCE)
		store_some(zk, group, v + i, MIN(n - i, AT_ONCE));
}

/* NULL data counts as absent, as an old tool may have made the node. */
static int parse(const struct zk_op *op, int64_t *ret)
{
	if (op->rc == ZK_NO_NODE || (op->rc == 0 && op->data_len < 0))
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	if (op->rc)
		return result_of(op->rc);
	return str_to_i64((struct str){ op->data, op->data_len }, INT64_MIN, INT64_MAX, ret) ? 0 : -EBADMSG;
}

static void read_some(struct zk_session *zk, struct str group, struct zk_offset *v, int32_t n)
{
	struct zk_op *ops[AT_ONCE] = { NULL };
	struct zk_batch b;
	int r;

	zk_batch_init(&b, zk);
	for (int32_t i = 0; i < n; i++) {
		if (v[i].result == 0)
			ops[i] = zk_batch_get(&b, PATH, PATH_ARGS(group, &v[i]));
	}
	r = zk_batch_run(&b);
	for (int32_t i = 0; i < n; i++) {
		if (ops[i])
			v[i].result = r < 0 && ops[i]->rc == 0 ? r : parse(ops[i], &v[i].offset);
	}
	zk_batch_fini(&b);
}

void zk_offsets_read(struct zk_session *zk, struct str group, struct zk_offset *v, int32_t n)
{
	if (!is_path_part(group))
		return fail_all(v, n);
	for (int32_t i = 0; i < n; i += AT_ONCE)
		read_some(zk, group, v + i, MIN(n - i, AT_ONCE));
}
