/* local_control.h - the controller's requests to the broker it lives in, without a socket.
 *
 * The same requests and answers as over the network, handed over as structs; brokers elsewhere are reached through
 * connections of their own. Layer: wiring of controller/ and replica/.
 */
#ifndef BROKER_LOCAL_CONTROL_H
#define BROKER_LOCAL_CONTROL_H

#include <stdint.h>

#include "controller/channel.h"

struct dynamic_config;
struct partitions;

struct local_control {
	int32_t broker_id;
	struct partitions *partitions;
	struct dynamic_config *dynamic; /* told of new logs, so that no change of their settings is missed */
};

/* A control_open_fn; `arg` is a struct local_control that outlives the transport. Other brokers: -EHOSTUNREACH. */
int local_control_open(void *arg, int32_t broker_id, const struct zk_endpoint *endpoint,
    struct control_transport *ret);

#endif
