/* client_security.c - ssl.* and sasl.* of Java clients for librdkafka, which reads PEM files and PKCS#12 stores but no
 * Java key stores, and takes SASL credentials as two settings instead of a JAAS line.
 */
#include "tools/client_security.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"

/* Settings that mean the same under another name, or the same one. */
static const struct {
	const char *java, *name;
} same[] = {
	{"security.protocol", "security.protocol"},
	{"sasl.mechanism", "sasl.mechanism"},
	{"sasl.kerberos.service.name", "sasl.kerberos.service.name"},
	{"ssl.key.password", "ssl.key.password"},
	{"ssl.keystore.certificate.chain", "ssl.certificate.pem"},
	{"ssl.keystore.key", "ssl.key.pem"},
	{"ssl.truststore.certificates", "ssl.ca.pem"},
};

static int set(rd_kafka_conf_t *conf, const char *java, const char *name, const char *value,
	char **ret_error)
{
	char why[256];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
		return 0;
	*ret_error = xasprintf("Invalid value for configuration %s: %s", java, why);
	return -EINVAL;
}

static int refuse(const char *key, const char *value, const char *why, char **ret_error)
{
	*ret_error = xasprintf("%s=%s is not supported by this tool: %s", key, value, why);
	return -EINVAL;
}

static const char *type_of(const struct properties *p, const char *key)
{
	const char *type = properties_get(p, key);

	return type ? type : "JKS"; /* Java's default */
}

static int apply_trust(const struct properties *p, rd_kafka_conf_t *conf, char **ret_error)
{
	const char *path = properties_get(p, "ssl.truststore.location");

	if (!path)
		return 0;
	if (strcasecmp(type_of(p, "ssl.truststore.type"), "PEM") != 0)
		return refuse("ssl.truststore.location", path,
			"only ssl.truststore.type=PEM can be read", ret_error);
	return set(conf, "ssl.truststore.location", "ssl.ca.location", path, ret_error);
}

static int apply_key(const struct properties *p, rd_kafka_conf_t *conf, char **ret_error)
{
	const char *path = properties_get(p, "ssl.keystore.location");
	const char *password = properties_get(p, "ssl.keystore.password");
	const char *type = type_of(p, "ssl.keystore.type");
	int r;

	if (!path)
		return 0;
	if (strcasecmp(type, "PEM") == 0) {
		r = set(conf, "ssl.keystore.location", "ssl.certificate.location", path, ret_error);
		return r ? r
			 : set(conf, "ssl.keystore.location", "ssl.key.location", path, ret_error);
	}
	if (strcasecmp(type, "PKCS12") != 0)
		return refuse("ssl.keystore.location", path,
			"only ssl.keystore.type=PEM and PKCS12 can be read", ret_error);
	r = set(conf, "ssl.keystore.location", "ssl.keystore.location", path, ret_error);
	if (!r && password)
		r = set(conf, "ssl.keystore.password", "ssl.keystore.password", password,
			ret_error);
	return r;
}

char *jaas_option(const char *jaas, const char *key)
{
	size_t len = strlen(key), n = 0;
	const char *at = jaas;
	char *value;

	for (;; at += len) {
		at = strstr(at, key);
		if (!at)
			return NULL;
		if (at > jaas && strchr(" \t\n", at[-1]) && at[len] == '=' && at[len + 1] == '"')
			break;
	}
	value = xmalloc(strlen(at));
	for (at += len + 2; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1])
			at++;
		value[n++] = *at;
	}
	value[n] = '\0';
	return value;
}

static int apply_jaas(const struct properties *p, rd_kafka_conf_t *conf, char **ret_error)
{
	const char *jaas = properties_get(p, "sasl.jaas.config");
	CLEANUP(freep) char *username = NULL;
	CLEANUP(freep) char *password = NULL;
	int r;

	if (!jaas)
		return 0;
	username = jaas_option(jaas, "username");
	password = jaas_option(jaas, "password");
	if (!username || !password) {
		*ret_error = xstrdup("sasl.jaas.config is not supported by this tool unless it is "
				     "a login module "
				     "with username=\"...\" and password=\"...\"");
		return -EINVAL;
	}
	r = set(conf, "sasl.jaas.config", "sasl.username", username, ret_error);
	return r ? r : set(conf, "sasl.jaas.config", "sasl.password", password, ret_error);
}

int client_security_apply(const struct properties *p, rd_kafka_conf_t *conf, char **ret_error)
{
	const char *algorithm = properties_get(p, "ssl.endpoint.identification.algorithm");
	const char *ciphers = properties_get(p, "ssl.cipher.suites");
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(same) && !r; i++) {
		const char *value = properties_get(p, same[i].java);

		if (value)
			r = set(conf, same[i].java, same[i].name, value, ret_error);
	}
	if (!r && algorithm) /* Java: the empty text switches the check of the host name off */
		r = set(conf, "ssl.endpoint.identification.algorithm",
			"ssl.endpoint.identification.algorithm", *algorithm ? algorithm : "none",
			ret_error);
	if (!r && ciphers)
		r = refuse("ssl.cipher.suites", ciphers, "OpenSSL has other names for them",
			ret_error);
	if (!r)
		r = apply_trust(p, conf, ret_error);
	if (!r)
		r = apply_key(p, conf, ret_error);
	return r ? r : apply_jaas(p, conf, ret_error);
}
