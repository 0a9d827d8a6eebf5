"""Consumer groups as clients use them: every client, eager and cooperative, members that come and go, brokers that die.

  MOLDAU_TEST_REBALANCE_SECONDS   how long members come and go (default 12; five minutes are 300)
"""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import confluent_kafka
import kafka
import pytest
from confluent_kafka import TopicPartition
from kafka.admin import KafkaAdminClient

import clients
import harness
from clients import Record
from conformance import Peer
from harness import SLOW, wait_until
from scenarios.groups import coordinate, protocols

HERE = pathlib.Path(__file__).resolve().parent
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


class Members(harness.Process):
    """A process of group_members.py. Its members may die with it: at our hands, or of a failure of librdkafka 2.0 that
    closing a cooperative consumer sometimes meets."""

    def __init__(self, directory, broker, topic, group, strategy, first, count, stay):
        super().__init__(f"members-{first}", directory)
        self.log = self.dir / f"members-{first}.log"
        self.strategy = strategy
        self.died = None
        self.spawn([sys.executable, HERE / "group_members.py", broker.address, topic, group, strategy, first, count, stay,
                    self.log], {"MEMBERS_SESSION_MS": str(SESSION_MS), "PYTHONPATH": str(HERE)})

    def kill(self):
        super().kill()
        self.died = time.monotonic()

    def finish(self):
        if self.died is None and self.proc.poll() is None:
            self.signal(signal.SIGTERM)
            self.wait_exit(120)
        if self.died is None and self.proc.returncode == -signal.SIGABRT:
            assert "rd_kafka_sticky_assignor_state_destroy" in self.output(), self.tail()
            self.died = self.log.stat().st_mtime - time.time() + time.monotonic()
        assert self.died is not None or self.proc.returncode == 0, self.tail()

    def events(self):
        """(time, what, member, numbers)"""
        if not self.log.exists():
            return []
        with open(self.log) as f:
            lines = [line.split(" ", 3) for line in f.read().split("\n")[:-1]]
        return [(float(line[0]), line[1], line[2], line[3] if len(line) > 3 else "") for line in lines]


def owners_and_reads(processes):
    """Goes through all that happened, in order: ({(partition, offset)}, {partition: owner}, [problem], [wait])."""
    # librdkafka 2.0 may hand out one more record after a cooperative revocation, whoever the broker is
    strict = not any(p.strategy == "cooperative-sticky" for p in processes)
    events = [(*e, p) for p in processes for e in p.events()]
    events += [(p.died, "died", "", "", p) for p in processes if p.died is not None]
    owners, reads, problems, waits = {}, set(), [], []
    for _, what, member, rest, process in sorted(events, key=lambda e: e[0]):
        if what == "died":
            owners = {p: o for p, o in owners.items() if o[1] is not process}
        elif what == "assigned":
            for p in map(int, rest.split()):
                if owners.get(p, (member,))[0] != member:
                    problems.append(f"{p} is given to {member} while {owners[p][0]} owns it")
                owners[p] = (member, process)
        elif what == "revoked":
            for p in map(int, rest.split()):
                if owners.get(p, (None,))[0] == member:
                    del owners[p]
        elif what == "closed":
            owners = {p: o for p, o in owners.items() if o[0] != member}
        elif what == "read":
            partition, offset = map(int, rest.split())
            if strict and owners.get(partition, (None,))[0] != member:
                problems.append(f"{member} reads {partition} without owning it")
            reads.add((partition, offset))
        elif what == "waited":
            waits.append(float(rest))
        else:
            problems.append(f"{member} {what}: {rest}")
    return reads, owners, problems, waits


class Writer(threading.Thread):
    """A record to every partition, again and again."""

    def __init__(self, broker, topic, partitions):
        super().__init__()
        self.producer = clients.confluent_producer(broker, linger_ms=5)
        self.topic, self.partitions, self.written, self.running = topic, partitions, 0, True

    def run(self):
        while self.running:
            for p in range(self.partitions):
                self.producer.produce(self.topic, value=b"%d" % self.written, partition=p)
            self.written += 1
            self.producer.poll(0.05)
        self.left = self.producer.flush(60 * SLOW)


@pytest.mark.parametrize("strategy", ["range", "cooperative-sticky"])
def test_fifty_members_come_and_go(broker, topic, group, strategy, tmp_path):
    partitions = 20
    clients.create_topic(broker, topic, partitions=partitions)
    writer = Writer(broker, topic, partitions)
    writer.start()
    processes = [Members(tmp_path, broker, topic, group, strategy, 10 * i, 10, 6) for i in range(5)]
    try:
        time.sleep(REBALANCE_SECONDS * SLOW / 2)
        processes[0].kill()  # ten members that do not say good-bye
        time.sleep(REBALANCE_SECONDS * SLOW / 2)
        for p in processes[1:]:
            p.finish()
        writer.running = False
        writer.join(90 * SLOW)
        assert writer.left == 0
        # Five that stay settle within one rebalance timeout, and read what nobody has committed.
        processes.append(Members(tmp_path, broker, topic, group, strategy, 1000, 5, 0))

        def settled():
            about = described(broker, group)
            return about.state == "Stable" and len(about.members) == 5 and len(owners_and_reads(processes)[1]) == partitions
        wait_until(settled, REBALANCE_TIMEOUT_S / SLOW, "the group to be stable", every=0.2)
        everything = {(p, o) for p in range(partitions) for o in range(writer.written)}
        wait_until(lambda: everything <= owners_and_reads(processes)[0], 60, "every record to be read", every=0.2)
    finally:
        writer.running = False
        for p in processes:
            if p.alive():
                p.finish()
    reads, owners, problems, waits = owners_and_reads(processes)
    assert not problems, problems[:5]
    assert reads == everything and not owners
    assert max(waits) < REBALANCE_TIMEOUT_S
    print(f"{strategy}: {len(waits)} stays, {len(everything)} records, longest wait for an assignment {max(waits):.1f} s")


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
    broker = run.broker(0, offsets_topic_num_partitions=5, zookeeper_session_timeout_ms=4000)
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
    broker = run.broker(0, offsets_topic_num_partitions=3, zookeeper_session_timeout_ms=4000)
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
