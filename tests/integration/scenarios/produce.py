"""Produce in every version: what is accepted, what is stored, and what is refused with which code."""

from conformance import scenario, versions, now_ms
from records import GZIP, LZ4, NONE, SNAPPY, T0, ZSTD, batch, message, messages, record, wrapper

CODECS = {"none": NONE, "gzip": GZIP, "snappy": SNAPPY, "lz4": LZ4, "zstd": ZSTD}
LOG_APPEND_TIME, TRANSACTIONAL, CONTROL, HOUR = 0x08, 0x10, 0x20, 3_600_000


def native(version, *values, codec=NONE):
    """Records in the format that the version was made for."""
    if version >= 3:
        return batch(*values, codec=codec)
    magic = 0 if version < 2 else 1
    return wrapper(*values, magic=magic, codec=codec) if codec else messages(*values, magic=magic)


def body(topic, data, partition=0, acks=-1, **more):
    return {"acks": acks, "timeout_ms": 10000, **more,
            "topic_data": [{"name": topic, "partition_data": [{"index": partition, "records": data}]}]}


def put(t, label, version, topic, data, partition=0, **more):
    t.remember(data)
    return t.ask(label, "Produce", version, **body(topic, data, partition, **more))


@scenario()
def produce_plain(t):
    for v in versions("Produce"):
        topic = t.create(f"plain-{v}", 2)
        for acks in (1, -1):
            put(t, f"acks {acks}", v, topic, native(v, b"one", b"two"), acks=acks)
        put(t, "one record", v, topic, native(v, b"three"))
        put(t, "acks 2", v, topic, native(v, b"x"), acks=2)
        put(t, "unknown topic", v, "nowhere", native(v, b"x"))
        put(t, "unknown partition", v, topic, native(v, b"x"), partition=7)
        put(t, "negative partition", v, topic, native(v, b"x"), partition=-1)
        put(t, "empty topic name", v, "", native(v, b"x"))
        t.ask("no topics", "Produce", v, acks=-1, timeout_ms=1000, topic_data=[])
        t.ask("no partitions", "Produce", v, acks=-1, timeout_ms=1000, topic_data=[{"name": topic, "partition_data": []}])
        t.ask("good and bad partitions", "Produce", v, acks=-1, timeout_ms=10000, topic_data=[
            {"name": topic, "partition_data": [{"index": 1, "records": native(v, b"good")},
                                               {"index": 2, "records": native(v, b"bad")}]},
            {"name": "nowhere", "partition_data": [{"index": 0, "records": native(v, b"bad")}]}])
        put(t, "time-out 0", v, topic, native(v, b"four"), timeout_ms=0)
        t.stored("stored", topic, 0, v)
        t.stored("stored", topic, 1, v + 100)


@scenario()
def produce_without_acks(t):
    for v in versions("Produce"):
        topic = t.create(f"acks0-{v}")
        t.send("Produce", v, body(topic, native(v, b"one"), acks=0))

        t.ask("connection lives on after acks 0", "ListOffsets", 1, replica_id=-1, topics=[
            {"name": topic, "partitions": [{"partition_index": 0, "timestamp": -1}]}]) if v == 3 else \
            t.call("ListOffsets", 1, replica_id=-1, topics=[])
        t.ask("unknown topic", "Produce", v, **body("nowhere", native(v, b"x"), acks=0))
        t.ask("mixed", "Produce", v, acks=0, timeout_ms=1000, topic_data=[
            {"name": topic, "partition_data": [{"index": 0, "records": native(v, b"two")},
                                               {"index": 9, "records": native(v, b"x")}]}])
        t.ask("wrong checksum", "Produce", v, **body(topic, batch(b"x", crc_off=1), acks=0))
        t.stored("stored", topic, 0, v)


@scenario()
def produce_codecs(t):
    for v in versions("Produce"):
        for name, codec in CODECS.items():
            if v < 3 and codec == ZSTD:
                continue
            topic = t.create(f"codec-{name}-{v}")
            put(t, f"{name}", v, topic, native(v, b"one", b"two" * 20, codec=codec))
            put(t, f"{name} with everything", v, topic, batch(
                (b"k1", b"v1", ((b"h", b"1"), (b"h", None), (b"", b""))), (None, None), (b"", b""), codec=codec)
                if v >= 3 else wrapper(b"a", b"b", magic=1, codec=codec) if codec else message(None, b"key", magic=1))
            t.stored(f"{name} stored", topic, 0, v)
        topic = t.create(f"codec-bad-{v}")
        for codec in (5, 6, 7):
            put(t, f"codec {codec}", v, topic, batch(b"x", attributes=codec) if v >= 3 else message(b"x", attributes=codec))
        for name, codec in CODECS.items():
            if codec and v >= 3:
                put(t, f"{name} payload that is none", v, topic, batch(attributes=codec, count=1, last_delta=0,
                                                                       payload=b"\1\2\3\4" * 9, times=[T0]))
        t.stored("nothing stored", topic, 0, v)


@scenario()
def produce_formats(t):
    """Record sets in a format that the version was not made for."""
    for v in versions("Produce"):
        topic = t.create(f"format-{v}")
        put(t, "magic 0", v, topic, messages(b"a", b"b", magic=0))
        put(t, "magic 1", v, topic, messages(b"c", b"d", magic=1))
        put(t, "magic 2", v, topic, batch(b"e", b"f"))
        put(t, "magic 0 and 1 mixed", v, topic, messages(b"a", magic=0) + messages(b"b", magic=1))
        put(t, "magic 1 and 2 mixed", v, topic, messages(b"a", magic=1) + batch(b"b"))
        put(t, "two batches", v, topic, batch(b"a") + batch(b"b"))
        put(t, "magic 3", v, topic, batch(b"a", magic=3))
        put(t, "magic -1", v, topic, batch(b"a", magic=-1))
        put(t, "no bytes", v, topic, b"")
        put(t, "a few bytes", v, topic, b"\0" * 11)
        put(t, "a header only", v, topic, batch(b"abc")[:61])
        put(t, "cut in the middle", v, topic, batch(b"abcdefgh", b"ijk")[:70])
        put(t, "good and then cut", v, topic, native(v, b"good") + native(v, b"cut off")[:20])
        put(t, "rubbish", v, topic, b"\xff" * 100)
        for magic in (0, 1):
            for name, codec in (("gzip", GZIP), ("snappy", SNAPPY), ("lz4", LZ4)):
                put(t, f"magic {magic} {name}", v, topic, wrapper(b"x", b"y", magic=magic, codec=codec))
        t.stored("stored", topic, 0, v)


@scenario()
def produce_legacy_wrappers(t):
    for v in (0, 1, 2):
        topic = t.create(f"wrapper-{v}")
        put(t, "offset 0", v, topic, wrapper(b"a", b"b", b"c", offset=0))
        put(t, "offset 1 too low", v, topic, wrapper(b"a", b"b", b"c", offset=1))
        put(t, "offset above", v, topic, wrapper(b"a", b"b", b"c", offset=10))
        put(t, "inner offsets with gaps", v, topic, wrapper(b"a", b"b", inner=message(b"a", offset=0) + message(b"b", offset=5),
                                                          offset=5))
        put(t, "inner checksum", v, topic, wrapper(b"a", inner=message(b"a", crc_off=1)))
        put(t, "inner magic 0", v, topic, wrapper(b"a", inner=message(b"a", magic=0)))
        put(t, "inner magic 1 in 0", v, topic, wrapper(b"a", magic=0, inner=message(b"a", magic=1)))
        put(t, "inner compressed", v, topic, wrapper(b"a", inner=wrapper(b"a")))
        put(t, "inner empty", v, topic, wrapper(b"a", inner=b""))
        put(t, "null value", v, topic, message(None, attributes=GZIP))
        put(t, "wrong checksum", v, topic, message(b"a", crc_off=1))
        put(t, "no timestamp", v, topic, messages(b"a", times=[-1]))
        put(t, "timestamp -2", v, topic, messages(b"a", times=[-2]))
        put(t, "append time bit", v, topic, message(b"a", attributes=LOG_APPEND_TIME))
        put(t, "append time bit, no timestamp", v, topic, message(b"a", attributes=LOG_APPEND_TIME, time=-1))
        put(t, "null key and value", v, topic, message(None))
        put(t, "second set wrong", v, topic, message(b"a") + message(b"b", crc_off=1))
        t.stored("stored", topic, 0, v)


@scenario()
def produce_bad_batches(t):
    for v in versions("Produce", 3):
        topic = t.create(f"bad-{v}")
        put(t, "wrong checksum", v, topic, batch(b"x", crc_off=1))
        put(t, "base offset 5", v, topic, batch(b"x", base_offset=5))
        put(t, "count too high", v, topic, batch(b"x", count=2, last_delta=1))
        put(t, "count too low", v, topic, batch(b"x", b"y", count=1, last_delta=0))
        put(t, "count 0", v, topic, batch(count=0, last_delta=-1))
        put(t, "count 0, delta 0", v, topic, batch(count=0, last_delta=0))
        put(t, "count -1", v, topic, batch(b"x", count=-1))
        put(t, "count and delta differ", v, topic, batch(b"x", last_delta=5))
        put(t, "negative delta", v, topic, batch(b"x", last_delta=-3))
        put(t, "control batch", v, topic, batch((b"\0\0\0\1", b"\0\0\0\0\0\0"), attributes=CONTROL))
        put(t, "transactional without id", v, topic, batch(b"x", attributes=TRANSACTIONAL, producer=(1, 0, 0)))
        put(t, "producer without sequence", v, topic, batch(b"x", producer=(1, 0, -1)))
        put(t, "length 13", v, topic, batch(b"x", length_off=13 - len(batch(b"x")) + 12))
        put(t, "length 14", v, topic, batch(b"x", length_off=14 - len(batch(b"x")) + 12))
        put(t, "length too short", v, topic, batch(b"x", b"yy", length_off=-1))
        put(t, "length too long", v, topic, batch(b"x", length_off=1))
        put(t, "record longer than said", v, topic, batch(payload=record(b"x") + b"\0", count=1, last_delta=0, times=[T0]))
        put(t, "record body cut", v, topic, batch(payload=record(b"abcdef")[:-3], count=1, last_delta=0, times=[T0]))
        put(t, "record of length 0", v, topic, batch(payload=b"\0", count=1, last_delta=0, times=[T0]))
        put(t, "header count -1", v, topic, batch(payload=b"\x0e\0\0\0\1\1\1\1", count=1, last_delta=0, times=[T0]))
        put(t, "header key null", v, topic, batch(payload=b"\x12\0\0\0\1\1\2\1\1", count=1, last_delta=0, times=[T0]))
        put(t, "unused attribute bits", v, topic, batch(b"fine", attributes=0x80))
        put(t, "high attribute bits", v, topic, batch(b"fine", attributes=0x4000))
        put(t, "record attributes", v, topic, batch(payload=record(b"x", attributes=3), count=1, last_delta=0, times=[T0]))
        put(t, "leader epoch given", v, topic, batch(b"fine", leader_epoch=77))
        put(t, "maximal time wrong", v, topic, batch(b"fine", max_time=5))
        put(t, "delete horizon bit", v, topic, batch(b"fine", attributes=0x40))
        put(t, "no timestamps", v, topic, batch(b"fine", times=[-1]))
        put(t, "times fall", v, topic, batch(b"a", b"b", b"c", times=[T0 + 9, T0, T0 + 5]))
        t.stored("stored", topic, 0, v)


@scenario()
def produce_null_records(t):
    topic = t.create("null")
    for v in (3, 11):
        t.silent("null records", "Produce", v, 3, **body(topic, None))


@scenario()
def produce_topic_rules(t):
    compact = t.create("compact", cleanup_policy="compact")
    both = t.create("both", cleanup_policy="compact,delete")
    small = t.create("small", max_message_bytes=120)
    segment = t.create("segment", segment_bytes=150)
    window = t.create("window", message_timestamp_before_max_ms=HOUR, message_timestamp_after_max_ms=HOUR)
    append = t.create("append", message_timestamp_type="LogAppendTime")
    for v in versions("Produce"):
        put(t, "compacted, no key", v, compact, native(v, b"x", b"y"))
        put(t, "compacted, no key in gzip", v, compact, native(v, b"x", b"y", codec=GZIP))
        put(t, "compacted and deleted, no key", v, both, native(v, b"x"))
        if v >= 3:
            put(t, "compacted, second without key", v, compact, batch((b"k", b"x"), b"y", (b"k", b"z"), b"w"))
            put(t, "compacted, keys", v, compact, batch((b"k", b"x"), (b"", b"y")))
            put(t, "window: one old, one new", v, window, batch(b"a", b"b", times=[T0, now_ms()]))
            put(t, "window: future", v, window, batch(b"a", times=[now_ms() + 2 * HOUR]))
            put(t, "window: good", v, window, batch(b"a", times=[now_ms()]))
            put(t, "append time: batch with the bit", v, append, batch(b"a", attributes=LOG_APPEND_TIME))
            put(t, "window: batch with the bit", v, window, batch(b"a", attributes=LOG_APPEND_TIME))
            put(t, "window: -1 with the bit", v, window, batch(b"a", attributes=LOG_APPEND_TIME, times=[-1]))
            put(t, "window and no key", v, compact, batch((b"k", b"a"), b"b", times=[-1, -1]))
        else:
            put(t, "compacted, key", v, compact, message(b"x", b"k", magic=min(v, 1)))
        put(t, "window: old", v, window, native(v, b"a", b"b"))
        put(t, "too large", v, small, native(v, b"x" * 120))
        put(t, "as large as allowed", v, small, native(v, b"x" * (120 - len(native(v, b"" )))))
        put(t, "too large in gzip", v, small, native(v, b"x" * 400, codec=GZIP))
        put(t, "larger than a segment", v, segment, native(v, b"x" * 150))
        put(t, "fits a segment", v, segment, native(v, b"x"))
        put(t, "append time", v, append, native(v, b"a", b"b"))
        put(t, "append time in gzip", v, append, native(v, b"a", b"b", codec=GZIP))
    for topic in (compact, both, small, segment, window, append):
        t.stored("stored " + topic, topic)


@scenario()
def produce_compression_types(t):
    """compression.type of the topic against the codec of the producer."""
    for wanted in ("uncompressed", "gzip", "snappy", "lz4", "zstd", "producer"):
        topic = t.create(f"type-{wanted}", compression_type=wanted)
        for v in (0, 2, 3, 7, 11):
            for name, codec in CODECS.items():
                if codec == ZSTD and v < 3:
                    continue
                put(t, f"{wanted} from {name}", v, topic, native(v, b"one" * 9, b"two" * 9, codec=codec))
        t.stored(f"{wanted} stored", topic)


@scenario()
def produce_minimal_isr(t):
    topic = t.create("isr", min_insync_replicas=2)
    for v in versions("Produce"):
        for acks in (0, 1, -1):
            if acks == 0:
                t.send("Produce", v, body(topic, native(v, b"x"), acks=0))
                t.call("ListOffsets", 1, replica_id=-1, topics=[])
            else:
                put(t, f"two wanted, one there, acks {acks}", v, topic, native(v, b"x"), acks=acks)
    t.stored("stored", topic)


@scenario()
def produce_idempotent(t):
    for v in versions("Produce", 3):
        topic = t.create(f"idempotent-{v}", 2)
        pid = 1000 + v

        def put_as(label, epoch, sequence, count=1, partition=0, pid=pid, topic=topic, v=v, codec=NONE):
            put(t, label, v, topic, batch(*[b"r"] * count, producer=(pid, epoch, sequence), codec=codec), partition=partition)

        put_as("first", 0, 0, 3)
        put_as("duplicate of the first", 0, 0, 3)
        put_as("part of the first", 0, 0, 2)
        put_as("gap", 0, 5)
        put_as("second", 0, 3)
        put_as("overlap", 0, 2, 3)
        for i in range(4, 10):
            put_as(f"sequence {i}", 0, i)
        put_as("the fifth last again", 0, 5)
        put_as("the sixth last again", 0, 4)
        put_as("the last again, compressed", 0, 9, codec=GZIP)
        put_as("new epoch, wrong start", 1, 10)
        put_as("new epoch", 1, 0)
        put_as("old epoch", 0, 10)
        put_as("old epoch, duplicate", 0, 9)
        put_as("other partition, any start", 1, 77, partition=1)
        put_as("other partition, next", 1, 78, partition=1)
        put_as("near the end", 0, 2**31 - 2, 1, pid=2000 + v)
        put_as("over the end", 0, 2**31 - 1, 3, pid=2000 + v)
        put_as("behind the end", 0, 2, 1, pid=2000 + v)
        put_as("negative sequence", 0, -5, pid=3000 + v)
        put_as("negative epoch", -1, 0, pid=3000 + v)
        put_as("plain id -1 with epoch", 3, 0, pid=-1)
        put_as("id -2", 0, 0, pid=-2)
        t.stored("stored", topic, 0, v)
        t.stored("stored", topic, 1, v + 100)
