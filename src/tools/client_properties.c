/* client_properties.c - Java client settings: reading, checking, and their librdkafka names.
 *
 * Each row of `settings` is a key with the values that Kafka's clients accept (ProducerConfig.java, ConsumerConfig.java,
 * 3.9), so a wrong value gets Kafka's message, and how librdkafka wants it. librdkafka has narrower limits for some
 * numbers; what lies outside of them is moved to the nearest limit. Security settings are in client_security.c.
 */
#include "tools/client_properties.h"

#include <ctype.h>
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "broker/config_def.h"
#include "tools/client_security.h"
#include "tools/report.h"

#define FILE_MAX (1024 * 1024)

#define P (1u << CLIENT_PRODUCER)
#define C (1u << CLIENT_CONSUMER)

enum how {
	SAME,      /* the text as it is */
	NUMBER,    /* within low..high */
	KIB,       /* bytes to KiB, within low..high */
	BUFFER,    /* NUMBER, but -1 (the system's choice) is 0 */
	RESET,     /* auto.offset.reset: none is called error */
	ASSIGNORS, /* class names to librdkafka's names */
};

struct setting {
	struct config_key key;
	unsigned kinds;
	const char *name; /* librdkafka's; NULL: as Kafka's */
	enum how how;
	int64_t low, high;
	const char *def; /* set when absent, where librdkafka's default differs from Java's */
};

#define KEY(n, t, ...) .key = {.name = (n), .type = (t), .rule = {__VA_ARGS__}}
#define AT_LEAST(n) .kind = RULE_AT_LEAST, .min = (n)
#define ONE_OF(list) .kind = RULE_ONE_OF, .names = (list)
#define LIMITS(l, h) .how = NUMBER, .low = (l), .high = (h)

static const struct setting settings[] = {
	{KEY("bootstrap.servers", CONFIG_LIST, .kind = RULE_ANY), .kinds = P | C},
	{KEY("client.id", CONFIG_STRING, .kind = RULE_ANY), .kinds = P | C},
	{KEY("client.rack", CONFIG_STRING, .kind = RULE_ANY), .kinds = C},
	{KEY("metadata.max.age.ms", CONFIG_LONG, AT_LEAST(0)), .kinds = P | C, LIMITS(1, 86400000)},
	{KEY("metadata.max.age.ms", CONFIG_LONG, AT_LEAST(0)), .kinds = P | C,
		.name = "topic.metadata.refresh.interval.ms", LIMITS(10, 3600000)},
	{KEY("send.buffer.bytes", CONFIG_INT, AT_LEAST(-1)), .kinds = P | C,
		.name = "socket.send.buffer.bytes", .how = BUFFER, .low = 0, .high = 100000000},
	{KEY("receive.buffer.bytes", CONFIG_INT, AT_LEAST(-1)), .kinds = P | C,
		.name = "socket.receive.buffer.bytes", .how = BUFFER, .low = 0, .high = 100000000},
	{KEY("reconnect.backoff.ms", CONFIG_LONG, AT_LEAST(0)), .kinds = P | C, LIMITS(0, 3600000),
		.def = "50"},
	{KEY("reconnect.backoff.max.ms", CONFIG_LONG, AT_LEAST(0)), .kinds = P | C,
		LIMITS(0, 3600000), .def = "1000"},
	{KEY("retry.backoff.ms", CONFIG_LONG, AT_LEAST(0)), .kinds = P, LIMITS(1, 300000)},
	{KEY("connections.max.idle.ms", CONFIG_LONG, .kind = RULE_ANY), .kinds = P | C,
		LIMITS(0, INT32_MAX)},
	{KEY("socket.connection.setup.timeout.ms", CONFIG_LONG, .kind = RULE_ANY), .kinds = P | C,
		LIMITS(1000, INT32_MAX)},

	{KEY("acks", CONFIG_STRING, ONE_OF("all, -1, 0, 1")), .kinds = P},
	{KEY("retries", CONFIG_INT, .kind = RULE_BETWEEN, .min = 0, .max = INT32_MAX), .kinds = P,
		LIMITS(0, INT32_MAX)},
	{KEY("linger.ms", CONFIG_LONG, AT_LEAST(0)), .kinds = P, LIMITS(0, 900000), .def = "0"},
	{KEY("batch.size", CONFIG_INT, AT_LEAST(0)), .kinds = P, LIMITS(1, INT32_MAX),
		.def = "16384"},
	{KEY("buffer.memory", CONFIG_LONG, AT_LEAST(0)), .kinds = P,
		.name = "queue.buffering.max.kbytes", .how = KIB, .low = 1, .high = INT32_MAX,
		.def = "33554432"},
	{KEY("max.request.size", CONFIG_INT, AT_LEAST(0)), .kinds = P, .name = "message.max.bytes",
		LIMITS(1000, 1000000000), .def = "1048576"},
	{KEY("request.timeout.ms", CONFIG_INT, AT_LEAST(0)), .kinds = P, LIMITS(1, 900000)},
	{KEY("request.timeout.ms", CONFIG_INT, AT_LEAST(0)), .kinds = P,
		.name = "socket.timeout.ms", LIMITS(10, 300000)},
	{KEY("request.timeout.ms", CONFIG_INT, AT_LEAST(0)), .kinds = C,
		.name = "socket.timeout.ms", LIMITS(2000, 300000), .def = "30000"},
	{KEY("delivery.timeout.ms", CONFIG_INT, AT_LEAST(0)), .kinds = P, LIMITS(1, INT32_MAX),
		.def = "120000"},
	{KEY("compression.type", CONFIG_STRING, ONE_OF("none, gzip, snappy, lz4, zstd")),
		.kinds = P},
	{KEY("max.in.flight.requests.per.connection", CONFIG_INT, AT_LEAST(1)), .kinds = P,
		LIMITS(1, 1000000), .def = "5"},
	{KEY("enable.idempotence", CONFIG_BOOLEAN, .kind = RULE_ANY), .kinds = P},
	{KEY("transactional.id", CONFIG_STRING, .kind = RULE_NON_EMPTY), .kinds = P},
	{KEY("transaction.timeout.ms", CONFIG_INT, .kind = RULE_ANY), .kinds = P,
		LIMITS(1000, INT32_MAX)},

	{KEY("group.id", CONFIG_STRING, .kind = RULE_ANY), .kinds = C},
	{KEY("group.instance.id", CONFIG_STRING, .kind = RULE_NON_EMPTY), .kinds = C},
	{KEY("session.timeout.ms", CONFIG_INT, .kind = RULE_ANY), .kinds = C, LIMITS(1, 3600000)},
	{KEY("heartbeat.interval.ms", CONFIG_INT, .kind = RULE_ANY), .kinds = C,
		LIMITS(1, 3600000)},
	{KEY("max.poll.interval.ms", CONFIG_INT, AT_LEAST(1)), .kinds = C, LIMITS(1, 86400000)},
	{KEY("enable.auto.commit", CONFIG_BOOLEAN, .kind = RULE_ANY), .kinds = C},
	{KEY("auto.commit.interval.ms", CONFIG_INT, AT_LEAST(0)), .kinds = C, LIMITS(1, 86400000)},
	{KEY("auto.offset.reset", CONFIG_STRING, ONE_OF("latest, earliest, none")), .kinds = C,
		.how = RESET},
	{KEY("isolation.level", CONFIG_STRING, ONE_OF("read_committed, read_uncommitted")),
		.kinds = C},
	{KEY("fetch.min.bytes", CONFIG_INT, AT_LEAST(0)), .kinds = C, LIMITS(1, 100000000)},
	{KEY("fetch.max.bytes", CONFIG_INT, AT_LEAST(0)), .kinds = C, LIMITS(1000000, 2147483135)},
	{KEY("fetch.max.wait.ms", CONFIG_INT, AT_LEAST(0)), .kinds = C, .name = "fetch.wait.max.ms",
		LIMITS(0, 300000)},
	{KEY("max.partition.fetch.bytes", CONFIG_INT, AT_LEAST(0)), .kinds = C,
		LIMITS(1, 1000000000)},
	{KEY("check.crcs", CONFIG_BOOLEAN, .kind = RULE_ANY), .kinds = C, .def = "true"},
	{KEY("allow.auto.create.topics", CONFIG_BOOLEAN, .kind = RULE_ANY), .kinds = C,
		.def = "true"},
	{KEY("partition.assignment.strategy", CONFIG_LIST, .kind = RULE_NON_NULL), .kinds = C,
		.how = ASSIGNORS, .def = "org.apache.kafka.clients.consumer.RangeAssignor"},
};

static const struct {
	const char *class, *name;
} assignors[] = {
	{"org.apache.kafka.clients.consumer.RangeAssignor", "range"},
	{"org.apache.kafka.clients.consumer.RoundRobinAssignor", "roundrobin"},
	{"org.apache.kafka.clients.consumer.CooperativeStickyAssignor", "cooperative-sticky"},
};

static void add_server(struct server_list *l, const char *host, size_t len, int port)
{
	l->v = grow_array(l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = (struct server){.host = xstrndup(host, len), .port = port};
}

/* One "host:port"; false when it is not one. */
static bool parse_server(struct server_list *l, const char *p, size_t len)
{
	const char *scheme = memmem(p, len, "://", 3), *colon;
	int64_t port;

	if (scheme) {
		len -= (size_t)(scheme + 3 - p);
		p = scheme + 3;
	}
	colon = memrchr(p, ':', len);
	if (!colon || colon == p)
		return false;
	if (!str_to_i64((struct str){colon + 1, (int32_t)(p + len - colon - 1)}, 0, 65535, &port))
		return false;
	if (p[0] == '[' && colon[-1] == ']')
		add_server(l, p + 1, (size_t)(colon - p) - 2, (int)port);
	else
		add_server(l, p, (size_t)(colon - p), (int)port);
	return true;
}

int server_list_parse(const char *text, struct server_list *ret, char **ret_error)
{
	struct server_list l = {NULL, 0, 0};

	for (const char *p = text ? text : ""; *p;) {
		size_t len, skip = strspn(p, " \t,");

		p += skip;
		len = strcspn(p, ",");
		for (skip = len; len > 0 && isspace((unsigned char)p[len - 1]); len--)
			;
		if (len > 0 && !parse_server(&l, p, len)) {
			*ret_error =
				xasprintf("Invalid url in bootstrap.servers: %.*s", (int)len, p);
			server_list_fini(&l);
			return -EINVAL;
		}
		p += skip;
	}
	if (l.n == 0) {
		*ret_error = xstrdup("No resolvable bootstrap urls given in bootstrap.servers");
		return -EINVAL;
	}
	*ret = l;
	return 0;
}

const char *server_list_fault(const char *text)
{
	static const char fault[] = "Please provide valid host:port like host1:9091,host2:9092\n";
	struct server_list l = {NULL, 0, 0};
	size_t len = strlen(text);

	if (text[strspn(text, " \t")] == '\0')
		return "Error while validating the bootstrap address\n";
	while (len > 0 && text[len - 1] == ',')
		len--; /* Java's split leaves those out */
	for (size_t at = 0; at <= len; at++) {
		size_t n = strcspn(text + at, ",");
		bool valid = n > 0 && parse_server(&l, text + at, MIN(n, len - at));

		server_list_fini(&l);
		if (!valid)
			return fault;
		at += n;
	}
	return NULL;
}

static bool resolves(const struct server *s)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list;

	if (getaddrinfo(s->host, NULL, &hints, &list) == 0) {
		freeaddrinfo(list);
		return true;
	}
	report("WARN", "org.apache.kafka.clients.ClientUtils",
		"Couldn't resolve server %s:%d from bootstrap.servers as DNS resolution failed for "
		"%s",
		s->host, s->port, s->host);
	return false;
}

int server_list_resolve(struct server_list *l, char **ret_error)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (resolves(&l->v[i]))
			l->v[n++] = l->v[i];
		else
			free(l->v[i].host);
	}
	l->n = n;
	if (n > 0)
		return 0;
	*ret_error = xstrdup("No resolvable bootstrap urls given in bootstrap.servers");
	return -EINVAL;
}

int client_check_servers(const struct properties *p, const char *kind, char **ret_exception)
{
	const char *text = properties_get(p, "bootstrap.servers");
	struct server_list l = {NULL, 0, 0};
	CLEANUP(freep) char *why = NULL;
	int r = server_list_parse(text, &l, &why);

	if (!r)
		r = server_list_resolve(&l, &why);
	server_list_fini(&l);
	if (r)
		*ret_exception = xasprintf(
			"org.apache.kafka.common.KafkaException: Failed to construct kafka %s\n"
			"Caused by: org.apache.kafka.common.config.ConfigException: %s",
			kind, why);
	return r;
}

void server_list_fini(struct server_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].host);
	free(l->v);
	*l = (struct server_list){NULL, 0, 0};
}

/* Checks a value by the rule of its key. 0, or -EINVAL and Kafka's message. */
static int parse_value(
	const struct config_key *k, const char *text, struct config_value *ret, char **ret_error)
{
	char why[512];

	if (config_value_parse(k, text, ret, why, sizeof(why)) == 0)
		return 0;
	*ret_error = xstrdup(why);
	return -EINVAL;
}

/* Of those that the tools read themselves. */
static bool is_int(const char *key)
{
	static const char *const ints[] = {"default.api.timeout.ms", "max.poll.records", "request.timeout.ms"};

	for (size_t i = 0; i < ARRAY_LEN(ints); i++)
		if (strcmp(ints[i], key) == 0)
			return true;
	return false;
}

int client_property_number(
	const struct properties *p, const char *key, int64_t def, int64_t *ret, char **ret_error)
{
	const struct config_key k = {
		.name = key, .type = is_int(key) ? CONFIG_INT : CONFIG_LONG, .rule = {AT_LEAST(0)}};
	const char *text = properties_get(p, key);
	struct config_value v = {.is_null = true};

	*ret = def;
	if (!text)
		return 0;
	if (parse_value(&k, text, &v, ret_error))
		return -EINVAL;
	*ret = v.i;
	config_value_fini(&k, &v);
	return 0;
}

/* Reads by stdio, since the file may be a pipe: --command-config <(...). */
static int load(struct properties *p, const char *path, int *ret_line)
{
	CLEANUP(freep) char *text = xmalloc(FILE_MAX + 1);
	FILE *in = fopen(path, "re");
	size_t n;
	int r = 0;

	if (!in)
		return FAIL(-errno);
	n = fread(text, 1, FILE_MAX + 1, in);
	if (ferror(in))
		r = FAIL(-errno);
	else if (n > FILE_MAX)
		r = FAIL(-EFBIG);
	(void)fclose(in);
	return r ? r : properties_parse(p, text, n, ret_line);
}

int client_properties_load(struct properties *p, const char *path, char **ret_error)
{
	int line = 0;
	int r = load(p, path, &line);

	if (!r)
		return 0;
	if (r == -ENOENT)
		*ret_error = xstrdup(path); /* all that Java's NoSuchFileException says */
	else if (line)
		*ret_error = xasprintf("%s:%d: Malformed \\uxxxx encoding.", path, line);
	else
		*ret_error = xasprintf("%s: %s", path, strerror(-r));
	return r;
}

void client_properties_arguments(struct properties *p, const char *const *args, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *eq = strchrnul(args[i], '=');
		char *key = xstrndup(args[i], (size_t)(eq - args[i]));

		properties_set(p, key, *eq ? eq + 1 : "", 0);
		free(key);
	}
}

/* "a.RangeAssignor,b.RoundRobinAssignor" in librdkafka's names. librdkafka cannot mix eager and cooperative ones; Java
 * starts with the first and so do we. NULL when there is a class it does not have. */
static char *assignor_names(const struct config_value *v)
{
	for (size_t i = 0; v->list.n > 0 && i < ARRAY_LEN(assignors); i++)
		if (strcmp(v->list.v[0], assignors[i].class) == 0 ||
			strcmp(v->list.v[0], assignors[i].name) == 0)
			return xstrdup(assignors[i].name);
	return NULL;
}

/* The value as librdkafka wants it, owned by the caller; NULL: it cannot be had. */
static char *translated(const struct setting *s, const struct config_value *v)
{
	switch (s->how) {
	case NUMBER:
		return xasprintf("%lld", (long long)MIN(MAX(v->i, s->low), s->high));
	case BUFFER:
		return xasprintf(
			"%lld", (long long)(v->i < 0 ? 0 : MIN(MAX(v->i, s->low), s->high)));
	case KIB:
		return xasprintf("%lld", (long long)MIN(MAX(v->i / 1024, s->low), s->high));
	case RESET:
		return xstrdup(strcmp(v->text, "none") == 0 ? "error" : v->text);
	case ASSIGNORS:
		return assignor_names(v);
	case SAME:
		return xstrdup(v->text);
	}
	return NULL;
}

static int apply(const struct setting *s, const struct config_value *v, rd_kafka_conf_t *conf,
	char **ret_error)
{
	const char *name = s->name ? s->name : s->key.name;
	CLEANUP(freep) char *text = translated(s, v);
	char why[256];

	if (!text) {
		*ret_error = xasprintf("%s=%s is not supported by this tool", s->key.name, v->text);
		return -EINVAL;
	}
	if (rd_kafka_conf_set(conf, name, text, why, sizeof(why)) == RD_KAFKA_CONF_OK)
		return 0;
	*ret_error =
		xasprintf("Invalid value %s for configuration %s: %s", v->text, s->key.name, why);
	return -EINVAL;
}

int client_properties_apply(
	const struct properties *p, enum client_kind kind, rd_kafka_conf_t *conf, char **ret_error)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		const struct setting *s = &settings[i];
		const char *text = properties_get(p, s->key.name);
		struct config_value v = {.is_null = true};
		int r;

		if (!(s->kinds & (1u << kind)))
			continue;
		if (!text)
			text = s->def;
		if (!text)
			continue;
		if (parse_value(&s->key, text, &v, ret_error))
			return -EINVAL;
		r = apply(s, &v, conf, ret_error);
		config_value_fini(&s->key, &v);
		if (r)
			return r;
	}
	return client_security_apply(p, conf, ret_error);
}
