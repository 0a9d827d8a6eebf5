"""kafka-console-consumer.sh as a member of a group: what it reads, what it commits, how it ends.

Where it matters that Apache's tool does the same, tests/peers/test_group_tools.py runs both.
"""

import re
import signal
import subprocess

import confluent_kafka
import pytest
from confluent_kafka import TopicPartition

import clients
from harness import ROOT, SLOW, wait_until
from test_tools import expect, produce, tool


@pytest.fixture
def group(topic):
    return "g-" + topic


def fill(broker, topic, partitions, *values, start=0):
    """Values to the partitions in turn."""
    producer = confluent_kafka.Producer({"bootstrap.servers": broker.address})
    for i, value in enumerate(values):
        producer.produce(topic, value, partition=(start + i) % partitions)
    assert producer.flush(30 * SLOW) == 0


def consume(broker, *args, timeout_ms=None):
    """Reads until nothing has come for a while; the lines, sorted."""
    wait = timeout_ms or int(3000 * SLOW)
    done = tool("console-consumer", "--bootstrap-server", broker.address, *args, "--timeout-ms", wait, timeout=60)
    assert done.code == 0, done.err
    assert re.search(r"TimeoutException\nProcessed a total of \d+ messages\n$", done.err), done.err
    return sorted(done.out.splitlines())


def committed(broker, group, topic):
    """{partition: offset}"""
    done = tool("consumer-groups", "--bootstrap-server", broker.address, "--describe", "--group", group)
    return {int(p): int(o) for t, p, o in re.findall(r"^\S+ +(\S+) +(\d+) +(\d+) ", done.out, re.M) if t == topic}


def state(broker, group):
    """(state, number of members)"""
    out = tool("consumer-groups", "--bootstrap-server", broker.address, "--describe", "--group", group, "--state").out
    found = re.search(r"([A-Z]\w+) +(\d+)\n$", out)
    return (found.group(1), int(found.group(2))) if found else None


class Running:
    """A console consumer in the background, with its output in a file."""

    def __init__(self, broker, path, *args):
        self.path = path
        with open(path, "wb") as out:
            self.process = subprocess.Popen(
                [ROOT / "bin/kafka-console-consumer.sh", "--bootstrap-server", broker.address, *map(str, args)],
                stdout=out, stderr=subprocess.PIPE)

    def lines(self):
        return self.path.read_text().splitlines()

    def wait_for(self, number):
        wait_until(lambda: len(self.lines()) >= number, 30, f"{number} lines")

    def stop(self, number=signal.SIGTERM):
        """The exit code and stderr."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=20 * SLOW)
        assert b"Sanitizer" not in err, err.decode()
        return self.process.returncode, err.decode()


def test_goes_on_where_the_group_has_been(broker, topic, group):
    clients.create_topic(broker, topic, 1)
    fill(broker, topic, 1, "a", "b", "c", "d", "e")
    args = ("--bootstrap-server", broker.address, "--topic", topic, "--group", group)
    expect(tool("console-consumer", *args, "--from-beginning", "--max-messages", 2), 0, "a\nb\n")
    assert committed(broker, group, topic) == {0: 2}
    expect(tool("console-consumer", *args, "--max-messages", 2), 0, "c\nd\n")
    # --from-beginning is about groups without an offset
    expect(tool("console-consumer", *args, "--from-beginning", "--max-messages", 1), 0, "e\n")
    assert committed(broker, group, topic) == {0: 5}
    assert state(broker, group) == ("Empty", 0)


def test_what_it_did_not_read_is_not_lost(broker, topic, group):
    """The end of the log counts as read when the group begins there, and the beginning as not read."""
    clients.create_topic(broker, topic, 3)
    fill(broker, topic, 3, *"abcdef")
    assert consume(broker, "--topic", topic, "--group", group) == []
    assert committed(broker, group, topic) == {0: 2, 1: 2, 2: 2}
    fill(broker, topic, 3, *"ghi")
    assert consume(broker, "--topic", topic, "--group", group) == ["g", "h", "i"]
    other = group + "-other"
    done = tool("console-consumer", "--bootstrap-server", broker.address, "--topic", topic, "--group", other,
                "--from-beginning", "--max-messages", 1)
    first = done.out.strip()
    offsets = committed(broker, other, topic)
    assert sorted(offsets.values()) == [0, 0, 1]
    assert consume(broker, "--topic", topic, "--group", other) == sorted(set("abcdefghi") - {first})


def test_commits_only_if_it_is_to(broker, topic, group):
    clients.create_topic(broker, topic, 1)
    fill(broker, topic, 1, "a", "b")
    never = ("--consumer-property", "enable.auto.commit=false")
    for _ in range(2):
        assert consume(broker, "--topic", topic, "--group", group, "--from-beginning", *never) == ["a", "b"]
    assert committed(broker, group, topic) == {}
    # The same, without a group: nothing is left behind at all.
    before = tool("consumer-groups", "--bootstrap-server", broker.address, "--list").out
    assert consume(broker, "--topic", topic, "--from-beginning") == ["a", "b"]
    assert tool("consumer-groups", "--bootstrap-server", broker.address, "--list").out == before


def test_the_group_from_properties(broker, topic, group, tmp_path):
    clients.create_topic(broker, topic, 1)
    fill(broker, topic, 1, "a", "b", "c")
    config = tmp_path / "consumer.properties"
    config.write_text(f"group.id={group}\nauto.offset.reset=earliest\n")
    args = ("--bootstrap-server", broker.address, "--topic", topic, "--max-messages", 1)
    expect(tool("console-consumer", *args, "--consumer.config", config), 0, "a\n")
    expect(tool("console-consumer", *args, "--consumer-property", f"group.id={group}"), 0, "b\n")
    expect(tool("console-consumer", *args, "--group", group), 0, "c\n")
    done = tool("console-consumer", *args, "--group", group, "--consumer-property", "group.id=other")
    assert done.code == 1 and "do not match. Detected group ids: '" in done.err
    done = tool("console-consumer", *args, "--group", group, "--partition", 0)
    assert done.code == 1
    assert done.err.startswith("Options group and partition cannot be specified together.\n")


def test_no_offset_and_no_policy(broker, topic, group):
    clients.create_topic(broker, topic, 1)
    fill(broker, topic, 1, "a")
    done = tool("console-consumer", "--bootstrap-server", broker.address, "--topic", topic, "--group", group,
                "--consumer-property", "auto.offset.reset=none")
    assert (done.code, done.out) == (0, "")
    assert done.err.split("\n")[1:] == [
        "org.apache.kafka.clients.consumer.NoOffsetForPartitionException: Undefined offset with no reset policy for "
        f"partitions: [{topic}-0]", "Processed a total of 0 messages", ""]
    assert committed(broker, group, topic) == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_commits_and_leaves(broker, topic, group, tmp_path, number):
    clients.create_topic(broker, topic, 2)
    fill(broker, topic, 2, *"abcdef")
    running = Running(broker, tmp_path / "out", "--topic", topic, "--group", group, "--from-beginning")
    running.wait_for(6)
    code, err = running.stop(number)
    assert (code, err) == (128 + number, "Processed a total of 6 messages\n")
    assert committed(broker, group, topic) == {0: 3, 1: 3}
    assert state(broker, group) == ("Empty", 0)


def test_members_share_partitions(broker, topic, group, tmp_path):
    clients.create_topic(broker, topic, 4)
    args = ("--topic", topic, "--group", group, "--from-beginning", "--property", "print.partition=true")
    first = Running(broker, tmp_path / "first", *args)
    fill(broker, topic, 4, *"abcd")
    first.wait_for(4)
    second = Running(broker, tmp_path / "second", *args)
    wait_until(lambda: state(broker, group) == ("Stable", 2), 30, "both members")
    fill(broker, topic, 4, *"efgh")
    wait_until(lambda: len(first.lines()) + len(second.lines()) == 8, 30, "all records")
    shares = [{line.split("\t")[0] for line in r.lines()[skip:]} for r, skip in ((first, 4), (second, 0))]
    assert len(shares[0]) == len(shares[1]) == 2 and not shares[0] & shares[1]
    assert sorted(line.split("\t")[1] for r in (first, second) for line in r.lines()) == list("abcdefgh")
    assert first.stop()[0] == 143
    # The one who stays takes over, from where the other was.
    wait_until(lambda: state(broker, group) == ("Stable", 1), 30, "one member")
    fill(broker, topic, 4, *"ijkl")
    second.wait_for(6)
    assert sorted(line.split("\t")[1] for line in second.lines()[-4:]) == list("ijkl")
    assert second.stop()[0] == 143
    assert committed(broker, group, topic) == {p: 3 for p in range(4)}


def test_topics_by_expression_and_topics_to_come(broker, topic, group, tmp_path):
    clients.create_topic(broker, topic + "-a", 1)
    fill(broker, topic + "-a", 1, "old")
    running = Running(broker, tmp_path / "out", "--include", topic + "-.*", "--group", group, "--from-beginning",
                      "--consumer-property", "metadata.max.age.ms=300")
    running.wait_for(1)
    clients.create_topic(broker, topic + "-b", 2)
    fill(broker, topic + "-b", 2, "new", "newer")
    running.wait_for(3)
    assert sorted(running.lines()) == ["new", "newer", "old"]
    assert running.stop()[0] == 143
    assert committed(broker, group, topic + "-b") == {0: 1, 1: 1}


def test_a_topic_that_does_not_exist_is_created_and_read(broker, topic, group, tmp_path):
    running = Running(broker, tmp_path / "out", "--topic", topic, "--group", group, "--from-beginning")
    wait_until(lambda: topic in tool("topics", "--bootstrap-server", broker.address, "--list").out.split(), 30, "the topic")
    produce(broker, topic, "hello\n")
    running.wait_for(1)
    assert running.lines() == ["hello"]
    assert running.stop()[0] == 143
    done = tool("console-consumer", "--bootstrap-server", broker.address, "--topic", "not a name", "--group", group)
    assert (done.code, done.out) == (0, "")
    assert "org.apache.kafka.common.errors.InvalidTopicException: Invalid topics: [not a name]\n" in done.err


def test_a_group_that_refuses(broker, topic, group):
    clients.create_topic(broker, topic, 1)
    args = ("--bootstrap-server", broker.address, "--topic", topic)
    for more, exception in (
            (("--group", ""), "InvalidGroupIdException: The configured groupId is invalid."),
            (("--group", group, "--consumer-property", "session.timeout.ms=10"),
             "InvalidSessionTimeoutException: The session timeout is not within the range allowed by the broker (as "
             "configured by group.min.session.timeout.ms and group.max.session.timeout.ms).")):
        done = tool("console-consumer", *args, *more)
        assert (done.code, done.out) == (0, "")
        assert f"org.apache.kafka.common.errors.{exception}\nProcessed a total of 0 messages\n" in done.err


def test_offsets_of_the_group_as_records(broker, topic, group):
    """What the coordinator has written, through the formatters, by their names of today and of old."""
    consumer = confluent_kafka.Consumer({"bootstrap.servers": broker.address, "group.id": group})
    clients.create_topic(broker, topic, 1)
    offset = TopicPartition(topic, 0, 7)
    wait_until(lambda: not consumer.commit(offsets=[offset], asynchronous=False)[0].error, 30, "the commit")
    consumer.close()

    def records(formatter):
        return "\n".join(consume(broker, "--topic", "__consumer_offsets", "--from-beginning", "--formatter", formatter))

    new = records("org.apache.kafka.tools.consumer.OffsetsMessageFormatter")
    assert re.search(rf'{{"key":{{"version":1,"data":{{"group":"{group}","topic":"{topic}","partition":0}}}},'
                     r'"value":\{"version":\d,"data":\{"offset":7,"leaderEpoch":-?\d+,"metadata":"","commitTimestamp":\d+',
                     new)
    old = records("kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter")
    assert re.search(rf"^\[{group},{topic},0\]::OffsetAndMetadata\(offset=7, leaderEpoch=Optional\S+, metadata=, "
                     r"commitTimestamp=\d+, expireTimestamp=None\)$", old, re.M), old[-400:]
    running = tool("console-consumer", "--bootstrap-server", broker.address, "--topic", topic, "--group", group + "-m",
                   "--timeout-ms", 2000)
    assert running.code == 0
    old = records("kafka.coordinator.group.GroupMetadataManager$GroupMetadataMessageFormatter")
    assert re.search(rf"^{group}-m::GroupMetadata\(groupId={group}-m, generation=1, protocolType=Some\(consumer\), "
                     r"currentState=Stable, members=HashMap\((\S+) -> MemberMetadata\(memberId=\1, groupInstanceId=None, "
                     r"clientId=console-consumer, clientHost=/127.0.0.1, sessionTimeoutMs=45000, "
                     r"rebalanceTimeoutMs=300000, supportedProtocols=List\(range\)\)\)\)$", old, re.M), old[-400:]
    assert re.search(rf"^{group}-m::GroupMetadata\(groupId={group}-m, generation=2, protocolType=Some\(consumer\), "
                     r"currentState=Empty, members=HashMap\(\)\)$", old, re.M), old[-400:]
