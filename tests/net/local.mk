# tests of net
check_PROGRAMS += tests/net/test_server
tests_net_test_server_SOURCES = tests/net/test_server.c
tests_net_test_server_LDADD = $(UPTO_net) $(TEST_LIBS)

check_PROGRAMS += tests/net/test_socket_buffer
tests_net_test_socket_buffer_SOURCES = tests/net/test_socket_buffer.c
tests_net_test_socket_buffer_LDADD = $(UPTO_net) $(TEST_LIBS)

check_PROGRAMS += tests/net/test_rpc
tests_net_test_rpc_SOURCES = tests/net/test_rpc.c
tests_net_test_rpc_LDADD = $(UPTO_net) $(TEST_LIBS)
