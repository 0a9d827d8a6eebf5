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
check_PROGRAMS += tests/tools/test_manual
tests_tools_test_manual_SOURCES = tests/tools/test_manual.c
tests_tools_test_manual_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_manual_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_tool
tests_tools_test_tool_SOURCES = tests/tools/test_tool.c
tests_tools_test_tool_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_tool_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_SCRIPTS += tests/tools/check-completion.sh tests/tools/check-tools.sh
EXTRA_DIST += tests/tools/check-completion.sh tests/tools/check-tools.sh

check_PROGRAMS += tests/tools/test_start
tests_tools_test_start_SOURCES = tests/tools/test_start.c
tests_tools_test_start_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_start_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_findings
tests_tools_test_findings_SOURCES = tests/tools/test_findings.c
tests_tools_test_findings_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_findings_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_SCRIPTS += tests/tools/check-dump-log.sh
EXTRA_DIST += tests/tools/check-dump-log.sh tests/tools/data

check_PROGRAMS += tests/tools/test_words
tests_tools_test_words_SOURCES = tests/tools/test_words.c
tests_tools_test_words_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_words_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_keeper_record
tests_tools_test_keeper_record_SOURCES = tests/tools/test_keeper_record.c
tests_tools_test_keeper_record_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_keeper_record_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_argparse
tests_tools_test_argparse_SOURCES = tests/tools/test_argparse.c
tests_tools_test_argparse_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_argparse_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_java_number
tests_tools_test_java_number_SOURCES = tests/tools/test_java_number.c
tests_tools_test_java_number_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_java_number_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_justify
tests_tools_test_justify_SOURCES = tests/tools/test_justify.c
tests_tools_test_justify_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_justify_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_client_metrics
tests_tools_test_client_metrics_SOURCES = tests/tools/test_client_metrics.c
tests_tools_test_client_metrics_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_client_metrics_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_java_random
tests_tools_test_java_random_SOURCES = tests/tools/test_java_random.c
tests_tools_test_java_random_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_java_random_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_payload
tests_tools_test_payload_SOURCES = tests/tools/test_payload.c
tests_tools_test_payload_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_payload_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_perf_stats
tests_tools_test_perf_stats_SOURCES = tests/tools/test_perf_stats.c
tests_tools_test_perf_stats_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_perf_stats_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_throttle
tests_tools_test_throttle_SOURCES = tests/tools/test_throttle.c
tests_tools_test_throttle_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_throttle_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_java_date
tests_tools_test_java_date_SOURCES = tests/tools/test_java_date.c
tests_tools_test_java_date_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_java_date_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_consume_stats
tests_tools_test_consume_stats_SOURCES = tests/tools/test_consume_stats.c
tests_tools_test_consume_stats_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_consume_stats_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)





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


check_PROGRAMS += tests/tools/test_json_text
tests_tools_test_json_text_SOURCES = tests/tools/test_json_text.c
tests_tools_test_json_text_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_json_text_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_producer
tests_tools_test_producer_SOURCES = tests/tools/test_producer.c
tests_tools_test_producer_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_producer_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_election_file
tests_tools_test_election_file_SOURCES = tests/tools/test_election_file.c
tests_tools_test_election_file_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_election_file_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_replica_compare
tests_tools_test_replica_compare_SOURCES = tests/tools/test_replica_compare.c
tests_tools_test_replica_compare_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_replica_compare_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_scala_hash
tests_tools_test_scala_hash_SOURCES = tests/tools/test_scala_hash.c
tests_tools_test_scala_hash_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_scala_hash_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_json_syntax
tests_tools_test_json_syntax_SOURCES = tests/tools/test_json_syntax.c
tests_tools_test_json_syntax_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_json_syntax_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_reassign_file
tests_tools_test_reassign_file_SOURCES = tests/tools/test_reassign_file.c
tests_tools_test_reassign_file_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_reassign_file_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_reassign_plan
tests_tools_test_reassign_plan_SOURCES = tests/tools/test_reassign_plan.c
tests_tools_test_reassign_plan_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_reassign_plan_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_reassign_states
tests_tools_test_reassign_states_SOURCES = tests/tools/test_reassign_states.c
tests_tools_test_reassign_states_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_reassign_states_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_thrown
tests_tools_test_thrown_SOURCES = tests/tools/test_thrown.c
tests_tools_test_thrown_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_thrown_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_reassign_calls
tests_tools_test_reassign_calls_SOURCES = tests/tools/test_reassign_calls.c tests/tools/scripted_broker.c tests/tools/scripted_broker.h
tests_tools_test_reassign_calls_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_reassign_calls_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_elections
tests_tools_test_elections_SOURCES = tests/tools/test_elections.c tests/tools/scripted_broker.c tests/tools/scripted_broker.h
tests_tools_test_elections_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_elections_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

check_PROGRAMS += tests/tools/test_replica_verification_fetch
tests_tools_test_replica_verification_fetch_SOURCES = tests/tools/test_replica_verification_fetch.c tests/tools/scripted_broker.c tests/tools/scripted_broker.h
tests_tools_test_replica_verification_fetch_LDADD = $(UPTO_tools) $(TEST_LIBS)
tests_tools_test_replica_verification_fetch_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
