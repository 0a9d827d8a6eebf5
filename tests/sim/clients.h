/* clients.h - producers and administrators: real requests over net/rpc.h, from outside. Everything here is called in a
 * fiber. */
#ifndef TESTS_SIM_CLIENTS_H
#define TESTS_SIM_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/uuid.h"

struct client;

struct client *client_new(void);
/* One request to one broker, in the newest version both know; 0 or -errno. `out` lives in `a`. */
int client_call(struct client *c, int broker, int key, const void *in, struct arena *a, void *out);

struct leader_view {
	int32_t leader, epoch;
	struct uuid topic_id;
	int32_t replicas[8], replicas_n;
};
/* As `broker` knows it. False: it does not. */
bool client_find_leader(struct client *c, int broker, const char *topic, int32_t index, struct leader_view *ret);
/* -1: nobody is known. */
int client_find_controller(struct client *c, int broker);
/* How many brokers `broker` knows of. */
int client_count_brokers(struct client *c, int broker);

/* Error code of the answer, or -errno. replicas_n 0: `replication` any ones. */
int client_create_topic(struct client *c, int broker, const char *topic, int32_t partitions, const int32_t *replicas,
    int32_t replicas_n, const char *key, const char *value);
int client_delete_topic(struct client *c, int broker, const char *topic);
int client_reassign(struct client *c, int broker, const char *topic, int32_t index, const int32_t *replicas, int32_t n);
int client_elect_preferred(struct client *c, int broker, const char *topic, int32_t index);
int client_init_producer_id(struct client *c, int broker, int64_t *ret_id, int16_t *ret_epoch);

/* ListOffsets "latest"; epoch -1: not given. */
int client_latest(struct client *c, int broker, const char *topic, int32_t index, int32_t epoch, int64_t *ret);

struct batch_spec {
	int64_t producer_id; /* -1: none */
	int16_t producer_epoch;
	int32_t sequence;
	const uint64_t *values;
	int n;
};
/* Sends it to the broker; error code or -errno, *ret_base is the offset. */
int client_produce(struct client *c, int broker, const char *topic, int32_t index, int16_t acks,
    const struct batch_spec *spec, int64_t *ret_base);

/* --- a producer that goes on --- */

struct producer {
	const char *topic;
	int32_t partitions;
	int16_t acks;
	bool lenient; /* its topic may be deleted, or lose records: it starts over, nothing is promised */
	bool plain;   /* without a producer id, for record formats that have none */
	bool single;  /* batches of one record, else of a few */
	int32_t pause_ms; /* between batches, at most */
	bool stop;
	/* its own */
	uint32_t number;
	bool stopped;
	uint64_t sent, acknowledged, restarts;
};
void producer_start(struct producer *p);

#endif
