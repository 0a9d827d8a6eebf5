# The scripts, and the sample configuration: $(prefix)/conf, and the link config -> conf that every guide uses.
dist_bin_SCRIPTS = \
	bin/moldau-env.sh \
	bin/kafka-broker-api-versions.sh \
	bin/kafka-cluster-ctl.sh \
	bin/kafka-cluster.sh \
	bin/kafka-configs.sh \
	bin/kafka-console-consumer.sh \
	bin/kafka-console-producer.sh \
	bin/kafka-consumer-groups.sh \
	bin/kafka-consumer-perf-test.sh \
	bin/kafka-delete-records.sh \
	bin/kafka-dump-log.sh \
	bin/kafka-e2e-latency.sh \
	bin/kafka-get-offsets.sh \
	bin/kafka-leader-election.sh \
	bin/kafka-log-dirs.sh \
	bin/kafka-preferred-replica-election.sh \
	bin/kafka-producer-perf-test.sh \
	bin/kafka-reassign-partitions.sh \
	bin/kafka-replica-verification.sh \
	bin/kafka-run-class.sh \
	bin/kafka-server-start.sh \
	bin/kafka-server-stop.sh \
	bin/kafka-topics.sh \
	bin/kafka-verifiable-consumer.sh \
	bin/kafka-verifiable-producer.sh \
	bin/zookeeper-server-start.sh \
	bin/zookeeper-server-stop.sh \
	bin/zookeeper-shell.sh

conf_files = server.properties zookeeper.properties
EXTRA_DIST += bin/quickstart.sh conf/server.properties conf/zookeeper.properties

# A configuration that is there already belongs to the operator: it is neither replaced nor removed.
install-data-local: install-conf install-manual
install-conf:
	$(MKDIR_P) '$(DESTDIR)$(prefix)/conf'
	@for f in $(conf_files); do \
		test -e '$(DESTDIR)$(prefix)'/conf/$$f || \
		$(INSTALL_DATA) '$(srcdir)'/conf/$$f '$(DESTDIR)$(prefix)'/conf/$$f || exit 1; \
	done
	test -e '$(DESTDIR)$(prefix)/config' || $(LN_S) conf '$(DESTDIR)$(prefix)/config'

uninstall-local: uninstall-conf uninstall-manual
uninstall-conf:
	@for f in $(conf_files); do \
		cmp -s '$(srcdir)'/conf/$$f '$(DESTDIR)$(prefix)'/conf/$$f && \
		rm -f '$(DESTDIR)$(prefix)'/conf/$$f; \
	done; true
	test ! -L '$(DESTDIR)$(prefix)/config' || rm -f '$(DESTDIR)$(prefix)/config'
	rmdir '$(DESTDIR)$(prefix)/conf' 2>/dev/null || true

.PHONY: install-conf uninstall-conf
