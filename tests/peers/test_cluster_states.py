"""What the tools that show a cluster print in each of its states, beside Apache's: all brokers there, one down, two down, and
while a partition moves. Three brokers, Apache's and ours."""

import json
import pathlib
import signal
import sys

import pytest

import tool_pairs
from harness import wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cluster"))

import members  # noqa: E402  pylint: disable=wrong-import-position
from test_reassignment import reassign  # noqa: E402  pylint: disable=wrong-import-position

TOPICS = {"a": "0:1:2,1:2:0,2:0:1", "two": "0:1,1:2,2:0", "one": "0,1,2", "strict": "0:1:2,1:0:2"}
CONFIGS = {"two": "min.insync.replicas=2", "strict": "min.insync.replicas=3"}
FILTERS = ["--under-replicated-partitions", "--unavailable-partitions", "--under-min-isr-partitions",
           "--at-min-isr-partitions"]
DESCRIBE = ["", *FILTERS, " ".join(FILTERS[:2]), "--under-replicated-partitions --topic a", "--topics-with-overrides",
            "--at-min-isr-partitions --topic two|one", "--unavailable-partitions --topic none --if-exists",
            "--topics-with-overrides --unavailable-partitions"]
LOG_DIRS = ["", "--topic-list a", "--topic-list one,none", "--broker-list 0", "--broker-list 2,0,1", "--broker-list 1,7"]


class Cluster:
    """The brokers, and both tools asking those of them that are there."""

    def __init__(self, run, home, server, directory):
        self.run = run
        # A broker that is frozen for a moment stays a member.
        self.brokers = [run.broker(i, log_dirs=2, zookeeper_session_timeout_ms=60000, auto_leader_rebalance_enable=False)
                        for i in range(3)]
        self.config = directory / "client.properties"
        self.config.write_text("")

        def make(java_class, tool):
            return tool_pairs.ToolPair(home, java_class, tool, directory=directory, server=server)
        self.topics = make("org.apache.kafka.tools.TopicCommand", "topics")
        self.log_dirs = make("org.apache.kafka.tools.LogDirsCommand", "log-dirs")
        self.ask(self.brokers)
        for topic, lists in TOPICS.items():
            config = ("--config", CONFIGS[topic]) if topic in CONFIGS else ()
            done = self.topics.ours("--create", "--topic", topic, "--replica-assignment", lists, *config)
            assert done.code == 0, done.stderr
            for broker in self.brokers:
                members.await_topic(broker, topic)
        members.write(self.brokers, "a", [b"x" * 100] * 50, acks=-1)
        members.write(self.brokers, "one", [b"x" * 100] * 70)

    def ask(self, brokers):
        for tool in (self.topics, self.log_dirs):
            tool.first = ["--bootstrap-server", ",".join(b.address for b in brokers), "--command-config", str(self.config)]
        return brokers

    def state(self, topic, partition):
        with self.run.zookeeper.client(self.run.chroot) as zk:
            return json.loads(zk.get(f"/brokers/topics/{topic}/partitions/{partition}/state")[0])

    def await_same_view(self, brokers):
        def views():
            shown = []
            for broker in brokers:
                self.ask([broker])
                shown.append(self.topics.ours("--describe").stdout)
            return set(shown)
        wait_until(lambda: len(views()) == 1, 30, "all to have the same view", every=0.3)
        self.ask(brokers)

    def compare(self):
        self.await_same_view([b for b in self.brokers if b.alive()])
        for line in DESCRIBE:
            self.topics.same("--describe", *line.split(), errors=True)
        for line in LOG_DIRS:
            self.log_dirs.same("--describe", *line.split())


@pytest.fixture(params=["ours", "apache"])
def cluster(request, kafka_home, zookeeper, tool_server, tmp_path):
    import conftest  # pylint: disable=import-outside-toplevel
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "apache":
            patch.setenv("MOLDAU_TEST_BROKER", str(kafka_home))
        for run in conftest._module.make_run(zookeeper):  # pylint: disable=protected-access
            yield Cluster(run, kafka_home, tool_server, tmp_path)


def test_brokers_go_and_come_back(cluster):
    cluster.compare()
    for broker in (2, 1):
        cluster.brokers[broker].stop()
        wait_until(lambda b=broker: cluster.state("one", b)["leader"] == -1, 30, "no leader")
        wait_until(lambda b=broker: all(b not in cluster.state("strict", p)["isr"] for p in (0, 1)), 30, "a smaller ISR")
        cluster.compare()
    for broker in (1, 2):
        cluster.brokers[broker].start()
    wait_until(lambda: all(len(cluster.state(topic, p)["isr"]) == len(replicas.split(":")) for topic, lists in TOPICS.items()
                           for p, replicas in enumerate(lists.split(","))), 60, "all to be in sync")
    cluster.compare()


def test_partitions_move_to_a_broker_that_does_not_answer(cluster):
    controller = members.await_controller(cluster.run, cluster.brokers)
    target = next(b for b in cluster.brokers if b.id != controller)
    rest = [b for b in cluster.brokers if b is not target]
    cluster.config.write_text("request.timeout.ms=3000\n")  # Java's client may ask the frozen broker first
    target.signal(signal.SIGSTOP)
    try:
        for topic in ("one", "two"):
            assert reassign(cluster.brokers[controller], topic, controller, [target.id])[1] == 0
        cluster.await_same_view(rest)
        assert "Adding Replicas" in cluster.topics.ours("--describe", "--topic", "one").stdout
        for line in DESCRIBE:
            cluster.topics.same("--describe", *line.split(), errors=True)
    finally:
        target.signal(signal.SIGCONT)
        cluster.config.write_text("")
    with cluster.run.zookeeper.client(cluster.run.chroot) as zk:
        wait_until(lambda: json.loads(zk.get("/brokers/topics/one")[0])["partitions"][str(controller)] == [target.id], 60,
                   "the partition to have moved")
    cluster.compare()
