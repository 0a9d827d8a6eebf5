/* peer_control.h - how the controller reaches a broker: the own one in process, others through a connection.
 *
 * The versions of the requests are those of inter.broker.protocol.version, without asking the peer (replication.md
 * 14.2); the connection is made with the first call and anew after a failure.
 *
 * Owner: the broker's wiring. Layer: wiring of controller/, net/ and replica/.
 */
#ifndef BROKER_PEER_CONTROL_H
#define BROKER_PEER_CONTROL_H

#include <stdint.h>

#include "controller/channel.h"

struct partitions;

struct peer_control {
	int32_t broker_id;
	struct partitions *partitions;
	int metadata_version;	   /* inter.broker.protocol.version */
	int32_t connect_timeout_ms; /* controller.socket.timeout.ms */
	int32_t request_timeout_ms; /* request.timeout.ms */
};

/* A control_open_fn; `arg` is a struct peer_control that outlives the transport. -EHOSTUNREACH: the broker has no
 * endpoint on the controller's listener. */
int peer_control_open(void *arg, int32_t broker_id, const struct zk_endpoint *endpoint,
    struct control_transport *ret);

#endif
