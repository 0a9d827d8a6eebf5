"""Topics with replicas: acknowledged records are on all of them, the ISR follows who is there, leaders move."""

import itertools
import time

import pytest
from confluent_kafka import KafkaError, Producer

import members
from harness import SLOW, wait_until


@pytest.fixture
def three(run):
    return [run.broker(i, replica_lag_time_max_ms=2000) for i in range(3)]


def log_bytes(broker, topic, partition=0):
    directory = broker.partition_dir(topic, partition)
    return b"".join(f.read_bytes() for f in sorted(directory.glob("*.log")))


def await_identical(brokers, topic, partition=0):
    wait_until(lambda: len({log_bytes(b, topic, partition) for b in brokers}) == 1, 20, f"identical logs of {topic}")


def leader_of(brokers, topic, partition=0):
    with members.admin_client(brokers) as admin:
        found = wait_until(lambda: members.leaders(admin, topic).get(partition, -1) + 1, 20, "a leader") - 1
    return next(b for b in brokers if b.id == found)


def await_isr(brokers, topic, expected, timeout=20, partition=0):
    with members.admin_client(brokers) as admin:
        seen = []

        def reached():
            seen.append(members.isr(admin, topic, partition))
            return seen[-1] == sorted(expected)

        try:
            wait_until(reached, timeout, f"ISR {sorted(expected)} of {topic}-{partition}", every=0.05)
        finally:
            print("ISR:", *(isr for isr, _ in itertools.groupby(seen)))


def test_what_is_acknowledged_is_on_every_replica(three):
    members.create_topic(three, "t", 3, 3, min_insync_replicas=3)
    for p in range(3):
        members.write(three, "t", [b"%d" % i * 100 for i in range(2000)], p, acks=-1, **{"compression.type": "lz4"})
        await_identical(three, "t", p)
        assert members.read(three, "t", 2000, p) == [b"%d" % i * 100 for i in range(2000)]


def test_a_dead_follower_leaves_the_isr_and_comes_back(three):
    members.create_topic(three, "t", 1, 3, min_insync_replicas=2)
    members.write(three, "t", [b"a"] * 100, acks=-1)
    leader = leader_of(three, "t")
    dead = next(b for b in three if b is not leader)
    dead.kill()
    rest = [b for b in three if b is not dead]
    members.write(rest, "t", [b"b"] * 100, acks=-1)
    await_isr(rest, "t", {b.id for b in rest})
    dead.start_again_after_kill()
    await_isr(three, "t", {0, 1, 2})
    await_identical(three, "t")


def test_a_frozen_follower_is_taken_out_by_its_leader(run, three):
    """Its session lives on for a while; the leader sees that it does not fetch."""
    for b in three:
        b.restart(zookeeper_session_timeout_ms=30000)
    members.create_topic(three, "t", 1, 3, min_insync_replicas=1)
    leader = leader_of(three, "t")
    frozen = next(b for b in three if b is not leader and b.id != members.controller_of(run))
    rest = [b for b in three if b is not frozen]
    frozen.pause()
    members.write(rest, "t", [b"x"] * 10, acks=-1)
    await_isr(rest, "t", {b.id for b in rest})
    frozen.resume()
    await_isr(three, "t", {0, 1, 2})
    await_identical(three, "t")


def test_too_few_in_sync_replicas_are_told(three):
    members.create_topic(three, "t", 1, 3, min_insync_replicas=2)
    leader = leader_of(three, "t")
    for b in three:
        if b is not leader:
            b.kill()
    await_isr([leader], "t", {leader.id})
    errors = []
    producer = Producer({"bootstrap.servers": leader.address, "acks": -1, "message.timeout.ms": 3000, "retries": 0})
    producer.produce("t", b"x", callback=lambda e, _: errors.append(e))
    producer.flush(20)
    assert errors[0].code() in (KafkaError.NOT_ENOUGH_REPLICAS, KafkaError._MSG_TIMED_OUT)  # pylint: disable=protected-access


def test_a_stopped_leader_hands_over_at_once(three):
    members.create_topic(three, "t", 1, 3, min_insync_replicas=2)
    members.write(three, "t", [b"a"] * 100, acks=-1)
    leader = leader_of(three, "t")
    rest = [b for b in three if b is not leader]
    began = time.monotonic()
    leader.stop()
    members.write(rest, "t", [b"b"] * 100, acks=-1)
    assert time.monotonic() - began < 5 * SLOW
    assert members.read(rest, "t", 200) == [b"a"] * 100 + [b"b"] * 100


def test_a_killed_leader_is_replaced_and_nothing_acknowledged_is_lost(three):
    members.create_topic(three, "t", 1, 3, min_insync_replicas=2)
    members.write(three, "t", [b"%d" % i for i in range(1000)], acks=-1, **{"enable.idempotence": True})
    leader = leader_of(three, "t")
    rest = [b for b in three if b is not leader]
    leader.kill()
    members.write(rest, "t", [b"%d" % i for i in range(1000, 2000)], acks=-1, **{"enable.idempotence": True})
    assert members.read(rest, "t", 2000) == [b"%d" % i for i in range(2000)]
    leader.start_again_after_kill()
    await_isr(three, "t", {0, 1, 2})
    await_identical(three, "t")
