"""A broker with a failed log directory: its replicas there go offline, leaders move, the rest goes on."""

import errno
import os

import members
from harness import wait_until
from test_replication import leader_of


def break_directory(path):
    """Makes every further file in it fail: it becomes a file."""
    os.rename(path, f"{path}.away")
    with open(path, "w", encoding="ascii"):
        pass
    assert not os.path.isdir(path), errno.errorcode


def test_leaders_move_away_from_a_failed_directory(run):
    brokers = [run.broker(i, log_dirs=2, log_segment_bytes=100000) for i in range(2)]
    members.create_topic(brokers, "d", 4, 2, min_insync_replicas=1)
    for p in range(4):
        members.write(brokers, "d", [b"x" * 1000] * 50, p, acks=-1)
    leader = leader_of(brokers, "d", 0)
    failed = leader.partition_dir("d", 0).parent
    lost = [p for p in range(4) if leader.partition_dir("d", p).parent == failed]
    break_directory(failed)
    with members.admin_client(brokers) as admin:
        for p in lost:
            members.write(brokers, "d", [b"y" * 1000] * 300, p, acks=1, **{"batch.size": 20000})
            wait_until(lambda: members.leaders(admin, "d").get(p) not in (None, leader.id), 30, f"another leader of {p}")
    assert leader.alive()
    for p in range(4):
        assert members.read(brokers, "d", 50, p)[:50] == [b"x" * 1000] * 50
    assert leader.log_lines("Stopped serving replicas in dir", str(failed))
