/* record_decoder_priv.h - the parts of record_decoder. */
#ifndef TOOLS_RECORD_DECODER_PRIV_H
#define TOOLS_RECORD_DECODER_PRIV_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "protocol/schema.h"
#include "record/record.h"
#include "tools/record_decoder.h"

/* A text that is made anew for each record. */
struct decoding {
	FILE *key, *value;
	bool has_key, has_value;
};

/* Each writes key and value. 0, or 1 after a message. */
typedef int record_decode_fn(const struct record *r, struct decoding *d);
record_decode_fn decode_offsets, decode_transactions, decode_cluster_metadata, decode_remote_log;

/* Memory that one record may take when it is decoded. */
#define DECODE_ARENA_MAX (256u << 20)

/* Reads a message of a version that may be newer than we know, as Kafka's readers do. 0 | -EBADMSG | -ENOMEM. */
int decode_message(const struct schema *s, int version, struct cursor *c, struct arena *a,
	void *out) MUST_CHECK;

/* What is in front of a record of a metadata log. False: *ret_error is the text of Kafka's exception, of static storage. */
struct metadata_frame {
	int type, version;
};
bool decode_frame(struct cursor *c, struct metadata_frame *ret, const char **ret_error);

#endif
