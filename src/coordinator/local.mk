noinst_LIBRARIES += src/coordinator/libcoordinator.a
src_coordinator_libcoordinator_a_SOURCES =
