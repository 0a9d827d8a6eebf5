"""Bounds on replication traffic where one side is Apache Kafka: both take them from the same configurations and mean the
same by them."""

import pathlib
import sys
import time

import pytest
from confluent_kafka.admin import NewTopic

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cluster"))

import configs  # noqa: E402  pylint: disable=wrong-import-position
import members  # noqa: E402  pylint: disable=wrong-import-position
from harness import wait_until  # noqa: E402  pylint: disable=wrong-import-position
from test_reassignment import reassign, topic_znode  # noqa: E402  pylint: disable=wrong-import-position
from test_replication import await_identical  # noqa: E402  pylint: disable=wrong-import-position
from test_throttle import KEYS, PIECE, RATE, set_rate, size_of, throttled, values  # noqa: E402  pylint: disable=wrong-import-position


def rate_of(broker, side):
    key = KEYS[side] + ".rate"
    value = configs.describe(broker, configs.BROKER, str(broker.id), key).get(key, {}).get("value")
    return value and int(value)


def prepare(brokers, topic, leader, follower, side, rate):
    """A topic on the leader alone that is to get a second replica, below the rate."""
    with members.admin_client(brokers) as admin:
        admin.create_topics([NewTopic(topic, 1, replica_assignment=[[leader.id]])])[topic].result(30)
    for broker in brokers:
        members.await_topic(broker, topic)
    members.write(brokers, topic, values(), acks=1, **{"batch.size": 16000})
    configs.alter(leader, configs.TOPIC, topic, {KEYS[side] + ".replicas": f"0:{throttled(side, leader, follower).id}"})
    set_rate(leader, side, rate)
    for broker in brokers:  # changes are heard of in their order
        wait_until(lambda: rate_of(broker, side) == rate, 20, f"{broker.name} to hear of the rate")  # pylint: disable=cell-var-from-loop


def add_replica(run, brokers, topic, leader, follower):
    controller = members.await_controller(run, brokers)
    assert reassign(brokers[controller], topic, 0, [leader.id, follower.id]) == (0, 0)
    wait_until(lambda: size_of(follower, topic) > 0, 30, "the copy to begin")
    return time.monotonic()


def is_complete(run, topic):
    znode = topic_znode(run, topic)
    return len(znode["partitions"]["0"]) == 2 and not znode["adding_replicas"]


@pytest.mark.parametrize("leads", [0, 1], ids=["apache-leads", "ours-leads"])
def test_both_hold_back_as_they_are_told(own_run, kafka_home, leads):
    brokers = [own_run.broker(i, start=False, apache=home, replica_fetch_max_bytes=PIECE,
                              replica_fetch_response_max_bytes=PIECE) for i, home in enumerate([kafka_home, None])]
    for broker in brokers:
        broker.launch()
    for broker in brokers:
        broker.wait_started()
    leader, follower = brokers[leads], brokers[1 - leads]
    members.await_members(brokers)
    for side in KEYS:
        topic = f"paced-{side}"
        prepare(brokers, topic, leader, follower, side, RATE)
        size = size_of(leader, topic)
        began = add_replica(own_run, brokers, topic, leader, follower)
        wait_until(lambda: size_of(follower, topic) == size, 60, "the copy to be complete")  # pylint: disable=cell-var-from-loop
        took = time.monotonic() - began
        assert (size - 2 * PIECE) / RATE - 0.5 <= took <= size / RATE * 2 + 3, (side, took)
        wait_until(lambda: is_complete(own_run, topic), 30, "the reassignment")  # pylint: disable=cell-var-from-loop

        topic = f"stuck-{side}"
        prepare(brokers, topic, leader, follower, side, 1000)
        add_replica(own_run, brokers, topic, leader, follower)
        before = brokers[1].cpu_seconds()
        time.sleep(3)
        assert brokers[1].cpu_seconds() - before < 0.3
        assert size_of(follower, topic) < size / 2, side
        assert not is_complete(own_run, topic)
        set_rate(leader, side, None)
        wait_until(lambda: is_complete(own_run, topic), 15, "the reassignment")  # pylint: disable=cell-var-from-loop
        await_identical(brokers, topic)
