noinst_LIBRARIES += src/coordinator/libcoordinator.a
src_coordinator_libcoordinator_a_SOURCES = \
	src/coordinator/deadlines.c \
	src/coordinator/deadlines.h \
	src/coordinator/group.c \
	src/coordinator/group.h \
	src/coordinator/group_effects.c \
	src/coordinator/group_effects.h \
	src/coordinator/group_join.c \
	src/coordinator/group_load.c \
	src/coordinator/group_load.h \
	src/coordinator/group_members.c \
	src/coordinator/group_offsets.c \
	src/coordinator/group_offsets.h \
	src/coordinator/group_offsets_priv.h \
	src/coordinator/group_pool.c \
	src/coordinator/group_pool.h \
	src/coordinator/group_priv.h \
	src/coordinator/group_rebalance.c \
	src/coordinator/group_records.c \
	src/coordinator/group_records.h \
	src/coordinator/group_removal.c \
	src/coordinator/group_static.c \
	src/coordinator/group_sync.c \
	src/coordinator/groups.c \
	src/coordinator/groups.h \
	src/coordinator/groups_admin.c \
	src/coordinator/groups_members.c \
	src/coordinator/groups_offsets.c \
	src/coordinator/groups_priv.h \
	src/coordinator/internal_topic.h \
	src/coordinator/log_scan.c \
	src/coordinator/log_scan.h \
	src/coordinator/owner.c \
	src/coordinator/owner.h \
	src/coordinator/partition_map.c \
	src/coordinator/partition_map.h \
	src/coordinator/producer_ids.c \
	src/coordinator/producer_ids.h \
	src/coordinator/shard.c \
	src/coordinator/shard_append.c \
	src/coordinator/shard_cleanup.c \
	src/coordinator/shard_load.c \
	src/coordinator/topic_set.c \
	src/coordinator/topic_set.h
EXTRA_DIST += src/coordinator/README.md
