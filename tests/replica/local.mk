# tests of replica: see Makefile.am for the variables
check_PROGRAMS += tests/replica/test_delayed
tests_replica_test_delayed_SOURCES = tests/replica/test_delayed.c
tests_replica_test_delayed_LDADD = $(UPTO_replica) $(TEST_LIBS)
