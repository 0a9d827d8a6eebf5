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
from test_throttle import KEYS, PIECE, RATE, assert_idle, assert_takes_as_long_as_it_should, await_rate, rate_of  # noqa: E402  pylint: disable=wrong-import-position
from test_throttle import set_rate, size_of, throttled, values  # noqa: E402  pylint: disable=wrong-import-position


def prepare(brokers, topic, leader, follower, side, rate):
    """A topic on the leader alone that is to get a second replica, below the rate."""
    with members.admin_client(brokers) as admin:
        admin.create_topics([NewTopic(topic, 1, replica_assignment=[[leader.id]])])[topic].result(30)
    for broker in brokers:
        members.await_topic(broker, topic)
    members.write(brokers, topic, values(), acks=1, **{"batch.size": 16000})
    configs.alter(leader, configs.TOPIC, topic, {KEYS[side] + ".replicas": f"0:{throttled(side, leader, follower).id}"})
    set_rate(leader, side, rate)
    await_rate(brokers, KEYS[side] + ".rate", rate)  # changes are heard of in their order


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
        assert_takes_as_long_as_it_should(began, size)
        wait_until(lambda: is_complete(own_run, topic), 30, "the reassignment")  # pylint: disable=cell-var-from-loop

        topic = f"stuck-{side}"
        prepare(brokers, topic, leader, follower, side, 1000)
        add_replica(own_run, brokers, topic, leader, follower)
        assert_idle(brokers[1:], 3)
        assert size_of(follower, topic) < size / 2, side
        assert not is_complete(own_run, topic)
        set_rate(leader, side, None)
        wait_until(lambda: is_complete(own_run, topic), 15, "the reassignment")  # pylint: disable=cell-var-from-loop
        await_identical(brokers, topic)


def test_the_reassignment_tool_of_apache(run, tool_server, tmp_path):
    """--throttle while it moves, a higher one with --additional, and --verify takes it away again."""
    brokers = [run.broker(i, replica_fetch_max_bytes=PIECE, replica_fetch_response_max_bytes=PIECE) for i in range(2)]
    plan = tmp_path / "plan.json"

    def tool(*args):
        done = tool_server.run(["org.apache.kafka.tools.reassign.ReassignPartitionsCommand", "--bootstrap-server",
                                brokers[0].address, "--reassignment-json-file", str(plan), *args], 60)
        assert done.code == 0, done
        return done.stdout

    members.await_members(brokers)
    with members.admin_client(brokers) as admin:
        admin.create_topics([NewTopic("m", 1, replica_assignment=[[0]])])["m"].result(30)
    for broker in brokers:
        members.await_topic(broker, "m")
    members.write(brokers, "m", values(), acks=1, **{"batch.size": 16000})
    plan.write_text('{"version":1,"partitions":[{"topic":"m","partition":0,"replicas":[1]}]}')
    tool("--execute", "--throttle", "1000", "--replica-alter-log-dirs-throttle", "5000")
    assert configs.describe(brokers[0], configs.TOPIC, "m", KEYS["leader"] + ".replicas")[
        KEYS["leader"] + ".replicas"]["value"] == "0:0"
    assert configs.describe(brokers[0], configs.TOPIC, "m", KEYS["follower"] + ".replicas")[
        KEYS["follower"] + ".replicas"]["value"] == "0:1"
    assert [rate_of(b, key + ".rate") for b in brokers for key in KEYS.values()] == [1000] * 4
    wait_until(lambda: size_of(brokers[1], "m") > 0, 20, "the copy to begin")
    time.sleep(3)
    assert "still in progress" in tool("--verify")
    assert size_of(brokers[1], "m") < size_of(brokers[0], "m") / 2
    tool("--execute", "--additional", "--throttle", "100000000")
    wait_until(lambda: topic_znode(run, "m")["partitions"]["0"] == [1], 20, "the move to be complete")
    tool("--verify")
    assert [rate_of(b, key + ".rate") for b in brokers for key in KEYS.values()] == [None] * 4
    assert members.read(brokers, "m", len(values())) == values()
