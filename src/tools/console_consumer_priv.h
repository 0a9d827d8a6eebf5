/* console_consumer_priv.h - what the command line of the console consumer comes to.
 *
 * Owner: run() of console_consumer.c. Thread: main. Layer: tools.
 */
#ifndef TOOLS_CONSOLE_CONSUMER_PRIV_H
#define TOOLS_CONSOLE_CONSUMER_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/properties.h"
#include "tools/formatter.h"
#include "tools/options.h"

/* Offsets that stand for an end of the log, as ListOffsets has them. */
#define CONSUME_LATEST (-1)
#define CONSUME_EARLIEST (-2)

enum consumer_option {
	CONSUMER_BOOTSTRAP_SERVER,
	CONSUMER_CONFIG,
	CONSUMER_PROPERTY,
	CONSUMER_SYSTEST_EVENTS,
	CONSUMER_FORMATTER,
	CONSUMER_FORMATTER_CONFIG,
	CONSUMER_FROM_BEGINNING,
	CONSUMER_GROUP,
	CONSUMER_INCLUDE,
	CONSUMER_ISOLATION_LEVEL,
	CONSUMER_KEY_DESERIALIZER,
	CONSUMER_MAX_MESSAGES,
	CONSUMER_OFFSET,
	CONSUMER_PARTITION,
	CONSUMER_FORMATTER_PROPERTY,
	CONSUMER_SKIP_ON_ERROR,
	CONSUMER_TIMEOUT_MS,
	CONSUMER_TOPIC,
	CONSUMER_VALUE_DESERIALIZER,
	CONSUMER_WHITELIST,
	CONSUMER_HELP,
	CONSUMER_VERSION,
	CONSUMER_OPTION_COUNT,
};

extern const struct option consumer_options[CONSUMER_OPTION_COUNT];

struct consumer_settings {
	struct options options;
	struct properties config; /* of the client, with Java names */
	const char *topic;        /* either this ... */
	const char *include;      /* ... or a regular expression */
	int32_t partition;        /* -1: all */
	int64_t offset;           /* for `partition` */
	bool has_group;           /* group.id was given; else it is one made up for the log lines */
	int64_t timeout_ms;       /* INT64_MAX: none */
	bool skip_on_error, systest_events;
	struct formatter *formatter;
};

/* Reads the command line. 0, or -1: the tool is to end with *ret_exit_code, messages have been written. Fini in either
 * case. */
int consumer_settings_read(
	struct consumer_settings *s, int argc, char **argv, int *ret_exit_code) MUST_CHECK;
void consumer_settings_fini(struct consumer_settings *s);

/* --max-messages, -1 without it. 0, or -EINVAL as options_number: Kafka looks at it only when the consumer is running. */
int consumer_max_messages(struct consumer_settings *s, int64_t *ret) MUST_CHECK;

#endif
