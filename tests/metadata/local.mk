# tests of metadata: see Makefile.am for the variables
check_PROGRAMS += tests/metadata/test_image
tests_metadata_test_image_SOURCES = tests/metadata/test_image.c
tests_metadata_test_image_LDADD = $(UPTO_metadata) $(TEST_LIBS)
