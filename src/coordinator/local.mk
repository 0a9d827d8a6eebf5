noinst_LIBRARIES += src/coordinator/libcoordinator.a
src_coordinator_libcoordinator_a_SOURCES = \
	src/coordinator/placement.h \
	src/coordinator/producer_ids.c \
	src/coordinator/producer_ids.h
