"""inter.broker.protocol.version of older releases: what leaders, controller and brokers do for themselves in those."""

import contextlib
import json
import pathlib
import shutil
import time

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

import chaos
import configs
import members
import test_reassignment
from harness import wait_until
from load import PARTITIONS, Load

RELEASES = ["2.6", "2.3", "1.1", "0.11.0", "0.10.2", "0.9.0", "0.8.2"]
OLD_FORMATS = ("0.8", "0.9", "0.10")  # of records, and no others may be configured with these


def settings(release):
    old = release.startswith(OLD_FORMATS)
    return {"inter_broker_protocol_version": release, **({"log_message_format_version": release} if old else {})}


def cluster(run, release, **more):
    brokers = [run.broker(i, start=False, **settings(release), **more) for i in range(3)]
    for broker in brokers:
        broker.launch()
    for broker in brokers:
        broker.wait_started()
    return brokers


def znode(run, path):
    with run.zookeeper.client(run.chroot) as zk:
        data, stat = zk.get(path)
        return json.loads(data) if data else None, stat.version


def state_of(run, topic, partition=0):
    return znode(run, f"/brokers/topics/{topic}/partitions/{partition}/state")


def await_stored_isr(run, topic, expected, timeout=30):
    """In ZooKeeper: the brokers hear of it later, by the notification."""
    wait_until(lambda: sorted(state_of(run, topic)[0]["isr"]) == sorted(expected), timeout, f"ISR {expected}", every=0.1)


def leader_of(brokers, topic, partition=0):
    with members.admin_client(brokers) as admin:
        found = wait_until(lambda: members.leaders(admin, topic).get(partition, -1) + 1, 20, "a leader") - 1
    return next((b for b in brokers if b.id == found), None)


@pytest.mark.parametrize("release", RELEASES)
def test_records_survive_every_leader(run, release):
    brokers = cluster(run, release, zookeeper_session_timeout_ms=1500)
    members.create_topic(brokers, "t", 1, 3)
    members.write(brokers, "t", [b"%d" % i for i in range(500)], acks=-1)
    first = leader_of(brokers, "t")
    first.kill()
    rest = [b for b in brokers if b is not first]
    wait_until(lambda: leader_of(rest, "t"), 30, "another leader")
    members.write(rest, "t", [b"%d" % i for i in range(500, 600)], acks=-1)
    first.start_again_after_kill()
    await_stored_isr(run, "t", {0, 1, 2})
    chaos.await_identical(brokers, "t", 0)
    for broker in rest:
        broker.stop()
    members.write([first], "t", [b"600"], acks=1)
    assert members.read([first], "t", 601) == [b"%d" % i for i in range(601)]


def create_led_by(leader, brokers, topic):
    """One partition, on all, and this one leads."""
    members.await_members(brokers)
    order = [leader.id, *(b.id for b in brokers if b is not leader)]
    with members.admin_client(brokers) as admin:
        admin.create_topics([NewTopic(topic, 1, replica_assignment=[order])])[topic].result(30)
    for broker in brokers:
        members.await_topic(broker, topic)


def test_leaders_write_the_in_sync_set_and_tell_the_controller(run):
    brokers = cluster(run, "2.6", replica_lag_time_max_ms=1500, zookeeper_session_timeout_ms=30000)
    frozen = brokers[members.await_controller(run, brokers)]  # so that what it is told stays
    rest = [b for b in brokers if b is not frozen]
    create_led_by(rest[0], brokers, "t")
    members.write(brokers, "t", [b"a"] * 10, acks=-1)
    before, version = state_of(run, "t")
    with run.zookeeper.client(run.chroot) as zk:
        def told():
            names = zk.get_children("/isr_change_notification")
            return [zk.get(f"/isr_change_notification/{name}")[0] for name in names]

        frozen.pause()
        members.write(rest, "t", [b"b"] * 10, acks=-1)
        # Only the set and the data version change: no controller has decided anything.
        wanted = {**before, "isr": [i for i in before["isr"] if i != frozen.id]}
        assert state_of(run, "t") == (wanted, version + 1)
        assert not told(), "told before it was quiet for five seconds"
        wait_until(told, 30, "the notification", every=0.1)
        assert told() == [b'{"version":1,"partitions":[{"topic":"t","partition":0}]}']
        frozen.resume()
        await_stored_isr(run, "t", {0, 1, 2})
        after, last = state_of(run, "t")
        assert ({**after, "isr": 0}, last) == ({**before, "isr": 0}, version + 2)
        chaos.await_isr(brokers, "t", {0, 1, 2}, 1, timeout=30)

        def served():  # each came and went: two changes of the children
            stat = zk.get("/isr_change_notification")[1]
            return stat.cversion == 4 and stat.numChildren == 0

        wait_until(served, 30, "both notifications to be removed", every=0.1)
    chaos.await_identical(brokers, "t", 0)


def ids_on_disk(brokers, topic):
    return [pathlib.Path(b.partition_dir(topic, 0) / "partition.metadata").exists() for b in brokers]


def test_from_2_6_to_3_9_one_broker_at_a_time(run):
    brokers = cluster(run, "2.6", replica_lag_time_max_ms=2000)
    members.create_topic(brokers, "c", PARTITIONS, 3, min_insync_replicas=2)
    assert "topic_id" not in znode(run, "/brokers/topics/c")[0]
    assert ids_on_disk(brokers, "c") == [False] * 3
    assert znode(run, "/feature")[0] == {"features": {}, "version": 1, "status": 0}
    assert [znode(run, f"/brokers/ids/{i}")[0]["version"] for i in range(3)] == [4] * 3
    wait_until(lambda: znode(run, "/latest_producer_id_block")[0]["block_end"] == "2999", 10, "a block for each")
    load = Load(brokers, "c")
    load.start()
    try:
        for broker in brokers:
            broker.restart(inter_broker_protocol_version="3.9")
            for p in range(PARTITIONS):
                wait_until(lambda p=p: len(state_of(run, "c", p)[0]["isr"]) == 3, 30, "all in sync", every=0.2)
            load.await_progress()
    finally:
        load.stop()
    wait_until(lambda: "topic_id" in znode(run, "/brokers/topics/c")[0], 30, "a topic id")
    wait_until(lambda: ids_on_disk(brokers, "c") == [True] * 3, 30, "the id with every replica")
    assert znode(run, "/feature")[0] == {"features": {}, "version": 2, "status": 1}
    chaos.assert_unharmed(brokers, load)


def test_a_topic_id_is_forgotten_by_the_brokers_and_kept_in_zookeeper(run):
    broker = run.broker(0)
    members.create_topic([broker], "t")
    members.write([broker], "t", [b"x"])
    given = znode(run, "/brokers/topics/t")[0]["topic_id"]
    assert ids_on_disk([broker], "t") == [True]
    broker.restart(inter_broker_protocol_version="2.7")
    assert ids_on_disk([broker], "t") == [False]
    assert znode(run, "/brokers/topics/t")[0]["topic_id"] == given
    members.create_topic([broker], "u")
    assert "topic_id" not in znode(run, "/brokers/topics/u")[0]
    broker.restart(inter_broker_protocol_version="3.9")
    wait_until(lambda: ids_on_disk([broker], "t") == [True], 10, "the id on disk")
    assert given in (broker.partition_dir("t", 0) / "partition.metadata").read_text()
    assert members.read([broker], "t", 1) == [b"x"]


def magics_of(broker, topic):
    log = b"".join(f.read_bytes() for f in sorted(broker.partition_dir(topic, 0).glob("*.log")))
    at, magics = 0, set()
    while at < len(log):
        magics.add(log[at + 16])
        at += 12 + int.from_bytes(log[at + 8:at + 12], "big")
    return magics


@contextlib.contextmanager
def group_consumer(broker):
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "g", "auto.offset.reset": "earliest",
                         "enable.auto.commit": False})
    try:
        yield consumer
    finally:
        consumer.close()


def commit(broker, topic, offset):
    """As a member of the group, so that the group is written too."""
    with group_consumer(broker) as consumer:
        consumer.subscribe([topic])
        wait_until(lambda: consumer.poll(0.1), 30, "the group to be stable")
        consumer.commit(offsets=[TopicPartition(topic, 0, offset)], asynchronous=False)


def committed(broker, topic):
    with group_consumer(broker) as consumer:
        return consumer.committed([TopicPartition(topic, 0)], 30)[0].offset


@pytest.mark.parametrize("release, magic", [("0.10.2", 1), ("0.9.0", 0)])
@pytest.mark.parametrize("codec", ["none", "gzip"])
def test_records_have_the_format_of_the_release(run, release, magic, codec):
    broker = run.broker(0, **settings(release))
    members.create_topic([broker], "t", compression_type="uncompressed" if codec == "none" else codec)
    for part in range(3):  # batches of several, so that the offsets of inner messages matter
        members.write([broker], "t", [b"%d" % i for i in range(part * 50, part * 50 + 50)])
    assert members.read([broker], "t", 150) == [b"%d" % i for i in range(150)]
    assert magics_of(broker, "t") == {magic}
    assert not (broker.partition_dir("t", 0) / "leader-epoch-checkpoint").exists()
    version = configs.describe(broker, configs.TOPIC, "t", "message.format.version")["message.format.version"]["value"]
    assert version == {"0.10.2": "0.10.2-IV0", "0.9.0": "0.9.0"}[release]
    producer = Producer({"bootstrap.servers": broker.address, "enable.idempotence": True, "message.timeout.ms": 10000})
    failed = []
    with contextlib.suppress(KafkaException):
        producer.produce("t", b"x", callback=lambda e, _: failed.append(e))
    wait_until(lambda: producer.poll(0.1) or failed, 15, "an idempotent producer to be refused")
    assert failed[0], "format 2 is needed for idempotence"
    commit(broker, "t", 77)
    broker.restart()  # offsets, indexes and groups are found again
    assert members.read([broker], "t", 150)[-1] == b"149"
    assert committed(broker, "t") == 77
    assert magics_of(broker, "__consumer_offsets") == {magic}


def test_a_partition_moves_at_once(run):
    """The controller looks at the state itself, which leaders write: their notification would take five seconds."""
    brokers = cluster(run, "2.6")
    members.create_topic(brokers, "m", 1, 1)
    members.write(brokers, "m", [b"%d" % i for i in range(100)])
    away = [(leader_of(brokers, "m").id + 1) % 3]
    began = time.monotonic()
    test_reassignment.move(run, brokers, "m", away)
    assert time.monotonic() - began < 4, "only the notification told the controller"
    assert members.read(brokers, "m", 100) == [b"%d" % i for i in range(100)]


def test_a_broker_of_before_1_0_needs_all_its_directories(run):
    broker = run.broker(0, log_dirs=2, inter_broker_protocol_version="0.11.0")
    members.create_topic([broker], "t", 2)
    directory = broker.partition_dir("t", 0).parent
    shutil.rmtree(directory)
    directory.write_text("not a directory any more")
    with contextlib.suppress(AssertionError):  # whichever of the two partitions is in the other one
        members.write([broker], "t", [b"x"], 0, acks=1, **{"message.timeout.ms": 3000})
    assert broker.wait_exit() == 1
    assert broker.log_lines("Halting broker because dir", "is offline")
    broker.launch()
    assert broker.wait_exit() == 1
