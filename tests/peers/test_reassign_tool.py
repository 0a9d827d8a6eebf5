"""kafka-reassign-partitions.sh beside Apache's, in front of three of Apache's brokers."""

import json
import os
import pathlib
import random
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cluster"))

import conftest  # noqa: E402  pylint: disable=wrong-import-position
import members  # noqa: E402  pylint: disable=wrong-import-position
import tool_pairs  # noqa: E402  pylint: disable=wrong-import-position
from harness import wait_until  # noqa: E402  pylint: disable=wrong-import-position

CLASS = "org.apache.kafka.tools.reassign.ReassignPartitionsCommand"


def without_traces(text):
    """Java adds the places in its source."""
    return re.sub(r"^\t(at |\.\.\. \d+ more).*\n", "", tool_pairs.without_times(text), flags=re.M)


@pytest.fixture(scope="module")
def cluster(kafka_home, zookeeper):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOLDAU_TEST_BROKER", str(kafka_home))
        for run in conftest.make_run(zookeeper):
            brokers = [run.broker(i, start=False, log_dirs=2, broker_rack=f"r{i % 2}") for i in range(3)]
            for b in brokers:
                b.launch()
            for b in brokers:
                b.wait_started()
            members.await_members(brokers)
            yield run, brokers


@pytest.fixture(scope="module")
def pair(cluster, kafka_home, tool_server, tmp_path_factory):
    config = tmp_path_factory.mktemp("config") / "client.properties"
    config.write_text("default.api.timeout.ms=3000\nrequest.timeout.ms=2000\n")
    made = tool_pairs.ToolPair(kafka_home, CLASS, "reassign-partitions", "--bootstrap-server", members.bootstrap(cluster[1]),
                               "--command-config", config, directory=tmp_path_factory.mktemp("pairs"), server=tool_server)
    return made


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
         "--bootstrap-server x:1 --bootstrap-server y:1 --list", "--bootstrap-server 127.0.0.1:1 --list --command-config nowhere",
         "--bootstrap-server x:1 --list --list", "--bootstrap-server= --list",
         "--bootstrap-server 127.0.0.1:1 --execute --reassignment-json-file nowhere",
         "--bootstrap-server 127.0.0.1:1 --execute --reassignment-json-file /tmp",
         "--bootstrap-server 127.0.0.1:1 --generate --broker-list 1 --topics-to-move-json-file /tmp/nowhere/x",
         ]


def test_usage(pair_alone):
    for line in USAGE:
        theirs, ours = pair_alone.java(*line.split()), pair_alone.ours(*line.split())
        pair_alone.compare(line.split(), theirs, ours, without_traces)
        assert first_error(ours) == first_error(theirs), line


def first_error(done):
    """The message on stderr; a usage table may follow."""
    lines = [line for line in done.errors() if " WARN " not in line and line]
    return re.sub(r"^Exception in thread .* joptsimple.\w+: ", "", lines[0]) if lines else None


NESTED = '{"version": 1, "partitions": [{"topic": "\\u00e9\\n\xe9", "partition": -0.5e+3, "replicas": [true, null, false, 12, 0]}]}\n'
FAULTS = ["", " \n", "x", "{} x", '{"a":01}', '{"a":-', '{"a":-x}', "[-.5]", "[0.]", "[1.", "[1.5e", "[1.5e+", "[1e+x]", "[1.5ex]", "[0.5ex]",
          "[0e]", "[0x]", "[1x]", "1x", "-1x", "12", "1.5,", '{"a":1,', "[1,", "[1,]", "[1,}", '{"a":}', '{"a":1,]', '{"a":]', "[}", "{]", "]", "}", "[1}", "[\n {\r\n\r ]",
          '{"a', '{"a\\', '["\\u12', '["\\u12x', '["\\q', '["\\é', '["a\tb', '{"a\nb', "[nul", "[nulll]", "[NaN]", "[NaNa]", "[Nan]", "[Infinity]",
          "[Inf]", "[-Infinity]", "[-INF]", "[-Ix]", "[-I", "[+INF]", "[+5]", "[+", "[+.5]", "[.5]", "[a.b]", "[$a_1é]", "[é]", "[//", "[#]", "[1 /* c */]",
          "['a']", "{'a':1}", "{a:1}", "[\ufeff]", "\ufeff{}", "[\x00]", "[\x01]", "[\x7f]", "[\U0001f600]", "[\u20ac]", "[\u2013]", "[1\U0001f600]", "[-\U0001f600]", '["\U0001f600" x]', "[1.\U0001f600]", "[\u3042]", "[" + "x" * 300 + "]",
          "[" * 1001, '{"a":' * 1001, "[" * 900, "[true false]", '[1 "x"]', '{"a":1 "b"}', '{"a" "b"}', "[tru\x01e]", '"abc', "tru", "nullx", "-", "-5 x", "5 x"]


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


P = '{"version":1,"partitions":[%s]}'
T0 = '{"topic":"t","partition":0,"replicas":[%s]}'
FILES = ["", " \n", "x", "{", "{}", "[]", "null", "5", '"s"', "{} x", "{,}", '{"a":1,}', '{"a"', '{"a":', '{"a" 1}', '{"a":tru}', '{"a":nul', "[1,2",
         '[1 2]', '{a:1}', "{'a':1}", '{"a":01}', '{"a":-}', '{"a":1.}', '{"a":1e}', '{"a":.5}', '{"a":"\\x"}', '{"a":"\\u12g4"}', '{"a":"x\ny"}',
         '{"a":"x', '{"a":NaN}', '{"a":+1}', '// c\n{}', '{"a":1]', '[1}', '{"a":"\\u12', '{"a":Infinity}', '{"a":truex}', '{"a":1x}', '\ufeff{}', '{"a":é}', '{"a":1\x01}', '[\x7f]', ']', '}',
         '{"version":2}', '{"version":"1"}', '{"version":1.0}', '{"version":null}', '{"version":99999999999}', '{"version":99999999999999999999999}', '{"version":1,"version":3}',
         '{"version":true}', '{"partitions":{}}', '{"partitions":null}', P % "1", P % "{}", P % '{"topic":1}', P % '{"topic":"t"}', P % '{"topic":"t","partition":"0"}',
         P % '{"topic":"t","partition":0}', P % '{"topic":"t","partition":0,"replicas":1}', P % '{"topic":"t","partition":0,"replicas":["1"]}',
         P % '{"topic":"t","partition":0,"replicas":[1,2],"log_dirs":["any"]}', P % '{"topic":"t","partition":0,"replicas":[1,2],"log_dirs":{"a":[1.5,1e10,"\\u00e9\\n\\/",true,null]}}',
         P % '{"topic":"t","partition":0,"replicas":[1,2],"log_dirs":["any",5]}',
         P % '', P % (T0 % ''), P % (T0 % '1') + "x", P % (T0 % '1,1,2,2,1'), P % ", ".join([T0 % '1'] * 3), P % (T0 % '1,2,1' + ',{"topic":"u","partition":1,"replicas":[17,1,1,17]}'),
         P % (T0 % '9'), P % (T0 % '0,1,77,9'), P % '{"topic":"nope","partition":0,"replicas":[0]}', P % '{"topic":"t","partition":7,"replicas":[0]}',
         P % '{"topic":"t","partition":-1,"replicas":[0]}', P % '{"topic":"","partition":0,"replicas":[0]}', P % '{"topic":"a b","partition":0,"replicas":[0]}',
         P % '{"topic":"t","partition":0,"replicas":[-1]}', P % '{"topic":"t","partition":0,"replicas":[1.5]}', P % '{"topic":"many","partition":40,"replicas":[0]}', P % '{"topic":"many","partition":41,"replicas":[0]}',
         ]


def test_files(pair, cluster, tmp_path):
    members.create_topic(cluster[1], "t", 1, 1)
    members.create_topic(cluster[1], "many", 40, 2)
    file = tmp_path / "f.json"
    for text in FILES:
        file.write_text(text)
        for line in ("--execute --reassignment-json-file", "--verify --preserve-throttles --reassignment-json-file", "--cancel --preserve-throttles --reassignment-json-file"):
            if text in FILES[-15:] or line.startswith("--exec"):
                theirs, ours = pair.java(*line.split(), file), pair.ours(*line.split(), file)
                a, b = without_traces(theirs.stdout), without_traces(ours.stdout)
                if (a, theirs.code) != (b, ours.code):
                    print("=====", text, line, theirs.code, ours.code)
                    print(a)
                    print("--ours")
                    print(b, ours.stderr)
