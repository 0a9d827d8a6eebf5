/* admin.c - calls to any broker or to the controller, with the retries of Kafka's AdminClient.
 *
 * One connection to "any" broker (a bootstrap server that answered) and one to the controller, which may be the same
 * node; each is made when first needed and dropped on any failure.
 */
#include "tools/admin.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/client_properties.h"
#include "tools/report.h"
#include "tools/wire.h"

#define NETWORK_CLIENT "org.apache.kafka.clients.NetworkClient"
/* Longest time for one attempt to connect (socket.connection.setup.timeout.ms). */
#define SETUP_MS 10000

struct admin {
	struct server_list servers;
	size_t next_server;
	char *client_id;
	int64_t api_timeout_ms, request_timeout_ms;
	int64_t backoff_ms, backoff_max_ms, pause_ms;
	int64_t deadline_ms;
	const char *operation;
	struct wire *any, *controller;
	char *error;
};

static int fault(struct admin *a, int r, char *text)
{
	free(a->error);
	a->error = text;
	return r;
}

static int64_t now(void)
{
	return clock_mono_ms(&clock_real);
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

/* A server whose name does not resolve is left out; without any other that is an error, as in Java. */
static int open_servers(struct admin *a, const char *text, char **ret_error)
{
	char *why = NULL;
	size_t n = 0;

	if (server_list_parse(text, &a->servers, &why) == 0) {
		for (size_t i = 0; i < a->servers.n; i++) {
			struct server s = a->servers.v[i];

			if (!resolves(&s)) {
				free(s.host);
				continue;
			}
			a->servers.v[n++] = s;
		}
		a->servers.n = n;
		if (n > 0)
			return 0;
		why = xstrdup("No resolvable bootstrap urls given in bootstrap.servers");
	}
	*ret_error = xasprintf("Failed to create new KafkaAdminClient\n"
			       "Caused by: org.apache.kafka.common.config.ConfigException: %s",
		why);
	free(why);
	return -EINVAL;
}

int admin_open(const struct properties *config, struct admin **ret, char **ret_error)
{
	CLEANUP(admin_closep) struct admin *a = xcalloc(1, sizeof(*a));
	const char *client_id = properties_get(config, "client.id");
	const char *protocol = properties_get(config, "security.protocol");

	if (protocol && strcasecmp(protocol, "PLAINTEXT") != 0) {
		*ret_error = xasprintf(
			"security.protocol=%s is not supported by this tool yet, only PLAINTEXT is",
			protocol);
		return -EINVAL;
	}
	if (open_servers(a, properties_get(config, "bootstrap.servers"), ret_error))
		return -EINVAL;
	if (client_property_number(
		    config, "default.api.timeout.ms", 60000, &a->api_timeout_ms, ret_error) ||
		client_property_number(
			config, "request.timeout.ms", 30000, &a->request_timeout_ms, ret_error) ||
		client_property_number(
			config, "reconnect.backoff.ms", 50, &a->backoff_ms, ret_error) ||
		client_property_number(
			config, "reconnect.backoff.max.ms", 1000, &a->backoff_max_ms, ret_error))
		return -EINVAL;
	a->client_id = xstrdup(client_id && *client_id ? client_id : "adminclient-1");
	a->pause_ms = a->backoff_ms;
	admin_begin(a, "call");
	*ret = TAKE(a);
	return 0;
}

struct admin *admin_close(struct admin *a)
{
	if (!a)
		return NULL;
	wire_close(a->any);
	wire_close(a->controller);
	server_list_fini(&a->servers);
	free(a->client_id);
	free(a->error);
	free(a);
	return NULL;
}

void admin_begin(struct admin *a, const char *name)
{
	a->operation = name;
	a->deadline_ms = now() + a->api_timeout_ms;
}

const char *admin_error(const struct admin *a)
{
	return a->error ? a->error : "unknown error";
}

int32_t admin_timeout_ms(const struct admin *a)
{
	int64_t left = MIN(a->deadline_ms - now(), a->request_timeout_ms);

	return (int32_t)MAX(MIN(left, INT32_MAX), 1);
}

/* The broker has its own time-out for the request and answers at the end of it; wait a little longer than that. */
static int64_t answer_deadline(const struct admin *a)
{
	return MIN(a->deadline_ms, now() + a->request_timeout_ms + 1000);
}

static int timed_out(struct admin *a)
{
	return fault(a, -ETIMEDOUT,
		xasprintf("Timed out waiting for a node assignment. Call: %s", a->operation));
}

/* Waits before the next attempt, longer each time. False at the deadline. */
static bool pause_for_retry(struct admin *a)
{
	int64_t ms = MIN(a->pause_ms, a->deadline_ms - now());
	struct timespec t = {.tv_sec = MAX(ms, 0) / 1000, .tv_nsec = MAX(ms, 0) % 1000 * 1000000};

	nanosleep(&t, NULL);
	a->pause_ms = MIN(MAX(a->pause_ms * 2, 1), a->backoff_max_ms);
	return now() < a->deadline_ms;
}

static void drop(struct admin *a)
{
	a->any = wire_close(a->any);
	a->controller = wire_close(a->controller);
}

/* Connects to the next bootstrap server that answers. */
static int connect_any(struct admin *a)
{
	while (!a->any) {
		const struct server *s = &a->servers.v[a->next_server++ % a->servers.n];
		int r = wire_open(s->host, s->port, a->client_id,
			MIN(a->deadline_ms, now() + SETUP_MS), &a->any);

		if (!r)
			break;
		report("WARN", NETWORK_CLIENT,
			"[AdminClient clientId=%s] Connection to node -1 (%s:%d) could not be "
			"established. "
			"Node may not be available. %s",
			a->client_id, s->host, s->port, strerror(-r));
		if (!pause_for_retry(a))
			return timed_out(a);
	}
	a->pause_ms = a->backoff_ms;
	return 0;
}

/* Asks any broker who the controller is. 0 with host NULL: there is none at the moment. */
static int find_controller(struct admin *a, char **ret_host, int *ret_port)
{
	struct metadata_request in;
	struct metadata_response out;
	struct arena arena;
	int version = wire_version(a->any, API_METADATA), r;

	CODEC_INIT(metadata_request, &in);
	in.topics_n = 0;
	arena_init(&arena, 0);
	r = version < 1 ? -ENOTSUP
			: wire_call(a->any, API_METADATA, version, &in, &arena, &out,
				  answer_deadline(a));
	for (int32_t i = 0; !r && i < out.brokers_n; i++) {
		if (out.brokers[i].node_id != out.controller_id)
			continue;
		*ret_host = str_dup(out.brokers[i].host);
		*ret_port = out.brokers[i].port;
	}
	arena_fini(&arena);
	return r;
}

static int connect_controller(struct admin *a)
{
	while (!a->controller) {
		CLEANUP(freep) char *host = NULL;
		int port = 0;
		int r = connect_any(a);

		if (r)
			return r;
		r = find_controller(a, &host, &port);
		if (!r && host)
			r = wire_open(host, port, a->client_id,
				MIN(a->deadline_ms, now() + SETUP_MS), &a->controller);
		if (!r && host)
			break;
		drop(a);
		if (!pause_for_retry(a))
			return timed_out(a);
	}
	return 0;
}

static int connect_target(struct admin *a, bool controller, struct wire **ret)
{
	int r = controller ? connect_controller(a) : connect_any(a);

	if (r)
		return r;
	*ret = controller ? a->controller : a->any;
	return 0;
}

int admin_version(struct admin *a, bool controller, int key, int *ret)
{
	struct wire *w;
	int r = connect_target(a, controller, &w);

	if (r)
		return r;
	*ret = wire_version(w, key);
	if (*ret < 0)
		return fault(a, -ENOTSUP,
			xasprintf("The node does not support %s", api_version_find(key)->name));
	return 0;
}

int admin_call(
	struct admin *a, bool controller, int key, const void *in, struct arena *arena, void *out)
{
	for (;;) {
		struct wire *w;
		int version;
		int r = admin_version(a, controller, key, &version);

		if (r)
			return r;
		w = controller ? a->controller : a->any;
		r = wire_call(w, key, version, in, arena, out, answer_deadline(a));
		if (!r)
			return 0;
		drop(a);
		if (r == -EINVAL || r == -EBADMSG || r == -ENOMEM)
			return fault(a, r,
				xasprintf("%s: %s", api_version_find(key)->name, strerror(-r)));
		if (!pause_for_retry(a))
			return timed_out(a);
	}
}

bool admin_again(struct admin *a, int code)
{
	if (code != KERR_NOT_CONTROLLER)
		return false;
	a->controller = wire_close(a->controller);
	return pause_for_retry(a);
}
