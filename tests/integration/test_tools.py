"""The command-line tools: output, messages and exit codes, literally.

The literals were printed by the tools of Apache Kafka 3.9.1 for the same command lines, except those about signals, time
limits and unreachable brokers, which are ours.
"""

import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

import clients
from commands import expect, tool
from harness import ROOT, SLOW, free_port, sanitized, wait_until

EXECUTING = "Error while executing topic command : "
TABLE = "Option                                   Description"


def topics(broker, *args):
    return tool("topics", "--bootstrap-server", broker.address, *args)


def produce(broker, topic, text, *args):
    done = tool("console-producer", "--bootstrap-server", broker.address, "--topic", topic, *args, stdin=text)
    return done


def consume(broker, *args, count):
    done = tool("console-consumer", "--bootstrap-server", broker.address, *args, "--max-messages", count)
    assert done.code == 0, done.err
    assert done.err.endswith(f"Processed a total of {count} messages\n")
    return done.out


def topic_id(broker, topic):
    return re.search(r"TopicId: (\S+)", topics(broker, "--describe", "--topic", topic).out).group(1)


# --- topics ---


def test_create_describe_delete(broker, topic):
    expect(topics(broker, "--create", "--topic", topic, "--partitions", 2, "--replication-factor", 1,
                  "--config", "retention.ms=1000", "--config", "cleanup.policy=compact"),
           0, f"Created topic {topic}.\n")
    lines = "".join(f"\tTopic: {topic}\tPartition: {p}\tLeader: 0\tReplicas: 0\tIsr: 0\tElr: N/A\tLastKnownElr: N/A\n"
                    for p in (0, 1))
    header = (f"Topic: {topic}\tTopicId: {topic_id(broker, topic)}\tPartitionCount: 2\tReplicationFactor: 1\t"
              "Configs: cleanup.policy=compact,retention.ms=1000\n")
    expect(topics(broker, "--describe", "--topic", topic), 0, header + lines)
    expect(topics(broker, "--describe", "--topic-id", topic_id(broker, topic)), 0, header + lines)
    expect(topics(broker, "--describe", "--topic", topic, "--topics-with-overrides"), 0, header)
    expect(topics(broker, "--describe", "--topic", topic, "--at-min-isr-partitions"), 0, lines)
    for nothing in ("--unavailable-partitions", "--under-min-isr-partitions", "--under-replicated-partitions"):
        expect(topics(broker, "--describe", "--topic", topic, nothing), 0)
    expect(topics(broker, "--delete", "--topic", topic), 0)
    expect(topics(broker, "--list", "--topic", topic), 0, "\n")


def test_defaults_of_the_broker_and_names_that_collide(broker, topic):
    name = topic + ".with_both"
    warning = ("WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could "
               "collide. To avoid issues it is best to use either, but not both.\n")
    expect(topics(broker, "--create", "--topic", name), 0, f"{warning}Created topic {name}.\n")
    expect(topics(broker, "--create", "--topic", name), 1, f"{warning}{EXECUTING}Topic '{name}' already exists.\n")
    expect(topics(broker, "--create", "--topic", name, "--if-not-exists"), 0, warning)
    assert "PartitionCount: 1\tReplicationFactor: 1\tConfigs: \n" in topics(broker, "--describe", "--topic", name).out


def test_list_takes_expressions(broker, topic):
    for suffix in ("-b", "-a", "-2"):
        clients.create_topic(broker, topic + suffix)
    expect(topics(broker, "--list", "--topic", topic + ".*"), 0, f"{topic}-2\n{topic}-a\n{topic}-b\n")
    expect(topics(broker, "--list", "--topic", f"{topic}-a,{topic}-b"), 0, f"{topic}-a\n{topic}-b\n")
    expect(topics(broker, "--list", "--topic", topic + r"-(?!\d)."), 0, f"{topic}-a\n{topic}-b\n")
    expect(topics(broker, "--list", "--topic", "t["), 1, EXECUTING + "t[ is an invalid regex.\n")


def test_alter(broker, topic):
    clients.create_topic(broker, topic, partitions=3)

    def alter(*args):
        return topics(broker, "--alter", "--topic", topic, "--partitions", *args)

    expect(alter(2), 1, EXECUTING + "Topic currently has 3 partitions, which is higher than the requested 2.\n")
    expect(alter(3), 1, EXECUTING + "Topic already has 3 partitions.\n")
    expect(alter(4), 0)
    expect(alter(6, "--replica-assignment", "0,0,0,0,0"), 1,
           EXECUTING + "Increasing the number of partitions by 2 but 1 assignments provided.\n")
    expect(alter(6, "--replica-assignment", "0,0,0,0,0,0"), 0)
    assert "PartitionCount: 6\t" in topics(broker, "--describe", "--topic", topic).out


@pytest.mark.parametrize("action", [("--describe",), ("--delete",), ("--alter", "--partitions", 3)])
def test_a_topic_that_does_not_exist(broker, topic, action):
    expect(topics(broker, *action, "--topic", topic), 1,
           f"{EXECUTING}Topic 'Optional[{topic}]' does not exist as expected\n")
    expect(topics(broker, *action, "--topic", topic, "--if-exists"), 0)


@pytest.mark.parametrize("args, message", [
    (("--replication-factor", 3), "Replication factor: 3 larger than available brokers: 1."),
    (("--replication-factor", 40000), "The replication factor must be between 1 and 32767 inclusive"),
    (("--partitions", 0), "The partitions must be greater than 0"),
    (("--partitions", "x"), "Cannot parse argument 'x' of option partitions"),
    (("--partitions", 2, "--partitions", 3),
     "Found multiple arguments for option partitions, but you asked for only one"),
    (("--config", "foo"), 'requirement failed: Invalid topic config: all configs to be added must be in the format '
                          '"key=val".'),
    (("--config", "foo=bar"), "Unknown topic config name: foo"),
    (("--config", "retention.ms=abc"), "Invalid value abc for configuration retention.ms: Not a number of type LONG"),
    (("--config", "cleanup.policy=abc"),
     "Invalid value abc for configuration cleanup.policy: String must be one of: compact, delete"),
    (("--replica-assignment", "0:0"), "Partition replica lists may not contain duplicate entries: 0"),
    (("--replica-assignment", "0,0:1"), "Partition 1 has different replication factor: [0, 1]"),
    (("--replica-assignment", "0,x"), 'For input string: "x"'),
])
def test_create_refusals(broker, topic, args, message):
    expect(topics(broker, "--create", "--topic", topic, *args), 1, EXECUTING + message + "\n")
    expect(topics(broker, "--list", "--topic", topic), 0, "\n")


def test_bad_names(broker):
    expect(topics(broker, "--create", "--topic", "bad name"), 1,
           EXECUTING + "Topic name is invalid: 'bad name' contains one or more characters other than ASCII "
                       "alphanumerics, '.', '_' and '-'\n")
    expect(topics(broker, "--create", "--topic", ""), 1,
           EXECUTING + "The given topic name '' cannot be represented in a request.\n")


def test_exceptions_keep_their_names(broker, topic):
    clients.create_topic(broker, topic)
    done = topics(broker, "--create", "--topic", topic)
    assert f"ERROR org.apache.kafka.common.errors.TopicExistsException: Topic '{topic}' already exists." in done.err


USAGE = [
    ("topics", (), "Create, delete, describe, or change a topic."),
    ("topics", ("--help",), "This tool helps to create, delete, describe, or change a topic."),
    ("topics", ("--bootstrap-server", "x:1"),
     "Command must include exactly one action: --list, --describe, --create, --alter or --delete"),
    ("topics", ("--bootstrap-server", "x:1", "--create"), 'Missing required argument "[topic]"'),
    ("topics", ("--bootstrap-server", "x:1", "--alter", "--topic", "t"), 'Missing required argument "[partitions]"'),
    ("topics", ("--bootstrap-server", "x:1", "--list", "--partitions", 3),
     'Option "[partitions]" can\'t be used with option "[list]"'),
    ("topics", ("--bootstrap-server", "x:1", "--create", "--topic", "t", "--replica-assignment", "0",
                "--partitions", 2), 'Option "[replica-assignment]" can\'t be used with option "[partitions]"'),
    ("topics", ("--bootstrap-server", "x:1", "--alter", "--topic", "t", "--config", "a=b"),
     'Option combination "[[bootstrap-server], [config]]" can\'t be used with option "[alter]" (the kafka-configs CLI '
     'supports altering topic configs with a --bootstrap-server option)'),
    ("topics", ("--bootstrap-server", "x:1", "--describe", "--if-exists"),
     "--topic or --topic-id is required to describe a topic"),
    ("console-producer", (), "Missing required option(s) [bootstrap-server]"),
    ("console-producer", ("--help",), "This tool helps to read data from standard input and publish it to Kafka."),
    ("console-producer", ("--bad",), "bad is not a recognized option"),
    ("console-producer", ("--bootstrap-server", "x:1"), 'Missing required argument "[topic]"'),
    ("console-producer", ("--bootstrap-server", "x", "--topic", "t"),
     "Please provide valid host:port like host1:9091,host2:9092"),
    ("console-consumer", (), "This tool helps to read data from Kafka topics and outputs it to standard output."),
    ("console-consumer", ("--topic", "t"), 'Missing required argument "[bootstrap-server]"'),
    ("console-consumer", ("--bootstrap-server", "x:1"), "Exactly one of --include/--topic is required. "),
    ("console-consumer", ("--bootstrap-server", "x:1", "--topic", "t", "--include", "t"),
     "Exactly one of --include/--topic is required. "),
    ("console-consumer", ("--bootstrap-server", "x:1", "--topic", "t", "--partition", 0, "--offset", "-1"),
     "The provided offset value '-1' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long."),
    ("console-consumer", ("--bootstrap-server", "x:1", "--topic", "t", "--offset", 1),
     "The partition is required when offset is specified."),
    ("console-consumer", ("--bootstrap-server", "x:1", "--include", "t", "--partition", 0),
     "The topic is required when partition is specified."),
    ("console-consumer", ("--bootstrap-server", "x:1", "--topic", "t", "--partition", 0, "--from-beginning",
                          "--offset", 1), "Options from-beginning and offset cannot be specified together."),
    ("console-consumer", ("--bootstrap-server", "x:1", "--topic", "t", "--partition", 0, "--group", "g"),
     "Options group and partition cannot be specified together."),
    ("console-consumer", ("--bootstrap-server", "x:1", "--topic", "t", "--group", "g", "--consumer-property",
                          "group.id=h"),
     "The group ids provided in different places (directly using '--group', via '--consumer-property', or via "
     "'--consumer.config') do not match. Detected group ids: 'g', 'h'"),
    ("console-consumer", ("--bootstrap-server", "x:1", "--topic", "t", "--formatter", "foo.Bar"), "foo.Bar"),
]


@pytest.mark.parametrize("name, args, message", USAGE)
def test_wrong_usage_shows_the_options(name, args, message):
    done = tool(name, *args)
    expect(done, 1)
    assert done.err.startswith(message + "\n"), done.err
    assert TABLE in done.err


def test_messages_without_the_table():
    for args, message in ((("--list",), "--bootstrap-server must be specified"),
                          (("--bad",), "bad is not a recognized option"),
                          (("-bad",), "b is not a recognized option"),
                          (("--bootstrap", "x"), "bootstrap is not a recognized option"),
                          (("--list", "--topic"), "Option topic requires an argument")):
        done = tool("topics", *args)
        expect(done, 1)
        assert done.err.splitlines()[0] == message
    done = tool("console-consumer", "--bootstrap-server", "x:1", "--topic", "t", "--from-beginning",
                "--consumer-property", "auto.offset.reset=latest")
    expect(done, 1)
    assert done.err == ("Can't simultaneously specify --from-beginning and 'auto.offset.reset=latest', please remove "
                        "one option\n")


@pytest.mark.parametrize("name", ["topics", "console-producer", "console-consumer"])
def test_version(name):
    expect(tool(name, "--version"), 0, "3.9.0\n")


# --- console producer and consumer ---


def test_lines_there_and_back(broker, topic):
    expect(produce(broker, topic, "one\n\nthree\nwithout newline"), 0)
    assert consume(broker, "--topic", topic, "--from-beginning", count=4) == "one\n\nthree\nwithout newline\n"


def test_keys_headers_and_nulls(broker, topic):
    expect(produce(broker, topic, "h1:v1,h2:v2\tk\tv\nNULL\tNULL\tNULL\nh1:NULL\t\t\n", "--sync", "--property",
                   "parse.key=true", "--property", "parse.headers=true", "--property", "null.marker=NULL"), 0)
    shown = ["--property", "print.key=true", "--property", "print.headers=true", "--property", "print.offset=true",
             "--property", "print.partition=true"]
    assert consume(broker, "--topic", topic, "--partition", 0, "--offset", "earliest", *shown, count=3) == (
        "Partition:0\tOffset:0\th1:v1,h2:v2\tk\tv\n"
        "Partition:0\tOffset:1\tNO_HEADERS\tnull\tnull\n"
        "Partition:0\tOffset:2\th1:null\t\t\n")
    out = consume(broker, "--topic", topic, "--partition", 0, "--offset", 2, "--property", "print.timestamp=true",
                  count=1)
    assert re.fullmatch(r"CreateTime:\d{13}\t\n", out)


def test_a_bad_line_ends_the_producer_but_loses_nothing(broker, topic):
    done = produce(broker, topic, "k\tv\nnosep\nk\tv\n", "--property", "parse.key=true")
    expect(done, 1)
    assert "No key separator found on line number 2: 'nosep'" in done.err
    assert consume(broker, "--topic", topic, "--from-beginning", count=1) == "v\n"


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd", ""])
def test_codecs(broker, topic, codec):
    text = "".join(f"line {i} of many that look alike\n" for i in range(1000))
    args = ["--compression-codec"] + ([codec] if codec else [])
    expect(produce(broker, topic, text, *args), 0)
    assert consume(broker, "--topic", topic, "--from-beginning", count=1000) == text


def test_producer_settings_are_checked(broker, topic):
    for args, message in ((("--compression-codec", "lzx"), "Invalid value lzx for configuration compression.type: "
                           "String must be one of: none, gzip, snappy, lz4, zstd"),
                          (("--request-required-acks", "7"), "Invalid value 7 for configuration acks: String must be "
                           "one of: all, -1, 0, 1"),
                          (("--timeout", "x"), "Cannot parse argument 'x' of option timeout"),
                          (("--line-reader", "foo.Bar"), "java.lang.ClassNotFoundException: foo.Bar"),
                          (("--property", "null.marker=,", "--property", "key.separator=,"),
                           "null.marker and key.separator may not be equal")):
        done = produce(broker, topic, "a\n", *args)
        expect(done, 1)
        assert message in done.err


def test_send_errors_do_not_change_the_exit_code(broker):
    done = produce(broker, "bad name", "a\n", "--max-block-ms", 3000)
    expect(done, 0)
    assert "ERROR Error when sending message to topic bad name with key: null, value: 1 bytes with error:" in done.err
    assert "org.apache.kafka.common.errors.InvalidTopicException: Invalid topics: [bad name]" in done.err
    expect(produce(broker, "bad name", "a\n", "--max-block-ms", 3000, "--sync"), 1)


def test_a_timeout_ends_the_consumer(broker, topic):
    produce(broker, topic, "a\n")
    done = tool("console-consumer", "--bootstrap-server", broker.address, "--topic", topic, "--from-beginning",
                "--timeout-ms", 1000)
    expect(done, 0, "a\n")
    assert re.search(r"ERROR Error processing message, terminating consumer process:  "
                     r"\(org.apache.kafka.tools.consumer.ConsoleConsumer\)\n"
                     r"org.apache.kafka.common.errors.TimeoutException\nProcessed a total of 1 messages\n$", done.err)


def test_values_that_cannot_be_read(broker, topic):
    produce(broker, topic, "a\nb\n")
    args = ("console-consumer", "--bootstrap-server", broker.address, "--topic", topic, "--from-beginning",
            "--max-messages", 2, "--value-deserializer", "org.apache.kafka.common.serialization.LongDeserializer")
    done = tool(*args)
    expect(done, 1)
    assert "Size of data received by LongDeserializer is not 8" in done.err
    assert "Processed a total of 1 messages" in done.err
    done = tool(*args, "--skip-message-on-error")
    expect(done, 0)
    assert done.err.count("ERROR Error processing message, skipping this message: ") == 2


def test_include_reads_all_topics_that_match(broker, topic):
    for suffix in "abc":
        produce(broker, f"{topic}-{suffix}", f"{suffix}\n")
    out = consume(broker, "--include", f"{topic}-[ab]", "--from-beginning", count=2)
    assert sorted(out.split()) == ["a", "b"]


def test_a_signal_ends_the_consumer_with_its_count(broker, topic):
    produce(broker, topic, "a\nb\n")
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        child = subprocess.Popen([ROOT / "bin/kafka-console-consumer.sh", "--bootstrap-server", broker.address,
                                  "--topic", topic, "--from-beginning", "--enable-systest-events"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            assert [child.stdout.readline(), child.stdout.readline()] == [b"a\n", b"b\n"]
            child.send_signal(number)
            out, err = child.communicate(timeout=10 * SLOW)
        finally:
            child.kill()
        assert (child.returncode, out) == (code, b"shutdown_complete\n")
        assert err.endswith(b"Processed a total of 2 messages\n")


def test_a_closed_output_ends_the_consumer(broker, topic):
    produce(broker, topic, "a line\n" * 20000)
    line = (f"{ROOT}/bin/kafka-console-consumer.sh --bootstrap-server {broker.address} --topic {topic} "
            "--from-beginning --max-messages 20000 | head -1; echo ${PIPESTATUS[0]}")
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=30 * SLOW)
    assert done.stdout == b"a line\n0\n"
    assert b"Unable to write to standard out, closing consumer." in done.stderr


def test_a_consumer_at_the_end_sees_what_comes(broker, topic):
    clients.create_topic(broker, topic, partitions=3)
    child = subprocess.Popen([ROOT / "bin/kafka-console-consumer.sh", "--bootstrap-server", broker.address,
                              "--topic", topic, "--max-messages", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        def sent_and_seen():
            produce(broker, topic, "now\n", "--sync", "--timeout", 0)
            return child.poll() is not None

        wait_until(sent_and_seen, 30, "the consumer to see a record")
        assert child.stdout.read() == b"now\n"
    finally:
        child.kill()
        child.communicate()


# --- what must not take long ---


def test_an_unreachable_broker_is_an_error_in_time(tmp_path):
    nowhere = f"127.0.0.1:{free_port()}"
    config = tmp_path / "client.properties"
    config.write_text("default.api.timeout.ms=1500\nrequest.timeout.ms=1500\n")
    done = tool("topics", "--bootstrap-server", nowhere, "--list", "--command-config", config)
    expect(done, 1, EXECUTING + "Timed out waiting for a node assignment. Call: listTopics\n")
    done = tool("console-consumer", "--bootstrap-server", nowhere, "--topic", "t", "--timeout-ms", 1500)
    expect(done, 0)
    assert "Processed a total of 0 messages" in done.err
    done = tool("console-producer", "--bootstrap-server", nowhere, "--topic", "t", "--max-block-ms", 1500,
                stdin="a\nb\nc\n")
    expect(done, 0)
    assert done.err.count("Topic t not present in metadata after 1500 ms.") == 3


def test_servers_that_cannot_be_meant():
    for servers, message in (("nohost", "Invalid url in bootstrap.servers: nohost"),
                             ("127.0.0.1:x", "Invalid url in bootstrap.servers: 127.0.0.1:x"),
                             ("nohost.invalid:9092", "No resolvable bootstrap urls given in bootstrap.servers")):
        done = tool("topics", "--bootstrap-server", servers, "--list")
        expect(done, 1)
        assert "Failed to create new KafkaAdminClient" in done.err and message in done.err


def test_tls_is_refused_by_name(tmp_path):
    config = tmp_path / "client.properties"
    config.write_text("security.protocol=SSL\n")
    done = tool("topics", "--bootstrap-server", "127.0.0.1:1", "--list", "--command-config", config)
    expect(done, 1)
    assert done.err == "security.protocol=SSL is not supported by this tool yet, only PLAINTEXT is\n"


@pytest.mark.alone
@pytest.mark.moldau
def test_tools_start_at_once():
    if sanitized():
        pytest.skip("the sanitizer's own time would be measured")
    build = pathlib.Path(os.environ.get("MOLDAU_BUILD", ROOT / "build"))
    times = []
    for _ in range(10):
        begin = time.monotonic()
        subprocess.run([build / "moldau", "topics", "--version"], capture_output=True, check=True)
        times.append(time.monotonic() - begin)
    assert sorted(times)[5] < 0.02 * SLOW
