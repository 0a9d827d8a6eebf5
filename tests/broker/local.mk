# tests of broker: see Makefile.am for the variables
check_PROGRAMS += tests/broker/test_config_def tests/broker/test_config \
	tests/broker/test_topic_config tests/broker/test_sample \
	tests/broker/test_config_alter tests/broker/test_config_describe \
	tests/broker/test_dynamic_config tests/broker/test_config_service
tests_broker_test_config_def_SOURCES = tests/broker/test_config_def.c
tests_broker_test_config_def_LDADD = $(UPTO_broker) $(TEST_LIBS)
tests_broker_test_config_SOURCES = tests/broker/test_config.c
tests_broker_test_config_LDADD = $(UPTO_broker) $(TEST_LIBS)
tests_broker_test_topic_config_SOURCES = tests/broker/test_topic_config.c
tests_broker_test_topic_config_LDADD = $(UPTO_broker) $(TEST_LIBS)
tests_broker_test_sample_SOURCES = tests/broker/test_sample.c
tests_broker_test_sample_LDADD = $(UPTO_broker) $(TEST_LIBS)
tests_broker_test_config_alter_SOURCES = tests/broker/test_config_alter.c
tests_broker_test_config_alter_LDADD = $(UPTO_broker) $(TEST_LIBS)
check_PROGRAMS += tests/broker/test_config_change
tests_broker_test_config_change_SOURCES = tests/broker/test_config_change.c
tests_broker_test_config_change_LDADD = $(UPTO_broker) $(TEST_LIBS)
tests_broker_test_config_describe_SOURCES = tests/broker/test_config_describe.c
tests_broker_test_config_describe_LDADD = $(UPTO_broker) $(TEST_LIBS)
tests_broker_test_dynamic_config_SOURCES = tests/broker/test_dynamic_config.c tests/broker/dynamic_fixture.c \
	tests/broker/dynamic_fixture.h
check_PROGRAMS += tests/broker/test_config_announcements
tests_broker_test_config_announcements_SOURCES = tests/broker/test_config_announcements.c \
	tests/broker/dynamic_fixture.c tests/broker/dynamic_fixture.h
tests_broker_test_config_announcements_LDADD = $(UPTO_broker) $(TEST_LIBS)
tests_broker_test_dynamic_config_LDADD = $(UPTO_broker) $(TEST_LIBS)
tests_broker_test_config_service_SOURCES = tests/broker/test_config_service.c
tests_broker_test_config_service_LDADD = $(UPTO_broker) $(TEST_LIBS)
check_PROGRAMS += tests/broker/test_topic_overrides
tests_broker_test_topic_overrides_SOURCES = tests/broker/test_topic_overrides.c
tests_broker_test_topic_overrides_LDADD = $(UPTO_broker) $(TEST_LIBS)
EXTRA_DIST += tests/broker/data

check_PROGRAMS += tests/broker/test_registration
tests_broker_test_registration_SOURCES = tests/broker/test_registration.c tests/zk/fixture.c tests/zk/fixture.h
tests_broker_test_registration_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_broker_test_registration_LDADD = $(UPTO_broker) $(TEST_LIBS)
