/* broker_api_versions.c - kafka-broker-api-versions.sh: which requests every broker serves, in which versions, and the
 * newest that a client of Kafka 3.9 would use (cli.md section 17).
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/properties.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "tools/admin.h"
#include "tools/client_properties.h"
#include "tools/options.h"
#include "tools/report.h"
#include "tools/tool.h"

#define REQUEST_MS "5000" /* of Kafka's tool, less than its other clients */

enum {
	VERSIONS_BOOTSTRAP_SERVER,
	VERSIONS_COMMAND_CONFIG,
	VERSIONS_HELP,
	VERSIONS_VERSION,
	VERSIONS_OPTION_COUNT,
};

static const struct option options[VERSIONS_OPTION_COUNT] = {
	[VERSIONS_BOOTSTRAP_SERVER] = {"bootstrap-server", OPTION_STRING, "host:port,...", NULL,
		"REQUIRED: the broker or brokers to ask first."},
	[VERSIONS_COMMAND_CONFIG] = {"command-config", OPTION_STRING, "file", NULL,
		"Properties file with settings of the admin client."},
	[VERSIONS_HELP] = OPTION_HELP,
	[VERSIONS_VERSION] = OPTION_VERSION,
};

struct key {
	int key;
	const char *name;
	int lowest, highest;
	bool of_brokers;
};

static const struct key keys[] = {
#define API_KEY(k, n, low, high, brokers) {k, #n, low, high, brokers},
#include "tools/api_keys.def"
#undef API_KEY
};

typedef struct api_versions_response_api_version version_row;

static const struct key *find_key(int key)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i].key == key)
			return &keys[i];
	return NULL;
}

static const version_row *find_row(const struct api_versions_response *r, int key)
{
	for (int32_t i = r->api_keys_n; i > 0; i--)
		if (r->api_keys[i - 1].api_key == key)
			return &r->api_keys[i - 1];
	return NULL;
}

static void print_row(const struct key *k, const version_row *row)
{
	if (!row) {
		printf("%s(%d): UNSUPPORTED", k->name, k->key);
		return;
	}
	printf("%s(%d): %d", k ? k->name : "UNKNOWN", row->api_key, row->min_version);
	if (row->max_version != row->min_version)
		printf(" to %d", row->max_version);
	if (!k)
		return;
	if (k->highest < row->min_version)
		fputs(" [unusable: node too new]", stdout);
	else if (row->max_version < k->lowest)
		fputs(" [unusable: node too old]", stdout);
	else
		printf(" [usable: %d]", MIN(k->highest, row->max_version));
}

/* The least key above `key` that the broker serves or brokers are asked; INT_MAX behind the last. */
static int next_key(const struct api_versions_response *r, int key)
{
	int next = INT_MAX;

	for (int32_t i = 0; i < r->api_keys_n; i++)
		if (r->api_keys[i].api_key > key)
			next = MIN(next, r->api_keys[i].api_key);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i].of_brokers && keys[i].key > key)
			next = MIN(next, keys[i].key);
	return next;
}

static void print_versions(const struct api_versions_response *r)
{
	const char *before = "(\n\t";

	for (int key = next_key(r, INT_MIN); key < INT_MAX; key = next_key(r, key)) {
		fputs(before, stdout);
		print_row(find_key(key), find_row(r, key));
		before = ",\n\t";
	}
	puts("\n)");
}

/* A broker that cannot be asked is a line of its own, and no reason to fail. */
static void ask(struct admin *a, const struct admin_node *node)
{
	struct api_versions_request in;
	struct api_versions_response out;
	struct arena arena;
	char class[REPORT_EXCEPTION_MAX];
	int r;

	CODEC_INIT(api_versions_request, &in);
	in.client_software_name = STR("moldau");
	in.client_software_version = STR(TOOL_KAFKA_VERSION);
	arena_init(&arena, 0);
	r = admin_try(a, node->id, API_API_VERSIONS, &in, &arena, &out);
	printf("%s:%d (id: %d rack: %s) -> ", node->host, node->port, node->id,
		node->rack ? node->rack : "null");
	if (r)
		puts("ERROR: org.apache.kafka.common.errors.DisconnectException");
	else if (out.error_code)
		printf("ERROR: %s: %s\n", report_exception(out.error_code, class, sizeof(class)),
			report_default_message(out.error_code));
	else
		print_versions(&out);
	arena_fini(&arena);
}

/* What Java says when main() throws. */
static int throw(const char *exception)
{
	fprintf(stderr, "Exception in thread \"main\" %s\n", exception);
	return 1;
}

/* "List(h:1 (id: -1 rack: null), g:2 (id: -2 rack: null))" */
static int nobody_answers(const char *servers)
{
	struct server_list l;
	char *text = xstrdup("java.lang.RuntimeException: Request METADATA failed on brokers List("),
	     *error = NULL;

	if (server_list_parse(servers, &l, &error))
		free(error);
	for (size_t i = 0; i < l.n; i++) {
		char *longer = xasprintf("%s%s%s:%d (id: -%zu rack: null)", text, i ? ", " : "",
			l.v[i].host, l.v[i].port, i + 1);

		free(text);
		text = longer;
	}
	server_list_fini(&l);
	(void)fprintf(stderr, "Exception in thread \"main\" %s)\n", text);
	free(text);
	return 1;
}

static int ask_all(struct admin *a, const char *servers)
{
	struct admin_node *nodes;
	struct arena arena;
	size_t n;
	int r;

	arena_init(&arena, 0);
	admin_begin(a, "listNodes");
	r = admin_brokers(a, &arena, &nodes, &n);
	for (size_t i = 0; !r && i < n; i++) {
		admin_begin(a, "apiVersions");
		ask(a, &nodes[i]);
	}
	arena_fini(&arena);
	return r ? nobody_answers(servers) : 0;
}

/* 0, or the exit code after a message. */
static int read_config(struct options *o, struct properties *config)
{
	const char *servers = NULL, *path = NULL, *request;
	CLEANUP(freep) char *error = NULL;

	if (options_text(o, VERSIONS_BOOTSTRAP_SERVER, &servers) ||
		options_text(o, VERSIONS_COMMAND_CONFIG, &path)) {
		fprintf(stderr, "%s\n", o->error);
		return 1;
	}
	if (path && client_properties_load(config, path, &error)) {
		CLEANUP(freep)
		char *why = xasprintf("java.nio.file.NoSuchFileException: %s", error);

		return throw(why);
	}
	properties_set(config, "bootstrap.servers", servers, 0);
	if (!properties_get(config, "request.timeout.ms"))
		properties_set(config, "request.timeout.ms", REQUEST_MS, 0);
	request = properties_get(config, "request.timeout.ms");
	properties_set(config, "default.api.timeout.ms", request, 0);
	if (!properties_get(config, "client.id"))
		properties_set(config, "client.id", "admin-1", 0);
	return 0;
}

static int run_with(struct options *o, struct properties *config)
{
	CLEANUP(admin_closep) struct admin *a = NULL;
	CLEANUP(freep) char *error = NULL;
	const char *cause;
	int exit_code = read_config(o, config);

	if (exit_code)
		return exit_code;
	if (admin_open(config, &a, &error)) {
		cause = strstr(error, "Caused by: ");
		return throw(cause ? cause + strlen("Caused by: ") : error);
	}
	return ask_all(a, properties_get(config, "bootstrap.servers"));
}

/* 0, or the exit code after a message; *ret_done: the work is done (--version). */
static int check_options(const struct options *o, int argc, bool *ret_done)
{
	*ret_done = false;
	if (argc < 2 || options_has_help(o))
		return options_usage(o, "This tool helps to retrieve broker version information.");
	if (options_has_version(o)) {
		puts(TOOL_KAFKA_VERSION);
		*ret_done = true;
		return 0;
	}
	return options_require(o, VERSIONS_BOOTSTRAP_SERVER);
}

static int run(int argc, char **argv)
{
	struct properties config = PROPERTIES_INIT;
	struct options o;
	bool done;
	int exit_code;

	if (options_parse(&o, options, VERSIONS_OPTION_COUNT, argc, argv)) {
		exit_code = options_usage(&o, o.error);
		options_fini(&o);
		return exit_code;
	}
	exit_code = check_options(&o, argc, &done);
	if (!exit_code && !done)
		exit_code = run_with(&o, &config);
	properties_fini(&config);
	options_fini(&o);
	return exit_code;
}

const struct tool tool_broker_api_versions = {
	.name = "broker-api-versions",
	.script = "kafka-broker-api-versions.sh",
	.summary = "show which requests the brokers serve, and in which versions",
	.options = options,
	.options_n = VERSIONS_OPTION_COUNT,
	.run = run,
	.description =
		"Asks every broker of the cluster and prints, for each kind of request, the versions that it serves "
		"and the newest of them that a client of Kafka 3.9 uses.",
	.examples = "\tkafka-broker-api-versions.sh --bootstrap-server host:9092",
	.see_also = "kafka-cluster.sh(1)",
};
