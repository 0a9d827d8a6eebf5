"""Input no client sends: the right error or a closed connection, bounded memory, and other clients unhurt."""

import contextlib
import random
import resource
import socket
import struct
import time

import pytest

import clients
import wire
from harness import SLOW, measures_memory, wait_until
from wire import Closed, Connection, batch, record

MB = 1 << 20
CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, INVALID_RECORD = 2, 10, 87
UNSUPPORTED_VERSION = 35


@pytest.fixture(scope="module")
def victim(module_run):
    """The broker under attack, and a topic that others use meanwhile."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    broker = module_run.broker(0, start=False)
    broker.start(nofile=(hard, hard))
    clients.create_topic(broker, "others")
    unhurt(broker)
    return broker


@pytest.fixture
def broker(victim):
    """Fails the test when the broker died, grew, or kept others waiting."""
    assert victim.alive(), "an earlier attack killed the broker\n" + victim.tail()
    before = victim.rss_bytes()
    yield victim
    assert victim.alive(), "the attack killed the broker\n" + victim.tail()
    unhurt(victim)
    if measures_memory():
        assert victim.rss_bytes() - before < 64 * MB


def unhurt(broker):
    """Another client is served, at once."""
    began = time.monotonic()
    with Connection(broker) as c:
        error, offset = c.produce("others", 0, batch(record(b"x")))
        assert error == 0 and offset >= 0
        assert c.api_versions()[wire.PRODUCE][1] >= 9
    assert time.monotonic() - began < 5 * SLOW


def closes(broker, data):
    with Connection(broker) as c:
        with contextlib.suppress(Closed):
            c.send(data)
        assert c.closed() is True


# --- frames ---


@pytest.mark.parametrize("size", [0x7FFFFFFF, 104857601, -1, -0x80000000])
def test_a_frame_of_an_impossible_size(broker, size):
    closes(broker, struct.pack(">i", size) + b"x" * 1000)


@pytest.mark.parametrize("size", [0, 1, 7])
def test_a_frame_too_short_for_a_header(broker, size):
    closes(broker, struct.pack(">i", size) + b"\0" * size)


def test_a_large_frame_that_never_comes(broker):
    """100 MB announced by each of many connections, little sent: memory follows what arrives."""
    before = broker.rss_bytes()
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            c = stack.enter_context(Connection(broker))
            c.send(struct.pack(">i", 100 * MB) + wire.header(wire.PRODUCE, 3) + b"x" * 10_000)
        unhurt(broker)
        if measures_memory():
            assert broker.rss_bytes() - before < 64 * MB


def test_not_the_protocol_at_all(broker):
    for text in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500):
        closes(broker, text)


def test_half_a_request_and_away(broker):
    for n in (1, 3, 4, 5, 12):
        with Connection(broker) as c:
            c.send(wire.frame(wire.header(wire.API_VERSIONS, 0))[:n])


# --- headers ---


@pytest.mark.parametrize("api", [-1, 58, 59, 100, 32767])
def test_an_unknown_api_key(broker, api):
    closes(broker, wire.frame(wire.header(api, 0) + b"\0" * 20))


@pytest.mark.parametrize("version", [5, 100, 32767, -1])
def test_an_unknown_version_of_api_versions_is_told_the_right_ones(broker, version):
    with Connection(broker) as c:
        c.send(wire.frame(wire.header(wire.API_VERSIONS, version, 77, flexible=version >= 3) + b"whatever it holds"))
        answer = wire.Reader(c.receive())
        assert answer.take("i") == 77
        assert answer.take("h") == UNSUPPORTED_VERSION
        assert (wire.API_VERSIONS, 0, 4) in answer.array(lambda: answer.take("hhh"))
        assert c.api_versions()  # and the connection goes on


@pytest.mark.parametrize("api", [wire.PRODUCE, wire.METADATA, wire.DELETE_RECORDS])
def test_an_unknown_version_of_another_api(broker, api):
    closes(broker, wire.frame(wire.header(api, 99) + b"\0" * 20))


@pytest.mark.parametrize("length", [-2, 30000, 32767])
def test_a_client_id_that_lies_about_its_length(broker, length):
    closes(broker, wire.frame(struct.pack(">hhih", wire.METADATA, 1, 1, length) + b"abc"))


# --- bodies ---


def test_a_truncated_body_of_every_api_in_every_version(broker):
    with Connection(broker) as c:
        known = c.api_versions()
    flexible = wire.first_flexible_versions()
    rng = random.Random(3)
    tried = set()
    for api, version, variant, body in wire.request_vectors():
        if api not in known or not known[api][0] <= version <= known[api][1] or api == wire.API_VERSIONS:
            continue
        newest = version == known[api][1]
        cuts = range(len(body)) if newest and len(body) < 200 else sorted(rng.sample(range(len(body)), min(8, len(body))))
        for cut in cuts:
            head = wire.header(api, version, flexible=version >= flexible[api])
            with Connection(broker) as c:
                with contextlib.suppress(Closed):
                    c.send(wire.frame(head + body[:cut]))
                got = c.closed()
                assert got is True, f"api {api} version {version} {variant} cut at {cut} of {len(body)}: {got.hex()}"
        tried.add(api)
    assert tried >= {k for k in known if k != wire.API_VERSIONS}


@pytest.mark.parametrize("count", [0x7FFFFFFF, 0x10000000, 1000000])
def test_an_array_that_lies_about_its_length(broker, count):
    lie = struct.pack(">i", count)
    closes(broker, wire.frame(wire.header(wire.METADATA, 1) + lie))
    closes(broker, wire.frame(wire.header(wire.METADATA, 1) + lie + wire.string("a") * 3))
    closes(broker, wire.frame(wire.header(wire.PRODUCE, 3) + wire.string(None) + struct.pack(">hi", 1, 1000) + lie))


@pytest.mark.parametrize("size", [0x7FFFFFFF, 1000])
def test_records_that_lie_about_their_length(broker, size):
    body = wire.string(None) + struct.pack(">hi", 1, 1000) + wire.array(
        [wire.string("others") + wire.array([struct.pack(">ii", 0, size) + b"x" * 50])])
    closes(broker, wire.frame(wire.header(wire.PRODUCE, 3) + body))


def test_records_that_are_null(broker, target):
    body = wire.string(None) + struct.pack(">hi", 1, 1000) + wire.array(
        [wire.string(target) + wire.array([struct.pack(">ii", 0, -1)])])
    with Connection(broker) as c:
        answer = c.request(wire.PRODUCE, 3, body)
        topics = answer.array(lambda: (answer.string(), answer.array(lambda: answer.take("ihqq"))))
        assert topics[0][1][0][1] != 0


def test_random_bodies(broker):
    """Anything may be answered, nothing may be broken. Not the requests that only a controller sends, since a
    random one could be valid."""
    rng = random.Random(11)
    with Connection(broker) as c:
        known = c.api_versions()
    for _ in range(1500):
        api = rng.choice([0, 1, 2, 3, 10, 22, 23, 32, 35, 60])
        if api not in known:
            continue
        version = rng.randint(*known[api])
        head = wire.header(api, version, flexible=rng.random() < 0.5)
        with Connection(broker) as c, contextlib.suppress(Closed, socket.timeout):
            c.sock.settimeout(0.05)
            c.send(wire.frame(head + rng.randbytes(rng.randrange(200))))
            c.receive()


# --- batches ---


def produces(broker, topic, records, *errors):
    with Connection(broker) as c:
        before = c.produce(topic, 0, batch(record(b"good")))
        assert before[0] == 0
        error, _ = c.produce(topic, 0, records)
        assert error in errors, f"error {error}, wanted one of {errors}"
        after = c.produce(topic, 0, batch(record(b"good")))
        assert after[0] == 0
        if 0 not in errors:
            assert after[1] == before[1] + 1, "a refused batch left a trace in the log"


@pytest.fixture
def target(broker, topic):
    clients.create_topic(broker, topic)
    return topic


def test_a_bad_crc(broker, target):
    produces(broker, target, batch(record(b"x"), crc_off=1), CORRUPT_MESSAGE)


@pytest.mark.parametrize("count", [0x7FFFFFFF, 1000, 3, 1, -1, -0x80000000])
def test_a_record_count_that_lies(broker, target, count):
    two = record(b"a") + record(b"b", 1)
    produces(broker, target, batch(two, count, last_delta=1), CORRUPT_MESSAGE, INVALID_RECORD)
    if count > 0:
        produces(broker, target, batch(two, count), CORRUPT_MESSAGE, INVALID_RECORD)
        produces(broker, target, batch(wire.gzip(two), count, codec=1), CORRUPT_MESSAGE, INVALID_RECORD)


@pytest.mark.parametrize("length_off", [1, -1, 1000, -50, 0x70000000])
def test_a_batch_length_that_lies(broker, target, length_off):
    produces(broker, target, batch(record(b"x"), length_off=length_off), CORRUPT_MESSAGE, INVALID_RECORD,
             MESSAGE_TOO_LARGE)


@pytest.mark.parametrize("magic", [3, -1, 100])
def test_an_unknown_magic(broker, target, magic):
    produces(broker, target, batch(record(b"x"), magic=magic), CORRUPT_MESSAGE, INVALID_RECORD, UNSUPPORTED_VERSION)


@pytest.mark.parametrize("codec", [1, 2, 3, 4])
def test_rubbish_in_place_of_compressed_records(broker, target, codec):
    rng = random.Random(codec)
    for n in (0, 1, 10, 1000):
        produces(broker, target, batch(rng.randbytes(n), codec=codec), CORRUPT_MESSAGE, INVALID_RECORD)


def test_an_unknown_codec(broker, target):
    for codec in (5, 6, 7):
        with Connection(broker) as c:
            with contextlib.suppress(Closed):
                error, _ = c.produce(target, 0, batch(record(b"x"), codec=codec))
                assert error not in (0,)


def test_records_inside_that_lie(broker, target):
    for bad in (wire.varint(0x7FFFFFFF) + b"x" * 20, wire.varint(-1) + b"x" * 20, wire.varint(6) + b"\0" * 5,
                b"\xff" * 30, wire.varint(10) + b"\0\0\0" + wire.varint(0x7FFFFFFF) + b"x" * 20, b""):
        produces(broker, target, batch(bad), CORRUPT_MESSAGE, INVALID_RECORD)
        produces(broker, target, batch(wire.gzip(bad), codec=1), CORRUPT_MESSAGE, INVALID_RECORD)


def test_two_batches_in_one(broker, target):
    produces(broker, target, batch(record(b"x")) * 2, INVALID_RECORD, CORRUPT_MESSAGE)


def test_a_control_batch_from_a_client(broker, target):
    produces(broker, target, batch(record(b"x", key=b"\0\0\0\1"), attributes=0x20), INVALID_RECORD)


def bomb(megabytes):
    """A gzip of one record whose value is so many MB of zeros, made piece by piece."""
    value = megabytes * MB
    head = b"\0" + wire.varint(0) + wire.varint(0) + wire.varint(-1) + wire.varint(value)
    engine = wire.zlib.compressobj(9, wire.zlib.DEFLATED, 31)
    out = engine.compress(wire.varint(len(head) + value + 1) + head)
    for _ in range(megabytes):
        out += engine.compress(b"\0" * MB)
    return out + engine.compress(wire.varint(0)) + engine.flush()


def test_a_decompression_bomb(broker, target):
    """900 MB in 0.9 MB. Apache skips over the value and takes it; refusing is as good. Either way in little memory."""
    small = bomb(900)
    assert len(small) < MB
    before = broker.rss_bytes()
    with Connection(broker, timeout=60) as c:
        c.produce(target, 0, batch(small, codec=1))
    if measures_memory():
        assert broker.rss_bytes() - before < 64 * MB


def test_a_bomb_of_many_records_of_nothing(broker, target):
    """Compressed zeros are records of length zero without end."""
    engine = wire.zlib.compressobj(9, wire.zlib.DEFLATED, 31)
    data = b"".join(engine.compress(b"\0" * MB) for _ in range(900)) + engine.flush()
    produces(broker, target, batch(data, 0x7FFFFFFF, codec=1), CORRUPT_MESSAGE, INVALID_RECORD)


def test_a_bomb_that_a_topic_wants_recompressed(broker, topic):
    """compression.type differs, so the broker has to look at every byte."""
    clients.create_topic(broker, topic, compression_type="lz4")
    before = broker.rss_bytes()
    with Connection(broker, timeout=60) as c:
        c.produce(topic, 0, batch(bomb(900), codec=1))
    if measures_memory():
        assert broker.rss_bytes() - before < 300 * MB


# --- time and numbers ---


def test_a_slow_sender(broker):
    """A byte at a time, a second for the first ones; the others do not notice, and in the end it is answered."""
    with Connection(broker) as c:
        data = wire.frame(wire.header(wire.API_VERSIONS, 0, 5))
        for i, byte in enumerate(data):
            c.send(bytes([byte]))
            if i < 4:
                began = time.monotonic()
                while time.monotonic() - began < 1:
                    unhurt(broker)
        assert wire.Reader(c.receive()).take("i") == 5


def test_a_slow_reader_of_many_answers(broker):
    """Requests pipelined without reading an answer: the broker stops reading, and its memory stands still."""
    with Connection(broker) as c:
        c.sock.setblocking(False)
        request = wire.frame(wire.header(wire.API_VERSIONS, 0, 9))
        sent, idle = 0, 0
        while sent < 200_000 and idle < 50:
            try:
                sent += c.sock.send(request * 100) // len(request)
                idle = 0
            except BlockingIOError:
                idle += 1
                time.sleep(0.01)
        unhurt(broker)


def test_five_thousand_silent_connections(broker):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 6000:
        pytest.skip(f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    before, cpu = broker.rss_bytes(), broker.cpu_seconds()
    socks = []
    try:
        for _ in range(5000):
            s = socket.create_connection(("127.0.0.1", broker.port), timeout=20 * SLOW)
            socks.append(s)
        wait_until(lambda: broker.open_files() >= 5000, 30, "the broker to accept all")
        unhurt(broker)
        if measures_memory():
            assert broker.rss_bytes() - before < 5000 * 8192, "more than 8 KB for a silent connection"
            cpu = broker.cpu_seconds()
            began = time.monotonic()
            wait_until(lambda: time.monotonic() - began > 1, 5, "a second")
            assert broker.cpu_seconds() - cpu < 0.1 * SLOW
    finally:
        for s in socks:
            s.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    wait_until(lambda: broker.open_files() < 1000, 30, "the broker to close all")


def test_connections_that_come_and_go(broker):
    for _ in range(2000):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close by reset
        s.connect(("127.0.0.1", broker.port))
        s.close()
    wait_until(lambda: broker.open_files() < 500, 30, "the broker to notice")


def test_thousands_of_topic_names_in_one_metadata_request(broker):
    """None is created when creation is not allowed; the answer has them all."""
    names = [wire.string(f"nothing-{i}") for i in range(20_000)]
    with Connection(broker) as c:
        answer = c.request(wire.METADATA, 4, wire.array(names) + b"\0")
        answer.take("i")
        assert len(answer.data) > 20_000 * 10
