# tests of net
check_PROGRAMS += tests/net/test_server
tests_net_test_server_SOURCES = tests/net/test_server.c
tests_net_test_server_LDADD = $(UPTO_net) $(TEST_LIBS)
