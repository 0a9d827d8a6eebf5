/* client_security.h - TLS and SASL settings of Java clients in librdkafka's terms.
 *
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_CLIENT_SECURITY_H
#define TOOLS_CLIENT_SECURITY_H

#include "base/attr.h"
#include "base/properties.h"

struct rd_kafka_conf_s;

/* 0, or -EINVAL with the reason in *ret_error (owned): a setting that librdkafka cannot follow and that would weaken
 * the connection if it were ignored (a JKS store, cipher names of Java, a login module without credentials). */
int client_security_apply(
	const struct properties *p, struct rd_kafka_conf_s *conf, char **ret_error) MUST_CHECK;

/* The value of key="value" in a JAAS line, unescaped; NULL when it is not there. Owned by the caller. */
char *jaas_option(const char *jaas, const char *key);

#endif
