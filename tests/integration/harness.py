"""What the integration tests stand on: a real ZooKeeper and real brokers, started and stopped at will.

Everything lives in a directory of its own, listens on loopback on a free port, and is waited for by condition, never by
sleeping for a while. Several test runs may go on side by side.

Environment:
  MOLDAU_BUILD        build directory with the program moldaud (default: build/ in the checkout)
  MOLDAU_TEST_BROKER  home of an Apache Kafka 3.9 (the directory with libs/): run the same tests against it
  MOLDAU_TEST_SLOW    factor for all time limits (default 1, and 3 for a build with the address sanitizer)
  MOLDAU_TEST_KEEP    set: leave the directories of the run behind
"""

import contextlib
import ctypes
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError

ROOT = pathlib.Path(__file__).resolve().parents[2]
ZOOKEEPER_JARS = "/usr/share/java/zookeeper.jar"
STARTED = "started (kafka.server.KafkaServer)"
SANITIZER = re.compile(r"ERROR: (Address|Leak|Thread|Undefined)Sanitizer|runtime error:|WARNING: ThreadSanitizer")

LIBC = ctypes.CDLL(None)
given_ports = set()


def wait_until(condition, timeout=30, what="the condition", every=0.01):
    """Returns the first true value of condition(); fails the test after the timeout."""
    deadline = time.monotonic() + timeout * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout * SLOW:.0f} s: {what}")
        time.sleep(every)


def session_password(session_id):
    """ZooKeeper derives it from the id (ZooKeeperServer.generatePasswd): java.util.Random over id ^ 0xB3415C00."""
    state = (session_id ^ 0xB3415C00 ^ 0x5DEECE66D) & ((1 << 48) - 1)
    out = b""
    for _ in range(4):
        state = (state * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        out += ((state >> 16) & 0xFFFFFFFF).to_bytes(4, "little")
    return out


def free_port():
    """Below the ports that the kernel gives to outgoing connections: one of those could take the port of a server that is
    down for a while (and a client that tries such a port again and again may in the end be connected with itself)."""
    lowest = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10000, lowest)
        with socket.socket() as s, contextlib.suppress(OSError):
            if port not in given_ports:
                s.bind(("127.0.0.1", port))
                given_ports.add(port)
                return port


def port_open(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0


def find_moldaud():
    build = pathlib.Path(os.environ.get("MOLDAU_BUILD", ROOT / "build"))
    for candidate in (build / "moldaud", build / "src/broker/moldaud", build / "sbin/moldaud"):
        if candidate.is_file():
            return candidate.resolve()
    return None


def running_moldau():
    return "MOLDAU_TEST_BROKER" not in os.environ


def sanitized():
    """A build with a sanitizer: slower, and its memory is not the broker's."""
    program = find_moldaud()
    return running_moldau() and program is not None and b"__asan_init" in program.read_bytes()


def measures_memory():
    """Whether the bounds on memory that we promise can be measured here."""
    return running_moldau() and not sanitized()


SLOW = float(os.environ.get("MOLDAU_TEST_SLOW") or (3 if sanitized() else 1))


class Process:
    """A child process with its output in a file."""

    def __init__(self, name, directory):
        self.name = name
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.out = self.dir / f"{name}.out"
        self.proc = None
        self.mark = 0  # output before this belongs to earlier starts

    def spawn(self, argv, env=None, nofile=None):
        def limits():
            LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no orphans when the test run is killed
            if nofile:
                resource.setrlimit(resource.RLIMIT_NOFILE, nofile)

        self.mark = self.out.stat().st_size if self.out.exists() else 0
        with open(self.out, "ab") as out:
            self.proc = subprocess.Popen(
                [str(a) for a in argv], stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env={**os.environ, **(env or {})}, preexec_fn=limits, start_new_session=True)

    @property
    def pid(self):
        return self.proc.pid

    def alive(self):
        return self.proc is not None and self.proc.poll() is None

    def output(self, everything=False):
        """What it printed since its last start."""
        with open(self.out, "rb") as f:
            f.seek(0 if everything else self.mark)
            return f.read().decode(errors="replace")

    def tail(self, lines=40):
        return "\n".join(self.output().splitlines()[-lines:])

    def signal(self, number):
        self.proc.send_signal(number)

    def pause(self):
        """SIGSTOP. Returns when every thread has stopped, or ended; on a busy machine that takes a while."""
        def stopped(task):
            with contextlib.suppress(OSError):
                return (task / "stat").read_text().rpartition(")")[2].split()[0] in "TZX"
            return True

        self.signal(signal.SIGSTOP)
        wait_until(lambda: all(map(stopped, pathlib.Path(f"/proc/{self.pid}").glob("task/*"))), 30, f"{self.name} to stand still")

    def resume(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        """kill -9; also wakes a stopped process."""
        if self.alive():
            self.proc.kill()
        if self.proc:
            self.proc.wait()

    def wait_exit(self, timeout=60):
        try:
            return self.proc.wait(timeout * SLOW)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not exit\n{self.tail()}") from None


class ZooKeeper(Process):
    """Debian's ZooKeeper, alone, on a free port."""

    main = "org.apache.zookeeper.server.ZooKeeperServerMain"

    def __init__(self, directory):
        super().__init__("zookeeper", directory)
        self.port = free_port()
        self.config = self.dir / "zoo.cfg"
        self.config.write_text("\n".join([
            "tickTime=500", f"dataDir={self.dir}/data", f"clientPort={self.port}", "clientPortAddress=127.0.0.1",
            "admin.enableServer=false", "4lw.commands.whitelist=*", "maxClientCnxns=0",
            "minSessionTimeout=1000", "maxSessionTimeout=120000", ""]))

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def launch(self):
        """Starts without waiting."""
        self.spawn(["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", ZOOKEEPER_JARS, self.main, self.config])

    def start(self):
        self.launch()
        wait_until(lambda: self.ask("ruok") == "imok" or not self.alive(), 60, "ZooKeeper to answer")
        assert self.alive(), self.tail()
        return self

    def ask(self, word):
        """One of the four-letter words."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as s:
                s.sendall(word.encode())
                s.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: s.recv(4096), b"")).decode()
        except OSError:
            return ""

    def expire(self, session_id):
        """Ends a session by force: takes it over with its id and password, and closes it. Both requests go in one
        packet, since the owner comes back for its session within a millisecond; should it win, we try again."""
        connect = struct.pack(">iqiqi", 0, 0, 10000, session_id, 16) + session_password(session_id) + b"\0"
        close = struct.pack(">ii", 1, -11)
        packet = b"".join(struct.pack(">i", len(p)) + p for p in (connect, close))

        def gone():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as s:
                s.sendall(packet)
                while s.recv(4096):
                    pass
            return f"0x{session_id:x}" not in self.ask("dump")

        wait_until(gone, 30, "the session to be closed")

    @contextlib.contextmanager
    def client(self, chroot=""):
        client = KazooClient(self.address + chroot, timeout=30)
        client.start(timeout=30 * SLOW)
        try:
            yield client
        finally:
            client.stop()
            client.close()


def properties_text(props):
    return "".join(f"{k}={v}\n" for k, v in props.items())


class Broker(Process):
    """One broker: moldaud, or Apache Kafka when `apache` or MOLDAU_TEST_BROKER names a home of it."""

    def __init__(self, zookeeper, directory, broker_id=0, chroot="", log_dirs=1, apache=None, **overrides):
        super().__init__(f"broker-{broker_id}", directory)
        self.apache = apache or os.environ.get("MOLDAU_TEST_BROKER")
        self.zookeeper = zookeeper
        self.id = broker_id
        self.chroot = chroot
        self.port = free_port()
        self.log_dirs = [self.dir / f"data-{i}" for i in range(log_dirs)]
        self.expect_sanitizer_silence = True
        self.props = {
            "broker.id": broker_id,
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "zookeeper.connect": zookeeper.address + chroot,
            "zookeeper.session.timeout.ms": 6000,
            "zookeeper.connection.timeout.ms": 30000,
            "log.dirs": ",".join(str(d) for d in self.log_dirs),
            "num.network.threads": 2,
            "num.io.threads": 2,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
        }
        self.set(**overrides)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def set(self, **overrides):
        """Keys as keyword arguments, `_` for `.`: set(log_retention_ms=5). None removes a key."""
        for key, value in overrides.items():
            key = key.replace("_", ".")
            if value is None:
                self.props.pop(key, None)
            else:
                self.props[key] = str(value).lower() if isinstance(value, bool) else value
        return self

    def argv(self):
        config = self.dir / "server.properties"
        config.write_text(properties_text(self.props))
        if not self.apache:
            return [find_moldaud(), config]
        log4j = self.dir / "log4j.properties"
        log4j.write_text("log4j.rootLogger=INFO, out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\n"
                         "log4j.appender.out.layout=org.apache.log4j.PatternLayout\n"
                         "log4j.appender.out.layout.ConversionPattern=[%d] %p %m (%c)%n\n")
        return ["java", "-Xmx512m", f"-Dlog4j.configuration=file:{log4j}", "-cp", f"{self.apache}/libs/*",
                "kafka.Kafka", config]

    def launch(self, nofile=None):
        """Starts without waiting."""
        env = {"LOG_DIR": str(self.dir / "logs"), "UBSAN_OPTIONS": "print_stacktrace=1",
               "ASAN_OPTIONS": "detect_leaks=1"}
        self.spawn(self.argv(), env, nofile)
        return self

    def start(self, timeout=60, nofile=None):
        self.launch(nofile)
        self.wait_started(timeout)
        return self

    def wait_started(self, timeout=60):
        wait_until(lambda: STARTED in self.output() or not self.alive(), timeout,
                   f"{self.name} to start", every=0.005)
        assert self.alive(), f"{self.name} died at its start\n{self.tail()}"
        return self

    def stop(self, timeout=60):
        """SIGTERM, and the exit must be an orderly one."""
        self.signal(signal.SIGTERM)
        status = self.wait_exit(timeout)
        self.check_sanitizers()
        assert status in ((0, 143) if self.apache else (0,)), f"exit status {status}\n{self.tail()}"

    def restart(self, **overrides):
        self.stop()
        self.set(**overrides)
        return self.start()

    def start_again_after_kill(self, timeout=60):
        """Apache Kafka refuses to start while its old session lives; ours waits by itself."""
        if self.apache:
            with self.zookeeper.client(self.chroot) as zk:
                wait_until(lambda: zk.exists(f"/brokers/ids/{self.id}") is None, 60, "the old session to expire")
        return self.start(timeout)

    def cleanup(self):
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            try:
                self.proc.wait(20 * SLOW)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"{self.name} did not stop within {20 * SLOW} s of SIGTERM\n{self.tail()}")
        self.check_sanitizers()

    def check_sanitizers(self):
        if self.out.exists() and self.expect_sanitizer_silence:
            found = SANITIZER.search(self.output(everything=True))
            assert not found, self.output(everything=True)[found.start() - 200:found.start() + 6000]

    def log_lines(self, *parts, everything=False):
        """Lines of the output that have all the parts."""
        return [line for line in self.output(everything).splitlines() if all(p in line for p in parts)]

    def rss_bytes(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def partition_dir(self, topic, partition):
        for directory in self.log_dirs:
            if (directory / f"{topic}-{partition}").is_dir():
                return directory / f"{topic}-{partition}"
        return None

    def znode(self, path):
        """(data, stat), or (None, None) when it is not there."""
        with self.zookeeper.client(self.chroot) as zk:
            try:
                return zk.get(path)
            except NoNodeError:
                return None, None

    def session(self):
        """The broker's ZooKeeper session, from the owner of its registration."""
        _, stat = self.znode(f"/brokers/ids/{self.id}")
        return stat.ephemeralOwner if stat else None


class Run:
    """The directories and processes of one test; cleaned up in reverse order."""

    def __init__(self, zookeeper, directory, chroot):
        self.zookeeper = zookeeper
        self.dir = pathlib.Path(directory)
        self.chroot = chroot
        self.brokers = []

    def broker(self, broker_id=0, start=True, chroot=None, **overrides):
        at = self.dir / f"broker-{broker_id}-{len(self.brokers)}"
        broker = Broker(self.zookeeper, at, broker_id, self.chroot if chroot is None else chroot, **overrides)
        self.brokers.append(broker)
        return broker.start() if start else broker

    def cleanup(self):
        problems = []
        for broker in reversed(self.brokers):
            try:
                broker.cleanup()
            except AssertionError as e:
                problems.append(str(e))
            finally:
                if broker.alive():
                    broker.kill()
        assert not problems, "\n".join(problems)


def make_directory(prefix="moldau-it-"):
    return pathlib.Path(tempfile.mkdtemp(prefix=prefix))


def remove_directory(path):
    if "MOLDAU_TEST_KEEP" not in os.environ:
        shutil.rmtree(path, ignore_errors=True)
