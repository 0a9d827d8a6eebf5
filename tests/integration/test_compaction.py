"""Compaction seen from outside: a topic with cleanup.policy=compact keeps the last record of each key."""

import random
import time

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import ConfigResource

import clients
from clients import Record
from harness import SLOW, wait_until

FAST = {"log_cleaner_backoff_ms": 50, "log_cleaner_dedupe_buffer_size": 4 << 20}
COMPACT = {"cleanup_policy": "compact", "segment_bytes": 8192, "min_cleanable_dirty_ratio": 0.01,
           "segment_index_bytes": 4096, "file_delete_delay_ms": 100}


@pytest.fixture(scope="module")
def shared_broker(module_run):
    return module_run.broker(0, **FAST)


def produce(broker, topic, pairs, **config):
    return clients.confluent_produce(broker, topic, [Record(k, v) for k, v in pairs], batch_num_messages=20, **config)


def bursts(rng, count, keys, start=0):
    """Values tell their place, so that an older one can be told from a newer one."""
    return [(b"key-%03d" % rng.randrange(keys), b"value-%08d-%s" % (start + i, b"x" * rng.randrange(80)))
            for i in range(count)]


def first_dirty(broker, topic):
    """What the cleaner has written down for partition 0; -1 nothing."""
    for directory in broker.log_dirs:
        path = directory / "cleaner-offset-checkpoint"
        for line in path.read_text().splitlines()[2:] if path.exists() else []:
            name, partition, offset = line.split()
            if (name, partition) == (topic, "0"):
                return int(offset)
    return -1


def active_base(broker, topic):
    """First offset of the segment that is being written."""
    return max(int(p.stem) for p in broker.partition_dir(topic, 0).glob("*.log"))


def await_cleaned(broker, topic, timeout=60):
    """Until everything but the active segment has been cleaned."""
    wait_until(lambda: first_dirty(broker, topic) >= active_base(broker, topic), timeout, "the log to be cleaned", 0.05)


def read_all(broker, topic, **config):
    """All records that are there, up to the end."""
    _, end = clients.watermarks(broker, topic)
    records = []
    consumer = clients.confluent_consumer(broker, enable_partition_eof=True, **config)
    consumer.assign([clients.confluent_kafka.TopicPartition(topic, 0, 0)])
    deadline = time.monotonic() + 60 * SLOW
    while time.monotonic() < deadline:
        m = consumer.poll(1)
        if m is None:
            continue
        if m.error():
            assert m.error().code() == KafkaError._PARTITION_EOF, m.error()
            break
        records.append(Record(m.key(), m.value(), (), None, m.offset()))
    consumer.close()
    assert all(a.offset < b.offset for a, b in zip(records, records[1:]))
    assert not records or records[-1].offset < end
    return records


def check_compacted(broker, topic, sent, offsets):
    """What is left came from us, at its offset; and below the cleaned end nothing but the last record of each key."""
    by_offset = dict(zip(offsets, sent))
    records = read_all(broker, topic)
    for r in records:
        assert by_offset[r.offset] == (r.key, r.value)
    cleaned = first_dirty(broker, topic)
    last = {}
    for offset, (key, _) in sorted(by_offset.items()):
        if offset < cleaned:
            last[key] = offset
    assert [r.offset for r in records if r.offset < cleaned] == sorted(last.values())
    behind = [o for o in sorted(by_offset) if o >= cleaned]
    assert [r.offset for r in records if r.offset >= cleaned] == behind
    return records


def cleaner_says(broker, text):
    """Its lines are in a file of their own, or, Apache's here, with all others."""
    own = broker.dir / "logs/log-cleaner.log"
    return text in (own.read_text() if own.exists() else "") or broker.log_lines(text)


def alter(broker, kind, name, **config):
    resource = ConfigResource(kind, name, set_config={k.replace("_", "."): str(v) for k, v in config.items()})
    for future in clients.admin(broker).alter_configs([resource]).values():
        future.result(30 * SLOW)


@pytest.mark.parametrize("codec", clients.CODECS)
def test_the_last_record_of_each_key_is_left(broker, topic, codec):
    rng = random.Random(1)
    clients.create_topic(broker, topic, **COMPACT)
    sent, offsets = [], []
    for _ in range(3):
        more = bursts(rng, 2000, 50, len(sent))
        offsets += produce(broker, topic, more, compression_codec=codec)
        sent += more
        await_cleaned(broker, topic)
        check_compacted(broker, topic, sent, offsets)
    assert clients.watermarks(broker, topic) == (0, 6000)


def test_tombstones_go_in_the_end(broker, topic):
    rng = random.Random(2)
    clients.create_topic(broker, topic, delete_retention_ms=1, **COMPACT)
    produce(broker, topic, bursts(rng, 500, 50))
    produce(broker, topic, [(b"key-%03d" % i, None) for i in range(40)])

    def gone():
        produce(broker, topic, [(b"other-%03d" % rng.randrange(1000), b"x" * 200) for _ in range(100)])
        await_cleaned(broker, topic)
        return not [r for r in read_all(broker, topic) if r.key.startswith(b"key-") and r.key < b"key-040"]

    wait_until(gone, 60, "tombstones to go")
    assert {r.key for r in read_all(broker, topic) if r.key.startswith(b"key-")} == {b"key-%03d" % i for i in range(40, 50)}


def test_records_without_a_key_are_refused(broker, topic):
    clients.create_topic(broker, topic, **COMPACT)
    with pytest.raises(KafkaException) as e:
        produce(broker, topic, [(None, b"value")])
    assert e.value.args[0].code() == KafkaError.INVALID_RECORD
    assert clients.watermarks(broker, topic) == (0, 0)


def test_an_idempotent_producer_goes_on(broker, topic):
    """Its last batch is compacted away, but not the sequence number in it."""
    rng = random.Random(3)
    clients.create_topic(broker, topic, **COMPACT)
    producer = clients.confluent_producer(broker, enable_idempotence=True, batch_num_messages=20)
    errors = []
    for burst in range(4):
        for key, value in bursts(rng, 200, 5):
            producer.produce(topic, key=key, value=value, partition=0,
                             on_delivery=lambda e, _: errors.append(e) if e else None)
        assert producer.flush(60 * SLOW) == 0
        produce(broker, topic, bursts(rng, 400, 5, burst))
        await_cleaned(broker, topic)
    assert not errors
    assert len(read_all(broker, topic)) < 400


def test_a_policy_is_taken_up_and_given_up(broker, topic):
    rng = random.Random(4)
    clients.create_topic(broker, topic, **{**COMPACT, "cleanup_policy": "delete"})
    sent = bursts(rng, 1500, 20)
    offsets = produce(broker, topic, sent)
    assert first_dirty(broker, topic) == -1
    settings = {**COMPACT, "cleanup_policy": "compact"}
    alter(broker, "topic", topic, **settings)
    await_cleaned(broker, topic)
    check_compacted(broker, topic, sent, offsets)
    alter(broker, "topic", topic, **{**settings, "cleanup_policy": "delete"})
    more = bursts(rng, 1500, 20, 1500)
    offsets += produce(broker, topic, more)
    sent += more
    at = first_dirty(broker, topic)
    time.sleep(0.5)  # many times the backoff: nothing is to happen
    assert first_dirty(broker, topic) == at
    check_compacted(broker, topic, sent, offsets)


def test_retention_applies_to_compacted_topics_with_delete(broker, topic):
    rng = random.Random(5)
    clients.create_topic(broker, topic, **{**COMPACT, "cleanup_policy": "compact,delete", "retention_ms": 2000})
    produce(broker, topic, bursts(rng, 1000, 10))
    first = active_base(broker, topic)
    wait_until(lambda: clients.watermarks(broker, topic)[0] >= first, 60, "old segments to go", 0.1)


# --- settings that change while the broker runs ---


def test_backoff_and_threads_change_at_once(run, topic):
    broker = run.broker(0, log_cleaner_backoff_ms=3_600_000, log_cleaner_dedupe_buffer_size=8 << 20)
    rng = random.Random(6)
    clients.create_topic(broker, topic, **COMPACT)
    sent = bursts(rng, 1500, 20)
    offsets = produce(broker, topic, sent)
    assert first_dirty(broker, topic) == -1
    alter(broker, "broker", "0", log_cleaner_backoff_ms=50)
    await_cleaned(broker, topic)
    check_compacted(broker, topic, sent, offsets)
    alter(broker, "broker", "0", log_cleaner_backoff_ms=50, log_cleaner_threads=2, log_cleaner_io_buffer_size=65536,
          log_cleaner_io_buffer_load_factor=0.8, log_cleaner_dedupe_buffer_size=4 << 20)
    wait_until(lambda: broker.log_lines("[kafka-log-cleaner-thread-1]: Starting"), 30, "a second thread")
    more = bursts(rng, 1500, 20, 1500)
    offsets += produce(broker, topic, more)
    await_cleaned(broker, topic)
    check_compacted(broker, topic, sent + more, offsets)
    for bad in ({"log_cleaner_threads": 5}, {"log_cleaner_threads": 0},
                {"log_cleaner_dedupe_buffer_size": 1 << 20}):
        with pytest.raises(KafkaException) as e:
            alter(broker, "broker", "0", **bad)
        assert e.value.args[0].code() in (KafkaError.INVALID_CONFIG, KafkaError.INVALID_REQUEST)


@pytest.mark.moldau  # Apache's thread sleeps through the change
def test_the_throttle_changes_at_once(run, topic):
    broker = run.broker(0, log_cleaner_io_max_bytes_per_second=10, **FAST)
    rng = random.Random(7)
    clients.create_topic(broker, topic, **COMPACT)
    sent = bursts(rng, 1500, 20)
    offsets = produce(broker, topic, sent)
    wait_until(lambda: cleaner_says(broker, "Building offset map for log " + topic), 30, "a cleaning to begin")
    time.sleep(0.5)
    assert first_dirty(broker, topic) == -1
    alter(broker, "broker", "0", log_cleaner_io_max_bytes_per_second=1e12)
    await_cleaned(broker, topic)
    check_compacted(broker, topic, sent, offsets)


def test_without_a_cleaner_nothing_is_compacted(run, topic):
    broker = run.broker(0, log_cleaner_enable=False, **FAST)
    rng = random.Random(8)
    clients.create_topic(broker, topic, **COMPACT)
    produce(broker, topic, bursts(rng, 1500, 20))
    time.sleep(0.5)
    assert len(read_all(broker, topic)) == 1500
    assert not (broker.log_dirs[0] / "cleaner-offset-checkpoint").exists()


# --- failures ---


def test_kills_at_any_moment_lose_nothing(run, topic):
    broker = run.broker(0, log_cleaner_io_max_bytes_per_second=400_000, **FAST)
    rng = random.Random(9)
    clients.create_topic(broker, topic, **COMPACT)
    sent, offsets = [], []
    for _ in range(6):
        more = bursts(rng, 800, 40, len(sent))
        offsets += produce(broker, topic, more)
        sent += more
        time.sleep(rng.random() * 0.4)  # a cleaning is under way most of the time
        broker.kill()
        broker.start_again_after_kill()
        _, end = clients.watermarks(broker, topic)
        assert end == len(sent)
        last = {}
        for offset, (key, value) in zip(offsets, sent):
            last[key] = (offset, value)
        seen = {r.key: (r.offset, r.value) for r in read_all(broker, topic)}
        assert seen == last
    alter(broker, "broker", "0", log_cleaner_io_max_bytes_per_second=1e12)
    await_cleaned(broker, topic)
    check_compacted(broker, topic, sent, offsets)
    names = [p.name for p in broker.partition_dir(topic, 0).iterdir()]
    assert not [n for n in names if n.endswith((".cleaned", ".swap"))]


def test_a_damaged_log_does_not_stop_the_others(run, topic):
    broker = run.broker(0, log_cleaner_backoff_ms=3_600_000, log_cleaner_dedupe_buffer_size=4 << 20)
    rng = random.Random(10)
    other = topic + "-other"
    sent = bursts(rng, 1500, 20)
    for name in (topic, other):
        clients.create_topic(broker, name, **COMPACT)
        offsets = produce(broker, name, sent)
    path = broker.partition_dir(topic, 0) / "00000000000000000000.log"
    with open(path, "r+b") as f:
        f.seek(8)
        f.write(b"\xff\xff\xff\xff")  # no possible length: Apache's cleaner does not compare checksums
    alter(broker, "broker", "0", log_cleaner_backoff_ms=50)
    await_cleaned(broker, other)
    check_compacted(broker, other, sent, offsets)
    assert first_dirty(broker, topic) <= 0
    assert broker.alive()
