/* config_describe.h - the entries of DescribeConfigs for brokers and topics (ConfigHelper.scala, 3.9).
 *
 * Pure: a snapshot and the overrides of a topic in, entries in an arena out. protocol.md 16.3.
 * Thread: any.
 */
#ifndef BROKER_CONFIG_DESCRIBE_H
#define BROKER_CONFIG_DESCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/config_service.h"
#include "base/arena.h"
#include "base/attr.h"
#include "broker/config.h"

struct describe_query {
	struct arena *arena;
	const struct str *keys; /* asked for; none: all */
	int32_t keys_n;
	bool synonyms, documentation;
};

/* All keys of this broker, or with `cluster_default` only what is set for the whole cluster. Sorted by name.
 * 0 | -ENOMEM: the arena is full. */
int describe_broker(const struct config *c, bool cluster_default, const struct describe_query *q,
	struct config_entry **ret, int32_t *ret_n) MUST_CHECK;
int describe_topic(const struct config *c, const struct properties *overrides,
	const struct describe_query *q, struct config_entry **ret, int32_t *ret_n) MUST_CHECK;

#endif
