"""kafka-consumer-groups.sh, kafka-get-offsets.sh and kafka-run-class.sh: what they print, literally.

The literals were printed by the tools of Apache Kafka 3.9.1 for the same command lines in front of its own broker, but for
the tables of --reset-offsets and --delete-offsets, whose rows Kafka 3.9 puts on one line (doc/differences.md).
"""

import os
import pathlib
import re
import socket
import subprocess
import time

import confluent_kafka
import pytest
from confluent_kafka import TopicPartition

import clients
from harness import ROOT, SLOW, free_port, wait_until
from test_tools import expect, tool

START_MS = 1700000000000
NO_MEMBERS = "\nConsumer group '{}' has no active members.\n"
NEW_OFFSETS = f"\n{'GROUP':30} {'TOPIC':30} {'PARTITION':10} {'NEW-OFFSET':15}\n"
FAILED = "\nError: Executing consumer group command failed due to "
DRY_RUN = "WARN: No action will be performed as the --execute option is missing.In a future major release, "
USAGE = "\nOption                                   Description"


def groups(broker, *args, timeout=30):
    return tool("consumer-groups", "--bootstrap-server", broker.address, *args, timeout=timeout)


def reset(broker, *args):
    return groups(broker, "--reset-offsets", *args)


def commit(broker, group, **offsets):
    """commit(broker, "g", t1={0: 5})"""
    consumer = confluent_kafka.Consumer({"bootstrap.servers": broker.address, "group.id": group})
    wanted = [TopicPartition(t, p, o) for t, of in offsets.items() for p, o in of.items()]
    wait_until(lambda: not any(p.error for p in consumer.commit(offsets=wanted, asynchronous=False)), 30, "the commit")
    consumer.close()


class Member:
    """A consumer that has been assigned its partitions and stays in its group."""

    def __init__(self, broker, group, client_id, topics, partitions, **config):
        config = {k.replace("_", "."): v for k, v in config.items()}
        self.consumer = confluent_kafka.Consumer({
            "bootstrap.servers": broker.address, "group.id": group, "client.id": client_id,
            "enable.auto.commit": False, "auto.offset.reset": "earliest", **config})
        self.consumer.subscribe(topics)
        self.wait_for(partitions)

    def wait_for(self, partitions):
        def assigned():
            self.consumer.poll(0.1)
            return len(self.consumer.assignment()) == partitions
        wait_until(assigned, 30, f"{partitions} partitions")

    def close(self):
        self.consumer.close()


@pytest.fixture(scope="module", autouse=True)
def data(shared_broker):
    """Topics and groups that the tests look at and leave alone."""
    producer = confluent_kafka.Producer({"bootstrap.servers": shared_broker.address})
    for topic, partitions in (("t1", 3), ("t2", 12), ("empty", 1)):
        clients.create_topic(shared_broker, topic, partitions, retention_ms=-1)
    for i in range(60):
        producer.produce("t1", f"v{i}", partition=i % 3, timestamp=START_MS + i * 1000)
        producer.produce("t2", f"v{i}", partition=i % 12, timestamp=START_MS + i * 1000)
    assert producer.flush(30 * SLOW) == 0
    commit(shared_broker, "g-empty", t1={0: 5, 1: 7, 2: 20})
    commit(shared_broker, "g-two", t1={0: 1}, t2={3: 2, 11: 4, 7: 1, 0: 5})


def members_table(rows, width=15):
    return f"\n{'GROUP':15} {'CONSUMER-ID':{width}} {'HOST':15} {'CLIENT-ID':15} {'#PARTITIONS':15} {rows}"


# --- list and describe ---


def test_list(broker):
    assert {"g-two", "g-empty"} <= set(groups(broker, "--list").out.splitlines())
    out = groups(broker, "--list", "--state").out
    assert out.startswith("GROUP                     STATE               \n"), out
    assert "g-two                     Empty               \ng-empty                   Empty               \n" in out
    out = groups(broker, "--list", "--type", "--state", "stable,Empty").out
    assert out.startswith("GROUP                     TYPE                 STATE               \n"), out
    assert "g-two                     Classic              Empty               \n" in out
    expect(groups(broker, "--list", "--state", "dead"), 0, "GROUP                     STATE               \n")
    expect(groups(broker, "--list", "--type", "consumer"), 0, "GROUP                     TYPE                \n")


def test_describe_offsets(broker):
    done = groups(broker, "--describe", "--group", "g-empty")
    expect(done, 0, """
GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID
g-empty         t1              2          20              20              0               -               -               -
g-empty         t1              1          7               20              13              -               -               -
g-empty         t1              0          5               20              15              -               -               -""")
    assert done.err == NO_MEMBERS.format("g-empty")
    done = groups(broker, "--describe", "--group", "g-two", "--group", "g-two", "--offsets", "--verbose")
    expect(done, 0, """
GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID
g-two           t2              11         4               5               1               -               -               -
g-two           t2              7          1               5               4               -               -               -
g-two           t2              3          2               5               3               -               -               -
g-two           t1              0          1               20              19              -               -               -
g-two           t2              0          5               5               0               -               -               -""")
    assert done.err == NO_MEMBERS.format("g-two")


def test_describe_members(broker):
    member = Member(broker, "g-live", "live", ["t1"], 3)
    try:
        out = groups(broker, "--describe", "--group", "g-live", "--members", "--verbose").out
        name = re.search(r"live-[0-9a-f-]{36}", out).group()
        assert out == members_table(
            f"ASSIGNMENT\ng-live          {name} /127.0.0.1      live            3               (0,1,2)\n", len(name))
        out = groups(broker, "--describe", "--group", "g-live", "--members").out
        assert out == members_table(
            f"\ng-live          {name} /127.0.0.1      live            3               \n", len(name))
        out = groups(broker, "--describe", "--group", "g-live").out.split("\n")
        assert out[:2] == ["", "GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             "
                               f"{'CONSUMER-ID':{len(name)}} HOST            CLIENT-ID"]
        assert out[2:] == [f"g-live          t1              {p}          -               20              -               "
                           f"{name} /127.0.0.1      live" for p in (2, 1, 0)]
        done = groups(broker, "--describe", "--group", "g-live", "--state")
        assert done.err == ""
        expect(done, 0, f"""
GROUP                     COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE           #MEMBERS
g-live                    {broker.address + '  (0)':25} range                Stable          1
""")
    finally:
        member.close()


def test_describe_static_members_and_several_topics(broker):
    first = Member(broker, "g-share", "a", ["t1", "t2"], 15, group_instance_id="one")
    try:
        out = groups(broker, "--describe", "--group", "g-share", "--members", "--verbose").out
        header, row = out.splitlines()[1:]
        assert re.match(r"GROUP           CONSUMER-ID {20,}GROUP-INSTANCE-ID HOST            CLIENT-ID       "
                        r"#PARTITIONS     ASSIGNMENT$", header), header
        assert re.match(r"g-share         one-[0-9a-f-]{36} one               /127.0.0.1      a               15 {14}"
                        r"\(0,1,10,11,2,3,4,5,6,7,8,9\), \(0,1,2\)$", row), row
    finally:
        first.close()
    # The static member is still in the group, with its partitions.
    assert "Stable          1" in groups(broker, "--describe", "--group", "g-share", "--state").out


def test_describe_what_is_not_there(broker):
    missing = "\nError: Consumer group 'nope' does not exist.\n"
    expect(groups(broker, "--describe", "--group", "nope"), 0, missing)
    expect(groups(broker, "--describe", "--group", "nope", "--state"), 0, missing)
    expect(groups(broker, "--describe", "--group", "nope", "--members"), 0, missing + members_table("\n"))
    done = groups(broker, "--describe", "--group", "g-empty", "--members", "--verbose")
    expect(done, 0, members_table("ASSIGNMENT\n"))
    assert done.err == NO_MEMBERS.format("g-empty")
    done = groups(broker, "--describe", "--group", "g-empty", "--state")
    expect(done, 0, f"""
GROUP                     COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE           #MEMBERS
g-empty                   {broker.address + '  (0)':25}                      Empty           0
""")


# --- reset ---


def rows(group, *offsets):
    return NEW_OFFSETS + "".join(f"{group:30} {t:30} {p:<10} {o:<15}\n" for t, p, o in offsets)


def test_reset_places(broker):
    every = ("--group", "g-empty", "--all-topics", "--dry-run")
    expect(reset(broker, *every, "--to-earliest"), 0, rows("g-empty", ("t1", 2, 0), ("t1", 1, 0), ("t1", 0, 0)))
    expect(reset(broker, *every, "--to-current"), 0, rows("g-empty", ("t1", 2, 20), ("t1", 1, 7), ("t1", 0, 5)))
    expect(reset(broker, *every, "--shift-by", -6), 0, rows("g-empty", ("t1", 2, 14), ("t1", 1, 1), ("t1", 0, 0)))
    done = reset(broker, *every, "--shift-by", 14)
    expect(done, 0, rows("g-empty", ("t1", 2, 20), ("t1", 1, 20), ("t1", 0, 19)))
    logger = "(org.apache.kafka.tools.consumer.group.ConsumerGroupCommand)\n"
    assert "WARN New offset (21) is higher than latest offset for topic partition t1-1. Value will be set to 20 " + logger \
        in done.err
    some = ("--group", "g-empty", "--topic", "t1:0,2", "--topic", "empty", "--topic", "t2:1", "--dry-run")
    expect(reset(broker, *some, "--to-latest"), 0,
           rows("g-empty", ("t1", 2, 20), ("empty", 0, 0), ("t1", 0, 20), ("t2", 1, 5)))
    done = reset(broker, *some, "--to-offset", 4)
    expect(done, 0, rows("g-empty", ("t1", 2, 4), ("empty", 0, 0), ("t1", 0, 4), ("t2", 1, 4)))
    expect(reset(broker, "--group", "nobody", "--topic", "t1", "--to-current", "--dry-run"), 0,
           rows("nobody", ("t1", 2, 20), ("t1", 1, 20), ("t1", 0, 20)))


def test_reset_times(broker):
    t1 = ("--group", "g-empty", "--topic", "t1", "--dry-run")
    want = rows("g-empty", ("t1", 2, 6), ("t1", 1, 7), ("t1", 0, 7))
    for text in ("2023-11-14T22:13:40.000", "2023-11-14T22:13:40.000Z", "2023-11-14T23:13:40.000+01:00",
                 "2023-11-14T20:13:40.000-02"):
        expect(reset(broker, *t1, "--to-datetime", text), 0, want)
    seconds = time.time() - START_MS / 1000 - 19.1  # the records are a second apart
    expect(reset(broker, *t1, "--by-duration", f"P{int(seconds // 86400)}DT{seconds % 86400:.3f}S"), 0, want)
    warning = "\nWarn: Partition {} from topic {} is empty. Falling back to latest known offset.\n"
    expect(reset(broker, *t1, "--topic", "empty", "--by-duration", "PT1S"), 0,
           warning.format(2, "t1") + warning.format(0, "empty") + warning.format(1, "t1") + warning.format(0, "t1")
           + rows("g-empty", ("t1", 2, 20), ("empty", 0, 0), ("t1", 1, 20), ("t1", 0, 20)))
    expect(reset(broker, *t1, "--to-datetime", "yesterday"), 0,
           FAILED + "java.text.ParseException: Error parsing timestamp. It does not contain a 'T' according to ISO8601 "
           "format\n")
    expect(reset(broker, *t1, "--to-datetime", "2023-13-14T00:00:00.000"), 0,
           FAILED + 'java.text.ParseException: Unparseable date: "2023-13-14T00:00:00.000Z"\n')
    expect(reset(broker, *t1, "--by-duration", "1 day"), 0, FAILED + "Text cannot be parsed to a Duration\n")


def test_reset_executes_only_when_told(broker):
    commit(broker, "g-reset", t1={0: 5, 1: 7})
    done = reset(broker, "--group", "g-reset", "--topic", "t1", "--to-offset", 3)
    expect(done, 0, rows("g-reset", ("t1", 2, 3), ("t1", 1, 3), ("t1", 0, 3)))
    assert done.err.startswith(DRY_RUN)
    expect(reset(broker, "--group", "g-reset", "--all-topics", "--to-current", "--dry-run"), 0,
           rows("g-reset", ("t1", 1, 7), ("t1", 0, 5)))
    expect(reset(broker, "--group", "g-reset", "--topic", "t1", "--to-offset", 3, "--execute"), 0,
           rows("g-reset", ("t1", 2, 3), ("t1", 1, 3), ("t1", 0, 3)))
    expect(reset(broker, "--group", "g-reset", "--all-topics", "--to-current", "--dry-run"), 0,
           rows("g-reset", ("t1", 2, 3), ("t1", 1, 3), ("t1", 0, 3)))
    # A group comes into being so.
    expect(reset(broker, "--group", "g-new", "--topic", "t1:1", "--to-latest", "--execute"), 0,
           rows("g-new", ("t1", 1, 20)))
    assert "g-new" in groups(broker, "--list").out.split()


def test_reset_plans(broker, tmp_path):
    every = ("--all-topics", "--to-current", "--export", "--dry-run")
    one = reset(broker, "--group", "g-empty", *every)
    expect(one, 0, "t1,2,20\nt1,1,7\nt1,0,5\n\n")
    two = reset(broker, "--group", "g-empty", "--group", "g-two", *every)
    expect(two, 0, "g-two,t2,11,4\ng-two,t2,7,1\ng-two,t2,3,2\ng-two,t1,0,1\ng-two,t2,0,5\n"
                   "g-empty,t1,2,20\ng-empty,t1,1,7\ng-empty,t1,0,5\n\n")
    plan = tmp_path / "plan.csv"
    plan.write_text(one.out)
    expect(reset(broker, "--group", "g-plan", "--from-file", plan, "--execute"), 0,
           rows("g-plan", ("t1", 2, 20), ("t1", 1, 7), ("t1", 0, 5)))
    expect(reset(broker, "--group", "g-plan", *every), 0, one.out)
    plan.write_text(two.out)
    expect(reset(broker, "--group", "g-empty", "--group", "nope", "--from-file", plan, "--dry-run"), 0,
           "\nError: No reset plan for group nope found\n" + rows("g-empty", ("t1", 2, 20), ("t1", 1, 7), ("t1", 0, 5)))
    expect(reset(broker, "--group", "g-empty", "--from-file", plan, "--dry-run"), 0,
           rows("g-empty", ("t1", 2, 20), ("t1", 1, 7), ("t1", 0, 5)))
    plan.write_text("t1,0,3\nt1,1,100\n")
    done = reset(broker, "--group", "g-empty", "--from-file", plan, "--dry-run")
    expect(done, 0, rows("g-empty", ("t1", 1, 20), ("t1", 0, 3)))
    assert "New offset (100) is higher than latest offset for topic partition t1-1. Value will be set to 20" in done.err
    expect(reset(broker, "--group", "g-empty", "--from-file", tmp_path / "none", "--dry-run"), 0,
           f"{FAILED}java.io.IOException: Unable to read file {tmp_path}/none\n")
    plan.write_text("t1,0,3\nt1,1\n")
    expect(reset(broker, "--group", "g-empty", "--from-file", plan, "--dry-run"), 0,
           FAILED + "Line 2 of the reset plan is not topic,partition,offset: 't1,1'\n")


def test_reset_refused(broker):
    member = Member(broker, "g-busy", "busy", ["t1"], 3)
    try:
        expect(reset(broker, "--group", "g-busy", "--topic", "t1", "--to-latest", "--execute"), 0,
               "\nError: Assignments can only be reset if the group 'g-busy' is inactive, but the current state is "
               "Stable.\n" + NEW_OFFSETS)
        expect(groups(broker, "--delete", "--group", "g-busy"), 0,
               "\nError: Deletion of some consumer groups failed:\n* Group 'g-busy' could not be deleted due to: "
               "java.util.concurrent.ExecutionException: org.apache.kafka.common.errors.GroupNotEmptyException: The group "
               "is not empty.\n")
        status = ("Error: :org.apache.kafka.common.errors.GroupSubscribedToTopicException: Deleting offsets of a topic is "
                  "forbidden while the consumer group is actively subscribed to it.")
        expect(groups(broker, "--delete-offsets", "--group", "g-busy", "--topic", "t1:0"), 0,
               "\nError: Encounter some partition level error, see the follow-up details:\n" + statuses(("t1", 0, status)))
    finally:
        member.close()
    dry = ("--group", "g-empty", "--dry-run")
    expect(reset(broker, *dry, "--topic", "nope", "--to-latest"), 0,
           FAILED + "java.util.concurrent.ExecutionException: org.apache.kafka.common.errors."
           "UnknownTopicOrPartitionException: This server does not host this topic-partition.\n")
    for args, message in (
            (("--topic", "t2:1", "--shift-by", 1),
             "Cannot shift offset for partition t2-1 since there is no current committed offset"),
            (("--to-latest",), "One of the reset scopes should be defined: --all-topics, --topic."),
            (("--topic", "t1"), "Option '[reset-offsets]' requires one of the following scenarios: [[to-offset], "
             "[to-current], [to-datetime], [from-file], [by-duration], [to-earliest], [to-latest], [shift-by]]"),
            (("--topic", "t1:x", "--to-latest"), "Invalid partition 'x' specified in topic arg 't1:x''"),
            (("--topic", "t1:", "--to-latest"), "Invalid topic arg 't1:', expected topic name and partitions")):
        done = reset(broker, *dry, *args)
        expect(done, 1)
        assert done.err.startswith(message + USAGE), done.err


# --- deletions ---


def statuses(*results):
    return f"\n{'TOPIC':30} {'PARTITION':15} {'STATUS':15}\n" + "".join(f"{t:30} {p:<15} {s:15}\n" for t, p, s in results)


def test_delete(broker):
    for group in ("d1", "d2", "d3"):
        commit(broker, group, t1={0: 5})
    expect(groups(broker, "--delete", "--group", "d1", "--group", "d2"), 0,
           "Deletion of requested consumer groups ('d1, d2') was successful.\n")
    expect(groups(broker, "--delete", "--group", "d3", "--group", "nope"), 0,
           "\nError: Deletion of some consumer groups failed:\n* Group 'nope' could not be deleted due to: "
           "java.util.concurrent.ExecutionException: org.apache.kafka.common.errors.GroupIdNotFoundException: The group id "
           "does not exist.\n\nThese consumer groups were deleted successfully: 'd3', '\n")
    assert not {"d1", "d2", "d3"} & set(groups(broker, "--list").out.split())


def test_delete_offsets(broker):
    commit(broker, "o1", t1={0: 5, 1: 5}, t2={10: 2, 2: 1, 3: 1})
    expect(groups(broker, "--delete-offsets", "--group", "o1", "--topic", "t2:10,2", "--topic", "t1"), 0,
           "Request succeed for deleting offsets with topic t2:10,2, t1 group o1\n"
           + statuses(*((t, p, "Successful") for t, p in (("t1", 0), ("t1", 1), ("t1", 2), ("t2", 10), ("t2", 2)))))
    expect(reset(broker, "--group", "o1", "--all-topics", "--to-current", "--export", "--dry-run"), 0, "t2,3,1\n\n")
    unknown = "Error: :org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does not host this " \
              "topic-partition."
    expect(groups(broker, "--delete-offsets", "--group", "o1", "--topic", "nope"), 0,
           "Request succeed for deleting offsets with topic nope group o1\n" + statuses(("nope", "Not Provided", unknown)))
    missing = "Error: :org.apache.kafka.common.errors.GroupIdNotFoundException: The group id does not exist."
    expect(groups(broker, "--delete-offsets", "--group", "nope", "--topic", "t1:0"), 0,
           "\nError: 'nope' does not exist.\n" + statuses(("t1", 0, missing)))


# --- options, and brokers that do not answer ---


def test_wrong_usage(broker):
    for args, message in (
            ((), "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets"),
            (("--list", "--describe", "--group", "a"), 'Option "[group]" can\'t be used with option "[list]"'),
            (("--describe",), "Option [describe] takes one of these options: [reset-offsets], [describe], [delete], [list]"),
            (("--delete",), "Option [delete] takes one of these options: [all-groups], [group]"),
            (("--delete-offsets", "--group", "a"),
             "Option [delete-offsets] takes the following options: [all-groups], [group]"),
            (("--describe", "--group", "a", "--all-groups"), 'Option "[group]" can\'t be used with option "[all-groups]"'),
            (("--describe", "--group", "a", "--topic", "t"), 'Option "[topic]" can\'t be used with option "[describe]"'),
            (("--describe", "--group", "a", "--members", "--state"),
             "Option [describe] takes at most one of these options: [members], [offsets], [state]"),
            (("--describe", "--group", "a", "--state", "x"), "Option [describe] does not take a value for [state]"),
            (("--reset-offsets", "--group", "a", "--dry-run", "--to-latest", "--to-current"),
             'Option "[to-latest]" can\'t be used with option "[to-current]"'),
            (("--reset-offsets", "--group", "a", "--dry-run", "--execute"),
             "Option [reset-offsets] only accepts one of [execute] and [dry-run]"),
            (("--delete", "--group", "a", "--topic", "t"),
             "The consumer does not support topic-specific offset deletion from a consumer group."),
            (("--list", "--members"), "Option(s) [members] are unavailable given other options on the command line"),
            (("--list", "--state", "foo"), "Invalid state list 'foo'. Valid states are: PreparingRebalance, "
             "CompletingRebalance, Stable, Dead, Empty, Assigning, Reconciling"),
            (("--list", "--type", "foo"), "Invalid types list 'foo'. Valid types are: Consumer, Classic"),
            (("--bogus",), "bogus is not a recognized option")):
        done = groups(broker, *args)
        expect(done, 1)
        assert done.err.startswith(message + USAGE), (args, done.err)
    done = tool("consumer-groups", "--list")
    assert (done.code, done.err.split("\n")[0]) == (1, 'Missing required argument "[bootstrap-server]"')
    expect(tool("consumer-groups", "--version"), 0, "3.9.0\n")
    assert tool("consumer-groups", "--help").code == tool("consumer-groups").code == 1
    expect(groups(broker, "--list", "--timeout", "x"), 0, FAILED + "Cannot parse argument 'x' of option timeout\n")
    expect(groups(broker, "--list", "--command-config", "nofile"), 0,
           FAILED + "java.nio.file.NoSuchFileException: nofile\n")


@pytest.mark.parametrize("silent", [False, True], ids=["refused", "silent"])
def test_a_broker_that_does_not_answer(silent):
    """Within the time-out there is an error, whatever is asked."""
    exception = "java.util.concurrent.ExecutionException: "
    timed_out = "org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment. Call: "
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if silent:
            listener.listen(8)
        server = f"127.0.0.1:{listener.getsockname()[1]}"
        for args, want in (
                (("--list",), exception + "org.apache.kafka.common.KafkaException: Failed to find brokers to send ListGroups"),
                (("--describe", "--group", "g"), timed_out + "describeConsumerGroups(api=FIND_COORDINATOR)"),
                (("--reset-offsets", "--group", "g", "--topic", "t:0", "--to-latest", "--execute"),
                 exception + timed_out + "describeConsumerGroups(api=FIND_COORDINATOR)")):
            began = time.monotonic()
            done = tool("consumer-groups", "--bootstrap-server", server, "--timeout", 400, *args)
            assert time.monotonic() - began < 3 * SLOW
            expect(done, 0, FAILED + want + "\n")
        done = tool("consumer-groups", "--bootstrap-server", server, "--timeout", 400, "--delete", "--group", "g")
        expect(done, 0, "\nError: Deletion of some consumer groups failed:\n* Group 'g' could not be deleted due to: "
               f"{exception}{timed_out}deleteConsumerGroups(api=FIND_COORDINATOR)\n")


# --- get-offsets ---


def offsets(broker, *args):
    return tool("get-offsets", "--bootstrap-server", broker.address, *args)


def test_get_offsets(broker):
    expect(offsets(broker, "--topic", "t1"), 0, "t1:0:20\nt1:1:20\nt1:2:20\n")
    expect(offsets(broker, "--topic", "t1,empty", "--time", "earliest"), 0, "empty:0:0\nt1:0:0\nt1:1:0\nt1:2:0\n")
    expect(offsets(broker, "--topic", "t.", "--partitions", "0,2,10", "--time", -1), 0,
           "t1:0:20\nt1:2:20\nt2:0:5\nt2:10:5\nt2:2:5\n")
    expect(offsets(broker, "--topic-partitions", "t1:1-,t2:0-2,t2:-1,empty"), 0,
           "empty:0:0\nt1:1:20\nt1:2:20\nt2:0:5\nt2:1:5\n")
    expect(offsets(broker, "--topic", "t1", "--time", START_MS + 20000), 0, "t1:0:7\nt1:1:7\nt1:2:6\n")
    expect(offsets(broker, "--topic", "t1", "--time", -3), 0, "t1:0:19\nt1:1:19\nt1:2:19\n")
    expect(offsets(broker, "--topic", "t1", "--time", 99999999999999), 0)
    internal = offsets(broker).out
    assert "__consumer_offsets:" in internal
    assert offsets(broker, "--exclude-internal-topics").out == re.sub("__.*\n", "", internal)


def test_get_offsets_refused(broker):
    for args, message in (
            (("--topic", "nope"), "Could not match any topic-partitions with the specified filters"),
            (("--time", "foo"), "Malformed time argument foo. Please use -1 or latest / -2 or earliest / -3 or "
             "max-timestamp / -4 or earliest-local / -5 or latest-tiered, or a specified long format timestamp"),
            (("--topic", "t1", "--partitions", "x"),
             "--partitions expects a comma separated list of numeric partition ids, but received: x"),
            (("--topic-partitions", "t1", "--topic", "t1"),
             "--topic-partitions cannot be used with --topic or --partitions"),
            (("--topic-partitions", "t1:x"), "org.apache.kafka.tools.TerseException: Invalid rule specification: t1:x"),
            (("--topic", "("), "( is an invalid regex."),
            (("--command-config", "nofile"), "nofile"),
            (("--bogus",), "bogus is not a recognized option")):
        done = offsets(broker, *args)
        assert (done.code, done.out, done.err) == (1, "", f"Error occurred: {message}\n")
    done = tool("get-offsets", "--bootstrap-server", "foo")
    assert done.code == 1 and done.err.startswith("Please provide valid host:port like host1:9091,host2:9092\n" + USAGE)
    assert tool("get-offsets", "--topic", "t").err == "Error occurred: Missing required option(s) [bootstrap-server]\n"


def test_get_offsets_without_a_broker(tmp_path):
    config = tmp_path / "client.properties"
    config.write_text("default.api.timeout.ms=400\nrequest.timeout.ms=400\n")
    done = tool("get-offsets", "--bootstrap-server", f"127.0.0.1:{free_port()}", "--command-config", config)
    assert done.code == 1
    assert done.err.endswith("Error occurred: org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node "
                             "assignment. Call: listTopics\n")


# --- run-class ---


def test_run_class(broker, tmp_path, monkeypatch):
    want = "t1:0:20\nt1:1:20\nt1:2:20\n"
    for name in ("kafka.tools.GetOffsetShell", "org.apache.kafka.tools.GetOffsetShell"):
        expect(tool("run-class", name, "--broker-list", broker.address, "--topic", "t1", "--time", -1), 0, want)
    expect(tool("run-class", "kafka.tools.GetOffsetShell", "--broker-list", broker.address, "--topic", "t1", "--time", -1,
                "--offsets", 1, "--max-wait-ms", 1000), 0, want)
    for name in ("kafka.admin.ConsumerGroupCommand", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"):
        assert "g-two" in tool("run-class", name, "--bootstrap-server", broker.address, "--list").out.split()
    assert "t1" in tool("run-class", "org.apache.kafka.tools.TopicCommand", "--bootstrap-server", broker.address,
                        "--list").out.split()
    expect(tool("run-class", "-loggc", "kafka.tools.ConsoleConsumer", "--bootstrap-server", broker.address, "--topic", "t1",
                "--partition", 0, "--offset", 19, "--max-messages", 1), 0, "v57\n")
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    expect(tool("run-class", "-daemon", "-name", "shell", "-loggc", "kafka.tools.GetOffsetShell", "--broker-list",
                broker.address, "--topic", "t1"), 0)
    out = tmp_path / "logs" / "shell.out"
    wait_until(lambda: out.exists() and out.read_text() == want, 10, "the output of the daemon")


def test_run_class_without_a_class():
    done = tool("run-class")
    assert done.code == 1
    assert re.match(r"USAGE: \S+kafka-run-class.sh \[-daemon\] \[-name servicename\] \[-loggc\] classname \[opts\]\n$",
                    done.out)
    done = tool("run-class", "com.example.Nothing", "--x")
    assert (done.code, done.out, done.err) == (1, "", "Error: Could not find or load main class com.example.Nothing\n")


def test_run_class_knows_what_there_is():
    """Each line of the table leads to a tool: of those that moldau has, the usage; else one line."""
    moldau = pathlib.Path(os.environ.get("MOLDAU_BUILD", ROOT / "build")) / "moldau"
    there = subprocess.run([moldau, "--help"], capture_output=True, text=True, check=True).stdout
    table = re.findall(r"^\t([\w.]+)[^)]*\)\s+echo (\S+) ;;", (ROOT / "bin/kafka-run-class.sh").read_text(), re.M)
    tools = [(c, t) for c, t in table if t != "moldaud" and not t.endswith(".sh")]
    assert len(tools) > 15
    for name, program in tools:
        done = tool("run-class", name, "--help")
        if f"\n  {program} " in there:
            assert "Could not find" not in done.err and done.out + done.err, name
        else:
            assert (done.code, done.err.count("\n")) == (1, 1), name
