# tests of base: see Makefile.am for the variables
check_SCRIPTS += tests/check-tree.sh
EXTRA_DIST += tests/check-tree.sh tests/base/data

base_vectors = tests/base/vectors.c tests/base/vectors.h

check_PROGRAMS += tests/base/test_alloc
tests_base_test_alloc_SOURCES = tests/base/test_alloc.c tests/base/unit.h
tests_base_test_alloc_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_arena
tests_base_test_arena_SOURCES = tests/base/test_arena.c tests/base/unit.h
tests_base_test_arena_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_base64
tests_base_test_base64_SOURCES = tests/base/test_base64.c tests/base/unit.h
tests_base_test_base64_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_buf
tests_base_test_buf_SOURCES = tests/base/test_buf.c tests/base/unit.h
tests_base_test_buf_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_clock
tests_base_test_clock_SOURCES = tests/base/test_clock.c tests/base/unit.h
tests_base_test_clock_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_crc32c
tests_base_test_crc32c_SOURCES = tests/base/test_crc32c.c tests/base/unit.h $(base_vectors)
tests_base_test_crc32c_LDADD = $(UPTO_base) $(JANSSON_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_cursor
tests_base_test_cursor_SOURCES = tests/base/test_cursor.c tests/base/unit.h $(base_vectors)
tests_base_test_cursor_LDADD = $(UPTO_base) $(JANSSON_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_error
tests_base_test_error_SOURCES = tests/base/test_error.c tests/base/unit.h
tests_base_test_error_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_list
tests_base_test_list_SOURCES = tests/base/test_list.c tests/base/unit.h
tests_base_test_list_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_random
tests_base_test_random_SOURCES = tests/base/test_random.c tests/base/unit.h
tests_base_test_random_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_str
tests_base_test_str_SOURCES = tests/base/test_str.c tests/base/unit.h $(base_vectors)
tests_base_test_str_LDADD = $(UPTO_base) $(JANSSON_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_table
tests_base_test_table_SOURCES = tests/base/test_table.c tests/base/unit.h
tests_base_test_table_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_uuid
tests_base_test_uuid_SOURCES = tests/base/test_uuid.c tests/base/unit.h $(base_vectors)
tests_base_test_uuid_LDADD = $(UPTO_base) $(JANSSON_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_file
tests_base_test_file_SOURCES = tests/base/test_file.c tests/base/unit.h
tests_base_test_file_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_lock
tests_base_test_lock_SOURCES = tests/base/test_lock.c tests/base/unit.h
tests_base_test_lock_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_log_levels
tests_base_test_log_levels_SOURCES = tests/base/test_log_levels.c tests/base/unit.h
tests_base_test_log_levels_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_logger
tests_base_test_logger_SOURCES = tests/base/test_logger.c tests/base/unit.h
tests_base_test_logger_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_page_cache
tests_base_test_page_cache_SOURCES = tests/base/test_page_cache.c tests/base/unit.h
tests_base_test_page_cache_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_rate_limit
tests_base_test_rate_limit_SOURCES = tests/base/test_rate_limit.c tests/base/unit.h
tests_base_test_rate_limit_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_properties
tests_base_test_properties_SOURCES = tests/base/test_properties.c tests/base/unit.h
tests_base_test_properties_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_sampled_rate
tests_base_test_sampled_rate_SOURCES = tests/base/test_sampled_rate.c tests/base/unit.h
tests_base_test_sampled_rate_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_scheduler
tests_base_test_scheduler_SOURCES = tests/base/test_scheduler.c tests/base/unit.h tests/base/gate.h
tests_base_test_scheduler_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_worker
tests_base_test_worker_SOURCES = tests/base/test_worker.c tests/base/unit.h tests/base/gate.h
tests_base_test_worker_LDADD = $(UPTO_base) $(TEST_LIBS)

check_PROGRAMS += tests/base/test_writer
tests_base_test_writer_SOURCES = tests/base/test_writer.c tests/base/unit.h $(base_vectors)
tests_base_test_writer_LDADD = $(UPTO_base) $(JANSSON_LIBS) $(TEST_LIBS)
