"""The cables that the fault tests cut are really cut."""

import contextlib
import socket
import sys

import pytest

import relays
from harness import Process, wait_until


@pytest.fixture
def cables():
    made = relays.Relays()
    yield made
    made.close()


@pytest.fixture
def target():
    """A listener; each connection to it is accepted by the test."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        yield listener


def connect(port):
    near = socket.create_connection(("127.0.0.1", port), timeout=20)
    near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return near


def silent(sock):
    sock.settimeout(0.2)  # that nothing comes can only be waited for
    try:
        with contextlib.suppress(TimeoutError):
            return sock.recv(100) is None
        return True
    finally:
        sock.settimeout(20)


def pair(cables, target):
    near = connect(cables.add("b", target.getsockname()[1], "a"))
    far = target.accept()[0]
    far.settimeout(20)
    near.sendall(b"x")
    assert far.recv(100) == b"x"
    return near, far


def test_a_stall_is_silence_until_it_ends(cables, target):
    near, far = pair(cables, target)
    cables.set("a", "b", (relays.OUT, relays.BACK))
    near.sendall(b"there")
    far.sendall(b"back")
    assert silent(near) and silent(far)
    near.shutdown(socket.SHUT_WR)
    assert silent(far), "not even the end is heard"
    cables.set("a", "b")
    assert (near.recv(100), far.recv(100)) == (b"back", b"there")


@pytest.mark.parametrize("way", [relays.OUT, relays.BACK])
def test_one_way_passes_while_the_other_is_cut(cables, target, way):
    near, far = pair(cables, target)
    cables.set("a", "b", (way,))
    cut, whole = ((near, far), (far, near)) if way == relays.OUT else ((far, near), (near, far))
    cut[0].sendall(b"lost")
    whole[0].sendall(b"heard")
    assert whole[1].recv(100) == b"heard" and silent(cut[1])
    cables.set("a", "b")
    assert cut[1].recv(100) == b"lost"


def test_broken_connections_are_reset_and_refused(cables, target):
    port = cables.add("b", target.getsockname()[1], "a")
    near = connect(port)
    far = target.accept()[0]
    near.sendall(b"x")
    assert far.recv(100) == b"x"
    cables.set("a", "b", broken=True)
    for sock in (lambda: near, lambda: far, lambda: connect(port)):
        with contextlib.suppress(ConnectionResetError):  # a new one perhaps before it is made
            assert sock().recv(100) == b""
    cables.set("a", "b")
    connect(port).sendall(b"again")
    assert target.accept()[0].recv(100) == b"again"


def test_new_connections_of_a_stalled_cable_wait_too(cables, target):
    cables.set("a", "b", (relays.OUT, relays.BACK))
    near = connect(cables.add("b", target.getsockname()[1], "a"))
    near.sendall(b"x")
    far = target.accept()[0]
    assert silent(far)
    cables.set("a", "b")
    assert far.recv(100) == b"x"


def test_a_process_is_known_by_its_socket(cables, target, tmp_path):
    """Only its cable is cut, not that of another on the same port."""
    port = cables.add("b", target.getsockname()[1])
    process = Process("a", tmp_path)
    process.spawn([sys.executable, "-c", "import socket, sys, time\n"
                   f"s = socket.create_connection(('127.0.0.1', {port}))\n"
                   "while True: s.sendall(b'.'); time.sleep(0.01)"])
    cables.processes["a"] = process
    try:
        far = target.accept()[0]
        far.settimeout(20)
        assert far.recv(1) == b"."
        other = connect(port)
        other_far = target.accept()[0]
        assert cables.count("a", "b") == 1
        cables.set("a", "b", (relays.OUT,))
        wait_until(lambda: silent(far), 20, "the dots to end")
        other.sendall(b"x")
        assert other_far.recv(100) == b"x"
    finally:
        process.kill()
