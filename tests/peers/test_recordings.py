"""What Apache Kafka answered, as recorded for tests/integration/test_conformance.py, is still what it answers."""

import pytest

import conformance
import scenarios  # noqa: F401  registers them


@pytest.mark.parametrize("name", conformance.SCENARIOS)
def test_apache_answers_as_recorded(kafka_home, run, name, monkeypatch):
    monkeypatch.setenv("MOLDAU_TEST_BROKER", str(kafka_home))
    function, overrides = conformance.SCENARIOS[name]
    peer = conformance.Peer(run.broker(0, **overrides))
    try:
        if peer.broker.alive():
            peer.settle()
        function(peer)
    finally:
        peer.hang_up()
    found = conformance.compare(conformance.recorded(name), conformance.as_recorded(peer.notes))
    assert not found, f"{len(found)} differences\n" + "\n".join(found)
    peer.broker.stop(timeout=90)
    monkeypatch.delenv("MOLDAU_TEST_BROKER")
