"""Consumer groups as clients use them: every client, eager and cooperative, members that come and go, brokers that die.

  MOLDAU_TEST_REBALANCE_SECONDS   how long members come and go (default 12; five minutes are 300)
"""

import collections
import os
import random
import subprocess
import threading
import time

import confluent_kafka
import kafka
import pytest
from confluent_kafka import TopicPartition
from kafka.admin import KafkaAdminClient

import clients
from clients import Record
from conformance import Peer
from harness import SLOW, wait_until
from scenarios.groups import coordinate, protocols

REBALANCE_SECONDS = float(os.environ.get("MOLDAU_TEST_REBALANCE_SECONDS", "12"))
SESSION_MS = int(6000 * SLOW)
REBALANCE_TIMEOUT_S = 60 * SLOW


def numbered(first, n):
    return [Record(None, b"%d" % i) for i in range(first, first + n)]


def fill(broker, topic, partitions, each, first=0):
    for p in range(partitions):
        clients.confluent_produce(broker, topic, numbered(first, each), partition=p, linger_ms=5)


@pytest.fixture
def group(topic):
    return "g" + topic[1:]


# --- one client after the other, in one group ---


def confluent_some(broker, topic, group, count, strategy="range", instance=None):
    """Consumes that many, commits, leaves."""
    consumer = clients.confluent_consumer(broker, group_id=group, auto_offset_reset="earliest", session_timeout_ms=SESSION_MS,
                                          partition_assignment_strategy=strategy, topic_metadata_refresh_interval_ms=500,
                                          **({"group_instance_id": instance} if instance else {}))
    got = []
    try:
        consumer.subscribe([topic])
        deadline = time.monotonic() + 60 * SLOW
        while len(got) < count and time.monotonic() < deadline:
            for m in consumer.consume(count - len(got), 0.2):
                assert not m.error(), m.error()
                got.append((m.partition(), m.offset()))
        consumer.commit(asynchronous=False)
    finally:
        consumer.close()
    return got


def python_some(broker, topic, group, count):
    consumer = kafka.KafkaConsumer(topic, bootstrap_servers=broker.address, group_id=group, enable_auto_commit=False,
                                   auto_offset_reset="earliest", session_timeout_ms=SESSION_MS, heartbeat_interval_ms=500,
                                   api_version_auto_timeout_ms=int(30000 * SLOW))
    got = []
    deadline = time.monotonic() + 60 * SLOW
    while len(got) < count and time.monotonic() < deadline:
        for records in consumer.poll(200, max_records=count - len(got)).values():
            got += [(m.partition, m.offset) for m in records]
    consumer.commit()
    consumer.close()
    return got


def kcat_some(broker, topic, group, count):
    """kcat stops after so many records and commits what it printed."""
    out = subprocess.run(["kcat", "-b", broker.address, "-G", group, "-c", str(count), "-q", "-f", "%p %o\n", "-X",
                          "auto.offset.reset=earliest", "-X", "enable.auto.offset.store=true", topic],
                         capture_output=True, timeout=90 * SLOW)
    assert out.returncode == 0, out.stderr.decode()
    return [tuple(map(int, line.split())) for line in out.stdout.decode().splitlines()]


CONSUME = {
    "confluent": confluent_some,
    "cooperative": lambda *a: confluent_some(*a, strategy="cooperative-sticky"),
    "static": lambda *a: confluent_some(*a, instance="one"),
    "python": python_some,
    "kcat": kcat_some,
}


@pytest.mark.parametrize("second", sorted(CONSUME))
@pytest.mark.parametrize("first", sorted(CONSUME))
def test_one_client_goes_on_where_another_stopped(broker, topic, group, first, second):
    clients.create_topic(broker, topic, partitions=3)
    fill(broker, topic, 3, 20)
    if first == "static" and second != "static":
        pytest.skip("a static member stays in the group when its client stops")
    one = CONSUME[first](broker, topic, group, 25)
    two = CONSUME[second](broker, topic, group, 35)
    assert sorted(one + two) == [(p, o) for p in range(3) for o in range(20)]


# --- what an administrator sees and does ---


def administrator(broker):
    if getattr(broker, "python_admin", None) is None:
        broker.python_admin = KafkaAdminClient(bootstrap_servers=broker.address, request_timeout_ms=int(30000 * SLOW),
                                               api_version_auto_timeout_ms=int(30000 * SLOW))
    return broker.python_admin


def committed(broker, group):
    peer = Peer(broker)

    def ask():
        found = peer.call("OffsetFetch", 7, group_id=group, topics=None)
        return found if found["error_code"] == 0 else None
    found = wait_until(ask, 30, "the coordinator to be there")
    peer.hang_up()
    return {(t["name"], p["partition_index"]): p["committed_offset"] for t in found["topics"] for p in t["partitions"]}


def described(broker, group):
    return administrator(broker).describe_consumer_groups([group])[0]


def test_administration(broker, topic, group):
    clients.create_topic(broker, topic, partitions=2)
    fill(broker, topic, 2, 10)
    consumer = clients.confluent_consumer(broker, group_id=group, auto_offset_reset="earliest", session_timeout_ms=SESSION_MS,
                                          client_id="some client")
    consumer.subscribe([topic])
    assert len(consumer.consume(20, 30 * SLOW)) == 20
    consumer.commit(asynchronous=False)
    admin = administrator(broker)
    about = described(broker, group)
    assert (about.error_code, about.state, about.protocol_type, about.protocol) == (0, "Stable", "consumer", "range")
    assert [(m.client_id, m.client_host) for m in about.members] == [("some client", "/127.0.0.1")]
    assert about.members[0].member_assignment.assignment == [(topic, [0, 1])]
    assert (group, "consumer") in admin.list_consumer_groups()
    seen = [g for g in clients.admin(broker).list_groups(timeout=30 * SLOW) if g.id == group]
    assert [(g.state, g.protocol, len(g.members)) for g in seen] == [("Stable", "range", 1)]
    at = admin.list_consumer_group_offsets(group)
    assert {(t.topic, t.partition): o.offset for t, o in at.items()} == {(topic, 0): 10, (topic, 1): 10}
    assert admin.delete_consumer_groups([group])[0][1].__name__ == "NonEmptyGroupError"
    consumer.close()
    wait_until(lambda: described(broker, group).state == "Empty", 30, "the group to be empty")
    simple = clients.confluent_consumer(broker, group_id=group)
    simple.commit(offsets=[TopicPartition(topic, 0, 3)], asynchronous=False)
    simple.close()
    assert committed(broker, group) == {(topic, 0): 3, (topic, 1): 10}
    again = confluent_some(broker, topic, group, 7)
    assert sorted(again) == [(0, o) for o in range(3, 10)]
    assert admin.delete_consumer_groups([group])[0][1].__name__ == "NoError"
    assert committed(broker, group) == {} and (group, "consumer") not in admin.list_consumer_groups()
    assert admin.delete_consumer_groups([group])[0][1].__name__ == "GroupIdNotFoundError"


def test_offsets_of_a_deleted_topic_are_forgotten(broker, topic, group):
    other = topic + "-other"
    for name in (topic, other):
        clients.create_topic(broker, name)
    fill(broker, topic, 1, 5)
    fill(broker, other, 1, 5)
    for name in (topic, other):
        confluent_some(broker, name, group, 5)
    assert committed(broker, group) == {(topic, 0): 5, (other, 0): 5}
    clients.delete_topic(broker, topic)
    wait_until(lambda: committed(broker, group) == {(other, 0): 5}, 30, "the offset to go")


# --- members that come and go ---


class Ownership:
    """Who owns what, from when to when, and what was read."""

    def __init__(self):
        self.lock = threading.Lock()
        self.owners = {}  # partition: member
        self.seen = collections.Counter()
        self.problems = []
        self.waits = []
        self.rebalances = 0

    def assigned(self, member, partitions):
        with self.lock:
            self.rebalances += 1
            for p in partitions:
                if self.owners.get(p, member) != member:
                    self.problems.append(f"{p} is given to {member} while {self.owners[p]} owns it")
                self.owners[p] = member

    def revoked(self, member, partitions):
        with self.lock:
            for p in partitions:
                if self.owners.get(p) == member:
                    del self.owners[p]

    def read(self, member, partition, offset):
        with self.lock:
            if self.owners.get(partition) != member:
                self.problems.append(f"{member} reads {partition} without owning it")
            self.seen[partition, offset] += 1


class Wanderer(threading.Thread):
    """Joins the group, reads for a while, leaves, joins again."""

    def __init__(self, broker, topic, group, number, ownership, stop, strategy):
        super().__init__(name=f"member {number}")
        self.broker, self.topic, self.group, self.ownership, self.stop = broker, topic, group, ownership, stop
        self.strategy = strategy
        self.random = random.Random(number)
        self.error = None

    def run(self):
        try:
            while not self.stop.is_set():
                self.stay(self.random.uniform(2, 6))
        except Exception as e:
            self.error = e

    def stay(self, seconds):
        me, own = f"{self.name}-{self.random.random()}", self.ownership
        consumer = clients.confluent_consumer(
            self.broker, group_id=self.group, auto_offset_reset="earliest", session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=300, partition_assignment_strategy=self.strategy, enable_auto_offset_store=False,
            fetch_wait_max_ms=100)
        began = time.monotonic()
        joined = []

        def on_assign(_, partitions):
            joined.append(time.monotonic() - began)
            own.assigned(me, [p.partition for p in partitions])

        def on_revoke(c, partitions):
            own.revoked(me, [p.partition for p in partitions])

        consumer.subscribe([self.topic], on_assign=on_assign, on_revoke=on_revoke, on_lost=on_revoke)
        try:
            while not self.stop.is_set() and time.monotonic() < began + max(seconds, joined[0] + 1 if joined else 1e9):
                m = consumer.poll(0.1)
                if m is None:
                    continue
                assert not m.error(), m.error()
                own.read(me, m.partition(), m.offset())
                consumer.store_offsets(m)
                if self.random.random() < 0.2:
                    consumer.commit(asynchronous=True)
            if joined:
                own.waits.append(joined[0])
        finally:
            consumer.close()


def steady_writes(broker, topic, partitions, stop):
    """A record to every partition, again and again; returns how many each has."""
    producer = clients.confluent_producer(broker, linger_ms=5)
    n = 0
    while not stop.is_set():
        for p in range(partitions):
            producer.produce(topic, value=b"%d" % n, partition=p)
        n += 1
        producer.poll(0.05)
    assert producer.flush(60 * SLOW) == 0
    return n


@pytest.mark.parametrize("strategy", ["range", "cooperative-sticky"])
def test_fifty_members_come_and_go(broker, topic, group, strategy):
    partitions, members = 20, 50
    clients.create_topic(broker, topic, partitions=partitions)
    ownership, stop = Ownership(), threading.Event()
    wanderers = [Wanderer(broker, topic, group, i, ownership, stop, strategy) for i in range(members)]
    written = []
    writer = threading.Thread(target=lambda: written.append(steady_writes(broker, topic, partitions, stop)))
    writer.start()
    for w in wanderers:
        w.start()
    time.sleep(REBALANCE_SECONDS * SLOW / 2)
    stop.set()
    for t in [writer, *wanderers]:
        t.join(120 * SLOW)
        assert not t.is_alive()
    assert not [w.error for w in wanderers if w.error]
    # Those who are left settle within one rebalance timeout, and read what nobody has committed.
    stop = threading.Event()
    rest = [Wanderer(broker, topic, group, 1000 + i, ownership, stop, strategy) for i in range(5)]
    for w in rest:
        w.stay = lambda _, w=w: Wanderer.stay(w, 1e6)
        w.start()
    wait_until(lambda: len(described(broker, group).members) == 5 and described(broker, group).state == "Stable" and
               len(ownership.owners) == partitions, REBALANCE_TIMEOUT_S / SLOW, "the group to be stable")
    everything = {(p, o) for p in range(partitions) for o in range(written[0])}
    wait_until(lambda: everything <= set(ownership.seen), 60, "every record to be read")
    stop.set()
    for w in rest:
        w.join(60 * SLOW)
        assert not w.is_alive() and not w.error, w.error
    assert not ownership.problems, ownership.problems[:5]
    assert set(ownership.seen) == everything
    assert max(ownership.waits) < REBALANCE_TIMEOUT_S
    print(f"{strategy}: {ownership.rebalances} assignments, {written[0] * partitions} records, "
          f"{sum(ownership.seen.values())} deliveries, longest wait for an assignment {max(ownership.waits):.1f} s")


# --- brokers that die ---


class Committer(threading.Thread):
    """Commits rising offsets for groups of its own, one request after the other, through kills of the broker."""

    def __init__(self, broker, topic, number):
        super().__init__()
        self.broker, self.topic, self.number = broker, topic, number
        self.groups = [f"crash-{number}-{i}" for i in range(5)]
        self.acked = dict.fromkeys(self.groups, -1)
        self.sent = dict.fromkeys(self.groups, -1)
        self.running = True

    def run(self):
        peer, n = Peer(self.broker), 0
        while self.running:
            group = self.groups[n % len(self.groups)]
            self.sent[group] = n
            try:
                answer = peer.call("OffsetCommit", 7, group_id=group, topics=[{"name": self.topic, "partitions": [
                    {"partition_index": 0, "committed_offset": n, "committed_metadata": "x"}]}])
                if answer["topics"][0]["partitions"][0]["error_code"] == 0:
                    self.acked[group] = n
                n += 1
            except Exception:
                peer.hang_up()
                time.sleep(0.02)
        peer.hang_up()


def stored(broker, groups, topic):
    peer = Peer(broker)
    out = {}
    for group in groups:
        def ask(group=group):
            found = peer.call("OffsetFetch", 7, group_id=group, topics=[{"name": topic, "partition_indexes": [0]}])
            return found if found["error_code"] == 0 else None
        found = wait_until(ask, 30, "the coordinator to be there")
        out[group] = found["topics"][0]["partitions"][0]["committed_offset"]
    peer.hang_up()
    return out


def test_no_committed_offset_goes_back_when_the_broker_is_killed(run, topic):
    broker = run.broker(0, offsets_topic_num_partitions=5, zookeeper_session_timeout_ms=1500)
    clients.create_topic(broker, topic)
    peer = Peer(broker)
    coordinate(peer)
    peer.hang_up()
    committers = [Committer(broker, topic, i) for i in range(4)]
    for c in committers:
        c.start()
    try:
        for _ in range(4):
            before = sum(sum(c.acked.values()) for c in committers)
            wait_until(lambda: sum(sum(c.acked.values()) for c in committers) > before + 200, 60, "commits")
            broker.kill()
            known = [dict(c.acked) for c in committers]
            broker.start_again_after_kill()
            for c, acked in zip(committers, known):
                now = stored(broker, c.groups, topic)
                for group in c.groups:
                    assert now[group] >= acked[group], f"{group} went back"
    finally:
        for c in committers:
            c.running = False
        for c in committers:
            c.join(60 * SLOW)
    for c in committers:
        now = stored(broker, c.groups, topic)
        for group in c.groups:
            assert c.acked[group] <= now[group] <= c.sent[group]


def test_the_lag_is_the_same_after_a_restart(run, topic, group):
    broker = run.broker(0, offsets_topic_num_partitions=3, zookeeper_session_timeout_ms=1500)
    clients.create_topic(broker, topic, partitions=3)
    fill(broker, topic, 3, 30)
    assert len(confluent_some(broker, topic, group, 50)) == 50

    def lag():
        at = committed(broker, group)
        return {p: clients.watermarks(broker, topic, p)[1] - at.get((topic, p), 0) for p in range(3)}
    before = lag()
    assert sum(before.values()) == 40
    broker.kill()
    broker.start_again_after_kill()
    assert lag() == before
    broker.restart()
    assert lag() == before
    rest = confluent_some(broker, topic, group, 40)
    assert len(set(rest)) == 40


def test_members_live_through_a_restart_without_a_rebalance(run, topic, group):
    broker = run.broker(0)
    clients.create_topic(broker, topic, partitions=2)
    fill(broker, topic, 2, 10)
    rebalances = []
    consumer = clients.confluent_consumer(broker, group_id=group, auto_offset_reset="earliest",
                                          session_timeout_ms=int(30000 * SLOW), reconnect_backoff_max_ms=200)
    consumer.subscribe([topic], on_assign=lambda _, p: rebalances.append(len(p)))
    assert len(consumer.consume(20, 30 * SLOW)) == 20
    broker.restart()
    fill(broker, topic, 2, 10, first=10)
    got, deadline = 0, time.monotonic() + 60 * SLOW
    while got < 20 and time.monotonic() < deadline:
        got += len([m for m in consumer.consume(20, 0.5) if not m.error()])
    consumer.commit(asynchronous=False)
    assert got == 20 and rebalances == [2]
    assert committed(broker, group) == {(topic, 0): 20, (topic, 1): 20}
    consumer.close()


# --- what only our broker promises ---


@pytest.mark.moldau
def test_lost_connections_of_parked_members_leave_nothing_behind(run):
    broker = run.broker(0)
    peer = Peer(broker)

    def join(p, **more):
        p.send("JoinGroup", 3, {"group_id": "g", "session_timeout_ms": 6000, "rebalance_timeout_ms": int(3000 * SLOW),
                                "member_id": "", "protocol_type": "consumer", "protocols": protocols("range"), **more})
    coordinate(peer)
    join(peer)
    assert peer.receive("JoinGroup", 3)["error_code"] == 0
    files = broker.open_files()
    parked = [peer.another() for _ in range(300)]
    for p in parked:
        join(p)
    wait_until(lambda: broker.open_files() >= files + 300, 30, "the connections")
    peer.leave()
    wait_until(lambda: broker.open_files() <= files, 60, "the connections to be gone")
    state = Peer(broker)

    def empty():
        about = state.call("DescribeGroups", 5, groups=["g"])["groups"][0]
        return about["group_state"] == "Empty" and not about["members"]
    wait_until(empty, 60, "those who were lost to be out of the group")
    state.hang_up()
