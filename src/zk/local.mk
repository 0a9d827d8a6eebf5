noinst_LIBRARIES += src/zk/libzk.a
src_zk_libzk_a_SOURCES = \
	src/zk/batch.h \
	src/zk/path.h \
	src/zk/session.h \
	src/zk/znode.h
