# The bench: built on demand (make bench), by tests/bench/run.sh.
bench_programs = tests/bench/bare tests/bench/compact tests/bench/load tests/bench/rdk
EXTRA_PROGRAMS = $(bench_programs)
CLEANFILES += $(bench_programs)
EXTRA_DIST += tests/bench/run.sh tests/bench/bench.py tests/bench/replication.py tests/bench/README.md

tests_bench_bare_SOURCES = tests/bench/bare.c tests/bench/wire.c tests/bench/wire.h
tests_bench_bare_LDADD = $(UPTO_record)

tests_bench_compact_SOURCES = tests/bench/compact.c
tests_bench_compact_LDADD = $(UPTO_storage)

tests_bench_load_SOURCES = tests/bench/load.c tests/bench/load.h tests/bench/load_admin.c tests/bench/load_frames.c \
	tests/bench/load_groups.c tests/bench/load_latency.c tests/bench/load_requests.c tests/bench/load_stream.c \
	tests/bench/wire.c tests/bench/wire.h
tests_bench_load_LDADD = $(UPTO_record)

tests_bench_rdk_SOURCES = tests/bench/rdk.c
tests_bench_rdk_CPPFLAGS = $(AM_CPPFLAGS) $(RDKAFKA_CFLAGS)
tests_bench_rdk_LDADD = $(RDKAFKA_LIBS) $(PTHREAD_LIBS)

.PHONY: bench
bench: $(bench_programs)
