# tests of api: see Makefile.am for the variables

check_PROGRAMS += tests/api/test_dispatch
tests_api_test_dispatch_SOURCES = tests/api/test_dispatch.c
tests_api_test_dispatch_LDADD = $(UPTO_api) $(TEST_LIBS)

api_fixture = tests/api/api_fixture.c tests/api/api_fixture.h $(replica_fixture)
api_cppflags = $(AM_CPPFLAGS) -I$(srcdir)/tests/replica
check_PROGRAMS += tests/api/test_frames
tests_api_test_frames_SOURCES = tests/api/test_frames.c $(api_fixture)
tests_api_test_frames_CPPFLAGS = $(api_cppflags)
tests_api_test_frames_LDADD = $(UPTO_api) $(TEST_LIBS)
check_PROGRAMS += tests/api/test_produce
tests_api_test_produce_SOURCES = tests/api/test_produce.c $(api_fixture)
tests_api_test_produce_CPPFLAGS = $(api_cppflags)
tests_api_test_produce_LDADD = $(UPTO_api) $(TEST_LIBS)
check_PROGRAMS += tests/api/test_fetch
tests_api_test_fetch_SOURCES = tests/api/test_fetch.c $(api_fixture)
tests_api_test_fetch_CPPFLAGS = $(api_cppflags)
tests_api_test_fetch_LDADD = $(UPTO_api) $(TEST_LIBS)
check_PROGRAMS += tests/api/test_offsets
tests_api_test_offsets_SOURCES = tests/api/test_offsets.c $(api_fixture)
tests_api_test_offsets_CPPFLAGS = $(api_cppflags)
tests_api_test_offsets_LDADD = $(UPTO_api) $(TEST_LIBS)
check_PROGRAMS += tests/api/test_storm
tests_api_test_storm_SOURCES = tests/api/test_storm.c $(api_fixture)
tests_api_test_storm_CPPFLAGS = $(api_cppflags)
tests_api_test_storm_LDADD = $(UPTO_api) $(TEST_LIBS)
check_PROGRAMS += tests/api/test_metadata
tests_api_test_metadata_SOURCES = tests/api/test_metadata.c $(api_fixture)
tests_api_test_metadata_CPPFLAGS = $(api_cppflags)
tests_api_test_metadata_LDADD = $(UPTO_api) $(TEST_LIBS)
check_PROGRAMS += tests/api/test_groups
tests_api_test_groups_SOURCES = tests/api/test_groups.c $(api_fixture)
tests_api_test_groups_CPPFLAGS = $(api_cppflags)
tests_api_test_groups_LDADD = $(UPTO_api) $(TEST_LIBS)
