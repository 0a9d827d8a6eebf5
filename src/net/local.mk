noinst_LIBRARIES += src/net/libnet.a
src_net_libnet_a_SOURCES = \
	src/net/connection.c src/net/connection.h \
	src/net/connection_quotas.c src/net/connection_quotas.h \
	src/net/listener.c \
	src/net/loop.c src/net/loop.h \
	src/net/rpc.c src/net/rpc.h \
	src/net/server.c src/net/server.h src/net/server_priv.h \
	src/net/sockaddr.c src/net/sockaddr.h \
	src/net/socket_buffer.c src/net/socket_buffer.h
EXTRA_DIST += src/net/README.md
