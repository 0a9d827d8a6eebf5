/* log_dirs.c - kafka-log-dirs.sh: what the log directories of brokers hold, as a line of JSON (cli.md section 11).

 * The JSON is made in log_dirs_json.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/java_map.h"
#include "tools/java_order.h"
#include "tools/log_dirs_priv.h"
#include "tools/options.h"
#include "tools/report.h"
#include "tools/tool.h"
#include "tools/tool_admin.h"

enum log_dirs_option {
	LOG_DIRS_BOOTSTRAP_SERVER,
	LOG_DIRS_BROKER_LIST,
	LOG_DIRS_COMMAND_CONFIG,
	LOG_DIRS_DESCRIBE,
	LOG_DIRS_TOPIC_LIST,
	LOG_DIRS_HELP,
	LOG_DIRS_VERSION,
	LOG_DIRS_OPTION_COUNT,
};

static const struct option log_dirs_options[LOG_DIRS_OPTION_COUNT] = {
	[LOG_DIRS_BOOTSTRAP_SERVER] = {.name = "bootstrap-server",
		.kind = OPTION_STRING,
		.arg = "host:port,...",
		.help = "REQUIRED: the broker or brokers to ask first."},
	[LOG_DIRS_BROKER_LIST] = {.name = "broker-list",
		.kind = OPTION_STRING,
		.arg = "id,...",
		.def = "",
		.help = "The brokers whose directories are shown; all when the list is empty."},
	[LOG_DIRS_COMMAND_CONFIG] = {.name = "command-config",
		.kind = OPTION_STRING,
		.arg = "file",
		.help = "Properties file with settings of the admin client."},
	[LOG_DIRS_DESCRIBE] = {.name = "describe", .help = "REQUIRED: show the directories."},
	[LOG_DIRS_TOPIC_LIST] = {.name = "topic-list",
		.kind = OPTION_STRING,
		.arg = "topic,...",
		.def = "",
		.help = "The topics whose replicas are shown; all when the list is empty."},
	[LOG_DIRS_HELP] = OPTION_HELP,
	[LOG_DIRS_VERSION] = OPTION_VERSION,
};

/* A set of broker ids without repetition. */
struct ids {
	int32_t *v;
	size_t n;
};

struct log_dirs {
	struct tool_admin tool;
	struct str *topics; /* asked for; none: all */
	size_t topics_n;
};

static int fail_admin(struct log_dirs *l, int r)
{
	free(l->tool.error);
	l->tool.error = tool_admin_exception(l->tool.admin, r);
	return -1;
}

/* ---- sets of ids ---- */

static bool ids_have(const struct ids *s, int32_t id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i] == id)
			return true;
	return false;
}

static void ids_add(struct ids *s, int32_t id)
{
	if (ids_have(s, id))
		return;
	s->v = xrealloc(s->v, (s->n + 1) * sizeof(*s->v));
	s->v[s->n++] = id;
}

static void ids_permute(struct ids *s, const size_t *order)
{
	int32_t *old = xmemdup(s->v, s->n * sizeof(*s->v));

	for (size_t i = 0; i < s->n; i++)
		s->v[i] = old[order[i]];
	free(old);
}

/* Puts the ids in the order of a map with that many buckets: an Integer's hash is itself. */
static void ids_order(struct ids *s, size_t buckets)
{
	size_t *order = xcalloc(s->n + 1, sizeof(*order));

	java_order(s->v, s->n, buckets, order);
	ids_permute(s, order);
	free(order);
}

/* "0,1": owned. */
static char *ids_text(const struct ids *s)
{
	char *text = xmalloc(s->n * 12 + 1), *to = text;

	*to = '\0';
	for (size_t i = 0; i < s->n; i++)
		to += sprintf(to, "%s%d", i ? "," : "", s->v[i]);
	return text;
}

/* ---- options ---- */

/* The next element of a list, empty ones left out; false at the end. */
static bool next_element(const char **p, struct str *ret)
{
	*p += strspn(*p, ",");
	*ret = (struct str){*p, (int32_t)strcspn(*p, ",")};
	*p += ret->len;
	return ret->len > 0;
}

static int read_topics(struct log_dirs *l)
{
	const char *text;
	struct str topic;

	if (options_text(&l->tool.options, LOG_DIRS_TOPIC_LIST, &text))
		return tool_admin_fault(&l->tool, "%s", l->tool.options.error);
	l->topics = arena_array(&l->tool.arena, strlen(text) + 1, sizeof(*l->topics));
	if (!l->topics)
		return tool_admin_fault(&l->tool, "%s", strerror(ENOMEM));
	while (next_element(&text, &topic))
		l->topics[l->topics_n++] = topic;
	return 0;
}

static int read_brokers(struct log_dirs *l, struct ids *ret)
{
	const char *text;
	struct str id;
	int64_t v;

	if (options_text(&l->tool.options, LOG_DIRS_BROKER_LIST, &text))
		return tool_admin_fault(&l->tool, "%s", l->tool.options.error);
	while (next_element(&text, &id)) {
		if (!str_to_i64(id, INT32_MIN, INT32_MAX, &v))
			return tool_admin_fault(&l->tool, "For input string: \"%.*s\"", STR_ARG(id));
		ids_add(ret, (int32_t)v);
	}
	ids_order(ret, java_buckets(ret->n));
	return 0;
}

/* ---- asking ---- */

static int ask(struct log_dirs *l, int32_t broker, struct describe_log_dirs_response *ret)
{
	struct describe_log_dirs_request in;
	char exception[96];
	int code, r;

	CODEC_INIT(describe_log_dirs_request, &in);
	in.topics_n = -1; /* all */
	r = admin_call_broker(l->tool.admin, broker, API_DESCRIBE_LOG_DIRS, &in, &l->tool.arena, ret);
	if (r)
		return fail_admin(l, r);
	if (ret->results_n > 0)
		return 0;
	/* Before version 3 nothing was the answer to those who may not ask. */
	code = ret->error_code ? ret->error_code : KERR_CLUSTER_AUTHORIZATION_FAILED;
	return tool_admin_fault(&l->tool, "%s: %s", report_exception(code, exception, sizeof(exception)),
		report_default_message(code));
}

static int list_brokers(struct log_dirs *l, struct ids *ret)
{
	struct admin_node *nodes;
	size_t n;
	int r;

	admin_begin(l->tool.admin, "listNodes");
	r = admin_brokers(l->tool.admin, &l->tool.arena, &nodes, &n);
	if (r)
		return fail_admin(l, r);
	for (size_t i = 0; i < n; i++)
		ids_add(ret, nodes[i].id);
	ids_order(ret, java_buckets(ret->n));
	return 0;
}

/* All brokers that are asked for must be there. */
static int check_brokers(struct log_dirs *l, const struct ids *asked, const struct ids *cluster)
{
	struct ids absent = {NULL, 0};
	char *a, *b;

	for (size_t i = 0; i < asked->n; i++)
		if (!ids_have(cluster, asked->v[i]))
			ids_add(&absent, asked->v[i]);
	a = ids_text(&absent);
	b = ids_text(cluster);
	if (absent.n > 0)
		(void)tool_admin_fault(&l->tool,
			"ERROR: The given brokers do not exist from --broker-list: %s. Current "
			"existent brokers: %s",
			a, b);
	free(absent.v);
	free(a);
	free(b);
	return l->tool.error ? -1 : 0;
}

static int query(struct log_dirs *l, struct ids *brokers)
{
	struct broker_dirs *v = arena_array(&l->tool.arena, brokers->n, sizeof(*v));
	CLEANUP(freep) char *text = NULL;
	CLEANUP(freep) size_t *order = NULL;

	if (!v)
		return tool_admin_fault(&l->tool, "%s", strerror(ENOMEM));
	puts("Querying brokers for log directories information");
	fflush(stdout);
	ids_order(brokers, java_buckets_at_once(brokers->n));
	text = ids_text(brokers);
	order = java_result_order(brokers->v, brokers->n);
	ids_permute(brokers, order);
	admin_begin(l->tool.admin, "describeLogDirs");
	for (size_t i = 0; i < brokers->n; i++) {
		v[i].id = brokers->v[i];
		if (ask(l, v[i].id, &v[i].dirs))
			return -1;
	}
	printf("Received log directory information from brokers %s\n", text);
	log_dirs_print(v, brokers->n, l->topics, l->topics_n, stdout);
	return 0;
}

static int describe(struct log_dirs *l)
{
	struct ids asked = {NULL, 0}, cluster = {NULL, 0};
	int r = read_topics(l);

	if (!r)
		r = list_brokers(l, &cluster);
	if (!r)
		r = read_brokers(l, &asked);
	if (!r)
		r = check_brokers(l, &asked, &cluster);
	if (!r)
		r = query(l, asked.n > 0 ? &asked : &cluster);
	free(asked.v);
	free(cluster.v);
	return r;
}

/* ---- running ---- */

static int open_admin(struct log_dirs *l)
{
	CLEANUP(freep) char *error = NULL;
	const char *servers, *path;

	if (options_text(&l->tool.options, LOG_DIRS_COMMAND_CONFIG, &path) ||
		options_text(&l->tool.options, LOG_DIRS_BOOTSTRAP_SERVER, &servers))
		return tool_admin_fault(&l->tool, "%s", l->tool.options.error);
	if (tool_admin_open(servers, path, "log-dirs-tool", &l->tool.admin, &error))
		return tool_admin_fault(&l->tool, "%s", error);
	return 0;
}

static int run_with(struct tool_admin *tool)
{
	struct log_dirs *l = CONTAINER_OF(tool, struct log_dirs, tool);

	if (options_require(&tool->options, LOG_DIRS_BOOTSTRAP_SERVER) ||
		options_require(&tool->options, LOG_DIRS_DESCRIBE))
		return 1;
	return open_admin(l) ? -1 : describe(l);
}

static int run(int argc, char **argv)
{
	struct log_dirs l = {0};

	return tool_admin_run(&l.tool, log_dirs_options, LOG_DIRS_OPTION_COUNT,
		"This tool helps to query log directory usage on the specified brokers.", run_with, argc, argv);
}

const struct tool tool_log_dirs = {
	.name = "log-dirs",
	.script = "kafka-log-dirs.sh",
	.summary = "show what the log directories of brokers hold",
	.synopsis = "--bootstrap-server HOST:PORT,... --describe [OPTION]...",
	.options = log_dirs_options,
	.options_n = LOG_DIRS_OPTION_COUNT,
	.run = run,
	.description =
		"Prints two lines of text, and a line of JSON with what each log directory of the brokers holds: of each "
		"replica its size in bytes, how far it is behind (`offsetLag`), and whether it is on its way "
		"from another directory (`isFuture`). `error` is not null for a directory that has failed.",
	.examples =
		"\tkafka-log-dirs.sh --bootstrap-server host:9092 --describe --topic-list clicks | tail -n 1 | jq .",
	.see_also = "kafka-topics.sh(1), kafka-dump-log.sh(1)",
};
