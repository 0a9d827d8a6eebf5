"""zookeeper-shell.sh and the Java shell that Apache Kafka runs say the same, command by command."""

import os
import re
import subprocess
import uuid

import pytest

import harness
import shell_scripts

EVENT = re.compile(r"\nWATCHER::\n\n(WatchedEvent .*)\n")


def java(kafka_home):
    log4j = kafka_home / "shell-log4j.properties"
    log4j.write_text("log4j.rootLogger=WARN, err\nlog4j.appender.err=org.apache.log4j.ConsoleAppender\n"
                     "log4j.appender.err.layout=org.apache.log4j.PatternLayout\nlog4j.appender.err.target=System.err\n"
                     "log4j.appender.err.layout.ConversionPattern=[%d] %p %m (%c)%n\n")
    return ["java", "-XX:TieredStopAtLevel=1", f"-Dlog4j.configuration=file:{log4j}", "-Dfile.encoding=UTF-8", "-cp", f"{kafka_home}/libs/*",
            "org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka", "-server"]


def plain(text, root):
    """Without what differs from run to run."""
    text = re.sub(r"^\[\d{4}-[^\]]*\]", "[time]", text, flags=re.M)
    text = re.sub(r"Zxid = 0x[0-9a-f]+|(?<=ephemeralOwner = 0x)[0-9a-f]{2,}", "...", text)
    text = re.sub(r"^([cm]time) = \w{3} \w{3} .*", r"\1 = ...", text, flags=re.M)
    return text.replace(root, "ROOT")


def converse(command, zookeeper, script, args):
    """What is printed without the events, which come from another thread in Java, then the events, errors, exit code. Both write
    to a node of their own."""
    root = "/peer-" + uuid.uuid4().hex[:12]
    with zookeeper.client() as client:
        client.create(root)
        done = subprocess.run([*command, zookeeper.address, *(arg.replace("ROOT", root) for arg in args)],
                              input=script.replace("ROOT", root).encode(), capture_output=True, timeout=120 * harness.SLOW,
                              env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
    out = plain(done.stdout.decode(errors="replace"), root)
    err = "\n".join(line for line in plain(done.stderr.decode(errors="replace"), root).splitlines() if not line.startswith("\tat "))
    return EVENT.sub("", out), EVENT.findall(out), err, done.returncode


def compare(kafka_home, zookeeper, script="", args=(), events=True):
    wanted = converse(java(kafka_home), zookeeper, script, args)
    got = converse([harness.ROOT / "bin" / "zookeeper-shell.sh"], zookeeper, script, args)
    assert got[0] == wanted[0]
    assert got[2] == wanted[2]
    assert got[3] == wanted[3]
    assert got[1] == wanted[1] or not events


@pytest.mark.parametrize("name", shell_scripts.ALL)
def test_conversations(kafka_home, zookeeper, name):
    compare(kafka_home, zookeeper, shell_scripts.ALL[name])


@pytest.mark.parametrize("args", [
    ["ls", "ROOT"], ["ls", "-s", "ROOT"], ["get", "ROOT/nope"], ["create", "ROOT/1", "a"], ["-timeout", "5000", "ls", "ROOT"],
    ["-timeout", "x", "ls", "/"], ["-r", "ls", "ROOT"], ["-unknown", "ls", "ROOT"], ["-timeout"], ["history"], ["redo", "0"],
    ["printwatches"], ["whoami"], ["sync", "ROOT"], ["getAcl", "-s", "ROOT"], ["config"], ["nosuch"], ["ls"], ["ls", "x"],
], ids=" ".join)
def test_one_command(kafka_home, zookeeper, args):
    # without a need for the server Java may or may not have connected when it ends
    compare(kafka_home, zookeeper, args=args, events="ROOT" in args)
