"""kafka-consumer-groups.sh, kafka-get-offsets.sh and the console consumer in groups, beside Apache's tools."""

import contextlib
import re

import confluent_kafka
import pytest
from confluent_kafka import TopicPartition

import clients
import tool_pairs
from harness import SLOW, wait_until

START_MS = 1700000000000
# Members of a group get a random id; two listings of a running group have the same.
TOPICS = {"orders": 14, "p1": 5, "dot.ted": 1, "a-topic-with-a-name-longer-than-24": 2, "empty": 1}


def commit(broker, group, offsets):
    consumer = confluent_kafka.Consumer({"bootstrap.servers": broker.address, "group.id": group})
    wanted = [TopicPartition(t, p, o) for t, of in offsets.items() for p, o in of.items()]
    wait_until(lambda: not any(p.error for p in consumer.commit(offsets=wanted, asynchronous=False)), 30, "the commit")
    consumer.close()


def member(broker, group, client_id, topics, **config):
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": broker.address, "group.id": group, "client.id": client_id, "auto.offset.reset": "earliest",
        "enable.auto.commit": False, **{k.replace("_", "."): v for k, v in config.items()}})
    consumer.subscribe(topics)
    return consumer


@pytest.fixture(scope="module")
def cluster(peer_broker):
    """Topics, groups without members of many kinds, and two groups with members."""
    producer = confluent_kafka.Producer({"bootstrap.servers": peer_broker.address})
    for topic, partitions in TOPICS.items():
        clients.create_topic(peer_broker, topic, partitions, retention_ms=-1)
        for i in range(0 if topic == "empty" else 70):
            producer.produce(topic, f"v{i}", partition=i % partitions, timestamp=START_MS + i * 1000)
    assert producer.flush(60 * SLOW) == 0
    commit(peer_broker, "some", {"p1": {0: 3, 1: 5, 2: 7, 3: 0, 4: 14}, "orders": {0: 1, 3: 3, 12: 2, 13: 2, 6: 0, 9: 1}})
    commit(peer_broker, "all", {t: {p: 1 for p in range(n)} for t, n in TOPICS.items()})
    for group in ("g q", 'g"q', "g,q", "grüße", "a" * 40, "one", "two", "three", "four", "five", "six", "seven", "eight"):
        commit(peer_broker, group, {"p1": {1: 5}, "a-topic-with-a-name-longer-than-24": {0: 1}})
    members = [member(peer_broker, "live", f"live-{i}", ["orders", "p1"] if i else ["p1"]) for i in range(3)]
    members.append(member(peer_broker, "static", "s", ["dot.ted"], group_instance_id="instance-1"))

    def settled():
        for m in members:
            m.poll(0.05)
        return [len(m.assignment()) for m in members[:3]] in ([2, 9, 8], [2, 8, 9], [1, 9, 9]) and members[3].assignment()

    with contextlib.ExitStack() as stack:
        for m in members:
            stack.callback(m.close)
        wait_until(settled, 60, "the assignments")
        members[1].commit(offsets=[TopicPartition("p1", members[1].assignment()[-1].partition, 2)], asynchronous=False)
        yield peer_broker


@pytest.fixture
def groups(kafka_home, cluster, tool_server):
    return tool_pairs.ToolPair(kafka_home, "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "consumer-groups",
                               "--bootstrap-server", cluster.address, server=tool_server)


@pytest.fixture
def offsets(kafka_home, cluster, tool_server):
    return tool_pairs.ToolPair(kafka_home, "org.apache.kafka.tools.GetOffsetShell", "get-offsets", "--bootstrap-server",
                               cluster.address, server=tool_server)


# Longer than the five seconds that a busy machine may take.
PATIENTLY = ("--timeout", "60000")


LOOKS = [
    "--list", "--list --state", "--list --type", "--list --state --type", "--list --state stable,Empty --type classic",
    "--list --state dead", "--list --type consumer", "--list --state foo", "--list --type foo", "--list --state ,stable",
    "--list --state Stable,", "--list --state STABLE", "--list --state --state", "--list --state stable --state empty",
    "--describe --group some", "--describe --group all", "--describe --group live", "--describe --group static",
    "--describe --group some --group live --group some", "--describe --all-groups", "--describe --all-groups --members",
    "--describe --all-groups --members --verbose", "--describe --all-groups --state", "--describe --group some --offsets",
    "--describe --group live --members", "--describe --group live --members --verbose", "--describe --group live --state",
    "--describe --group live --state --verbose", "--describe --group live --offsets --verbose",
    "--describe --group static --members", "--describe --group nope", "--describe --group nope --members --verbose",
    "--describe --group nope --state", "--describe --group nope --group some",
]


@pytest.mark.parametrize("line", LOOKS)
def test_looks(groups, line):
    groups.same(*line.split(), *PATIENTLY)


WRONG = [
    "", "--help", "--list --describe --group a", "--describe", "--delete", "--delete-offsets --group a",
    "--delete-offsets --topic a", "--reset-offsets", "--describe --group a --all-groups", "--describe --group a --topic t",
    "--describe --group a --members --state", "--describe --group a --state x", "--list --group a", "--list --topic x",
    "--reset-offsets --group a --dry-run --to-latest --to-current", "--reset-offsets --group a --dry-run --execute",
    "--reset-offsets --group a --dry-run --shift-by 1 --from-file x", "--delete --group a --topic t",
    "--reset-offsets --group some --to-latest --dry-run", "--reset-offsets --group some --topic p1 --dry-run",
    "--reset-offsets --group some --topic p1:x --to-latest --dry-run",
    "--reset-offsets --group some --topic p1: --to-latest --dry-run",
    "--reset-offsets --group some --topic p1:1:2 --to-latest --dry-run",
    "--reset-offsets --group six --topic orders:1 --shift-by 1 --dry-run", "--list --timeout x",
    "--reset-offsets --group some --topic p1 --to-offset x --dry-run", "--list --command-config nofile",
    "--delete-offsets --group a --group b --topic p1", "--list --bootstrap-server again",
]


@pytest.mark.parametrize("line", WRONG)
def test_wrong_usage(groups, line):
    first = {"--help": False}.get(line, True)  # the sentence that --help begins with is ours
    theirs, ours = groups.java(*line.split()), groups.ours(*line.split())
    groups.compare(line.split(), theirs, ours)
    if first and theirs.code == 1 and line:
        assert ours.errors()[-1:] == theirs.errors()[-1:]


PLACES = [
    "--all-topics --to-earliest", "--all-topics --to-latest", "--all-topics --to-current", "--all-topics --shift-by -2",
    "--all-topics --shift-by 1000", "--all-topics --to-offset 4", "--all-topics --to-offset -5", "--topic p1 --to-latest", "--topic p1:1, --to-latest",
    "--topic p1:0,2 --topic orders:1 --to-offset 100", "--topic p1 --topic orders --to-earliest",
    "--topic orders:13 --topic p1 --topic orders:1 --to-current", "--topic p1 --to-datetime 2023-11-14T22:13:40.000",
    "--topic p1 --topic orders --to-datetime 2023-11-14T23:13:40.000+01:00",
    "--topic orders --to-datetime 2033-11-14T23:13:40.000Z", "--topic p1 --to-datetime foo",
    "--topic p1 --to-datetime 2023-13-14T00:00:00.000", "--topic p1 --by-duration P1D", "--topic p1 --by-duration P5000D",
    "--topic p1 --by-duration xx", "--topic p1 --by-duration PT9223372036854775807S", "--topic nope --to-latest",
    "--topic p1:9 --to-latest --timeout 700", "--all-topics --to-current --export", "--topic empty --to-latest --export",
]


@pytest.mark.parametrize("group", ["some", "new", "live"])
@pytest.mark.parametrize("line", PLACES)
def test_places_to_reset_to(groups, group, line):
    if group != "some" and ("nope" in line or ":9" in line or "foo" in line):
        pytest.skip("once is enough")

    def normalize(text):
        return re.sub(r"Call\(callName=(\S+, ).*$|Timed out waiting for a node assignment. Call: .*$", "timed out",
                      tool_pairs.without_newlines(text))

    groups.same("--reset-offsets", "--group", group, "--dry-run", *line.split(),
                *(() if "--timeout" in line else PATIENTLY), normalize=normalize)


def test_resets_of_many_groups(groups):
    # no two in one bucket of Java's map, whose order differs from run to run
    most = ("some", "all", "one", "four", "live", "g q", "g,q")
    args = ("--reset-offsets", "--dry-run", *PATIENTLY, *(w for g in most for w in ("--group", g)))
    export = groups.same(*args, "--all-topics", "--to-earliest", "--export").stdout
    assert '"g q",p1,1,0\n' in export and '"g,q","a-topic-with-a-name-longer-than-24",0,0\n' in export
    groups.same(*args, "--topic", "p1:1", "--to-latest", normalize=tool_pairs.without_newlines)


def test_plans(groups, tmp_path):
    plan = tmp_path / "plan.csv"
    many = ("--reset-offsets", "--dry-run", *PATIENTLY, "--group", "some", "--group", "all", "--group", "g q")
    one = ("--reset-offsets", "--dry-run", *PATIENTLY, "--group", "some")
    plan.write_text(groups.same(*many, "--all-topics", "--to-current", "--export").stdout)
    for args in (many, one, (*many, "--export"), (*one, "--export"), (*many, "--group", "nope")):
        groups.same(*args, "--from-file", plan, normalize=tool_pairs.without_newlines)
    for text in ("p1,0,3\np1,2,100\n", "p1,0,3\r\np1,1,4\r\n\n\n", '"p1" , 0 ,+3 \n', '"p1","0","-3"', "p1,0,3,\n",
                 "p1,0,3\np1,0,4\n"):
        plan.write_text(text)
        groups.same(*one, "--from-file", plan, normalize=tool_pairs.without_newlines)
    groups.same(*one, "--from-file", tmp_path / "none")


def test_changes(groups, cluster):
    """Each tool for a group of its own; what is left of both is the same."""
    for name in ("theirs", "ours"):
        commit(cluster, f"x-{name}", {"p1": {0: 3, 1: 4}, "orders": {10: 1, 9: 1}})
    lines = ["--reset-offsets --group x-{} --topic p1 --to-offset 6 --execute",
             "--reset-offsets --group x-{} --all-topics --shift-by -1 --execute --export",
             "--delete-offsets --group x-{} --topic p1:0,9",
             "--delete-offsets --group x-{} --topic nope --topic orders",
             "--delete-offsets --group x-{} --topic nope",
             "--describe --group x-{}",
             "--delete --group x-{}",
             "--delete --group x-{} --group live",
             "--delete-offsets --group x-{} --topic p1",
             "--delete-offsets --group live --topic p1:0"]
    for line in lines:
        theirs = groups.java(*line.format("theirs").split(), *PATIENTLY)
        ours = groups.ours(*line.format("ours").split(), *PATIENTLY)
        theirs.stdout = theirs.stdout.replace("x-theirs", "x-ours  ") if "describe" in line else \
            theirs.stdout.replace("x-theirs", "x-ours")
        ours.stdout, theirs.stdout = re.sub(" +", " ", ours.stdout), re.sub(" +", " ", theirs.stdout)
        # After -- which group comes first depends on its name: one line each.
        groups.compare((line,), theirs, ours, lambda text: sorted(tool_pairs.without_newlines(text)))


OFFSETS = [
    "", "--topic p1", "--topic orders --time -2", "--topic p. --partitions 1,3,13", "--topic-partitions p1:0,orders:2-4,:11",
    "--topic-partitions p1:-2,orders:12-", "--topic-partitions p1:-", "--topic-partitions ,p1:1",
    "--topic p1 --time 1700000010000", "--topic p1 --time -3", "--topic p1 --time -4", "--topic p1 --time -5",
    "--topic p1 --time max-timestamp", "--topic p1 --time foo", "--topic nope", "--bogus", "--topic p1 --partitions x",
    "--topic-partitions x --topic y", "--topic (", "--topic-partitions p1:x", "--topic p1 --time 99999999999999",
    "--exclude-internal-topics", "--topic-partitions p1:1:2", "--topic-partitions p1:99999999999",
    "--topic p1 --topic orders", "--command-config nofile", "--topic dot.ted,p1", "--topic \"p1\"",
]


@pytest.mark.parametrize("line", OFFSETS)
def test_get_offsets(offsets, line):
    def normalize(text):
        return re.sub("(?m)^__consumer_offsets.*\n", "", text)  # still growing

    theirs, ours = offsets.java(*line.split()), offsets.ours(*line.split())
    offsets.compare(line.split(), theirs, ours, normalize)
    assert ours.errors()[:1] == theirs.errors()[:1]


# Time for Apache's consumer to start and to join on a busy machine.
QUIET = ("--timeout-ms", int(7000 * SLOW))
CONSUMERS = [
    "--from-beginning --max-messages 7", "", "--from-beginning", "--consumer-property auto.offset.reset=none",
    "--from-beginning --consumer-property enable.auto.commit=false",
]


@pytest.mark.parametrize("line", CONSUMERS)
def test_console_consumers_leave_the_same_offsets(kafka_home, cluster, groups, line):
    consumer = tool_pairs.ToolPair(kafka_home, "org.apache.kafka.tools.consumer.ConsoleConsumer", "console-consumer",
                                   "--bootstrap-server", cluster.address, "--topic", "p1")
    name = re.sub(r"\W+", "-", line) or "-"
    runs = {}
    for who, run in (("theirs", consumer.java), ("ours", consumer.ours)):
        group = f"cc{name}-{who}"
        done = [run("--group", group, *line.split(), *QUIET), run("--group", group, *QUIET)]
        described = groups.ours("--reset-offsets", "--group", group, "--all-topics", "--to-current", "--export", "--dry-run")
        left = sorted(re.sub(r"^p1,\d,", "p1,", row) for row in described.stdout.split())
        runs[who] = ([d.code for d in done], [len(d.stdout.splitlines()) for d in done], left,
                     [[re.sub(r"^\[[^]]*\] ", "", e) for e in d.errors()] for d in done])
    assert runs["ours"] == runs["theirs"]


def test_coordinator_records_by_their_formatters(kafka_home, cluster):
    for topic, new, old in (
            ("__consumer_offsets", "OffsetsMessageFormatter",
             "kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter"),
            ("__consumer_offsets", "GroupMetadataMessageFormatter",
             "kafka.coordinator.group.GroupMetadataManager$GroupMetadataMessageFormatter"),
            ("__transaction_state", "TransactionLogMessageFormatter",
             "kafka.coordinator.transaction.TransactionLog$TransactionLogMessageFormatter")):
        if topic == "__transaction_state":
            transact(cluster)
        pair = tool_pairs.ToolPair(kafka_home, "org.apache.kafka.tools.consumer.ConsoleConsumer", "console-consumer",
                                   "--bootstrap-server", cluster.address, "--topic", topic, "--from-beginning", *QUIET)
        for formatter in ("org.apache.kafka.tools.consumer." + new, old):
            ours = pair.ours("--formatter", formatter)  # first: Apache's consumer makes records of its own
            theirs = pair.java("--formatter", formatter)

            def records(text):
                return set(text.replace('}{"key"', '}\n{"key"').splitlines())

            assert records(ours.stdout) and records(ours.stdout) <= records(theirs.stdout)
            assert ours.errors()[0] == theirs.errors()[0] or formatter != old


def transact(broker):
    producer = confluent_kafka.Producer({"bootstrap.servers": broker.address, "transactional.id": "tx"})
    producer.init_transactions(60 * SLOW)
    for end in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        for topic, partitions in (("p1", 5), ("orders", 14)):
            for p in range(partitions):
                producer.produce(topic, "x", partition=p)
        producer.flush(30 * SLOW)
        end(60 * SLOW)
