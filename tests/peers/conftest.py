"""Tests with Apache Kafka 3.9 itself, from Maven; skipped with a message where that is not to be had."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
INTEGRATION = HERE.parent / "integration"
sys.path.insert(0, str(INTEGRATION))

import harness  # noqa: E402  pylint: disable=wrong-import-position
import tool_pairs  # noqa: E402  pylint: disable=wrong-import-position

# The fixtures of the integration tests are ours too.
_spec = importlib.util.spec_from_file_location("integration_conftest", INTEGRATION / "conftest.py")
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
globals().update({k: v for k, v in vars(_module).items() if not k.startswith("__")})


def fetched_home(home, *pom):
    fetched = subprocess.run([HERE / "fetch.sh", home / "libs", *pom], capture_output=True, text=True, check=False)
    if fetched.returncode == 77:
        pytest.skip(fetched.stdout.strip())
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
    return home


@pytest.fixture(scope="session")
def kafka_home():
    """A directory with libs/: the jars of Apache Kafka 3.9 and its dependencies."""
    build = pathlib.Path(os.environ.get("MOLDAU_BUILD", harness.ROOT / "build"))
    return fetched_home(pathlib.Path(os.environ.get("MOLDAU_PEERS_DIR", build / "peers")))


@pytest.fixture(scope="session")
def old_kafka_home():
    """The same for Apache Kafka 2.8, the last with --zookeeper in its tools."""
    build = pathlib.Path(os.environ.get("MOLDAU_BUILD", harness.ROOT / "build"))
    return fetched_home(pathlib.Path(os.environ.get("MOLDAU_OLD_PEERS_DIR", build / "peers-2.8")), "pom-2.8.xml")


@pytest.fixture(scope="module")
def peer_broker(kafka_home, zookeeper):
    """Apache's broker for all tests of a file: tools are compared in front of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOLDAU_TEST_BROKER", str(kafka_home))
        for run in _module.make_run(zookeeper):
            yield run.broker(0, offsets_topic_num_partitions=3)


def make_tool_server(home, classes):
    subprocess.run(["javac", "-nowarn", "-d", classes, "-cp", f"{home}/libs/*", HERE / "ToolServer.java"], check=True)
    server = tool_pairs.ToolServer(home, classes)
    yield server
    server.close()


@pytest.fixture(scope="session")
def tool_server(kafka_home, tmp_path_factory):
    """A JVM for tool_pairs.ToolPair(server=...)."""
    yield from make_tool_server(kafka_home, tmp_path_factory.mktemp("tool-classes"))


@pytest.fixture(scope="session")
def old_tool_server(old_kafka_home, tmp_path_factory):
    """The same with the tools of Apache Kafka 2.8."""
    yield from make_tool_server(old_kafka_home, tmp_path_factory.mktemp("old-tool-classes"))


@pytest.fixture(scope="session")
def client_classes(kafka_home, tmp_path_factory):
    """The Java programs that are clients, compiled."""
    classes = tmp_path_factory.mktemp("classes")
    subprocess.run(["javac", "-nowarn", "-d", classes, "-cp", f"{kafka_home}/libs/*",
                    *(HERE / f"{name}.java" for name in ("ClientCheck", "GroupCheck", "PasswordCheck"))], check=True)
    return classes


def java_program(kafka_home, classes, name):
    def run(*args, timeout=180):
        done = subprocess.run(
            ["java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", f"{classes}:{kafka_home}/libs/*", name,
             *map(str, args)], capture_output=True, text=True, timeout=timeout * harness.SLOW, check=False)
        assert done.returncode == 0 and done.stdout.endswith("OK\n"), done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout
    return run


@pytest.fixture
def java_client(kafka_home, client_classes):
    """Runs ClientCheck; returns what it printed."""
    return java_program(kafka_home, client_classes, "ClientCheck")


@pytest.fixture
def java_groups(kafka_home, client_classes):
    """The same with GroupCheck."""
    return java_program(kafka_home, client_classes, "GroupCheck")
