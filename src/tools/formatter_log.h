/* formatter_log.h - the records of __consumer_offsets and __transaction_state as JSON or text.
 *
 * Thread: any. Layer: tools; pure.
 */
#ifndef TOOLS_FORMATTER_LOG_H
#define TOOLS_FORMATTER_LOG_H

#include <stdio.h>

#include "base/attr.h"
#include "base/str.h"

enum formatter_log {
	FORMATTER_LOG_OFFSETS,      /* committed offsets */
	FORMATTER_LOG_GROUPS,       /* group metadata */
	FORMATTER_LOG_TRANSACTIONS, /* transactions */
};

/* {"key":{"version":V,"data":{...}},"value":...}, without a newline, as Kafka 3.9 does. A record of another kind (a group
 * among offsets) writes nothing. 0, or -EINVAL with *ret_error, constant text.                          */
int formatter_log_write(enum formatter_log kind, struct bytes key, struct bytes value, FILE *out,
	const char **ret_error) MUST_CHECK;

/* The same as one line of text each, as the formatters of Kafka 3.7 and older write them:
 * [group,topic,partition]::OffsetAndMetadata(...), group::GroupMetadata(...), id::TransactionMetadata(...). */
int formatter_log_write_text(enum formatter_log kind, struct bytes key, struct bytes value,
	FILE *out, const char **ret_error) MUST_CHECK;

#endif
