"""Bounds on replication traffic (KIP-73) and on moves between log directories (KIP-113): they hold back who is behind,
nobody else, and only as long as they are set."""

import time

import pytest

import configs
import members
from configs import BROKER, TOPIC
from harness import SLOW, running_moldau, wait_until
from test_moves import move as move_dir
from test_moves import others, where
from test_reassignment import reassign, topic_znode
from test_replication import await_identical, await_isr, leader_of, log_bytes

PIECE = 100000  # fetched at once
SIZE = 2000000
RATE = 400000
KEYS = {"leader": "leader.replication.throttled", "follower": "follower.replication.throttled"}
MOVES = "replica.alter.log.dirs.io.max.bytes.per.second"
VALUE = b"v" * 990


def values(size=SIZE):
    return [VALUE] * (size // 1000)


@pytest.fixture
def two(run):
    return [run.broker(i, replica_fetch_max_bytes=PIECE, replica_fetch_response_max_bytes=PIECE) for i in range(2)]


def size_of(broker, topic, partition=0):
    return len(log_bytes(broker, topic, partition)) if broker.partition_dir(topic, partition) else 0


def throttled(side, leader, follower):
    return leader if side == "leader" else follower


def set_rate(broker, side, rate):
    """For all brokers, as the cluster's default."""
    configs.alter(broker, BROKER, "", {KEYS[side] + ".rate": rate})


def rate_of(broker, key):
    value = configs.describe(broker, BROKER, str(broker.id), key).get(key, {}).get("value")
    return value and int(value)


def await_rate(brokers, key, rate):
    for broker in brokers:
        wait_until(lambda: rate_of(broker, key) == rate, 20, f"{broker.name} to hear of {key}")  # pylint: disable=cell-var-from-loop


def assert_idle(brokers, seconds):
    """Who waits for a quota sleeps."""
    before = [b.cpu_seconds() for b in brokers]
    time.sleep(seconds)
    used = [b.cpu_seconds() - was for b, was in zip(brokers, before)]
    assert not running_moldau() or max(used) < 0.1 * seconds * SLOW, used


def left_behind(brokers, topic, *more):
    """(leader, follower): the follower is stopped and lacks SIZE bytes of the topic, and nothing of the others."""
    members.create_topic(brokers, topic, 1, 2, min_insync_replicas=1)
    leader = leader_of(brokers, topic)
    follower, = (b for b in brokers if b is not leader)
    for name in more:
        members.create_topic(brokers, name, 1, 2, min_insync_replicas=1)
    await_isr(brokers, topic, {0, 1})
    follower.stop()
    members.write([leader], topic, values(), acks=1, **{"batch.size": 16000})
    return leader, follower


def shortest(size):
    """Two pieces may be there when the clock starts, and the last may come at once."""
    return (size - 3 * PIECE) / RATE


def assert_takes_as_long_as_it_should(began, size):
    took = time.monotonic() - began
    assert shortest(size) <= took <= size / RATE * 2 + 3 * SLOW, f"{size} bytes in {took} s"


@pytest.mark.parametrize("side", KEYS)
def test_who_is_behind_catches_up_slowly_and_the_others_are_not_held_back(two, side):
    leader, follower = left_behind(two, "slow", "fast")
    set_rate(leader, side, RATE)
    configs.alter(leader, TOPIC, "slow", {
        KEYS[side] + ".replicas": f"0:{throttled(side, leader, follower).id},7:5"})
    size = size_of(leader, "slow")
    follower.start()
    wait_until(lambda: size_of(follower, "slow") > 0, 20, "a first piece")
    began = time.monotonic()
    await_isr(two, "fast", {0, 1})
    members.write(two, "fast", values(2 * SIZE), acks=-1)
    assert time.monotonic() - began < shortest(size)
    assert size_of(follower, "slow") < size
    await_isr(two, "slow", {0, 1}, timeout=60)
    await_identical(two, "slow")
    assert_takes_as_long_as_it_should(began, size)


@pytest.mark.parametrize("side", KEYS)
def test_replicas_in_sync_count_but_are_not_held_back(two, side):
    members.create_topic(two, "t", 1, 2, min_insync_replicas=2)
    await_isr(two, "t", {0, 1})
    set_rate(two[0], side, 1)
    configs.alter(two[0], TOPIC, "t", {KEYS[side] + ".replicas": "*"})
    await_rate(two, KEYS[side] + ".rate", 1)
    began = time.monotonic()
    members.write(two, "t", values(), acks=-1)
    assert time.monotonic() - began < 10 * SLOW
    await_identical(two, "t")
    await_isr(two, "t", {0, 1})


@pytest.mark.parametrize("side", KEYS)
@pytest.mark.parametrize("lift", ["rate", "list"])
def test_lifting_it_counts_at_once_and_waiting_costs_nothing(two, side, lift):
    leader, follower = left_behind(two, "t")
    set_rate(leader, side, 1)
    configs.alter(leader, TOPIC, "t", {KEYS[side] + ".replicas": "*"})
    follower.start()
    size = size_of(leader, "t")
    if side == "follower" or running_moldau():  # Apache's leader counts answers before the list is there
        wait_until(lambda: size_of(follower, "t") > 0, 20, "a first piece")
    assert_idle(two, 3)
    assert size_of(follower, "t") < size / 2
    began = time.monotonic()
    if lift == "rate":
        set_rate(leader, side, None)
    else:
        configs.alter(leader, TOPIC, "t", {KEYS[side] + ".replicas": None})
    await_identical(two, "t")
    assert time.monotonic() - began < 5 * SLOW


def test_a_rate_of_one_broker_comes_before_the_default(two):
    leader, follower = left_behind(two, "t")
    set_rate(leader, "follower", 1)
    configs.alter(leader, TOPIC, "t", {KEYS["follower"] + ".replicas": "*"})
    follower.start()
    configs.alter(leader, BROKER, str(leader.id), {KEYS["follower"] + ".rate": 100 * SIZE})
    wait_until(lambda: size_of(follower, "t") > 0, 20, "a first piece")
    time.sleep(2)
    assert size_of(follower, "t") < SIZE / 2
    configs.alter(follower, BROKER, str(follower.id), {KEYS["follower"] + ".rate": 100 * SIZE})
    began = time.monotonic()
    await_identical(two, "t")
    assert time.monotonic() - began < 5 * SLOW


def test_a_reassignment_does_not_end_until_the_rate_is_raised(run, two):
    members.create_topic(two, "m", 1, 1)
    members.write(two, "m", values(), **{"batch.size": 16000})
    home = leader_of(two, "m")
    away, = (b for b in two if b is not home)
    for side in KEYS:
        set_rate(home, side, 1000)
        configs.alter(home, TOPIC, "m", {KEYS[side] + ".replicas": f"0:{throttled(side, home, away).id}"})
    controller = members.await_controller(run, two)
    assert reassign(two[controller], "m", 0, [away.id]) == (0, 0)
    wait_until(lambda: size_of(away, "m") > 0, 20, "the copy to begin")
    time.sleep(3)
    assert topic_znode(run, "m")["adding_replicas"] == {"0": [away.id]}
    assert size_of(away, "m") < SIZE / 2
    for side in KEYS:
        set_rate(home, side, 100 * SIZE)
    wait_until(lambda: topic_znode(run, "m")["partitions"]["0"] == [away.id], 20, "the move to be complete")
    assert members.read(two, "m", SIZE // 1000) == values()


def test_a_throttle_survives_a_restart(two):
    leader, follower = left_behind(two, "t")
    set_rate(leader, "leader", 1000)
    configs.alter(leader, TOPIC, "t", {KEYS["leader"] + ".replicas": "*"})
    leader.restart()
    follower.start()
    time.sleep(3)
    assert size_of(follower, "t") < SIZE / 2
    set_rate(leader, "leader", None)
    await_identical(two, "t")


def test_moves_between_directories(run):
    broker = run.broker(0, log_dirs=2, replica_fetch_max_bytes=PIECE)
    members.create_topic([broker], "m", 1)
    members.write([broker], "m", values(), **{"batch.size": 16000})
    size = size_of(broker, "m")
    configs.alter(broker, BROKER, "", {MOVES: RATE})
    await_rate([broker], MOVES, RATE)
    target = others(broker, "m")
    began = time.monotonic()
    assert move_dir(broker, target, ("m", 0)) == {("m", 0): 0}
    members.write([broker], "m", [b"meanwhile"])
    wait_until(lambda: where(broker, "m") == ([str(target)], []), 60, "the replica to be in its new directory")
    assert_takes_as_long_as_it_should(began, size)
    configs.alter(broker, BROKER, str(broker.id), {MOVES: 1})
    back = others(broker, "m")
    assert move_dir(broker, back, ("m", 0)) == {("m", 0): 0}
    assert_idle([broker], 2)
    assert where(broker, "m")[1], "the move is over"
    configs.alter(broker, BROKER, str(broker.id), {MOVES: None})
    configs.alter(broker, BROKER, "", {MOVES: None})
    wait_until(lambda: where(broker, "m") == ([str(back)], []), 5, "the replica to be back")
    assert members.read([broker], "m", SIZE // 1000 + 1) == values() + [b"meanwhile"]
