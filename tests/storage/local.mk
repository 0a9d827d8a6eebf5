# tests of storage: see Makefile.am for the variables
check_PROGRAMS += tests/storage/test_checkpoint
tests_storage_test_checkpoint_SOURCES = tests/storage/test_checkpoint.c tests/storage/fault_fs.c tests/storage/fault_fs.h
tests_storage_test_checkpoint_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_dir_files
tests_storage_test_dir_files_SOURCES = tests/storage/test_dir_files.c tests/storage/fault_fs.c tests/storage/fault_fs.h
tests_storage_test_dir_files_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_log_dirs
tests_storage_test_log_dirs_SOURCES = tests/storage/test_log_dirs.c tests/storage/dirs_fixture.c \
	tests/storage/dirs_fixture.h tests/storage/fake_log.c tests/storage/fake_log.h \
	tests/storage/fault_fs.c tests/storage/fault_fs.h
tests_storage_test_log_dirs_LDADD = $(UPTO_storage) $(TEST_LIBS)
log_fixture = tests/storage/log_fixture.c tests/storage/log_fixture.h tests/storage/fault_fs.c tests/storage/fault_fs.h
check_PROGRAMS += tests/storage/test_log
tests_storage_test_log_SOURCES = tests/storage/test_log.c $(log_fixture)
tests_storage_test_log_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_log_dirs_disk
tests_storage_test_log_dirs_disk_SOURCES = tests/storage/test_log_dirs_disk.c tests/storage/dirs_fixture.c \
	tests/storage/dirs_fixture.h $(log_fixture)
tests_storage_test_log_dirs_disk_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_log_dirs_move
tests_storage_test_log_dirs_move_SOURCES = tests/storage/test_log_dirs_move.c tests/storage/dirs_fixture.c \
	tests/storage/dirs_fixture.h $(log_fixture)
tests_storage_test_log_dirs_move_LDADD = $(UPTO_storage) $(TEST_LIBS)
EXTRA_DIST += tests/storage/data/segment-100.hex tests/storage/data/transactions.hex
check_PROGRAMS += tests/storage/test_segment
tests_storage_test_segment_SOURCES = tests/storage/test_segment.c tests/storage/golden.h $(log_fixture)
tests_storage_test_segment_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_log_txns
tests_storage_test_log_txns_SOURCES = tests/storage/test_log_txns.c tests/storage/golden.h $(log_fixture)
tests_storage_test_log_txns_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_recovery
tests_storage_test_recovery_SOURCES = tests/storage/test_recovery.c tests/storage/golden.h $(log_fixture)
tests_storage_test_recovery_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_log_model
tests_storage_test_log_model_SOURCES = tests/storage/test_log_model.c tests/storage/golden.h \
	tests/storage/lossy_fs.c tests/storage/lossy_fs.h $(log_fixture)
tests_storage_test_log_model_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_log_faults
tests_storage_test_log_faults_SOURCES = tests/storage/test_log_faults.c tests/storage/golden.h $(log_fixture)
tests_storage_test_log_faults_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_offset_index
tests_storage_test_offset_index_SOURCES = tests/storage/test_offset_index.c tests/storage/golden.h tests/storage/fault_fs.c tests/storage/fault_fs.h
tests_storage_test_offset_index_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_time_index
tests_storage_test_time_index_SOURCES = tests/storage/test_time_index.c tests/storage/golden.h tests/storage/fault_fs.c tests/storage/fault_fs.h
tests_storage_test_time_index_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_txn_index
tests_storage_test_txn_index_SOURCES = tests/storage/test_txn_index.c tests/storage/golden.h tests/storage/fault_fs.c tests/storage/fault_fs.h
tests_storage_test_txn_index_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_leader_epochs
tests_storage_test_leader_epochs_SOURCES = tests/storage/test_leader_epochs.c tests/storage/golden.h tests/storage/fault_fs.c tests/storage/fault_fs.h
tests_storage_test_leader_epochs_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_producers
tests_storage_test_producers_SOURCES = tests/storage/test_producers.c tests/storage/golden.h $(log_fixture)
tests_storage_test_producers_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_log_retention
tests_storage_test_log_retention_SOURCES = tests/storage/test_log_retention.c tests/storage/golden.h $(log_fixture)
tests_storage_test_log_retention_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_log_threads
tests_storage_test_log_threads_SOURCES = tests/storage/test_log_threads.c tests/storage/golden.h $(log_fixture)
tests_storage_test_log_threads_LDADD = $(UPTO_storage) $(TEST_LIBS)
cleaner_fixture = tests/storage/cleaner_fixture.c tests/storage/cleaner_fixture.h tests/storage/golden.h $(log_fixture)
check_PROGRAMS += tests/storage/test_cleaner_pass
tests_storage_test_cleaner_pass_SOURCES = tests/storage/test_cleaner_pass.c $(cleaner_fixture)
tests_storage_test_cleaner_pass_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_cleaner_filter
tests_storage_test_cleaner_filter_SOURCES = tests/storage/test_cleaner_filter.c tests/storage/golden.h
tests_storage_test_cleaner_filter_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_cleaner_table
tests_storage_test_cleaner_table_SOURCES = tests/storage/test_cleaner_table.c
tests_storage_test_cleaner_table_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_offset_map
tests_storage_test_offset_map_SOURCES = tests/storage/test_offset_map.c
tests_storage_test_offset_map_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_cleaner
tests_storage_test_cleaner_SOURCES = tests/storage/test_cleaner.c tests/storage/dirs_fixture.c \
	tests/storage/dirs_fixture.h $(cleaner_fixture)
tests_storage_test_cleaner_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_cleaner_faults
tests_storage_test_cleaner_faults_SOURCES = tests/storage/test_cleaner_faults.c tests/storage/lossy_fs.c \
	tests/storage/lossy_fs.h $(cleaner_fixture)
tests_storage_test_cleaner_faults_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_cleaner_model
tests_storage_test_cleaner_model_SOURCES = tests/storage/test_cleaner_model.c tests/storage/lossy_fs.c \
	tests/storage/lossy_fs.h $(cleaner_fixture)
tests_storage_test_cleaner_model_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_cleaner_threads
tests_storage_test_cleaner_threads_SOURCES = tests/storage/test_cleaner_threads.c $(cleaner_fixture)
tests_storage_test_cleaner_threads_LDADD = $(UPTO_storage) $(TEST_LIBS)
check_PROGRAMS += tests/storage/test_cleaner_memory
tests_storage_test_cleaner_memory_SOURCES = tests/storage/test_cleaner_memory.c $(cleaner_fixture)
tests_storage_test_cleaner_memory_LDADD = $(UPTO_storage) $(TEST_LIBS)
