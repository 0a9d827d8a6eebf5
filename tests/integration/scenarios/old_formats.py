"""Segments of the formats before 2, as an older cluster left them: recovered, read, and converted for old consumers."""

from conformance import scenario, versions
from records import GZIP, LZ4, T0, batch, message, wrapper

from .fetch import get
from .state import files


def at(offset, *values, magic):
    return b"".join(message(v, magic=magic, offset=offset + i, time=T0 + offset + i) for i, v in enumerate(values))


def segment():
    """Offsets 0 to 15."""
    return b"".join([
        at(0, b"zero", b"zero too", magic=0),
        wrapper(b"", b"", magic=0, inner=at(2, b"zero", b"gzip", magic=0), offset=3),
        at(4, b"one", b"one too", magic=1),
        wrapper(b"", b"", inner=at(0, b"one", b"gzip", magic=1), offset=7),
        message(None, b"key", offset=8, time=T0 + 8),
        batch(b"two", (b"key", b"two too"), (b"k", b"with a header", ((b"h", b"v"),)), base_offset=9, leader_epoch=0,
              times=[T0 + 9, T0 + 10, T0 + 11]),
        batch(b"two", b"lz4", codec=LZ4, base_offset=12, leader_epoch=0, times=[T0 + 12, T0 + 13]),
        message(b"late one", offset=14, time=T0 + 1),
        message(b"no time", offset=15, time=-1),
    ])


def replace_log(t, topic, content):
    """The first segment becomes this; what was derived from the old one goes."""
    directory = t.broker.partition_dir(topic, 0)
    for path in directory.iterdir():
        if path.suffix in (".index", ".timeindex", ".snapshot", ".txnindex"):
            path.unlink()
    (directory / "00000000000000000000.log").write_bytes(content)
    (directory.parent / ".kafka_cleanshutdown").unlink()


@scenario(log_index_interval_bytes=60)
def old_segments(t):
    topic = t.create("old")
    t.produce(topic, batch(b"x"))
    t.remember(batch(b"two", b"lz4", codec=LZ4, times=[T0 + 12, T0 + 13]))
    t.hang_up()
    t.broker.stop()
    replace_log(t, topic, segment())
    t.broker.start()
    t.settle()
    t.wait_led(topic)
    for v in versions("Fetch"):
        for offset in range(0, 17):
            get(t, f"from {offset}", v, (topic, 0, offset))
        for size in (1, 40, 100, 200):
            get(t, f"limit {size}", v, (topic, 0, 0, {"partition_max_bytes": size}))
            get(t, f"limit {size} from 6", v, (topic, 0, 6, {"partition_max_bytes": size}))
        get(t, "isolation 1", v, (topic, 0, 4), isolation_level=1)
    for v in versions("ListOffsets"):
        for time in (-1, -2, -3, -4, 0, T0, T0 + 2, T0 + 4, T0 + 7, T0 + 8, T0 + 10, T0 + 13, T0 + 14):
            t.ask(f"offset of {time if time <= 0 else f'T0 + {time - T0}'}", "ListOffsets", v, replica_id=-1, topics=[
                {"name": topic, "partitions": [{"partition_index": 0, "timestamp": time}]}])
    t.produce(topic, batch(b"goes on", codec=GZIP))
    t.stored("goes on", topic, offset=9)
    t.call("DeleteRecords", 1, timeout_ms=10000, topics=[{"name": topic, "partitions": [{"partition_index": 0, "offset": 7}]}])
    t.stored("from the middle of a wrapper", topic, offset=7)
    t.hang_up()
    t.broker.stop()
    files(t, "after the stop")
