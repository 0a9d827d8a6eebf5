"""The tools that measure and verify, side by side with Apache's against the same broker: values differ, shapes do not."""

import json
import random
import re

import pytest

import clients
import harness
import tool_pairs

JAVA = "org.apache.kafka.tools."
CLASSES = {
    "producer-perf-test": JAVA + "ProducerPerformance", "consumer-perf-test": JAVA + "ConsumerPerformance",
    "verifiable-producer": JAVA + "VerifiableProducer", "verifiable-consumer": JAVA + "VerifiableConsumer",
    "e2e-latency": JAVA + "EndToEndLatency", "cluster": JAVA + "ClusterTool",
    "broker-api-versions": "kafka.admin.BrokerApiVersionsCommand",
}


@pytest.fixture(scope="module")
def peer_broker(module_run, kafka_home):
    """Apache's own, so that groups and transactions do not depend on ours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOLDAU_TEST_BROKER", str(kafka_home))
        return module_run.broker(0, offsets_topic_num_partitions=3)


@pytest.fixture
def pair(kafka_home, tmp_path):
    """pair("cluster"): both programs of this tool."""
    return lambda tool, *first: tool_pairs.ToolPair(kafka_home, CLASSES[tool], tool, *first, directory=tmp_path)


def shape(text):
    """Digits are masked, the number of decimals is not."""
    text = re.sub(r"\d+\.(\d+)", lambda m: f"N.{len(m.group(1))}", text)
    return re.sub(r"(?<![\w.])\d+(?![\w.])", "N", text)


def messages(done):
    """What is on stderr, without the times of log lines."""
    return [re.sub(r"^\[[\d: ,-]+\] ", "", e) for e in done.errors() if e]


def end_offset(broker, topic):
    return clients.watermarks(broker, topic)[1]


# --- command lines ---

WORDS = {
    "producer-perf-test": [
        "--topic t", "--topic", "--to=t", "--num-records 5", "--num-records x", "--num 99999999999999999999", "--throughput -1",
        "--throughput x", "--throughput 1e3", "--record-size 10", "--record-size 2147483648", "--payload-file f", "--pay f",
        "--payload-monotonic", "--payload-monotonic=x", "--producer-props a=1 b=2", "--producer-props", "--print", "--print=1",
        "--producer.config f", "-h=1", "stray", "-", "-topic t", "--nonsense", "--thruput 5", "--", "--=x", "-5", "--topic="],
    "verifiable-producer": [
        "--topic t", "--bootstrap-server h:1", "--broker-list h:1", "--bootstrap h", "--acks 1", "--acks 5", "--acks all",
        "--max-messages x", "--max 1", "--max-m -1", "--value-prefix a", "--repeat 3", "--throughput 1.5", "stray", "-x", "--bad"],
    "verifiable-consumer": [
        "--topic t", "--bootstrap-server h:1", "--broker-list h:1", "--group-id g", "--group g", "--group-i g", "--verbose",
        "--verb=1", "--session-timeout x", "--max-messages 1", "--reset-policy", "stray more", "--consumer.config", "--no"],
    "cluster": [
        "cluster-id", "clus", "unregister", "un", "bad", "-b h:1", "-bh:1", "-C h:1", "--bootstrap h:1", "-i 1", "-i x", "--id=2",
        "-c f", "--config=", "-q", "--bad", "--", "--version"],
}


def command_lines(tool, count):
    """The same ones every time: a seed per tool. Those that are right are left out, since they would do something."""
    rng = random.Random(tool)
    for _ in range(count):
        yield " ".join(rng.sample(WORDS[tool], rng.randint(1, 4))).split(" ")


@pytest.mark.parametrize("tool", sorted(WORDS))
def test_wrong_command_lines(pair, tool):
    both = pair(tool)
    for line in command_lines(tool, 12):
        ours = both.ours(*line)
        if ours.code == 1 and ours.stderr.startswith("usage: "):
            theirs = both.java(*line)
            assert (theirs.code, theirs.stdout, theirs.stderr) == (1, ours.stdout, ours.stderr), line


@pytest.mark.parametrize("tool", ["producer-perf-test", "verifiable-producer", "verifiable-consumer", "cluster"])
def test_usage_in_the_help(pair, tool):
    both = pair(tool)
    for line in [["--help"], [], ["-h", "--bad"]] + ([["unregister", "-h"]] if tool == "cluster" else []):
        theirs, ours = both.java(*line), both.ours(*line)
        assert theirs.code == ours.code
        assert theirs.stdout.split("\n\n")[0] == ours.stdout.split("\n\n")[0], "the words of the help are our own"
        assert re.findall(r"^  --?\S+.*?(?:  |$)", theirs.stdout, re.M) == re.findall(r"^  --?\S+.*?(?:  |$)", ours.stdout, re.M)


@pytest.mark.parametrize("words", [
    "--num-records 0", "--num-records -1", "--num-records -7", "--record-size -2", "--producer-props x", "--producer-props a=b=c",
    "--producer-props acks=1", "--producer-props bootstrap.servers=h acks=1", "--producer-props bootstrap.servers=no.such.host.:1",
    "--producer-props bootstrap.servers=127.0.0.1:1 acks=9", "--producer-props bootstrap.servers=127.0.0.1:1 batch.size=x",
    "--producer-props bootstrap.servers=127.0.0.1:1 acks=1 enable.idempotence=true", "--producer.config /no/such/file",
    "--payload-file /no/such/file"])
def test_producing_that_cannot_be(pair, peer_broker, words):
    line = ["--topic", "t", "--num-records", "5", "--record-size", "10", "--throughput", "-1",
            "--producer-props", f"bootstrap.servers={peer_broker.address}", "max.block.ms=100"] + words.split(" ")
    if "--payload-file" in line:
        del line[4:6]
    both = pair("producer-perf-test")
    theirs, ours = both.java(*line), both.ours(*line)
    both.compare(line, theirs, ours, shape)
    assert messages(ours) == messages(theirs)


# --- output ---


def test_a_producer(pair, peer_broker, topic):
    clients.create_topic(peer_broker, topic)
    both = pair("producer-perf-test", "--topic", topic, "--throughput", "-1", "--producer-props",
                f"bootstrap.servers={peer_broker.address}")
    first = end_offset(peer_broker, topic)
    for line in (["--num-records", 1000, "--record-size", 33], ["--num-records", 11, "--payload-monotonic"],
                 ["--num-records", 3, "--record-size", 0], ["--num-records", 2, "--record-size", 2000000]):
        both.same(*line, normalize=shape, errors=True)
        last = end_offset(peer_broker, topic)
        values = [r.value for r in clients.confluent_consume(peer_broker, topic, last - first, offset=first)]
        half = len(values) // 2
        assert values[:half] == values[half:], "both have sent the same bytes"
        first = last


def test_payload_files(pair, peer_broker, topic, tmp_path):
    clients.create_topic(peer_broker, topic)
    path = tmp_path / "payloads"
    both = pair("producer-perf-test", "--topic", topic, "--throughput", "-1", "--producer-props",
                f"bootstrap.servers={peer_broker.address}", "--payload-file", path)
    first = 0
    for text, delimiter in (("a\nbb\n\nccc\n\n", None), ("a1b22c", r"\d+"), (",,", ","), ("", None), ("äöü", "")):
        path.write_text(text, encoding="utf-8")
        both.same("--num-records", 20, *(("--payload-delimiter", delimiter) if delimiter is not None else ()),
                  normalize=shape, errors=True)
        last = end_offset(peer_broker, topic)
        values = [r.value for r in clients.confluent_consume(peer_broker, topic, last - first, offset=first)]
        if "ä" not in text:  # Java needs a locale for that
            assert values[:len(values) // 2] == values[len(values) // 2:]
        first = last


def rows(text):
    """Names of the metrics table."""
    return set(re.findall(r"^(\S+:\{.*?\}) +: ", text, re.M))


def test_metrics(pair, peer_broker, topic):
    clients.create_topic(peer_broker, topic)
    producing = pair("producer-perf-test", "--topic", topic, "--throughput", "-1", "--num-records", 2000, "--record-size", 100,
                     "--print-metrics", "--producer-props", f"bootstrap.servers={peer_broker.address}")
    consuming = pair("consumer-perf-test", "--bootstrap-server", peer_broker.address, "--topic", topic, "--messages", 2000,
                     "--print-metrics")
    for both in (producing, consuming):
        theirs, ours = both.java(), both.ours()
        assert (theirs.code, ours.code) == (0, 0)
        assert rows(ours.stdout) <= rows(theirs.stdout), "no names that Java does not have"
        assert len(rows(ours.stdout)) > 10
        total = re.compile(r"^\S+(?:record-send-total|records-consumed-total):\{client-id=\S+\} +: (\S+)$", re.M)
        assert total.findall(ours.stdout) == total.findall(theirs.stdout)


def test_a_consumer(pair, peer_broker, topic):
    clients.create_topic(peer_broker, topic)
    tool_pairs.ToolPair.ours(pair("producer-perf-test"), "--topic", topic, "--num-records", 20000, "--record-size", 100,
                             "--throughput", -1, "--producer-props", f"bootstrap.servers={peer_broker.address}")
    both = pair("consumer-perf-test", "--bootstrap-server", peer_broker.address, "--topic", topic)
    for line in (["--messages", 20000], ["--messages", 700, "--hide-header"], ["--messages", 20001, "--timeout", 800],
                 ["--messages", 100, "--threads", 1, "--date-format", "yyyy-MM-dd'T'HH:mm:ss.SSS E MMM"],
                 ["--messages", 0]):
        ours = both.same(*line, normalize=lambda text: shape(re.sub(r"NaN|Infinity", "0.0000", text)), errors=True)
        assert ours.code == 0
    theirs, ours = (run("--messages", 20000, "--hide-header").stdout.split(", ") for run in (both.java, both.ours))
    assert theirs[2] == ours[2] and theirs[4] == ours[4], "megabytes and records are the same"


@pytest.mark.parametrize("words", [
    "", "--topic t", "--topic t --messages x", "--topic t --messages 1 --reporting-interval 0",
    "--topic t --messages 1 --reporting-interval x", "--topic t --messages 1 --date-format bad",
    "--topic t --messages 1 --fetch-size -1", "--topic t --messages 1 --consumer.config /no/such/file", "--messages 1",
    "--topic bad/name --messages 1", "--topic t --messages 1 --bogus", "--topic"])
def test_consuming_that_cannot_be(pair, peer_broker, words):
    both = pair("consumer-perf-test", "--bootstrap-server", peer_broker.address)
    theirs, ours = both.java(*words.split()), both.ours(*words.split())
    both.compare(words, theirs, ours, shape)
    assert [e for e in ours.errors() if e] == [e for e in theirs.errors() if e and not e.startswith("[")]


def json_shape(text):
    """Names in their order; times and the average are masked."""
    lines = [json.loads(line, object_pairs_hook=list) for line in text.splitlines()]
    return "\n".join(repr([(k, "N" if k in ("timestamp", "avg_throughput") else v) for k, v in line]) for line in lines)


def test_a_verifiable_producer(pair, peer_broker):
    both = pair("verifiable-producer", "--bootstrap-server", peer_broker.address)
    for i, line in enumerate((["--max-messages", 5], ["--max-messages", 4, "--value-prefix", -3, "--repeating-keys", 2],
                              ["--max-messages", 3, "--acks", 0], ["--max-messages", 0], ["--max-messages", 2, "--acks", 1])):
        done = []
        for who, run in (("java", both.java), ("ours", both.ours)):
            topic = f"verifiable-{i}-{who}"
            clients.create_topic(peer_broker, topic)
            done.append(run("--topic", topic, *line))
            done[-1].stdout = done[-1].stdout.replace(topic, "TOPIC")
        both.compare(line, *done, normalize=json_shape, errors=True)
    both.same("--topic", "bad name", "--max-messages", 2, normalize=lambda text: json_shape(text).replace(
        # Java's second record meets the topic in its list of invalid ones
        "InvalidTopicException'), ('message', 'bad name'", "InvalidTopicException'), ('message', 'Invalid topics: [bad name]'"))


def test_a_verifiable_consumer(pair, peer_broker, topic):
    clients.create_topic(peer_broker, topic)
    pair("verifiable-producer").ours("--bootstrap-server", peer_broker.address, "--topic", topic, "--max-messages", 40,
                                     "--repeating-keys", 3)
    both = pair("verifiable-consumer", "--bootstrap-server", peer_broker.address, "--topic", topic)
    for i, line in enumerate((["--max-messages", 12], ["--max-messages", 3, "--verbose"], ["--max-messages", 0],
                              ["--max-messages", 5, "--enable-autocommit"], ["--group-protocol", "other", "--max-messages", 1])):
        theirs = both.java("--group-id", f"java-{i}", *line)
        ours = both.ours("--group-id", f"ours-{i}", *line)
        both.compare(line, theirs, ours, normalize=json_shape, errors=True)


@pytest.mark.parametrize("words", [
    "--topic bad/name --group-id g", "--topic t --group-id g --reset-policy bad", "--topic t --group-id g --session-timeout 100",
    "--topic t --group-id g --consumer.config /no/such/file"])
def test_members_that_cannot_be(pair, peer_broker, words):
    both = pair("verifiable-consumer", "--bootstrap-server", peer_broker.address)
    theirs, ours = both.java(*words.split()), both.ours(*words.split())
    shaped = json_shape if theirs.stdout.startswith("{") else shape
    both.compare(words, theirs, ours, shaped)
    assert messages(ours)[-1] == messages(theirs)[-1]


def test_latency(pair, peer_broker, topic):
    both = pair("e2e-latency", peer_broker.address)

    def mask(text):
        return shape(re.sub(r"(?m)^(\d+)\t\S+$", r"\1 T", text))
    for words in ((topic + "-{}", 1001, 1, 20), ("bad name", 5, 1, 10), (topic + "-{}", 0, 1, 5), (topic + "-{}", -4, 1, 5),
                  (topic + "-{}", 2, 1, -5), (topic + "-{}", "x", 1, 5), (topic + "-{}", 5, -1, 5), (topic + "-{}", 1, 1, 2000000)):
        done = []
        for who, run in (("java", both.java), ("ours", both.ours)):
            done.append(run(*(str(w).format(who) for w in words)))
            done[-1].stdout = done[-1].stdout.replace(f"-{who}", "")
        both.compare(words, *done, normalize=mask)
        assert messages(done[1]) == messages(done[0])


def test_versions_and_cluster(pair, peer_broker, run):
    for broker in (peer_broker, run.broker(7)):
        pair("broker-api-versions").same("--bootstrap-server", broker.address)
        cluster = pair("cluster")
        cluster.same("cluster-id", "-b", broker.address)
        cluster.same("unregister", f"--bootstrap-server={broker.address}", "--id", 4)
        cluster.same("cluster-id", "-C", broker.address)
    for words in (["--bootstrap-server", "no.such.host.:1"], ["--bootstrap-server", "x"], [], ["--version"],
                  ["--bootstrap-server", "127.0.0.1:1", "--command-config", "/no/such/file"],
                  ["--bootstrap-server", f"127.0.0.1:{harness.free_port()}"]):
        theirs, ours = pair("broker-api-versions").java(*words), pair("broker-api-versions").ours(*words)
        assert (theirs.code, theirs.stdout.replace("3.9.1", "3.9.0")) == (ours.code, ours.stdout), words
        if "--version" not in words:
            assert messages(ours)[-1] in messages(theirs), words
