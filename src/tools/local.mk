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
	src/tools/completion.c src/tools/completion.h \
	src/tools/configs.c src/tools/configs_priv.h \
	src/tools/configs_entries.c \
	src/tools/configs_options.c \
	src/tools/configs_quota.c \
	src/tools/configs_request.c \
	src/tools/configs_resource.c \
	src/tools/configs_scram.c \
	src/tools/configs_zookeeper.c \
	src/tools/console_consumer.c src/tools/console_consumer_priv.h \
	src/tools/console_consumer_group.c src/tools/console_consumer_group.h \
	src/tools/console_consumer_options.c \
	src/tools/console_producer.c \
	src/tools/consume_stats.c src/tools/consume_stats.h \
	src/tools/consumer_groups.c src/tools/consumer_groups_priv.h \
	src/tools/consumer_groups_delete.c \
	src/tools/consumer_groups_describe.c \
	src/tools/consumer_groups_options.c \
	src/tools/consumer_groups_reset.c \
	src/tools/consumer_perf.c \
	src/tools/date_time.c src/tools/date_time.h \
	src/tools/decode_metadata.c \
	src/tools/decode_offsets.c \
	src/tools/decode_remote_log.c \
	src/tools/decode_transactions.c \
	src/tools/delete_records.c src/tools/delete_records_priv.h \
	src/tools/delete_records_file.c \
	src/tools/delivery.c src/tools/delivery.h \
	src/tools/deserializer.c src/tools/deserializer.h \
	src/tools/dump_log.c src/tools/dump_log_priv.h \
	src/tools/dump_log_index.c \
	src/tools/dump_log_producers.c \
	src/tools/dump_log_records.c \
	src/tools/e2e_latency.c \
	src/tools/election_file.c src/tools/election_file.h \
	src/tools/elections.c src/tools/elections.h \
	src/tools/ensemble.c src/tools/ensemble.h \
	src/tools/findings.c src/tools/findings.h \
	src/tools/formatter.c src/tools/formatter.h \
	src/tools/formatter_log.c src/tools/formatter_log.h \
	src/tools/formatter_log_text.c \
	src/tools/get_offsets.c \
	src/tools/group_consumer.c src/tools/group_consumer.h \
	src/tools/java_base64.c src/tools/java_base64.h \
	src/tools/java_date.c src/tools/java_date.h \
	src/tools/java_exception.c src/tools/java_exception.h \
	src/tools/java_map.c src/tools/java_map.h \
	src/tools/java_number.c src/tools/java_number.h \
	src/tools/java_order.c src/tools/java_order.h \
	src/tools/java_random.c src/tools/java_random.h \
	src/tools/java_regex.c src/tools/java_regex.h \
	src/tools/json_decode.c src/tools/json_decode.h \
	src/tools/json_syntax.c src/tools/json_syntax.h \
	src/tools/json_text.c src/tools/json_text.h \
	src/tools/justify.c src/tools/justify.h \
	src/tools/keeper.c src/tools/keeper.h src/tools/keeper_priv.h \
	src/tools/keeper_calls.c src/tools/keeper_calls.h \
	src/tools/keeper_commands_acl.c \
	src/tools/keeper_commands_ensemble.c \
	src/tools/keeper_commands_node.c \
	src/tools/keeper_commands_quota.c \
	src/tools/keeper_commands_session.c \
	src/tools/keeper_connection.c \
	src/tools/keeper_record.c src/tools/keeper_record.h \
	src/tools/keeper_shell.c src/tools/keeper_shell.h \
	src/tools/keeper_watches.c \
	src/tools/leader_election.c \
	src/tools/line_reader.c src/tools/line_reader.h \
	src/tools/list.h \
	src/tools/log_dirs.c src/tools/log_dirs_priv.h \
	src/tools/log_dirs_json.c \
	src/tools/manual.c src/tools/manual.h \
	src/tools/message_json.c src/tools/message_json.h \
	src/tools/options.c src/tools/options.h \
	src/tools/payload.c src/tools/payload.h \
	src/tools/perf_stats.c src/tools/perf_stats.h \
	src/tools/preferred_election.c src/tools/preferred_election_priv.h \
	src/tools/preferred_election_zookeeper.c \
	src/tools/producer.c src/tools/producer.h \
	src/tools/producer_perf.c src/tools/producer_perf_priv.h \
	src/tools/producer_perf_options.c \
	src/tools/reassign_calls.c \
	src/tools/reassign_execute.c \
	src/tools/reassign_file.c \
	src/tools/reassign_generate.c \
	src/tools/reassign_log_dirs.c \
	src/tools/reassign_partitions.c src/tools/reassign_priv.h \
	src/tools/reassign_plan.c src/tools/reassign_plan.h \
	src/tools/reassign_rows.c \
	src/tools/reassign_states.c \
	src/tools/reassign_verify.c \
	src/tools/record_decoder.c src/tools/record_decoder.h src/tools/record_decoder_priv.h \
	src/tools/records.c src/tools/records.h \
	src/tools/records.def \
	src/tools/records/consumer_group.def \
	src/tools/records/kraft_cluster.def \
	src/tools/records/kraft_control.def \
	src/tools/records/remote_log.def \
	src/tools/replica_compare.c src/tools/replica_compare.h \
	src/tools/replica_verification.c src/tools/replica_verification_priv.h \
	src/tools/replica_verification_fetch.c \
	src/tools/report.c src/tools/report.h \
	src/tools/reset_plan.c src/tools/reset_plan.h \
	src/tools/scala_hash.c src/tools/scala_hash.h \
	src/tools/scripts.c src/tools/scripts.h \
	src/tools/similar.c src/tools/similar.h \
	src/tools/stop_signal.c src/tools/stop_signal.h \
	src/tools/text_file.c src/tools/text_file.h \
	src/tools/thrown.c src/tools/thrown.h \
	src/tools/throttle.c src/tools/throttle.h \
	src/tools/tool.c src/tools/tool.h \
	src/tools/tool_admin.c src/tools/tool_admin.h \
	src/tools/topic_filter.c src/tools/topic_filter.h \
	src/tools/topic_settings.c src/tools/topic_settings.h \
	src/tools/topics.c src/tools/topics_priv.h \
	src/tools/topics_describe.c \
	src/tools/topics_options.c \
	src/tools/topics_zookeeper.c \
	src/tools/topics_zookeeper_describe.c \
	src/tools/usage.c \
	src/tools/verifiable_consumer.c \
	src/tools/verifiable_producer.c \
	src/tools/wire.c src/tools/wire.h \
	src/tools/words.c src/tools/words.h

# Of the layers above only those parts that tools need are linked (UPTO_tools), so that a tool starts in milliseconds.
bin_PROGRAMS += moldau
moldau_SOURCES = src/tools/main.c
moldau_LDADD = $(UPTO_tools)
moldau_LDFLAGS = $(AM_LDFLAGS) -Wl,--as-needed
EXTRA_DIST += src/tools/README.md

# The manual and the completion of bash: made by the program from the tools' own tables. Where it cannot be run (another
# machine's compiler), MOLDAU_RUN names a command that can, such as "qemu-aarch64 ./moldau".
MOLDAU_RUN = ./moldau$(EXEEXT)
manuals = $(patsubst bin/%,man/%.1,$(filter-out bin/moldau-env.sh,$(dist_bin_SCRIPTS))) man/moldau.1 man/moldaud.8
completion = completion/moldau
all-local: $(manuals) $(completion)
CLEANFILES += $(manuals) $(completion)
EXTRA_DIST += src/tools/completion.bash

$(manuals): moldau$(EXEEXT)
	@$(MKDIR_P) man
	$(AM_V_GEN)$(MOLDAU_RUN) manual $(basename $(@F)) >$@.new && mv $@.new $@

$(completion): moldau$(EXEEXT) src/tools/completion.bash
	@$(MKDIR_P) completion
	$(AM_V_GEN)$(MOLDAU_RUN) completion >$@.new && cat $(srcdir)/src/tools/completion.bash >>$@.new && mv $@.new $@

bash_completion_dir = $(datadir)/bash-completion/completions
completion_links = $(patsubst bin/%,%,$(filter-out bin/moldau-env.sh,$(dist_bin_SCRIPTS))) moldaud

# bash-completion looks for a file with the name of the command.
install-manual: $(manuals) $(completion)
	$(MKDIR_P) '$(DESTDIR)$(mandir)/man1' '$(DESTDIR)$(mandir)/man8' '$(DESTDIR)$(bash_completion_dir)'
	$(INSTALL_DATA) $(filter %.1,$(manuals)) '$(DESTDIR)$(mandir)/man1'
	$(INSTALL_DATA) $(filter %.8,$(manuals)) '$(DESTDIR)$(mandir)/man8'
	$(INSTALL_DATA) $(completion) '$(DESTDIR)$(bash_completion_dir)'
	@for name in $(completion_links); do \
		rm -f '$(DESTDIR)$(bash_completion_dir)'/$$name && \
		$(LN_S) moldau '$(DESTDIR)$(bash_completion_dir)'/$$name || exit 1; \
	done

uninstall-manual:
	cd '$(DESTDIR)$(mandir)/man1' && rm -f $(notdir $(filter %.1,$(manuals)))
	cd '$(DESTDIR)$(mandir)/man8' && rm -f $(notdir $(filter %.8,$(manuals)))
	cd '$(DESTDIR)$(bash_completion_dir)' && rm -f moldau $(completion_links)

.PHONY: install-manual uninstall-manual
