noinst_LIBRARIES += src/storage/libstorage.a
src_storage_libstorage_a_SOURCES = src/storage/log_config.c src/storage/log_config.h \
	src/storage/batch_walk.c src/storage/batch_walk.h \
	src/storage/checkpoint.c src/storage/checkpoint.h \
	src/storage/chores.c src/storage/chores.h \
	src/storage/clean_shutdown.c src/storage/clean_shutdown.h \
	src/storage/cleaner.c src/storage/cleaner.h \
	src/storage/cleaner_chunk.c src/storage/cleaner_chunk.h \
	src/storage/cleaner_copy.c \
	src/storage/cleaner_filter.c src/storage/cleaner_filter.h \
	src/storage/cleaner_map.c \
	src/storage/cleaner_pass.c src/storage/cleaner_pass.h src/storage/cleaner_pass_priv.h \
	src/storage/cleaner_table.c src/storage/cleaner_table.h \
	src/storage/cleaner_throttle.c src/storage/cleaner_throttle.h \
	src/storage/cleaner_txns.c src/storage/cleaner_txns.h \
	src/storage/cleaner_worker.c src/storage/cleaner_worker.h \
	src/storage/dir_lock.c src/storage/dir_lock.h \
	src/storage/dir_name.c src/storage/dir_name.h \
	src/storage/index_file.c src/storage/index_file.h \
	src/storage/leader_epochs.c src/storage/leader_epochs.h \
	src/storage/log.c src/storage/log.h src/storage/log_open.h src/storage/log_priv.h \
	src/storage/log_append.c \
	src/storage/log_cleaning.c src/storage/log_cleaning.h \
	src/storage/log_dirs.c src/storage/log_dirs.h src/storage/log_dirs_priv.h \
	src/storage/log_dirs_background.c \
	src/storage/log_dirs_checkpoint.c \
	src/storage/log_dirs_cleaning.c \
	src/storage/log_dirs_fail.c \
	src/storage/log_dirs_load.c \
	src/storage/log_dirs_meta.c \
	src/storage/log_dirs_move.c \
	src/storage/log_dirs_open.c \
	src/storage/log_dirs_replaced.c \
	src/storage/log_read.c \
	src/storage/log_retention.c \
	src/storage/log_swap.c \
	src/storage/log_times.c \
	src/storage/log_truncate.c \
	src/storage/meta_properties.c src/storage/meta_properties.h \
	src/storage/offset_checkpoint.c src/storage/offset_checkpoint.h \
	src/storage/offset_index.c src/storage/offset_index.h \
	src/storage/offset_map.c src/storage/offset_map.h \
	src/storage/partition_metadata.c src/storage/partition_metadata.h \
	src/storage/producer_snapshots.c \
	src/storage/producers.c src/storage/producers.h src/storage/producers_priv.h \
	src/storage/recovery.c \
	src/storage/replica_dir.c src/storage/replica_dir.h \
	src/storage/segment.c src/storage/segment.h src/storage/segment_priv.h \
	src/storage/segment_read.c \
	src/storage/segment_recover.c \
	src/storage/time_index.c src/storage/time_index.h \
	src/storage/txn_index.c src/storage/txn_index.h
EXTRA_DIST += src/storage/README.md
