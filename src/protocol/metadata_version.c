/* metadata_version.c - names in order, and per request the steps at which its version changed. */
#include "protocol/metadata_version.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "protocol/header.h"

static const char *const metadata_versions[] = {
	"0.8.0",
	"0.8.1",
	"0.8.2",
	"0.9.0",
	"0.10.0-IV0",
	"0.10.0-IV1",
	"0.10.1-IV0",
	"0.10.1-IV1",
	"0.10.1-IV2",
	"0.10.2-IV0",
	"0.11.0-IV0",
	"0.11.0-IV1",
	"0.11.0-IV2",
	"1.0-IV0",
	"1.1-IV0",
	"2.0-IV0",
	"2.0-IV1",
	"2.1-IV0",
	"2.1-IV1",
	"2.1-IV2",
	"2.2-IV0",
	"2.2-IV1",
	"2.3-IV0",
	"2.3-IV1",
	"2.4-IV0",
	"2.4-IV1",
	"2.5-IV0",
	"2.6-IV0",
	"2.7-IV0",
	"2.7-IV1",
	"2.7-IV2",
	"2.8-IV0",
	"2.8-IV1",
	"3.0-IV0",
	"3.0-IV1",
	"3.1-IV0",
	"3.2-IV0",
	"3.3-IV0",
	"3.3-IV1",
	"3.3-IV2",
	"3.3-IV3",
	"3.4-IV0",
	"3.5-IV0",
	"3.5-IV1",
	"3.5-IV2",
	"3.6-IV0",
	"3.6-IV1",
	"3.6-IV2",
	"3.7-IV0",
	"3.7-IV1",
	"3.7-IV2",
	"3.7-IV3",
	"3.7-IV4",
	"3.8-IV0",
	"3.9-IV0",
	"4.0-IV0",
	"4.0-IV1",
};

static_assert(ARRAY_LEN(metadata_versions) == METADATA_VERSION_3_9_IV0 + 3, "positions are those of the list");

/* MetadataVersion.fromVersionString: two leading components count, three when it begins with "0."; a release
 * without -IVn means its newest. */
int metadata_version(const char *text)
{
	int want = strncmp(text, "0.", 2) ? 2 : 3, seen = 1, found = -1;
	size_t len = strlen(text), last = len;

	while (last > 0 && text[last - 1] == '.') /* String.split drops empty components at the end */
		last--;
	for (size_t i = 0; i < last; i++) {
		if (text[i] != '.' || seen++ != want)
			continue;
		len = i;
		break;
	}
	for (size_t i = 0; i < ARRAY_LEN(metadata_versions); i++) {
		const char *v = metadata_versions[i];

		bool released = i <= METADATA_VERSION_3_9_IV0;

		if (!strncmp(v, text, len) && (v[len] == '\0' || (released && !strncmp(v + len, "-IV", 3))))
			found = (int)i;
	}
	return found;
}

const char *metadata_version_name(int version)
{
	assert(version >= 0 && (size_t)version < ARRAY_LEN(metadata_versions));
	return metadata_versions[version];
}

/* The largest value whose threshold `version` reaches. */
static int by_threshold(int version, const int since[], int n, int first)
{
	int found = first;

	for (int i = 0; i < n && version >= since[i]; i++)
		found++;
	return found;
}

int8_t metadata_version_record_format(int version)
{
	static const int since[] = { METADATA_VERSION_0_10_0_IV0, METADATA_VERSION_0_11_0_IV0 };

	return (int8_t)by_threshold(version, since, ARRAY_LEN(since), 0);
}

int16_t metadata_version_group_value(int version)
{
	static const int since[] = { METADATA_VERSION_0_10_1_IV0, METADATA_VERSION_2_1_IV0, METADATA_VERSION_2_3_IV0 };

	return (int16_t)by_threshold(version, since, ARRAY_LEN(since), 0);
}

int16_t metadata_version_offset_value(int version)
{
	static const int since[] = { METADATA_VERSION_2_1_IV0, METADATA_VERSION_2_1_IV1 };

	return (int16_t)by_threshold(version, since, ARRAY_LEN(since), 1);
}

int32_t metadata_version_broker_znode(int version)
{
	return version >= METADATA_VERSION_2_7_IV0 ? 5 : version >= METADATA_VERSION_0_10_0_IV1 ? 4 : 2;
}

int32_t metadata_version_feature_znode(int version)
{
	return version >= METADATA_VERSION_3_3_IV0 ? 2 : 1;
}

/* From this version on the request has that version; ascending within a key, from 0.8.0 on the first row's. */
struct step {
	int16_t key, version;
	enum metadata_version since;
};

static const struct step steps[] = {
	{ API_FETCH, 0, METADATA_VERSION_0_8_0 },
	{ API_FETCH, 1, METADATA_VERSION_0_9_0 },
	{ API_FETCH, 2, METADATA_VERSION_0_10_0_IV0 },
	{ API_FETCH, 3, METADATA_VERSION_0_10_1_IV1 },
	{ API_FETCH, 4, METADATA_VERSION_0_11_0_IV0 },
	{ API_FETCH, 5, METADATA_VERSION_0_11_0_IV1 },
	{ API_FETCH, 7, METADATA_VERSION_1_1_IV0 },
	{ API_FETCH, 8, METADATA_VERSION_2_0_IV1 },
	{ API_FETCH, 10, METADATA_VERSION_2_1_IV2 },
	{ API_FETCH, 11, METADATA_VERSION_2_3_IV1 },
	{ API_FETCH, 12, METADATA_VERSION_2_7_IV1 },
	{ API_FETCH, 13, METADATA_VERSION_3_1_IV0 },
	{ API_FETCH, 14, METADATA_VERSION_3_5_IV0 },
	{ API_FETCH, 15, METADATA_VERSION_3_5_IV1 },
	{ API_FETCH, 16, METADATA_VERSION_3_7_IV4 },
	{ API_FETCH, 17, METADATA_VERSION_3_9_IV0 },

	{ API_LIST_OFFSETS, 0, METADATA_VERSION_0_8_0 },
	{ API_LIST_OFFSETS, 1, METADATA_VERSION_0_10_1_IV2 },
	{ API_LIST_OFFSETS, 2, METADATA_VERSION_0_11_0_IV0 },
	{ API_LIST_OFFSETS, 3, METADATA_VERSION_2_0_IV1 },
	{ API_LIST_OFFSETS, 4, METADATA_VERSION_2_1_IV1 },
	{ API_LIST_OFFSETS, 5, METADATA_VERSION_2_2_IV1 },
	{ API_LIST_OFFSETS, 6, METADATA_VERSION_2_8_IV0 },
	{ API_LIST_OFFSETS, 7, METADATA_VERSION_3_0_IV1 },
	{ API_LIST_OFFSETS, 8, METADATA_VERSION_3_5_IV0 },
	{ API_LIST_OFFSETS, 9, METADATA_VERSION_3_9_IV0 },

	{ API_LEADER_AND_ISR, 0, METADATA_VERSION_0_8_0 },
	{ API_LEADER_AND_ISR, 1, METADATA_VERSION_1_0_IV0 },
	{ API_LEADER_AND_ISR, 2, METADATA_VERSION_2_2_IV0 },
	{ API_LEADER_AND_ISR, 3, METADATA_VERSION_2_4_IV0 },
	{ API_LEADER_AND_ISR, 4, METADATA_VERSION_2_4_IV1 },
	{ API_LEADER_AND_ISR, 5, METADATA_VERSION_2_8_IV1 },
	{ API_LEADER_AND_ISR, 6, METADATA_VERSION_3_2_IV0 },
	{ API_LEADER_AND_ISR, 7, METADATA_VERSION_3_4_IV0 },

	{ API_STOP_REPLICA, 0, METADATA_VERSION_0_8_0 },
	{ API_STOP_REPLICA, 1, METADATA_VERSION_2_2_IV0 },
	{ API_STOP_REPLICA, 2, METADATA_VERSION_2_4_IV1 },
	{ API_STOP_REPLICA, 3, METADATA_VERSION_2_6_IV0 },
	{ API_STOP_REPLICA, 4, METADATA_VERSION_3_4_IV0 },

	{ API_UPDATE_METADATA, 0, METADATA_VERSION_0_8_0 },
	{ API_UPDATE_METADATA, 1, METADATA_VERSION_0_9_0 },
	{ API_UPDATE_METADATA, 2, METADATA_VERSION_0_10_0_IV1 },
	{ API_UPDATE_METADATA, 3, METADATA_VERSION_0_10_2_IV0 },
	{ API_UPDATE_METADATA, 4, METADATA_VERSION_1_0_IV0 },
	{ API_UPDATE_METADATA, 5, METADATA_VERSION_2_2_IV0 },
	{ API_UPDATE_METADATA, 6, METADATA_VERSION_2_4_IV1 },
	{ API_UPDATE_METADATA, 7, METADATA_VERSION_2_8_IV1 },
	{ API_UPDATE_METADATA, 8, METADATA_VERSION_3_4_IV0 },

	{ API_CONTROLLED_SHUTDOWN, 0, METADATA_VERSION_0_8_0 },
	{ API_CONTROLLED_SHUTDOWN, 1, METADATA_VERSION_0_9_0 },
	{ API_CONTROLLED_SHUTDOWN, 2, METADATA_VERSION_2_2_IV0 },
	{ API_CONTROLLED_SHUTDOWN, 3, METADATA_VERSION_2_4_IV1 },

	{ API_OFFSET_FOR_LEADER_EPOCH, 0, METADATA_VERSION_0_8_0 },
	{ API_OFFSET_FOR_LEADER_EPOCH, 1, METADATA_VERSION_2_0_IV0 },
	{ API_OFFSET_FOR_LEADER_EPOCH, 2, METADATA_VERSION_2_1_IV1 },
	{ API_OFFSET_FOR_LEADER_EPOCH, 3, METADATA_VERSION_2_3_IV1 },
	{ API_OFFSET_FOR_LEADER_EPOCH, 4, METADATA_VERSION_2_8_IV0 },

	{ API_WRITE_TXN_MARKERS, 0, METADATA_VERSION_0_8_0 },
	{ API_WRITE_TXN_MARKERS, 1, METADATA_VERSION_2_8_IV0 },
};

int metadata_version_of_request(int version, int key)
{
	int found = -1;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (steps[i].key == key && (int)steps[i].since <= version)
			found = steps[i].version;
	assert(found >= 0);
	return found;
}
