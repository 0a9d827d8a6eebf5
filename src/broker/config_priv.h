/* config_priv.h - the layout of a configuration snapshot, for the files config*.c and their tests. */
#ifndef BROKER_CONFIG_PRIV_H
#define BROKER_CONFIG_PRIV_H

#include <stdatomic.h>

#include "base/properties.h"
#include "broker/config.h"
#include "zk/znode.h"

struct endpoints {
	struct zk_endpoint *v;
	size_t n;
};

/* listener.security.protocol.map */
struct protocol_map {
	struct protocol_map_entry {
		char *name; /* upper case */
		enum zk_security_protocol protocol;
	} * v;
	size_t n;
};

struct config {
	atomic_int refs;
	char *file;                  /* named in messages */
	struct properties layers[3]; /* by enum config_layer: raw entries */
	struct properties merged;    /* what is set, after precedence */
	struct config_value values[CFG_COUNT];
	char **log_dirs;
	size_t log_dirs_n;
	struct protocol_map protocols;
	struct endpoints listeners, advertised;
	char *inter_broker; /* listener name */
};

/* What is wrong with a snapshot: a key, and Kafka's words. */
struct config_fault {
	enum config_id id;
	bool require; /* Kafka reports it as "requirement failed: ..." */
	char text[CONFIG_ERROR_MAX / 2];
};

/* Fills what is derived from listeners, advertised.listeners, the protocol map and the inter-broker keys.
 * 0 | KERR_INVALID_CONFIG with *fault. */
int config_fill_listeners(struct config *c, struct config_fault *fault) MUST_CHECK;
void endpoints_fini(struct endpoints *e);
void protocol_map_fini(struct protocol_map *m);

/* The rules that join several keys, and the features that do not exist (config_rules.c).
 * 0 | KERR_INVALID_CONFIG with *fault. */
int config_check_rules(const struct config *c, struct config_fault *fault) MUST_CHECK;
/* Is this entry one that must end the start? 0 | KERR_INVALID_CONFIG with what is missing in `why`. */
int config_check_support(const char *name, const char *value, char *why, size_t size) MUST_CHECK;

int config_fault_set(struct config_fault *f, enum config_id id, bool require, const char *fmt, ...)
	PRINTF(4, 5);

/* "listener.name.X.KEY" or "listener.name.X.MECHANISM.KEY": the id of KEY, -1 for anything else. */
int config_listener_key(const char *name);

/* Is this one of the TLS keys that are dynamic only behind a listener's prefix (SslConfigs.RECONFIGURABLE_CONFIGS)? */
bool config_needs_prefix(const char *name);

/* "server.properties:12: log.dirs=/x": the beginning of every message about a static entry. */
void config_where(const struct config *c, const char *key, char *buf, size_t size);
void properties_copy(const struct properties *from, struct properties *to);

#endif
