/* preferred_election_zookeeper.c - kafka-preferred-replica-election.sh --zookeeper: the znode that tells the controller,
 * as in 2.8. It exists while an election is going on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "controller/topic_admin.h"
#include "tools/ensemble.h"
#include "tools/java_exception.h"
#include "tools/preferred_election_priv.h"
#include "tools/scala_hash.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

#define ADMIN_OPERATION "kafka.admin.AdminOperationException"
#define FAILURE_MAX 512

struct by_zookeeper {
	struct zk_session *zk;
	struct arena *arena;
	struct election_partitions valid, invalid;
	struct election_partition *all; /* memory of `valid` when no file names them */
};

/* Everything that goes wrong is the cause of the same exception. */
static int fail(const char *class, const char *text)
{
	(void)java_exception("kafka.common.AdminCommandFailedException", "Admin command failed");
	fprintf(stderr, "Caused by: %s%s%s\n", class ? class : "", class ? ": " : "", text);
	return -1;
}

static int fail_zk(const char *class, int r, const char *path)
{
	char text[FAILURE_MAX];

	return fail(class, ensemble_failure(r, path, text, sizeof(text)));
}

static int fail_memory(void)
{
	return fail(NULL, "java.lang.OutOfMemoryError");
}

/* ---- those of the file ---- */

static bool is_assigned(const struct znode_topic *t, int32_t partition)
{
	for (size_t i = 0; i < t->partitions_n; i++)
		if (t->partitions[i].partition == partition)
			return true;
	return false;
}

/* Sorts out one partition; `op` has read its topic, NULL: it is the name of none. */
static int sort_out(
	struct by_zookeeper *e, const struct election_partition *p, const struct zk_op *op)
{
	struct znode_topic topic = ZNODE_TOPIC_INIT;
	struct election_partitions *to = &e->invalid;
	int r = op ? op->rc : ZK_NO_NODE;

	if (r == 0) {
		r = znode_topic_decode(op->data, op->data_len, &topic);
		if (r == 0 && is_assigned(&topic, p->partition))
			to = &e->valid;
		znode_topic_fini(&topic);
	}
	if (r && r != ZK_NO_NODE)
		return fail_zk(NULL, r, op->path);
	to->v[to->n++] = *p;
	return 0;
}

static int sort_out_all(
	struct by_zookeeper *e, const struct election_partitions *named, struct zk_op *const *ops)
{
	e->valid.v = arena_array(e->arena, named->n, sizeof(*e->valid.v));
	e->invalid.v = arena_array(e->arena, named->n, sizeof(*e->invalid.v));
	if (!e->valid.v || !e->invalid.v)
		return fail_memory();
	for (size_t i = 0; i < named->n; i++)
		if (sort_out(e, &named->v[i], ops[i]))
			return -1;
	return 0;
}

/* A topic that follows itself is read once. */
static int choose_named(struct by_zookeeper *e, const struct election_partitions *named)
{
	struct zk_op **ops = arena_array(e->arena, named->n, sizeof(struct zk_op *));
	struct zk_batch b;
	struct str why;
	int r;

	if (!ops)
		return fail_memory();
	zk_batch_init(&b, e->zk);
	for (size_t i = 0; i < named->n; i++) {
		struct str topic = named->v[i].topic;

		if (i > 0 && str_eq(topic, named->v[i - 1].topic))
			ops[i] = ops[i - 1];
		else if (topic_name_check(e->arena, topic, &why) == 0)
			ops[i] = zk_batch_get(&b, ZK_PATH_TOPICS "/%.*s", STR_ARG(topic));
	}
	r = zk_batch_run(&b);
	r = r ? fail_zk(NULL, r, ZK_PATH_TOPICS) : sort_out_all(e, named, ops);
	zk_batch_fini(&b);
	return r;
}

/* ---- all of them ---- */

static int add_partitions(
	struct by_zookeeper *e, const char *topic, const struct zk_op *op, size_t *cap)
{
	struct str name = arena_str(e->arena, topic);
	int64_t partition;

	if (op->rc == ZK_NO_NODE)
		return 0; /* it has just been made, or is being deleted */
	if (op->rc)
		return fail_zk(NULL, op->rc, op->path);
	if (name.len < 0)
		return fail_memory();
	for (int32_t i = 0; i < op->children_n; i++) {
		if (!str_to_i64(str_of(op->children[i]), 0, INT32_MAX, &partition))
			continue;
		e->all = grow_array(e->all, cap, e->valid.n + 1, sizeof(*e->all));
		e->all[e->valid.n++] = (struct election_partition){name, (int32_t)partition};
	}
	return 0;
}

static int choose_partitions(struct by_zookeeper *e, const struct zk_op *topics)
{
	struct zk_batch b;
	size_t cap = 0;
	int r;

	zk_batch_init(&b, e->zk);
	for (int32_t i = 0; i < topics->children_n; i++)
		zk_batch_children(&b, ZK_PATH_TOPICS "/%s/partitions", topics->children[i]);
	r = zk_batch_run(&b);
	if (r)
		r = fail_zk(NULL, r, ZK_PATH_TOPICS);
	for (int32_t i = 0; i < topics->children_n && !r; i++)
		r = add_partitions(e, topics->children[i], b.ops[i], &cap);
	e->valid.v = e->all;
	zk_batch_fini(&b);
	return r;
}

static int choose_all(struct by_zookeeper *e)
{
	struct zk_batch b;
	struct zk_op *op;
	int r;

	zk_batch_init(&b, e->zk);
	op = zk_batch_children(&b, ZK_PATH_TOPICS);
	r = zk_batch_run(&b);
	if (!r)
		r = op->rc;
	if (r == ZK_NO_NODE)
		r = 0;
	r = r ? fail_zk(NULL, r, ZK_PATH_TOPICS) : choose_partitions(e, op);
	zk_batch_fini(&b);
	return r;
}

/* ---- the znode ---- */

static char *encode(const struct election_partitions *p)
{
	struct znode_partitions z = {.refs = xcalloc(p->n + 1, sizeof(*z.refs)), .n = p->n};
	char *text;

	for (size_t i = 0; i < p->n; i++)
		z.refs[i] = (struct zk_partition_ref){
			.topic = str_dup(p->v[i].topic), .partition = p->v[i].partition};
	text = znode_partitions_encode(&z);
	znode_partitions_fini(&z);
	return text;
}

/* Somebody else's election is not over. */
static int fail_exists(struct by_zookeeper *e)
{
	struct znode_partitions z = ZNODE_PARTITIONS_INIT;
	struct election_partitions p = {NULL, 0};
	struct zk_value v = ZK_VALUE_INIT;
	CLEANUP(freep) char *list = NULL, *text = NULL;

	if (zk_get(e->zk, &v, ZK_PATH_PREFERRED) == 0 &&
		znode_partitions_decode(v.data, v.len, &z) == 0)
		p.v = arena_array(e->arena, z.n, sizeof(*p.v));
	for (; p.v && p.n < z.n; p.n++)
		p.v[p.n] = (struct election_partition){
			str_of(z.refs[p.n].topic), z.refs[p.n].partition};
	if (p.n > SCALA_SMALL_SET)
		preferred_election_order(&p);
	list = election_partitions_text(&p, ",");
	text = xasprintf("Preferred replica leader election currently in progress for %s. Aborting "
			 "operation",
		list);
	znode_partitions_fini(&z);
	zk_value_fini(&v);
	return fail(ADMIN_OPERATION, text);
}

static int write_znode(struct by_zookeeper *e, const char *list)
{
	CLEANUP(freep) char *text = encode(&e->valid);
	int r = zk_create_with_parents(e->zk, text, ZK_PATH_PREFERRED);

	if (r == ZK_NODE_EXISTS)
		return fail_exists(e);
	if (r)
		return fail_zk(ADMIN_OPERATION, r, ZK_PATH_PREFERRED);
	printf("Created preferred replica election path with %s\n", list);
	return 0;
}

/* `large`: the partitions came out of a set that Scala shows as a HashSet. */
static int start(struct by_zookeeper *e, bool large)
{
	CLEANUP(freep) char *list = election_partitions_text(&e->valid, ","), *spaced = NULL;

	if (write_znode(e, list))
		return -1;
	spaced = election_partitions_text(&e->valid, ", ");
	printf("Successfully started preferred replica election for partitions %sSet(%s)\n",
		large ? "Hash" : "", spaced);
	for (size_t i = 0; i < e->invalid.n; i++)
		printf("Skipping preferred replica leader election for partition %.*s-%d since it "
		       "doesn't exist.\n",
			STR_ARG(e->invalid.v[i].topic), e->invalid.v[i].partition);
	return 0;
}

static int elect(struct by_zookeeper *e, const struct election_partitions *named)
{
	bool large;

	if (named ? choose_named(e, named) : choose_all(e))
		return -1;
	large = e->valid.n + e->invalid.n > SCALA_SMALL_SET;
	if (large) {
		preferred_election_order(&e->valid);
		preferred_election_order(&e->invalid);
	}
	return start(e, large);
}

int preferred_election_zookeeper(
	const char *connect, const struct election_partitions *partitions, struct arena *arena)
{
	CLEANUP(ensemble_closep) struct ensemble *ensemble = NULL;
	struct by_zookeeper e = {.arena = arena};
	char text[FAILURE_MAX];
	int r = ensemble_open(connect, &ensemble);

	if (r)
		return java_exception(ensemble_failure(r, NULL, text, sizeof(text)), NULL);
	e.zk = ensemble_session(ensemble);
	r = elect(&e, partitions);
	free(e.all);
	return r ? 1 : 0;
}
