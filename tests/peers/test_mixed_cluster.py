"""Clusters of our brokers and Apache Kafka's: one keeps what the other acknowledged, whoever leads and whoever decides.

MOLDAU_TEST_CHAOS_SECONDS is how long the faults go on (default 30 s), MOLDAU_TEST_SEED another schedule.
"""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cluster"))

import chaos  # noqa: E402  pylint: disable=wrong-import-position
import configs  # noqa: E402  pylint: disable=wrong-import-position
import members  # noqa: E402  pylint: disable=wrong-import-position
from harness import wait_until  # noqa: E402  pylint: disable=wrong-import-position
from load import PARTITIONS, Load  # noqa: E402  pylint: disable=wrong-import-position
from test_chaos import SECONDS, SEED  # noqa: E402  pylint: disable=wrong-import-position

pytestmark = pytest.mark.alone


def cluster(run, home, kinds, **settings):
    """One broker per letter: m is ours, a is Apache's."""
    brokers = [run.broker(i, start=False, apache=home if kind == "a" else None, replica_lag_time_max_ms=3000,
                          zookeeper_session_timeout_ms=4000, **settings) for i, kind in enumerate(kinds)]
    for broker in brokers:
        broker.launch()
    for broker in brokers:
        broker.wait_started()
    return brokers


@pytest.mark.parametrize("kinds", ["mma", "maa"])
def test_nothing_acknowledged_is_lost(kafka_home, kinds):
    with chaos.cluster(kinds, kafka_home) as made:
        chaos.rage(made, SECONDS, SEED)


def make_controller(run, brokers, wanted):
    """Deletes /controller until `wanted` is elected."""
    def elected():
        if members.controller_of(run) == wanted.id:
            return True
        with run.zookeeper.client(run.chroot) as zk:
            if zk.exists("/controller"):
                zk.delete("/controller")
        return False

    wait_until(elected, 60, f"{wanted.name} as controller", every=0.5)
    members.await_controller(run, brokers)


@pytest.mark.parametrize("controller", [0, 1], ids=["ours", "apache"])
def test_whoever_decides(own_run, kafka_home, controller):
    """Topics are made, moved and deleted, leaders elected, under a controller of either kind."""
    brokers = cluster(own_run, kafka_home, "mam")
    make_controller(own_run, brokers, brokers[controller])
    members.create_topic(brokers, "t", 6, 3, min_insync_replicas=3)
    for p in range(6):
        members.write(brokers, "t", [b"%d" % i for i in range(500)], p, acks=-1)
    for p in range(6):
        chaos.await_identical(brokers, "t", p)
    stopped = brokers[2]
    stopped.stop()
    with members.admin_client(brokers[:2]) as admin:
        wait_until(lambda: set(members.leaders(admin, "t").values()) <= {0, 1}, 30, "leaders elsewhere")
    stopped.start()
    chaos.await_isr(brokers, "t", {0, 1, 2}, 6, timeout=60)
    with members.admin_client(brokers) as admin:
        admin.delete_topics(["t"])["t"].result(30)
    wait_until(lambda: all(b.partition_dir("t", p) is None for b in brokers for p in range(6)), 60, "logs to be gone")


@pytest.mark.parametrize("release, controller", [("2.6", 0), ("2.0", 1)], ids=["2.6-ours", "2.0-apache"])
def test_the_protocol_of_an_old_release(own_run, kafka_home, release, controller):
    """Leaders write the in-sync sets to ZooKeeper, and a controller of the other kind hears of it."""
    brokers = cluster(own_run, kafka_home, "mam", inter_broker_protocol_version=release)
    make_controller(own_run, brokers, brokers[controller])
    members.create_topic(brokers, "t", 3, 3, min_insync_replicas=2)
    for p in range(3):
        members.write(brokers, "t", [b"%d" % i for i in range(300)], p, acks=-1)
    away = brokers[2]
    away.kill()
    chaos.await_isr(brokers[:2], "t", {0, 1}, 3, timeout=60)
    for p in range(3):
        members.write(brokers[:2], "t", [b"%d" % i for i in range(300, 400)], p, acks=-1)
    away.start_again_after_kill()
    with members.admin_client(brokers) as admin:
        wait_until(lambda: all(members.isr(admin, "t", p) == [0, 1, 2] for p in range(3)), 60, "all to be in sync")
    for p in range(3):
        chaos.await_identical(brokers, "t", p)
        assert members.read(brokers, "t", 400, p) == [b"%d" % i for i in range(400)]
    with members.admin_client(brokers) as admin:
        admin.delete_topics(["t"])["t"].result(30)
    wait_until(lambda: all(b.partition_dir("t", p) is None for b in brokers for p in range(3)), 60, "logs to be gone")


@pytest.mark.parametrize("controller", [0, 1], ids=["ours", "apache"])
def test_configurations_of_each_other(own_run, kafka_home, controller):
    """Whoever is asked for a change, it is in force at both."""
    brokers = cluster(own_run, kafka_home, "ma")
    make_controller(own_run, brokers, brokers[controller])
    members.create_topic(brokers, "t", 2, 1)
    with members.admin_client(brokers) as admin:
        where = {leader: partition for partition, leader in members.leaders(admin, "t").items()}
    assert set(where) == {0, 1}
    for asked in brokers:
        for kind, name, key in ((configs.TOPIC, "t", "max.message.bytes"), (configs.BROKER, "", "message.max.bytes")):
            for limit, refused in ((30000, True), (None, False)):
                configs.alter(asked, kind, name, {key: limit})
                for b in brokers:
                    wait_until(lambda: members.refuses(b, "t", where[b.id], 40000) == refused, 30, f"{key} at {b.name}")


def replace(broker, home):
    """The other kind of broker on the same directories, settings and port."""
    broker.stop()
    broker.apache = None if broker.apache else home
    broker.start_again_after_kill()


def test_a_cluster_is_replaced_one_broker_at_a_time_and_back(own_run, kafka_home):
    brokers = cluster(own_run, kafka_home, "aaa")
    members.create_topic(brokers, "c", PARTITIONS, 3, min_insync_replicas=2)
    load = Load(brokers, "c")
    load.start()
    try:
        for broker in brokers + brokers:
            replace(broker, kafka_home)
            chaos.await_isr(brokers, "c", {0, 1, 2}, timeout=60)
            load.await_progress()
    finally:
        load.stop()
    assert all(b.apache for b in brokers)
    chaos.assert_unharmed(brokers, load)
