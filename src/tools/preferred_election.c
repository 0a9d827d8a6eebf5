/* preferred_election.c - kafka-preferred-replica-election.sh: makes preferred leaders lead again. --zookeeper is in
 * preferred_election_zookeeper.c.
 *
 * Kafka 3.0 has dropped the tool for kafka-leader-election.sh; guides and scripts of 2.x still have it. Options and words
 * are those of 2.8 (PreferredReplicaLeaderElectionCommand.scala).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "tools/elections.h"
#include "tools/java_exception.h"
#include "tools/options.h"
#include "tools/preferred_election_priv.h"
#include "tools/scala_hash.h"
#include "tools/text_file.h"
#include "tools/tool.h"
#include "tools/tool_admin.h"

enum preferred_option {
	PREFERRED_ADMIN_CONFIG,
	PREFERRED_BOOTSTRAP_SERVER,
	PREFERRED_PATH_TO_JSON_FILE,
	PREFERRED_ZOOKEEPER,
	PREFERRED_HELP,
	PREFERRED_VERSION,
	PREFERRED_OPTION_COUNT,
};

static const struct option preferred_options[PREFERRED_OPTION_COUNT] = {
	[PREFERRED_ADMIN_CONFIG] = {.name = "admin.config",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "Properties file with settings of the admin client, with "
			"--bootstrap-server."},
	[PREFERRED_BOOTSTRAP_SERVER] = {.name = "bootstrap-server",
		.kind = OPTION_STRING,
		.arg = "host:port,...",
		.help = "REQUIRED unless --zookeeper is given: the broker or brokers to ask "
			"first."},
	[PREFERRED_PATH_TO_JSON_FILE] = {.name = "path-to-json-file",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "The partitions, as in\n"
			"{\"partitions\":\n"
			"  [{\"topic\": \"t\", \"partition\": 1},\n"
			"   {\"topic\": \"u\", \"partition\": 2}]\n"
			"}\n"
			"Without it all partitions."},
	[PREFERRED_ZOOKEEPER] = {.name = "zookeeper",
		.kind = OPTION_STRING,
		.arg = "host:port,.../path",
		.help = "DEPRECATED: the ZooKeeper servers of the cluster. The controller is told "
			"by a znode, and the tool "
			"does not wait for what comes of it."},
	[PREFERRED_HELP] = OPTION_HELP,
	[PREFERRED_VERSION] = OPTION_VERSION,
};

struct preferred_election {
	struct options options;
	struct admin *admin;
	struct arena arena;
	struct election_partitions to; /* with a file */
};

/* Each of the following returns 0, or the exit code after it has printed why. */

static int text_of(struct preferred_election *e, enum preferred_option id, const char **ret)
{
	if (options_text(&e->options, id, ret))
		return java_exception(
			"joptsimple.MultipleArgumentsForOptionException", "%s", e->options.error);
	return 0;
}

/* ---- the file ---- */

void preferred_election_order(struct election_partitions *p)
{
	int32_t *hashes = election_partitions_hashes(p);
	size_t *order = xcalloc(p->n + 1, sizeof(*order));

	scala_trie_order(hashes, p->n, order);
	election_partitions_permute(p, order);
	free(order);
	free(hashes);
}

static int parse_file(struct preferred_election *e, const char *text, size_t len)
{
	CLEANUP(freep) char *why = NULL;

	switch (election_file_parse(text, len, &e->arena, &e->to, &why)) {
	case ELECTION_FILE_OK:
		return 0;
	case ELECTION_FILE_EMPTY:
	case ELECTION_FILE_LACKS:
		return java_exception("kafka.admin.AdminOperationException",
			"Preferred replica election data is empty");
	case ELECTION_FILE_TYPE:
		return java_exception(
			"com.fasterxml.jackson.databind.JsonMappingException", "%s", why);
	case ELECTION_FILE_TWICE:
		preferred_election_order(&e->to);
		why = election_partitions_text(&e->to, ",");
		return java_exception("kafka.admin.AdminOperationException",
			"Preferred replica election data contains duplicate partitions: %s", why);
	case ELECTION_FILE_MEMORY:
		break;
	}
	return java_exception("java.lang.OutOfMemoryError", NULL);
}

static int read_file(struct preferred_election *e)
{
	CLEANUP(freep) char *text = NULL;
	const char *path;
	size_t n = 0;

	if (text_of(e, PREFERRED_PATH_TO_JSON_FILE, &path))
		return 1;
	if (!path)
		return 0;
	if (text_file_read(path, &text, &n))
		return java_exception("java.io.IOException", "Unable to read file %s", path);
	return parse_file(e, text, n);
}

/* NULL: all. */
static const struct election_partitions *wanted(const struct preferred_election *e)
{
	return options_has(&e->options, PREFERRED_PATH_TO_JSON_FILE) ? &e->to : NULL;
}

/* ---- by the brokers ---- */

static int open_admin(struct preferred_election *e)
{
	static const struct tool_admin_setting settings[] = {
		{"request.timeout.ms", "30000", true},
		{"default.api.timeout.ms", "60000", true},
	};
	CLEANUP(freep) char *error = NULL;
	const char *servers, *path;

	if (text_of(e, PREFERRED_ADMIN_CONFIG, &path) ||
		text_of(e, PREFERRED_BOOTSTRAP_SERVER, &servers))
		return 1;
	if (!tool_admin_open_with(servers, path, settings, ARRAY_LEN(settings), &e->admin, &error))
		return 0;
	if (path && strcmp(error, path) == 0)
		return java_file_exception(-ENOENT, path);
	return java_exception("org.apache.kafka.common.KafkaException", "%s", error);
}

static int elect(struct preferred_election *e)
{
	static const struct elections_words words = {
		.done = "Successfully completed preferred leader election for partitions ",
		.needless = "Preferred replica already elected for partitions ",
		.failed = "Error completing preferred leader election for partition: ",
		.summary = " preferred replica(s) could not be elected",
		.scala = true,
	};
	struct elections_failure why = {false, NULL};
	int r = elections_run(e->admin, ELECTIONS_PREFERRED, wanted(e), &words, &e->arena, &why);

	if (r)
		r = java_exception(why.by_command ? "kafka.common.AdminCommandFailedException"
						  : "java.util.concurrent.ExecutionException",
			"%s", why.text);
	free(why.text);
	return r;
}

/* ---- running ---- */

static int elect_by_zookeeper(struct preferred_election *e)
{
	const char *connect;

	puts("Warning: --zookeeper is deprecated and will be removed in a future version of "
	     "Kafka.\n"
	     "Use --bootstrap-server instead to specify a broker to connect to.");
	if (text_of(e, PREFERRED_ZOOKEEPER, &connect))
		return 1;
	return preferred_election_zookeeper(connect, wanted(e), &e->arena);
}

static int run_with(struct preferred_election *e, int argc, char **argv)
{
	struct options *o = &e->options;
	bool servers;

	puts("This tool is deprecated. Please use kafka-leader-election tool. Tracking issue: "
	     "KAFKA-8405");
	if (options_parse(o, preferred_options, PREFERRED_OPTION_COUNT, argc, argv))
		return java_exception("joptsimple.OptionException", "%s", o->error);
	servers = options_has(o, PREFERRED_BOOTSTRAP_SERVER);
	if (options_has(o, PREFERRED_ADMIN_CONFIG) && !servers && !options_has_help(o))
		return java_exception("joptsimple.UnavailableOptionException",
			"Option(s) [admin.config] are unavailable given other options on the "
			"command line");
	fflush(stdout);
	if (argc < 2 || options_has_help(o))
		return options_usage(o, "This tool helps to causes leadership for each partition "
					"to be transferred back to "
					"the 'preferred replica', it can be used to balance "
					"leadership among the servers.");
	if (options_has_version(o)) {
		puts(TOOL_KAFKA_VERSION);
		return 0;
	}
	if (servers == options_has(o, PREFERRED_ZOOKEEPER))
		return options_usage(
			o, "Exactly one of '[bootstrap-server]' or '[zookeeper]' must be provided");
	if (read_file(e))
		return 1;
	if (!servers)
		return elect_by_zookeeper(e);
	return open_admin(e) ? 1 : elect(e);
}

static int run(int argc, char **argv)
{
	struct preferred_election e = {.options = OPTIONS_INIT};
	int r;

	arena_init(&e.arena, 0);
	r = run_with(&e, argc, argv);
	admin_close(e.admin);
	arena_fini(&e.arena);
	options_fini(&e.options);
	return r;
}

const struct tool tool_preferred_replica_election = {
	.name = "preferred-replica-election",
	.script = "kafka-preferred-replica-election.sh",
	.summary = "make preferred leaders of partitions lead again",
	.synopsis = "--bootstrap-server HOST:PORT,... | --zookeeper HOST:PORT,... [OPTION]...",
	.options = preferred_options,
	.options_n = PREFERRED_OPTION_COUNT,
	.run = run,
	.description =
		"The predecessor of kafka-leader-election.sh, which Apache Kafka had until 2.8, "
		"for scripts that call it. The first "
		"replica of each partition is to be its leader again, after it has been away.\n"
		"\n"
		"With `--zookeeper` the partitions are written to the znode "
		"`/admin/preferred_replica_election`. The controller "
		"deletes it when it is done; its log says what came of it.",
	.examples = "\tkafka-preferred-replica-election.sh --bootstrap-server host:9092",
	.see_also = "kafka-leader-election.sh(1)",
};
