# tests of zk: see Makefile.am for the variables
EXTRA_DIST += tests/zk/with_zookeeper.sh

check_PROGRAMS += tests/zk/test_session
tests_zk_test_session_SOURCES = tests/zk/test_session.c tests/zk/fixture.c tests/zk/fixture.h
tests_zk_test_session_LDADD = $(UPTO_zk) $(TEST_LIBS)

check_PROGRAMS += tests/zk/test_znode
tests_zk_test_znode_SOURCES = tests/zk/test_znode.c
tests_zk_test_znode_LDADD = $(UPTO_zk) $(TEST_LIBS)
