/* admin.c - calls to any broker, the controller, or a certain broker, with the retries of Kafka's AdminClient.
 *
 * One connection to "any" broker (a bootstrap server that answered), one to the controller, and one to each broker that
 * was called by its id, which may all be the same node; each is made when first needed and dropped on any failure. The
 * addresses of brokers come from Metadata, and are asked for again after a failure or for an unknown id.
 */
#include "tools/admin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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
#define OPERATION_MAX 128

struct node {
	struct admin_node at;
	struct wire *wire; /* NULL: not connected */
};

struct admin {
	struct server_list servers;
	size_t next_server;
	char *client_id;
	int64_t api_timeout_ms, request_timeout_ms;
	int64_t backoff_ms, backoff_max_ms, pause_ms;
	int64_t retry_ms, retry_max_ms;
	int64_t deadline_ms;
	char operation[OPERATION_MAX];
	struct wire *any, *controller;
	struct node *nodes; /* in ascending order of id */
	size_t nodes_n;
	bool nodes_stale;
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

/* A server whose name does not resolve is left out; without any other that is an error, as in Java. */
static int open_servers(struct admin *a, const char *text, char **ret_error)
{
	char *why = NULL;

	bool none = !text || text[strspn(text, " \t")] == '\0';

	if (none)
		why = xstrdup("You must set either bootstrap.servers or bootstrap.controllers");
	else if (server_list_parse(text, &a->servers, &why) == 0 &&
		 server_list_resolve(&a->servers, &why) == 0)
		return 0;
	*ret_error = xasprintf("Failed to create new KafkaAdminClient\n"
			       "Caused by: org.apache.kafka.common.config.ConfigException: %s",
		why);
	free(why);
	return -EINVAL;
}

/* The time for a request is part of that for a call. */
static int check_timeouts(struct admin *a, const struct properties *config, char **ret_error)
{
	if (a->api_timeout_ms >= a->request_timeout_ms)
		return 0;
	if (!properties_get(config, "default.api.timeout.ms")) {
		a->api_timeout_ms = a->request_timeout_ms;
		return 0;
	}
	*ret_error = xstrdup("Failed to create new KafkaAdminClient\n"
			     "Caused by: org.apache.kafka.common.config.ConfigException: The specified value of "
			     "default.api.timeout.ms must be no smaller than the value of request.timeout.ms.");
	return -EINVAL;
}

static void forget_nodes(struct admin *a)
{
	for (size_t i = 0; i < a->nodes_n; i++) {
		wire_close(a->nodes[i].wire);
		free(a->nodes[i].at.host);
		free(a->nodes[i].at.rack);
	}
	free(a->nodes);
	a->nodes = NULL;
	a->nodes_n = 0;
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
			config, "reconnect.backoff.max.ms", 1000, &a->backoff_max_ms, ret_error) ||
		client_property_number(config, "retry.backoff.ms", 100, &a->retry_ms, ret_error) ||
		client_property_number(
			config, "retry.backoff.max.ms", 1000, &a->retry_max_ms, ret_error))
		return -EINVAL;
	if (check_timeouts(a, config, ret_error))
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
	forget_nodes(a);
	server_list_fini(&a->servers);
	free(a->client_id);
	free(a->error);
	free(a);
	return NULL;
}

void admin_begin(struct admin *a, const char *name)
{
	admin_begin_within(a, name, a->api_timeout_ms);
}

void admin_begin_within(struct admin *a, const char *name, int64_t timeout_ms)
{
	admin_rename(a, name);
	a->deadline_ms = now() + MIN(timeout_ms, INT32_MAX);
}

const char *admin_name(const struct admin *a)
{
	return a->operation;
}

void admin_rename(struct admin *a, const char *name)
{
	snprintf(a->operation, sizeof(a->operation), "%s", name);
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

const char *admin_timeout_text(struct admin *a, unsigned tries)
{
	int64_t wall = clock_wall_ms(&clock_real), deadline = wall + a->deadline_ms - now();

	if (a->any)
		(void)fault(a, -ETIMEDOUT,
			xasprintf("Call(callName=%s, deadlineMs=%lld, tries=%u, "
				  "nextAllowedTryMs=%lld) "
				  "timed out at %lld after %u attempt(s)",
				a->operation, (long long)deadline, tries,
				(long long)(wall + a->retry_max_ms), (long long)wall, tries));
	else
		(void)timed_out(a);
	return a->error;
}

/* Waits `ms`, no longer than until the deadline. False at the deadline. */
static bool wait_ms(const struct admin *a, int64_t ms)
{
	int64_t some = MAX(MIN(ms, a->deadline_ms - now()), 0);
	struct timespec t = {.tv_sec = some / 1000, .tv_nsec = some % 1000 * 1000000};

	nanosleep(&t, NULL);
	return now() < a->deadline_ms;
}

/* Waits before the next attempt to connect, longer each time. False at the deadline. */
static bool pause_for_retry(struct admin *a)
{
	int64_t ms = a->pause_ms;

	a->pause_ms = MIN(MAX(a->pause_ms * 2, 1), a->backoff_max_ms);
	return wait_ms(a, ms);
}

bool admin_pause(struct admin *a, unsigned attempt)
{
	return wait_ms(a, MIN(a->retry_ms << MIN(attempt, 16), a->retry_max_ms));
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

static int ask_metadata(struct admin *a, struct arena *arena, struct metadata_response *out)
{
	struct metadata_request in;
	int version = wire_version(a->any, API_METADATA);

	if (version < 1)
		return -ENOTSUP;
	CODEC_INIT(metadata_request, &in);
	in.topics_n = 0;
	return wire_call(a->any, API_METADATA, version, &in, arena, out, answer_deadline(a));
}

/* Asks any broker who the controller is. 0 with host NULL: there is none at the moment. */
static int find_controller(struct admin *a, char **ret_host, int *ret_port)
{
	struct metadata_response out;
	struct arena arena;
	int r;

	arena_init(&arena, 0);
	r = ask_metadata(a, &arena, &out);
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

static int by_id(const void *x, const void *y)
{
	const struct node *a = x, *b = y;

	return (a->at.id > b->at.id) - (a->at.id < b->at.id);
}

static struct node *node_of(const struct admin *a, int32_t id)
{
	struct node key = {.at.id = id};

	return a->nodes_n ? bsearch(&key, a->nodes, a->nodes_n, sizeof(key), by_id) : NULL;
}

/* Takes over the brokers of an answer; connections to those that are where they were stay. */
static void learn_nodes(struct admin *a, const struct metadata_response *out)
{
	struct node *old = a->nodes, *v = xcalloc((size_t)out->brokers_n, sizeof(*v)), *before;
	size_t n = 0;

	for (int32_t i = 0; i < out->brokers_n; i++) {
		struct node *node = &v[n++];

		*node = (struct node){.at = {.id = out->brokers[i].node_id,
					      .host = str_dup(out->brokers[i].host),
					      .port = out->brokers[i].port,
					      .rack = str_dup(out->brokers[i].rack)}};
		before = node_of(a, node->at.id);
		if (before && before->at.port == node->at.port &&
			strcmp(before->at.host, node->at.host) == 0)
			node->wire = TAKE(before->wire);
	}
	a->nodes = old;
	forget_nodes(a);
	qsort(v, n, sizeof(*v), by_id);
	a->nodes = v;
	a->nodes_n = n;
	a->nodes_stale = false;
}

/* One attempt to learn the brokers' addresses. */
static int ask_nodes(struct admin *a)
{
	struct metadata_response out;
	struct arena arena;
	int r = connect_any(a);

	if (r)
		return r;
	arena_init(&arena, 0);
	r = ask_metadata(a, &arena, &out);
	if (!r)
		learn_nodes(a, &out);
	else
		drop(a);
	arena_fini(&arena);
	return r;
}

const struct admin_node *admin_node(const struct admin *a, int32_t id)
{
	const struct node *node = node_of(a, id);

	return node ? &node->at : NULL;
}

int admin_brokers(struct admin *a, struct arena *arena, struct admin_node **ret, size_t *ret_n)
{
	struct admin_node *v;

	for (;;) {
		int r = ask_nodes(a);

		if (r == -ETIMEDOUT && now() >= a->deadline_ms)
			return timed_out(a);
		if (!r && a->nodes_n > 0)
			break;
		if (!pause_for_retry(a))
			return timed_out(a);
	}
	v = arena_array(arena, a->nodes_n, sizeof(*v));
	if (!v)
		return fault(a, -ENOMEM, xstrdup(strerror(ENOMEM)));
	for (size_t i = 0; i < a->nodes_n; i++) {
		v[i] = a->nodes[i].at;
		v[i].host = arena_strdup(arena, str_of(v[i].host));
		v[i].rack = v[i].rack ? arena_strdup(arena, str_of(v[i].rack)) : NULL;
	}
	*ret = v;
	*ret_n = a->nodes_n;
	return 0;
}

/* The address may be out of date: it is asked for again before the next attempt. */
static void drop_node(struct admin *a, struct node *node)
{
	node->wire = wire_close(node->wire);
	a->nodes_stale = true;
}

static int open_node(struct admin *a, struct node *node)
{
	int r = wire_open(node->at.host, node->at.port, a->client_id,
		MIN(a->deadline_ms, now() + SETUP_MS), &node->wire);

	if (!r)
		return 0;
	report("WARN", NETWORK_CLIENT,
		"[AdminClient clientId=%s] Connection to node %d (%s:%d) could not be established. "
		"Node may not be available. %s",
		a->client_id, node->at.id, node->at.host, node->at.port, strerror(-r));
	drop_node(a, node);
	return r;
}

/* One attempt to connect to a certain broker. -ENOENT: the cluster has no such broker at the moment. */
static int try_connect_node(struct admin *a, int32_t id, struct wire **ret)
{
	struct node *node = node_of(a, id);
	int r = 0;

	if (!node || (a->nodes_stale && !node->wire)) {
		r = ask_nodes(a);
		if (r)
			return r;
		node = node_of(a, id);
	}
	if (!node)
		return -ENOENT;
	if (!node->wire)
		r = open_node(a, node);
	if (!r)
		*ret = node->wire;
	return r;
}

static int try_connect(struct admin *a, int32_t target, struct wire **ret)
{
	int r;

	if (target >= 0)
		return try_connect_node(a, target, ret);
	r = target == ADMIN_CONTROLLER ? connect_controller(a) : connect_any(a);
	if (r)
		return r;
	*ret = target == ADMIN_CONTROLLER ? a->controller : a->any;
	return 0;
}

static void drop_target(struct admin *a, int32_t target)
{
	if (target < 0)
		drop(a);
	else if (node_of(a, target))
		drop_node(a, node_of(a, target));
}

static int unsupported(struct admin *a, int key)
{
	return fault(a, -ENOTSUP,
		xasprintf("The node does not support %s", api_version_find(key)->constant));
}

/* Is there no use in another attempt? */
static bool is_final(int r)
{
	return r == -ENOTSUP || r == -EINVAL || r == -EBADMSG || r == -ENOMEM;
}

/* One attempt to connect; on failure admin_error has the text. */
static int try_target(struct admin *a, int32_t id, int key, struct wire **ret, int *ret_version)
{
	int r = try_connect(a, id, ret);

	if (r == -ENOENT)
		return fault(a, r, xasprintf("There is no broker %d", id));
	if (r)
		return r == -ETIMEDOUT && now() >= a->deadline_ms
			       ? timed_out(a)
			       : fault(a, r, xstrdup(strerror(-r)));
	*ret_version = wire_version(*ret, key);
	return *ret_version < 0 ? unsupported(a, key) : 0;
}

int admin_try_version(struct admin *a, int32_t id, int key, int *ret)
{
	struct wire *w;

	return try_target(a, id, key, &w, ret);
}

int admin_try(struct admin *a, int32_t id, int key, const void *in, struct arena *arena, void *out)
{
	struct wire *w;
	int version, r = try_target(a, id, key, &w, &version);

	if (r)
		return r;
	r = wire_call(w, key, version, in, arena, out, answer_deadline(a));
	if (!r)
		return 0;
	drop_target(a, id);
	return fault(a, r, xasprintf("%s: %s", api_version_find(key)->name, strerror(-r)));
}

int admin_broker_version(struct admin *a, int32_t id, int key, int *ret)
{
	for (;;) {
		int r = admin_try_version(a, id, key, ret);

		if (!r || is_final(r))
			return r;
		if (now() >= a->deadline_ms || !pause_for_retry(a))
			return timed_out(a);
	}
}

int admin_call_broker(
	struct admin *a, int32_t id, int key, const void *in, struct arena *arena, void *out)
{
	for (;;) {
		int r = admin_try(a, id, key, in, arena, out);

		if (!r || is_final(r))
			return r;
		if (now() >= a->deadline_ms || !pause_for_retry(a))
			return timed_out(a);
	}
}

int admin_version(struct admin *a, bool controller, int key, int *ret)
{
	return admin_broker_version(a, controller ? ADMIN_CONTROLLER : ADMIN_ANY, key, ret);
}

int admin_call(
	struct admin *a, bool controller, int key, const void *in, struct arena *arena, void *out)
{
	return admin_call_broker(a, controller ? ADMIN_CONTROLLER : ADMIN_ANY, key, in, arena, out);
}

bool admin_again(struct admin *a, int code)
{
	if (code != KERR_NOT_CONTROLLER)
		return false;
	a->controller = wire_close(a->controller);
	return pause_for_retry(a);
}
