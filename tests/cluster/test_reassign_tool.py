"""kafka-reassign-partitions.sh in front of three brokers with two log directories each; what it prints, literally, is what
Kafka 3.9.1's tool prints for the same."""

import json

import pytest

import members
from commands import expect, tool
from harness import wait_until

ROLLBACK = "\nSave this to use as the --reassignment-json-file option during rollback\n"
PERIODICALLY = ("Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is "
                "removed.\n")
ALL_CLEARED = "Clearing broker-level throttles on brokers 0,1,2\n"
THROTTLES = ("leader.replication.throttled.rate", "follower.replication.throttled.rate",
             "replica.alter.log.dirs.io.max.bytes.per.second")


@pytest.fixture
def three(run):
    brokers = [run.broker(i, log_dirs=2, broker_rack=f"r{i}") for i in range(3)]
    members.await_members(brokers)
    return brokers


@pytest.fixture
def reassign(three, tmp_path):
    """reassign("--execute", plan, ...): a plan is a list of (topic, partition, replicas[, log_dirs]), or a text."""
    def run(action, plan=None, *args):
        if plan is not None:
            file = tmp_path / "plan.json"
            file.write_text(plan if isinstance(plan, str) else plan_text(plan))
            args = ("--reassignment-json-file", file, *args)
        return tool("reassign-partitions", "--bootstrap-server", members.bootstrap(three), action, *args, timeout=60)
    return run


def plan_text(rows):
    """As the tool writes it."""
    return json.dumps({"version": 1, "partitions": [
        {"topic": row[0], "partition": row[1], "replicas": row[2],
         "log_dirs": [str(d) for d in row[3]] if len(row) > 3 else ["any"] * len(row[2])} for row in rows]},
        separators=(",", ":"))


def current_text(rows):
    return f"Current partition replica assignment\n\n{plan_text(rows)}\n{ROLLBACK}"


def replicas_of(run, topic, partition=0):
    with run.zookeeper.client(run.chroot) as zk:
        return json.loads(zk.get(f"/brokers/topics/{topic}")[0])["partitions"][str(partition)]


def settings(run, kind, name):
    with run.zookeeper.client(run.chroot) as zk:
        path = f"/config/{kind}/{name}"
        return json.loads(zk.get(path)[0])["config"] if zk.exists(path) else {}


def await_verified(reassign, plan, expected):
    wait_until(lambda: reassign("--verify", plan, "--preserve-throttles").out == expected, 30, expected)


def test_generated_executed_verified(run, three, reassign, tmp_path):
    members.create_topic(three, "a", 3, 2)
    members.create_topic(three, "b", 1, 1)
    members.write(three, "b", [b"%d" % i * 50 for i in range(2000)])
    topics = tmp_path / "topics.json"
    topics.write_text('{"topics":[{"topic":"b"},{"topic":"a"}],"version":1}')
    done = reassign("--generate", None, "--topics-to-move-json-file", topics, "--broker-list", "1,2")
    lines = done.out.splitlines()
    assert (done.code, lines[0], lines[2], lines[3]) == (
        0, "Current partition replica assignment", "", "Proposed partition reassignment configuration"), done.err
    now, proposed = json.loads(lines[1])["partitions"], json.loads(lines[4])["partitions"]
    assert [(p["topic"], p["partition"], p["replicas"]) for p in now] == [
        (t, p, replicas_of(run, t, p)) for t, p in (("a", 0), ("a", 1), ("a", 2), ("b", 0))]
    assert [(p["topic"], p["partition"], sorted(p["replicas"])) for p in proposed[:3]] == [("a", p, [1, 2]) for p in range(3)]
    assert {p["replicas"][0] for p in proposed[:3]} == {1, 2}, "leaders take turns"
    assert proposed[3]["replicas"] in ([1], [2])

    done = reassign("--execute", lines[4])
    expect(done, 0, f"Current partition replica assignment\n\n{lines[1]}\n{ROLLBACK}"
           "Successfully started partition reassignments for a-0,a-1,a-2,b-0\n")
    wait_until(lambda: all(replicas_of(run, p["topic"], p["partition"]) == p["replicas"] for p in proposed), 30, "the end")
    verified = "Status of partition reassignment:\n" + "".join(
        f"Reassignment of partition {p}-{n} is completed.\n" for p, n in (("a", 0), ("a", 1), ("a", 2), ("b", 0))) + "\n"
    await_verified(reassign, lines[4], verified)
    expect(reassign("--verify", lines[4]), 0, verified + ALL_CLEARED + "Clearing topic-level throttles on topics a,b\n")
    expect(reassign("--list"), 0, "No partition reassignments found.\n")
    assert members.read(three, "b", 2000) == [b"%d" % i * 50 for i in range(2000)]
