/* metadata_version.h - the values of inter.broker.protocol.version, and which versions of the requests between
 * brokers each stands for (replication.md 14.5; Kafka 3.9, MetadataVersion.java).
 *
 * On connections between brokers versions are not negotiated: a sender takes the one of its own configuration, since
 * all brokers of a cluster are configured alike.
 *
 * Thread: any; const tables. Layer: protocol.
 */
#ifndef PROTOCOL_METADATA_VERSION_H
#define PROTOCOL_METADATA_VERSION_H

#include <stdint.h>

/* Positions in Kafka's list, for those that something depends on. */
enum metadata_version {
	METADATA_VERSION_0_8_0 = 0,
	METADATA_VERSION_0_9_0 = 3,
	METADATA_VERSION_0_10_0_IV0 = 4, /* record format 1 */
	METADATA_VERSION_0_10_0_IV1 = 5, /* racks, SaslHandshake between brokers */
	METADATA_VERSION_0_10_1_IV0 = 6, /* group records with a rebalance timeout */
	METADATA_VERSION_0_10_1_IV1 = 7,
	METADATA_VERSION_0_10_1_IV2 = 8,
	METADATA_VERSION_0_10_2_IV0 = 9,
	METADATA_VERSION_0_11_0_IV0 = 10, /* record format 2 */
	METADATA_VERSION_0_11_0_IV1 = 11,
	METADATA_VERSION_0_11_0_IV2 = 12, /* followers truncate by leader epoch */
	METADATA_VERSION_1_0_IV0 = 13,	  /* a failed log directory is survived */
	METADATA_VERSION_1_1_IV0 = 14,
	METADATA_VERSION_2_0_IV0 = 15,
	METADATA_VERSION_2_0_IV1 = 16,
	METADATA_VERSION_2_1_IV0 = 17, /* zstd */
	METADATA_VERSION_2_1_IV1 = 18,
	METADATA_VERSION_2_1_IV2 = 19,
	METADATA_VERSION_2_2_IV0 = 20, /* broker epochs */
	METADATA_VERSION_2_2_IV1 = 21,
	METADATA_VERSION_2_3_IV0 = 22, /* static group members */
	METADATA_VERSION_2_3_IV1 = 23,
	METADATA_VERSION_2_4_IV0 = 24, /* adding and removing replicas */
	METADATA_VERSION_2_4_IV1 = 25,
	METADATA_VERSION_2_6_IV0 = 27,
	METADATA_VERSION_2_7_IV0 = 28, /* /feature */
	METADATA_VERSION_2_7_IV1 = 29, /* followers truncate on fetch */
	METADATA_VERSION_2_7_IV2 = 30, /* AlterPartition */
	METADATA_VERSION_2_8_IV0 = 31, /* topic ids */
	METADATA_VERSION_2_8_IV1 = 32,
	METADATA_VERSION_3_0_IV0 = 33, /* AllocateProducerIds */
	METADATA_VERSION_3_0_IV1 = 34, /* record format 2 always */
	METADATA_VERSION_3_1_IV0 = 35, /* topic ids in Fetch */
	METADATA_VERSION_3_2_IV0 = 36, /* leader recovery state */
	METADATA_VERSION_3_3_IV0 = 37, /* version 2 of /feature */
	METADATA_VERSION_3_4_IV0 = 41,
	METADATA_VERSION_3_5_IV0 = 42,
	METADATA_VERSION_3_5_IV1 = 43,
	METADATA_VERSION_3_7_IV4 = 52,
	METADATA_VERSION_3_9_IV0 = 54, /* the default */
};

/* A text as configured: its position in Kafka's list, or -1. "3.9" and "3.9.2" are the newest of that release; releases
 * that are not out yet have no such name. */
int metadata_version(const char *text);
/* "3.9-IV0". */
const char *metadata_version_name(int version);

/* The newest record format that all brokers at this version understand: 0, 1 or 2. */
int8_t metadata_version_record_format(int version);
/* The version of the value in which a group, or a committed offset without an expiry of its own, is recorded in
 * __consumer_offsets (coordinators.md 2.2). */
int16_t metadata_version_group_value(int version);
int16_t metadata_version_offset_value(int version);
/* The version of the znode that a broker registers (zookeeper.md 2.1), and of /feature (2.17). */
int32_t metadata_version_broker_znode(int version);
int32_t metadata_version_feature_znode(int version);

/* The version in which a request between brokers is sent: LeaderAndIsr, UpdateMetadata, StopReplica,
 * ControlledShutdown, Fetch, OffsetForLeaderEpoch, ListOffsets, WriteTxnMarkers. Asserts that `key` is one of them. */
int metadata_version_of_request(int version, int key);

#endif
