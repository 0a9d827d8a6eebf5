/* path.h - where everything is: the paths of zookeeper.md chapter 2, relative to the chroot.
 *
 * Those with a conversion are printf formats for the calls of batch.h.
 */
#ifndef ZK_PATH_H
#define ZK_PATH_H

#define ZK_PATH_BROKERS		    "/brokers"
#define ZK_PATH_BROKER_IDS	    "/brokers/ids"
#define ZK_PATH_BROKER		    "/brokers/ids/%d"
#define ZK_PATH_BROKER_SEQID	    "/brokers/seqid"
#define ZK_PATH_TOPICS		    "/brokers/topics"
#define ZK_PATH_TOPIC		    "/brokers/topics/%s"
#define ZK_PATH_PARTITIONS	    "/brokers/topics/%s/partitions"
#define ZK_PATH_PARTITION	    "/brokers/topics/%s/partitions/%d"
#define ZK_PATH_PARTITION_STATE	    "/brokers/topics/%s/partitions/%d/state"
#define ZK_PATH_CLUSTER_ID	    "/cluster/id"
#define ZK_PATH_CONTROLLER	    "/controller"
#define ZK_PATH_CONTROLLER_EPOCH    "/controller_epoch"
#define ZK_PATH_CONFIG_ENTITY	    "/config/%s/%s" /* "topics", name */
#define ZK_PATH_CONFIG_ENTITY_PATH  "/config/%s"    /* "users/u/clients/c" */
#define ZK_PATH_CONFIG_TOPICS	    "/config/topics"
#define ZK_PATH_CONFIG_BROKERS	    "/config/brokers"
#define ZK_PATH_CONFIG_CLIENTS	    "/config/clients"
#define ZK_PATH_CONFIG_USERS	    "/config/users"
#define ZK_PATH_CONFIG_IPS	    "/config/ips"
#define ZK_PATH_CONFIG_CHANGES	    "/config/changes"
#define ZK_PREFIX_CONFIG_CHANGE	    "config_change_" /* then %010d */
#define ZK_PATH_CONFIG_CHANGE	    ZK_PATH_CONFIG_CHANGES "/" ZK_PREFIX_CONFIG_CHANGE
#define ZK_PATH_DELETE_TOPICS	    "/admin/delete_topics"
#define ZK_PATH_DELETE_TOPIC	    "/admin/delete_topics/%s"
#define ZK_PATH_REASSIGN	    "/admin/reassign_partitions"
#define ZK_PATH_PREFERRED	    "/admin/preferred_replica_election"
#define ZK_PATH_ISR_CHANGES	    "/isr_change_notification"
#define ZK_PATH_ISR_CHANGE	    ZK_PATH_ISR_CHANGES "/isr_change_" /* and a number */
#define ZK_PATH_LOG_DIR_EVENTS	    "/log_dir_event_notification"
#define ZK_PATH_LOG_DIR_EVENT	    ZK_PATH_LOG_DIR_EVENTS "/log_dir_event_"
#define ZK_PATH_PRODUCER_IDS	    "/latest_producer_id_block"
#define ZK_PATH_FEATURE		    "/feature"
#define ZK_PATH_CONSUMERS	    "/consumers"

/* The entity that stands for "all others"; literal, never percent-encoded (2.7). */
#define ZK_DEFAULT_ENTITY "<default>"

#endif
