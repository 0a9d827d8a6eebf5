# integration tests: run by tests/run.sh, not by make check, since they need Python packages and a ZooKeeper
EXTRA_DIST += tests/integration/clients.py tests/integration/conformance.py tests/integration/group_members.py tests/integration/conftest.py \
	tests/integration/harness.py tests/integration/messages.py tests/integration/records.py \
	tests/integration/scenarios \
	tests/integration/wire.py tests/integration/test_admin.py tests/integration/test_bench.py \
	tests/integration/test_conformance.py \
	tests/integration/test_crash.py tests/integration/test_groups.py \
	tests/integration/test_hostile.py tests/integration/test_produce_consume.py tests/integration/test_tools.py \
	tests/integration/test_znodes.py tests/integration/test_zookeeper_loss.py
