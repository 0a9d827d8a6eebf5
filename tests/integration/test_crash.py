"""kill -9, damaged files and full disks: what was acknowledged stays, once, where it was acknowledged."""

import os
import random
import shutil
import subprocess
import threading
import time

import confluent_kafka
import pytest

import clients
from clients import Record
from harness import SLOW, make_directory, remove_directory, running_moldau, wait_until
from wire import Connection

KILLS = int(os.environ.get("MOLDAU_TEST_KILLS", "20"))


class SteadyProducer(threading.Thread):
    """Sends numbered records as fast as it may, idempotent and acks=all, and remembers what was acknowledged where."""

    def __init__(self, broker, topic):
        super().__init__()
        self.topic = topic
        self.acked = {}  # number -> offset
        self.failed = []
        self.running = True
        self.producer = clients.confluent_producer(
            broker, acks="all", enable_idempotence=True, linger_ms=2, message_timeout_ms=int(300000 * SLOW),
            reconnect_backoff_max_ms=200, retry_backoff_ms=20)

    def run(self):
        number = 0
        while self.running:
            while number - len(self.acked) > 2000 and self.running:
                self.producer.poll(0.01)
            self.producer.produce(self.topic, value=b"%d" % number, partition=0, on_delivery=self.note(number))
            number += 1
            self.producer.poll(0.02 if number % 200 == 0 else 0)  # a few thousand a second are enough
        self.left = self.producer.flush(120 * SLOW)

    def note(self, number):
        def report(error, message):
            if error:
                self.failed.append((number, str(error)))
            else:
                self.acked[number] = message.offset()
        return report

    def finish(self):
        self.running = False
        self.join(200 * SLOW)
        assert not self.is_alive() and self.left == 0
        assert not self.failed, self.failed[:5]


def check_all_there(broker, topic, acked, start=0):
    """From offset `start` on, every acknowledged number is at its offset, and no number is there twice."""
    _, high = clients.watermarks(broker, topic)
    got = clients.confluent_consume(broker, topic, high - start, offset=start, timeout=120)
    assert [r.offset for r in got] == list(range(start, high))
    numbers = [int(r.value) for r in got]
    assert numbers == sorted(set(numbers)), "a record is there twice, or out of order"
    for number, offset in acked.items():
        assert offset < high, f"record {number} acknowledged at {offset} is lost: the log ends at {high}"
        assert offset < start or numbers[offset - start] == number
    return high


def test_kill_9_in_the_middle_of_idempotent_producing(run, topic):
    broker = run.broker(0, zookeeper_session_timeout_ms=2000)
    clients.create_topic(broker, topic, segment_bytes=200_000)
    producer = SteadyProducer(broker, topic)
    producer.start()
    rng = random.Random(2024)
    checked = 0
    for _ in range(KILLS):
        before = len(producer.acked)
        wait_until(lambda before=before: len(producer.acked) > before + 500, 60, "acknowledgements")
        time.sleep(rng.random() * 0.05)  # the instant of the blow is what is random here, nothing waits for it
        broker.kill()
        broker.start_again_after_kill()
        checked = check_all_there(broker, topic, dict(producer.acked), max(0, checked - 5000))
    producer.finish()
    assert len(producer.acked) > KILLS * 500
    check_all_there(broker, topic, producer.acked)


def filled(run, topic, count=500, **overrides):
    """A broker with a topic of numbered records, each a batch of its own, in several segments."""
    broker = run.broker(0, zookeeper_session_timeout_ms=2000, **overrides)
    clients.create_topic(broker, topic, segment_bytes=10_000, index_interval_bytes=1000)
    producer = clients.confluent_producer(broker, batch_num_messages=1, linger_ms=0)
    for i in range(count):
        producer.produce(topic, value=b"%d" % i, partition=0)
    assert producer.flush(60 * SLOW) == 0
    return broker


def values(broker, topic, count):
    return [int(r.value) for r in clients.confluent_consume(broker, topic, count)]


def last_segment(broker, topic):
    return max(broker.partition_dir(topic, 0).glob("*.log"))


def test_a_torn_tail_is_cut_off(run, topic):
    """S3: the last batch did not reach the disk whole."""
    broker = filled(run, topic)
    broker.kill()
    log = last_segment(broker, topic)
    os.truncate(log, log.stat().st_size - 7)
    broker.start_again_after_kill()
    assert clients.watermarks(broker, topic) == (0, 499)
    assert values(broker, topic, 499) == list(range(499))
    assert clients.confluent_produce(broker, topic, [Record(None, b"499")]) == [499]
    assert values(broker, topic, 500) == list(range(500))


def test_garbage_and_zeros_after_the_end_are_cut_off(run, topic):
    """S4: a power loss leaves zeros or rubbish behind."""
    broker = filled(run, topic)
    for tail in (b"\0" * 5000, random.Random(1).randbytes(3000)):
        broker.kill()
        log = last_segment(broker, topic)
        size = log.stat().st_size
        with open(log, "ab") as f:
            f.write(tail)
        broker.start_again_after_kill()
        assert clients.watermarks(broker, topic) == (0, 500)
        assert last_segment(broker, topic).stat().st_size == size
    assert values(broker, topic, 500) == list(range(500))


def test_damage_in_an_unflushed_segment_cuts_everything_after_it(run, topic):
    """S5: later segments go, although they are whole."""
    broker = filled(run, topic)
    broker.kill()
    logs = sorted(broker.partition_dir(topic, 0).glob("*.log"))
    assert len(logs) >= 3
    (broker.log_dirs[0] / "recovery-point-offset-checkpoint").write_text("0\n0\n")
    damaged = logs[-2]
    base = int(damaged.stem)
    with open(damaged, "r+b") as f:
        first = f.read(12)
        length = int.from_bytes(first[8:12], "big") + 12
        f.seek(length + 70)  # in the records of the second batch
        byte = f.read(1)
        f.seek(-1, os.SEEK_CUR)
        f.write(bytes([byte[0] ^ 1]))
    broker.start_again_after_kill()
    assert clients.watermarks(broker, topic) == (0, base + 1)
    assert values(broker, topic, base + 1) == list(range(base + 1))


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("suffix", ["index", "timeindex"])
def test_a_lost_index_is_no_loss(run, topic, suffix, clean):
    """S7, S8."""
    broker = filled(run, topic)
    broker.stop() if clean else broker.kill()
    for index in broker.partition_dir(topic, 0).glob(f"*.{suffix}"):
        index.unlink()
    broker.start_again_after_kill()
    assert clients.watermarks(broker, topic) == (0, 500)
    assert values(broker, topic, 500) == list(range(500))
    assert [int(r.value) for r in clients.confluent_consume(broker, topic, 2, offset=333)] == [333, 334]


@pytest.mark.moldau
def test_an_index_ahead_of_its_log_under_a_clean_marker(run, topic):
    """S10: Apache would use offsets a second time; we recover."""
    broker = filled(run, topic, 250)
    broker.stop()
    log = last_segment(broker, topic)
    base = int(log.stem)
    with open(log, "r+b") as f:
        first = int.from_bytes(f.read(12)[8:12], "big") + 12
        f.truncate(first)  # only the first batch is left; the index knows of more
    broker.start()
    assert clients.watermarks(broker, topic) == (0, base + 1)
    assert clients.confluent_produce(broker, topic, [Record(None, b"%d" % (base + 1))]) == [base + 1]
    assert values(broker, topic, base + 2) == list(range(base + 2))


def test_all_checkpoints_lost(run, topic):
    """S18 (a), (f)"""
    broker = filled(run, topic)
    broker.kill()
    for name in ("recovery-point-offset-checkpoint", "log-start-offset-checkpoint", "replication-offset-checkpoint"):
        (broker.log_dirs[0] / name).unlink(missing_ok=True)
    for epochs in broker.log_dirs[0].glob("*/leader-epoch-checkpoint"):
        epochs.unlink()
    broker.start_again_after_kill()
    assert clients.watermarks(broker, topic) == (0, 500)
    assert values(broker, topic, 500) == list(range(500))


def test_deleted_records_stay_deleted_after_a_crash(run, topic):
    """S18 (d): the log start offset is checkpointed."""
    broker = filled(run, topic, 300, log_flush_start_offset_checkpoint_interval_ms=200, log_initial_task_delay_ms=100)
    with Connection(broker) as c:
        assert c.delete_records(topic, 0, 120) == (0, 120)
    assert clients.watermarks(broker, topic) == (120, 300)
    checkpoint = broker.log_dirs[0] / "log-start-offset-checkpoint"
    wait_until(lambda: f"{topic} 0 120" in checkpoint.read_text(), 30, "the checkpoint")
    broker.kill()
    broker.start_again_after_kill()
    assert clients.watermarks(broker, topic) == (120, 300)


def test_an_idempotent_producer_goes_on_after_a_restart(run, topic):
    """S17: the producer's state is found again, in snapshots and in the log."""
    for stop in ("stop", "kill"):
        broker = run.brokers[0] if run.brokers else run.broker(0, zookeeper_session_timeout_ms=2000)
        name = f"{topic}-{stop}"
        clients.create_topic(broker, name)
        producer = clients.confluent_producer(broker, enable_idempotence=True, acks="all")
        acked = []

        def send(numbers, name=name, producer=producer, acked=acked):
            for i in numbers:
                producer.produce(name, value=b"%d" % i, partition=0,
                                 on_delivery=lambda e, m: acked.append((e, m.offset())))
            assert producer.flush(60 * SLOW) == 0

        send(range(100))
        getattr(broker, stop)()
        broker.start_again_after_kill()
        send(range(100, 200))
        assert acked == [(None, i) for i in range(200)]
        assert values(broker, name, 200) == list(range(200))


# --- full disk ---


@pytest.fixture
def small_file_system():
    """A file system of 24 MB of its own."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    at = make_directory("moldau-small-")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(at)], capture_output=True)
    if done.returncode != 0:
        remove_directory(at)
        pytest.skip("a tmpfs cannot be mounted here: " + done.stderr.decode().strip())
    yield at
    subprocess.run(["umount", "-l", str(at)], check=False)
    shutil.rmtree(at, ignore_errors=True)


def produce_until_error(broker, topic, limit=200):
    """Number of records acknowledged in order before the first failure."""
    acked = 0
    for _ in range(limit):
        try:
            clients.confluent_produce(broker, topic, [Record(None, os.urandom(900_000))], message_timeout_ms=4000,
                                      message_send_max_retries=2)
        except confluent_kafka.KafkaException:
            return acked
        acked += 1
    raise AssertionError("the disk did not fill up")


def test_a_full_disk_takes_its_directory_offline_and_the_other_one_serves_on(run, small_file_system):
    broker = run.broker(0, start=False, log_dirs=2, zookeeper_session_timeout_ms=2000)
    broker.log_dirs[1] = small_file_system / "data"
    broker.set(log_dirs=",".join(map(str, broker.log_dirs)), log_index_size_max_bytes=40960)
    broker.start()
    for i in range(2):
        clients.create_topic(broker, f"t{i}")
    full, good = ("t0", "t1") if broker.partition_dir("t0", 0).parent == broker.log_dirs[1] else ("t1", "t0")
    acked = produce_until_error(broker, full)
    assert acked >= 10
    assert broker.alive()
    assert clients.confluent_produce(broker, good, [Record(None, b"x")]) == [0]
    assert [r.value for r in clients.confluent_consume(broker, good, 1)] == [b"x"]
    errors = broker.log_lines("ERROR", str(small_file_system))
    if running_moldau():
        assert len(errors) == 1, errors
        assert "No space left on device" in errors[0]
    # room is made and the broker started again: nothing that was acknowledged is gone or damaged
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_file_system)], check=True)
    broker.stop()
    broker.start()
    low, high = clients.watermarks(broker, full)
    assert low == 0 and high >= acked
    got = clients.confluent_consume(broker, full, high, check_crcs=True)
    assert [r.offset for r in got] == list(range(high)) and all(len(r.value) == 900_000 for r in got)
    assert clients.confluent_produce(broker, full, [Record(None, b"y")]) == [high]


def test_the_last_directory_full_halts_the_broker(run, small_file_system):
    broker = run.broker(0, start=False, log_dirs=1, zookeeper_session_timeout_ms=2000)
    broker.log_dirs[0] = small_file_system / "data"
    broker.set(log_dirs=str(broker.log_dirs[0]), log_index_size_max_bytes=40960)
    broker.start()
    clients.create_topic(broker, "t0")
    produce_until_error(broker, "t0")
    assert broker.wait_exit(60) == 1
    assert broker.log_lines("ERROR", "all log dirs in", "have failed")
