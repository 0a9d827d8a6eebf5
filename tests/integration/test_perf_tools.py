"""The tools that measure and verify: kafka-producer-perf-test.sh, kafka-consumer-perf-test.sh, kafka-verifiable-*.sh,
kafka-e2e-latency.sh, kafka-broker-api-versions.sh, kafka-cluster.sh.

The literals, and the shapes of what differs from run to run, are those of the tools of Apache Kafka 3.9.1; what is about
unreachable brokers, memory and broken connections is ours.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

import clients
from commands import expect, refused, tool
from harness import ROOT, SLOW, free_port, sanitized, wait_until

WINDOW = (r"\d+ records sent, \d+\.\d records/sec \(\d+\.\d\d MB/sec\), \d+\.\d ms avg latency, "
          r"\d+\.\d ms max latency\.\n")
TOTAL = (r"(\d+) records sent, (\d+\.\d{6}|Infinity) records/sec \((?:\d+\.\d\d|Infinity|NaN) MB/sec\), \d+\.\d\d ms avg latency, "
         r"\d+\.00 ms max latency, \d+ ms 50th, \d+ ms 95th, \d+ ms 99th, \d+ ms 99\.9th\.\n")
NOTHING = ("0 records sent, 0.000000 records/sec (0.00 MB/sec), NaN ms avg latency, 0.00 ms max latency, 0 ms 50th, "
           "0 ms 95th, 0 ms 99th, 0 ms 99.9th.\n")
COLUMNS = ("data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, "
           "fetch.MB.sec, fetch.nMsg.sec\n")
HEAD = "start.time, end.time, " + COLUMNS
DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}"
CONSUMED = (rf"{DATE}, {DATE}, (\d+\.\d{{4}}), \d+\.\d{{4}}, (\d+), \d+\.\d{{4}}, (\d+), (\d+), "
            r"(?:\d+\.\d{4}|Infinity), (?:\d+\.\d{4}|Infinity)\n")
TOO_FEW = ("WARNING: Exiting before consuming the expected number of messages: timeout ({} ms) exceeded. You can use the "
           "--timeout option to increase the timeout.\n")
LETTERS = b"YQHHNEBSEPDNSEIFGAMSUJXKOLTXSPLGHDIOYZJF"  # SplittableRandom(0)


def produce(broker, topic, records, *args, props=(), timeout=60):
    """kafka-producer-perf-test.sh; without a size among the arguments records have 100 bytes."""
    size = () if any(str(a).startswith(("--payload", "--record")) for a in args) else ("--record-size", 100)
    throughput = () if "--throughput" in args else ("--throughput", -1)
    return tool("producer-perf-test", "--topic", topic, "--num-records", records, *size, *throughput, *args,
                "--producer-props", f"bootstrap.servers={broker.address}", *props, timeout=timeout)


def expect_total(done, records, before=""):
    """Exit code 0 and the summary of so many records; returns records per second."""
    assert done.code == 0, done.err
    found = re.fullmatch(f"{before}(?:{WINDOW})*{TOTAL}", done.out)
    assert found, done.out
    assert int(found.group(1)) == records
    return float(found.group(2))


def end_offset(broker, topic, partition=0):
    return clients.watermarks(broker, topic, partition)[1]


def values(broker, topic, count):
    return [r.value for r in clients.confluent_consume(broker, topic, count)]


def consume(broker, topic, messages, *args, timeout=60):
    return tool("consumer-perf-test", "--bootstrap-server", broker.address, "--topic", topic, "--messages", messages, *args,
                timeout=timeout)


def events(text):
    """Lines of JSON: per event its name and its other members in their order. Timestamps must not go back."""
    found, last = [], 0
    for line in text.splitlines():
        (first, stamp), (second, name), *rest = json.loads(line, object_pairs_hook=list)
        assert (first, second) == ("timestamp", "name")
        assert stamp >= last
        last = stamp
        found.append((name, rest))
    return found


def named(found, name):
    return [dict(rest) for other, rest in found if other == name]


def heed_signals():
    """What we may have been told to ignore, by nohup or as a background job."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Running:
    """A tool in the background."""

    def __init__(self, name, *args):
        self.proc = subprocess.Popen([ROOT / "bin" / f"kafka-{name}.sh", *map(str, args)], stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, preexec_fn=heed_signals)
        os.set_blocking(self.proc.stdout.fileno(), False)
        self.bytes = b""

    @property
    def out(self):
        """What it has printed so far."""
        with contextlib.suppress(BlockingIOError):
            while more := os.read(self.proc.stdout.fileno(), 65536):
                self.bytes += more
        return self.bytes.decode()

    def read_until(self, part, timeout=30):
        """Until it has printed this."""
        wait_until(lambda: part in self.out or self.proc.poll() is not None, timeout, f"{part} to be printed")
        assert part in self.out, (self.out, self.proc.stderr.read())
        return self

    def complete_lines(self):
        return self.out.rpartition("\n")[0]

    def end(self, number=None, timeout=30):
        """Sends a signal, and returns exit code, the whole output, and the messages."""
        if number:
            self.proc.send_signal(number)
        os.set_blocking(self.proc.stdout.fileno(), True)
        out, err = self.proc.communicate(timeout=timeout * SLOW)
        assert b"Sanitizer" not in err, err.decode()
        return self.proc.returncode, (self.bytes + out).decode(), err.decode()

    def kill(self):
        if self.proc.poll() is None:
            self.proc.kill()
            self.proc.communicate()


@pytest.fixture
def running():
    """Starts tools that do not outlive the test."""
    started = []

    def start(*args):
        started.append(Running(*args))
        return started[-1]
    yield start
    for each in started:
        each.kill()


# --- kafka-producer-perf-test.sh ---


def test_letters_are_those_of_kafka(broker, topic):
    expect_total(produce(broker, topic, 4, "--record-size", 10), 4)
    assert values(broker, topic, 4) == [LETTERS[i:i + 10] for i in range(0, 40, 10)]


def test_numbers_and_empty_records(broker, topic):
    expect_total(produce(broker, topic, 12, "--payload-monotonic"), 12)
    expect_total(produce(broker, topic, 1, "--record-size", 0), 1)
    assert values(broker, topic, 13) == [str(i).encode() for i in range(12)] + [b""]


def test_a_payload_file(broker, topic, tmp_path):
    path = tmp_path / "payloads"
    path.write_text("one;two;;three;;")
    done = produce(broker, topic, 200, "--payload-file", path, "--payload-delimiter", ";")
    expect_total(done, 200, re.escape(f"Reading payloads from: {path}\nNumber of messages read: 4\n"))
    assert set(values(broker, topic, 200)) == {b"one", b"two", b"", b"three"}


# Runs a command and prints its largest resident set, in KiB. In a process of its own, since that of the process that
# starts a command counts as the command's, and this one's may be large.
MEASURED = """import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)"""


def test_half_a_million_records_within_the_memory_allowed(broker, topic):
    clients.create_topic(broker, topic, partitions=3)
    argv = [ROOT / "bin/kafka-producer-perf-test.sh", "--topic", topic, "--num-records", "500000", "--record-size", "200",
            "--throughput", "-1", "--producer-props", f"bootstrap.servers={broker.address}"]
    done = subprocess.run([sys.executable, "-c", MEASURED, *argv], capture_output=True, text=True)
    out = done.stdout
    assert re.fullmatch(f"(?:{WINDOW})*{TOTAL}", out) and "500000 records sent" in out, out
    ends = [end_offset(broker, topic, p) for p in range(3)]
    assert sum(ends) == 500000 and min(ends) > 0, "records without a key go to all partitions"
    if not sanitized():
        assert int(done.stderr.split()[-1]) * 1024 < 33554432 + 24 * 1024 * 1024, "more than buffer.memory and what the program has"


def test_throughput_is_held_down(broker, topic):
    rate = expect_total(produce(broker, topic, 600, "--throughput", 300), 600)
    assert 150 < rate < 310


def test_settings_come_from_a_file_and_from_words(broker, topic, tmp_path):
    config = tmp_path / "producer.properties"
    config.write_text(f"bootstrap.servers=127.0.0.1:{free_port()}\nacks=1\nclient.id=mine\n")
    done = tool("producer-perf-test", "--topic", topic, "--num-records", 10, "--record-size", 10, "--throughput", -1,
                "--producer.config", config, "--print-metrics", "--producer-props", f"bootstrap.servers={broker.address}")
    assert done.code == 0, done.err
    total, table = done.out.split("\n\n", 1)
    assert re.fullmatch(TOTAL, total + "\n"), total
    head, *rows = table.splitlines()
    assert re.fullmatch(r"Metric Name +Value", head)
    metrics = dict(re.fullmatch(r"(\S.*?\}) +: (\S+)", row).groups() for row in rows)
    assert list(metrics) == sorted(metrics)
    assert metrics["producer-metrics:record-send-total:{client-id=mine}"] == "10.000"
    assert metrics["producer-topic-metrics:byte-total:{client-id=mine, topic=%s}" % topic] == "100.000"
    assert metrics["kafka-metrics-count:count:{client-id=mine}"] == f"{len(rows)}.000"


def test_names_of_old_guides(broker, topic):
    done = tool("producer-perf-test", "--broker-list", broker.address, "--topics", topic, "--messages", 50,
                "--message-size", 7)
    expect_total(done, 50)
    assert end_offset(broker, topic) == 50


def test_records_that_are_too_large(broker, topic):
    done = produce(broker, topic, 2, "--record-size", 2000000)
    expect(done, 0, NOTHING)
    assert done.err == 2 * (
        "org.apache.kafka.common.errors.RecordTooLargeException: The message is 2000088 bytes when serialized which is "
        "larger than 1048576, which is the value of the max.request.size configuration.\n")


def test_records_that_the_broker_refuses(broker, topic):
    clients.create_topic(broker, topic, max_message_bytes=100)
    done = produce(broker, topic, 3, "--record-size", 1000, props=["batch.size=1"])
    expect(done, 0, NOTHING)
    assert done.err.count("org.apache.kafka.common.errors.RecordTooLargeException: ") == 3


def has_transactions(broker):
    return "AddPartitionsToTxn(24): UNSUPPORTED" not in tool(
        "broker-api-versions", "--bootstrap-server", broker.address).out


def test_transactions(broker, topic):
    if not has_transactions(broker):
        pytest.skip("the broker does not serve transactions")
    rate = expect_total(produce(broker, topic, 300, "--throughput", 200, "--transaction-duration-ms", 100,
                                "--transactional-id", topic), 300)
    assert rate < 210
    read = tool("console-consumer", "--bootstrap-server", broker.address, "--topic", topic, "--from-beginning",
                "--isolation-level", "read_committed", "--max-messages", 300)
    assert len(read.out.splitlines()) == 300
    assert end_offset(broker, topic) > 301, "transactions have left their markers"


@pytest.mark.parametrize("args, message", [
    (("--num-records", 0), "java.lang.ArithmeticException: / by zero"),
    (("--num-records", -5), "java.lang.NegativeArraySizeException: -4"),
    (("--num-records", 5, "--producer-props", "acks"), "java.lang.IllegalArgumentException: Invalid property: acks"),
    (("--num-records", 5, "--producer-props", "a=b=c"), "java.lang.IllegalArgumentException: Invalid property: a=b=c"),
    (("--num-records", 5, "--producer-props", "acks=1"),
     "org.apache.kafka.common.KafkaException: Failed to construct kafka producer\n"
     "Caused by: org.apache.kafka.common.config.ConfigException: No resolvable bootstrap urls given in bootstrap.servers"),
    (("--num-records", 5, "--producer-props", "bootstrap.servers=h:1", "acks=7"),
     "org.apache.kafka.common.config.ConfigException: Invalid value 7 for configuration acks: String must be one of: all, -1, "
     "0, 1"),
    (("--num-records", 5, "--producer.config", "/no/such/file"), "java.nio.file.NoSuchFileException: /no/such/file"),
])
def test_producing_that_cannot_be(args, message):
    props = () if "--producer-props" in args or "--producer.config" in args else ("--producer-props", "bootstrap.servers=h:1")
    done = tool("producer-perf-test", "--topic", "t", "--record-size", 10, "--throughput", -1, *args, *props)
    refused(done, f'Exception in thread "main" {message}')


def test_no_settings_at_all():
    done = tool("producer-perf-test", "--topic", "t", "--num-records", 1, "--record-size", 1, "--throughput", -1)
    refused(done, "producer-performance: error: Either  --producer-props  or --producer.config\nmust be specified.")
    assert done.err.startswith("usage: producer-performance [-h] --topic TOPIC --num-records NUM-RECORDS\n")


def test_help_of_the_other_parser():
    empty, asked = tool("producer-perf-test"), tool("producer-perf-test", "--help")
    assert (empty.code, asked.code) == (0, 1), "as argparse4j has it"
    assert empty.out == asked.out and asked.err == ""
    assert "\n  --payload-monotonic    Send the numbers" in asked.out


def test_a_broker_that_is_not_there():
    begin = time.monotonic()
    done = tool("producer-perf-test", "--topic", "t", "--num-records", 1000, "--record-size", 10, "--throughput", -1,
                "--producer-props", f"bootstrap.servers=127.0.0.1:{free_port()}", "max.block.ms=1500")
    assert 1.5 <= time.monotonic() - begin < 1.5 + 5 * SLOW
    expect(done, 0, NOTHING)
    assert done.err.endswith("org.apache.kafka.common.errors.TimeoutException: Topic t not present in metadata after 1500 ms.\n")
    assert "WARN [Producer clientId=perf-producer-client] Connection to node" in done.err
    nobody = tool("producer-perf-test", "--topic", "t", "--num-records", 1, "--record-size", 10, "--throughput", -1,
                  "--producer-props", "bootstrap.servers=no.such.host.:9092")
    refused(nobody, 'Exception in thread "main" org.apache.kafka.common.KafkaException: Failed to construct kafka producer\n'
            "Caused by: org.apache.kafka.common.config.ConfigException: No resolvable bootstrap urls given in bootstrap.servers")


# --- kafka-consumer-perf-test.sh ---


def expect_consumed(done, records, mb, before=HEAD):
    assert done.code == 0, done.err
    found = re.fullmatch(re.escape(before) + CONSUMED, done.out)
    assert found, done.out
    assert found.group(1) == mb and int(found.group(2)) == records


def test_consuming_everything(broker, topic):
    clients.create_topic(broker, topic, partitions=4)
    produce(broker, topic, 50000)
    expect_consumed(consume(broker, topic, 50000), 50000, "4.7684")
    expect_consumed(consume(broker, topic, 50000, "--hide-header"), 50000, "4.7684", before="")


def test_polls_have_500_records(broker, topic, tmp_path):
    produce(broker, topic, 2000)
    expect_consumed(consume(broker, topic, 1), 500, "0.0477")
    config = tmp_path / "consumer.properties"
    config.write_text("max.poll.records=20\n")
    expect_consumed(consume(broker, topic, 30, "--consumer.config", config), 40, "0.0038")


def test_a_group_goes_on_where_it_was(broker, topic):
    produce(broker, topic, 1000)
    expect_consumed(consume(broker, topic, 500, "--group", topic), 500, "0.0477")
    expect_consumed(consume(broker, topic, 500, "--group", topic), 500, "0.0477")
    done = consume(broker, topic, 1, "--group", topic, "--timeout", 500)
    expect_consumed(done, 0, "0.0000", before=HEAD + TOO_FEW.format(500))


def test_too_few_records(broker, topic):
    produce(broker, topic, 10)
    done = consume(broker, topic, 11, "--timeout", 700)
    expect_consumed(done, 10, "0.0010", before=HEAD + TOO_FEW.format(700))


def test_from_latest(broker, topic, running):
    produce(broker, topic, 100)
    reading = running("consumer-perf-test", "--bootstrap-server", broker.address, "--topic", topic, "--messages", 7,
                      "--from-latest", "--group", topic, "--timeout", 30000)
    reading.read_until("start.time")

    def committed():
        return "Stable" in tool("consumer-groups", "--bootstrap-server", broker.address, "--describe", "--state",
                                "--group", topic).out
    wait_until(committed, 30, "the group to be stable")
    deadline = time.monotonic() + 30 * SLOW
    while reading.proc.poll() is None and time.monotonic() < deadline:
        produce(broker, topic, 10, "--record-size", 50)
    code, out, err = reading.end()
    assert code == 0, err
    found = re.fullmatch(re.escape(HEAD) + CONSUMED, out)
    assert found and int(found.group(2)) % 10 == 0, "none of the hundred records of before"


def test_lines_in_between(broker, topic):
    produce(broker, topic, 200000)
    done = consume(broker, topic, 200000, "--show-detailed-stats", "--reporting-interval", 1, "--date-format", "yyyy/MM/dd")
    assert done.code == 0, done.err
    head, *lines = done.out.splitlines(keepends=True)
    assert head == "time, threadId, " + COLUMNS and lines
    last = 0
    for line in lines:
        found = re.fullmatch(r"\d{4}/\d\d/\d\d, 0, \d+\.\d{4}, \d+\.\d{4}, (\d+), \d+\.\d{4}, (\d+), -?\d+, \d+\.\d{4}, "
                             r"\d+\.\d{4}\n", line)
        assert found, line
        assert last < int(found.group(1)) <= 200000
        last = int(found.group(1))
    assert all(line.split(", ")[6] == "0" for line in lines[1:]), "the rebalance shows in the first line only"


def test_metrics_of_a_consumer(broker, topic):
    produce(broker, topic, 500)
    done = consume(broker, topic, 500, "--print-metrics")
    assert done.code == 0, done.err
    assert re.search(r"\nconsumer-fetch-manager-metrics:records-consumed-total:\{client-id=perf-consumer-client, topic=" +
                     topic + r"\} +: 500\.000\n", done.out)


def test_options_of_old_releases(broker, topic):
    produce(broker, topic, 500)
    done = tool("consumer-perf-test", "--broker-list", broker.address, "--topic", topic, "--messages", 500, "--threads", 3,
                "--num-fetch-threads", 2)
    expect_consumed(done, 500, "0.0477", before="WARNING: option [threads] and [num-fetch-threads] have been deprecated and "
                    "will be ignored by the test\n" + HEAD)


@pytest.mark.parametrize("args, exception", [
    (("--messages", "x"), "joptsimple.OptionArgumentConversionException: Cannot parse argument 'x' of option messages"),
    (("--messages", 1, "--reporting-interval", 0),
     "java.lang.IllegalArgumentException: Reporting interval must be greater than 0."),
    (("--messages", 1, "--date-format", "yyyy-bb"), "java.lang.IllegalArgumentException: Illegal pattern character 'b'"),
    (("--messages", 1, "--fetch-size", -1), "org.apache.kafka.common.config.ConfigException: Invalid value -1 for "
     "configuration max.partition.fetch.bytes: Value must be at least 0"),
    (("--messages", 1, "--consumer.config", "/no/such/file"), "java.nio.file.NoSuchFileException: /no/such/file"),
    (("--messages", 1, "--topic", "bad name"),
     "org.apache.kafka.common.errors.InvalidTopicException: Invalid topics: [bad name]"),
])
def test_consuming_that_cannot_be(broker, args, exception):
    topic = () if "--topic" in args else ("--topic", "t")
    done = tool("consumer-perf-test", "--bootstrap-server", broker.address, *topic, *args)
    assert (done.code, done.out) == (1, HEAD), done.err
    assert done.err.startswith(exception.split(": ", 1)[1] + f"\n{exception}\n")


def test_a_consumer_without_what_it_needs():
    for args, message in (((), "Missing required option(s) [bootstrap-server]"),
                          (("--bootstrap-server", "h:1", "--topic", "t"), 'Missing required argument "[messages]"'),
                          (("--bootstrap-server", "h:1", "--messages", 1), 'Missing required argument "[topic]"'),
                          (("--nonsense",), "nonsense is not a recognized option")):
        done = tool("consumer-perf-test", *args)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith(message + "\nOption  "), done.err


def test_consuming_from_a_broker_that_is_not_there():
    done = tool("consumer-perf-test", "--bootstrap-server", f"127.0.0.1:{free_port()}", "--topic", "t", "--messages", 1,
                "--timeout", 1000)
    expect_consumed(done, 0, "0.0000", before=HEAD + TOO_FEW.format(1000))


# --- kafka-verifiable-producer.sh ---


def verify(broker, topic, *args):
    return tool("verifiable-producer", "--bootstrap-server", broker.address, "--topic", topic, *args)


def test_every_record_has_a_line(broker, topic):
    done = verify(broker, topic, "--max-messages", 3, "--value-prefix", 7, "--repeating-keys", 2)
    assert done.code == 0, done.err
    found = events(done.out)
    assert [name for name, _ in found] == ["startup_complete"] + 3 * ["producer_send_success"] + [
        "shutdown_complete", "tool_data"]
    assert [rest for name, rest in found if name == "producer_send_success"] == [
        [("key", str(i % 2)), ("value", f"7.{i}"), ("offset", i), ("topic", topic), ("partition", 0)] for i in range(3)]
    *data, (key, average) = found[-1][1]
    assert data == [("sent", 3), ("acked", 3), ("target_throughput", -1)]
    assert key == "avg_throughput" and isinstance(average, (float, str))
    assert [r.key for r in clients.confluent_consume(broker, topic, 3)] == [b"0", b"1", b"0"]


def test_without_acknowledgement_there_is_no_offset(broker, topic):
    clients.create_topic(broker, topic)
    found = events(verify(broker, topic, "--max-messages", 2, "--acks", 0).out)
    assert [e["offset"] for e in named(found, "producer_send_success")] == [-1, -1]


def test_time_of_creation(broker, topic):
    verify(broker, topic, "--max-messages", 3, "--message-create-time", 1700000000000)
    stamps = [r.timestamp for r in clients.confluent_consume(broker, topic, 3)]
    assert stamps[0] == 1700000000000 and stamps == sorted(stamps) and stamps[2] < 1700000060000


def test_records_that_cannot_be_sent(broker, tmp_path):
    done = verify(broker, "bad name", "--max-messages", 2)
    assert done.code == 0, done.err
    found = events(done.out)
    assert [rest for name, rest in found if name == "producer_send_error"] == [
        [("topic", "bad name"), ("key", None), ("value", str(i)),
         ("exception", "class org.apache.kafka.common.errors.InvalidTopicException"),
         ("message", "Invalid topics: [bad name]")] for i in range(2)]
    assert named(found, "tool_data")[0]["acked"] == 0
    config = tmp_path / "producer.properties"
    config.write_text("max.block.ms=500\n")
    begin = time.monotonic()
    found = events(tool("verifiable-producer", "--broker-list", f"127.0.0.1:{free_port()}", "--topic", "t",
                        "--max-messages", 2, "--producer.config", config).out)
    assert 1 <= time.monotonic() - begin < 1 + 5 * SLOW, "each record waits anew"
    assert [e["message"] for e in named(found, "producer_send_error")] == 2 * ["Topic t not present in metadata after 500 ms."]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_verifiable_producer_in_order(broker, topic, running, number):
    proc = running("verifiable-producer", "--bootstrap-server", broker.address, "--topic", topic, "--throughput", 50)
    code, out, err = proc.read_until('"value":"5"').end(number)
    assert code == 128 + number, err
    found = events(out)
    assert [name for name, _ in found][-2:] == ["shutdown_complete", "tool_data"]
    data, acked = named(found, "tool_data")[0], len(named(found, "producer_send_success"))
    assert data["sent"] == data["acked"] == acked == end_offset(broker, topic)


def test_a_signal_ends_the_wait_for_a_broker(running):
    proc = running("verifiable-producer", "--bootstrap-server", f"127.0.0.1:{free_port()}", "--topic", "t")
    code, out, _ = proc.read_until("startup_complete").end(signal.SIGINT, timeout=10)
    assert code == 128 + signal.SIGINT
    found = events(out)
    assert named(found, "producer_send_error")[0]["message"] == "Producer closed while send in progress"
    assert named(found, "tool_data")[0]["sent"] == 1


def test_acknowledged_records_survive_a_restart(run, topic, running):
    broker = run.broker(0)
    clients.create_topic(broker, topic)
    proc = running("verifiable-producer", "--bootstrap-server", broker.address, "--topic", topic, "--throughput", 200)
    proc.read_until('"value":"100"')
    broker.restart()
    last = proc.out.count("producer_send_success")
    wait_until(lambda: proc.out.count("producer_send_success") > last + 50, 60, "records after the restart")
    code, out, err = proc.end(signal.SIGTERM)
    assert code == 128 + signal.SIGTERM, err
    acked = {e["value"] for e in named(events(out), "producer_send_success")}
    stored = [v.decode() for v in values(broker, topic, end_offset(broker, topic))]
    assert acked <= set(stored)


# --- kafka-verifiable-consumer.sh ---


def test_what_a_group_member_tells(broker, topic):
    clients.create_topic(broker, topic, partitions=2)
    verify(broker, topic, "--max-messages", 10, "--repeating-keys", 5)
    done = tool("verifiable-consumer", "--bootstrap-server", broker.address, "--topic", topic, "--group-id", topic,
                "--max-messages", 10, "--verbose")
    assert done.code == 0, done.err
    found = events(done.out)
    both = [[("topic", topic), ("partition", p)] for p in (0, 1)]
    assert found[0] == ("startup_complete", []) and found[-1] == ("shutdown_complete", [])
    assert found[1] == ("partitions_assigned", [("partitions", both)])
    assert found[-2] == ("partitions_revoked", [("partitions", both)])
    records = named(found, "record_data")
    assert sorted(int(r["value"]) for r in records) == list(range(10))
    assert list(records[0]) == ["key", "value", "topic", "partition", "offset"]
    for consumed, committed in zip(named(found, "records_consumed"), named(found, "offsets_committed"), strict=True):
        parts = [dict(p) for p in consumed["partitions"]]
        assert list(parts[0]) == ["topic", "partition", "count", "minOffset", "maxOffset"]
        assert consumed["count"] >= sum(p["count"] for p in parts)
        assert [dict(o) for o in committed["offsets"]] == [
            {"topic": topic, "partition": p["partition"], "offset": p["maxOffset"] + 1} for p in parts]
        assert committed["success"] is True and list(committed) == ["offsets", "success"]
    assert sum(dict(p)["count"] for e in named(found, "records_consumed") for p in e["partitions"]) == 10


def test_no_more_than_asked_for(broker, topic):
    verify(broker, topic, "--max-messages", 30)

    def read(count, *args):
        done = tool("verifiable-consumer", "--bootstrap-server", broker.address, "--topic", topic, "--group-id", topic,
                    "--max-messages", count, *args)
        assert done.code == 0, done.err
        return events(done.out)
    found = read(12)
    assert [e["count"] for e in named(found, "records_consumed")] == [30], "what the poll gave"
    assert [dict(p) for p in named(found, "records_consumed")[0]["partitions"]] == [
        {"topic": topic, "partition": 0, "count": 12, "minOffset": 0, "maxOffset": 11}]
    found = read(3, "--enable-autocommit")
    assert dict(named(found, "records_consumed")[0]["partitions"][0])["minOffset"] == 12
    assert not named(found, "offsets_committed")
    assert [name for name, _ in read(0)] == ["startup_complete", "shutdown_complete"]


def test_partitions_go_from_member_to_member(broker, topic, running):
    clients.create_topic(broker, topic, partitions=4)

    def member():
        return running("verifiable-consumer", "--bootstrap-server", broker.address, "--topic", topic, "--group-id", topic,
                       "--session-timeout", 6000)

    def partitions(proc):
        assigned = named(events(proc.complete_lines()), "partitions_assigned")
        return len(assigned[-1]["partitions"]) if assigned else None
    first = member().read_until("partitions_assigned")
    assert partitions(first) == 4
    second = member().read_until("partitions_assigned")
    wait_until(lambda: (partitions(first), partitions(second)) == (2, 2), 30, "both to have half of them")
    code, out, err = second.end(signal.SIGTERM)
    assert code == 128 + signal.SIGTERM, err
    assert [name for name, _ in events(out)][-2:] == ["partitions_revoked", "shutdown_complete"]
    wait_until(lambda: partitions(first) == 4, 30, "the first to have all again")
    code, out, err = first.end(signal.SIGINT)
    assert code == 128 + signal.SIGINT, err
    assert events(out)[-1] == ("shutdown_complete", [])


@pytest.mark.parametrize("args, exception", [
    (("--topic", "bad name", "--group-id", "g"),
     "org.apache.kafka.common.errors.InvalidTopicException: Invalid topics: [bad name]"),
    (("--topic", "t", "--group-id", ""),
     "org.apache.kafka.common.errors.InvalidGroupIdException: The configured groupId is invalid."),
    (("--topic", "t", "--group-id", "g", "--group-protocol", "consumer"),
     "org.apache.kafka.common.errors.UnsupportedVersionException: The version of API is not supported."),
])
def test_a_member_that_cannot_be(broker, args, exception):
    done = tool("verifiable-consumer", "--bootstrap-server", broker.address, *args)
    assert done.code == 0
    assert [name for name, _ in events(done.out)] == ["startup_complete", "shutdown_complete"]
    assert done.err.endswith("ERROR Error during processing, terminating consumer process:  "
                             f"(org.apache.kafka.tools.VerifiableConsumer)\n{exception}\n")


def test_no_offset_and_no_reset(broker, topic):
    clients.create_topic(broker, topic)
    done = tool("verifiable-consumer", "--bootstrap-server", broker.address, "--topic", topic, "--group-id", topic,
                "--reset-policy", "none")
    assert done.code == 0
    assert done.err.endswith("org.apache.kafka.clients.consumer.NoOffsetForPartitionException: Undefined offset with no reset "
                             f"policy for partitions: [{topic}-0]\n")


def test_wrong_settings_of_a_member():
    for args, message in (
            (("--reset-policy", "bad"), "org.apache.kafka.common.config.ConfigException: Invalid value bad for configuration "
             "auto.offset.reset: String must be one of: latest, earliest, none"),
            (("--session-timeout", 100), "org.apache.kafka.common.KafkaException: Failed to construct kafka consumer\n"
             "Caused by: java.lang.IllegalArgumentException: Heartbeat must be set lower than the session timeout")):
        done = tool("verifiable-consumer", "--bootstrap-server", "127.0.0.1:1", "--topic", "t", "--group-id", "g", *args)
        refused(done, f'Exception in thread "main" {message}')


def test_a_member_leaves_although_the_broker_is_gone(run, topic, running):
    broker = run.broker(0)
    verify(broker, topic, "--max-messages", 5)
    proc = running("verifiable-consumer", "--bootstrap-server", broker.address, "--topic", topic, "--group-id", topic)
    proc.read_until("offsets_committed")
    broker.kill()
    code, out, err = proc.end(signal.SIGTERM, timeout=30)
    assert code == 128 + signal.SIGTERM, err
    assert events(out)[-1] == ("shutdown_complete", [])


# --- kafka-e2e-latency.sh ---

LATENCIES = (r"0\t\d+\.\d+(?:E-?\d+)?\n1000\t\d+\.\d+(?:E-?\d+)?\nAvg latency: \d+\.\d{4} ms\n"
             r"Percentiles: 50th = \d+, 99th = \d+, 99\.9th = \d+\n")


def test_latency(broker, topic):
    created = (f'Topic "{topic}" does not exist. Will create topic with 1 partition(s) and replication factor = 1\n')
    done = tool("e2e-latency", broker.address, topic, 1500, 1, 20, timeout=90)
    assert done.code == 0, done.err
    assert re.fullmatch(re.escape(created) + LATENCIES, done.out), done.out
    again = tool("e2e-latency", broker.address, topic, 1001, "all", 0, "", timeout=90)
    assert again.code == 0, again.err
    assert re.fullmatch(LATENCIES, again.out), again.out
    assert end_offset(broker, topic) == 2501
    first = values(broker, topic, 10)
    assert first == [bytes([c]) * 20 for c in b"SSXVNJHPDQ"], "java.util.Random(0)"


@pytest.mark.parametrize("words, exception", [
    (("t", "x", 1, 1), 'java.lang.NumberFormatException: For input string: "x"'),
    (("t", 1, -1, 1), "java.lang.IllegalArgumentException: Latency testing requires synchronous acknowledgement. Please use 1 "
     "or all"),
    (("t", 1, 1, 1, "/no/such/file"), "java.nio.file.NoSuchFileException: /no/such/file"),
])
def test_latency_that_cannot_be_measured(words, exception):
    done = tool("e2e-latency", "127.0.0.1:1", *words)
    refused(done, exception.split(": ", 1)[1] + f"\n{exception}")


def test_usage_of_the_latency_tool():
    for words in ((), ("--help",), ("a", "b", "c", "d", "e", "f", "g")):
        refused(tool("e2e-latency", *words), "USAGE: java org.apache.kafka.tools.EndToEndLatency broker_list topic "
                "num_messages producer_acks message_size_bytes [optional] properties_file")


def test_latency_without_a_broker(tmp_path):
    config = tmp_path / "client.properties"
    config.write_text("default.api.timeout.ms=1500\nrequest.timeout.ms=1500\n")
    done = tool("e2e-latency", f"127.0.0.1:{free_port()}", "t", 5, 1, 10, config)
    assert done.code == 1
    assert "Timeout expired while fetching topic metadata\norg.apache.kafka.common.errors.TimeoutException: " in done.err


# --- kafka-broker-api-versions.sh, kafka-cluster.sh ---


def test_versions_of_every_broker(run):
    brokers = [run.broker(i) for i in (0, 1)]

    def both():
        done = tool("broker-api-versions", "--bootstrap-server", brokers[0].address)
        assert (done.code, done.err) == (0, "")
        return done.out if done.out.count(" -> (\n") == 2 else None
    out = wait_until(both, 30, "both brokers to be known")
    for broker in brokers:
        assert re.search(rf"^127\.0\.0\.1:{broker.port} \(id: {broker.id} rack: null\) -> \(\n\tProduce\(0\): 0 to 11 "
                         r"\[usable: 11\],\n\tFetch\(1\): 0 to 17 \[usable: 17\],\n", out, re.M)
    assert out.count("\tReadShareGroupStateSummary(87): UNSUPPORTED\n)\n") == 2
    assert re.fullmatch(r"(?:\S+ \(id: \d rack: null\) -> \(\n(?:\t[A-Z]\w+\(\d+\): "
                        r"(?:UNSUPPORTED|\d+(?: to \d+)? \[usable: \d+\]),?\n)+\)\n){2}", out), out


def test_api_versions_without_a_broker(tmp_path):
    config = tmp_path / "client.properties"
    config.write_text("request.timeout.ms=1000\n")
    ports = free_port(), free_port()
    servers = ",".join(f"127.0.0.1:{p}" for p in ports)
    done = tool("broker-api-versions", "--bootstrap-server", servers, "--command-config", config)
    refused(done, 'Exception in thread "main" java.lang.RuntimeException: Request METADATA failed on brokers '
            f"List(127.0.0.1:{ports[0]} (id: -1 rack: null), 127.0.0.1:{ports[1]} (id: -2 rack: null))")


def test_cluster_id(broker):
    cluster = json.loads(broker.znode("/cluster/id")[0])["id"]
    for args in (("cluster-id", "-b", broker.address), ("clus", f"--bootstrap-server={broker.address}")):
        expect(tool("cluster", *args), 0, f"Cluster ID: {cluster}\n")
    expect(tool("cluster", "unregister", "-b", broker.address, "-i", 5), 0,
           "The target cluster does not support the broker unregistration API.\n")
    wrong = ("org.apache.kafka.common.errors.MismatchedEndpointTypeException: The request was sent to an endpoint of type "
             "BROKER, but we wanted an endpoint of type CONTROLLER")
    refused(tool("cluster", "cluster-id", "-C", broker.address), f"{wrong}\njava.util.concurrent.ExecutionException: {wrong}")


def test_cluster_without_a_broker(tmp_path):
    config = tmp_path / "client.properties"
    config.write_text("default.api.timeout.ms=1000\nrequest.timeout.ms=1000\n")
    late = "org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment. Call: {}"
    for command, call in ((("cluster-id",), "listNodes"), (("unregister", "-i", 3), "unregisterBroker")):
        done = tool("cluster", *command, "-b", f"127.0.0.1:{free_port()}", "-c", config)
        refused(done, f"{late.format(call)}\njava.util.concurrent.ExecutionException: {late.format(call)}")
