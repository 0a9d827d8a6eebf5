"""ZooKeeper away, back, its session expired: clients notice nothing but a pause in administration."""

import os
import threading
import time

import pytest

import clients
from clients import Record
from harness import SLOW, running_moldau, wait_until

AWAY = float(os.environ.get("MOLDAU_TEST_ZOOKEEPER_AWAY", "20"))  # seconds; the promise is two minutes: 120


class Traffic(threading.Thread):
    """Produces and consumes one record after the other, and notes the longest wait and every error."""

    def __init__(self, broker, topic):
        super().__init__()
        self.broker, self.topic = broker, topic
        self.sent, self.got, self.errors, self.longest = 0, [], [], 0.0
        self.running = True

    def run(self):
        try:
            self.work()
        except Exception as e:  # noqa: BLE001 - reported by the test
            self.errors.append(repr(e))

    def work(self):
        from confluent_kafka import TopicPartition
        producer = clients.confluent_producer(self.broker, acks="all", linger_ms=0, enable_idempotence=True)
        consumer = clients.confluent_consumer(self.broker, fetch_wait_max_ms=100)
        consumer.assign([TopicPartition(self.topic, 0, 0)])
        while self.running:
            began = time.monotonic()
            producer.produce(self.topic, value=b"%d" % self.sent, partition=0,
                             on_delivery=lambda e, m: self.errors.append(str(e)) if e else None)
            if producer.flush(60) != 0:
                self.errors.append("not acknowledged within a minute")
                return
            self.sent += 1
            while len(self.got) < self.sent:
                m = consumer.poll(30)
                if m is None:
                    self.errors.append("not consumed within half a minute")
                    return
                if m.error():
                    self.errors.append(str(m.error()))
                    continue
                self.got.append(int(m.value()))
            self.longest = max(self.longest, time.monotonic() - began)
        consumer.close()

    def __enter__(self):
        self.start()
        wait_until(lambda: self.sent > 3 or self.errors, 60, "traffic")
        return self

    def __exit__(self, *_):
        self.running = False
        self.join(120)

    def check(self):
        assert not self.errors, self.errors[:3]
        assert self.got == list(range(self.sent))
        assert self.longest < 5 * SLOW, f"a record took {self.longest:.1f} s"


def registration(broker):
    data, stat = broker.znode(f"/brokers/ids/{broker.id}")
    return (stat.ephemeralOwner, stat.czxid) if data else None


def wait_for_registration(broker, other_than=None):
    return wait_until(lambda: (r := registration(broker)) is not None and r != other_than and r, 90,
                      "the registration to be back")


def check_administration(broker, name):
    wait_until(lambda: created(broker, name), 60, "administration to work again")
    assert clients.confluent_produce(broker, name, [Record(None, b"x")]) == [0]


def created(broker, name):
    try:
        clients.create_topic(broker, name, timeout=10)
        return True
    except Exception as e:  # noqa: BLE001
        return "already exists" in str(e)


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_zookeeper_away_and_back(own_run, topic, how):
    """Longer than the session timeout, so the session expires too."""
    zookeeper = own_run.zookeeper
    broker = own_run.broker(0, zookeeper_session_timeout_ms=6000)
    clients.create_topic(broker, topic)
    with Traffic(broker, topic) as traffic:
        if how == "killed":
            zookeeper.kill()
        else:
            zookeeper.pause()
        sent = traffic.sent
        deadline = time.monotonic() + AWAY
        wait_until(lambda: time.monotonic() > deadline or traffic.errors, AWAY + 60, "the time to pass", every=0.2)
        assert traffic.sent > sent + 5, "produce and consume stopped without ZooKeeper"
        if how == "killed":
            zookeeper.start()
        else:
            zookeeper.resume()
        check_administration(broker, topic + "-after")  # in a new session, unless the server sees the old one's client first
        assert wait_for_registration(broker)
        wait_until(lambda: broker.znode("/controller")[0], 60, "a controller")
        sent = traffic.sent
        wait_until(lambda: traffic.sent > sent + 20 or traffic.errors, 60, "traffic to go on")
    traffic.check()
    assert broker.alive()


def test_a_short_absence_keeps_the_session(own_run, topic):
    broker = own_run.broker(0, zookeeper_session_timeout_ms=20000)
    clients.create_topic(broker, topic)
    before = registration(broker)
    with Traffic(broker, topic) as traffic:
        own_run.zookeeper.pause()
        sent = traffic.sent
        wait_until(lambda: traffic.sent > sent + 50 or traffic.errors, 30, "traffic without ZooKeeper")
        own_run.zookeeper.resume()
        check_administration(broker, topic + "-after")
    traffic.check()
    assert registration(broker) == before


def test_a_session_expired_by_force(run, topic):
    broker = run.broker(0)
    clients.create_topic(broker, topic)
    with Traffic(broker, topic) as traffic:
        for i in range(3):
            before = registration(broker)
            run.zookeeper.expire(before[0])
            after = wait_for_registration(broker, before)
            assert after[0] != before[0] and after[1] > before[1]
            wait_until(lambda: broker.znode("/controller")[0], 60, "a controller")
            check_administration(broker, f"{topic}-after-{i}")
    traffic.check()
    assert int(broker.znode("/controller_epoch")[0]) >= 2


@pytest.mark.moldau
def test_a_start_right_after_kill_9_waits_for_the_old_session(run, topic):
    """Apache exits here (doc/differences.md); we wait at most one session timeout."""
    broker = run.broker(0, zookeeper_session_timeout_ms=4000)
    clients.create_topic(broker, topic)
    clients.confluent_produce(broker, topic, [Record(None, b"x")])
    assert running_moldau()
    broker.kill()
    broker.start(30)
    assert clients.confluent_produce(broker, topic, [Record(None, b"y")]) == [1]


def test_a_stop_without_zookeeper_ends(own_run, topic):
    """Nobody to take leave of: the logs are closed cleanly all the same."""
    broker = own_run.broker(0, zookeeper_session_timeout_ms=3000, controlled_shutdown_max_retries=1)
    clients.create_topic(broker, topic)
    clients.confluent_produce(broker, topic, [Record(None, b"x")])
    own_run.zookeeper.kill()
    broker.stop(90)
    assert (broker.log_dirs[0] / ".kafka_cleanshutdown").exists()
    own_run.zookeeper.start()
    broker.start_again_after_kill()  # the session could not be closed
    assert [r.value for r in clients.confluent_consume(broker, topic, 1)] == [b"x"]
