/* decode_offsets.c - records of __consumer_offsets as JSON (DumpLogSegments.OffsetsMessageParser of Kafka 3.9). */
#include <inttypes.h>
#include <string.h>

#include "protocol/codec.h"
#include "protocol/messages.h"
#include "tools/java_exception.h"
#include "tools/message_json.h"
#include "tools/record_decoder_priv.h"
#include "tools/records.h"

/* The largest struct of a record. */
union group_record {
	struct offset_commit_key offset_key;
	struct offset_commit_value offset_value;
	struct group_metadata_key group_key;
	struct group_metadata_value group_value;
	struct consumer_group_metadata_key key3;
	struct consumer_group_metadata_value value3;
	struct consumer_group_partition_metadata_key key4;
	struct consumer_group_partition_metadata_value value4;
	struct consumer_group_member_metadata_key key5;
	struct consumer_group_member_metadata_value value5;
	struct consumer_group_target_assignment_metadata_key key6;
	struct consumer_group_target_assignment_metadata_value value6;
	struct consumer_group_target_assignment_member_key key7;
	struct consumer_group_target_assignment_member_value value7;
	struct consumer_group_current_member_assignment_key key8;
	struct consumer_group_current_member_assignment_value value8;
};

union consumer_message {
	struct consumer_protocol_subscription subscription;
	struct consumer_protocol_assignment assignment;
};

/* Subscription and assignment of a consumer are messages themselves; other bytes stay bytes. */
static bool put_consumer_bytes(const struct field *f, struct bytes b, FILE *out)
{
	const struct schema *s = strcmp(f->name, "subscription") == 0 ? &consumer_protocol_subscription_schema
				 : strcmp(f->name, "assignment") == 0 ? &consumer_protocol_assignment_schema
								      : NULL;
	struct cursor c = cur_of(b.p, (size_t)(b.len > 0 ? b.len : 0));
	int16_t version = cur_i16(&c);
	union consumer_message message;
	struct arena a;
	int r;

	if (!s || c.bad)
		return false;
	arena_init(&a, DECODE_ARENA_MAX);
	r = decode_message(s, version, &c, &a, &message);
	if (!r)
		message_json(s, version, &message, NULL, out);
	arena_fini(&a);
	return r == 0;
}

static bool is_consumer_group(const struct schema *s, const union group_record *record)
{
	return s == &group_metadata_value_schema && str_is(record->group_value.protocol_type, "consumer");
}

/* {"type":"1","data":{...}}. False: the bytes are not such a message. */
static bool put_message(const struct schema *s, const char *label, int version, struct cursor *c, FILE *out)
{
	union group_record record;
	struct arena a;
	int r;

	arena_init(&a, DECODE_ARENA_MAX);
	r = decode_message(s, version, c, &a, &record);
	if (!r) {
		fprintf(out, "{\"%s\":\"%d\",\"data\":", label, version);
		message_json(s, version, &record,
			is_consumer_group(s, &record) ? put_consumer_bytes : NULL, out);
		putc('}', out);
	}
	arena_fini(&a);
	return r == 0;
}

static void skip_record(const struct record *r, const char *what, struct decoding *d)
{
	rewind(d->key);
	fprintf(d->key, "Error at offset %" PRId64 ", skipping. %s", r->offset, what);
	d->has_key = true;
	d->has_value = false;
}

static void skip_message(const struct record *r, const char *what, int version, struct decoding *d)
{
	char text[120];

	snprintf(text, sizeof(text), "Could not read record with version %d from %s's buffer due to: null.",
		version, what);
	skip_record(r, text, d);
}

static void put_value(const struct record *r, int type, struct decoding *d)
{
	struct cursor c = cur_of(r->value.p, (size_t)(r->value.len > 0 ? r->value.len : 0));
	int16_t version = cur_i16(&c);

	d->has_value = true;
	if (r->value.len < 0)
		fputs("<DELETE>", d->value);
	else if (c.bad)
		skip_record(r, "Could not read version from value's buffer.", d);
	else if (!put_message(records_group_value(type), "version", version, &c, d->value))
		skip_message(r, "value", version, d);
}

int decode_offsets(const struct record *r, struct decoding *d)
{
	struct cursor c = cur_of(r->key.p, (size_t)(r->key.len > 0 ? r->key.len : 0));
	int16_t type = cur_i16(&c);

	if (r->key.len < 0)
		return java_exception("java.lang.RuntimeException",
			"Failed to decode message at offset %" PRId64
			" using offset topic decoder (message had a missing key)",
			r->offset);
	d->has_key = true;
	if (c.bad)
		skip_record(r, "Could not read version from key's buffer.", d);
	else if (!records_group_key(type))
		fprintf(d->key, "Unknown record type %d at offset %" PRId64 ", skipping.", type, r->offset);
	else if (!put_message(records_group_key(type), "type", type, &c, d->key))
		skip_message(r, "key", type, d);
	else
		put_value(r, type, d);
	return 0;
}
