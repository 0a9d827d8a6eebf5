/* internal_topic.h - the topics that the coordinators keep their state in. A partition's leader is the coordinator of the
 * ids in it (owner.h). */
#ifndef COORDINATOR_INTERNAL_TOPIC_H
#define COORDINATOR_INTERNAL_TOPIC_H

#define OFFSETS_TOPIC	   "__consumer_offsets"
#define TRANSACTIONS_TOPIC "__transaction_state"

#endif
