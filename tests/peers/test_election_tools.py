"""The tools for elections beside Apache's, on the same cluster of three, Apache's and ours."""

import json
import re

import pytest

import tool_pairs
from harness import wait_until

LEADER_ELECTION = "org.apache.kafka.tools.LeaderElectionCommand"
FILES = [
    "", "  \n", "x", "[]", "null", "{}", "1", '{"partitions":{}}', '{"partitions":null}', '{"partitions":[1]}',
    '{"partitions":[{"topic":"t"}]}', '{"partitions":[{"partition":1}]}', '{"partitions":[{"topic":1,"partition":1}]}',
    '{"partitions":[{"topic":"t","partition":"1"}]}', '{"partitions":[{"topic":"t","partition":1.0}]}',
    '{"partitions":[{"topic":null,"partition":1}]}', '{"partitions":[{"topic":"t","partition":99999999999}]}',
    '{"partitions":[],"partitions":[{"topic":"t"}]}',
    json.dumps({"partitions": [{"topic": t, "partition": p} for t in "abc" for p in (0, 7, 7, 1000, 0)]}),
]
# Without --bootstrap-server.
WRONG = [
    "--foo", "--topic", "--topic t", "--election-type preferred --all-topic-partitions", "--partition 0",
]
# Behind --bootstrap-server.
REFUSED = [
    "", "--topic t", "--election-type", "--election-type preferred", "--election-type x --all-topic-partitions",
    "--election-type preferred --topic t", "--election-type preferred --topic t --all-topic-partitions",
    "--election-type preferred --partition 0 --all-topic-partitions", "--election-type preferred --topic t --partition x",
    "--election-type preferred --topic t --partition 0 --partition 1",
    "--election-type preferred --topic t --topic u --partition 0",
    "--election-type preferred --election-type preferred --all-topic-partitions",
    "--election-type preferred --path-to-json-file nofile", "--election-type preferred --path-to-json-file /",
    "--election-type preferred --all-topic-partitions --admin.config nofile",
    "--election-type preferred --all-topic-partitions --bootstrap-server b:1",
]


def topic_state(run, topic):
    """partition -> (replicas, leader)."""
    with run.zookeeper.client(run.chroot) as zk:
        replicas = json.loads(zk.get(f"/brokers/topics/{topic}")[0])["partitions"]
        return {int(p): (r, json.loads(zk.get(f"/brokers/topics/{topic}/partitions/{p}/state")[0])["leader"])
                for p, r in replicas.items()}


def message(done):
    """Java prints an exception's message, then the exception with its trace."""
    return next((line for line in done.stderr.splitlines() if line and not line.startswith("[")), None)


def same(tool, *args):
    theirs, ours = tool.java(*args), tool.ours(*args)
    tool.compare(args, theirs, ours)
    assert message(ours) == message(theirs), args
    return ours


class Cluster:
    """Three brokers, with topics whose preferred leaders are spread."""

    def __init__(self, run, home, directory):
        self.run = run
        settings = dict(offsets_topic_num_partitions=1, auto_leader_rebalance_enable=False,
                        unclean_leader_election_enable=False, controlled_shutdown_enable=True)
        self.brokers = [run.broker(i, **settings) for i in range(3)]
        self.topics = tool_pairs.ToolPair(home, "org.apache.kafka.tools.TopicCommand", "topics", "--bootstrap-server",
                                          self.address, directory=directory)
        for topic, lists in (("e", ["0:1:2", "1:2:0", "2:0:1"] * 4), ("f-1", ["0:1", "0:2", "1:2", "2:1"]), ("one", ["0"])):
            done = self.topics.ours("--create", "--topic", topic, "--replica-assignment", ",".join(lists))
            assert done.code == 0, done.stderr
        wait_until(lambda: all(leader >= 0 for t in ("e", "f-1", "one") for _, leader in topic_state(run, t).values()), 30,
                   "leaders")

    @property
    def address(self):
        return ",".join(b.address for b in self.brokers)

    def restart(self, broker):
        """Its partitions have other leaders then, those that have another replica."""
        self.await_in_sync()  # or it would have to lead on
        self.brokers[broker].restart()
        self.await_in_sync()
        for t in ("e", "f-1"):
            assert all(leader != broker for r, leader in topic_state(self.run, t).values())
        self.await_same_view()

    def await_in_sync(self):
        with self.run.zookeeper.client(self.run.chroot) as zk:
            def in_sync(topic, partition, replicas):
                state = json.loads(zk.get(f"/brokers/topics/{topic}/partitions/{partition}/state")[0])
                return sorted(state["isr"]) == sorted(replicas)
            wait_until(lambda: all(in_sync(t, p, r) for t in ("e", "f-1", "one") for p, (r, _) in topic_state(self.run, t).items()),
                       60, "all to be in sync", every=0.1)

    def await_same_view(self):
        def views():
            return {self.topics.ours("--describe", "--bootstrap-server", b.address).stdout for b in self.brokers if b.alive()}
        self.topics.first = []
        wait_until(lambda: len(views()) == 1, 30, "all brokers to have the same view", every=0.2)


@pytest.fixture(scope="module", params=["ours", "apache"])
def cluster(request, kafka_home, zookeeper, tmp_path_factory):
    import conftest
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "apache":
            patch.setenv("MOLDAU_TEST_BROKER", str(kafka_home))
        for run in conftest._module.make_run(zookeeper):  # pylint: disable=protected-access
            yield Cluster(run, kafka_home, tmp_path_factory.mktemp("pairs"))


@pytest.fixture
def pair(kafka_home, tool_server, tmp_path):
    return lambda *first: tool_pairs.ToolPair(kafka_home, LEADER_ELECTION, "leader-election", *first, directory=tmp_path,
                                              server=tool_server)


def write(tmp_path, text):
    file = tmp_path / "partitions.json"
    file.write_text(text)
    return file


def test_wrong_command_lines(pair, tmp_path):
    for line in WRONG:
        same(pair(), *line.split())
    tool = pair("--bootstrap-server", "127.0.0.1:1")
    for line in REFUSED:
        same(tool, *line.split())
    for text in FILES:
        same(tool, "--election-type", "PREFERRED", "--path-to-json-file", write(tmp_path, text))
    for servers in ("nohost.invalid:1", "x", ""):
        same(pair(), "--bootstrap-server", servers, "--election-type", "unclean", "--all-topic-partitions")


def test_a_cluster_that_does_not_answer(pair, tmp_path):
    config = tmp_path / "client.properties"
    for text in ("default.api.timeout.ms=300\nrequest.timeout.ms=200\n", "default.api.timeout.ms=10\n",
                 "default.api.timeout.ms=x\n"):
        config.write_text(text)
        same(pair("--bootstrap-server", "127.0.0.1:1"),
             "--election-type", "preferred", "--all-topic-partitions", "--admin.config",
             config)


def both(cluster, tool, prepare, *args):
    """Apache's tool and ours, each after the same preparation."""
    prepare()
    theirs = tool.java(*args)
    prepare()
    ours = tool.ours(*args)
    tool.compare(args, theirs, ours)
    assert message(ours) == message(theirs), args
    return ours


def test_preferred(cluster, pair, tmp_path):
    tool = pair("--bootstrap-server", cluster.address, "--election-type", "preferred")
    same(tool, "--all-topic-partitions")
    one = both(cluster, tool, lambda: cluster.restart(1), "--topic", "e", "--partition", 1)
    assert one.stdout == "Successfully completed leader election (PREFERRED) for partitions e-1\n" and one.code == 0
    same(tool, "--topic", "e", "--partition", 1)
    assert both(cluster, tool, lambda: cluster.restart(1), "--all-topic-partitions").stdout.count("e-") == 4
    names = [{"topic": "e", "partition": p} for p in range(14)] + [{"topic": "f-1", "partition": p} for p in range(5)]
    names += [{"topic": "nope", "partition": p} for p in (0, -1, 7)]
    file = write(tmp_path, json.dumps({"partitions": names}))
    mixed = both(cluster, tool, lambda: cluster.restart(0), "--path-to-json-file", file)
    assert mixed.code == 1 and mixed.errors() == ["6 replica(s) could not be elected"]
    assert [line.split()[0] for line in mixed.stdout.splitlines()] == ["Successfully", "Valid"] + ["Error"] * 6
    assert all(leader == r[0] for r, leader in topic_state(cluster.run, "f-1").values())


def test_the_preferred_leader_is_away(cluster, pair):
    """Unclean too: partitions that have a leader need none."""
    down = cluster.brokers[2]
    down.stop()
    wait_until(lambda: all(leader not in (2, -1) for _, leader in topic_state(cluster.run, "e").values()), 30, "leaders")
    try:
        for kind in ("preferred", "unclean"):
            tool = pair("--bootstrap-server", cluster.address, "--election-type", kind)
            same(tool, "--topic", "e", "--partition", 2)
            same(tool, "--all-topic-partitions")
    finally:
        down.start()
        cluster.await_same_view()


def test_unclean(cluster, pair):
    """A partition whose only replica in sync is gone."""
    def prepare():
        first, second = cluster.brokers[1:]
        second.stop()
        wait_until(lambda: isr(cluster.run, "f-1", 2) == [1], 30, "the ISR to shrink")
        first.stop()
        second.start()
        wait_until(lambda: topic_state(cluster.run, "f-1")[2][1] == -1, 30, "no leader")
        cluster.await_same_view()

    def mend():
        for b in cluster.brokers:
            if not b.alive():
                b.start()
        wait_until(lambda: isr(cluster.run, "f-1", 2) == [1, 2], 60, "both to be in sync")

    tool = pair("--bootstrap-server", cluster.address, "--election-type", "Unclean")
    results = []
    for call in (tool.java, tool.ours):
        prepare()
        results.append([call("--topic", "f-1", "--partition", p) for p in (2, 0)])
        mend()
    for theirs, ours in zip(*results):
        tool.compare(("unclean",), theirs, ours)
    assert results[1][0].stdout == "Successfully completed leader election (UNCLEAN) for partitions f-1-2\n"


# --- the predecessor, beside that of Kafka 2.8 ---

PREFERRED = "kafka.admin.PreferredReplicaLeaderElectionCommand"
OLD_WRONG = [
    "", "--help", "--foo", "--zookeeper", "--admin.config x", "--admin.config x --zookeeper x:1", "--path-to-json-file nofile",
    "--bootstrap-server h:1 --zookeeper x", "--bootstrap-server h:1 --path-to-json-file nofile",
    "--bootstrap-server x", "--bootstrap-server h:1 --bootstrap-server h:1", "--zookeeper x --zookeeper x",
    "--bootstrap-server h:1 --admin.config nofile",
]


def same_old(tool, *args, ending=lambda: None):
    """`ending` must give the same after both."""
    theirs, after_theirs = tool.java(*args), ending()
    ours, after_ours = tool.ours(*args), ending()
    tool.compare(args, theirs, ours)
    assert after_ours == after_theirs, args
    return theirs, ours


@pytest.fixture
def old_pair(old_kafka_home, old_tool_server, tmp_path):
    return lambda *first: tool_pairs.ToolPair(old_kafka_home, PREFERRED, "preferred-replica-election", *first,
                                              directory=tmp_path, server=old_tool_server)


def exceptions(done):
    return [line for line in done.errors() if not line.startswith(("[", "\t"))]


def test_wrong_command_lines_of_old(old_pair, tmp_path):
    for line in OLD_WRONG:
        same_old(old_pair(), *line.split())
    for text in FILES:
        theirs, ours = same_old(old_pair("--bootstrap-server", "h:1"), "--path-to-json-file", write(tmp_path, text))
        assert exceptions(ours) == [e.replace("`Int`", "`Integer`") for e in exceptions(theirs)], text


def test_the_old_tool(cluster, old_pair, tmp_path):
    tool = old_pair("--bootstrap-server", cluster.address)
    names = [{"topic": "e", "partition": p} for p in range(14)] + [{"topic": "nope", "partition": p} for p in range(9)]
    cluster.await_in_sync()
    tool.ours()  # the tests before have left other leaders
    for args in ((), ("--path-to-json-file", write(tmp_path, json.dumps({"partitions": names})))):
        cluster.restart(1)
        theirs = tool.java(*args)
        cluster.restart(1)
        ours = tool.ours(*args)
        tool.compare(args, theirs, ours, without_needless)
        assert exceptions(ours) == exceptions(theirs)


def without_needless(text):
    """Kafka 2.8 names those that have been elected there, once more."""
    return re.sub("(?m)(?<=^Preferred replica already elected for partitions ).*$", "", text)


def test_the_old_tool_by_zookeeper(run, old_pair, tmp_path):
    node = "/admin/preferred_replica_election"
    tool = old_pair("--zookeeper", run.zookeeper.address + run.chroot)
    with run.zookeeper.client() as zk:
        zk.ensure_path(run.chroot + "/brokers")
    with run.zookeeper.client(run.chroot) as zk:
        def topic(name, n):
            zk.create(f"/brokers/topics/{name}", json.dumps(
                {"version": 2, "partitions": {p: [0, 1] for p in range(n)}, "adding_replicas": {},
                 "removing_replicas": {}}).encode(), makepath=True)
            for p in range(n):
                zk.ensure_path(f"/brokers/topics/{name}/partitions/{p}/state")

        def take():
            """The partitions in the node, which is removed."""
            value = zk.exists(node) and json.loads(zk.get(node)[0])
            if value:
                zk.delete(node)
            return value and (value["version"], sorted((p["topic"], p["partition"]) for p in value["partitions"]))

        def file(*partitions):
            return "--path-to-json-file", write(tmp_path, json.dumps(
                {"partitions": [{"topic": t, "partition": p} for t, p in partitions]}))

        same_old(tool, ending=take)
        topic("a", 2)
        topic("b", 1)
        for partitions in ((), (("b", 0), ("a", 0), ("a", 1)), [(t, p) for t in ("a", "b", "no") for p in (0, 1)],
                           [(t, p) for t in ("x", "y") for p in (0, 1)], [(t, p) for t in ("x", "y", "z") for p in (0, 1)]):
            same_old(tool, *file(*partitions), ending=take)
        topic("long", 40)
        topic("x.y-z_1", 300)
        same_old(tool, ending=take)
        same_old(tool, *file(*[(t, p) for t in ("long", "a", "none", "x.y-z_1") for p in range(-1, 99)]), ending=take)
        for value in (b"no JSON", b'{"version":1,"partitions":[{"topic":"long","partition":3}]}',
                      json.dumps({"version": 1, "partitions": [{"topic": "long", "partition": p} for p in range(20)]}).encode()):
            zk.create(node, value)
            theirs, ours = same_old(tool)
            assert exceptions(ours)[-1:] == exceptions(theirs)[-1:] and theirs.code == 1
            zk.delete(node)


def isr(run, topic, partition):
    with run.zookeeper.client(run.chroot) as zk:
        return sorted(json.loads(zk.get(f"/brokers/topics/{topic}/partitions/{partition}/state")[0])["isr"])
