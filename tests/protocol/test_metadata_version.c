/* test_metadata_version.c - what each inter.broker.protocol.version stands for, held to Apache Kafka's own classes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "protocol/header.h"
#include "protocol/metadata_version.h"

static int of(const char *release, int key)
{
	int version = metadata_version(release);

	assert_in_range(version, 0, METADATA_VERSION_3_9_IV0);
	return metadata_version_of_request(version, key);
}

static void the_newest_release_sends_the_newest(void **state)
{
	static const int keys[] = { API_FETCH, API_LIST_OFFSETS, API_LEADER_AND_ISR, API_STOP_REPLICA,
		API_UPDATE_METADATA, API_CONTROLLED_SHUTDOWN, API_OFFSET_FOR_LEADER_EPOCH, API_WRITE_TXN_MARKERS };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_int_equal(of("3.9", keys[i]), api_version_find(keys[i])->max);
}

/* As Apache Kafka 3.9.1's own classes tell for each of its versions, and the conditions in its controller. */
static void each_version_has_its_own(void **state)
{
	static const struct {
		const char *name;
		int leader_and_isr, update_metadata, stop_replica, shutdown, fetch, epochs, offsets, markers;
		int format, group_value, offset_value, broker_znode, feature_znode;
	} rows[] = {
		{ "0.8.0", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1 },
		{ "0.8.1", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1 },
		{ "0.8.2", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1 },
		{ "0.9.0", 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 2, 1 },
		{ "0.10.0-IV0", 0, 1, 0, 1, 2, 0, 0, 0, 1, 0, 1, 2, 1 },
		{ "0.10.0-IV1", 0, 2, 0, 1, 2, 0, 0, 0, 1, 0, 1, 4, 1 },
		{ "0.10.1-IV0", 0, 2, 0, 1, 2, 0, 0, 0, 1, 1, 1, 4, 1 },
		{ "0.10.1-IV1", 0, 2, 0, 1, 3, 0, 0, 0, 1, 1, 1, 4, 1 },
		{ "0.10.1-IV2", 0, 2, 0, 1, 3, 0, 1, 0, 1, 1, 1, 4, 1 },
		{ "0.10.2-IV0", 0, 3, 0, 1, 3, 0, 1, 0, 1, 1, 1, 4, 1 },
		{ "0.11.0-IV0", 0, 3, 0, 1, 4, 0, 2, 0, 2, 1, 1, 4, 1 },
		{ "0.11.0-IV1", 0, 3, 0, 1, 5, 0, 2, 0, 2, 1, 1, 4, 1 },
		{ "0.11.0-IV2", 0, 3, 0, 1, 5, 0, 2, 0, 2, 1, 1, 4, 1 },
		{ "1.0-IV0", 1, 4, 0, 1, 5, 0, 2, 0, 2, 1, 1, 4, 1 },
		{ "1.1-IV0", 1, 4, 0, 1, 7, 0, 2, 0, 2, 1, 1, 4, 1 },
		{ "2.0-IV0", 1, 4, 0, 1, 7, 1, 2, 0, 2, 1, 1, 4, 1 },
		{ "2.0-IV1", 1, 4, 0, 1, 8, 1, 3, 0, 2, 1, 1, 4, 1 },
		{ "2.1-IV0", 1, 4, 0, 1, 8, 1, 3, 0, 2, 2, 2, 4, 1 },
		{ "2.1-IV1", 1, 4, 0, 1, 8, 2, 4, 0, 2, 2, 3, 4, 1 },
		{ "2.1-IV2", 1, 4, 0, 1, 10, 2, 4, 0, 2, 2, 3, 4, 1 },
		{ "2.2-IV0", 2, 5, 1, 2, 10, 2, 4, 0, 2, 2, 3, 4, 1 },
		{ "2.2-IV1", 2, 5, 1, 2, 10, 2, 5, 0, 2, 2, 3, 4, 1 },
		{ "2.3-IV0", 2, 5, 1, 2, 10, 2, 5, 0, 2, 3, 3, 4, 1 },
		{ "2.3-IV1", 2, 5, 1, 2, 11, 3, 5, 0, 2, 3, 3, 4, 1 },
		{ "2.4-IV0", 3, 5, 1, 2, 11, 3, 5, 0, 2, 3, 3, 4, 1 },
		{ "2.4-IV1", 4, 6, 2, 3, 11, 3, 5, 0, 2, 3, 3, 4, 1 },
		{ "2.5-IV0", 4, 6, 2, 3, 11, 3, 5, 0, 2, 3, 3, 4, 1 },
		{ "2.6-IV0", 4, 6, 3, 3, 11, 3, 5, 0, 2, 3, 3, 4, 1 },
		{ "2.7-IV0", 4, 6, 3, 3, 11, 3, 5, 0, 2, 3, 3, 5, 1 },
		{ "2.7-IV1", 4, 6, 3, 3, 12, 3, 5, 0, 2, 3, 3, 5, 1 },
		{ "2.7-IV2", 4, 6, 3, 3, 12, 3, 5, 0, 2, 3, 3, 5, 1 },
		{ "2.8-IV0", 4, 6, 3, 3, 12, 4, 6, 1, 2, 3, 3, 5, 1 },
		{ "2.8-IV1", 5, 7, 3, 3, 12, 4, 6, 1, 2, 3, 3, 5, 1 },
		{ "3.0-IV0", 5, 7, 3, 3, 12, 4, 6, 1, 2, 3, 3, 5, 1 },
		{ "3.0-IV1", 5, 7, 3, 3, 12, 4, 7, 1, 2, 3, 3, 5, 1 },
		{ "3.1-IV0", 5, 7, 3, 3, 13, 4, 7, 1, 2, 3, 3, 5, 1 },
		{ "3.2-IV0", 6, 7, 3, 3, 13, 4, 7, 1, 2, 3, 3, 5, 1 },
		{ "3.3-IV0", 6, 7, 3, 3, 13, 4, 7, 1, 2, 3, 3, 5, 2 },
		{ "3.3-IV1", 6, 7, 3, 3, 13, 4, 7, 1, 2, 3, 3, 5, 2 },
		{ "3.3-IV2", 6, 7, 3, 3, 13, 4, 7, 1, 2, 3, 3, 5, 2 },
		{ "3.3-IV3", 6, 7, 3, 3, 13, 4, 7, 1, 2, 3, 3, 5, 2 },
		{ "3.4-IV0", 7, 8, 4, 3, 13, 4, 7, 1, 2, 3, 3, 5, 2 },
		{ "3.5-IV0", 7, 8, 4, 3, 14, 4, 8, 1, 2, 3, 3, 5, 2 },
		{ "3.5-IV1", 7, 8, 4, 3, 15, 4, 8, 1, 2, 3, 3, 5, 2 },
		{ "3.5-IV2", 7, 8, 4, 3, 15, 4, 8, 1, 2, 3, 3, 5, 2 },
		{ "3.6-IV0", 7, 8, 4, 3, 15, 4, 8, 1, 2, 3, 3, 5, 2 },
		{ "3.6-IV1", 7, 8, 4, 3, 15, 4, 8, 1, 2, 3, 3, 5, 2 },
		{ "3.6-IV2", 7, 8, 4, 3, 15, 4, 8, 1, 2, 3, 3, 5, 2 },
		{ "3.7-IV0", 7, 8, 4, 3, 15, 4, 8, 1, 2, 3, 3, 5, 2 },
		{ "3.7-IV1", 7, 8, 4, 3, 15, 4, 8, 1, 2, 3, 3, 5, 2 },
		{ "3.7-IV2", 7, 8, 4, 3, 15, 4, 8, 1, 2, 3, 3, 5, 2 },
		{ "3.7-IV3", 7, 8, 4, 3, 15, 4, 8, 1, 2, 3, 3, 5, 2 },
		{ "3.7-IV4", 7, 8, 4, 3, 16, 4, 8, 1, 2, 3, 3, 5, 2 },
		{ "3.8-IV0", 7, 8, 4, 3, 16, 4, 8, 1, 2, 3, 3, 5, 2 },
		{ "3.9-IV0", 7, 8, 4, 3, 17, 4, 9, 1, 2, 3, 3, 5, 2 },
	};

	(void)state;
	assert_int_equal(METADATA_VERSION_3_9_IV0 + 1, ARRAY_LEN(rows));
	for (int v = 0; v < (int)ARRAY_LEN(rows); v++) {
		assert_int_equal(v, metadata_version(rows[v].name));
		assert_string_equal(rows[v].name, metadata_version_name(v));
		assert_int_equal(of(rows[v].name, API_LEADER_AND_ISR), rows[v].leader_and_isr);
		assert_int_equal(of(rows[v].name, API_UPDATE_METADATA), rows[v].update_metadata);
		assert_int_equal(of(rows[v].name, API_STOP_REPLICA), rows[v].stop_replica);
		assert_int_equal(of(rows[v].name, API_CONTROLLED_SHUTDOWN), rows[v].shutdown);
		assert_int_equal(of(rows[v].name, API_FETCH), rows[v].fetch);
		assert_int_equal(of(rows[v].name, API_OFFSET_FOR_LEADER_EPOCH), rows[v].epochs);
		assert_int_equal(of(rows[v].name, API_LIST_OFFSETS), rows[v].offsets);
		assert_int_equal(of(rows[v].name, API_WRITE_TXN_MARKERS), rows[v].markers);
		assert_int_equal(metadata_version_record_format(v), rows[v].format);
		assert_int_equal(metadata_version_group_value(v), rows[v].group_value);
		assert_int_equal(metadata_version_offset_value(v), rows[v].offset_value);
		assert_int_equal(metadata_version_broker_znode(v), rows[v].broker_znode);
		assert_int_equal(metadata_version_feature_znode(v), rows[v].feature_znode);
	}
}

/* What is sent to a broker must be something that a broker reads. */
static void nothing_is_sent_that_is_not_served(void **state)
{
	static const int keys[] = { API_FETCH, API_LIST_OFFSETS, API_LEADER_AND_ISR, API_STOP_REPLICA,
		API_UPDATE_METADATA, API_CONTROLLED_SHUTDOWN, API_OFFSET_FOR_LEADER_EPOCH, API_WRITE_TXN_MARKERS };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		for (int v = 0; v <= METADATA_VERSION_3_9_IV0; v++)
			assert_true(api_version_has(api_version_find(keys[i]), metadata_version_of_request(v, keys[i])));
}

/* Also from Kafka's own parser; NULL: refused. */
static void names_are_read_as_kafka_reads_them(void **state)
{
	static const char *const rows[][2] = {
		{ "0.8", NULL }, { "0.8.0.1", "0.8.0" }, { "0.10.0", "0.10.0-IV1" }, { "0.10", NULL }, { "1.0.2", "1.0-IV0" },
		{ "2.7.", NULL }, { "3", NULL }, { "3.9.9.9", "3.9-IV0" }, { "4.0", NULL }, { "4.0-IV0", "4.0-IV0" },
		{ "3.5-IV7", NULL }, { "", NULL }, { "3.9-IV0.1", "3.9-IV0" }, { "0.11.0-IV1.5", "0.11.0-IV1" },
		{ "2.6-IV", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int v = metadata_version(rows[i][0]);

		if (!rows[i][1])
			assert_int_equal(-1, v);
		else
			assert_string_equal(rows[i][1], metadata_version_name(v));
	}
}

static void positions_have_their_names(void **state)
{
	static const struct {
		enum metadata_version version;
		const char *name;
	} rows[] = {
		{ METADATA_VERSION_0_8_0, "0.8.0" },	       { METADATA_VERSION_0_9_0, "0.9.0" },
		{ METADATA_VERSION_0_10_0_IV0, "0.10.0-IV0" }, { METADATA_VERSION_0_10_0_IV1, "0.10.0-IV1" },
		{ METADATA_VERSION_0_10_1_IV1, "0.10.1-IV1" }, { METADATA_VERSION_0_10_1_IV2, "0.10.1-IV2" },
		{ METADATA_VERSION_0_10_2_IV0, "0.10.2-IV0" }, { METADATA_VERSION_0_11_0_IV1, "0.11.0-IV1" },
		{ METADATA_VERSION_3_3_IV0, "3.3-IV0" },
		{ METADATA_VERSION_0_10_1_IV0, "0.10.1-IV0" }, { METADATA_VERSION_0_11_0_IV0, "0.11.0-IV0" },
		{ METADATA_VERSION_0_11_0_IV2, "0.11.0-IV2" }, { METADATA_VERSION_1_0_IV0, "1.0-IV0" },
		{ METADATA_VERSION_1_1_IV0, "1.1-IV0" },       { METADATA_VERSION_2_0_IV0, "2.0-IV0" },
		{ METADATA_VERSION_2_0_IV1, "2.0-IV1" },       { METADATA_VERSION_2_1_IV0, "2.1-IV0" },
		{ METADATA_VERSION_2_1_IV1, "2.1-IV1" },       { METADATA_VERSION_2_1_IV2, "2.1-IV2" },
		{ METADATA_VERSION_2_2_IV0, "2.2-IV0" },       { METADATA_VERSION_2_2_IV1, "2.2-IV1" },
		{ METADATA_VERSION_2_3_IV0, "2.3-IV0" },       { METADATA_VERSION_2_3_IV1, "2.3-IV1" },
		{ METADATA_VERSION_2_4_IV0, "2.4-IV0" },       { METADATA_VERSION_2_4_IV1, "2.4-IV1" },
		{ METADATA_VERSION_2_6_IV0, "2.6-IV0" },       { METADATA_VERSION_2_7_IV0, "2.7-IV0" },
		{ METADATA_VERSION_2_7_IV1, "2.7-IV1" },       { METADATA_VERSION_2_7_IV2, "2.7-IV2" },
		{ METADATA_VERSION_2_8_IV0, "2.8-IV0" },       { METADATA_VERSION_2_8_IV1, "2.8-IV1" },
		{ METADATA_VERSION_3_0_IV0, "3.0-IV0" },       { METADATA_VERSION_3_0_IV1, "3.0-IV1" },
		{ METADATA_VERSION_3_1_IV0, "3.1-IV0" },       { METADATA_VERSION_3_2_IV0, "3.2-IV0" },
		{ METADATA_VERSION_3_4_IV0, "3.4-IV0" },       { METADATA_VERSION_3_5_IV0, "3.5-IV0" },
		{ METADATA_VERSION_3_5_IV1, "3.5-IV1" },       { METADATA_VERSION_3_7_IV4, "3.7-IV4" },
		{ METADATA_VERSION_3_9_IV0, "3.9-IV0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(metadata_version_name(rows[i].version), rows[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_release_sends_the_newest),
		cmocka_unit_test(each_version_has_its_own),
		cmocka_unit_test(nothing_is_sent_that_is_not_served),
		cmocka_unit_test(names_are_read_as_kafka_reads_them),
		cmocka_unit_test(positions_have_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
