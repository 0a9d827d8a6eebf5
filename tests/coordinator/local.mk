# tests of coordinator: see Makefile.am for the variables

check_PROGRAMS += tests/coordinator/test_producer_ids
tests_coordinator_test_producer_ids_SOURCES = tests/coordinator/test_producer_ids.c
tests_coordinator_test_producer_ids_LDADD = $(UPTO_coordinator) $(TEST_LIBS)
