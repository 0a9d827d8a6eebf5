"""A process with members of a group, for test_groups.py: each joins, reads for a while, leaves, joins again.

  group_members.py ADDRESS TOPIC GROUP STRATEGY FIRST COUNT STAY LOG

FIRST is the number of the first member, STAY the seconds for which one stays at most (0: for good). SIGTERM ends it in order.
What happens is written to LOG at once, a line each, so that nothing of it is lost with the process:

  TIME assigned|revoked MEMBER PARTITION...
  TIME closed MEMBER                  has left, and owns nothing, even if librdkafka 2.0 assigned it something while it closed
  TIME read MEMBER PARTITION OFFSET
  TIME waited MEMBER SECONDS          for the first assignment
  TIME failed MEMBER TEXT
"""

import os
import random
import signal
import sys
import threading
import time

import clients


class Log:
    def __init__(self, path):
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(self, *what):
        os.write(self.fd, (" ".join(map(str, (time.monotonic(), *what))) + "\n").encode())


class Wanderer(threading.Thread):
    def __init__(self, config, topic, number, stay, log, stop):
        super().__init__()
        self.config, self.topic, self.number, self.stay, self.log, self.stop = config, topic, number, stay, log, stop
        self.random = random.Random(number)
        self.visits = 0

    def run(self):
        try:
            while not self.stop.is_set():
                self.visit(self.random.uniform(self.stay / 3, self.stay) if self.stay else 1e9)
        except Exception as e:
            self.log.note("failed", self.number, repr(e))

    def visit(self, seconds):
        self.visits += 1
        me, log, joined = f"{self.number}.{self.visits}", self.log, []
        consumer = clients.confluent_kafka.Consumer(self.config)
        began = time.monotonic()

        def on_assign(_, partitions):
            if not joined:
                log.note("waited", me, time.monotonic() - began)
            joined.append(time.monotonic())
            log.note("assigned", me, *(p.partition for p in partitions))

        def on_revoke(_, partitions):
            log.note("revoked", me, *(p.partition for p in partitions))

        consumer.subscribe([self.topic], on_assign=on_assign, on_revoke=on_revoke, on_lost=on_revoke)
        try:
            while not self.stop.is_set() and (not joined or time.monotonic() < joined[0] + seconds):
                m = consumer.poll(0.1)
                if m is None:
                    continue
                assert not m.error(), m.error()
                log.note("read", me, m.partition(), m.offset())
                consumer.store_offsets(m)
                if self.random.random() < 0.2:
                    consumer.commit(asynchronous=True)
        finally:
            consumer.close()
            log.note("closed", me)


def main(address, topic, group, strategy, first, count, stay, log):
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    config = {"bootstrap.servers": address, "group.id": group, "auto.offset.reset": "earliest",
              "session.timeout.ms": int(os.environ["MEMBERS_SESSION_MS"]), "heartbeat.interval.ms": 300,
              "partition.assignment.strategy": strategy, "enable.auto.offset.store": False, "fetch.wait.max.ms": 100}
    log = Log(log)
    members = [Wanderer(config, topic, int(first) + i, float(stay), log, stop) for i in range(int(count))]
    for m in members:
        m.start()
    for m in members:
        while m.is_alive():  # a bare join would keep the signal waiting
            m.join(0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
