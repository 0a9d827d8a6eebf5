# tests of the tools: see Makefile.am for the variables

check_PROGRAMS += tests/tools/test_client_properties
tests_tools_test_client_properties_SOURCES = tests/tools/test_client_properties.c
tests_tools_test_client_properties_LDADD = $(UPTO_tools) $(TEST_LIBS)

check_PROGRAMS += tests/tools/test_formatter
tests_tools_test_formatter_SOURCES = tests/tools/test_formatter.c
tests_tools_test_formatter_LDADD = $(UPTO_tools) $(TEST_LIBS)

check_PROGRAMS += tests/tools/test_java_regex
tests_tools_test_java_regex_SOURCES = tests/tools/test_java_regex.c
tests_tools_test_java_regex_LDADD = $(UPTO_tools) $(TEST_LIBS)

check_PROGRAMS += tests/tools/test_line_reader
tests_tools_test_line_reader_SOURCES = tests/tools/test_line_reader.c
tests_tools_test_line_reader_LDADD = $(UPTO_tools) $(TEST_LIBS)

check_PROGRAMS += tests/tools/test_options
tests_tools_test_options_SOURCES = tests/tools/test_options.c
tests_tools_test_options_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_client_properties_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_tools_test_formatter_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_tools_test_java_regex_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_tools_test_line_reader_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_tools_test_options_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_configs_entries
tests_tools_test_configs_entries_SOURCES = tests/tools/test_configs_entries.c
tests_tools_test_configs_entries_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_configs_entries_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_delete_records_file
tests_tools_test_delete_records_file_SOURCES = tests/tools/test_delete_records_file.c
tests_tools_test_delete_records_file_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_delete_records_file_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_java_base64
tests_tools_test_java_base64_SOURCES = tests/tools/test_java_base64.c
tests_tools_test_java_base64_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_java_base64_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
check_PROGRAMS += tests/tools/test_column
tests_tools_test_column_SOURCES = tests/tools/test_column.c
tests_tools_test_column_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_column_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_date_time
tests_tools_test_date_time_SOURCES = tests/tools/test_date_time.c
tests_tools_test_date_time_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_date_time_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_java_order
tests_tools_test_java_order_SOURCES = tests/tools/test_java_order.c
tests_tools_test_java_order_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_java_order_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_log_dirs_json
tests_tools_test_log_dirs_json_SOURCES = tests/tools/test_log_dirs_json.c
tests_tools_test_log_dirs_json_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_log_dirs_json_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_topic_settings
tests_tools_test_topic_settings_SOURCES = tests/tools/test_topic_settings.c
tests_tools_test_topic_settings_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_topic_settings_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
check_PROGRAMS += tests/tools/test_reset_plan
tests_tools_test_reset_plan_SOURCES = tests/tools/test_reset_plan.c
tests_tools_test_reset_plan_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_reset_plan_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_admin_job
tests_tools_test_admin_job_SOURCES = tests/tools/test_admin_job.c tests/tools/scripted_broker.c tests/tools/scripted_broker.h
tests_tools_test_admin_job_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_admin_job_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_java_map
tests_tools_test_java_map_SOURCES = tests/tools/test_java_map.c
tests_tools_test_java_map_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_java_map_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
