"""bench.py - runs the measurements and prints the table; started by run.sh, explained in README.md.

Every figure is measured for the limit (bare.c), for Moldau and for the other broker in turn, several times; the table
has the medians, and as ratio the median of the ratios within each turn, so that a slow minute of the machine hurts all
alike.
"""

import argparse
import contextlib
import json
import os
import re
import resource
import shlex
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

GB = 1e9
TOPIC = "bench"
ZOOKEEPER_JAR = os.environ.get("ZOOKEEPER_JAR", "/usr/share/java/zookeeper.jar")


# --- processes ---

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(address, process, seconds=60):
    host, port = address.rsplit(":", 1)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            socket.create_connection((host, int(port)), 1).close()
            return
        time.sleep(0.02)
    sys.exit(f"nothing answers at {address}")


def stop(process, how=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def stop_pid(pid):
    """The same for a process that is not our child."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        for _ in range(1500):
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                if f.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)


def rss_mb(pid, what="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(what + r":\s+(\d+)", f.read()).group(1)) * 1024 / 1e6


def cpu_seconds(pid):
    """CPU time of a whole process with the resolution of the scheduler (clock_getcpuclockid)."""
    return time.clock_gettime((~pid << 3) | 2)


# --- who is measured ---

class Broker:
    """A broker under measurement: where it listens, and its process if we know it."""

    def __init__(self, name, address, pid=None, command=None):
        self.name, self.address, self.pid, self.command = name, address, pid, command

    def start(self):
        """Starts it through `load first`; the milliseconds from exec to the first acknowledged record."""
        out = run_load("first", self.address, None, ["--topic", TOPIC, "--record", 100], ["--", *self.command])
        self.pid = out["pid"]
        return out["first_ms"]

    def stop(self):
        stop_pid(self.pid)
        self.pid = None


class Options:
    build = None
    scratch = None
    quick = False


def program(name):
    return os.path.join(Options.build, "tests", "bench", name)


def run_load(what, address, pid, arguments, behind=()):
    command = [program("load"), what, "--broker", address]
    if pid:
        command += ["--pid", pid]
    return run_json([*command, *arguments, *behind])


def run_json(command):
    result = subprocess.run([str(a) for a in command], stdout=subprocess.PIPE, check=False)
    if result.returncode:
        sys.exit("failed: " + " ".join(str(a) for a in command))
    return json.loads(result.stdout or b"{}")


@contextlib.contextmanager
def bare(kind):
    """The bare server of a kind, as a Broker."""
    path = os.path.join(Options.scratch, "bare.data")
    process = subprocess.Popen([program("bare"), kind, path, TOPIC], stdout=subprocess.PIPE)
    try:
        yield Broker("limit", process.stdout.readline().decode().strip(), process.pid)
    finally:
        stop(process, signal.SIGKILL)
        os.unlink(path)


@contextlib.contextmanager
def topic(broker, partitions=1, name=TOPIC):
    """A topic that is there for one measurement and leaves no files behind."""
    arguments = ["--topic", name, "--partitions", partitions]
    run_load("topic", broker.address, None, [*arguments, "--config", "file.delete.delay.ms=100"])
    try:
        yield
    finally:
        run_load("delete", broker.address, None, arguments)
        time.sleep(0.3)


def touch_memory(size):
    """Gives the kernel `size` bytes of free memory that are really there. A virtual machine's host takes free pages
    away; the first write to a fresh page then costs more than all that is measured here."""
    path = os.path.join(Options.scratch, "scratch.data")
    block = bytes(1 << 20)
    with open(path, "wb", buffering=0) as f:
        for _ in range(size >> 20):
            f.write(block)
    os.unlink(path)


# --- what is measured: each yields figures for one side ---

def amount(full, quick):
    return quick if Options.quick else full


def stream_figures(out):
    figures = {"MB/s": out["bytes"] / 1e6 / out["seconds"]}
    if out["server_cpu"]:
        figures["CPU s/GB"] = out["server_cpu"] / (out["bytes"] / GB)
    return figures


def request_figures(out, what="requests"):
    figures = {"k/s": out[what] / 1e3 / out["seconds"]}
    if out["server_cpu"]:
        figures["CPU s/million"] = out["server_cpu"] / (out[what] / 1e6)
    return figures


def produce(side, *arguments, partitions=1, tiny=False, size=None):
    size = size or amount(1_000_000_000, 400_000_000)
    if not tiny:
        touch_memory(int(size * 1.8))
    out = run_load("produce", side.address, side.pid, [
        "--topic", TOPIC, "--partitions", partitions, "--depth", 5, "--warm-up", size // 10, "--amount", size,
        *arguments])
    return request_figures(out) if tiny else stream_figures(out)


def consume(side, *arguments):
    size = amount(3_000_000_000, 1_000_000_000)
    return stream_figures(run_load("consume", side.address, side.pid, [
        "--topic", TOPIC, "--warm-up", size // 5, "--amount", size, *arguments]))


def tail(side):
    size = amount(1_000_000_000, 400_000_000)
    touch_memory(int(size * 1.8))
    return stream_figures(run_load("tail", side.address, side.pid, [
        "--topic", TOPIC, "--depth", 5, "--warm-up", size // 10, "--amount", size]))


def requests(side, kind, depth, *arguments):
    n = amount(300_000, 100_000) // (4 if depth == 1 else 1)
    return request_figures(run_load("requests", side.address, side.pid, [
        "--topic", TOPIC, "--kind", kind, "--depth", depth, "--warm-up", n // 5, "--amount", n, *arguments]))


def latency(side, rate):
    kind = "relay" if side.name == "limit" else "broker"
    out = run_load("latency", side.address, side.pid, [
        "--topic", TOPIC, "--record", 100, "--rate", rate, "--seconds", amount(5, 2), "--kind", kind])
    return {f"ms p{p}": out[f"p{p.replace('.', '')}_ms"] for p in ("50", "99", "99.9")}


def librdkafka(side, record, linger, acks, codec):
    n = amount(1_000_000, 200_000) if record == 100 else amount(300_000, 100_000)
    if linger == "none" and record == 100:
        n //= 2
    touch_memory(int(n * record * 2))
    out = run_json([program("rdk"), "--broker", side.address, *(["--pid", side.pid] if side.pid else []),
                    "--topic", TOPIC, "--record", record, "--linger", linger, "--acks", acks, "--codec", codec,
                    "--warm-up", n // 10, "--amount", n])
    return stream_figures(out)


# --- rounds and the table ---

class Table:
    def __init__(self, brokers, runs, only):
        self.brokers, self.runs, self.only = brokers, runs, only
        self.rows = []
        self.bare = {}  # the latest limits of each kind, for figures that are compared with a sum or a sibling

    def wanted(self, name):
        return not self.only or re.search(self.only, name)

    def add(self, name, unit, limit, values, note=""):
        """values: name of a broker -> list over the rounds; limit: such a list, a number (an aim), or None."""
        row = {"name": name, "unit": unit, "note": note, "brokers": {}}
        row["limit"] = statistics.median(limit) if isinstance(limit, list) else limit
        row["aim"] = limit is not None and not isinstance(limit, list)
        for broker, v in values.items():
            limits = limit if isinstance(limit, list) else [limit] * len(v)
            ratios = [a / b for a, b in zip(v, limits) if b]
            row["brokers"][broker] = {"value": statistics.median(v), "runs": v,
                                      "ratio": statistics.median(ratios) if ratios else None}
        self.rows.append(row)
        cells = [f"{b} {format_value(c['value'])}" + (f" ({c['ratio']:.2f})" if c["ratio"] else "")
                 for b, c in row["brokers"].items()]
        print(f"  {name}: {unit}: limit {format_value(row['limit'])}, {', '.join(cells)}", file=sys.stderr, flush=True)

    def rounds(self, name, limit, measure, partitions=1, prepare=None):
        """limit: the kind of bare server, or a function that gives the limit's figures; measure(side)."""
        if not self.wanted(name):
            return
        collected = {}
        for _ in range(self.runs):
            if isinstance(limit, str):
                with bare(limit) as side:
                    collect(collected, "limit", measure(side))
            elif limit:
                collect(collected, "limit", limit())
            for broker in self.brokers:
                with topic(broker, partitions):
                    if prepare:
                        prepare(broker)
                    collect(collected, broker.name, measure(broker))
        units = dict.fromkeys(u for side in collected.values() for u in side)
        for unit in units:
            self.add(name, unit, collected.get("limit", {}).get(unit),
                     {b.name: collected[b.name][unit] for b in self.brokers if unit in collected[b.name]})

    def print(self):
        names = [b.name for b in self.brokers]
        print("| figure | unit | limit | " + " | ".join(f"{n} | ratio" for n in names) + " |")
        print("| --- | --- | ---: |" + " ---: | ---: |" * len(names))
        for row in self.rows:
            limit = ("≤ " if row["aim"] else "") + format_value(row["limit"])
            cells = [row["name"], row["unit"], limit]
            for n in names:
                cell = row["brokers"].get(n)
                cells += [format_value(cell["value"]), f"{cell['ratio']:.2f}" if cell["ratio"] else ""] \
                    if cell else ["", ""]
            print("| " + " | ".join(cells) + " |")


def collect(into, side, figures):
    for unit, value in figures.items():
        into.setdefault(side, {}).setdefault(unit, []).append(value)


def format_value(v):
    if v is None:
        return "-"
    return f"{v:.0f}" if v >= 1000 else f"{v:.3g}"


# --- the scenarios ---

def fill_topic(broker):
    produce(broker, "--acks", 1, size=512 << 20)


def tail_limit():
    """Both bare loops, one after the other: the CPU adds up, the speed is that of the slower one."""
    with bare("produce") as side:
        a = produce(side)
    with bare("fetch") as side:
        b = consume(side)
    return {"CPU s/GB": a["CPU s/GB"] + b["CPU s/GB"], "MB/s": min(a["MB/s"], b["MB/s"])}


def warm_up(table):
    """Whatever a broker compiles, loads or grows on first use is not what the rounds are about."""
    for broker in table.brokers:
        with topic(broker):
            for kind in ("api_versions", "metadata", "list_offsets", "fetch"):
                requests(broker, kind, 16)
            latency(broker, 1000)
            fill_topic(broker)
            consume(broker)


def measure_streams(table):
    table.rounds("consume from the beginning, 1 MiB fetches", "fetch", consume, prepare=fill_topic)
    table.rounds("consume, 4 connections", "fetch", lambda s: consume(s, "--connections", 4), prepare=fill_topic)
    table.rounds("produce 1 KiB records, 64 KiB batches, acks 1", "produce", produce)
    table.rounds("produce 1 KiB records, 64 KiB batches, acks -1", "produce", lambda s: produce(s, "--acks", -1))
    table.rounds("produce 100 B records, 64 KiB batches, acks 1", "produce", lambda s: produce(s, "--record", 100))
    table.rounds("produce 1 KiB records, 64 KiB lz4 batches, acks 1", "produce",
                 lambda s: produce(s, "--codec", "lz4"))
    table.rounds("produce 1 KiB records, 16 KiB batches, 4 connections, 8 partitions", "produce",
                 lambda s: produce(s, "--batch", 16384, "--connections", 4, "--partitions", 8), partitions=8)
    table.rounds("tail: produce and consume at once", tail_limit, tail)


def measure_requests(table):
    for depth in (1, 16):
        tiny = amount(30_000_000, 8_000_000) // (4 if depth == 1 else 1)
        table.rounds(f"produce one record of 100 B, {depth} in flight", "produce", lambda s, d=depth, n=tiny: produce(
            s, "--record", 100, "--batch", 100, "--depth", d, tiny=True, size=n))
    for kind in ("api_versions", "metadata", "list_offsets", "fetch"):
        for depth in (1, 16):
            label = "fetch (empty)" if kind == "fetch" else kind
            table.rounds(f"{label} requests, {depth} in flight", "answer",
                         lambda s, k=kind, d=depth: requests(s, k, d))


def group_requests(side, kind, depth, *arguments):
    """The limit answers anything, but coordinates nothing."""
    return requests(side, "api_versions" if side.name == "limit" else kind, depth, *arguments)


def measure_groups(table):
    for kind in ("offset_commit", "offset_fetch", "heartbeat"):
        for depth in (1, 16):
            table.rounds(f"{kind} requests, {depth} in flight", "answer",
                         lambda s, k=kind, d=depth: group_requests(s, k, d))
    table.rounds("offset_commit requests, 16 groups and connections", "answer",
                 lambda s: group_requests(s, "offset_commit", 4, "--connections", 16))


def measure_latency(table):
    for rate in (100, 1000, 5000):
        table.rounds(f"end-to-end latency, {rate} records/s", "relay", lambda s, r=rate: latency(s, r))


def measure_librdkafka(table):
    for record in (100, 1024):
        for linger in ("5", "none"):
            for acks in (1, -1):
                for codec in ("none", "lz4"):
                    name = (f"librdkafka {record} B, linger {linger}{' ms' if linger != 'none' else ''}, "
                            f"acks {acks}" + (", lz4" if codec == "lz4" else ""))
                    table.rounds(name, bare_produce_limit, lambda s, a=(record, linger, acks, codec):
                                 librdkafka(s, *a))


def bare_produce_limit():
    with bare("produce") as side:
        return produce(side, size=amount(300_000_000, 150_000_000))


def ask_memory(table, when, values):
    table.add(f"RSS {when}", "MB", 20 if when == "idle, one topic" else None, values)


def measure_start(table):
    """exec to the first acknowledged record, and memory then; of brokers that we can start."""
    startable = [b for b in table.brokers if b.command]
    if not startable or not table.wanted("start"):
        return
    first, memory = {}, {}
    for broker in startable:
        run_load("topic", broker.address, None, ["--topic", TOPIC, "--partitions", 1])
    for _ in range(table.runs + 2):
        for broker in startable:
            broker.stop()
            first.setdefault(broker.name, []).append(broker.start())
            time.sleep(1)
            memory.setdefault(broker.name, []).append(rss_mb(broker.pid))
    for broker in startable:
        run_load("delete", broker.address, None, ["--topic", TOPIC])
    table.add("start: exec to first acknowledged record", "ms", 300, first)
    ask_memory(table, "idle, one topic", memory)


def measure_idle(table):
    brokers = [b for b in table.brokers if b.pid]
    if not brokers or not table.wanted("idle"):
        return
    seconds = amount(20, 5)
    memory, cpu = {}, {}
    for broker in brokers:
        with topic(broker, 2000, "idle"), contextlib.ExitStack() as stack:
            holder = subprocess.Popen([program("load"), "idle", "--broker", broker.address, "--connections", "10000"],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            stack.callback(stop, holder)
            holder.stdout.readline()
            time.sleep(2)
            before = cpu_seconds(broker.pid)
            time.sleep(seconds)
            cpu[broker.name] = [(cpu_seconds(broker.pid) - before) * 1000 / seconds]
            memory[broker.name] = [rss_mb(broker.pid)]
    ask_memory(table, "with 2,000 partitions and 10,000 connections", memory)
    table.add("idle CPU with 2,000 partitions and 10,000 connections", "ms/s", None, cpu)


def measure_load_memory(table):
    table.add("RSS at its peak under all this load", "MB", None,
              {b.name: [rss_mb(b.pid, "VmHWM")] for b in table.brokers if b.pid})


# --- what runs around it ---

@contextlib.contextmanager
def zookeeper(given):
    if given:
        yield given
        return
    directory = tempfile.mkdtemp(prefix="moldau-bench-zk-")
    address = f"127.0.0.1:{free_port()}"
    with open(f"{directory}/zoo.cfg", "w", encoding="ascii") as f:
        f.write(f"tickTime=2000\ndataDir={directory}/data\nclientPort={address.split(':')[1]}\n"
                "clientPortAddress=127.0.0.1\nadmin.enableServer=false\nmaxClientCnxns=0\n")
    with open(f"{directory}/log", "wb") as log:
        process = subprocess.Popen(
            ["java", "-Xmx256m", "-XX:+UseSerialGC", "-cp", ZOOKEEPER_JAR,
             "org.apache.zookeeper.server.quorum.QuorumPeerMain", f"{directory}/zoo.cfg"], stdout=log, stderr=log)
    try:
        wait_for_port(address, process)
        yield address
    finally:
        stop(process)
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def moldau(zookeeper_address):
    directory = os.path.join(Options.scratch, "moldau")
    os.mkdir(directory)
    address = f"127.0.0.1:{free_port()}"
    path = os.path.join(directory, "server.properties")
    with open(path, "w", encoding="ascii") as f:
        f.write(f"broker.id=0\nlisteners=PLAINTEXT://{address}\nlog.dirs={directory}/data\n"
                f"zookeeper.connect={zookeeper_address}/bench\nauto.create.topics.enable=false\n"
                "offsets.topic.replication.factor=1\n")
    os.environ["LOG_DIR"] = directory
    command = [os.path.join(Options.build, "moldaud"), path]
    with open(os.path.join(directory, "out"), "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    wait_for_port(address, process)
    broker = Broker("Moldau", address, process.pid, ["sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh", *command])
    broker.stop = stopper(broker, process)
    try:
        yield broker
    finally:
        broker.stop()


def stopper(broker, process):
    """The first process is our child, the later ones are children of `load first` and not ours to wait for."""
    def stop_it():
        if broker.pid == process.pid:
            stop(process)
        else:
            stop_pid(broker.pid)
    return stop_it


@contextlib.contextmanager
def other(a):
    command = shlex.split(a.start) if a.start else None
    broker = Broker(a.name, a.broker, a.pid, command)
    process = None
    if command:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(a.broker, process)
        broker.pid = process.pid
        broker.stop = stopper(broker, process)
    try:
        yield broker
    finally:
        if process:
            broker.stop()


def arguments():
    p = argparse.ArgumentParser(prog="tests/bench/run.sh", description="Measures Moldau and, if wanted, another broker.")
    p.add_argument("--build", help=argparse.SUPPRESS)
    p.add_argument("--broker", metavar="HOST:PORT", help="another broker to measure in the same run")
    p.add_argument("--pid", type=int, help="its process, for CPU and memory")
    p.add_argument("--start", metavar="COMMAND", help="starts that broker in the foreground; it is then ours to stop")
    p.add_argument("--name", default="other", help="what to call it in the table")
    p.add_argument("--no-moldau", action="store_true", help="only the other broker")
    p.add_argument("--quick", action="store_true", help="less of everything: a first impression")
    p.add_argument("--runs", type=int, help="rounds of each measurement (5; quick: 3)")
    p.add_argument("--only", metavar="REGEX", help="figures whose name matches")
    p.add_argument("--zookeeper", metavar="HOST:PORT", help="instead of one of our own (java, Debian's zookeeper)")
    p.add_argument("--directory", help="where data goes (default: $TMPDIR or /tmp)")
    p.add_argument("--json", metavar="FILE", help="all values of all rounds")
    a = p.parse_args()
    if a.no_moldau and not a.broker:
        p.error("--no-moldau needs --broker")
    return a


def main():
    a = arguments()
    Options.build, Options.quick = a.build, a.quick
    Options.scratch = tempfile.mkdtemp(prefix="moldau-bench-", dir=a.directory)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with contextlib.ExitStack() as stack:
            brokers = []
            if not a.no_moldau:
                brokers.append(stack.enter_context(moldau(stack.enter_context(zookeeper(a.zookeeper)))))
            if a.broker:
                brokers.append(stack.enter_context(other(a)))
            table = Table(brokers, a.runs or (3 if a.quick else 5), a.only)
            for measure in (measure_start, warm_up, measure_streams, measure_requests, measure_groups, measure_latency, measure_librdkafka):
                measure(table)
            if table.wanted("RSS"):
                measure_load_memory(table)
            measure_idle(table)
            table.print()
            if a.json:
                with open(a.json, "w", encoding="utf-8") as f:
                    json.dump(table.rows, f, indent=1)
    finally:
        shutil.rmtree(Options.scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
