/* reassign_verify.c - --verify, --cancel and --list: how far reassignments are, and their end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tools/reassign_priv.h"

static int read_plan(
	struct reassign *r, struct reassign_rows *ret_rows, struct reassign_moves *ret_moves)
{
	CLEANUP(freep) char *text = NULL;
	size_t len;

	if (reassign_load(r, REASSIGN_JSON_FILE, &text, &len))
		return -1;
	return reassign_parse(text, len, &r->arena, ret_rows, ret_moves, &r->thrown);
}

/* ---- clearing throttles ---- */

/* Removes some settings of each resource. */
static int clear(struct reassign *r, enum reassign_resource type, const struct str *resources,
	size_t n, const char *const *names, size_t names_n)
{
	struct reassign_setting *v = arena_array(&r->arena, n, names_n * sizeof(*v));

	if (!v)
		return reassign_no_memory(r);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < names_n; k++)
			v[i * names_n + k] =
				(struct reassign_setting){resources[i], names[k], STR_NULL};
	return reassign_set(r, type, v, n * names_n);
}

static void print_clearing(const char *what, const struct str *v, size_t n)
{
	printf("Clearing %s%s ", what, n == 1 ? "" : "s");
	for (size_t i = 0; i < n; i++)
		printf("%s%.*s", i ? "," : "", STR_ARG(v[i]));
	putchar('\n');
	fflush(stdout);
}

/* All that live, and all that are named. */
static int all_brokers(
	struct reassign *r, const struct reassign_rows *rows, struct reassign_ids *ret)
{
	struct reassign_ids all = {NULL, 0};
	struct admin_node *nodes;
	size_t n, count;

	if (reassign_find_brokers(r, &nodes, &n))
		return -1;
	count = n;
	for (size_t i = 0; i < rows->n; i++)
		count += rows->v[i].replicas.n;
	all.v = arena_array(&r->arena, count, sizeof(*all.v));
	if (!all.v)
		return reassign_no_memory(r);
	for (size_t i = 0; i < n; i++)
		all.v[all.n++] = nodes[i].id;
	for (size_t i = 0; i < rows->n; i++)
		for (size_t k = 0; k < rows->v[i].replicas.n; k++)
			all.v[all.n++] = rows->v[i].replicas.v[k];
	return reassign_ids_as_set(&r->arena, &all, ret) ? reassign_no_memory(r) : 0;
}

static int clear_brokers(struct reassign *r, const struct reassign_rows *rows)
{
	static const char *const names[] = {
		REASSIGN_LEADER_RATE, REASSIGN_FOLLOWER_RATE, REASSIGN_DIRS_RATE};
	struct reassign_ids ids;
	struct str *v;

	if (all_brokers(r, rows, &ids))
		return -1;
	v = arena_array(&r->arena, ids.n, sizeof(*v));
	if (!v)
		return reassign_no_memory(r);
	for (size_t i = 0; i < ids.n; i++)
		v[i] = arena_printf(&r->arena, "%d", ids.v[i]);
	print_clearing("broker-level throttles on broker", v, ids.n);
	return clear(r, REASSIGN_BROKER, v, ids.n, names, ARRAY_LEN(names));
}

static int clear_topics(struct reassign *r, const struct reassign_rows *rows)
{
	static const char *const names[] = {REASSIGN_LEADER_REPLICAS, REASSIGN_FOLLOWER_REPLICAS};
	struct reassign_rows topics;
	struct str *v;

	if (reassign_topics(&r->arena, rows, &topics))
		return reassign_no_memory(r);
	v = arena_array(&r->arena, topics.n, sizeof(*v));
	if (!v)
		return reassign_no_memory(r);
	for (size_t i = 0; i < topics.n; i++)
		v[i] = topics.v[i].topic;
	print_clearing("topic-level throttles on topic", v, topics.n);
	return clear(r, REASSIGN_TOPIC, v, topics.n, names, ARRAY_LEN(names));
}

/* It is not known where the partitions come from: the throttles of all brokers go. */
static int clear_throttles(struct reassign *r, const struct reassign_rows *rows)
{
	return clear_brokers(r, rows) ? -1 : clear_topics(r, rows);
}

/* ---- --verify ---- */

/* Rows of partitions that are not being reassigned. */
static int idle_rows(struct reassign *r, const struct reassign_rows *rows,
	const struct reassign_rows *active, struct reassign_rows *ret)
{
	*ret = (struct reassign_rows){arena_array(&r->arena, rows->n, sizeof(*ret->v)), 0};
	if (!ret->v)
		return reassign_no_memory(r);
	for (size_t i = 0; i < rows->n; i++)
		if (!reassign_rows_find(active, rows->v[i].topic, rows->v[i].partition))
			ret->v[ret->n++] = rows->v[i];
	return 0;
}

/* Kafka's tool takes the partitions of a topic for a list, at whose end it does not look closely. */
static int check_index(
	struct reassign *r, const struct reassign_rows *idle, const struct reassign_rows *current)
{
	for (size_t i = 0; i < idle->n; i++) {
		const struct reassign_row *row = &idle->v[i];
		size_t first = reassign_rows_first(current, row->topic), n;

		if (first == current->n || !str_eq(current->v[first].topic, row->topic))
			continue; /* there is no such topic */
		n = reassign_rows_run(current, first);
		if (row->partition < 0 || (size_t)row->partition == n)
			return thrown_set(&r->thrown, "java.lang.IndexOutOfBoundsException",
				"Index %d out of bounds for length %zu", row->partition, n);
	}
	return 0;
}

static int verify_partitions(
	struct reassign *r, const struct reassign_rows *rows, bool *ret_ongoing)
{
	struct reassign_rows active, idle, current, sorted;

	if (reassign_find_active(r, NULL, &active) || idle_rows(r, rows, &active, &idle) ||
		reassign_find_replicas(r, &idle, true, &current) || check_index(r, &idle, &current))
		return -1;
	if (reassign_rows_unique(&r->arena, rows, &sorted))
		return reassign_no_memory(r);
	reassign_print_states(&sorted, &active, &current, stdout);
	fflush(stdout);
	*ret_ongoing = active.n > 0;
	return 0;
}

static int verify_moves(struct reassign *r, struct reassign_moves *moves, bool *ret_ongoing)
{
	*ret_ongoing = false;
	if (reassign_find_dirs(r, moves))
		return -1;
	reassign_moves_sort(moves);
	reassign_print_moves(moves, stdout);
	fflush(stdout);
	for (size_t i = 0; i < moves->n; i++)
		*ret_ongoing |= moves->v[i].current.len < 0 || moves->v[i].future.len >= 0;
	return 0;
}

int reassign_verify(struct reassign *r)
{
	struct reassign_rows rows;
	struct reassign_moves moves;
	bool ongoing = true, moving = true;

	if (read_plan(r, &rows, &moves) || verify_partitions(r, &rows, &ongoing) ||
		verify_moves(r, &moves, &moving))
		return -1;
	if (ongoing || moving || options_has(&r->options, REASSIGN_PRESERVE_THROTTLES))
		return 0;
	return clear_throttles(r, &rows);
}

/* ---- --cancel ---- */

/* Those that add nothing, or remove something too (ReassignPartitionsCommand.java, cancelAssignment). */
static void keep_cancellable(struct reassign_rows *active)
{
	size_t n = 0;

	for (size_t i = 0; i < active->n; i++)
		if (active->v[i].adding.n == 0 || active->v[i].removing.n > 0)
			active->v[n++] = active->v[i];
	active->n = n;
}

static int cancel_partitions(struct reassign *r, const struct reassign_rows *rows)
{
	static const char *const failed[] = {"Error cancelling partition reassignment for:",
		"Error cancelling partition reassignments for:"};
	static const char *const done[] = {"Successfully cancelled partition reassignment for: ",
		"Successfully cancelled partition reassignments for: "};
	struct reassign_rows named, active;
	struct str *errors;

	if (reassign_rows_unique(&r->arena, rows, &named))
		return reassign_no_memory(r);
	if (reassign_find_active(r, &named, &active))
		return -1;
	keep_cancellable(&active);
	if (active.n == 0) {
		puts("None of the specified partition reassignments are active.");
		fflush(stdout);
		return 0;
	}
	if (reassign_alter(r, &active, true, &errors))
		return -1;
	return reassign_print_altered(r, &active, errors, failed, done);
}

/* A move ends when its replica is sent to where it is. */
static int cancel_moves(struct reassign *r, struct reassign_moves *moves, int64_t timeout_ms)
{
	size_t n = 0;

	if (reassign_find_dirs(r, moves))
		return -1;
	for (size_t i = 0; i < moves->n; i++)
		if (moves->v[i].current.len >= 0 && moves->v[i].future.len >= 0) {
			moves->v[n] = moves->v[i];
			moves->v[n].to = moves->v[n].current;
			n++;
		}
	moves->n = n;
	if (n > 0)
		return reassign_start_moves(r, moves, timeout_ms);
	printf("None of the specified partition moves are active."); /* 3.9 has no newline here */
	fflush(stdout);
	return 0;
}

int reassign_cancel(struct reassign *r)
{
	struct reassign_rows rows;
	struct reassign_moves moves;
	CLEANUP(freep) char *text = NULL;
	int64_t timeout_ms;
	size_t len;

	if (reassign_load(r, REASSIGN_JSON_FILE, &text, &len) ||
		reassign_number(r, REASSIGN_TIMEOUT, &timeout_ms) ||
		reassign_parse(text, len, &r->arena, &rows, &moves, &r->thrown) ||
		cancel_partitions(r, &rows) || cancel_moves(r, &moves, timeout_ms))
		return -1;
	if (options_has(&r->options, REASSIGN_PRESERVE_THROTTLES))
		return 0;
	return clear_throttles(r, &rows);
}

/* ---- --list ---- */

int reassign_list(struct reassign *r)
{
	struct reassign_rows active;

	if (reassign_find_active(r, NULL, &active))
		return -1;
	reassign_print_active(&active, stdout);
	return 0;
}
