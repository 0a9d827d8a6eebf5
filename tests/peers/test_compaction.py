"""Compacted topics beside Apache Kafka 3.9.1: the same log, compacted by each, is the same; and each goes on where the
other stopped."""

import random
import shutil
import struct
import time

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

import clients
from harness import SLOW, wait_until

SETTINGS = {"log_cleaner_backoff_ms": 100, "log_cleaner_dedupe_buffer_size": 4 << 20, "log_segment_bytes": 16384,
            "log_index_size_max_bytes": 4096, "log_cleaner_min_cleanable_ratio": 0.01, "log_segment_delete_delay_ms": 100}
HORIZON = 0x40


def start(broker, home, monkeypatch, **settings):
    """Starts the broker as Apache Kafka when `home` is given, else as Moldau."""
    broker.apache = home
    if home:
        monkeypatch.setenv("MOLDAU_TEST_BROKER", str(home))
    else:
        monkeypatch.delenv("MOLDAU_TEST_BROKER", raising=False)
    broker.set(**settings)
    broker.start_again_after_kill(timeout=90)


def produce(broker, topic, rng, count, **config):
    """Keyed records, every tenth a tombstone; returns (key, value) by offset."""
    sent = {}
    clients.watermarks(broker, topic, timeout=60)  # Apache's serves before it knows of its topics

    def delivered(error, message):
        assert error is None, error
        sent[message.offset()] = (message.key(), message.value())

    producer = Producer({"bootstrap.servers": broker.address, "batch.num.messages": 15, "linger.ms": 5,
                         "message.timeout.ms": int(60000 * SLOW), **config})
    for i in range(count):
        value = None if rng.randrange(10) == 0 else b"value-%d-%s" % (i, b"y" * rng.randrange(100))
        producer.produce(topic, key=b"key-%03d" % rng.randrange(300), value=value, partition=0, on_delivery=delivered)
        producer.poll(0)
    assert producer.flush(60 * SLOW) == 0
    assert len(sent) == count
    return sent


def transactions(broker, topic, rng):
    """Committed and aborted ones, by two producers in turn."""
    producers = []
    for i in range(2):
        p = Producer({"bootstrap.servers": broker.address, "transactional.id": f"{topic}-{i}", "batch.num.messages": 10})
        p.init_transactions(60 * SLOW)
        producers.append(p)
    for n in range(10):
        for p in producers:
            p.begin_transaction()
        for i in range(30):
            producers[i % 2].produce(topic, key=b"key-%03d" % rng.randrange(300), value=b"txn-%d-%d" % (n, i), partition=0)
        for i, p in enumerate(producers):
            assert p.flush(60 * SLOW) == 0  # an abort that overtakes the first record is a fatal error in librdkafka 2.0
            if (n + i) % 3:
                p.commit_transaction(60 * SLOW)
            else:
                p.abort_transaction(60 * SLOW)


def log_files(directory):
    return sorted(p for p in directory.iterdir() if p.name.endswith(".log"))


def batches(directory):
    """All batches of the closed segments: header fields, and the bytes where both must write the same ones."""
    found = []
    for path in log_files(directory)[:-1]:
        data = path.read_bytes()
        at = 0
        while at < len(data):
            base, length = struct.unpack_from(">qi", data, at)
            epoch, magic, crc, attributes, last, base_time, max_time, pid, pepoch, seq, count = \
                struct.unpack_from(">ibIhiqqqhii", data, at + 12)
            assert magic == 2
            raw = data[at:at + 12 + length]
            same = None if attributes & HORIZON or attributes & 7 else raw
            found.append((base, base + last, epoch, attributes, max_time, pid, pepoch, seq, count, same,
                          0 if attributes & HORIZON else base_time))
            at += 12 + length
    return found


def first_dirty(directory, topic):
    for line in (directory / "cleaner-offset-checkpoint").read_text().splitlines()[2:]:
        name, _, offset = line.split()
        if name == topic:
            return int(offset)
    return -1


def await_cleaned(broker, directory, topic):
    base = int(log_files(directory / f"{topic}-0")[-1].stem)
    wait_until(lambda: first_dirty(directory, topic) >= base, 90, "the log to be cleaned", 0.05)
    broker.stop(timeout=90)


def read_all(broker, topic):
    """Every record of partition 0 up to its end as it is now."""
    consumer = clients.confluent_consumer(broker, enable_partition_eof=True)
    consumer.assign([TopicPartition(topic, 0, 0)])
    records, deadline = [], time.monotonic() + 120 * SLOW
    while time.monotonic() < deadline:
        m = consumer.poll(1)
        if m is None:
            continue
        if not m.error():
            records.append(m)
        elif m.error().code() == KafkaError._PARTITION_EOF:
            consumer.close()
            return records
        else:
            raise KafkaException(m.error())
    raise AssertionError(f"the end of {topic} was not reached after {len(records)} records")


def consumed(java_client, broker, topic):
    """What a Java consumer reads up to the end, as offset -> (key, value)."""
    _, end = clients.watermarks(broker, topic)
    records = read_all(broker, topic)
    assert max(r.offset() for r in records) < end
    count = len(records)
    lines = java_client(broker.address, topic, "consume", count).splitlines()[:-1]
    assert sorted(int(line.split(" ", 3)[1]) for line in lines) == [r.offset() for r in records]
    return {r.offset(): (r.key(), r.value()) for r in records}


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_both_leave_the_same(kafka_home, run, topic, codec, monkeypatch):
    rng = random.Random(1)
    broker = run.broker(0, start=False, **SETTINGS)
    start(broker, kafka_home, monkeypatch, log_cleaner_enable=False)
    clients.create_topic(broker, topic, cleanup_policy="compact")
    produce(broker, topic, rng, 1500, **{"compression.codec": codec})
    produce(broker, topic, rng, 500, **{"compression.codec": codec, "enable.idempotence": True})
    transactions(broker, topic, rng)
    produce(broker, topic, rng, 1500, **{"compression.codec": codec})
    broker.stop(timeout=90)
    result = {}
    for home in (kafka_home, None):
        copy = broker.dir / ("by-apache" if home else "by-moldau")
        shutil.copytree(broker.log_dirs[0], copy)
        start(broker, home, monkeypatch, log_cleaner_enable=True, log_dirs=copy)
        await_cleaned(broker, copy, topic)
        result[home] = batches(copy / f"{topic}-0")
        broker.log_dirs = [copy]
    apache, ours = result[kafka_home], result[None]
    # we keep the last batch of the range, if need be without records (KAFKA-17076)
    if ours[-1][8] == 0 and ours[-1][1] > apache[-1][1]:
        ours.pop()
    assert len(ours) > 50
    assert ours == apache


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_each_goes_on_where_the_other_stopped(java_client, kafka_home, run, topic, codec, monkeypatch):
    rng = random.Random(2)
    broker = run.broker(0, start=False, **SETTINGS)
    sent = {}
    for home in (None, kafka_home, None, kafka_home):
        start(broker, home, monkeypatch)
        if not sent:
            clients.create_topic(broker, topic, cleanup_policy="compact")
        else:
            seen = consumed(java_client, broker, topic)
            assert seen == {o: kv for o, kv in sent.items() if o in seen}
        before = first_dirty(broker.log_dirs[0], topic)
        assert (before >= 0) == bool(sent)
        sent.update(produce(broker, topic, rng, 2000, **{"compression.codec": codec, "enable.idempotence": True}))
        await_cleaned(broker, broker.log_dirs[0], topic)
        after = first_dirty(broker.log_dirs[0], topic)
        assert after > before
        last = {}
        for offset in sorted(sent):
            if offset < after:
                last[sent[offset][0]] = offset
        left = {b[0]: b for b in batches(broker.log_dirs[0] / f"{topic}-0")}
        # every value that is the last of its key is in one of the batches that are left
        for key, offset in last.items():
            if sent[offset][1] is not None:
                assert any(b[0] <= offset <= b[1] for b in left.values()), (key, offset)
    start(broker, None, monkeypatch)
    final = consumed(java_client, broker, topic)
    newest = {}
    for offset in sorted(sent):
        newest[sent[offset][0]] = (offset, sent[offset][1])
    for key, (offset, value) in newest.items():
        if value is not None:
            assert final[offset] == (key, value)
    assert len(final) < 2000
    broker.stop()


def test_a_swap_that_apache_did_not_finish(java_client, kafka_home, run, topic, monkeypatch):
    """Killed again and again while it compacts, Apache leaves .cleaned, .swap and .deleted files behind."""
    rng = random.Random(3)
    broker = run.broker(0, start=False, **SETTINGS)
    start(broker, kafka_home, monkeypatch)
    clients.create_topic(broker, topic, cleanup_policy="compact")
    sent = {}
    for round_ in range(4):
        sent.update(produce(broker, topic, rng, 1500))
        wait_until(lambda: broker.log_lines("Swapping in cleaned segment") or broker.log_lines("Cleaning LogSegment"), 60,
                   "a cleaning to be under way")
        broker.kill()
        start(broker, None if round_ % 2 == 0 else kafka_home, monkeypatch)
        newest = {}
        for offset in sorted(sent):
            newest[sent[offset][0]] = (offset, sent[offset][1])
        seen = {r.offset(): (r.key(), r.value()) for r in read_all(broker, topic)}
        for key, (offset, value) in newest.items():
            if value is not None:
                assert seen.get(offset) == (key, value), (round_, offset)
        assert seen == {o: kv for o, kv in sent.items() if o in seen}
        broker.stop(timeout=90)
        start(broker, kafka_home, monkeypatch)
    broker.stop(timeout=90)
    monkeypatch.delenv("MOLDAU_TEST_BROKER", raising=False)
