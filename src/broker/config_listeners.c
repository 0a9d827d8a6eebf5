/* config_listeners.c - listeners, advertised.listeners, listener.security.protocol.map and who talks to brokers.
 *
 * An entry is NAME://HOST:PORT, HOST may be empty or in brackets (SocketServerConfigs.java 3.9); names are upper
 * cased and must have a protocol in the map; names and ports must differ, except one IPv4 and one IPv6 literal
 * on the same port (CoreUtils.scala).
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "broker/config_priv.h"
#include "protocol/errors.h"

#define BLANKS " \t\n\r\f\v"

void endpoints_fini(struct endpoints *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free(e->v[i].listener);
		free(e->v[i].host);
	}
	free(e->v);
	*e = (struct endpoints){NULL, 0};
}

void protocol_map_fini(struct protocol_map *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i].name);
	free(m->v);
	*m = (struct protocol_map){NULL, 0};
}

static char *upper(char *s)
{
	for (char *p = s; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return s;
}

/* The next element of a comma separated list, without blanks around it; NULL at the end. Owned. */
static char *next_element(const char **p)
{
	const char *from = *p + strspn(*p, BLANKS ",");
	size_t len = strcspn(from, ",");

	*p = from + len;
	while (len > 0 && strchr(BLANKS, from[len - 1]))
		len--;
	return len ? xstrndup(from, len) : NULL;
}

static const struct protocol_map_entry *protocol_of(const struct protocol_map *m, const char *name)
{
	for (size_t i = m->n; i-- > 0;) { /* the last one wins */
		if (!strcmp(m->v[i].name, name))
			return &m->v[i];
	}
	return NULL;
}

static int fill_protocols(struct config *c, struct config_fault *f)
{
	const enum config_id id = CFG_LISTENER_SECURITY_PROTOCOL_MAP;
	const char *p = config_text(c, id);
	size_t cap = 0;
	char *pair;

	while ((pair = next_element(&p))) {
		char *colon = strrchr(pair, ':');
		enum zk_security_protocol protocol = ZK_PLAINTEXT;
		bool ok = colon != NULL;

		if (ok) {
			*colon = '\0';
			ok = zk_security_protocol_parse(
				upper(colon + 1 + strspn(colon + 1, BLANKS)), &protocol);
		}
		if (!ok) {
			free(pair);
			return config_fault_set(f, id, false,
				"expected NAME:PROTOCOL pairs with PLAINTEXT, SSL, SASL_PLAINTEXT "
				"or SASL_SSL");
		}
		c->protocols.v = grow_array(
			c->protocols.v, &cap, c->protocols.n + 1, sizeof(*c->protocols.v));
		c->protocols.v[c->protocols.n++] =
			(struct protocol_map_entry){upper(pair), protocol};
	}
	return 0;
}

static bool parse_host(const char *s, size_t len, char **ret)
{
	if (len > 0 && s[0] == '[')
		s++, len--;
	if (len > 0 && s[len - 1] == ']')
		len--;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)s[i]) && !strchr("-%._:", s[i]))
			return false;
	}
	*ret = xstrndup(s, len);
	return true;
}

/* NAME://HOST:PORT; the last "://" and the last colon count. */
static bool parse_endpoint(const char *text, struct zk_endpoint *ret)
{
	const char *sep = NULL, *colon;
	int64_t port;

	for (const char *p = text; (p = strstr(p, "://")); p++)
		sep = p;
	colon = sep ? strrchr(sep + 3, ':') : NULL;
	if (!colon || !str_to_i64(str_of(colon + 1), 0, 65535, &port) || colon[1] == '+')
		return false;
	if (!parse_host(sep + 3, (size_t)(colon - sep - 3), &ret->host))
		return false;
	ret->listener = upper(xstrndup(text, (size_t)(sep - text)));
	ret->port = (int32_t)port;
	return true;
}

static int family(const char *host)
{
	struct in6_addr a6;
	struct in_addr a4;

	if (inet_pton(AF_INET, host, &a4) == 1)
		return AF_INET;
	return inet_pton(AF_INET6, host, &a6) == 1 ? AF_INET6 : AF_UNSPEC;
}

static int check_distinct(const struct endpoints *e, bool ports, enum config_id id,
	const char *text, struct config_fault *f)
{
	for (size_t i = 0; i < e->n; i++) {
		int same_port = 1;

		for (size_t j = 0; j < e->n; j++) {
			if (j == i)
				continue;
			if (!strcmp(e->v[i].listener, e->v[j].listener))
				return config_fault_set(f, id, true,
					"Each listener must have a different name, listeners: %s",
					text);
			if (!ports || e->v[i].port == 0 || e->v[i].port != e->v[j].port)
				continue;
			if (++same_port > 2 || family(e->v[i].host) == AF_UNSPEC ||
				family(e->v[j].host) == AF_UNSPEC ||
				family(e->v[i].host) == family(e->v[j].host))
				return config_fault_set(f, id, true,
					"Each listener must have a different port unless exactly "
					"one listener has an IPv4 "
					"address and the other IPv6 address, listeners: %s, port: "
					"%d",
					text, (int)e->v[i].port);
		}
	}
	return 0;
}

static int fill_endpoints(
	const struct config *c, enum config_id id, struct endpoints *e, struct config_fault *f)
{
	const char *text = config_text(c, id), *p = text;
	size_t cap = 0;
	char *one;

	while ((one = next_element(&p))) {
		const struct protocol_map_entry *protocol;
		struct zk_endpoint ep = {.listener = NULL};
		int r = 0;

		if (!parse_endpoint(one, &ep)) {
			r = config_fault_set(f, id, true,
				"'%.100s' is no endpoint: expected NAME://host:port, comma "
				"separated",
				one);
			free(one);
			return r;
		}
		free(one);
		e->v = grow_array(e->v, &cap, e->n + 1, sizeof(*e->v));
		protocol = protocol_of(&c->protocols, ep.listener);
		if (!protocol)
			r = config_fault_set(f, id, true,
				"No security protocol defined for listener %.100s: name it in "
				"listener.security.protocol.map",
				ep.listener);
		else
			ep.protocol = protocol->protocol;
		e->v[e->n++] = ep;
		if (r)
			return r;
	}
	return check_distinct(e, id == CFG_LISTENERS, id, text, f);
}

static int fill_inter_broker(struct config *c, struct config_fault *f)
{
	const char *name = config_text(c, CFG_INTER_BROKER_LISTENER_NAME);

	if (!name) {
		c->inter_broker = xstrdup(config_text(c, CFG_SECURITY_INTER_BROKER_PROTOCOL));
		return 0;
	}
	if (properties_get(&c->merged, config_keys[CFG_SECURITY_INTER_BROKER_PROTOCOL].name))
		return config_fault_set(f, CFG_INTER_BROKER_LISTENER_NAME, false,
			"Only one of inter.broker.listener.name and security.inter.broker.protocol "
			"should be set.");
	c->inter_broker = upper(xstrdup(name));
	if (!protocol_of(&c->protocols, c->inter_broker))
		return config_fault_set(f, CFG_INTER_BROKER_LISTENER_NAME, false,
			"Listener with name %.100s defined in inter.broker.listener.name not found "
			"in "
			"listener.security.protocol.map.",
			c->inter_broker);
	return 0;
}

static void copy_endpoints(const struct endpoints *from, struct endpoints *to)
{
	to->v = xcalloc(from->n ? from->n : 1, sizeof(*to->v));
	to->n = from->n;
	for (size_t i = 0; i < from->n; i++) {
		to->v[i] = from->v[i];
		to->v[i].listener = xstrdup(from->v[i].listener);
		to->v[i].host = xstrdup(from->v[i].host);
	}
}

int config_fill_listeners(struct config *c, struct config_fault *f)
{
	int r = fill_protocols(c, f);

	if (r == 0)
		r = fill_endpoints(c, CFG_LISTENERS, &c->listeners, f);
	if (r == 0 && config_is_null(c, CFG_ADVERTISED_LISTENERS))
		copy_endpoints(&c->listeners, &c->advertised);
	else if (r == 0)
		r = fill_endpoints(c, CFG_ADVERTISED_LISTENERS, &c->advertised, f);
	if (r == 0)
		r = fill_inter_broker(c, f);
	return r;
}
