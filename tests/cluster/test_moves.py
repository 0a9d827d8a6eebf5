"""Replicas move between the log directories of a broker, under load and over restarts (KIP-113)."""

import os
import shutil
import struct

import pytest

import configs
import members
import wire
from harness import wait_until
from test_replication import await_identical, await_isr, leader_of

MOVES = "replica.alter.log.dirs.io.max.bytes.per.second"


def move(broker, directory, *replicas):
    """AlterReplicaLogDirs v1; returns {(topic, partition): error}."""
    topics = {}
    for topic, partition in replicas:
        topics.setdefault(topic, []).append(struct.pack(">i", partition))
    body = wire.array([wire.string(str(directory)) + wire.array(
        [wire.string(t) + wire.array(ps) for t, ps in topics.items()])])
    with wire.Connection(broker) as c:
        answer = c.request(34, 1, body)
        answer.take("i")
        found = answer.array(lambda: (answer.string(), answer.array(lambda: answer.take("ih"))))
    return {(t, p): error for t, ps in found for p, error in ps}


def where(broker, topic, partition=0):
    """Directories with the replica as current and as future, and the future's lag, by DescribeLogDirs v1."""
    with wire.Connection(broker) as c:
        answer = c.request(35, 1, struct.pack(">i", -1))
        answer.take("i")
        dirs = answer.array(lambda: (answer.take("h"), answer.string(), answer.array(
            lambda: (answer.string(), answer.array(lambda: answer.take("iqqb"))))))
    found = [(path, lag, future) for _, path, topics in dirs for t, ps in topics for p, _, lag, future in ps
             if (t, p) == (topic, partition)]
    return [f[0] for f in found if not f[2]], [f[:2] for f in found if f[2]]


def others(broker, topic, partition=0):
    home = broker.partition_dir(topic, partition).parent
    return next(d for d in broker.log_dirs if d != home)


@pytest.fixture
def broker(run):
    return run.broker(0, log_dirs=2, log_segment_bytes=1000000)


def test_a_replica_moves_with_its_records(broker):
    members.create_topic([broker], "m", 2)
    values = [b"%d" % i * 100 for i in range(30000)]
    members.write([broker], "m", values)
    target = others(broker, "m")
    assert move(broker, target, ("m", 0)) == {("m", 0): 0}
    wait_until(lambda: where(broker, "m") == ([str(target)], []), 30, "the replica to be in its new directory")
    members.write([broker], "m", [b"after"])
    assert members.read([broker], "m", 30001) == values + [b"after"]
    assert broker.partition_dir("m", 0).parent == target
    assert move(broker, target, ("m", 0)) == {("m", 0): 0}
    broker.restart()
    assert members.read([broker], "m", 30001) == values + [b"after"]


def test_it_moves_while_it_is_written(broker):
    members.create_topic([broker], "m", 1)
    for n in range(6):
        target = others(broker, "m")
        assert move(broker, target, ("m", 0)) == {("m", 0): 0}
        members.write([broker], "m", [b"%d-%d" % (n, i) for i in range(5000)], **{"enable.idempotence": True})
        wait_until(lambda: where(broker, "m") == ([str(target)], []), 30, f"move {n} to be complete")
    assert members.read([broker], "m", 30000) == [b"%d-%d" % (n, i) for n in range(6) for i in range(5000)]


def test_a_restart_goes_on_with_a_move(broker):
    members.create_topic([broker], "m", 1)
    values = [b"%d" % i * 200 for i in range(20000)]
    members.write([broker], "m", values)
    target = others(broker, "m")
    configs.alter(broker, configs.BROKER, "0", {MOVES: 1})  # it is under way, and not just about to be complete
    wait_until(lambda: configs.value(broker, configs.BROKER, "0", MOVES) == "1", 20, "the throttle")
    assert move(broker, target, ("m", 0)) == {("m", 0): 0}
    broker.kill()
    broker.start_again_after_kill()
    assert where(broker, "m")[1], "the move is forgotten"
    configs.alter(broker, configs.BROKER, "0", {MOVES: None})
    wait_until(lambda: where(broker, "m") == ([str(target)], []), 30, "the move to be complete")
    assert members.read([broker], "m", 20000) == values


STAGES = ["asked for", "copying", "marked", "done"]


def stage(target):
    """How far a move of m-0 is, by its files."""
    if (target / "m-0").exists():
        return "done"
    if any((d / "m-0" / ".replaced").exists() for d in target.parent.iterdir()):
        return "marked"
    return "copying" if list(target.glob("m-0.*-future")) else "asked for"


def kill_when(broker, target, wanted):
    """Looks without a pause: what is waited for may last a millisecond."""
    while STAGES.index(stage(target)) < STAGES.index(wanted):
        assert broker.alive()
    broker.kill()


def test_a_kill_at_any_moment_of_a_move(broker):
    members.create_topic([broker], "m", 1)
    values = [b"%d" % i * 200 for i in range(20000)]
    members.write([broker], "m", values)
    for wanted in [*STAGES, "marked"]:
        target = others(broker, "m")
        assert move(broker, target, ("m", 0)) == {("m", 0): 0}
        kill_when(broker, target, wanted)
        broker.start_again_after_kill()
        wait_until(lambda: where(broker, "m") == ([str(target)], []), 30, "the move to be complete")
        assert [d for d in broker.log_dirs if (d / "m-0").exists()] == [target]
        assert not (target / "m-0" / ".replaced").exists()
        assert members.read([broker], "m", 20000) == values


def test_the_start_knows_which_copy_was_replaced(broker):
    """As a crash between the two renames leaves it, and with the newer copy out of reach."""
    members.create_topic([broker], "m", 1)
    members.write([broker], "m", [b"old"] * 10)
    old = broker.partition_dir("m", 0)
    target = others(broker, "m")
    before = broker.dir / "before"
    shutil.copytree(old, before)
    assert move(broker, target, ("m", 0)) == {("m", 0): 0}
    wait_until(lambda: where(broker, "m") == ([str(target)], []), 30, "the move to be complete")
    members.write([broker], "m", [b"new"] * 10)
    broker.kill()
    shutil.copytree(before, old)
    (old / ".replaced").touch()
    os.rename(target, f"{target}.away")
    target.touch()
    broker.start_again_after_kill()
    assert broker.log_lines("Log for partition m-0 in", "the replica is offline too")
    assert where(broker, "m") == ([], [])
    wait_until(lambda: move(broker, old.parent, ("m", 0)) == {("m", 0): 56}, 20, "the replica to be offline")
    broker.kill()
    target.unlink()
    os.rename(f"{target}.away", target)
    broker.start_again_after_kill()
    wait_until(lambda: where(broker, "m") == ([str(target)], []), 30, "the replica to be served")
    assert not old.exists()
    assert members.read([broker], "m", 20) == [b"old"] * 10 + [b"new"] * 10


def test_refusals(broker):
    members.create_topic([broker], "m", 1)
    here = broker.log_dirs[0]
    assert move(broker, "/nowhere", ("m", 0)) == {("m", 0): 57}
    assert move(broker, here, ("nope", 0)) == {("nope", 0): 3}
    assert move(broker, here, ("m", 7)) == {("m", 7): 3}
    assert move(broker, here, ("../x", 0)) == {("../x", 0): 3}


def test_a_replica_to_come_is_created_where_it_was_asked_for(run):
    brokers = [run.broker(i, log_dirs=3) for i in range(2)]
    members.create_topic(brokers, "t", 4)
    away = next(p for p in range(4) if brokers[0].partition_dir("t", p) is None)
    wanted = brokers[0].log_dirs[2]
    assert move(brokers[0], wanted, ("t", away)) == {("t", away): 9}
    with run.zookeeper.client(run.chroot) as zk:
        zk.create("/admin/reassign_partitions", b'{"version":1,"partitions":[{"topic":"t","partition":%d,"replicas":[0]}]}'
                  % away)
        wait_until(lambda: zk.exists("/admin/reassign_partitions") is None, 30, "the reassignment")
    assert brokers[0].partition_dir("t", away).parent == wanted


def test_a_follower_moves_too(run):
    brokers = [run.broker(i, log_dirs=2) for i in range(2)]
    members.create_topic(brokers, "t", 1, 2, min_insync_replicas=2)
    members.write(brokers, "t", [b"a" * 100] * 5000, acks=-1)
    follower = next(b for b in brokers if b is not leader_of(brokers, "t"))
    target = others(follower, "t")
    assert move(follower, target, ("t", 0)) == {("t", 0): 0}
    members.write(brokers, "t", [b"b" * 100] * 5000, acks=-1)
    wait_until(lambda: where(follower, "t") == ([str(target)], []), 30, "the follower's move")
    await_isr(brokers, "t", {0, 1})
    await_identical(brokers, "t")
