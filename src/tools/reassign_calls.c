/* reassign_calls.c - what kafka-reassign-partitions.sh asks of the controller and of any broker. Log directories are in
 * reassign_log_dirs.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/admin_job.h"
#include "tools/java_map.h"
#include "tools/reassign_priv.h"
#include "tools/report.h"

#define JAVA_EXECUTION "java.util.concurrent.ExecutionException"
#define JAVA_KAFKA "org.apache.kafka.common."

/* ---- failures ---- */

int reassign_fail_call(struct reassign *r, int e)
{
	const char *class = e == -ENOTSUP     ? JAVA_KAFKA "errors.UnsupportedVersionException"
			    : e == -ETIMEDOUT ? JAVA_KAFKA "errors.TimeoutException"
					      : JAVA_KAFKA "KafkaException";

	(void)thrown_set(&r->thrown, class, "%s", admin_error(r->admin));
	return thrown_wrap(&r->thrown, JAVA_EXECUTION, NULL);
}

int reassign_fail_code(struct reassign *r, int code, struct str message)
{
	char class[REPORT_EXCEPTION_MAX];

	if (message.len < 0)
		message = str_of(report_default_message(code));
	(void)thrown_set(
		&r->thrown, report_exception(code, class, sizeof(class)), "%.*s", STR_ARG(message));
	return thrown_wrap(&r->thrown, JAVA_EXECUTION, NULL);
}

int reassign_no_memory(struct reassign *r)
{
	return thrown_set(&r->thrown, "java.lang.OutOfMemoryError", "%s", strerror(ENOMEM));
}

int32_t reassign_node(int32_t broker)
{
	return broker >= 0 ? broker : INT32_MAX;
}

/* The broker was never there: Kafka's client does not come to call it. */
static bool is_unplaced(const struct reassign *r, const struct admin_piece *p)
{
	return p->code == KERR_REQUEST_TIMED_OUT && p->node >= 0 && !admin_node(r->admin, p->node);
}

int reassign_fail_pieces(struct reassign *r, const struct admin_piece *pieces, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct admin_piece *p = &pieces[i];

		if (!p->code)
			continue;
		if (!is_unplaced(r, p))
			return reassign_fail_code(r, p->code, p->message);
		(void)thrown_set(&r->thrown, JAVA_KAFKA "errors.TimeoutException",
			"Timed out waiting for a node assignment. Call: %s", admin_name(r->admin));
		return thrown_wrap(&r->thrown, JAVA_EXECUTION, NULL);
	}
	return 0;
}

/* Why a request cannot name this partition; null when it can. */
static struct str unrepresentable(struct reassign *r, const struct reassign_row *row)
{
	if (row->topic.len == 0)
		return STR("The given topic name '' cannot be represented in a request.");
	if (row->partition < 0)
		return arena_printf(
			&r->arena, "The given partition index %d is not valid.", row->partition);
	return STR_NULL;
}

/* ---- reassignments ---- */

static struct reassign_ids ids_of(int32_t *v, int32_t n)
{
	return (struct reassign_ids){v, (size_t)MAX(n, 0)};
}

static int take_active(struct reassign *r, const struct list_partition_reassignments_response *out,
	struct reassign_rows *ret)
{
	struct reassign_rows rows = {NULL, 0};
	size_t n = 0;

	for (int32_t i = 0; i < out->topics_n; i++)
		n += (size_t)MAX(out->topics[i].partitions_n, 0);
	rows.v = arena_array(&r->arena, n, sizeof(*rows.v));
	if (!rows.v)
		return reassign_no_memory(r);
	for (int32_t i = 0; i < out->topics_n; i++)
		for (int32_t k = 0; k < out->topics[i].partitions_n; k++) {
			const struct
				list_partition_reassignments_response_ongoing_partition_reassignment
					*p = &out->topics[i].partitions[k];

			rows.v[rows.n++] = (struct reassign_row){.topic = out->topics[i].name,
				.partition = p->partition_index,
				.replicas = ids_of(p->replicas, p->replicas_n),
				.adding = ids_of(p->adding_replicas, p->adding_replicas_n),
				.removing = ids_of(p->removing_replicas, p->removing_replicas_n)};
		}
	return reassign_rows_unique(&r->arena, &rows, ret) ? reassign_no_memory(r) : 0;
}

typedef struct list_partition_reassignments_request_list_partition_reassignments_topics
	listed_topic;

/* Names the partitions of sorted rows. */
static int name_listed(struct reassign *r, const struct reassign_rows *rows,
	struct list_partition_reassignments_request *in)
{
	listed_topic *t = NULL;

	in->topics = CODEC_NEW(&r->arena,
		list_partition_reassignments_request_list_partition_reassignments_topics, rows->n);
	in->topics_n = 0;
	if (!in->topics)
		return reassign_no_memory(r);
	for (size_t i = 0; i < rows->n; i++) {
		if (!t || !str_eq(t->name, rows->v[i].topic)) {
			t = &in->topics[in->topics_n++];
			t->name = rows->v[i].topic;
			t->partition_indexes =
				arena_array(&r->arena, reassign_rows_run(rows, i), sizeof(int32_t));
			if (!t->partition_indexes)
				return reassign_no_memory(r);
		}
		t->partition_indexes[t->partition_indexes_n++] = rows->v[i].partition;
	}
	return 0;
}

int reassign_find_active(
	struct reassign *r, const struct reassign_rows *only, struct reassign_rows *ret)
{
	struct list_partition_reassignments_request in;
	struct list_partition_reassignments_response out;
	int e;

	CODEC_INIT(list_partition_reassignments_request, &in);
	in.topics_n = -1; /* all */
	for (size_t i = 0; only && i < only->n; i++) {
		struct str why = unrepresentable(r, &only->v[i]);

		if (why.len >= 0)
			return reassign_fail_code(r, KERR_INVALID_TOPIC_EXCEPTION, why);
	}
	if (only && name_listed(r, only, &in))
		return -EINVAL;
	admin_begin(r->admin, "listPartitionReassignments");
	do {
		in.timeout_ms = admin_timeout_ms(r->admin);
		e = admin_call(
			r->admin, true, API_LIST_PARTITION_REASSIGNMENTS, &in, &r->arena, &out);
		if (e)
			return reassign_fail_call(r, e);
	} while (admin_again(r->admin, out.error_code));
	if (out.error_code)
		return reassign_fail_code(r, out.error_code, out.error_message);
	return take_active(r, &out, ret);
}

typedef struct alter_partition_reassignments_request_reassignable_topic altered_topic;
typedef struct alter_partition_reassignments_request_reassignable_partition altered_partition;

/* Rows that cannot be named get their refusal here. */
static int name_altered(struct reassign *r, const struct reassign_rows *rows, bool cancel,
	struct str *errors, struct alter_partition_reassignments_request *in)
{
	altered_topic *t = NULL;

	in->topics = CODEC_NEW(
		&r->arena, alter_partition_reassignments_request_reassignable_topic, rows->n);
	if (!in->topics)
		return reassign_no_memory(r);
	for (size_t i = 0; i < rows->n; i++) {
		const struct reassign_row *row = &rows->v[i];
		altered_partition *p;

		errors[i] = unrepresentable(r, row);
		if (errors[i].len >= 0)
			continue;
		if (!t || !str_eq(t->name, row->topic)) {
			t = &in->topics[in->topics_n++];
			t->name = row->topic;
			t->partitions = CODEC_NEW(&r->arena,
				alter_partition_reassignments_request_reassignable_partition,
				reassign_rows_run(rows, i));
			if (!t->partitions)
				return reassign_no_memory(r);
		}
		p = &t->partitions[t->partitions_n++];
		p->partition_index = row->partition;
		p->replicas = cancel ? NULL : row->replicas.v;
		p->replicas_n = cancel ? -1 : (int32_t)row->replicas.n;
	}
	return 0;
}

static struct str refusal(int code, struct str message)
{
	if (!code)
		return STR_NULL;
	return message.len >= 0 ? message : str_of(report_default_message(code));
}

static void take_altered(const struct reassign_rows *rows, struct str *errors,
	const struct alter_partition_reassignments_response *out)
{
	for (size_t i = 0; out->error_code && i < rows->n; i++)
		if (errors[i].len < 0)
			errors[i] = refusal(out->error_code, out->error_message);
	for (int32_t i = 0; !out->error_code && i < out->responses_n; i++)
		for (int32_t k = 0; k < out->responses[i].partitions_n; k++) {
			const struct
				alter_partition_reassignments_response_reassignable_partition_response
					*p = &out->responses[i].partitions[k];
			const struct reassign_row *row = reassign_rows_find(
				rows, out->responses[i].name, p->partition_index);

			if (row)
				errors[row - rows->v] = refusal(p->error_code, p->error_message);
		}
}

int reassign_alter(
	struct reassign *r, const struct reassign_rows *rows, bool cancel, struct str **ret)
{
	struct alter_partition_reassignments_request in;
	struct alter_partition_reassignments_response out;
	int e;

	*ret = arena_array(&r->arena, rows->n, sizeof(**ret));
	if (!*ret)
		return reassign_no_memory(r);
	CODEC_INIT(alter_partition_reassignments_request, &in);
	if (name_altered(r, rows, cancel, *ret, &in))
		return -EINVAL;
	if (in.topics_n == 0)
		return 0;
	admin_begin(r->admin, "alterPartitionReassignments");
	do {
		in.timeout_ms = admin_timeout_ms(r->admin);
		e = admin_call(
			r->admin, true, API_ALTER_PARTITION_REASSIGNMENTS, &in, &r->arena, &out);
		for (size_t i = 0; e && i < rows->n; i++) /* the tool shows what each is told */
			if ((*ret)[i].len < 0)
				(*ret)[i] = arena_str(&r->arena, admin_error(r->admin));
		if (e)
			return 0;
	} while (admin_again(r->admin, out.error_code));
	take_altered(rows, *ret, &out);
	return 0;
}

/* ---- topics and brokers ---- */

typedef struct metadata_response_metadata_response_topic topic_row;

static int ask_topics(
	struct reassign *r, const struct reassign_rows *topics, struct metadata_response *out)
{
	struct metadata_request in;
	int e, version;

	CODEC_INIT(metadata_request, &in);
	in.topics = CODEC_NEW(&r->arena, metadata_request_metadata_request_topic, topics->n);
	if (!in.topics)
		return reassign_no_memory(r);
	for (size_t i = 0; i < topics->n; i++)
		if (topics->v[i].topic.len > 0)
			in.topics[in.topics_n++].name = topics->v[i].topic;
	in.allow_auto_topic_creation = false;
	CODEC_INIT(metadata_response, out);
	if (in.topics_n == 0)
		return 0;
	admin_begin(r->admin, "listNodes"); /* what Kafka's client does before */
	e = admin_broker_version(r->admin, ADMIN_ANY, API_METADATA, &version);
	if (e)
		return reassign_fail_call(r, e);
	admin_begin(r->admin, "describeTopics");
	e = admin_call(r->admin, false, API_METADATA, &in, &r->arena, out);
	return e ? reassign_fail_call(r, e) : 0;
}

static const topic_row *find_topic(const struct metadata_response *out, struct str topic)
{
	for (int32_t i = 0; i < out->topics_n; i++)
		if (str_eq(out->topics[i].name, topic))
			return &out->topics[i];
	return NULL;
}

/* 1: it does not exist, and need not. */
static int check_topic(struct reassign *r, const topic_row *row, struct str topic, bool lenient)
{
	int code = row ? row->error_code : KERR_UNKNOWN_TOPIC_OR_PARTITION;
	const struct reassign_row place = {.topic = topic};

	if (topic.len == 0)
		return reassign_fail_code(
			r, KERR_INVALID_TOPIC_EXCEPTION, unrepresentable(r, &place));
	if (code != KERR_UNKNOWN_TOPIC_OR_PARTITION)
		return code ? reassign_fail_code(r, code, STR_NULL) : 0;
	if (lenient)
		return 1;
	return reassign_fail_code(
		r, code, arena_printf(&r->arena, "Topic %.*s not found.", STR_ARG(topic)));
}

static size_t count_partitions(const struct metadata_response *out)
{
	size_t n = 0;

	for (int32_t i = 0; i < out->topics_n; i++)
		n += (size_t)MAX(out->topics[i].partitions_n, 0);
	return n;
}

static void take_topic(const topic_row *t, struct reassign_rows *rows)
{
	for (int32_t i = 0; i < t->partitions_n; i++)
		rows->v[rows->n++] = (struct reassign_row){.topic = t->name,
			.partition = t->partitions[i].partition_index,
			.replicas = ids_of(
				t->partitions[i].replica_nodes, t->partitions[i].replica_nodes_n)};
}

int reassign_find_replicas(struct reassign *r, const struct reassign_rows *rows, bool lenient,
	struct reassign_rows *ret)
{
	struct reassign_rows topics;
	struct metadata_response out;

	if (lenient ? reassign_topics_listed(&r->arena, rows, &topics)
		    : reassign_topics(&r->arena, rows, &topics))
		return reassign_no_memory(r);
	if (!lenient)
		reassign_topics_described(&topics);
	if (ask_topics(r, &topics, &out))
		return -EINVAL;
	*ret = (struct reassign_rows){
		arena_array(&r->arena, count_partitions(&out), sizeof(*ret->v)), 0};
	if (!ret->v)
		return reassign_no_memory(r);
	for (size_t i = 0; i < topics.n; i++) {
		const topic_row *t = find_topic(&out, topics.v[i].topic);
		int missing = check_topic(r, t, topics.v[i].topic, lenient);

		if (missing < 0)
			return missing;
		if (!missing)
			take_topic(t, ret);
	}
	reassign_rows_sort(ret);
	return 0;
}

int reassign_find_brokers(struct reassign *r, struct admin_node **ret, size_t *ret_n)
{
	struct admin_node *nodes;
	int32_t *hashes;
	size_t *order;
	int e;

	admin_begin(r->admin, "listNodes");
	e = admin_brokers(r->admin, &r->arena, &nodes, ret_n);
	if (e)
		return reassign_fail_call(r, e);
	*ret = arena_array(&r->arena, *ret_n, sizeof(**ret));
	if (!*ret)
		return reassign_no_memory(r);
	hashes = xcalloc(*ret_n + 1, sizeof(*hashes));
	for (size_t i = 0; i < *ret_n; i++)
		hashes[i] = nodes[i].id;
	order = java_map_order(hashes, *ret_n, JAVA_MAP_DEFAULT);
	for (size_t i = 0; i < *ret_n; i++)
		(*ret)[i] = nodes[order[i]];
	free(order);
	free(hashes);
	return 0;
}

/* ---- settings ---- */

enum { OPERATION_SET = 0, OPERATION_DELETE = 1 };

struct change {
	struct reassign *r;
	enum reassign_resource type;
	const struct reassign_setting *v;
	size_t n;
};

typedef struct incremental_alter_configs_request_alter_configs_resource resource_row;

/* The settings that belong to the resource of a piece. */
static int build_resource(
	const struct change *c, struct arena *arena, const struct admin_piece *p, resource_row *ret)
{
	size_t n = 0;

	while (p->index + n < c->n && str_eq(c->v[p->index + n].resource, p->name))
		n++;
	ret->resource_type = (int8_t)c->type;
	ret->resource_name = p->name;
	ret->configs = CODEC_NEW(arena, incremental_alter_configs_request_alterable_config, n);
	if (!ret->configs)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct reassign_setting *s = &c->v[p->index + i];

		ret->configs[i].name = str_of(s->name);
		ret->configs[i].value = s->value;
		ret->configs[i].config_operation =
			(int8_t)(s->value.len < 0 ? OPERATION_DELETE : OPERATION_SET);
	}
	ret->configs_n = (int32_t)n;
	return 0;
}

static int build_change(void *arg, int version, struct admin_piece *const *pieces, size_t n,
	struct arena *arena, void *in_arg)
{
	struct incremental_alter_configs_request *in = in_arg;
	int e = 0;

	(void)version;
	in->resources =
		CODEC_NEW(arena, incremental_alter_configs_request_alter_configs_resource, n);
	if (!in->resources)
		return -ENOMEM;
	for (size_t i = 0; !e && i < n; i++)
		e = build_resource(arg, arena, pieces[i], &in->resources[in->resources_n++]);
	return e;
}

static void take_change(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *out_arg);

static const struct admin_job change_rows = {.place = ADMIN_AT_NODE,
	.key = API_INCREMENTAL_ALTER_CONFIGS,
	.build = build_change,
	.take = take_change};

static void take_change(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *out_arg)
{
	const struct incremental_alter_configs_response *out = out_arg;

	(void)arg;
	(void)version;
	for (int32_t i = 0; i < out->responses_n; i++) {
		struct admin_piece *p =
			admin_piece_find(pieces, n, out->responses[i].resource_name, 0);

		if (p)
			admin_piece_end(&change_rows, p, out->responses[i].error_code,
				out->responses[i].error_message);
	}
}

/* One piece per resource, in this order; each broker's goes to itself. */
static size_t list_resources(const struct change *c, struct admin_piece *pieces)
{
	size_t n = 0;
	int64_t id;

	for (size_t i = 0; i < c->n; i++) {
		if (i > 0 && str_eq(c->v[i].resource, c->v[i - 1].resource))
			continue;
		pieces[n] = (struct admin_piece){
			.name = c->v[i].resource, .node = ADMIN_ANY, .index = i};
		if (c->type == REASSIGN_BROKER &&
			str_to_i64(c->v[i].resource, INT32_MIN, INT32_MAX, &id))
			pieces[n].node = reassign_node((int32_t)id);
		n++;
	}
	return n;
}

int reassign_set(
	struct reassign *r, enum reassign_resource type, const struct reassign_setting *v, size_t n)
{
	struct change c = {r, type, v, n};
	struct admin_piece *pieces = arena_array(&r->arena, n, sizeof(*pieces));
	struct admin_job job = change_rows;
	size_t pieces_n;

	if (!pieces)
		return reassign_no_memory(r);
	job.arg = &c;
	pieces_n = list_resources(&c, pieces);
	admin_begin(r->admin, "incrementalAlterConfigs");
	admin_run(r->admin, &job, pieces, pieces_n, &r->arena);
	return reassign_fail_pieces(r, pieces, pieces_n);
}
