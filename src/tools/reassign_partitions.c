/* reassign_partitions.c - kafka-reassign-partitions.sh: moves partitions to other brokers, and replicas to other log
 * directories (cli.md section 13; ReassignPartitionsCommand.java, 3.9). The actions are in reassign_generate.c,
 * reassign_execute.c and reassign_verify.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tools/reassign_priv.h"
#include "tools/tool.h"
#include "tools/tool_admin.h"

#define FILE_MAX (64 * 1024 * 1024)

static const struct option reassign_options[REASSIGN_OPTION_COUNT] = {
	[REASSIGN_ADDITIONAL] = {.name = "additional",
		.help = "With --execute: although others are under way. The same file again, with this option and "
			"another --throttle, changes the throttle of a reassignment."},
	[REASSIGN_BOOTSTRAP_SERVER] = {.name = "bootstrap-server",
		.kind = OPTION_STRING,
		.arg = "host:port,...",
		.help = "REQUIRED: the broker or brokers to ask first."},
	[REASSIGN_BROKER_LIST] = {.name = "broker-list",
		.kind = OPTION_STRING,
		.arg = "id,...",
		.help = "The brokers that --generate may use."},
	[REASSIGN_CANCEL] = {.name = "cancel",
		.help = "End the reassignments of the partitions in the file, and its moves between log "
			"directories: replicas stay or come back where they were."},
	[REASSIGN_COMMAND_CONFIG] = {.name = "command-config",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "Properties file with settings of the admin client."},
	[REASSIGN_DISABLE_RACK_AWARE] = {.name = "disable-rack-aware",
		.help = "With --generate: pay no heed to the racks of brokers."},
	[REASSIGN_EXECUTE] = {.name = "execute", .help = "Start the reassignment in the file."},
	[REASSIGN_GENERATE] = {.name = "generate",
		.help = "Propose new replicas for topics on a list of brokers. Nothing is changed."},
	[REASSIGN_LIST] = {.name = "list", .help = "Show all reassignments under way."},
	[REASSIGN_PRESERVE_THROTTLES] = {.name = "preserve-throttles",
		.help = "With --verify and --cancel: leave throttles as they are."},
	[REASSIGN_JSON_FILE] = {.name = "reassignment-json-file",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "The partitions and their replicas, as in\n"
			"{\"partitions\":\n"
			"  [{\"topic\": \"t\", \"partition\": 0, \"replicas\": [1,2],\n"
			"    \"log_dirs\": [\"any\",\"/data/b\"]}],\n"
			" \"version\":1\n"
			"}\n"
			"log_dirs may be missing; else it has a word for each replica, a directory of that "
			"broker or \"any\"."},
	[REASSIGN_REPLICA_ALTER_LOG_DIRS_THROTTLE] = {.name = "replica-alter-log-dirs-throttle",
		.kind = OPTION_LONG,
		.arg = "bytes/s",
		.def = "-1",
		.help = "With --execute: the most that a broker may move between its log directories, 1024 or "
			"more."},
	[REASSIGN_THROTTLE] = {.name = "throttle",
		.kind = OPTION_LONG,
		.arg = "bytes/s",
		.def = "-1",
		.help = "With --execute: the most that a broker may send and receive for reassignments, 1024 or "
			"more. --verify removes it in the end."},
	[REASSIGN_TIMEOUT] = {.name = "timeout",
		.kind = OPTION_LONG,
		.arg = "ms",
		.def = "10000",
		.help = "How long to wait until moves between log directories can begin."},
	[REASSIGN_TOPICS_FILE] = {.name = "topics-to-move-json-file",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "The topics for --generate, as in\n"
			"{\"topics\":\n"
			"  [{\"topic\": \"t\"},{\"topic\": \"u\"}],\n"
			" \"version\":1\n"
			"}"},
	[REASSIGN_VERIFY] = {.name = "verify",
		.help = "Show how far the reassignment in the file is. When nothing is under way any more, all "
			"throttles are removed."},
	[REASSIGN_HELP] = OPTION_HELP,
	[REASSIGN_VERSION] = OPTION_VERSION,
};

#define BIT(id) (1u << (id))
#define EVERYWHERE (BIT(REASSIGN_BOOTSTRAP_SERVER) | BIT(REASSIGN_COMMAND_CONFIG))

/* In the order in which Kafka's tool names them. */
static const struct action {
	enum reassign_option id;
	int (*run)(struct reassign *r);
	uint32_t required, permitted;
} actions[] = {
	{REASSIGN_GENERATE, reassign_generate,
		BIT(REASSIGN_TOPICS_FILE) | BIT(REASSIGN_BROKER_LIST),
		BIT(REASSIGN_DISABLE_RACK_AWARE)},
	{REASSIGN_EXECUTE, reassign_execute, BIT(REASSIGN_JSON_FILE),
		BIT(REASSIGN_ADDITIONAL) | BIT(REASSIGN_THROTTLE) |
			BIT(REASSIGN_REPLICA_ALTER_LOG_DIRS_THROTTLE) | BIT(REASSIGN_TIMEOUT)},
	{REASSIGN_VERIFY, reassign_verify, BIT(REASSIGN_JSON_FILE),
		BIT(REASSIGN_PRESERVE_THROTTLES)},
	{REASSIGN_CANCEL, reassign_cancel, BIT(REASSIGN_JSON_FILE),
		BIT(REASSIGN_PRESERVE_THROTTLES) | BIT(REASSIGN_TIMEOUT)},
	{REASSIGN_LIST, reassign_list, 0, 0},
};

/* ---- options and files ---- */

int reassign_text(struct reassign *r, enum reassign_option id, const char **ret)
{
	if (!options_text(&r->options, id, ret))
		return 0;
	return thrown_set(&r->thrown, "joptsimple.MultipleArgumentsForOptionException", "%s",
		r->options.error);
}

int reassign_number(struct reassign *r, enum reassign_option id, int64_t *ret)
{
	const char *text;

	if (reassign_text(r, id, &text))
		return -EINVAL;
	if (!options_number(&r->options, id, ret))
		return 0;
	(void)thrown_set(
		&r->thrown, "java.lang.NumberFormatException", "For input string: \"%s\"", text);
	(void)thrown_wrap(&r->thrown, "joptsimple.internal.ReflectionException", NULL);
	return thrown_wrap(
		&r->thrown, "joptsimple.OptionArgumentConversionException", "%s", r->options.error);
}

/* By stdio, since the file may be a pipe. -errno */
static int read_file(const char *path, char **ret, size_t *ret_n)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t n = 0, cap = 0;
	int e = 0;

	if (!in)
		return -errno;
	do {
		text = grow_array(text, &cap, n + 65536, 1);
		errno = 0;
		n += fread(text + n, 1, 65536, in);
	} while (!feof(in) && !ferror(in) && n <= FILE_MAX);
	if (ferror(in))
		e = errno ? -errno : -EIO;
	else if (n > FILE_MAX)
		e = -EFBIG;
	(void)fclose(in);
	*ret = text;
	*ret_n = n;
	return e;
}

static int fail_file(struct reassign *r, const char *path, int e)
{
	if (e == -ENOENT)
		(void)thrown_set(&r->thrown, "java.nio.file.NoSuchFileException", "%s", path);
	else if (e == -EACCES)
		(void)thrown_set(&r->thrown, "java.nio.file.AccessDeniedException", "%s", path);
	else
		(void)thrown_set(&r->thrown, "java.io.IOException", "%s", strerror(-e));
	return thrown_wrap(&r->thrown, "java.io.IOException", "Unable to read file %s", path);
}

int reassign_load(struct reassign *r, enum reassign_option id, char **ret, size_t *ret_n)
{
	const char *path;
	int e;

	if (reassign_text(r, id, &path))
		return -EINVAL;
	e = read_file(path, ret, ret_n);
	return e ? fail_file(r, path, e) : 0;
}

/* ---- the command line ---- */

static int usage(struct reassign *r, char *message)
{
	int e = options_usage(&r->options, message);

	free(message);
	return e;
}

/* The one action; NULL after options_usage. */
static const struct action *find_action(struct reassign *r)
{
	const struct action *found = NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (options_has(&r->options, actions[i].id)) {
			found = &actions[i];
			n++;
		}
	if (n == 1)
		return found;
	(void)usage(r, xstrdup("Command must include exactly one action: --generate, --execute, "
			       "--verify, --cancel, --list"));
	return NULL;
}

static int check_usage(struct reassign *r, const struct action *action)
{
	const struct options *o = &r->options;
	uint32_t allowed = BIT(action->id) | action->required | action->permitted | EVERYWHERE;

	if (!options_has(o, REASSIGN_BOOTSTRAP_SERVER))
		return usage(r, xstrdup("Please specify --bootstrap-server"));
	if (action->required & BIT(REASSIGN_TOPICS_FILE) &&
		options_require(o, REASSIGN_TOPICS_FILE))
		return 1;
	if (action->required & BIT(REASSIGN_BROKER_LIST) &&
		options_require(o, REASSIGN_BROKER_LIST))
		return 1;
	if (action->required & BIT(REASSIGN_JSON_FILE) && options_require(o, REASSIGN_JSON_FILE))
		return 1;
	for (size_t i = 0; i < o->order_n; i++)
		if (!(allowed & BIT(o->order[i])))
			return usage(
				r, xasprintf("Option \"[%s]\" can't be used with action \"[%s]\"",
					   reassign_options[o->order[i]].name,
					   reassign_options[action->id].name));
	return 0;
}

/* "Failed to create ...\nCaused by: CLASS: ...", a path, or another message. */
static int fail_open(struct reassign *r, int e, const char *error)
{
	static const char caused[] = "\nCaused by: ";
	const char *cause = strstr(error, caused);
	const char *class = e == -ENOENT ? "java.nio.file.NoSuchFileException"
					 : "org.apache.kafka.common.KafkaException";
	char *text;

	if (!cause)
		return thrown_set(&r->thrown, class, "%s", error);
	cause += strlen(caused);
	text = strstr(cause, ": ");
	if (text) {
		CLEANUP(freep) char *name = xstrndup(cause, (size_t)(text - cause));

		(void)thrown_set(&r->thrown, name, "%s", text + 2);
	}
	return thrown_wrap(&r->thrown, class, "%.*s", (int)strcspn(error, "\n"), error);
}

static int open_admin(struct reassign *r)
{
	CLEANUP(freep) char *error = NULL;
	const char *servers, *path;
	int e;

	if (reassign_text(r, REASSIGN_COMMAND_CONFIG, &path) ||
		reassign_text(r, REASSIGN_BOOTSTRAP_SERVER, &servers))
		return -EINVAL;
	e = tool_admin_open(servers, path, "reassign-partitions-tool", &r->admin, &error);
	return e ? fail_open(r, e, error) : 0;
}

/* ---- running ---- */

/* 0; 1 after wrong usage; negative with `thrown` set. */
static int run_with(struct reassign *r, int argc)
{
	const struct action *action;

	if (argc < 2 || options_has_help(&r->options))
		return options_usage(
			&r->options, "This tool helps to move topic partitions between replicas.");
	if (options_has_version(&r->options)) {
		puts(TOOL_KAFKA_VERSION);
		return 0;
	}
	action = find_action(r);
	if (!action || check_usage(r, action))
		return 1;
	return open_admin(r) ? -1 : action->run(r);
}

static int run(int argc, char **argv)
{
	struct reassign r = {.options = OPTIONS_INIT, .thrown = THROWN_INIT};
	int e;

	arena_init(&r.arena, 0);
	if (options_parse(&r.options, reassign_options, REASSIGN_OPTION_COUNT, argc, argv)) {
		fprintf(stderr, "%s\n", r.options.error);
		e = 1;
	} else {
		e = run_with(&r, argc);
	}
	if (e < 0)
		thrown_print(&r.thrown, stdout);
	fflush(stdout);
	thrown_fini(&r.thrown);
	admin_close(r.admin);
	arena_fini(&r.arena);
	options_fini(&r.options);
	return e ? 1 : 0;
}

const struct tool tool_reassign_partitions = {
	.name = "reassign-partitions",
	.script = "kafka-reassign-partitions.sh",
	.summary = "move partitions to other brokers or log directories",
	.synopsis = "--bootstrap-server HOST:PORT,... --generate|--execute|--verify|--cancel|--list [OPTION]...",
	.options = reassign_options,
	.options_n = REASSIGN_OPTION_COUNT,
	.run = run,
	.description =
		"Gives partitions other replicas: to use new brokers, to empty one, to change the replication factor, or to "
		"order the replicas anew. `--generate` proposes, `--execute` starts what a file says, `--verify` shows how far "
		"it is, `--cancel` ends it early, and `--list` shows all that is under way.\n"
		"\n"
		"Keep what `--execute` prints: it is the file that undoes the reassignment.\n"
		"\n"
		"With `--throttle` the brokers are held back to leave room for clients. A throttle below what producers write "
		"is never done. Run `--verify` until all is completed: it also removes the throttles, and brokers that are in "
		"sync later would be held back by what it leaves.",
	.examples =
		"\techo '{\"topics\": [{\"topic\": \"clicks\"}], \"version\": 1}' >topics.json\n"
		"\tkafka-reassign-partitions.sh --bootstrap-server host:9092 --generate --topics-to-move-json-file topics.json "
		"--broker-list 1,2,3 | tail -n 1 >plan.json\n"
		"\tkafka-reassign-partitions.sh --bootstrap-server host:9092 --execute --reassignment-json-file plan.json "
		"--throttle 50000000\n"
		"\tkafka-reassign-partitions.sh --bootstrap-server host:9092 --verify --reassignment-json-file plan.json",
	.exit_status =
		"`1` when the command line or the file was wrong, or a request was refused; the message is on the standard "
		"output. `0` otherwise, also when `--verify` finds that something is still in progress.",
	.see_also = "kafka-topics.sh(1), kafka-log-dirs.sh(1), kafka-configs.sh(1)",
};
