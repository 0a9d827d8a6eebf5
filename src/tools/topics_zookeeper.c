/* topics_zookeeper.c - kafka-topics.sh --zookeeper: topics made, changed, listed and deleted in ZooKeeper itself.
 * --describe is in topics_zookeeper_describe.c.
 *
 * Kafka 3.0 has dropped this; guides and scripts of 2.x still have it. Words, checks and znodes are those of 2.8
 * (TopicCommand.scala, AdminZkClient.scala): a topic is made without an id, which the controller gives it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/str.h"
#include "controller/entity_config.h"
#include "controller/replica_assignment.h"
#include "controller/topic_admin.h"
#include "protocol/errors.h"
#include "tools/ensemble.h"
#include "tools/java_regex.h"
#include "tools/topic_settings.h"
#include "tools/topics_priv.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

#define PARTITIONS_MAX 100000 /* more do not fit into a znode */

/* The registered brokers, by id. */
struct brokers {
	struct assign_broker *v;
	int32_t n;
};

int topics_zk_fail(struct topics *t, int r, const char *path, ...)
{
	char *p, text[512];
	va_list ap;

	va_start(ap, path);
	p = xvasprintf(path, ap);
	va_end(ap);
	(void)topics_fail(t, 0, "%s", ensemble_message(r, p, text, sizeof(text)));
	free(p);
	return -1;
}

static bool is_internal(const char *name)
{
	return strcmp(name, "__consumer_offsets") == 0 || strcmp(name, "__transaction_state") == 0;
}

/* ---- choosing topics ---- */

int topics_zk_select(struct topics *t, char ***ret, size_t *ret_n)
{
	CLEANUP(java_regex_freep) struct java_regex *filter = NULL;
	bool internal = !options_has(t->options, TOPICS_EXCLUDE_INTERNAL);
	char **names = NULL;
	size_t n = 0, kept = 0;
	int r;

	if (topics_filter(t, &filter))
		return -1;
	r = zk_children(t->zk, &names, &n, ZK_PATH_TOPICS);
	if (r && r != ZK_NO_NODE)
		return topics_zk_fail(t, r, ZK_PATH_TOPICS);
	for (size_t i = 0; i < n; i++) {
		if ((is_internal(names[i]) && !internal) ||
			(filter && !java_regex_matches(filter, names[i], strlen(names[i]))))
			free(names[i]);
		else
			names[kept++] = names[i];
	}
	*ret = names;
	*ret_n = kept;
	return 0;
}

int topics_zk_must_exist(struct topics *t, size_t found)
{
	const char *name = NULL;

	if (topics_fail_option(t, options_text(t->options, TOPICS_TOPIC, &name)))
		return -1;
	if (found || !name || options_has(t->options, TOPICS_IF_EXISTS))
		return 0;
	return topics_fail(t, 0, "Topic '%s' does not exist as expected", name);
}

/* ---- brokers ---- */

static int by_id(const void *a, const void *b)
{
	const struct assign_broker *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Some with a rack and some without are an error when racks are to be regarded. */
static int check_racks(struct topics *t, const struct brokers *b)
{
	int32_t with = 0;

	for (int32_t i = 0; i < b->n; i++)
		with += b->v[i].rack != NULL;
	if (with == 0 || with == b->n)
		return 0;
	return topics_fail(t, 0,
		"Not all brokers have rack information. Add --disable-rack-aware in command line "
		"to make replica assignment without rack information.");
}

static void add_broker(struct topics *t, struct brokers *b, const char *name,
	const struct zk_op *op, bool racks)
{
	struct znode_broker info;
	int64_t id;

	/* It may have left meanwhile. */
	if (op->rc != 0 || !str_to_i64(str_of(name), 0, INT32_MAX, &id) ||
		znode_broker_decode(op->data, op->data_len, &info) != 0)
		return;
	b->v[b->n++] = (struct assign_broker){.id = (int32_t)id,
		.rack = info.rack && racks ? arena_strdup(&t->arena, str_of(info.rack)) : NULL};
	znode_broker_fini(&info);
}

static int read_brokers(struct topics *t, bool racks, struct brokers *ret)
{
	struct zk_batch b;
	char **names = NULL;
	size_t n = 0;
	int r = zk_children(t->zk, &names, &n, ZK_PATH_BROKER_IDS);

	if (r && r != ZK_NO_NODE)
		return topics_zk_fail(t, r, ZK_PATH_BROKER_IDS);
	zk_batch_init(&b, t->zk);
	for (size_t i = 0; i < n; i++)
		zk_batch_get(&b, ZK_PATH_BROKER_IDS "/%s", names[i]);
	r = zk_batch_run(&b);
	*ret = (struct brokers){arena_array(&t->arena, n, sizeof(*ret->v)), 0};
	for (size_t i = 0; i < n && !r; i++)
		add_broker(t, ret, names[i], b.ops[i], racks);
	zk_batch_fini(&b);
	zk_names_free(names, n);
	if (r)
		return topics_zk_fail(t, r, ZK_PATH_BROKER_IDS);
	qsort(ret->v, (size_t)ret->n, sizeof(*ret->v), by_id);
	return check_racks(t, ret);
}

/* ---- replicas ---- */

/* Lets Kafka's rules choose; the partitions are added to `to`. */
static int assign(struct topics *t, const struct assign_request *q, struct znode_topic *to)
{
	size_t n = (size_t)q->partitions;
	int32_t *ids;

	if (q->partitions <= 0)
		return topics_fail(t, KERR_INVALID_PARTITIONS,
			"Number of partitions must be larger than 0.");
	if (q->replication <= 0)
		return topics_fail(t, KERR_INVALID_REPLICATION_FACTOR,
			"Replication factor must be larger than 0.");
	if (q->replication > q->brokers_n)
		return topics_fail(t, KERR_INVALID_REPLICATION_FACTOR,
			"Replication factor: %d larger than available brokers: %d.", q->replication,
			q->brokers_n);
	if (q->partitions > PARTITIONS_MAX)
		return topics_fail(t, KERR_INVALID_PARTITIONS,
			"Number of partitions must not be larger than %d.", PARTITIONS_MAX);
	ids = arena_array(&t->arena, n * (size_t)q->replication, sizeof(*ids));
	if (!ids)
		return topics_fail(t, 0, "%s", strerror(ENOMEM));
	assign_replicas(q, ids);
	to->partitions = xrealloc(to->partitions, (to->partitions_n + n) * sizeof(*to->partitions));
	for (int32_t i = 0; i < q->partitions; i++)
		to->partitions[to->partitions_n++] = (struct znode_assignment){
			.partition = q->first_partition + i,
			.replicas = int_list_of(ids + (ptrdiff_t)i * q->replication,
				(size_t)q->replication),
		};
	return 0;
}

/* The lists of --replica-assignment from `first` on. */
static void assign_given(
	const struct replica_list *lists, int32_t first, int32_t n, struct znode_topic *to)
{
	to->partitions = xrealloc(
		to->partitions, (to->partitions_n + (size_t)(n - first)) * sizeof(*to->partitions));
	for (int32_t i = first; i < n; i++)
		to->partitions[to->partitions_n++] = (struct znode_assignment){
			.partition = i,
			.replicas = int_list_of(lists[i].ids, (size_t)lists[i].n),
		};
}

/* ---- creating ---- */

static int make_assignment(struct topics *t, struct znode_topic *to)
{
	int64_t partitions = 0, factor = 0;
	struct replica_list *lists;
	struct brokers b;
	int32_t n;

	if (topics_fail_option(t, options_number(t->options, TOPICS_PARTITIONS, &partitions)) ||
		topics_fail_option(
			t, options_number(t->options, TOPICS_REPLICATION_FACTOR, &factor)) ||
		topics_assignment(t, &lists, &n))
		return -1;
	if (n > 0) {
		assign_given(lists, 0, n, to);
		return 0;
	}
	if (read_brokers(t, !options_has(t->options, TOPICS_DISABLE_RACK_AWARE), &b))
		return -1;
	return assign(t,
		&(struct assign_request){
			.brokers = b.v,
			.brokers_n = b.n,
			.replication = (int32_t)factor,
			.partitions = (int32_t)partitions,
			.start = b.n > 0 ? (int32_t)random_below((uint64_t)b.n) : 0,
			.shift = b.n > 0 ? (int32_t)random_below((uint64_t)b.n) : 0,
		},
		to);
}

/* Names that differ only in '.' and '_' would share their metrics. */
static int check_collisions(struct topics *t, const char *name)
{
	char **names = NULL;
	size_t n = 0;
	int r;

	if (!strpbrk(name, "._"))
		return 0;
	r = zk_children(t->zk, &names, &n, ZK_PATH_TOPICS);
	if (r)
		return r == ZK_NO_NODE ? 0 : topics_zk_fail(t, r, ZK_PATH_TOPICS);
	for (size_t i = 0; i < n && !r; i++)
		if (topic_names_collide(str_of(name), str_of(names[i])))
			r = topics_fail(t, KERR_INVALID_TOPIC_EXCEPTION,
				"Topic '%s' collides with existing topics: %s", name, names[i]);
	zk_names_free(names, n);
	return r;
}

static int fail_exists(struct topics *t, const char *name)
{
	return topics_fail(t, KERR_TOPIC_ALREADY_EXISTS, "Topic '%s' already exists.", name);
}

static int check_free(struct topics *t, const char *name)
{
	struct str why;
	int r = topic_name_check(&t->arena, str_of(name), &why);

	if (r)
		return topics_fail(t, r, "%.*s", STR_ARG(why));
	r = zk_exists(t->zk, NULL, ZK_PATH_TOPIC, name);
	if (!r)
		return fail_exists(t, name);
	if (r != ZK_NO_NODE)
		return topics_zk_fail(t, r, ZK_PATH_TOPIC, name);
	return check_collisions(t, name);
}

static int write_config(
	struct topics *t, const char *name, const struct znode_config *config, bool notify)
{
	int r = entity_config_write_plain(t->zk, "topics", name, config, notify);

	if (r == -ENOENT)
		return topics_fail(t, 0,
			"The path behind the servers of --zookeeper does not exist in ZooKeeper");
	return r ? topics_zk_fail(t, r, ZK_PATH_CONFIG_TOPICS "/%s", name) : 0;
}

/* The configuration first: brokers read it as soon as they hear of the topic. */
static int write_topic(struct topics *t, const char *name, const struct properties *configs,
	const struct znode_topic *topic)
{
	struct znode_config config = ZNODE_CONFIG_INIT;
	char *text;
	int r;

	for (size_t i = 0; i < configs->n; i++)
		znode_config_put(&config, configs->v[i].key, configs->v[i].value);
	r = write_config(t, name, &config, false);
	znode_config_fini(&config);
	if (r)
		return r;
	text = znode_topic_encode(topic);
	r = zk_create_with_parents(t->zk, text, ZK_PATH_TOPIC, name);
	free(text);
	if (r == ZK_NODE_EXISTS)
		return fail_exists(t, name);
	return r ? topics_zk_fail(t, r, ZK_PATH_TOPIC, name) : 0;
}

static int create_with(struct topics *t, const char *name, const struct properties *configs)
{
	struct znode_topic topic = ZNODE_TOPIC_INIT;
	int r;

	if (strpbrk(name, "._"))
		puts(TOPICS_COLLISION_WARNING);
	r = make_assignment(t, &topic);
	if (!r)
		r = check_free(t, name);
	if (!r)
		r = write_topic(t, name, configs, &topic);
	znode_topic_fini(&topic);
	if (r && t->code == KERR_TOPIC_ALREADY_EXISTS &&
		options_has(t->options, TOPICS_IF_NOT_EXISTS))
		return 0;
	if (!r)
		printf("Created topic %s.\n", name);
	return r;
}

static int create(struct topics *t)
{
	struct properties configs = PROPERTIES_INIT;
	const char *name;
	int r;

	if (topics_fail_option(t, options_text(t->options, TOPICS_TOPIC, &name)))
		return -1;
	r = topics_configs(t, &configs);
	if (!r)
		r = create_with(t, name, &configs);
	properties_fini(&configs);
	return r;
}

/* ---- listing ---- */

static bool has_name(char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static int list(struct topics *t)
{
	char **names, **marked = NULL;
	size_t n, marked_n = 0;
	int r;

	if (topics_zk_select(t, &names, &n))
		return -1;
	r = zk_children(t->zk, &marked, &marked_n, ZK_PATH_DELETE_TOPICS);
	if (r && r != ZK_NO_NODE) {
		zk_names_free(names, n);
		return topics_zk_fail(t, r, ZK_PATH_DELETE_TOPICS);
	}
	for (size_t i = 0; i < n; i++)
		printf("%s%s\n", names[i],
			has_name(marked, marked_n, names[i]) ? " - marked for deletion" : "");
	zk_names_free(marked, marked_n);
	zk_names_free(names, n);
	return 0;
}

/* ---- changing ---- */

/* The words of --delete-config must be names of settings. */
static int read_removed(struct topics *t, struct properties *ret)
{
	char why[TOPIC_SETTINGS_WHY_MAX];
	size_t n;
	const char *const *args = options_all(t->options, TOPICS_DELETE_CONFIG, &n);
	int r;

	for (size_t i = 0; i < n; i++) {
		CLEANUP(freep) char *name = str_dup(topics_trimmed(args[i], strlen(args[i])));

		properties_set(ret, name, "", 0);
	}
	r = topic_settings_check_names(ret, why);
	return r ? topics_fail(t, r, "%s", why) : 0;
}

static int check_whole(struct topics *t, const struct znode_config *config)
{
	struct properties p = PROPERTIES_INIT;
	char why[TOPIC_SETTINGS_WHY_MAX];
	int r;

	for (size_t i = 0; i < config->n; i++)
		properties_set(&p, config->pairs[i].name, config->pairs[i].value, 0);
	r = topic_settings_check(&p, why);
	properties_fini(&p);
	return r ? topics_fail(t, r == KERR_INVALID_CONFIG ? r : 0, "%s", why) : 0;
}

static int alter_configs(struct topics *t, const char *name, const struct properties *add,
	const struct properties *removed)
{
	struct znode_config config = ZNODE_CONFIG_INIT;
	int r;

	puts("WARNING: Altering topic configuration from this script has been deprecated and may "
	     "be removed in future releases.\n"
	     "         Going forward, please use kafka-configs.sh for this functionality");
	r = entity_config_read(t->zk, "topics", name, &config);
	if (r)
		return topics_zk_fail(t, r, ZK_PATH_CONFIG_TOPICS "/%s", name);
	for (size_t i = 0; i < add->n; i++)
		znode_config_put(&config, add->v[i].key, add->v[i].value);
	for (size_t i = 0; i < removed->n; i++)
		(void)znode_config_remove(&config, removed->v[i].key);
	r = check_whole(t, &config);
	if (!r)
		r = write_config(t, name, &config, true);
	znode_config_fini(&config);
	if (!r)
		printf("Updated config for topic %s.\n", name);
	return r;
}

/* "1, 2": in the arena. */
static const char *ids_text(struct topics *t, const int32_t *ids, int32_t n)
{
	size_t size = (size_t)n * 13 + 1, at = 0;
	char *text = arena_alloc(&t->arena, size);

	if (!text)
		return "";
	for (int32_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%d", i ? ", " : "", ids[i]);
	return text;
}

static bool is_broker(const struct brokers *b, int32_t id)
{
	struct assign_broker key = {.id = id};

	return b->n > 0 && bsearch(&key, b->v, (size_t)b->n, sizeof(key), by_id);
}

static int check_brokers(
	struct topics *t, const struct brokers *b, const struct replica_list *l, int32_t partition)
{
	int32_t *ids = arena_array(&t->arena, (size_t)b->n, sizeof(*ids));

	for (int32_t i = 0; ids && i < b->n; i++)
		ids[i] = b->v[i].id;
	for (int32_t i = 0; i < l->n; i++)
		if (!is_broker(b, l->ids[i]))
			return topics_fail(t, KERR_BROKER_NOT_AVAILABLE,
				"Some brokers specified for partition id %d are not available. "
				"Specified brokers: %s, available brokers: %s.",
				partition, ids_text(t, l->ids, l->n),
				ids_text(t, ids, ids ? b->n : 0));
	return 0;
}

/* The lists from `have` on must be as long as those there are. */
static int check_lengths(struct topics *t, const struct replica_list *lists, int32_t have,
	int32_t n, int32_t factor)
{
	int32_t *partitions = arena_array(&t->arena, (size_t)n, sizeof(*partitions));
	int32_t *lengths = arena_array(&t->arena, (size_t)n, sizeof(*lengths));
	int32_t bad = 0;

	if (!partitions || !lengths)
		return topics_fail(t, 0, "%s", strerror(ENOMEM));
	for (int32_t i = have; i < n; i++) {
		if (lists[i].n == factor)
			continue;
		partitions[bad] = i;
		lengths[bad++] = lists[i].n;
	}
	if (bad == 0)
		return 0;
	return topics_fail(t, KERR_INVALID_REPLICA_ASSIGNMENT,
		"Inconsistent replication factor between partitions, partition 0 has %d while "
		"partitions [%s] have replication factors [%s], respectively.",
		factor, ids_text(t, partitions, bad), ids_text(t, lengths, bad));
}

static int grow_given(struct topics *t, struct znode_topic *topic, const struct brokers *b,
	const struct replica_list *lists, int32_t n)
{
	int32_t have = (int32_t)topic->partitions_n;

	for (int32_t i = have; i < n; i++)
		if (check_brokers(t, b, &lists[i], i))
			return -1;
	if (check_lengths(t, lists, have, n, (int32_t)topic->partitions[0].replicas.n))
		return -1;
	assign_given(lists, have, n, topic);
	return 0;
}

static int grow_chosen(
	struct topics *t, struct znode_topic *topic, const struct brokers *b, int32_t more)
{
	const struct int_list *first = &topic->partitions[0].replicas;
	int32_t start = 0;

	while (start < b->n && first->n > 0 && b->v[start].id < first->v[0])
		start++;
	if (start == b->n)
		start = 0;
	return assign(t,
		&(struct assign_request){
			.brokers = b->v,
			.brokers_n = b->n,
			.replication = (int32_t)first->n,
			.first_partition = (int32_t)topic->partitions_n,
			.partitions = more,
			.start = start,
			.shift = start,
		},
		topic);
}

/* Adds partitions to what was read. */
static int grow(struct topics *t, const char *name, struct znode_topic *topic, int64_t count)
{
	struct replica_list *lists;
	struct brokers b;
	int32_t n;

	if (topic->partitions_n == 0)
		return topics_fail(t, KERR_INVALID_TOPIC_EXCEPTION, "The topic %s does not "
			"exist", name);
	if (topics_assignment(t, &lists, &n) || read_brokers(t, true, &b))
		return -1;
	if (topic->partitions[0].partition != 0)
		return topics_fail(t, 0,
			"Unexpected existing replica assignment for topic '%s', partition id 0 is "
			"missing.",
			name);
	if (count <= (int64_t)topic->partitions_n)
		return topics_fail(t, KERR_INVALID_PARTITIONS,
			"The number of partitions for a topic can only be increased. Topic %s "
			"currently has %zu partitions, %lld would not be an increase.",
			name, topic->partitions_n, (long long)count);
	if (n > (int32_t)topic->partitions_n)
		return grow_given(t, topic, &b, lists, n);
	return grow_chosen(t, topic, &b, (int32_t)(count - (int64_t)topic->partitions_n));
}

static int alter_partitions(struct topics *t, const char *name)
{
	struct znode_topic topic = ZNODE_TOPIC_INIT;
	struct zk_value v = ZK_VALUE_INIT;
	int64_t count = 1;
	char *text;
	int r;

	if (is_internal(name))
		return topics_fail(t, 0,
			"The number of partitions for the internal topic %s cannot be "
			"changed.", name);
	if (topics_fail_option(t, options_number(t->options, TOPICS_PARTITIONS, &count)))
		return -1;
	puts("WARNING: If partitions are increased for a topic that has a key, the partition "
	     "logic or ordering of the messages will be affected");
	r = zk_get(t->zk, &v, ZK_PATH_TOPIC, name);
	if (!r)
		r = znode_topic_decode(v.data, v.len, &topic);
	zk_value_fini(&v);
	if (r)
		return topics_zk_fail(t, r, ZK_PATH_TOPIC, name);
	r = grow(t, name, &topic, count);
	if (!r) {
		text = znode_topic_encode(&topic);
		r = zk_set(t->zk, text, ZK_ANY_VERSION, NULL, ZK_PATH_TOPIC, name);
		free(text);
		if (r)
			r = topics_zk_fail(t, r, ZK_PATH_TOPIC, name);
	}
	znode_topic_fini(&topic);
	if (!r)
		puts("Adding partitions succeeded!");
	return r;
}

static int alter_each(struct topics *t, char *const *names, size_t n, const struct properties *add,
	const struct properties *removed)
{
	bool configs = options_has(t->options, TOPICS_CONFIG) ||
		       options_has(t->options, TOPICS_DELETE_CONFIG);

	for (size_t i = 0; i < n; i++) {
		if (configs && alter_configs(t, names[i], add, removed))
			return -1;
		if (options_has(t->options, TOPICS_PARTITIONS) && alter_partitions(t, names[i]))
			return -1;
	}
	return 0;
}

static int alter(struct topics *t)
{
	struct properties add = PROPERTIES_INIT, removed = PROPERTIES_INIT;
	char **names;
	size_t n;
	int r;

	if (topics_zk_select(t, &names, &n))
		return -1;
	r = topics_configs(t, &add);
	if (!r)
		r = read_removed(t, &removed);
	if (!r)
		r = topics_zk_must_exist(t, n);
	if (!r)
		r = alter_each(t, names, n, &add, &removed);
	properties_fini(&add);
	properties_fini(&removed);
	zk_names_free(names, n);
	return r;
}

/* ---- deleting ---- */

static int delete_one(struct topics *t, const char *name)
{
	int r;

	if (is_internal(name))
		return topics_fail(t, 0,
			"Topic %s is a kafka internal topic and is not allowed to be marked for "
			"deletion.",
			name);
	r = zk_create_with_parents(t->zk, NULL, ZK_PATH_DELETE_TOPIC, name);
	if (r == ZK_NODE_EXISTS) {
		printf("Topic %s is already marked for deletion.\n", name);
		return 0;
	}
	if (r)
		return topics_fail(t, 0, "Error while deleting topic %s", name);
	printf("Topic %s is marked for deletion.\n"
	       "Note: This will have no impact if delete.topic.enable is not set to true.\n",
		name);
	return 0;
}

static int delete_topics(struct topics *t)
{
	char **names;
	size_t n;
	int r;

	if (topics_zk_select(t, &names, &n))
		return -1;
	r = topics_zk_must_exist(t, n);
	for (size_t i = 0; i < n && !r; i++)
		r = delete_one(t, names[i]);
	zk_names_free(names, n);
	return r;
}

/* ---- running ---- */

static int run_command(struct topics *t)
{
	static const struct {
		enum topics_option option;
		int (*run)(struct topics *t);
	} commands[] = {
		{TOPICS_CREATE, create},
		{TOPICS_ALTER, alter},
		{TOPICS_LIST, list},
		{TOPICS_DESCRIBE, topics_zk_describe},
		{TOPICS_DELETE, delete_topics},
	};

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (options_has(t->options, commands[i].option))
			return commands[i].run(t);
	return 0;
}

int topics_zookeeper(struct topics *t, const char *connect, bool *ret_connected)
{
	CLEANUP(ensemble_closep) struct ensemble *e = NULL;
	char text[512];
	int r = ensemble_open(connect, &e);

	if (r)
		return topics_fail(t, 0, "%s", ensemble_failure(r, NULL, text, sizeof(text)));
	*ret_connected = true;
	t->zk = ensemble_session(e);
	return run_command(t);
}
