# tests of api: see Makefile.am for the variables

check_PROGRAMS += tests/api/test_dispatch
tests_api_test_dispatch_SOURCES = tests/api/test_dispatch.c
tests_api_test_dispatch_LDADD = $(UPTO_api) $(TEST_LIBS)
