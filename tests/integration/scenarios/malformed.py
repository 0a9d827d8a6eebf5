"""Bodies that cannot be read, in every version of every request: is the connection closed?"""

import struct

import messages
import wire
from conformance import scenario

APIS = ("Produce", "Fetch", "ListOffsets", "Metadata", "FindCoordinator", "ApiVersions", "CreateTopics", "DeleteTopics",
        "DeleteRecords", "InitProducerId", "OffsetForLeaderEpoch", "DescribeConfigs", "AlterConfigs", "DescribeLogDirs",
        "CreatePartitions", "IncrementalAlterConfigs", "DescribeCluster", "OffsetCommit", "OffsetFetch", "JoinGroup",
        "Heartbeat", "LeaveGroup", "SyncGroup", "DescribeGroups", "ListGroups", "DeleteGroups", "OffsetDelete",
        "ConsumerGroupHeartbeat", "ConsumerGroupDescribe")
HARMLESS = {"ListOffsets", "Metadata", "ApiVersions", "DescribeConfigs", "DescribeLogDirs", "DescribeCluster",
            "OffsetForLeaderEpoch", "DeleteTopics", "CreatePartitions"}


def longest():
    """{(api key, version): the longest vector}"""
    out = {}
    for key, version, _, body in wire.request_vectors():
        out[key, version] = max(out.get((key, version), b""), body, key=len)
    return out


@scenario()
def malformed_bodies(t):
    bodies = longest()
    for api in APIS:
        m = messages.MESSAGES[api + "Request"]
        for v in range(m.first, m.last + 1):
            body = bodies[messages.APIS[api], v]
            if body:
                t.probe(f"{api} without a body", api, v, b"")
                t.probe(f"{api} cut to a half", api, v, body[:len(body) // 2])
                t.probe(f"{api} without the last byte", api, v, body[:-1])
            t.probe(f"{api} of ones", api, v, b"\xff" * 40)
            t.probe(f"{api} of 7f", api, v, b"\x7f" * 40)
            if api in HARMLESS:
                t.probe(f"{api} with more behind", api, v, body + b"rest")
        for v in (m.last + 1, -1):
            if api != "ApiVersions":
                conn_probe(t, f"{api} version {v - m.last if v > 0 else v} from the last", messages.APIS[api], v)
    for key in (1000, -1, 52, 53, 54, 55, 59, 62, 63, 64, 70, 71, 74, 80):
        conn_probe(t, f"key {key}", key, 0)
    tagged(t)
    headers(t)


def conn_probe(t, label, key, version, data=None):
    t.hang_up()
    conn = t.connection()
    conn.send(wire.frame(wire.header(key, version) if data is None else data))
    t.note(label, "closed" if conn.closed() is True else "answered")
    t.hang_up()


def tagged(t):
    """Tagged fields that nobody knows, and wrong ones."""
    good = messages.encode("MetadataRequest", 12, {"topics": []})
    assert good[-1] == 0
    for label, tail in {"unknown tag": b"\1\x63\2ab", "unknown tag, too long": b"\1\x63\x7fab", "tag count too high": b"\2\x63\0",
                        "tags in any order": b"\2\x64\0\x63\0", "tag twice": b"\2\x63\0\x63\0",
                        "huge tag count": b"\xff\xff\xff\xff\x0f"}.items():
        t.probe(label, "Metadata", 12, good[:-1] + tail)


def headers(t):
    key = messages.APIS["Metadata"]
    body = messages.encode("MetadataRequest", 1, {"topics": []})
    conn_probe(t, "null client id", key, 1, wire.header(key, 1, client=None) + body)
    conn_probe(t, "client id with NUL", key, 1, wire.header(key, 1, client=b"a\0b") + body)
    conn_probe(t, "client id that is not UTF-8", key, 1, wire.header(key, 1, client=b"\xff\xfe") + body)
    conn_probe(t, "no client id", key, 1, wire.header(key, 1)[:8])
    conn_probe(t, "client id cut", key, 1, wire.header(key, 1)[:11])
    conn_probe(t, "three bytes", key, 1, b"\0\3\0")
    conn_probe(t, "nothing", key, 1, b"")


@scenario(socket_request_max_bytes=5000)
def frames(t):
    """Sizes in front of the payload."""
    good = wire.header(messages.APIS["Metadata"], 1) + messages.encode("MetadataRequest", 1, {"topics": []})
    for size in (-1, -2**31, 2**31 - 1, 5001, 0, 1, 4, 7):
        t.hang_up()
        conn = t.connection()
        conn.send(struct.pack(">i", size) + good[:max(min(size, len(good)), 0)])
        t.note(f"frame of {size}", "closed" if conn.closed() is True else "answered")
    padded = good + b"\0" * (5000 - len(good))
    conn_probe(t, "frame of 5000", 0, 0, padded)
    t.hang_up()
    conn = t.connection()
    conn.send(wire.frame(good) * 20)  # pipelined
    answers = [struct.unpack_from(">i", conn.receive())[0] for _ in range(20)]
    t.note("pipelined", answers)
    conn.send(wire.frame(good) + wire.frame(b"\x7f" * 20) + wire.frame(good))
    conn.receive()
    t.note("after a bad one in the pipeline", "closed" if conn.closed() is True else "answered")
    t.hang_up()
