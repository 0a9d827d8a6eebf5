"""The same command line for Apache's tool and for ours, against the same broker: what both print must be the same.

A test makes a ToolPair and calls same() with command lines that leave things as they are, or ours() and java() one by
one where they change something. stdout and the exit code are compared; stderr is not, since Java adds stack traces.

    def test_something(kafka_home, peer_broker):
        pair = tool_pairs.ToolPair(kafka_home, "org.apache.kafka.tools.TopicCommand", "topics",
                                   "--bootstrap-server", peer_broker.address)
        pair.same("--list")
"""

import base64
import dataclasses
import difflib
import os
import pathlib
import re
import subprocess
import tempfile
import threading

import harness

# Calls that time out tell when and how often they were tried.
TIME_OUT = re.compile(r"(deadlineMs|tries|nextAllowedTryMs)=\d+|timed out at \d+ after \d+ attempt")
LOG4J = """log4j.rootLogger=WARN, stderr
log4j.appender.stderr=org.apache.log4j.ConsoleAppender
log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern=[%d] %p %m (%c)%n
log4j.appender.stderr.Target=System.err
log4j.appender.stderr.follow=true
"""


@dataclasses.dataclass
class Done:
    """What a tool has done."""
    stdout: str
    stderr: str
    code: int

    def errors(self):
        """The lines of stderr without Java's stack traces and the option table."""
        lines = self.stderr.split("\nOption  ")[0].splitlines()
        return [line for line in lines if not re.match(r"\s+(at |\.\.\. )|Caused by: ", line)]


def find_moldau():
    build = pathlib.Path(os.environ.get("MOLDAU_BUILD", harness.ROOT / "build"))
    return build / "moldau"


def without_times(text):
    return TIME_OUT.sub("", text)


def without_newlines(text):
    """For the tables of Kafka 3.8 and 3.9 whose rows follow each other on one line (doc/differences.md)."""
    return without_times(text).replace("\n", "")


def java_argv(directory, *class_path):
    log4j = pathlib.Path(directory) / f"tools-log4j-{os.getpid()}.properties"
    log4j.write_text(LOG4J)
    return ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8",
            f"-Dlog4j.configuration=file:{log4j}", "-cp", ":".join(map(str, class_path))]


class ToolServer:
    """One JVM that runs tools one after the other, which saves a second each; for tools that do not read stdin."""

    def __init__(self, kafka_home, classes):
        argv = java_argv(classes, classes, f"{kafka_home}/libs/*") + ["ToolServer"]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, words, timeout):
        timer = threading.Timer(timeout, self.process.kill)
        timer.start()
        self.process.stdin.write(" ".join(base64.b64encode(w.encode()).decode() for w in words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split(" ")
        timer.cancel()
        assert len(answer) == 3, f"no answer to {words}"
        return Done(base64.b64decode(answer[1]).decode(), base64.b64decode(answer[2]).decode(), int(answer[0]))

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


class ToolPair:
    """`java_class` and `moldau tool`, with arguments that go first in every command line. With a `server` (the fixture
    tool_server) Apache's tool runs in its JVM, else in one of its own."""

    def __init__(self, kafka_home, java_class, tool, *first, directory=None, server=None):
        self.directory = pathlib.Path(directory or tempfile.gettempdir())
        self.java_class, self.server = java_class, server
        self.java_argv = java_argv(self.directory, f"{kafka_home}/libs/*") + [java_class]
        self.our_argv = [str(find_moldau()), tool]
        self.first = [str(a) for a in first]

    def _run(self, argv, args, stdin, timeout):
        done = subprocess.run(argv + self.first + [str(a) for a in args], input=stdin, capture_output=True, text=True,
                              cwd=self.directory, timeout=timeout * harness.SLOW, check=False)
        return Done(done.stdout, done.stderr, done.returncode)

    def java(self, *args, stdin="", timeout=120):
        if self.server:
            return self.server.run([self.java_class, *self.first, *map(str, args)], timeout * harness.SLOW)
        return self._run(self.java_argv, args, stdin, timeout)

    def ours(self, *args, stdin="", timeout=60):
        return self._run(self.our_argv, args, stdin, timeout)

    def same(self, *args, stdin="", normalize=without_times, errors=False):
        """Runs both and fails on a difference; returns what ours did. With `errors` the messages on stderr must be
        the same too."""
        theirs, ours = self.java(*args, stdin=stdin), self.ours(*args, stdin=stdin)
        self.compare(args, theirs, ours, normalize, errors)
        return ours

    def compare(self, args, theirs, ours, normalize=without_times, errors=False):
        if errors:
            assert ours.errors() == theirs.errors(), f"{' '.join(map(str, args))}: stderr"
        a, b = normalize(theirs.stdout), normalize(ours.stdout)
        if a == b and theirs.code == ours.code:
            return
        diff = "\n".join(difflib.unified_diff(a.splitlines(), b.splitlines(), "Apache", "Moldau", lineterm="", n=1))
        raise AssertionError(f"{' '.join(map(str, args))}: exit {theirs.code} and {ours.code}\n{diff}\n"
                             f"{theirs.stderr[-1500:]}\n{ours.stderr[-1500:]}")
