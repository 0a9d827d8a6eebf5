"""Listeners and limits of connections, changed while the broker runs, seen from the clients' side."""

import contextlib
import json
import socket
import time

import pytest

import clients
import configs
from clients import Record
from configs import BROKER, INVALID_REQUEST
from harness import SLOW, free_port, port_open, wait_until
from wire import Closed, Connection

INTERNAL = {"listener_security_protocol_map": "INTERNAL:PLAINTEXT,OUTER:PLAINTEXT,THIRD:PLAINTEXT,SECURE:SSL",
            "inter_broker_listener_name": "INTERNAL"}


def listeners(**ports):
    return ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())


@pytest.fixture
def named(run):
    """A broker whose only listener has a name of its own."""
    broker = run.broker(0, start=False, **INTERNAL)
    broker.set(listeners=listeners(INTERNAL=broker.port))
    return configs.settled(broker.start())


def endpoints(broker):
    data, _ = broker.znode(f"/brokers/ids/{broker.id}")
    return json.loads(data)["endpoints"]


def known_addresses(port):
    """What Metadata over that port says about the brokers."""
    answer = configs.ask(port, "Metadata", 8, topics=[])
    return [(b["host"], b["port"]) for b in answer["brokers"]]


@contextlib.contextmanager
def connected(port, count=1):
    where = type("Where", (), {"port": port})
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Connection(where)) for _ in range(count)]


def served(connection, timeout=None):
    """Whether a request on the connection is answered (in time)."""
    if timeout is not None:
        connection.sock.settimeout(timeout)
    try:
        return bool(connection.api_versions())
    except (Closed, OSError, socket.timeout):
        return False


def is_open(connection):
    """Whether the broker has not closed it; nothing may be waiting to be read."""
    connection.sock.settimeout(0.001)
    try:
        return connection.sock.recv(1) != b""
    except socket.timeout:
        return True
    except OSError:
        return False


# --- listeners ---


def test_a_listener_is_added_and_removed(named, topic):
    outer = free_port()
    clients.create_topic(named, topic)
    before = named.znode("/brokers/ids/0")[1]
    configs.alter(named, BROKER, "0", {"listeners": listeners(INTERNAL=named.port, OUTER=outer)})
    wait_until(lambda: port_open(outer), 30, "the listener to open")
    wait_until(lambda: endpoints(named) == [f"INTERNAL://127.0.0.1:{named.port}", f"OUTER://127.0.0.1:{outer}"],
               30, "the registration")
    after = named.znode("/brokers/ids/0")[1]
    assert (after.czxid, after.ephemeralOwner) == (before.czxid, before.ephemeralOwner) and after.version > before.version
    wait_until(lambda: known_addresses(outer) == [("127.0.0.1", outer)], 30, "metadata to name the listener's address")
    assert known_addresses(named.port) == [("127.0.0.1", named.port)]
    there = type("There", (), {"address": f"127.0.0.1:{outer}", "port": outer})
    assert clients.confluent_produce(there, topic, [Record(None, b"x")]) == [0]
    assert [r.value for r in clients.confluent_consume(there, topic, 1)] == [b"x"]

    with connected(outer) as (outside,), connected(named.port) as (inside,):
        assert served(outside) and served(inside)
        configs.alter(named, BROKER, "0", {"listeners": None})
        wait_until(lambda: not port_open(outer), 30, "the listener to close")
        wait_until(lambda: not is_open(outside), 30, "its connections to be closed")
        assert served(inside)
    wait_until(lambda: endpoints(named) == [f"INTERNAL://127.0.0.1:{named.port}"], 30, "the registration")
    wait_until(lambda: known_addresses(named.port) == [("127.0.0.1", named.port)], 30, "the metadata")


def test_listeners_are_there_again_after_a_restart(named):
    outer = free_port()
    configs.alter(named, BROKER, "0", {"listeners": listeners(INTERNAL=named.port, OUTER=outer),
                                       "advertised.listeners": f"INTERNAL://127.0.0.1:{named.port},OUTER://far.example:99"})
    wait_until(lambda: "OUTER://far.example:99" in endpoints(named), 30, "the registration")
    named.restart()
    assert port_open(outer)
    assert endpoints(named) == [f"INTERNAL://127.0.0.1:{named.port}", "OUTER://far.example:99"]


def test_advertised_listeners_alone(named):
    configs.alter(named, BROKER, "0", {"advertised.listeners": "INTERNAL://elsewhere.example:1234"})
    wait_until(lambda: endpoints(named) == ["INTERNAL://elsewhere.example:1234"], 30, "the registration")
    wait_until(lambda: known_addresses(named.port) == [("elsewhere.example", 1234)], 30, "the metadata")
    configs.alter(named, BROKER, "0", {"advertised.listeners": None})
    wait_until(lambda: known_addresses(named.port) == [("127.0.0.1", named.port)], 30, "the metadata")


def test_by_hand_in_zookeeper(named):
    outer = free_port()
    with named.zookeeper.client(named.chroot) as zk:
        configs.set_by_hand(zk, "brokers/0", {"listeners": listeners(INTERNAL=named.port, THIRD=outer)})
        wait_until(lambda: port_open(outer), 30, "the listener to open")
        configs.set_by_hand(zk, "brokers/0", {})
        wait_until(lambda: not port_open(outer), 30, "the listener to close")


@pytest.mark.parametrize("what, changes", [
    ("the one between brokers is gone", {"listeners": "OUTER://127.0.0.1:{port}"}),
    ("and not advertised", {"listeners": "INTERNAL://127.0.0.1:{own},OUTER://127.0.0.1:{port}",
                            "advertised.listeners": "OUTER://127.0.0.1:{port}"}),
    ("advertised, not listened at", {"advertised.listeners": "INTERNAL://a:1,OUTER://127.0.0.1:{port}"}),
    ("no protocol for the name", {"listeners": "INTERNAL://127.0.0.1:{own},NAMELESS://127.0.0.1:{port}"}),
    ("the map forgets one", {"listener.security.protocol.map": "OUTER:PLAINTEXT"}),
    ("other settings for an existing one", {"listeners": "INTERNAL://127.0.0.1:{own},OUTER://127.0.0.1:{port}",
                                            "listener.name.internal.ssl.client.auth": "none"}),
    ("no listener", {"listeners": ""}),
    ("nonsense", {"listeners": "INTERNAL"}),
    ("the same port twice", {"listeners": "INTERNAL://127.0.0.1:{own},OUTER://127.0.0.1:{own}"}),
    ("unroutable", {"advertised.listeners": "INTERNAL://0.0.0.0:{own}"}),
])
def test_what_cannot_be_listened_at(named, what, changes):
    port = free_port()
    changes = {k: v.format(own=named.port, port=port) for k, v in changes.items()}
    for validate_only in (True, False):
        code, text = configs.try_alter(named, BROKER, "0", changes, validate_only=validate_only)
        assert code == INVALID_REQUEST, (what, text)
    assert configs.stored(named, "brokers/0") == {}
    assert not port_open(port)


def test_not_for_the_whole_cluster(named):
    for key, text in (("listeners", listeners(INTERNAL=named.port)), ("advertised.listeners", "INTERNAL://a:1"),
                      ("listener.security.protocol.map", "INTERNAL:PLAINTEXT")):
        assert configs.try_alter(named, BROKER, "", {key: text})[0] == INVALID_REQUEST


@pytest.mark.moldau
def test_tls_is_refused_by_name(named):
    code, text = configs.try_alter(named, BROKER, "0", {"listeners": listeners(INTERNAL=named.port, SECURE=free_port())})
    assert code == INVALID_REQUEST and "SECURE" in text and "SSL" in text


@pytest.mark.moldau
def test_a_listener_moves_and_keeps_its_connections(named):
    """Apache leaves it at its old port until the next start, and registers the new one."""
    old, new = named.port, free_port()
    with connected(old) as (before,):
        assert served(before)
        configs.alter(named, BROKER, "0", {"listeners": listeners(INTERNAL=new)})
        wait_until(lambda: port_open(new) and not port_open(old), 30, "the listener to move")
        assert served(before)
        wait_until(lambda: endpoints(named) == [f"INTERNAL://127.0.0.1:{new}"], 30, "the registration")
        wait_until(lambda: known_addresses(new) == [("127.0.0.1", new)], 30, "the metadata")


@pytest.mark.moldau
def test_a_port_in_use_is_not_advertised(named):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        configs.alter(named, BROKER, "0", {"listeners": listeners(INTERNAL=named.port, OUTER=port)})
        wait_until(lambda: named.log_lines("ERROR", "failed to bind", str(port)), 30, "the error line")
        configs.alter(named, BROKER, "0", {"max.connections": 1000})  # something that is applied after it
        wait_until(lambda: configs.value(named, BROKER, "0", "max.connections") == "1000", 30, "the next change")
        assert endpoints(named) == [f"INTERNAL://127.0.0.1:{named.port}"]
    configs.alter(named, BROKER, "0", {"listeners": listeners(INTERNAL=named.port, OUTER=port, THIRD=free_port())})
    wait_until(lambda: port_open(port), 30, "it to be opened with the next change of listeners")
    wait_until(lambda: f"OUTER://127.0.0.1:{port}" in endpoints(named), 30, "the registration")


# --- how many connections ---


def test_max_connections(named):
    """How many fit depends on the broker's own connections: Apache has some to itself."""
    outer = free_port()
    configs.alter(named, BROKER, "0", {"listeners": listeners(INTERNAL=named.port, OUTER=outer)})
    wait_until(lambda: port_open(outer), 30, "the listener to open")
    configs.alter(named, BROKER, "", {"max.connections": 6})
    wait_until(lambda: configs.value(named, BROKER, "0", "max.connections") == "6", 30, "the limit")
    where = type("Where", (), {"port": outer})
    with contextlib.ExitStack() as stack:
        fitting = []
        while served(waiting := stack.enter_context(Connection(where)), 1):
            fitting.append(waiting)
            assert len(fitting) <= 6
        assert len(fitting) >= 3
        with connected(named.port) as (broker,):  # between brokers: let in, a client makes room
            assert served(broker)
            wait_until(lambda: sum(is_open(c) for c in fitting) == len(fitting) - 1, 30, "a client to make room")
        configs.alter(named, BROKER, "", {"max.connections": None})
        assert served_late(waiting)


def served_late(connection):
    """The answer to a request that was sent before."""
    connection.sock.settimeout(20 * SLOW)
    return connection.receive() != b""


def test_max_connections_of_a_listener(named):
    outer = free_port()
    configs.alter(named, BROKER, "0", {"listeners": listeners(INTERNAL=named.port, OUTER=outer),
                                       "listener.name.outer.max.connections": 1})
    wait_until(lambda: port_open(outer), 30, "the listener to open")
    with connected(outer) as (first,), connected(outer) as (second,), connected(named.port, 3) as others:
        wait_until(lambda: served(first), 30, "the first")
        assert all(served(c) for c in others)
        assert not served(second, 0.5)
        configs.alter(named, BROKER, "0", {"listener.name.outer.max.connections": 2})
        assert served_late(second)


def test_max_connections_of_a_listener_from_the_start(run):
    broker = run.broker(0, start=False)
    broker.props["listener.name.plaintext.max.connections"] = 2
    broker.start()
    with connected(broker.port, 2) as (first, second), connected(broker.port) as (third,):
        assert served(first) and served(second)
        assert not served(third, 0.5)
        second.sock.close()
        assert served_late(third)


def test_max_connections_per_ip(run):
    broker = run.broker(0)
    with connected(broker.port, 2) as old:
        assert all(served(c) for c in old)
        with broker.zookeeper.client(broker.chroot) as zk:
            configs.set_by_hand(zk, "brokers/<default>", {"max.connections.per.ip": "2"})
            wait_until(lambda: refused(broker.port), 30, "the third to be refused")
            assert all(served(c) for c in old)
            configs.set_by_hand(zk, "brokers/<default>", {"max.connections.per.ip": "2",
                                                          "max.connections.per.ip.overrides": "127.0.0.1:4"})
            wait_until(lambda: not refused(broker.port), 30, "the override")
    assert broker.log_lines("Rejected connection from /127.0.0.1, address already has the configured maximum of 2 connections.")


def refused(port):
    with connected(port) as (one,):
        return not served(one)


# --- how fast they come ---


def burst(port, count):
    """Seconds until so many connections, opened at once, are served."""
    began = time.monotonic()
    with connected(port, count) as many:
        assert all(served(c) for c in many)
    return time.monotonic() - began


def test_max_connection_creation_rate(named):
    """Ten windows of a second are looked at: ten times the rate may come at once."""
    outer = free_port()
    configs.alter(named, BROKER, "0", {"listeners": listeners(INTERNAL=named.port, OUTER=outer),
                                       "listener.name.internal.max.connection.creation.rate": 1000})
    wait_until(lambda: port_open(outer), 30, "the listener to open")
    assert burst(outer, 15) < 5 * SLOW
    configs.alter(named, BROKER, "", {"max.connection.creation.rate": 1})
    wait_until(lambda: configs.value(named, BROKER, "0", "max.connection.creation.rate") == "1", 30, "the limit")
    assert burst(outer, 3) >= 2  # each has to wait a second by now
    assert burst(named.port, 15) < 2 * SLOW  # those between brokers only if their listener says so
    configs.alter(named, BROKER, "", {"max.connection.creation.rate": None})
    wait_until(lambda: configs.value(named, BROKER, "0", "max.connection.creation.rate") == "2147483647", 30, "no limit")
    assert burst(outer, 15) < 5 * SLOW


def test_max_connection_creation_rate_of_a_listener(run):
    broker = run.broker(0, start=False)
    broker.props["listener.name.plaintext.max.connection.creation.rate"] = 1
    broker.start()
    assert burst(broker.port, 14) >= 3


@pytest.mark.parametrize("key", ["max.connections", "max.connection.creation.rate", "listener.name.internal.max.connections"])
def test_nobody_can_be_shut_out(named, key):
    assert configs.try_alter(named, BROKER, "0", {key: 0})[0] == INVALID_REQUEST
    assert configs.try_alter(named, BROKER, "0", {key: -1})[0] == INVALID_REQUEST
    assert configs.stored(named, "brokers/0") == {}
