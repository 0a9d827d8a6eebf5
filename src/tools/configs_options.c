/* configs_options.c - the options of the configs tool, and which of them go together (cli.md section 9). */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "tools/configs_priv.h"

const struct option configs_options[CONFIGS_OPTION_COUNT] = {
	[CONFIGS_ADD_CONFIG] = {.name = "add-config",
		.kind = OPTION_STRING,
		.arg = "key=value,...",
		.help = "Settings to set. Square brackets keep commas in a value: k1=v1,k2=[a,b]. "
			"Users and clients have the quotas producer_byte_rate, consumer_byte_rate, "
			"request_percentage and controller_mutation_rate; users also "
			"SCRAM-SHA-256 and "
			"SCRAM-SHA-512, as in 'SCRAM-SHA-256=[iterations=8192,password=secret]'; "
			"ips connection_creation_rate."},
	[CONFIGS_ADD_CONFIG_FILE] = {.name = "add-config-file",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "Properties file with settings to set."},
	[CONFIGS_ALL] = {.name = "all",
		.help = "With --describe: all settings of topics, brokers and their loggers, not "
			"only those set while running."},
	[CONFIGS_ALTER] = {.name = "alter", .help = "Change settings."},
	[CONFIGS_BOOTSTRAP_CONTROLLER] = {.name = "bootstrap-controller",
		.kind = OPTION_STRING,
		.arg = "host:port,...",
		.help = "Controllers to ask first; only clusters with KRaft have such."},
	[CONFIGS_BOOTSTRAP_SERVER] = {.name = "bootstrap-server",
		.kind = OPTION_STRING,
		.arg = "host:port,...",
		.help = "The broker or brokers to ask first."},
	[CONFIGS_BROKER] = {.name = "broker",
		.kind = OPTION_STRING,
		.arg = "id",
		.help = "Short for --entity-type brokers --entity-name."},
	[CONFIGS_BROKER_DEFAULTS] = {.name = "broker-defaults",
		.help = "Short for --entity-type brokers --entity-default."},
	[CONFIGS_BROKER_LOGGER] = {.name = "broker-logger",
		.kind = OPTION_STRING,
		.arg = "id",
		.help = "Short for --entity-type broker-loggers --entity-name."},
	[CONFIGS_CLIENT] = {.name = "client",
		.kind = OPTION_STRING,
		.arg = "client id",
		.help = "Short for --entity-type clients --entity-name."},
	[CONFIGS_CLIENT_DEFAULTS] = {.name = "client-defaults",
		.help = "Short for --entity-type clients --entity-default."},
	[CONFIGS_COMMAND_CONFIG] = {.name = "command-config",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "Properties file with settings of the admin client."},
	[CONFIGS_DELETE_CONFIG] = {.name = "delete-config",
		.kind = OPTION_STRING,
		.arg = "key,...",
		.help = "Settings to take back."},
	[CONFIGS_DESCRIBE] = {.name = "describe", .help = "Show settings."},
	[CONFIGS_ENTITY_DEFAULT] = {.name = "entity-default",
		.help = "The default of all clients, users, brokers or ips, for the --entity-type "
			"before it."},
	[CONFIGS_ENTITY_NAME] = {.name = "entity-name",
		.kind = OPTION_STRING,
		.arg = "name",
		.help = "Topic, client id, user, id of a broker, or ip, for the --entity-type "
			"before it."},
	[CONFIGS_ENTITY_TYPE] = {.name = "entity-type",
		.kind = OPTION_STRING,
		.arg = "type",
		.help = "topics, clients, users, brokers, broker-loggers, ips or client-metrics; "
			"users and clients may be given together."},
	[CONFIGS_FORCE] = {.name = "force", .help = "Accepted; nothing is ever asked."},
	[CONFIGS_IP] = {.name = "ip",
		.kind = OPTION_STRING,
		.arg = "address",
		.help = "Short for --entity-type ips --entity-name."},
	[CONFIGS_IP_DEFAULTS] = {.name = "ip-defaults",
		.help = "Short for --entity-type ips --entity-default."},
	[CONFIGS_TOPIC] = {.name = "topic",
		.kind = OPTION_STRING,
		.arg = "topic",
		.help = "Short for --entity-type topics --entity-name."},
	[CONFIGS_USER] = {.name = "user",
		.kind = OPTION_STRING,
		.arg = "user",
		.help = "Short for --entity-type users --entity-name."},
	[CONFIGS_USER_DEFAULTS] = {.name = "user-defaults",
		.help = "Short for --entity-type users --entity-default."},
	[CONFIGS_ZK_TLS_CONFIG_FILE] = {.name = "zk-tls-config-file",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "TLS settings for --zookeeper. The ZooKeeper library of this system has "
			"no TLS, so a file that asks for it is refused."},
	[CONFIGS_ZOOKEEPER] = {.name = "zookeeper",
		.kind = OPTION_STRING,
		.arg = "host:port,.../path",
		.help = "Deprecated: reads and writes settings in ZooKeeper without a broker; for "
			"credentials and brokers' settings before the first start."},
	[CONFIGS_HELP] = OPTION_HELP,
	[CONFIGS_VERSION] = OPTION_VERSION,
};

void name_list_add(struct name_list *w, const char *word)
{
	w->v = grow_array(w->v, &w->cap, w->n + 1, sizeof(*w->v));
	w->v[w->n++] = word;
}

bool name_list_have(const struct name_list *w, const char *word)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->v[i], word) == 0)
			return true;
	return false;
}

char *name_list_join(const struct name_list *w, const char *separator)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < w->n; i++) {
		char *more = xasprintf("%s%s%s", text, i ? separator : "", w->v[i]);

		free(text);
		text = more;
	}
	return text;
}

void name_list_fini(struct name_list *w)
{
	free(w->v);
	*w = (struct name_list){NULL, 0, 0};
}

/* ---- entities ---- */

/* The short options, in the order in which Kafka's tool looks at them. */
static const struct {
	enum configs_option option;
	const char *type;
	bool is_default;
} shorts[] = {
	{CONFIGS_TOPIC, ENTITY_TOPICS, false},
	{CONFIGS_CLIENT, ENTITY_CLIENTS, false},
	{CONFIGS_USER, ENTITY_USERS, false},
	{CONFIGS_BROKER, ENTITY_BROKERS, false},
	{CONFIGS_BROKER_LOGGER, ENTITY_BROKER_LOGGERS, false},
	{CONFIGS_IP, ENTITY_IPS, false},
	{CONFIGS_CLIENT_DEFAULTS, ENTITY_CLIENTS, true},
	{CONFIGS_USER_DEFAULTS, ENTITY_USERS, true},
	{CONFIGS_BROKER_DEFAULTS, ENTITY_BROKERS, true},
	{CONFIGS_IP_DEFAULTS, ENTITY_IPS, true},
};

static void collect_types(struct configs *c)
{
	size_t n;
	const char *const *given = options_all(c->options, CONFIGS_ENTITY_TYPE, &n);

	for (size_t i = 0; i < n; i++)
		name_list_add(&c->types, given[i]);
	for (size_t i = 0; i < ARRAY_LEN(shorts); i++)
		if (options_has(c->options, shorts[i].option))
			name_list_add(&c->types, shorts[i].type);
}

/* --entity-name and --entity-default in the order given, then the short options. */
static int collect_names(struct configs *c)
{
	const struct options *o = c->options;
	size_t n, next = 0;
	const char *const *given = options_all(o, CONFIGS_ENTITY_NAME, &n);

	for (size_t i = 0; i < o->order_n; i++) {
		if (o->order[i] == CONFIGS_ENTITY_NAME)
			name_list_add(&c->names, given[next++]);
		if (o->order[i] == CONFIGS_ENTITY_DEFAULT)
			name_list_add(&c->names, "");
	}
	for (size_t i = 0; i < ARRAY_LEN(shorts); i++) {
		const char *name = "";

		if (!options_has(o, shorts[i].option))
			continue;
		if (!shorts[i].is_default &&
			configs_option(c, options_text(c->options, shorts[i].option, &name)))
			return -1;
		name_list_add(&c->names, name);
	}
	return 0;
}

/* ---- checks, in the order of ConfigCommand.scala ---- */

static int check_action(struct configs *c)
{
	static const enum configs_option only_alter[] = {
		CONFIGS_ALTER, CONFIGS_ADD_CONFIG, CONFIGS_DELETE_CONFIG};

	if (options_has(c->options, CONFIGS_ALTER) == options_has(c->options, CONFIGS_DESCRIBE))
		return configs_usage(
			c, "Command must include exactly one action: --describe, --alter");
	for (size_t i = 0; i < ARRAY_LEN(only_alter); i++) {
		size_t other = only_alter[i];

		if (options_refuse(c->options, CONFIGS_DESCRIBE, &other, 1)) {
			c->told = true;
			return -1;
		}
	}
	return 0;
}

static int check_duplicate_types(struct configs *c)
{
	struct name_list once = {NULL, 0, 0}, twice = {NULL, 0, 0};
	char *text;

	for (size_t i = 0; i < c->types.n; i++)
		name_list_add(name_list_have(&once, c->types.v[i]) ? &twice : &once, c->types.v[i]);
	text = name_list_join(&twice, ",");
	if (twice.n > 0)
		(void)configs_refuse(c, "Duplicate entity type(s) specified: %s", text);
	free(text);
	name_list_fini(&once);
	name_list_fini(&twice);
	return c->message ? -1 : 0;
}

/* What may be asked for depends on whom is asked. With --zookeeper these are the types of Kafka 2.x; without any
 * connection the message is that of 3.9. */
static int check_known_types(struct configs *c)
{
	static const char *const broker_types[] = {ENTITY_TOPICS, ENTITY_CLIENTS, ENTITY_USERS,
		ENTITY_BROKERS, ENTITY_IPS, ENTITY_BROKER_LOGGERS, ENTITY_CLIENT_METRICS};
	static const char *const none_types[] = {ENTITY_USERS, ENTITY_BROKERS};
	bool broker = options_has(c->options, CONFIGS_BOOTSTRAP_SERVER) ||
		      options_has(c->options, CONFIGS_BOOTSTRAP_CONTROLLER);
	bool zookeeper = options_has(c->options, CONFIGS_ZOOKEEPER);
	bool all = broker || zookeeper;
	struct name_list allowed = {NULL, 0, 0};
	char *text;

	for (size_t i = 0; i < (all ? broker ? 7 : 5 : ARRAY_LEN(none_types)); i++)
		name_list_add(&allowed, all ? broker_types[i] : none_types[i]);
	text = name_list_join(&allowed, ", ");
	for (size_t i = 0; i < c->types.n && !c->message; i++)
		if (!name_list_have(&allowed, c->types.v[i]))
			(void)configs_refuse(c,
				"Invalid entity type %s, the entity type must be one of %s with a "
				"%s argument",
				c->types.v[i], text,
				broker ? "--bootstrap-server or --bootstrap-controller"
				       : "--zookeeper");
	free(text);
	name_list_fini(&allowed);
	return c->message ? -1 : 0;
}

static int check_types(struct configs *c)
{
	bool long_form = options_has(c->options, CONFIGS_ENTITY_NAME) ||
			 options_has(c->options, CONFIGS_ENTITY_TYPE) ||
			 options_has(c->options, CONFIGS_ENTITY_DEFAULT);

	if (check_duplicate_types(c) || check_known_types(c))
		return -1;
	if (c->types.n == 0)
		return configs_refuse(c, "At least one entity type must be specified");
	if (c->types.n > 1 && !(c->types.n == 2 && name_list_have(&c->types, ENTITY_USERS) &&
				      name_list_have(&c->types, ENTITY_CLIENTS)))
		return configs_refuse(c,
			"Only 'users' and 'clients' entity types may be specified together");
	for (size_t i = 0; i < ARRAY_LEN(shorts) && long_form; i++)
		if (options_has(c->options, shorts[i].option))
			return configs_refuse(c,
				"--entity-{type,name,default} should not be used in conjunction "
				"with specific entity flags");
	return 0;
}

static int check_connection(struct configs *c)
{
	const struct options *o = c->options;
	int n = options_has(o, CONFIGS_BOOTSTRAP_SERVER) +
		options_has(o, CONFIGS_BOOTSTRAP_CONTROLLER) + options_has(o, CONFIGS_ZOOKEEPER);

	if (n == 0)
		return configs_refuse(c, "One of the required --bootstrap-server, "
					 "--boostrap-controller, or --zookeeper arguments must be "
					 "specified");
	if (n > 1)
		return configs_refuse(c, "Only one of --bootstrap-server, --boostrap-controller, "
					 "and --zookeeper can be specified");
	if (options_has(o, CONFIGS_ALL) && options_has(o, CONFIGS_ZOOKEEPER))
		return configs_refuse(c, "--bootstrap-server must be specified for --all");
	if (options_has(o, CONFIGS_ZK_TLS_CONFIG_FILE) && !options_has(o, CONFIGS_ZOOKEEPER))
		return configs_refuse(c, "Only the --zookeeper option can be used with the "
					 "--zk-tls-config-file option.");
	return 0;
}

static bool resolves(const char *host)
{
	struct addrinfo *list;

	if (!*host)
		return true; /* InetAddress.getByName: the loopback */
	if (getaddrinfo(host, NULL, NULL, &list) != 0)
		return false;
	freeaddrinfo(list);
	return true;
}

static bool is_broker_id(const char *name)
{
	int64_t id;

	return str_to_i64(str_of(name), INT32_MIN, INT32_MAX, &id);
}

/* The names that these options give must be such. */
static int check_names(struct configs *c, const enum configs_option *ids, size_t n,
	bool (*good)(const char *), const char *what)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = "";

		if (!options_has(c->options, ids[i]))
			continue;
		if (configs_option(c, options_text(c->options, ids[i], &name)))
			return -1;
		if (!good(name))
			return configs_refuse(c,
				"The entity name for %s must be a valid %s, but it is: %s",
				c->types.v[0], what, name);
	}
	return 0;
}

static int check_name_forms(struct configs *c)
{
	static const enum configs_option brokers[] = {
		CONFIGS_ENTITY_NAME, CONFIGS_BROKER, CONFIGS_BROKER_LOGGER};
	static const enum configs_option ips[] = {CONFIGS_ENTITY_NAME, CONFIGS_IP};

	if ((name_list_have(&c->types, ENTITY_BROKERS) ||
		    name_list_have(&c->types, ENTITY_BROKER_LOGGERS)) &&
		check_names(c, brokers, ARRAY_LEN(brokers), is_broker_id, "integer broker id"))
		return -1;
	if (name_list_have(&c->types, ENTITY_IPS) &&
		check_names(c, ips, ARRAY_LEN(ips), resolves, "IP or resolvable host"))
		return -1;
	return 0;
}

static int check_alter(struct configs *c, bool has_name, bool has_default)
{
	const struct options *o = c->options;

	if (name_list_have(&c->types, ENTITY_USERS) || name_list_have(&c->types, ENTITY_CLIENTS) ||
		name_list_have(&c->types, ENTITY_BROKERS) || name_list_have(&c->types, ENTITY_IPS)) {
		if (!has_name && !has_default)
			return configs_refuse(c, "an entity-name or default entity must be "
						 "specified with --alter of users, clients, "
						 "brokers or ips");
	} else if (!has_name) {
		return configs_refuse(
			c, "an entity name must be specified with --alter of %s", c->types.v[0]);
	}
	if (options_has(o, CONFIGS_ADD_CONFIG) && options_has(o, CONFIGS_ADD_CONFIG_FILE))
		return configs_refuse(
			c, "Only one of --add-config or --add-config-file must be specified");
	if (!options_has(o, CONFIGS_ADD_CONFIG) && !options_has(o, CONFIGS_ADD_CONFIG_FILE) &&
		!options_has(o, CONFIGS_DELETE_CONFIG))
		return configs_refuse(c, "At least one of --add-config, --add-config-file, or "
					 "--delete-config must be specified with --alter");
	return 0;
}

int configs_check(struct configs *c)
{
	bool has_name = false, has_default = false;

	collect_types(c);
	if (check_action(c) || check_types(c) || collect_names(c) || check_connection(c))
		return -1;
	for (size_t i = 0; i < c->names.n; i++) {
		has_name |= c->names.v[i][0] != '\0';
		has_default |= c->names.v[i][0] == '\0';
	}
	if (has_name && check_name_forms(c))
		return -1;
	if (options_has(c->options, CONFIGS_DESCRIBE) &&
		name_list_have(&c->types, ENTITY_BROKER_LOGGERS) && !has_name)
		return configs_refuse(c, "an entity name must be specified with --describe of %s",
			c->types.v[0]);
	return options_has(c->options, CONFIGS_ALTER) ? check_alter(c, has_name, has_default) : 0;
}
