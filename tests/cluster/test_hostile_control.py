"""Requests that only brokers send each other, from one that lies or lives in the past: Kafka's errors, and nothing changes."""

import json
import struct

import pytest

import members
from harness import running_moldau, wait_until
from test_replication import await_isr, leader_of, log_bytes
from wire import Closed, Connection, array, frame, header, string

LEADER_AND_ISR, STOP_REPLICA, UPDATE_METADATA, CONTROLLED_SHUTDOWN, ALTER_PARTITION = 4, 5, 6, 7, 56
NONE, UNKNOWN_TOPIC_OR_PARTITION, STALE_CONTROLLER_EPOCH, NOT_CONTROLLER = 0, 3, 11, 41
BROKER_NOT_AVAILABLE, INVALID_REQUEST, FENCED_LEADER_EPOCH, STALE_BROKER_EPOCH, INVALID_UPDATE_VERSION = 8, 42, 74, 77, 95
LIE = struct.pack(">i", 0x7FFFFFFF)


def ids(numbers):
    return array([struct.pack(">i", n) for n in numbers])


def leader_and_isr(controller_epoch, broker_epoch, topic, state, *, controller=0):
    """Version 2."""
    partition = struct.pack(">iiii", 0, controller_epoch, state["leader"], state["leader_epoch"]) + ids(state["isr"]) + \
        struct.pack(">i", state["version"]) + ids(state["replicas"]) + b"\0"
    return 2, struct.pack(">iiq", controller, controller_epoch, broker_epoch) + array([string(topic) + array([partition])]) + \
        array([struct.pack(">i", i) + string("127.0.0.1") + struct.pack(">i", 1) for i in state["replicas"]])


def update_metadata(controller_epoch, broker_epoch, topic, state, *, controller=0):
    """Version 5."""
    partition = struct.pack(">iiii", 0, controller_epoch, state["leader"], state["leader_epoch"]) + ids(state["isr"]) + \
        struct.pack(">i", state["version"]) + ids(state["replicas"]) + ids([])
    return 5, struct.pack(">iiq", controller, controller_epoch, broker_epoch) + array([string(topic) + array([partition])]) + \
        array([struct.pack(">i", 9) + array([]) + string(None)])


def stop_replica(controller_epoch, broker_epoch, topic, *, index=0, delete=True, controller=0):
    """Version 1."""
    return 1, struct.pack(">iiqb", controller, controller_epoch, broker_epoch, delete) + array([string(topic) + ids([index])])


def ask(broker, api, request):
    """(error, errors of the partitions)"""
    version, body = request
    with Connection(broker) as c:
        answer = c.request(api, version, body)
        error = answer.take("h")
        if api == UPDATE_METADATA:
            return error, []
        return error, [e for _, _, e in answer.array(lambda: (answer.string(), answer.take("i"), answer.take("h")))]


def uvarint(n):
    return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + uvarint(n >> 7)


def alter_partition(broker, sender, epoch, topic, leader_epoch, isr, partition_epoch, index=0):
    """Version 0, which has tagged fields. (error, error of the partition or None)"""
    partition = struct.pack(">ii", index, leader_epoch) + uvarint(len(isr) + 1) + b"".join(struct.pack(">i", i) for i in isr) + \
        struct.pack(">i", partition_epoch) + b"\0"
    body = struct.pack(">iq", sender, epoch) + b"\2" + uvarint(len(topic) + 1) + topic.encode() + b"\2" + partition + b"\0\0"
    with Connection(broker) as c:
        c.send(frame(header(ALTER_PARTITION, 0, flexible=True) + body))
        data = c.receive()
    error, topics = struct.unpack_from(">hB", data, 4 + 1 + 4)
    if topics < 2:
        return error, None
    at = 4 + 1 + 4 + 3 + 1 + len(topic) + 1
    return error, struct.unpack_from(">ih", data, at)[1]


def closes(broker, api, version, body):
    with Connection(broker) as c:
        try:
            c.send(frame(header(api, version) + body))
        except Closed:
            return True
        return c.closed()


class Cluster:
    """Three brokers and a topic "t" with three replicas and records in it."""

    def __init__(self, run, brokers):
        self.run, self.brokers = run, brokers
        members.create_topic(brokers, "t", 1, 3, min_insync_replicas=2)
        members.write(brokers, "t", [b"%d" % i for i in range(100)], acks=-1)
        await_isr(brokers, "t", [0, 1, 2])
        self.leader = leader_of(brokers, "t")
        self.follower = next(b for b in brokers if b is not self.leader)
        wait_until(lambda: len({log_bytes(b, "t") for b in brokers}) == 1, 20, "identical logs")
        self.before = self.snapshot()

    def znode(self, path):
        data, stat = self.leader.znode(path)
        return json.loads(data), stat

    def epoch(self, broker):
        return broker.znode(f"/brokers/ids/{broker.id}")[1].czxid

    def controller_epoch(self):
        return int(self.leader.znode("/controller_epoch")[0])

    def state(self, **changes):
        found, stat = self.znode("/brokers/topics/t/partitions/0/state")
        return {**found, "version": stat.version, "replicas": [0, 1, 2], **changes}

    def snapshot(self):
        paths = ("/brokers/topics", "/brokers/topics/t", "/brokers/topics/t/partitions/0/state", "/controller", "/controller_epoch",
                 "/brokers/ids", "/admin/delete_topics")
        stats = [(data, stat.mzxid, stat.pzxid) for data, stat in map(self.leader.znode, paths)]
        heard = []
        for broker in self.brokers:
            with members.admin_client([broker]) as admin:
                heard.append((members.leaders(admin, "t"), members.isr(admin, "t")))
        return stats, heard, [log_bytes(b, "t") for b in self.brokers]

    def check(self):
        """Nothing has changed, and all goes on."""
        assert self.snapshot() == self.before
        members.write(self.brokers, "t", [b"more"] * 10, acks=-1)
        wait_until(lambda: len({log_bytes(b, "t") for b in self.brokers}) == 1, 20, "identical logs")
        await_isr(self.brokers, "t", [0, 1, 2])


@pytest.fixture
def cluster(run):
    made = Cluster(run, [run.broker(i) for i in range(3)])
    yield made
    made.check()


def test_an_older_controller(cluster):
    """Also one that knows the broker epoch and claims a future for the partition."""
    old = cluster.controller_epoch() - 1
    state = cluster.state(leader=cluster.follower.id, leader_epoch=100, isr=[cluster.follower.id])
    for broker in cluster.brokers:
        for epoch in (-1, cluster.epoch(broker)):
            assert ask(broker, LEADER_AND_ISR, leader_and_isr(old, epoch, "t", state))[0] == STALE_CONTROLLER_EPOCH
            assert ask(broker, UPDATE_METADATA, update_metadata(old, epoch, "t", state))[0] == STALE_CONTROLLER_EPOCH
            assert ask(broker, STOP_REPLICA, stop_replica(old, epoch, "t"))[0] == STALE_CONTROLLER_EPOCH


def test_a_request_for_an_earlier_life_of_the_broker(cluster):
    now = cluster.controller_epoch()
    state = cluster.state(leader=cluster.follower.id, leader_epoch=100, isr=[cluster.follower.id])
    for broker in cluster.brokers:
        epoch = cluster.epoch(broker) - 1
        assert ask(broker, LEADER_AND_ISR, leader_and_isr(now, epoch, "t", state))[0] == STALE_BROKER_EPOCH
        assert ask(broker, UPDATE_METADATA, update_metadata(now, epoch, "t", state))[0] == STALE_BROKER_EPOCH
        assert ask(broker, STOP_REPLICA, stop_replica(now, epoch, "t"))[0] == STALE_BROKER_EPOCH


def test_an_older_leader_epoch_and_replicas_that_are_not_ours(cluster):
    now = cluster.controller_epoch()
    old = cluster.state(leader=cluster.follower.id, leader_epoch=-1)
    foreign = cluster.state(leader_epoch=100, replicas=[7, 8], isr=[7], leader=7)
    for broker in cluster.brokers:
        epoch = cluster.epoch(broker)
        assert ask(broker, LEADER_AND_ISR, leader_and_isr(now, epoch, "t", old)) == (NONE, [STALE_CONTROLLER_EPOCH])
        assert ask(broker, LEADER_AND_ISR, leader_and_isr(now, epoch, "t", foreign)) == (NONE, [UNKNOWN_TOPIC_OR_PARTITION])
        for index in (0, 5, -1):
            assert ask(broker, STOP_REPLICA, stop_replica(now, epoch, "unknown", index=index)) == (NONE, [NONE])
        assert ask(broker, STOP_REPLICA, stop_replica(now, epoch, "t", index=-1)) == (NONE, [NONE])


def test_an_in_sync_set_that_nobody_may_propose(cluster):
    controller = members.controller_of(cluster.run)
    controller = next(b for b in cluster.brokers if b.id == controller)
    leader, state = cluster.leader, cluster.state()
    epoch, now, version = cluster.epoch(leader), state["leader_epoch"], state["version"]
    fewer = [leader.id]

    def propose(*args, **kw):
        return alter_partition(controller, *args, **kw)

    assert propose(77, 1, "t", now, fewer, version) == (STALE_BROKER_EPOCH, None)
    assert propose(leader.id, epoch - 1, "t", now, fewer, version) == (STALE_BROKER_EPOCH, None)
    assert propose(leader.id, epoch, "unknown", now, fewer, version) == (NONE, UNKNOWN_TOPIC_OR_PARTITION)
    assert propose(leader.id, epoch, "t", now, fewer, version, index=9) == (NONE, UNKNOWN_TOPIC_OR_PARTITION)
    assert propose(leader.id, epoch, "t", now - 1, fewer, version) == (NONE, FENCED_LEADER_EPOCH)
    assert propose(leader.id, epoch, "t", now + 1, fewer, version) == (NONE, NOT_CONTROLLER)
    assert propose(leader.id, epoch, "t", now, fewer, version + 1) == (NONE, NOT_CONTROLLER)
    assert propose(leader.id, epoch, "t", now, fewer, version - 1) == (NONE, INVALID_UPDATE_VERSION)
    assert propose(leader.id, epoch, "t", now, state["isr"], version) == (NONE, NONE)  # as it is
    if running_moldau():  # Apache makes anybody who knows the epochs the leader
        other = cluster.follower
        assert propose(other.id, cluster.epoch(other), "t", now, [other.id], version) == (NONE, INVALID_REQUEST)
        assert propose(leader.id, epoch, "t", now, [other.id], version) == (NONE, INVALID_REQUEST)
    for broker in cluster.brokers:
        if broker is not controller:
            assert alter_partition(broker, leader.id, epoch, "t", now, fewer, version)[0] == NOT_CONTROLLER


def test_a_shutdown_of_somebody_else(cluster):
    """Version 2, the first with a broker epoch."""
    controller = members.controller_of(cluster.run)

    def shutdown(broker, who, epoch):
        with Connection(broker) as c:
            return c.request(CONTROLLED_SHUTDOWN, 2, struct.pack(">iq", who, epoch)).take("h")

    for broker in cluster.brokers:
        if broker.id == controller:
            assert shutdown(broker, 77, 1) == (BROKER_NOT_AVAILABLE if running_moldau() else -1)  # Apache stumbles
            assert shutdown(broker, 77, -1) == BROKER_NOT_AVAILABLE
            assert shutdown(broker, cluster.follower.id, cluster.epoch(cluster.follower) - 1) == STALE_BROKER_EPOCH
        else:
            assert shutdown(broker, cluster.follower.id, cluster.epoch(cluster.follower)) == STALE_CONTROLLER_EPOCH


def test_counts_that_lie(cluster):
    """Every array of every message claims two thousand million elements."""
    now = cluster.controller_epoch()
    start = struct.pack(">iiq", 0, now, -1)
    partition = struct.pack(">iiii", 0, now, 0, 100)
    for broker in cluster.brokers:
        before = broker.rss_bytes()
        assert closes(broker, LEADER_AND_ISR, 2, start + LIE) is True
        assert closes(broker, LEADER_AND_ISR, 2, start + array([string("t") + LIE])[:-1]) is True
        assert closes(broker, LEADER_AND_ISR, 2, start + struct.pack(">i", 1) + string("t") + struct.pack(">i", 1) + partition + LIE) is True
        assert closes(broker, UPDATE_METADATA, 5, start + LIE) is True
        assert closes(broker, UPDATE_METADATA, 5, start + array([]) + LIE) is True
        assert closes(broker, UPDATE_METADATA, 5, start + array([]) + array([struct.pack(">i", 1) + LIE])) is True
        assert closes(broker, STOP_REPLICA, 1, start + b"\1" + LIE) is True
        assert closes(broker, STOP_REPLICA, 1, start + b"\1" + array([string("t") + LIE])) is True
        assert broker.rss_bytes() - before < 64 << 20
