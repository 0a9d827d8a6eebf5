"""kafka-replica-verification.sh: replicas are the same, or it says where they are not."""

import pathlib
import re
import signal

import pytest

import commands
import members
import wire
from harness import ROOT, measures_memory, wait_until
from replica_damage import Running, change_value, checksums, join_batches
from test_replication import await_identical, await_isr, leader_of

OLDEST = ("--time", -2)


@pytest.fixture
def three(run):
    brokers = [run.broker(i) for i in range(3)]
    members.create_topic(brokers, "r", 1, 3)
    return brokers


def verify(brokers, *args):
    return Running([ROOT / "bin" / "kafka-replica-verification.sh", "--broker-list", members.bootstrap(brokers),
                    "--report-interval-ms", 100, "--max-wait-ms", 100, *args])


def write_batches(brokers, values):
    """Each value in a batch of its own."""
    for value in values:
        members.write(brokers, "r", [value], acks=-1)


def damage(brokers, change, *args, **named):
    """Does that to the file of a follower while it is down; returns the follower and what was returned."""
    follower = next(b for b in brokers if b is not leader_of(brokers, "r"))
    follower.stop()
    result = change(follower, "r", *args, **named)
    follower.start()
    await_isr(brokers, "r", {0, 1, 2})
    return follower, result


def test_the_same(three):
    write_batches(three, [b"%d" % i for i in range(20)])
    with verify(three, *OLDEST) as tool:
        assert tool.await_line("") == "verification process is started"
        tool.await_line("^max lag is 0 for partition r-0 at offset 20 among 1 partitions$")
        write_batches(three, [b"more"] * 5)
        tool.await_line("^max lag is 0 for partition r-0 at offset 25 among 1 partitions$")
        assert all(line.startswith("max lag is ") for line in tool.lines[1:])
        tool.process.send_signal(signal.SIGINT)
        assert tool.wait() == -signal.SIGINT
        assert len(tool.errors) == 1 and tool.errors[0].endswith(
            "WARN This tool is deprecated and may be removed in a future major release. "
            "(org.apache.kafka.tools.ReplicaVerificationTool)")


def test_it_begins_with_new_records(three):
    write_batches(three, [b"old"] * 3)
    damage(three, change_value, 1)
    with verify(three) as tool:
        tool.await_line("^max lag is 0 for partition r-0 at offset 3 among 1 partitions$")
        write_batches(three, [b"new"])
        tool.await_line("^max lag is 0 for partition r-0 at offset 4 among 1 partitions$")
        assert not [line for line in tool.lines if "checksum" in line]


def expect_checksums(brokers, follower, offset, tool, same_headers=False):
    line = tool.await_line("unmatched checksum")
    have = [(b.id, checksums(b, "r")[offset]) for b in brokers]
    first, others = have[0], have[1:]
    assert (len({c for _, c in have}) == 1) == same_headers
    if not same_headers:
        wrong = [o for o in others if o[1] != first[1]]
        assert line == (f"partition r-0 has unmatched checksum at offset {offset}; replica 0's checksum {first[1]}; "
                        f"replica {wrong[0][0]}'s checksum {wrong[0][1]}")
    else:
        assert line.startswith(f"partition r-0 has unmatched checksum at offset {offset}; replica 0's checksum ")
    assert follower.id in (0, *(i for i, c in others if same_headers or c != first[1]))


def test_another_value_is_found(three):
    write_batches(three, [b"value %d" % i for i in range(10)])
    await_identical(three, "r")
    follower, offset = damage(three, change_value, 4)
    with verify(three, *OLDEST) as tool:
        expect_checksums(three, follower, offset, tool)
        tool.await_line("^max lag is 0 for partition r-0 at offset 10 among 1 partitions$")
        assert len([line for line in tool.lines if "checksum" in line]) == (2 if follower.id == 0 else 1)


def test_damage_under_the_same_checksum_is_found(three):
    write_batches(three, [b"value %d" % i for i in range(4)])
    await_identical(three, "r")
    follower, offset = damage(three, change_value, 2, mend=False)
    with verify(three, *OLDEST) as tool:
        expect_checksums(three, follower, offset, tool, same_headers=True)


def test_other_offsets_end_it(three):
    values = [b"a", b"b", b"c"]
    write_batches(three, values)
    await_identical(three, "r")
    follower, _ = damage(three, join_batches, values)
    with verify(three, *OLDEST) as tool:
        line = tool.await_line("doesn't match")
        other = next(b.id for b in three if b is not follower) if follower.id == 0 else follower.id
        offsets = (2, 0) if follower.id == 0 else (0, 2)
        assert line == f"partition r-0: replica 0's offset {offsets[0]} doesn't match replica {other}'s offset {offsets[1]}"
        assert tool.wait() == 1


def test_a_broker_that_is_away_is_waited_for(three):
    write_batches(three, [b"x"] * 10)
    away = next(b for b in three if b is not leader_of(three, "r"))
    rest = [b for b in three if b is not away]
    with verify(three, *OLDEST) as tool:
        tool.await_line("^max lag is 0 for partition r-0 at offset 10 among 1 partitions$")
        away.stop()
        write_batches(rest, [b"y"] * 7)
        tool.await_line("^max lag is 7 for partition r-0 at offset 10 among 1 partitions$")
        away.start()
        tool.await_line("^max lag is 0 for partition r-0 at offset 17 among 1 partitions$")
        said = [e for e in tool.errors if f"node {away.id} (127.0.0.1:{away.port})" in e]
        assert len(said) == 1, tool.errors
        assert not [line for line in tool.lines if "checksum" in line or "doesn't" in line]


def test_many_partitions_in_small_pieces(three):
    members.create_topic(three, "many", 30, 2)
    for p in range(30):
        members.write(three, "many", [b"%d" % i * 300 for i in range(200)], p, acks=-1, **{"batch.size": 2000})
    with verify(three, *OLDEST, "--topics-include", "many,nothing", "--fetch-size", 3000) as tool:
        tool.await_line("^max lag is 0 for partition many-[0-9]+ at offset 200 among 30 partitions$", 60)
        assert all(line.startswith("max lag is ") for line in tool.lines[1:])


@pytest.mark.skipif(not measures_memory(), reason="the build takes memory for itself")
def test_memory_is_bounded(three):
    """All partitions have a mebibyte to fetch; the broker is asked for less than that in all."""
    members.create_topic(three, "large", 64, 3)
    for p in range(64):
        members.write(three, "large", [b"%02d" % p * 5000] * 110, p, acks=-1, **{"batch.size": 100000})
    with verify(three, *OLDEST, "--topics-include", "large") as tool:
        tool.await_line("^max lag is 0 for partition large-[0-9]+ at offset 110 among 64 partitions$", 60)
        peak = re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{tool.process.pid}/status").read_text("ascii"))
        assert int(peak[1]) < 46 * 1024, peak[0]


def test_what_ends_it_at_once(three):
    servers = members.bootstrap(three)

    def run(*args):
        return commands.tool("replica-verification", *args)

    for args, message in (
            ((), "Validate that all replicas for a set of topics have the same data."),
            (("--topics-include", "x"), 'Missing required argument "[broker-list]"'),
            (("--broker-list", "h:1", "--topics-include", "x", "--topic-white-list", "x"),
             'Option "[topics-include]" can\'t be used with option "[topic-white-list]"'),
            (("--broker-list", "h"), "Please provide valid host:port like host1:9091,host2:9092"),
            (("--broker-list", servers, "--topics-include", "["), "[ is an invalid regex"),
            (("--broker-list", servers, "--topics-include", "none"), "No topics found. [topics-include] if specified, is"),
            (("--broker-list", servers, "--time", -3),
             "The target time for partition r-0 is -3. The target time cannot be negative."),
            (("--broker-list", servers, "--time", 5), "Partition r-0 has no record of the time 5 or later"),
            (("--broker-list", servers, "--fetch-size", "x"), "Cannot parse argument 'x' of option fetch-size")):
        done = run(*args)
        assert (done.code, done.out) == (1, ""), args
        assert message in done.err, done.err
    commands.expect(run("--version"), 0, "3.9.0\n")
    away = next(b for b in three if b is not leader_of(three, "r"))
    away.stop()
    for b in (b for b in three if b is not away):
        with wire.Connection(b) as c:
            wait_until(lambda: away.id not in c.cluster()[0], 30, "all to know that it is away")
    done = run("--broker-list", servers)
    assert done.code == 1 and f"Broker {away.id}, which has replicas, is not available" in done.err
