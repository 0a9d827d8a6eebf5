/* cluster.c - kafka-cluster.sh: the id of the cluster; and to forget a broker, which only clusters without ZooKeeper can
 * (cli.md section 17).
 */
#include <errno.h>
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
#include "tools/argparse.h"
#include "tools/client_properties.h"
#include "tools/report.h"
#include "tools/tool.h"

#define API_UNREGISTER_BROKER 64 /* of KRaft */
#define BOTH		      3u

enum { ENDPOINT_BROKER = 1, ENDPOINT_CONTROLLER = 2 }; /* DescribeCluster, endpoint_type */
enum { CLUSTER_ID_COMMAND, UNREGISTER_COMMAND };

enum {
	CLUSTER_HELP,
	CLUSTER_BOOTSTRAP_SERVER,
	CLUSTER_BOOTSTRAP_CONTROLLER,
	CLUSTER_CONFIG,
	CLUSTER_ID,
	CLUSTER_OPTION_COUNT,
};

static const struct option options[CLUSTER_OPTION_COUNT] = {
	[CLUSTER_HELP] = ARGPARSE_HELP,
	[CLUSTER_BOOTSTRAP_SERVER] = {"bootstrap-server", OPTION_STRING, "BOOTSTRAP_SERVER", NULL,
		"The broker or brokers to ask first.", .letter = 'b', .group = 1, .commands = BOTH},
	[CLUSTER_BOOTSTRAP_CONTROLLER] = {"bootstrap-controller", OPTION_STRING,
		"BOOTSTRAP_CONTROLLER", NULL, "The KRaft controller or controllers to ask first.",
		.letter = 'C', .group = 1, .commands = BOTH},
	[CLUSTER_CONFIG] = {"config", OPTION_STRING, "CONFIG", NULL,
		"Properties file with settings of the admin client.", .letter = 'c',
		.commands = BOTH},
	[CLUSTER_ID] = {"id", OPTION_INT, "ID", NULL, "The id of the broker to forget.",
		.letter = 'i', .required = true, .commands = 1u << UNREGISTER_COMMAND},
};

static const struct argparse_group groups[] = {{.required = true}};
static const struct argparse_command commands[] = {
	[CLUSTER_ID_COMMAND] = {"cluster-id", "Print the id of the cluster."},
	[UNREGISTER_COMMAND] = {"unregister", "Forget a broker that is gone for good."},
};

static const struct argparse parser = {
	.prog = "kafka-cluster",
	.description = "Tells about a cluster.",
	.table = options,
	.n = CLUSTER_OPTION_COUNT,
	.groups = groups,
	.groups_n = ARRAY_LEN(groups),
	.commands = commands,
	.commands_n = ARRAY_LEN(commands),
};

/* An operation failed: the exit code after a message. */
static int fail(const char *class, const char *message)
{
	CLEANUP(freep)
	char *exception = xasprintf("java.util.concurrent.ExecutionException: %s: %s", class, message);

	report_thrown(exception);
	return 1;
}

static int fail_call(struct admin *a, int r)
{
	return fail(r == -ETIMEDOUT ? "org.apache.kafka.common.errors.TimeoutException"
				    : "org.apache.kafka.common.KafkaException",
		admin_error(a));
}

static int print_id(struct str id)
{
	if (id.len < 0)
		puts("No cluster ID found. The Kafka version is probably too old.");
	else
		printf("Cluster ID: %.*s\n", STR_ARG(id));
	return 0;
}

/* Brokers older than 2.8 tell it with their metadata, since 0.10.1. */
static int ask_metadata(struct admin *a, struct arena *arena)
{
	struct metadata_request in;
	struct metadata_response out;
	int r;

	CODEC_INIT(metadata_request, &in);
	CODEC_INIT(metadata_response, &out);
	in.allow_auto_topic_creation = false;
	r = admin_call(a, false, API_METADATA, &in, arena, &out);
	return r ? fail_call(a, r) : print_id(out.cluster_id);
}

static int ask_cluster(struct admin *a, bool controller, struct arena *arena)
{
	struct describe_cluster_request in;
	struct describe_cluster_response out;
	char class[REPORT_EXCEPTION_MAX], *message;
	int r, exit_code;

	CODEC_INIT(describe_cluster_request, &in);
	in.endpoint_type = controller ? ENDPOINT_CONTROLLER : ENDPOINT_BROKER;
	r = admin_call(a, false, API_DESCRIBE_CLUSTER, &in, arena, &out);
	if (r)
		return fail_call(a, r);
	if (!out.error_code)
		return print_id(out.cluster_id);
	message = out.error_message.len >= 0
			  ? str_dup(out.error_message)
			  : xstrdup(report_default_message(out.error_code));
	exit_code = fail(report_exception(out.error_code, class, sizeof(class)), message);
	free(message);
	return exit_code;
}

static int print_cluster_id(struct admin *a, bool controller, struct arena *arena)
{
	int version, r;

	admin_begin(a, "listNodes");
	r = admin_version(a, false, API_DESCRIBE_CLUSTER, &version);
	if (r == -ENOTSUP || (!r && controller && version < 1))
		return controller ? fail("org.apache.kafka.common.errors."
					 "UnsupportedVersionException",
					    "The node does not support DescribeCluster with "
					    "controllers")
				  : ask_metadata(a, arena);
	return r ? fail_call(a, r) : ask_cluster(a, controller, arena);
}

static int unregister(struct admin *a, struct arena *arena)
{
	struct api_versions_request in;
	struct api_versions_response out;
	int r;

	CODEC_INIT(api_versions_request, &in);
	in.client_software_name = STR("moldau");
	in.client_software_version = STR(TOOL_KAFKA_VERSION);
	admin_begin(a, "unregisterBroker");
	r = admin_call(a, false, API_API_VERSIONS, &in, arena, &out);
	if (r)
		return fail_call(a, r);
	for (int32_t i = 0; i < out.api_keys_n; i++)
		if (out.api_keys[i].api_key == API_UNREGISTER_BROKER)
			return fail("org.apache.kafka.common.errors.UnsupportedVersionException",
				"This tool does not unregister brokers of clusters without "
				"ZooKeeper");
	puts("The target cluster does not support the broker unregistration API.");
	return 0;
}

static int read_config(struct options *o, struct properties *config)
{
	const char *servers = NULL, *path = NULL;
	CLEANUP(freep) char *error = NULL;
	int r = 0;

	(void)!options_text(o, CLUSTER_CONFIG, &path);
	(void)!options_text(o,
		options_has(o, CLUSTER_BOOTSTRAP_SERVER) ? CLUSTER_BOOTSTRAP_SERVER
							 : CLUSTER_BOOTSTRAP_CONTROLLER,
		&servers);
	if (path)
		r = client_properties_load(config, path, &error);
	if (r) {
		CLEANUP(freep) char *why = xasprintf("%s: %s",
			r == -ENOENT ? "java.nio.file.NoSuchFileException"
				     : "java.io.IOException",
			error);

		report_thrown(why);
		return 1;
	}
	properties_set(config, "bootstrap.servers", servers, 0);
	return 0;
}

static int run_with(struct options *o, int command, struct properties *config)
{
	CLEANUP(admin_closep) struct admin *a = NULL;
	CLEANUP(freep) char *error = NULL;
	CLEANUP(freep) char *exception = NULL;
	struct arena arena;
	int exit_code = read_config(o, config);

	if (exit_code)
		return exit_code;
	if (admin_open(config, &a, &error)) {
		exception = xasprintf("org.apache.kafka.common.KafkaException: %s", error);
		report_thrown(exception);
		return 1;
	}
	arena_init(&arena, 0);
	exit_code = command == UNREGISTER_COMMAND
			    ? unregister(a, &arena)
			    : print_cluster_id(
				      a, options_has(o, CLUSTER_BOOTSTRAP_CONTROLLER), &arena);
	arena_fini(&arena);
	return exit_code;
}

static int run(int argc, char **argv)
{
	struct properties config = PROPERTIES_INIT;
	struct options o;
	int command, exit_code;

	if (argparse_read(&parser, argc, argv, &o, &command, &exit_code) == 0)
		exit_code = run_with(&o, command, &config);
	properties_fini(&config);
	options_fini(&o);
	return exit_code;
}

const struct tool tool_cluster = {
	.name = "cluster",
	.script = "kafka-cluster.sh",
	.summary = "print the id of the cluster",
	.synopsis = "cluster-id|unregister [OPTION]...",
	.options = options,
	.options_n = CLUSTER_OPTION_COUNT,
	.run = run,
	.description =
		"`cluster-id` prints the id that the brokers of a cluster have in common.\n\n"
		"`unregister` forgets a broker in clusters without ZooKeeper. With ZooKeeper a broker's "
		"entry goes by itself, and the tool says that the cluster does not support this.",
	.examples = "\tkafka-cluster.sh cluster-id --bootstrap-server host:9092",
	.commands = commands,
	.commands_n = ARRAY_LEN(commands),
	.see_also = "kafka-broker-api-versions.sh(1)",
};
