/* record_decoder.h - key and value of a stored record as text, in the ways of kafka-dump-log.sh.
 *
 * Owner: the dump. Thread: main. Layer: tools.
 */
#ifndef TOOLS_RECORD_DECODER_H
#define TOOLS_RECORD_DECODER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct record;
struct record_decoder;

enum record_content {
	RECORD_CONTENT_PLAIN, /* whatever the decoder classes say */
	RECORD_CONTENT_OFFSETS,
	RECORD_CONTENT_TRANSACTIONS,
	RECORD_CONTENT_CLUSTER_METADATA,
	RECORD_CONTENT_REMOTE_LOG,
};

struct decoded {
	bool has_key, has_value;
	const char *key, *value; /* borrowed from the decoder until its next use */
	size_t key_len, value_len;
};

/* `value_class` and `key_class` are names of Kafka's decoder classes, used for plain content only; a note about an old name
 * goes to the standard output.
 *   0       *ret is the decoder
 *   1       no such class; the message has been written                                                */
int record_decoder_new(enum record_content content, const char *value_class, const char *key_class,
	struct record_decoder **ret) MUST_CHECK;
struct record_decoder *record_decoder_free(struct record_decoder *d);
DEFINE_CLEANUP(struct record_decoder *, record_decoder_free)

/* 0, or 1: the record is damaged in a way that ends Kafka's tool; the message has been written. */
int record_decoder_run(
	struct record_decoder *d, const struct record *r, struct decoded *ret) MUST_CHECK;

#endif
