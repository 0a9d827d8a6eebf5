/* reassign_log_dirs.c - which log directories replicas are in, and their moves to others: asked of the brokers that have
 * them. */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/admin_job.h"
#include "tools/java_map.h"
#include "tools/reassign_priv.h"
#include "tools/report.h"

#define JAVA_EXECUTION "java.util.concurrent.ExecutionException"

struct search {
	struct reassign_moves *moves;
	/* a directory that is in a condition which it cannot be in */
	int code;
	int32_t broker;
	struct str dir;
};

/* A piece for each move, in this order. */
static struct admin_piece *list_pieces(struct arena *a, const struct reassign_moves *moves)
{
	struct admin_piece *v = arena_array(a, moves->n, sizeof(*v));

	for (size_t i = 0; v && i < moves->n; i++)
		v[i] = (struct admin_piece){.name = moves->v[i].topic,
			.partition = moves->v[i].partition,
			.node = reassign_node(moves->v[i].broker),
			.index = i};
	return v;
}

/* ---- where replicas are ---- */

typedef struct describe_log_dirs_request_describable_log_dir_topic described_topic;
typedef struct describe_log_dirs_response_describe_log_dirs_result dir_row;
typedef struct describe_log_dirs_response_describe_log_dirs_topic topic_row;

static size_t run_of(struct admin_piece *const *pieces, size_t n)
{
	size_t i = 1;

	while (i < n && str_eq(pieces[i]->name, pieces[0]->name))
		i++;
	return i;
}

static int build_search(void *arg, int version, struct admin_piece *const *pieces, size_t n,
	struct arena *arena, void *in_arg)
{
	struct describe_log_dirs_request *in = in_arg;

	(void)arg;
	(void)version;
	in->topics = CODEC_NEW(arena, describe_log_dirs_request_describable_log_dir_topic, n);
	in->topics_n = 0;
	if (!in->topics)
		return -ENOMEM;
	for (size_t i = 0; i < n;) {
		described_topic *t = &in->topics[in->topics_n++];
		size_t end = i + run_of(pieces + i, n - i);

		t->topic = pieces[i]->name;
		t->partitions = arena_array(arena, end - i, sizeof(int32_t));
		if (!t->partitions)
			return -ENOMEM;
		for (; i < end; i++)
			t->partitions[t->partitions_n++] = pieces[i]->partition;
	}
	return 0;
}

static void take_topic(struct search *s, struct admin_piece *const *pieces, size_t n,
	const dir_row *dir, const topic_row *t)
{
	for (int32_t i = 0; i < t->partitions_n; i++) {
		struct admin_piece *p =
			admin_piece_find(pieces, n, t->name, t->partitions[i].partition_index);

		if (p && t->partitions[i].is_future_key)
			s->moves->v[p->index].future = dir->log_dir;
		else if (p)
			s->moves->v[p->index].current = dir->log_dir;
	}
}

/* No replicas are listed of a directory that is offline. */
static void take_dir(
	struct search *s, struct admin_piece *const *pieces, size_t n, const dir_row *dir)
{
	if (dir->error_code && dir->error_code != KERR_KAFKA_STORAGE_ERROR && !s->code) {
		s->code = dir->error_code;
		s->broker = pieces[0]->node;
		s->dir = dir->log_dir;
	}
	for (int32_t i = 0; !dir->error_code && i < dir->topics_n; i++)
		take_topic(s, pieces, n, dir, &dir->topics[i]);
}

static void take_search(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *out_arg);

static const struct admin_job search_rows = {.place = ADMIN_AT_NODE,
	.key = API_DESCRIBE_LOG_DIRS,
	.build = build_search,
	.take = take_search};

static void take_search(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *out_arg)
{
	const struct describe_log_dirs_response *out = out_arg;

	(void)version;
	for (int32_t i = 0; i < out->results_n; i++)
		take_dir(arg, pieces, n, &out->results[i]);
	for (size_t i = 0; i < n; i++)
		admin_piece_end(&search_rows, pieces[i], 0, STR_NULL);
}

static int fail_dir(struct reassign *r, const struct search *s)
{
	char class[REPORT_EXCEPTION_MAX];

	(void)thrown_set(&r->thrown, "java.lang.IllegalStateException",
		"The error %s for log directory %.*s in the response from broker %d is illegal",
		report_exception(s->code, class, sizeof(class)), STR_ARG(s->dir), s->broker);
	return thrown_wrap(&r->thrown, JAVA_EXECUTION, NULL);
}

int reassign_find_dirs(struct reassign *r, struct reassign_moves *moves)
{
	struct search s = {.moves = moves};
	struct admin_piece *pieces = list_pieces(&r->arena, moves);
	struct admin_job job = search_rows;

	if (!pieces)
		return reassign_no_memory(r);
	for (size_t i = 0; i < moves->n; i++)
		moves->v[i].current = moves->v[i].future = STR_NULL;
	job.arg = &s;
	admin_begin(r->admin, "describeReplicaLogDirs");
	admin_run(r->admin, &job, pieces, moves->n, &r->arena);
	if (s.code)
		return fail_dir(r, &s);
	return reassign_fail_pieces(r, pieces, moves->n);
}

/* ---- moves ---- */

/* What is to be said of one piece, and where. */
struct order {
	struct str to, topic;
	int32_t partition;
};

static int by_directory(const void *a, const void *b)
{
	const struct order *x = a, *y = b;
	int c = str_cmp(x->to, y->to);

	if (!c)
		c = str_cmp(x->topic, y->topic);
	return c ? c : (x->partition > y->partition) - (x->partition < y->partition);
}

typedef struct alter_replica_log_dirs_request_alter_replica_log_dir altered_dir;
typedef struct alter_replica_log_dirs_request_alter_replica_log_dir_topic altered_topic;

/* The topics of v[0..n), which go to one directory. */
static int build_dir(struct arena *arena, const struct order *v, size_t n, altered_dir *ret)
{
	altered_topic *t = NULL;

	ret->path = v[0].to;
	ret->topics =
		CODEC_NEW(arena, alter_replica_log_dirs_request_alter_replica_log_dir_topic, n);
	if (!ret->topics)
		return -ENOMEM;
	for (size_t i = 0, run = 0; i < n; i++) {
		if (!t || !str_eq(t->name, v[i].topic)) {
			for (run = 1; i + run < n && str_eq(v[i + run].topic, v[i].topic);)
				run++;
			t = &ret->topics[ret->topics_n++];
			t->name = v[i].topic;
			t->partitions = arena_array(arena, run, sizeof(int32_t));
			if (!t->partitions)
				return -ENOMEM;
		}
		t->partitions[t->partitions_n++] = v[i].partition;
	}
	return 0;
}

static int build_moves(void *arg, int version, struct admin_piece *const *pieces, size_t n,
	struct arena *arena, void *in_arg)
{
	const struct reassign_moves *moves = arg;
	struct alter_replica_log_dirs_request *in = in_arg;
	struct order *v = arena_array(arena, n, sizeof(*v));
	int e = 0;

	(void)version;
	in->dirs = CODEC_NEW(arena, alter_replica_log_dirs_request_alter_replica_log_dir, n);
	if (!v || !in->dirs)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		v[i] = (struct order){
			moves->v[pieces[i]->index].to, pieces[i]->name, pieces[i]->partition};
	qsort(v, n, sizeof(*v), by_directory);
	for (size_t i = 0, end; !e && i < n; i = end) {
		for (end = i + 1; end < n && str_eq(v[end].to, v[i].to);)
			end++;
		e = build_dir(arena, &v[i], end - i, &in->dirs[in->dirs_n++]);
	}
	return e;
}

static void take_moves(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *out_arg);

static const struct admin_job move_rows = {.place = ADMIN_AT_NODE,
	.key = API_ALTER_REPLICA_LOG_DIRS,
	.build = build_moves,
	.take = take_moves};

static void take_moves(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *out_arg)
{
	const struct alter_replica_log_dirs_response *out = out_arg;

	(void)arg;
	(void)version;
	for (int32_t i = 0; i < out->results_n; i++)
		for (int32_t k = 0; k < out->results[i].partitions_n; k++) {
			struct admin_piece *p =
				admin_piece_find(pieces, n, out->results[i].topic_name,
					out->results[i].partitions[k].partition_index);

			if (p)
				admin_piece_end(&move_rows, p,
					out->results[i].partitions[k].error_code, STR_NULL);
		}
}

/* The order in which Java looks at the outcomes: that of a map made for n, filled in the order of the map of moves. */
static size_t *outcome_order(const struct reassign_moves *moves)
{
	int32_t *hashes = xcalloc(moves->n + 1, sizeof(*hashes));
	size_t *order;

	for (size_t i = 0; i < moves->n; i++)
		hashes[i] = reassign_move_hash(&moves->v[i]);
	order = java_map_order(hashes, moves->n, moves->n);
	free(hashes);
	return order;
}

static int take_outcomes(struct reassign *r, const struct reassign_moves *moves,
	const struct admin_piece *pieces, bool *ret_taken)
{
	CLEANUP(freep) size_t *order = outcome_order(moves);

	for (size_t k = 0; k < moves->n; k++) {
		const struct admin_piece *p = &pieces[order[k]];

		ret_taken[p->index] = p->code == 0;
		if (!p->code || p->code == KERR_REPLICA_NOT_AVAILABLE)
			continue;
		(void)reassign_fail_pieces(r, p, 1);
		return thrown_wrap(&r->thrown, JAVA_ADMIN_COMMAND,
			"Failed to alter dir for %.*s-%d-%d", STR_ARG(p->name), p->partition,
			moves->v[p->index].broker);
	}
	return 0;
}

int reassign_move_dirs(struct reassign *r, const struct reassign_moves *moves, bool *ret_taken)
{
	struct reassign_moves copy = *moves;
	struct admin_job job = move_rows;
	struct admin_piece *pieces;
	struct arena arena; /* this may be called many times */
	int e;

	arena_init(&arena, 0);
	pieces = list_pieces(&arena, moves);
	job.arg = &copy;
	admin_begin(r->admin, "alterReplicaLogDirs");
	if (pieces)
		admin_run(r->admin, &job, pieces, moves->n, &arena);
	e = pieces ? take_outcomes(r, moves, pieces, ret_taken) : reassign_no_memory(r);
	arena_fini(&arena);
	return e;
}
