"""Fetch in every version: ranges, limits, errors, waiting, sessions, and conversion for old consumers."""

import threading
import time

from conformance import ZERO, scenario, versions
from records import GZIP, LZ4, SNAPPY, T0, ZSTD, batch

UNKNOWN_ID = bytes(range(100, 116))
MUCH = 1 << 30


def body(t, v, parts, **more):
    """parts: (topic, partition, offset) or (topic, partition, offset, {more})"""
    topics = []
    for topic, partition, offset, *rest in parts:
        key = {"topic": topic, "topic_id": t.ids.get(topic, UNKNOWN_ID)}
        at = {"partition": partition, "fetch_offset": offset, "partition_max_bytes": MUCH, **(rest[0] if rest else {})}
        if topics and topics[-1]["topic"] == topic:
            topics[-1]["partitions"].append(at)
        else:
            topics.append({**key, "partitions": [at]})
    out = {"max_wait_ms": 0, "min_bytes": 1, "max_bytes": MUCH, **more, "topics": topics}
    replica = out.pop("replica", -1)
    if v < 15:
        out["replica_id"] = replica
    else:
        out["replica_state"] = {"replica_id": replica, "replica_epoch": -1}
    return out


def get(t, label, v, *parts, **more):
    return t.ask(label, "Fetch", v, **body(t, v, parts, **more))


def stage(t):
    f = t.create("f", 3)
    for i, codec in enumerate((0, GZIP, SNAPPY, LZ4, 0, 0)):
        t.produce(f, batch(b"value %d" % i, (b"key", b"more %d" % i), (b"k", b"h", ((b"head", b"er"),)), codec=codec,
                           times=[T0 + 10 * i, T0 + 10 * i + 1, T0 + 10 * i + 2]))
    t.produce(f, batch(b"x" * 50, b"y" * 50), 1)
    t.produce(f, batch(b"z" * 500), 1)
    t.create("g")
    t.produce("g", batch(b"g1"))
    return f


@scenario()
def fetch_ranges(t):
    f = stage(t)
    for v in versions("Fetch"):
        for offset in (0, 1, 2, 3, 4, 10, 17, 18, 19, 1000, -1, -2):
            get(t, f"offset {offset}", v, (f, 0, offset))
        get(t, "empty partition", v, (f, 2, 0))
        get(t, "empty partition, offset 1", v, (f, 2, 1))
        get(t, "all partitions", v, (f, 0, 12), (f, 1, 0), (f, 2, 0), ("g", 0, 0))
        get(t, "topic in two places", v, (f, 0, 12), ("g", 0, 0), (f, 1, 2))
        get(t, "unknown topic", v, ("nowhere", 0, 0))
        get(t, "unknown partition", v, (f, 9, 0))
        get(t, "good and bad", v, (f, 9, 0), (f, 0, 15), ("nowhere", 0, 0), (f, 8, 0), ("g", 0, 0))
        get(t, "nothing", v)
        get(t, "same partition twice", v, (f, 0, 15), (f, 0, 16))
        get(t, "isolation 1", v, (f, 0, 15), isolation_level=1)
        get(t, "isolation 1, end", v, (f, 0, 18), isolation_level=1)
        get(t, "isolation 7", v, (f, 0, 15), isolation_level=7)
        if v >= 13:
            t.ask_raw("id zero", "Fetch", v, {**body(t, v, []), "topics": [
                {"topic_id": ZERO, "partitions": [{"partition": 0, "fetch_offset": 0, "partition_max_bytes": 100}]}]})


@scenario(fetch_max_bytes=2000)
def fetch_limits(t):
    f = stage(t)
    for v in versions("Fetch"):
        for size in (0, 1, 50, 116, 200, 300, 600, -1):
            limit = {"partition_max_bytes": size}
            get(t, f"partition limit {size}", v, (f, 0, 0, limit))
            get(t, f"partition limits {size}", v, (f, 0, 0, limit), (f, 1, 0, limit), ("g", 0, 0, limit))
            get(t, f"limit {size}", v, (f, 0, 12), (f, 1, 0), ("g", 0, 0), max_bytes=size)
        get(t, "large record in the limit", v, (f, 1, 2, {"partition_max_bytes": 100}))
        get(t, "large record behind another", v, (f, 0, 15), (f, 1, 2, {"partition_max_bytes": 100}))
        get(t, "large record, limit of the whole", v, (f, 1, 2), max_bytes=100)
        get(t, "from the middle of a batch, small", v, (f, 0, 1, {"partition_max_bytes": 60}))


@scenario()
def fetch_followers_and_epochs(t):
    f = stage(t)
    for v in versions("Fetch"):
        for replica in (-2, 1, 5):
            get(t, f"replica {replica}", v, (f, 0, 15), replica=replica)
            get(t, f"replica {replica} with epoch", v, (f, 0, 15, {"current_leader_epoch": 0}), replica=replica)
            get(t, f"replica {replica} unknown topic", v, ("nowhere", 0, 0), replica=replica)
        for epoch in (-2, 0, 1, 7):
            get(t, f"leader epoch {epoch}", v, (f, 0, 15, {"current_leader_epoch": epoch}))
            get(t, f"last epoch {epoch}", v, (f, 0, 15, {"last_fetched_epoch": epoch}))
            get(t, f"last epoch {epoch}, offset behind the end", v, (f, 0, 50, {"last_fetched_epoch": epoch}))
        get(t, "last epoch, empty log", v, (f, 2, 0, {"last_fetched_epoch": 0}))
        get(t, "last epoch, own partition epoch", v, (f, 0, 18, {"last_fetched_epoch": 0, "current_leader_epoch": 0}))
        get(t, "rack", v, (f, 0, 15), rack_id="elsewhere")
        if v >= 12:
            t.ask_raw("cluster id", "Fetch", v, {**body(t, v, [(f, 0, 15)]), "cluster_id": "no such cluster"})


@scenario()
def fetch_fenced_by_epoch(t):
    """The leader epoch rises with a new controller or leader; here: by a restart of the broker."""
    f = stage(t)
    t.hang_up()
    t.broker.restart()
    t.settle()
    for topic in ("f", "g"):
        t.wait_led(topic)
    t.produce(f, batch(b"after"))
    for v in versions("Fetch"):
        for epoch in (0, 1, 2, 3):
            get(t, f"leader epoch {epoch}", v, (f, 0, 17, {"current_leader_epoch": epoch}))
            get(t, f"last epoch {epoch}", v, (f, 0, 17, {"last_fetched_epoch": epoch}))
            get(t, f"last epoch {epoch} at 18", v, (f, 0, 18, {"last_fetched_epoch": epoch}))
            get(t, f"last epoch {epoch} at 19", v, (f, 0, 19, {"last_fetched_epoch": epoch}))
        get(t, "good and fenced", v, (f, 0, 18), (f, 1, 0, {"current_leader_epoch": 0}))
    for v in versions("OffsetForLeaderEpoch"):
        for epoch in (-1, 0, 1, 2, 3):
            t.ask(f"end of epoch {epoch}", "OffsetForLeaderEpoch", v, replica_id=-2, topics=[
                {"topic": f, "partitions": [{"partition": p, "leader_epoch": epoch} for p in (0, 1, 2)]}])
            t.ask(f"end of an epoch with leader epoch {epoch}", "OffsetForLeaderEpoch", v, replica_id=-2, topics=[
                {"topic": f, "partitions": [{"partition": 0, "leader_epoch": 0, "current_leader_epoch": epoch}]}])
    for v in versions("ListOffsets"):
        for epoch in (0, 1, 2, 3):
            t.ask(f"offsets with leader epoch {epoch}", "ListOffsets", v, replica_id=-1, topics=[
                {"name": f, "partitions": [{"partition_index": 0, "timestamp": -1, "current_leader_epoch": epoch}]}])
        t.ask("earliest", "ListOffsets", v, replica_id=-1, topics=[
            {"name": f, "partitions": [{"partition_index": p, "timestamp": -2} for p in (0, 1, 2)]}])
    for v in versions("Metadata"):
        t.ask("epochs", "Metadata", v, topics=[{"name": f}], allow_auto_topic_creation=False)


@scenario()
def fetch_waits(t):
    f = stage(t)
    for v in (0, 3, 7, 11, 13, 17):
        def timed(label, wanted, *parts, **more):
            begin = time.monotonic()
            get(t, label, v, *parts, **more)
            spent = (time.monotonic() - begin) * 1000
            t.note(label + ": time", "in time" if wanted[0] <= spent <= wanted[1] else f"{spent:.0f} ms", v)

        timed("enough at once", (0, 2000), (f, 0, 0), max_wait_ms=5000, min_bytes=1)
        timed("nothing to come", (250, 3000), (f, 0, 18), max_wait_ms=300, min_bytes=1)
        timed("too little", (250, 3000), (f, 0, 15), max_wait_ms=300, min_bytes=100000)
        timed("no minimum", (0, 2000), (f, 0, 18), max_wait_ms=5000, min_bytes=0)
        timed("unknown and nothing to come", (250, 3000), (f, 0, 18), (f, 9, 0), max_wait_ms=300)
        timed("out of range", (0, 2000), (f, 0, 18), (f, 1, 99), max_wait_ms=5000)
        timed("no partitions", (0, 2000), max_wait_ms=5000)
        timed("negative wait", (0, 2000), (f, 0, 18), max_wait_ms=-1)
        if v >= 3:
            timed("minimum above maximum", (0, 2000), (f, 0, 0), max_wait_ms=5000, min_bytes=MUCH, max_bytes=100)
    # A record arrives while somebody waits.
    for v in (4, 11, 17):
        topic = t.create(f"arrives-{v}")
        t.send("Fetch", v, body(t, v, [(topic, 0, 0)], max_wait_ms=20000))
        other = type(t)(t.broker)
        timer = threading.Timer(0.3, lambda o=other, n=topic: o.produce(n, batch(b"awaited")))
        timer.start()
        begin = time.monotonic()
        t.note("arrives", t.plain(t.receive("Fetch", v), "Fetch"), v)
        assert time.monotonic() - begin < 15
        timer.join()
        other.hang_up()


@scenario()
def fetch_sessions(t):
    stage(t)
    for v in versions("Fetch", 7):
        f = t.create(f"s-{v}", 3)
        for p in range(3):
            t.produce(f, batch(b"%d" % p), p)

        def ask(label, session, epoch, *parts, forget=(), v=v, f=f):
            more = {"session_id": session, "session_epoch": epoch}
            if forget:
                more["forgotten_topics_data"] = [{"topic": f, "topic_id": t.ids[f], "partitions": list(forget)}]
            answer = get(t, label, v, *parts, **more)
            return answer["session_id"] if answer else 0

        s = ask("full", 0, 0, (f, 0, 0), (f, 1, 0), (f, 2, 0))
        ask("nothing changed, data again", s, 1)
        ask("moved on", s, 2, (f, 0, 1), (f, 1, 1), (f, 2, 1))
        ask("nothing", s, 3)
        t.produce(f, batch(b"new"), 1)
        ask("one has data", s, 4)
        ask("consumed", s, 5, (f, 1, 2))
        ask("wrong epoch", s, 9)
        ask("epoch 0 of a session", s, 6, (f, 0, 1))
        ask("forget two", s, 7, forget=(0, 1))
        ask("forget and add", s, 8, (f, 0, 0), forget=(2,))
        ask("forget what is not in it", s, 9, forget=(1, 8))
        ask("add an unknown partition", s, 10, (f, 7, 0))
        ask("the error again", s, 11)
        ask("out of range", s, 12, (f, 0, 99))
        ask("out of range again", s, 13)
        ask("good again", s, 14, (f, 0, 1), forget=(7,))
        t.call("DeleteRecords", 1, timeout_ms=10000, topics=[{"name": f, "partitions": [{"partition_index": 0, "offset": 1}]}])
        ask("log start moved", s, 15)
        ask("nothing again", s, 16)
        ask("forget the last", s, 17, forget=(0,))
        ask("gone with the last", s, 18)
        ask("unknown id", 123456, 1)
        ask("unknown id with epoch 0", 123456, 0, (f, 1, 1))
        ask("no session", 0, -1, (f, 1, 1))
        ask("unknown id closed", 123456, -1, (f, 1, 1))
        ask("id 0 with epoch 1", 0, 1, (f, 1, 1))
        ask("negative epoch", 0, -5, (f, 1, 1))
        s = ask("second session", 0, 0, (f, 1, 0), ("g", 0, 0))
        other = ask("replaced by a third", s, 0, (f, 1, 1))
        t.note("a new id", bool(other) and other != s, v)
        ask("the replaced one", s, 1)
        ask("closed", other, -1, (f, 1, 1))
        ask("the closed one", other, 1)
        ask("session of nothing", 0, 0)
        s = ask("session with errors", 0, 0, (f, 9, 0), ("nowhere", 0, 0), (f, 2, 99), (f, 1, 1))
        ask("errors stay", s, 1)
        s = ask("for the other kind of names", 0, 0, (f, 1, 1))
        if v in (12, 13):
            w = 25 - v
            t.ask_raw("the other kind of names", "Fetch", w, body(t, w, [(f, 1, 1)], session_id=s, session_epoch=1))


@scenario(max_incremental_fetch_session_cache_slots=0)
def fetch_without_session_slots(t):
    f = stage(t)
    for v in versions("Fetch", 7):
        get(t, "full", v, (f, 0, 15), session_id=0, session_epoch=0)


@scenario()
def fetch_conversion(t):
    f = stage(t)
    many = t.create("many")
    for i in range(6):
        t.produce(many, batch(*[b"%d %d " % (i, j) + b"v" * 90 for j in range(10)], codec=GZIP if i % 3 == 1 else 0))
    zstd = t.create("zstd")
    t.produce(zstd, batch(b"plain"))
    t.produce(zstd, batch(b"packed", codec=ZSTD))
    t.produce(zstd, batch(b"plain again"))
    first = t.create("zstdfirst")
    t.produce(first, batch(b"packed", codec=ZSTD))
    typed = t.create("zstdtype", compression_type="zstd")
    t.produce(typed, batch(b"x"))
    never = t.create("never", message_downconversion_enable=False)
    t.produce(never, batch(b"x"))
    append = t.create("appendtime", message_timestamp_type="LogAppendTime")
    t.produce(append, batch(b"a", b"b"))
    nulls = t.create("nulls")
    t.produce(nulls, batch((None, None), (b"", b""), (b"k", None)))
    t.produce(nulls, batch(b"no time", times=[-1]))
    old = t.create("old")
    t.produce(old, batch(b"x", producer=(7, 0, 0)))
    for v in range(0, 12):
        for offset in (0, 1, 2, 7, 10, 17, 18):
            get(t, f"f from {offset}", v, (f, 0, offset))
        for size in (100, 700, 1200, 2000, 5000):
            get(t, f"limit {size}", v, (many, 0, 0, {"partition_max_bytes": size}))
            get(t, f"limit {size} from 15", v, (many, 0, 15, {"partition_max_bytes": size}))
        get(t, "zstd", v, (zstd, 0, 0))
        get(t, "zstd at once", v, (zstd, 0, 1))
        get(t, "zstd behind", v, (zstd, 0, 2))
        get(t, "zstd first", v, (first, 0, 0))
        get(t, "zstd topic", v, (typed, 0, 0))
        get(t, "zstd topic, end", v, (typed, 0, 1))
        get(t, "never", v, (never, 0, 0))
        get(t, "never, end", v, (never, 0, 1))
        get(t, "append time", v, (append, 0, 0))
        get(t, "nulls", v, (nulls, 0, 0))
        get(t, "nulls from 2", v, (nulls, 0, 2))
        get(t, "producer", v, (old, 0, 0))
        get(t, "several", v, (f, 0, 16), (never, 0, 0), (zstd, 0, 0), ("g", 0, 0))
