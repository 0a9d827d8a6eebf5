/* reassign_execute.c - --execute: starts a reassignment, and moves between log directories. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "tools/reassign_priv.h"

#define MOVE_PAUSE_MS 100

struct execution {
	struct reassign_rows proposed; /* sorted */
	struct reassign_rows hashed;   /* the same in the order of Java's map */
	struct reassign_moves moves;
	struct reassign_rows active, current;
	int64_t throttle, dirs_throttle, timeout_ms;
};

static int read_plan(struct reassign *r, struct execution *x)
{
	CLEANUP(freep) char *text = NULL;
	struct reassign_rows rows;
	size_t len;

	x->throttle = x->dirs_throttle = -1;
	if (reassign_load(r, REASSIGN_JSON_FILE, &text, &len) ||
		reassign_number(r, REASSIGN_THROTTLE, &x->throttle) ||
		reassign_number(r, REASSIGN_REPLICA_ALTER_LOG_DIRS_THROTTLE, &x->dirs_throttle) ||
		reassign_number(r, REASSIGN_TIMEOUT, &x->timeout_ms) ||
		reassign_parse(text, len, &r->arena, &rows, &x->moves, &r->thrown) ||
		reassign_check(&rows, &r->arena, &r->thrown))
		return -1;
	if (reassign_rows_unique(&r->arena, &rows, &x->proposed))
		return reassign_no_memory(r);
	reassign_rows_hash(&rows);
	x->hashed = rows;
	return 0;
}

static int check_idle(struct reassign *r, struct execution *x)
{
	if (reassign_find_active(r, NULL, &x->active))
		return -1;
	if (x->active.n == 0 || options_has(&r->options, REASSIGN_ADDITIONAL))
		return 0;
	return thrown_set(&r->thrown, NULL,
		"Cannot execute because there is an existing partition assignment.  Use "
		"--additional to override this and create a new partition assignment in addition "
		"to the existing one. The --additional flag can also be used to change the "
		"throttle by resubmitting the current reassignment.");
}

static int all_ids(struct reassign *r, const struct reassign_rows *rows, struct reassign_ids *ret)
{
	struct reassign_ids all = {NULL, 0};
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		n += rows->v[i].replicas.n;
	all.v = arena_array(&r->arena, n, sizeof(*all.v));
	if (!all.v)
		return reassign_no_memory(r);
	for (size_t i = 0; i < rows->n; i++)
		for (size_t k = 0; k < rows->v[i].replicas.n; k++)
			all.v[all.n++] = rows->v[i].replicas.v[k];
	return reassign_ids_as_set(&r->arena, &all, ret) ? reassign_no_memory(r) : 0;
}

static int check_brokers(struct reassign *r, const struct execution *x)
{
	struct admin_node *nodes;
	struct reassign_ids ids, alive = {NULL, 0};
	size_t n;

	if (all_ids(r, &x->hashed, &ids) || reassign_find_brokers(r, &nodes, &n))
		return -1;
	alive.v = arena_array(&r->arena, n, sizeof(*alive.v));
	if (!alive.v)
		return reassign_no_memory(r);
	for (size_t i = 0; i < n; i++)
		alive.v[alive.n++] = nodes[i].id;
	for (size_t i = 0; i < ids.n; i++)
		if (!reassign_ids_have(&alive, ids.v[i]))
			return thrown_set(
				&r->thrown, JAVA_ADMIN_COMMAND, "Unknown broker id %d", ids.v[i]);
	return 0;
}

/* A copy of a map's keys. */
static int fail_missing(struct reassign *r, const struct execution *x)
{
	struct reassign_rows all = x->hashed;
	const char *between = "";
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (size_t i = 0; i < all.n; i++) {
		if (reassign_rows_find(&x->current, all.v[i].topic, all.v[i].partition))
			continue;
		fprintf(out, "%s%.*s-%d", between, STR_ARG(all.v[i].topic), all.v[i].partition);
		between = ", ";
	}
	(void)fclose(out);
	(void)thrown_set(&r->thrown,
		"org.apache.kafka.common.errors.UnknownTopicOrPartitionException",
		"Unable to find partition: %s", text);
	free(text);
	return thrown_wrap(&r->thrown, "java.util.concurrent.ExecutionException", NULL);
}

/* The replicas now of those partitions that are proposed. */
static int find_current(struct reassign *r, struct execution *x)
{
	struct reassign_rows all;

	if (reassign_find_replicas(r, &x->hashed, false, &all))
		return -1;
	x->current =
		(struct reassign_rows){arena_array(&r->arena, x->proposed.n, sizeof(*all.v)), 0};
	if (!x->current.v)
		return reassign_no_memory(r);
	for (size_t i = 0; i < x->proposed.n; i++) {
		const struct reassign_row *row = reassign_rows_find(
			&all, x->proposed.v[i].topic, x->proposed.v[i].partition);

		if (row)
			x->current.v[x->current.n++] = *row;
	}
	return x->current.n < x->proposed.n ? fail_missing(r, x) : 0;
}

static void print_current(const struct execution *x)
{
	printf("Current partition replica assignment\n\n");
	reassign_print_json(&x->current, stdout);
	printf("\n\nSave this to use as the --reassignment-json-file option during rollback\n");
	fflush(stdout);
}

/* ---- throttles ---- */

static int throttle_topics(struct reassign *r, const struct reassign_throttles *t)
{
	struct reassign_setting *v = arena_array(&r->arena, t->n, 2 * sizeof(*v));

	if (!v)
		return reassign_no_memory(r);
	for (size_t i = 0; i < t->n; i++) {
		v[2 * i] = (struct reassign_setting){
			t->v[i].topic, REASSIGN_LEADER_REPLICAS, t->v[i].leaders};
		v[2 * i + 1] = (struct reassign_setting){
			t->v[i].topic, REASSIGN_FOLLOWER_REPLICAS, t->v[i].followers};
	}
	return reassign_set(r, REASSIGN_TOPIC, v, 2 * t->n);
}

/* Gives each broker some settings with the same value. */
static int throttle_brokers(struct reassign *r, const struct reassign_ids *brokers,
	const char *const *names, size_t names_n, int64_t rate)
{
	struct reassign_setting *v = arena_array(&r->arena, brokers->n, names_n * sizeof(*v));
	struct str value = arena_printf(&r->arena, "%" PRId64, rate);

	if (!v)
		return reassign_no_memory(r);
	for (size_t i = 0; i < brokers->n; i++) {
		struct str id = arena_printf(&r->arena, "%d", brokers->v[i]);

		for (size_t k = 0; k < names_n; k++)
			v[i * names_n + k] = (struct reassign_setting){id, names[k], value};
	}
	return reassign_set(r, REASSIGN_BROKER, v, brokers->n * names_n);
}

static int throttle_copies(struct reassign *r, const struct execution *x)
{
	static const char *const names[] = {REASSIGN_LEADER_RATE, REASSIGN_FOLLOWER_RATE};
	struct reassign_throttles t;

	if (reassign_plan_throttles(&r->arena, &x->active, &x->proposed, &x->current, &t))
		return reassign_no_memory(r);
	if (throttle_topics(r, &t) ||
		throttle_brokers(r, &t.brokers, names, ARRAY_LEN(names), x->throttle))
		return -1;
	printf("The inter-broker throttle limit was set to %" PRId64 " B/s\n", x->throttle);
	fflush(stdout);
	return 0;
}

static int throttle_moves(struct reassign *r, const struct execution *x)
{
	static const char *const names[] = {REASSIGN_DIRS_RATE};
	struct reassign_ids ids = {arena_array(&r->arena, x->moves.n, sizeof(int32_t)), 0}, set;

	if (!ids.v)
		return reassign_no_memory(r);
	for (size_t i = 0; i < x->moves.n; i++)
		ids.v[ids.n++] = x->moves.v[i].broker;
	if (reassign_ids_as_set(&r->arena, &ids, &set))
		return reassign_no_memory(r);
	if (throttle_brokers(r, &set, names, ARRAY_LEN(names), x->dirs_throttle))
		return -1;
	printf("The replica-alter-dir throttle limit was set to %" PRId64 " B/s\n",
		x->dirs_throttle);
	fflush(stdout);
	return 0;
}

static int set_throttles(struct reassign *r, const struct execution *x)
{
	if (x->throttle < 0 && x->dirs_throttle < 0)
		return 0;
	printf("Warning: You must run --verify periodically, until the reassignment completes, to "
	       "ensure the throttle is removed.\n");
	fflush(stdout);
	if (x->throttle >= 0 && throttle_copies(r, x))
		return -1;
	return x->dirs_throttle >= 0 ? throttle_moves(r, x) : 0;
}

/* ---- the reassignment ---- */

int reassign_print_altered(struct reassign *r, const struct reassign_rows *rows,
	const struct str *errors, const char *const failed[2], const char *const done[2])
{
	size_t n = 0, size = 0;
	char *text = NULL;
	FILE *out;

	for (size_t i = 0; i < rows->n; i++)
		n += errors[i].len >= 0;
	if (n == 0) {
		fputs(done[rows->n != 1], stdout);
		for (size_t i = 0; i < rows->n; i++)
			printf("%s%.*s-%d", i ? "," : "", STR_ARG(rows->v[i].topic),
				rows->v[i].partition);
		putchar('\n');
		fflush(stdout);
		return 0;
	}
	out = open_memstream(&text, &size);
	if (!out)
		abort();
	for (size_t i = 0; i < rows->n; i++)
		if (errors[i].len >= 0)
			fprintf(out, "\n%.*s-%d: %.*s", STR_ARG(rows->v[i].topic),
				rows->v[i].partition, STR_ARG(errors[i]));
	(void)fclose(out);
	(void)thrown_set(&r->thrown, NULL, "%s%s", failed[n != 1], text);
	free(text);
	return -1;
}

static int alter(struct reassign *r, const struct execution *x)
{
	static const char *const failed[] = {
		"Error reassigning partition(s):", "Error reassigning partition(s):"};
	static const char *const done[] = {"Successfully started partition reassignment for ",
		"Successfully started partition reassignments for "};
	struct str *errors;

	if (reassign_alter(r, &x->proposed, false, &errors))
		return -1;
	return reassign_print_altered(r, &x->proposed, errors, failed, done);
}

/* ---- moves ---- */

static void print_started(const struct reassign_moves *started)
{
	for (size_t i = 0; i < started->n; i++) {
		const struct reassign_move *m = &started->v[i];

		printf("Successfully started moving log directory to %.*s for replica %.*s-%d "
		       "with broker %d \n",
			STR_ARG(m->to), STR_ARG(m->topic), m->partition, m->broker);
	}
	fflush(stdout);
}

static int fail_pending(struct reassign *r, struct reassign_moves *pending)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	reassign_moves_sort(pending);
	for (size_t i = 0; i < pending->n; i++)
		fprintf(out, "%s%.*s-%d-%d", i ? "," : "", STR_ARG(pending->v[i].topic),
			pending->v[i].partition, pending->v[i].broker);
	(void)fclose(out);
	(void)thrown_set(&r->thrown, NULL,
		"Timed out before log directory move%s could be started for: %s",
		pending->n == 1 ? "" : "s", text);
	free(text);
	return -1;
}

/* Takes those that have been started out of the list. */
static void split_taken(
	struct reassign_moves *pending, const bool *taken, struct reassign_moves *ret)
{
	size_t kept = 0;

	ret->n = 0;
	for (size_t i = 0; i < pending->n; i++) {
		if (taken[i])
			ret->v[ret->n++] = pending->v[i];
		else
			pending->v[kept++] = pending->v[i];
	}
	pending->n = kept;
}

int reassign_start_moves(struct reassign *r, struct reassign_moves *moves, int64_t timeout_ms)
{
	const struct timespec pause = {.tv_nsec = MOVE_PAUSE_MS * 1000000L};
	int64_t start = clock_mono_ms(&clock_real);
	struct reassign_moves started = {arena_array(&r->arena, moves->n, sizeof(*started.v)), 0};
	bool *taken = arena_array(&r->arena, moves->n, sizeof(*taken));

	if (!started.v || !taken)
		return reassign_no_memory(r);
	for (;;) {
		if (reassign_move_dirs(r, moves, taken))
			return -1;
		split_taken(moves, taken, &started);
		reassign_moves_sort(&started);
		print_started(&started);
		if (moves->n == 0)
			return 0;
		if (clock_mono_ms(&clock_real) - start >= timeout_ms)
			return fail_pending(r, moves);
		nanosleep(&pause, NULL); /* until the reassignment has made the replica */
	}
}

int reassign_execute(struct reassign *r)
{
	struct execution x;

	if (read_plan(r, &x) || check_idle(r, &x) || check_brokers(r, &x) || find_current(r, &x))
		return -1;
	print_current(&x);
	if (set_throttles(r, &x) || alter(r, &x))
		return -1;
	return x.moves.n > 0 ? reassign_start_moves(r, &x.moves, x.timeout_ms) : 0;
}
