"""Administration by the clients' own admin interfaces."""

import json
import time

import kafka
import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import ConfigResource, NewPartitions, NewTopic
from kafka.admin import ConfigResource as PyConfigResource
from kafka.admin import ConfigResourceType, KafkaAdminClient
from kafka.admin import NewPartitions as PyNewPartitions
from kafka.admin import NewTopic as PyNewTopic

import clients
from clients import Record
from harness import SLOW, measures_memory, wait_until
from wire import Closed, Connection, batch, record


def result(futures):
    """Of a dictionary with one future."""
    (future,) = futures.values()
    return future.result(30 * SLOW)


def code(call):
    """The error code a call ends with; 0 when it succeeds."""
    try:
        call()
        return 0
    except KafkaException as e:
        return e.args[0].code()


def describe(broker, topic):
    resource = ConfigResource("topic", topic)
    return result(clients.admin(broker).describe_configs([resource]))


@pytest.fixture
def python_admin(broker):
    client = KafkaAdminClient(bootstrap_servers=broker.address, api_version_auto_timeout_ms=int(30000 * SLOW))
    yield client
    client.close()


# --- topics ---


def test_create_list_describe_delete(broker, topic):
    clients.create_topic(broker, topic, partitions=3)
    meta = clients.admin(broker).list_topics(timeout=30 * SLOW)
    assert meta.controller_id == 0 and list(meta.brokers) == [0]
    assert (meta.brokers[0].host, meta.brokers[0].port) == ("127.0.0.1", broker.port)
    partitions = meta.topics[topic].partitions
    assert sorted(partitions) == [0, 1, 2]
    assert all((p.leader, p.replicas, p.isrs) == (0, [0], [0]) for p in partitions.values())
    clients.delete_topic(broker, topic)
    assert topic not in clients.admin(broker).list_topics(timeout=30 * SLOW).topics
    wait_until(lambda: broker.partition_dir(topic, 0) is None, 30, "the directories to be renamed")


def test_a_topic_created_again_is_empty(broker, topic):
    for round_ in range(3):
        clients.create_topic(broker, topic)
        assert clients.confluent_produce(broker, topic, [Record(None, b"%d" % round_)]) == [0]
        assert [r.value for r in clients.confluent_consume(broker, topic, 1)] == [b"%d" % round_]
        clients.delete_topic(broker, topic)


def test_deleted_directories_are_removed(run, topic):
    broker = run.broker(0, log_segment_delete_delay_ms=100, log_initial_task_delay_ms=100)
    clients.create_topic(broker, topic, partitions=2)
    clients.delete_topic(broker, topic)
    wait_until(lambda: not [d for d in broker.log_dirs[0].iterdir() if d.is_dir()], 30, "the directories to go")


@pytest.mark.parametrize("name, want", [
    ("", 17), (".", 17), ("..", 17), ("a b", 17), ("a/b", 17), ("ä", 17), ("x" * 250, 17), ("ok.name", 0)])
def test_topic_names(broker, name, want):
    assert code(lambda: clients.create_topic(broker, name)) == want


def test_what_cannot_be_created(broker, topic):
    clients.create_topic(broker, topic)
    assert code(lambda: clients.create_topic(broker, topic)) == KafkaError.TOPIC_ALREADY_EXISTS
    assert code(lambda: clients.create_topic(broker, topic + "a", partitions=0)) == KafkaError.INVALID_PARTITIONS
    assert code(lambda: clients.create_topic(broker, topic + "b", replication=2)) == \
        KafkaError.INVALID_REPLICATION_FACTOR
    assert code(lambda: clients.create_topic(broker, topic + "c", retention_ms="soon")) == KafkaError.INVALID_CONFIG
    assert code(lambda: clients.create_topic(broker, topic + "d", no_such_key="1")) == KafkaError.INVALID_CONFIG
    clients.create_topic(broker, "col.lision" + topic)
    assert code(lambda: clients.create_topic(broker, "col_lision" + topic)) == 17
    known = clients.admin(broker).list_topics(timeout=30 * SLOW).topics
    assert not [t for t in known if t in {topic + c for c in "abcd"}]


def test_validate_only_creates_nothing(broker, topic):
    futures = clients.admin(broker).create_topics([NewTopic(topic, 1, 1)], validate_only=True)
    result(futures)
    assert topic not in clients.admin(broker).list_topics(timeout=30 * SLOW).topics


def test_a_manual_assignment(broker, topic):
    result(clients.admin(broker).create_topics([NewTopic(topic, 2, replica_assignment=[[0], [0]])]))
    bad = NewTopic(topic + "x", 1, replica_assignment=[[0, 0]])
    assert code(lambda: result(clients.admin(broker).create_topics([bad]))) == KafkaError.INVALID_REPLICA_ASSIGNMENT


def test_deleting_what_is_not_there(broker, topic):
    assert code(lambda: clients.delete_topic(broker, topic)) == KafkaError.UNKNOWN_TOPIC_OR_PART


def test_deleting_can_be_forbidden(run, topic):
    broker = run.broker(0, delete_topic_enable=False)
    clients.create_topic(broker, topic)
    assert code(lambda: clients.delete_topic(broker, topic)) in (42, 73)  # INVALID_REQUEST below version 3


def test_create_partitions(broker, topic):
    clients.create_topic(broker, topic)
    clients.confluent_produce(broker, topic, [Record(None, b"x")])
    result(clients.admin(broker).create_partitions([NewPartitions(topic, 4)]))
    clients.wait_for_leader(broker, topic, 4)
    assert clients.confluent_produce(broker, topic, [Record(None, b"y")], partition=3) == [0]
    assert [r.value for r in clients.confluent_consume(broker, topic, 1)] == [b"x"]
    for count in (4, 2):
        more = [NewPartitions(topic, count)]
        assert code(lambda more=more: result(clients.admin(broker).create_partitions(more))) == \
            KafkaError.INVALID_PARTITIONS
    assert code(lambda: result(clients.admin(broker).create_partitions([NewPartitions(topic + "x", 4)]))) == \
        KafkaError.UNKNOWN_TOPIC_OR_PART


def test_many_topics_and_partitions(broker):
    names = [f"many-{i}" for i in range(40)]
    futures = clients.admin(broker).create_topics([NewTopic(n, 5, 1) for n in names], operation_timeout=60)
    for future in futures.values():
        future.result(120 * SLOW)
    for name in names:
        assert clients.confluent_produce(broker, name, [Record(None, b"x")], partition=4) == [0]
    for future in clients.admin(broker).delete_topics(names, operation_timeout=60).values():
        future.result(120 * SLOW)


# --- configs ---


def test_topic_configs(broker, topic):
    clients.create_topic(broker, topic, retention_ms=1234567, cleanup_policy="compact")
    got = describe(broker, topic)
    assert got["retention.ms"].value == "1234567" and got["retention.ms"].source == 1  # DYNAMIC_TOPIC_CONFIG
    assert got["cleanup.policy"].value == "compact"
    assert got["segment.bytes"].value == "1073741824" and got["segment.bytes"].source == 5  # DEFAULT_CONFIG
    assert got["segment.bytes"].is_default
    assert not any(c.is_read_only or c.is_sensitive for c in got.values())
    with open(__file__.rsplit("/", 3)[0] + "/src/broker/topic_config.def") as f:
        table = f.read()
    missing = [name for name in got if f'"{name}"' not in table]
    assert not missing


def test_alter_configs_replaces_all(broker, topic):
    clients.create_topic(broker, topic, retention_ms=1000)
    admin = clients.admin(broker)
    result(admin.alter_configs([ConfigResource("topic", topic, set_config={"segment.bytes": "100000"})]))
    got = describe(broker, topic)
    assert got["segment.bytes"].value == "100000"
    assert got["retention.ms"].value == "604800000"
    bad = ConfigResource("topic", topic, set_config={"segment.bytes": "1"})
    assert code(lambda: result(admin.alter_configs([bad]))) == KafkaError.INVALID_CONFIG
    unknown = ConfigResource("topic", topic + "x", set_config={"segment.bytes": "100000"})
    assert code(lambda: result(admin.alter_configs([unknown]))) == KafkaError.UNKNOWN_TOPIC_OR_PART


def test_a_changed_topic_config_takes_effect(broker, topic):
    clients.create_topic(broker, topic)
    clients.confluent_produce(broker, topic, [Record(None, b"x" * 5000)])
    resource = ConfigResource("topic", topic, set_config={"max.message.bytes": "1000"})
    result(clients.admin(broker).alter_configs([resource]))

    def refused():
        return code(lambda: clients.confluent_produce(broker, topic, [Record(None, b"x" * 5000)])) == \
            KafkaError.MSG_SIZE_TOO_LARGE

    wait_until(refused, 30, "the new limit")


def test_broker_configs(broker):
    resource = ConfigResource("broker", "0")
    got = result(clients.admin(broker).describe_configs([resource]))
    assert got["broker.id"].value == "0" and got["broker.id"].is_read_only
    assert got["num.io.threads"].value == "2" and not got["num.io.threads"].is_read_only
    assert got["num.network.threads"].source == 4  # STATIC_BROKER_CONFIG
    assert got["log.retention.check.interval.ms"].value == "300000"
    assert len(got) > 200


def test_a_dynamic_broker_config_reaches_the_topics(run, topic):
    broker = run.broker(0)
    clients.create_topic(broker, topic)
    admin = clients.admin(broker)
    result(admin.alter_configs([ConfigResource("broker", "0", set_config={"log.retention.ms": "7654321"})]))
    wait_until(lambda: describe(broker, topic)["retention.ms"].value == "7654321", 30, "the inherited value")
    data, _ = broker.znode("/config/brokers/0")
    assert json.loads(data) == {"version": 1, "config": {"log.retention.ms": "7654321"}}
    broker.restart()
    clients.wait_for_leader(broker, topic)
    assert describe(broker, topic)["retention.ms"].value == "7654321"
    bad = ConfigResource("broker", "0", set_config={"broker.id": "5"})
    assert code(lambda: result(clients.admin(broker).alter_configs([bad]))) == KafkaError.INVALID_REQUEST


# --- kafka-python ---


def test_kafka_python_admin(broker, topic, python_admin):
    python_admin.create_topics([PyNewTopic(topic, 2, 1, topic_configs={"retention.ms": "777"})],
                               timeout_ms=int(30000 * SLOW))
    assert topic in python_admin.list_topics()
    described = python_admin.describe_topics([topic])[0]
    assert described["error_code"] == 0 and len(described["partitions"]) == 2
    python_admin.create_partitions({topic: PyNewPartitions(3)}, timeout_ms=int(30000 * SLOW))
    clients.wait_for_leader(broker, topic, 3)
    answer = python_admin.describe_configs([PyConfigResource(ConfigResourceType.TOPIC, topic)])[0]
    configs = {c[0]: c[1] for c in answer.resources[0][4]}
    assert configs["retention.ms"] == "777"
    python_admin.alter_configs([PyConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": "888"})])
    assert describe(broker, topic)["retention.ms"].value == "888"
    cluster = python_admin.describe_cluster()
    assert cluster["controller_id"] == 0 and [b["node_id"] for b in cluster["brokers"]] == [0]
    python_admin.delete_topics([topic], timeout_ms=int(30000 * SLOW))
    assert topic not in python_admin.list_topics()


def test_kafka_python_finds_its_way(broker, topic):
    """It probes the version, and wants offsets by time and at both ends."""
    clients.create_topic(broker, topic)
    clients.python_produce(broker, topic, [Record(None, b"%d" % i, (), 1000 + i) for i in range(10)])
    consumer = kafka.KafkaConsumer(bootstrap_servers=broker.address, group_id=None)
    tp = kafka.TopicPartition(topic, 0)
    assert consumer.partitions_for_topic(topic) == {0}
    assert consumer.beginning_offsets([tp]) == {tp: 0}
    assert consumer.end_offsets([tp]) == {tp: 10}
    assert consumer.offsets_for_times({tp: 1005})[tp].offset == 5
    consumer.close()


# --- records ---


def test_delete_records(broker, topic):
    clients.create_topic(broker, topic)
    clients.confluent_produce(broker, topic, [Record(None, b"%d" % i) for i in range(100)])
    with Connection(broker) as c:
        assert c.delete_records(topic, 0, 30) == (0, 30)
        assert c.delete_records(topic, 0, 20) == (0, 30)  # it never goes back
        assert c.delete_records(topic, 0, 101)[0] == KafkaError.OFFSET_OUT_OF_RANGE
        assert c.delete_records(topic, 7, 1)[0] in (KafkaError.UNKNOWN_TOPIC_OR_PART,
                                                     KafkaError.NOT_LEADER_FOR_PARTITION)
        assert clients.watermarks(broker, topic) == (30, 100)
        assert c.delete_records(topic, 0, -1) == (0, 100)
    assert clients.watermarks(broker, topic) == (100, 100)
    assert clients.confluent_produce(broker, topic, [Record(None, b"x")]) == [100]


# --- the way it feels ---


@pytest.mark.moldau
def test_start_to_first_acknowledged_produce(run):
    """Within 300 ms with ZooKeeper up: promised for an optimised build on an idle machine, hence the factor."""
    broker = run.broker(0)
    clients.create_topic(broker, "t")
    broker.stop()
    records = batch(record(b"x"))
    began = time.monotonic()
    broker.launch()

    def produced():
        try:
            with Connection(broker) as c:
                return c.produce("t", 0, records)[0] == 0
        except (ConnectionRefusedError, Closed):
            return False

    wait_until(produced, 10, "the first produce", every=0.002)
    took = time.monotonic() - began
    assert took < 1.0 * SLOW, f"{took * 1000:.0f} ms"


@pytest.mark.moldau
def test_idle_memory(run):
    broker = run.broker(0)
    clients.create_topic(broker, "t")
    if not measures_memory():
        pytest.skip("the address sanitizer's own memory would be measured")
    assert broker.rss_bytes() < 20 << 20, f"{broker.rss_bytes() >> 20} MB"
