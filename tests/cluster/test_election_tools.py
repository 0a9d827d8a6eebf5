"""kafka-leader-election.sh and kafka-preferred-replica-election.sh: who leads afterwards, what is printed, how it ends."""

import json

import pytest

import commands
import members
from harness import wait_until
from test_reassignment import topic_znode
from test_replication import await_isr, leader_of

DEPRECATED = "This tool is deprecated. Please use kafka-leader-election tool. Tracking issue: KAFKA-8405\n"
BY_ZOOKEEPER = ("Warning: --zookeeper is deprecated and will be removed in a future version of Kafka.\n"
                "Use --bootstrap-server instead to specify a broker to connect to.\n")
SETTINGS = {"auto_leader_rebalance_enable": False}


@pytest.fixture
def three(run):
    return [run.broker(i, **SETTINGS) for i in range(3)]


@pytest.fixture
def elect(three):
    def run(*args):
        return commands.tool("leader-election", "--bootstrap-server", members.bootstrap(three), *args)
    return run


def list_file(tmp_path, *partitions):
    file = tmp_path / "partitions.json"
    file.write_text(json.dumps({"partitions": [{"topic": t, "partition": p} for t, p in partitions]}))
    return file


def lead_elsewhere(run, three, topic):
    """The preferred leader is back, and another one leads."""
    preferred = topic_znode(run, topic)["partitions"]["0"][0]
    three[preferred].restart()
    await_isr(three, topic, {0, 1, 2})
    assert leader_of(three, topic).id != preferred
    return preferred


def await_leader(three, topic, leader):
    wait_until(lambda: leader_of(three, topic).id == leader, 10, "all to know the leader")


def test_preferred(run, three, elect, tmp_path):
    members.create_topic(three, "e", 1, 3)
    preferred = lead_elsewhere(run, three, "e")
    args = ("--election-type", "preferred", "--topic", "e", "--partition", 0)
    commands.expect(elect(*args), 0, "Successfully completed leader election (PREFERRED) for partitions e-0\n")
    await_leader(three, "e", preferred)
    commands.expect(elect(*args), 0, "Valid replica already elected for partitions e-0\n")
    commands.expect(elect("--election-type", "PREFERRED", "--all-topic-partitions"), 0)
    lead_elsewhere(run, three, "e")
    commands.expect(elect("--election-type", "Preferred", "--all-topic-partitions"), 0,
                    "Successfully completed leader election (PREFERRED) for partitions e-0\n")
    done = elect("--election-type", "preferred", "--path-to-json-file", list_file(tmp_path, ("e", 0), ("e", 5), ("u", 0)))
    exception = "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: The partition does not exist."
    commands.expect(done, 1, "Valid replica already elected for partitions e-0\n" + "".join(
        f"Error completing leader election (PREFERRED) for partition: {p}: {exception}\n" for p in ("e-5", "u-0")))
    assert done.err == "2 replica(s) could not be elected\n"


def test_no_election_is_possible(run, three, elect):
    members.create_topic(three, "e", 1, 3)
    preferred = topic_znode(run, "e")["partitions"]["0"][0]
    three[preferred].stop()
    rest = [b for b in three if b.id != preferred]
    wait_until(lambda: leader_of(rest, "e").id != preferred, 20, "another leader")
    done = elect("--election-type", "preferred", "--topic", "e", "--partition", 0)
    commands.expect(done, 1, "Error completing leader election (PREFERRED) for partition: e-0: "
                    "org.apache.kafka.common.errors.PreferredLeaderNotAvailableException: Failed to elect leader for partition "
                    "e-0 under strategy PreferredReplicaPartitionLeaderElectionStrategy\n")
    assert done.err.endswith("1 replica(s) could not be elected\n")
    commands.expect(elect("--election-type", "unclean", "--topic", "e", "--partition", 0), 0,
                    "Valid replica already elected for partitions e-0\n")


def await_no_leader(run, topic):
    """As the controller sees it: a broker that has just started knows nothing yet."""
    with run.zookeeper.client(run.chroot) as zk:
        wait_until(lambda: json.loads(zk.get(f"/brokers/topics/{topic}/partitions/0/state")[0])["leader"] == -1, 30, "no leader")


def test_unclean(run, three, elect):
    members.create_topic(three, "u", 1, 2)
    members.write(three, "u", [b"first"], acks=-1)
    first, second = (three[b] for b in topic_znode(run, "u")["partitions"]["0"])
    other = next(b for b in three if b not in (first, second))
    second.stop()
    await_isr([first, other], "u", {first.id})
    members.write([first, other], "u", [b"lost"], acks=-1)
    first.kill()
    second.start()
    args = ("--election-type", "unclean", "--topic", "u", "--partition", 0)
    await_no_leader(run, "u")
    with members.admin_client([second, other]) as admin:
        commands.expect(elect(*args), 0, "Successfully completed leader election (UNCLEAN) for partitions u-0\n")
        wait_until(lambda: members.leaders(admin, "u") == {0: second.id}, 10, "the new leader")
    assert members.read([second, other], "u", 1) == [b"first"]
    second.kill()
    await_no_leader(run, "u")
    done = elect(*args)
    commands.expect(done, 1, "Error completing leader election (UNCLEAN) for partition: u-0: "
                    "org.apache.kafka.common.errors.EligibleLeadersNotAvailableException: Failed to elect leader for partition "
                    "u-0 under strategy OfflinePartitionLeaderElectionStrategy(true)\n")


def test_wrong_usage(elect, tmp_path):
    file = tmp_path / "f.json"
    for args, message in (
            (("--election-type", "preferred"), "One and only one of the following options is required: topic, "
             "all-topic-partitions, path-to-json-file"),
            (("--all-topic-partitions",), "Missing required option(s): election-type"),
            (("--election-type", "other", "--all-topic-partitions"), "Cannot parse argument 'other' of option election-type"),
            (("--election-type", "preferred", "--path-to-json-file", file), f"java.io.IOException: Unable to read file {file}")):
        commands.refused(elect(*args), message)
    for text, message in (
            ("", "Replica election data is empty"), ("{}", 'Replica election data is missing "partitions" field'),
            ("[]", "com.fasterxml.jackson.databind.JsonMappingException: Expected JSON object, received []"),
            ('{"partitions":[{"topic":"t","partition":1},{"topic":"t","partition":1}]}',
             "Replica election data contains duplicate partitions: [t-1]")):
        file.write_text(text)
        commands.refused(elect("--election-type", "preferred", "--path-to-json-file", file), message)


def test_nobody_answers(tmp_path):
    config = tmp_path / "client.properties"
    config.write_text("default.api.timeout.ms=300\nrequest.timeout.ms=200\n")
    done = commands.tool("leader-election", "--bootstrap-server", "127.0.0.1:1", "--election-type", "preferred",
                         "--all-topic-partitions", "--admin.config", config)
    commands.expect(done, 1, "Timeout waiting for election results\n")
    assert done.err.endswith("Timeout waiting for election results\n")


def test_the_old_tool(run, three, tmp_path):
    def old(*args):
        return commands.tool("preferred-replica-election", "--bootstrap-server", members.bootstrap(three), *args)

    members.create_topic(three, "e", 1, 3)
    preferred = lead_elsewhere(run, three, "e")
    commands.expect(old(), 0, DEPRECATED + "Successfully completed preferred leader election for partitions e-0\n")
    await_leader(three, "e", preferred)
    done = old("--path-to-json-file", list_file(tmp_path, ("e", 0), ("none", 1)))
    commands.expect(done, 1, DEPRECATED + "Preferred replica already elected for partitions e-0\n"
                    "Error completing preferred leader election for partition: none-1: "
                    "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: The partition does not exist.\n")
    assert done.err == ('Exception in thread "main" kafka.common.AdminCommandFailedException: '
                        "1 preferred replica(s) could not be elected\n")


def test_the_old_tool_by_zookeeper(run, three, tmp_path):
    def old(*args):
        return commands.tool("preferred-replica-election", "--zookeeper", run.zookeeper.address + run.chroot, *args)

    members.create_topic(three, "e", 1, 3)
    preferred = lead_elsewhere(run, three, "e")
    with run.zookeeper.client(run.chroot) as zk:
        commands.expect(old(), 0, DEPRECATED + BY_ZOOKEEPER + "Created preferred replica election path with e-0\n"
                        "Successfully started preferred replica election for partitions Set(e-0)\n")
        await_leader(three, "e", preferred)
        wait_until(lambda: zk.exists("/admin/preferred_replica_election") is None, 10, "the controller to be done")
        lead_elsewhere(run, three, "e")
        done = old("--path-to-json-file", list_file(tmp_path, ("e", 0), ("e", 1), ("none", 0)))
        commands.expect(done, 0, DEPRECATED + BY_ZOOKEEPER + "Created preferred replica election path with e-0\n"
                        "Successfully started preferred replica election for partitions Set(e-0)\n" + "".join(
                            f"Skipping preferred replica leader election for partition {p} since it doesn't exist.\n"
                            for p in ("e-1", "none-0")))
        await_leader(three, "e", preferred)


def test_the_old_tool_while_an_election_is_going_on(run):
    """Nobody is there to end it."""
    with run.zookeeper.client(run.chroot) as zk:
        zk.create("/admin/preferred_replica_election", b'{"version":1,"partitions":[{"topic":"e","partition":3}]}',
                  makepath=True)
        done = commands.tool("preferred-replica-election", "--zookeeper", run.zookeeper.address + run.chroot)
        commands.expect(done, 1, DEPRECATED + BY_ZOOKEEPER)
        assert done.err == ('Exception in thread "main" kafka.common.AdminCommandFailedException: Admin command failed\n'
                            "Caused by: kafka.admin.AdminOperationException: Preferred replica leader election currently in "
                            "progress for e-3. Aborting operation\n")
