/* local_control.h - the controller's requests to the broker it lives in, without a socket.
 *
 * The same requests and answers as over the network, usually handed over as structs; brokers elsewhere are reached through
 * peer_control.h. Layer: wiring of controller/ and replica/.
 */
#ifndef BROKER_LOCAL_CONTROL_H
#define BROKER_LOCAL_CONTROL_H

#include "controller/channel.h"

struct partitions;

/* `partitions` outlives the transport. metadata_version: inter.broker.protocol.version, in whose requests it is told. */
void local_control_open(struct partitions *partitions, int metadata_version, struct control_transport *ret);

#endif
