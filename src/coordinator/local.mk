noinst_LIBRARIES += src/coordinator/libcoordinator.a
src_coordinator_libcoordinator_a_SOURCES = \
	src/coordinator/placement.h \
	src/coordinator/group.h \
	src/coordinator/group_effects.h \
	src/coordinator/group_load.h \
	src/coordinator/group_offsets.h \
	src/coordinator/group_pool.h \
	src/coordinator/group_records.h \
	src/coordinator/owner.h \
	src/coordinator/producer_ids.c \
	src/coordinator/producer_ids.h
