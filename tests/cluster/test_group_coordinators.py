"""Group coordinators that die, stop and hand over: committed offsets stay, members go on."""

import confluent_kafka
import pytest

import group_load
import members
from harness import SLOW, wait_until

SETTINGS = {"offsets_topic_replication_factor": 3, "offsets_topic_num_partitions": 6, "min_insync_replicas": 2,
            "zookeeper_session_timeout_ms": 2000, "replica_lag_time_max_ms": 3000}


@pytest.fixture
def three(own_run):
    brokers = [own_run.broker(i, **SETTINGS) for i in range(3)]
    members.await_members(brokers)
    return brokers


def more(committers, n=200):
    before = group_load.progress(committers)
    wait_until(lambda: group_load.progress(committers) > before + n, 60, "commits")


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_no_committed_offset_goes_back_when_coordinators_end(three, end):
    members.create_topic(three, "t")
    with group_load.running(three, "t") as committers:
        for broker in (*three, three[0]):
            more(committers)
            if end == "kill":
                broker.kill()
            else:
                broker.stop()
            known = [dict(c.acked) for c in committers]
            group_load.check(three, committers, "t", known)
            more(committers)
            broker.start_again_after_kill()
            members.await_members(three)


def test_members_go_on_under_another_coordinator(three):
    members.create_topic(three, "t", partitions=3, replicas=3)
    rebalances = []
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": members.bootstrap(three), "group.id": "g", "auto.offset.reset": "earliest",
        "enable.auto.commit": False, "session.timeout.ms": int(45000 * SLOW), "reconnect.backoff.max.ms": 200,
        "topic.metadata.refresh.interval.ms": 1000})
    consumer.subscribe(["t"], on_assign=lambda _, p: rebalances.append(len(p)))

    def read(n):
        got = []

        def enough():
            for m in consumer.consume(100, 0.2):
                if not m.error():
                    got.append(m.value())
            return len(got) >= n
        wait_until(enough, 90, f"{n} records")
        return got
    written = 0
    for _ in range(3):
        for p in range(3):
            members.write(three, "t", [b"%d" % (written + i) for i in range(20)], p, **{"acks": "all"})
        written += 20
        assert len(read(60)) == 60
        wait_until(lambda: commits(consumer), 60, "a commit")
        coordinator = group_load.coordinator_of(three, "g")
        coordinator.kill()
        wait_until(lambda: moved(three, coordinator), 60, "another coordinator")
        coordinator.start_again_after_kill()
        members.await_members(three)
        assert wait_until(lambda: committed(consumer), 60, "the offsets") == [written] * 3
    assert rebalances == [3], "nobody had to join again"
    consumer.close()


def commits(consumer):
    try:
        consumer.commit(asynchronous=False)
        return True
    except confluent_kafka.KafkaException:
        return False


def committed(consumer):
    """None while the client looks for the coordinator."""
    try:
        at = consumer.committed([confluent_kafka.TopicPartition("t", p) for p in range(3)], timeout=10 * SLOW)
    except confluent_kafka.KafkaException:
        return None
    return [p.offset for p in at]


def moved(brokers, old):
    try:
        return group_load.coordinator_of([b for b in brokers if b is not old], "g") is not old
    except (LookupError, StopIteration):
        return False


def test_a_commit_is_refused_when_it_cannot_be_kept(three):
    """Two of three replicas are needed; with one alive nothing is acknowledged, and nothing is lost."""
    members.create_topic(three, "t")
    group_load.stored(three, "g", "t")

    def ask(offset):
        try:
            peer = group_load.Closing(group_load.coordinator_of(three, "g"), timeout=20)
        except (LookupError, StopIteration, OSError):
            return None
        try:
            return group_load.commit(peer, "g", "t", offset)
        finally:
            peer.close()
    wait_until(lambda: ask(5) == 0, 30, "a commit")
    for b in three[1:]:
        b.kill()
    wait_until(lambda: ask(6) in (7, 15), 60, "a refusal")
    for b in three[1:]:
        b.start_again_after_kill()
    members.await_members(three)
    wait_until(lambda: ask(7) == 0, 60, "a commit")
    assert group_load.stored(three, "g", "t") == 7
