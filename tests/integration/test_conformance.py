"""Every answer as Apache Kafka 3.9.1 gave it; see conformance.py."""

import os

import pytest

import conformance
import scenarios
from harness import running_moldau


@pytest.mark.parametrize("name", conformance.SCENARIOS)
def test_answers(run, name):
    function, overrides = conformance.SCENARIOS[name]
    peer = conformance.Peer(run.broker(0, **overrides))
    try:
        if peer.broker.alive():
            peer.settle()
        function(peer)
    finally:
        peer.leave()
    if "MOLDAU_TEST_RECORD" in os.environ:
        assert not running_moldau(), "recordings are of Apache Kafka only"
        conformance.save(name, peer.notes)
    want = conformance.recorded(name)
    got = conformance.as_recorded(peer.notes)
    if running_moldau():
        conformance.allow(scenarios.ON_PURPOSE.get(name, {}), want, got)
    found = conformance.compare(want, got)
    assert not found, f"{len(found)} differences\n" + "\n".join(found)

