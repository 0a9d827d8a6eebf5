"""The tools for configurations, topics, log directories and records beside Apache's, in front of Apache's broker."""

import itertools
import json
import random

import pytest

import tool_pairs


@pytest.fixture(scope="module")
def pair(kafka_home, peer_broker, tool_server, tmp_path_factory):
    """Makes a pair for a tool: pair("configs")."""
    classes = {"configs": "kafka.admin.ConfigCommand", "topics": "org.apache.kafka.tools.TopicCommand",
               "log-dirs": "org.apache.kafka.tools.LogDirsCommand",
               "delete-records": "org.apache.kafka.tools.DeleteRecordsCommand"}
    directory = tmp_path_factory.mktemp("pairs")

    def make(tool, *first):
        return tool_pairs.ToolPair(kafka_home, classes[tool], tool, *(first or ("--bootstrap-server", peer_broker.address)),
                                   directory=directory, server=tool_server)

    created = make("topics")
    for name, partitions in (("t", 1), ("many", 40), ("other-1", 7), ("x.y", 3), ("zz9", 2)):
        assert created.ours("--create", "--topic", name, "--partitions", partitions).code == 0
    return make


DESCRIBE_CONFIGS = ["--entity-type topics", "--topic many --all", "--topic nope", "--entity-type brokers", "--broker 0 --all",
                    "--broker-logger 0", "--entity-type users", "--entity-type users --entity-type clients",
                    "--entity-type ips", "--entity-type client-metrics"]
# Each changes nothing the second time, or is refused.
ALTER_CONFIGS = [
    ("--topic", "t", "--add-config", "retention.ms=5000,cleanup.policy=[compact,delete]"),
    ("--topic", "t", "--add-config", "message.format.version=2.8"), ("--topic", "t", "--add-config", "retention.ms=x"),
    ("--topic", "t", "--add-config", "a1=1,a2=2,a3=3,a4=4,a5=5,a6=6,a7=7"), ("--topic", "t", "--add-config", "a=b],c=d"),
    ("--topic", "t", "--delete-config", " a , b ,,"),
    ("--broker", "0", "--add-config", "custom.key=1,log.cleaner.threads=2,leader.replication.throttled.rate=1000"),
    ("--broker", "0", "--add-config", "log.cleaner.threads=2"),
    ("--broker", "0", "--add-config", "ssl.key.password=1,custom.key=1"),
    ("--broker-defaults", "--add-config", "log.retention.ms=100000"),
    ("--broker-logger", "0", "--add-config", "nope=DEBUG,x=INFO"),
    ("--user", "alice", "--add-config", "producer_byte_rate=1024,consumer_byte_rate=1e6,request_percentage=50.5"),
    ("--entity-type", "users", "--entity-name", "a b*c", "--entity-type", "clients", "--entity-default", "--add-config",
     "request_percentage=100"),
    ("--ip", "10.0.0.1", "--add-config", "connection_creation_rate=10"),
    ("--user", "alice", "--add-config", "consumer_byte_rate=2048.5"),
    ("--user", "alice", "--add-config", "SCRAM-SHA-256=[iterations=8192,password=pw],SCRAM-SHA-512=[password=x=y,z]"),
    ("--user", "alice", "--add-config", "SCRAM-SHA-512=[iterations=20000,password=x]"),
]


def test_configs(pair):
    configs = pair("configs")
    for args in ALTER_CONFIGS:
        configs.same("--alter", *args, errors=True)
    for args in DESCRIBE_CONFIGS:
        configs.same("--describe", *args.split(), errors=True)


def test_topics(pair):
    topics = pair("topics")
    for args in ("", "--topic m.*|t", "--topic-id x", "--topic-id xxxxxxxxxxxxxxxxxxxxxQ", "--topic nope",
                 "--at-min-isr-partitions --topic many", "--topics-with-overrides"):
        topics.same("--describe", *args.split())
    for args in (("--list", "--topic", " many , t "), ("--create", "--topic", "x_y"), ("--list", "--force"),
                 ("--alter", "--topic", "many", "--partitions", 41, "--replica-assignment", "0")):
        topics.same(*args)


def test_log_dirs(pair):
    log_dirs = pair("log-dirs")
    for args in (("--describe",), ("--describe", "--topic-list", "many,nope"), ("--describe", "--broker-list", "0,7,3")):
        log_dirs.same(*args)


def test_delete_records(pair, tmp_path):
    delete, file = pair("delete-records"), tmp_path / "offsets.json"
    places = [(t, p) for t, n in (("many", 40), ("other-1", 7)) for p in range(n)]
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for n in (13, 24, 40):
        file.write_text(json.dumps({"partitions": [{"topic": t, "partition": p, "offset": chance.choice((0, -1, 9))}
                                                   for t, p in chance.sample(places, n)]}))
        delete.same("--offset-json-file", file)
    file.write_text('{"partitions":[{"topic":"t","partition":"0","offset":1}]}')
    delete.same("--offset-json-file", file)


# --- ZooKeeper ---


class Twins:
    """Two parts of an ensemble with the same content: Apache's tool works on one, ours on the other."""

    def __init__(self, zk, make, address, root):
        self.zk, self.roots = zk, [root + "/java", root + "/ours"]
        self.pairs = [make("--zookeeper", address + r) for r in self.roots]

    def put(self, path, data=None):
        for root in self.roots:
            self.zk.create(root + path, data and data.encode(), makepath=True)

    def dump(self, root):
        found = {}
        todo = [root]
        while todo:
            at = todo.pop()
            found[at[len(root):]] = masked((self.zk.get(at)[0] or b"").decode())
            todo += [f"{at}/{child}" for child in self.zk.get_children(at)]
        return found

    def same(self, *args):
        theirs, ours = self.pairs[0].java(*args), self.pairs[1].ours(*args)
        for done in (theirs, ours):
            done.stdout = masked(done.stdout)
        self.pairs[1].compare(args, theirs, ours)
        assert self.dump(self.roots[0]) == self.dump(self.roots[1]), args
        return ours


def masked(text):
    """Without what chance has a part in."""
    return tool_pairs.re.sub(r"(salt|stored_key|server_key|initializationVector|encryptedPassword)([=:])[\w+/]+=*", r"\1\2",
                             text)


BROKER = ('{"listener_security_protocol_map":{"PLAINTEXT":"PLAINTEXT"},"endpoints":["PLAINTEXT://h:9092"],"jmx_port":-1,'
          '"features":{},"host":"h","timestamp":"1","port":9092,"version":5%s}')
PARENTS = ["/config/" + n for n in ("topics", "brokers", "clients", "users", "ips", "changes")] + [
    "/brokers/topics", "/brokers/ids", "/admin/delete_topics"]


@pytest.fixture
def twins(run, tmp_path):
    """twins(home, server, class, tool) makes them."""
    with run.zookeeper.client() as zk:
        count = itertools.count()

        def make(home, server, java_class, tool):
            t = Twins(zk, lambda *first: tool_pairs.ToolPair(home, java_class, tool, *first, directory=tmp_path,
                                                             server=server),
                      run.zookeeper.address, f"{run.chroot}/{next(count)}")
            for path in PARENTS:
                t.put(path)
            return t
        yield make


def test_configs_in_zookeeper(kafka_home, tool_server, twins):
    t = twins(kafka_home, tool_server, "kafka.admin.ConfigCommand", "configs")
    t.put("/brokers/ids/0", BROKER % "")
    password = ("--alter", "--broker", 5, "--add-config",
                "listener.name.x.ssl.key.password=secret,password.encoder.secret=abc,password.encoder.")
    for args in (("--alter", "--user", "al ice", "--add-config",
                  "SCRAM-SHA-256=[iterations=8192,password=pw],SCRAM-SHA-512=[password=x=y,z]"),
                 ("--describe", "--entity-type", "users"),
                 ("--alter", "--user", "al ice", "--delete-config", "SCRAM-SHA-256,SCRAM-SHA-512"),
                 ("--alter", "--broker", 0, "--add-config", "a=b", "--delete-config", "c,d"),
                 ("--alter", "--broker", 5, "--add-config", "broker.id=3,log.dir=x"),
                 (*password[:4], password[4] + "iterations=5000,custom.a=b"),
                 (*password[:4], password[4] + "cipher.algorithm=AES/GCM/NoPadding,password.encoder.key.length=256"),
                 ("--describe", "--broker", 5),
                 ("--alter", "--broker-defaults", "--add-config", "log.cleaner.threads=2")):
        t.same(*args)


OLD_CONFIGS = [
    "--alter --entity-type topics --entity-name t --add-config retention.ms=1000,cleanup.policy=[compact,delete]",
    "--describe --entity-type topics",
    "--alter --entity-type clients --entity-name c --add-config producer_byte_rate=1024,consumer_byte_rate=2048",
    "--alter --entity-type users --entity-name u --entity-type clients --entity-name c2 --add-config request_percentage=10",
    "--alter --entity-type clients --entity-default --entity-type users --entity-default --add-config request_percentage=1",
    "--describe --entity-type users --entity-type clients",
    "--alter --entity-type ips --entity-name 127.0.0.1 --add-config connection_creation_rate=5",
    "--alter --entity-type brokers --entity-name 0 --add-config leader.replication.throttled.rate=1000",
]
OLD_TOPICS = [
    "--create --topic a --partitions 3 --replication-factor 1", "--create --topic c --replica-assignment 7:8,8:7",
    "--create --topic a.b --partitions 13 --replication-factor 1 --config retention.ms=1 --config cleanup.policy=compact",
    "--create --topic a_b --partitions 1 --replication-factor 1", "--describe", "--alter --topic a --config flush.ms=3",
    "--alter --topic a.* --partitions 15 --config retention.ms=9 --delete-config flush.ms", "--describe --topic a",
    "--alter --topic c --partitions 3 --replica-assignment 0:1,0:1,0:9", "--delete --topic a.*",
    "--delete --topic a.*", "--list",
]


def test_configs_in_zookeeper_as_before(old_kafka_home, old_tool_server, twins):
    t = twins(old_kafka_home, old_tool_server, "kafka.admin.ConfigCommand", "configs")
    t.put("/brokers/ids/0", BROKER % "")
    t.put("/brokers/topics/t", '{"version":2,"partitions":{"0":[0]},"adding_replicas":{},"removing_replicas":{}}')
    for line in OLD_CONFIGS:
        t.same(*line.split())


def test_topics_in_zookeeper_as_before(old_kafka_home, old_tool_server, twins):
    t = twins(old_kafka_home, old_tool_server, "kafka.admin.TopicCommand", "topics")
    t.put("/brokers/ids/0", BROKER % "")
    for line in OLD_TOPICS:
        t.same(*line.split())
