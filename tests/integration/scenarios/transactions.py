"""Transactions in a log, as brokers with coordinators leave them: made by hand, recovered, and read in every version."""

import struct

from conformance import now_ms, scenario, versions
from records import batch

from .fetch import get
from .old_formats import replace_log
from .state import files, snapshot_entries

TRANSACTIONAL, CONTROL = 0x10, 0x20
ABORT, COMMIT = 0, 1



class Segment:
    """Batches one after the other; offsets count by themselves."""

    def __init__(self, start=0):
        self.end, self.out, self.time = start, b"", now_ms() - 60_000

    def add(self, *values, **fields):
        times = [self.time + self.end + i for i in range(len(values))]
        self.out += batch(*values, times=times, base_offset=self.end, leader_epoch=0, **fields)
        self.end += len(values)
        return self

    def data(self, producer, epoch, sequence, *values, codec=0):
        return self.add(*values, producer=(producer, epoch, sequence), attributes=TRANSACTIONAL, codec=codec)

    def marker(self, producer, epoch, kind, coordinator=0):
        return self.add((struct.pack(">hh", 0, kind), struct.pack(">hi", 0, coordinator)), producer=(producer, epoch, -1),
                        attributes=TRANSACTIONAL | CONTROL)


def log():
    s = Segment()
    s.add(b"plain")                                     # 0
    s.data(10, 0, 0, b"committed", b"committed")        # 1, 2
    s.data(11, 0, 0, b"aborted")                        # 3
    s.marker(10, 0, COMMIT)                             # 4
    s.add(b"plain")                                     # 5
    s.marker(11, 0, ABORT)                              # 6
    s.data(10, 0, 2, b"aborted")                        # 7
    s.data(12, 3, 0, b"committed")                      # 8
    s.data(10, 0, 3, b"aborted too")                    # 9
    s.marker(10, 0, ABORT, coordinator=1)               # 10
    s.marker(12, 3, COMMIT)                             # 11
    s.marker(13, 0, ABORT)                              # 12: nothing was open
    s.add(b"idempotent", producer=(14, 0, 0))           # 13
    s.data(11, 1, 0, b"open")                           # 14
    s.add(b"behind")                                    # 15
    s.data(15, 0, 0, b"aborted behind")                 # 16
    s.marker(15, 0, ABORT)                              # 17
    s.add(b"last")                                      # 18
    return s


@scenario()
def transactions(t):
    topic = t.create("txn")
    t.produce(topic, batch(b"x"))
    t.hang_up()
    t.broker.stop()
    made = log()
    t.sent.add(made.out)
    replace_log(t, topic, made.out)
    t.broker.start()
    t.settle()
    t.wait_led(topic)
    directory = t.broker.partition_dir(topic, 0)
    t.note("aborted transactions on disk", (directory / "00000000000000000000.txnindex").read_bytes().hex())
    for v in versions("Fetch"):
        for isolation in (0, 1):
            for offset in (0, 1, 3, 4, 6, 7, 8, 10, 11, 13, 14, 15, 17, 18, 19):
                get(t, f"from {offset}, isolation {isolation}", v, (topic, 0, offset), isolation_level=isolation)
            for size in (1, 100):
                get(t, f"{size} bytes, isolation {isolation}", v, (topic, 0, 2, {"partition_max_bytes": size}),
                    isolation_level=isolation)
        get(t, "as a follower", v, (topic, 0, 13), replica=-2, isolation_level=1)
    for v in versions("ListOffsets", 2):
        for isolation in (0, 1):
            for time in (-1, -2, -3, -4, made.time + 13, made.time + 15, made.time + 100):
                name = time if time < 0 else time - made.time
                t.ask(f"offset of {name}, isolation {isolation}", "ListOffsets", v, replica_id=-1, isolation_level=isolation,
                      topics=[{"name": topic, "partitions": [{"partition_index": 0, "timestamp": time}]}])

    def put(label, producer, epoch, sequence, attributes=0):
        t.ask(label, "Produce", 9, acks=-1, timeout_ms=10000, topic_data=[{"name": topic, "partition_data": [
            {"index": 0, "records": batch(b"new", times=[now_ms()], producer=(producer, epoch, sequence),
                                          attributes=attributes)}]}])

    put("not of the open transaction", 11, 1, 1)
    put("old epoch", 11, 0, 1)
    put("next of a committed one", 12, 3, 1)
    put("next of an idempotent one", 14, 0, 1)
    put("again", 14, 0, 0)
    put("after an abort", 15, 0, 1)
    put("after nothing but a marker", 13, 0, 0)
    put("gap after nothing but a marker", 13, 0, 7)
    put("transactional without an id", 12, 3, 2, TRANSACTIONAL)
    t.call("DeleteRecords", 1, timeout_ms=10000, topics=[{"name": topic, "partitions": [{"partition_index": 0, "offset": 9}]}])
    t.ask("after deletion", "Fetch", 11, replica_id=-1, isolation_level=1, topics=[
        {"topic": topic, "partitions": [{"partition": 0, "fetch_offset": 9, "partition_max_bytes": 10000}]}])
    t.hang_up()
    t.broker.stop()
    t.note("files", sorted(p.name for p in directory.iterdir()))
    snapshots = sorted(p for p in directory.iterdir() if p.suffix == ".snapshot")
    t.note("snapshot", [[{**e, "time": None} for e in snapshot_entries(p.read_bytes())] for p in snapshots])
    files(t, "after the stop", without=("txn-0",))
