/* topic_admin.c - see topic_admin.h. The order of the checks and the messages are those of ZkAdminManager and
 * AdminZkClient of Kafka 3.9, because clients show them. */
#include "controller/topic_admin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "controller/entity_config.h"
#include "controller/replica_assignment.h"
#include "metadata/image.h"
#include "protocol/errors.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

#define LOG_CLASS "kafka.zk.AdminZkClient"
#include "base/logger.h"

#define NAME_MAX_LEN 249
/* More do not fit into the topic's znode (1 MiB); keeps a hostile count from becoming memory. */
#define PARTITIONS_MAX 100000

struct topic_admin {
	struct topic_admin_config config;
};

struct topic_admin *topic_admin_new(const struct topic_admin_config *c)
{
	struct topic_admin *t = xcalloc(1, sizeof(*t));

	t->config = *c;
	return t;
}

struct topic_admin *topic_admin_free(struct topic_admin *t)
{
	free(t);
	return NULL;
}

/* ---- names ---- */

static bool name_chars_ok(struct str name)
{
	for (int32_t i = 0; i < name.len; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
			c == '_' || c == '-'))
			return false;
	}
	return true;
}

int topic_name_check(struct arena *a, struct str name, struct str *ret_message)
{
	if (name.len <= 0)
		*ret_message = STR("Topic name is invalid: the empty string is not allowed");
	else if (str_is(name, ".") || str_is(name, ".."))
		*ret_message = arena_printf(a, "Topic name is invalid: '%.*s' is not allowed", STR_ARG(name));
	else if (name.len > NAME_MAX_LEN)
		*ret_message = arena_printf(a,
		    "Topic name is invalid: the length of '%.*s' is longer than the max allowed length %d",
		    STR_ARG(name), NAME_MAX_LEN);
	else if (!name_chars_ok(name))
		*ret_message = arena_printf(a,
		    "Topic name is invalid: '%.*s' contains one or more characters other than ASCII alphanumerics, "
		    "'.', '_' and '-'",
		    STR_ARG(name));
	else
		return 0;
	return KERR_INVALID_TOPIC_EXCEPTION;
}

bool topic_names_collide(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (int32_t i = 0; i < a.len; i++)
		if ((a.p[i] == '.' ? '_' : a.p[i]) != (b.p[i] == '.' ? '_' : b.p[i]))
			return false;
	return true;
}

/* ---- assignments ---- */

/* `n` lists of replicas; `v` in the arena. */
struct plan {
	struct topic_replicas *v;
	int32_t n;
};

static int by_partition(const void *a, const void *b)
{
	const struct topic_replicas *x = a, *y = b;

	return x->partition < y->partition ? -1 : x->partition > y->partition;
}

/* -1 none, 0 mixed, 1 all */
static int racks_of(const struct assign_broker *b, int32_t n)
{
	int32_t with = 0;

	for (int32_t i = 0; i < n; i++)
		with += b[i].rack != NULL;
	return with == 0 ? -1 : with == n ? 1 : 0;
}

static int plan_automatic(struct arena *a, struct assign_request *q, struct plan *ret, struct str *ret_message)
{
	struct topic_replicas *v;
	int32_t *ids;

	if (q->partitions <= 0) {
		*ret_message = STR("Number of partitions must be larger than 0.");
		return KERR_INVALID_PARTITIONS;
	}
	if (q->replication <= 0) {
		*ret_message = STR("Replication factor must be larger than 0.");
		return KERR_INVALID_REPLICATION_FACTOR;
	}
	if (q->replication > q->brokers_n) {
		*ret_message = arena_printf(a, "Replication factor: %d larger than available brokers: %d.",
		    q->replication, q->brokers_n);
		return KERR_INVALID_REPLICATION_FACTOR;
	}
	if (q->partitions > PARTITIONS_MAX) {
		*ret_message = arena_printf(a, "Number of partitions must not be larger than %d.", PARTITIONS_MAX);
		return KERR_INVALID_PARTITIONS;
	}
	if (racks_of(q->brokers, q->brokers_n) == 0) {
		*ret_message = STR("Not all brokers have rack information for replica rack aware assignment.");
		return FAIL(-EINVAL);
	}
	v = arena_array(a, (size_t)q->partitions, sizeof(*v));
	ids = arena_array(a, (size_t)q->partitions * (size_t)q->replication, sizeof(*ids));
	if (!v || !ids)
		return FAIL(-ENOMEM);
	assign_replicas(q, ids);
	for (int32_t i = 0; i < q->partitions; i++)
		v[i] = (struct topic_replicas){ q->first_partition + i, ids + (ptrdiff_t)i * q->replication, q->replication };
	*ret = (struct plan){ v, q->partitions };
	return 0;
}

static bool has_duplicate(const struct topic_replicas *r)
{
	for (int32_t i = 0; i < r->brokers_n; i++)
		for (int32_t j = 0; j < i; j++)
			if (r->brokers[i] == r->brokers[j])
				return true;
	return false;
}

/* What validateTopicCreate asks of an assignment; `p` is sorted by it. */
static int check_plan(struct plan *p, struct str *ret_message)
{
	for (int32_t i = 0; i < p->n; i++)
		if (p->v[i].brokers_n != p->v[0].brokers_n) {
			*ret_message = STR("All partitions should have the same number of replicas");
			return KERR_INVALID_REPLICA_ASSIGNMENT;
		}
	for (int32_t i = 0; i < p->n; i++)
		if (has_duplicate(&p->v[i])) {
			*ret_message = STR("Duplicate replica assignment found");
			return KERR_INVALID_REPLICA_ASSIGNMENT;
		}
	qsort(p->v, (size_t)p->n, sizeof(*p->v), by_partition);
	for (int32_t i = 0; i < p->n; i++)
		if (p->v[i].partition != i) {
			*ret_message = STR("partitions should be a consecutive 0-based integer sequence");
			return KERR_INVALID_REPLICA_ASSIGNMENT;
		}
	if (p->v[0].brokers_n == 0) { /* Kafka writes such a topic, which nobody can ever lead */
		*ret_message = STR("Replication factor must be larger than 0.");
		return KERR_INVALID_REPLICA_ASSIGNMENT;
	}
	return 0;
}

static int plan_manual(struct arena *a, const struct topic_replicas *v, int32_t n, struct plan *ret)
{
	ret->v = arena_array(a, (size_t)n, sizeof(*ret->v));
	if (!ret->v)
		return FAIL(-ENOMEM);
	memcpy(ret->v, v, (size_t)n * sizeof(*v));
	ret->n = n;
	return 0;
}

/* The brokers of the metadata cache. `image` must outlive the result. */
static int alive_brokers(struct arena *a, const struct image *image, struct assign_request *q)
{
	const struct image_broker *const *brokers;
	struct assign_broker *v;

	q->brokers_n = image_brokers(image, &brokers);
	v = arena_array(a, (size_t)q->brokers_n, sizeof(*v));
	if (!v)
		return FAIL(-ENOMEM);
	for (int32_t i = 0; i < q->brokers_n; i++)
		v[i] = (struct assign_broker){ brokers[i]->id, brokers[i]->rack };
	q->brokers = v;
	return 0;
}

/* ---- creation ---- */

static int check_asked(const struct topic_create *c, struct arena *a, const struct image *image,
    struct str *ret_message)
{
	if (image_topic(image, c->name)) {
		*ret_message = arena_printf(a, "Topic '%.*s' already exists.", STR_ARG(c->name));
		return KERR_TOPIC_ALREADY_EXISTS;
	}
	for (int32_t i = 0; i < c->overrides_n; i++)
		if (c->overrides[i].value.len < 0) {
			*ret_message = arena_printf(a, "Null value not supported for topic configs: %.*s",
			    STR_ARG(c->overrides[i].name));
			return KERR_INVALID_CONFIG;
		}
	if ((c->partitions != -1 || c->replication != -1) && c->assignment_n > 0) {
		*ret_message = STR("Both numPartitions or replicationFactor and replicasAssignments were set. Both "
				   "cannot be used at the same time.");
		return KERR_INVALID_REQUEST;
	}
	return 0;
}

static int make_plan(struct topic_admin *t, struct arena *a, const struct topic_create *c, const struct image *image,
    struct plan *ret, struct str *ret_message)
{
	struct assign_request q = {
		.partitions = c->partitions == -1 ? t->config.default_partitions : c->partitions,
		.replication = c->replication == -1 ? t->config.default_replication : c->replication,
	};
	int r;

	if (c->assignment_n > 0)
		return plan_manual(a, c->assignment, c->assignment_n, ret);
	r = alive_brokers(a, image, &q);
	if (r < 0)
		return r;
	if (q.brokers_n > 0) {
		q.start = (int32_t)random_below((uint64_t)q.brokers_n);
		q.shift = (int32_t)random_below((uint64_t)q.brokers_n);
	}
	return plan_automatic(a, &q, ret, ret_message);
}

static int check_collisions(struct topic_admin *t, struct arena *a, struct str name, struct str *ret_message)
{
	char **names;
	size_t n;
	int r;

	if (!memchr(name.p, '.', (size_t)name.len) && !memchr(name.p, '_', (size_t)name.len))
		return 0;
	r = zk_children(t->config.zk, &names, &n, ZK_PATH_TOPICS);
	if (r != 0)
		return r == ZK_NO_NODE ? 0 : r > 0 ? FAIL(-EPROTO) : FAIL(r);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (str_is(name, names[i])) {
			*ret_message = arena_printf(a, "Topic '%s' already exists.", names[i]);
			r = KERR_TOPIC_ALREADY_EXISTS;
		} else if (topic_names_collide(name, str_of(names[i]))) {
			*ret_message = arena_printf(a, "Topic '%.*s' collides with existing topics: %s", STR_ARG(name),
			    names[i]);
			r = KERR_INVALID_TOPIC_EXCEPTION;
		}
	}
	zk_names_free(names, n);
	return r;
}

/* Against ZooKeeper: the name is free. */
static int check_free(struct topic_admin *t, struct arena *a, struct str name, struct str *ret_message)
{
	struct zk_batch b;
	struct zk_op *deleting, *existing;
	int r;

	zk_batch_init(&b, t->config.zk);
	deleting = zk_batch_exists(&b, "/admin/delete_topics/%.*s", STR_ARG(name));
	existing = zk_batch_exists(&b, "/brokers/topics/%.*s", STR_ARG(name));
	r = zk_batch_run(&b);
	if (r == 0 && deleting->rc == 0) {
		*ret_message = arena_printf(a, "Topic '%.*s' is marked for deletion.", STR_ARG(name));
		r = KERR_TOPIC_ALREADY_EXISTS;
	} else if (r == 0 && existing->rc == 0) {
		*ret_message = arena_printf(a, "Topic '%.*s' already exists.", STR_ARG(name));
		r = KERR_TOPIC_ALREADY_EXISTS;
	}
	zk_batch_fini(&b);
	return r < 0 ? FAIL(r) : r != 0 ? r : check_collisions(t, a, name, ret_message);
}

static void plan_to_znode(const struct plan *p, struct znode_topic *t)
{
	t->partitions = xrealloc(t->partitions, (t->partitions_n + (size_t)p->n + 1) * sizeof(*t->partitions));
	for (int32_t i = 0; i < p->n; i++)
		t->partitions[t->partitions_n++] = (struct znode_assignment){
			.partition = p->v[i].partition,
			.replicas = int_list_of(p->v[i].brokers, (size_t)p->v[i].brokers_n),
		};
}

static int write_config(struct topic_admin *t, const char *name, const struct topic_create *c)
{
	struct znode_config config = ZNODE_CONFIG_INIT;
	int r;

	for (int32_t i = 0; i < c->overrides_n; i++) {
		char *key = str_dup(c->overrides[i].name), *value = str_dup(c->overrides[i].value);

		znode_config_put(&config, key ? key : "", value);
		free(key);
		free(value);
	}
	r = entity_config_write(t->config.zk, "topics", name, &config, false);
	znode_config_fini(&config);
	return r;
}

/* The configuration first: a broker reads it as soon as it hears of the topic. Not atomic, as in Kafka. */
static int write_topic(struct topic_admin *t, const char *name, const struct topic_create *c, const struct plan *p,
    struct uuid id)
{
	struct znode_topic topic = ZNODE_TOPIC_INIT;
	char *text;
	int r = write_config(t, name, c);

	if (r != 0)
		return r;
	topic.id = id;
	plan_to_znode(p, &topic);
	text = znode_topic_encode(&topic);
	znode_topic_fini(&topic);
	r = zk_create_with_parents(t->config.zk, text, ZK_PATH_TOPIC, name);
	if (r == 0)
		log_info("Creating topic %s with %d partitions and initial partition assignment %s", name, p->n, text);
	free(text);
	if (r == ZK_NODE_EXISTS)
		return KERR_TOPIC_ALREADY_EXISTS;
	if (r == ZK_BAD_ARGUMENTS)
		return KERR_INVALID_PARTITIONS;
	return r > 0 ? FAIL(-EPROTO) : r < 0 ? FAIL(r) : 0;
}

static int create(struct topic_admin *t, struct arena *a, struct topic_create *c, const struct image *image,
    bool validate_only, struct str *ret_message)
{
	struct plan plan = { .v = NULL };
	char *name;
	int r = check_asked(c, a, image, ret_message);

	if (r == 0)
		r = make_plan(t, a, c, image, &plan, ret_message);
	if (r == 0)
		r = topic_name_check(a, c->name, ret_message);
	if (r == 0)
		r = check_free(t, a, c->name, ret_message);
	if (r == 0)
		r = check_plan(&plan, ret_message);
	if (r == 0)
		r = t->config.validate_overrides(t->config.arg, a, c->overrides, c->overrides_n, ret_message);
	if (r != 0)
		return r;
	c->made_partitions = plan.n;
	c->made_replication = (int16_t)plan.v[0].brokers_n;
	c->id = UUID_ZERO;
	if (validate_only)
		return 0;
	if (t->config.topic_ids)
		c->id = uuid_random();
	name = str_dup(c->name);
	r = write_topic(t, name, c, &plan, c->id);
	if (r == KERR_TOPIC_ALREADY_EXISTS)
		*ret_message = arena_printf(a, "Topic '%s' already exists.", name);
	else if (r == KERR_INVALID_PARTITIONS)
		*ret_message = STR("The topic does not fit into ZooKeeper: too many partitions or configurations.");
	free(name);
	return r;
}

int topic_admin_create(struct topic_admin *t, struct arena *a, struct topic_create *c, bool validate_only,
    struct str *ret_message)
{
	struct image *image = metadata_image(t->config.metadata);
	int r = create(t, a, c, image, validate_only, ret_message);

	image_unref(image);
	return r < 0 ? FAIL(r) : r;
}

/* ---- deletion ---- */

int topic_admin_delete(struct topic_admin *t, struct arena *a, struct str name, struct str *ret_message)
{
	char *topic;
	int r;

	if (!t->config.delete_topics) {
		*ret_message = STR("Topic deletion is disabled.");
		return KERR_TOPIC_DELETION_DISABLED;
	}
	r = topic_name_check(a, name, ret_message); /* never a path made of somebody's slashes */
	if (r == 0) {
		topic = str_dup(name);
		r = zk_exists(t->config.zk, NULL, ZK_PATH_TOPIC, topic);
		if (r == 0)
			r = zk_create_with_parents(t->config.zk, NULL, ZK_PATH_DELETE_TOPIC, topic);
		if (r == ZK_NODE_EXISTS) /* being deleted already: whoever asks may wait for it too */
			r = 0;
		free(topic);
		if (r != ZK_NO_NODE)
			return r > 0 ? FAIL(-EPROTO) : r < 0 ? FAIL(r) : 0;
	}
	*ret_message = STR_NULL;
	return KERR_UNKNOWN_TOPIC_OR_PARTITION;
}

/* ---- more partitions ---- */

static int by_id(const void *a, const void *b)
{
	const struct assign_broker *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* The brokers registered in ZooKeeper, by id; racks in the arena. */
static int registered_brokers(struct topic_admin *t, struct arena *a, struct assign_request *q)
{
	struct assign_broker *v = NULL;
	struct zk_batch b;
	char **names;
	size_t n;
	int r = zk_children(t->config.zk, &names, &n, ZK_PATH_BROKER_IDS);

	if (r != 0)
		return r > 0 ? FAIL(-EPROTO) : FAIL(r);
	zk_batch_init(&b, t->config.zk);
	for (size_t i = 0; i < n; i++)
		zk_batch_get(&b, ZK_PATH_BROKER_IDS "/%s", names[i]);
	r = zk_batch_run(&b);
	v = arena_array(a, n, sizeof(*v));
	if (r == 0 && !v)
		r = -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++) {
		struct znode_broker info;
		int64_t id;

		if (b.ops[i]->rc != 0 || !str_to_i64(str_of(names[i]), 0, INT32_MAX, &id) ||
		    znode_broker_decode(b.ops[i]->data, b.ops[i]->data_len, &info) != 0)
			continue; /* it left meanwhile, or is none */
		v[q->brokers_n].id = (int32_t)id;
		v[q->brokers_n++].rack = info.rack ? arena_strdup(a, str_of(info.rack)) : NULL;
		znode_broker_fini(&info);
	}
	zk_batch_fini(&b);
	zk_names_free(names, n);
	if (r == 0 && v)
		qsort(v, (size_t)q->brokers_n, sizeof(*v), by_id);
	q->brokers = v;
	return r < 0 ? FAIL(r) : 0;
}

static bool is_broker(const struct assign_request *q, int32_t id)
{
	for (int32_t i = 0; i < q->brokers_n; i++)
		if (q->brokers[i].id == id)
			return true;
	return false;
}

static int check_growth(struct arena *a, const struct topic_grow *g, const struct znode_topic *topic,
    struct str *ret_message)
{
	int32_t have = (int32_t)topic->partitions_n;

	for (size_t i = 0; i < topic->partitions_n; i++)
		if (topic->partitions[i].adding.n > 0 || topic->partitions[i].removing.n > 0) {
			*ret_message = arena_printf(a, "A partition reassignment is in progress for the topic '%.*s'.",
			    STR_ARG(g->name));
			return KERR_REASSIGNMENT_IN_PROGRESS;
		}
	if (have == 0 || topic->partitions[0].partition != 0 || topic->partitions[0].replicas.n == 0) {
		*ret_message = arena_printf(a, "The topic '%.*s' does not exist.", STR_ARG(g->name));
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	}
	if (g->count < have) {
		*ret_message = arena_printf(a,
		    "Topic currently has %d partitions, which is higher than the requested %d.", have, g->count);
		return KERR_INVALID_PARTITIONS;
	}
	if (g->count == have) {
		*ret_message = arena_printf(a, "Topic already has %d partitions.", have);
		return KERR_INVALID_PARTITIONS;
	}
	return 0;
}

/* One replica list given for a new partition. */
static int check_given(struct arena *a, const struct topic_replicas *v, const struct assign_request *q,
    struct str *ret_message)
{
	if (v->brokers_n <= 0) {
		*ret_message = arena_printf(a, "Cannot have replication factor of 0 for partition id %d.", v->partition);
		return KERR_INVALID_REPLICA_ASSIGNMENT;
	}
	if (has_duplicate(v)) {
		*ret_message = arena_printf(a, "Duplicate brokers not allowed in replica assignment for partition id %d.",
		    v->partition);
		return KERR_INVALID_REPLICA_ASSIGNMENT;
	}
	if (v->brokers_n != q->replication) {
		*ret_message = arena_printf(a,
		    "Inconsistent replication factor between partitions, partition 0 has %d while partitions [%d] have "
		    "replication factors [%d], respectively.",
		    q->replication, v->partition, v->brokers_n);
		return KERR_INVALID_REPLICA_ASSIGNMENT;
	}
	return 0;
}

static int plan_given(struct arena *a, const struct topic_grow *g, const struct assign_request *q, struct plan *ret,
    struct str *ret_message)
{
	int r;

	for (int32_t i = 0; i < g->assignment_n; i++)
		for (int32_t j = 0; j < g->assignment[i].brokers_n; j++)
			if (!is_broker(q, g->assignment[i].brokers[j])) {
				*ret_message = arena_printf(a, "Unknown broker(s) in replica assignment: %d.",
				    g->assignment[i].brokers[j]);
				return KERR_INVALID_REPLICA_ASSIGNMENT;
			}
	if (g->assignment_n != q->partitions) {
		*ret_message = arena_printf(a,
		    "Increasing the number of partitions by %d but %d assignments provided.", q->partitions,
		    g->assignment_n);
		return KERR_INVALID_REPLICA_ASSIGNMENT;
	}
	r = plan_manual(a, g->assignment, g->assignment_n, ret);
	for (int32_t i = 0; i < g->assignment_n && r == 0; i++) {
		ret->v[i].partition = q->first_partition + i;
		r = check_given(a, &ret->v[i], q, ret_message);
	}
	return r;
}

static int plan_growth(struct topic_admin *t, struct arena *a, const struct topic_grow *g,
    const struct znode_topic *topic, struct plan *ret, struct str *ret_message)
{
	const struct int_list *first = &topic->partitions[0].replicas;
	struct assign_request q = {
		.replication = (int32_t)first->n,
		.first_partition = (int32_t)topic->partitions_n,
		.partitions = g->count - (int32_t)topic->partitions_n,
	};
	int r = registered_brokers(t, a, &q);

	if (r < 0)
		return FAIL(r);
	if (racks_of(q.brokers, q.brokers_n) == 0) {
		*ret_message = STR("Not all brokers have rack information. Add --disable-rack-aware in command line to "
				   "make replica assignment without rack information.");
		return FAIL(-EINVAL);
	}
	if (g->assignment)
		return plan_given(a, g, &q, ret, ret_message);
	while (q.start < q.brokers_n && q.brokers[q.start].id < first->v[0])
		q.start++;
	if (q.start == q.brokers_n)
		q.start = 0;
	q.shift = q.start;
	return plan_automatic(a, &q, ret, ret_message);
}

/* The topic's znode; KERR_UNKNOWN_TOPIC_OR_PARTITION, KERR_INVALID_TOPIC_EXCEPTION when it is being deleted. */
static int read_topic(struct topic_admin *t, struct arena *a, const char *name, struct znode_topic *ret,
    struct str *ret_message)
{
	struct zk_batch b;
	struct zk_op *topic, *deleting;
	int r;

	zk_batch_init(&b, t->config.zk);
	topic = zk_batch_get(&b, ZK_PATH_TOPIC, name);
	deleting = zk_batch_exists(&b, ZK_PATH_DELETE_TOPIC, name);
	r = zk_batch_run(&b);
	if (r == 0 && topic->rc != 0) {
		*ret_message = arena_printf(a, "The topic '%s' does not exist.", name);
		r = KERR_UNKNOWN_TOPIC_OR_PARTITION;
	} else if (r == 0 && deleting->rc == 0) {
		*ret_message = STR("The topic is queued for deletion.");
		r = KERR_INVALID_TOPIC_EXCEPTION;
	} else if (r == 0) {
		r = znode_topic_decode(topic->data, topic->data_len, ret);
	}
	zk_batch_fini(&b);
	return r;
}

static int write_growth(struct topic_admin *t, const char *name, struct znode_topic *topic, const struct plan *p)
{
	char *text;
	int r;

	plan_to_znode(p, topic);
	text = znode_topic_encode(topic);
	log_info("Creating %d partitions for '%s' with the following replica assignment: %s.", p->n, name, text);
	r = zk_set(t->config.zk, text, ZK_ANY_VERSION, NULL, ZK_PATH_TOPIC, name);
	free(text);
	if (r == ZK_NO_NODE)
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	if (r == ZK_BAD_ARGUMENTS)
		return KERR_INVALID_PARTITIONS;
	return r > 0 ? FAIL(-EPROTO) : r < 0 ? FAIL(r) : 0;
}

int topic_admin_grow(struct topic_admin *t, struct arena *a, const struct topic_grow *g, bool validate_only,
    struct str *ret_message)
{
	struct znode_topic topic = ZNODE_TOPIC_INIT;
	struct plan plan = { .v = NULL };
	char *name;
	int r;

	if (topic_name_check(a, g->name, ret_message) != 0) {
		*ret_message = arena_printf(a, "The topic '%.*s' does not exist.", STR_ARG(g->name));
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	}
	name = str_dup(g->name);
	r = read_topic(t, a, name, &topic, ret_message);
	if (r == 0)
		r = check_growth(a, g, &topic, ret_message);
	if (r == 0)
		r = plan_growth(t, a, g, &topic, &plan, ret_message);
	if (r == 0 && !validate_only)
		r = write_growth(t, name, &topic, &plan);
	znode_topic_fini(&topic);
	free(name);
	return r < 0 ? FAIL(r) : r;
}
