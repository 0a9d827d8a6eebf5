"""Random operations on Apache Kafka and on Moldau side by side: every answer and, at the end, every file is the same.

The seed is printed; MOLDAU_TEST_SEED repeats a run.
"""

import os
import random

import pytest

import conformance
from records import GZIP, LZ4, NONE, SNAPPY, ZSTD, batch, message, messages
from scenarios.state import files

OPERATIONS = 600
T0 = conformance.now_ms() - 10 * 86_400_000  # not so old that producers are forgotten by a restart


class Twins:
    """Both brokers; every request goes to both."""

    def __init__(self, ours, theirs):
        self.peers = (conformance.Peer(ours), conformance.Peer(theirs))
        self.log = []

    def each(self, function, what):
        """Runs it on both and compares what it returns."""
        got = [function(peer) for peer in self.peers]
        self.log.append(what)
        found = list(conformance.differences(got[1], got[0]))
        assert not found, "\n".join(["\n".join(self.log[-5:])[-6000:], *found])
        return got[0]

    def ask(self, api, version, values):
        def one(peer):
            return peer.plain(peer.call(api, version, **(values(peer) if callable(values) else values)), api)
        return self.each(one, f"{api} v{version} {values}")


class Model:
    """What the random choices need to know of a partition."""

    def __init__(self, topic, config, plain):
        self.topic, self.config, self.plain = topic, config, plain
        self.end = 0
        self.start = 0
        self.sequences = {}


def some_bytes(r, most):
    return bytes(r.randrange(256) for _ in range(r.choice((0, 1, 5, 20, r.randrange(most)))))


def some_values(r):
    out = []
    for _ in range(r.choice((1, 1, 2, 3, r.randrange(1, 12)))):
        key = r.choice((b"k%d" % r.randrange(9), b"", some_bytes(r, 30)))
        value = r.choice((None, some_bytes(r, 120)))
        headers = tuple((b"h%d" % i, r.choice((None, some_bytes(r, 9)))) for i in range(r.choice((0, 0, 0, 1, 3))))
        out.append((key, value, headers))
    return out


def some_times(r, n):
    base = T0 + r.randrange(100_000)
    return [base + r.choice((0, i, r.randrange(-500, 500))) for i in range(n)]


def some_records(r, m):
    """(version, records)"""
    values = some_values(r)
    times = some_times(r, len(values))
    if r.random() < 0.15:
        version = r.randrange(3)
        # A segment that begins without a timestamp is rolled by the clock on the wall (storage.md), when it is short.
        if version < 2 and m.config["segment.ms"] > 1000:
            return version, messages(*[b"v%d" % i for i in range(len(values))], magic=0)
        return 2, b"".join(message(v, k, offset=i, time=t) for i, ((k, v, _), t) in enumerate(zip(values, times)))
    fields = {"times": times, "codec": NONE if m.plain else r.choice((NONE, NONE, GZIP, SNAPPY, LZ4, ZSTD))}
    if r.random() < 0.3:
        producer = r.randrange(4)
        epoch, sequence = m.sequences.get(producer, (0, 0))
        epoch = max(0, epoch + r.choice((0, 0, 0, 0, 0, 0, 1, -1)))
        sequence = max(0, r.choice((sequence, sequence, sequence, sequence, 0, sequence - 1, sequence + 1, sequence - 5)))
        fields["producer"] = (producer, epoch, sequence)
        m.sequences[producer] = (epoch, sequence + len(values))
    fault = r.random()
    if fault < 0.02:
        fields["crc_off"] = 1
    elif fault < 0.04:
        fields["count"] = len(values) + 1
    elif fault < 0.06:
        fields["max_time"] = T0
    elif fault < 0.08:
        fields["attributes"] = r.choice((0x08, 0x80, 0x20, 0x10))
    return r.randrange(7, 12), batch(*values, **fields)


def produce(r, twins, m):
    version, data = some_records(r, m)
    for peer in twins.peers:
        peer.remember(data)
    answer = twins.ask("Produce", version, {"acks": r.choice((1, -1)), "timeout_ms": 10000, "topic_data": [
        {"name": m.topic, "partition_data": [{"index": 0, "records": data}]}]})
    result = answer["responses"][0]["partition_responses"][0]
    if result["error_code"] == 0:
        m.end = max(m.end, result["base_offset"] + 12)


def fetch(r, twins, models):
    version = r.randrange(18)
    wanted = []
    for m in r.sample(models, r.randrange(1, len(models) + 1)):
        if m.plain or version >= 4:
            size = r.choice((0, 1, 60, 100, 200, 500, 1000, 5000, 1 << 20))
            wanted.append((m, r.randrange(max(m.start - 2, 0), m.end + 3), size))

    def values(peer):
        topics = [{"topic": m.topic, "topic_id": peer.ids[m.topic], "partitions": [
            {"partition": 0, "fetch_offset": offset, "partition_max_bytes": size}]} for m, offset, size in wanted]
        return {"max_wait_ms": 0, "min_bytes": 1, "max_bytes": most, "isolation_level": isolation, "topics": topics,
                **({"replica_id": -1} if version < 15 else {"replica_state": {"replica_id": -1}})}

    most, isolation = r.choice((1, 100, 300, 1000, 1 << 20)), r.randrange(2)
    twins.each(lambda peer: peer.plain(peer.call("Fetch", version, **values(peer)), "Fetch"),
               f"Fetch v{version} max {most} isolation {isolation} {[(m.topic, o, s) for m, o, s in wanted]}")


def offsets(r, twins, m):
    version = r.randrange(1, 10)
    time = r.choice((-1, -2, -3, -4, -5, T0 + r.randrange(-1000, 101_000)))
    if time > 0 and m.start > 0:
        return  # doc/differences.md: Apache may find nothing then
    twins.ask("ListOffsets", version, {"replica_id": -1, "topics": [{"name": m.topic, "partitions": [
        {"partition_index": 0, "timestamp": time}]}]})


def delete(r, twins, m):
    answer = twins.ask("DeleteRecords", 2, {"timeout_ms": 10000, "topics": [{"name": m.topic, "partitions": [
        {"partition_index": 0, "offset": r.choice((-1, r.randrange(m.end + 2), m.start + r.randrange(5), m.start))}]}]})
    m.start = max(m.start, answer["topics"][0]["partitions"][0]["low_watermark"])


def restart(r, twins, models, monkeypatch, home):
    # Apache's recovery ends the start when an index of so few entries is full.
    kill = r.random() < 0.5 and all(m.config["segment.index.bytes"] > 100 for m in models)
    for peer, apache in zip(twins.peers, (False, True)):
        peer.hang_up()
        if apache:
            monkeypatch.setenv("MOLDAU_TEST_BROKER", str(home))
        if kill:
            peer.broker.kill()
        else:
            peer.broker.stop(timeout=90)
        peer.broker.start_again_after_kill(timeout=90)
        monkeypatch.delenv("MOLDAU_TEST_BROKER", raising=False)
        peer.settle()
        for m in models:
            peer.wait_led(m.topic)
    twins.log.append("killed" if kill else "restarted")


def make_topics(r, twins):
    models = []
    for i in range(5):
        config = {"segment.bytes": r.choice((300, 1000, 3000)), "index.interval.bytes": r.choice((50, 300, 4096)),
                  "max.message.bytes": r.choice((500, 1048588)), "segment.index.bytes": r.choice((100, 10485760)),
                  "segment.ms": r.choice((1000, 604800000)), "compression.type": r.choice(("producer", "uncompressed")),
                  "cleanup.policy": r.choice(("delete", "compact,delete")), "min.cleanable.dirty.ratio": 1,
                  "min.compaction.lag.ms": 9223372036854775807, "flush.messages": r.choice((1, 9223372036854775807))}
        for peer in twins.peers:
            peer.create(f"t{i}", **{k.replace(".", "_"): v for k, v in config.items()})
        models.append(Model(f"t{i}", config, i < 2))
    return models


@pytest.mark.parametrize("round_number", range(2))
def test_random_operations(kafka_home, run, monkeypatch, round_number):
    seed = int(os.environ.get("MOLDAU_TEST_SEED", "1")) + round_number
    print("MOLDAU_TEST_SEED =", seed - round_number)
    r = random.Random(seed)
    settings = {**conformance.DEFAULTS, "log_segment_delete_delay_ms": 600000,
                "producer_id_expiration_ms": 2147483647, "log_initial_task_delay_ms": 3_600_000,
                "log_cleaner_enable": False}  # Apache's cleaner removes segments when it likes
    ours = run.broker(0, chroot=run.chroot + "/moldau", **settings)
    theirs = run.broker(0, start=False, chroot=run.chroot + "/apache", **settings)
    monkeypatch.setenv("MOLDAU_TEST_BROKER", str(kafka_home))
    theirs.start(timeout=90)
    monkeypatch.delenv("MOLDAU_TEST_BROKER")
    twins = Twins(ours, theirs)
    for peer in twins.peers:
        peer.settle()
    models = make_topics(r, twins)
    restarts = set(r.sample(range(OPERATIONS // 4, OPERATIONS), 2))
    for i in range(OPERATIONS):
        kind = r.random()
        if i in restarts:
            restart(r, twins, models, monkeypatch, kafka_home)
        elif kind < 0.45:
            produce(r, twins, r.choice(models))
        elif kind < 0.75:
            fetch(r, twins, models)
        elif kind < 0.95:
            offsets(r, twins, r.choice(models))
        elif kind < 0.97:
            delete(r, twins, r.choice(models))
    for peer, apache in zip(twins.peers, (False, True)):
        peer.hang_up()
        if apache:
            monkeypatch.setenv("MOLDAU_TEST_BROKER", str(kafka_home))
        peer.broker.stop(timeout=90)
        files(peer, "at the end")
        monkeypatch.delenv("MOLDAU_TEST_BROKER", raising=False)
    got, want = (conformance.as_recorded(peer.notes) for peer in twins.peers)
    found = conformance.compare(want, got)
    assert not found, f"{len(found)} differences\n" + "\n".join(line[:600] for line in found)
