/* config_layers.c - what may stand in the dynamic layers: config/brokers/N and config/brokers/<default>.
 *
 * Checks and texts are those of DynamicBrokerConfig.scala (3.9). A change is refused whole (config_check_dynamic);
 * of what is already stored only the bad entries are dropped (config_clean_dynamic). Keys without a row are
 * allowed: Kafka keeps them for plug-ins.
 */
#define LOG_CLASS "kafka.server.DynamicBrokerConfig"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/logger.h"
#include "broker/config_priv.h"
#include "protocol/errors.h"

enum sieve {
	SIEVE_VALUE,
	SIEVE_STATIC,
	SIEVE_PREFIX,
	SIEVE_CLUSTER,
	SIEVE_MISSING,
	SIEVE_COUNT
};

/* The part of a key after "listener.name.X.", or the key. */
static const char *base_name(const char *name)
{
	const char *dot;

	if (strncmp(name, "listener.name.", 14))
		return name;
	dot = strchr(name + 14, '.');
	return dot ? dot + 1 : name;
}

bool config_needs_prefix(const char *name)
{
	return !strncmp(name, "ssl.keystore.", 13) || !strncmp(name, "ssl.truststore.", 15) ||
	       !strcmp(name, "ssl.key.password");
}

static bool cluster_level(int id)
{
	return id == CFG_MAX_CONNECTIONS || id == CFG_MAX_CONNECTION_CREATION_RATE ||
	       id == CFG_NUM_NETWORK_THREADS;
}

static bool bad_value(const struct property *p, char *why)
{
	int id = config_key_find(base_name(p->key));
	struct config_value v;

	if (id < 0 || config_keys[id].dynamic == CONFIG_READ_ONLY)
		return false;
	if (config_value_parse(&config_keys[id], p->value, &v, why, CONFIG_ERROR_MAX))
		return true;
	config_value_fini(&config_keys[id], &v);
	return false;
}

/* Does this entry fail the test? `why` is set for SIEVE_VALUE and SIEVE_MISSING. */
static bool caught(enum sieve s, const struct property *p, bool per_broker, char *why)
{
	int id = config_key_find(p->key), base = config_key_find(base_name(p->key));

	switch (s) {
	case SIEVE_STATIC:
		return id >= 0 && config_keys[id].dynamic == CONFIG_READ_ONLY;
	case SIEVE_PREFIX:
		return config_needs_prefix(p->key);
	case SIEVE_VALUE:
		return bad_value(p, why);
	case SIEVE_CLUSTER:
		if (per_broker)
			return false;
		if (base_name(p->key) != p->key)
			return !cluster_level(base);
		return id >= 0 && config_keys[id].dynamic == CONFIG_PER_BROKER;
	case SIEVE_MISSING:
		return config_check_support(p->key, p->value, why, CONFIG_ERROR_MAX) != 0;
	case SIEVE_COUNT:
		break;
	}
	return false;
}

/* All keys caught, as Scala prints the set that Kafka has there: "Set(a, b)". False when there are none. */
static bool list_caught(
	enum sieve s, const struct properties *p, bool per_broker, char *list, size_t size)
{
	char why[CONFIG_ERROR_MAX];
	size_t at = (size_t)snprintf(list, size, s == SIEVE_PREFIX ? "HashSet(" : "Set("), n = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (!caught(s, &p->v[i], per_broker, why) || at >= size)
			continue;
		at += (size_t)snprintf(list + at, size - at, "%s%s", n++ ? ", " : "", p->v[i].key);
	}
	if (at < size)
		snprintf(list + at, size - at, ")");
	return n > 0;
}

static int refuse(
	enum sieve s, const struct properties *p, bool per_broker, const char *text, char *why)
{
	char list[CONFIG_ERROR_MAX / 2];

	if (!list_caught(s, p, per_broker, list, sizeof(list)))
		return 0;
	snprintf(why, CONFIG_ERROR_MAX, "%s: %s", text, list);
	return KERR_INVALID_CONFIG;
}

int config_check_dynamic_keys(
	const struct properties *p, bool per_broker, char why[CONFIG_ERROR_MAX])
{
	int r = refuse(SIEVE_STATIC, p, per_broker, "Cannot update these configs dynamically", why);

	if (r == 0)
		r = refuse(SIEVE_PREFIX, p, per_broker,
			"These security configs can be dynamically updated only per-listener using "
			"the listener prefix",
			why);
	for (size_t i = 0; i < p->n && r == 0; i++) {
		if (caught(SIEVE_VALUE, &p->v[i], per_broker, why))
			r = KERR_INVALID_CONFIG;
	}
	if (r == 0)
		r = refuse(SIEVE_CLUSTER, p, per_broker,
			"Cannot update these configs at default cluster level, broker id must be "
			"specified",
			why);
	return r;
}

int config_check_dynamic(const struct properties *p, bool per_broker, char why[CONFIG_ERROR_MAX])
{
	int r = config_check_dynamic_keys(p, per_broker, why);

	for (size_t i = 0; i < p->n && r == 0; i++) {
		char missing[CONFIG_ERROR_MAX / 2];

		if (config_check_support(p->v[i].key, p->v[i].value, missing, sizeof(missing)) == 0)
			continue;
		snprintf(why, CONFIG_ERROR_MAX, "Invalid value %.200s for configuration %.200s: %s",
			p->v[i].value, p->v[i].key, missing);
		r = KERR_INVALID_CONFIG;
	}
	return r;
}

void config_clean_dynamic(struct properties *p, bool per_broker)
{
	static const char *const texts[SIEVE_COUNT] = {
		[SIEVE_VALUE] =
			"Dynamic config contains invalid values, these configs will be ignored",
		[SIEVE_STATIC] = "Non-dynamic configs configured in ZooKeeper will be ignored",
		[SIEVE_PREFIX] = "Security configs can be dynamically updated only using listener "
				 "prefix, base configs "
				 "will be ignored",
		[SIEVE_CLUSTER] =
			"Per-broker configs defined at default cluster level will be ignored",
		[SIEVE_MISSING] = "Configs of features that are not available will be ignored",
	};
	char list[CONFIG_ERROR_MAX], why[CONFIG_ERROR_MAX];

	for (int s = 0; s < SIEVE_COUNT; s++) {
		if (!list_caught((enum sieve)s, p, per_broker, list, sizeof(list)))
			continue;
		log_error("%s: %s", texts[s], list);
		for (size_t i = p->n; i-- > 0;) {
			if (caught((enum sieve)s, &p->v[i], per_broker, why))
				properties_remove(p, p->v[i].key);
		}
	}
}
