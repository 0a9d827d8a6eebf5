"""Brokers and ensemble are killed, frozen, cut off and expired under load: nothing acknowledged is lost, doubled, reordered.

MOLDAU_TEST_CHAOS_SECONDS is how long it goes on (default 30 s), MOLDAU_TEST_SEED another schedule.
"""

import os

import pytest

import chaos

SECONDS = float(os.environ.get("MOLDAU_TEST_CHAOS_SECONDS", 30))
SEED = int(os.environ.get("MOLDAU_TEST_SEED", "1"))


@pytest.mark.alone
@pytest.mark.moldau
def test_nothing_acknowledged_is_lost():
    with chaos.cluster() as cluster:
        chaos.rage(cluster, SECONDS, SEED)
