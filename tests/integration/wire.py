"""The protocol by hand, for what no client library would ever send. Only the few messages that the tests need."""

import json
import socket
import struct
import zlib

from harness import ROOT, SLOW

PRODUCE, METADATA, CONTROLLED_SHUTDOWN, API_VERSIONS, DELETE_RECORDS = 0, 3, 7, 18, 21


def first_flexible_versions():
    """{api key: first version whose header and body carry tagged fields}"""
    with open(ROOT / "tests/protocol/data/api-versions.tsv") as f:
        rows = [line.rstrip("\n").split("\t") for line in f][1:]
    return {int(r[0]): int(r[4]) if r[4].isdigit() else 1000 for r in rows}


def string(text):
    if text is None:
        return struct.pack(">h", -1)
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack(">h", len(raw)) + raw


def array(items):
    return struct.pack(">i", len(items)) + b"".join(items)


def frame(payload):
    return struct.pack(">i", len(payload)) + payload


def header(api, version, correlation=1, client="test", flexible=False):
    if (api, version) == (CONTROLLED_SHUTDOWN, 0):  # the only request with header version 0
        return struct.pack(">hhi", api, version, correlation)
    return struct.pack(">hhi", api, version, correlation) + string(client) + (b"\0" if flexible else b"")


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, fmt):
        values = struct.unpack_from(">" + fmt, self.data, self.at)
        self.at += struct.calcsize(">" + fmt)
        return values[0] if len(values) == 1 else values

    def string(self):
        n = self.take("h")
        self.at += max(n, 0)
        return None if n < 0 else self.data[self.at - n:self.at].decode()

    def array(self, item):
        return [item() for _ in range(self.take("i"))]


class Closed(Exception):
    """The broker closed the connection."""


class Connection:
    """One TCP connection; usable as a context."""

    def __init__(self, broker, timeout=20):
        self.sock = socket.create_connection(("127.0.0.1", broker.port), timeout=timeout * SLOW)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.correlation = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise Closed from None

    def receive_exactly(self, n):
        data = b""
        while len(data) < n:
            try:
                more = self.sock.recv(n - len(data))
            except ConnectionResetError:
                raise Closed from None
            if not more:
                raise Closed
            data += more
        return data

    def receive(self):
        """The payload of the next response."""
        return self.receive_exactly(struct.unpack(">i", self.receive_exactly(4))[0])

    def closed(self):
        """True when the broker closes without an answer; an answer is returned. Times out with an error."""
        try:
            return self.receive()
        except Closed:
            return True

    def request(self, api, version, body):
        """For versions without tagged fields. Returns a Reader behind the response header."""
        self.correlation += 1
        self.send(frame(header(api, version, self.correlation) + body))
        answer = Reader(self.receive())
        assert answer.take("i") == self.correlation
        return answer

    def api_versions(self):
        """{key: (min, max)}"""
        answer = self.request(API_VERSIONS, 0, b"")
        assert answer.take("h") == 0
        return {k: (a, b) for k, a, b in answer.array(lambda: answer.take("hhh"))}

    def metadata(self, topic):
        """Error code of the topic (creates nothing)."""
        return self.topic(topic)[0]

    def leaders(self, topic):
        """partition -> leader as this broker has heard; -1: none."""
        return {partition: leader for (_, partition, leader), _, _ in self.topic(topic)[3]}

    def in_sync(self, topic):
        """partition -> how many replicas are in sync, as this broker has heard."""
        return {partition: len(isr) for (_, partition, _), _, isr in self.topic(topic)[3]}

    def replicas(self, topic):
        """partition -> the ids of its replicas, as this broker has heard."""
        return {partition: replicas for (_, partition, _), replicas, _ in self.topic(topic)[3]}

    def topic(self, name):
        """Its part of the metadata: error code, name, whether it is internal, partitions."""
        answer = self.request(METADATA, 4, array([string(name)]) + b"\0")
        answer.take("i")
        answer.array(lambda: (answer.take("i"), answer.string(), answer.take("i"), answer.string()))
        answer.string()
        answer.take("i")
        return answer.array(lambda: (answer.take("h"), answer.string(), answer.take("b"), answer.array(
            lambda: (answer.take("hii"), answer.array(lambda: answer.take("i")), answer.array(
                lambda: answer.take("i"))))))[0]

    def cluster(self):
        """The ids of the brokers and of the controller as this broker has heard them; -1: no controller."""
        answer = self.request(METADATA, 4, array([]) + b"\0")
        answer.take("i")
        ids = answer.array(lambda: (answer.take("i"), answer.string(), answer.take("i"), answer.string())[0])
        answer.string()
        return ids, answer.take("i")

    def produce(self, topic, partition, records, acks=1, version=7):
        """(error code, base offset)"""
        body = (string(None) if version >= 3 else b"") + struct.pack(">hi", acks, 30000) + array(
            [string(topic) + array([struct.pack(">ii", partition, len(records)) + records])])
        answer = self.request(PRODUCE, version, body)
        tail = "qq" if version >= 5 else "q" if version >= 2 else ""
        topics = answer.array(lambda: (answer.string(), answer.array(lambda: answer.take("ihq" + tail))))
        result = topics[0][1][0]
        return result[1], result[2]

    def delete_records(self, topic, partition, before):
        """(error code, low watermark)"""
        body = array([string(topic) + array([struct.pack(">iq", partition, before)])]) + struct.pack(">i", 30000)
        answer = self.request(DELETE_RECORDS, 1, body)
        answer.take("i")
        topics = answer.array(lambda: (answer.string(), answer.array(lambda: answer.take("iqh"))))
        _, low, error = topics[0][1][0]
        return error, low


# --- record batches ---


def crc32c_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ 0x82F63B78 if n & 1 else n >> 1
        table.append(n)
    return table


CRC32C = crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC32C[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def varint(n):
    n = (n << 1) ^ (n >> 63)
    n &= (1 << 64) - 1
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def record(value, delta=0, key=None):
    body = b"\0" + varint(0) + varint(delta)
    body += varint(-1) if key is None else varint(len(key)) + key
    body += varint(-1) if value is None else varint(len(value)) + value
    body += varint(0)
    return varint(len(body)) + body


def batch(payload, count=1, *, codec=0, last_delta=None, timestamp=1_700_000_000_000, crc_off=0, length_off=0, magic=2,
          base_offset=0, attributes=None, producer=(-1, -1, -1)):
    """A version 2 batch over ready-made (compressed) records, with any field wrong that the test wants wrong."""
    attributes = codec if attributes is None else attributes
    last_delta = count - 1 if last_delta is None else last_delta
    covered = struct.pack(">hiqqqhii", attributes, last_delta, timestamp, timestamp, *producer, count) + payload
    crc = (crc32c(covered) + crc_off) & 0xFFFFFFFF
    return struct.pack(">qiibI", base_offset, len(covered) + 9 + length_off, -1, magic, crc) + covered


def gzip(data, level=9):
    engine = zlib.compressobj(level, zlib.DEFLATED, 31)
    return engine.compress(data) + engine.flush()


# --- vectors of every message ---


def request_vectors():
    """(api key, version, variant, body) of every request in the reference vectors."""
    with open(ROOT / "tests/protocol/data/messages.jsonl") as f:
        for line in f:
            m = json.loads(line)
            if m["message"].endswith("Request") and m.get("api_key") is not None:
                yield m["api_key"], m["version"], m["variant"], bytes.fromhex(m["hex"])
