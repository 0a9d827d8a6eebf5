/* leader_election.c - kafka-leader-election.sh: elects preferred, or any, leaders (cli.md section 14). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"
#include "tools/elections.h"
#include "tools/java_map.h"
#include "tools/options.h"
#include "tools/text_file.h"
#include "tools/tool.h"
#include "tools/tool_admin.h"

enum leader_election_option {
	ELECTION_ADMIN_CONFIG,
	ELECTION_ALL,
	ELECTION_BOOTSTRAP_SERVER,
	ELECTION_TYPE,
	ELECTION_PARTITION,
	ELECTION_PATH_TO_JSON_FILE,
	ELECTION_TOPIC,
	ELECTION_HELP,
	ELECTION_VERSION,
	ELECTION_OPTION_COUNT,
};

static const struct option election_options[ELECTION_OPTION_COUNT] = {
	[ELECTION_ADMIN_CONFIG] = {.name = "admin.config",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "Properties file with settings of the admin client."},
	[ELECTION_ALL] = {.name = "all-topic-partitions",
		.help = "Every partition that such an election is possible for. Not with --topic "
			"or "
			"--path-to-json-file."},
	[ELECTION_BOOTSTRAP_SERVER] = {.name = "bootstrap-server",
		.kind = OPTION_STRING,
		.arg = "host:port,...",
		.help = "REQUIRED: the broker or brokers to ask first."},
	[ELECTION_TYPE] = {.name = "election-type",
		.kind = OPTION_STRING,
		.arg = "preferred|unclean",
		.help = "REQUIRED: preferred lets the first replica lead again, where another one "
			"leads; unclean lets any "
			"replica lead where none does, and loses the records that it does not "
			"have."},
	[ELECTION_PARTITION] = {.name = "partition",
		.kind = OPTION_INT,
		.arg = "partition",
		.help = "Number of the partition, with --topic."},
	[ELECTION_PATH_TO_JSON_FILE] = {.name = "path-to-json-file",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "The partitions, as in\n"
			"{\"partitions\":\n"
			"  [{\"topic\": \"t\", \"partition\": 1},\n"
			"   {\"topic\": \"u\", \"partition\": 2}]\n"
			"}\n"
			"Not with --topic or --all-topic-partitions."},
	[ELECTION_TOPIC] = {.name = "topic",
		.kind = OPTION_STRING,
		.arg = "topic",
		.help = "Topic of the one partition, with --partition. Not with "
			"--path-to-json-file or "
			"--all-topic-partitions."},
	[ELECTION_HELP] = OPTION_HELP,
	[ELECTION_VERSION] = OPTION_VERSION,
};

#define NEEDLESS "Valid replica already elected for partitions "

static const struct {
	const char *name;
	struct elections_words words;
} types[] = {
	[ELECTIONS_PREFERRED] = {"preferred",
		{.done = "Successfully completed leader election (PREFERRED) for partitions ",
			.needless = NEEDLESS,
			.failed = "Error completing leader election (PREFERRED) for partition: ",
			.summary = " replica(s) could not be elected"}},
	[ELECTIONS_UNCLEAN] = {"unclean",
		{.done = "Successfully completed leader election (UNCLEAN) for partitions ",
			.needless = NEEDLESS,
			.failed = "Error completing leader election (UNCLEAN) for partition: ",
			.summary = " replica(s) could not be elected"}},
};

struct leader_election {
	struct tool_admin tool;
	enum elections_type type;
	struct election_partitions to; /* unless of all */
};

static int text_of(struct leader_election *e, enum leader_election_option id, const char **ret)
{
	return options_text(&e->tool.options, id, ret) ? tool_admin_fault(&e->tool, "%s", e->tool.options.error) : 0;
}

/* ---- options ---- */

static int check_combination(struct leader_election *e)
{
	const struct options *o = &e->tool.options;
	bool servers = options_has(o, ELECTION_BOOTSTRAP_SERVER),
	     type = options_has(o, ELECTION_TYPE);
	bool topic = options_has(o, ELECTION_TOPIC), partition = options_has(o, ELECTION_PARTITION);

	if (!servers || !type)
		return tool_admin_fault(&e->tool, "Missing required option(s): %s%s%s",
			servers ? "" : "bootstrap-server", servers || type ? "" : ", ",
			type ? "" : "election-type");
	if (topic + options_has(o, ELECTION_ALL) + options_has(o, ELECTION_PATH_TO_JSON_FILE) != 1)
		return tool_admin_fault(&e->tool, "One and only one of the following options is required: topic, "
				"all-topic-partitions, "
				"path-to-json-file");
	if (topic && !partition)
		return tool_admin_fault(&e->tool, "Missing required option(s): partition");
	if (!topic && partition)
		return tool_admin_fault(&e->tool, "Option partition is only allowed if topic is used");
	return 0;
}

static int read_type(struct leader_election *e)
{
	const char *text;

	if (text_of(e, ELECTION_TYPE, &text))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcasecmp(types[i].name, text) == 0) {
			e->type = (enum elections_type)i;
			return 0;
		}
	return tool_admin_fault(&e->tool, "Cannot parse argument '%s' of option election-type", text);
}

static int parse_file(struct leader_election *e, const char *text, size_t len)
{
	CLEANUP(freep) char *why = NULL;
	CLEANUP(freep) int32_t *hashes = NULL;
	CLEANUP(freep) size_t *order = NULL;

	switch (election_file_parse(text, len, &e->tool.arena, &e->to, &why)) {
	case ELECTION_FILE_OK:
		return 0;
	case ELECTION_FILE_EMPTY:
		return tool_admin_fault(&e->tool, "Replica election data is empty");
	case ELECTION_FILE_LACKS:
		return tool_admin_fault(&e->tool, "Replica election data is missing \"partitions\" field");
	case ELECTION_FILE_TYPE:
		return tool_admin_fault(&e->tool, "com.fasterxml.jackson.databind.JsonMappingException: %s", why);
	case ELECTION_FILE_TWICE:
		hashes = election_partitions_hashes(&e->to);
		order = java_map_order(hashes, e->to.n, JAVA_MAP_DEFAULT);
		election_partitions_permute(&e->to, order);
		why = election_partitions_text(&e->to, ", ");
		return tool_admin_fault(&e->tool, "Replica election data contains duplicate partitions: [%s]", why);
	case ELECTION_FILE_MEMORY:
		break;
	}
	return tool_admin_fault(&e->tool, "%s", strerror(ENOMEM));
}

static int read_file(struct leader_election *e)
{
	CLEANUP(freep) char *text = NULL;
	const char *path;
	size_t n = 0;

	if (text_of(e, ELECTION_PATH_TO_JSON_FILE, &path))
		return -1;
	if (text_file_read(path, &text, &n))
		return tool_admin_fault(&e->tool, "java.io.IOException: Unable to read file %s", path);
	return parse_file(e, text, n);
}

static int read_partition(struct leader_election *e)
{
	const char *topic;
	int64_t partition = 0;

	if (text_of(e, ELECTION_TOPIC, &topic))
		return -1;
	if (options_number(&e->tool.options, ELECTION_PARTITION, &partition))
		return tool_admin_fault(&e->tool, "%s", e->tool.options.error);
	e->to = (struct election_partitions){arena_array(&e->tool.arena, 1, sizeof(*e->to.v)), 1};
	if (!e->to.v)
		return tool_admin_fault(&e->tool, "%s", strerror(ENOMEM));
	e->to.v[0] = (struct election_partition){str_of(topic), (int32_t)partition};
	return 0;
}

static int read_partitions(struct leader_election *e)
{
	if (options_has(&e->tool.options, ELECTION_PATH_TO_JSON_FILE))
		return read_file(e);
	return options_has(&e->tool.options, ELECTION_TOPIC) ? read_partition(e) : 0;
}

/* ---- running ---- */

static int open_admin(struct leader_election *e)
{
	static const struct tool_admin_setting settings[] = {
		{"default.api.timeout.ms", "30000", false},
		{"request.timeout.ms", "15000", false},
	};
	CLEANUP(freep) char *error = NULL;
	const char *servers, *path;

	if (text_of(e, ELECTION_ADMIN_CONFIG, &path) ||
		text_of(e, ELECTION_BOOTSTRAP_SERVER, &servers))
		return -1;
	if (tool_admin_open_with(servers, path, settings, ARRAY_LEN(settings), &e->tool.admin, &error))
		return tool_admin_fault(&e->tool, "%s", error);
	return 0;
}

static int elect(struct leader_election *e)
{
	struct elections_failure why = {false, NULL};
	int r = elections_run(e->tool.admin, e->type,
		options_has(&e->tool.options, ELECTION_ALL) ? NULL : &e->to, &types[e->type].words,
		&e->tool.arena, &why);

	if (r)
		(void)tool_admin_fault(&e->tool, "%s%s",
			why.by_command ? "" : "java.util.concurrent.ExecutionException: ",
			why.text);
	free(why.text);
	return r;
}

static int run_with(struct tool_admin *tool)
{
	struct leader_election *e = CONTAINER_OF(tool, struct leader_election, tool);

	if (check_combination(e) || read_type(e) || read_partitions(e) || open_admin(e))
		return -1;
	return elect(e);
}

static int run(int argc, char **argv)
{
	struct leader_election e = {.to = {0}};

	return tool_admin_run(&e.tool, election_options, ELECTION_OPTION_COUNT,
		"This tool attempts to elect a new leader for a set of topic partitions. The type "
		"of elections supported are preferred replicas and unclean replicas.",
		run_with, argc, argv);
}

const struct tool tool_leader_election = {
	.name = "leader-election",
	.script = "kafka-leader-election.sh",
	.summary = "elect leaders of partitions",
	.synopsis =
		"--bootstrap-server HOST:PORT,... --election-type preferred|unclean [OPTION]...",
	.options = election_options,
	.options_n = ELECTION_OPTION_COUNT,
	.run = run,
	.description =
		"Asks the controller to elect leaders, and waits until the brokers know them. "
		"After a broker has been away its "
		"partitions are led by others; a preferred election gives them back, as the "
		"controller does by itself when "
		"`auto.leader.rebalance.enable` is set. An unclean election is for partitions that "
		"have no leader because "
		"all replicas that were in sync are lost: what only those had is lost with them.\n"
		"\n"
		"With `--all-topic-partitions`, partitions that need no election are not "
		"mentioned.",
	.examples = "\tkafka-leader-election.sh --bootstrap-server host:9092 --election-type "
		    "preferred --all-topic-partitions\n"
		    "\tkafka-leader-election.sh --bootstrap-server host:9092 --election-type "
		    "unclean --topic clicks --partition 3",
	.exit_status = "`1` when the command line was wrong or a partition could not be elected; "
		       "`0` otherwise, also when "
		       "there was nothing to do.",
	.see_also = "kafka-topics.sh(1)",
};
