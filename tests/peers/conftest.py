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

# The fixtures of the integration tests are ours too.
_spec = importlib.util.spec_from_file_location("integration_conftest", INTEGRATION / "conftest.py")
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
globals().update({k: v for k, v in vars(_module).items() if not k.startswith("__")})


@pytest.fixture(scope="session")
def kafka_home():
    """A directory with libs/: the jars of Apache Kafka 3.9 and its dependencies."""
    build = pathlib.Path(os.environ.get("MOLDAU_BUILD", harness.ROOT / "build"))
    home = pathlib.Path(os.environ.get("MOLDAU_PEERS_DIR", build / "peers"))
    fetched = subprocess.run([HERE / "fetch.sh", home / "libs"], capture_output=True, text=True, check=False)
    if fetched.returncode == 77:
        pytest.skip(fetched.stdout.strip())
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
    return home


@pytest.fixture(scope="session")
def client_classes(kafka_home, tmp_path_factory):
    """ClientCheck and PasswordCheck, compiled."""
    classes = tmp_path_factory.mktemp("classes")
    subprocess.run(["javac", "-nowarn", "-d", classes, "-cp", f"{kafka_home}/libs/*", *HERE.glob("*.java")],
                   check=True)
    return classes


@pytest.fixture
def java_client(kafka_home, client_classes):
    """Runs ClientCheck; returns what it printed."""
    def run(*args, timeout=180):
        done = subprocess.run(
            ["java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", f"{client_classes}:{kafka_home}/libs/*", "ClientCheck",
             *map(str, args)], capture_output=True, text=True, timeout=timeout * harness.SLOW, check=False)
        assert done.returncode == 0 and done.stdout.endswith("OK\n"), done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout
    return run
