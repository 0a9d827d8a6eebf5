"""A thousand partitions with three replicas: they replicate as fast as a few, and cost nothing while nobody writes.

What is written is the same both times, in batches of the same size, or the client would fill larger ones for a few.
"""

import os
import time

import pytest
from confluent_kafka import Producer

import members
from harness import SLOW, measures_memory, wait_until

COUNT = 1000
SIZE = 1000
RECORDS = 30_000
BATCH = 10


@pytest.fixture
def three(run):
    return [run.broker(i) for i in range(3)]


def log_sizes(broker, topic, count):
    return sum(segment.stat().st_size for p in range(count) for segment in broker.partition_dir(topic, p).glob("*.log"))


def replicate_s(brokers, topic, count):
    """How long it takes until so many records, spread over all partitions, are acknowledged by all replicas."""
    failed = []
    producer = Producer({"bootstrap.servers": members.bootstrap(brokers), "acks": -1, "linger.ms": 50,
                         "batch.num.messages": BATCH, "queue.buffering.max.messages": RECORDS,
                         "queue.buffering.max.kbytes": 2 << 20})
    value = os.urandom(SIZE)
    began = time.monotonic()
    for i in range(RECORDS):
        producer.produce(topic, value, partition=i % count, callback=lambda e, _: e and failed.append(e))
    assert producer.flush(300 * SLOW) == 0 and not failed, failed[:3]
    return time.monotonic() - began


def warm_s(brokers, topic, count):
    members.create_topic(brokers, topic, count, 3, min_insync_replicas=3)
    replicate_s(brokers, topic, count)  # files are made, everybody is warm
    return replicate_s(brokers, topic, count)


@pytest.mark.alone
@pytest.mark.moldau
def test_many_partitions_replicate_as_fast_as_few_and_cost_nothing_when_idle(three):
    few = warm_s(three, "few", 12)  # before the others are there: followers ask for all that they follow
    many = warm_s(three, "many", COUNT)
    print(f"{RECORDS} records took {few:.1f} s in 12 partitions, {many:.1f} s in {COUNT}")
    assert many < 2 * few, f"{RECORDS} records took {many:.1f} s in {COUNT} partitions, {few:.1f} s in 12"
    wait_until(lambda: len({log_sizes(b, "many", COUNT) for b in three}) == 1, 60, "all to have everything")
    before = [b.cpu_seconds() for b in three]
    time.sleep(20)  # what is measured is how little happens meanwhile
    used = [after.cpu_seconds() - was for after, was in zip(three, before)]
    print(f"CPU seconds in 20 s of idling: {used}")
    for broker in three:
        broker.kill()  # an orderly end would make all logs durable first
    assert not measures_memory() or max(used) < 0.02 * 20 * SLOW, f"CPU seconds in 20 s of idling: {used}"
