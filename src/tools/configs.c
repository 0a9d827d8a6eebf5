/* configs.c - kafka-configs.sh: shows and changes settings of topics, brokers, users, clients and ips while the cluster
 * runs. Output, error texts and exit codes as cli.md section 9.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "protocol/codec.h"
#include "protocol/header.h"
#include "security/scram_credential.h"
#include "tools/client_properties.h"
#include "tools/configs_priv.h"
#include "tools/tool.h"

#define ENDPOINT_CONTROLLER 2

static int __attribute__((format(printf, 3, 0)))
set_message(struct configs *c, bool failed, const char *fmt, va_list ap)
{
	char *text = xvasprintf(fmt, ap);

	free(c->message);
	c->message = text;
	c->failed = failed;
	return -1;
}

int configs_refuse(struct configs *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)set_message(c, false, fmt, ap);
	va_end(ap);
	return -1;
}

int configs_fail(struct configs *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)set_message(c, true, fmt, ap);
	va_end(ap);
	return -1;
}

int configs_usage(struct configs *c, const char *message)
{
	c->told = true;
	(void)options_usage(c->options, message);
	return -1;
}

int configs_option(struct configs *c, int r)
{
	return r ? configs_refuse(c, "%s", c->options->error) : 0;
}

/* ---- through a broker ---- */

static int open_admin(struct configs *c, enum configs_option servers)
{
	struct properties config = PROPERTIES_INIT;
	char *error = NULL;
	const char *path = NULL, *list = NULL;
	int r = 0;

	if (configs_option(c, options_text(c->options, CONFIGS_COMMAND_CONFIG, &path)) ||
		(path && configs_load(c, path, &config)) ||
		configs_option(c, options_text(c->options, servers, &list)))
		r = -1;
	if (!r) {
		properties_set(&config, "bootstrap.servers", list, 0);
		if (admin_open(&config, &c->admin, &error) ||
			client_property_number(&config, "default.api.timeout.ms", 60000,
				&c->api_timeout_ms, &error))
			r = configs_fail(c, "org.apache.kafka.common.KafkaException: %s", error);
	}
	properties_fini(&config);
	free(error);
	return r;
}

/* "Set(a, b)" or "ArrayBuffer(a)": names as the tool's collections print them; in the arena. */
static const char *scala_list(struct configs *c, const char *kind, const struct name_list *w)
{
	CLEANUP(freep) char *text = name_list_join(w, ", ");

	return arena_printf(&c->arena, "%s(%s)", kind, text).p;
}

/* What kinds of settings a change of users or clients is about. */
struct kinds {
	bool quotas;
	struct name_list scram, other;
};

static void sort_key(struct kinds *k, const char *key)
{
	if (configs_is_quota_key(key))
		k->quotas = true;
	else if (scram_mechanism_find(key) != SCRAM_UNKNOWN)
		name_list_add(&k->scram, key);
	else
		name_list_add(&k->other, key);
}

/* Quotas only for clients, quotas or credentials for users. `verb`: "added", "deleted". */
static int check_keys(struct configs *c, struct kinds *k, const char *verb, const char *set)
{
	bool clients = configs_is(c, ENTITY_CLIENTS) || c->types.n == 2;

	if (clients)
		for (size_t i = 0; i < k->scram.n; i++)
			name_list_add(&k->other, k->scram.v[i]);
	if (k->other.n == 0)
		return 0;
	return configs_refuse(c,
		"Only quota %sconfigs can be %s for '%s' using --bootstrap-server. Unexpected "
		"config names: %s",
		clients ? "" : "and SCRAM credential ", verb,
		clients ? ENTITY_CLIENTS : ENTITY_USERS, scala_list(c, set, &k->other));
}

static int check_scram(struct configs *c, bool quotas)
{
	if (name_list_have(&c->names, ""))
		return configs_refuse(c, "The use of --entity-default or --user-defaults is not "
					 "allowed with User SCRAM Credentials using "
					 "--bootstrap-server.");
	if (quotas)
		return configs_refuse(c, "Cannot alter both quota and SCRAM credential configs "
					 "simultaneously for 'users' using --bootstrap-server.");
	return 0;
}

static int alter_user(struct configs *c)
{
	struct kinds added = {.quotas = false}, removed = {.quotas = false};
	bool quotas;
	int r;

	for (size_t i = 0; i < c->add.n; i++)
		sort_key(&added, c->add.v[i].key);
	for (size_t i = 0; i < c->remove.n; i++)
		sort_key(&removed, c->remove.v[i]);
	quotas = added.quotas || removed.quotas;
	r = check_keys(c, &added, "added", "Set");
	if (!r)
		r = check_keys(c, &removed, "deleted", "ArrayBuffer");
	if (!r && added.scram.n + removed.scram.n > 0)
		r = check_scram(c, quotas);
	name_list_fini(&added.scram);
	name_list_fini(&added.other);
	name_list_fini(&removed.scram);
	name_list_fini(&removed.other);
	if (r)
		return r;
	return quotas ? configs_alter_quotas(c) : configs_alter_scram(c);
}

static int alter_ip(struct configs *c)
{
	struct name_list other = {NULL, 0, 0};
	char *text;
	int r = 0;

	for (size_t i = 0; i < c->add.n; i++)
		if (strcmp(c->add.v[i].key, "connection_creation_rate") != 0)
			name_list_add(&other, c->add.v[i].key);
	for (size_t i = 0; i < c->remove.n; i++)
		if (strcmp(c->remove.v[i], "connection_creation_rate") != 0)
			name_list_add(&other, c->remove.v[i]);
	text = name_list_join(&other, ",");
	if (other.n > 0)
		r = configs_refuse(c,
			"Only connection quota configs can be added for 'ips' using "
			"--bootstrap-server. Unexpected config names: %s",
			text);
	free(text);
	name_list_fini(&other);
	return r ? r : configs_alter_quotas(c);
}

static int alter(struct configs *c)
{
	const char *type = c->types.v[0], *name = c->names.v[0];
	int r;

	if (configs_read_entries(c))
		return -1;
	if (configs_is(c, ENTITY_USERS) || configs_is(c, ENTITY_CLIENTS))
		r = alter_user(c);
	else if (configs_is(c, ENTITY_IPS))
		r = alter_ip(c);
	else
		r = configs_alter_resource(c);
	if (r)
		return r;
	if (*name)
		printf("Completed updating config for %.*s %s.\n", (int)strlen(type) - 1, type,
			name);
	else
		printf("Completed updating default config for %s in the cluster.\n", type);
	return 0;
}

static int describe(struct configs *c)
{
	if (configs_is(c, ENTITY_IPS))
		return configs_describe_quotas(c);
	if (!configs_is(c, ENTITY_USERS) && !configs_is(c, ENTITY_CLIENTS))
		return configs_describe_resources(c);
	if (configs_describe_quotas(c))
		return -1;
	fflush(stdout);
	if (name_list_have(&c->types, ENTITY_CLIENTS) || name_list_have(&c->names, ""))
		return 0;
	return configs_describe_scram(c);
}

static int run_with_broker(struct configs *c)
{
	if (open_admin(c, CONFIGS_BOOTSTRAP_SERVER))
		return -1;
	if (!options_has(c->options, CONFIGS_ALTER))
		return describe(c);
	if (c->types.n != c->names.n)
		return configs_refuse(c, "An entity name must be specified for every entity type");
	return alter(c);
}

/* A broker says that it is no controller; there is no other answer in a cluster with ZooKeeper. */
static int run_with_controller(struct configs *c)
{
	struct describe_cluster_request in;
	struct describe_cluster_response out;
	int version, r;

	if (open_admin(c, CONFIGS_BOOTSTRAP_CONTROLLER))
		return -1;
	configs_begin(c, "describeCluster", CONFIGS_FOREVER, 0);
	r = admin_broker_version(c->admin, ADMIN_ANY, API_DESCRIBE_CLUSTER, &version);
	CODEC_INIT(describe_cluster_request, &in);
	in.endpoint_type = version >= 1 ? ENDPOINT_CONTROLLER : in.endpoint_type;
	if (!r)
		r = admin_call_broker(
			c->admin, ADMIN_ANY, API_DESCRIBE_CLUSTER, &in, &c->arena, &out);
	if (r)
		return configs_fail_call(c, r);
	if (out.error_code)
		return configs_fail_code(c, out.error_code, out.error_message);
	return configs_refuse(
		c, "--bootstrap-controller is not supported: ask a broker with --bootstrap-server");
}

/* ---- running ---- */

static int run_command(struct configs *c)
{
	const char *connect;

	if (configs_check(c))
		return -1;
	if (options_has(c->options, CONFIGS_ZOOKEEPER)) {
		if (configs_option(c, options_text(c->options, CONFIGS_ZOOKEEPER, &connect)))
			return -1;
		return configs_zookeeper(c, connect);
	}
	if (options_has(c->options, CONFIGS_BOOTSTRAP_CONTROLLER))
		return run_with_controller(c);
	return run_with_broker(c);
}

static void print_failure(const struct configs *c, int argc, char **argv)
{
	fflush(stdout);
	if (c->told)
		return;
	if (c->failed) {
		fprintf(stderr, "Error while executing config command with args '");
		for (int i = 1; i < argc; i++)
			fprintf(stderr, "%s%s", i > 1 ? " " : "", argv[i]);
		fprintf(stderr, "'\n");
	}
	fprintf(stderr, "%s\n", c->message);
}

static int run_with(struct options *o, int argc, char **argv)
{
	struct configs c = {.options = o};
	int exit_code = 0;

	arena_init(&c.arena, 0);
	if (run_command(&c)) {
		print_failure(&c, argc, argv);
		exit_code = 1;
	}
	admin_close(c.admin);
	name_list_fini(&c.types);
	name_list_fini(&c.names);
	name_list_fini(&c.remove);
	properties_fini(&c.add);
	arena_fini(&c.arena);
	free(c.message);
	return exit_code;
}

static int run(int argc, char **argv)
{
	struct options o;
	int exit_code;

	if (options_parse(&o, configs_options, CONFIGS_OPTION_COUNT, argc, argv)) {
		fprintf(stderr, "%s\n", o.error);
		exit_code = 1;
	} else if (argc < 2 || options_has_help(&o)) {
		exit_code = options_usage(&o,
			"This tool helps to manipulate and describe entity config for a topic, "
			"client, user, broker, ip or client-metrics");
	} else if (options_has_version(&o)) {
		puts(TOOL_KAFKA_VERSION);
		exit_code = 0;
	} else {
		exit_code = run_with(&o, argc, argv);
	}
	options_fini(&o);
	return exit_code;
}

const struct tool tool_configs = {
	.name = "configs",
	.script = "kafka-configs.sh",
	.summary = "show and change settings of topics, brokers, users, clients and ips",
	.synopsis = "--bootstrap-server HOST:PORT,... --describe|--alter --entity-type TYPE "
		    "[--entity-name NAME|--entity-default] [OPTION]...",
	.options = configs_options,
	.options_n = CONFIGS_OPTION_COUNT,
	.run = run,
	.description =
		"Shows the settings of something, or changes them while the cluster runs. What it is about is said "
		"by `--entity-type` with `--entity-name` or `--entity-default`, or shorter by `--topic`, "
		"`--broker`, `--broker-defaults`, `--user` and the like. A user and a client given together "
		"are the quota of that client of that user.\n"
		"\n"
		"What `--delete-config` takes back has its default again: that of the brokers' defaults, or of "
		"server.properties. Credentials are never shown.\n"
		"\n"
		"With `--zookeeper` the settings are written where brokers read them, without asking one: it is for "
		"what must be there before the first of them starts.",
	.examples =
		"\tkafka-configs.sh --bootstrap-server host:9092 --describe --topic clicks --all\n"
		"\tkafka-configs.sh --bootstrap-server host:9092 --alter --topic clicks \\\n"
		"\t    --add-config retention.ms=3600000,cleanup.policy=[compact,delete]\n"
		"\tkafka-configs.sh --bootstrap-server host:9092 --alter --broker-defaults --delete-config log.retention.ms\n"
		"\tkafka-configs.sh --bootstrap-server host:9092 --alter --user ann \\\n"
		"\t    --add-config 'SCRAM-SHA-512=[iterations=8192,password=secret]'",
	.see_also = "kafka-topics.sh(1), zookeeper-shell.sh(1)",
};
