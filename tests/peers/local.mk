# tests with Apache Kafka itself, run by tests/run.sh
EXTRA_DIST += \
	tests/peers/ClientCheck.java \
	tests/peers/DumpCheck.java \
	tests/peers/GroupCheck.java \
	tests/peers/PasswordCheck.java \
	tests/peers/ToolServer.java \
	tests/peers/conftest.py \
	tests/peers/fetch.sh \
	tests/peers/pom-2.8.xml \
	tests/peers/pom.xml \
	tests/peers/test_admin_tools.py \
	tests/peers/test_cluster_states.py \
	tests/peers/test_compaction.py \
	tests/peers/test_config_command.py \
	tests/peers/test_dump_log.py \
	tests/peers/test_election_tools.py \
	tests/peers/test_group_tools.py \
	tests/peers/test_java_client.py \
	tests/peers/test_java_groups.py \
	tests/peers/test_mixed_cluster.py \
	tests/peers/test_mixed_groups.py \
	tests/peers/test_mixed_throttle.py \
	tests/peers/test_perf_tools.py \
	tests/peers/test_random_operations.py \
	tests/peers/test_recordings.py \
	tests/peers/test_reassign_tool.py \
	tests/peers/test_replica_verification.py \
	tests/peers/test_same_files.py \
	tests/peers/test_zookeeper_shell.py \
	tests/peers/tool_pairs.py
