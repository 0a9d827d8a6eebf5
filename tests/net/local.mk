# tests of net
check_PROGRAMS += tests/net/test_server
tests_net_test_server_SOURCES = tests/net/test_server.c
tests_net_test_server_LDADD = $(UPTO_net) $(TEST_LIBS)

check_PROGRAMS += tests/net/test_socket_buffer
tests_net_test_socket_buffer_SOURCES = tests/net/test_socket_buffer.c
tests_net_test_socket_buffer_LDADD = $(UPTO_net) $(TEST_LIBS)

check_PROGRAMS += tests/net/test_connection_quotas
tests_net_test_connection_quotas_SOURCES = tests/net/test_connection_quotas.c
tests_net_test_connection_quotas_LDADD = $(UPTO_net) $(TEST_LIBS)

check_PROGRAMS += tests/net/test_listeners
tests_net_test_listeners_SOURCES = tests/net/test_listeners.c
tests_net_test_listeners_LDADD = $(UPTO_net) $(TEST_LIBS)

check_PROGRAMS += tests/net/test_rpc
tests_net_test_rpc_SOURCES = tests/net/test_rpc.c
tests_net_test_rpc_LDADD = $(UPTO_net) $(TEST_LIBS)
