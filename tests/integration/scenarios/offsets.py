"""ListOffsets, OffsetForLeaderEpoch, DeleteRecords."""

from conformance import now_ms, scenario, versions
from records import GZIP, T0, batch

SPECIAL = (-1, -2, -3, -4, -5, -6, -7)


def listed(t, label, v, topic, timestamp, partition=0, **more):
    part = {"partition_index": partition, "timestamp": timestamp}
    part.update({k: more.pop(k) for k in ("max_num_offsets", "current_leader_epoch") if k in more})
    return t.ask(label, "ListOffsets", v, **{"replica_id": -1, **more, "topics": [{"name": topic, "partitions": [part]}]})


@scenario()
def list_offsets(t):
    topic = t.create("times", 2, segment_bytes=300)
    t.produce(topic, batch(b"a", b"b", b"c", times=[T0, T0 + 10, T0 + 20]))
    t.produce(topic, batch(b"a", b"b", b"c", times=[T0 + 50, T0 + 40, T0 + 30], codec=GZIP))
    t.produce(topic, batch(b"x" * 150, b"y", times=[T0 + 60, T0 + 35]))
    t.produce(topic, batch(b"z" * 100, times=[T0 + 60]))
    t.produce(topic, batch(b"same", b"same", times=[T0 + 60, T0 + 60]))
    t.produce(topic, batch(b"no time", times=[-1]))
    append = t.create("append", message_timestamp_type="LogAppendTime")
    t.produce(append, batch(b"a", b"b"))
    cut = t.create("cut")
    for i in range(3):
        t.produce(cut, batch(b"a", b"b", times=[T0 + 10 * i, T0 + 10 * i + 1]))
    t.call("DeleteRecords", 1, timeout_ms=10000, topics=[{"name": cut, "partitions": [{"partition_index": 0, "offset": 3}]}])
    for v in versions("ListOffsets"):
        for at in SPECIAL:
            for replica in (-1, -2):
                listed(t, f"{at} for {replica}", v, topic, at, replica_id=replica)
            listed(t, f"{at} of nothing", v, topic, at, partition=1)
            listed(t, f"{at} after deletion", v, cut, at)
            listed(t, f"{at} isolation 1", v, topic, at, isolation_level=1)
        for at in (0, 1, 5, 10, 20, 25, 30, 31, 35, 36, 40, 50, 55, 60, 61):
            listed(t, f"T0 + {at}", v, topic, T0 + at)
        listed(t, "time 0", v, topic, 0)
        listed(t, "time 0 after deletion", v, cut, 0)
        listed(t, "T0 + 11 after deletion", v, cut, T0 + 11)
        listed(t, "time of nothing", v, topic, T0, partition=1)
        listed(t, "append time", v, append, T0)
        listed(t, "append time, largest", v, append, -3)
        listed(t, "future", v, topic, now_ms() + 100_000_000)
        listed(t, "unknown partition", v, topic, -1, partition=9)
        listed(t, "unknown topic", v, "nowhere", -1)
        listed(t, "bad name", v, "a/b", -1)
        for epoch in (-1, 0, 1, 9):
            listed(t, f"epoch {epoch}", v, topic, -1, current_leader_epoch=epoch)
        t.ask("twice", "ListOffsets", v, replica_id=-1, topics=[{"name": topic, "partitions": [
            {"partition_index": 0, "timestamp": -1}, {"partition_index": 0, "timestamp": -2},
            {"partition_index": 1, "timestamp": -2}]}])
        t.ask("nothing", "ListOffsets", v, replica_id=-1, topics=[])
        t.ask("no partitions", "ListOffsets", v, replica_id=-1, topics=[{"name": topic, "partitions": []}])
        listed(t, "isolation 9", v, topic, -1, isolation_level=9)
        listed(t, "replica 5", v, topic, -1, replica_id=5)
    for count in (0, 1, 2, 3, 10, -1):
        for at in (-1, -2, -3, T0, now_ms() + 100_000_000):
            name = at if at < 0 else "T0" if at == T0 else "future"
            listed(t, f"{count} offsets of {name}", 0, topic, at, max_num_offsets=count)
            listed(t, f"{count} offsets of {name}, empty", 0, topic, at, partition=1, max_num_offsets=count)
            listed(t, f"{count} offsets of {name}, cut", 0, cut, at, max_num_offsets=count)


@scenario()
def offset_for_leader_epoch(t):
    topic = t.create("epochs", 2)
    t.produce(topic, batch(b"a", b"b"))
    for v in versions("OffsetForLeaderEpoch"):
        for epoch in (-2, -1, 0, 1, 100):
            for replica in (-2, -1, 3):
                t.ask(f"epoch {epoch} for {replica}", "OffsetForLeaderEpoch", v, replica_id=replica, topics=[
                    {"topic": topic, "partitions": [{"partition": p, "leader_epoch": epoch} for p in (0, 1, 5)]}])
            t.ask(f"current epoch {epoch}", "OffsetForLeaderEpoch", v, topics=[{"topic": topic, "partitions": [
                {"partition": 0, "leader_epoch": 0, "current_leader_epoch": epoch}]}])
        t.ask("unknown topic", "OffsetForLeaderEpoch", v, topics=[
            {"topic": "nowhere", "partitions": [{"partition": 0, "leader_epoch": 0}]}])
        t.ask("nothing", "OffsetForLeaderEpoch", v, topics=[])


@scenario()
def delete_records(t):
    for v in versions("DeleteRecords"):
        topic = t.create(f"cut-{v}", 2)
        compact = t.create(f"compact-{v}", cleanup_policy="compact")
        both = t.create(f"both-{v}", cleanup_policy="compact,delete")
        for i in range(4):
            t.produce(topic, batch(b"a", b"b", b"c"))
        t.produce(compact, batch((b"k", b"a")))
        t.produce(both, batch((b"k", b"a")))

        def cut(label, offset, partition=0, topic=topic, timeout_ms=10000, v=v):
            t.ask(label, "DeleteRecords", v, timeout_ms=timeout_ms, topics=[
                {"name": topic, "partitions": [{"partition_index": partition, "offset": offset}]}])

        cut("to 0", 0)
        cut("to 4", 4)
        t.stored("after 4", topic, 0, v, offset=4)
        cut("back to 2", 2)
        cut("to 4 again", 4)
        cut("behind the end", 13)
        cut("-2", -2)
        cut("to 6, no time", 6, timeout_ms=0)
        cut("to 9", 9)
        cut("to the high watermark", -1)
        cut("to the high watermark again", -1)
        cut("to the end", 12)
        cut("empty partition", -1, partition=1)
        cut("empty partition to 1", 1, partition=1)
        cut("unknown partition", 0, partition=7)
        cut("unknown topic", 0, topic="nowhere")
        cut("compacted", 1, topic=compact)
        cut("compacted and deleted", 1, topic=both)
        t.ask("several", "DeleteRecords", v, timeout_ms=10000, topics=[
            {"name": topic, "partitions": [{"partition_index": 0, "offset": -1}, {"partition_index": 5, "offset": 0}]},
            {"name": "nowhere", "partitions": [{"partition_index": 0, "offset": 0}]},
            {"name": compact, "partitions": [{"partition_index": 0, "offset": 0}]}])
        t.ask("nothing", "DeleteRecords", v, timeout_ms=10000, topics=[])
        t.ask("fetch below", "Fetch", 11, replica_id=-1, max_wait_ms=0, topics=[{"topic": topic, "partitions": [
            {"partition": 0, "fetch_offset": 3, "partition_max_bytes": 1000}]}]) if v == 0 else None
        t.produce(topic, batch(b"on"))
        t.stored("life goes on", topic, 0, v, offset=12)
