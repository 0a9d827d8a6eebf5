/* consumer_groups_delete.c - --delete and --delete-offsets of the consumer groups tool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "protocol/errors.h"
#include "tools/admin_topics.h"
#include "tools/column.h"
#include "tools/consumer_groups_priv.h"

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
			printf("* Group '%.*s' could not be deleted due to: " GROUPS_EXECUTION
			       "%.*s\n",
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
		groups_print_error(
			"Deleting offsets of a consumer group '%s' is forbidden if the group is "
			"not empty.",
			group);
		break;
	case KERR_GROUP_SUBSCRIBED_TO_TOPIC:
	case KERR_TOPIC_AUTHORIZATION_FAILED:
	case KERR_UNKNOWN_TOPIC_OR_PARTITION:
		groups_print_error(
			"Encounter some partition level error, see the follow-up details:");
		break;
	default:
		groups_print_error("Encounter some unknown error: %s", kerr_name(code));
	}
}

/* Describes the topics given without partitions: their partitions behind `v`, which has room for them, and those that
 * cannot be described into `failed`. */
static int add_whole_topics(struct groups *g, const struct groups_topics *t,
	struct group_offset **ret, size_t *ret_n, struct group_offset *failed, size_t *ret_failed_n)
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
				"org.apache.kafka.common.errors.TimeoutException: %s",
				admin_error(g->admin));
		if (topics[i].error.len >= 0)
			failed[failed_n++] =
				(struct group_offset){topics[i].name, -1, -1, topics[i].error};
		for (size_t k = 0; !r && k < topics[i].partitions_n; k++)
			v[n++] = (struct group_offset){
				topics[i].name, topics[i].partitions[k], -1, STR_NULL};
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
	if (add_whole_topics(g, &topics, &v, &n, failed, &failed_n) ||
		groups_begin(g, "offsetDelete"))
		return -1;
	code = admin_delete_offsets(g->admin, str_of(group), v, n, &g->arena);
	print_group_outcome(g, group, code);
	rows = groups_room(g, n + failed_n, sizeof(*rows));
	memcpy(rows, v, n * sizeof(*v));
	memcpy(rows + n, failed, failed_n * sizeof(*failed));
	print_offset_deletions(rows, n + failed_n);
	return 0;
}
