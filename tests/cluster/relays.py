"""Cables between processes that a test can cut: small TCP relays, on loopback, without any privilege.

A broker is reached by the others through one relay (its advertised inter-broker listener), and reaches every ZooKeeper
member through one of its own. A cut is named by both ends. While it stalls, nothing is read and nothing is closed: the ends
see silence, as behind a firewall that drops packets; afterwards what waited arrives. While it is broken, connections end
with a reset, and new ones do too.
"""

import asyncio
import contextlib
import os
import pathlib
import socket
import struct
import threading

from harness import free_port

OUT, BACK = "out", "back"


def socket_inode(port, to):
    """The inode of the loopback socket that is connected from one port to the other."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(f":{port:04X}") and fields[2].endswith(f":{to:04X}"):
                return fields[9]
    return None


def has_socket(pid, inode):
    with contextlib.suppress(OSError):
        for descriptor in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                if os.readlink(descriptor.path) == f"socket:[{inode}]":
                    return True
    return False


class Cable:
    """What is between two processes: its connections, and what just now does not pass."""

    def __init__(self):
        self.pipes = set()
        self.stalled = set()
        self.broken = False

    def set(self, stalled, broken):
        self.stalled, self.broken = set(stalled), broken
        for pipe in list(self.pipes):
            if broken:
                pipe.reset()
            else:
                pipe.update()


class End(asyncio.Protocol):
    """One of the two sockets of a pipe; what it receives goes out at the other."""

    def __init__(self, pipe, direction):
        self.pipe, self.direction = pipe, direction
        self.transport = self.other = None
        self.other_full = False
        self.reading = True

    def connection_made(self, transport):
        self.transport = transport

    def update(self):
        wanted = not self.other_full and self.direction not in self.pipe.cable.stalled
        if wanted != self.reading and not self.transport.is_closing():
            self.reading = wanted
            (self.transport.resume_reading if wanted else self.transport.pause_reading)()

    def data_received(self, data):
        self.other.transport.write(data)

    def pause_writing(self):
        if self.other:
            self.other.other_full = True
            self.other.update()

    def resume_writing(self):
        if self.other:
            self.other.other_full = False
            self.other.update()

    def connection_lost(self, exc):
        self.pipe.cable.pipes.discard(self.pipe)
        if self.other and self.other.transport:
            self.other.transport.close()


class Pipe:
    """A connection from its maker to the target, through us."""

    def __init__(self, cable, maker):
        self.cable = cable
        self.near, self.far = End(self, OUT), End(self, BACK)
        self.near.other, self.far.other = self.far, self.near
        self.maker = maker

    async def connect(self, target):
        loop = asyncio.get_running_loop()
        if self.cable.broken:
            self.refuse()
            return
        try:
            await loop.create_connection(lambda: self.far, "127.0.0.1", target)
        except OSError:
            self.refuse()
            return
        self.cable.pipes.add(self)
        self.far.update()
        await loop.connect_accepted_socket(lambda: self.near, self.maker)
        if self.cable.broken:
            self.reset()
        self.update()

    def update(self):
        for end in (self.near, self.far):
            if end.transport:
                end.update()

    def refuse(self):
        self.maker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.maker.close()

    def reset(self):
        for end in (self.near, self.far):
            if end.transport:
                with contextlib.suppress(OSError):
                    end.transport.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.transport.abort()


class Relays:
    """All relays of a cluster, and the thread they run on. `pid_of` tells the process of a name, to know who connects."""

    def __init__(self):
        self.cables = {}
        self.processes = {}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def cable(self, source, target):
        return self.cables.setdefault((source, target), Cable())

    def add(self, target, port, source=None):
        """A port that leads to `port` of `target`; without a source it is found out who connects."""
        listener = socket.socket()
        entry = free_port()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", entry))
        listener.listen(128)
        listener.setblocking(False)
        asyncio.run_coroutine_threadsafe(self.accept(listener, entry, target, port, source), self.loop)
        return entry

    async def accept(self, listener, entry, target, port, source):
        pipes = set()
        while True:
            maker, (_, from_port) = await self.loop.sock_accept(listener)
            maker.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pipe = Pipe(self.cable(source or self.who(from_port, entry), target), maker)
            task = self.loop.create_task(pipe.connect(port))
            pipes.add(task)
            task.add_done_callback(pipes.discard)

    def who(self, port, to):
        inode = socket_inode(port, to)
        return next((name for name, process in self.processes.items()
                     if inode and process.alive() and has_socket(process.pid, inode)), None)

    def set(self, source, target, stalled=(), broken=False):
        """From now on this is what happens between the two; without arguments all is well."""
        async def change():
            self.cable(source, target).set(stalled, broken)
        asyncio.run_coroutine_threadsafe(change(), self.loop).result(30)

    def count(self, source, target):
        """Connections that go through a cable just now."""
        return len(self.cable(source, target).pipes)

    def close(self):
        async def finish():
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            for cable in self.cables.values():
                cable.set((), True)
        asyncio.run_coroutine_threadsafe(finish(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
