/* elections.c - see elections.h. One request, as Kafka's AdminClient sends it: a broker that is not the controller any
 * more says so of every partition, which is an outcome like others. */
#include "tools/elections.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/java_order.h"
#include "tools/report.h"
#include "tools/scala_hash.h"
#include "tools/tool_admin.h"

typedef struct elect_leaders_response_partition_result result_row;
typedef struct elect_leaders_response_replica_election_result topic_row;
typedef struct elect_leaders_request_topic_partitions topic_part;

/* What became of a partition. */
struct outcome {
	int code;
	struct str message;
};

/* Partitions with one kind of outcome; outcomes[i] is that of partitions.v[i]. */
struct outcomes {
	struct election_partitions partitions;
	struct outcome *v;
};

struct run {
	struct admin *admin;
	struct arena *arena;
	const struct elections_words *words;
	struct elections_failure *failure;
};

static int fail(struct run *run, bool by_command, char *text)
{
	*run->failure = (struct elections_failure){by_command, text};
	return -1;
}

static int fail_memory(struct run *run)
{
	return fail(run, true, xstrdup(strerror(ENOMEM)));
}

/* What the tool knows by name is said on stdout too. */
static int fail_by_name(struct run *run, const char *text)
{
	puts(text);
	return fail(run, true, xstrdup(text));
}

static int fail_code(struct run *run, int code)
{
	char exception[REPORT_EXCEPTION_MAX];

	if (code == KERR_REQUEST_TIMED_OUT)
		return fail_by_name(run, "Timeout waiting for election results");
	if (code == KERR_CLUSTER_AUTHORIZATION_FAILED)
		return fail_by_name(run, "Not authorized to perform leader election");
	return fail(run, false,
		xasprintf("%s: %s", report_exception(code, exception, sizeof(exception)),
			report_default_message(code)));
}

static int fail_call(struct run *run, int r)
{
	if (r == -ETIMEDOUT)
		return fail_code(run, KERR_REQUEST_TIMED_OUT);
	return fail(run, false, tool_admin_exception(run->admin, r));
}

/* ---- the request ---- */

static int by_topic(const void *a, const void *b)
{
	const struct election_partition *x = a, *y = b;

	return str_cmp(x->topic, y->topic);
}

static int fill_partitions(
	struct elect_leaders_request *in, const struct election_partitions *p, struct arena *arena)
{
	struct election_partition *v = arena_array(arena, p->n, sizeof(*v));
	int32_t *numbers = arena_array(arena, p->n, sizeof(*numbers));
	topic_part *t = NULL;

	in->topic_partitions = CODEC_NEW(arena, elect_leaders_request_topic_partitions, p->n);
	if (!v || !numbers || !in->topic_partitions)
		return -ENOMEM;
	in->topic_partitions_n = 0;
	if (p->n == 0)
		return 0;
	memcpy(v, p->v, p->n * sizeof(*v));
	qsort(v, p->n, sizeof(*v), by_topic);
	for (size_t i = 0; i < p->n; i++) {
		if (!t || !str_eq(t->topic, v[i].topic)) {
			t = &in->topic_partitions[in->topic_partitions_n++];
			t->topic = v[i].topic;
			t->partitions = numbers + i;
		}
		numbers[i] = v[i].partition;
		t->partitions_n++;
	}
	return 0;
}

static int call(struct run *run, enum elections_type type,
	const struct election_partitions *partitions, struct elect_leaders_response *out)
{
	struct elect_leaders_request in;
	int version, r;

	admin_begin(run->admin, "electLeaders");
	r = admin_version(run->admin, true, API_ELECT_LEADERS, &version);
	if (r)
		return fail_call(run, r);
	if (version == 0 && type != ELECTIONS_PREFERRED)
		return fail(run, false,
			xstrdup("org.apache.kafka.common.errors.UnsupportedVersionException: API "
				"Version 0 only supports "
				"PREFERRED election type"));
	CODEC_INIT(elect_leaders_request, &in);
	in.election_type = (int8_t)type;
	in.timeout_ms = admin_timeout_ms(run->admin);
	in.topic_partitions_n = -1; /* all */
	if (partitions && fill_partitions(&in, partitions, run->arena))
		return fail_memory(run);
	r = admin_call(run->admin, true, API_ELECT_LEADERS, &in, run->arena, out);
	if (r)
		return fail_call(run, r);
	return out->error_code ? fail_code(run, out->error_code) : 0;
}

/* ---- the outcomes ---- */

static bool is_done(int code)
{
	return code == 0;
}

static bool is_needless(int code)
{
	return code == KERR_ELECTION_NOT_NEEDED;
}

static bool is_failed(int code)
{
	return code && code != KERR_ELECTION_NOT_NEEDED;
}

static void permute(struct outcomes *o, const size_t *order)
{
	struct outcome *old = xmemdup(o->v, o->partitions.n * sizeof(*o->v));

	for (size_t i = 0; i < o->partitions.n; i++)
		o->v[i] = old[order[i]];
	free(old);
	election_partitions_permute(&o->partitions, order);
}

/* As a set or a map has them that they are put into one by one. */
static void put_in_order(struct outcomes *o, bool scala)
{
	int32_t *hashes = election_partitions_hashes(&o->partitions);
	size_t n = o->partitions.n, *order = xcalloc(n + 1, sizeof(*order));
	struct scala_table table = SCALA_TABLE_INIT;

	if (scala) {
		for (size_t i = 0; i < n; i++)
			scala_table_add(&table, true);
		scala_table_order(&table, hashes, n, order);
	} else {
		java_order(hashes, n, java_buckets(n), order);
	}
	permute(o, order);
	free(order);
	free(hashes);
}

static int new_outcomes(struct run *run, size_t n, struct outcomes *ret)
{
	*ret = (struct outcomes){.v = arena_array(run->arena, n, sizeof(*ret->v))};
	ret->partitions.v = arena_array(run->arena, n, sizeof(*ret->partitions.v));
	return ret->v && ret->partitions.v ? 0 : fail_memory(run);
}

static int read_outcomes(
	struct run *run, const struct elect_leaders_response *out, struct outcomes *ret)
{
	size_t n = 0;

	for (int32_t t = 0; t < out->replica_election_results_n; t++)
		n += (size_t)MAX(out->replica_election_results[t].partition_result_n, 0);
	if (new_outcomes(run, n, ret))
		return -1;
	for (int32_t t = 0; t < out->replica_election_results_n; t++) {
		const topic_row *topic = &out->replica_election_results[t];

		for (int32_t i = 0; i < topic->partition_result_n; i++) {
			const result_row *row = &topic->partition_result[i];

			ret->v[ret->partitions.n] =
				(struct outcome){row->error_code, row->error_message};
			ret->partitions.v[ret->partitions.n++] =
				(struct election_partition){topic->topic, row->partition_id};
		}
	}
	put_in_order(ret, false);
	return 0;
}

/* Those with such a code, in the order in which they are printed. */
static int choose(
	struct run *run, const struct outcomes *all, bool (*wanted)(int code), struct outcomes *ret)
{
	if (new_outcomes(run, all->partitions.n, ret))
		return -1;
	for (size_t i = 0; i < all->partitions.n; i++) {
		if (!wanted(all->v[i].code))
			continue;
		ret->v[ret->partitions.n] = all->v[i];
		ret->partitions.v[ret->partitions.n++] = all->partitions.v[i];
	}
	put_in_order(ret, run->words->scala);
	return 0;
}

static int print_list(
	struct run *run, const struct outcomes *all, bool (*wanted)(int code), const char *what)
{
	struct outcomes some;
	char *text;

	if (choose(run, all, wanted, &some))
		return -1;
	if (some.partitions.n == 0)
		return 0;
	text = election_partitions_text(&some.partitions, ", ");
	printf("%s%s\n", what, text);
	free(text);
	return 0;
}

static int print_failed(struct run *run, const struct outcomes *all)
{
	struct outcomes some;
	char exception[REPORT_EXCEPTION_MAX];

	if (choose(run, all, is_failed, &some))
		return -1;
	for (size_t i = 0; i < some.partitions.n; i++) {
		const struct election_partition *p = &some.partitions.v[i];
		struct str message = some.v[i].message;

		if (message.len < 0)
			message = str_of(report_default_message(some.v[i].code));
		printf("%s%.*s-%d: %s: %.*s\n", run->words->failed, STR_ARG(p->topic), p->partition,
			report_exception(some.v[i].code, exception, sizeof(exception)),
			STR_ARG(message));
	}
	if (some.partitions.n > 0)
		return fail(run, true, xasprintf("%zu%s", some.partitions.n, run->words->summary));
	return 0;
}

int elections_run(struct admin *a, enum elections_type type,
	const struct election_partitions *partitions, const struct elections_words *words,
	struct arena *arena, struct elections_failure *ret)
{
	struct run run = {a, arena, words, ret};
	struct elect_leaders_response out;
	struct outcomes all;

	if (call(&run, type, partitions, &out) || read_outcomes(&run, &out, &all) ||
		print_list(&run, &all, is_done, words->done) ||
		print_list(&run, &all, is_needless, words->needless))
		return -1;
	return print_failed(&run, &all);
}
