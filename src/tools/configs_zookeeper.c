/* configs_zookeeper.c - kafka-configs.sh --zookeeper: settings read and written without a broker.
 *
 * All types of entities as in Kafka 2.x; Kafka 3.9 has kept credentials of users, and settings of brokers that do not
 * run. Output as cli.md section 9, znodes as zookeeper.md 2.7 and 2.8.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "broker/config.h"
#include "controller/entity_config.h"
#include "controller/topic_admin.h"
#include "protocol/errors.h"
#include "security/password_encoder.h"
#include "security/scram_credential.h"
#include "tools/configs_priv.h"
#include "tools/ensemble.h"
#include "tools/java_map.h"
#include "tools/report.h"
#include "tools/scala_hash.h"
#include "tools/topic_settings.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

#define ENCODER "password.encoder."
#define CONFIG_EXCEPTION "org.apache.kafka.common.config.ConfigException"

/* One level of an entity: its name as in the path, NULL for all. */
struct level {
	const char *type; /* NULL: there is no such level */
	const char *name;
};

/* "users/u", "users/u/clients/c": texts in the arena. */
struct entity {
	struct level root, child;
};

struct task {
	struct configs *c;
	struct zk_session *zk;
	struct entity entity;
};

/* ---- entities ---- */

static const char *keep(struct task *t, char *text)
{
	const char *kept = arena_strdup(&t->c->arena, str_of(text));

	free(text);
	return kept;
}

static const char *path_name(struct task *t, const char *type, const char *name)
{
	if (!*name)
		return ZK_DEFAULT_ENTITY;
	if (strcmp(type, ENTITY_USERS) == 0 || strcmp(type, ENTITY_CLIENTS) == 0)
		return keep(t, zk_sanitize(name));
	if (strcmp(type, ENTITY_BROKERS) == 0) /* a number, however it is written */
		return arena_printf(&t->c->arena, "%d", atoi(name)).p;
	return name;
}

/* The two levels of a quota: users above clients, whatever the order of the options. */
static int parse_quota_entity(struct task *t)
{
	struct configs *c = t->c;
	bool both = c->types.n == 2;
	bool reverse = both && configs_is(c, ENTITY_CLIENTS);
	struct level v[2] = {{NULL, NULL}, {NULL, NULL}};

	if (options_has(c->options, CONFIGS_ALTER) && c->names.n != c->types.n)
		return configs_refuse(c, "--entity-name or --entity-default must be specified with "
					 "each --entity-type for --alter");
	for (size_t i = 0; i < c->types.n; i++) {
		size_t type = reverse ? 1 - i : i;
		size_t name = reverse && c->names.n == 2 ? 1 - i : i;

		v[i].type = c->types.v[type];
		if (name < c->names.n)
			v[i].name = path_name(t, v[i].type, c->names.v[name]);
	}
	t->entity = (struct entity){v[0], v[1]};
	return 0;
}

static int parse_entity(struct task *t)
{
	struct configs *c = t->c;

	if (configs_is(c, ENTITY_USERS) || configs_is(c, ENTITY_CLIENTS))
		return parse_quota_entity(t);
	t->entity = (struct entity){.root = {c->types.v[0], NULL}};
	if (c->names.n > 0)
		t->entity.root.name = path_name(t, c->types.v[0], c->names.v[0]);
	return 0;
}

/* What follows the type in the path: "u/clients/c". In the arena. */
static const char *full_name(struct task *t, const struct entity *e)
{
	const char *root = e->root.name ? e->root.name : "";

	if (!e->child.type)
		return root;
	if (!e->child.name)
		return arena_printf(&t->c->arena, "%s/%s", root, e->child.type).p;
	return arena_printf(&t->c->arena, "%s/%s/%s", root, e->child.type, e->child.name).p;
}

static const char *level_text(struct task *t, const struct level *l)
{
	const char *kind = strcmp(l->type, ENTITY_USERS) == 0	  ? "user-principal"
			   : strcmp(l->type, ENTITY_CLIENTS) == 0 ? "client-id"
			   : strcmp(l->type, ENTITY_TOPICS) == 0  ? "topic"
								  : l->type;
	bool quota = kind != l->type && strcmp(l->type, ENTITY_TOPICS) != 0;

	if (!l->name)
		return l->type;
	if (strcmp(l->name, ZK_DEFAULT_ENTITY) == 0)
		return arena_printf(&t->c->arena, "default %s", kind).p;
	return arena_printf(&t->c->arena, "%s '%s'", kind,
		quota ? keep(t, zk_desanitize(l->name)) : l->name)
		.p;
}

/* "user-principal 'u', client-id 'c'" */
static const char *entity_text(struct task *t, const struct entity *e)
{
	if (!e->child.type)
		return level_text(t, &e->root);
	return arena_printf(&t->c->arena, "%s, %s", level_text(t, &e->root),
		level_text(t, &e->child))
		.p;
}

/* ---- reading ---- */

static int fail_zookeeper(struct task *t, int r, const char *path)
{
	char text[512];

	return configs_fail(t->c, "%s", ensemble_failure(r, path, text, sizeof(text)));
}

static int read_entity(struct task *t, const struct entity *e, struct znode_config *ret)
{
	const char *name = full_name(t, e);
	int r = entity_config_read(t->zk, e->root.type, name, ret);

	if (r)
		return fail_zookeeper(t, r,
			arena_printf(&t->c->arena, ZK_PATH_CONFIG_ENTITY, e->root.type, name).p);
	return 0;
}

/* The children of a node in the order ZooKeeper tells them, which is also that of Java's tool. */
static int list_children(struct task *t, const char *path, struct name_list *ret)
{
	struct zk_batch b;
	struct zk_op *op;
	int r;

	zk_batch_init(&b, t->zk);
	op = zk_batch_children(&b, "%s", path);
	r = zk_batch_run(&b);
	if (r == 0 && op->rc != ZK_NO_NODE)
		r = op->rc;
	for (int32_t i = 0; r == 0 && i < op->children_n; i++)
		name_list_add(ret, arena_strdup(&t->c->arena, str_of(op->children[i])));
	zk_batch_fini(&b);
	return r ? fail_zookeeper(t, r, path) : 0;
}

/* ---- describing ---- */

/* "k=v,k=v" in the order of Java's Properties. */
static void print_pairs(const struct znode_config *config)
{
	struct properties p = PROPERTIES_INIT;

	for (size_t i = 0; i < config->n; i++)
		properties_set(&p, config->pairs[i].name, config->pairs[i].value, 0);
	java_properties_sort(&p);
	for (size_t i = 0; i < p.n; i++)
		printf("%s%s=%s", i ? "," : "", p.v[i].key, p.v[i].value);
	properties_fini(&p);
}

static int describe_one(struct task *t, const struct entity *e, bool skip_empty)
{
	struct znode_config config = ZNODE_CONFIG_INIT;

	if (read_entity(t, e, &config))
		return -1;
	if (config.n > 0 || !skip_empty) {
		printf("Configs for %s are ", entity_text(t, e));
		print_pairs(&config);
		putchar('\n');
	}
	znode_config_fini(&config);
	return 0;
}

/* All clients of one user. */
static int describe_children(struct task *t, const struct entity *e)
{
	struct name_list names = {NULL, 0, 0};
	struct entity one = *e;
	int r = list_children(t,
		arena_printf(&t->c->arena, "/config/%s/%s/%s", e->root.type, e->root.name,
			e->child.type)
			.p,
		&names);

	for (size_t i = 0; i < names.n && !r; i++) {
		one.child.name = names.v[i];
		r = describe_one(t, &one, false);
	}
	name_list_fini(&names);
	return r;
}

static int describe(struct task *t)
{
	const struct entity *e = &t->entity;
	bool all_users = strcmp(e->root.type, ENTITY_USERS) == 0 && !e->root.name && !e->child.type;
	struct name_list names = {NULL, 0, 0};
	struct entity one = *e;
	int r;

	if (e->root.name)
		return e->child.type && !e->child.name ? describe_children(t, e)
						       : describe_one(t, e, false);
	r = list_children(t, arena_printf(&t->c->arena, "/config/%s", e->root.type).p, &names);
	for (size_t i = 0; i < names.n && !r; i++) {
		one.root.name = names.v[i];
		r = e->child.type ? describe_children(t, &one) : describe_one(t, &one, all_users);
	}
	name_list_fini(&names);
	return r;
}

/* ---- brokers ---- */

static bool is_throttle(const char *key)
{
	static const char *const keys[] = {"leader.replication.throttled.rate",
		"follower.replication.throttled.rate",
		"replica.alter.log.dirs.io.max.bytes.per.second"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

/* "{add: {k=v}, delete: List(a, b)}", as Scala prints them. */
static const char *changes_text(struct task *t)
{
	struct configs *c = t->c;
	CLEANUP(freep) char *removed = name_list_join(&c->remove, ", ");
	CLEANUP(freep) char *added = xstrdup("");

	for (size_t i = 0; i < c->add.n; i++) {
		char *more = xasprintf("%s%s%s=%s", added, i ? ", " : "", c->add.v[i].key,
			c->add.v[i].value);

		free(added);
		added = more;
	}
	return arena_printf(&c->arena, "{add: {%s}, delete: %s(%s)}", added,
		options_has(c->options, CONFIGS_DELETE_CONFIG) ? "ArrayBuffer" : "List", removed)
		.p;
}

/* Throttles may change at any time; everything else is for brokers that do not run, since a running one checks it
 * first. */
static int check_not_running(struct task *t)
{
	struct configs *c = t->c;
	const char *name = t->entity.root.name;
	bool one = strcmp(name, ZK_DEFAULT_ENTITY) != 0, harmless = true;
	struct name_list running = {NULL, 0, 0};
	size_t n;

	for (size_t i = 0; i < c->add.n; i++)
		harmless &= is_throttle(c->add.v[i].key);
	for (size_t i = 0; i < c->remove.n; i++)
		harmless &= is_throttle(c->remove.v[i]);
	if (harmless)
		return 0;
	if (list_children(t, ZK_PATH_BROKER_IDS, &running))
		return -1;
	n = one ? name_list_have(&running, name) : running.n;
	name_list_fini(&running);
	if (n == 0)
		return 0;
	return configs_refuse(c,
		"requirement failed: --bootstrap-server option must be specified to update brokers "
		"configs: %s - %s%s %s running. Broker configuration operations using ZooKeeper "
		"are only supported if the affected broker(s) are not running.",
		changes_text(t), one ? "broker " : arena_printf(&c->arena, "%zu", n).p,
		one ? name : " brokers", one ? "is" : "are");
}

/* A key that brokers store encrypted: DynamicBrokerConfig.isPasswordConfig. */
static bool is_password(const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < CFG_COUNT; i++) {
		size_t n = strlen(config_keys[i].name);

		if (config_keys[i].type == CONFIG_PASSWORD &&
			config_keys[i].dynamic != CONFIG_READ_ONLY && len >= n &&
			strcmp(key + len - n, config_keys[i].name) == 0)
			return true;
	}
	return false;
}

static int encoder_number(
	struct configs *c, const struct properties *encoder, const char *key, int32_t *number)
{
	const char *text = properties_get(encoder, key);
	int64_t v;

	if (!text)
		return 0;
	if (!str_to_i64(str_of(text), INT32_MIN, INT32_MAX, &v))
		return configs_refuse(c, "For input string: \"%s\"", text);
	*number = (int32_t)v;
	return 0;
}

/* Are the parameters such as Java takes them? 0, or -1: the tool has failed in Java's words. */
static int check_encoder(struct configs *c, const struct password_encoder *e)
{
	char why[256];

	if (e->iterations <= 0 || e->key_length <= 0)
		return configs_refuse(c, "invalid %s value", e->iterations <= 0 ? "iterationCount" : "keyLength");
	if (e->key_length / 8 != 16 && e->key_length / 8 != 24 && e->key_length / 8 != 32 &&
		strncmp(e->cipher, "AES/", 4) == 0)
		return configs_fail(c, "java.security.InvalidKeyException: Invalid AES key length: %d bytes",
			(int)(e->key_length / 8));
	if (password_encoder_check(e, why, sizeof(why)))
		return configs_fail(c,
			"java.security.NoSuchAlgorithmException: Cannot find any provider supporting %.150s",
			e->cipher);
	return 0;
}

static int encode_passwords(
	struct configs *c, const struct properties *encoder, const struct name_list *keys)
{
	struct password_encoder e = {.secret = properties_get(encoder, ENCODER "secret"),
		.cipher = "AES/CBC/PKCS5Padding",
		.key_length = 128,
		.iterations = 4096};
	const char *cipher = properties_get(encoder, ENCODER "cipher.algorithm");

	if (cipher)
		e.cipher = cipher;
	if (encoder_number(c, encoder, ENCODER "key.length", &e.key_length) ||
		encoder_number(c, encoder, ENCODER "iterations", &e.iterations) || check_encoder(c, &e))
		return -1;
	for (size_t i = 0; i < keys->n; i++) {
		char *text;

		if (password_encode(&e, properties_get(&c->add, keys->v[i]), &text))
			return configs_refuse(c, "Password could not be encoded");
		properties_set(&c->add, keys->v[i], text, 0);
		free(text);
	}
	return 0;
}

/* Moves the settings of the encoder out of those to be stored. */
static void take_encoder(struct configs *c, struct properties *ret)
{
	for (size_t i = c->add.n; i-- > 0;)
		if (strncmp(c->add.v[i].key, ENCODER, strlen(ENCODER)) == 0) {
			properties_set(ret, c->add.v[i].key, c->add.v[i].value, 0);
			properties_remove(&c->add, c->add.v[i].key);
		}
}

static int prepare_passwords(struct configs *c, const struct properties *encoder)
{
	struct name_list keys = {NULL, 0, 0};
	char *text;
	int r = 0;

	for (size_t i = 0; i < c->add.n; i++)
		if (is_password(c->add.v[i].key))
			name_list_add(&keys, arena_strdup(&c->arena, str_of(c->add.v[i].key)));
	text = name_list_join(&keys, ", ");
	if (keys.n > 0 && !properties_get(encoder, ENCODER "secret"))
		r = configs_refuse(c,
			"requirement failed: " ENCODER
			"secret must be specified to update Set(%s). Other password encoder "
			"configs like cipher algorithm and iterations may also be specified to "
			"override the default encoding parameters. Password encoder configs will "
			"not be persisted in "
			"ZooKeeper.",
			text);
	else
		r = encode_passwords(c, encoder, &keys);
	free(text);
	name_list_fini(&keys);
	return r;
}

static int prepare_broker(struct task *t)
{
	struct configs *c = t->c;
	bool one = strcmp(t->entity.root.name, ZK_DEFAULT_ENTITY) != 0;
	struct properties encoder = PROPERTIES_INIT;
	char why[CONFIG_ERROR_MAX];
	int r;

	if (check_not_running(t))
		return -1;
	take_encoder(c, &encoder);
	r = config_check_dynamic_keys(&c->add, one, why);
	if (r)
		r = configs_fail(c, CONFIG_EXCEPTION ": %s", why);
	else
		r = prepare_passwords(c, &encoder);
	properties_fini(&encoder);
	return r;
}

/* ---- checks of the whole set, as AdminZkClient makes them ---- */

#define KEY(n, t, ...) {.name = (n), .type = (t), .rule = {__VA_ARGS__}}

/* QuotaConfigs.java; the names of mechanisms come on top for users. */
static const struct config_key quota_keys[] = {
	KEY("producer_byte_rate", CONFIG_LONG, .kind = RULE_ANY),
	KEY("consumer_byte_rate", CONFIG_LONG, .kind = RULE_ANY),
	KEY("request_percentage", CONFIG_DOUBLE, .kind = RULE_ANY),
	KEY("controller_mutation_rate", CONFIG_DOUBLE, .kind = RULE_ANY),
};
static const struct config_key ip_keys[] = {
	KEY("connection_creation_rate", CONFIG_INT, .kind = RULE_AT_LEAST, .min = 0),
};

static const struct config_key *find_key(
	const struct config_key *keys, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static int check_value(struct configs *c, const struct config_key *k, const char *text)
{
	struct config_value v;
	char why[512];

	if (config_value_parse(k, text, &v, why, sizeof(why)))
		return configs_fail(c, CONFIG_EXCEPTION ": %s", why);
	config_value_fini(k, &v);
	return 0;
}

/* "HashSet(a, b)": Scala's, in its order; in the arena. */
static const char *hash_set(struct configs *c, const struct name_list *w)
{
	int32_t *hashes = xcalloc(w->n + 1, sizeof(*hashes));
	size_t *order = xcalloc(w->n + 1, sizeof(*order));
	struct scala_table table = SCALA_TABLE_INIT;
	struct name_list sorted = {NULL, 0, 0};
	const char *set;
	char *text;

	for (size_t i = 0; i < w->n; i++) {
		hashes[i] = str_java_hash(str_of(w->v[i]));
		scala_table_add(&table, true);
	}
	scala_table_order(&table, hashes, w->n, order);
	for (size_t i = 0; i < w->n; i++)
		name_list_add(&sorted, w->v[order[i]]);
	text = name_list_join(&sorted, ", ");
	set = arena_printf(&c->arena, "HashSet(%s)", text).p;
	free(text);
	name_list_fini(&sorted);
	free(order);
	free(hashes);
	return set;
}

static int check_quotas(struct configs *c, const struct properties *p,
	const struct config_key *keys, size_t n, bool scram)
{
	struct name_list unknown = {NULL, 0, 0};

	for (size_t i = 0; i < p->n; i++)
		if (!find_key(keys, n, p->v[i].key) &&
			!(scram && scram_mechanism_find(p->v[i].key) != SCRAM_UNKNOWN))
			name_list_add(&unknown, p->v[i].key);
	if (unknown.n > 0)
		(void)configs_refuse(c, "requirement failed: Unknown Dynamic Configuration: %s.",
			hash_set(c, &unknown));
	name_list_fini(&unknown);
	for (size_t i = 0; i < p->n && !c->message; i++) {
		const struct config_key *k = find_key(keys, n, p->v[i].key);

		if (k)
			(void)!check_value(c, k, p->v[i].value);
	}
	return c->message ? -1 : 0;
}

static int check_topic(struct task *t, const struct properties *p)
{
	struct configs *c = t->c;
	const char *name = t->entity.root.name;
	char why[TOPIC_SETTINGS_WHY_MAX];
	int r = zk_exists(t->zk, NULL, ZK_PATH_TOPIC, name);

	if (r == ZK_NO_NODE)
		return configs_fail(c,
			"org.apache.kafka.common.errors.UnknownTopicOrPartitionException: Topic "
			"'%s' does not exist.",
			name);
	if (r)
		return fail_zookeeper(t, r, arena_printf(&c->arena, ZK_PATH_TOPIC, name).p);
	r = topic_settings_check(p, why);
	if (r == KERR_INVALID_CONFIG)
		return configs_refuse(c, "%s", why);
	return r ? configs_fail(c, CONFIG_EXCEPTION ": %s", why) : 0;
}

/* What is stored of a broker may have been written by anybody: values of known keys are checked again. */
static int check_broker(struct configs *c, const struct properties *p)
{
	for (size_t i = 0; i < p->n; i++) {
		int id = config_key_find(p->v[i].key);

		if (id >= 0 && config_keys[id].dynamic != CONFIG_READ_ONLY &&
			check_value(c, &config_keys[id], p->v[i].value))
			return -1;
	}
	return 0;
}

static int check_set(struct task *t, const struct properties *p)
{
	struct configs *c = t->c;
	const struct entity *e = &t->entity;

	if (strcmp(e->root.type, ENTITY_TOPICS) == 0)
		return check_topic(t, p);
	if (strcmp(e->root.type, ENTITY_BROKERS) == 0)
		return check_broker(c, p);
	if (strcmp(e->root.type, ENTITY_IPS) == 0)
		return check_quotas(c, p, ip_keys, ARRAY_LEN(ip_keys), false);
	return check_quotas(c, p, quota_keys, ARRAY_LEN(quota_keys),
		strcmp(e->root.type, ENTITY_USERS) == 0 && !e->child.type &&
			strcmp(e->root.name, ZK_DEFAULT_ENTITY) != 0);
}

/* ---- changing ---- */

/* What is stored, as a set; and that set with the changes. */
static int merge(struct task *t, struct znode_config *stored, struct properties *ret)
{
	struct configs *c = t->c;

	for (size_t i = 0; i < stored->n; i++)
		properties_set(ret, stored->pairs[i].name, stored->pairs[i].value, 0);
	if (configs_check_removed(c, ret))
		return -1;
	for (size_t i = 0; i < c->add.n; i++) {
		properties_set(ret, c->add.v[i].key, c->add.v[i].value, 0);
		znode_config_put(stored, c->add.v[i].key, c->add.v[i].value);
	}
	for (size_t i = 0; i < c->remove.n; i++) {
		properties_remove(ret, c->remove.v[i]);
		(void)znode_config_remove(stored, c->remove.v[i]);
	}
	return 0;
}

static int write_set(struct task *t, const struct znode_config *config)
{
	const struct entity *e = &t->entity;
	const char *name = full_name(t, e);
	int r;

	/* An empty set of quotas is deleted. */
	if (config->n > 0 || configs_is(t->c, ENTITY_TOPICS) || configs_is(t->c, ENTITY_BROKERS))
		report("WARN", "kafka.zk.KafkaZkClient",
			"Setting entity configs without any checks on the controller.");
	r = entity_config_write_plain(t->zk, e->root.type, name, config, true);
	if (r == -ENOENT)
		return configs_refuse(t->c,
			"The path behind the servers of --zookeeper does not exist in ZooKeeper");
	return r ? fail_zookeeper(t, r,
			   arena_printf(&t->c->arena, ZK_PATH_CONFIG_ENTITY, e->root.type, name).p)
		 : 0;
}

static int change(struct task *t)
{
	struct znode_config config = ZNODE_CONFIG_INIT;
	struct properties set = PROPERTIES_INIT;
	int r = read_entity(t, &t->entity, &config);

	if (!r)
		r = merge(t, &config, &set);
	if (!r)
		r = check_set(t, &set);
	if (!r)
		r = write_set(t, &config);
	properties_fini(&set);
	znode_config_fini(&config);
	return r;
}

static int alter(struct task *t)
{
	struct configs *c = t->c;
	struct str why;

	if (configs_is(c, ENTITY_USERS) || configs_is(c, ENTITY_CLIENTS)) {
		if (strcmp(t->entity.root.type, ENTITY_USERS) == 0 && configs_encode_scram(c))
			return -1;
	} else if (configs_is(c, ENTITY_BROKERS)) {
		if (prepare_broker(t))
			return -1;
	} else if (configs_is(c, ENTITY_TOPICS) &&
		   topic_name_check(&c->arena, str_of(t->entity.root.name), &why)) {
		return configs_fail(c, "org.apache.kafka.common.errors.InvalidTopicException: %.*s",
			STR_ARG(why));
	}
	if (change(t))
		return -1;
	printf("Completed updating config for entity: %s.\n", entity_text(t, &t->entity));
	return 0;
}

/* ---- the session ---- */

/* Debian's ZooKeeper library has no TLS; going on without would show credentials to the network. */
static int check_tls(struct configs *c)
{
	struct properties p = PROPERTIES_INIT;
	const char *path, *enabled;
	int r = 0;

	if (!options_has(c->options, CONFIGS_ZK_TLS_CONFIG_FILE))
		return 0;
	if (configs_option(c, options_text(c->options, CONFIGS_ZK_TLS_CONFIG_FILE, &path)) ||
		configs_load(c, path, &p))
		return -1;
	enabled = properties_get(&p, "zookeeper.ssl.client.enable");
	if (enabled && strcasecmp(enabled, "true") == 0)
		r = configs_refuse(c, "zookeeper.ssl.client.enable=true is not possible: the "
				      "ZooKeeper library of this system has no TLS");
	properties_fini(&p);
	return r;
}

int configs_zookeeper(struct configs *c, const char *connect)
{
	CLEANUP(ensemble_closep) struct ensemble *e = NULL;
	struct task t = {.c = c};
	int r;

	puts("Warning: --zookeeper is deprecated and will be removed in a future version of "
		"Kafka.\n"
	     "Use --bootstrap-server instead to specify a broker to connect to.");
	fflush(stdout);
	if (check_tls(c))
		return -1;
	r = ensemble_open(connect, &e);
	if (r)
		return fail_zookeeper(&t, r, NULL);
	t.zk = ensemble_session(e);
	if (options_has(c->options, CONFIGS_ALTER) && configs_read_entries(c))
		return -1;
	if (parse_entity(&t))
		return -1;
	return options_has(c->options, CONFIGS_ALTER) ? alter(&t) : describe(&t);
}
