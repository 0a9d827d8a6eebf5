# tests of coordinator: see Makefile.am for the variables
group_fixture = tests/coordinator/group_fixture.c tests/coordinator/group_fixture.h

groups_fixture = tests/coordinator/groups_fixture.c tests/coordinator/groups_fixture.h $(replica_fixture)
groups_cppflags = $(AM_CPPFLAGS) -I$(srcdir)/tests -I$(srcdir)/tests/replica

check_PROGRAMS += tests/coordinator/test_deadlines
tests_coordinator_test_deadlines_SOURCES = tests/coordinator/test_deadlines.c
tests_coordinator_test_deadlines_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_coordinator_test_deadlines_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_group_join
tests_coordinator_test_group_join_SOURCES = tests/coordinator/test_group_join.c $(group_fixture)
tests_coordinator_test_group_join_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_coordinator_test_group_join_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_group_load
tests_coordinator_test_group_load_SOURCES = tests/coordinator/test_group_load.c $(group_fixture)
tests_coordinator_test_group_load_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_coordinator_test_group_load_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_group_model
tests_coordinator_test_group_model_SOURCES = tests/coordinator/test_group_model.c tests/coordinator/group_model.c \
	tests/coordinator/group_model.h
tests_coordinator_test_group_model_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_coordinator_test_group_model_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_group_offsets
tests_coordinator_test_group_offsets_SOURCES = tests/coordinator/test_group_offsets.c $(group_fixture)
tests_coordinator_test_group_offsets_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_coordinator_test_group_offsets_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_group_rebalance
tests_coordinator_test_group_rebalance_SOURCES = tests/coordinator/test_group_rebalance.c $(group_fixture)
tests_coordinator_test_group_rebalance_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_coordinator_test_group_rebalance_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_group_records
tests_coordinator_test_group_records_SOURCES = tests/coordinator/test_group_records.c
tests_coordinator_test_group_records_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_coordinator_test_group_records_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_group_removal
tests_coordinator_test_group_removal_SOURCES = tests/coordinator/test_group_removal.c $(group_fixture)
tests_coordinator_test_group_removal_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_coordinator_test_group_removal_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_group_static
tests_coordinator_test_group_static_SOURCES = tests/coordinator/test_group_static.c $(group_fixture)
tests_coordinator_test_group_static_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_coordinator_test_group_static_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_group_sync
tests_coordinator_test_group_sync_SOURCES = tests/coordinator/test_group_sync.c $(group_fixture)
tests_coordinator_test_group_sync_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_coordinator_test_group_sync_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_groups
tests_coordinator_test_groups_SOURCES = tests/coordinator/test_groups.c $(groups_fixture)
tests_coordinator_test_groups_CPPFLAGS = $(groups_cppflags)
tests_coordinator_test_groups_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_log_scan
tests_coordinator_test_log_scan_SOURCES = tests/coordinator/test_log_scan.c $(replica_fixture)
tests_coordinator_test_log_scan_CPPFLAGS = $(groups_cppflags)
tests_coordinator_test_log_scan_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_owner
tests_coordinator_test_owner_SOURCES = tests/coordinator/test_owner.c
tests_coordinator_test_owner_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_coordinator_test_owner_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_partition_map
tests_coordinator_test_partition_map_SOURCES = tests/coordinator/test_partition_map.c
tests_coordinator_test_partition_map_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_coordinator_test_partition_map_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_producer_ids
tests_coordinator_test_producer_ids_SOURCES = tests/coordinator/test_producer_ids.c
tests_coordinator_test_producer_ids_LDADD = $(UPTO_coordinator) $(TEST_LIBS)

check_PROGRAMS += tests/coordinator/test_topic_set
tests_coordinator_test_topic_set_SOURCES = tests/coordinator/test_topic_set.c
tests_coordinator_test_topic_set_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_coordinator_test_topic_set_LDADD = $(UPTO_coordinator) $(TEST_LIBS)
