noinst_LIBRARIES += src/controller/libcontroller.a
src_controller_libcontroller_a_SOURCES = \
	src/controller/alter_partition.c \
	src/controller/auto_creation.c \
	src/controller/auto_creation.h \
	src/controller/broker_events.c \
	src/controller/channel.c \
	src/controller/channel.h \
	src/controller/context.c \
	src/controller/context.h \
	src/controller/control_layout.c \
	src/controller/control_layout.h \
	src/controller/controller.c \
	src/controller/controller.h \
	src/controller/controller_priv.h \
	src/controller/election.c \
	src/controller/election.h \
	src/controller/entity_config.c \
	src/controller/entity_config.h \
	src/controller/leader_events.c \
	src/controller/machine.h \
	src/controller/office.c \
	src/controller/partition_states.c \
	src/controller/partition_states.h \
	src/controller/producer_blocks.c \
	src/controller/producer_blocks.h \
	src/controller/reassignment.c \
	src/controller/reassignment_calls.c \
	src/controller/replica_assignment.c \
	src/controller/replica_assignment.h \
	src/controller/replica_states.c \
	src/controller/replica_states.h \
	src/controller/request_batch.c \
	src/controller/request_batch.h \
	src/controller/topic_admin.c \
	src/controller/topic_admin.h \
	src/controller/topic_deletion.c \
	src/controller/topic_deletion.h \
	src/controller/topic_events.c \
	src/controller/zk_store.c \
	src/controller/zk_store.h
EXTRA_DIST += src/controller/README.md
