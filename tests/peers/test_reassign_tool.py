"""kafka-reassign-partitions.sh beside Apache's, in front of three of Apache's brokers."""

import json
import os
import pathlib
import random
import re
import subprocess
import sys

import pytest
from confluent_kafka.admin import NewTopic

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cluster"))

import conftest  # noqa: E402  pylint: disable=wrong-import-position
import members  # noqa: E402  pylint: disable=wrong-import-position
import tool_pairs  # noqa: E402  pylint: disable=wrong-import-position
import wire  # noqa: E402  pylint: disable=wrong-import-position
from harness import free_port, wait_until  # noqa: E402  pylint: disable=wrong-import-position

CLASS = "org.apache.kafka.tools.reassign.ReassignPartitionsCommand"


def without_traces(text):
    """Java adds the places in its source."""
    return re.sub(r"^\t(at |\.\.\. \d+ more).*\n", "", tool_pairs.without_times(text), flags=re.M)


@pytest.fixture(scope="module")
def cluster(kafka_home, zookeeper):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOLDAU_TEST_BROKER", str(kafka_home))
        for run in conftest.make_run(zookeeper):
            brokers = [run.broker(i, start=False, log_dirs=3, broker_rack=f"r{i % 2}") for i in range(3)]
            for b in brokers:
                b.launch()
            for b in brokers:
                b.wait_started()
            members.await_members(brokers)
            yield run, brokers


@pytest.fixture(scope="module")
def make_pair(cluster, kafka_home, tool_server, tmp_path_factory):
    directory = tmp_path_factory.mktemp("pairs")

    def make(*more):
        return tool_pairs.ToolPair(kafka_home, CLASS, "reassign-partitions", "--bootstrap-server",
                                   members.bootstrap(cluster[1]), *more, directory=directory, server=tool_server)
    return make


@pytest.fixture(scope="module")
def pair(make_pair):
    return make_pair()


@pytest.fixture(scope="module")
def impatient(make_pair, tmp_path_factory):
    """For brokers that do not answer."""
    config = tmp_path_factory.mktemp("config") / "client.properties"
    config.write_text("default.api.timeout.ms=4000\nrequest.timeout.ms=3000\n")
    return make_pair("--command-config", config)


@pytest.fixture(scope="module")
def pair_alone(kafka_home, tool_server, tmp_path_factory):
    return tool_pairs.ToolPair(kafka_home, CLASS, "reassign-partitions", directory=tmp_path_factory.mktemp("alone"),
                               server=tool_server)


def same(pair, *args, **more):
    return pair.same(*args, normalize=without_traces, **more)


USAGE = ["", "--help", "--list", "--bad", "--execute --verify", "--bootstrap-server x:1",
         "--bootstrap-server x:1 --list --cancel", "--bootstrap-server x:1 --execute", "--bootstrap-server x:1 --generate",
         "--bootstrap-server x:1 --generate --topics-to-move-json-file f", "--bootstrap-server x:1 --list --throttle 5",
         "--bootstrap-server x:1 --generate --broker-list 1", "--bootstrap-server x:1 --verify",
         "--bootstrap-server x:1 --verify --reassignment-json-file f --additional --timeout 5", "--zookeeper x:1 --list",
         "--bootstrap-server x:1 --verify --reassignment-json-file f --disable-rack-aware", "--bootstrap-server",
         "--bootstrap-controller x:1 --list", "--bootstrap-server x:1 --cancel --reassignment-json-file f --throttle 1",
         "--bootstrap-server x --list", "--bootstrap-server x:y --list", "--bootstrap-server nowhere.invalid:1 --list",
         "--bootstrap-server x:1 --bootstrap-server y:1 --list",
         "--bootstrap-server 127.0.0.1:1 --list --command-config nowhere", "--bootstrap-server x:1 --list --list",
         "--bootstrap-server= --list", "--bootstrap-server 127.0.0.1:1 --execute --reassignment-json-file nowhere",
         "--bootstrap-server 127.0.0.1:1 --execute --reassignment-json-file /tmp",
         "--bootstrap-server 127.0.0.1:1 --generate --broker-list 1 --topics-to-move-json-file /tmp/nowhere/x"]


def test_usage(pair_alone):
    for line in USAGE:
        theirs, ours = pair_alone.java(*line.split()), pair_alone.ours(*line.split())
        pair_alone.compare(line.split(), theirs, ours, without_traces)
        assert first_error(ours) == first_error(theirs), line


def test_nobody_answers(pair_alone, tmp_path):
    config, file = tmp_path / "client.properties", tmp_path / "f.json"
    config.write_text("default.api.timeout.ms=1000\nrequest.timeout.ms=500\n")
    file.write_text('{"partitions":[{"topic":"t","partition":0,"replicas":[0]}],"topics":[{"topic":"t"}]}')
    for action in ("--list", "--verify", "--execute", "--cancel", "--generate"):
        named = [] if action == "--list" else ["--topics-to-move-json-file" if action == "--generate" else
                                               "--reassignment-json-file", file]
        same(pair_alone, "--bootstrap-server", f"127.0.0.1:{free_port()}", "--command-config", config, action, *named,
             *(["--broker-list", "0"] if action == "--generate" else []))


def first_error(done):
    """The message on stderr; a usage table may follow."""
    lines = [line for line in done.errors() if " WARN " not in line and line]
    return re.sub(r"^Exception in thread .* joptsimple.\w+: ", "", lines[0]) if lines else None


NESTED = ('{"version": 1, "partitions": [{"topic": "\\u00e9\\n\xe9", "partition": -0.5e+3, '
          '"replicas": [true, null, false, 12, 0]}]}\n')
FAULTS = ["", " \n", "x", "{} x", '{"a":01}', '{"a":-', '{"a":-x}', "[-.5]", "[0.]", "[1.", "[1.5e", "[1.5e+", "[1e+x]",
          "[1.5ex]", "[0.5ex]", "[0e]", "[0x]", "[1x]", "1x", "-1x", "12", "1.5,", '{"a":1,', "[1,", "[1,]", "[1,}",
          '{"a":}', '{"a":1,]', '{"a":]', "[}", "{]", "]", "}", "[1}", "[\n {\r\n\r ]", '{"a', '{"a\\', '["\\u12',
          '["\\u12x', '["\\q', '["\\é', '["a\tb', '{"a\nb', "[nul", "[nulll]", "[NaN]", "[NaNa]", "[Nan]", "[Infinity]",
          "[Inf]", "[-Infinity]", "[-INF]", "[-Ix]", "[-I", "[+INF]", "[+5]", "[+", "[+.5]", "[.5]", "[a.b]", "[$a_1é]",
          "[é]", "[//", "[#]", "[1 /* c */]", "['a']", "{'a':1}", "{a:1}", "[\ufeff]", "\ufeff{}", "[\x00]", "[\x01]",
          "[\x7f]", "[\U0001f600]", "[\u20ac]", "[\u2013]", "[1\U0001f600]", "[-\U0001f600]", '["\U0001f600" x]',
          "[1.\U0001f600]", "[\u3042]", "[" + "x" * 300 + "]", "[" * 1001, '{"a":' * 1001, "[" * 900, "[true false]",
          '[1 "x"]', '{"a":1 "b"}', '{"a" "b"}', "[tru\x01e]", '"abc', "tru", "nullx", "-", "-5 x", "5 x"]


def mutated(chance, text):
    """The text with a few characters gone, doubled, or exchanged for others."""
    for _ in range(chance.choice((1, 1, 2))):
        at = chance.randrange(len(text)) if text else 0
        new = chance.choice(("", text[at:at + 1] * 2, chance.choice('{}[],:"\\ \n\r\t-+.eE019truflnN/#\x01é_')))
        text = text[:at] + new + text[at + 1:] if chance.random() < 0.8 else text[:at]
    return text


def test_faults_of_json(pair_alone, tmp_path):
    file, config = tmp_path / "f.json", tmp_path / "client.properties"
    config.write_text("default.api.timeout.ms=200\nrequest.timeout.ms=100\n")  # for those that are right by chance
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    failed = []
    for text in FAULTS + [mutated(chance, f"[{NESTED}]") for _ in range(int(os.environ.get("MOLDAU_TEST_ROUNDS", 150)))]:
        file.write_bytes(text.encode())
        try:
            pair_alone.same("--bootstrap-server", "127.0.0.1:1", "--verify", "--reassignment-json-file", file,
                            "--command-config", config,
                            normalize=without_traces)
        except AssertionError as e:
            failed.append(f"{text!r}\n{e}")
    assert not failed, "\n".join(failed)


def plan_of(*rows):
    return json.dumps({"version": 1, "partitions": [
        {"topic": row[0], "partition": row[1], "replicas": row[2], **({"log_dirs": row[3]} if len(row) > 3 else {})}
        for row in rows]})


# Each is for a file of --execute, --verify and --cancel, and changes nothing.
PLANS = [
    "{}", "[]", "null", "5", '"s"', '{} x', '{"version":2}', '{"version":"1"}', '{"version":1.0}', '{"version":null}',
    '{"version":99999999999}', '{"version":1,"version":3}', '{"version":true}', '{"partitions":{}}', '{"partitions":null}',
    *('{"partitions":[%s]}' % row for row in (
        "1", "", "{}", '{"topic":1}', '{"topic":"t"}', '{"topic":"t","partition":"0"}', '{"topic":"t","partition":0}',
        '{"topic":"t","partition":0,"replicas":1}', '{"topic":"t","partition":0,"replicas":["1"]}',
        '{"topic":"t","partition":0,"replicas":[1.5]}',
        '{"topic":"t","partition":0,"replicas":[1],"log_dirs":{"a":[1.5,1e10,0.1,"\\u00e9\\n\\/",true,null,{}]}}',
        '{"topic":"t","partition":0,"replicas":[1,2],"log_dirs":["any",5]}')),
    plan_of(("t", 0, [1, 2], ["any"])), plan_of(("t", 0, [], ["any", "/x"])), plan_of(("t", 0, [])),
    plan_of(("t", 0, [1, 1, 2, 2, 1])), plan_of(*[("t", p, [1]) for p in (0, 1, 2, 0, 1, 0)]),
    plan_of(("t", 0, [1, 2, 1]), ("u", 1, [17, 1, 1, 17])), plan_of(("nope", 0, [0])), plan_of(("t", 7, [0])),
    plan_of(("t", 2, [0])), plan_of(("t", 1, [0]), ("many", 39, [0]), ("many", 41, [0]), ("nope", 1, [0]), ("other", 0, [1])),
    plan_of(("t", -1, [0])), plan_of(("", 0, [0])), plan_of(("a b", 0, [0])), plan_of(("t\u00e9\"", 0, [0])),
    plan_of(("many", 40, [0])), plan_of(("many", 41, [0])), plan_of(*[("many", p, [0]) for p in range(37, 47)]),
    plan_of(*[("many", p, [0]) for p in range(47, 41, -1)])
]
MISSING = plan_of(*[(t, 9, [0]) for t in ("x", "y", "zz", "aB", "bC")])
# Brokers that are not there are waited for by --verify and --cancel.
UNKNOWN_BROKERS = [plan_of(("t", 0, [9])), plan_of(("t", 0, [0, 1, 77, 9]), ("t", 1, [33, 5])), plan_of(("t", 0, [-1]))]


@pytest.fixture(scope="module")
def topics(cluster):
    for name, partitions, replicas in (("t", 2, 1), ("many", 40, 2), ("other", 1, 3)):
        members.create_topic(cluster[1], name, partitions, replicas)


def test_files(impatient, topics, tmp_path):
    file = tmp_path / "f.json"
    for text in PLANS:
        file.write_text(text)
        for action in (["--execute"], ["--verify"], ["--verify", "--preserve-throttles"],
                       ["--cancel", "--preserve-throttles"]):
            same(impatient, *action, "--reassignment-json-file", file)
    file.write_text(MISSING)  # of whose throttles Java tells any that cannot be removed
    for action in (["--execute"], ["--verify", "--preserve-throttles"], ["--cancel", "--preserve-throttles"]):
        same(impatient, *action, "--reassignment-json-file", file)
    for text in UNKNOWN_BROKERS:
        file.write_text(text)
        same(impatient, "--execute", "--reassignment-json-file", file)
    same(impatient, "--verify", "--reassignment-json-file", file)
    file.write_text(plan_of(("t", 0, [9], ["/d"])))
    same(impatient, "--verify", "--reassignment-json-file", file)
    file.write_text(plan_of(("t", 0, [0], ["/nowhere"])))
    same(impatient, "--verify", "--reassignment-json-file", file)
    for number in ("x", "", "1.5", "99999999999999999999", "0x10"):
        same(impatient, "--execute", "--reassignment-json-file", file, "--throttle", number)
    same(impatient, "--execute", "--reassignment-json-file", file, "--timeout", "x", "--replica-alter-log-dirs-throttle", "y")
    same(impatient, "--execute", "--reassignment-json-file", file, "--timeout", 1, "--timeout", 2)


TOPICS = ["{}", "[]", "", "x", '{"topics":{}}', '{"topics":[]}', '{"topics":[1]}', '{"topics":[{"topic":5}]}',
          '{"version":7}',
          '{"topics":[{"topic":"t"},{"topic":"u"},{"topic":"t"},{"topic":"u"},{"topic":"aa"},{"topic":"aa"}]}',
          '{"topics":[{"topic":"t"},{"topic":"nope"},{"topic":"none"},{"topic":"zzz"},{"topic":"x1"}]}',
          '{"topics":[{"topic":""}]}', '{"topics":[{"topic":"a b"}]}']
PARTITION_LISTS = re.compile(r"(?<=configuration\n).*")


def test_generate(pair, topics, tmp_path):
    file = tmp_path / "topics.json"
    for text in TOPICS:
        file.write_text(text)
        same(pair, "--generate", "--topics-to-move-json-file", file, "--broker-list", "0,2", "--disable-rack-aware")
    file.write_text('{"topics":[{"topic":"t"},{"topic":"other"}]}')
    for brokers in ("", ",", "0,1,x", "0,1,1,0,17,17", "5", "0,1", "1,,2", "0,1,,", "+1,2", " 1", "99999999999", "-5,1"):
        same(pair, "--generate", "--topics-to-move-json-file", file, "--broker-list", brokers)
    file.write_text('{"topics":[{"topic":"many"},{"topic":"t"},{"topic":"other"}]}')
    for extra in ([], ["--disable-rack-aware"]):
        args = ("--generate", "--topics-to-move-json-file", file, "--broker-list", "2,0,1", *extra)
        theirs, ours = pair.java(*args), pair.ours(*args)
        assert PARTITION_LISTS.sub("", ours.stdout) == PARTITION_LISTS.sub("", theirs.stdout)
        assert ours.code == theirs.code == 0
        assert rotated(ours.stdout) == rotated(theirs.stdout)


def rotated(text):
    """What chance has no part in: shape, and which brokers follow each other as leaders."""
    found = json.loads(PARTITION_LISTS.search(text)[0])["partitions"]
    many = [p["replicas"] for p in found if p["topic"] == "many"]
    assert all(len(set(r)) == 2 and r[0] != n[0] for r, n in zip(many, many[1:]))
    following = {(r[0], n[0]) for r, n in zip(many, many[1:])}
    return [(p["topic"], p["partition"], len(p["replicas"]), p["log_dirs"]) for p in found], following


# --- reassignments: the same steps with each tool on a topic of its own ---


class Story:
    """What one of the tools says and does with a topic."""

    def __init__(self, tool, cluster, directory, topic):
        self.tool, self.topic, self.told = tool, topic, []
        self.run, self.brokers = cluster
        self.file = directory / "plan.json"
        self.names = {topic: "TOPIC"}
        held = {f"{role}.replication.throttled.replicas": "*" for role in ("leader", "follower")}
        with members.admin_client(self.brokers) as admin:
            new = NewTopic(topic, 3, replica_assignment=[[0, 1], [1, 2], [2, 0]], config=held)
            admin.create_topics([new])[topic].result(30)
        for broker in self.brokers:
            members.await_topic(broker, topic)
        for p in range(3):
            members.write(self.brokers, topic, [b"x" * 10000] * 1000, p, acks=-1)

    def tell(self, text):
        text = without_traces(text)
        for name, stands_for in self.names.items():
            text = text.replace(name, stands_for)
        self.told.append(text)

    def step(self, action, plan=None, *args):
        if plan is not None:
            self.file.write_text(plan_of(*((self.topic, *row) for row in plan)))
            args = ("--reassignment-json-file", self.file, *args)
        done = self.tool(action, *args)
        self.tell(f"{action} {args[2:]} {done.code}\n{done.stdout}")
        return done

    def settings(self):
        with self.run.zookeeper.client(self.run.chroot) as zk:
            for path in (f"/config/topics/{self.topic}", *(f"/config/brokers/{b}" for b in range(3))):
                found = json.loads(zk.get(path)[0])["config"] if zk.exists(path) else {}
                self.tell(f"{path} {sorted(found.items())}")

    def hold(self):
        """Before the tool throttles: what it sets comes into force a little after the reassignment has begun."""
        names = [f"{name}=1000" for name in ("leader.replication.throttled.rate", "follower.replication.throttled.rate",
                                             "replica.alter.log.dirs.io.max.bytes.per.second")]
        for b in self.brokers:
            configs = [tool_pairs.find_moldau(), "configs", "--bootstrap-server", b.address, "--entity-type", "brokers",
                       "--entity-name", str(b.id)]
            subprocess.run([*configs, "--alter", "--add-config", ",".join(names)], check=True, capture_output=True)
            wait_until(lambda: subprocess.run([*configs, "--describe"], check=True, capture_output=True,
                                              text=True).stdout.count("=1000 ") >= 3, 30, "the throttles to be in force")

    def await_done(self, plan):
        def done():
            with self.run.zookeeper.client(self.run.chroot) as zk:
                now = json.loads(zk.get(f"/brokers/topics/{self.topic}")[0])
            return not now["adding_replicas"] and all(now["partitions"][str(p)] == replicas for p, replicas in plan)
        wait_until(done, 60, "the reassignment to be complete")
        self.await_known(plan)

    def await_known(self, plan):
        """By all brokers: the tool asks any of them."""
        for broker in self.brokers:
            with wire.Connection(broker) as c:
                wait_until(lambda c=c: c.replicas(self.topic).items() >= dict(plan).items(), 30, f"{broker.name} to know")


def tell_reassignments(s):
    plan, more = [(0, [2, 1]), (1, [1, 0])], [(2, [1, 2])]
    s.hold()
    s.step("--list")
    s.step("--execute", plan, "--throttle", 1000)
    s.settings()
    s.step("--list")
    s.step("--verify", plan)
    s.step("--verify", [(0, [1, 2]), (2, [0, 2])], "--preserve-throttles")
    s.step("--execute", plan)
    s.step("--execute", more, "--throttle", 2000)
    s.step("--execute", more, "--throttle", 2000, "--additional")
    s.step("--execute", plan, "--throttle", 0, "--additional")
    s.settings()
    s.step("--list")
    s.step("--cancel", [(1, [])], "--preserve-throttles")
    s.settings()
    s.step("--cancel", plan + [(1, [0])])
    s.settings()
    s.step("--list")
    s.step("--cancel", more)
    s.step("--cancel", more)
    s.await_known([(2, [2, 0])])
    s.step("--verify", more)
    s.settings()
    s.step("--execute", plan + more, "--throttle", 100000000)
    s.await_done(plan + more)
    s.step("--verify", plan + more)
    s.settings()
    s.step("--execute", [(0, [0, 1, 2]), (1, [0]), (2, [1, 0])])
    s.await_done([(0, [0, 1, 2]), (1, [0]), (2, [1, 0])])
    s.step("--verify", [(0, [0, 1, 2]), (1, [0]), (2, [0, 1])])


def other_dirs(s, broker, partition):
    """The directories in which a replica is not, after the one in which it is."""
    now = s.brokers[broker].partition_dir(s.topic, partition).parent
    found = [str(d) for d in s.brokers[broker].log_dirs if d != now]
    for name, path in zip(("NOW", "B", "C"), (str(now), *found)):
        s.names[path] = f"{name}{broker}"
    return [str(now), *found]


def tell_moves(s):
    a, b = other_dirs(s, 0, 0), other_dirs(s, 1, 0)
    plan = [(0, [0, 1], [a[1], b[1]])]
    s.step("--verify", plan)
    s.hold()
    s.step("--execute", plan, "--replica-alter-log-dirs-throttle", 1000)
    s.settings()
    s.step("--verify", plan)
    s.step("--verify", [(0, [0, 1], [a[2], b[1]])])
    s.step("--execute", plan, "--throttle", 5000, "--replica-alter-log-dirs-throttle", 2000)
    s.settings()
    s.step("--cancel", [(0, [0, 1], [a[1], "any"])], "--preserve-throttles")
    s.step("--verify", plan, "--preserve-throttles")
    s.step("--cancel", plan, "--timeout", 5000)
    s.step("--cancel", plan)
    s.settings()
    s.step("--verify", plan)
    s.step("--execute", [(0, [0, 1], ["/nowhere", "any"])])
    s.step("--execute", [(0, [0, 1], ["x", "any"])])
    s.step("--execute", plan)
    wait_until(lambda: s.tool("--verify", "--preserve-throttles", "--reassignment-json-file", s.file).stdout.count(
        "completed successfully") == 2, 60, "the moves")
    s.step("--verify", plan)
    s.step("--verify", [(0, [0, 2], [a[1], str(s.brokers[2].log_dirs[0])])])


@pytest.mark.parametrize("tell", [tell_reassignments, tell_moves])
def test_stories(pair, cluster, tmp_path, tell):
    told = []
    for name, tool in (("java", pair.java), ("ours", pair.ours)):
        story = Story(tool, cluster, tmp_path, f"{tell.__name__[5:]}-{name}")
        tell(story)
        told.append(story.told)
    for theirs, ours in zip(*told, strict=True):
        assert ours == theirs
