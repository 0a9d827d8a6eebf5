"""kafka-reassign-partitions.sh beside Apache's, in front of three of Apache's brokers."""

import json
import re

import pytest

import conftest
import members
import tool_pairs
from harness import wait_until

CLASS = "org.apache.kafka.tools.reassign.ReassignPartitionsCommand"


def without_traces(text):
    """Java adds the places in its source."""
    return re.sub(r"^\t(at |\.\.\. \d+ more).*\n", "", tool_pairs.without_times(text), flags=re.M)


@pytest.fixture(scope="module")
def cluster(kafka_home, zookeeper):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOLDAU_TEST_BROKER", str(kafka_home))
        for run in conftest.make_run(zookeeper):
            brokers = [run.broker(i, start=False, log_dirs=2, broker_rack=f"r{i % 2}") for i in range(3)]
            for b in brokers:
                b.launch()
            for b in brokers:
                b.wait_started()
            members.await_members(brokers)
            yield run, brokers


@pytest.fixture(scope="module")
def pair(cluster, kafka_home, tool_server, tmp_path_factory):
    config = tmp_path_factory.mktemp("config") / "client.properties"
    config.write_text("default.api.timeout.ms=3000\nrequest.timeout.ms=2000\n")
    made = tool_pairs.ToolPair(kafka_home, CLASS, "reassign-partitions", "--bootstrap-server", members.bootstrap(cluster[1]),
                               "--command-config", config, directory=tmp_path_factory.mktemp("pairs"), server=tool_server)
    return made


def same(pair, *args, **more):
    return pair.same(*args, normalize=without_traces, **more)
