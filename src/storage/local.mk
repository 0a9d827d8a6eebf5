noinst_LIBRARIES += src/storage/libstorage.a
src_storage_libstorage_a_SOURCES = src/storage/log_config.c src/storage/log_config.h \
	src/storage/checkpoint.c src/storage/checkpoint.h
