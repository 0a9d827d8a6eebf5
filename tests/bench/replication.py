#!/usr/bin/env python3
"""replication.py - three brokers on loopback: what replication costs, and how long recoveries take. One JSON line a figure.

    tests/bench/replication.py [--apache HOME] [--quick] [--only REGEX]

Needs a built tree ($MOLDAU_BUILD, default build/) with `make bench`. --apache measures the same with three brokers of Apache
Kafka, whose jars are in HOME/libs. CPU is that of all three brokers together. Figures of Moldau and Apache are taken in turn, so
that a slow minute of the machine hurts both.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "tests/cluster")]

import harness  # noqa: E402
import members  # noqa: E402

LOAD = pathlib.Path(os.environ.get("MOLDAU_BUILD", ROOT / "build")) / "tests/bench/load"
GB = 1e9
SETTINGS = {"offsets_topic_replication_factor": 1, "num_partitions": 1, "zookeeper_session_timeout_ms": 6000}


def load(what, broker, *arguments):
    done = subprocess.run([str(a) for a in (LOAD, what, "--broker", broker.address, *arguments)], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout or b"{}")


class Cluster:
    """Three brokers of one kind, and a ZooKeeper of their own."""

    def __init__(self, apache):
        self.directory = harness.make_directory("moldau-bench-")
        self.zookeeper = harness.ZooKeeper(self.directory)
        self.zookeeper.start()
        self.brokers = [harness.Broker(self.zookeeper, pathlib.Path(self.directory) / f"broker-{i}", i, "/bench", apache=apache, **SETTINGS) for i in range(3)]
        self.topics = 0
        with self.zookeeper.client() as zk:
            zk.ensure_path("/bench")
        for broker in self.brokers:
            broker.start(timeout=90)

    def __enter__(self):
        members.await_members(self.brokers)
        return self

    def __exit__(self, *_):
        for process in (*self.brokers, self.zookeeper):
            process.kill()
        harness.remove_directory(self.directory)

    def topic(self, partitions, replicas=3, **config):
        """Its name and, of partition 0, the leader."""
        self.topics += 1
        name = f"bench-{self.topics}"
        members.create_topic(self.brokers, name, partitions, replicas, **config)
        return name, self.leader(name)

    def leader(self, name):
        with members.admin_client(self.brokers) as admin:
            found = harness.wait_until(lambda: members.leaders(admin, name).get(0, -1) + 1, 30, "a leader") - 1
        return self.brokers[found]

    def cpu(self):
        return sum(b.cpu_seconds() for b in self.brokers if b.alive())

    def others(self, broker):
        return [b for b in self.brokers if b is not broker]


# --- figures: each returns {unit: value} ---

def throughput(cluster, quick, replicas, acks):
    size = 200_000_000 if quick else 1_000_000_000
    topic, leader = cluster.topic(1, replicas)
    load("produce", leader, "--topic", topic, "--depth", 5, "--acks", acks, "--warm-up", 0, "--amount", size // 10)
    before = cluster.cpu()
    out = load("produce", leader, "--topic", topic, "--depth", 5, "--acks", acks, "--warm-up", 0, "--amount", size)
    done = time.monotonic()
    with members.admin_client(cluster.brokers) as admin:
        harness.wait_until(lambda: len(members.isr(admin, topic)) == replicas, 60, "the ISR")
    return {"MB/s": size / 1e6 / out["seconds"], "CPU s/GB, three brokers": (cluster.cpu() - before) / (size / GB),
            "s until in sync": time.monotonic() - done}


def latency(cluster, quick, rate):
    topic, leader = cluster.topic(1)
    out = load("latency", leader, "--topic", topic, "--record", 100, "--rate", rate, "--seconds", 3 if quick else 10, "--kind", "broker")
    return {"ms p50": out["p50_ms"], "ms p99": out["p99_ms"]}


def recovery(cluster, quick):
    """A follower that was away comes back into the in-sync set."""
    size = 500_000_000 if quick else 2_000_000_000
    topic, leader = cluster.topic(1)
    away = cluster.others(leader)[0]
    away.stop(timeout=90)
    load("produce", leader, "--topic", topic, "--depth", 5, "--acks", 1, "--warm-up", 0, "--amount", size)
    away.launch()
    away.wait_started(90)
    began, cpu = time.monotonic(), away.cpu_seconds()
    with members.admin_client(cluster.brokers) as admin:
        harness.wait_until(lambda: len(members.isr(admin, topic)) == 3, 300, "the ISR", every=0.02)
    return {"s/GB": (time.monotonic() - began) / (size / GB), "CPU s/GB of the follower": (away.cpu_seconds() - cpu) / (size / GB)}


def writable(cluster, topic, partition=0):
    """Waits for a record with acks=-1 to be acknowledged; returns when it was."""
    members.write(cluster.brokers, topic, [b"x"], partition, acks=-1, **{"retry.backoff.ms": 5, "topic.metadata.refresh.fast.interval.ms": 10,
                  "socket.connection.setup.timeout.ms": 2000, "reconnect.backoff.ms": 5, "reconnect.backoff.max.ms": 20})
    return time.monotonic()


def handover(cluster, _):
    """The leader is told to stop."""
    topic, leader = cluster.topic(1, min_insync_replicas=2)
    writable(cluster, topic)
    began = time.monotonic()
    leader.signal(15)
    with members.admin_client(cluster.others(leader)) as admin:
        harness.wait_until(lambda: members.leaders(admin, topic).get(0, -1) not in (-1, leader.id), 60, "another leader", every=0.002)
    took = time.monotonic() - began
    leader.wait_exit(90)
    leader.launch()
    leader.wait_started(90)
    with members.admin_client(cluster.brokers) as admin:
        harness.wait_until(lambda: len(members.isr(admin, topic)) == 3, 60, "the ISR")
    return {"ms": took * 1000}


def many_partitions(cluster, quick):
    """1,000 partitions with three replicas: how long they take to come, what they cost at rest."""
    began = time.monotonic()
    topic, leader = cluster.topic(1000)
    with members.admin_client(cluster.brokers) as admin:
        harness.wait_until(lambda: list(members.leaders(admin, topic).values()).count(-1) == 0, 120, "leaders")
    made = time.monotonic() - began
    time.sleep(5)
    seconds = 5 if quick else 20
    before = [b.cpu_seconds() for b in cluster.brokers]
    time.sleep(seconds)
    spent = [b.cpu_seconds() - c for b, c in zip(cluster.brokers, before)]
    size = 200_000_000 if quick else 1_000_000_000
    out = load("produce", leader, "--topic", topic, "--depth", 5, "--acks", -1, "--warm-up", size // 10, "--amount", size)
    return {"s to create": made, "idle, % of a core for each broker": 100 * max(spent) / seconds, "MB/s then, acks -1": size / 1e6 / out["seconds"]}


def figures(quick):
    yield "produce, 1 replica, acks -1", lambda c: throughput(c, quick, 1, -1)
    yield "produce, 3 replicas, acks 1", lambda c: throughput(c, quick, 3, 1)
    yield "produce, 3 replicas, acks -1", lambda c: throughput(c, quick, 3, -1)
    for rate in (100, 1000):
        yield f"end-to-end latency, 3 replicas, {rate} records/s", lambda c, rate=rate: latency(c, quick, rate)
    yield "recovery of a follower", lambda c: recovery(c, quick)
    yield "SIGTERM of a leader until the next one leads", lambda c: handover(c, quick)
    yield "1,000 partitions with 3 replicas", lambda c: many_partitions(c, quick)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apache", metavar="HOME", help="also three brokers of Apache Kafka")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--only", metavar="REGEX", default="", help="only figures whose name matches")
    options = parser.parse_args()
    for name, measure in figures(options.quick):
        if not re.search(options.only, name):
            continue
        for side, home in (("Moldau", None), ("Apache Kafka", options.apache)):
            if side == "Moldau" or home:
                with Cluster(home) as cluster:
                    values = {k: round(v, 3) for k, v in measure(cluster).items()}
                print(json.dumps({"figure": name, "of": side, **values}), flush=True)


if __name__ == "__main__":
    main()
