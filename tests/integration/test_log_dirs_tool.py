"""kafka-log-dirs.sh: three lines, the last of which is JSON in the words and the order of Kafka 3.9.1's tool."""

import json

import pytest

import clients
from commands import expect, refused, tool
from harness import free_port, wait_until

HELP = "This tool helps to query log directory usage on the specified brokers."


def log_dirs(broker, *args):
    return tool("log-dirs", "--bootstrap-server", broker.address, "--describe", *args)


def shown(done, brokers="0"):
    """The JSON, when the other lines are right."""
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[:2] == ["Querying brokers for log directories information",
                         f"Received log directory information from brokers {brokers}"]
    assert len(lines) == 3
    return lines[2]


def replicas(broker, *args):
    """{directory: {partition: size}}"""
    found = json.loads(shown(log_dirs(broker, *args)))
    assert list(found) == ["brokers", "version"] and found["version"] == 1
    return {d["logDir"]: {p["partition"]: p["size"] for p in d["partitions"]} for d in found["brokers"][0]["logDirs"]}


def test_the_line(broker, topic):
    clients.create_topic(broker, topic)
    directory = str(broker.log_dirs[0])
    assert shown(log_dirs(broker, "--topic-list", topic)) == (
        '{"brokers":[{"broker":0,"logDirs":[{"partitions":[{"partition":"%s-0","size":0,"offsetLag":0,"isFuture":false}],'
        '"error":null,"logDir":"%s"}]}],"version":1}' % (topic, directory))
    assert shown(log_dirs(broker, "--topic-list", "nope," + topic + "-", "--broker-list", "0,0,")) == (
        '{"brokers":[{"broker":0,"logDirs":[{"partitions":[],"error":null,"logDir":"%s"}]}],"version":1}' % directory)


def test_sizes(broker, topic):
    clients.create_topic(broker, topic, partitions=3)
    done = tool("console-producer", "--bootstrap-server", broker.address, "--topic", topic, stdin="x" * 1000 + "\n")
    assert done.code == 0, done.err
    wait_until(lambda: sum(next(iter(replicas(broker, "--topic-list", topic).values())).values()) > 1000, 30, "the record")
    sizes = next(iter(replicas(broker).values()))
    assert {f"{topic}-{p}" for p in range(3)} <= sizes.keys()
    on_disk = {p: sum(f.stat().st_size for f in broker.partition_dir(topic, p).glob("*.log")) for p in range(3)}
    assert on_disk == {p: sizes[f"{topic}-{p}"] for p in range(3)}


def test_several_directories(run):
    broker = run.broker(0, log_dirs=2)
    for name in ("a", "b", "c", "d"):
        clients.create_topic(broker, name)
    found = replicas(broker)
    assert found.keys() == {str(d) for d in broker.log_dirs}
    assert sorted(p for d in found.values() for p in d) == ["a-0", "b-0", "c-0", "d-0"]
    assert all(len(d) == 2 for d in found.values())


def test_brokers_that_do_not_exist(broker):
    refused(log_dirs(broker, "--broker-list", "0,7,3"),
            "ERROR: The given brokers do not exist from --broker-list: 3,7. Current existent brokers: 0")
    refused(log_dirs(broker, "--broker-list", "x"), 'For input string: "x"')


@pytest.mark.parametrize("args, message", [
    ((), HELP),
    (("--help",), HELP),
    (("--describe",), 'Missing required argument "[bootstrap-server]"'),
    (("--bootstrap-server", "x:1"), 'Missing required argument "[describe]"'),
])
def test_wrong_usage_shows_the_options(args, message):
    done = tool("log-dirs", *args)
    expect(done, 1)
    assert done.err.startswith(message + "\nOption "), done.err


def test_messages():
    expect(tool("log-dirs", "--version"), 0, "3.9.0\n")
    refused(tool("log-dirs", "--bad"), "bad is not a recognized option")
    refused(tool("log-dirs", "--bootstrap-server", "x:1", "--describe", "--command-config", "/nowhere"), "/nowhere")


def test_nobody_answers(tmp_path):
    file = tmp_path / "client.properties"
    file.write_text("default.api.timeout.ms=1500\nrequest.timeout.ms=1500\n")
    refused(tool("log-dirs", "--bootstrap-server", f"127.0.0.1:{free_port()}", "--describe", "--command-config", file),
            "org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment. Call: listNodes")
