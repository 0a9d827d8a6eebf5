/* log_dirs_priv.h - the JSON line of kafka-log-dirs.sh.
 *
 * Pure. Thread: any. Layer: tools.
 */
#ifndef TOOLS_LOG_DIRS_PRIV_H
#define TOOLS_LOG_DIRS_PRIV_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"
#include "protocol/messages.h"

struct broker_dirs {
	int32_t id;
	struct describe_log_dirs_response dirs;
};

/* What the brokers answered, as Kafka's tool prints it, with a newline. Only replicas of `topics`, unless topics_n is
 * 0. */
void log_dirs_print(const struct broker_dirs *v, size_t n, const struct str *topics,
	size_t topics_n, FILE *out);

#endif
