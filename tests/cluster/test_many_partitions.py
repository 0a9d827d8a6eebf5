"""A thousand partitions with three replicas: they replicate about as well as a few, and cost nothing while nobody writes.

What is written is the same both times, in batches of the same size, or the client would fill larger ones for a few. A
thousand files are colder than twelve, for a single replica, too (three times the time); what followers ask for and leaders
look at must not go with the partitions that exist.
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


def cost_of(brokers, topic, count):
    """CPU seconds of all brokers: the best of three, after one that makes the files and warms everybody up."""
    members.create_topic(brokers, topic, count, 3, min_insync_replicas=3)
    costs = []
    for _ in range(4):
        before = sum(b.cpu_seconds() for b in brokers)
        took = replicate_s(brokers, topic, count)
        costs.append(sum(b.cpu_seconds() for b in brokers) - before)
        print(f"{RECORDS} records in {count} partitions: {took:.2f} s, {costs[-1]:.2f} CPU seconds")
    return min(costs)


@pytest.mark.alone
@pytest.mark.moldau
def test_many_partitions_replicate_as_fast_as_few_and_cost_nothing_when_idle(three):
    few = cost_of(three, "few", 12)  # before the others are there: followers ask for all that they follow
    many = cost_of(three, "many", COUNT)
    assert many < 4 * few, f"{RECORDS} records cost {many:.2f} CPU seconds in {COUNT} partitions, {few:.2f} in 12"
    wait_until(lambda: len({log_sizes(b, "many", COUNT) for b in three}) == 1, 60, "all to have everything")
    before = [b.cpu_seconds() for b in three]
    time.sleep(20)  # what is measured is how little happens meanwhile
    used = [after.cpu_seconds() - was for after, was in zip(three, before)]
    print(f"CPU seconds in 20 s of idling: {used}")
    for broker in three:
        broker.kill()  # an orderly end would make all logs durable first
    assert not measures_memory() or max(used) < 0.02 * 20 * SLOW, f"CPU seconds in 20 s of idling: {used}"
