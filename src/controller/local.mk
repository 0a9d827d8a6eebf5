noinst_LIBRARIES += src/controller/libcontroller.a
src_controller_libcontroller_a_SOURCES = \
	src/controller/channel.c src/controller/channel.h \
	src/controller/controller.h \
	src/controller/entity_config.c \
	src/controller/entity_config.h \
	src/controller/producer_blocks.c \
	src/controller/producer_blocks.h \
	src/controller/replica_assignment.c \
	src/controller/replica_assignment.h \
	src/controller/topic_admin.c \
	src/controller/topic_admin.h
