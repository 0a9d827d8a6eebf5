"""Partitions move to other brokers, by request and by the znode of old tools; preferred leaders are elected."""

import json

import pytest
from kafka.admin import KafkaAdminClient

import members
import wire
from harness import wait_until
from test_replication import await_identical, await_isr, leader_of


@pytest.fixture
def three(run):
    return [run.broker(i) for i in range(3)]


def topic_znode(run, topic):
    with run.zookeeper.client(run.chroot) as zk:
        return json.loads(zk.get(f"/brokers/topics/{topic}")[0])


def uvarint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def compact(items):
    return uvarint(len(items) + 1) + b"".join(items)


def compact_string(text):
    return uvarint(len(text) + 1) + text.encode()


def flexible(broker, api, body):
    """A call of version 0 with tagged fields; returns the answer behind its header."""
    with wire.Connection(broker) as c:
        c.send(wire.frame(wire.header(api, 0, 1, flexible=True) + body))
        answer = wire.Reader(c.receive())
        assert answer.take("i") == 1
        answer.take("b")
        return answer


def reassign(broker, topic, partition, replicas):
    """AlterPartitionReassignments of one partition; replicas None: cancel. Returns the top-level and its own error."""
    where = uvarint(0) if replicas is None else compact([r.to_bytes(4, "big", signed=True) for r in replicas])
    one = partition.to_bytes(4, "big") + where + b"\0"
    body = (30000).to_bytes(4, "big") + compact([compact_string(topic) + compact([one]) + b"\0"]) + b"\0"
    answer = flexible(broker, 45, body)
    _, top, length = answer.take("ihB")
    answer.take(f"{max(length - 1, 0)}s")
    if answer.take("b") == 1:
        return top, None
    answer.take(f"{answer.take('b') - 1}s")
    answer.take("b")
    _, error = answer.take("ih")
    return top, error


def move(run, brokers, topic, replicas):
    controller = members.await_controller(run, brokers)
    assert reassign(brokers[controller], topic, 0, replicas) == (0, 0)
    wait_until(lambda: (lambda t: t["partitions"]["0"] == replicas and not t["adding_replicas"] and
                        not t["removing_replicas"])(topic_znode(run, topic)), 30, "the move to be complete")


def test_a_partition_moves_with_its_records(run, three):
    members.create_topic(three, "m", 1, 1)
    members.write(three, "m", [b"%d" % i * 50 for i in range(5000)])
    home = leader_of(three, "m").id
    away = [(home + 1) % 3, (home + 2) % 3]
    move(run, three, "m", away)
    await_isr(three, "m", away)
    await_identical([three[b] for b in away], "m")
    assert leader_of(three, "m").id in away
    assert members.read(three, "m", 5000) == [b"%d" % i * 50 for i in range(5000)]
    wait_until(lambda: three[home].partition_dir("m", 0) is None, 20, "the old replica to be deleted")


def test_refusals(run, three):
    members.create_topic(three, "m", 1, 1)
    controller = members.await_controller(run, three)
    assert reassign(three[(controller + 1) % 3], "m", 0, [0])[0] == 41
    assert reassign(three[controller], "m", 0, []) == (0, 39)
    assert reassign(three[controller], "m", 0, [1, 1]) == (0, 39)
    assert reassign(three[controller], "m", 0, [-1]) == (0, 39)
    assert reassign(three[controller], "m", 0, [7]) == (0, 39)
    assert reassign(three[controller], "m", 0, None) == (0, 85)
    assert reassign(three[controller], "nope", 0, [0]) == (0, 3)
    assert reassign(three[controller], "m", 9, None) == (0, 85)


def test_a_move_to_a_frozen_broker_is_cancelled(run, three):
    for b in three:
        b.restart(zookeeper_session_timeout_ms=60000)
    controller = members.await_controller(run, three)
    other, frozen = (b for b in three if b.id != controller)
    members.create_topic(three, "m", 1, 1)
    home = leader_of(three, "m").id
    target = frozen if frozen.id != home else other
    target.pause()
    assert reassign(three[controller], "m", 0, [target.id]) == (0, 0)
    assert topic_znode(run, "m")["adding_replicas"] == {"0": [target.id]}
    assert reassign(three[controller], "m", 0, None) == (0, 0)
    assert topic_znode(run, "m")["partitions"]["0"] == [home]
    assert not topic_znode(run, "m")["adding_replicas"]
    target.resume()
    wait_until(lambda: target.partition_dir("m", 0) is None, 30, "the unwanted replica to be gone")


def test_old_tools_write_the_znode(run, three):
    members.create_topic(three, "m", 1, 1)
    members.write(three, "m", [b"x"] * 100)
    home = leader_of(three, "m").id
    away = (home + 1) % 3
    with run.zookeeper.client(run.chroot) as zk:
        zk.create("/admin/reassign_partitions", json.dumps(
            {"version": 1, "partitions": [{"topic": "m", "partition": 0, "replicas": [away]}]}).encode())
        wait_until(lambda: zk.exists("/admin/reassign_partitions") is None, 30, "the reassignment to be complete")
    assert topic_znode(run, "m")["partitions"]["0"] == [away]
    assert members.read(three, "m", 100) == [b"x"] * 100


def test_the_preferred_leader_is_elected(run, three):
    members.create_topic(three, "e", 1, 3)
    preferred = topic_znode(run, "e")["partitions"]["0"][0]
    three[preferred].restart()
    await_isr(three, "e", {0, 1, 2})
    assert leader_of(three, "e").id != preferred
    controller = members.await_controller(run, three)
    with wire.Connection(three[controller]) as c:
        c.send(wire.frame(wire.header(43, 1) + b"\0" + wire.array([wire.string("e") + wire.array([b"\0\0\0\0"])]) +
                          (10000).to_bytes(4, "big")))
        answer = wire.Reader(c.receive())
        answer.take("i")
        assert answer.take("ih")[1] == 0
        assert answer.array(lambda: (answer.string(), answer.array(
            lambda: (answer.take("ih"), answer.string())))) == [("e", [((0, 0), None)])]
    wait_until(lambda: leader_of(three, "e").id == preferred, 10, "all to know the leader")


def test_kafka_python_lists_the_cluster(three):
    admin = KafkaAdminClient(bootstrap_servers=members.bootstrap(three))
    assert len(admin.describe_cluster()["brokers"]) == 3
    admin.close()
