# tests of protocol: see Makefile.am for the variables
check_PROGRAMS += \
	tests/protocol/test_codec \
	tests/protocol/test_errors \
	tests/protocol/test_header \
	tests/protocol/test_metadata_version \
	tests/protocol/test_primitive \
	tests/protocol/test_schema

protocol_vectors = tests/protocol/vectors.c tests/protocol/vectors.h
protocol_test_libs = $(UPTO_protocol) $(JANSSON_LIBS) $(TEST_LIBS)

tests_protocol_test_codec_SOURCES = tests/protocol/test_codec.c tests/protocol/walk.c tests/protocol/walk.h \
	$(protocol_vectors)
tests_protocol_test_codec_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_protocol_test_codec_LDADD = $(protocol_test_libs)
tests_protocol_test_errors_SOURCES = tests/protocol/test_errors.c $(protocol_vectors)
tests_protocol_test_errors_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_protocol_test_errors_LDADD = $(protocol_test_libs)
tests_protocol_test_header_SOURCES = tests/protocol/test_header.c $(protocol_vectors)
tests_protocol_test_header_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_protocol_test_header_LDADD = $(protocol_test_libs)
tests_protocol_test_primitive_SOURCES = tests/protocol/test_primitive.c $(protocol_vectors)
tests_protocol_test_primitive_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_protocol_test_primitive_LDADD = $(protocol_test_libs)
tests_protocol_test_schema_SOURCES = tests/protocol/test_schema.c
tests_protocol_test_schema_LDADD = $(protocol_test_libs)

EXTRA_DIST += \
	tests/protocol/data/api-versions.json \
	tests/protocol/data/api-versions.tsv \
	tests/protocol/data/captured-exchanges.json \
	tests/protocol/data/errors.tsv \
	tests/protocol/data/messages.jsonl \
	tests/protocol/data/primitives.json

tests_protocol_test_metadata_version_SOURCES = tests/protocol/test_metadata_version.c
tests_protocol_test_metadata_version_LDADD = $(protocol_test_libs)
