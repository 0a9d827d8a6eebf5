"""Fixtures: see harness.py for what they are made of."""

import uuid

import pytest

import harness


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: measures time, so nothing else may run beside it")
    config.addinivalue_line("markers", "moldau: what only our broker promises; skipped against Apache Kafka")


def pytest_collection_modifyitems(items):
    if harness.running_moldau() and harness.find_moldaud() is None:
        pytest.exit("no moldaud found: build first, or set MOLDAU_BUILD", returncode=1)
    for item in items:
        if not harness.running_moldau() and item.get_closest_marker("moldau"):
            item.add_marker(pytest.mark.skip(reason="about Moldau, not about Apache Kafka"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure comes with the ends of the brokers' logs."""
    report = (yield).get_result()
    if not report.failed:
        return
    for run in (item.funcargs.get(name) for name in ("run", "own_run", "module_run")):
        for broker in run.brokers if run else ():
            if broker.proc:
                report.sections.append((f"end of the log of {broker.name}", broker.tail(60)))


@pytest.fixture(scope="session")
def zookeeper():
    """One ZooKeeper for the session; tests use chroots of their own in it."""
    directory = harness.make_directory("moldau-zk-")
    server = harness.ZooKeeper(directory).start()
    yield server
    server.kill()
    harness.remove_directory(directory)


@pytest.fixture
def own_zookeeper():
    """A ZooKeeper for one test, which may stop or break it."""
    directory = harness.make_directory("moldau-zk-")
    server = harness.ZooKeeper(directory).start()
    yield server
    server.kill()
    harness.remove_directory(directory)


def make_run(zookeeper):
    directory = harness.make_directory()
    run = harness.Run(zookeeper, directory, f"/it/{uuid.uuid4().hex[:12]}")
    try:
        yield run
    finally:
        try:
            run.cleanup()
        finally:
            harness.remove_directory(directory)


@pytest.fixture
def run(zookeeper):
    """Makes brokers for one test: run.broker(0, log_dirs=2, log_retention_ms=5)."""
    yield from make_run(zookeeper)


@pytest.fixture
def own_run(own_zookeeper):
    """The same over a ZooKeeper of its own."""
    yield from make_run(own_zookeeper)


@pytest.fixture(scope="module")
def module_run(zookeeper):
    yield from make_run(zookeeper)


@pytest.fixture(scope="module")
def shared_broker(module_run):
    """One running broker for all tests of a file that leave it as they found it."""
    return module_run.broker(0)


@pytest.fixture
def broker(shared_broker):
    """The shared broker; the test fails when it does not survive."""
    assert shared_broker.alive(), "an earlier test of this file killed the broker\n" + shared_broker.tail()
    yield shared_broker
    assert shared_broker.alive(), "the broker died\n" + shared_broker.tail()


@pytest.fixture
def topic():
    """A name nobody else uses."""
    return "t-" + uuid.uuid4().hex[:10]
