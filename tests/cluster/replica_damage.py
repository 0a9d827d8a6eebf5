"""Replicas that are not the same: batches in the file of a broker that is down are changed. And a program that runs until it
is stopped, line by line."""

import re
import struct
import subprocess
import threading

import wire
from harness import wait_until

BASE_OFFSET, LENGTH, EPOCH, CRC, COVERED = 0, 8, 12, 17, 21


def log_file(broker, topic, partition=0):
    return sorted(broker.partition_dir(topic, partition).glob("*.log"))[0]


def batches(data):
    """(start, end, base offset, last offset) of each."""
    at = 0
    while at < len(data):
        base, length = struct.unpack_from(">qi", data, at)
        yield at, at + 12 + length, base, base + struct.unpack_from(">i", data, at + COVERED + 2)[0]
        at += 12 + length


def change_value(broker, topic, number, mend=True):
    """The last value of a batch gets another byte, and with `mend` the batch a checksum that fits. Returns its last offset."""
    path = log_file(broker, topic)
    data = bytearray(path.read_bytes())
    start, end, _, last = list(batches(data))[number]
    data[end - 2] ^= 1
    if mend:
        struct.pack_into(">I", data, start + CRC, wire.crc32c(bytes(data[start + COVERED:end])))
    path.write_bytes(data)
    return last


def join_batches(broker, topic, values):
    """All records, which have these values, in one batch."""
    path = log_file(broker, topic)
    epoch = path.read_bytes()[EPOCH:EPOCH + 4]
    joined = bytearray(wire.batch(b"".join(wire.record(v, i) for i, v in enumerate(values)), len(values)))
    joined[EPOCH:EPOCH + 4] = epoch
    path.write_bytes(joined)


def checksums(broker, topic):
    """By last offset, as the headers have them."""
    data = log_file(broker, topic).read_bytes()
    return {last: struct.unpack_from(">I", data, start + CRC)[0] for start, _, _, last in batches(data)}


class Running:
    """A program whose output is read as it comes. Lines are without the time in front."""

    def __init__(self, argv, cwd=None):
        self.process = subprocess.Popen([str(a) for a in argv], cwd=cwd, text=True, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.errors = [], []
        self.threads = [threading.Thread(target=self._read, args=a) for a in
                        ((self.process.stdout, self.lines), (self.process.stderr, self.errors))]
        for t in self.threads:
            t.start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            stamp = re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: ", line)
            lines.append((line[stamp.end():] if stamp else line).rstrip("\n"))

    def await_line(self, wanted, timeout=30):
        """The first line that `wanted`, an expression, is found in, and that came after the last one waited for."""
        start = getattr(self, "seen", 0)

        def find():
            return next((i + 1 for i in range(start, len(self.lines)) if re.search(wanted, self.lines[i])), 0)
        self.seen = wait_until(find, timeout, f"a line with {wanted}")
        return self.lines[self.seen - 1]

    def wait(self, timeout=30):
        code = self.process.wait(timeout)
        for t in self.threads:
            t.join()
        return code

    def stop(self):
        self.process.terminate()
        return self.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
