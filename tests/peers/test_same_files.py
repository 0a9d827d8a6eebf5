"""A data directory goes from Apache Kafka to Moldau and back: nothing is lost, offsets go on."""

import pytest


def consumed(java_client, broker, topic, count):
    """partition, offset, key, value of each record, in the order of each partition."""
    lines = java_client(broker.address, topic, "consume", count).splitlines()[:-1]
    return sorted((int(p), int(o), k, v) for p, o, k, v in (line.split(" ", 3) for line in lines))


def start(broker, home, monkeypatch):
    """Starts the broker as Apache Kafka when `home` is given, else as Moldau."""
    broker.apache = home
    if home:
        monkeypatch.setenv("MOLDAU_TEST_BROKER", str(home))
    else:
        monkeypatch.delenv("MOLDAU_TEST_BROKER", raising=False)
    broker.start_again_after_kill(timeout=90)


@pytest.mark.parametrize("codec", ["none", "lz4", "zstd"])
def test_there_and_back(java_client, kafka_home, run, topic, codec, monkeypatch):
    broker = run.broker(0, start=False, log_segment_bytes=65536)
    sent = 0
    seen = []
    for home in (kafka_home, None, kafka_home, None):
        start(broker, home, monkeypatch)
        if sent:
            again = consumed(java_client, broker, topic, sent)
            assert again == seen, "the other broker's records, at their offsets"
        java_client(broker.address, topic, "produce", 5000, codec)
        sent += 5000
        seen = consumed(java_client, broker, topic, sent)
        assert len(seen) == sent
        broker.stop(timeout=90)
    monkeypatch.delenv("MOLDAU_TEST_BROKER", raising=False)


def test_moldau_recovers_what_apache_left_after_a_kill(java_client, kafka_home, run, topic, monkeypatch):
    broker = run.broker(0, start=False, log_segment_bytes=65536)
    start(broker, kafka_home, monkeypatch)
    java_client(broker.address, topic, "produce", 5000, "snappy")
    seen = consumed(java_client, broker, topic, 5000)
    broker.kill()
    start(broker, None, monkeypatch)
    assert consumed(java_client, broker, topic, 5000) == seen


def test_apache_recovers_what_moldau_left_after_a_kill(java_client, kafka_home, run, topic, monkeypatch):
    broker = run.broker(0, start=False, log_segment_bytes=65536)
    start(broker, None, monkeypatch)
    java_client(broker.address, topic, "produce", 5000, "gzip")
    seen = consumed(java_client, broker, topic, 5000)
    broker.kill()
    start(broker, kafka_home, monkeypatch)
    assert consumed(java_client, broker, topic, 5000) == seen
    broker.stop(timeout=90)
    monkeypatch.delenv("MOLDAU_TEST_BROKER", raising=False)
