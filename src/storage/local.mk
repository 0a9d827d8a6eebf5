noinst_LIBRARIES += src/storage/libstorage.a
src_storage_libstorage_a_SOURCES = src/storage/log_config.c src/storage/log_config.h \
	src/storage/checkpoint.c src/storage/checkpoint.h \
	src/storage/clean_shutdown.c src/storage/clean_shutdown.h \
	src/storage/dir_lock.c src/storage/dir_lock.h \
	src/storage/dir_name.c src/storage/dir_name.h \
	src/storage/log_dirs.c src/storage/log_dirs.h src/storage/log_dirs_priv.h \
	src/storage/log_dirs_background.c \
	src/storage/log_dirs_checkpoint.c \
	src/storage/log_dirs_fail.c \
	src/storage/log_dirs_load.c \
	src/storage/log_dirs_meta.c \
	src/storage/log_dirs_open.c \
	src/storage/meta_properties.c src/storage/meta_properties.h \
	src/storage/offset_checkpoint.c src/storage/offset_checkpoint.h
