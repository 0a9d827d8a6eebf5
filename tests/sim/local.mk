# the simulation of whole clusters in one thread: see README.md
sim_sources = \
	tests/sim/clients.c \
	tests/sim/clients.h \
	tests/sim/cluster.c \
	tests/sim/cluster.h \
	tests/sim/disk.c \
	tests/sim/disk.h \
	tests/sim/fiber.c \
	tests/sim/fiber.h \
	tests/sim/handle.c \
	tests/sim/lock.c \
	tests/sim/network.c \
	tests/sim/network.h \
	tests/sim/oracle.c \
	tests/sim/oracle.h \
	tests/sim/server.c \
	tests/sim/socket.c \
	tests/sim/thread.c \
	tests/sim/tree.c \
	tests/sim/zookeeper.h
# What the pieces above put in the place of calls into the system.
sim_ldflags = $(AM_LDFLAGS) -Wl,--wrap=pthread_create -Wl,--wrap=pthread_join -Wl,--wrap=pthread_self \
	-Wl,--wrap=pthread_setname_np -Wl,--wrap=nanosleep -Wl,--wrap=clock_gettime -Wl,--wrap=getrandom \
	-Wl,--wrap=kill -Wl,--wrap=socket -Wl,--wrap=eventfd -Wl,--wrap=setsockopt -Wl,--wrap=getsockopt \
	-Wl,--wrap=getaddrinfo -Wl,--wrap=freeaddrinfo -Wl,--wrap=connect -Wl,--wrap=send -Wl,--wrap=recv \
	-Wl,--wrap=read -Wl,--wrap=write -Wl,--wrap=poll -Wl,--wrap=close
sim_ldadd = $(UPTO_broker) $(ZOOKEEPER_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/sim/test_random
tests_sim_test_random_SOURCES = tests/sim/test_random.c tests/sim/faults.c tests/sim/faults.h tests/sim/groups.c \
	tests/sim/groups.h $(sim_sources)
tests_sim_test_random_LDFLAGS = $(sim_ldflags)
tests_sim_test_random_LDADD = $(sim_ldadd)
check_PROGRAMS += tests/sim/test_scenarios
tests_sim_test_scenarios_SOURCES = tests/sim/test_scenarios.c tests/sim/stage.c tests/sim/stage.h $(sim_sources)
tests_sim_test_scenarios_LDFLAGS = $(sim_ldflags)
tests_sim_test_scenarios_LDADD = $(sim_ldadd)
check_PROGRAMS += tests/sim/test_takeovers
tests_sim_test_takeovers_SOURCES = tests/sim/test_takeovers.c tests/sim/stage.c tests/sim/stage.h $(sim_sources)
tests_sim_test_takeovers_LDFLAGS = $(sim_ldflags)
tests_sim_test_takeovers_LDADD = $(sim_ldadd)
EXTRA_DIST += tests/sim/README.md
