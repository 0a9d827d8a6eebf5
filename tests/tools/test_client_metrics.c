/* test_client_metrics.c - librdkafka's statistics as metrics by their Java names. */
#include "tools/client_metrics.h"

#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"

static struct client_metrics *metrics(enum client_kind kind)
{
	struct properties config = PROPERTIES_INIT;
	struct client_metrics *m;

	properties_set(&config, "client.id", "c", 0);
	properties_set(&config, "buffer.memory", "1000", 0);
	m = client_metrics_new(kind, &config);
	properties_fini(&config);
	return m;
}

/* The table, in memory that the next call uses again. */
static const char *table(struct client_metrics *m)
{
	static char text[32768];
	FILE *out = fmemopen(text, sizeof(text), "w");

	client_metrics_print(m, false, out);
	fclose(out);
	return text;
}

/* The value in the row of this name; the row must be there once. */
static void expect_row(const char *text, const char *name, const char *want)
{
	char start[128], got[64];
	const char *row;

	snprintf(start, sizeof(start), "\n%s", name);
	row = strstr(text, start);
	if (!row)
		fail_msg("no row %s in %s", name, text);
	assert_int_equal(1, sscanf(strstr(row, " : "), " : %63s", got));
	assert_string_equal(want, got);
}

static void take(struct client_metrics *m, const char *json)
{
	client_metrics_take(m, json, strlen(json));
}

static void a_producer(void **state)
{
	struct client_metrics *m = metrics(CLIENT_PRODUCER);
	const char *text;

	(void)state;
	take(m, "{\"tx\":1,\"txmsgs\":5,\"brokers\":{\"b\":{\"nodeid\":0,\"rtt\":{\"cnt\":1,\"sum\":"
		"3000,\"max\":3000}}},\"topics\":{\"t\":{\"batchsize\":{\"cnt\":2,\"sum\":100,"
		"\"max\":90}}}}");
	take(m, "{\"tx\":10,\"tx_bytes\":2000,\"rx\":9,\"rx_bytes\":300,\"txmsgs\":50,"
		"\"txmsg_bytes\":1000,\"msg_size\":400,"
		"\"brokers\":{\"b\":{\"nodeid\":0,\"state\":\"UP\",\"connects\":1,\"tx\":10,"
		"\"txbytes\":2000,\"txretries\":2,\"waitresp_cnt\":3,"
		"\"rtt\":{\"cnt\":1,\"sum\":1000,\"max\":1000}},"
		"\"boot\":{\"nodeid\":-1,\"state\":\"INIT\"}},"
		"\"topics\":{\"t\":{\"batchsize\":{\"cnt\":2,\"sum\":100,\"max\":60},"
		"\"batchcnt\":{\"cnt\":2,\"sum\":50},"
		"\"partitions\":{\"0\":{\"txmsgs\":20,\"txbytes\":400},\"1\":{\"txmsgs\":30,"
		"\"txbytes\":600}}}}}");
	text = table(m);
	assert_memory_equal("\nMetric Name ", text, 13);
	expect_row(text, "producer-metrics:request-total:{client-id=c}", "10.000");
	expect_row(text, "producer-metrics:request-size-avg:{client-id=c}", "200.000");
	expect_row(text, "producer-metrics:request-latency-avg:{client-id=c}", "2.000");
	expect_row(text, "producer-metrics:request-latency-max:{client-id=c}", "3.000");
	expect_row(text, "producer-metrics:batch-size-avg:{client-id=c}", "50.000");
	expect_row(text, "producer-metrics:batch-size-max:{client-id=c}", "90.000");
	expect_row(text, "producer-metrics:records-per-request-avg:{client-id=c}", "25.000");
	expect_row(text, "producer-metrics:record-send-total:{client-id=c}", "50.000");
	expect_row(text, "producer-metrics:record-retry-total:{client-id=c}", "2.000");
	expect_row(text, "producer-metrics:record-size-avg:{client-id=c}", "20.000");
	expect_row(text, "producer-metrics:buffer-total-bytes:{client-id=c}", "1000.000");
	expect_row(text, "producer-metrics:buffer-available-bytes:{client-id=c}", "600.000");
	expect_row(text, "producer-metrics:connection-count:{client-id=c}", "1.000");
	expect_row(text, "producer-metrics:requests-in-flight:{client-id=c}", "3.000");
	expect_row(text, "producer-node-metrics:request-total:{client-id=c, node-id=node-0}",
		"10.000");
	expect_row(text, "producer-node-metrics:request-latency-avg:{client-id=c, node-id=node--1}",
		"NaN");
	expect_row(text, "producer-topic-metrics:record-send-total:{client-id=c, topic=t}",
		"50.000");
	expect_row(text, "producer-topic-metrics:byte-total:{client-id=c, topic=t}", "1000.000");
	client_metrics_free(m);
}

static void a_consumer(void **state)
{
	struct client_metrics *m = metrics(CLIENT_CONSUMER);
	const char *text;

	(void)state;
	take(m, "{\"rxmsgs\":7,\"rxmsg_bytes\":70,\"brokers\":{\"b\":{\"req\":{\"Fetch\":2}}},\"cgrp\":{\"rebalance_cnt\":1,"
		"\"assignment_size\":4},\"topics\":{\"a.b\":{\"partitions\":{\"0\":{\"rxmsgs\":7,"
		"\"rxbytes\":70}}}}}");
	client_metrics_consumed(m, "a.b", 5, 50);
	text = table(m);
	expect_row(text, "consumer-fetch-manager-metrics:records-consumed-total:{client-id=c}",
		"5.000");
	expect_row(text, "consumer-fetch-manager-metrics:fetch-size-avg:{client-id=c}", "35.000");
	expect_row(text,
		"consumer-fetch-manager-metrics:bytes-consumed-total:{client-id=c, topic=a_b}",
		"50.000");
	expect_row(text, "consumer-coordinator-metrics:assigned-partitions:{client-id=c}",
		"4.000");
	client_metrics_free(m);
}

static void reports_that_are_none(void **state)
{
	static const char *const bad[] = {"", "{", "[]", "null", "{\"brokers\":[1],\"topics\":7}",
		"{\"brokers\":{\"b\":[]},\"topics\":{\"t\":null}}"};
	struct client_metrics *m = metrics(CLIENT_PRODUCER);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		take(m, bad[i]);
	expect_row(table(m), "producer-metrics:request-total:{client-id=c}", "0.000");
	client_metrics_free(m);
}

static void names_are_lined_up_and_sorted(void **state)
{
	struct client_metrics *m = metrics(CLIENT_PRODUCER);
	const char *text = table(m), *last = NULL;
	size_t colon = 0, rows = 0;
	char want[32];

	(void)state;
	text = strchr(text + 1, '\n') + 1; /* behind the headline */
	for (const char *row = text; *row; row = strchr(row, '\n') + 1, rows++) {
		size_t at = (size_t)(strstr(row, " : ") - row);

		assert_true(colon == 0 || at == colon);
		assert_true(!last || strcmp(last, row) < 0);
		colon = at;
		last = row;
	}
	snprintf(want, sizeof(want), "%zu.000", rows);
	expect_row(table(m), "kafka-metrics-count:count:{client-id=c}", want);
	client_metrics_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_producer),
		cmocka_unit_test(a_consumer),
		cmocka_unit_test(reports_that_are_none),
		cmocka_unit_test(names_are_lined_up_and_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
