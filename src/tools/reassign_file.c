/* reassign_file.c - the files of kafka-reassign-partitions.sh, and what is wrong with them in the words of Kafka's tool
 * (ReassignPartitionsCommand.java, 3.9). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tools/json_decode.h"
#include "tools/json_text.h"
#include "tools/reassign_plan.h"

#define JSON_MAPPING "com.fasterxml.jackson.databind.JsonMappingException"
#define NO_DIR STR("any")

struct reader {
	struct arena *arena;
	struct thrown *thrown;
	char *error; /* of json_decode; becomes `thrown` at the end */
	struct reassign_rows rows;
	struct reassign_moves moves;
	size_t moves_cap;
};

static int no_memory(struct reader *d)
{
	return thrown_set(d->thrown, "java.lang.OutOfMemoryError", "%s", strerror(ENOMEM));
}

/* ---- reading ---- */

static int read_version(struct reader *d, const json_t *root)
{
	const json_t *v;
	int32_t version = 1;

	if (json_decode_object(root, &d->error))
		return -EINVAL;
	v = json_object_get(root, "version");
	if (v && json_decode_int(v, &version, &d->error))
		return -EINVAL;
	if (version != 1)
		return thrown_set(d->thrown, JAVA_ADMIN_OPERATION,
			"Not supported version field value %d", version);
	return 0;
}

/* Room for the elements of a list that may be absent. */
static int read_list(struct reader *d, const json_t *root, const char *name, const json_t **ret)
{
	*ret = json_object_get(root, name);
	if (*ret && json_decode_array(*ret, &d->error))
		return -EINVAL;
	d->rows.v = arena_array(d->arena, json_array_size(*ret), sizeof(*d->rows.v));
	return d->rows.v ? 0 : no_memory(d);
}

static int read_topic(struct reader *d, const json_t *o, struct reassign_row *ret)
{
	const json_t *topic;

	if (json_decode_object(o, &d->error) || json_decode_member(o, "topic", &topic, &d->error) ||
		json_decode_string(topic, &ret->topic, &d->error))
		return -EINVAL;
	return arena_keep(d->arena, &ret->topic) ? 0 : no_memory(d);
}

static int read_replicas(struct reader *d, const json_t *o, struct reassign_ids *ret)
{
	const json_t *list;

	if (json_decode_member(o, "replicas", &list, &d->error) ||
		json_decode_list(list, &d->error))
		return -EINVAL;
	ret->v = arena_array(d->arena, json_array_size(list), sizeof(*ret->v));
	if (!ret->v)
		return no_memory(d);
	for (; ret->n < json_array_size(list); ret->n++)
		if (json_decode_int(json_array_get(list, ret->n), &ret->v[ret->n], &d->error))
			return -EINVAL;
	return 0;
}

/* "[1, 2]", as Java prints a list; owned by the caller. */
static char *list_text(const json_t *list)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);

		fputs(i ? ", " : "", out);
		if (json_is_string(v))
			fputs(json_string_value(v), out);
		else
			fprintf(out, "%lld", (long long)json_integer_value(v));
	}
	(void)fclose(out);
	return text;
}

static int wrong_size(struct reader *d, const struct reassign_row *row, const json_t *replicas,
	const json_t *dirs)
{
	CLEANUP(freep) char *a = list_text(replicas);
	CLEANUP(freep) char *b = list_text(dirs);

	return thrown_set(d->thrown, JAVA_ADMIN_COMMAND,
		"Size of replicas list [%s] is different from size of log dirs list [%s] for "
		"partition %.*s-%d",
		a, b, STR_ARG(row->topic), row->partition);
}

static int add_move(struct reader *d, const struct reassign_row *row, int32_t broker, struct str to)
{
	if (str_eq(to, NO_DIR))
		return 0;
	if (!arena_keep(d->arena, &to))
		return no_memory(d);
	d->moves.v = grow_array(d->moves.v, &d->moves_cap, d->moves.n + 1, sizeof(*d->moves.v));
	d->moves.v[d->moves.n++] = (struct reassign_move){.topic = row->topic,
		.partition = row->partition,
		.broker = broker,
		.to = to,
		.current = STR_NULL,
		.future = STR_NULL};
	return 0;
}

static int read_dirs(struct reader *d, const json_t *o, const struct reassign_row *row)
{
	const json_t *dirs = json_object_get(o, "log_dirs");
	struct str dir;

	if (!dirs)
		return 0;
	if (json_decode_list(dirs, &d->error))
		return -EINVAL;
	for (size_t i = 0; i < json_array_size(dirs); i++)
		if (json_decode_string(json_array_get(dirs, i), &dir, &d->error))
			return -EINVAL;
	if (json_array_size(dirs) != row->replicas.n)
		return wrong_size(d, row, json_object_get(o, "replicas"), dirs);
	for (size_t i = 0; i < row->replicas.n; i++)
		if (json_decode_string(json_array_get(dirs, i), &dir, &d->error) ||
			add_move(d, row, row->replicas.v[i], dir))
			return -EINVAL;
	return 0;
}

static int read_partition(struct reader *d, const json_t *o, struct reassign_row *ret)
{
	const json_t *partition;

	if (read_topic(d, o, ret))
		return -EINVAL;
	if (json_decode_member(o, "partition", &partition, &d->error) ||
		json_decode_int(partition, &ret->partition, &d->error))
		return -EINVAL;
	if (read_replicas(d, o, &ret->replicas))
		return -EINVAL;
	return read_dirs(d, o, ret);
}

static int read_partitions(struct reader *d, const json_t *root)
{
	const json_t *list;

	if (read_version(d, root) || read_list(d, root, "partitions", &list))
		return -EINVAL;
	for (; d->rows.n < json_array_size(list); d->rows.n++)
		if (read_partition(d, json_array_get(list, d->rows.n), &d->rows.v[d->rows.n]))
			return -EINVAL;
	return 0;
}

static int read_topics(struct reader *d, const json_t *root)
{
	const json_t *list;

	if (read_version(d, root) || read_list(d, root, "topics", &list))
		return -EINVAL;
	for (; d->rows.n < json_array_size(list); d->rows.n++)
		if (read_topic(d, json_array_get(list, d->rows.n), &d->rows.v[d->rows.n]))
			return -EINVAL;
	return 0;
}

/* What json_decode has found wrong. */
static int throw_decoded(struct reader *d)
{
	if (d->error)
		(void)thrown_set(d->thrown, JSON_MAPPING, "%s", d->error);
	free(d->error);
	d->error = NULL;
	return -EINVAL;
}

/* ---- moves: a map, in which a later directory of a replica takes the place of an earlier one ---- */

struct placed {
	struct reassign_move *move;
	size_t index;
};

static int by_replica(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	int c = str_cmp(x->move->topic, y->move->topic);

	if (c)
		return c;
	if (x->move->partition != y->move->partition)
		return x->move->partition < y->move->partition ? -1 : 1;
	if (x->move->broker != y->move->broker)
		return x->move->broker < y->move->broker ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static bool same_replica(const struct reassign_move *x, const struct reassign_move *y)
{
	return x->broker == y->broker && x->partition == y->partition && str_eq(x->topic, y->topic);
}

static int keep_moves(struct reader *d, struct reassign_moves *ret)
{
	struct placed *v = xcalloc(d->moves.n + 1, sizeof(*v));
	size_t first = 0, n = 0;

	ret->v = arena_array(d->arena, d->moves.n, sizeof(*ret->v));
	for (size_t i = 0; i < d->moves.n; i++)
		v[i] = (struct placed){&d->moves.v[i], i};
	qsort(v, d->moves.n, sizeof(*v), by_replica);
	for (size_t i = 0; i < d->moves.n; i++) {
		if (!same_replica(v[first].move, v[i].move))
			first = i;
		v[first].move->to = v[i].move->to;
		if (i != first)
			v[i].move->to = STR_NULL; /* counts no more */
	}
	for (size_t i = 0; ret->v && i < d->moves.n; i++)
		if (d->moves.v[i].to.len >= 0)
			ret->v[n++] = d->moves.v[i];
	ret->n = n;
	free(v);
	if (!ret->v)
		return no_memory(d);
	reassign_moves_hash(ret);
	return 0;
}

int reassign_parse(const char *text, size_t n, struct arena *a, struct reassign_rows *ret_rows,
	struct reassign_moves *ret_moves, struct thrown *t)
{
	struct reader d = {.arena = a, .thrown = t};
	CLEANUP(freep) char *syntax = NULL;
	const char *class;
	json_t *root = NULL;
	int r;

	if (json_decode_text(text, n, &root, &syntax, &class)) {
		(void)thrown_set(t, class, "%s", syntax);
		if (strstr(class, "StreamConstraints")) /* which the tool does not catch */
			return -EINVAL;
		return thrown_wrap(t, JAVA_ADMIN_OPERATION, "%s", syntax);
	}
	r = read_partitions(&d, root);
	if (r)
		r = throw_decoded(&d);
	else
		r = keep_moves(&d, ret_moves);
	json_decref(root);
	free(d.moves.v);
	*ret_rows = d.rows;
	return r;
}

int reassign_parse_topics(
	const char *text, size_t n, struct arena *a, struct reassign_rows *ret, struct thrown *t)
{
	struct reader d = {.arena = a, .thrown = t};
	CLEANUP(freep) char *syntax = NULL;
	const char *class;
	json_t *root = NULL;
	int r;

	if (json_decode_text(text, n, &root, &syntax, &class))
		return thrown_set(t, JAVA_ADMIN_OPERATION, "The input string is not a valid JSON");
	r = read_topics(&d, root);
	if (r)
		r = throw_decoded(&d);
	json_decref(root);
	*ret = d.rows;
	return r;
}

/* ---- what may not be there twice ---- */

/* A text that is put together; taken by thrown. */
struct text {
	FILE *out;
	char *p;
	size_t n;
};

static void text_begin(struct text *x)
{
	x->out = open_memstream(&x->p, &x->n);
	if (!x->out)
		abort();
}

static const char *text_end(struct text *x)
{
	(void)fclose(x->out);
	return x->p;
}

/* The ids that are there more than once, as a set; -ENOMEM. */
static int repeated_ids(struct arena *a, const struct reassign_ids *s, struct reassign_ids *ret)
{
	struct reassign_rows rows = {arena_array(a, s->n, sizeof(*rows.v)), s->n}, twice;
	struct reassign_ids found = {arena_array(a, s->n, sizeof(*found.v)), 0};

	if (!rows.v || !found.v)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++)
		rows.v[i] = (struct reassign_row){.topic = STR(""), .partition = s->v[i]};
	if (reassign_rows_repeated(a, &rows, &twice))
		return -ENOMEM;
	for (size_t i = 0; i < twice.n; i++)
		found.v[found.n++] = twice.v[i].partition;
	return reassign_ids_as_set(a, &found, ret);
}

static void put_ids(FILE *out, const struct reassign_ids *s, const char *between)
{
	for (size_t i = 0; i < s->n; i++)
		fprintf(out, "%s%d", i ? between : "", s->v[i]);
}

static int check_places(const struct reassign_rows *rows, struct arena *a, struct thrown *t)
{
	struct reassign_rows twice;
	struct text x;

	if (reassign_rows_repeated(a, rows, &twice))
		return -ENOMEM;
	if (twice.n == 0)
		return 0;
	reassign_rows_hash(&twice);
	text_begin(&x);
	for (size_t i = 0; i < twice.n; i++)
		fprintf(x.out, "%s%.*s-%d", i ? "," : "", STR_ARG(twice.v[i].topic),
			twice.v[i].partition);
	(void)thrown_set(t, JAVA_ADMIN_COMMAND,
		"Partition reassignment contains duplicate topic partitions: %s", text_end(&x));
	free(x.p);
	return -EINVAL;
}

static int put_repeated_brokers(
	const struct reassign_rows *rows, struct arena *a, struct text *x, size_t *ret_n)
{
	struct reassign_ids twice;

	*ret_n = 0;
	for (size_t i = 0; i < rows->n; i++) {
		const struct reassign_row *row = &rows->v[i];

		if (repeated_ids(a, &row->replicas, &twice))
			return -ENOMEM;
		if (twice.n == 0)
			continue;
		fprintf(x->out, "%s%.*s-%d contains multiple entries for ", *ret_n ? ". " : "",
			STR_ARG(row->topic), row->partition);
		put_ids(x->out, &twice, ",");
		++*ret_n;
	}
	return 0;
}

static int check_brokers(const struct reassign_rows *rows, struct arena *a, struct thrown *t)
{
	struct text x;
	size_t n;
	int r;

	text_begin(&x);
	r = put_repeated_brokers(rows, a, &x, &n);
	(void)text_end(&x);
	if (!r && n > 0)
		r = thrown_set(t, JAVA_ADMIN_COMMAND,
			"Partition replica lists may not contain duplicate entries: %s", x.p);
	free(x.p);
	return r;
}

static int out_of_memory(struct thrown *t)
{
	return thrown_set(t, "java.lang.OutOfMemoryError", "%s", strerror(ENOMEM));
}

int reassign_check(const struct reassign_rows *rows, struct arena *a, struct thrown *t)
{
	int r;

	if (rows->n == 0)
		return thrown_set(
			t, JAVA_ADMIN_COMMAND, "Partition reassignment list cannot be empty");
	for (size_t i = 0; i < rows->n; i++)
		if (rows->v[i].replicas.n == 0)
			return thrown_set(
				t, JAVA_ADMIN_COMMAND, "Partition replica list cannot be empty");
	r = check_places(rows, a, t);
	if (!r)
		r = check_brokers(rows, a, t);
	return r == -ENOMEM ? out_of_memory(t) : r;
}

/* ---- --generate ---- */

/* As String.split does it: empty words at the end do not count, unless there is nothing else. */
static int parse_ids(const char *text, struct arena *a, struct reassign_ids *ret, struct thrown *t)
{
	size_t len = strlen(text);

	*ret = (struct reassign_ids){arena_array(a, len + 1, sizeof(*ret->v)), 0};
	if (!ret->v)
		return out_of_memory(t);
	while (len > 0 && text[len - 1] == ',')
		len--;
	if (len == 0 && *text)
		return 0;
	for (size_t at = 0; at <= len;) {
		struct str word = {text + at, 0};
		int64_t id;

		while (at + (size_t)word.len < len && word.p[word.len] != ',')
			word.len++;
		if (!str_to_i64(word, INT32_MIN, INT32_MAX, &id))
			return thrown_set(t, "java.lang.NumberFormatException",
				"For input string: \"%.*s\"", STR_ARG(word));
		ret->v[ret->n++] = (int32_t)id;
		at += (size_t)word.len + 1;
	}
	return 0;
}

static int check_list(const struct reassign_ids *brokers, struct arena *a, struct thrown *t)
{
	struct reassign_ids twice;
	struct text x;

	if (repeated_ids(a, brokers, &twice))
		return out_of_memory(t);
	if (twice.n == 0)
		return 0;
	text_begin(&x);
	put_ids(x.out, &twice, ", ");
	(void)thrown_set(t, JAVA_ADMIN_COMMAND, "Broker list contains duplicate entries: [%s]",
		text_end(&x));
	free(x.p);
	return -EINVAL;
}

static int check_topics(const struct reassign_rows *topics, struct arena *a, struct thrown *t)
{
	struct reassign_rows twice, set;
	struct text x;

	if (reassign_rows_repeated(a, topics, &twice) || reassign_topics(a, &twice, &set))
		return out_of_memory(t);
	if (set.n == 0)
		return 0;
	text_begin(&x);
	for (size_t i = 0; i < set.n; i++)
		fprintf(x.out, "%s%.*s", i ? ", " : "", STR_ARG(set.v[i].topic));
	(void)thrown_set(t, JAVA_ADMIN_COMMAND,
		"List of topics to reassign contains duplicate entries: [%s]", text_end(&x));
	free(x.p);
	return -EINVAL;
}

int reassign_parse_generate(const char *text, size_t n, const char *broker_list, struct arena *a,
	struct reassign_ids *ret_brokers, struct reassign_rows *ret_topics, struct thrown *t)
{
	int r = parse_ids(broker_list, a, ret_brokers, t);

	if (!r)
		r = check_list(ret_brokers, a, t);
	if (!r)
		r = reassign_parse_topics(text, n, a, ret_topics, t);
	return r ? r : check_topics(ret_topics, a, t);
}

/* ---- writing ---- */

void reassign_print_json(const struct reassign_rows *rows, FILE *out)
{
	fprintf(out, "{\"version\":1,\"partitions\":[");
	for (size_t i = 0; i < rows->n; i++) {
		const struct reassign_row *row = &rows->v[i];

		fprintf(out, "%s{\"topic\":", i ? "," : "");
		json_put_string(out, row->topic);
		fprintf(out, ",\"partition\":%d,\"replicas\":[", row->partition);
		for (size_t k = 0; k < row->replicas.n; k++)
			fprintf(out, "%s%d", k ? "," : "", row->replicas.v[k]);
		fprintf(out, "],\"log_dirs\":[");
		for (size_t k = 0; k < row->replicas.n; k++)
			fprintf(out, "%s\"any\"", k ? "," : "");
		fprintf(out, "]}");
	}
	fprintf(out, "]}");
}
