"""Settings that are changed while the broker runs take effect: in the log, in the answers, on disk."""

from conformance import now_ms, scenario
from harness import wait_until
from records import GZIP, T0, batch

from .produce import put
from .state import no_deletions, tree

TOPIC, BROKER = 2, 4


def change(t, kind, name, **configs):
    answer = t.call("IncrementalAlterConfigs", 1, resources=[{"resource_type": kind, "resource_name": name, "configs": [
        {"name": k.replace("_", "."), "config_operation": 1 if v is None else 0, "value": None if v is None else str(v)}
        for k, v in configs.items()]}])
    assert answer["responses"][0]["error_code"] == 0, answer


def error_of(t, topic, data, version=8, acks=-1):
    answer = t.call("Produce", version, acks=acks, timeout_ms=10000, topic_data=[
        {"name": topic, "partition_data": [{"index": 0, "records": data}]}])
    return answer["responses"][0]["partition_responses"][0]["error_code"]


def until_refused(t, topic, data, code):
    wait_until(lambda: error_of(t, topic, data) == code, 30, f"error {code}", every=0.1)


@scenario()
def topic_settings(t):
    topic = t.create("changing")
    big = batch(b"x" * 500)
    change(t, TOPIC, topic, max_message_bytes=300)
    until_refused(t, topic, big, 10)
    put(t, "too large now", 8, topic, big)
    change(t, TOPIC, topic, max_message_bytes=None, message_timestamp_before_max_ms=1000)
    until_refused(t, topic, big, 32)
    put(t, "too old now", 8, topic, big)
    change(t, TOPIC, topic, message_timestamp_before_max_ms=None, cleanup_policy="compact")
    until_refused(t, topic, big, 87)
    put(t, "no key now", 8, topic, big)
    t.ask("no deletion of records", "DeleteRecords", 2, timeout_ms=1000, topics=[
        {"name": topic, "partitions": [{"partition_index": 0, "offset": 1}]}])
    change(t, TOPIC, topic, cleanup_policy=None, message_downconversion_enable="false")
    wait_until(lambda: t.call("Fetch", 1, replica_id=-1, topics=[{"topic": topic, "partitions": [
        {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1000}]}])["responses"][0]["partitions"][0]["error_code"] == 35,
        30, "no conversion")
    t.ask("no conversion now", "Fetch", 3, replica_id=-1, topics=[{"topic": topic, "partitions": [
        {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1000}]}])


@scenario()
def topic_settings_on_disk(t):
    """compression.type, segment.bytes, message.timestamp.type: seen in what is stored afterwards."""
    topic = t.create("stored")
    t.produce(topic, batch(b"x" * 100))
    marker = t.create("marker")
    change(t, TOPIC, topic, compression_type="gzip", segment_bytes=200)
    change(t, TOPIC, marker, max_message_bytes=50)  # changes are taken over in order
    until_refused(t, marker, batch(b"x"), 10)
    t.produce(topic, batch(b"y" * 300))
    t.produce(topic, batch(b"z" * 300))
    change(t, TOPIC, topic, compression_type="uncompressed", segment_bytes=None, message_timestamp_type="LogAppendTime")
    change(t, TOPIC, marker, max_message_bytes=None)
    wait_until(lambda: error_of(t, marker, batch(b"x")) == 0, 30, "the change", every=0.1)
    t.produce(topic, batch(b"w" * 30, codec=GZIP))
    for offset in range(4):
        t.stored(f"offset {offset}", topic, offset=offset)
    names = sorted(p.name for p in t.broker.partition_dir(topic, 0).iterdir() if p.suffix == ".log")
    t.note("segments", names)


@scenario(log_retention_check_interval_ms=500, log_segment_delete_delay_ms=600000, log_initial_task_delay_ms=500)
def retention(t):
    by_size = t.create("size", segment_bytes=200, retention_bytes=500, retention_ms=-1)
    by_time = t.create("time", segment_bytes=200, retention_ms=3600000, retention_bytes=-1)
    kept = t.create("kept", segment_bytes=200, retention_ms=-1)
    compact = t.create("compact", segment_bytes=200, cleanup_policy="compact", retention_ms=1)
    for i in range(6):
        for topic in (by_size, kept):
            t.produce(topic, batch(b"x" * 90, times=[T0 + i]))
        t.produce(by_time, batch(b"x" * 90, times=[T0 if i < 3 else now_ms()]))
        t.produce(compact, batch((b"%d" % i, b"x" * 90), times=[T0]))

    def start_of(topic):
        return t.call("ListOffsets", 1, replica_id=-1, topics=[{"name": topic, "partitions": [
            {"partition_index": 0, "timestamp": -2}]}])["topics"][0]["partitions"][0]["offset"]

    wait_until(lambda: start_of(by_size) > 0 and start_of(by_time) > 0, 30, "retention")
    for topic in (by_size, by_time, kept, compact):
        t.note(f"start of {topic}", start_of(topic))
        names = sorted(p.name for p in t.broker.partition_dir(topic, 0).iterdir() if p.suffix in (".log", ".deleted"))
        t.note(f"segments of {topic}", names)
        t.ask(f"offsets of {topic}", "ListOffsets", 0, replica_id=-1, topics=[{"name": topic, "partitions": [
            {"partition_index": 0, "timestamp": -1, "max_num_offsets": 100}]}])
    all_old = t.create("allold", retention_ms=3600000)
    t.produce(all_old, batch(b"x", times=[T0]))
    wait_until(lambda: start_of(all_old) > 0, 30, "the last segment to go")
    t.stored("all old", all_old, offset=1)
    names = sorted(p.name for p in t.broker.partition_dir(all_old, 0).iterdir() if p.suffix in (".log", ".deleted", ".snapshot"))
    t.note("segments of all old", names)


@scenario(log_dirs=3)
def several_directories(t):
    for i in range(4):
        t.create(f"t{i}", 3)
    for v in (1, 4):
        answer = t.call("DescribeLogDirs", v, topics=None)
        counts = sorted(sum(len(topic["partitions"]) for topic in r["topics"]) for r in answer["results"])
        t.note("partitions per directory", counts, v)
    t.hang_up()
    t.broker.stop()
    t.broker.start()
    t.settle()
    t.wait_led("t0")
    for directory in t.broker.log_dirs:
        t.note(f"files of {directory.name}", sorted(p.name for p in directory.iterdir() if p.is_file()))


@scenario()
def deleted_directories(t):
    t.create("gone", 2)
    t.produce("gone", batch(b"x"))
    t.call("DeleteTopics", 1, timeout_ms=20000, topic_names=["gone"])
    wait_until(lambda: not t.broker.partition_dir("gone", 0), 30, "the directory to be renamed")
    no_deletions(t)
    names = [p.name for d in t.broker.log_dirs for p in d.iterdir() if p.is_dir()]
    t.note("renamed", sorted(n[:n.index(".")] + n[-7:] for n in names if n.startswith("gone")))
    t.note("name lengths", sorted(len(n) for n in names if n.startswith("gone")))
    t.create("gone", 1)
    t.stored("made again", "gone")
    tree(t, "made again")
