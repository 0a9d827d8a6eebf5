# integration tests: run by tests/run.sh, not by make check, since they need Python packages and a ZooKeeper
EXTRA_DIST += \
	tests/integration/clients.py \
	tests/integration/commands.py \
	tests/integration/configs.py \
	tests/integration/conformance.py \
	tests/integration/conftest.py \
	tests/integration/group_members.py \
	tests/integration/harness.py \
	tests/integration/messages.py \
	tests/integration/records.py \
	tests/integration/scenarios \
	tests/integration/shell_scripts.py \
	tests/integration/test_admin.py \
	tests/integration/test_bench.py \
	tests/integration/test_cluster_ctl.py \
	tests/integration/test_compaction.py \
	tests/integration/test_completion.py \
	tests/integration/test_config_znodes.py \
	tests/integration/test_configs_tool.py \
	tests/integration/test_conformance.py \
	tests/integration/test_console_groups.py \
	tests/integration/test_consumer_groups_tool.py \
	tests/integration/test_crash.py \
	tests/integration/test_delete_records_tool.py \
	tests/integration/test_dynamic_config.py \
	tests/integration/test_dynamic_listeners.py \
	tests/integration/test_groups.py \
	tests/integration/test_hostile.py \
	tests/integration/test_log_dirs_tool.py \
	tests/integration/test_perf_tools.py \
	tests/integration/test_produce_consume.py \
	tests/integration/test_tools.py \
	tests/integration/test_topics_zookeeper.py \
	tests/integration/test_znodes.py \
	tests/integration/test_zookeeper_loss.py \
	tests/integration/test_zookeeper_shell.py \
	tests/integration/wire.py
