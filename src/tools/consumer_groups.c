/* consumer_groups.c - kafka-consumer-groups.sh: the run of the tool, what its commands share, and --list. The others are
 * in files of their own.
 *
 * As in Kafka 3.9, a failure after the options have been read ends with exit code 0 and "Error: ..." on stdout, unless it
 * is a fault of the command line. On stderr there is the exception, without its stack.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/properties.h"
#include "tools/client_properties.h"
#include "tools/column.h"
#include "tools/consumer_groups_priv.h"
#include "tools/java_order.h"
#include "tools/tool.h"

void *groups_room(struct groups *g, size_t n, size_t size)
{
	void *p = arena_array(&g->arena, n, size);

	if (!p) {
		fputs("out of memory\n", stderr);
		exit(1);
	}
	return p;
}

int groups_fail(struct groups *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(g->message);
	g->message = xvasprintf(fmt, ap);
	va_end(ap);
	return -1;
}

int groups_misuse(struct groups *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(g->message);
	g->message = xvasprintf(fmt, ap);
	va_end(ap);
	g->misuse = true;
	return -1;
}

int groups_fail_call(struct groups *g, struct str exception)
{
	return groups_fail(g, "%.*s", STR_ARG(exception));
}

int groups_fail_wrapped(struct groups *g, struct str exception)
{
	return groups_fail(g, GROUPS_EXECUTION "%.*s", STR_ARG(exception));
}

void groups_print_error(const char *fmt, ...)
{
	CLEANUP(freep) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	printf("\nError: %s\n", text);
}

int groups_begin(struct groups *g, const char *name)
{
	int64_t ms;

	if (options_number(g->options, GROUPS_TIMEOUT, &ms))
		return groups_fail(g, "%s", g->options->error);
	admin_begin_within(g->admin, name, (int32_t)ms);
	return 0;
}

static const char *const states[GROUP_STATE_COUNT] = {
	[GROUP_STATE_UNKNOWN] = "Unknown",
	[GROUP_STATE_PREPARING] = "PreparingRebalance",
	[GROUP_STATE_COMPLETING] = "CompletingRebalance",
	[GROUP_STATE_STABLE] = "Stable",
	[GROUP_STATE_DEAD] = "Dead",
	[GROUP_STATE_EMPTY] = "Empty",
	[GROUP_STATE_ASSIGNING] = "Assigning",
	[GROUP_STATE_RECONCILING] = "Reconciling",
};

static bool same_word(struct str a, const char *b)
{
	return a.len >= 0 && (size_t)a.len == strlen(b) && strncasecmp(a.p, b, (size_t)a.len) == 0;
}

enum group_state group_state_of(struct str name)
{
	for (int i = 0; i < GROUP_STATE_COUNT; i++)
		if (same_word(name, states[i]))
			return (enum group_state)i;
	return GROUP_STATE_UNKNOWN;
}

struct str group_state_name(enum group_state s)
{
	return str_of(states[s]);
}

/* "Classic" and "Consumer" as Kafka writes them; the null string for another word. */
static struct str type_name(struct str type)
{
	if (same_word(type, "classic"))
		return STR("Classic");
	return same_word(type, "consumer") ? STR("Consumer") : STR_NULL;
}

void groups_order(struct group_offset *v, size_t n, size_t buckets)
{
	struct group_offset *from = xmemdup(v, n * sizeof(*v) + 1);
	int32_t *hashes = xcalloc(n + 1, sizeof(*hashes));
	size_t *order = xcalloc(n + 1, sizeof(*order));

	for (size_t i = 0; i < n; i++)
		hashes[i] = java_hash_partition(v[i].topic, v[i].partition);
	java_order(hashes, n, buckets, order);
	for (size_t i = 0; i < n; i++)
		v[i] = from[order[i]];
	free(from);
	free(hashes);
	free(order);
}

static int by_partition(const void *a, const void *b)
{
	const struct group_offset *const *x = a, *const *y = b;
	int c = str_cmp((*x)->topic, (*y)->topic);

	if (!c)
		c = ((*x)->partition > (*y)->partition) - ((*x)->partition < (*y)->partition);
	return c ? c : (*x > *y) - (*x < *y);
}

size_t groups_unique(struct group_offset *v, size_t n)
{
	struct group_offset **sorted = xcalloc(n + 1, sizeof(struct group_offset *));
	bool *repeated = xcalloc(n + 1, sizeof(*repeated));
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		sorted[i] = &v[i];
	qsort(sorted, n, sizeof(*sorted), by_partition);
	for (size_t i = 1; i < n; i++)
		if (sorted[i]->partition == sorted[i - 1]->partition &&
			str_eq(sorted[i]->topic, sorted[i - 1]->topic))
			repeated[sorted[i] - v] = true;
	for (size_t i = 0; i < n; i++)
		if (!repeated[i])
			v[kept++] = v[i];
	free(sorted);
	free(repeated);
	return kept;
}

static int by_place(const void *a, const void *b)
{
	const struct group_offset *x = a, *y = b;
	int c = str_cmp(x->topic, y->topic);

	return c ? c : (x->partition > y->partition) - (x->partition < y->partition);
}

int groups_committed(struct groups *g, struct str group, struct groups_committed *ret)
{
	struct str error;

	if (groups_begin(g, "offsetFetch"))
		return -1;
	if (admin_group_offsets(g->admin, group, &g->arena, &ret->v, &ret->n, &error))
		return groups_fail_wrapped(g, error);
	ret->n = groups_unique(ret->v, ret->n);
	ret->sorted = groups_room(g, ret->n, sizeof(*ret->sorted));
	if (!ret->n)
		return 0;
	memcpy(ret->sorted, ret->v, ret->n * sizeof(*ret->v));
	qsort(ret->sorted, ret->n, sizeof(*ret->sorted), by_place);
	return 0;
}

const struct group_offset *groups_committed_find(
	const struct groups_committed *c, struct str topic, int32_t partition)
{
	struct group_offset key = {.topic = topic, .partition = partition};

	return c->n ? bsearch(&key, c->sorted, c->n, sizeof(key), by_place) : NULL;
}

/* Reads "a,b" of an option with a filter. Empty words at the end do not count, as with Java's split. */
static int read_filter(struct groups *g, enum groups_option id,
	struct str (*name_of)(struct str word), const char *valid, struct str **ret, size_t *ret_n)
{
	const char *text;
	struct str rest, *words;
	size_t n = 0;

	if (options_text(g->options, id, &text))
		return groups_fail(g, "%s", g->options->error);
	rest = str_of(text ? text : "");
	while (rest.len > 0 && rest.p[rest.len - 1] == ',')
		rest.len--;
	words = groups_room(g, (size_t)rest.len + 1, sizeof(*words));
	while (rest.len > 0) {
		const char *comma = memchr(rest.p, ',', (size_t)rest.len);
		struct str word = {rest.p, comma ? (int32_t)(comma - rest.p) : rest.len};
		int32_t used = MIN(word.len + 1, rest.len);

		rest.p += used;
		rest.len -= used;
		for (; word.len > 0 && *word.p == ' '; word.p++, word.len--)
			;
		for (; word.len > 0 && word.p[word.len - 1] == ' '; word.len--)
			;
		words[n] = name_of(word);
		if (words[n++].len < 0)
			return groups_misuse(g, "Invalid %s list '%s'. Valid %s are: %s",
				id == GROUPS_STATE ? "state" : "types", text,
				id == GROUPS_STATE ? "states" : "types", valid);
	}
	*ret = words;
	*ret_n = n;
	return 0;
}

static struct str state_word(struct str word)
{
	enum group_state s = group_state_of(word);

	return s == GROUP_STATE_UNKNOWN ? STR_NULL : group_state_name(s);
}

static int all_groups(struct groups *g, struct group_listing **ret, size_t *ret_n)
{
	struct group_filter all = {0};
	struct str error;

	if (groups_begin(g, "listConsumerGroups"))
		return -1;
	if (admin_list_groups(g->admin, &all, &g->arena, ret, ret_n, &error))
		return groups_fail_wrapped(g, error);
	return 0;
}

static bool contains(const struct str *v, size_t n, struct str s)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i], s))
			return true;
	return false;
}

/* The ids of --group, each once. */
static size_t given_groups(struct groups *g, struct str **ret)
{
	size_t given_n, n = 0;
	const char *const *given = options_all(g->options, GROUPS_GROUP, &given_n);

	*ret = groups_room(g, given_n, sizeof(**ret));
	for (size_t i = 0; i < given_n; i++)
		if (!contains(*ret, n, str_of(given[i])))
			(*ret)[n++] = str_of(given[i]);
	return n;
}

int groups_select(struct groups *g, struct str **ret, size_t *ret_n)
{
	struct group_listing *all;
	struct str *ids;
	size_t n, *order;
	int32_t *hashes;

	if (options_has(g->options, GROUPS_ALL_GROUPS)) {
		if (all_groups(g, &all, &n))
			return -1;
		ids = groups_room(g, n, sizeof(*ids));
		for (size_t i = 0; i < n; i++)
			ids[i] = all[i].id;
	} else {
		n = given_groups(g, &ids);
	}
	hashes = groups_room(g, n, sizeof(*hashes));
	order = groups_room(g, n, sizeof(*order));
	*ret = groups_room(g, n, sizeof(**ret));
	for (size_t i = 0; i < n; i++)
		hashes[i] = str_java_hash(ids[i]);
	java_order(hashes, n, java_buckets(n), order);
	for (size_t i = 0; i < n; i++)
		(*ret)[i] = ids[order[i]];
	*ret_n = n;
	return 0;
}

static void print_listing(const struct group_listing *v, size_t n, bool type, bool state)
{
	static const struct group_listing header = {STR("GROUP"), STR("STATE"), STR("TYPE")};
	size_t width = 15;

	for (size_t i = 0; i < n; i++)
		width = MAX(width, column_width(v[i].id));
	for (size_t i = 0; i <= n; i++) {
		const struct group_listing *row = i ? &v[i - 1] : &header;
		struct str name = type_name(row->type);

		column_put(stdout, row->id, width + 10);
		if (type) {
			putchar(' ');
			column_put(stdout,
				!i             ? row->type
				: name.len < 0 ? STR("Unknown")
					       : name,
				20);
		}
		if (state) {
			putchar(' ');
			column_put(stdout,
				i ? group_state_name(group_state_of(row->state)) : row->state, 20);
		}
		putchar('\n');
	}
}

int groups_list(struct groups *g)
{
	bool type = options_has(g->options, GROUPS_TYPE),
	     state = options_has(g->options, GROUPS_STATE);
	struct group_filter filter = {0};
	struct group_listing *v;
	struct str error;
	size_t n;

	if (!type && !state) {
		if (all_groups(g, &v, &n))
			return -1;
		for (size_t i = 0; i < n; i++)
			printf("%.*s\n", STR_ARG(v[i].id));
		return 0;
	}
	if (read_filter(g, GROUPS_TYPE, type_name, "Consumer, Classic", &filter.types,
		    &filter.types_n) ||
		read_filter(g, GROUPS_STATE, state_word,
			"PreparingRebalance, CompletingRebalance, Stable, Dead, Empty, Assigning, "
			"Reconciling",
			&filter.states, &filter.states_n) ||
		groups_begin(g, "listConsumerGroups"))
		return -1;
	if (admin_list_groups(g->admin, &filter, &g->arena, &v, &n, &error))
		return groups_fail_call(g, error);
	print_listing(v, n, type, state);
	return 0;
}

/* The partitions of "t:0,1". */
static int read_partitions(struct groups *g, const char *arg, struct groups_topics *to)
{
	const char *colon = strchr(arg, ':'), *p = colon + 1;
	struct str topic = {arg, (int32_t)(colon - arg)};
	size_t len = strlen(p);

	while (len > 0 && p[len - 1] == ':')
		len--;
	if (len == 0 || memchr(p, ':', len))
		return groups_misuse(
			g, "Invalid topic arg '%s', expected topic name and partitions", arg);
	while (len > 0 && p[len - 1] == ',')
		len--;
	while (len > 0) {
		const char *comma = memchr(p, ',', len);
		struct str number = {p, comma ? (int32_t)(comma - p) : (int32_t)len};
		size_t used = MIN((size_t)number.len + 1, len);
		int64_t partition;

		if (!str_to_i64(number, INT32_MIN, INT32_MAX, &partition))
			return groups_misuse(g,
				"Invalid partition '%.*s' specified in topic arg '%s''",
				STR_ARG(number), arg);
		to->listed[to->listed_n++] =
			(struct group_offset){topic, (int32_t)partition, -1, STR_NULL};
		p += used;
		len -= used;
	}
	return 0;
}

int groups_topics(struct groups *g, struct groups_topics *ret)
{
	size_t n, room = 0;
	const char *const *args = options_all(g->options, GROUPS_TOPIC, &n);

	for (size_t i = 0; i < n; i++)
		room += strlen(args[i]);
	*ret = (struct groups_topics){.whole = groups_room(g, n, sizeof(*ret->whole)),
		.listed = groups_room(g, room, sizeof(*ret->listed))};
	for (size_t i = 0; i < n; i++) {
		struct str arg = str_of(args[i]);

		if (!strchr(args[i], ':')) {
			if (!contains(ret->whole, ret->whole_n, arg))
				ret->whole[ret->whole_n++] = arg;
		} else if (read_partitions(g, args[i], ret)) {
			return -1;
		}
	}
	return 0;
}

static int run_command(struct groups *g)
{
	static const struct {
		enum groups_option option;
		int (*run)(struct groups *g);
	} commands[] = {
		{GROUPS_LIST, groups_list},
		{GROUPS_DESCRIBE, groups_describe},
		{GROUPS_DELETE, groups_delete},
		{GROUPS_RESET_OFFSETS, groups_reset},
		{GROUPS_DELETE_OFFSETS, groups_delete_offsets},
	};

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (options_has(g->options, commands[i].option))
			return commands[i].run(g);
	return 0;
}

/* Makes the admin client. 0, or -1 after groups_fail. */
static int open_admin(struct groups *g, struct properties *config)
{
	const char *path = NULL, *servers;
	CLEANUP(freep) char *error = NULL;
	int r;

	if (options_text(g->options, GROUPS_COMMAND_CONFIG, &path))
		return groups_fail(g, "%s", g->options->error);
	r = path ? client_properties_load(config, path, &error) : 0;
	if (r)
		return groups_fail(g, "%s%s",
			r == -ENOENT ? "java.nio.file.NoSuchFileException: " : "", error);
	if (options_text(g->options, GROUPS_BOOTSTRAP_SERVER, &servers))
		return groups_fail(g, "%s", g->options->error);
	properties_set(config, "bootstrap.servers", servers, 0);
	if (admin_open(config, &g->admin, &error))
		return groups_fail(g, "%s", error);
	return 0;
}

static int print_failure(struct groups *g)
{
	const char *cause = strstr(g->message, "\nCaused by: ");

	if (g->misuse)
		return g->told ? 1 : options_usage(g->options, g->message);
	groups_print_error("Executing consumer group command failed due to %.*s",
		(int)(cause ? cause - g->message : (ptrdiff_t)strlen(g->message)), g->message);
	fflush(stdout);
	fprintf(stderr, "%s\n", g->message);
	return 0;
}

static int run_with(struct options *o)
{
	struct groups g = {.options = o};
	struct properties config = PROPERTIES_INIT;
	int exit_code = 0;

	arena_init(&g.arena, 0);
	if (open_admin(&g, &config) || run_command(&g))
		exit_code = print_failure(&g);
	arena_fini(&g.arena);
	admin_close(g.admin);
	properties_fini(&config);
	free(g.message);
	return exit_code;
}

static int run(int argc, char **argv)
{
	struct options o;
	bool done = false;
	int exit_code;

	if (options_parse(&o, groups_options, GROUPS_OPTION_COUNT, argc, argv))
		exit_code = options_usage(&o, o.error);
	else
		exit_code = groups_check_options(&o, argc, &done);
	if (!exit_code && !done)
		exit_code = run_with(&o);
	options_fini(&o);
	return exit_code;
}

const struct tool tool_consumer_groups = {
	.name = "consumer-groups",
	.script = "kafka-consumer-groups.sh",
	.summary = "list and describe groups, delete them, move their offsets",
	.synopsis = "--bootstrap-server HOST:PORT,... "
		    "--list|--describe|--delete|--reset-offsets|--delete-offsets [OPTION]...",
	.options = groups_options,
	.options_n = GROUPS_OPTION_COUNT,
	.run = run,
	.description =
		"Shows what consumer groups have read of which partitions, and how far the end is. `LAG` is the number "
		"of records that a group has yet to read of a partition.\n"
		"\n"
		"A group's offsets are moved, and a group is deleted, only while no member is connected. Moving "
		"them is shown first; it is done with `--execute`.",
	.examples =
		"\tkafka-consumer-groups.sh --bootstrap-server host:9092 --describe --all-groups\n"
		"\tkafka-consumer-groups.sh --bootstrap-server host:9092 --describe --group billing --members --verbose\n"
		"\tkafka-consumer-groups.sh --bootstrap-server host:9092 --reset-offsets --group billing \\\n"
		"\t    --topic clicks:0,1 --to-datetime 2024-05-01T00:00:00.000 --execute",
	.exit_status =
		"`1` when the command line was wrong. `0` otherwise, also when the cluster refused what was asked, "
		"which a message says.",
	.see_also = "kafka-get-offsets.sh(1), kafka-console-consumer.sh(1)",
};
