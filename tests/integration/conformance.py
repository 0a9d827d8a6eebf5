"""The same requests to Apache Kafka and to Moldau, and the answers made comparable.

A scenario (scenarios/*.py) is a function that talks to one fresh broker through a Peer, which notes every answer under a label.
What Apache Kafka 3.9.1 answered is kept in scenarios/recorded/: test_conformance.py holds Moldau to it without any Java, and
tests/peers/test_conformance.py holds Apache itself to it, so that the recordings stay true. To record anew:

  MOLDAU_TEST_BROKER=<home of Apache Kafka> MOLDAU_TEST_RECORD=1 pytest test_conformance.py

What must differ between two runs is replaced by a name: ports, directories, generated ids, times of now, texts of errors.
"""

import base64
import json
import pathlib
import re
import struct
import time

import messages
import records
import wire
from harness import SLOW, wait_until

RECORDED = pathlib.Path(__file__).resolve().parent / "scenarios" / "recorded"
DEFAULTS = {"log_retention_ms": -1, "auto_create_topics_enable": True, "group_initial_rebalance_delay_ms": 0}
SCENARIOS = {}
IN_ORDER = {"api_keys", "synonyms", "records"}  # other arrays of structs, except in Fetch, come in no promised order
HOUR = 3_600_000
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ZERO = bytes(16)


def scenario(**overrides):
    """Marks a function of one Peer; the broker gets these settings."""
    def register(function):
        SCENARIOS[function.__name__] = (function, {**DEFAULTS, **overrides})
        return function
    return register


def now_ms():
    return int(time.time() * 1000)


def versions(api, first=0, last=None):
    """Every version of the API, as its rows say."""
    m = messages.MESSAGES[api + "Request"]
    return range(max(first, m.first), (m.last if last is None else min(last, m.last)) + 1)


class Peer:
    """One broker to talk to, and what it said."""

    def __init__(self, broker):
        self.broker = broker
        self.notes = {}  # label: {version: answer}
        self.names = {}  # topic id: name
        self.ids = {}
        self.sent = set()  # compressed payloads as they were sent
        self.uuids = {}  # of members, by the order in which they were seen
        self.others = []
        self.conn = None

    # --- talking ---

    def connection(self, timeout=20):
        if self.conn is None:
            self.conn = wire.Connection(self.broker, timeout)
        return self.conn

    def another(self):
        """A further connection, with the same notes."""
        other = Peer(self.broker)
        for shared in ("notes", "names", "ids", "sent", "uuids"):
            setattr(other, shared, getattr(self, shared))
        self.others.append(other)
        return other

    def leave(self):
        for peer in [self, *self.others]:
            peer.hang_up()

    def hang_up(self):
        if self.conn is not None:
            self.conn.sock.close()
        self.conn = None

    def send(self, api, version, values, client="conformance"):
        conn = self.connection()
        conn.correlation += 1
        conn.send(wire.frame(messages.request(api, version, conn.correlation, client, values)))

    def receive(self, api, version):
        conn = self.connection()
        correlation, answer = messages.response(api, version, conn.receive())
        assert correlation == conn.correlation
        return answer

    def call(self, api, version, client="conformance", **values):
        """The answer, not noted."""
        self.send(api, version, values, client)
        return self.receive(api, version)

    def ask(self, label, api, version, client="conformance", **values):
        """The answer, noted; None when the connection was closed instead."""
        return self.ask_raw(label, api, version, values, client)

    def ask_raw(self, label, api, version, values, client="conformance"):
        try:
            self.send(api, version, values, client)
            answer = self.receive(api, version)
        except wire.Closed:
            self.hang_up()
            return self.note(label, "closed", version)
        self.note(label, self.plain(answer, api), version)
        return answer

    def note(self, label, answer, version=0):
        at = self.notes.setdefault(label, {})
        assert version not in at, f"{label} v{version} twice"
        at[version] = answer

    def silent(self, label, api, version, seconds, **values):
        """Notes whether there is no answer for so long (the connection is given up then)."""
        self.hang_up()
        self.connection(seconds / SLOW)
        try:
            self.ask_raw(label, api, version, values)
        except TimeoutError:
            self.note(label, "silence", version)
        self.hang_up()

    # --- making answers comparable ---

    def time(self, value):
        """(value or NOW, was it now)"""
        return ("NOW", True) if abs(value - now_ms()) < HOUR else (value, False)

    def text(self, value):
        if value in self.ids:
            return re.sub(r"-\d+$", "-V", value)  # topics made for one version
        value = value.replace(self.broker.zookeeper.address, "ZOOKEEPER").replace(str(self.broker.dir), "DIR")
        if self.broker.chroot:
            value = value.replace(self.broker.chroot, "/CHROOT")
        value = re.sub(rf"(?<!\d){self.broker.port}(?!\d)", "PORT", value)
        value = UUID.sub(lambda m: f"UUID{self.uuids.setdefault(m.group(), len(self.uuids) + 1)}", value)
        for raw, name in self.names.items():
            value = value.replace(base64.urlsafe_b64encode(raw).decode().rstrip("="), f"id of {name}")
        return value

    def identifier(self, raw):
        return "0" if raw == ZERO else f"id of {self.text(self.names[raw])}" if raw in self.names else "an id"

    def field(self, name, value, api):
        if name in ("error_message", "batch_index_error_message", "documentation"):
            return "text" if value else value
        if name == "cluster_id" and value:
            return "CLUSTER"
        if name == "session_id" and value:
            return "SESSION"
        if name in ("total_bytes", "usable_bytes") and value > 0:
            return "BYTES"
        if name == "records":
            return records.describe(value, self.sent, self.time)
        if name == "port" and value == self.broker.port:
            return "PORT"
        return self.plain(value, api, name)

    def plain(self, value, api="", name=""):
        if isinstance(value, dict):
            return {k: self.field(k, v, api) for k, v in value.items()}
        if isinstance(value, list):
            out = [self.plain(v, api) for v in value]
            if api != "Fetch" and name not in IN_ORDER and out and isinstance(out[0], dict):
                out.sort(key=lambda v: json.dumps(v, sort_keys=True))
            return out
        if isinstance(value, bool):
            return value
        if isinstance(value, int):
            return self.time(value)[0]
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.identifier(value) if len(value) == 16 else value.hex()
        return value

    # --- common steps ---

    def settle(self):
        """Waits until the broker knows itself and the controller, which comes a little after its start."""
        def known():
            answer = self.call("Metadata", 8, topics=[])
            return answer["brokers"] and answer["controller_id"] == self.broker.id
        wait_until(known, 30, "the broker to know the cluster")

    def create(self, topic, partitions=1, **configs):
        """Makes a topic and waits until the broker serves it."""
        answer = self.call("CreateTopics", 7, topics=[{
            "name": topic, "num_partitions": partitions, "replication_factor": 1,
            "configs": [{"name": k.replace("_", "."), "value": str(v)} for k, v in configs.items()]}])
        result = answer["topics"][0]
        assert result["error_code"] == 0, result
        self.learn(topic, result["topic_id"])
        self.wait_led(topic)
        return topic

    def learn(self, topic, topic_id):
        self.names[topic_id], self.ids[topic] = topic, topic_id

    def wait_led(self, topic):
        def led():
            found = self.call("Metadata", 12, topics=[{"name": topic}], allow_auto_topic_creation=False)["topics"][0]
            if found["error_code"] or any(p["error_code"] for p in found["partitions"]):
                return None
            self.learn(topic, found["topic_id"])
            offsets = self.call("ListOffsets", 4, replica_id=-1, topics=[{"name": topic, "partitions": [
                {"partition_index": p["partition_index"], "timestamp": -1} for p in found["partitions"]]}])
            return all(p["error_code"] == 0 for t in offsets["topics"] for p in t["partitions"])
        wait_until(led, 30, f"a leader of {topic}")

    def settle_config(self, topic, key, value):
        """Waits until the broker has taken over a setting of the topic. The answer comes from ZooKeeper, the log follows."""
        def settled():
            answer = self.call("DescribeConfigs", 4, resources=[
                {"resource_type": 2, "resource_name": topic, "configuration_keys": [key]}])
            return [c["value"] for c in answer["results"][0]["configs"]] == [value]
        wait_until(settled, 30, f"{key}={value}")
        time.sleep(0.5 * SLOW)

    def produce(self, topic, data, partition=0, version=None, acks=-1):
        """Appends; returns the base offset. For setting the stage."""
        version = (3 if data[16] == 2 else data[16]) if version is None else version
        self.remember(data)
        answer = self.call("Produce", max(version, 7) if data[16] == 2 else version, acks=acks, timeout_ms=10000, topic_data=[
            {"name": topic, "partition_data": [{"index": partition, "records": data}]}])
        result = answer["responses"][0]["partition_responses"][0]
        assert result["error_code"] == 0, result
        return result["base_offset"]

    def remember(self, data):
        """Payloads that the broker has no reason to change."""
        if data is not None and len(data) > 61 and data[16] == 2 and data[22] & 7:
            self.sent.add(data[61:])
        elif data is not None and len(data) > 34 and data[16] == 1:
            self.sent.add(data[34:])

    def stored(self, label, topic, partition=0, version=0, offset=0):
        """Notes the whole content of a partition."""
        answer = self.call("Fetch", 11, replica_id=-1, max_wait_ms=0, max_bytes=1 << 30, topics=[{
            "topic": topic, "partitions": [{"partition": partition, "fetch_offset": offset,
                                            "partition_max_bytes": 1 << 30}]}])
        self.note(label, self.plain(answer["responses"][0]["partitions"][0], "Fetch"), version)

    def probe(self, label, api, version, body):
        """Notes whether a body made by hand closes the connection."""
        self.hang_up()
        conn = self.connection()
        conn.send(wire.frame(messages.request(api, version, 1, "conformance", body)))
        try:
            payload = conn.receive()
            assert struct.unpack_from(">i", payload)[0] == 1
            self.note(label, "answered", version)
        except wire.Closed:
            self.note(label, "closed", version)
        self.hang_up()


# --- recordings ---


def ranges(numbers):
    """[0, 1, 2, 5] as "0-2,5"."""
    out = []
    for n in sorted(numbers):
        if out and n == out[-1][1] + 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return ",".join(f"{a}-{b}" if a != b else str(a) for a, b in out)


def numbers_of(text):
    out = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        out += range(int(first), int(last or first) + 1)
    return out


def save(name, notes):
    """One line per label and answer, with the versions that gave it."""
    lines = []
    for label, by_version in notes.items():
        groups = {}
        for version, answer in by_version.items():
            groups.setdefault(json.dumps(answer), []).append(version)
        inner = ",\n".join(f"  {json.dumps(ranges(v))}: {text}" for text, v in groups.items())
        lines.append(f" {json.dumps(label)}: {{\n{inner}}}")
    RECORDED.mkdir(exist_ok=True)
    (RECORDED / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def as_recorded(notes):
    """The notes as they would come back from the file."""
    return {label: {v: json.loads(json.dumps(a)) for v, a in by_version.items()} for label, by_version in notes.items()}


def recorded(name):
    """{label: {version: answer}}"""
    with open(RECORDED / f"{name}.json") as f:
        return {label: {v: answer for text, answer in groups.items() for v in numbers_of(text)}
                for label, groups in json.load(f).items()}


def differences(want, got, path=""):
    """Lines "path: wanted x, got y" for all places where the two differ."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key in [*want, *(k for k in got if k not in want)]:
            if key not in got:
                yield f"{path}.{key}: wanted {json.dumps(want[key])}, got nothing"
            elif key not in want:
                yield f"{path}.{key}: wanted nothing, got {json.dumps(got[key])}"
            else:
                yield from differences(want[key], got[key], f"{path}.{key}")
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for i, pair in enumerate(zip(want, got)):
            yield from differences(*pair, f"{path}[{i}]")
    elif want != got or isinstance(want, bool) != isinstance(got, bool):
        yield f"{path}: wanted {json.dumps(want)}, got {json.dumps(got)}"


def replace(answer, path, value):
    """Sets what the path ".responses[0].error_code" names, where the answer has it."""
    steps = [int(s[1:-1]) if s[0] == "[" else s[1:] for s in re.findall(r"\.\w+|\[\d+\]", path)]
    for step in steps[:-1]:
        answer = answer[step]
    if steps[-1] in answer:
        answer[steps[-1]] = value


def allow(on_purpose, want, got):
    """Puts our own answers into what is wanted; what is not to be compared is taken out of both."""
    for key, replacements in on_purpose.items():
        label, _, only = key.partition(" @")
        assert label in want, f"no step {label}"
        for version in numbers_of(only) if only else list(want[label]):
            if replacements is None:
                del want[label][version]
                got[label].pop(version, None)
                continue
            for path, value in replacements.items():
                replace(want[label][version], path, value)


def compare(want, got):
    """Lines for all differences, equal ones of several versions together."""
    lines = {}
    for label in [*want, *(k for k in got if k not in want)]:
        a, b = want.get(label, {}), got.get(label, {})
        for version in sorted({*a, *b}):
            for line in differences(a.get(version, "no such step"), b.get(version, "no such step")):
                lines.setdefault((label, line), []).append(version)
    return [f"{label} v{ranges(v)}{line}" for (label, line), v in lines.items()]
