"""Consumer groups: who coordinates them, how members come and go, and what each request is answered in each state."""

import struct
import zlib

import messages
from conformance import scenario, versions
from harness import wait_until
from records import batch
from wire import array, string

from .state import tree

GROUP, TRANSACTION = 0, 1
RECORDS = {}
for rows in sorted((messages.ROWS / "record").glob("*.def")):
    messages.read_rows(rows, messages.STRUCTS, RECORDS)


def consumer(*topics, user_data=None):
    """A subscription of the consumer protocol."""
    data = struct.pack(">i", -1) if user_data is None else struct.pack(">i", len(user_data)) + user_data
    return struct.pack(">h", 1) + array([string(t) for t in topics]) + data


def protocols(*names, topics=("topic",)):
    return [{"name": name, "metadata": consumer(*topics)} for name in names]


def last(api, v):
    """The version of another request that goes with version `v` of the first."""
    return min(v, versions(api)[-1])


class Member:
    """One connection that belongs to one member of a group."""

    def __init__(self, t, group, version=9, **fields):
        self.t, self.group, self.version = t.another(), group, version
        self.id, self.generation, self.instance = "", -1, fields.pop("instance", None)
        self.fields = {"session_timeout_ms": 30000, "rebalance_timeout_ms": 30000, "protocol_type": "consumer",
                       "protocols": protocols("range"), **fields}
        if self.instance is not None:
            self.fields["group_instance_id"] = self.instance

    def send_join(self, **changed):
        self.t.send("JoinGroup", self.version, {"group_id": self.group, "member_id": self.id, **self.fields, **changed})

    def joined(self, label=None):
        """The answer to a JoinGroup; noted under a label."""
        answer = self.t.receive("JoinGroup", self.version)
        if label:
            self.t.note(label, self.t.plain(answer), self.version)
        if answer["error_code"] in (0, 79):
            self.id = answer["member_id"]
            self.generation = answer["generation_id"]
        return answer

    def join(self, label=None, **changed):
        self.send_join(**changed)
        answer = self.joined(label if self.id or self.version < 4 or self.instance else None)
        if answer["error_code"] == 79 and not changed:
            self.send_join()
            answer = self.joined(label)
        return answer

    def identify(self):
        """Gets an id without joining."""
        self.send_join()
        assert self.joined()["error_code"] == 79

    def sync_fields(self, assignments=(), **changed):
        fields = {"group_id": self.group, "generation_id": self.generation, "member_id": self.id,
                  "assignments": [{"member_id": m, "assignment": a} for m, a in assignments]}
        if last("SyncGroup", self.version) >= 5:
            fields.update(protocol_type="consumer", protocol_name=self.fields["protocols"][0]["name"])
        if self.instance is not None:
            fields["group_instance_id"] = self.instance
        return {**fields, **changed}

    def send_sync(self, assignments=(), **changed):
        self.t.send("SyncGroup", last("SyncGroup", self.version), self.sync_fields(assignments, **changed))

    def synced(self, label=None):
        answer = self.t.receive("SyncGroup", last("SyncGroup", self.version))
        if label:
            self.t.note(label, self.t.plain(answer), self.version)
        return answer

    def sync(self, label=None, assignments=(), **changed):
        self.send_sync(assignments, **changed)
        return self.synced(label)

    def identity(self):
        return {"group_id": self.group, "member_id": self.id, "generation_id": self.generation,
                **({} if self.instance is None else {"group_instance_id": self.instance})}

    def heartbeat(self, label, **changed):
        version = last("Heartbeat", self.version)
        answer = self.t.call("Heartbeat", version, **{**self.identity(), **changed})
        self.t.note(label, self.t.plain(answer), self.version)
        return answer["error_code"]

    def leave(self, label=None, **changed):
        version = last("LeaveGroup", self.version)
        fields = {"member_id": self.id} if version < 3 else {"members": [{"member_id": self.id, "group_instance_id": self.instance}]}
        answer = self.t.call("LeaveGroup", version, **{"group_id": self.group, **fields, **changed})
        if label:
            self.t.note(label, self.t.plain(answer), self.version)

    def describe(self, label):
        answer = self.t.call("DescribeGroups", last("DescribeGroups", self.version), groups=[self.group])
        self.t.note(label, self.t.plain(answer), self.version)

    def commit(self, label, version, *partitions, **changed):
        fields = {"group_id": self.group, "member_id": self.id, "generation_id_or_member_epoch": self.generation}
        if self.instance is not None:
            fields["group_instance_id"] = self.instance
        answer = self.t.call("OffsetCommit", version, topics=topics_of(partitions), **{**fields, **changed})
        self.t.note(label, self.t.plain(answer), self.version)

    def fetch(self, label, version, *partitions):
        answer = self.t.call("OffsetFetch", version, **fetch_fields(version, self.group, partitions))
        self.t.note(label, self.t.plain(answer), self.version)


def topics_of(partitions):
    out = {}
    for topic, index, *rest in partitions:
        offset, metadata, more = (*rest, None, None, None)[:3]
        out.setdefault(topic, []).append({"partition_index": index, "committed_offset": offset, "committed_metadata": metadata or "",
                                          **(more or {})})
    return [{"name": name, "partitions": parts} for name, parts in out.items()]


def commit(t, label, version, *partitions, **fields):
    """Partitions are (topic, index, offset, metadata, other fields)."""
    t.ask(label, "OffsetCommit", version, topics=topics_of(partitions), **fields)


def fetch_fields(version, group, partitions, everything=False):
    topics = {}
    for topic, index in partitions:
        topics.setdefault(topic, []).append(index)
    listed = None if everything else [{"name": n, "partition_indexes": i} for n, i in topics.items()]
    return {"groups": [{"group_id": group, "topics": listed}]} if version >= 8 else {"group_id": group, "topics": listed}


def fetch(t, label, version, group, *partitions, everything=False, **fields):
    t.ask(label, "OffsetFetch", version, **fetch_fields(version, group, partitions, everything), **fields)


def describe(t, label, *groups):
    for v in versions("DescribeGroups"):
        t.ask(label, "DescribeGroups", v, groups=list(groups), **({"include_authorized_operations": True} if v >= 3 else {}))


def wait_state(t, group, *states):
    def reached():
        return t.call("DescribeGroups", 5, groups=[group])["groups"][0]["group_state"] in states
    wait_until(reached, 30, f"{group} to be {states}")


def coordinate(t):
    """Waits until the broker coordinates groups, so that no answer depends on the time."""
    def ready():
        found = t.call("FindCoordinator", 4, key_type=GROUP, coordinator_keys=["any"])
        if found["coordinators"][0]["error_code"]:
            return False
        return t.call("OffsetFetch", 7, group_id="any", topics=[])["error_code"] == 0
    wait_until(ready, 60, "a coordinator")


def ready(t, *topics):
    for topic in topics:
        t.create(topic, partitions=2)
    coordinate(t)
    return t


# --- what is in __consumer_offsets ---


def decoded(name, data):
    """(version, fields) of a key or value of a record."""
    r = messages.Reader(data)
    version = r.unpack(">h")
    m = RECORDS[name]
    out = messages.get_struct(m.fields, r, version, version >= m.flexible)
    assert r.at == len(data)
    return {"version": version, **out}


def described_record(key, value):
    kind = struct.unpack_from(">h", key)[0]
    names = ("GroupMetadataKey", "GroupMetadataValue") if kind == 2 else ("OffsetCommitKey", "OffsetCommitValue")
    value = None if value is None else decoded(names[1], value)
    if value and value.get("expire_timestamp", -1) != -1:
        value["expire_timestamp"] = f"{value['expire_timestamp'] - value['commit_timestamp']} ms after the commit"
    return {"key": decoded(names[0], key), "value": value}


def varint(r):
    n = r.uvarint()
    return n >> 1 ^ -(n & 1)


def blob(r):
    n = varint(r)
    return None if n < 0 else r.take(n)


def records_of(payload, count):
    r = messages.Reader(payload)
    for _ in range(count):
        varint(r), r.take(1), varint(r), varint(r)
        yield blob(r), blob(r)
        assert varint(r) == 0
    assert r.at == len(payload)


def batches_of(data):
    at = 0
    while at < len(data):
        names = ("base_offset", "length", "leader_epoch", "magic", "crc", "attributes", "last_delta", "base_time", "max_time",
                 "producer_id", "producer_epoch", "base_sequence", "count")
        head = dict(zip(names, struct.unpack_from(">qiibIhiqqqhii", data, at)))
        payload = data[at + 61:at + 12 + head["length"]]
        if head["attributes"] & 7 == 1:
            payload = zlib.decompress(payload, 31)
        at += 12 + head["length"]
        del head["length"], head["crc"]
        yield head, payload


def log_of(t, partition, offset):
    answer = t.call("Fetch", 11, replica_id=-1, max_wait_ms=0, max_bytes=1 << 30, topics=[{
        "topic": "__consumer_offsets", "partitions": [{"partition": partition, "fetch_offset": offset,
                                                       "partition_max_bytes": 1 << 30}]}])
    return batches_of(answer["responses"][0]["partitions"][0]["records"])


def note_tombstones(t, label, partition=0):
    """Those alone: for what happens at any time."""
    out = [{"base_sequence": head["base_sequence"], **record} for head, payload in log_of(t, partition, 0)
           if not head["attributes"] & 0x20  # a transaction's marker
           for record in (described_record(k, v) for k, v in records_of(payload, head["count"])) if record["value"] is None]
    t.note(label, t.plain(sorted(out, key=str)))


def note_log(t, label, partition=0, offset=0):
    """Notes what was written from an offset on; returns the end."""
    out = []
    for head, payload in log_of(t, partition, offset):
        assert head["max_time"] == head["base_time"]
        out.append({**head, "content": sorted((described_record(k, v) for k, v in records_of(payload, head["count"])), key=str)})
        offset = head["base_offset"] + head["last_delta"] + 1
    t.note(label, t.plain(out))
    return offset


# --- who coordinates ---


@scenario(offsets_topic_num_partitions=3, transaction_state_log_num_partitions=2, offsets_topic_segment_bytes=1000000,
          transaction_state_log_segment_bytes=2000000)
def coordinators(t):
    for kind, topic in ((GROUP, "__consumer_offsets"), (TRANSACTION, "__transaction_state")):
        t.ask(f"first, {kind}", "FindCoordinator", 4, key_type=kind, coordinator_keys=["a", "b"])
        t.wait_led(topic)
        for v in versions("FindCoordinator", kind):
            for key in ("", "a", "my-group", "grüppe", "😀"):
                keys = {"key": key} if v < 4 else {"coordinator_keys": [key]}
                t.ask(f"{kind} {key}", "FindCoordinator", v, **({"key_type": kind} if v else {}), **keys)
            if v >= 4:
                t.ask(f"{kind} several", "FindCoordinator", v, key_type=kind, coordinator_keys=["a", "b", "a"])
        t.ask(topic, "Metadata", 8, topics=[{"name": topic}])
        answer = t.call("DescribeConfigs", 4, resources=[{"resource_type": 2, "resource_name": topic}])
        t.note(f"settings of {topic}", {c["name"]: c["value"] for c in answer["results"][0]["configs"] if c["config_source"] == 1})
        t.ask("produced", "Produce", 9 + kind, acks=-1, timeout_ms=10000, topic_data=[
            {"name": topic, "partition_data": [{"index": 0, "records": batch((b"k", b"v"))}]}])
        t.ask("deleted records", "DeleteRecords", 1 + kind, timeout_ms=10000, topics=[
            {"name": topic, "partitions": [{"partition_index": 0, "offset": 0}]}])


@scenario(offsets_topic_num_partitions=3)
def internal_topics_by_metadata(t):
    for name in ("__consumer_offsets", "__transaction_state"):
        t.ask(name, "Metadata", 9, topics=[{"name": name}], allow_auto_topic_creation=True)
        t.wait_led(name)
        t.ask(f"{name} afterwards", "Metadata", 9, topics=[{"name": name}], allow_auto_topic_creation=True)


@scenario(offsets_topic_replication_factor=2)
def too_few_brokers_for_offsets(t):
    for _ in range(3):
        answer = t.call("FindCoordinator", 3, key_type=GROUP, key="g")
    t.note("answer", t.plain(answer))
    asked = {"topics": [{"name": "__consumer_offsets"}], "allow_auto_topic_creation": True}
    # Our attempts to create it go on after the answer, and whoever meets one hears 3.
    wait_until(lambda: t.call("Metadata", 9, **asked)["topics"][0]["error_code"] != 3, 30, "the last attempt to end")
    t.ask("by metadata", "Metadata", 9, **asked)
    t.ask("join", "JoinGroup", 5, group_id="g", session_timeout_ms=10000, member_id="", protocol_type="consumer",
          protocols=protocols("range"))


# --- offsets in ZooKeeper ---


@scenario(offset_metadata_max_bytes=10)
def offsets_in_zookeeper(t):
    t.create("topic", partitions=3)

    def committed(label, group, *partitions):
        commit(t, f"commit: {label}", 0, *partitions, group_id=group)

    def fetched(label, group, *partitions):
        fetch(t, f"fetch: {label}", 0, group, *partitions)

    fetched("nothing yet", "old", ("topic", 0), ("topic", 7), ("nowhere", 0))
    committed("first", "old", ("topic", 0, 5, "note"), ("topic", 2, 7), ("topic", 7, 1), ("nowhere", 0, 1))
    fetched("after it", "old", ("topic", 0), ("topic", 1), ("topic", 2), ("topic", 7), ("nowhere", 0))
    committed("again", "old", ("topic", 0, 6), ("topic", 1, -1), ("topic", 2, 1 << 62))
    fetched("after that", "old", ("topic", 0), ("topic", 1), ("topic", 2))
    committed("long metadata", "old", ("topic", 0, 8, "x" * 11), ("topic", 1, 8, "ü" * 10))
    committed("no topics", "old")
    fetched("no topics", "old")
    committed("empty group", "", ("topic", 0, 1))
    fetched("empty group", "", ("topic", 0))
    committed("strange group", "a b:c", ("topic", 0, 11))
    fetched("strange group", "a b:c", ("topic", 0))
    committed("group with a slash", "a/b", ("topic", 0, 12))
    fetched("group with a slash", "a/b", ("topic", 0))
    committed("group of dots", "..", ("topic", 0, 13))
    fetched("group of dots", "..", ("topic", 0))
    with t.broker.zookeeper.client(t.broker.chroot) as zk:
        zk.create("/consumers/high/ids/high_host-1", b'{"version":1}', ephemeral=True, makepath=True)
        zk.create("/consumers/high/owners/topic/0", b"high_host-1-0", ephemeral=True, makepath=True)
        zk.create("/consumers/high/offsets/topic/0", b"42", makepath=True)
        zk.create("/consumers/high/offsets/topic/1", b"not a number", makepath=True)
        fetched("of an old consumer", "high", ("topic", 0), ("topic", 1))
        committed("for an old consumer", "high", ("topic", 0, 43), ("topic", 1, 44))
        fetched("of an old consumer, again", "high", ("topic", 0), ("topic", 1))
        tree(t, "znodes", top="/consumers")
    t.note("coordinator not needed", sorted(x["name"] for x in t.call("Metadata", 5, topics=None)["topics"]))
