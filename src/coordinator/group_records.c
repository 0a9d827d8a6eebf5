/* group_records.c - a version in front of a message of protocol/record. */
#include "coordinator/group_records.h"

#include <errno.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/writer.h"
#include "protocol/codec.h"
#include "protocol/errors.h"

static struct cursor cursor_of(struct bytes b)
{
	return cur_of(b.p, b.len > 0 ? (size_t)b.len : 0);
}

int group_record_parse_key(struct bytes key, struct group_record_key *ret)
{
	struct cursor c = cursor_of(key);
	struct offset_commit_key offset;
	struct group_metadata_key group;

	*ret = (struct group_record_key){ .type = GROUP_RECORD_UNKNOWN, .version = cur_i16(&c) };
	if (c.bad)
		return KERR_INVALID_RECORD;
	if (ret->version >= offset_commit_key_first && ret->version <= offset_commit_key_last) {
		if (codec_decode(&offset_commit_key_schema, ret->version, &c, NULL, &offset) != 0)
			return KERR_INVALID_RECORD;
		ret->type = GROUP_RECORD_OFFSET;
		ret->group = offset.group;
		ret->topic = offset.topic;
		ret->partition = offset.partition;
	} else if (ret->version == group_metadata_key_first) {
		if (codec_decode(&group_metadata_key_schema, ret->version, &c, NULL, &group) != 0)
			return KERR_INVALID_RECORD;
		ret->type = GROUP_RECORD_GROUP;
		ret->group = group.group;
	}
	return 0;
}

static int parse_value(const struct schema *s, struct bytes value, struct arena *a, void *ret)
{
	struct cursor c = cursor_of(value);
	int16_t version = cur_i16(&c);
	int r;

	if (c.bad || version < s->first || version > s->last)
		return KERR_INVALID_RECORD;
	r = codec_decode(s, version, &c, a, ret);
	if (r == -ENOMEM)
		return r;
	return r == 0 ? 0 : KERR_INVALID_RECORD;
}

int offset_record_parse_value(struct bytes value, struct offset_commit_value *ret)
{
	return parse_value(&offset_commit_value_schema, value, NULL, ret);
}

int group_record_parse_value(struct bytes value, struct arena *a, struct group_metadata_value *ret)
{
	int r = parse_value(&group_metadata_value_schema, value, a, ret);

	if (r != 0)
		return r;
	if (value.p[0] != 0 || value.p[1] != 0)
		return 0;
	for (int32_t i = 0; i < ret->members_n; i++) /* version 0 had one time-out for both */
		ret->members[i].rebalance_timeout = ret->members[i].session_timeout;
	return 0;
}

static int put(const struct schema *s, int16_t version, const void *in, struct writer *w)
{
	int r;

	writer_i16(w, version);
	r = codec_encode(s, version, in, w);
	return r == 0 ? 0 : FAIL(r);
}

int offset_record_put_key(struct writer *w, struct str group, struct str topic, int32_t partition)
{
	struct offset_commit_key k = { .group = group, .topic = topic, .partition = partition };

	return put(&offset_commit_key_schema, offset_commit_key_last, &k, w);
}

int offset_record_put_value(struct writer *w, int16_t version, const struct offset_commit_value *v)
{
	return put(&offset_commit_value_schema, v->expire_timestamp != -1 ? 1 : version, v, w);
}

int group_record_put_key(struct writer *w, struct str group)
{
	struct group_metadata_key k = { .group = group };

	return put(&group_metadata_key_schema, group_metadata_key_last, &k, w);
}

int group_record_put_value(struct writer *w, int16_t version, const struct group_metadata_value *v)
{
	return put(&group_metadata_value_schema, version, v, w);
}
