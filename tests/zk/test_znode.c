/* test_znode.c - znodes byte for byte as zookeeper.md chapter 2 shows them, and what readers accept and refuse. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "zk/znode.h"

#define LEN(text) ((int32_t)strlen(text))

/* Takes `got`. */
static void expect(const char *want, char *got)
{
	assert_string_equal(want, got);
	free(got);
}

static const char broker_plain[] =
    "{\"features\":{},\"listener_security_protocol_map\":{\"PLAINTEXT\":\"PLAINTEXT\"},"
    "\"endpoints\":[\"PLAINTEXT://kafka1.example:9092\"],\"jmx_port\":-1,\"port\":9092,"
    "\"host\":\"kafka1.example\",\"version\":5,\"timestamp\":\"1729528886000\"}";
static const char broker_rack[] =
    "{\"features\":{},\"listener_security_protocol_map\":{\"INT\":\"SASL_PLAINTEXT\",\"EXT\":\"SSL\"},"
    "\"endpoints\":[\"INT://10.0.0.1:9092\",\"EXT://[2001:db8::1]:9093\"],\"rack\":\"az-a\",\"jmx_port\":9999,"
    "\"port\":-1,\"host\":null,\"version\":5,\"timestamp\":\"1729528886000\"}";

static void brokers_are_written_as_kafka_writes_them(void **state)
{
	const char *const texts[] = { broker_plain, broker_rack };
	struct znode_broker b, copy;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(0, znode_broker_decode(texts[i], LEN(texts[i]), &b));
		expect(texts[i], znode_broker_encode(&b));
		znode_broker_copy(&b, &copy);
		assert_true(znode_broker_same_endpoints(&b, &copy));
		znode_broker_fini(&b);
		expect(texts[i], znode_broker_encode(&copy));
		znode_broker_fini(&copy);
	}
}

/* Versions 2 and 4, which brokers of old releases read (BrokerIdZNode.encode). */
static void old_forms_of_brokers_are_written(void **state)
{
	static const struct {
		int32_t version;
		const char *want;
	} rows[] = {
		{ 4, "{\"listener_security_protocol_map\":{\"INT\":\"SASL_PLAINTEXT\",\"EXT\":\"SSL\"},"
		     "\"endpoints\":[\"INT://10.0.0.1:9092\",\"EXT://[2001:db8::1]:9093\"],\"rack\":\"az-a\",\"jmx_port\":9999,"
		     "\"port\":-1,\"host\":null,\"version\":4,\"timestamp\":\"1729528886000\"}" },
		{ 2, "{\"endpoints\":[\"INT://10.0.0.1:9092\",\"EXT://[2001:db8::1]:9093\"],\"jmx_port\":9999,"
		     "\"port\":-1,\"host\":null,\"version\":2,\"timestamp\":\"1729528886000\"}" },
	};
	struct znode_broker b;

	(void)state;
	assert_int_equal(0, znode_broker_decode(broker_rack, LEN(broker_rack), &b));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		b.version = rows[i].version;
		expect(rows[i].want, znode_broker_encode(&b));
	}
	znode_broker_fini(&b);
}

static void five_listeners_come_in_the_order_of_the_trie(void **state)
{
	/* The example of zookeeper.md 1.5. */
	static const char want[] = "\"listener_security_protocol_map\":{\"SSL\":\"SSL\",\"SASL_PLAINTEXT\":"
				   "\"SASL_PLAINTEXT\",\"PLAINTEXT\":\"PLAINTEXT\",\"SASL_SSL\":\"SASL_SSL\","
				   "\"CONTROLLER\":\"PLAINTEXT\"}";
	static char h[] = "h";
	struct zk_endpoint e[] = {
		{ (char[]){ "PLAINTEXT" }, ZK_PLAINTEXT, h, 1 },
		{ (char[]){ "SSL" }, ZK_SSL, h, 2 },
		{ (char[]){ "SASL_PLAINTEXT" }, ZK_SASL_PLAINTEXT, h, 3 },
		{ (char[]){ "SASL_SSL" }, ZK_SASL_SSL, h, 4 },
		{ (char[]){ "CONTROLLER" }, ZK_PLAINTEXT, h, 5 },
	};
	struct znode_broker b = ZNODE_BROKER_INIT;
	char *text;

	(void)state;
	b.endpoints = e;
	b.endpoints_n = ARRAY_LEN(e);
	text = znode_broker_encode(&b);
	assert_non_null(strstr(text, want));
	free(text);
}

static void old_brokers_are_read(void **state)
{
	static const char v1[] = "{\"host\":\"h\",\"port\":9092,\"jmx_port\":-1,\"version\":1,\"timestamp\":\"1\"}";
	static const char v2[] = "{ \"jmx_port\":-1,\"endpoints\":[\"ssl://h:9093\"],\"host\":null,\"port\":-1,"
				 "\"version\":2,\"timestamp\":\"1\", \"unknown\": [] } trailing";
	struct znode_broker b;

	(void)state;
	assert_int_equal(0, znode_broker_decode(v1, LEN(v1), &b));
	assert_int_equal(1, b.endpoints_n);
	assert_string_equal("PLAINTEXT", b.endpoints[0].listener);
	assert_int_equal(9092, b.endpoints[0].port);
	znode_broker_fini(&b);
	assert_int_equal(0, znode_broker_decode(v2, LEN(v2), &b));
	assert_int_equal(ZK_SSL, b.endpoints[0].protocol);
	assert_string_equal("SSL", b.endpoints[0].listener);
	assert_non_null(znode_broker_endpoint(&b, "SSL"));
	assert_null(znode_broker_endpoint(&b, "PLAINTEXT"));
	znode_broker_fini(&b);
}

static void bad_brokers_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"null",
		"[]",
		"{\"version\":0,\"jmx_port\":-1,\"endpoints\":[]}",
		"{\"version\":\"5\",\"jmx_port\":-1,\"endpoints\":[]}",
		"{\"version\":5,\"endpoints\":[]}",
		"{\"version\":5,\"jmx_port\":-1}",
		"{\"version\":5,\"jmx_port\":-1,\"endpoints\":[\"X://h:1\"]}",
		"{\"version\":5,\"jmx_port\":-1,\"endpoints\":[\"SSL://h\"]}",
		"{\"version\":5,\"jmx_port\":-1,\"endpoints\":[\"SSL://h/x:1\"]}",
		"{\"version\":5,\"jmx_port\":-1,\"endpoints\":[\"SSL://h:99999999999\"]}",
		"{\"version\":5,\"jmx_port\":-1,\"endpoints\":[],\"rack\":7}",
		"{\"version\":5,\"jmx_port\":-1,\"endpoints\":[],\"features\":{\"f\":{\"min_version\":2,\"max_version\":1}}}",
		"{\"version\":5,\"jmx_port\":-1,\"endpoints\":[\"A://h:1\"],\"listener_security_protocol_map\":{\"B\":\"SSL\"}}",
	};
	struct znode_broker b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(-EBADMSG, znode_broker_decode(bad[i], LEN(bad[i]), &b));
	assert_int_equal(-EBADMSG, znode_broker_decode(NULL, -1, &b));
}

static void topics_are_written_as_kafka_writes_them(void **state)
{
	static const char *const texts[] = {
		"{\"partitions\":{\"0\":[1,2,3],\"1\":[2,3,1]},\"topic_id\":\"xq3Jb0C5RsyvwZb5CTPZ6A\","
		"\"adding_replicas\":{},\"removing_replicas\":{},\"version\":3}",
		"{\"partitions\":{\"0\":[4,5,1,2]},\"topic_id\":\"xq3Jb0C5RsyvwZb5CTPZ6A\","
		"\"adding_replicas\":{\"0\":[4,5]},\"removing_replicas\":{\"0\":[1,2]},\"version\":3}",
		"{\"partitions\":{\"0\":[1]},\"adding_replicas\":{},\"removing_replicas\":{},\"version\":3}",
		"{\"partitions\":{},\"adding_replicas\":{},\"removing_replicas\":{},\"version\":3}",
	};
	struct znode_topic t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(0, znode_topic_decode(texts[i], LEN(texts[i]), &t));
		expect(texts[i], znode_topic_encode(&t));
		znode_topic_fini(&t);
	}
}

/* The keys of `partitions` for n partitions, as "0,1,2,". */
static char *partition_order(int32_t n)
{
	struct znode_topic t = ZNODE_TOPIC_INIT;
	char *text, *order, *to;

	t.partitions = xcalloc((size_t)n, sizeof(*t.partitions));
	t.partitions_n = (size_t)n;
	for (int32_t i = 0; i < n; i++)
		t.partitions[i] = (struct znode_assignment){ .partition = i, .replicas = int_list_of(&i, 1) };
	text = znode_topic_encode(&t);
	*strchr(text, '}') = '\0';
	order = to = xmalloc(strlen(text) + 1);
	for (const char *p = strchr(text, ':') + 2; (p = strchr(p, '"')); p = strchr(p, ']'))
		for (p++; *p != '"' || !(*to++ = ','); p++)
			*to++ = *p;
	*to = '\0';
	free(text);
	znode_topic_fini(&t);
	return order;
}

static void partitions_come_in_hash_order(void **state)
{
	(void)state; /* zookeeper.md 1.5 */
	expect("0,1,2,3,4,5,6,7,8,9,10,", partition_order(11));
	expect("11,0,1,2,3,4,5,6,7,8,9,10,", partition_order(12));
	expect("11,12,13,14,15,16,17,18,19,0,1,2,3,4,5,6,7,8,9,10,", partition_order(20));
}

static void older_and_damaged_topics(void **state)
{
	static const char v1[] = "{\"version\":1,\"partitions\":{\"1\":[2],\"0\":[1]}}";
	static const char *const bad[] = {
		"",
		"{\"partitions\":[]}",
		"{\"partitions\":{\"x\":[1]}}",
		"{\"partitions\":{\"-1\":[1]}}",
		"{\"partitions\":{\"0\":[\"1\"]}}",
		"{\"partitions\":{\"0\":[99999999999]}}",
		"{\"partitions\":{\"0\":[1],\"00\":[1]}}",
		"{\"partitions\":{\"0\":[1]},\"topic_id\":\"short\"}",
		"{\"partitions\":{\"0\":[1]},\"adding_replicas\":{\"0\":1}}",
	};
	struct znode_topic t;

	(void)state;
	assert_int_equal(0, znode_topic_decode(v1, LEN(v1), &t));
	assert_int_equal(2, t.partitions_n);
	assert_int_equal(0, t.partitions[0].partition);
	assert_int_equal(2, t.partitions[1].replicas.v[0]);
	assert_true(uuid_is_zero(t.id));
	znode_topic_fini(&t);
	assert_int_equal(0, znode_topic_decode("not json", 8, &t));
	assert_int_equal(0, t.partitions_n);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(-EBADMSG, znode_topic_decode(bad[i], LEN(bad[i]), &t));
}

static void partition_states(void **state)
{
	static const char *const texts[] = {
		"{\"controller_epoch\":3,\"leader\":1,\"version\":1,\"leader_epoch\":5,\"isr\":[1,2,3]}",
		("{\"controller_epoch\":3,\"leader\":1,\"version\":1,\"leader_recovery_state\":1,\"leader_epoch\":6,"
		"\"isr\":[1]}"),
		"{\"controller_epoch\":3,\"leader\":-1,\"version\":1,\"leader_epoch\":7,\"isr\":[]}",
	};
	struct znode_state s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(0, znode_state_decode(texts[i], LEN(texts[i]), 9, &s));
		assert_int_equal(9, s.partition_epoch);
		expect(texts[i], znode_state_encode(&s));
		znode_state_fini(&s);
	}
	assert_int_equal(-EBADMSG, znode_state_decode("{}", 2, 0, &s));
}

static void controller_and_epoch(void **state)
{
	static const char v1[] = "{\"version\":1,\"brokerid\":3,\"timestamp\":\"1\"}";
	struct znode_controller c;
	int32_t epoch;

	(void)state;
	expect("{\"version\":2,\"brokerid\":1,\"timestamp\":\"1729528886000\",\"kraftControllerEpoch\":-1}",
	    znode_controller_encode(1, 1729528886000));
	assert_int_equal(0, znode_controller_decode(v1, LEN(v1), &c));
	assert_int_equal(3, c.broker);
	assert_int_equal(-1, c.kraft_epoch);
	assert_int_equal(-EBADMSG, znode_controller_decode("1", 1, &c));
	expect("7", znode_epoch_encode(7));
	assert_int_equal(0, znode_epoch_decode("12", 2, &epoch));
	assert_int_equal(12, epoch);
	assert_int_equal(-EBADMSG, znode_epoch_decode("", 0, &epoch));
	assert_int_equal(-EBADMSG, znode_epoch_decode(NULL, -1, &epoch));
}

static void configs(void **state)
{
	static const char text[] = "{\"version\":1,\"config\":{\"retention.ms\":\"3600000\",\"cleanup.policy\":\"compact\"}}";
	struct znode_config c = ZNODE_CONFIG_INIT;

	(void)state;
	expect("{\"version\":1,\"config\":{}}", znode_config_encode(&c));
	assert_int_equal(0, znode_config_decode(text, LEN(text), &c));
	assert_string_equal("compact", znode_config_get(&c, "cleanup.policy"));
	assert_true(znode_config_remove(&c, "retention.ms"));
	assert_false(znode_config_remove(&c, "retention.ms"));
	znode_config_put(&c, "x", "a/\"b\"\n");
	znode_config_put(&c, "cleanup.policy", "delete\xff");
	assert_string_equal("a/\"b\"\n", znode_config_get(&c, "x"));
	znode_config_fini(&c);
	for (size_t i = 0; i < 7; i++) {
		const char *const none[] = { NULL, "", "nonsense", "[]", "{\"version\":1}", "{\"config\":[]}", "{\"config\":\"x\"}" };

		assert_int_equal(0, znode_config_decode(none[i], none[i] ? LEN(none[i]) : -1, &c));
		assert_int_equal(0, c.n);
	}
	assert_int_equal(-EBADMSG, znode_config_decode("{\"config\":{\"a\":1}}", 18, &c));
}

static void config_changes(void **state)
{
	static const char v1[] = "{\"version\":1,\"entity_type\":\"topics\",\"entity_name\":\"foo\"}";
	char *path;

	(void)state;
	expect("{\"version\":2,\"entity_path\":\"topics/foo\"}", znode_config_change_encode("topics/foo"));
	assert_int_equal(0, znode_config_change_decode(v1, LEN(v1), &path));
	expect("topics/foo", path);
	assert_int_equal(-EBADMSG, znode_config_change_decode("\"foo\"", 5, &path));
	assert_int_equal(-EBADMSG, znode_config_change_decode("{\"version\":3}", 13, &path));
}

static void the_small_ones(void **state)
{
	static const char isr[] = "{\"version\":1,\"partitions\":[{\"topic\":\"foo\",\"partition\":0}]}";
	static const char move[] = "{\"version\":1,\"partitions\":[{\"topic\":\"foo\",\"partition\":0,\"replicas\":[4,5,6]}]}";
	static const char feature[] = "{\"features\":{},\"version\":2,\"status\":1}";
	struct znode_producer_ids ids = { 1, 0, 999 };
	struct znode_partitions p;
	struct znode_feature f;
	char *id;
	int32_t broker;

	(void)state;
	expect("{\"version\":\"1\",\"id\":\"MkU3OEVBNTcwNTJENDM2Qg\"}", znode_cluster_id_encode("MkU3OEVBNTcwNTJENDM2Qg"));
	assert_int_equal(0, znode_cluster_id_decode("{\"id\":\"x\"}", 10, &id));
	expect("x", id);
	assert_int_equal(0, znode_partitions_decode(isr, LEN(isr), &p));
	expect(isr, znode_partitions_encode(&p));
	znode_partitions_fini(&p);
	assert_int_equal(0, znode_reassign_decode(move, LEN(move), &p));
	expect(move, znode_reassign_encode(&p));
	znode_partitions_fini(&p);
	assert_int_equal(-EBADMSG, znode_reassign_decode(isr, LEN(isr), &p));
	expect("{\"version\":1,\"broker\":1,\"event\":1}", znode_log_dir_event_encode(1));
	assert_int_equal(0, znode_log_dir_event_decode("{\"version\":1,\"broker\":7,\"event\":1}", 34, &broker));
	assert_int_equal(7, broker);
	expect("{\"version\":1,\"broker\":1,\"block_start\":\"0\",\"block_end\":\"999\"}", znode_producer_ids_encode(&ids));
	assert_int_equal(-EBADMSG, znode_producer_ids_decode("", 0, &ids));
	assert_int_equal(0, znode_feature_decode(feature, LEN(feature), &f));
	expect(feature, znode_feature_encode(&f));
	znode_feature_fini(&f);
	assert_int_equal(-EBADMSG, znode_feature_decode("{\"features\":{},\"version\":3,\"status\":1}", 38, &f));
}

static void names_are_sanitized(void **state)
{
	static const char *const pairs[][2] = {
		{ "CN=alice,O=Acme Inc", "CN%3Dalice%2CO%3DAcme%20Inc" },
		{ "a b*c~d+e/f%g", "a%20b%2Ac%7Ed%2Be%2Ff%25g" },
		{ "\xc3\xa9", "%C3%A9" },
		{ "::1", "%3A%3A1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		expect(pairs[i][1], zk_sanitize(pairs[i][0]));
		expect(pairs[i][0], zk_desanitize(pairs[i][1]));
	}
	expect("a b%", zk_desanitize("a+b%"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(brokers_are_written_as_kafka_writes_them),
		cmocka_unit_test(old_forms_of_brokers_are_written),
		cmocka_unit_test(five_listeners_come_in_the_order_of_the_trie),
		cmocka_unit_test(old_brokers_are_read),
		cmocka_unit_test(bad_brokers_are_refused),
		cmocka_unit_test(topics_are_written_as_kafka_writes_them),
		cmocka_unit_test(partitions_come_in_hash_order),
		cmocka_unit_test(older_and_damaged_topics),
		cmocka_unit_test(partition_states),
		cmocka_unit_test(controller_and_epoch),
		cmocka_unit_test(configs),
		cmocka_unit_test(config_changes),
		cmocka_unit_test(the_small_ones),
		cmocka_unit_test(names_are_sanitized),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
