/* get_offsets.c - kafka-get-offsets.sh: offsets of partitions by time (cli.md section 10). */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/properties.h"
#include "base/str.h"
#include "tools/admin.h"
#include "tools/admin_offsets.h"
#include "tools/admin_topics.h"
#include "tools/client_properties.h"
#include "tools/options.h"
#include "tools/tool.h"
#include "tools/topic_filter.h"

enum {
	OFFSETS_BOOTSTRAP_SERVER,
	OFFSETS_BROKER_LIST,
	OFFSETS_COMMAND_CONFIG,
	OFFSETS_EXCLUDE_INTERNAL,
	OFFSETS_MAX_WAIT_MS,
	OFFSETS_OFFSETS,
	OFFSETS_PARTITIONS,
	OFFSETS_TIME,
	OFFSETS_TOPIC,
	OFFSETS_TOPIC_PARTITIONS,
	OFFSETS_HELP,
	OFFSETS_VERSION,
	OFFSETS_OPTION_COUNT,
};

static const struct option offsets_options[OFFSETS_OPTION_COUNT] = {
	[OFFSETS_BOOTSTRAP_SERVER] = {"bootstrap-server", OPTION_STRING, "host:port,...", NULL,
		"REQUIRED: the broker or brokers to ask first."},
	[OFFSETS_BROKER_LIST] = {"broker-list", OPTION_STRING, "host:port,...", NULL,
		"Old name of --bootstrap-server; ignored when both are given."},
	[OFFSETS_COMMAND_CONFIG] = {"command-config", OPTION_STRING, "file", NULL,
		"Properties file with settings of the admin client."},
	[OFFSETS_EXCLUDE_INTERNAL] = {"exclude-internal-topics", OPTION_FLAG, NULL, NULL,
		"Leave out the topics that brokers keep for themselves."},
	[OFFSETS_MAX_WAIT_MS] = {"max-wait-ms", OPTION_STRING, "ms", NULL,
		"Of old releases; ignored."},
	[OFFSETS_OFFSETS] = {"offsets", OPTION_STRING, "count", NULL, "Of old releases; ignored."},
	[OFFSETS_PARTITIONS] = {"partitions", OPTION_STRING, "id,...", NULL,
		"Only partitions with these numbers."},
	[OFFSETS_TIME] = {"time", OPTION_STRING, "time", "latest",
		"Which offset: that of the first record at this time or later, in milliseconds "
		"since 1970; "
		"or latest (-1), earliest (-2), max-timestamp (-3), earliest-local (-4), "
		"latest-tiered "
		"(-5)."},
	[OFFSETS_TOPIC] = {"topic", OPTION_STRING, "Java regex", NULL,
		"Only topics whose whole name matches."},
	[OFFSETS_TOPIC_PARTITIONS] = {"topic-partitions", OPTION_STRING, "regex[:partitions],...",
		NULL,
		"Only these: a regular expression for topics, none for all, and behind a colon a "
		"partition "
		"or a range, as in topic1:1,topic2:0-3,topic3,topic4:5-,:-3. The upper bound does "
		"not belong "
		"to a range."},
	[OFFSETS_HELP] = OPTION_HELP,
	[OFFSETS_VERSION] = OPTION_VERSION,
};

/* Topics whose name matches, partitions from...before. */
struct rule {
	struct java_regex *topic;
	int64_t from, before;
};

struct get_offsets {
	struct options options;
	struct admin *admin;
	struct arena arena;
	int64_t timestamp;
	struct rule *rules;
	size_t rules_n;
	int32_t *partitions; /* of --partitions; none: all */
	size_t partitions_n;
	char *error;
};

/* Remembers why; returns -1. */
static int fault(struct get_offsets *g, const char *fmt, ...) PRINTF(2, 3);
static int fault(struct get_offsets *g, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	free(g->error); /* which may be an argument */
	g->error = text;
	return -1;
}

static int text_of(struct get_offsets *g, size_t id, const char **ret)
{
	return options_text(&g->options, id, ret) ? fault(g, "%s", g->options.error) : 0;
}

static int read_time(struct get_offsets *g)
{
	static const struct {
		const char *name;
		int64_t timestamp;
	} names[] = {
		{"earliest", OFFSETS_EARLIEST},
		{"latest", OFFSETS_LATEST},
		{"max-timestamp", OFFSETS_MAX_TIMESTAMP},
		{"earliest-local", OFFSETS_EARLIEST_LOCAL},
		{"latest-tiered", OFFSETS_LATEST_TIERED},
	};
	const char *text;

	if (text_of(g, OFFSETS_TIME, &text))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(text, names[i].name) == 0) {
			g->timestamp = names[i].timestamp;
			return 0;
		}
	if (!str_to_i64(str_of(text), INT64_MIN, INT64_MAX, &g->timestamp))
		return fault(g,
			"Malformed time argument %s. Please use -1 or latest / -2 or earliest / -3 "
			"or "
			"max-timestamp / -4 or earliest-local / -5 or latest-tiered, or a "
			"specified long "
			"format timestamp",
			text);
	return 0;
}

static int add_rule(struct get_offsets *g, const char *topic, int64_t from, int64_t before)
{
	struct rule *rule = &g->rules[g->rules_n];
	CLEANUP(freep) char *error = NULL;

	if (topic_filter_compile(*topic ? topic : ".*", &rule->topic, &error))
		return fault(g, "%s", error);
	rule->from = from;
	rule->before = before;
	g->rules_n++;
	return 0;
}

/* A bound of a range; an empty text leaves *ret as it is. */
static int read_bound(struct get_offsets *g, struct str text, int64_t *ret)
{
	if (text.len > 0 && !str_to_i64(text, 0, INT32_MAX, ret))
		return fault(g, "For input string: \"%.*s\"", STR_ARG(text));
	return 0;
}

/* "regex:1", "regex:0-3", "regex:5-", ":-3", "regex" */
static int read_rule(struct get_offsets *g, const char *text)
{
	const char *colon = strchrnul(text, ':'), *p = colon + (*colon == ':');
	size_t first = strspn(p, "0123456789"), second;
	CLEANUP(freep) char *topic = xstrndup(text, (size_t)(colon - text));
	int64_t from = 0, before = INT32_MAX;

	if (read_bound(g, (struct str){p, (int32_t)first}, &from))
		return -1;
	if (p[first] == '\0')
		return add_rule(g, topic, from, first ? from + 1 : before);
	second = strspn(p + first + 1, "0123456789");
	if (p[first] != '-' || p[first + 1 + second] != '\0')
		return fault(g,
			"org.apache.kafka.tools.TerseException: Invalid rule specification: %s",
			text);
	if (read_bound(g, (struct str){p + first + 1, (int32_t)second}, &before))
		return -1;
	return add_rule(g, topic, from, before);
}

/* Splits at commas, leaving out empty words at the end, and passes each word on. */
static int each_word(struct get_offsets *g, const char *text,
	int (*take)(struct get_offsets *g, const char *word))
{
	size_t len = strlen(text);
	CLEANUP(freep) char *copy = NULL;
	char *p, *comma;

	while (len > 0 && text[len - 1] == ',')
		len--;
	p = copy = xstrndup(text, len);
	do {
		comma = strchr(p, ',');
		if (comma)
			*comma = '\0';
		if (take(g, p))
			return -1;
		if (comma)
			p = comma + 1;
	} while (comma);
	return 0;
}

static int read_partition(struct get_offsets *g, const char *word)
{
	int64_t id;

	if (!str_to_i64(str_of(word), INT32_MIN, INT32_MAX, &id))
		return -1;
	g->partitions[g->partitions_n++] = (int32_t)id;
	return 0;
}

static int read_filters(struct get_offsets *g)
{
	const char *list, *topic, *partitions;

	if (text_of(g, OFFSETS_TOPIC_PARTITIONS, &list) || text_of(g, OFFSETS_TOPIC, &topic) ||
		text_of(g, OFFSETS_PARTITIONS, &partitions))
		return -1;
	if (list && (topic || partitions))
		return fault(g, "--topic-partitions cannot be used with --topic or --partitions");
	if (read_time(g))
		return -1;
	g->rules = xcalloc((list ? strlen(list) : 0) + 1, sizeof(*g->rules));
	if (list)
		return each_word(g, list, read_rule);
	if (add_rule(g, topic ? topic : "", 0, INT64_MAX))
		return -1;
	if (!partitions || !*partitions)
		return 0;
	g->partitions = xcalloc(strlen(partitions) + 1, sizeof(*g->partitions));
	if (each_word(g, partitions, read_partition))
		return fault(g,
			"--partitions expects a comma separated list of numeric partition ids, but "
			"received: "
			"%s",
			partitions);
	return 0;
}

static bool wants(const struct get_offsets *g, const struct topic_description *t, int32_t partition)
{
	bool listed = g->partitions_n == 0;

	for (size_t i = 0; i < g->partitions_n; i++)
		listed = listed || g->partitions[i] == partition;
	for (size_t i = 0; listed && i < g->rules_n; i++)
		if (partition >= g->rules[i].from && partition < g->rules[i].before &&
			java_regex_matches(g->rules[i].topic, t->name.p, (size_t)t->name.len))
			return true;
	return false;
}

static int fail_admin(struct get_offsets *g)
{
	return fault(
		g, "org.apache.kafka.common.errors.TimeoutException: %s", admin_error(g->admin));
}

/* The partitions to ask about, in the arena. */
static int choose(struct get_offsets *g, struct partition_offset **ret, size_t *ret_n)
{
	bool internal = !options_has(&g->options, OFFSETS_EXCLUDE_INTERNAL);
	struct topic_description *topics;
	size_t topics_n, room = 0, n = 0;

	admin_begin(g->admin, "listTopics");
	if (admin_list_topics(g->admin, &g->arena, &topics, &topics_n))
		return fail_admin(g);
	for (size_t i = 0; i < topics_n; i++)
		room += topics[i].partitions_n;
	*ret = arena_array(&g->arena, room, sizeof(**ret));
	if (!*ret)
		return fault(g, "out of memory");
	for (size_t i = 0; i < topics_n; i++)
		for (size_t k = 0; (internal || !topics[i].internal) && k < topics[i].partitions_n;
			k++)
			if (wants(g, &topics[i], topics[i].partitions[k]))
				(*ret)[n++] = (struct partition_offset){.topic = topics[i].name,
					.partition = topics[i].partitions[k]};
	if (!n)
		return fault(g, "Could not match any topic-partitions with the specified filters");
	*ret_n = n;
	return 0;
}

struct line {
	char *name; /* topic-partition, what lines are sorted by */
	const struct partition_offset *offset;
};

static int by_name(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void print(const struct partition_offset *v, size_t n)
{
	struct line *lines = xcalloc(n, sizeof(*lines));

	for (size_t i = 0; i < n; i++)
		lines[i] = (struct line){
			xasprintf("%.*s-%d", STR_ARG(v[i].topic), v[i].partition), &v[i]};
	qsort(lines, n, sizeof(*lines), by_name);
	for (size_t i = 0; i < n; i++) {
		const struct partition_offset *o = lines[i].offset;

		if (o->error.len >= 0)
			fprintf(stderr,
				"Skip getting offsets for topic-partition %s due to error: %.*s\n",
				lines[i].name, STR_ARG(o->error));
		else if (o->offset >= 0)
			printf("%.*s:%d:%" PRId64 "\n", STR_ARG(o->topic), o->partition, o->offset);
		free(lines[i].name);
	}
	free(lines);
}

static int open_admin(struct get_offsets *g, const char *servers)
{
	struct properties config = PROPERTIES_INIT;
	CLEANUP(freep) char *error = NULL;
	const char *path;
	int r = text_of(g, OFFSETS_COMMAND_CONFIG, &path);

	if (r)
		return r;
	r = path ? client_properties_load(&config, path, &error) : 0;
	if (!r) {
		properties_set(&config, "bootstrap.servers", servers, 0);
		properties_set(&config, "client.id", "GetOffsetShell", 0);
		r = admin_open(&config, &g->admin, &error);
	}
	properties_fini(&config);
	return r ? fault(g, "%s", error) : 0;
}

static int get(struct get_offsets *g, const char *servers)
{
	struct partition_offset *v = NULL;
	size_t n = 0;

	if (read_filters(g) || open_admin(g, servers) || choose(g, &v, &n))
		return -1;
	admin_begin(g->admin, "listOffsets");
	admin_list_offsets(g->admin, g->timestamp, v, n, &g->arena);
	print(v, n);
	return 0;
}

/* The servers to ask. 0; 1 after wrong usage; -1 after fault. */
static int read_servers(struct get_offsets *g, const char **ret)
{
	size_t id = options_has(&g->options, OFFSETS_BOOTSTRAP_SERVER) ? OFFSETS_BOOTSTRAP_SERVER
								       : OFFSETS_BROKER_LIST;
	const char *why;

	if (!options_has(&g->options, id))
		return fault(g, "Missing required option(s) [bootstrap-server]");
	if (text_of(g, id, ret))
		return -1;
	why = server_list_fault(*ret);
	return why ? options_usage(&g->options, why) : 0;
}

static int run_with(struct get_offsets *g, int argc, char **argv)
{
	const char *servers;
	int r;

	if (options_parse(&g->options, offsets_options, OFFSETS_OPTION_COUNT, argc, argv))
		return fault(g, "%s", g->options.error);
	if (argc < 2 || options_has_help(&g->options))
		return options_usage(&g->options, "Print offsets of partitions.");
	if (options_has_version(&g->options)) {
		puts(TOOL_KAFKA_VERSION);
		return 0;
	}
	r = read_servers(g, &servers);
	return r ? r : get(g, servers);
}

static int run(int argc, char **argv)
{
	struct get_offsets g = {.options = OPTIONS_INIT};
	int r;

	arena_init(&g.arena, 0);
	r = run_with(&g, argc, argv);
	if (r < 0)
		fprintf(stderr, "Error occurred: %s\n", g.error);
	for (size_t i = 0; i < g.rules_n; i++)
		java_regex_free(g.rules[i].topic);
	free(g.rules);
	free(g.partitions);
	free(g.error);
	admin_close(g.admin);
	arena_fini(&g.arena);
	options_fini(&g.options);
	return r ? 1 : 0;
}

const struct tool tool_get_offsets = {
	.name = "get-offsets",
	.script = "kafka-get-offsets.sh",
	.summary = "print offsets of partitions",
	.synopsis = "--bootstrap-server HOST:PORT,... [OPTION]...",
	.options = offsets_options,
	.options_n = OFFSETS_OPTION_COUNT,
	.run = run,
	.description =
		"Prints a line `topic:partition:offset` for each partition. The default is the end, the offset that "
		"the next record will get. A partition that has no record for `--time` is left out; so is, with a "
		"message, one that cannot be asked.",
	.examples =
		"\tkafka-get-offsets.sh --bootstrap-server host:9092 --topic clicks\n"
		"\tkafka-get-offsets.sh --bootstrap-server host:9092 --topic-partitions 'clicks:0-2,orders' --time earliest",
	.see_also = "kafka-consumer-groups.sh(1), kafka-run-class.sh(1)",
};
