# tests of replica: see Makefile.am for the variables
replica_fixture = tests/replica/replica_fixture.c tests/replica/replica_fixture.h
check_PROGRAMS += tests/replica/test_delayed
tests_replica_test_delayed_SOURCES = tests/replica/test_delayed.c
tests_replica_test_delayed_LDADD = $(UPTO_replica) $(TEST_LIBS)
check_PROGRAMS += tests/replica/test_isr
tests_replica_test_isr_SOURCES = tests/replica/test_isr.c
tests_replica_test_isr_LDADD = $(UPTO_replica) $(TEST_LIBS)
check_PROGRAMS += tests/replica/test_partitions
tests_replica_test_partitions_SOURCES = tests/replica/test_partitions.c $(replica_fixture)
tests_replica_test_partitions_LDADD = $(UPTO_replica) $(TEST_LIBS)
check_PROGRAMS += tests/replica/test_fetch_session
tests_replica_test_fetch_session_SOURCES = tests/replica/test_fetch_session.c
tests_replica_test_fetch_session_LDADD = $(UPTO_replica) $(TEST_LIBS)
check_PROGRAMS += tests/replica/test_follower
tests_replica_test_follower_SOURCES = tests/replica/test_follower.c $(replica_fixture)
tests_replica_test_follower_LDADD = $(UPTO_replica) $(TEST_LIBS)
check_PROGRAMS += tests/replica/test_throttle
tests_replica_test_throttle_SOURCES = tests/replica/test_throttle.c
tests_replica_test_throttle_LDADD = $(UPTO_replica) $(TEST_LIBS)
check_PROGRAMS += tests/replica/test_isr_notices
tests_replica_test_isr_notices_SOURCES = tests/replica/test_isr_notices.c
tests_replica_test_isr_notices_LDADD = $(UPTO_replica) $(TEST_LIBS)
check_PROGRAMS += tests/replica/test_isr_writer
tests_replica_test_isr_writer_SOURCES = tests/replica/test_isr_writer.c $(replica_fixture) \
	tests/zk/fixture.c tests/zk/fixture.h
tests_replica_test_isr_writer_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_replica_test_isr_writer_LDADD = $(UPTO_replica) $(TEST_LIBS)
