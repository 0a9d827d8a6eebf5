/* test_metadata_version.c - versions of the requests between brokers, held to the table of replication.md 14.5. */
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

static void each_release_sends_its_own(void **state)
{
	static const struct {
		const char *release;
		int leader_and_isr, update_metadata, stop_replica, shutdown, fetch, epochs, offsets, markers;
	} rows[] = {
		{ "0.8.2", 0, 0, 0, 0, 0, 0, 0, 0 },
		{ "0.9.0", 0, 1, 0, 1, 1, 0, 0, 0 },
		{ "0.10.0", 0, 2, 0, 1, 2, 0, 0, 0 },
		{ "0.10.1", 0, 2, 0, 1, 3, 0, 1, 0 },
		{ "0.10.2", 0, 3, 0, 1, 3, 0, 1, 0 },
		{ "0.11.0", 0, 3, 0, 1, 5, 0, 2, 0 },
		{ "1.0", 1, 4, 0, 1, 5, 0, 2, 0 },
		{ "1.1", 1, 4, 0, 1, 7, 0, 2, 0 },
		{ "2.0", 1, 4, 0, 1, 8, 1, 3, 0 },
		{ "2.1", 1, 4, 0, 1, 10, 2, 4, 0 },
		{ "2.2", 2, 5, 1, 2, 10, 2, 5, 0 },
		{ "2.3", 2, 5, 1, 2, 11, 3, 5, 0 },
		{ "2.4", 4, 6, 2, 3, 11, 3, 5, 0 },
		{ "2.6", 4, 6, 3, 3, 11, 3, 5, 0 },
		{ "2.7", 4, 6, 3, 3, 12, 3, 5, 0 },
		{ "2.8", 5, 7, 3, 3, 12, 4, 6, 1 },
		{ "3.0", 5, 7, 3, 3, 12, 4, 7, 1 },
		{ "3.1", 5, 7, 3, 3, 13, 4, 7, 1 },
		{ "3.2", 6, 7, 3, 3, 13, 4, 7, 1 },
		{ "3.4", 7, 8, 4, 3, 13, 4, 7, 1 },
		{ "3.5", 7, 8, 4, 3, 15, 4, 8, 1 },
		{ "3.8", 7, 8, 4, 3, 16, 4, 8, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(of(rows[i].release, API_LEADER_AND_ISR), rows[i].leader_and_isr);
		assert_int_equal(of(rows[i].release, API_UPDATE_METADATA), rows[i].update_metadata);
		assert_int_equal(of(rows[i].release, API_STOP_REPLICA), rows[i].stop_replica);
		assert_int_equal(of(rows[i].release, API_CONTROLLED_SHUTDOWN), rows[i].shutdown);
		assert_int_equal(of(rows[i].release, API_FETCH), rows[i].fetch);
		assert_int_equal(of(rows[i].release, API_OFFSET_FOR_LEADER_EPOCH), rows[i].epochs);
		assert_int_equal(of(rows[i].release, API_LIST_OFFSETS), rows[i].offsets);
		assert_int_equal(of(rows[i].release, API_WRITE_TXN_MARKERS), rows[i].markers);
	}
}

static void positions_have_their_names(void **state)
{
	static const struct {
		enum metadata_version version;
		const char *name;
	} rows[] = {
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
		cmocka_unit_test(each_release_sends_its_own),
		cmocka_unit_test(positions_have_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
