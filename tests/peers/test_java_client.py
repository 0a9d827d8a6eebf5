"""The Java client of Apache Kafka 3.9, with its defaults (idempotent, acks=all), against one broker."""

import pytest


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_what_goes_in_comes_out(java_client, broker, topic, codec):
    java_client(broker.address, topic, "roundtrip", 20000, codec)


def test_a_million_records(java_client, broker, topic):
    java_client(broker.address, topic, "roundtrip", 1000000, "none", timeout=400)


def test_admin(java_client, broker, topic):
    java_client(broker.address, topic, "admin", 0)
