"""inter.broker.protocol.version of older releases: what leaders, controller and brokers do for themselves in those."""

import contextlib
import json

import pytest
from confluent_kafka import Producer
from kazoo.exceptions import NoNodeError

import chaos
import members
from harness import wait_until

RELEASES = ["2.6", "2.3", "1.1", "0.11.0", "0.10.2", "0.9.0"]
OLD_FORMATS = ("0.8", "0.9", "0.10")  # of records, and no others may be configured with these
FEW_PARTITIONS = {"offsets_topic_num_partitions": 1, "offsets_topic_replication_factor": 3}


def settings(release):
    """Below 0.11.0 the format of records has to be named: it may not be newer than what other brokers know."""
    old = release.startswith(OLD_FORMATS)
    return {"inter_broker_protocol_version": release, **({"log_message_format_version": release} if old else {})}


def cluster(run, release, **more):
    brokers = [run.broker(i, start=False, replica_lag_time_max_ms=2000, **FEW_PARTITIONS, **settings(release), **more)
               for i in range(3)]
    for broker in brokers:
        broker.launch()
    for broker in brokers:
        broker.wait_started()
    return brokers


def state_of(run, topic, partition=0):
    with run.zookeeper.client(run.chroot) as zk:
        data, stat = zk.get(f"/brokers/topics/{topic}/partitions/{partition}/state")
        return json.loads(data), stat.version


def leader_of(brokers, topic, partition=0):
    with members.admin_client(brokers) as admin:
        found = wait_until(lambda: members.leaders(admin, topic).get(partition, -1) + 1, 20, "a leader") - 1
    return next((b for b in brokers if b.id == found), None)


class Notifications:
    """Nodes that came under /isr_change_notification, with what they said; `left` is what is there now."""

    def __init__(self, zk):
        self.zk = zk
        self.seen = {}
        self.left = []
        zk.ChildrenWatch("/isr_change_notification")(self.changed)

    def changed(self, names):
        self.left = names
        for name in names:
            with contextlib.suppress(NoNodeError):
                self.seen[name] = json.loads(self.zk.get(f"/isr_change_notification/{name}")[0])


@pytest.mark.parametrize("release", RELEASES)
def test_records_survive_every_leader(run, release):
    brokers = cluster(run, release)
    members.create_topic(brokers, "t", 2, 3)
    for p in range(2):
        members.write(brokers, "t", [b"%d" % i for i in range(500)], p, acks=-1)
    first = leader_of(brokers, "t")
    first.kill()
    rest = [b for b in brokers if b is not first]
    wait_until(lambda: leader_of(rest, "t"), 30, "another leader")
    members.write(rest, "t", [b"%d" % i for i in range(500, 600)], acks=-1)
    first.start_again_after_kill()
    chaos.await_isr(brokers, "t", {0, 1, 2}, timeout=30)
    for p, n in ((0, 600), (1, 500)):
        chaos.await_identical(brokers, "t", p)
        assert members.read(brokers, "t", n, p) == [b"%d" % i for i in range(n)]
    for broker in rest:
        broker.stop()
    members.write([first], "t", [b"end"], acks=1)
    assert members.read([first], "t", 601)[-1] == b"end"
