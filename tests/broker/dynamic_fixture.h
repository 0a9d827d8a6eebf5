/* dynamic_fixture.h - a dynamic configuration over a ZooKeeper that is a few arrays; what hooks and parts are told, and every
 * line from WARN up, is noted as an event.
 *
 * dynamic_fixture.c defines the functions of zk/ and controller/ that the dynamic configuration uses, so the real ones
 * are not linked.
 */
#ifndef TESTS_BROKER_DYNAMIC_FIXTURE_H
#define TESTS_BROKER_DYNAMIC_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/dynamic_config.h"
#include "zk/session.h"

#define NODES_MAX 32
#define NOW_MS INT64_C(1700000000000)
#define OLD_MS (NOW_MS - 16 * 60 * 1000)

struct zk_session {
	enum zk_state state;
	struct zk_watch *children, *deleted; /* of and on /config/changes */
	struct zk_listener *listener;
	int64_t changes_czxid; /* of /config/changes; 0: deleted */
	struct {
		char path[128], data[2048];
		int64_t ctime_ms;
	} nodes[NODES_MAX];
	size_t nodes_n;
};

extern struct zk_session zk;
extern struct dynamic_config *d; /* broker 1's */

int dynamic_fixture_setup(void **state);
int dynamic_fixture_teardown(void **state);

int zk_fake_find(const char *path); /* -1: no such node */
void zk_fake_put(const char *path, const char *data, int64_t ctime_ms);
void zk_fake_delete_changes(void); /* all of /config/changes */
char *zk_fake_data(int i); /* owned by the caller */
/* What the session's thread does after an expiry. */
void zk_fake_renew(void);

/* {"version":1,"config":{`config`}} */
void store(const char *path, const char *config);
void announce(int number, const char *entity_path);

/* Opens with this server.properties; one part takes max.connections and vetoes 13. */
void open_broker(const char *fixed);
/* The same, and follows changes; the topics "t", "own" and "plain" have logs. */
void start_broker(const char *fixed);
int int_now(enum config_id id);
int64_t retention_of(const char *topic);
/* From now on every topic has logs here but the one of this name. */
void set_gone(const char *topic);

int times(const char *event);
void expect_event(const char *event); /* waits until it was noted */
void forget_events(void);

#endif
