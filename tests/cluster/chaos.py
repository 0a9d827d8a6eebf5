#!/usr/bin/python3
"""Faults that come one after the other under load, and the check at the end.

By itself it runs a cluster for as long as is wanted and prints what came of it:

    tests/cluster/chaos.py --seconds 900                 three of our brokers
    tests/cluster/chaos.py --seconds 900 --apache 1      one of them Apache Kafka's, from MOLDAU_PEERS_DIR
    tests/cluster/chaos.py --seconds 60 --seed 42        the schedule of an earlier run
"""

import argparse
import collections
import contextlib
import hashlib
import json
import os
import pathlib
import random
import signal
import sys
import time
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import harness  # noqa: E402  pylint: disable=wrong-import-position
import members  # noqa: E402  pylint: disable=wrong-import-position
import wire  # noqa: E402  pylint: disable=wrong-import-position
from ensemble import Ensemble  # noqa: E402  pylint: disable=wrong-import-position
from harness import wait_until  # noqa: E402  pylint: disable=wrong-import-position
from load import PARTITIONS, Load  # noqa: E402  pylint: disable=wrong-import-position
from relays import BACK, OUT, Relays  # noqa: E402  pylint: disable=wrong-import-position

TOPIC = "c"
LEADER_WITHIN_S = 10
CLIENTS = "clients"


class Cluster:
    """Three brokers on an ensemble of three, with a cable between any two processes. One letter per broker: m is ours,
    a is Apache's. Clients are not behind the cables: they reach a broker that nobody else reaches. Only Apache's brokers are
    shut off from them from their end until they know the cluster again: before, they deny every topic, and librdkafka
    believes it."""

    def __init__(self, directory, kinds="mmm", home=None, **settings):
        self.ensemble = Ensemble(directory).start()
        self.relays = Relays()
        self.run = harness.Run(self.ensemble, directory, "/chaos")
        self.brokers = [self.make(i, home if kind == "a" else None, settings) for i, kind in enumerate(kinds)]

    def make(self, number, apache, settings):
        broker = self.run.broker(number, start=False, apache=apache, replica_lag_time_max_ms=3000,
                                 zookeeper_session_timeout_ms=4000, **settings)
        inside, client_port = harness.free_port(), broker.port
        outside = self.relays.add(broker.name, inside)
        doors = [self.relays.add(m.name, m.port, broker.name) for m in self.ensemble.members]
        self.relays.processes[broker.name] = broker
        broker.ending = False
        broker.kind = "Apache Kafka" if apache else "Moldau"
        broker.direct = types.SimpleNamespace(port=client_port)
        if apache:
            broker.port = self.relays.add(broker.name, client_port, CLIENTS)
        broker.props.update({
            "listeners": f"PLAINTEXT://127.0.0.1:{client_port},INSIDE://127.0.0.1:{inside}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{broker.port},INSIDE://127.0.0.1:{outside}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT",
            "inter.broker.listener.name": "INSIDE",
            "zookeeper.connect": ",".join(f"127.0.0.1:{d}" for d in doors) + "/chaos"})
        return broker

    def shut_off(self, broker):
        if broker.apache:
            self.relays.set(CLIENTS, broker.name, broken=True)

    def bring_back(self, broker):
        if broker.ending:
            status = broker.wait_exit(120)
            assert status in (0, 143 if broker.apache else 0, -signal.SIGKILL), f"exit status {status}\n{broker.tail()}"
            broker.ending = False
            self.shut_off(broker)
        if broker.alive():
            return
        if broker.apache:  # it does not start while its old session lives
            wait_until(lambda: broker.session() is None, 60, "the old session to expire", every=0.1)
        broker.launch()

    def let_in(self, broker):
        """Once it knows where the topic is led."""
        if broker.apache:
            wait_until(lambda: leaders_said_by(broker), LEADER_WITHIN_S, f"{broker.name} to know the cluster", every=0.05)
            self.relays.set(CLIENTS, broker.name)

    def start(self):
        for broker in self.brokers:
            broker.launch()
        for broker in self.brokers:
            broker.wait_started()
        members.create_topic(self.brokers, TOPIC, PARTITIONS, 3, min_insync_replicas=2, segment_bytes=1 << 20)

    def controller(self):
        found = members.controller_of(self.run)
        return next((b for b in self.brokers if b.id == found), self.brokers[0])

    def leader(self, partition):
        state = self.brokers[0].znode(f"/brokers/topics/{TOPIC}/partitions/{partition}/state")[0]
        return next((b for b in self.brokers if b.id == json.loads(state)["leader"]), self.brokers[0])

    def members_by_role(self):
        """The leader of the ensemble comes first."""
        leader = self.ensemble.leader()
        return sorted(self.ensemble.members, key=lambda m: m is not leader)

    def have_leaders(self):
        """Whether every broker says the same leader of every partition, one who lives."""
        found = [leaders_said_by(broker) for broker in self.brokers]
        return all(f and f == found[0] for f in found)

    def close(self):
        try:
            self.run.cleanup()
        finally:
            self.ensemble.kill()
            self.relays.close()


def leaders_said_by(broker):
    """partition -> leader; None: it does not answer, or some partition has none."""
    with contextlib.suppress(OSError, wire.Closed), wire.Connection(broker.direct, 2) as c:
        found = c.leaders(TOPIC)
        return found if len(found) == PARTITIONS and min(found.values()) >= 0 else None
    return None


@contextlib.contextmanager
def cluster(kinds="mmm", home=None, **settings):
    directory = harness.make_directory("moldau-chaos-")
    made = None
    try:
        made = Cluster(directory, kinds, home, **settings)
        yield made
    finally:
        if made:
            made.close()
        harness.remove_directory(directory)


# --- faults: what happens, and after a while (`yield`) its end; who is not alive then is started when all have ended ---


def kill(cluster, broker):
    cluster.shut_off(broker)
    broker.kill()
    yield


def kill_any(cluster, n):
    yield from kill(cluster, cluster.brokers[n % 3])


def kill_controller(cluster, n):
    yield from kill(cluster, cluster.controller())


def kill_leader(cluster, n):
    yield from kill(cluster, cluster.leader(n % PARTITIONS))


def frozen(process):
    if process.alive():  # another fault at the same time may have killed it
        process.pause()
    yield
    if process.alive():
        process.resume()


def freeze(cluster, n):
    yield from frozen(cluster.brokers[n % 3])


def freeze_controller(cluster, n):
    yield from frozen(cluster.controller())


def stop(cluster, n):
    """In order; with another fault at the same time it may take until that has ended."""
    broker = cluster.brokers[n % 3]
    if broker.alive():
        broker.ending = True
        broker.signal(signal.SIGTERM)
    yield


def expire(cluster, n):
    broker = cluster.brokers[n % 3]
    session = broker.session()
    if session and broker.alive():
        broker.pause()  # or it would take its session back
        cluster.ensemble.expire(session)
        broker.resume()
    yield


def cut(cluster, cables, how):
    """how: silence both ways, silence one way, or broken connections."""
    for source, target in cables:
        cluster.relays.set(source.name, target.name, **how)
    yield
    for source, target in cables:
        cluster.relays.set(source.name, target.name)


SILENCE, BROKEN = {"stalled": (OUT, BACK)}, {"broken": True}


def between(a, others):
    return [(a, b) for b in others] + [(b, a) for b in others]


def cut_two(cluster, n):
    a, b = cluster.brokers[n % 3], cluster.brokers[(n + 1) % 3]
    yield from cut(cluster, between(a, [b]), SILENCE)


def break_two(cluster, n):
    a, b = cluster.brokers[n % 3], cluster.brokers[(n + 1) % 3]
    yield from cut(cluster, between(a, [b]), BROKEN)


def cut_one_way(cluster, n):
    """What a sends does not reach b; what b sends still reaches a."""
    a, b = cluster.brokers[n % 3], cluster.brokers[(n + 1 + n // 3 % 2) % 3]
    sent, answered = cut(cluster, [(a, b)], {"stalled": (OUT,)}), cut(cluster, [(b, a)], {"stalled": (BACK,)})
    for part in (sent, answered):
        next(part)
    yield
    for part in (sent, answered):
        next(part, None)


def isolate(cluster, n):
    """From the other brokers and from the ensemble: the clients still reach it."""
    a = cluster.brokers[n % 3]
    others = [b for b in cluster.brokers if b is not a]
    yield from cut(cluster, between(a, others) + [(a, m) for m in cluster.ensemble.members], SILENCE)


def cut_from_brokers(cluster, n):
    a = cluster.leader(n % PARTITIONS)
    yield from cut(cluster, between(a, [b for b in cluster.brokers if b is not a]), SILENCE)


def cut_from_ensemble(cluster, n):
    yield from cut(cluster, [(cluster.brokers[n % 3], m) for m in cluster.ensemble.members], SILENCE)


def break_from_ensemble(cluster, n):
    yield from cut(cluster, [(cluster.brokers[n % 3], m) for m in cluster.ensemble.members], BROKEN)


def kill_member(cluster, n):
    member = cluster.members_by_role()[n % 3]
    member.kill()
    yield
    member.launch()


def freeze_member(cluster, n):
    yield from frozen(cluster.members_by_role()[n % 3])


def all_at_once(faults):
    """Several of one kind."""
    faults = list(faults)
    for fault in faults:
        next(fault)
    yield
    for fault in faults:
        next(fault, None)


def kill_all(cluster, _):
    yield from all_at_once(kill(cluster, b) for b in cluster.brokers)


def freeze_quorum(cluster, n):
    """Two of the ensemble's members: what is left may not answer."""
    yield from all_at_once(frozen(m) for m in cluster.members_by_role()[n % 2:n % 2 + 2])


FAULTS = [kill_any, kill_any, kill_controller, kill_leader, freeze, freeze_controller, stop, expire, cut_two, break_two,
          cut_one_way, isolate, cut_from_brokers, cut_from_ensemble, break_from_ensemble, kill_member, freeze_member,
          kill_all, freeze_quorum]
OF_THE_ENSEMBLE = {kill_member, freeze_member, freeze_quorum}

Step = collections.namedtuple("Step", "faults lasts_s then_s")


def steps(seed, long=False):
    """What happens next, and next: the same for the same seed. Each fault comes with a number that says to whom. With
    `long`, every fourth outlasts the timeouts of requests between brokers."""
    dice = random.Random(seed)
    deck = []
    while True:
        if not deck:
            deck = dice.sample(FAULTS, len(FAULTS))  # all of them before one comes again
        faults = [(deck.pop(), dice.randrange(60))]
        if dice.random() < 0.15:  # now and then another on top
            faults.append((dice.choice(FAULTS), dice.randrange(60)))
            faults.sort(key=lambda fault: fault[0] in OF_THE_ENSEMBLE)  # others ask it to whom they happen
        lasts_s = [dice.uniform(0.1, 2), dice.uniform(2, 7), dice.uniform(0.1, 7)] + long * [dice.uniform(30, 45)]
        yield Step(faults, dice.choice(lasts_s), dice.uniform(0, 2))


class Rage:
    """Step after step, while the load goes on; afterwards there are leaders in time."""

    def __init__(self, cluster, load, out=None):
        self.cluster, self.load, self.out = cluster, load, out
        self.done = collections.Counter()
        self.controllers = collections.Counter()
        self.leaders_s = []
        self.written_s = []
        self.history = []

    def one(self, step):
        began = [fault(self.cluster, number) for fault, number in step.faults]
        self.done.update(fault.__name__ for fault, _ in step.faults)
        self.history.append(" and ".join(f"{fault.__name__}({number})" for fault, number in step.faults))
        for fault in began:
            next(fault)
        time.sleep(step.lasts_s)  # how long a fault lasts is part of it, not a wait for something
        for fault in reversed(began):
            next(fault, None)
        for broker in self.cluster.brokers:
            self.cluster.bring_back(broker)
        for broker in self.cluster.brokers:
            broker.wait_started()
        for broker in self.cluster.brokers:
            self.cluster.let_in(broker)
        self.recover()
        if self.out:
            print(f"{self.history[-1]} {step.lasts_s:.1f} s: leaders {self.leaders_s[-1]:.1f} s, "
                  f"writes {self.written_s[-1]:.1f} s", file=self.out, flush=True)
        time.sleep(step.then_s)

    def recover(self):
        ended = time.monotonic()
        wait_until(self.cluster.have_leaders, LEADER_WITHIN_S, f"leaders after {self.history[-3:]}", every=0.05)
        self.leaders_s.append(time.monotonic() - ended)
        self.controllers.update([self.cluster.controller().kind])
        self.load.await_progress()
        self.written_s.append(time.monotonic() - ended)
        self.cluster.ensemble.await_quorum()


def log_digest(broker, topic, partition):
    digest = hashlib.sha256()
    for segment in sorted(broker.partition_dir(topic, partition).glob("*.log")):
        with open(segment, "rb") as f:
            while chunk := f.read(1 << 20):
                digest.update(chunk)
    return digest.digest()


def await_identical(brokers, topic, partition):
    """All is committed when nobody writes and all are in sync: then the logs are the same to the last byte."""
    wait_until(lambda: len({log_digest(b, topic, partition) for b in brokers}) == 1, 30,
               f"identical logs of {topic}-{partition}", every=0.2)


def await_isr(brokers, topic, expected, partitions=PARTITIONS, timeout=20):
    with members.admin_client(brokers) as admin:
        for p in range(partitions):
            wait_until(lambda p=p: members.isr(admin, topic, p) == sorted(expected), timeout, f"ISR {sorted(expected)} of {p}",
                       every=0.05)


def assert_unharmed(brokers, load):
    load.check()
    await_isr(brokers, load.topic, {0, 1, 2}, timeout=60)
    for p in range(PARTITIONS):
        await_identical(brokers, load.topic, p)


def rage(cluster, seconds, seed=None, out=None, long=False):
    """Faults under load for so long, then everybody comes back and nothing acknowledged may be missing."""
    seed = seed if seed is not None else random.randrange(1 << 32)
    print(f"seed {seed}: MOLDAU_TEST_SEED repeats the faults", flush=True)
    cluster.start()
    load = Load(cluster.brokers, TOPIC)
    trouble = Rage(cluster, load, out)
    load.start()
    try:
        end = time.monotonic() + seconds
        for step in steps(seed, long):
            if time.monotonic() > end:
                break
            trouble.one(step)
    finally:
        load.stop()
    assert_unharmed(cluster.brokers, load)
    return trouble, load


def summary(trouble, load):
    return "\n".join([
        "faults: " + ", ".join(f"{n} {name}" for name, n in sorted(trouble.done.items())),
        "controllers after them: " + ", ".join(f"{n} {kind}" for kind, n in trouble.controllers.items()),
        f"acknowledged: {sum(load.progress())} records, none lost, doubled or reordered; logs identical on all brokers",
        f"leaders after a fault: {max(trouble.leaders_s):.1f} s at most",
        f"all partitions written after a fault: {max(trouble.written_s):.1f} s at most"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--apache", type=int, default=0, choices=range(4), help="how many of the brokers are Apache's")
    parser.add_argument("--long", action="store_true", help="some faults last longer than a request may")
    args = parser.parse_args()
    home = pathlib.Path(os.environ.get("MOLDAU_PEERS_DIR", harness.ROOT / "build" / "peers"))
    if args.apache and not (home / "libs").is_dir():
        parser.error(f"no Apache Kafka in {home}: tests/peers/fetch.sh {home}/libs fetches it")
    with cluster("m" * (3 - args.apache) + "a" * args.apache, home) as made:
        print(summary(*rage(made, args.seconds, args.seed, sys.stdout, args.long)))


if __name__ == "__main__":
    main()
