/* consumer_groups.c - kafka-consumer-groups.sh: the run of the tool, --list and the deletions. --describe and
 * --reset-offsets are in files of their own.
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
#include "protocol/errors.h"
#include "tools/admin_topics.h"
#include "tools/client_properties.h"
#include "tools/column.h"
#include "tools/consumer_groups_priv.h"
#include "tools/java_order.h"
#include "tools/tool.h"

#define EXECUTION "java.util.concurrent.ExecutionException: "

void *groups_room(struct groups *g, size_t n, size_t size)
{
	void *p = arena_array(&g->arena, n, size);

	if (!p) {
		fputs("out of memory\n", stderr);
		exit(1);
	}
	return p;
}

static PRINTF(1, 0) char *format(const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	return text;
}

int groups_fail(struct groups *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(g->message);
	g->message = format(fmt, ap);
	va_end(ap);
	return -1;
}

int groups_misuse(struct groups *g, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(g->message);
	g->message = format(fmt, ap);
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
	return groups_fail(g, EXECUTION "%.*s", STR_ARG(exception));
}

void groups_print_error(const char *fmt, ...)
{
	CLEANUP(freep) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = format(fmt, ap);
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
static int read_filter(struct groups *g, enum groups_option id, struct str (*name_of)(struct str word),
	const char *valid, struct str **ret, size_t *ret_n)
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
			column_put(stdout, !i ? row->type : name.len < 0 ? STR("Unknown") : name, 20);
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
	bool type = options_has(g->options, GROUPS_TYPE), state = options_has(g->options, GROUPS_STATE);
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
	if (read_filter(g, GROUPS_TYPE, type_name, "Consumer, Classic",
		    &filter.types, &filter.types_n) ||
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

static void print_deleted(const struct group_deletion *v, size_t n, const char *between)
{
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		if (v[i].error.len >= 0)
			continue;
		printf("%s%.*s", first ? "" : between, STR_ARG(v[i].id));
		first = false;
	}
}

static void print_deletions(const struct group_deletion *v, size_t n)
{
	size_t failed = 0;

	for (size_t i = 0; i < n; i++)
		failed += v[i].error.len >= 0;
	if (!failed) {
		printf("Deletion of requested consumer groups ('");
		print_deleted(v, n, ", ");
		puts("') was successful.");
		return;
	}
	groups_print_error("Deletion of some consumer groups failed:");
	for (size_t i = 0; i < n; i++)
		if (v[i].error.len >= 0)
			printf("* Group '%.*s' could not be deleted due to: " EXECUTION "%.*s\n",
				STR_ARG(v[i].id), STR_ARG(v[i].error));
	if (failed == n)
		return;
	printf("\nThese consumer groups were deleted successfully: '");
	print_deleted(v, n, "'");
	puts("', '");
}

int groups_delete(struct groups *g)
{
	struct group_deletion *v;
	struct str *ids;
	size_t n;

	if (groups_select(g, &ids, &n) || groups_begin(g, "deleteConsumerGroups"))
		return -1;
	v = groups_room(g, n, sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[i] = (struct group_deletion){.id = ids[i], .error = STR_NULL};
	admin_delete_groups(g->admin, v, n, &g->arena);
	print_deletions(v, n);
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
			return groups_misuse(g, "Invalid partition '%.*s' specified in topic arg '%s''",
				STR_ARG(number), arg);
		to->listed[to->listed_n++] = (struct group_offset){topic, (int32_t)partition, -1, STR_NULL};
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

/* In the order of the texts "topic" "partition", as Java compares them. */
static int by_text_of_place(const void *a, const void *b)
{
	const struct group_offset *x = a, *y = b;
	CLEANUP(freep) char *left = xasprintf("%.*s%d", STR_ARG(x->topic), x->partition);
	CLEANUP(freep) char *right = xasprintf("%.*s%d", STR_ARG(y->topic), y->partition);

	return strcmp(left, right);
}

static void print_offset_deletions(struct group_offset *v, size_t n)
{
	putchar('\n');
	column_put(stdout, STR("TOPIC"), 30);
	printf(" %-15s %-15s\n", "PARTITION", "STATUS");
	if (n)
		qsort(v, n, sizeof(*v), by_text_of_place);
	for (size_t i = 0; i < n; i++) {
		column_put(stdout, v[i].topic, 30);
		putchar(' ');
		if (v[i].partition >= 0)
			column_put_number(stdout, v[i].partition, 15);
		else
			printf("%-15s", "Not Provided");
		if (v[i].error.len >= 0)
			printf(" Error: :%.*s\n", STR_ARG(v[i].error));
		else
			printf(" %-15s\n", "Successful");
	}
}

static void print_group_outcome(struct groups *g, const char *group, int code)
{
	size_t n;
	const char *const *topics = options_all(g->options, GROUPS_TOPIC, &n);

	switch (code) {
	case KERR_NONE:
		printf("Request succeed for deleting offsets with topic ");
		for (size_t i = 0; i < n; i++)
			printf("%s%s", i ? ", " : "", topics[i]);
		printf(" group %s\n", group);
		break;
	case KERR_INVALID_GROUP_ID:
		groups_print_error("'%s' is not valid.", group);
		break;
	case KERR_GROUP_ID_NOT_FOUND:
		groups_print_error("'%s' does not exist.", group);
		break;
	case KERR_GROUP_AUTHORIZATION_FAILED:
		groups_print_error("Access to '%s' is not authorized.", group);
		break;
	case KERR_NON_EMPTY_GROUP:
		groups_print_error("Deleting offsets of a consumer group '%s' is forbidden if the group is "
				   "not empty.",
			group);
		break;
	case KERR_GROUP_SUBSCRIBED_TO_TOPIC:
	case KERR_TOPIC_AUTHORIZATION_FAILED:
	case KERR_UNKNOWN_TOPIC_OR_PARTITION:
		groups_print_error("Encounter some partition level error, see the follow-up details:");
		break;
	default:
		groups_print_error("Encounter some unknown error: %s", kerr_name(code));
	}
}

/* Describes the topics given without partitions: their partitions behind `v`, which has room for them, and those that
 * cannot be described into `failed`. */
static int add_whole_topics(struct groups *g, const struct groups_topics *t, struct group_offset **ret,
	size_t *ret_n, struct group_offset *failed, size_t *ret_failed_n)
{
	struct topic_description *topics = groups_room(g, t->whole_n, sizeof(*topics));
	size_t n = t->listed_n, failed_n = 0, room = t->listed_n;
	struct group_offset *v;
	int r;

	for (size_t i = 0; i < t->whole_n; i++)
		topics[i] = (struct topic_description){.name = t->whole[i], .error = STR_NULL};
	if (groups_begin(g, "describeTopics"))
		return -1;
	r = admin_describe_topics(g->admin, topics, t->whole_n, &g->arena);
	for (size_t i = 0; i < t->whole_n; i++)
		room += topics[i].partitions_n;
	v = groups_room(g, room, sizeof(*v));
	memcpy(v, t->listed, n * sizeof(*v));
	for (size_t i = 0; i < t->whole_n; i++) {
		if (r)
			topics[i].error = arena_printf(&g->arena,
				"org.apache.kafka.common.errors.TimeoutException: %s", admin_error(g->admin));
		if (topics[i].error.len >= 0)
			failed[failed_n++] = (struct group_offset){topics[i].name, -1, -1, topics[i].error};
		for (size_t k = 0; !r && k < topics[i].partitions_n; k++)
			v[n++] = (struct group_offset){topics[i].name, topics[i].partitions[k], -1, STR_NULL};
	}
	*ret = v;
	*ret_n = groups_unique(v, n);
	*ret_failed_n = failed_n;
	return 0;
}

int groups_delete_offsets(struct groups *g)
{
	struct group_offset *v, *failed, *rows;
	struct groups_topics topics;
	const char *group;
	size_t n, failed_n;
	int code;

	if (options_text(g->options, GROUPS_GROUP, &group))
		return groups_fail(g, "%s", g->options->error);
	if (groups_topics(g, &topics))
		return -1;
	failed = groups_room(g, topics.whole_n, sizeof(*failed));
	if (add_whole_topics(g, &topics, &v, &n, failed, &failed_n) || groups_begin(g, "offsetDelete"))
		return -1;
	code = admin_delete_offsets(g->admin, str_of(group), v, n, &g->arena);
	print_group_outcome(g, group, code);
	rows = groups_room(g, n + failed_n, sizeof(*rows));
	memcpy(rows, v, n * sizeof(*v));
	memcpy(rows + n, failed, failed_n * sizeof(*failed));
	print_offset_deletions(rows, n + failed_n);
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
	.options = groups_options,
	.options_n = GROUPS_OPTION_COUNT,
	.run = run,
};
