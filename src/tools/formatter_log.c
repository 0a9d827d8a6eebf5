/* formatter_log.c - coordinator records as text. */
#include "tools/formatter_log.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "protocol/codec.h"
#include "protocol/messages.h"
#include "tools/message_json.h"

#define UNDERFLOW "java.nio.BufferUnderflowException"

/* Any of the records' structs. */
union record {
	struct offset_commit_key offset_key;
	struct offset_commit_value offset_value;
	struct group_metadata_key group_key;
	struct group_metadata_value group_value;
	struct transaction_log_key transaction_key;
	struct transaction_log_value transaction_value;
};

/* Writes {"version":V,"data":...}; `s` NULL or a version that it lacks: unknown. */
static int put_versioned(const struct schema *s, struct bytes b, FILE *out, const char **ret_error)
{
	struct cursor c = cur_of(b.p, (size_t)b.len);
	int16_t version = cur_i16(&c);
	union record record;
	struct arena a;
	int r;

	if (c.bad) {
		*ret_error = UNDERFLOW;
		return -EINVAL;
	}
	if (!s || version < s->first || version > s->last) {
		fprintf(out, "{\"version\":%d,\"data\":\"unknown\"}", version);
		return 0;
	}
	arena_init(&a, 0);
	r = codec_decode(s, version, &c, &a, &record);
	if (!r) {
		fprintf(out, "{\"version\":%d,\"data\":", version);
		message_json(s, version, &record, NULL, out);
		putc('}', out);
	}
	arena_fini(&a);
	if (!r)
		return 0;
	*ret_error = UNDERFLOW;
	return -EINVAL;
}

/* What a key of this version is: of offsets, of a group, or NULL. */
static const struct schema *key_schema(enum formatter_log kind, int version)
{
	if (kind == FORMATTER_LOG_TRANSACTIONS)
		return &transaction_log_key_schema;
	if (version >= offset_commit_key_first && version <= offset_commit_key_last)
		return &offset_commit_key_schema;
	if (version == group_metadata_key_first)
		return &group_metadata_key_schema;
	return NULL;
}

static bool is_of_other_kind(enum formatter_log kind, const struct schema *s)
{
	if (kind == FORMATTER_LOG_GROUPS)
		return s == &offset_commit_key_schema;
	return kind != FORMATTER_LOG_TRANSACTIONS && s == &group_metadata_key_schema;
}

static int write_json(enum formatter_log kind, const struct schema *key_of, struct bytes key,
	struct bytes value, FILE *out, const char **ret_error)
{
	const struct schema *value_of =
		kind == FORMATTER_LOG_TRANSACTIONS ? &transaction_log_value_schema
		: kind == FORMATTER_LOG_GROUPS     ? &group_metadata_value_schema
						   : &offset_commit_value_schema;

	fputs("{\"key\":", out);
	if (key.len < 0)
		fputs("null", out);
	else if (put_versioned(key_of, key, out, ret_error))
		return -EINVAL;
	fputs(",\"value\":", out);
	if (value.len < 0)
		fputs("null", out);
	else if (put_versioned(value_of, value, out, ret_error))
		return -EINVAL;
	putc('}', out);
	return 0;
}

int formatter_log_write(enum formatter_log kind, struct bytes key, struct bytes value, FILE *out,
	const char **ret_error)
{
	const struct schema *key_of = NULL;

	if (key.len >= 0) {
		struct cursor c = cur_of(key.p, (size_t)key.len);

		key_of = key_schema(kind, cur_i16(&c));
	}
	if (key_of && is_of_other_kind(kind, key_of))
		return 0;
	return write_json(kind, key_of, key, value, out, ret_error);
}
