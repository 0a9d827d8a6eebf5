/* dynamic_config.h - the configuration as ZooKeeper changes it: the current snapshot and the topics' overrides.
 *
 * Reads /config/brokers/<default>, /config/brokers/N and all of /config/topics at the start; follows the
 * notifications below /config/changes on a thread of its own (zookeeper.md 2.7, 2.8, 5.7, 5.8). A broker change
 * makes a new snapshot, which every registered part may veto before and is told about after. A topic change
 * rebuilds the topic's log settings and hands them to the wiring.
 *
 * Owner: broker/startup. Thread: any; callbacks run on the notification thread (or in dynamic_config_start),
 * no lock held.
 */
#ifndef BROKER_DYNAMIC_CONFIG_H
#define BROKER_DYNAMIC_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/list.h"
#include "broker/config.h"

struct clock;
struct dynamic_config;
struct log_config;
struct zk_session;

/* A part of the broker that takes new values without a restart. Keys are listed up to CFG_COUNT. */
struct reconfigurable {
	struct list link; /* private */
	const char *name; /* in log lines: "network threads" */
	const enum config_id *keys;
	bool per_listener; /* a key counts behind listener.name.X. too */
	/* Optional: may it be changed so? 0 | KERR_INVALID_CONFIG with `why`. Any thread; changes nothing. */
	int (*validate)(void *arg, const struct config *from, const struct config *to,
		char why[CONFIG_ERROR_MAX]);
	/* One of the keys has another value. */
	void (*apply)(void *arg, const struct config *from, const struct config *to);
	void *arg;
};

/* The bounds on replication traffic: bytes per second, INT64_MAX: none. */
struct throttle_rates {
	int64_t leader, follower, alter_log_dirs;
};

/* What the wiring wants to hear; unset functions are skipped. */
struct dynamic_config_hooks {
	/* A topic's settings may have changed; `settings` is borrowed. Called for every topic when broker defaults
	 * change. False: there are no logs of that topic. */
	bool (*topic_changed)(void *arg, const char *topic, struct log_config *settings);
	/* unclean.leader.election.enable became true for a topic, or (topic NULL) as the broker's default: an
	 * event for the controller. */
	void (*unclean_enabled)(void *arg, const char *topic);
	void (*throttle_changed)(void *arg, const struct throttle_rates *rates);
	/* The advertised listeners differ: /brokers/ids/N must be written again. */
	void (*endpoints_changed)(void *arg, const struct config *to);
	void *arg;
};

/* Reads what is stored and merges it over the static configuration `fixed` (a reference is taken). Before the parts
 * that are configured by it are made. `broker_id` is the final one.
 *   0        *ret is ready for dynamic_config_current and dynamic_config_topic
 *   -errno   ZooKeeper did not answer                                                         */
int dynamic_config_open(struct zk_session *zk, const struct clock *clock,
	const struct config *fixed, int32_t broker_id, struct dynamic_config **ret) MUST_CHECK;
/* The logs that were there are loaded: from now on the settings of a topic are read from ZooKeeper when a log is made,
 * since neither creation nor deletion of a topic is notified. Before other threads ask. */
void dynamic_config_loaded(struct dynamic_config *d);
/* Before dynamic_config_start, and before anybody validates; `r` is borrowed until the close. */
void dynamic_config_add(struct dynamic_config *d, struct reconfigurable *r);
/* Follows changes from now on; `hooks` is copied. 0 | -errno. */
int dynamic_config_start(
	struct dynamic_config *d, const struct dynamic_config_hooks *hooks) MUST_CHECK;
/* Stops following; no callback runs afterwards. The snapshot and the topics stay readable until the free. The
 * session must be alive, or aborted (zk_session_abort) to end waiting. */
void dynamic_config_stop(struct dynamic_config *d);
struct dynamic_config *dynamic_config_free(
	struct dynamic_config *d); /* stops first; NULL is fine */

/* The snapshot in effect; a new reference, never NULL. Never waits. */
struct config *dynamic_config_current(struct dynamic_config *d);
int32_t dynamic_config_broker_id(const struct dynamic_config *d);
/* What hooks.throttle_changed is told when it differs from no bounds at the start, and from what it was told later. */
void dynamic_config_throttle_rates(const struct config *c, struct throttle_rates *ret);

/* The settings of a topic's logs, a new reference. Before dynamic_config_loaded from what was read at the start;
 * afterwards read from ZooKeeper. Falls back to the last known overrides when ZooKeeper is away. May wait. */
struct log_config *dynamic_config_topic(struct dynamic_config *d, const char *topic);
/* Calls hooks.topic_changed with what is known of a topic now. To be called once a log made with
 * dynamic_config_topic can be found by that hook: a change announced between the two would be lost otherwise; and
 * when logs of a topic are gone, so that it is forgotten. Never waits. */
void dynamic_config_retell(struct dynamic_config *d, const char *topic);
/* The overrides of a topic as ZooKeeper has them, or the last known ones when it is away. Adds to *ret. May wait. */
void dynamic_config_overrides(struct dynamic_config *d, const char *topic, struct properties *ret);

/* May this be the whole dynamic set of this broker (per_broker) or of the cluster's default?
 * 0 | KERR_INVALID_CONFIG with Kafka's message. */
int dynamic_config_validate(struct dynamic_config *d, const struct properties *p, bool per_broker,
	char why[CONFIG_ERROR_MAX]) MUST_CHECK;

#endif
