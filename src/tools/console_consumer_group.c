/* console_consumer_group.c - what happens when partitions are assigned to the console consumer.
 *
 * Of the partitions that are new, those without a committed offset are looked up at the end of the log that they begin
 * at, assigned with that offset, and the offset is committed. When the look-up fails in the time there is, librdkafka
 * finds its own way.
 */
#include "tools/console_consumer_group.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "tools/java_order.h"
#include "tools/report.h"

#define LOGGER "org.apache.kafka.clients.consumer.internals.ConsumerCoordinator"
#define ASK_MS 10000
/* Timestamps of ListOffsets for the ends of a log. */
#define TIME_LATEST (-1)
#define TIME_EARLIEST (-2)

static void clear(rd_kafka_topic_partition_list_t *list)
{
	while (list->cnt > 0)
		rd_kafka_topic_partition_list_del_by_idx(list, list->cnt - 1);
}

/* The partitions that have no committed offset; NULL when it cannot be found out. */
static rd_kafka_topic_partition_list_t *without_offset(
	rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *assigned)
{
	rd_kafka_topic_partition_list_t *asked = rd_kafka_topic_partition_list_copy(assigned),
					*list = NULL;

	if (rd_kafka_committed(rk, asked, ASK_MS) == 0) {
		list = rd_kafka_topic_partition_list_new(asked->cnt);
		for (int i = 0; i < asked->cnt; i++)
			if (!asked->elems[i].err && asked->elems[i].offset < 0)
				rd_kafka_topic_partition_list_add(
					list, asked->elems[i].topic, asked->elems[i].partition);
	}
	rd_kafka_topic_partition_list_destroy(asked);
	return list;
}

/* "[t-2, t-0]", in the order of Java's set. */
static char *names_of(const rd_kafka_topic_partition_list_t *list)
{
	size_t n = (size_t)list->cnt, *order = xcalloc(n + 1, sizeof(*order)), len;
	int32_t *hashes = xcalloc(n + 1, sizeof(*hashes));
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	for (size_t i = 0; i < n; i++)
		hashes[i] =
			java_hash_partition(str_of(list->elems[i].topic), list->elems[i].partition);
	java_order(hashes, n, java_buckets(n), order);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%s-%d", i ? ", " : "[", list->elems[order[i]].topic,
			list->elems[order[i]].partition);
	fputc(']', out);
	fclose(out);
	free(hashes);
	free(order);
	return text;
}

/* auto.offset.reset=none: there is nothing to begin with. */
static void refuse(struct group_start *g, const rd_kafka_topic_partition_list_t *list)
{
	CLEANUP(freep) char *names = names_of(list);

	free(g->exception);
	g->exception = xasprintf("org.apache.kafka.clients.consumer.NoOffsetForPartitionException: "
				 "Undefined offset with no reset policy for partitions: %s",
		names);
}

/* Sets the offsets of `list` to an end of each log; those that cannot be had are taken off. */
static void look_up(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int64_t timestamp)
{
	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = timestamp;
	if (rd_kafka_offsets_for_times(rk, list, ASK_MS))
		clear(list);
	for (int i = list->cnt; i-- > 0;)
		if (list->elems[i].err || list->elems[i].offset < 0)
			rd_kafka_topic_partition_list_del_by_idx(list, i);
}

/* Gives the partitions without a committed offset one. The result is those, NULL when there are none. */
static rd_kafka_topic_partition_list_t *find_starts(
	struct group_start *g, rd_kafka_t *rk, rd_kafka_topic_partition_list_t *assigned)
{
	rd_kafka_topic_partition_list_t *list = assigned->cnt ? without_offset(rk, assigned) : NULL;

	if (list && list->cnt > 0 && strcmp(g->reset, "none") == 0) {
		refuse(g, list);
		clear(list);
	}
	if (list && list->cnt > 0)
		look_up(rk, list, strcmp(g->reset, "earliest") == 0 ? TIME_EARLIEST : TIME_LATEST);
	for (int i = 0; list && i < list->cnt; i++) {
		rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_find(
			assigned, list->elems[i].topic, list->elems[i].partition);

		if (p)
			p->offset = list->elems[i].offset;
	}
	return list;
}

static void say(rd_kafka_resp_err_t err)
{
	if (err)
		report("ERROR", LOGGER, "The assignment of partitions failed: %s",
			rd_kafka_err2str(err));
}

static void say_error(rd_kafka_error_t *error)
{
	say(error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR);
	rd_kafka_error_destroy(error);
}

static void assign(struct group_start *g, rd_kafka_t *rk,
	rd_kafka_topic_partition_list_t *partitions, bool cooperative)
{
	rd_kafka_topic_partition_list_t *starts = find_starts(g, rk, partitions);

	if (g->exception)
		clear(partitions); /* nothing is read any more */
	if (cooperative)
		say_error(rd_kafka_incremental_assign(rk, partitions));
	else
		say(rd_kafka_assign(rk, partitions));
	if (!starts)
		return;
	if (starts->cnt > 0 && g->commits)
		say(rd_kafka_commit(rk, starts, 1));
	rd_kafka_topic_partition_list_destroy(starts);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
	const char *protocol = rd_kafka_rebalance_protocol(rk);
	bool cooperative = protocol && strcmp(protocol, "COOPERATIVE") == 0;

	if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
		assign(opaque, rk, partitions, cooperative);
	else if (cooperative)
		say_error(rd_kafka_incremental_unassign(rk, partitions));
	else
		say(rd_kafka_assign(rk, NULL));
}

void group_start_install(rd_kafka_conf_t *conf, struct group_start *g)
{
	rd_kafka_conf_set_opaque(conf, g);
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
}
