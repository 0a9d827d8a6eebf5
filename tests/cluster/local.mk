# tests of clusters: run by tests/run.sh, as the integration tests
EXTRA_DIST += tests/cluster/conftest.py tests/cluster/members.py tests/cluster/test_membership.py \
	tests/cluster/test_reassignment.py \
	tests/cluster/test_replication.py
