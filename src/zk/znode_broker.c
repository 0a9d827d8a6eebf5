/* znode_broker.c - /brokers/ids/N. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "zk/znode.h"
#include "zk/znode_json.h"

static const char *const protocols[] = {
	[ZK_PLAINTEXT] = "PLAINTEXT",
	[ZK_SSL] = "SSL",
	[ZK_SASL_PLAINTEXT] = "SASL_PLAINTEXT",
	[ZK_SASL_SSL] = "SASL_SSL",
};

const char *zk_security_protocol_name(enum zk_security_protocol p)
{
	return protocols[p];
}

bool zk_security_protocol_parse(const char *name, enum zk_security_protocol *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
		if (strcasecmp(name, protocols[i]) == 0) {
			*ret = (enum zk_security_protocol)i;
			return true;
		}
	return false;
}

void znode_broker_fini(struct znode_broker *b)
{
	for (size_t i = 0; i < b->endpoints_n; i++) {
		free(b->endpoints[i].listener);
		free(b->endpoints[i].host);
	}
	free(b->endpoints);
	for (size_t i = 0; i < b->features_n; i++)
		free(b->features[i].name);
	free(b->features);
	free(b->rack);
	*b = ZNODE_BROKER_INIT;
}

void znode_broker_copy(const struct znode_broker *from, struct znode_broker *ret)
{
	struct znode_broker b = *from;

	b.rack = from->rack ? xstrdup(from->rack) : NULL;
	b.endpoints = xcalloc(from->endpoints_n + 1, sizeof(*b.endpoints));
	for (size_t i = 0; i < from->endpoints_n; i++) {
		b.endpoints[i] = from->endpoints[i];
		b.endpoints[i].listener = xstrdup(from->endpoints[i].listener);
		b.endpoints[i].host = xstrdup(from->endpoints[i].host);
	}
	b.features = xcalloc(from->features_n + 1, sizeof(*b.features));
	for (size_t i = 0; i < from->features_n; i++) {
		b.features[i] = from->features[i];
		b.features[i].name = xstrdup(from->features[i].name);
	}
	*ret = b;
}

static bool same_endpoint(const struct zk_endpoint *a, const struct zk_endpoint *b)
{
	return a->protocol == b->protocol && a->port == b->port && strcmp(a->host, b->host) == 0 &&
	    strcmp(a->listener, b->listener) == 0;
}

bool znode_broker_same_endpoints(const struct znode_broker *a, const struct znode_broker *b)
{
	if (a->endpoints_n != b->endpoints_n || a->features_n != b->features_n)
		return false;
	for (size_t i = 0; i < a->endpoints_n; i++)
		if (!same_endpoint(&a->endpoints[i], &b->endpoints[i]))
			return false;
	for (size_t i = 0; i < a->features_n; i++)
		if (strcmp(a->features[i].name, b->features[i].name) != 0 ||
		    a->features[i].min_version != b->features[i].min_version ||
		    a->features[i].max_version != b->features[i].max_version)
			return false;
	return true;
}

const struct zk_endpoint *znode_broker_endpoint(const struct znode_broker *b, const char *listener)
{
	for (size_t i = 0; i < b->endpoints_n; i++)
		if (strcmp(b->endpoints[i].listener, listener) == 0)
			return &b->endpoints[i];
	return NULL;
}

/* ---- encoding ---- */

/* How scala's immutable trie map mixes a hash code (zookeeper.md 1.5). */
static uint32_t trie_hash(const char *s)
{
	uint32_t h = java_hash(s);

	h += ~(h << 9);
	h ^= h >> 14;
	h += h << 4;
	h ^= h >> 10;
	return h;
}

static void put_protocol(json_t *j, const struct zk_endpoint *e)
{
	json_object_set_new(j, e->listener, json_string(protocols[e->protocol]));
}

/* One level of the trie: first the groups of one key, then the larger ones, each by the next five bits. */
static void put_trie(json_t *j, const struct zk_endpoint **e, size_t n, unsigned shift)
{
	const struct zk_endpoint **group = xcalloc(n + 1, sizeof(struct zk_endpoint *));

	for (int single = 1; single >= 0; single--)
		for (uint32_t bits = 0; bits < 32; bits++) {
			size_t k = 0;

			for (size_t i = 0; i < n; i++)
				if ((trie_hash(e[i]->listener) >> shift & 31) == bits)
					group[k++] = e[i];
			if (single && k == 1)
				put_protocol(j, group[0]);
			else if (!single && k > 1 && shift < 30)
				put_trie(j, group, k, shift + 5);
			else if (!single && k > 1)
				for (size_t i = 0; i < k; i++)
					put_protocol(j, group[i]);
		}
	free(group);
}

static json_t *protocol_map(const struct znode_broker *b)
{
	const struct zk_endpoint **e = xcalloc(b->endpoints_n + 1, sizeof(struct zk_endpoint *));
	json_t *j = json_object();

	for (size_t i = 0; i < b->endpoints_n; i++)
		e[i] = &b->endpoints[i];
	if (b->endpoints_n >= 5)
		put_trie(j, e, b->endpoints_n, 0);
	else
		for (size_t i = 0; i < b->endpoints_n; i++)
			put_protocol(j, e[i]);
	free(e);
	return j;
}

static json_t *endpoint_list(const struct znode_broker *b)
{
	json_t *array = json_array();

	for (size_t i = 0; i < b->endpoints_n; i++) {
		const struct zk_endpoint *e = &b->endpoints[i];
		bool v6 = strchr(e->host, ':') != NULL;
		char *text = xasprintf(v6 ? "%s://[%s]:%d" : "%s://%s:%d", e->listener, e->host, e->port);

		json_array_append_new(array, json_text(text));
		free(text);
	}
	return array;
}

static json_t *feature_map(const struct znode_broker *b)
{
	json_t *j = json_object();

	for (size_t i = 0; i < b->features_n; i++) {
		json_t *range = json_object();

		json_object_set_new(range, "min_version", json_integer(b->features[i].min_version));
		json_object_set_new(range, "max_version", json_integer(b->features[i].max_version));
		json_object_set_new(j, b->features[i].name, range);
	}
	return j;
}

/* What clients older than 0.9 and monitors read as host and port. */
static const struct zk_endpoint *first_plaintext(const struct znode_broker *b)
{
	for (size_t i = 0; i < b->endpoints_n; i++)
		if (b->endpoints[i].protocol == ZK_PLAINTEXT)
			return &b->endpoints[i];
	return NULL;
}

char *znode_broker_encode(const struct znode_broker *b)
{
	const struct zk_endpoint *plain = first_plaintext(b);
	json_t *j = json_object();

	if (b->version >= 5)
		json_object_set_new(j, "features", feature_map(b));
	if (b->version >= 4)
		json_object_set_new(j, "listener_security_protocol_map", protocol_map(b));
	json_object_set_new(j, "endpoints", endpoint_list(b));
	if (b->rack && b->version >= 3)
		json_object_set_new(j, "rack", json_text(b->rack));
	json_object_set_new(j, "jmx_port", json_integer(b->jmx_port));
	json_object_set_new(j, "port", json_integer(plain ? plain->port : -1));
	json_object_set_new(j, "host", plain ? json_text(plain->host) : json_null());
	json_object_set_new(j, "version", json_integer(b->version));
	json_object_set_new(j, "timestamp", json_number_text(b->timestamp_ms));
	return json_finish(j);
}

/* ---- decoding ---- */

static bool host_ok(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("-%._:", s[i]))
			return false;
	return true;
}

/* ^(.*)://\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)$ */
static bool parse_endpoint(const char *text, struct zk_endpoint *ret)
{
	const char *sep = NULL, *host, *colon = strrchr(text, ':');
	size_t host_len;
	int64_t port;

	for (const char *p = strstr(text, "://"); p; p = strstr(p + 1, "://"))
		sep = p;
	if (!sep || !colon || colon < sep + 3 || colon[1] == '+' ||
	    !str_to_i64(str_of(colon + 1), INT32_MIN, INT32_MAX, &port))
		return false;
	host = sep + 3;
	host_len = (size_t)(colon - host);
	if (host_len > 0 && host[0] == '[') {
		host++;
		host_len--;
	}
	if (host_len > 0 && host[host_len - 1] == ']')
		host_len--;
	if (!host_ok(host, host_len))
		return false;
	ret->listener = xstrndup(text, (size_t)(sep - text));
	for (char *p = ret->listener; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	ret->host = xstrndup(host, host_len);
	ret->port = (int32_t)port;
	return true;
}

/* The protocol of a listener: by the map, or without one by its own name. */
static bool find_protocol(const json_t *map, const char *listener, enum zk_security_protocol *ret)
{
	const char *key;
	json_t *value;

	if (!map)
		return zk_security_protocol_parse(listener, ret);
	json_object_foreach((json_t *)(uintptr_t)map, key, value)
		if (strcasecmp(key, listener) == 0 && json_is_string(value))
			return zk_security_protocol_parse(json_string_value(value), ret);
	return false;
}

static bool decode_endpoints(const json_t *j, struct znode_broker *b)
{
	const json_t *array = json_object_get(j, "endpoints"), *map = json_object_get(j, "listener_security_protocol_map");

	if (!json_is_array(array) || (map && !json_is_object(map)))
		return false;
	b->endpoints = xcalloc(json_array_size(array) + 1, sizeof(*b->endpoints));
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *text = json_array_get(array, i);
		struct zk_endpoint *e = &b->endpoints[b->endpoints_n];

		if (!json_is_string(text) || !parse_endpoint(json_string_value(text), e))
			return false;
		b->endpoints_n++;
		if (!find_protocol(map, e->listener, &e->protocol))
			return false;
	}
	return true;
}

/* Version 1, written by 0.8. */
static bool decode_host_port(const json_t *j, struct znode_broker *b)
{
	const char *host;
	int32_t port;

	if (!json_string_at(j, "host", &host) || !json_int(j, "port", &port) || !host_ok(host, strlen(host)))
		return false;
	b->endpoints = xcalloc(1, sizeof(*b->endpoints));
	b->endpoints_n = 1;
	b->endpoints[0] = (struct zk_endpoint){ xstrdup("PLAINTEXT"), ZK_PLAINTEXT, xstrdup(host), port };
	return true;
}

static bool decode_features(json_t *all, struct znode_broker *b)
{
	const char *name;
	json_t *range;

	if (!all)
		return true;
	if (!json_is_object(all))
		return false;
	b->features = xcalloc(json_object_size(all) + 1, sizeof(*b->features));
	json_object_foreach(all, name, range) {
		struct zk_feature f;

		if (!json_int(range, "min_version", &f.min_version) || !json_int(range, "max_version", &f.max_version) ||
		    f.min_version < 0 || f.max_version < f.min_version)
			return false;
		f.name = xstrdup(name);
		b->features[b->features_n++] = f;
	}
	return true;
}

static bool decode_rack(const json_t *j, struct znode_broker *b)
{
	const json_t *rack = json_object_get(j, "rack");

	if (!rack || json_is_null(rack))
		return true;
	if (!json_is_string(rack))
		return false;
	b->rack = xstrdup(json_string_value(rack));
	return true;
}

int znode_broker_decode(const char *text, int32_t len, struct znode_broker *ret)
{
	JSON_AUTO j = json_parse(text, len);
	struct znode_broker b = ZNODE_BROKER_INIT;
	bool ok;

	ok = json_int(j, "version", &b.version) && b.version >= 1 && json_int(j, "jmx_port", &b.jmx_port);
	ok = ok && (b.version == 1 ? decode_host_port(j, &b) : decode_endpoints(j, &b));
	ok = ok && decode_rack(j, &b) && decode_features(json_object_get(j, "features"), &b);
	if (!ok) {
		znode_broker_fini(&b);
		return FAIL(-EBADMSG);
	}
	(void)json_long_text(j, "timestamp", &b.timestamp_ms); /* nobody reads it */
	*ret = b;
	return 0;
}
