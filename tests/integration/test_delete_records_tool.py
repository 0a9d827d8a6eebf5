"""kafka-delete-records.sh: output, messages and exit codes, literally, as Kafka 3.9.1's tool has them."""

import json

import pytest

import clients
from commands import expect, refused, tool
from harness import free_port, wait_until

START = "Executing records delete operation\nRecords delete operation completed:\n"
HELP = "This tool helps to delete records of the given partitions down to the specified offset."
OUT_OF_RANGE = ("error: org.apache.kafka.common.errors.OffsetOutOfRangeException: The requested offset is not within the "
                "range of offsets maintained by the server.")


@pytest.fixture
def delete(broker, tmp_path):
    """Deletes what a list of (topic, partition, offset), or a text, says."""
    def run(content):
        file = tmp_path / "offsets.json"
        if not isinstance(content, str):
            content = json.dumps({"partitions": [{"topic": t, "partition": p, "offset": o} for t, p, o in content],
                                  "version": 1})
        file.write_text(content)
        return tool("delete-records", "--bootstrap-server", broker.address, "--offset-json-file", file)
    return run


def fill(broker, topic, partitions=1, records=10):
    clients.create_topic(broker, topic, partitions=partitions)
    for p in range(partitions):
        clients.confluent_produce(broker, topic, [clients.Record(b"k", b"v")] * records, partition=p)


def first_offsets(broker, topic):
    out = tool("get-offsets", "--bootstrap-server", broker.address, "--topic", topic, "--time", "-2").out
    return [int(line.split(":")[2]) for line in out.splitlines()]


def test_records_go(broker, topic, delete):
    fill(broker, topic, partitions=3)
    done = delete([(topic, 0, 4), (topic, 1, -1), (topic, 2, 0)])
    assert done.code == 0 and done.out.startswith(START), done.err
    assert sorted(done.out[len(START):].splitlines()) == [
        f"partition: {topic}-0\tlow_watermark: 4", f"partition: {topic}-1\tlow_watermark: 10",
        f"partition: {topic}-2\tlow_watermark: 0"]
    wait_until(lambda: first_offsets(broker, topic) == [4, 10, 0], 30, "the records to go")


def test_an_error_is_a_line(broker, topic, delete):
    fill(broker, topic)
    expect(delete([(topic, 0, 11)]), 0, f"{START}partition: {topic}-0\t{OUT_OF_RANGE}\n")
    expect(delete([(topic, 0, -2)]), 0, f"{START}partition: {topic}-0\t{OUT_OF_RANGE}\n")
    expect(delete([]), 0, START)


def test_the_order_of_many(broker, delete):
    """That of Java's tables: this is what Kafka's tool prints for the same file."""
    clients.create_topic(broker, "many", partitions=40)
    expect(delete([("many", p, 0) for p in (0, 17, 3, 5, 33, 1, 2, 4, 6, 7, 8, 9, 10)]), 0,
           START + "".join(f"partition: many-{p}\tlow_watermark: 0\n" for p in (9, 10, 5, 6, 7, 8, 1, 33, 2, 3, 4, 0, 17)))


@pytest.mark.parametrize("text, message", [
    ("", "The input string is not a valid JSON"),
    ("{}", "Missing partitions field"),
    ('{"version":2,"partitions":[]}', "Not supported version field value 2"),
    ('{"partitions":[{"topic":"t","partition":0}]}', "No such field exists: `offset`"),
    ('{"partitions":[{"topic":"t","partition":0,"offset":1},{"topic":"t","partition":0,"offset":2}]}',
     "Offset json file contains duplicate topic partitions: t-0"),
])
def test_files_that_are_refused(delete, text, message):
    refused(delete(text), message)


@pytest.mark.parametrize("args, message", [
    ((), HELP),
    (("--help",), HELP),
    (("--offset-json-file", "f"), 'Missing required argument "[bootstrap-server]"'),
    (("--bootstrap-server", "x:1"), 'Missing required argument "[offset-json-file]"'),
])
def test_wrong_usage_shows_the_options(args, message):
    done = tool("delete-records", *args)
    expect(done, 1)
    assert done.err.startswith(message + "\nOption "), done.err


def test_messages(broker):
    expect(tool("delete-records", "--version"), 0, "3.9.0\n")
    refused(tool("delete-records", "--bad"), "bad is not a recognized option")
    refused(tool("delete-records", "--bootstrap-server", broker.address, "--offset-json-file", "/nowhere"),
            "Unable to read file /nowhere")


def test_nobody_answers(tmp_path):
    config, file = tmp_path / "client.properties", tmp_path / "offsets.json"
    config.write_text("default.api.timeout.ms=1500\nrequest.timeout.ms=1500\n")
    file.write_text('{"partitions":[{"topic":"t","partition":0,"offset":1}]}')
    done = tool("delete-records", "--bootstrap-server", f"127.0.0.1:{free_port()}", "--command-config", config,
                "--offset-json-file", file)
    assert done.code == 0 and done.out.startswith(
        START + "partition: t-0\terror: org.apache.kafka.common.errors.TimeoutException: "), done.out
