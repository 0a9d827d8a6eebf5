/* client_properties.h - settings of Kafka clients by their Java names: files, key=value arguments, server lists, and
 * what librdkafka calls them.
 *
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_CLIENT_PROPERTIES_H
#define TOOLS_CLIENT_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/properties.h"

struct server {
	char *host; /* without brackets */
	int port;
};

struct server_list {
	struct server *v;
	size_t n, cap;
};

/* "host:port,[::1]:port,PROTOCOL://host:port". 0, or -EINVAL with Kafka's message in *ret_error (owned). */
int server_list_parse(const char *text, struct server_list *ret, char **ret_error) MUST_CHECK;
/* What the tools that look at the list themselves say of it before a client does, ToolsUtils.validateBootstrapServer: no
 * element may be empty. NULL: nothing is wrong. */
const char *server_list_fault(const char *text);
/* Looks the names up. Those that nobody knows are left out, with a warning; -EINVAL with Kafka's message in *ret_error
 * (owned) when none remains. */
int server_list_resolve(struct server_list *l, char **ret_error) MUST_CHECK;
void server_list_fini(struct server_list *l);
/* Both for bootstrap.servers: what Java does before it makes a `kind` ("producer"). -EINVAL with its exception in
 * *ret_exception (owned). */
int client_check_servers(
	const struct properties *p, const char *kind, char **ret_exception) MUST_CHECK;

/* A number, `def` when the key is absent. 0, or -EINVAL with Kafka's message in *ret_error (owned). */
int client_property_number(const struct properties *p, const char *key, int64_t def, int64_t *ret,
	char **ret_error) MUST_CHECK;

/* Adds a properties file. 0, or -errno with the message in *ret_error (owned): the path when it does not exist. */
int client_properties_load(struct properties *p, const char *path, char **ret_error) MUST_CHECK;
/* Adds "key=value" arguments; without '=' the value is empty. */
void client_properties_arguments(struct properties *p, const char *const *args, size_t n);

enum client_kind { CLIENT_PRODUCER, CLIENT_CONSUMER };

struct rd_kafka_conf_s;

/* Gives librdkafka the settings under its own names. Keys that it has no counterpart for are ignored, as Java ignores
 * unknown keys, except those that protect data or credentials: they are an error.
 *   0
 *   -EINVAL  *ret_error says which key and why, in Kafka's words where it has some; owned by the caller  */
int client_properties_apply(const struct properties *p, enum client_kind kind,
	struct rd_kafka_conf_s *conf, char **ret_error) MUST_CHECK;

#endif
