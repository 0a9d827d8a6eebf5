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
    brokers = [run.broker(i, log_dirs=2, broker_rack=f"r{i}", zookeeper_session_timeout_ms=60000) for i in range(3)]
    members.await_members(brokers)
    return brokers


@pytest.fixture
def reassign(three, tmp_path):
    """reassign("--execute", plan, ...): a plan is a list of (topic, partition, replicas[, log_dirs]), or a text. The first
    to be asked are reassign.brokers."""
    def run(action, plan=None, *args):
        if plan is not None:
            file = tmp_path / "plan.json"
            file.write_text(plan if isinstance(plan, str) else plan_text(plan))
            args = ("--reassignment-json-file", file, *args)
        return tool("reassign-partitions", "--bootstrap-server", members.bootstrap(run.brokers), action, *args, timeout=60)
    run.brokers = list(three)
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


def other_dirs(broker, topic):
    """Where its replica of partition 0 is, and where not."""
    now = broker.partition_dir(topic, 0).parent
    return now, next(d for d in broker.log_dirs if d != now)


def test_a_move_is_listed_and_cancelled(run, three, reassign):
    """To a broker that is frozen, so that it does not end by itself."""
    members.create_topic(three, "m", 1, 1)
    members.write(three, "m", [b"x" * 1000] * 100)
    (home,) = replicas_of(run, "m")
    controller = members.await_controller(run, three)
    target = next(b for b in three if b.id not in (home, controller))
    plan, current = [("m", 0, [target.id])], current_text([("m", 0, [home])])
    reassign.brokers.remove(target)
    target.pause()
    try:
        move_and_cancel(run, reassign, plan, current, home, target.id)
    finally:
        target.resume()
    expect(reassign("--verify", plan), 0,
           "Status of partition reassignment:\nThere is no active reassignment of partition m-0, but replica set is "
           f"{home} rather than {target.id}.\n\n{ALL_CLEARED}Clearing topic-level throttles on topic m\n")


def move_and_cancel(run, reassign, plan, current, home, target):
    expect(reassign("--execute", plan), 0, current + "Successfully started partition reassignment for m-0\n")
    expect(reassign("--list"), 0, f"Current partition reassignments:\nm-0: replicas: {target},{home}. adding: {target}. "
           f"removing: {home}.\n")
    expect(reassign("--verify", plan), 0,
           "Status of partition reassignment:\nReassignment of partition m-0 is still in progress.\n\n")
    expect(reassign("--execute", plan), 1,
           "Cannot execute because there is an existing partition assignment.  Use --additional to override this and create "
           "a new partition assignment in addition to the existing one. The --additional flag can also be used to change "
           "the throttle by resubmitting the current reassignment.\n")
    expect(reassign("--cancel", plan, "--preserve-throttles"), 0,
           "Successfully cancelled partition reassignment for: m-0\nNone of the specified partition moves are active.")
    expect(reassign("--cancel", plan, "--preserve-throttles"), 0,
           "None of the specified partition reassignments are active.\nNone of the specified partition moves are active.")
    assert replicas_of(run, "m") == [home]


def test_throttles_are_set_and_removed(run, three, reassign):
    members.create_topic(three, "m", 1, 1)
    (home,) = replicas_of(run, "m")
    away = (home + 1) % 3
    plan = [("m", 0, [away])]
    expect(reassign("--execute", plan, "--throttle", 50000000, "--replica-alter-log-dirs-throttle", 7000), 0,
           current_text([("m", 0, [home])]) + PERIODICALLY + "The inter-broker throttle limit was set to 50000000 B/s\n"
           "The replica-alter-dir throttle limit was set to 7000 B/s\n"
           "Successfully started partition reassignment for m-0\n")
    assert settings(run, "topics", "m") == {"leader.replication.throttled.replicas": f"0:{home}",
                                            "follower.replication.throttled.replicas": f"0:{away}"}
    for b in (home, away):
        assert settings(run, "brokers", b) == {THROTTLES[0]: "50000000", THROTTLES[1]: "50000000"}
    assert settings(run, "brokers", 3 - home - away) == {}
    await_verified(reassign, plan, "Status of partition reassignment:\nReassignment of partition m-0 is completed.\n\n")
    assert settings(run, "topics", "m")
    expect(reassign("--verify", plan), 0, "Status of partition reassignment:\nReassignment of partition m-0 is completed.\n\n"
           + ALL_CLEARED + "Clearing topic-level throttles on topic m\n")
    assert settings(run, "topics", "m") == {} and all(settings(run, "brokers", b.id) == {} for b in three)


def test_a_replica_moves_to_another_directory(run, three, reassign):
    members.create_topic(three, "d", 1, 2)
    members.write(three, "d", [b"%d" % i * 100 for i in range(2000)], acks=-1)
    replicas = replicas_of(run, "d")
    moving = three[replicas[1]]
    now, to = other_dirs(moving, "d")
    plan = [("d", 0, replicas, ["any", to])]
    head, tail = "Status of partition reassignment:\nReassignment of partition d-0 is completed.\n", f"d-0-{moving.id}"
    expect(reassign("--verify", plan, "--preserve-throttles"), 0,
           f"{head}Partition d-0 on broker {moving.id} is not being moved from log dir {now} to {to}.\n")
    expect(reassign("--execute", plan, "--replica-alter-log-dirs-throttle", 100000000), 0,
           current_text([("d", 0, replicas)]) + PERIODICALLY +
           "The replica-alter-dir throttle limit was set to 100000000 B/s\n"
           "Successfully started partition reassignment for d-0\n"
           f"Successfully started moving log directory to {to} for replica d-0 with broker {moving.id} \n")
    await_verified(reassign, plan, f"{head}Reassignment of replica {tail} completed successfully.\n")
    assert moving.partition_dir("d", 0).parent == to
    assert settings(run, "brokers", moving.id) == {THROTTLES[2]: "100000000"}
    expect(reassign("--verify", plan), 0, f"{head}Reassignment of replica {tail} completed successfully.\n" + ALL_CLEARED +
           "Clearing topic-level throttles on topic d\n")
    assert settings(run, "brokers", moving.id) == {}
    assert members.read(three, "d", 2000) == [b"%d" % i * 100 for i in range(2000)]


def test_a_new_replica_goes_to_the_directory_asked_for(run, three, reassign):
    members.create_topic(three, "d", 1, 1)
    members.write(three, "d", [b"x" * 100] * 100)
    (home,) = replicas_of(run, "d")
    away = three[(home + 1) % 3]
    for to in away.log_dirs:
        plan = [("d", 0, [away.id], [to])]
        done = reassign("--execute", plan, "--timeout", 30000)
        assert done.code == 0 and done.out.endswith(
            f"Successfully started moving log directory to {to} for replica d-0 with broker {away.id} \n"), done.out
        await_verified(reassign, plan, "Status of partition reassignment:\nReassignment of partition d-0 is completed.\n"
                       f"Reassignment of replica d-0-{away.id} completed successfully.\n")
        assert away.partition_dir("d", 0).parent == to
        back = [("d", 0, [home])]
        assert reassign("--execute", back).code == 0
        await_verified(reassign, back, "Status of partition reassignment:\nReassignment of partition d-0 is completed.\n\n")
        wait_until(lambda: away.partition_dir("d", 0) is None, 30, "the replica to be gone")


def refused(done, error, *exceptions):
    """Exit code 1; on stdout, behind what was printed before, the message and the exceptions with their causes."""
    assert done.code == 1, done.out
    first, *trace = [line for line in done.out[done.out.index("Error: "):].splitlines() if line and line[0] != " "]
    assert first == f"Error: {error}", done.out
    assert [line.removeprefix("Caused by: ").split(": ")[0] for line in trace] == list(exceptions), done.out


ADMIN_COMMAND = "org.apache.kafka.server.common.AdminCommandFailedException"
ADMIN_OPERATION = "org.apache.kafka.server.common.AdminOperationException"


def test_refusals(run, three, reassign, tmp_path):
    members.create_topic(three, "m", 1, 1)
    home = three[replicas_of(run, "m")[0]]
    refused(reassign("--execute", [("m", 0, [home.id, 9])]), "Unknown broker id 9", ADMIN_COMMAND)
    refused(reassign("--execute", [("m", 0, [0, 0])]),
            "Partition replica lists may not contain duplicate entries: m-0 contains multiple entries for 0",
            ADMIN_COMMAND)
    refused(reassign("--execute", "x"), "Unrecognized token 'x': was expecting (JSON String, Number, Array, Object or token "
            "'null', 'true' or 'false')", ADMIN_OPERATION, "com.fasterxml.jackson.core.JsonParseException")
    refused(reassign("--execute", [("m", 0, [home.id], ["/nowhere"])]), f"Failed to alter dir for m-0-{home.id}",
            ADMIN_COMMAND, "java.util.concurrent.ExecutionException",
            "org.apache.kafka.common.errors.LogDirNotFoundException")
    done = tool("reassign-partitions", "--bootstrap-server", members.bootstrap(three), "--verify", "--reassignment-json-file",
                tmp_path / "none")
    refused(done, f"Unable to read file {tmp_path}/none", "java.io.IOException", "java.nio.file.NoSuchFileException")


def test_racks(three, tmp_path):
    members.create_topic(three, "m", 6, 2)
    three[2].restart(broker_rack=None)
    members.await_members(three)
    topics = tmp_path / "topics.json"
    topics.write_text('{"topics":[{"topic":"m"}],"version":1}')
    args = ("--bootstrap-server", members.bootstrap(three), "--generate", "--topics-to-move-json-file", topics,
            "--broker-list", "0,1,2")
    refused(tool("reassign-partitions", *args), "Not all brokers have rack information. Add --disable-rack-aware in command "
            "line to make replica assignment without rack information.", ADMIN_OPERATION)
    done = tool("reassign-partitions", *args, "--disable-rack-aware")
    assert done.code == 0 and len(json.loads(done.out.splitlines()[-1])["partitions"]) == 6
