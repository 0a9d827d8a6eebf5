"""Brokers are killed, frozen and expired under load: nothing acknowledged is lost, doubled or reordered.

MOLDAU_TEST_CHAOS_S is how long it goes on (default 40 s), MOLDAU_TEST_SEED repeats a run.
"""

import os

import pytest

import chaos

SECONDS = float(os.environ.get("MOLDAU_TEST_CHAOS_S", 40))
SEED = int(os.environ["MOLDAU_TEST_SEED"]) if "MOLDAU_TEST_SEED" in os.environ else None


@pytest.mark.moldau
def test_nothing_acknowledged_is_lost(own_run):
    brokers = [own_run.broker(i, replica_lag_time_max_ms=3000, zookeeper_session_timeout_ms=3000) for i in range(3)]
    chaos.rage(own_run, brokers, SECONDS, SEED)
