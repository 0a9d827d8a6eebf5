"""kafka-topics.sh --zookeeper, as it was in Kafka 2.x: output and znodes, and that a broker takes part.

The literals were printed by Kafka 2.8.2's tool for the same command lines.
"""

import json
import re

import pytest

from commands import expect, refused, tool
from harness import free_port, wait_until

EXECUTING = "Error while executing topic command : "
MARKED = "Note: This will have no impact if delete.topic.enable is not set to true.\n"
GROWTH = ("WARNING: If partitions are increased for a topic that has a key, the partition logic or ordering of the messages "
          "will be affected\n")
DEPRECATED = ("WARNING: Altering topic configuration from this script has been deprecated and may be removed in future "
              "releases.\n         Going forward, please use kafka-configs.sh for this functionality\n")
COLLISION = ("WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To "
             "avoid issues it is best to use either, but not both.\n")
BROKER = ('{"listener_security_protocol_map":{"PLAINTEXT":"PLAINTEXT"},"endpoints":["PLAINTEXT://h:9092"],"jmx_port":-1,'
          '"features":{},"host":"h","timestamp":"1","port":9092,"version":5%s}')


class Ensemble:
    """ZooKeeper with registrations of brokers that do not exist."""

    def __init__(self, zk, address, root):
        self.zk, self.address, self.root = zk, address, root

    def register(self, broker, rack=None):
        self.zk.create(f"{self.root}/brokers/ids/{broker}", (BROKER % (f',"rack":"{rack}"' if rack else "")).encode(),
                       makepath=True)

    def topics(self, *args):
        return tool("topics", "--zookeeper", self.address + self.root, *args)

    def data(self, path):
        return self.zk.get(self.root + path)[0].decode()

    def assignment(self, topic):
        """Replicas in order of the partitions."""
        partitions = json.loads(self.data(f"/brokers/topics/{topic}"))["partitions"]
        return [partitions[str(p)] for p in range(len(partitions))]

    def state(self, topic, partition, leader, isr):
        self.zk.create(f"{self.root}/brokers/topics/{topic}/partitions/{partition}/state",
                       json.dumps({"controller_epoch": 1, "leader": leader, "version": 1, "leader_epoch": 0,
                                   "isr": isr}).encode(), makepath=True)


@pytest.fixture
def ensemble(run):
    with run.zookeeper.client() as zk:
        for path in ("/brokers/topics", "/brokers/ids", "/admin/delete_topics", "/config/topics", "/config/changes"):
            zk.ensure_path(run.chroot + path)
        yield Ensemble(zk, run.zookeeper.address, run.chroot)


def test_a_topic_as_znodes(ensemble):
    ensemble.register(0)
    expect(ensemble.topics("--create", "--topic", "a", "--partitions", 3, "--replication-factor", 1, "--config",
                           "retention.ms=1000", "--config", "cleanup.policy=compact"), 0, "Created topic a.\n")
    assert ensemble.data("/brokers/topics/a") == (
        '{"partitions":{"0":[0],"1":[0],"2":[0]},"adding_replicas":{},"removing_replicas":{},"version":3}')
    assert ensemble.data("/config/topics/a") == (
        '{"version":1,"config":{"cleanup.policy":"compact","retention.ms":"1000"}}')
    assert ensemble.zk.get_children(ensemble.root + "/config/changes") == []
    expect(ensemble.topics("--create", "--topic", "a", "--partitions", 1, "--replication-factor", 1), 1,
           EXECUTING + "Topic 'a' already exists.\n")
    expect(ensemble.topics("--create", "--topic", "a", "--partitions", 1, "--replication-factor", 1, "--if-not-exists"), 0)
    expect(ensemble.topics("--create", "--topic", "b", "--replica-assignment", "1:2,2:3"), 0, "Created topic b.\n")
    assert ensemble.assignment("b") == [[1, 2], [2, 3]]
    assert ensemble.data("/config/topics/b") == '{"version":1,"config":{}}'
    expect(ensemble.topics("--list"), 0, "a\nb\n")
    expect(ensemble.topics("--list", "--topic", "b|c"), 0, "b\n")


def test_replicas_are_spread(ensemble):
    for broker in range(3):
        ensemble.register(broker)
    expect(ensemble.topics("--create", "--topic", "a", "--partitions", 6, "--replication-factor", 2), 0,
           "Created topic a.\n")
    replicas = ensemble.assignment("a")
    assert sorted(r[0] for r in replicas) == [0, 0, 1, 1, 2, 2] and sorted(r[1] for r in replicas) == [0, 0, 1, 1, 2, 2]
    assert all(r[0] != r[1] for r in replicas)


def test_racks(ensemble):
    ensemble.register(0, "r1")
    ensemble.register(1, "r2")
    ensemble.register(2)
    create = ("--create", "--topic", "a", "--partitions", 3, "--replication-factor", 2)
    message = ("Not all brokers have rack information. Add --disable-rack-aware in command line to make replica assignment "
               "without rack information.\n")
    expect(ensemble.topics(*create), 1, EXECUTING + message)
    expect(ensemble.topics(*create, "--disable-rack-aware", "--force"), 0, "Created topic a.\n")
    expect(ensemble.topics("--alter", "--topic", "a", "--partitions", 4), 1, GROWTH + EXECUTING + message)
    ensemble.zk.delete(ensemble.root + "/brokers/ids/2")
    ensemble.register(2, "r2")
    expect(ensemble.topics("--create", "--topic", "b", "--partitions", 6, "--replication-factor", 2), 0, "Created topic b.\n")
    assert all(0 in replicas for replicas in ensemble.assignment("b"))


@pytest.mark.parametrize("args, message", [
    (("--partitions", 1, "--replication-factor", 2), "Replication factor: 2 larger than available brokers: 1."),
    (("--partitions", 0, "--replication-factor", 1), "Number of partitions must be larger than 0."),
    (("--partitions", 1, "--replication-factor", 0), "Replication factor must be larger than 0."),
    (("--partitions", "x", "--replication-factor", 1), "Cannot parse argument 'x' of option partitions"),
    (("--partitions", 2000000000, "--replication-factor", 1), "Number of partitions must not be larger than 100000."),
    (("--partitions", 1, "--replication-factor", 1, "--config", "foo=1"), "Unknown topic config name: foo"),
    (("--partitions", 1, "--replication-factor", 1, "--config", "retention.ms=x"),
     "Invalid value x for configuration retention.ms: Not a number of type LONG"),
    (("--partitions", 1, "--replication-factor", 1, "--config", "min.compaction.lag.ms=10", "--config",
      "max.compaction.lag.ms=5"),
     "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)"),
    (("--replica-assignment", "0:0"), "Partition replica lists may not contain duplicate entries: 0"),
])
def test_what_is_refused(ensemble, args, message):
    ensemble.register(0)
    expect(ensemble.topics("--create", "--topic", "c", *args), 1, f"{EXECUTING}{message}\n")
    assert ensemble.zk.get_children(ensemble.root + "/brokers/topics") == []
    assert ensemble.zk.get_children(ensemble.root + "/config/topics") == []


def test_names(ensemble):
    ensemble.register(0)
    shape = ("--partitions", 1, "--replication-factor", 1)
    expect(ensemble.topics("--create", "--topic", "a.b", *shape), 0, COLLISION + "Created topic a.b.\n")
    expect(ensemble.topics("--create", "--topic", "a_b", *shape), 1,
           COLLISION + EXECUTING + "Topic 'a_b' collides with existing topics: a.b\n")
    for name in ("a b", "../x", "a/b"):
        warning = COLLISION if "." in name else ""
        expect(ensemble.topics("--create", "--topic", name, *shape), 1,
               f"{warning}{EXECUTING}Topic name is invalid: '{name}' contains one or more characters other than ASCII "
               "alphanumerics, '.', '_' and '-'\n")


def test_describe(ensemble):
    for broker in (0, 1):
        ensemble.register(broker)
    expect(ensemble.topics("--create", "--topic", "a", "--replica-assignment", "0:1,1:0,5:1", "--config",
                           "retention.ms=1000", "--config", "flush.ms=1"), 0, "Created topic a.\n")
    expect(ensemble.topics("--create", "--topic", "b", "--replica-assignment", "0"), 0, "Created topic b.\n")
    ensemble.state("a", 0, 0, [0, 1])
    ensemble.state("a", 1, -1, [1])
    ensemble.state("a", 2, 5, [5])
    head = "Topic: a\tPartitionCount: 3\tReplicationFactor: 2\tConfigs: flush.ms=1,retention.ms=1000\n"
    zero = "\tTopic: a\tPartition: 0\tLeader: 0\tReplicas: 0,1\tIsr: 0,1\n"
    one = "\tTopic: a\tPartition: 1\tLeader: none\tReplicas: 1,0\tIsr: 1\n"
    two = "\tTopic: a\tPartition: 2\tLeader: 5\tReplicas: 5,1\tIsr: 5\n"
    b_head = "Topic: b\tPartitionCount: 1\tReplicationFactor: 1\tConfigs: \n"
    b_zero = "\tTopic: b\tPartition: 0\tLeader: none\tReplicas: 0\tIsr: \n"
    expect(ensemble.topics("--describe"), 0, head + zero + one + two + b_head + b_zero)
    expect(ensemble.topics("--describe", "--topic", "a"), 0, head + zero + one + two)
    expect(ensemble.topics("--describe", "--topics-with-overrides"), 0, head)
    expect(ensemble.topics("--describe", "--unavailable-partitions"), 0, one + two + b_zero)
    expect(ensemble.topics("--describe", "--under-replicated-partitions"), 0, one + two + b_zero)
    expect(ensemble.topics("--delete", "--topic", "b"), 0, "Topic b is marked for deletion.\n" + MARKED)
    expect(ensemble.topics("--describe", "--topic", "b"), 0,
           b_head[:-1] + "\tMarkedForDeletion: true\n" + b_zero[:-1] + "\tMarkedForDeletion: true\n")
    expect(ensemble.topics("--list"), 0, "a\nb - marked for deletion\n")
    expect(ensemble.topics("--delete", "--topic", "b"), 0, "Topic b is already marked for deletion.\n")


def test_more_partitions(ensemble):
    for broker in range(3):
        ensemble.register(broker)
    expect(ensemble.topics("--create", "--topic", "a", "--replica-assignment", "1:2,2:0"), 0, "Created topic a.\n")
    expect(ensemble.topics("--alter", "--topic", "a", "--partitions", 5), 0, GROWTH + "Adding partitions succeeded!\n")
    assert ensemble.assignment("a") == [[1, 2], [2, 0], [0, 2], [1, 2], [2, 0]]
    for count in (5, 4):
        expect(ensemble.topics("--alter", "--topic", "a", "--partitions", count), 1,
               f"{GROWTH}{EXECUTING}The number of partitions for a topic can only be increased. Topic a currently has 5 "
               f"partitions, {count} would not be an increase.\n")
    given = ("--alter", "--topic", "a", "--partitions", 6, "--replica-assignment")
    expect(ensemble.topics(*given, "0:1,0:1,0:1,0:1,0:1,0:7"), 1,
           f"{GROWTH}{EXECUTING}Some brokers specified for partition id 5 are not available. Specified brokers: 0, 7, "
           "available brokers: 0, 1, 2.\n")
    expect(ensemble.topics(*given, "0,1,2,0,1,2,0"), 1,
           f"{GROWTH}{EXECUTING}Inconsistent replication factor between partitions, partition 0 has 2 while partitions "
           "[5, 6] have replication factors [1, 1], respectively.\n")
    expect(ensemble.topics(*given, "0:1,0:1,0:1,0:1,0:1,2:1"), 0, GROWTH + "Adding partitions succeeded!\n")
    assert ensemble.assignment("a")[5:] == [[2, 1]]


def test_growth_keeps_what_it_does_not_know_better(ensemble):
    """The id and a reassignment under way stay."""
    ensemble.register(0)
    before = ('{"partitions":{"0":[0,1]},"topic_id":"lWWJ6A_oQfiY_GYYQSeN-A","adding_replicas":{"0":[1]},'
              '"removing_replicas":{},"version":3}')
    ensemble.zk.create(ensemble.root + "/brokers/topics/a", before.encode())
    expect(ensemble.topics("--alter", "--topic", "a", "--partitions", 2, "--replica-assignment", "0:1,0:0"), 1,
           f"{GROWTH}{EXECUTING}Partition replica lists may not contain duplicate entries: 0\n")
    ensemble.register(1)
    expect(ensemble.topics("--alter", "--topic", "a", "--partitions", 2), 0, GROWTH + "Adding partitions succeeded!\n")
    after = json.loads(ensemble.data("/brokers/topics/a"))
    assert after.pop("partitions").keys() == {"0", "1"}
    assert after == {"topic_id": "lWWJ6A_oQfiY_GYYQSeN-A", "adding_replicas": {"0": [1]}, "removing_replicas": {},
                     "version": 3}


def test_settings(ensemble):
    ensemble.register(0)
    for name in ("a", "ab"):
        expect(ensemble.topics("--create", "--topic", name, "--replica-assignment", "0"), 0, f"Created topic {name}.\n")
    expect(ensemble.topics("--alter", "--topic", "a", "--config", "retention.ms=5", "--config", "flush.ms=3"), 0,
           DEPRECATED + "Updated config for topic a.\n")
    assert json.loads(ensemble.data("/config/topics/a"))["config"] == {"retention.ms": "5", "flush.ms": "3"}
    changes = ensemble.zk.get_children(ensemble.root + "/config/changes")
    assert [ensemble.data("/config/changes/" + c) for c in changes] == ['{"version":2,"entity_path":"topics/a"}']
    expect(ensemble.topics("--alter", "--topic", "a.*", "--delete-config", "retention.ms", "--config", "flush.ms=4"), 0,
           f"{DEPRECATED}Updated config for topic a.\n{DEPRECATED}Updated config for topic ab.\n")
    assert json.loads(ensemble.data("/config/topics/a"))["config"] == {"flush.ms": "4"}
    expect(ensemble.topics("--alter", "--topic", "a", "--delete-config", "nope"), 1,
           EXECUTING + "Unknown topic config name: nope\n")
    expect(ensemble.topics("--alter", "--topic", "a", "--config", "min.compaction.lag.ms=10"), 0,
           DEPRECATED + "Updated config for topic a.\n")
    expect(ensemble.topics("--alter", "--topic", "a", "--config", "max.compaction.lag.ms=5"), 1,
           f"{DEPRECATED}{EXECUTING}conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)\n")


@pytest.mark.parametrize("action", [("--describe",), ("--delete",), ("--alter", "--partitions", 3)])
def test_a_topic_that_does_not_exist(ensemble, action):
    expect(ensemble.topics(*action, "--topic", "nope"), 1, EXECUTING + "Topic 'nope' does not exist as expected\n")
    expect(ensemble.topics(*action, "--topic", "nope", "--if-exists"), 0)
    expect(ensemble.topics("--list", "--topic", "nope"), 0)


def test_internal_topics(ensemble):
    for name in ("__consumer_offsets", "t"):
        assert ensemble.topics("--create", "--topic", name, "--replica-assignment", "0").code == 0
    expect(ensemble.topics("--delete", "--topic", "__consumer_offsets"), 1,
           EXECUTING + "Topic __consumer_offsets is a kafka internal topic and is not allowed to be marked for deletion.\n")
    expect(ensemble.topics("--alter", "--topic", "__consumer_offsets", "--partitions", 2), 1,
           EXECUTING + "The number of partitions for the internal topic __consumer_offsets cannot be changed.\n")
    expect(ensemble.topics("--list", "--exclude-internal"), 0, "t\n")


def test_damaged_znodes(ensemble):
    """Whatever stands there: a message or a description, never a crash."""
    for name, data in (("null", None), ("text", b"x"), ("list", b"[]"), ("wrong", b'{"partitions":{"x":[1]}}')):
        ensemble.zk.create(f"{ensemble.root}/brokers/topics/{name}", data)
    for name in ("null", "text", "list", "wrong"):
        done = ensemble.topics("--describe", "--topic", name)
        assert done.code in (0, 1) and (done.code == 0 or done.out.startswith(EXECUTING)), done.err
        assert ensemble.topics("--alter", "--topic", name, "--partitions", 3).code == 1
    expect(ensemble.topics("--list"), 0, "list\nnull\ntext\nwrong\n")


def test_a_broker_takes_part(broker, topic):
    """It makes the topic, gives it an id, takes over its settings and its new partitions, and deletes it."""
    zookeeper = ("--zookeeper", broker.zookeeper.address + broker.chroot)

    def described():
        return tool("topics", "--bootstrap-server", broker.address, "--describe", "--topic", topic, "--if-exists").out

    expect(tool("topics", *zookeeper, "--create", "--topic", topic, "--partitions", 2, "--replication-factor", 1,
                "--config", "retention.ms=1000"), 0, f"Created topic {topic}.\n")
    wait_until(lambda: re.search(r"TopicId: \S{22}\tPartitionCount: 2\t.*Configs: retention.ms=1000\n.*Leader: 0\t.*\n"
                                 r".*Leader: 0\t", described()), 30, "the broker to make the topic")
    expect(tool("topics", *zookeeper, "--alter", "--topic", topic, "--partitions", 3, "--config", "retention.ms=2000"), 0,
           f"{DEPRECATED}Updated config for topic {topic}.\n{GROWTH}Adding partitions succeeded!\n")
    wait_until(lambda: re.search(r"PartitionCount: 3\t.*Configs: retention.ms=2000\n(.*Leader: 0\t.*\n){3}", described()), 30,
               "the broker to follow")
    shown = tool("topics", *zookeeper, "--describe", "--topic", topic).out.splitlines()
    assert re.fullmatch(f"Topic: {topic}\tTopicId: \\S{{22}}\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: "
                        "retention.ms=2000", shown[0])
    assert shown[1:] == [f"\tTopic: {topic}\tPartition: {p}\tLeader: 0\tReplicas: 0\tIsr: 0" for p in range(3)]
    expect(tool("topics", *zookeeper, "--delete", "--topic", topic), 0, f"Topic {topic} is marked for deletion.\n" + MARKED)
    wait_until(lambda: tool("topics", *zookeeper, "--list", "--topic", topic).out == "", 30, "the topic to go")


@pytest.mark.parametrize("args, message", [
    (("--create", "--topic", "x"), 'Missing required argument "[partitions]"'),
    (("--create", "--topic", "x", "--partitions", 1), 'Missing required argument "[replication-factor]"'),
    (("--delete",), 'Missing required argument "[topic]"'),
    (("--describe", "--if-exists"), 'Missing required argument "[topic]"'),
    (("--describe", "--under-min-isr-partitions"),
     'Option "[under-min-isr-partitions]" can\'t be used with option "[zookeeper]"'),
    (("--describe", "--at-min-isr-partitions"), 'Option "[at-min-isr-partitions]" can\'t be used with option "[zookeeper]"'),
    (("--list", "--partitions", 2), 'Option "[partitions]" can\'t be used with option "[list]"'),
    (("--list", "--delete"),
     "Command must include exactly one action: --list, --describe, --create, --alter or --delete"),
])
def test_wrong_usage_shows_the_options(args, message):
    done = tool("topics", "--zookeeper", "x:1", *args)
    expect(done, 1)
    assert done.err.startswith(message + "\nOption "), done.err


def test_messages_without_the_table():
    refused(tool("topics", "--zookeeper", "x:1", "--bootstrap-server", "x:1", "--list"),
            "Only one of --bootstrap-server or --zookeeper must be specified")
    refused(tool("topics", "--zookeeper", "x:1", "--zookeeper", "y:1", "--list"),
            "Found multiple arguments for option zookeeper, but you asked for only one")
    for old in ("force", "disable-rack-aware"):
        refused(tool("topics", "--bootstrap-server", "x:1", "--list", "--" + old), old + " is not a recognized option")


def test_an_ensemble_that_does_not_answer():
    done = tool("topics", "--zookeeper", f"127.0.0.1:{free_port()}", "--list", timeout=60)
    refused(done, "kafka.zookeeper.ZooKeeperClientTimeoutException: Timed out waiting for connection while in state: "
                  "CONNECTING")
