/* config_change.c - see config_change.h. Checks and their order are those of DynamicBrokerConfig.scala (3.9). */
#include "broker/config_change.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"
#include "broker/config_priv.h"
#include "protocol/errors.h"

#define JMX_REPORTER "org.apache.kafka.common.metrics.JmxReporter"

static bool text_differs(const char *x, const char *y)
{
	return !x != !y || (x && strcmp(x, y) != 0);
}

bool config_differs(const struct config *a, const struct config *b, enum config_id id)
{
	return text_differs(config_text(a, id), config_text(b, id));
}

bool config_differs_for(
	const struct config *a, const struct config *b, const char *listener, enum config_id id)
{
	return text_differs(
		config_listener_text(a, listener, id), config_listener_text(b, listener, id));
}

static int PRINTF(2, 3) refuse(char *why, const char *fmt, ...)
{
	char text[CONFIG_ERROR_MAX - 64];
	va_list va;

	va_start(va, fmt);
	vsnprintf(text, sizeof(text), fmt, va);
	va_end(va);
	snprintf(why, CONFIG_ERROR_MAX, "Invalid dynamic configuration: %s", text);
	return KERR_INVALID_CONFIG;
}

/* --- reporters --- */

static int check_reporters(const struct config *from, const struct config *to, char *why)
{
	const char *const *v;
	size_t n;

	if (!config_differs(from, to, CFG_METRIC_REPORTERS))
		return 0;
	v = config_list(to, CFG_METRIC_REPORTERS, &n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i], JMX_REPORTER) != 0)
			return refuse(why,
				"Validation of dynamic config update of Set(metric.reporters) failed: "
				"%.200s could not be loaded, there is no Java here",
				v[i]);
	}
	return 0;
}

/* --- limits of listeners --- */

/* Pools grow and shrink by at most a factor of two at a time. */
static int check_count(const char *name, int64_t old, int64_t now, char *why)
{
	const char *limit = NULL;

	if (now == old)
		return 0;
	if (now <= 0)
		limit = "value should be at least 1";
	else if (now < old / 2)
		limit = "value should be at least half the current value";
	else if (now > old * 2)
		limit = "value should not be greater than double the current value";
	if (!limit)
		return 0;
	return refuse(why, "Dynamic thread count update validation failed for %s=%lld, %s %lld", name,
		(long long)now, limit, (long long)old);
}

static int64_t listener_number(const struct config *c, const char *listener, enum config_id id)
{
	int64_t n = 0;

	(void)str_to_i64(str_of(config_listener_text(c, listener, id)), INT64_MIN, INT64_MAX, &n);
	return n;
}

static int check_listener(
	const struct config *from, const struct config *to, const char *name, char *why)
{
	static const enum config_id limits[] = {
		CFG_MAX_CONNECTIONS, CFG_MAX_CONNECTION_CREATION_RATE};
	bool moved = config_differs_for(from, to, name, limits[0]) ||
		     config_differs_for(from, to, name, limits[1]);

	for (size_t i = 0; i < ARRAY_LEN(limits) && moved; i++) {
		int64_t now = listener_number(to, name, limits[i]);

		if (now <= 0)
			return refuse(
				why, "Invalid %s %lld", config_keys[limits[i]].name, (long long)now);
	}
	return check_count(config_keys[CFG_NUM_NETWORK_THREADS].name,
		listener_number(from, name, CFG_NUM_NETWORK_THREADS),
		listener_number(to, name, CFG_NUM_NETWORK_THREADS), why);
}

static const struct zk_endpoint *find_listener(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->listeners.n; i++) {
		if (!strcmp(c->listeners.v[i].listener, name))
			return &c->listeners.v[i];
	}
	return NULL;
}

static int check_quotas(const struct config *from, const struct config *to, char *why)
{
	int r = 0;

	for (size_t i = 0; i < from->listeners.n && r == 0; i++)
		r = check_listener(from, to, from->listeners.v[i].listener, why);
	return r;
}

/* --- pools --- */

static int check_threads(const struct config *from, const struct config *to, char *why)
{
	static const enum config_id pools[] = {CFG_NUM_IO_THREADS, CFG_NUM_REPLICA_FETCHERS,
		CFG_NUM_RECOVERY_THREADS_PER_DATA_DIR, CFG_BACKGROUND_THREADS,
		CFG_LOG_CLEANER_THREADS};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(pools) && r == 0; i++)
		r = check_count(config_keys[pools[i]].name, config_int(from, pools[i]),
			config_int(to, pools[i]), why);
	return r;
}

/* --- local retention, which nobody but tiered storage uses --- */

static int check_local(const struct config *to, enum config_id local, enum config_id whole,
	int64_t whole_now, bool bounded, char *why)
{
	int64_t now = config_long(to, local);

	if (!bounded || now == -2)
		return 0;
	if (now == -1)
		return refuse(why,
			"Invalid value %lld for configuration %s: Value must not be -1 as %s value "
			"is set as %lld.",
			(long long)now, config_keys[local].name, config_keys[whole].name,
			(long long)whole_now);
	if (now > whole_now)
		return refuse(why,
			"Invalid value %lld for configuration %s: Value must not be more than %s "
			"property value: %lld",
			(long long)now, config_keys[local].name, config_keys[whole].name,
			(long long)whole_now);
	return 0;
}

static bool log_defaults_differ(const struct config *from, const struct config *to)
{
	for (int t = 0; t < TOPIC_CFG_COUNT; t++) {
		if (topic_config_synonym[t] >= 0 &&
			config_differs(from, to, (enum config_id)topic_config_synonym[t]))
			return true;
	}
	return false;
}

static int check_log_defaults(const struct config *from, const struct config *to, char *why)
{
	int64_t ms = config_log_retention_ms(to), bytes = config_long(to, CFG_LOG_RETENTION_BYTES);
	int r;

	if (!log_defaults_differ(from, to))
		return 0;
	r = check_local(to, CFG_LOG_LOCAL_RETENTION_MS, CFG_LOG_RETENTION_MS, ms, ms != -1, why);
	if (r == 0)
		r = check_local(to, CFG_LOG_LOCAL_RETENTION_BYTES, CFG_LOG_RETENTION_BYTES, bytes,
			bytes > -1, why);
	return r;
}

/* --- listeners --- */

/* DynamicListenerConfig.ReconfigurableConfigs: when none of these moved nothing is looked at. */
static const enum config_id listener_keys[] = {CFG_ADVERTISED_LISTENERS, CFG_LISTENERS,
	CFG_LISTENER_SECURITY_PROTOCOL_MAP, CFG_PRINCIPAL_BUILDER_CLASS, CFG_SSL_PROTOCOL,
	CFG_SSL_PROVIDER, CFG_SSL_CIPHER_SUITES, CFG_SSL_ENABLED_PROTOCOLS, CFG_SSL_KEYSTORE_TYPE,
	CFG_SSL_KEYSTORE_LOCATION, CFG_SSL_KEYSTORE_PASSWORD, CFG_SSL_KEY_PASSWORD,
	CFG_SSL_TRUSTSTORE_TYPE, CFG_SSL_TRUSTSTORE_LOCATION, CFG_SSL_TRUSTSTORE_PASSWORD,
	CFG_SSL_KEYMANAGER_ALGORITHM, CFG_SSL_TRUSTMANAGER_ALGORITHM,
	CFG_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM, CFG_SSL_SECURE_RANDOM_IMPLEMENTATION,
	CFG_SSL_CLIENT_AUTH, CFG_SSL_ENGINE_FACTORY_CLASS, CFG_SASL_MECHANISM_INTER_BROKER_PROTOCOL,
	CFG_SASL_JAAS_CONFIG, CFG_SASL_ENABLED_MECHANISMS, CFG_SASL_KERBEROS_SERVICE_NAME,
	CFG_SASL_KERBEROS_KINIT_CMD, CFG_SASL_KERBEROS_TICKET_RENEW_WINDOW_FACTOR,
	CFG_SASL_KERBEROS_TICKET_RENEW_JITTER, CFG_SASL_KERBEROS_MIN_TIME_BEFORE_RELOGIN,
	CFG_SASL_KERBEROS_PRINCIPAL_TO_LOCAL_RULES, CFG_SASL_LOGIN_REFRESH_WINDOW_FACTOR,
	CFG_SASL_LOGIN_REFRESH_WINDOW_JITTER, CFG_SASL_LOGIN_REFRESH_MIN_PERIOD_SECONDS,
	CFG_SASL_LOGIN_REFRESH_BUFFER_SECONDS, CFG_MAX_CONNECTIONS,
	CFG_MAX_CONNECTION_CREATION_RATE, CFG_NUM_NETWORK_THREADS};

/* What may change behind an existing listener's prefix. */
static bool is_mutable(const char *key)
{
	int id = config_key_find(key);

	return id == CFG_MAX_CONNECTIONS || id == CFG_MAX_CONNECTION_CREATION_RATE ||
	       id == CFG_NUM_NETWORK_THREADS || config_needs_prefix(key);
}

/* Is there a key behind the prefix in `a` that `b` has not, or not so, and that may not change? */
static bool lacks_entry(const struct config *a, const struct config *b, const char *prefix)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < a->merged.n; i++) {
		const struct property *p = &a->merged.v[i];

		if (!strncmp(p->key, prefix, n) && !is_mutable(p->key + n) &&
			text_differs(p->value, properties_get(&b->merged, p->key)))
			return true;
	}
	return false;
}

static int check_existing(const struct config *from, const struct config *to,
	const struct zk_endpoint *old, const struct zk_endpoint *now, char *why)
{
	char *prefix = xasprintf("listener.name.%s.", now->listener);
	bool differs;

	for (char *p = prefix; *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
	differs = lacks_entry(from, to, prefix) || lacks_entry(to, from, prefix);
	free(prefix);
	if (differs)
		return refuse(why,
			"Configs cannot be updated dynamically for existing listener %.200s, restart "
			"broker or create a new listener for update",
			now->listener);
	if (old->protocol != now->protocol)
		return refuse(why,
			"Security protocol cannot be updated for existing listener %.200s",
			now->listener);
	return 0;
}

static int check_listeners(const struct config *from, const struct config *to, char *why)
{
	bool moved = false;
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(listener_keys); i++)
		moved = moved || config_differs(from, to, listener_keys[i]);
	for (size_t i = 0; i < to->listeners.n && r == 0 && moved; i++) {
		const struct zk_endpoint *now = &to->listeners.v[i];
		const struct zk_endpoint *old = find_listener(from, now->listener);

		if (old)
			r = check_existing(from, to, old, now, why);
	}
	return r;
}

int config_change_check(
	const struct config *from, const struct config *to, char why[CONFIG_ERROR_MAX])
{
	static int (*const checks[])(const struct config *, const struct config *, char *) = {
		check_reporters, check_quotas, check_threads, check_log_defaults, check_listeners};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(checks) && r == 0; i++)
		r = checks[i](from, to, why);
	return r;
}
