/* group_records.h - keys and values of the records of __consumer_offsets (coordinators.md 2.2).
 *
 * Decoding trusts nothing and borrows from the input. Each key and value begins with its version.
 * Thread: any; no state. Layer: coordinator, over protocol/record.
 */
#ifndef COORDINATOR_GROUP_RECORDS_H
#define COORDINATOR_GROUP_RECORDS_H

#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "protocol/messages.h"

struct arena;
struct writer;

enum group_record_type {
	GROUP_RECORD_OFFSET,  /* keys 0 and 1 */
	GROUP_RECORD_GROUP,   /* key 2 */
	GROUP_RECORD_UNKNOWN, /* another version: to be ignored */
};

struct group_record_key {
	enum group_record_type type;
	int16_t version;
	struct str group;
	struct str topic;  /* GROUP_RECORD_OFFSET */
	int32_t partition; /* GROUP_RECORD_OFFSET */
};

/* 0 | KERR_INVALID_RECORD: null, too short, or a null string. */
int group_record_parse_key(struct bytes key, struct group_record_key *ret) MUST_CHECK;
/* A value that is not null. 0 | KERR_INVALID_RECORD: unknown version, too short, or null where it must not be. */
int offset_record_parse_value(struct bytes value, struct offset_commit_value *ret) MUST_CHECK;
/* The same for a group; members are in `a`. Version 0 has the session timeout as rebalance timeout. -ENOMEM. */
int group_record_parse_value(struct bytes value, struct arena *a, struct group_metadata_value *ret) MUST_CHECK;

/* Writing. 0 | -EINVAL a string longer than 32767 bytes | -EMSGSIZE. */
int offset_record_put_key(struct writer *w, struct str group, struct str topic, int32_t partition) MUST_CHECK;
/* `version` is settings' offset_value_version; version 1 is taken when there is an expire timestamp. */
int offset_record_put_value(struct writer *w, int16_t version, const struct offset_commit_value *v) MUST_CHECK;
int group_record_put_key(struct writer *w, struct str group) MUST_CHECK;
int group_record_put_value(struct writer *w, int16_t version, const struct group_metadata_value *v) MUST_CHECK;

#endif
