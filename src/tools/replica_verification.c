/* replica_verification.c - kafka-replica-verification.sh: are the replicas of partitions the same? (cli.md section 18;
 * ReplicaVerificationTool.java, 3.9.) What is fetched is in replica_verification_fetch.c, how it is compared in
 * replica_compare.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/admin_offsets.h"
#include "tools/client_properties.h"
#include "tools/java_date.h"
#include "tools/java_map.h"
#include "tools/java_order.h"
#include "tools/java_regex.h"
#include "tools/options.h"
#include "tools/replica_verification_priv.h"
#include "tools/report.h"
#include "tools/tool.h"
#include "tools/tool_admin.h"
#include "tools/topic_filter.h"

#define LOGGER "org.apache.kafka.tools.ReplicaVerificationTool"
#define DATE_FORMAT "yyyy-MM-dd HH:mm:ss,SSS"
/* A round in which nothing came further takes at least so long: somebody is away, and the others answer at once. */
#define IDLE_MS 200

enum verification_option {
	VERIFICATION_BROKER_LIST,
	VERIFICATION_FETCH_SIZE,
	VERIFICATION_MAX_WAIT_MS,
	VERIFICATION_REPORT_INTERVAL_MS,
	VERIFICATION_TIME,
	VERIFICATION_TOPIC_WHITE_LIST,
	VERIFICATION_TOPICS_INCLUDE,
	VERIFICATION_HELP,
	VERIFICATION_VERSION,
	VERIFICATION_OPTION_COUNT,
};

static const struct option verification_options[VERIFICATION_OPTION_COUNT] = {
	[VERIFICATION_BROKER_LIST] = {.name = "broker-list",
		.kind = OPTION_STRING,
		.arg = "host:port,...",
		.help = "REQUIRED: the broker or brokers to ask first."},
	[VERIFICATION_FETCH_SIZE] = {.name = "fetch-size",
		.kind = OPTION_INT,
		.arg = "bytes",
		.def = "1048576",
		.help = "Bytes to fetch of a partition at once."},
	[VERIFICATION_MAX_WAIT_MS] = {.name = "max-wait-ms",
		.kind = OPTION_INT,
		.arg = "ms",
		.def = "1000",
		.help = "How long a broker waits for new records."},
	[VERIFICATION_REPORT_INTERVAL_MS] = {.name = "report-interval-ms",
		.kind = OPTION_LONG,
		.arg = "ms",
		.def = "30000",
		.help = "How often the largest lag is printed."},
	[VERIFICATION_TIME] = {.name = "time",
		.kind = OPTION_LONG,
		.arg = "time",
		.def = "-1",
		.help = "Where to begin: with records of this time or later, in milliseconds since "
			"1970; -1 with new records, "
			"-2 with the oldest."},
	[VERIFICATION_TOPIC_WHITE_LIST] = {.name = "topic-white-list",
		.kind = OPTION_STRING,
		.arg = "Java regex",
		.def = ".*",
		.help = "DEPRECATED: the same as --topics-include."},
	[VERIFICATION_TOPICS_INCLUDE] = {.name = "topics-include",
		.kind = OPTION_STRING,
		.arg = "Java regex",
		.def = ".*",
		.help = "The topics to verify."},
	[VERIFICATION_HELP] = OPTION_HELP,
	[VERIFICATION_VERSION] = OPTION_VERSION,
};

typedef struct metadata_response_metadata_response_topic topic_row;
typedef struct metadata_response_metadata_response_partition partition_row;

struct verification {
	struct tool_admin tool;
	struct replica_fetch fetch;
	struct replica_partition **order; /* in which they are compared */
	size_t partitions_n;
	int64_t time, interval_ms, reported_ms;
	struct replica_lag lag;
};

static int fault_memory(struct verification *v)
{
	return tool_admin_fault(&v->tool, "%s", strerror(ENOMEM));
}

static int text_of(struct verification *v, enum verification_option id, const char **ret)
{
	return options_text(&v->tool.options, id, ret) ? tool_admin_fault(&v->tool, "%s", v->tool.options.error) : 0;
}

static int number_of(struct verification *v, enum verification_option id, int64_t *ret)
{
	return options_number(&v->tool.options, id, ret) ? tool_admin_fault(&v->tool, "%s", v->tool.options.error) : 0;
}

/* ---- topics ---- */

static int fetch_metadata(struct verification *v, struct metadata_response *out)
{
	struct metadata_request in;

	CODEC_INIT(metadata_request, &in);
	in.topics_n = -1;                    /* all */
	in.allow_auto_topic_creation = true; /* the default, the only value before version 4 */
	admin_begin(v->tool.admin, "listTopics");
	if (admin_call(v->tool.admin, false, API_METADATA, &in, &v->tool.arena, out))
		return tool_admin_fault(&v->tool, "%s", admin_error(v->tool.admin));
	return 0;
}

/* Both the pattern and what the filter makes of it must be one. */
static int compile_filter(struct verification *v, struct java_regex **ret)
{
	enum verification_option id = options_has(&v->tool.options, VERIFICATION_TOPICS_INCLUDE)
					      ? VERIFICATION_TOPICS_INCLUDE
					      : VERIFICATION_TOPIC_WHITE_LIST;
	CLEANUP(java_regex_freep) struct java_regex *raw = NULL;
	CLEANUP(freep) char *error = NULL;
	char why[JAVA_REGEX_ERROR_MAX];
	const char *text;

	if (text_of(v, id, &text))
		return -1;
	if (java_regex_compile(text, &raw, why))
		return tool_admin_fault(&v->tool, "%s is an invalid regex", text);
	return topic_filter_compile(text, ret, &error) ? tool_admin_fault(&v->tool, "%s", error) : 0;
}

static int by_name(const void *a, const void *b)
{
	const topic_row *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

static int by_index(const void *a, const void *b)
{
	const partition_row *x = a, *y = b;

	return x->partition_index < y->partition_index ? -1
						       : x->partition_index > y->partition_index;
}

/* In the order of a map with the brokers as keys. */
static void add_replicas(struct replica_partition *p, const partition_row *row)
{
	size_t n = (size_t)MAX(row->replica_nodes_n, 0);
	size_t *order = xcalloc(n + 1, sizeof(*order));

	java_order(row->replica_nodes, n, java_buckets(n), order);
	p->replicas = xcalloc(n + 1, sizeof(*p->replicas));
	for (size_t i = 0; i < n; i++) {
		int32_t id = row->replica_nodes[order[i]];

		if (!replica_find(p, id))
			p->replicas[p->n++] = (struct replica){.broker = id, .high_watermark = -1};
	}
	free(order);
}

static int add_topic(struct verification *v, const topic_row *row)
{
	struct verified_topic *t = &v->fetch.topics[v->fetch.topics_n];

	if (row->error_code)
		return tool_admin_fault(&v->tool, "%s", report_default_message(row->error_code));
	*t = (struct verified_topic){.name = row->name, .id = row->topic_id};
	t->partitions =
		arena_array(&v->tool.arena, (size_t)MAX(row->partitions_n, 0), sizeof(*t->partitions));
	if (!t->partitions)
		return fault_memory(v);
	v->fetch.topics_n++;
	if (row->partitions_n > 0)
		qsort(row->partitions, (size_t)row->partitions_n, sizeof(*row->partitions),
			by_index);
	for (int32_t i = 0; i < row->partitions_n; i++) {
		struct replica_partition *p = &t->partitions[t->n];

		if (i > 0 && row->partitions[i].partition_index ==
				     row->partitions[i - 1].partition_index)
			continue;
		*p = (struct replica_partition){
			.topic = row->name, .partition = row->partitions[i].partition_index};
		add_replicas(p, &row->partitions[i]);
		t->n++;
	}
	v->partitions_n += t->n;
	return 0;
}

static int choose_topics(struct verification *v, struct metadata_response *metadata)
{
	CLEANUP(java_regex_freep) struct java_regex *filter = NULL;

	if (metadata->topics_n > 0 && compile_filter(v, &filter))
		return -1;
	v->fetch.topics = arena_array(
		&v->tool.arena, (size_t)MAX(metadata->topics_n, 0), sizeof(*v->fetch.topics));
	if (!v->fetch.topics)
		return fault_memory(v);
	if (metadata->topics_n > 0)
		qsort(metadata->topics, (size_t)metadata->topics_n, sizeof(*metadata->topics),
			by_name);
	for (int32_t i = 0; i < metadata->topics_n; i++) {
		const topic_row *row = &metadata->topics[i];

		if (!java_regex_matches(filter, row->name.p, (size_t)MAX(row->name.len, 0)))
			continue;
		if (add_topic(v, row))
			return -1;
	}
	if (v->partitions_n > 0)
		return 0;
	report("ERROR", LOGGER,
		"No topics found. [topics-include] if specified, is either filtering out all "
		"topics or there is no topic.");
	return 1;
}

/* ---- the order in which Java's tool goes through the partitions ---- */

/* The topics as a map of their descriptions has them. */
static size_t *topics_order(const struct replica_fetch *f)
{
	int32_t *hashes = xcalloc(f->topics_n + 1, sizeof(*hashes));
	size_t *order;

	for (size_t i = 0; i < f->topics_n; i++)
		hashes[i] = str_java_hash(f->topics[i].name);
	order = java_result_order(hashes, f->topics_n);
	free(hashes);
	return order;
}

static void order_partitions(struct replica_partition **v, size_t n, size_t buckets)
{
	struct replica_partition **old = xmemdup(v, n * sizeof(*v));
	int32_t *hashes = xcalloc(n + 1, sizeof(*hashes));
	size_t *order = xcalloc(n + 1, sizeof(*order));

	for (size_t i = 0; i < n; i++)
		hashes[i] = java_hash_partition(v[i]->topic, v[i]->partition);
	java_order(hashes, n, buckets, order);
	for (size_t i = 0; i < n; i++)
		v[i] = old[order[i]];
	free(order);
	free(hashes);
	free(old);
}

/* A map that was made by grouping, which puts a key before those of its bucket and grows late, and one with its keys. */
static int put_in_order(struct verification *v)
{
	size_t at = v->partitions_n, *topics = topics_order(&v->fetch);

	v->order = arena_array(&v->tool.arena, v->partitions_n, sizeof(struct replica_partition *));
	if (v->order) {
		for (size_t i = 0; i < v->fetch.topics_n; i++)
			for (size_t k = 0; k < v->fetch.topics[topics[i]].n; k++)
				v->order[--at] = &v->fetch.topics[topics[i]].partitions[k];
		order_partitions(v->order, v->partitions_n, java_buckets(v->partitions_n - 1));
		order_partitions(v->order, v->partitions_n, java_buckets(v->partitions_n));
	}
	free(topics);
	return v->order ? 0 : fault_memory(v);
}

/* ---- brokers ---- */

static struct verified_broker *find_broker(const struct replica_fetch *f, int32_t id)
{
	for (size_t i = 0; i < f->brokers_n; i++)
		if (f->brokers[i].id == id)
			return &f->brokers[i];
	return NULL;
}

static int add_broker(struct verification *v, const struct metadata_response *metadata, int32_t id)
{
	for (int32_t i = 0; i < metadata->brokers_n; i++) {
		char *host;

		if (metadata->brokers[i].node_id != id)
			continue;
		host = arena_strdup(&v->tool.arena, metadata->brokers[i].host);
		if (!host)
			return fault_memory(v);
		v->fetch.brokers[v->fetch.brokers_n++] = (struct verified_broker){
			.id = id, .host = host, .port = metadata->brokers[i].port, .version = -1};
		return 0;
	}
	return tool_admin_fault(&v->tool,
		"Broker %d, which has replicas, is not available; all brokers must be there at the "
		"start",
		id);
}

static int choose_brokers(struct verification *v, const struct metadata_response *metadata)
{
	v->fetch.brokers = arena_array(
		&v->tool.arena, (size_t)MAX(metadata->brokers_n, 0), sizeof(*v->fetch.brokers));
	if (!v->fetch.brokers)
		return fault_memory(v);
	for (size_t i = 0; i < v->partitions_n; i++)
		for (size_t k = 0; k < v->order[i]->n; k++) {
			int32_t id = v->order[i]->replicas[k].broker;

			if (!find_broker(&v->fetch, id) && add_broker(v, metadata, id))
				return -1;
		}
	return 0;
}

/* ---- where to begin ---- */

static int check_offset(
	struct verification *v, const struct partition_offset *at, struct replica_partition *p)
{
	const char *message;

	if (at->error.len >= 0) {
		message = memmem(at->error.p, (size_t)at->error.len, ": ", 2);
		return tool_admin_fault(&v->tool, "%s", message ? message + 2 : "The offsets cannot be found");
	}
	if (at->offset < 0)
		return tool_admin_fault(&v->tool, "Partition %.*s-%d has no record of the time %lld or later",
			STR_ARG(p->topic), p->partition, (long long)v->time);
	p->offset = at->offset;
	return 0;
}

static int find_offsets(struct verification *v)
{
	struct partition_offset *at = arena_array(&v->tool.arena, v->partitions_n, sizeof(*at));

	if (!at)
		return fault_memory(v);
	if (number_of(v, VERIFICATION_TIME, &v->time))
		return -1;
	if (v->time < OFFSETS_EARLIEST)
		return tool_admin_fault(&v->tool,
			"The target time for partition %.*s-%d is %lld. The target time cannot be "
			"negative.",
			STR_ARG(v->order[0]->topic), v->order[0]->partition, (long long)v->time);
	for (size_t i = 0; i < v->partitions_n; i++)
		at[i] = (struct partition_offset){
			.topic = v->order[i]->topic, .partition = v->order[i]->partition};
	admin_begin(v->tool.admin, "listOffsets");
	admin_list_offsets(v->tool.admin, v->time, at, v->partitions_n, &v->tool.arena);
	for (size_t i = 0; i < v->partitions_n; i++)
		if (check_offset(v, &at[i], v->order[i]))
			return -1;
	return 0;
}

/* ---- verifying ---- */

static void say(void *arg, const char *line)
{
	char *date = java_date_format(DATE_FORMAT, clock_wall_ms(&clock_real));

	(void)arg;
	printf("%s: %s\n", date, line);
	fflush(stdout);
	free(date);
}

static void report_lag(struct verification *v)
{
	int64_t now_ms = clock_mono_ms(&clock_real);
	char *line;

	if (now_ms - v->reported_ms <= v->interval_ms)
		return;
	line = replica_lag_text(&v->lag, v->partitions_n);
	say(NULL, line);
	free(line);
	v->reported_ms = now_ms;
}

/* 0; 1 when offsets differ; -1 after fault. */
static int verify_partition(struct verification *v, struct replica_partition *p, bool *ret_moved)
{
	int64_t high_watermark = replica_high_watermark(p), before = p->offset;
	int32_t broker;

	switch (replica_compare(p, say, NULL, &broker)) {
	case REPLICAS_GO_ON:
		break;
	case REPLICAS_DIFFER:
		return 1;
	case REPLICAS_BROKEN:
		return tool_admin_fault(&v->tool,
			"Error in processing replica %d in partition %.*s-%d at offset %lld",
			broker, STR_ARG(p->topic), p->partition, (long long)p->offset);
	}
	*ret_moved |= p->offset != before;
	replica_lag_add(&v->lag, p, high_watermark);
	return 0;
}

static int verify_round(struct verification *v, bool *ret_moved)
{
	replica_fetch_round(&v->fetch);
	v->lag.lag = -1;
	for (size_t i = 0; i < v->partitions_n; i++) {
		int r = verify_partition(v, v->order[i], ret_moved);

		if (r)
			return r;
	}
	report_lag(v);
	return 0;
}

static void pause_since(int64_t start_ms)
{
	int64_t ms = IDLE_MS - (clock_mono_ms(&clock_real) - start_ms);
	struct timespec t = {.tv_nsec = ms * 1000000};

	if (ms > 0)
		nanosleep(&t, NULL);
}

/* Until a signal ends the process. */
static int verify(struct verification *v)
{
	int r = 0;

	say(NULL, "verification process is started");
	v->reported_ms = clock_mono_ms(&clock_real);
	v->lag = REPLICA_LAG_INIT;
	while (!r) {
		int64_t start_ms = clock_mono_ms(&clock_real);
		bool moved = false;

		r = verify_round(v, &moved);
		if (!moved && !r)
			pause_since(start_ms);
	}
	return r;
}

/* ---- running ---- */

static int check_usage(struct verification *v, const char **ret_servers)
{
	static const size_t others[] = {VERIFICATION_TOPIC_WHITE_LIST};
	struct options *o = &v->tool.options;
	const char *why;

	if (options_require(o, VERIFICATION_BROKER_LIST) ||
		options_refuse(o, VERIFICATION_TOPICS_INCLUDE, others, ARRAY_LEN(others)))
		return 1;
	if (text_of(v, VERIFICATION_BROKER_LIST, ret_servers))
		return -1;
	why = server_list_fault(*ret_servers);
	return why ? options_usage(o, why) : 0;
}

static int read_numbers(struct verification *v)
{
	int64_t fetch_size = 0, max_wait_ms = 0;

	if (number_of(v, VERIFICATION_REPORT_INTERVAL_MS, &v->interval_ms) ||
		number_of(v, VERIFICATION_FETCH_SIZE, &fetch_size) ||
		number_of(v, VERIFICATION_MAX_WAIT_MS, &max_wait_ms))
		return -1;
	v->fetch.fetch_size = (int32_t)fetch_size;
	v->fetch.max_wait_ms = (int32_t)max_wait_ms;
	return 0;
}

static int prepare(struct verification *v, const char *servers)
{
	struct metadata_response metadata;
	CLEANUP(freep) char *error = NULL;
	int r;

	if (tool_admin_open(servers, NULL, NULL, &v->tool.admin, &error))
		return tool_admin_fault(&v->tool, "%s", error);
	r = fetch_metadata(v, &metadata);
	if (!r)
		r = choose_topics(v, &metadata);
	if (!r)
		r = put_in_order(v);
	if (!r)
		r = find_offsets(v);
	if (!r)
		r = read_numbers(v);
	return r ? r : choose_brokers(v, &metadata);
}

static int run_with(struct tool_admin *tool)
{
	struct verification *v = CONTAINER_OF(tool, struct verification, tool);
	const char *servers;
	int r = check_usage(v, &servers);

	if (!r)
		r = prepare(v, servers);
	if (!r)
		r = verify(v);
	replica_fetch_close(&v->fetch);
	for (size_t t = 0; t < v->fetch.topics_n; t++)
		for (size_t i = 0; i < v->fetch.topics[t].n; i++)
			replica_partition_fini(&v->fetch.topics[t].partitions[i]);
	return r;
}

static int run(int argc, char **argv)
{
	struct verification v = {.order = NULL};

	report("WARN", LOGGER, "This tool is deprecated and may be removed in a future major release.");
	return tool_admin_run(&v.tool, verification_options, VERIFICATION_OPTION_COUNT,
		"Validate that all replicas for a set of topics have the same data.", run_with, argc, argv);
}

const struct tool tool_replica_verification = {
	.name = "replica-verification",
	.script = "kafka-replica-verification.sh",
	.summary = "compare the replicas of partitions",
	.synopsis = "--broker-list HOST:PORT,... [OPTION]...",
	.options = verification_options,
	.options_n = VERIFICATION_OPTION_COUNT,
	.run = run,
	.description = "Fetches the records of partitions from each of their replicas, and "
		       "compares offsets and checksums batch by "
		       "batch, up to the high watermark, until it is interrupted. A line tells of "
		       "each difference, and every now and "
		       "then one tells of the partition that is farthest behind with this.\n"
		       "\n"
		       "All brokers with replicas must be there when it starts. When one goes away "
		       "later, its partitions wait for it. "
		       "It begins with new records unless `--time` says otherwise. Replicas of a "
		       "compacted topic need not be the same.",
	.examples = "\tkafka-replica-verification.sh --broker-list host:9092 --topics-include "
		    "'clicks.*' --time -2",
	.exit_status = "`1` when the command line was wrong, when a broker was not there at the "
		       "start, or when offsets of "
		       "replicas differ. Otherwise a signal ends it.",
	.see_also = "kafka-topics.sh(1), kafka-log-dirs.sh(1), kafka-dump-log.sh(1)",
};
