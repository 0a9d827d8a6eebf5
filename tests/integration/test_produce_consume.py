"""Real clients, each producing with each codec, all reading everything back."""

import hashlib
import os
import random
import time

import confluent_kafka
import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

import clients
from clients import CODECS, Record, plain
from harness import SLOW, wait_until

NOW = 1_700_000_000_000


def samples(with_timestamps=True, text_only=False):
    """Keys and values of all sorts; kcat gets lines of text only."""
    rng = random.Random(7)
    records = []
    for i in range(200):
        value = f"value {i} " + "x" * rng.randrange(300)
        key = f"key-{i % 17}"
        headers = (("h1", b"v1"), ("h2", "straße".encode()))
        if text_only:
            records.append(Record(key.encode(), value.encode(), headers))
        else:
            body = rng.randbytes(rng.randrange(2000)) if i % 5 == 0 else value.encode()
            records.append(Record(None if i % 7 == 0 else key.encode(), None if i % 7 == 3 else body,
                                  headers[:i % 3], NOW + i * 10 if with_timestamps else None))
    return records


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("producer", sorted(clients.PRODUCERS))
def test_every_client_reads_what_every_client_wrote(broker, topic, producer, codec):
    clients.create_topic(broker, topic)
    sent = samples(text_only=producer == "kcat")
    clients.PRODUCERS[producer](broker, topic, sent, codec)
    for name, consume in clients.CONSUMERS.items():
        if name == "kcat" and producer != "kcat":
            continue  # its JSON output cannot carry binary values
        got = consume(broker, topic, len(sent))
        assert [r.offset for r in got] == list(range(len(sent))), name
        if producer == "kcat":
            assert all(abs(r.timestamp - time.time() * 1000) < 600_000 for r in got)
            got = [r._replace(timestamp=None) for r in got]
        assert [plain(r) for r in got] == [plain(r) for r in sent], name


def test_kcat_reads_text_of_the_others(broker, topic):
    clients.create_topic(broker, topic)
    sent = [Record(b"k", f"line {i}".encode(), (("h", b"v"),), NOW + i) for i in range(50)]
    clients.confluent_produce(broker, topic, sent)
    assert [plain(r) for r in clients.kcat_consume(broker, topic, 50)] == [plain(r) for r in sent]


@pytest.mark.parametrize("codec", ["none", "lz4"])
def test_a_million_records_come_back_identical_and_in_order(broker, topic, codec):
    count = 1_000_000
    clients.create_topic(broker, topic, segment_bytes=64 << 20)
    want, errors = hashlib.sha256(), []
    producer = clients.confluent_producer(broker, acks="all", enable_idempotence=True, linger_ms=5,
                                          compression_codec=codec, queue_buffering_max_messages=1_000_000,
                                          batch_size=1 << 20)
    filler = "x" * 90

    def on_delivery(error, _message):
        if error:
            errors.append(error)

    for i in range(count):
        value = b"%010d%s" % (i, filler.encode())
        want.update(value)
        while True:
            try:
                producer.produce(topic, value=value, partition=0, on_delivery=on_delivery)
                break
            except BufferError:
                producer.poll(0.1)
        if i % 1000 == 0:
            producer.poll(0)
    assert producer.flush(300 * SLOW) == 0
    assert not errors

    got, at = hashlib.sha256(), 0
    consumer = clients.confluent_consumer(broker, fetch_message_max_bytes=8 << 20)
    consumer.assign([TopicPartition(topic, 0, 0)])
    deadline = time.monotonic() + 300 * SLOW
    while at < count and time.monotonic() < deadline:
        for m in consumer.consume(10000, 1):
            assert not m.error()
            assert m.offset() == at
            got.update(m.value())
            at += 1
    consumer.close()
    assert at == count
    assert got.digest() == want.digest()
    assert clients.watermarks(broker, topic) == (0, count)


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_acks(broker, topic, acks):
    clients.create_topic(broker, topic)
    sent = [Record(None, b"%d" % i) for i in range(100)]
    clients.confluent_produce(broker, topic, sent, acks=acks)
    got = clients.confluent_consume(broker, topic, 100)
    assert [r.value for r in got] == [r.value for r in sent]


@pytest.mark.parametrize("version", ["0.9.0.1", "0.10.2.0"])
@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4"])
def test_clients_of_the_old_formats(broker, topic, version, codec):
    """Message formats 0 and 1: converted up on the way in, down on the way out."""
    old = {"api.version.request": False, "broker.version.fallback": version}
    clients.create_topic(broker, topic)
    sent = [Record(b"k%d" % i, b"value %d" % i * 20) for i in range(100)]
    clients.confluent_produce(broker, topic, sent, compression_codec=codec, linger_ms=50, **old)
    for config in ({}, old):
        got = clients.confluent_consume(broker, topic, 100, **config)
        assert [(r.offset, r.key, r.value) for r in got] == [(i, r.key, r.value) for i, r in enumerate(sent)]


@pytest.mark.parametrize("wire", ["none", "zstd"])
@pytest.mark.parametrize("stored", ["uncompressed", "gzip", "snappy", "lz4", "zstd"])
def test_the_topic_decides_the_codec(broker, topic, wire, stored):
    clients.create_topic(broker, topic, compression_type=stored)
    sent = [Record(b"k", b"value %d " % i + b"x" * 200, (("h", b"v"),), NOW + i) for i in range(300)]
    clients.confluent_produce(broker, topic, sent, compression_codec=wire, linger_ms=50)
    got = clients.confluent_consume(broker, topic, len(sent))
    assert [plain(r) for r in got] == [plain(r) for r in sent]
    log = next(broker.partition_dir(topic, 0).glob("*.log")).read_bytes()
    codes = {"uncompressed": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
    assert log[22] & 7 == codes[stored]


def test_log_append_time(broker, topic):
    clients.create_topic(broker, topic, message_timestamp_type="LogAppendTime")
    before = int(time.time() * 1000) - 1000
    clients.confluent_produce(broker, topic, [Record(None, b"x", (), NOW)] * 3)
    got = clients.confluent_consume(broker, topic, 3)
    assert all(before <= r.timestamp <= time.time() * 1000 + 1000 for r in got)


def test_a_timestamp_out_of_bounds_is_refused(broker, topic):
    clients.create_topic(broker, topic, message_timestamp_before_max_ms=1000)
    with pytest.raises(KafkaException) as e:
        clients.confluent_produce(broker, topic, [Record(None, b"x", (), NOW)])
    assert e.value.args[0].code() == 32  # INVALID_TIMESTAMP


def test_a_message_too_large_is_refused_and_the_next_one_accepted(broker, topic):
    clients.create_topic(broker, topic, max_message_bytes=10_000)
    with pytest.raises(KafkaException) as e:
        clients.confluent_produce(broker, topic, [Record(None, os.urandom(20_000))])
    assert e.value.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE
    assert clients.confluent_produce(broker, topic, [Record(None, b"small")]) == [0]


def test_reading_from_the_middle_and_beyond_the_end(broker, topic):
    clients.create_topic(broker, topic)
    clients.confluent_produce(broker, topic, [Record(None, b"%d" % i) for i in range(100)], linger_ms=50)
    assert [r.value for r in clients.confluent_consume(broker, topic, 3, offset=57)] == [b"57", b"58", b"59"]
    assert [r.value for r in clients.python_consume(broker, topic, 3, offset=97)] == [b"97", b"98", b"99"]
    consumer = clients.confluent_consumer(broker, auto_offset_reset="error")
    consumer.assign([TopicPartition(topic, 0, 1000)])
    message = wait_until(lambda: consumer.poll(1), 30, "an error for an offset out of range")
    assert message.error().code() in (KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._AUTO_OFFSET_RESET)
    consumer.close()


def test_a_waiting_fetch_gets_a_new_record_at_once(broker, topic):
    clients.create_topic(broker, topic)
    clients.confluent_produce(broker, topic, [Record(None, b"first")])
    consumer = clients.confluent_consumer(broker, fetch_wait_max_ms=20000)
    consumer.assign([TopicPartition(topic, 0, 0)])
    assert wait_until(lambda: consumer.poll(1), 30, "the first record").value() == b"first"
    producer = clients.confluent_producer(broker, linger_ms=0)
    began = time.monotonic()
    producer.produce(topic, value=b"second", partition=0)
    producer.flush(30)
    assert wait_until(lambda: consumer.poll(1), 30, "the second record").value() == b"second"
    assert time.monotonic() - began < 5 * SLOW
    consumer.close()


def test_offsets_by_timestamp(broker, topic):
    clients.create_topic(broker, topic)
    clients.confluent_produce(broker, topic, [Record(None, b"%d" % i, (), NOW + i * 1000) for i in range(100)],
                              linger_ms=50)
    consumer = clients.confluent_consumer(broker)

    def offset_at(timestamp):
        answer = consumer.offsets_for_times([TopicPartition(topic, 0, timestamp)], timeout=30 * SLOW)
        assert answer[0].error is None
        return answer[0].offset

    assert offset_at(NOW - 5) == 0
    assert offset_at(NOW) == 0
    assert offset_at(NOW + 1) == 1
    assert offset_at(NOW + 50_000) == 50
    assert offset_at(NOW + 99_001) == confluent_kafka.OFFSET_END
    assert consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=30 * SLOW) == (0, 100)
    consumer.close()


def test_several_partitions(broker, topic):
    clients.create_topic(broker, topic, partitions=12)
    producer = clients.confluent_producer(broker)
    for i in range(1200):
        producer.produce(topic, value=b"%d" % i, partition=i % 12)
        producer.poll(0)
    assert producer.flush(60 * SLOW) == 0
    for p in range(12):
        got = clients.confluent_consume(broker, topic, 100, partition=p)
        assert [r.value for r in got] == [b"%d" % i for i in range(p, 1200, 12)]


def test_a_topic_is_created_by_the_first_produce(broker, topic):
    clients.kcat_produce(broker, topic, [Record(b"k", b"v")])
    assert clients.kcat_consume(broker, topic, 1)[0].value == b"v"
    name = topic + "-python"
    clients.python_produce(broker, name, [Record(b"k", b"v")])
    assert clients.python_consume(broker, name, 1)[0].value == b"v"


def test_auto_creation_can_be_off(run, topic):
    broker = run.broker(0, auto_create_topics_enable=False)
    meta = clients.admin(broker).list_topics(topic, timeout=30 * SLOW)
    assert meta.topics[topic].error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART
    assert clients.admin(broker).list_topics(timeout=30 * SLOW).topics == {}


def test_everything_is_there_after_a_restart(run, topic):
    broker = run.broker(0)
    clients.create_topic(broker, topic)
    sent = samples()
    clients.confluent_produce(broker, topic, sent)
    broker.restart()
    got = clients.confluent_consume(broker, topic, len(sent))
    assert [plain(r) for r in got] == [plain(r) for r in sent]
    assert clients.confluent_produce(broker, topic, [Record(None, b"more")]) == [len(sent)]


def test_min_insync_replicas_above_the_replication_factor(broker, topic):
    """Counts as the replication factor (Kafka 3.9, Partition.effectiveMinIsr)."""
    clients.create_topic(broker, topic, min_insync_replicas=2)
    assert clients.confluent_produce(broker, topic, [Record(None, b"x")], acks="all") == [0]


def test_old_data_goes_by_size(run, topic):
    broker = run.broker(0, log_retention_check_interval_ms=200, log_initial_task_delay_ms=100,
                        log_segment_delete_delay_ms=100)
    clients.create_topic(broker, topic, segment_bytes=100_000, retention_bytes=250_000)
    clients.confluent_produce(broker, topic, [Record(None, os.urandom(1000)) for _ in range(1000)],
                              batch_size=16384)
    low, high = wait_until(lambda: (w := clients.watermarks(broker, topic))[0] > 600 and w, 30, "retention")
    assert high == 1000
    assert clients.confluent_consume(broker, topic, 1, offset=low)[0].offset == low
    wait_until(lambda: len(list(broker.partition_dir(topic, 0).glob("*.log"))) <= 4, 30, "the files to go")
