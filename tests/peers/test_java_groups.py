"""The Java consumer and admin client of Apache Kafka 3.9 with our group coordinator; and a __consumer_offsets topic that
goes from Apache Kafka to Moldau and back."""

import os
import shutil

import pytest

import clients
from harness import ROOT
from test_same_files import start

OFFSETS = ROOT / "tests/integration/scenarios/data/consumer_offsets.log"


def write(broker, topic, partitions, each):
    clients.create_topic(broker, topic, partitions=partitions)
    for p in range(partitions):
        clients.confluent_produce(broker, topic, [clients.Record(None, b"%d" % i) for i in range(each)], partition=p)


@pytest.mark.parametrize("assignor", ["RangeAssignor", "StickyAssignor", "CooperativeStickyAssignor"])
def test_members_together(java_groups, broker, topic, assignor):
    write(broker, topic, 12, 2000)
    java_groups(broker.address, "together", topic, 24000, assignor)


def test_administration(java_groups, broker, topic):
    write(broker, topic, 2, 10)
    java_groups(broker.address, "admin", topic)


@pytest.mark.parametrize("partitions", [1, 7])
def test_groups_there_and_back(java_groups, kafka_home, run, topic, partitions, monkeypatch):
    """What one coordinator wrote, transactions included, is what the other knows."""
    broker = run.broker(0, start=False, offsets_topic_num_partitions=partitions, transaction_state_log_num_partitions=1)
    start(broker, kafka_home, monkeypatch)
    write(broker, topic, 4, 10)
    java_groups(broker.address, "leave-behind", topic)
    java_groups(broker.address, "transactions", topic)
    known = java_groups(broker.address, "print")
    assert "stays member" in known and "txn-2 at" in known and "simple-3 at" not in known
    broker.stop(timeout=90)
    if partitions == 1 and "MOLDAU_TEST_RECORD" in os.environ:  # then record scenario group_log_of_apache anew
        shutil.copy(broker.partition_dir("__consumer_offsets", 0) / "00000000000000000000.log", OFFSETS)
    start(broker, None, monkeypatch)
    assert java_groups(broker.address, "print") == known
    java_groups(broker.address, "leave-behind", topic)
    known = java_groups(broker.address, "print")
    broker.stop(timeout=90)
    start(broker, kafka_home, monkeypatch)
    assert java_groups(broker.address, "print") == known
    broker.stop(timeout=90)
    start(broker, None, monkeypatch)
    assert java_groups(broker.address, "print") == known
    broker.stop()
    monkeypatch.delenv("MOLDAU_TEST_BROKER", raising=False)
