"""Groups in a cluster of both kinds of broker: whoever coordinates next knows what was committed."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cluster"))

import group_load  # noqa: E402  pylint: disable=wrong-import-position
import members  # noqa: E402  pylint: disable=wrong-import-position
from harness import wait_until  # noqa: E402  pylint: disable=wrong-import-position
from test_mixed_cluster import cluster  # noqa: E402  pylint: disable=wrong-import-position


@pytest.mark.parametrize("kinds", ["mma", "maa"])
def test_coordinators_of_both_kinds_take_over_from_each_other(own_run, kafka_home, kinds):
    brokers = cluster(own_run, kafka_home, kinds, offsets_topic_replication_factor=3, offsets_topic_num_partitions=6,
                      min_insync_replicas=2)
    members.await_members(brokers)
    members.create_topic(brokers, "t")
    with group_load.running(brokers, "t") as committers:
        for broker in (*brokers, brokers[0]):
            before = group_load.progress(committers)
            wait_until(lambda before=before: group_load.progress(committers) > before + 200, 60, "commits")
            broker.kill()
            known = [dict(c.acked) for c in committers]
            group_load.check(brokers, committers, "t", known)
            broker.start_again_after_kill()
            members.await_members(brokers)
