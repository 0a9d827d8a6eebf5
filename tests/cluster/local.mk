# tests of clusters: run by tests/run.sh, as the integration tests
EXTRA_DIST += \
	tests/cluster/chaos.py \
	tests/cluster/conftest.py \
	tests/cluster/ensemble.py \
	tests/cluster/group_load.py \
	tests/cluster/load.py \
	tests/cluster/members.py \
	tests/cluster/relays.py \
	tests/cluster/replica_damage.py \
	tests/cluster/test_chaos.py \
	tests/cluster/test_cluster_configs.py \
	tests/cluster/test_election_tools.py \
	tests/cluster/test_failover.py \
	tests/cluster/test_group_coordinators.py \
	tests/cluster/test_hostile_control.py \
	tests/cluster/test_log_dirs.py \
	tests/cluster/test_many_partitions.py \
	tests/cluster/test_membership.py \
	tests/cluster/test_moves.py \
	tests/cluster/test_near_replica.py \
	tests/cluster/test_old_protocol.py \
	tests/cluster/test_reassign_tool.py \
	tests/cluster/test_reassignment.py \
	tests/cluster/test_relays.py \
	tests/cluster/test_replica_verification.py \
	tests/cluster/test_replication.py \
	tests/cluster/test_throttle.py
