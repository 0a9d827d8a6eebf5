# the command line: the program moldau
noinst_LIBRARIES += src/tools/libtools.a
src_tools_libtools_a_SOURCES = \
	src/tools/admin.c src/tools/admin.h \
	src/tools/admin_group_offsets.c \
	src/tools/admin_groups.c src/tools/admin_groups.h \
	src/tools/admin_job.c src/tools/admin_job.h \
	src/tools/admin_offsets.c src/tools/admin_offsets.h \
	src/tools/admin_topics.c src/tools/admin_topics.h \
	src/tools/api_keys.def \
	src/tools/argparse.c src/tools/argparse.h \
	src/tools/argparse_usage.c \
	src/tools/broker_api_versions.c \
	src/tools/client_log.c src/tools/client_log.h \
	src/tools/client_metrics.c src/tools/client_metrics.h \
	src/tools/client_properties.c src/tools/client_properties.h \
	src/tools/client_security.c src/tools/client_security.h \
	src/tools/cluster.c \
	src/tools/column.c src/tools/column.h \
	src/tools/console_consumer.c \
	src/tools/console_consumer_options.c src/tools/console_consumer_priv.h \
	src/tools/console_producer.c \
	src/tools/consume_stats.c src/tools/consume_stats.h \
	src/tools/consumer_groups.c src/tools/consumer_groups_priv.h \
	src/tools/consumer_groups_describe.c \
	src/tools/consumer_groups_options.c \
	src/tools/consumer_groups_reset.c \
	src/tools/consumer_perf.c \
	src/tools/date_time.c src/tools/date_time.h \
	src/tools/delivery.c src/tools/delivery.h \
	src/tools/deserializer.c src/tools/deserializer.h \
	src/tools/e2e_latency.c \
	src/tools/formatter.c src/tools/formatter.h \
	src/tools/formatter_log.c src/tools/formatter_log.h \
	src/tools/formatter_log_text.c \
	src/tools/get_offsets.c \
	src/tools/group_consumer.c src/tools/group_consumer.h \
	src/tools/java_date.c src/tools/java_date.h \
	src/tools/java_number.c src/tools/java_number.h \
	src/tools/java_order.c src/tools/java_order.h \
	src/tools/java_random.c src/tools/java_random.h \
	src/tools/java_regex.c src/tools/java_regex.h \
	src/tools/json_text.c src/tools/json_text.h \
	src/tools/justify.c src/tools/justify.h \
	src/tools/line_reader.c src/tools/line_reader.h \
	src/tools/list.h \
	src/tools/options.c src/tools/options.h \
	src/tools/payload.c src/tools/payload.h \
	src/tools/perf_stats.c src/tools/perf_stats.h \
	src/tools/producer.c src/tools/producer.h \
	src/tools/producer_perf.c src/tools/producer_perf_priv.h \
	src/tools/producer_perf_options.c \
	src/tools/report.c src/tools/report.h \
	src/tools/reset_plan.c src/tools/reset_plan.h \
	src/tools/similar.c src/tools/similar.h \
	src/tools/stop_signal.c src/tools/stop_signal.h \
	src/tools/throttle.c src/tools/throttle.h \
	src/tools/tool.h \
	src/tools/topic_filter.c src/tools/topic_filter.h \
	src/tools/topics.c src/tools/topics_priv.h \
	src/tools/topics_describe.c \
	src/tools/topics_options.c \
	src/tools/usage.c \
	src/tools/verifiable_consumer.c \
	src/tools/verifiable_producer.c \
	src/tools/wire.c src/tools/wire.h

# Of the layers above only those parts that tools need are linked (UPTO_tools), so that a tool starts in milliseconds.
bin_PROGRAMS += moldau
moldau_SOURCES = src/tools/main.c
moldau_LDADD = $(UPTO_tools)
moldau_LDFLAGS = $(AM_LDFLAGS) -Wl,--as-needed
EXTRA_DIST += src/tools/README.md
