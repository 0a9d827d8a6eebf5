/* config_def.h - what configuration keys exist and what a value of each may be.
 *
 * The rows are in config.def (broker keys) and topic_config.def (topic keys), one per key; everything that
 * knows keys derives from them: loading, DescribeConfigs, the start-up log block, the sample file's test.
 * Here is what a row consists of and how text becomes a checked value (ConfigDef.java, 3.9).
 *
 * Thread: any; all of it is constant. Layer: pure.
 */
#ifndef BROKER_CONFIG_DEF_H
#define BROKER_CONFIG_DEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* The numbers DescribeConfigs sends. */
enum config_type {
	CONFIG_UNKNOWN,
	CONFIG_BOOLEAN,
	CONFIG_STRING,
	CONFIG_INT,
	CONFIG_SHORT,
	CONFIG_LONG,
	CONFIG_DOUBLE,
	CONFIG_LIST,
	CONFIG_CLASS,
	CONFIG_PASSWORD,
};

enum config_dynamic {
	CONFIG_READ_ONLY,    /* needs a restart */
	CONFIG_PER_BROKER,   /* settable for one broker */
	CONFIG_CLUSTER_WIDE, /* settable for one broker or as the cluster's default */
};

enum config_rule_kind {
	RULE_ANY,
	RULE_AT_LEAST,      /* min */
	RULE_BETWEEN,       /* min .. max */
	RULE_BETWEEN_OR,    /* min .. max, or `other` */
	RULE_AT_LEAST_OR,   /* min, or `other` */
	RULE_ONE_OF,        /* names; every element for a LIST */
	RULE_ONE_OF_NOCASE, /* names in any case */
	RULE_NON_NULL,
	RULE_NON_EMPTY,      /* text; null is fine */
	RULE_NON_EMPTY_LIST, /* cannot be set to the empty list */
	RULE_VERSION,        /* a metadata version, see metadata_version() */
	RULE_REPLICAS,       /* "*" or partition:broker pairs */
};

struct config_rule {
	enum config_rule_kind kind;
	double min, max, other;
	const char *names; /* "a, b, c" */
};

/* What this broker does with a key that is set to something other than its default. A key whose feature is
 * missing is never dropped silently if dropping it would change what clients or operators get. */
enum config_support {
	CONFIG_USED,
	CONFIG_NO_EFFECT, /* accepted; there is nothing here that it could change (KRaft, JVM, unused TLS keys) */
	CONFIG_WARNED,  /* accepted with one warning line that says what is missing */
	CONFIG_REFUSED, /* the start ends, and a dynamic change is refused, with the reason */
};

#define CONFIG_HIGH 0x1u
#define CONFIG_MEDIUM 0x2u
#define CONFIG_LOW 0x4u
#define CONFIG_INTERNAL 0x8u /* listed by DescribeConfigs only when set */

struct config_key {
	const char *name;
	enum config_type type;
	const char *def; /* text of the default; NULL: null */
	struct config_rule rule;
	unsigned flags;
	enum config_dynamic dynamic;
	enum config_support support;
	const char *reason; /* for CONFIG_WARNED and CONFIG_REFUSED: what is missing */
	const char *doc;
};

#define X(id, ...) CFG_##id,
enum config_id {
#include "broker/config.def"
	CFG_COUNT,
	CFG_STATIC_COUNT =
		CFG_FOLLOWER_REPLICATION_THROTTLED_RATE, /* those after it exist only as dynamic keys */
};
#undef X

#define X(id, ...) TOPIC_##id,
enum topic_config_id {
#include "broker/topic_config.def"
	TOPIC_CFG_COUNT,
};
#undef X

extern const struct config_key config_keys[CFG_COUNT];
extern const struct config_key topic_config_keys[TOPIC_CFG_COUNT];
/* The broker key that gives a topic key its default (the first of its synonyms); -1: none. */
extern const int topic_config_synonym[TOPIC_CFG_COUNT];

int config_key_find(const char *name);       /* enum config_id, -1 when there is none */
int topic_config_key_find(const char *name); /* enum topic_config_id, -1 */
/* The keys that mean the same in falling precedence, `id` among them: log.retention.ms, .minutes, .hours.
 * Returns their number (at least 1, at most CONFIG_SYNONYMS_MAX). */
#define CONFIG_SYNONYMS_MAX 3
int config_synonyms(enum config_id id, enum config_id ret[CONFIG_SYNONYMS_MAX]);
/* Keys read by Kafka or its stock plug-ins that have no row (super.users, config.providers ...), and keys of
 * older releases. NULL: really unknown. */
struct config_foreign {
	const char *name;    /* ends with '*': all keys that begin so */
	const char *note;    /* NULL: nothing to say, else why it is ignored */
	const char *refused; /* NULL: harmless */
};
const struct config_foreign *config_foreign_find(const char *name);

struct config_value {
	bool is_null;
	char *text; /* as DescribeConfigs shows it: trimmed, numbers normalised, lists joined; NULL when null */
	union {
		bool b;
		int64_t i;
		double d;
		struct {
			char **v; /* elements of a LIST */
			size_t n;
		} list;
	};
};

void config_value_fini(const struct config_key *k, struct config_value *v);

/* Parses and checks one value; `text` NULL is null.
 *   0                     *ret is owned by the caller
 *   KERR_INVALID_CONFIG   `why` is Kafka's message: "Invalid value 0 for configuration num.io.threads: Value
 *                         must be at least 1"                                                        */
int config_value_parse(const struct config_key *k, const char *text, struct config_value *ret,
	char *why, size_t why_size) MUST_CHECK;

/* What would be valid, for people: "a 32-bit integer, at least 1". Returns buf. */
const char *config_expects(const struct config_key *k, char *buf, size_t size);
/* The rule in the notation of broker-config.tsv: "[1,...]", "-" when there is none. Returns buf. */
const char *config_rule_text(const struct config_key *k, char *buf, size_t size);

/* java.lang.Double.toString. */
const char *java_double(double d, char *buf, size_t size);
/* java.lang.Double.valueOf; false when it is not a number. */
bool java_double_parse(const char *s, double *ret);

#endif
