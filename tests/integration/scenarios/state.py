"""What the brokers leave in ZooKeeper and on disk."""

import re
import struct

from conformance import now_ms, scenario
from harness import wait_until
from records import GZIP, LZ4, T0, batch, message, messages

BINARY = {".log", ".index", ".timeindex", ".txnindex", ".snapshot"}
GENERATED = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])")
NOW = re.compile(r"(?<!\d)1[789]\d{11}(?!\d)")


def text_of(t, raw):
    if raw is None:
        return None
    text = NOW.sub("NOW", t.text(raw.decode()))
    return GENERATED.sub("ID", text)


def tree(t, label, version=0, top="/"):
    """Notes every znode below: data, whether it is ephemeral, version, ACL."""
    t.hang_up()
    with t.broker.zookeeper.client(t.broker.chroot) as zk:
        todo = [top]
        while todo:
            path = todo.pop(0)
            data, stat = zk.get(path)
            acls = [(a.perms, a.id.scheme, a.id.id) for a in zk.get_acls(path)[0]]
            t.note(f"{label}: {path}", {"data": text_of(t, data), "ephemeral": stat.ephemeralOwner != 0, "version": stat.version,
                                        "acl": acls}, version)
            todo += [path.rstrip("/") + "/" + child for child in sorted(zk.get_children(path))]


def no_deletions(t):
    with t.broker.zookeeper.client(t.broker.chroot) as zk:
        wait_until(lambda: not zk.get_children("/admin/delete_topics"), 30, "the deletion")


@scenario(broker_rack="r1")
def znodes(t):
    tree(t, "after the start")
    t.create("a", 2)
    t.create("b", 1, retention_ms=1000, cleanup_policy="compact")
    t.call("CreateTopics", 7, topics=[{"name": "c", "num_partitions": -1, "replication_factor": -1, "assignments": [
        {"partition_index": 1, "broker_ids": [0]}, {"partition_index": 0, "broker_ids": [0]}]}])
    t.wait_led("c")
    t.call("Metadata", 4, topics=[{"name": "auto"}], allow_auto_topic_creation=True)
    t.wait_led("auto")
    tree(t, "after creation")
    t.call("InitProducerId", 1, transactional_id=None, transaction_timeout_ms=1000)
    t.call("AlterConfigs", 0, resources=[{"resource_type": 2, "resource_name": "a", "configs": [
        {"name": "segment.bytes", "value": "1048576"}, {"name": "cleanup.policy", "value": "delete"}]}])
    t.call("IncrementalAlterConfigs", 0, resources=[
        {"resource_type": 2, "resource_name": "b", "configs": [
            {"name": "retention.ms", "config_operation": 1, "value": None},
            {"name": "flush.messages", "config_operation": 0, "value": "5"}]}])
    t.call("IncrementalAlterConfigs", 1, resources=[
        {"resource_type": 4, "resource_name": "0", "configs": [
            {"name": "log.retention.ms", "config_operation": 0, "value": "123456789"}]}])
    t.call("IncrementalAlterConfigs", 1, resources=[
        {"resource_type": 4, "resource_name": "", "configs": [
            {"name": "log.cleaner.threads", "config_operation": 0, "value": "1"}]}])
    t.call("CreatePartitions", 1, timeout_ms=20000, topics=[{"name": "b", "count": 3, "assignments": None}])
    t.wait_led("b")
    tree(t, "after changes")
    t.call("DeleteTopics", 1, timeout_ms=20000, topic_names=["a", "c"])
    no_deletions(t)
    tree(t, "after deletion")
    t.hang_up()
    t.broker.stop()
    tree(t, "after the stop")
    t.broker.start()
    t.settle()
    t.wait_led("b")
    tree(t, "after the second start")


def snapshot_entries(raw):
    """Producer snapshot (storage.md 2.7) without its checksum: the entries come in the order of a hash table."""
    names = ("id", "epoch", "last_sequence", "last_offset", "delta", "time", "coordinator", "open")
    count = struct.unpack_from(">i", raw, 6)[0]
    entries = [dict(zip(names, struct.unpack_from(">qhiqiqiq", raw, 10 + i * 46))) for i in range(count)]
    assert len(raw) == 10 + count * 46
    return sorted(entries, key=lambda e: e["id"])


def content(t, path, raw):
    if path.suffix == ".snapshot" and struct.unpack_from(">i", raw, 6)[0] > 1:
        return snapshot_entries(raw)
    if path.suffix in BINARY or path.name.endswith((".deleted", ".swap")):
        return raw.hex() if len(raw) <= 3000 else f"{len(raw)} bytes"
    lines = text_of(t, raw).splitlines()
    if path.name == "meta.properties":  # a Java date, and an order that is not promised
        lines = ["#" if line.startswith("#") else line for line in lines[:2]] + sorted(lines[2:])
    if path.name.endswith("-checkpoint") and path.name != "leader-epoch-checkpoint":
        lines = lines[:2] + sorted(lines[2:])
    return lines


def files(t, label, version=0, without=()):
    for directory in t.broker.log_dirs:
        for path in sorted(directory.rglob("*")):
            if path.is_file() and path.parent.name not in without:
                name = re.sub(r"(?<=\.)[0-9a-f]{32}(?=-delete)", "ID", str(path.relative_to(directory.parent)))
                t.note(f"{label}: {name}", content(t, path, path.read_bytes()), version)


def fill(t, producers_at=T0):
    t.create("plain", 2)
    for i in range(5):
        t.produce("plain", batch(b"value %d" % i, (b"key", b"more"), times=[T0 + 100 * i, T0 + 100 * i + 5]))
    t.create("rolled", segment_bytes=400, index_interval_bytes=100)
    for i in range(9):
        t.produce("rolled", batch(b"x" * 90, times=[T0 + (i * 37) % 100]))
    t.create("codecs")
    for codec in (GZIP, LZ4):
        t.produce("codecs", batch(b"a" * 50, b"b" * 50, codec=codec))
    t.create("old")
    t.produce("old", messages(b"a", b"b", magic=0))
    t.produce("old", message(b"c", b"key", magic=1))
    t.create("producers", segment_bytes=300)
    for sequence in range(7):
        for producer in (1, 2):
            t.produce("producers", batch(b"p%d" % producer, times=[producers_at],
                                       producer=(producer, sequence // 4, sequence % 4)))
    t.create("times", segment_ms=1000)
    for time in (T0, T0 + 500, T0 + 1500, T0 + 1600, T0 + 1000, T0 + 9000):
        t.produce("times", batch(b"at", times=[time]))
    t.create("cut", segment_bytes=150)
    for _ in range(5):
        t.produce("cut", batch(b"abc", b"def"))
    t.call("DeleteRecords", 1, timeout_ms=10000, topics=[{"name": "cut", "partitions": [{"partition_index": 0, "offset": 5}]}])
    t.create("appended", message_timestamp_type="LogAppendTime")
    t.create("indexed", index_interval_bytes=100)
    for i in range(12):
        t.produce("indexed", batch(b"i" * 40, times=[T0 + (5 - i if i % 3 else i) * 10]))


@scenario(producer_id_expiration_ms=2147483647, log_segment_delete_delay_ms=600000)
def partition_files(t):
    fill(t)
    t.hang_up()
    t.broker.stop()
    files(t, "after the stop")
    t.broker.start()
    t.settle()
    for name in ("plain", "rolled", "cut"):
        t.wait_led(name)
    t.produce("plain", batch(b"again"))
    t.produce("rolled", batch(b"again"))
    t.hang_up()
    t.broker.stop()
    files(t, "after the second stop")


@scenario()
def recovery(t):
    """What is left after kill -9, and after the start that follows."""
    fill(t, now_ms())  # producers whose records are old would be forgotten
    epochs = t.broker.partition_dir("cut", 0) / "leader-epoch-checkpoint"
    wait_until(lambda: epochs.read_text().splitlines()[2:] == ["0 5"], 30, "the epochs to be written behind the deletion")
    t.hang_up()
    t.broker.kill()
    t.broker.start_again_after_kill()
    t.settle()
    for name in ("plain", "rolled", "cut", "old", "producers", "times", "codecs", "indexed"):
        t.wait_led(name)
    for name in ("plain", "rolled", "old", "producers", "times", "codecs", "indexed"):
        t.stored(name, name)
    t.ask("start of cut", "ListOffsets", 1, replica_id=-1, topics=[
        {"name": "cut", "partitions": [{"partition_index": 0, "timestamp": -2}]}])
    for sequence in (2, 3, 5):
        data = batch(b"p1", times=[now_ms()], producer=(1, 1, sequence))
        t.ask(f"sequence {sequence}", "Produce", 9, acks=-1, timeout_ms=10000, topic_data=[
            {"name": "producers", "partition_data": [{"index": 0, "records": data}]}])
    t.hang_up()
    t.broker.stop()
    files(t, "after the stop", without=("producers-0", "appended-0"))
