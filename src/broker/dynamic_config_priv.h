/* dynamic_config_priv.h - what dynamic_config.c and config_announcements.c share. */
#ifndef BROKER_DYNAMIC_CONFIG_PRIV_H
#define BROKER_DYNAMIC_CONFIG_PRIV_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/lock.h"
#include "broker/dynamic_config.h"

struct change_listener;
struct topic_overrides;

struct dynamic_config {
	struct zk_session *zk;
	const struct clock *clock;
	int32_t broker_id;
	struct lock lock; /* current */
	struct config *current;
	struct topic_overrides *topics; /* of those with logs here */
	struct topic_overrides *stored; /* of all, while logs are loaded; then NULL */
	struct list parts;		/* unchanged after the start */
	struct dynamic_config_hooks hooks;
	atomic_bool started; /* parts are asked and told */
	struct change_listener *changes;
	struct throttle_rates rates;
	bool warned_quotas;
};

/* Adds what an entity stores. 0 | -EBADMSG: a value is no string | -errno */
int dynamic_config_read(struct dynamic_config *d, const char *type, const char *name,
	struct properties *ret) MUST_CHECK;
typedef void topic_read_fn(struct dynamic_config *d, const char *topic, const struct properties *p);
/* Reads the overrides of many topics. 0 | -errno */
int dynamic_config_read_topics(
	struct dynamic_config *d, char *const *names, size_t n, topic_read_fn *fn) MUST_CHECK;
/* Replaces a dynamic layer by what is stored, and tells everybody. Thread: start-up, then the notification thread. */
void dynamic_config_apply(struct dynamic_config *d, struct properties *stored, bool per_broker);
/* Hands the settings that follow from what is known of a topic to its logs; forgets it when there are none. */
void dynamic_config_tell_topic(struct dynamic_config *d, const char *name);

/* config_announcements.c, for change_listener; `arg` is the struct dynamic_config. */
void dynamic_config_announced(void *arg, const char *text, int32_t len);
int dynamic_config_catch_up(void *arg) MUST_CHECK;

#endif
