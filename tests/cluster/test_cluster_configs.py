"""Configurations changed while a cluster runs: what one broker takes up alone, what all do, and what the controller does."""

import json
import pathlib
import time

import pytest

import configs
import members
import wire
from configs import BROKER, TOPIC
from harness import free_port, wait_until
from test_replication import await_identical, await_isr, leader_of


@pytest.fixture
def two(run):
    return [run.broker(i, replica_lag_time_max_ms=2000) for i in range(2)]


def followers_of(brokers, leader):
    return [b for b in brokers if b is not leader]


# --- unclean elections ---


def by_topic(run, broker):
    configs.alter(broker, TOPIC, "t", {"unclean.leader.election.enable": "true"})


def by_topic_by_hand(run, broker):
    with run.zookeeper.client(run.chroot) as zk:
        configs.set_by_hand(zk, "topics/t", {"unclean.leader.election.enable": "true"})


def by_broker(run, broker):
    configs.alter(broker, BROKER, str(broker.id), {"unclean.leader.election.enable": "true"})


def by_cluster(run, broker):
    configs.alter(broker, BROKER, "", {"unclean.leader.election.enable": "true"})


def by_cluster_as_cmak(run, broker):
    with run.zookeeper.client(run.chroot) as zk:
        configs.write(zk, "brokers/<default>", {"unclean.leader.election.enable": "true"})
        configs.announce(zk, "brokers/<default>")


@pytest.mark.parametrize("allow", [by_topic, by_topic_by_hand, by_broker, by_cluster, by_cluster_as_cmak])
def test_unclean_elections_once_allowed(run, two, allow):
    """The controller does not wait for another reason: it elects at once."""
    members.create_topic(two, "t", 1, 2, min_insync_replicas=1)
    members.create_topic(two, "strict", 1, 2, unclean_leader_election_enable="false")
    members.write(two, "t", [b"a"] * 10, acks=-1)
    await_isr(two, "t", {0, 1})
    ahead = leader_of(two, "t")
    behind, = followers_of(two, ahead)
    behind.kill()
    await_isr([ahead], "t", {ahead.id})
    members.write([ahead], "t", [b"b"] * 10, acks=-1)
    ahead.kill()
    behind.start_again_after_kill()
    members.await_controller(run, [behind])
    with members.admin_client([behind]) as admin:
        wait_until(lambda: not members.leaders(admin, "t"), 30, "no leader: the only one in sync is away")
        time.sleep(0.5)
        assert not members.leaders(admin, "t")
        allow(run, behind)
        wait_until(lambda: members.leaders(admin, "t") == {0: behind.id}, 30, "an unclean leader")
        assert members.isr(admin, "t") == [behind.id]
    assert members.read([behind], "t", 10) == [b"a"] * 10
    ahead.start_again_after_kill()
    await_isr(two, "t", {0, 1}, 40)
    await_identical(two, "t")


def test_a_topic_of_its_own_mind_has_no_unclean_leader(run, two):
    members.create_topic(two, "t", 1, 2, unclean_leader_election_enable="false")
    ahead = leader_of(two, "t")
    behind, = followers_of(two, ahead)
    behind.kill()
    await_isr([ahead], "t", {ahead.id})
    ahead.kill()
    behind.start_again_after_kill()
    members.await_controller(run, [behind])
    with members.admin_client([behind]) as admin:
        wait_until(lambda: not members.leaders(admin, "t"), 30, "no leader")
        configs.alter(behind, BROKER, "", {"unclean.leader.election.enable": "true"})
        time.sleep(1)
        assert not members.leaders(admin, "t")
        configs.alter(behind, TOPIC, "t", {"unclean.leader.election.enable": None})  # no election by that alone
        configs.alter(behind, TOPIC, "t", {"unclean.leader.election.enable": "true"})
        wait_until(lambda: members.leaders(admin, "t") == {0: behind.id}, 30, "an unclean leader")


# --- replication ---


@pytest.mark.moldau
@pytest.mark.parametrize("lower", [
    lambda b: configs.alter(b, TOPIC, "t", {"min.insync.replicas": 1}),
    lambda b: configs.alter(b, TOPIC, "t", {"min.insync.replicas": None})], ids=["set", "deleted"])
def test_a_lower_min_insync_replicas_lets_records_be_seen(run, two, lower):
    """The high watermark stood still while too few were in sync (KIP-966); the change moves it, without waiting for the next record."""
    members.create_topic(two, "t", 1, 2, min_insync_replicas=2)
    leader = leader_of(two, "t")
    follower, = followers_of(two, leader)
    if members.controller_of(run) == follower.id:  # the frozen one must not be needed
        follower.restart()
        members.await_controller(run, two)
        with members.admin_client(two) as admin:
            wait_until(lambda: members.isr(admin, "t") == [0, 1], 30, "both in sync")
        leader = leader_of(two, "t")
        follower, = followers_of(two, leader)
    follower.kill()
    await_isr([leader], "t", {leader.id}, 40)
    members.write([leader], "t", [b"x"] * 10, acks=1)

    def end():
        answer = configs.ask(leader.port, "ListOffsets", 5, replica_id=-1, isolation_level=0, topics=[
            {"name": "t", "partitions": [{"partition_index": 0, "current_leader_epoch": -1, "timestamp": -1}]}])
        return answer["topics"][0]["partitions"][0]["offset"]

    assert end() == 0
    lower(leader)
    wait_until(lambda: end() == 10, 30, "the high watermark to move")
    assert members.read([leader], "t", 10) == [b"x"] * 10


def fetchers(broker):
    """Names of the fetcher threads of a process."""
    names = [p.read_text().strip() for p in pathlib.Path(f"/proc/{broker.pid}/task").glob("*/comm")]
    return sorted(n for n in names if n.startswith("fetch"))


@pytest.mark.moldau
def test_fetchers_are_added_and_taken_away(run):
    two = [run.broker(i, num_replica_fetchers=2) for i in range(2)]
    members.create_topic(two, "t", 6, 2, min_insync_replicas=2)
    follower = two[1]
    wait_until(lambda: len(fetchers(follower)) == 1, 30, "only one of the two: the broker follows every other partition")
    for number in (3, 1):
        configs.alter(follower, BROKER, "1", {"num.replica.fetchers": number})
        wait_until(lambda: len(fetchers(follower)) == number, 30, f"{number} fetchers, {fetchers(follower)}")
        for p in range(6):
            members.write(two, "t", [b"%d" % number] * 100, p, acks=-1)
    for p in range(6):
        await_identical(two, "t", p)


# --- brokers that see each other ---


def test_a_brokers_own_and_the_default_of_all(two):
    members.create_topic(two, "t", 2, 1)
    with members.admin_client(two) as admin:
        where = {leader: partition for partition, leader in members.leaders(admin, "t").items()}
    assert set(where) == {0, 1}

    def refused(broker, size):
        return members.refuses(broker, "t", where[broker.id], size)

    configs.alter(two[0], BROKER, "", {"message.max.bytes": 50000})  # answered by whoever is asked, in force at both
    for b in two:
        wait_until(lambda: refused(b, 60000), 30, f"the default at {b.name}")
    configs.alter(two[1], BROKER, "1", {"message.max.bytes": 30000})  # only the broker itself answers for its own
    wait_until(lambda: refused(two[1], 40000), 30, "the broker's own")
    assert not refused(two[0], 40000) and refused(two[0], 60000)
    answer = configs.try_alter(two[0], BROKER, "1", {"message.max.bytes": 20000})
    assert answer[0] == configs.INVALID_REQUEST and "received 1" in answer[1]
    configs.alter(two[1], BROKER, "1", {"message.max.bytes": None})
    wait_until(lambda: not refused(two[1], 40000), 30, "the default of all")
    configs.alter(two[1], BROKER, "", {"message.max.bytes": None})
    for b in two:
        wait_until(lambda: not refused(b, 60000), 30, f"what {b.name} began with")


NAMED = {"listener_security_protocol_map": "INTERNAL:PLAINTEXT,OUTER:PLAINTEXT", "inter_broker_listener_name": "INTERNAL",
         "replica_lag_time_max_ms": 2000}


def test_new_listeners_are_seen_by_the_others(run):
    """The other brokers answer with the new endpoint, and replication goes on over the listener for it."""
    brokers = [run.broker(i, start=False, **NAMED) for i in range(2)]
    outer = [free_port() for _ in brokers]
    for b in brokers:
        b.set(listeners=f"INTERNAL://127.0.0.1:{b.port}")
        b.start()
    members.create_topic(brokers, "t", 2, 2, min_insync_replicas=2)
    for b in brokers:
        configs.alter(b, BROKER, str(b.id), {
            "listeners": f"INTERNAL://127.0.0.1:{b.port},OUTER://127.0.0.1:{outer[b.id]}"})

    def known_at(port):
        try:
            answer = configs.ask(port, "Metadata", 8, topics=[])
        except (OSError, wire.Closed):
            return None
        return {b["node_id"]: b["port"] for b in answer["brokers"]}

    for port in outer:
        wait_until(lambda: known_at(port) == dict(enumerate(outer)), 30, f"both endpoints at {port}")
    for b in brokers:
        assert known_at(b.port) == {x.id: x.port for x in brokers}
    through = [type("There", (), {"address": f"127.0.0.1:{p}", "port": p}) for p in outer]
    for p in range(2):
        members.write(through, "t", [b"x"] * 100, p, acks=-1)
        assert members.read(through, "t", 100, p) == [b"x"] * 100
    configs.alter(brokers[1], BROKER, "1", {
        "advertised.listeners": f"INTERNAL://127.0.0.1:{brokers[1].port},OUTER://127.0.0.1:9"})
    wait_until(lambda: known_at(outer[0]) == {0: outer[0], 1: 9}, 30, "the advertised address at the other broker")
    with run.zookeeper.client(run.chroot) as zk:
        assert "OUTER://127.0.0.1:9" in json.loads(zk.get("/brokers/ids/1")[0])["endpoints"]
    for p in range(2):
        members.write(brokers, "t", [b"y"] * 100, p, acks=-1)
        await_identical(brokers, "t", p)
    configs.alter(brokers[1], BROKER, "1", {"listeners": None, "advertised.listeners": None})
    wait_until(lambda: known_at(outer[0]) == {0: outer[0]}, 30, "only who has that listener")
    await_isr(brokers, "t", {0, 1})
