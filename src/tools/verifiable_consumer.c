/* verifiable_consumer.c - kafka-verifiable-consumer.sh: a member of a group that tells what it is assigned, gets and
 * commits, in lines of JSON (cli.md section 17). Test frameworks read the lines.
 *
 * What one poll of Kafka's would give, at most max.poll.records, is told and committed together. A signal, or an error
 * that lets nothing go on, ends it in order: partitions are given back, and shutdown_complete is the last line.
 */
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "tools/argparse.h"
#include "tools/client_properties.h"
#include "tools/group_consumer.h"
#include "tools/json_text.h"
#include "tools/report.h"
#include "tools/stop_signal.h"
#include "tools/tool.h"

#define LOGGER	  "org.apache.kafka.tools.VerifiableConsumer"
#define ASSIGNOR  "org.apache.kafka.clients.consumer.RangeAssignor"
#define SERVERS	  "HOST1:PORT1[,HOST2:PORT2[...]]"
#define POLL_MS	  100
#define BATCH_MAX 10000 /* of max.poll.records */

enum verifiable_option {
	VERIFIABLE_HELP,
	VERIFIABLE_TOPIC,
	VERIFIABLE_GROUP_PROTOCOL,
	VERIFIABLE_GROUP_REMOTE_ASSIGNOR,
	VERIFIABLE_GROUP_ID,
	VERIFIABLE_GROUP_INSTANCE_ID,
	VERIFIABLE_MAX_MESSAGES,
	VERIFIABLE_SESSION_TIMEOUT,
	VERIFIABLE_VERBOSE,
	VERIFIABLE_ENABLE_AUTOCOMMIT,
	VERIFIABLE_RESET_POLICY,
	VERIFIABLE_ASSIGNMENT_STRATEGY,
	VERIFIABLE_CONFIG,
	VERIFIABLE_BOOTSTRAP_SERVER,
	VERIFIABLE_BROKER_LIST,
	VERIFIABLE_OPTION_COUNT,
};

static const struct option options[VERIFIABLE_OPTION_COUNT] = {
	[VERIFIABLE_HELP] = ARGPARSE_HELP,
	[VERIFIABLE_TOPIC] = {"topic", OPTION_STRING, "TOPIC", NULL, "The topic to consume.",
		.required = true},
	[VERIFIABLE_GROUP_PROTOCOL] = {"group-protocol", OPTION_STRING, "GROUP_PROTOCOL", "classic",
		"How the group works: classic. The other one, consumer, no broker with ZooKeeper has."},
	[VERIFIABLE_GROUP_REMOTE_ASSIGNOR] = {"group-remote-assignor", OPTION_STRING,
		"GROUP_REMOTE_ASSIGNOR", NULL, "An assignor of the broker, for the group protocol consumer."},
	[VERIFIABLE_GROUP_ID] = {"group-id", OPTION_STRING, "GROUP_ID", NULL,
		"The group to be a member of.", .required = true},
	[VERIFIABLE_GROUP_INSTANCE_ID] = {"group-instance-id", OPTION_STRING, "GROUP_INSTANCE_ID",
		NULL, "Name of this member that stays when it starts again."},
	[VERIFIABLE_MAX_MESSAGES] = {"max-messages", OPTION_INT, "MAX-MESSAGES", "-1",
		"How many records to consume; with -1 until the program is stopped."},
	[VERIFIABLE_SESSION_TIMEOUT] = {"session-timeout", OPTION_INT, "TIMEOUT_MS", "30000",
		"How long the group waits for a member that is not heard of."},
	[VERIFIABLE_VERBOSE] = {"verbose", OPTION_FLAG, NULL, NULL,
		"Print a line about every record too."},
	[VERIFIABLE_ENABLE_AUTOCOMMIT] = {"enable-autocommit", OPTION_FLAG, NULL, NULL,
		"Let the client commit now and then, instead of after every poll."},
	[VERIFIABLE_RESET_POLICY] = {"reset-policy", OPTION_STRING, "RESETPOLICY", "earliest",
		"Where to begin without a committed offset: earliest, latest or none."},
	[VERIFIABLE_ASSIGNMENT_STRATEGY] = {"assignment-strategy", OPTION_STRING,
		"ASSIGNMENTSTRATEGY", ASSIGNOR, "Java class that shares out partitions."},
	[VERIFIABLE_CONFIG] = {"consumer.config", OPTION_STRING, "CONFIG_FILE", NULL,
		"Properties file with consumer settings; the options go before it."},
	[VERIFIABLE_BOOTSTRAP_SERVER] = {"bootstrap-server", OPTION_STRING, SERVERS, NULL,
		"REQUIRED: the broker or brokers to ask first.", .group = 1},
	[VERIFIABLE_BROKER_LIST] = {"broker-list", OPTION_STRING, SERVERS, NULL,
		"Old name of --bootstrap-server.", .group = 1},
};

static const struct argparse_group groups[] = {
	{"Connection Group", "How to find the brokers", .required = true}};

static const struct argparse parser = {
	.prog = "verifiable-consumer",
	.description = "Consumes a topic as a member of a group and prints a line of JSON about "
		       "everything that happens: assignments, records, commits.",
	.table = options,
	.n = VERIFIABLE_OPTION_COUNT,
	.groups = groups,
	.groups_n = ARRAY_LEN(groups),
	.help_without_words = true,
};

struct verifiable {
	struct options *options;
	struct properties config;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	const char *topic;
	bool verbose, auto_commit;
	int64_t max, consumed; /* max below 0: no limit */
	size_t batch;
	char *exception; /* what ended the consumer; owned */
};

/* What a poll gave of one partition. */
struct share {
	int32_t partition;
	int64_t count, min, max;
};

static void print_plain(const char *name)
{
	json_event_begin(stdout, name);
	json_event_end(stdout);
	fflush(stdout);
}

/* {"topic":"t","partition":0, and the caller goes on */
static void put_partition(FILE *out, bool first, const char *topic, int32_t partition)
{
	fputs(first ? "{\"topic\":" : ",{\"topic\":", out);
	json_put_string(out, str_of(topic));
	fprintf(out, ",\"partition\":%d", partition);
}

static void print_partitions(const char *name, const rd_kafka_topic_partition_list_t *l)
{
	json_event_begin(stdout, name);
	json_event_key(stdout, "partitions");
	putchar('[');
	for (int i = 0; i < l->cnt; i++) {
		put_partition(stdout, i == 0, l->elems[i].topic, l->elems[i].partition);
		putchar('}');
	}
	putchar(']');
	json_event_end(stdout);
	fflush(stdout);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
	struct verifiable *v = opaque;
	bool assigned = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;

	if (assigned || partitions->cnt > 0)
		print_partitions(
			assigned ? "partitions_assigned" : "partitions_revoked", partitions);
	group_consumer_accept(
		rk, assigned, partitions, properties_get(&v->config, "auto.offset.reset"));
}

static const char *word_of(const struct verifiable *v, enum verifiable_option id)
{
	const char *text = NULL;

	(void)!options_text(v->options, id, &text);
	return text;
}

static void set_client_id(struct verifiable *v)
{
	const char *instance = properties_get(&v->config, "group.instance.id");
	CLEANUP(freep) char *id = xasprintf("consumer-%s-%s",
		properties_get(&v->config, "group.id"), instance ? instance : "1");

	if (!properties_get(&v->config, "client.id"))
		properties_set(&v->config, "client.id", id, 0);
}

/* 0, or the exit code after a message. */
static int read_config(struct verifiable *v)
{
	const char *path = word_of(v, VERIFIABLE_CONFIG),
		   *servers = word_of(v, VERIFIABLE_BOOTSTRAP_SERVER),
		   *instance = word_of(v, VERIFIABLE_GROUP_INSTANCE_ID);
	CLEANUP(freep) char *error = NULL;

	if (path && client_properties_load(&v->config, path, &error))
		return argparse_error(&parser, ARGPARSE_NO_COMMAND, error);
	properties_set(&v->config, "partition.assignment.strategy",
		word_of(v, VERIFIABLE_ASSIGNMENT_STRATEGY), 0);
	properties_set(&v->config, "group.id", word_of(v, VERIFIABLE_GROUP_ID), 0);
	if (instance)
		properties_set(&v->config, "group.instance.id", instance, 0);
	properties_set(&v->config, "bootstrap.servers",
		servers ? servers : word_of(v, VERIFIABLE_BROKER_LIST), 0);
	properties_set(&v->config, "enable.auto.commit", v->auto_commit ? "true" : "false", 0);
	properties_set(
		&v->config, "auto.offset.reset", word_of(v, VERIFIABLE_RESET_POLICY), 0);
	properties_set(
		&v->config, "session.timeout.ms", word_of(v, VERIFIABLE_SESSION_TIMEOUT), 0);
	set_client_id(v);
	return 0;
}

static int open_consumer(struct verifiable *v)
{
	rd_kafka_conf_t *conf;
	int64_t batch = 500;
	char *error = NULL;

	if (client_property_number(&v->config, "max.poll.records", 500, &batch, &error)) {
		v->exception = xasprintf(
			"org.apache.kafka.common.config.ConfigException: %s", error);
		free(error);
		return -EINVAL;
	}
	if (group_consumer_conf(&v->config, &conf, &v->exception))
		return -EINVAL;
	v->batch = (size_t)MIN(MAX(batch, 1), BATCH_MAX);
	rd_kafka_conf_set_opaque(conf, v);
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	if (group_consumer_open(conf, &v->rk, &v->exception))
		return -EINVAL;
	v->queue = rd_kafka_queue_get_consumer(v->rk);
	return 0;
}

static struct str text_of(const void *p, size_t len)
{
	return p ? (struct str){p, (int32_t)len} : STR_NULL;
}

static void print_record(const rd_kafka_message_t *m)
{
	json_event_begin(stdout, "record_data");
	json_event_string(stdout, "key", text_of(m->key, m->key_len));
	json_event_string(stdout, "value", text_of(m->payload, m->len));
	json_event_string(stdout, "topic", str_of(rd_kafka_topic_name(m->rkt)));
	json_event_number(stdout, "partition", m->partition);
	json_event_number(stdout, "offset", m->offset);
	json_event_end(stdout);
}

static void print_consumed(
	const struct verifiable *v, size_t count, const struct share *shares, size_t n)
{
	json_event_begin(stdout, "records_consumed");
	json_event_number(stdout, "count", (int64_t)count);
	json_event_key(stdout, "partitions");
	putchar('[');
	for (size_t i = 0; i < n; i++) {
		const struct share *s = &shares[i];

		put_partition(stdout, i == 0, v->topic, s->partition);
		printf(",\"count\":%lld,\"minOffset\":%lld,\"maxOffset\":%lld}",
			(long long)s->count, (long long)s->min, (long long)s->max);
	}
	putchar(']');
	json_event_end(stdout);
	fflush(stdout);
}

static void print_committed(
	const struct verifiable *v, const struct share *shares, size_t n, rd_kafka_resp_err_t err)
{
	json_event_begin(stdout, "offsets_committed");
	json_event_key(stdout, "offsets");
	putchar('[');
	for (size_t i = 0; i < n; i++) {
		put_partition(stdout, i == 0, v->topic, shares[i].partition);
		printf(",\"offset\":%lld}", (long long)shares[i].max + 1);
	}
	putchar(']');
	if (err)
		json_event_string(stdout, "error",
			str_of(err > 0 ? report_default_message(err) : rd_kafka_err2str(err)));
	json_event_key(stdout, "success");
	fputs(err ? "false" : "true", stdout);
	json_event_end(stdout);
	fflush(stdout);
}

static void commit(struct verifiable *v, const struct share *shares, size_t n)
{
	rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new((int)n);
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(offsets, v->topic, shares[i].partition)->offset =
			shares[i].max + 1;
	if (n > 0)
		err = rd_kafka_commit(v->rk, offsets, 0);
	for (int i = 0; !err && i < offsets->cnt; i++)
		err = offsets->elems[i].err;
	rd_kafka_topic_partition_list_destroy(offsets);
	if (err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID && !v->exception)
		v->exception = xasprintf("org.apache.kafka.common.errors.FencedInstanceIdException:"
					 " %s",
			report_default_message(err));
	else
		print_committed(v, shares, n, err);
}

/* The records of one partition, as many as are still wanted. */
static struct share take_share(
	struct verifiable *v, int32_t partition, rd_kafka_message_t *const *records, size_t n)
{
	struct share s = {.partition = partition};

	for (size_t i = 0; i < n && (v->max < 0 || v->consumed < v->max); i++) {
		const rd_kafka_message_t *m = records[i];

		if (m->partition != partition)
			continue;
		if (s.count++ == 0)
			s.min = m->offset;
		s.max = m->offset;
		v->consumed++;
		if (v->verbose)
			print_record(m);
	}
	return s;
}

static bool is_known(const struct share *shares, size_t n, int32_t partition)
{
	for (size_t i = 0; i < n; i++)
		if (shares[i].partition == partition)
			return true;
	return false;
}

/* Tells of the records of a poll, partition by partition, and commits. */
static void take_records(struct verifiable *v, rd_kafka_message_t *const *records, size_t n)
{
	struct share *shares = NULL;
	size_t shares_n = 0, cap = 0;

	for (size_t i = 0; i < n && (v->max < 0 || v->consumed < v->max); i++) {
		if (is_known(shares, shares_n, records[i]->partition))
			continue;
		shares = grow_array(shares, &cap, shares_n + 1, sizeof(*shares));
		shares[shares_n++] = take_share(v, records[i]->partition, records + i, n - i);
	}
	print_consumed(v, n, shares, shares_n);
	if (!v->auto_commit)
		commit(v, shares, shares_n);
	free(shares);
}

/* Sorts errors out of what came; returns the number of records, which are moved to the front. */
static size_t take_errors(struct verifiable *v, rd_kafka_message_t **batch, size_t n)
{
	size_t records = 0;

	for (size_t i = 0; i < n; i++) {
		if (!batch[i]->err) {
			batch[records++] = batch[i];
			continue;
		}
		if (!v->exception)
			v->exception = group_consumer_exception(&v->config, batch[i]);
		rd_kafka_message_destroy(batch[i]);
	}
	return records;
}

static void poll_once(struct verifiable *v)
{
	static rd_kafka_message_t *batch[BATCH_MAX];
	ssize_t more;
	size_t n;

	batch[0] = rd_kafka_consume_queue(v->queue, POLL_MS);
	if (!batch[0])
		return;
	more = rd_kafka_consume_batch_queue(v->queue, 0, batch + 1, v->batch - 1);
	n = take_errors(v, batch, 1 + (size_t)MAX(more, 0));
	if (n > 0 && !v->exception)
		take_records(v, batch, n);
	for (size_t i = 0; i < n; i++)
		rd_kafka_message_destroy(batch[i]);
}

static bool is_finished(const struct verifiable *v)
{
	return stop_signal || v->exception || (v->max >= 0 && v->consumed >= v->max);
}

static void consume(struct verifiable *v)
{
	print_plain("startup_complete");
	if (strcasecmp(word_of(v, VERIFIABLE_GROUP_PROTOCOL), "consumer") == 0)
		v->exception = xstrdup("org.apache.kafka.common.errors.UnsupportedVersionException:"
				       " The version of API is not supported.");
	else
		(void)!group_consumer_subscribe(v->rk, v->topic, &v->exception);
	while (!is_finished(v))
		poll_once(v);
	if (v->exception) {
		report("ERROR", LOGGER, "Error during processing, terminating consumer process: ");
		fprintf(stderr, "%s\n", v->exception);
	}
}

static void close_consumer(struct verifiable *v)
{
	if (v->queue)
		rd_kafka_queue_destroy(v->queue);
	if (v->rk) {
		(void)rd_kafka_consumer_close(v->rk); /* on_rebalance tells what is given back */
		rd_kafka_destroy(v->rk);
	}
}

static int run_with(struct verifiable *v)
{
	int64_t max = -1;
	int exit_code;

	v->topic = word_of(v, VERIFIABLE_TOPIC);
	v->verbose = options_has(v->options, VERIFIABLE_VERBOSE);
	v->auto_commit = options_has(v->options, VERIFIABLE_ENABLE_AUTOCOMMIT);
	(void)!options_number(v->options, VERIFIABLE_MAX_MESSAGES, &max);
	v->max = max;
	exit_code = read_config(v);
	if (exit_code)
		return exit_code;
	if (open_consumer(v)) {
		fprintf(stderr, "Exception in thread \"main\" %s\n", v->exception);
		return 1;
	}
	stop_signal_catch();
	consume(v);
	close_consumer(v);
	print_plain("shutdown_complete");
	return stop_signal_exit_code(0);
}

static int run(int argc, char **argv)
{
	struct options o;
	struct verifiable v = {.options = &o};
	int command, exit_code;

	if (argparse_read(&parser, argc, argv, &o, &command, &exit_code) == 0)
		exit_code = run_with(&v);
	properties_fini(&v.config);
	options_fini(&o);
	free(v.exception);
	return exit_code;
}

const struct tool tool_verifiable_consumer = {
	.name = "verifiable-consumer",
	.script = "kafka-verifiable-consumer.sh",
	.summary = "consume as a member of a group and tell what happens",
	.options = options,
	.options_n = VERIFIABLE_OPTION_COUNT,
	.run = run,
	.description =
		"A member of a group that prints a line of JSON about everything that happens: "
		"`partitions_assigned`, `partitions_revoked`, `records_consumed`, `offsets_committed`. For test "
		"programs.",
	.exit_status = "0 also after an error of the group or the topic, which is on the standard error; 1 when the "
		       "command line or the settings are wrong, and 128 plus its number after a signal, which ends "
		       "the tool in order.",
	.examples = "\tkafka-verifiable-consumer.sh --bootstrap-server host:9092 --topic test --group-id g",
	.see_also = "kafka-verifiable-producer.sh(1)",
};
