"""Consumers that name their rack read from the replica there (KIP-392)."""

import pytest

import members
from harness import wait_until
from test_replication import await_isr, leader_of

SELECTOR = "org.apache.kafka.common.replica.RackAwareReplicaSelector"


@pytest.fixture
def racks(run):
    return [run.broker(i, broker_rack=f"r{i}", replica_selector_class=SELECTOR, log_retention_ms=-1) for i in range(3)]


def fetched(broker):
    """Bytes that this process has sent."""
    with open(f"/proc/{broker.pid}/io", encoding="ascii") as f:
        return int(next(line for line in f if line.startswith("wchar")).split()[1])


def test_a_consumer_reads_in_its_rack(racks):
    members.create_topic(racks, "t", 1, 3)
    values = [b"%d" % i * 1000 for i in range(2000)]
    members.write(racks, "t", values, acks=-1)
    await_isr(racks, "t", {0, 1, 2})
    leader = leader_of(racks, "t")
    near = next(b for b in racks if b is not leader)
    other = next(b for b in racks if b not in (leader, near))
    before = {b.id: fetched(b) for b in racks}
    assert members.read(racks, "t", 2000, **{"client.rack": f"r{near.id}"}) == values
    sent = {b.id: fetched(b) - before[b.id] for b in racks}
    assert sent[near.id] > 1_500_000 > max(sent[leader.id], sent[other.id]), sent


def test_the_leader_serves_who_has_no_rack_or_an_unknown_one(racks):
    members.create_topic(racks, "t", 1, 3)
    members.write(racks, "t", [b"x"] * 100, acks=-1)
    assert members.read(racks, "t", 100) == [b"x"] * 100
    assert members.read(racks, "t", 100, **{"client.rack": "nowhere"}) == [b"x"] * 100


def test_a_near_replica_that_dies_is_left(racks):
    members.create_topic(racks, "t", 1, 3, min_insync_replicas=1)
    members.write(racks, "t", [b"x"] * 100, acks=-1)
    leader = leader_of(racks, "t")
    near = next(b for b in racks if b is not leader)
    assert members.read(racks, "t", 100, **{"client.rack": f"r{near.id}"}) == [b"x"] * 100
    near.kill()
    rest = [b for b in racks if b is not near]
    wait_until(lambda: near.id not in brokers_of(rest), 30, "the dead broker to be gone")
    assert members.read(rest, "t", 100, **{"client.rack": f"r{near.id}"}) == [b"x"] * 100


def brokers_of(brokers):
    with members.admin_client(brokers) as admin:
        return set(admin.list_topics(timeout=10).brokers)
