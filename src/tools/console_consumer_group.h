/* console_consumer_group.h - where a member of a group begins: at the group's offset, or where auto.offset.reset says.
 *
 * librdkafka commits only what has been consumed. Kafka's consumer commits its position, from the start on: a partition
 * without records so far counts as read up to where it began, and the next member goes on from there. Without that, a
 * record that comes while nobody consumes would be lost for a group that begins at the end.
 *
 * Owner: the console consumer. Thread: main, which polls. Layer: tools.
 */
#ifndef TOOLS_CONSOLE_CONSUMER_GROUP_H
#define TOOLS_CONSOLE_CONSUMER_GROUP_H

#include <stdbool.h>

struct rd_kafka_conf_s;

struct group_start {
	bool commits;      /* enable.auto.commit */
	const char *reset; /* auto.offset.reset: "earliest", "latest", "none"; borrowed */
	char *exception; /* set when it is none and a partition has no offset; owned by the holder */
};

/* Makes the client start its partitions so. Takes the opaque pointer of the configuration. */
void group_start_install(struct rd_kafka_conf_s *conf, struct group_start *g);

#endif
