/* formatter_log.h - the records of __consumer_offsets and __transaction_state as JSON.
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
	FORMATTER_LOG_OLD_OFFSETS,  /* committed offsets as one line of text, as up to Kafka 3.7 */
};

/* {"key":{"version":V,"data":{...}},"value":...}, without a newline, as Kafka 3.9 does. A record of another kind (a group
 * among offsets) writes nothing. 0, or -EINVAL with *ret_error, constant text.                          */
int formatter_log_write(enum formatter_log kind, struct bytes key, struct bytes value, FILE *out,
	const char **ret_error) MUST_CHECK;

#endif
