# the command line: the program moldau
noinst_LIBRARIES += src/tools/libtools.a
src_tools_libtools_a_SOURCES = \
	src/tools/admin.c src/tools/admin.h \
	src/tools/admin_group_offsets.c \
	src/tools/admin_groups.c src/tools/admin_groups.h \
	src/tools/admin_job.c src/tools/admin_job.h \
	src/tools/admin_offsets.c src/tools/admin_offsets.h \
	src/tools/admin_topics.c src/tools/admin_topics.h \
	src/tools/client_log.c src/tools/client_log.h \
	src/tools/client_properties.c src/tools/client_properties.h \
	src/tools/client_security.c src/tools/client_security.h \
	src/tools/column.c src/tools/column.h \
	src/tools/configs.c src/tools/configs_priv.h \
	src/tools/configs_entries.c \
	src/tools/configs_options.c \
	src/tools/configs_quota.c \
	src/tools/configs_request.c \
	src/tools/configs_resource.c \
	src/tools/configs_scram.c \
	src/tools/configs_zookeeper.c \
	src/tools/console_consumer.c \
	src/tools/console_consumer_group.c src/tools/console_consumer_group.h \
	src/tools/console_consumer_options.c src/tools/console_consumer_priv.h \
	src/tools/console_producer.c \
	src/tools/consumer_groups.c src/tools/consumer_groups_priv.h \
	src/tools/consumer_groups_delete.c \
	src/tools/consumer_groups_describe.c \
	src/tools/consumer_groups_options.c \
	src/tools/consumer_groups_reset.c \
	src/tools/date_time.c src/tools/date_time.h \
	src/tools/delete_records.c src/tools/delete_records_priv.h \
	src/tools/delete_records_file.c \
	src/tools/deserializer.c src/tools/deserializer.h \
	src/tools/ensemble.c src/tools/ensemble.h \
	src/tools/formatter.c src/tools/formatter.h \
	src/tools/formatter_log.c src/tools/formatter_log.h \
	src/tools/formatter_log_text.c \
	src/tools/get_offsets.c \
	src/tools/java_base64.c src/tools/java_base64.h \
	src/tools/java_map.c src/tools/java_map.h \
	src/tools/java_order.c src/tools/java_order.h \
	src/tools/java_regex.c src/tools/java_regex.h \
	src/tools/line_reader.c src/tools/line_reader.h \
	src/tools/list.h \
	src/tools/log_dirs.c src/tools/log_dirs_priv.h \
	src/tools/log_dirs_json.c \
	src/tools/options.c src/tools/options.h \
	src/tools/report.c src/tools/report.h \
	src/tools/reset_plan.c src/tools/reset_plan.h \
	src/tools/tool.h \
	src/tools/tool_admin.c src/tools/tool_admin.h \
	src/tools/topic_filter.c src/tools/topic_filter.h \
	src/tools/topic_settings.c src/tools/topic_settings.h \
	src/tools/topics.c src/tools/topics_priv.h \
	src/tools/topics_describe.c \
	src/tools/topics_options.c \
	src/tools/topics_zookeeper.c \
	src/tools/topics_zookeeper_describe.c \
	src/tools/usage.c \
	src/tools/wire.c src/tools/wire.h

# Of the layers above only those parts that tools need are linked (UPTO_tools), so that a tool starts in milliseconds.
bin_PROGRAMS += moldau
moldau_SOURCES = src/tools/main.c
moldau_LDADD = $(UPTO_tools)
moldau_LDFLAGS = $(AM_LDFLAGS) -Wl,--as-needed
EXTRA_DIST += src/tools/README.md
