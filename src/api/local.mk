noinst_LIBRARIES += src/api/libapi.a
src_api_libapi_a_SOURCES = \
	src/api/allocate_producer_ids.c \
	src/api/alter_configs.c \
	src/api/alter_partition.c \
	src/api/alter_partition_reassignments.c \
	src/api/alter_replica_log_dirs.c \
	src/api/api.h \
	src/api/api_versions.c \
	src/api/authorized_operations.h \
	src/api/cluster_wait.c src/api/cluster_wait.h \
	src/api/config_alteration.c src/api/config_alteration.h \
	src/api/config_service.h \
	src/api/consumer_group_describe.c \
	src/api/consumer_group_heartbeat.c \
	src/api/controlled_shutdown.c \
	src/api/create_partitions.c \
	src/api/create_topics.c \
	src/api/current_leader.c src/api/current_leader.h \
	src/api/delete_groups.c \
	src/api/delete_records.c \
	src/api/delete_topics.c \
	src/api/describe_cluster.c \
	src/api/describe_configs.c \
	src/api/describe_groups.c \
	src/api/describe_log_dirs.c \
	src/api/dispatch.c src/api/dispatch.h \
	src/api/elect_leaders.c \
	src/api/envelope.c \
	src/api/fetch.c src/api/fetch_answer.c src/api/fetch_read.c src/api/fetch_work.h \
	src/api/find_coordinator.c \
	src/api/group_request.c src/api/group_request.h \
	src/api/heartbeat.c \
	src/api/incremental_alter_configs.c \
	src/api/init_producer_id.c src/api/init_producer_id.h \
	src/api/join_group.c \
	src/api/leader_and_isr.c \
	src/api/leave_group.c \
	src/api/list.h \
	src/api/list_groups.c \
	src/api/list_offsets.c \
	src/api/list_partition_reassignments.c \
	src/api/metadata.c \
	src/api/metadata_partition.c src/api/metadata_partition.h \
	src/api/near_replica.c src/api/near_replica.h \
	src/api/offset_commit.c \
	src/api/offset_delete.c \
	src/api/offset_fetch.c src/api/offset_fetch_group.c src/api/offset_fetch_work.h \
	src/api/offset_for_leader_epoch.c \
	src/api/produce.c src/api/produce_check.c src/api/produce_work.h \
	src/api/repeated.c src/api/repeated.h \
	src/api/request.c \
	src/api/stop_replica.c \
	src/api/sync_group.c \
	src/api/topic_wait.c src/api/topic_wait.h \
	src/api/update_metadata.c \
	src/api/zk_offsets.c src/api/zk_offsets.h
EXTRA_DIST += src/api/README.md
