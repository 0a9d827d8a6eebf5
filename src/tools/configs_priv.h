/* configs_priv.h - what the files of the configs tool share: its options, the entities they name, one run.
 *
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_CONFIGS_PRIV_H
#define TOOLS_CONFIGS_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/properties.h"
#include "base/str.h"
#include "tools/admin.h"
#include "tools/options.h"

enum configs_option {
	CONFIGS_ADD_CONFIG,
	CONFIGS_ADD_CONFIG_FILE,
	CONFIGS_ALL,
	CONFIGS_ALTER,
	CONFIGS_BOOTSTRAP_CONTROLLER,
	CONFIGS_BOOTSTRAP_SERVER,
	CONFIGS_BROKER,
	CONFIGS_BROKER_DEFAULTS,
	CONFIGS_BROKER_LOGGER,
	CONFIGS_CLIENT,
	CONFIGS_CLIENT_DEFAULTS,
	CONFIGS_COMMAND_CONFIG,
	CONFIGS_DELETE_CONFIG,
	CONFIGS_DESCRIBE,
	CONFIGS_ENTITY_DEFAULT,
	CONFIGS_ENTITY_NAME,
	CONFIGS_ENTITY_TYPE,
	CONFIGS_FORCE,
	CONFIGS_IP,
	CONFIGS_IP_DEFAULTS,
	CONFIGS_TOPIC,
	CONFIGS_USER,
	CONFIGS_USER_DEFAULTS,
	CONFIGS_ZK_TLS_CONFIG_FILE,
	CONFIGS_ZOOKEEPER,
	CONFIGS_HELP,
	CONFIGS_VERSION,
	CONFIGS_OPTION_COUNT,
};

extern const struct option configs_options[CONFIGS_OPTION_COUNT];

/* Kafka's words for types of entities (ConfigType.java, ConfigCommand.scala). */
#define ENTITY_TOPICS	      "topics"
#define ENTITY_CLIENTS	      "clients"
#define ENTITY_USERS	      "users"
#define ENTITY_BROKERS	      "brokers"
#define ENTITY_IPS	      "ips"
#define ENTITY_BROKER_LOGGERS "broker-loggers"
#define ENTITY_CLIENT_METRICS "client-metrics"

/* Texts, borrowed from argv or owned by the arena. */
struct name_list {
	const char **v;
	size_t n, cap;
};
void name_list_add(struct name_list *w, const char *word);
bool name_list_have(const struct name_list *w, const char *word);
/* "a,b" with `separator`; owned text. */
char *name_list_join(const struct name_list *w, const char *separator);
void name_list_fini(struct name_list *w);

/* One run of the tool. Its steps return 0, or -1 after configs_refuse, configs_fail or configs_usage. */
struct configs {
	struct options *options;
	struct name_list types; /* of the entity: one, or users and clients */
	struct name_list names; /* "" is the default entity */
	struct properties add;
	struct name_list remove;
	struct admin *admin;
	int64_t api_timeout_ms; /* of the client */
	bool impatient;		/* the running operation ends before the client gives up */
	struct arena arena; /* of requests, answers and texts */
	char *message;	    /* why it failed */
	bool failed;	    /* it is an exception, not a refusal */
	bool told;	    /* the user has been told already */
};

/* The request is wrong: the message alone is printed. */
int configs_refuse(struct configs *c, const char *fmt, ...) PRINTF(2, 3);
/* Something went wrong on the way: the message is the line of Java's exception, after one that names the arguments. */
int configs_fail(struct configs *c, const char *fmt, ...) PRINTF(2, 3);
/* The message and the option table, now. */
int configs_usage(struct configs *c, const char *message);
/* An option's value was wrong: 0 passes through. */
int configs_option(struct configs *c, int r);

/* What kind of entity is asked for: by the first type. */
static inline bool configs_is(const struct configs *c, const char *type)
{
	return name_list_have(&(const struct name_list){c->types.v, c->types.n > 0, 0}, type);
}

/* configs_options.c: fills types and names, and checks which options may go together. */
int configs_check(struct configs *c) MUST_CHECK;

/* configs_entries.c: fills add and remove. */
int configs_read_entries(struct configs *c) MUST_CHECK;
/* Adds a properties file. */
int configs_load(struct configs *c, const char *path, struct properties *ret) MUST_CHECK;
/* "k=v,k=[v,v]" into *ret. 0, or -EINVAL: not in this format. */
int configs_parse_list(const char *text, struct properties *ret) MUST_CHECK;
/* A character that no key may have? */
bool configs_key_ok(const char *key);
/* Words separated by commas, blanks around them cut off, as copies in the arena. */
void configs_parse_keys(struct arena *a, const char *text, struct name_list *ret);
/* Those of the keys to remove that are not in `have`: configs_refuse. */
int configs_check_removed(struct configs *c, const struct properties *have) MUST_CHECK;

/* configs_request.c: calls with the tool's time limits. */
#define CONFIGS_FOREVER INT64_MAX
/* Begins an operation whose result is waited for no longer than wait_ms; the client itself gives up after
 * client_ms (0: its usual time-out). */
void configs_begin(struct configs *c, const char *name, int64_t wait_ms, int64_t client_ms);
/* The last call failed with r. */
int configs_fail_call(struct configs *c, int r);
/* An error code in an answer. */
int configs_fail_code(struct configs *c, int code, struct str message);

/* configs_resource.c: topics, brokers, broker-loggers, client-metrics */
int configs_describe_resources(struct configs *c) MUST_CHECK;
int configs_alter_resource(struct configs *c) MUST_CHECK;
/* configs_quota.c: users, clients, ips */
bool configs_is_quota_key(const char *key);
int configs_describe_quotas(struct configs *c) MUST_CHECK;
int configs_alter_quotas(struct configs *c) MUST_CHECK;
/* configs_scram.c: credentials of users */
int configs_describe_scram(struct configs *c) MUST_CHECK;
int configs_alter_scram(struct configs *c) MUST_CHECK;
/* Replaces "iterations=n,password=p" in `add` by what is stored. */
int configs_encode_scram(struct configs *c) MUST_CHECK;

/* configs_zookeeper.c: all of it without a broker */
int configs_zookeeper(struct configs *c, const char *connect) MUST_CHECK;

#endif
