"""A load that knows what was acknowledged, and readers that see a log without gaps."""

import sys
import threading

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

import members
from harness import wait_until

PARTITIONS = 4


class Writer(threading.Thread):
    """An idempotent producer that writes rising numbers to every partition, and knows which were acknowledged."""

    def __init__(self, brokers, topic, number, window, pause):
        super().__init__(daemon=True)
        self.topic, self.key = topic, b"%d" % number
        self.acked = [0] * PARTITIONS
        self.next = [0] * PARTITIONS
        self.failed = []
        self.errors = []  # what the client tells in passing
        self.window, self.pause = window, pause
        self.stopping = False
        self.producer = Producer({
            "bootstrap.servers": members.bootstrap(brokers), "enable.idempotence": True, "linger.ms": 5,
            "message.timeout.ms": 600000, "reconnect.backoff.max.ms": 500, "retry.backoff.ms": 50,
            "socket.timeout.ms": 10000, "topic.metadata.refresh.interval.ms": 2000,
            "error_cb": self.told})

    def told(self, error):
        """A connection that ended is not an error; that all ended is one."""
        if error.code() not in (KafkaError._TRANSPORT, KafkaError._RESOLVE):  # pylint: disable=protected-access
            self.errors.append(error)

    def delivered(self, error, message):
        """One partition's acknowledgements come in the order of its numbers, or something was doubled or skipped."""
        partition, number = message.partition(), int(message.value())
        if error or number != self.acked[partition]:
            self.failed.append((partition, number, error or f"acknowledged when {self.acked[partition]} was due"))
        self.acked[partition] = number + 1

    def run(self):
        while not self.stopping:
            for p in range(PARTITIONS):
                if self.next[p] - self.acked[p] < self.window:
                    self.producer.produce(self.topic, b"%d" % self.next[p], self.key, partition=p, callback=self.delivered)
                    self.next[p] += 1
            self.producer.poll(self.pause)


class Reader(threading.Thread):
    """Reads every partition from its beginning: each offset once, in turn, and each writer's numbers in turn."""

    def __init__(self, brokers, topic):
        super().__init__(daemon=True)
        self.seen = [{} for _ in range(PARTITIONS)]  # key: the number that comes next
        self.offset = [0] * PARTITIONS
        self.problems = []
        self.stopping = False
        self.consumer = Consumer({
            "bootstrap.servers": members.bootstrap(brokers), "group.id": "reader", "enable.auto.commit": False,
            "auto.offset.reset": "error", "reconnect.backoff.max.ms": 500, "topic.metadata.refresh.interval.ms": 2000,
            "fetch.wait.max.ms": 100})
        self.consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])

    def take(self, message):
        if message.error():
            if message.error().fatal() or message.error().code() > 0:
                self.problems.append(f"{message.error()}")
            return
        p, key, number = message.partition(), message.key(), int(message.value())
        if message.offset() != self.offset[p]:
            self.problems.append(f"partition {p}: offset {message.offset()} where {self.offset[p]} was due")
        if number != self.seen[p].get(key, 0):
            self.problems.append(f"partition {p}: offset {message.offset()} holds {number} of writer {key}, "
                                 f"where {self.seen[p].get(key, 0)} was due")
        self.seen[p][key] = number + 1
        self.offset[p] = message.offset() + 1

    def run(self):
        while not self.stopping and len(self.problems) < 10:
            for message in self.consumer.consume(1000, 0.1):
                self.take(message)
        self.consumer.close()

    def has(self, expected):
        return self.problems or self.seen == expected

    def stop(self):
        self.stopping = True
        self.join()


class Load:
    """Writers, and a reader beside them from the first record to the last."""

    def __init__(self, brokers, topic, writers=2, window=300, pause=0.005):
        self.brokers, self.topic = brokers, topic
        self.writers = [Writer(brokers, topic, i, window, pause) for i in range(writers)]
        self.reader = Reader(brokers, topic)

    def start(self):
        for thread in [*self.writers, self.reader]:
            thread.start()

    def progress(self):
        """How much of each partition is acknowledged."""
        return [sum(w.acked[p] for w in self.writers) for p in range(PARTITIONS)]

    def read(self):
        return sum(self.reader.offset)

    def errors(self):
        return [e for w in self.writers for e in w.errors]

    def assert_well(self):
        for writer in self.writers:
            assert not writer.failed, writer.failed[:3]
        assert not self.reader.problems, self.reader.problems[:3]

    def await_progress(self, timeout=60):
        """Until every partition is written again."""
        before = self.progress()

        def goes_on():
            self.assert_well()
            return all(now > was for now, was in zip(self.progress(), before))
        wait_until(goes_on, timeout, f"every partition to be written again, {before} -> {self.progress()}")

    def stop(self):
        """Writes no more; the reader stops only when a test fails, since it has more to read."""
        for writer in self.writers:
            writer.stopping = True
        for writer in self.writers:
            writer.join()
        self.reader.stopping = sys.exc_info()[0] is not None

    def check(self):
        """All that was acknowledged is there, once and in order: for the one who read all the time, and for a new one."""
        assert not any(w.producer.flush(120) for w in self.writers), "not everything was acknowledged"
        self.assert_well()
        written = [{w.key: w.next[p] for w in self.writers} for p in range(PARTITIONS)]
        again = Reader(self.brokers, self.topic)
        again.start()
        try:
            for reader in (self.reader, again):
                wait_until(lambda r=reader: r.has(written), 120, f"{written} to be read, {reader.seen}")
        finally:
            self.reader.stop()
            again.stop()
        assert not self.reader.problems, self.reader.problems[:3]
        assert not again.problems, again.problems[:3]
