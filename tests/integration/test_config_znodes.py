"""Configurations that other programs write into ZooKeeper: CMAK, old tools, scripts, people; also while the broker is away."""

import json
import time

import pytest

import clients
import configs
import wire
from configs import BROKER, TOPIC
from harness import SLOW, wait_until
from wire import Connection


@pytest.fixture(scope="module")
def shared(module_run):
    return configs.settled(module_run.broker(0))


@pytest.fixture
def broker(shared):
    assert shared.alive(), "an earlier test of this file killed the broker\n" + shared.tail()
    yield shared
    assert shared.alive(), "the broker died\n" + shared.tail()


@pytest.fixture
def zk(broker):
    with broker.zookeeper.client(broker.chroot) as client:
        yield client


def refuses(broker, topic, size):
    """Whether a record of so many bytes is too large."""
    with Connection(broker) as c:
        return c.produce(topic, 0, wire.batch(wire.record(b"x" * size), timestamp=int(time.time() * 1000)))[0] == 10


def limit(broker, topic, size, write):
    """A limit below `size` comes into force through what `write` does."""
    assert not refuses(broker, topic, size)
    write({"max.message.bytes": str(size)})
    wait_until(lambda: refuses(broker, topic, size), 30, f"the limit of {size}")


# --- notifications in every shape ---


def test_versions_of_notifications(broker, topic, zk):
    clients.create_topic(broker, topic)

    def by_kafka(config):
        configs.set_by_hand(zk, f"topics/{topic}", config)

    def by_cmak(config):
        configs.write(zk, f"topics/{topic}", config)
        configs.announce_as_cmak(zk, "topics", topic)

    def in_another_order(config):
        configs.write(zk, f"topics/{topic}", json.dumps({"config": config, "version": 1, "extra": [1]}).encode())
        configs.announce(zk, json.dumps({"entity_path": f"topics/{topic}", "x": None, "version": 2}).encode() + b"\n")

    for size, write in ((30000, by_kafka), (20000, by_cmak), (10000, in_another_order)):
        limit(broker, topic, size, write)


MALFORMED = [b"", b"no JSON", b"[]", b"{}", b'"t"', b"null", b'{"version":2}', b'{"version":3,"entity_path":"topics/t"}',
             b'{"version":"2","entity_path":"topics/t"}', b'{"version":2,"entity_path":7}', b'{"version":2,"entity_path":"t"}',
             b'{"version":1,"entity_type":"brokers","entity_name":"0"}', b'{"version":1,"entity_type":"topics"}',
             b'{"version":2,"entity_path":"planets/x"}', b'{"version":2,"entity_path":"topics/../x"}', b"\xff\xfe\x00",
             b'{"version":2,"entity_path":"topics/a\\u0000b"}', b'{"version":2,"entity_path":"topics/a\\nb"}',
             b'{"version":2,"entity_path":"brokers/x"}', b'{"version":2,"entity_path":"brokers/99999999999"}',
             b'{"version":2,"entity_path":"topics/<default>"}', b'{"version":2,"entity_path":"users/<default>/clients/<default>"}',
             b'{"version":2,"entity_path":"/"}', b"[" * 100000]


def test_malformed_notifications_do_not_stop_the_others(broker, topic, zk):
    clients.create_topic(broker, topic)
    before = len(broker.output().splitlines())
    for text in MALFORMED:
        configs.announce(zk, text)
    zk.create("/config/changes/something_else", b"")
    zk.create("/config/changes/config_change_x", b"")
    limit(broker, topic, 30000, lambda config: configs.set_by_hand(zk, f"topics/{topic}", config))
    for name in ("something_else", "config_change_x"):
        zk.delete(f"/config/changes/{name}")
    lines = broker.output().splitlines()[before:]
    if not broker.apache:  # which has a stack trace for each
        assert len([line for line in lines if line.startswith("[")]) == len(lines), "what is outside stays within its line"
        assert len(lines) < 2 * len(MALFORMED)


def test_quotas_are_let_be(broker, topic, zk):
    """There are none yet: one line, once."""
    clients.create_topic(broker, topic)
    for path, config in (("users/alice", {"producer_byte_rate": "100000000"}), ("clients/<default>", {"consumer_byte_rate": "100000000"}),
                         ("users/<default>/clients/c", {"request_percentage": "50.0"}),
                         ("ips/<default>", {"connection_creation_rate": "50000"}),
                         ("users/bob", {"SCRAM-SHA-256": "salt=x,stored_key=x,server_key=x,iterations=4096"})):
        configs.set_by_hand(zk, path, config)
    configs.announce_as_cmak(zk, "clients", "c")
    limit(broker, topic, 30000, lambda config: configs.set_by_hand(zk, f"topics/{topic}", config))


@pytest.mark.parametrize("data", [b'{"version":1,"config":{"max.message.bytes":10}}',
                                  b'{"version":1,"config":{"max.message.bytes":null}}',
                                  b'{"version":1,"config":{"max.message.bytes":["10"]}}'])
def test_damaged_entities_change_nothing(broker, topic, zk, data):
    clients.create_topic(broker, topic)
    other = topic + "-other"  # what is announced after it tells that it was seen
    clients.create_topic(broker, other)
    limit(broker, topic, 30000, lambda config: configs.set_by_hand(zk, f"topics/{topic}", config))
    configs.set_by_hand(zk, f"topics/{topic}", data)
    limit(broker, other, 30000, lambda config: configs.set_by_hand(zk, f"topics/{other}", config))
    assert refuses(broker, topic, 30000) and not refuses(broker, topic, 20000)


@pytest.mark.parametrize("data", [b"", b"no JSON", b'{"version":1}', b"[]", b'{"version":1,"config":[]}',
                                  b'{"version":1,"config":"x"}'])
def test_entities_without_a_configuration_have_none(broker, topic, zk, data):
    clients.create_topic(broker, topic)
    limit(broker, topic, 30000, lambda config: configs.set_by_hand(zk, f"topics/{topic}", config))
    configs.set_by_hand(zk, f"topics/{topic}", data)
    wait_until(lambda: not refuses(broker, topic, 30000), 30, "the default")


def test_values_nobody_checked(broker, topic, zk):
    """Bad entries are left out, the good ones count."""
    clients.create_topic(broker, topic)
    limit(broker, topic, 30000, lambda config: configs.set_by_hand(
        zk, f"topics/{topic}", {**config, "some.unknown.key": "1"}))
    configs.set_by_hand(zk, "brokers/<default>", {"num.io.threads": "0", "broker.id": "7", "log.retention.ms": "12345",
                                                  "advertised.listeners": "PLAINTEXT://x:1", "some.plugin.key": "v"})
    wait_until(lambda: configs.value(broker, TOPIC, topic, "retention.ms") == "12345", 30, "the good entry")
    assert configs.value(broker, BROKER, "0", "num.io.threads") == "2"
    assert set(configs.describe(broker, BROKER, "")) == {"log.retention.ms", "some.plugin.key"}
    configs.set_by_hand(zk, "brokers/<default>", {})
    wait_until(lambda: not configs.describe(broker, BROKER, ""), 30, "the default to be empty again")


def test_another_brokers_configuration_is_not_ours(broker, topic, zk):
    clients.create_topic(broker, topic)
    configs.set_by_hand(zk, "brokers/1", {"message.max.bytes": "30000"})
    configs.set_by_hand(zk, "brokers/0", {"log.retention.ms": "777"})
    wait_until(lambda: configs.value(broker, TOPIC, topic, "retention.ms") == "777", 30, "our own")
    assert not refuses(broker, topic, 30000)
    configs.set_by_hand(zk, "brokers/0", {})


def test_written_only_not_announced(broker, topic, zk):
    """Nothing happens until somebody announces it; DescribeConfigs reads ZooKeeper, though."""
    clients.create_topic(broker, topic)
    configs.write(zk, f"topics/{topic}", {"max.message.bytes": "30000"})
    assert configs.value(broker, TOPIC, topic, "max.message.bytes") == "30000"
    assert not refuses(broker, topic, 30000)
    configs.announce(zk, f"topics/{topic}")
    wait_until(lambda: refuses(broker, topic, 30000), 30, "the limit")


# --- while the broker is away ---


def test_changes_during_a_stop(run, topic):
    broker = configs.settled(run.broker(0))
    clients.create_topic(broker, topic)
    broker.stop()
    with broker.zookeeper.client(broker.chroot) as zk:
        configs.set_by_hand(zk, f"topics/{topic}", {"max.message.bytes": "30000"})
        configs.set_by_hand(zk, "brokers/<default>", {"log.retention.ms": "777"})
        for name in zk.get_children("/config/changes"):
            zk.delete(f"/config/changes/{name}")
    broker.start()
    clients.wait_for_leader(broker, topic)
    wait_until(lambda: refuses(broker, topic, 30000), 30, "the limit")
    assert configs.value(broker, TOPIC, topic, "retention.ms") == "777"


@pytest.mark.moldau
def test_changes_during_an_expired_session(own_run, topic):
    """Their announcements are gone by the time the broker is back: Apache would not hear of them."""
    broker = configs.settled(own_run.broker(0, zookeeper_session_timeout_ms=4000))
    clients.create_topic(broker, topic)
    session = broker.session()
    with broker.zookeeper.client(broker.chroot) as zk:
        broker.pause()
        wait_until(lambda: zk.exists("/brokers/ids/0") is None, 60, "the session to expire")
        configs.set_by_hand(zk, f"topics/{topic}", {"max.message.bytes": "30000"})
        configs.set_by_hand(zk, "brokers/0", {"log.retention.ms": "777"})
        for name in zk.get_children("/config/changes"):
            zk.delete(f"/config/changes/{name}")
        broker.resume()
        wait_until(lambda: broker.session() not in (None, session), 60, "a new session")
    wait_until(lambda: refuses(broker, topic, 30000), 60, "the limit")
    wait_until(lambda: configs.value(broker, TOPIC, topic, "retention.ms") == "777", 30, "the broker's own")
    with broker.zookeeper.client(broker.chroot) as zk:  # and it goes on listening
        limit(broker, topic, 20000, lambda config: configs.set_by_hand(zk, f"topics/{topic}", config))


def test_changes_during_a_lost_connection(own_run, topic):
    """The same session: the watch tells of what happened meanwhile."""
    zookeeper = own_run.zookeeper
    broker = configs.settled(own_run.broker(0, zookeeper_session_timeout_ms=60000))
    clients.create_topic(broker, topic)
    session = broker.session()
    zookeeper.kill()
    zookeeper.start()
    with zookeeper.client(broker.chroot) as zk:
        configs.set_by_hand(zk, f"topics/{topic}", {"max.message.bytes": "30000"})
    wait_until(lambda: refuses(broker, topic, 30000), 60, "the limit")
    assert broker.session() == session


@pytest.mark.moldau
def test_changes_is_deleted_and_made_again(own_run, topic):
    """New announcements have lower numbers than old ones then."""
    broker = configs.settled(own_run.broker(0))
    clients.create_topic(broker, topic)
    with broker.zookeeper.client(broker.chroot) as zk:
        for size in (50000, 40000):
            limit(broker, topic, size, lambda config: configs.set_by_hand(zk, f"topics/{topic}", config))
        zk.delete("/config/changes", recursive=True)
        wait_until(lambda: zk.exists("/config/changes"), 30, "the broker to make it again")
        limit(broker, topic, 30000, lambda config: configs.set_by_hand(zk, f"topics/{topic}", config))


def test_a_burst_of_changes(broker, topic, zk):
    clients.create_topic(broker, topic)
    began = time.monotonic()
    for n in range(200):
        configs.set_by_hand(zk, f"topics/{topic}", {"max.message.bytes": str(100000 - n)})
    limit(broker, topic, 30000, lambda config: configs.set_by_hand(zk, f"topics/{topic}", config))
    assert time.monotonic() - began < 30 * SLOW


# --- passwords ---

KEYSTORE = "listener.name.plaintext.ssl.keystore.password"


def with_password(run):
    """A broker that was given a password, and what is stored."""
    broker = run.broker(0, start=False)
    broker.props["password.encoder.secret"] = "the secret"
    configs.settled(broker.start())
    configs.alter(broker, BROKER, "0", {KEYSTORE: "opensesame", "log.retention.ms": 777})
    stored = configs.stored(broker, "brokers/0")
    assert "opensesame" not in stored[KEYSTORE] and "encryptedPassword:" in stored[KEYSTORE]
    return broker, stored


def test_passwords_are_stored_encoded(run):
    broker, stored = with_password(run)
    wait_until(lambda: KEYSTORE in configs.describe(broker, BROKER, "0"), 30, "the password to be listed")
    entry = configs.describe(broker, BROKER, "0", KEYSTORE)[KEYSTORE]
    assert entry["is_sensitive"] and entry["value"] is None
    configs.alter(broker, BROKER, "0", {"log.retention.ms": 888})
    assert configs.stored(broker, "brokers/0").keys() == stored.keys()
    assert "opensesame" not in broker.output(everything=True)


@pytest.mark.moldau
def test_passwords_are_encoded_anew(run):
    """Apache's only broker cannot: it starts before there is a controller, which it wants for this."""
    broker, stored = with_password(run)
    broker.restart(password_encoder_old_secret="the secret", password_encoder_secret="another")
    renewed = configs.stored(broker, "brokers/0")
    assert renewed[KEYSTORE] != stored[KEYSTORE] and renewed["log.retention.ms"] == "777"
    assert KEYSTORE in configs.describe(broker, BROKER, "0")
    broker.restart(password_encoder_old_secret=None)
    assert KEYSTORE in configs.describe(broker, BROKER, "0")
    assert configs.stored(broker, "brokers/0") == renewed
    assert "opensesame" not in broker.output(everything=True)


def test_without_a_secret(run):
    broker = configs.settled(run.broker(0))
    assert configs.try_alter(broker, BROKER, "0", {KEYSTORE: "x"})[0] == configs.INVALID_CONFIG
    assert configs.try_alter(broker, BROKER, "", {KEYSTORE: "x"})[0] == configs.INVALID_REQUEST
    assert configs.stored(broker, "brokers/0") == {}


@pytest.mark.moldau
def test_what_cannot_be_decoded_stays(run):
    """Apache drops it at the next change of anything else."""
    broker = configs.settled(run.broker(0))
    with broker.zookeeper.client(broker.chroot) as zk:
        configs.set_by_hand(zk, "brokers/0", {KEYSTORE: "encoded with a secret that we do not have"})
    configs.alter(broker, BROKER, "0", {"log.retention.ms": 777})
    assert configs.stored(broker, "brokers/0") == {KEYSTORE: "encoded with a secret that we do not have",
                                                   "log.retention.ms": "777"}
