/* config_def.c - the tables of configuration keys, and how a row is found and printed. */
#include "broker/config_def.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "protocol/errors.h"

/* Columns of config.def; a rule is one line. */
/* clang-format off */
#define ANY		    { .kind = RULE_ANY }
#define AT_LEAST(n)	    { .kind = RULE_AT_LEAST, .min = (n) }
#define BETWEEN(a, b)	    { .kind = RULE_BETWEEN, .min = (a), .max = (b) }
#define BETWEEN_OR(a, b, o) { .kind = RULE_BETWEEN_OR, .min = (a), .max = (b), .other = (o) }
#define AT_LEAST_OR(a, o)   { .kind = RULE_AT_LEAST_OR, .min = (a), .other = (o) }
#define ONE_OF(list)	    { .kind = RULE_ONE_OF, .names = list }
#define ONE_OF_NOCASE(list) { .kind = RULE_ONE_OF_NOCASE, .names = list }
#define NON_NULL	    { .kind = RULE_NON_NULL }
#define NON_EMPTY	    { .kind = RULE_NON_EMPTY }
#define NON_EMPTY_LIST	    { .kind = RULE_NON_EMPTY_LIST }
#define VERSION		    { .kind = RULE_VERSION }
#define REPLICAS	    { .kind = RULE_REPLICAS }
/* clang-format on */
#define HIGH CONFIG_HIGH
#define MEDIUM CONFIG_MEDIUM
#define LOW CONFIG_LOW
#define INTERNAL CONFIG_INTERNAL
#define OK CONFIG_USED, NULL
#define NO_EFFECT CONFIG_NO_EFFECT, NULL
#define WARNED(why) CONFIG_WARNED, why
#define REFUSED(why) CONFIG_REFUSED, why
#define X(id, name, type, def, rule, flags, dynamic, support, doc)                                 \
	[CFG_##id] = {name, CONFIG_##type, def, rule, flags, CONFIG_##dynamic, support, doc},
/* `rule` and `support` expand to several fields; the outer macro sees them expanded */
const struct config_key config_keys[CFG_COUNT] = {
#include "broker/config.def"
};
#undef X

#define X(id, name, type, def, rule, flags, synonym, doc)                                          \
	[TOPIC_##id] = {name, CONFIG_##type, def, rule, flags, CONFIG_CLUSTER_WIDE, OK, doc},
const struct config_key topic_config_keys[TOPIC_CFG_COUNT] = {
#include "broker/topic_config.def"
};
#undef X

#define X(id, name, type, def, rule, flags, synonym, doc)                                          \
	[TOPIC_##id] = (synonym) == CFG_COUNT ? -1 : (int)(synonym),
const int topic_config_synonym[TOPIC_CFG_COUNT] = {
#include "broker/topic_config.def"
};
#undef X

#define NO_AUTHORIZER NULL /* only an authorizer reads it, and authorizer.class.name is refused */

static const struct config_foreign foreign[] = {
	{"config.providers", NULL, "values from config providers cannot be read"},
	{"config.providers.*", NULL, NULL},
	{"super.users", NO_AUTHORIZER, NULL},
	{"allow.everyone.if.no.acl.found", NO_AUTHORIZER, NULL},
	{"authorizer.zookeeper.*", NO_AUTHORIZER, NULL},
	{"metrics.context.*", NULL, NULL},
	{"kafka.csv.metrics.*", NULL, NULL},
	{"rlmm.config.*", NULL, NULL},
	{"rsm.config.*", NULL, NULL},
	{"port", "removed in 3.0, use listeners", NULL},
	{"host.name", "removed in 3.0, use listeners", NULL},
	{"advertised.host.name", "removed in 3.0, use advertised.listeners", NULL},
	{"advertised.port", "removed in 3.0, use advertised.listeners", NULL},
	{"quota.producer.default", "removed in 3.0, use the dynamic default of producer_byte_rate",
		NULL},
	{"quota.consumer.default", "removed in 3.0, use the dynamic default of consumer_byte_rate",
		NULL},
	{"zookeeper.sync.time.ms", "removed in 3.2, nothing takes its place", NULL},
	{"replica.lag.max.messages", "removed in 0.9.0, use replica.lag.time.max.ms", NULL},
	{"controller.message.queue.size", "removed in 0.9.0, nothing takes its place", NULL},
};

static int find(const struct config_key *keys, size_t from, size_t to, const char *name)
{
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int order = strcmp(name, keys[mid].name);

		if (order == 0)
			return (int)mid;
		if (order < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return -1;
}

int config_key_find(const char *name)
{
	int id = find(config_keys, 0, CFG_STATIC_COUNT, name); /* two sorted runs */

	return id >= 0 ? id : find(config_keys, CFG_STATIC_COUNT, CFG_COUNT, name);
}

int topic_config_key_find(const char *name)
{
	return find(topic_config_keys, 0, TOPIC_CFG_COUNT, name);
}

/* DynamicBrokerConfig.brokerConfigSynonyms: log.flush.scheduler.interval.ms stands in for log.flush.interval.ms,
 * not the other way round. */
int config_synonyms(enum config_id id, enum config_id ret[CONFIG_SYNONYMS_MAX])
{
	static const struct {
		int n;
		enum config_id ids[CONFIG_SYNONYMS_MAX];
	} groups[] = {
		{2, {CFG_LOG_ROLL_MS, CFG_LOG_ROLL_HOURS}},
		{2, {CFG_LOG_ROLL_JITTER_MS, CFG_LOG_ROLL_JITTER_HOURS}},
		{3, {CFG_LOG_RETENTION_MS, CFG_LOG_RETENTION_MINUTES, CFG_LOG_RETENTION_HOURS}},
		{1, {CFG_LOG_FLUSH_SCHEDULER_INTERVAL_MS}},
		{2, {CFG_LOG_FLUSH_INTERVAL_MS, CFG_LOG_FLUSH_SCHEDULER_INTERVAL_MS}},
	};

	for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
		for (int i = 0; i < groups[g].n; i++) {
			if (groups[g].ids[i] != id)
				continue;
			memcpy(ret, groups[g].ids, sizeof(groups[g].ids));
			return groups[g].n;
		}
	}
	ret[0] = id;
	return 1;
}

const struct config_foreign *config_foreign_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
		size_t n = strlen(foreign[i].name);

		if (foreign[i].name[n - 1] == '*' ? !strncmp(name, foreign[i].name, n - 1)
						  : !strcmp(name, foreign[i].name))
			return &foreign[i];
	}
	return NULL;
}

const char *config_rule_text(const struct config_key *k, char *buf, size_t size)
{
	const struct config_rule *r = &k->rule;

	switch (r->kind) {
	case RULE_ANY:
		snprintf(buf, size, "-");
		break;
	case RULE_AT_LEAST:
		snprintf(buf, size, "[%.15g,...]", r->min);
		break;
	case RULE_BETWEEN:
		snprintf(buf, size, "[%.15g,...,%.15g]", r->min, r->max);
		break;
	case RULE_BETWEEN_OR:
		snprintf(buf, size, "[%.15g,...,%.15g] or %.15g", r->min, r->max, r->other);
		break;
	case RULE_AT_LEAST_OR:
		snprintf(buf, size, "%.15g or [%.15g,...]", r->other, r->min);
		break;
	case RULE_ONE_OF:
		snprintf(buf, size, "[%s]", r->names);
		break;
	case RULE_ONE_OF_NOCASE:
		snprintf(buf, size, "(case insensitive) [%s]", r->names);
		break;
	case RULE_NON_NULL:
		snprintf(buf, size, "non-null string");
		break;
	case RULE_NON_EMPTY:
		snprintf(buf, size, "non-empty string");
		break;
	case RULE_NON_EMPTY_LIST:
		snprintf(buf, size, "non-empty list");
		break;
	case RULE_VERSION:
		snprintf(buf, size, "a release such as 3.9 or 3.9-IV0");
		break;
	case RULE_REPLICAS:
		snprintf(buf, size, "[partitionId]:[brokerId],[partitionId]:[brokerId],...");
		break;
	}
	return buf;
}

const char *config_expects(const struct config_key *k, char *buf, size_t size)
{
	static const char *const types[] = {
		[CONFIG_UNKNOWN] = "text",
		[CONFIG_BOOLEAN] = "true or false",
		[CONFIG_STRING] = "text",
		[CONFIG_INT] = "a whole number of 32 bits",
		[CONFIG_SHORT] = "a whole number of 16 bits",
		[CONFIG_LONG] = "a whole number of 64 bits",
		[CONFIG_DOUBLE] = "a number",
		[CONFIG_LIST] = "a comma separated list",
		[CONFIG_CLASS] = "a class name",
		[CONFIG_PASSWORD] = "text",
	};
	char rule[256];

	config_rule_text(k, rule, sizeof(rule));
	switch (k->rule.kind) {
	case RULE_ANY:
		snprintf(buf, size, "expected %s", types[k->type]);
		break;
	case RULE_AT_LEAST:
		snprintf(buf, size, "expected %s, at least %.15g", types[k->type], k->rule.min);
		break;
	case RULE_BETWEEN:
		snprintf(buf, size, "expected %s from %.15g to %.15g", types[k->type], k->rule.min,
			k->rule.max);
		break;
	case RULE_BETWEEN_OR:
		snprintf(buf, size, "expected %s from %.15g to %.15g, or %.15g", types[k->type],
			k->rule.min, k->rule.max, k->rule.other);
		break;
	case RULE_AT_LEAST_OR:
		snprintf(buf, size, "expected %s, at least %.15g, or %.15g", types[k->type],
			k->rule.min, k->rule.other);
		break;
	case RULE_ONE_OF:
	case RULE_ONE_OF_NOCASE:
		snprintf(buf, size, "expected %s %s",
			k->type == CONFIG_LIST ? "a comma separated list of" : "one of",
			k->rule.names);
		break;
	case RULE_NON_NULL:
	case RULE_NON_EMPTY:
	case RULE_NON_EMPTY_LIST:
	case RULE_VERSION:
	case RULE_REPLICAS:
		snprintf(buf, size, "expected %s", rule);
		break;
	}
	return buf;
}
