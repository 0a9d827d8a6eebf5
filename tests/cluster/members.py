"""What tests of clusters do again and again: wait for a controller and for leaders, write, read, compare."""

import contextlib
import json
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from kazoo.exceptions import NoNodeError

import wire
from harness import wait_until


def bootstrap(brokers):
    return ",".join(b.address for b in brokers)


def controller_of(run):
    """The id in /controller, None when there is none."""
    with run.zookeeper.client(run.chroot) as zk:
        with contextlib.suppress(NoNodeError):
            return json.loads(zk.get("/controller")[0])["brokerid"]
        return None


def await_controller(run, among, timeout=30):
    """The id of the controller, one of `among`, when all of them have heard of it."""
    ids = {b.id for b in among}
    found = wait_until(lambda: (lambda c: c in ids and (c,))(controller_of(run)), timeout, f"one of {ids} as controller")[0]
    for broker in among:
        with wire.Connection(broker) as c:
            wait_until(lambda: c.cluster()[1] == found, timeout, f"{broker.name} to know the controller {found}")
    return found


@contextlib.contextmanager
def admin_client(brokers):
    yield AdminClient({"bootstrap.servers": bootstrap(brokers)})


def await_members(brokers):
    """Until all of them have heard of all, so that topics are spread over all."""
    ids = {b.id for b in brokers}
    for broker in brokers:
        with wire.Connection(broker) as c:
            wait_until(lambda: ids <= set(c.cluster()[0]), 30, f"{broker.name} to know {ids}")


def create_topic(brokers, topic, partitions=1, replicas=1, **config):
    await_members(brokers)
    with admin_client(brokers) as admin:
        config = {k.replace("_", "."): str(v) for k, v in config.items()}
        admin.create_topics([NewTopic(topic, partitions, replicas, config=config)])[topic].result(30)
    for broker in brokers:
        await_topic(broker, topic)


def await_topic(broker, topic):
    """Until this broker has heard of the topic and its leaders."""
    with wire.Connection(broker) as c:
        wait_until(lambda: c.metadata(topic) == 0, 30, f"{broker.name} to know {topic}")


def leaders(admin, topic):
    """partition -> leader, of those that have one."""
    found = admin.list_topics(topic, timeout=10).topics[topic].partitions
    return {p.id: p.leader for p in found.values() if p.leader >= 0}


def isr(admin, topic, partition=0):
    """Sorted ids; None while the broker that answers has not heard of the partition."""
    found = admin.list_topics(topic, timeout=10).topics[topic].partitions.get(partition)
    return sorted(found.isrs) if found else None


def write(brokers, topic, values, partition=0, **config):
    """Writes and waits for every acknowledgement."""
    failed = []
    producer = Producer({"bootstrap.servers": bootstrap(brokers), "linger.ms": 5, **config})
    for value in values:
        producer.produce(topic, value, partition=partition, callback=lambda e, _: e and failed.append(e))
        producer.poll(0)
    assert producer.flush(60) == 0 and not failed, failed[:3]


def refuses(broker, topic, partition, size):
    """Whether a record of so many bytes is too large for this broker, which leads the partition."""
    with wire.Connection(broker) as c:
        record = wire.batch(wire.record(b"x" * size), timestamp=int(time.time() * 1000))
        return c.produce(topic, partition, record)[0] == 10


def read(brokers, topic, count, partition=0, timeout=60, **config):
    """The first `count` values of a partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap(brokers), "group.id": "reader", "enable.auto.commit": False,
                         "auto.offset.reset": "earliest", **config})
    consumer.assign([TopicPartition(topic, partition, 0)])
    got = []

    def enough():
        for message in consumer.consume(1000, 0.1):
            assert not message.error(), message.error()
            got.append(message.value())
        return len(got) >= count

    try:
        wait_until(enough, timeout, f"{count} records of {topic}-{partition}, {len(got)} came")
    finally:
        consumer.close()
    return got
