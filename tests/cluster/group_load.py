"""Committers that find their coordinators, and know what was acknowledged; for clusters of either kind of broker."""

import contextlib
import threading
import time

from conformance import Peer
from harness import SLOW, wait_until


class Committer(threading.Thread):
    """Commits rising offsets for groups of its own, one request after the other, wherever their coordinators are."""

    def __init__(self, brokers, topic, number, groups=6):
        super().__init__()
        self.brokers, self.topic = brokers, topic
        self.groups = [f"load-{number}-{i}" for i in range(groups)]
        self.acked = dict.fromkeys(self.groups, -1)
        self.sent = dict.fromkeys(self.groups, -1)
        self.running = True

    def run(self):
        n, coordinators = 0, {}
        with contextlib.ExitStack() as stack:
            while self.running:
                group = self.groups[n % len(self.groups)]
                try:
                    if group not in coordinators:
                        coordinators[group] = Peer(coordinator_of(self.brokers, group))
                        coordinators[group].connection(2)
                        stack.callback(coordinators[group].hang_up)
                    self.sent[group] = n
                    error = commit(coordinators[group], group, self.topic, n)
                    if error == 0:
                        self.acked[group] = n
                    elif error in (15, 16):
                        coordinators.pop(group).hang_up()
                    n += 1
                except Exception:
                    if group in coordinators:
                        coordinators.pop(group).hang_up()
                    time.sleep(0.05)


def commit(peer, group, topic, offset):
    answer = peer.call("OffsetCommit", 7, group_id=group, topics=[{"name": topic, "partitions": [
        {"partition_index": 0, "committed_offset": offset, "committed_metadata": ""}]}])
    return answer["topics"][0]["partitions"][0]["error_code"]


def coordinator_of(brokers, group):
    """As any living broker says."""
    for broker in brokers:
        with contextlib.suppress(Exception), contextlib.closing(Closing(broker)) as peer:
            found = peer.call("FindCoordinator", 2, key=group, key_type=0)
            if found["error_code"] == 0:
                return next(b for b in brokers if b.id == found["node_id"])
    raise LookupError(group)


class Closing(Peer):
    def __init__(self, broker, timeout=2):
        super().__init__(broker)
        self.connection(timeout)

    close = Peer.hang_up


def stored(brokers, group, topic):
    """The committed offset, once there is a coordinator that knows."""
    def ask():
        with contextlib.suppress(Exception), contextlib.closing(Closing(coordinator_of(brokers, group))) as peer:
            found = peer.call("OffsetFetch", 7, group_id=group, topics=[{"name": topic, "partition_indexes": [0]}])
            if found["error_code"] == 0:
                return (found["topics"][0]["partitions"][0]["committed_offset"],)
        return None
    return wait_until(ask, 60, f"a coordinator of {group}", every=0.05)[0]


def check(brokers, committers, topic, known):
    """Nothing that was acknowledged before `known` was taken has gone back."""
    for committer, acked in zip(committers, known):
        for group in committer.groups:
            now = stored(brokers, group, topic)
            assert now >= acked[group], f"{group} went back from {acked[group]} to {now}"


def progress(committers):
    return sum(sum(c.acked.values()) for c in committers)


@contextlib.contextmanager
def running(brokers, topic, n=4):
    """Committers at work; in the end every offset is one that was sent, and not older than the last acknowledged."""
    stored(brokers, "first", topic)  # makes the topic
    committers = [Committer(brokers, topic, i) for i in range(n)]
    for c in committers:
        c.start()
    try:
        yield committers
    finally:
        for c in committers:
            c.running = False
        for c in committers:
            c.join(60 * SLOW)
    for c in committers:
        for group in c.groups:
            assert c.acked[group] <= stored(brokers, group, topic) <= c.sent[group]
