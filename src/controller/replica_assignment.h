/* replica_assignment.h - which brokers get the replicas of new partitions (zookeeper.md 5.4; AdminUtils of Kafka 3.9).
 *
 * Pure: chance comes in as start and shift.
 */
#ifndef CONTROLLER_REPLICA_ASSIGNMENT_H
#define CONTROLLER_REPLICA_ASSIGNMENT_H

#include <stdint.h>

#include "base/attr.h"

struct assign_broker {
	int32_t id;
	const char *rack; /* NULL: none; all have one or none has */
};

struct assign_request {
	const struct assign_broker *brokers; /* in the order to use when there are no racks */
	int32_t brokers_n;		     /* > 0 */
	int32_t replication;		     /* 1 to brokers_n */
	int32_t first_partition;	     /* > 0 when partitions are added */
	int32_t partitions;
	int32_t start, shift; /* both in [0, brokers_n): random for a topic, equal for added partitions */
};

/* Fills partitions * replication broker ids, one partition after the other. The request is valid as described. */
void assign_replicas(const struct assign_request *q, int32_t *ret);

#endif
