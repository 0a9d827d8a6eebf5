"""A load that knows what was acknowledged, faults that come one after the other, and the check at the end."""

import random
import threading
import time

from confluent_kafka import Producer

import members
from harness import wait_until
from test_replication import await_identical, await_isr

PARTITIONS = 4


class Load:
    """An idempotent producer that writes ascending numbers to every partition, and knows which were acknowledged."""

    def __init__(self, brokers, topic):
        self.topic = topic
        self.acked = [[] for _ in range(PARTITIONS)]
        self.next = [0] * PARTITIONS
        self.failed = []
        self.stopping = False
        self.producer = Producer({
            "bootstrap.servers": members.bootstrap(brokers), "enable.idempotence": True, "linger.ms": 5,
            "message.timeout.ms": 600000, "reconnect.backoff.max.ms": 500, "retry.backoff.ms": 50,
            "socket.timeout.ms": 10000, "topic.metadata.refresh.interval.ms": 2000})
        self.thread = threading.Thread(target=self.run)

    def delivered(self, error, message):
        if error:
            self.failed.append((message.partition(), message.value(), error))
        else:
            self.acked[message.partition()].append(int(message.value()))

    def run(self):
        while not self.stopping:
            for p in range(PARTITIONS):
                if self.next[p] - len(self.acked[p]) < 500:
                    self.producer.produce(self.topic, b"%d" % self.next[p], partition=p, callback=self.delivered)
                    self.next[p] += 1
            self.producer.poll(0.002)

    def progress(self):
        return [len(a) for a in self.acked]

    def stop(self):
        self.stopping = True
        self.thread.join()
        assert self.producer.flush(120) == 0


class Faults:
    """One fault at a time; each ends before the next begins, and then every partition has a leader within 10 s."""

    def __init__(self, run, brokers, load, dice):
        self.run, self.brokers, self.load, self.dice = run, brokers, load, dice
        self.done = []

    def controller(self):
        found = members.controller_of(self.run)
        return next((b for b in self.brokers if b.id == found), None)

    def kill(self, broker=None):
        broker = broker or self.dice.choice(self.brokers)
        broker.kill()
        self.pause()
        broker.start_again_after_kill()

    def kill_controller(self):
        self.kill(self.controller())

    def freeze(self):
        broker = self.dice.choice(self.brokers)
        broker.pause()
        self.pause()
        broker.resume()

    def restart(self):
        self.dice.choice(self.brokers).restart()

    def expire(self):
        broker = self.dice.choice(self.brokers)
        session = broker.session()
        if session:
            broker.pause()  # or it would take its session back
            self.run.zookeeper.expire(session)
            broker.resume()

    def freeze_zookeeper(self):
        self.run.zookeeper.pause()
        self.pause()
        self.run.zookeeper.resume()

    def pause(self):
        time.sleep(self.dice.uniform(0.1, 4))  # how long a fault lasts is part of it, not a wait for something

    def one(self):
        name = self.dice.choice(["kill", "kill", "kill_controller", "freeze", "freeze", "restart", "expire",
                                 "freeze_zookeeper"])
        self.done.append(name)
        getattr(self, name)()
        before = self.load.progress()
        wait_until(lambda: all(now > was for now, was in zip(self.load.progress(), before)), 60,
                   f"every partition to be written again after {self.done}, {before} -> {self.load.progress()}")


def check(brokers, topic, load):
    for p in range(PARTITIONS):
        values = [int(v) for v in members.read(brokers, topic, load.next[p], p, timeout=120)]
        assert values == list(range(load.next[p])), f"partition {p}: lost, doubled or reordered records"
        assert load.acked[p] == values, "acknowledged in order"


def rage(run, brokers, seconds, seed, faults=Faults):
    """Faults under load for so long, then everybody comes back and nothing acknowledged may be missing."""
    seed = seed if seed is not None else random.randrange(1 << 32)
    print(f"seed {seed}")
    members.create_topic(brokers, "c", PARTITIONS, 3, min_insync_replicas=2)
    load = Load(brokers, "c")
    trouble = faults(run, brokers, load, random.Random(seed))
    load.thread.start()
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            trouble.one()
    finally:
        load.stop()
    assert_unharmed(brokers, load)


def assert_unharmed(brokers, load):
    assert not load.failed, load.failed[:3]
    await_isr(brokers, load.topic, {0, 1, 2}, timeout=60)
    check(brokers, load.topic, load)
    for p in range(PARTITIONS):
        await_identical(brokers, load.topic, p)
