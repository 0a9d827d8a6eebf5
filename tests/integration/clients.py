"""The client programs and libraries, each reduced to the same few calls, so that tests can mix them.

A record is a Record: key and value are bytes or None, headers a list of (name, bytes), timestamp in ms. A topic with one
partition is meant everywhere unless a partition is given.
"""

import json
import subprocess
import time
from collections import namedtuple

import confluent_kafka
import kafka
from confluent_kafka import KafkaError
from confluent_kafka.admin import AdminClient, NewTopic

from harness import SLOW, wait_until

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]

# What a client hears from a broker that has not been told about its partitions.
NOT_YET = {KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC, KafkaError._TRANSPORT,
           KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT, KafkaError.UNKNOWN_TOPIC_OR_PART,
           KafkaError.LEADER_NOT_AVAILABLE, KafkaError.NOT_LEADER_FOR_PARTITION}

Record = namedtuple("Record", "key value headers timestamp offset", defaults=(None, None, (), None, None))


def plain(record):
    """What must come back: everything but the offset."""
    return Record(record.key, record.value, tuple(record.headers or ()), record.timestamp)


# --- admin ---


def admin(broker):
    """One per broker, kept with it: a client that goes out of scope gives up its requests."""
    if getattr(broker, "admin_client", None) is None:
        broker.admin_client = AdminClient({"bootstrap.servers": broker.address, "reconnect.backoff.max.ms": 500})
    return broker.admin_client


def create_topic(broker, topic, partitions=1, replication=1, timeout=30, **config):
    """Config keys as keyword arguments, `_` for `.`."""
    config = {k.replace("_", "."): str(v) for k, v in config.items()}
    new = NewTopic(topic, num_partitions=partitions, replication_factor=replication, config=config)
    for future in admin(broker).create_topics([new], operation_timeout=timeout * SLOW).values():
        future.result(timeout * SLOW)


def delete_topic(broker, topic, timeout=30):
    """Returns when the name may be used again: the controller has also taken away its order."""
    for future in admin(broker).delete_topics([topic], operation_timeout=timeout * SLOW).values():
        future.result(timeout * SLOW)
    wait_until(lambda: broker.znode(f"/admin/delete_topics/{topic}")[1] is None, timeout, "the deletion to be over")


# --- confluent-kafka ---


def confluent_producer(broker, **config):
    return confluent_kafka.Producer({"bootstrap.servers": broker.address, "message.timeout.ms": int(60000 * SLOW),
                                     **{k.replace("_", "."): v for k, v in config.items()}})


def confluent_produce(broker, topic, records, partition=0, **config):
    """Returns the acknowledged offsets, in order of the records; raises on the first error."""
    offsets = [None] * len(records)
    errors = []

    def delivered(i):
        def report(error, message):
            if error:
                errors.append(error)
            else:
                offsets[i] = message.offset()
        return report

    producer = confluent_producer(broker, **config)
    for i, r in enumerate(records):
        more = {"timestamp": r.timestamp} if r.timestamp is not None else {}
        producer.produce(topic, key=r.key, value=r.value, headers=list(r.headers) or None, partition=partition,
                         on_delivery=delivered(i), **more)
        producer.poll(0)
    assert producer.flush(60 * SLOW) == 0, "not everything was acknowledged"
    if errors:
        raise confluent_kafka.KafkaException(errors[0])
    return offsets


def confluent_consumer(broker, **config):
    return confluent_kafka.Consumer({"bootstrap.servers": broker.address, "group.id": "unused",
                                     "enable.auto.commit": False, "enable.partition.eof": False,
                                     **{k.replace("_", "."): v for k, v in config.items()}})


def confluent_consume(broker, topic, count, partition=0, offset=0, timeout=60, **config):
    """Exactly `count` records from the offset on, or fewer after the timeout."""
    consumer = confluent_consumer(broker, **config)
    consumer.assign([confluent_kafka.TopicPartition(topic, partition, offset)])
    records, deadline = [], time.monotonic() + timeout * SLOW
    while len(records) < count and time.monotonic() < deadline:
        for m in consumer.consume(min(10000, count - len(records)), 0.2):
            if m.error():
                raise confluent_kafka.KafkaException(m.error())
            _, timestamp = m.timestamp()
            records.append(Record(m.key(), m.value(), tuple(m.headers() or ()),
                                  timestamp, m.offset()))
    consumer.close()
    return records


def watermarks(broker, topic, partition=0, timeout=30):
    """(first, next) offset; waits for a broker that has just started and does not know its partitions yet. A consumer asks
    once: librdkafka keeps the answer that a partition has no leader."""
    tp = confluent_kafka.TopicPartition(topic, partition)

    def ask():
        consumer = confluent_consumer(broker)
        try:
            return consumer.get_watermark_offsets(tp, timeout=10 * SLOW)
        except confluent_kafka.KafkaException as e:
            if not e.args[0].retriable() and e.args[0].code() not in NOT_YET:
                raise
            return None
        finally:
            consumer.close()

    return wait_until(ask, timeout, f"the offsets of {topic}-{partition}", every=0.05)


# --- kafka-python ---


def python_codec(codec):
    return None if codec == "none" else codec


def python_produce(broker, topic, records, partition=0, codec="none", **config):
    producer = kafka.KafkaProducer(bootstrap_servers=broker.address, compression_type=python_codec(codec),
                                   api_version_auto_timeout_ms=int(30000 * SLOW),
                                   linger_ms=20, **config)
    futures = [producer.send(topic, key=r.key, value=r.value, headers=list(r.headers), partition=partition,
                             timestamp_ms=r.timestamp) for r in records]
    producer.flush(60 * SLOW)
    offsets = [f.get(30 * SLOW).offset for f in futures]
    producer.close()
    return offsets


def python_consume(broker, topic, count, partition=0, offset=0, timeout=60):
    consumer = kafka.KafkaConsumer(bootstrap_servers=broker.address, group_id=None, enable_auto_commit=False,
                                   api_version_auto_timeout_ms=int(30000 * SLOW))
    tp = kafka.TopicPartition(topic, partition)
    consumer.assign([tp])
    consumer.seek(tp, offset)
    records, deadline = [], time.monotonic() + timeout * SLOW
    while len(records) < count and time.monotonic() < deadline:
        for m in consumer.poll(200, max_records=count - len(records)).get(tp, []):
            records.append(Record(m.key, m.value, tuple(m.headers), m.timestamp, m.offset))
    consumer.close()
    return records


# --- kcat ---


def kcat(broker, *args, data=None, timeout=60):
    done = subprocess.run(["kcat", "-b", broker.address, *map(str, args)], input=data, capture_output=True,
                          timeout=timeout * SLOW)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def kcat_produce(broker, topic, records, partition=0, codec="none"):
    """kcat sends lines: keys and values are text without newline, timestamps are its own. Headers of the first record
    go with all."""
    headers = [a for name, value in (records[0].headers if records else ()) for a in ("-H", f"{name}={value.decode()}")]
    text = b"".join((r.key or b"") + b"\t" + (r.value or b"") + b"\n" for r in records)
    kcat(broker, "-P", "-t", topic, "-p", partition, "-z", codec, "-K", "\t", "-Z", *headers, data=text)


def kcat_consume(broker, topic, count, partition=0, offset=0):
    out = kcat(broker, "-C", "-t", topic, "-p", partition, "-o", offset, "-c", count, "-q", "-J")
    records = []
    for line in out.decode().splitlines():
        m = json.loads(line)
        flat = m.get("headers", [])
        headers = tuple((flat[i], flat[i + 1].encode()) for i in range(0, len(flat), 2))
        records.append(Record(encoded(m["key"]), encoded(m["payload"]), headers, m["ts"], m["offset"]))
    return records


def encoded(text):
    return None if text is None else text.encode()


# --- any ---

PRODUCERS = {
    "confluent": lambda broker, topic, records, codec: confluent_produce(broker, topic, records, linger_ms=20,
                                                                          compression_codec=codec),
    "python": lambda broker, topic, records, codec: python_produce(broker, topic, records, codec=codec),
    "kcat": lambda broker, topic, records, codec: kcat_produce(broker, topic, records, codec=codec),
}

CONSUMERS = {"confluent": confluent_consume, "python": python_consume, "kcat": kcat_consume}


def wait_for_leader(broker, topic, partitions=1, timeout=30):
    """Until metadata names a leader for every partition."""
    client = admin(broker)

    def ready():
        meta = client.list_topics(topic, timeout=10).topics.get(topic)
        return meta and not meta.error and len(meta.partitions) == partitions and all(
            p.leader >= 0 for p in meta.partitions.values())

    wait_until(ready, timeout, f"{topic} to have leaders")
