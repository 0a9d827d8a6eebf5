noinst_LIBRARIES += src/zk/libzk.a
src_zk_libzk_a_SOURCES = \
	src/zk/batch.c \
	src/zk/batch.h \
	src/zk/path.h \
	src/zk/session.c \
	src/zk/session.h \
	src/zk/session_ops.c \
	src/zk/session_priv.h \
	src/zk/znode.c \
	src/zk/znode.h \
	src/zk/znode_broker.c \
	src/zk/znode_json.h \
	src/zk/znode_topic.c
EXTRA_DIST += src/zk/README.md
