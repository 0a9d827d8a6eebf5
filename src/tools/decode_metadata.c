/* decode_metadata.c - records of the metadata log of a KRaft cluster as JSON, and the frame of such records
 * (ClusterMetadataLogMessageParser and AbstractApiMessageSerde of Kafka 3.9). */
#include <inttypes.h>
#include <limits.h>

#include "protocol/codec.h"
#include "tools/message_json.h"
#include "tools/record_decoder_priv.h"
#include "tools/records.h"

#define FRAME_VERSION 1

/* The largest struct of a record. */
union cluster_record {
	struct register_broker_record register_broker;
	struct unregister_broker_record unregister_broker;
	struct topic_record topic;
	struct partition_record partition;
	struct config_record config;
	struct partition_change_record partition_change;
	struct fence_broker_record fence_broker;
	struct unfence_broker_record unfence_broker;
	struct remove_topic_record remove_topic;
	struct delegation_token_record delegation_token;
	struct user_scram_credential_record user_scram_credential;
	struct feature_level_record feature_level;
	struct client_quota_record client_quota;
	struct producer_ids_record producer_ids;
	struct broker_registration_change_record broker_registration_change;
	struct access_control_entry_record access_control_entry;
	struct remove_access_control_entry_record remove_access_control_entry;
	struct zk_migration_state_record zk_migration_state;
	struct remove_user_scram_credential_record remove_user_scram_credential;
	struct begin_transaction_record begin_transaction;
	struct abort_transaction_record abort_transaction;
	struct remove_delegation_token_record remove_delegation_token;
	struct register_controller_record register_controller;
};

/* False: *ret_error says why, with `what` in it. */
static bool take_number(struct cursor *c, int *ret, const char *unreadable, const char *too_large,
	const char **ret_error)
{
	uint32_t v = cur_uvarint(c);

	*ret_error = c->bad ? unreadable : too_large;
	*ret = (int16_t)v;
	return !c->bad && ((int32_t)v <= INT16_MAX);
}

bool decode_frame(struct cursor *c, struct metadata_frame *ret, const char **ret_error)
{
	static char unknown[160];
	int frame;

	if (!take_number(c, &frame, "Error while reading frame version",
		    "Value for frame version was too large.", ret_error))
		return false;
	if (frame == 0) {
		*ret_error = "Could not deserialize metadata record with frame version 0. Note that upgrades from "
			     "the preview release of KRaft in 2.8 to newer versions are not supported.";
		return false;
	}
	if (frame != FRAME_VERSION) {
		snprintf(unknown, sizeof(unknown),
			"Could not deserialize metadata record due to unknown frame version %d(only frame "
			"version %d is supported)",
			frame, FRAME_VERSION);
		*ret_error = unknown;
		return false;
	}
	return take_number(c, &ret->type, "Error while reading type", "Value for type was too large.",
		       ret_error) &&
	       take_number(c, &ret->version, "Error while reading version",
		       "Value for version was too large.", ret_error);
}

/* Tagged fields that we do not know are passed over; a record without fields of its own has only those. */
static int read_record(const struct schema *s, int version, struct cursor *c, struct arena *a,
	union cluster_record *record)
{
	static const struct field no_fields[1];
	static const struct schema empty = {.name = "empty", .fields = no_fields};

	return decode_message(s ? s : &empty, version, c, a, record);
}

static void put_error(const struct record *r, FILE *out)
{
	rewind(out);
	fprintf(out, "Error at %" PRId64 ", skipping. ", r->offset);
}

static void put_record(const struct record *r, const struct metadata_frame *f, struct cursor *c, FILE *out)
{
	const struct schema *s = NULL;
	union cluster_record record;
	const char *name;
	struct arena a;

	if (!records_cluster(f->type, &name, &s)) {
		put_error(r, out);
		fprintf(out, "org.apache.kafka.common.errors.UnsupportedVersionException: Unknown metadata id %d",
			f->type);
		return;
	}
	arena_init(&a, DECODE_ARENA_MAX);
	if (read_record(s, f->version, c, &a, &record)) {
		put_error(r, out);
		fprintf(out, "Failed to deserialize record with type %d", f->type);
	} else if (cur_left(c) > 0) {
		put_error(r, out);
		fprintf(out, "Found %zu byte(s) of garbage after %d", cur_left(c), f->type);
	} else {
		fprintf(out, "{\"type\":\"%s\",\"version\":%d,\"data\":", name, f->version);
		if (s)
			message_json(s, f->version, &record, NULL, out);
		else
			fputs("{}", out);
		putc('}', out);
	}
	arena_fini(&a);
}

int decode_cluster_metadata(const struct record *r, struct decoding *d)
{
	struct cursor c = cur_of(r->value.p, (size_t)(r->value.len > 0 ? r->value.len : 0));
	struct metadata_frame f;
	const char *error;

	d->has_value = true;
	if (!decode_frame(&c, &f, &error)) {
		put_error(r, d->value);
		fputs(error, d->value);
	} else {
		put_record(r, &f, &c, d->value);
	}
	return 0;
}
