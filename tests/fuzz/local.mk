# Fuzz targets. Without --enable-fuzzers each is a check program that replays its corpus; with it (clang, and
# --enable-asan, whose runtime has the coverage hooks) a libFuzzer program:
#	CC=clang ./configure --enable-fuzzers --enable-asan --enable-ubsan
#	make tests/fuzz/fuzz_properties && tests/fuzz/fuzz_properties -max_total_time=60 tests/fuzz/corpus/properties
#
# A new target: the four lines as below, and at least one file in tests/fuzz/corpus/<name without fuzz_>/.
fuzz_targets =
check_LIBRARIES = tests/fuzz/libreplay.a
tests_fuzz_libreplay_a_SOURCES = tests/fuzz/replay.c
EXTRA_DIST += tests/fuzz/corpus

if FUZZERS
noinst_PROGRAMS += $(fuzz_targets)
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_main =
else
check_PROGRAMS += $(fuzz_targets)
fuzz_ldflags = $(AM_LDFLAGS)
fuzz_main = tests/fuzz/libreplay.a
endif

fuzz_targets += tests/fuzz/fuzz_properties
tests_fuzz_fuzz_properties_SOURCES = tests/fuzz/fuzz_properties.c
tests_fuzz_fuzz_properties_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_properties_LDADD = $(fuzz_main) $(UPTO_base)

fuzz_targets += tests/fuzz/fuzz_request
tests_fuzz_fuzz_request_SOURCES = tests/fuzz/fuzz_request.c tests/protocol/walk.c tests/protocol/walk.h
tests_fuzz_fuzz_request_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_fuzz_fuzz_request_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_request_LDADD = $(fuzz_main) $(UPTO_protocol)

fuzz_targets += tests/fuzz/fuzz_znode
tests_fuzz_fuzz_znode_SOURCES = tests/fuzz/fuzz_znode.c
tests_fuzz_fuzz_znode_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_znode_LDADD = $(fuzz_main) $(UPTO_zk)

fuzz_targets += tests/fuzz/fuzz_records
tests_fuzz_fuzz_records_SOURCES = tests/fuzz/fuzz_records.c
tests_fuzz_fuzz_records_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_records_LDADD = $(fuzz_main) $(UPTO_record)

fuzz_targets += tests/fuzz/fuzz_decompress
tests_fuzz_fuzz_decompress_SOURCES = tests/fuzz/fuzz_decompress.c
tests_fuzz_fuzz_decompress_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_decompress_LDADD = $(fuzz_main) $(UPTO_record)

fuzz_targets += tests/fuzz/fuzz_frames
tests_fuzz_fuzz_frames_SOURCES = tests/fuzz/fuzz_frames.c $(api_fixture)
tests_fuzz_fuzz_frames_CPPFLAGS = $(api_cppflags) -I$(srcdir)/tests/api
tests_fuzz_fuzz_frames_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_frames_LDADD = $(fuzz_main) $(UPTO_api) $(TEST_LIBS)

fuzz_targets += tests/fuzz/fuzz_log_recovery
tests_fuzz_fuzz_log_recovery_SOURCES = tests/fuzz/fuzz_log_recovery.c
tests_fuzz_fuzz_log_recovery_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_log_recovery_LDADD = $(fuzz_main) $(UPTO_storage)

fuzz_targets += tests/fuzz/fuzz_password
tests_fuzz_fuzz_password_SOURCES = tests/fuzz/fuzz_password.c
tests_fuzz_fuzz_password_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_password_LDADD = $(fuzz_main) $(UPTO_security)
fuzz_targets += tests/fuzz/fuzz_dump_log
tests_fuzz_fuzz_dump_log_SOURCES = tests/fuzz/fuzz_dump_log.c
tests_fuzz_fuzz_dump_log_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_dump_log_LDADD = $(fuzz_main) $(UPTO_tools)
fuzz_targets += tests/fuzz/fuzz_cleaner
tests_fuzz_fuzz_cleaner_SOURCES = tests/fuzz/fuzz_cleaner.c
tests_fuzz_fuzz_cleaner_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_cleaner_LDADD = $(fuzz_main) $(UPTO_storage)
fuzz_targets += tests/fuzz/fuzz_group_records
tests_fuzz_fuzz_group_records_SOURCES = tests/fuzz/fuzz_group_records.c
tests_fuzz_fuzz_group_records_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_group_records_LDADD = $(fuzz_main) $(UPTO_coordinator)
fuzz_targets += tests/fuzz/fuzz_replication
tests_fuzz_fuzz_replication_SOURCES = tests/fuzz/fuzz_replication.c $(replica_fixture)
tests_fuzz_fuzz_replication_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/replica
tests_fuzz_fuzz_replication_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_replication_LDADD = $(fuzz_main) $(UPTO_replica) $(TEST_LIBS)

fuzz_targets += tests/fuzz/fuzz_reassign
tests_fuzz_fuzz_reassign_SOURCES = tests/fuzz/fuzz_reassign.c
tests_fuzz_fuzz_reassign_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_reassign_LDADD = $(fuzz_main) $(UPTO_tools)
