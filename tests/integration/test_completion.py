"""The completion in bash asks a real broker for names, and is silent and quick about one that is not there."""

import os
import subprocess
import time

from harness import ROOT, SLOW, free_port

BUILD = os.environ.get("MOLDAU_BUILD", str(ROOT / "build"))
COMPLETE = r"""
. "$1/completion/moldau"
COMP_LINE=$2
COMP_POINT=${#COMP_LINE}
COMPREPLY=()
_moldau
printf '%s\n' "${COMPREPLY[@]}"
"""


def offers(line):
    done = subprocess.run(["bash", "-c", COMPLETE, "bash", BUILD, line], capture_output=True, text=True, timeout=30 * SLOW)
    assert (done.returncode, done.stderr) == (0, ""), line
    return done.stdout.split()


def script(name):
    return f"{ROOT}/bin/kafka-{name}.sh"


def test_names_of_topics(broker, topic):
    line = f"{script('topics')} --bootstrap-server {broker.address} --create --topic {topic} --partitions 1"
    subprocess.run(line.split(), check=True, capture_output=True, timeout=30 * SLOW)
    asked = f"{script('console-consumer')} --bootstrap-server {broker.address} --topic"
    assert offers(f"{asked} {topic[:-1]}") == [topic]
    assert offers(f"{asked}={topic}") == [topic]
    assert offers(f"{asked} nothing-of-the-kind") == []


def test_names_of_groups(broker, topic):
    line = f"{script('topics')} --bootstrap-server {broker.address} --create --topic {topic} --partitions 1"
    subprocess.run(line.split(), check=True, capture_output=True, timeout=30 * SLOW)
    group = f"group-of-{topic}"
    line = (f"{script('consumer-groups')} --bootstrap-server {broker.address} --group {group} --topic {topic} "
            "--reset-offsets --to-earliest --execute")
    subprocess.run(line.split(), check=True, capture_output=True, timeout=30 * SLOW)
    assert offers(f"{script('consumer-groups')} --describe --bootstrap-server {broker.address} --group {group[:-2]}") == [group]


def test_no_broker():
    begin = time.monotonic()
    assert offers(f"{script('topics')} --bootstrap-server 127.0.0.1:{free_port()} --topic a") == []
    assert time.monotonic() - begin < 5 * SLOW
