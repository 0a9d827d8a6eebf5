# tests of controller: see Makefile.am for the variables

check_PROGRAMS += tests/controller/test_replica_assignment
tests_controller_test_replica_assignment_SOURCES = tests/controller/test_replica_assignment.c
tests_controller_test_replica_assignment_LDADD = $(UPTO_controller) $(TEST_LIBS)

check_PROGRAMS += tests/controller/test_channel
tests_controller_test_channel_SOURCES = tests/controller/test_channel.c
tests_controller_test_channel_LDADD = $(UPTO_controller) $(TEST_LIBS)

check_PROGRAMS += tests/controller/test_controller
tests_controller_test_controller_SOURCES = tests/controller/test_controller.c tests/zk/fixture.c tests/zk/fixture.h
tests_controller_test_controller_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_controller_test_controller_LDADD = $(UPTO_controller) $(TEST_LIBS)

check_PROGRAMS += tests/controller/test_states
tests_controller_test_states_SOURCES = \
	tests/controller/test_states.c tests/controller/fake_store.c tests/controller/fake_store.h
tests_controller_test_states_LDADD = $(UPTO_controller) $(TEST_LIBS)

check_PROGRAMS += tests/controller/test_control_layout
tests_controller_test_control_layout_SOURCES = tests/controller/test_control_layout.c
tests_controller_test_control_layout_LDADD = $(UPTO_controller) $(TEST_LIBS)
