noinst_LIBRARIES += src/zk/libzk.a
src_zk_libzk_a_SOURCES =
