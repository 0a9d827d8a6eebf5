"""The tool that compares replicas beside Apache's, on the same damaged replicas; Apache's brokers and ours."""

import pathlib
import re
import sys

import pytest

import tool_pairs

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cluster"))

import members  # noqa: E402  pylint: disable=wrong-import-position
import replica_damage  # noqa: E402  pylint: disable=wrong-import-position
from test_replication import await_identical, await_isr, leader_of  # noqa: E402  pylint: disable=wrong-import-position

VERIFICATION = "org.apache.kafka.tools.ReplicaVerificationTool"
REFUSED = [
    "", "--foo", "--broker-list", "--broker-list x", "--broker-list x --topics-include a --topic-white-list b",
    "--topics-include x", "--broker-list a:1 --broker-list b:1", "--broker-list a:1,b", "--broker-list a:1,,b:1",
    "--broker-list nohost.invalid:1",
]
# Behind --broker-list.
REFUSED_BY_CLUSTER = [
    "--topics-include [", "--topics-include none", "--topic-white-list none", "--topics-include r --topics-include r",
    "--time x", "--time -3 --topics-include r", "--report-interval-ms x", "--fetch-size x", "--max-wait-ms x",
    "--fetch-size 99999999999", "--time -1 --time -2",
]


def errors(done):
    """What is said, without times; an exception's message comes first, its trace is left out."""
    found = []
    for line in done.stderr.split("\nOption ")[0].splitlines():
        if re.match(r"\[\d{4}-", line):
            found.append(line.split("] ", 1)[1])
        elif line:
            return found + [line]
    return found


def same(tool, *args):
    theirs, ours = tool.java(*args), tool.ours(*args)
    tool.compare(args, theirs, ours)
    assert errors(ours) == errors(theirs), args


@pytest.fixture(scope="module", params=["ours", "apache"])
def three(request, kafka_home, zookeeper):
    import conftest  # pylint: disable=import-outside-toplevel
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "apache":
            patch.setenv("MOLDAU_TEST_BROKER", str(kafka_home))
        for run in conftest._module.make_run(zookeeper):  # pylint: disable=protected-access
            brokers = [run.broker(i) for i in range(3)]
            for topic, partitions, replicas in (("r", 1, 3), ("joined", 1, 3), ("many", 40, 2), ("one", 1, 1)):
                members.create_topic(brokers, topic, partitions, replicas)
            yield brokers


@pytest.fixture
def pair(kafka_home, tool_server, tmp_path):
    return lambda *first, server=tool_server: tool_pairs.ToolPair(kafka_home, VERIFICATION, "replica-verification", *first,
                                                                  directory=tmp_path, server=server)


def run_both(brokers, tool, until, *args):
    """Both until a line that matches; the lines of each."""
    found = []
    for argv in (tool.java_argv, tool.our_argv):
        with replica_damage.Running(argv + ["--broker-list", members.bootstrap(brokers), "--report-interval-ms", 200,
                                            "--max-wait-ms", 200, "--time", -2, *args], tool.directory) as running:
            running.await_line(until, 60)
            running.process.kill()
            running.wait()
            found.append(running.lines)
    return found


def findings(lines):
    return sorted(line for line in lines if not line.startswith(("max lag", "verification process")))


def test_wrong_command_lines(pair):
    for line in REFUSED:
        same(pair(), *line.split())


def test_what_the_cluster_has_nothing_for(three, pair):
    tool = pair("--broker-list", members.bootstrap(three))
    for line in REFUSED_BY_CLUSTER:
        same(tool, *line.split())


def damage(brokers, topic, change, *args):
    follower = next(b for b in brokers if b is not leader_of(brokers, topic))
    follower.stop()
    change(follower, topic, *args)
    follower.start()
    await_isr(brokers, topic, {0, 1, 2})


def test_differences(three, pair):
    for value in range(12):
        members.write(three, "r", [b"value %d" % value * 20], acks=-1)
    await_identical(three, "r")
    for number in (3, 11):
        damage(three, "r", replica_damage.change_value, number)
    tool = pair(server=None)
    for size in (200, 1000000):
        lines = run_both(three, tool, "max lag is 0 .* at offset 12 ", "--topics-include", "r", "--fetch-size", size)
        assert findings(lines[0]) == findings(lines[1])
        assert len(findings(lines[1])) >= 2
        assert lines[0][-1] in lines[1]


def test_which_partition_is_farthest_behind(three, pair):
    """Of those that are all at their ends, the first that a map of Java's has."""
    tool = pair(server=None)
    for topics in ("many", "many,one", ".*"):
        lines = run_both(three, tool, "max lag is 0", "--topics-include", topics)
        assert lines[0] == lines[1]


def test_other_offsets(three, pair):
    values = [b"a", b"b", b"c"]
    for value in values:
        members.write(three, "joined", [value], acks=-1)
    await_identical(three, "joined")
    damage(three, "joined", replica_damage.join_batches, values)
    lines = run_both(three, pair(server=None), "doesn't match", "--topics-include", "joined")
    assert findings(lines[0]) == findings(lines[1])
