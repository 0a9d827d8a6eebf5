# tests of record: see Makefile.am for the variables
EXTRA_DIST += tests/record/data

record_vectors = tests/record/vectors.c tests/record/vectors.h
record_ldadd = $(UPTO_record) $(JANSSON_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/record/test_batch
tests_record_test_batch_SOURCES = tests/record/test_batch.c $(record_vectors)
tests_record_test_batch_LDADD = $(record_ldadd)

check_PROGRAMS += tests/record/test_builder
tests_record_test_builder_SOURCES = tests/record/test_builder.c $(record_vectors)
tests_record_test_builder_LDADD = $(record_ldadd)

check_PROGRAMS += tests/record/test_compress
tests_record_test_compress_SOURCES = tests/record/test_compress.c $(record_vectors)
tests_record_test_compress_LDADD = $(record_ldadd)

check_PROGRAMS += tests/record/test_control
tests_record_test_control_SOURCES = tests/record/test_control.c $(record_vectors)
tests_record_test_control_LDADD = $(record_ldadd)

check_PROGRAMS += tests/record/test_convert
tests_record_test_convert_SOURCES = tests/record/test_convert.c $(record_vectors)
tests_record_test_convert_LDADD = $(record_ldadd)

check_PROGRAMS += tests/record/test_reader
tests_record_test_reader_SOURCES = tests/record/test_reader.c $(record_vectors)
tests_record_test_reader_LDADD = $(record_ldadd)

check_PROGRAMS += tests/record/test_validate
tests_record_test_validate_SOURCES = tests/record/test_validate.c $(record_vectors)
tests_record_test_validate_LDADD = $(record_ldadd)
