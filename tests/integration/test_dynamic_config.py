"""Configurations of topics, of the broker and of the cluster, changed while it runs: what a client, the data directory and
the threads show of it, not only what is stored."""

import contextlib
import pathlib
import struct
import time

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import ConfigResource

import clients
import configs
import wire
from clients import Record
from configs import APPEND, BROKER, INVALID_CONFIG, INVALID_REQUEST, LOGGER, SUBTRACT, TOPIC, UNKNOWN_TOPIC
from harness import SLOW, wait_until
from wire import Connection

NOW_AND_THEN = {"log_retention_check_interval_ms": 100, "log_flush_scheduler_interval_ms": 100, "log_initial_task_delay_ms": 0,
                "log_flush_interval_ms": 2**63 - 1, "log_flush_offset_checkpoint_interval_ms": 100}


@pytest.fixture(scope="module")
def shared(module_run):
    """A broker that looks after its logs all the time."""
    return configs.settled(module_run.broker(0, **NOW_AND_THEN))


@pytest.fixture
def broker(shared):
    assert shared.alive(), "an earlier test of this file killed the broker\n" + shared.tail()
    yield shared
    assert shared.alive(), "the broker died\n" + shared.tail()


@pytest.fixture
def log(broker, topic):
    """The directory of the topic's only partition, from which nothing is deleted."""
    clients.create_topic(broker, topic, retention_ms=-1)
    return wait_until(lambda: broker.partition_dir(topic, 0), 30, "the directory")


@pytest.fixture(params=["api", "znode"])
def alter(request, broker):
    """Changes a resource through the API, or as another program does it in ZooKeeper, and waits until the broker says so."""
    def change(kind, name, settings):
        if request.param == "api":
            configs.alter(broker, kind, name, settings)
        else:
            path = f"topics/{name}" if kind == TOPIC else f"brokers/{name or '<default>'}"
            with broker.zookeeper.client(broker.chroot) as zk:
                now = {**configs.stored(broker, path), **settings}
                configs.set_by_hand(zk, path, {k: str(v) for k, v in now.items() if v is not None})
    yield change
    with broker.zookeeper.client(broker.chroot) as zk:
        if configs.stored(broker, "brokers/<default>"):
            configs.set_by_hand(zk, "brokers/<default>", {})
    wait_until(lambda: not configs.describe(broker, BROKER, ""), 30, "the cluster's default to be empty again")


def produce(broker, topic, value=b"x", acks=1, timestamp=None, **fields):
    """One batch of one record, of now: (error code, offset)"""
    timestamp = int(time.time() * 1000) if timestamp is None else timestamp
    with Connection(broker) as c:
        return c.produce(topic, 0, wire.batch(wire.record(value), timestamp=timestamp, **fields), acks=acks)


def segments(directory):
    return sorted(p.name for p in directory.glob("*.log"))


def first_offset(broker, topic):
    return clients.watermarks(broker, topic)[0]


def last_batch(directory):
    """The newest batch header in the files of a partition: (attributes, base timestamp)"""
    found = None
    for name in segments(directory):
        data, at = (directory / name).read_bytes(), 0
        while at + 61 <= len(data):
            (length,) = struct.unpack_from(">i", data, at + 8)
            if length == 0:
                break
            found = struct.unpack_from(">h", data, at + 21)[0], struct.unpack_from(">q", data, at + 27)[0]
            at += 12 + length
    return found


def flushed(broker, topic):
    """The checkpointed recovery point of partition 0."""
    path = broker.log_dirs[0] / "recovery-point-offset-checkpoint"
    for line in path.read_text().splitlines()[2:] if path.exists() else []:
        name, partition, offset = line.split(" ")
        if (name, partition) == (topic, "0"):
            return int(offset)
    return None


# --- what a topic's own settings do ---


def test_max_message_bytes(broker, topic, log, alter):
    assert produce(broker, topic, b"x" * 2000)[0] == 0
    alter(TOPIC, topic, {"max.message.bytes": 1000})
    wait_until(lambda: produce(broker, topic, b"x" * 2000)[0] == 10, 30, "MESSAGE_TOO_LARGE")
    alter(TOPIC, topic, {"max.message.bytes": None})
    wait_until(lambda: produce(broker, topic, b"x" * 2000)[0] == 0, 30, "the default again")


def test_segment_bytes(broker, topic, log, alter):
    produce(broker, topic, b"x" * 3000)
    assert produce(broker, topic, b"x" * 3000)[0] == 0 and len(segments(log)) == 1
    alter(TOPIC, topic, {"segment.bytes": 4000})
    wait_until(lambda: produce(broker, topic, b"x" * 3000)[0] == 0 and len(segments(log)) > 1, 30, "a new segment")


def test_segment_ms(broker, topic, log, alter):
    assert produce(broker, topic)[0] == produce(broker, topic)[0] == 0
    assert len(segments(log)) == 1
    alter(TOPIC, topic, {"segment.ms": 1})
    wait_until(lambda: produce(broker, topic)[0] == 0 and len(segments(log)) > 1, 30, "a new segment")


def test_segment_index_bytes(broker, topic, log, alter):
    """They hold for segments to come: a small index of a fresh segment is soon full."""
    alter(TOPIC, topic, {"segment.index.bytes": 24, "index.interval.bytes": 0, "segment.bytes": 20000})
    wait_until(lambda: produce(broker, topic, b"x" * 9000)[0] == 0 and len(segments(log)) > 1, 30, "a fresh segment")
    before = len(segments(log))
    for _ in range(12):
        assert produce(broker, topic)[0] == 0
    assert len(segments(log)) >= before + 2, "the index holds two entries"


def test_retention_ms_and_cleanup_policy(broker, topic, log, alter):
    alter(TOPIC, topic, {"cleanup.policy": "compact", "retention.ms": 1000, "segment.ms": 100})
    wait_until(lambda: configs.value(broker, TOPIC, topic, "cleanup.policy") == "compact", 30, "the policy")
    with Connection(broker) as c:
        for n in range(3):  # keyed, and of ages ago
            assert c.produce(topic, 0, wire.batch(wire.record(b"x", key=b"%d" % n), timestamp=1000 * (n + 1)))[0] == 0
    assert first_offset(broker, topic) == 0
    alter(TOPIC, topic, {"cleanup.policy": "delete"})
    wait_until(lambda: first_offset(broker, topic) == 3, 30, "everything to be deleted")


def test_retention_bytes(broker, topic, log, alter):
    alter(TOPIC, topic, {"segment.bytes": 4000})
    wait_until(lambda: produce(broker, topic, b"x" * 3000)[0] == 0 and len(segments(log)) > 3, 30, "segments")
    assert first_offset(broker, topic) == 0
    alter(TOPIC, topic, {"retention.bytes": 5000})
    wait_until(lambda: first_offset(broker, topic) > 0, 30, "the first segments to be deleted")


@pytest.mark.parametrize("delay, stays", [(600000, True), (100, False)])
def test_file_delete_delay_ms(broker, topic, log, alter, delay, stays):
    """It counts when a segment is given up."""
    assert produce(broker, topic, timestamp=1000)[0] == 0
    alter(TOPIC, topic, {"file.delete.delay.ms": delay, "retention.ms": 1000})
    wait_until(lambda: first_offset(broker, topic) == 1, 30, "the segment to be given up")
    if stays:
        assert (log / f"{0:020}.log.deleted").exists()
    else:
        wait_until(lambda: not list(log.glob("*.deleted")), 30, "the file to be removed")


def test_flush_messages(broker, topic, log, alter):
    assert produce(broker, topic)[0] == 0
    alter(TOPIC, topic, {"flush.messages": 1})
    wait_until(lambda: (at := produce(broker, topic)[1]) and (flushed(broker, topic) or 0) >= at, 30, "the flush")


def test_flush_ms(broker, topic, log, alter):
    """A record may be flushed with something else, as the first of an epoch; most are not before their time."""
    other = topic + "-other"  # shows that the flusher has run since
    clients.create_topic(broker, other, flush_ms=10)

    def stays_unflushed():
        at, (_, seen) = produce(broker, topic)[1], produce(broker, other)
        wait_until(lambda: (flushed(broker, other) or 0) > seen, 30, "the other's flush")
        return (flushed(broker, topic) or 0) <= at

    wait_until(stays_unflushed, 30, "a record that is not flushed")
    alter(TOPIC, topic, {"flush.ms": 10})
    wait_until(lambda: flushed(broker, topic) == clients.watermarks(broker, topic)[1], 30, "the flush")


def test_preallocate(broker, topic, log, alter):
    alter(TOPIC, topic, {"preallocate": "true", "segment.bytes": 1000000, "segment.ms": 100})
    stamps = iter(range(1000, 10**9, 1000))

    def rolled():
        assert produce(broker, topic, timestamp=next(stamps))[0] == 0
        return len(segments(log)) > 1 and (log / segments(log)[-1]).stat().st_size == 1000000

    wait_until(rolled, 30, "a segment of full size")


def test_message_timestamp_type(broker, topic, log, alter):
    assert produce(broker, topic, timestamp=1000)[0] == 0
    assert last_batch(log)[0] & 8 == 0
    alter(TOPIC, topic, {"message.timestamp.type": "LogAppendTime"})
    wait_until(lambda: produce(broker, topic, timestamp=1000)[0] == 0 and last_batch(log)[0] & 8, 30, "the broker's clock")


@pytest.mark.parametrize("key, timestamp", [
    ("message.timestamp.before.max.ms", 1000), ("message.timestamp.after.max.ms", 4_000_000_000_000),
    ("message.timestamp.difference.max.ms", 1000)])
def test_message_timestamp_limits(broker, topic, log, alter, key, timestamp):
    assert produce(broker, topic, timestamp=timestamp)[0] == 0
    alter(TOPIC, topic, {key: 60000})
    wait_until(lambda: produce(broker, topic, timestamp=timestamp)[0] == 32, 30, "INVALID_TIMESTAMP")


@pytest.mark.parametrize("name, codec", [("gzip", 1), ("snappy", 2), ("lz4", 3), ("zstd", 4)])
def test_compression_type(broker, topic, log, alter, name, codec):
    alter(TOPIC, topic, {"compression.type": name})
    wait_until(lambda: produce(broker, topic, b"x" * 500)[0] == 0 and last_batch(log)[0] & 7 == codec, 30, name)
    alter(TOPIC, topic, {"compression.type": "uncompressed"})
    wait_until(lambda: produce(broker, topic, b"x" * 500)[0] == 0 and last_batch(log)[0] & 7 == 0, 30, "none")


def test_message_downconversion_enable(broker, topic, log, alter):
    assert produce(broker, topic)[0] == 0

    def fetched():
        answer = configs.ask(broker.port, "Fetch", 2, replica_id=-1, max_wait_ms=0, min_bytes=0, topics=[
            {"topic": topic, "partitions": [{"partition": 0, "fetch_offset": 0, "partition_max_bytes": 100000}]}])
        return answer["responses"][0]["partitions"][0]["error_code"]

    assert fetched() == 0
    alter(TOPIC, topic, {"message.downconversion.enable": "false"})
    wait_until(lambda: fetched() == 35, 30, "UNSUPPORTED_VERSION")


def test_throttled_replicas_are_stored(broker, topic, log, alter):
    for key in ("leader.replication.throttled.replicas", "follower.replication.throttled.replicas"):
        alter(TOPIC, topic, {key: "0:0,1:0"})
        wait_until(lambda: configs.value(broker, TOPIC, topic, key) == "0:0,1:0", 30, key)
        alter(TOPIC, topic, {key: "*"})
        wait_until(lambda: configs.value(broker, TOPIC, topic, key) == "*", 30, key)
    assert configs.try_alter(broker, TOPIC, topic, {"leader.replication.throttled.replicas": "0-0"})[0] == INVALID_CONFIG


@pytest.mark.parametrize("changes, code", [
    ({"no.such.key": "1"}, INVALID_CONFIG), ({"retention.ms": "soon"}, INVALID_CONFIG), ({"segment.bytes": "13"}, INVALID_CONFIG),
    ({"remote.storage.enable": "true"}, INVALID_CONFIG), ({"remote.log.copy.disable": "true"}, INVALID_CONFIG),
    ({"retention.ms": (APPEND, "1")}, INVALID_CONFIG), ({"min.compaction.lag.ms": 2, "max.compaction.lag.ms": 1}, INVALID_CONFIG)])
def test_what_a_topic_cannot_have(broker, topic, log, changes, code):
    assert configs.try_alter(broker, TOPIC, topic, changes)[0] == code
    assert configs.stored(broker, f"topics/{topic}") == {"retention.ms": "-1"}


def test_lists_are_appended_to_and_subtracted_from(broker, topic, log):
    configs.alter(broker, TOPIC, topic, {"cleanup.policy": (APPEND, "compact")})
    assert configs.stored(broker, f"topics/{topic}") == {"retention.ms": "-1", "cleanup.policy": "delete,compact"}
    configs.alter(broker, TOPIC, topic, {"cleanup.policy": (SUBTRACT, "delete")})
    assert configs.stored(broker, f"topics/{topic}") == {"retention.ms": "-1", "cleanup.policy": "compact"}


# --- topics before and after their life ---


def test_written_before_the_topic_exists(broker, topic):
    """By hand, as old tools do: first the configuration, then the topic."""
    with broker.zookeeper.client(broker.chroot) as zk:
        configs.write(zk, f"topics/{topic}", {"max.message.bytes": "1000"})
        zk.create(f"/brokers/topics/{topic}", b'{"version":1,"partitions":{"0":[0]}}')
    clients.wait_for_leader(broker, topic)
    wait_until(lambda: produce(broker, topic, b"x" * 10)[0] == 0, 30, "the leader")
    assert produce(broker, topic, b"x" * 2000)[0] == 10


def test_gone_with_the_topic(broker, topic, log):
    configs.alter(broker, TOPIC, topic, {"max.message.bytes": 1000})
    wait_until(lambda: produce(broker, topic, b"x" * 2000)[0] == 10, 30, "MESSAGE_TOO_LARGE")
    clients.delete_topic(broker, topic)
    assert broker.znode(f"/config/topics/{topic}")[0] is None
    clients.create_topic(broker, topic)
    clients.wait_for_leader(broker, topic)
    wait_until(lambda: produce(broker, topic, b"x")[0] == 0, 30, "the leader")
    assert produce(broker, topic, b"x" * 2000)[0] == 0
    assert configs.value(broker, TOPIC, topic, "max.message.bytes") == "1048588"


def test_a_topic_that_is_not_there(broker, topic):
    assert configs.try_alter(broker, TOPIC, topic, {"retention.ms": 1})[0] == UNKNOWN_TOPIC
    assert broker.znode(f"/config/topics/{topic}")[0] is None


# --- the broker's and the cluster's settings ---


def test_defaults_of_topics(broker, topic, log, alter):
    """A topic without an override follows, one with an override does not; the broker's own value beats the cluster's."""
    own = topic + "-own"
    clients.create_topic(broker, own, max_message_bytes=3000)
    alter(BROKER, "", {"message.max.bytes": 1000})
    wait_until(lambda: produce(broker, topic, b"x" * 2000)[0] == 10, 30, "MESSAGE_TOO_LARGE")
    assert produce(broker, own, b"x" * 2000)[0] == 0
    entry = configs.describe(broker, TOPIC, topic, "max.message.bytes")["max.message.bytes"]
    assert (entry["value"], entry["config_source"]) == ("1000", 3)  # DYNAMIC_DEFAULT_BROKER_CONFIG
    alter(BROKER, "0", {"message.max.bytes": 5000})
    wait_until(lambda: produce(broker, topic, b"x" * 2000)[0] == 0, 30, "the broker's own value")
    alter(BROKER, "0", {"message.max.bytes": None})
    wait_until(lambda: produce(broker, topic, b"x" * 2000)[0] == 10, 30, "the cluster's value")
    alter(BROKER, "", {"message.max.bytes": None})
    wait_until(lambda: produce(broker, topic, b"x" * 2000)[0] == 0, 30, "the default")


def test_defaults_with_synonyms(broker, topic, alter):
    clients.create_topic(broker, topic)
    alter(BROKER, "", {"log.retention.ms": 1000, "log.roll.ms": 100})
    produce(broker, topic, timestamp=1000)
    produce(broker, topic, timestamp=2000)
    wait_until(lambda: first_offset(broker, topic) >= 2, 30, "old records to be deleted")
    alter(BROKER, "", {"log.retention.ms": -1, "log.roll.ms": None})

    def kept():
        """A record stays while the retention runs, as another topic shows."""
        (_, at), other = produce(broker, topic, timestamp=3000), topic + "-other"
        produce(broker, other, timestamp=1000)
        wait_until(lambda: first_offset(broker, other) == clients.watermarks(broker, other)[1], 30, "the retention to run")
        return first_offset(broker, topic) <= at

    clients.create_topic(broker, topic + "-other", retention_ms=1000)
    wait_until(kept, 30, "records to be kept")


def threads(broker, prefix):
    count = 0
    for task in pathlib.Path(f"/proc/{broker.pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ends just now
            count += (task / "comm").read_text().startswith(prefix)
    return count


@pytest.mark.moldau
@pytest.mark.parametrize("key, prefix, more, fewer", [
    ("num.io.threads", "io", 4, 2), ("background.threads", "background", 15, 8), ("num.network.threads", "net-", 4, None)])
def test_pools(broker, topic, log, key, prefix, more, fewer):
    before = threads(broker, prefix)
    configs.alter(broker, BROKER, "", {key: more})
    wait_until(lambda: threads(broker, prefix) == more, 30, f"{more} threads, {before} before")
    if fewer:
        configs.alter(broker, BROKER, "", {key: fewer})
        wait_until(lambda: threads(broker, prefix) == fewer, 30, f"{fewer} threads")
    assert produce(broker, topic)[0] == 0
    configs.alter(broker, BROKER, "", {key: None})
    wait_until(lambda: not configs.describe(broker, BROKER, ""), 30, "the default to be empty again")


@pytest.mark.parametrize("name", ["", "0"])
@pytest.mark.parametrize("changes", [
    {"num.io.threads": 100}, {"num.io.threads": 0}, {"num.network.threads": 5}, {"background.threads": 21}, {"background.threads": 4},
    {"num.recovery.threads.per.data.dir": 3}, {"num.replica.fetchers": 3}, {"log.retention.ms": "soon"}, {"log.roll.ms": 0},
    {"broker.id": 1}, {"log.dirs": "/x"}, {"zookeeper.connect": "x"}, {"log.retention.hours": 1}, {"ssl.keystore.location": "/x"},
    {"metric.reporters": "com.example.None"}, {"min.insync.replicas": 0}, {"compression.type": "brotli"},
    {"log.local.retention.ms": -1}, {"log.local.retention.ms": 604800001}])
def test_what_a_broker_cannot_have(broker, name, changes):
    for validate_only in (True, False):
        assert configs.try_alter(broker, BROKER, name, changes, validate_only)[0] == INVALID_REQUEST
    assert configs.stored(broker, "brokers/0") == configs.stored(broker, "brokers/<default>") == {}


def test_what_nobody_knows_is_kept(broker):
    configs.alter(broker, BROKER, "0", {"some.plugin.key": "its value"})
    assert configs.stored(broker, "brokers/0") == {"some.plugin.key": "its value"}
    wait_until(lambda: "some.plugin.key" in configs.describe(broker, BROKER, "0"), 30, "the key to be listed")
    configs.alter(broker, BROKER, "0", {"some.plugin.key": None})
    assert configs.stored(broker, "brokers/0") == {}


@pytest.mark.parametrize("key", ["leader.replication.throttled.rate", "follower.replication.throttled.rate",
                                 "replica.alter.log.dirs.io.max.bytes.per.second"])
def test_throttle_rates_are_stored(broker, key):
    configs.alter(broker, BROKER, "0", {key: 1000})
    assert configs.stored(broker, "brokers/0") == {key: "1000"}
    assert configs.try_alter(broker, BROKER, "0", {key: -1})[0] == INVALID_REQUEST
    configs.alter(broker, BROKER, "0", {key: None})


def test_all_at_once_by_a_client_library(broker, topic):
    """AlterConfigs replaces the whole set."""
    clients.create_topic(broker, topic)
    admin = clients.admin(broker)

    def set_all(kind, name, **settings):
        resource = ConfigResource(kind, name, set_config={k.replace("_", "."): str(v) for k, v in settings.items()})
        for future in admin.alter_configs([resource]).values():
            future.result(30 * SLOW)

    set_all("broker", "0", log_retention_ms=5000, max_connections=500)
    set_all("broker", "0", log_retention_ms=6000)
    assert configs.stored(broker, "brokers/0") == {"log.retention.ms": "6000"}
    wait_until(lambda: configs.value(broker, TOPIC, topic, "retention.ms") == "6000", 30, "the new default")
    with pytest.raises(KafkaException):
        set_all("broker", "0", num_io_threads=1000)
    set_all("broker", "0")
    wait_until(lambda: configs.value(broker, TOPIC, topic, "retention.ms") == "604800000", 30, "the old default")


def test_producer_id_expiration_ms(run, topic):
    broker = configs.settled(run.broker(0, producer_id_expiration_check_interval_ms=100))
    clients.create_topic(broker, topic)

    def send(sequence):
        return produce(broker, topic, producer=(1000, 0, sequence), acks=-1)[0]

    wait_until(lambda: send(0) == 0, 30, "the leader")
    assert send(7) == 45  # OUT_OF_ORDER_SEQUENCE_NUMBER
    configs.alter(broker, BROKER, "", {"producer.id.expiration.ms": 1})
    wait_until(lambda: send(7) == 0, 30, "the producer to be forgotten")


# --- loggers ---


def test_loggers(broker, topic, log):
    """The line that tells of a change is one of kafka.server.ZkConfigManager."""
    name = "kafka.server.ZkConfigManager"
    line = f"Processing override for entityPath: topics/{topic} "

    def lines_after_a_change(n):
        """A lower limit each time, so that a refusal tells that it has come."""
        configs.alter(broker, TOPIC, topic, {"max.message.bytes": n})
        wait_until(lambda: produce(broker, topic, b"x" * n)[0] == 10, 30, "the change")
        return len(broker.log_lines("INFO", line, name))

    listed = configs.describe(broker, LOGGER, "0")
    assert listed["root"]["value"] == listed[name]["value"] == "INFO"
    assert {e["config_source"] for e in listed.values()} == {6}  # DYNAMIC_BROKER_LOGGER_CONFIG
    assert lines_after_a_change(3000) == 1
    configs.alter(broker, LOGGER, "0", {name: "ERROR"})
    assert configs.value(broker, LOGGER, "0", name) == "ERROR"
    assert configs.value(broker, LOGGER, "0", "root") == "INFO"
    assert lines_after_a_change(2000) == 1
    configs.alter(broker, LOGGER, "0", {name: None})
    assert configs.value(broker, LOGGER, "0", name) == "INFO"
    assert lines_after_a_change(1000) == 2
    assert configs.try_alter(broker, LOGGER, "0", {"no.such.Logger": "INFO"})[0] == INVALID_CONFIG
    assert configs.try_alter(broker, LOGGER, "0", {name: "LOUD"})[0] == INVALID_CONFIG
    assert configs.try_alter(broker, LOGGER, "0", {"root": None})[0] == INVALID_REQUEST
    assert configs.try_alter(broker, LOGGER, "1", {"root": "INFO"})[0] == INVALID_REQUEST
    assert configs.try_alter(broker, LOGGER, "0", {name: (APPEND, "INFO")})[0] == INVALID_REQUEST
    configs.alter(broker, LOGGER, "0", {name: "FATAL"})
    assert configs.value(broker, LOGGER, "0", name) == "FATAL"
    configs.alter(broker, LOGGER, "0", {name: None})


@pytest.mark.moldau
def test_packages_of_loggers(broker, topic, log):
    """Apache knows only packages that its log4j.properties names."""
    configs.alter(broker, LOGGER, "0", {"kafka.server": "DEBUG"})
    listed = configs.describe(broker, LOGGER, "0")
    assert {listed[n]["value"] for n in listed if n.startswith("kafka.server.")} == {"DEBUG"}
    assert listed["kafka"]["value"] == "INFO"
    configs.alter(broker, LOGGER, "0", {"kafka.server": None})
    assert "kafka.server" not in configs.describe(broker, LOGGER, "0")
