/* test_formatter.c - records are printed as by Kafka's formatters; literals from cli.md and runs of Kafka 3.9.1. */
#include "tools/formatter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/base/unit.h"

#define PACKAGE "org.apache.kafka.tools.consumer."
#define BYTES(lit) ((struct bytes){(const uint8_t *)(lit), (int32_t)sizeof(lit) - 1})

static const struct shown_header headers[] = {
	{{"h1", 2}, {(const uint8_t *)"v1", 2}},
	{{"h2", 2}, {NULL, -1}},
};

static const struct shown_record full = {.partition = 0,
	.offset = 42,
	.timestamp_kind = TIMESTAMP_CREATE,
	.timestamp = 1700000000000,
	.key = {(const uint8_t *)"key", 3},
	.value = {(const uint8_t *)"value", 5},
	.headers = headers,
	.headers_n = 2};

/* Formats with settings "key=value" separated by newlines; *ret_error as formatter_write. */
static char *format(const char *class, const char *settings, const struct shown_record *r,
	const char **ret_error)
{
	struct properties p = PROPERTIES_INIT;
	struct formatter *f = NULL;
	char *copy = xstrdup(settings), *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	for (char *s = strtok(copy, "|"); s; s = strtok(NULL, "|")) {
		char *eq = strchr(s, '=');

		*eq = '\0';
		properties_set(&p, s, eq + 1, 0);
	}
	assert_int_equal(0, formatter_new(class, &p, &f));
	*ret_error = NULL;
	(void)!formatter_write(f, r, out, ret_error);
	fclose(out);
	formatter_free(f);
	properties_fini(&p);
	free(copy);
	return got;
}

static void expect(
	const char *want, const char *class, const char *settings, const struct shown_record *r)
{
	const char *error;
	CLEANUP(freep) char *got = format(class, settings, r, &error);

	if (error)
		fail_msg("%s", error);
	assert_string_equal(want, got);
}

static void fields_and_their_separators(void **state)
{
	static const struct {
		const char *settings, *want;
	} cases[] = {
		{"", "value\n"},
		{"print.key=true", "key\tvalue\n"},
		{"print.key=true|print.value=false|key.separator=:", "key\n"},
		{"print.timestamp=true|print.partition=true|print.offset=true|print.headers=true|"
		 "print.key=true",
			"CreateTime:1700000000000\tPartition:0\tOffset:42\th1:v1,h2:"
			"null\tkey\tvalue\n"},
		{"print.timestamp=true|print.value=false", "CreateTime:1700000000000\n"},
		{"print.partition=true|print.value=false", "Partition:0\n"},
		{"print.offset= True |print.value=no", "Offset:42\n"},
		{"print.headers=true|print.value=false|headers.separator=;|null.literal=NIL",
			"h1:v1;h2:NIL\n"},
		{"line.separator=--|key.separator=", "value--"},
		{"print.value=false", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(cases[i].want, PACKAGE "DefaultMessageFormatter", cases[i].settings, &full);
}

static void absent_things(void **state)
{
	static const struct shown_record empty = {.key = {NULL, -1}, .value = {NULL, -1}};
	static const struct shown_record appended = {.timestamp_kind = TIMESTAMP_LOG_APPEND,
		.timestamp = 5,
		.key = {(const uint8_t *)"", 0},
		.value = {(const uint8_t *)"", 0}};

	(void)state;
	expect("NO_TIMESTAMP\tNO_HEADERS\tnull\tnull\n", PACKAGE "DefaultMessageFormatter",
		"print.timestamp=true|print.headers=true|print.key=true", &empty);
	expect("LogAppendTime:5\t\t\n", PACKAGE "DefaultMessageFormatter",
		"print.timestamp=true|print.key=true", &appended);
}

static void deserializers(void **state)
{
#define VALUE(c) "value.deserializer=org.apache.kafka.common.serialization." c "Deserializer"
	static const struct {
		const char *settings;
		struct bytes value;
		const char *want;
	} cases[] = {
		{VALUE("String"), {(const uint8_t *)"x", 1}, "x\n"},
		{VALUE("Long"), {(const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xfe", 8}, "-2\n"},
		{VALUE("Integer"), {(const uint8_t *)"\x00\x00\x01\x00", 4}, "256\n"},
		{VALUE("Short"), {(const uint8_t *)"\x80\x00", 2}, "-32768\n"},
		{VALUE("Double"), {(const uint8_t *)"\x3f\xf8\x00\x00\x00\x00\x00\x00", 8},
			"1.5\n"},
		{VALUE("Float"), {(const uint8_t *)"\x3d\xcc\xcc\xcd", 4}, "0.1\n"},
		{VALUE("Boolean"), {(const uint8_t *)"\x01", 1}, "true\n"},
		{VALUE("Bytes"), {(const uint8_t *)"a\x00\\", 3}, "a\\x00\\\\\n"},
		{VALUE("UUID"), {(const uint8_t *)"0F0E0D0C-0000-4000-8000-00000000000A", 36},
			"0f0e0d0c-0000-4000-8000-00000000000a\n"},
		{VALUE("Nope"), {(const uint8_t *)"raw", 3}, "raw\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct shown_record r = full;

		r.value = cases[i].value;
		expect(cases[i].want, PACKAGE "DefaultMessageFormatter", cases[i].settings, &r);
	}
}

static void a_value_that_cannot_be_read(void **state)
{
	const char *error;
	CLEANUP(freep)
	char *got = format(
		PACKAGE "DefaultMessageFormatter", "print.key=true|" VALUE("Long"), &full, &error);

	(void)state;
	assert_string_equal("key\t", got);
	assert_string_equal(
		"org.apache.kafka.common.errors.SerializationException: Size of data received by "
		"LongDeserializer is not 8",
		error);
}

static void classes(void **state)
{
	struct properties p = PROPERTIES_INIT;
	struct formatter *f;

	(void)state;
	expect("", PACKAGE "NoOpMessageFormatter", "", &full);
	expect("value\n", PACKAGE "LoggingMessageFormatter", "", &full);
	expect("value\n", "kafka.tools.DefaultMessageFormatter", "", &full);
	assert_int_equal(-EINVAL, formatter_new("foo.Bar", &p, &f));
}

/* Records of __consumer_offsets and __transaction_state, versions in front. */
static void coordinator_records(void **state)
{
	static const uint8_t offset_key[] = "\0\1\0\1g\0\1t\0\0\0\3", group_key[] = "\0\2\0\1g";
	static const uint8_t offset_value[] = "\0\3\0\0\0\0\0\0\0\7\0\0\0\2\0\1m\0\0\0\0\0\0\0\5";
	static const uint8_t txn_key[] = "\0\0\0\2id", odd_key[] = "\0\x63x";
	struct shown_record r = {.key = {offset_key, sizeof(offset_key) - 1},
		.value = {offset_value, sizeof(offset_value) - 1}};

	(void)state;
	expect("{\"key\":{\"version\":1,\"data\":{\"group\":\"g\",\"topic\":\"t\",\"partition\":3}}"
	       ","
	       "\"value\":{\"version\":3,\"data\":{\"offset\":7,\"leaderEpoch\":2,\"metadata\":"
	       "\"m\","
	       "\"commitTimestamp\":5}}}",
		PACKAGE "OffsetsMessageFormatter", "", &r);
	expect("[g,t,3]::OffsetAndMetadata(offset=7, leaderEpoch=Optional[2], metadata=m, "
	       "commitTimestamp=5, "
	       "expireTimestamp=None)\n",
		"kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter", "", &r);
	expect("", PACKAGE "GroupMetadataMessageFormatter", "", &r);
	r.value = BYTES_NULL;
	expect("[g,t,3]::NULL\n",
		"kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter", "", &r);
	r.key = (struct bytes){group_key, sizeof(group_key) - 1};
	expect("", PACKAGE "OffsetsMessageFormatter", "", &r);
	expect("{\"key\":{\"version\":2,\"data\":{\"group\":\"g\"}},\"value\":null}",
		PACKAGE "GroupMetadataMessageFormatter", "", &r);
	r.key = (struct bytes){txn_key, sizeof(txn_key) - 1};
	expect("{\"key\":{\"version\":0,\"data\":{\"transactionalId\":\"id\"}},\"value\":null}",
		PACKAGE "TransactionLogMessageFormatter", "", &r);
	r.key = (struct bytes){odd_key, sizeof(odd_key) - 1};
	expect("{\"key\":{\"version\":99,\"data\":\"unknown\"},\"value\":null}",
		PACKAGE "OffsetsMessageFormatter", "", &r);
}

/* Group records as the formatter of Kafka 3.7 and older, with the members in the order of a map of Scala. */
static void groups_as_text(void **state)
{
#define MEMBER(id, instance) id instance "\0\2cc\0\2/h\0\4\x93\xe0\0\0\xaf\xc8\0\0\0\0\0\0\0\0"
	static const uint8_t key[] = "\0\2\0\1g";
	static const uint8_t value[] =
		"\0\3\0\x8"
		"consumer\0\0\0\x7\0\5range\0\3m-0\0\0\0\0\0\0\0\0\0\0\0\2" MEMBER(
			"\0\3m-0", "\xff\xff") MEMBER("\0\3m-1", "\0\2i1");
	static const uint8_t empty[] = "\0\3\0\0\0\0\0\x8\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0";
	struct shown_record r = {
		.key = {key, sizeof(key) - 1}, .value = {value, sizeof(value) - 1}};
	const char *class =
		"kafka.coordinator.group.GroupMetadataManager$GroupMetadataMessageFormatter";

	(void)state;
	expect("g::GroupMetadata(groupId=g, generation=7, protocolType=Some(consumer), "
	       "currentState=Stable, members=HashMap(m-1 -> MemberMetadata(memberId=m-1, "
	       "groupInstanceId=Some(i1), clientId=cc, clientHost=/h, sessionTimeoutMs=45000, "
	       "rebalanceTimeoutMs=300000, supportedProtocols=List(range)), m-0 -> "
	       "MemberMetadata(memberId=m-0, groupInstanceId=None, clientId=cc, clientHost=/h, "
	       "sessionTimeoutMs=45000, rebalanceTimeoutMs=300000, "
	       "supportedProtocols=List(range))))\n",
		class, "", &r);
	r.value = (struct bytes){empty, sizeof(empty) - 1};
	expect("g::GroupMetadata(groupId=g, generation=8, protocolType=None, currentState=Empty, "
	       "members=HashMap())\n",
		class, "", &r);
	r.value = BYTES_NULL;
	expect("g::NULL\n", class, "", &r);
	r.key = BYTES_NULL;
	expect("", class, "", &r);
}

static void transactions_as_text(void **state)
{
	static const uint8_t key[] = "\0\0\0\2id", odd_key[] = "\0\x9";
	static const uint8_t value[] = "\0\0\0\0\0\0\0\0\0\5\0\1\0\0\xea\x60\1\0\0\0\1\0\2p1\0\0\0"
				       "\3\0\0\0\0\0\0\0\1\0\0\0\2"
				       "\0\0\0\0\0\0\0\x9\0\0\0\0\0\0\0\x8";
	static const uint8_t strange[] = "\0\0\0\0\0\0\0\0\0\5\0\1\0\0\xea\x60\x8\xff\xff\xff\xff"
					 "\0\0\0\0\0\0\0\x9\0\0\0\0\0\0\0\x8";
	struct shown_record r = {
		.key = {key, sizeof(key) - 1}, .value = {value, sizeof(value) - 1}};
	const char *class =
		"kafka.coordinator.transaction.TransactionLog$TransactionLogMessageFormatter",
		   *error;

	(void)state;
	expect("id::TransactionMetadata(transactionalId=id, producerId=5, producerEpoch=1, "
	       "txnTimeoutMs=60000, state=Ongoing, pendingState=None, "
	       "topicPartitions=HashSet(p1-2, p1-1, p1-0), txnStartTimestamp=8, "
	       "txnLastUpdateTimestamp=9)\n",
		class, "", &r);
	r.value = (struct bytes){strange, sizeof(strange) - 1};
	free(format(class, "", &r, &error));
	assert_string_equal(
		"java.lang.IllegalStateException: Unknown transaction state id from the "
		"transaction status message",
		error);
	r.value = BYTES_NULL;
	expect("id::NULL\n", class, "", &r);
	r.key = (struct bytes){odd_key, sizeof(odd_key) - 1};
	expect("unknown::version=9\n", class, "", &r);
}

static void short_coordinator_records_are_errors(void **state)
{
	static const uint8_t key[] = {0, 1, 0, 9, 'g'};
	struct shown_record r = {.value = BYTES_NULL};

	(void)state;
	for (int32_t n = 0; n <= (int32_t)sizeof(key); n++) {
		const char *error;

		r.key = (struct bytes){key, n};
		free(format(PACKAGE "OffsetsMessageFormatter", "", &r, &error));
		assert_string_equal("java.nio.BufferUnderflowException", error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_and_their_separators),
		cmocka_unit_test(absent_things),
		cmocka_unit_test(deserializers),
		cmocka_unit_test(a_value_that_cannot_be_read),
		cmocka_unit_test(classes),
		cmocka_unit_test(coordinator_records),
		cmocka_unit_test(groups_as_text),
		cmocka_unit_test(transactions_as_text),
		cmocka_unit_test(short_coordinator_records_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
