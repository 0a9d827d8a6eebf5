"""kafka-dump-log.sh and Apache Kafka's own DumpLogSegments print the same of the same files, good or damaged."""

import itertools
import os
import pathlib
import random
import re
import shutil
import subprocess

import pytest

import harness
from test_same_files import start

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("MOLDAU_BUILD", harness.ROOT / "build"))

CONTENT = {"offsets": "--offsets-decoder", "txn": "--transaction-log-decoder", "kraft": "--cluster-metadata-decoder",
           "remote": "--remote-log-metadata-decoder"}
LOG_OPTIONS = [[], ["--deep-iteration"], ["--print-data-log"], ["--print-data-log", "--skip-record-metadata"],
               *([decoder] for decoder in CONTENT.values()), ["--max-bytes", "300", "--print-data-log"], ["--max-bytes", "-1"],
               ["--value-decoder-class", "org.apache.kafka.tools.api.LongDecoder", "--key-decoder-class",
                "kafka.serializer.IntegerDecoder"], ["--key-decoder-class"], ["--value-decoder-class", "no.Such"]]
INDEX_OPTIONS = [[], ["--verify-index-only"], ["--index-sanity-check"], ["--max-message-size", "70"]]


class Apache:
    """DumpCheck: writes files, dumps many in one Java machine."""
    def __init__(self, home, classes):
        self.java = ["java", "-Xmx1g", "-Dfile.encoding=UTF-8", "-cp", f"{classes}:{home}/libs/*", "DumpCheck"]

    def write(self, directory):
        subprocess.run([*self.java, "write", directory], check=True, stderr=subprocess.DEVNULL)

    def dump(self, command_lines, directory):
        """Standard output, standard error, exit code of each."""
        directory.mkdir()
        lines = "".join("\t".join(map(str, line)) + "\n" for line in command_lines)
        subprocess.run([*self.java, "dump", directory], input=lines.encode(), stderr=subprocess.DEVNULL, check=True)
        return [self.result(directory, i) for i in range(len(command_lines))]

    @staticmethod
    def result(directory, i):
        err = [line for line in (directory / f"{i}.err").read_text(errors="replace").splitlines() if not line.startswith("log4j:")]
        return (directory / f"{i}.out").read_bytes(), err, int(any(line.startswith("Exception in thread") for line in err))


@pytest.fixture(scope="session")
def apache(kafka_home, tmp_path_factory):
    classes = tmp_path_factory.mktemp("dump-classes")
    subprocess.run(["javac", "-nowarn", "-d", classes, "-cp", f"{kafka_home}/libs/*", HERE / "DumpCheck.java"], check=True)
    return Apache(kafka_home, classes)


@pytest.fixture(scope="session")
def samples(apache, tmp_path_factory):
    directory = tmp_path_factory.mktemp("samples")
    apache.write(directory)
    return directory


def ours(line):
    done = subprocess.run([BUILD / "moldau", "dump-log", *map(str, line)], capture_output=True, timeout=120 * harness.SLOW, check=False)
    return done.stdout, done.stderr.decode(errors="replace").splitlines(), done.returncode


def compare(apache, command_lines, directory):
    """Everything is the same. Returns how many there were."""
    mine = [ours(line) for line in command_lines]  # first, since Java makes missing index files
    for line, got, wanted in zip(command_lines, mine, apache.dump(command_lines, directory)):
        assert got == wanted, " ".join(map(str, line))
    return len(command_lines)


def test_files_of_every_kind(apache, samples, tmp_path):
    lines = []
    for file in sorted(path for path in samples.rglob("*") if path.is_file()):
        log = file.suffix in (".log", ".checkpoint")
        lines += [["--files", file, *options] for options in (LOG_OPTIONS if log else INDEX_OPTIONS)]
    for directory in samples.glob("segment*"):
        lines.append(["--files", ",".join(map(str, sorted(directory.iterdir())))])
    before = {file: file.read_bytes() for file in samples.rglob("*") if file.is_file()}
    assert compare(apache, lines, tmp_path / "out") > 500
    assert before == {file: file.read_bytes() for file in samples.rglob("*") if file.is_file()}, "files are only read"


def damage(rng, data):
    if not data:
        return bytes(rng.randrange(1, 30))
    at = rng.randrange(min(len(data), rng.choice([70, 300, 1 << 30])))
    kind = rng.randrange(10)
    if kind < 6:
        return data[:at] + bytes([rng.choice([0, 1, 127, 128, 255, data[at] ^ 1, rng.randrange(256)])]) + data[at + 1:]
    if kind < 8:
        return data[:at]
    return data[:at] + rng.randbytes(rng.randrange(1, 9)) + data[at + rng.randrange(2) * 4:]


def test_damaged_logs(apache, samples, tmp_path):
    """What is printed until reading cannot go on is the same, and how it ends. Texts of exceptions are not looked at, nor the
    errors inside of the content: they come from the depths of Java's libraries."""
    seed = int(os.environ.get("MOLDAU_TEST_SEED", "1"))
    print(f"MOLDAU_TEST_SEED={seed}")
    rng = random.Random(seed)
    # not the old formats: Java shows negative sizes and bad inner messages as they are
    sources = [path for path in sorted(samples.rglob("*.log")) if path.parent.name.startswith(("v2", "gaps", "tr", "kraft", "remote"))]
    lines = []
    for i in range(300):
        source = rng.choice(sources)
        file = tmp_path / f"{i}-{source.parent.name}" / source.name
        file.parent.mkdir()
        file.write_bytes(damage(rng, source.read_bytes()))
        lines.append(["--files", file, *rng.choice([[], ["--deep-iteration"], [CONTENT.get(source.parent.name, "--print-data-log")]])])
    mine = [ours(line) for line in lines]
    for line, got, wanted in zip(lines, mine, apache.dump(lines, tmp_path / "out")):
        if b" magic: 1 " in wanted[0] or b" magic: 0 " in wanted[0] or "smaller than minimum record overhead (49)" in str(got[1]):
            continue  # see above; a batch shorter than its header is one that Java reads beyond
        assert (without_unknown_versions(got[0], wanted[0]), got[2]) == (wanted[0], wanted[2]), " ".join(map(str, line))


def without_unknown_versions(got, wanted):
    """Java reads a metadata record of a version that does not exist yet as far as it knows the fields; we refuse it."""
    got, wanted = got.split(b"\n"), wanted.split(b"\n")
    return b"\n".join(w if (b" Failed to deserialize " in g or g.endswith(b" {}")) and re.search(rb'"version":\d{2,}', w) else g
                      for g, w in itertools.zip_longest(got, wanted, fillvalue=b""))


def test_damaged_indexes(apache, samples, tmp_path):
    seed = int(os.environ.get("MOLDAU_TEST_SEED", "1"))
    print(f"MOLDAU_TEST_SEED={seed}")
    rng = random.Random(seed)
    lines = []
    for i in range(300):
        directory = tmp_path / str(i)
        shutil.copytree(rng.choice(sorted(samples.glob("segment*"))), directory)
        file = rng.choice(sorted(path for path in directory.iterdir() if path.suffix != ".log"))
        file.write_bytes(damage(rng, file.read_bytes()))
        lines.append(["--files", file, *rng.choice(INDEX_OPTIONS)])
    compare(apache, lines, tmp_path / "out")


@pytest.mark.parametrize("writer", ["apache", "moldau"])
def test_files_of_brokers(apache, java_client, kafka_home, run, topic, monkeypatch, tmp_path, writer):
    """Segments that a broker has written and closed, with all that lies beside them."""
    broker = run.broker(0, start=False, log_segment_bytes=65536, log_index_interval_bytes=1024)
    start(broker, kafka_home if writer == "apache" else None, monkeypatch)
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        java_client(broker.address, topic, "produce", 2000, codec)
    broker.stop(timeout=90)
    monkeypatch.delenv("MOLDAU_TEST_BROKER", raising=False)
    files = sorted(path for path in pathlib.Path(broker.log_dirs[0]).glob(f"{topic}-*/0*") if path.suffix in (".log", ".index", ".timeindex", ".snapshot"))
    assert {path.suffix for path in files} == {".log", ".index", ".timeindex", ".snapshot"} and len(files) >= 12
    lines = [["--files", ",".join(map(str, files)), *options] for options in ([], ["--print-data-log"], ["--index-sanity-check"])]
    lines += [["--files", path, "--deep-iteration"] for path in files]
    compare(apache, lines, tmp_path / "out")
