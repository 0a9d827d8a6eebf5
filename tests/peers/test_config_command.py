"""kafka-configs.sh of Apache Kafka: it says the same of our broker as of Apache's, and what it stores is read, and the other
way round; passwords too."""

import difflib
import re
import subprocess
import time

import pytest

import clients
import configs
import harness
from configs import BROKER
from harness import wait_until

SECRET = "the encoder's secret"
PASSWORD = "open sesame"
KEYSTORE = "listener.name.plaintext.ssl.keystore.password"


@pytest.fixture(scope="module")
def java(kafka_home, client_classes):
    def run(main, *args, ok=True):
        done = subprocess.run(["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", f"{client_classes}:{kafka_home}/libs/*",
                               main, *map(str, args)], capture_output=True, text=True, timeout=60 * harness.SLOW, check=False)
        assert (done.returncode == 0) == ok, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout
    return run


def by_broker(broker):
    return "--bootstrap-server", broker.address


def by_zookeeper(broker):
    return "--zookeeper", broker.zookeeper.address + broker.chroot


@pytest.fixture(scope="module")
def command(java):
    """kafka-configs.sh; what it printed, in an order of its own."""
    def run(where, *args, ok=True):
        return sorted(java("kafka.admin.ConfigCommand", *where, *args, ok=ok).splitlines())
    return run


ONE, ALL = ("--entity-type", "brokers", "--entity-name", "0"), ("--entity-type", "brokers", "--entity-default")
T = ("--entity-type", "topics", "--entity-name", "t")

STEPS = [
    (*ONE, "--describe", "--all"), (*ALL, "--describe"), (*T, "--describe"), (*T, "--describe", "--all"),
    (*ONE, "--alter", "--add-config", "log.retention.ms=1000000,num.io.threads=4,log.cleanup.policy=[compact,delete]"),
    (*ONE, "--describe"),
    (*ALL, "--alter", "--add-config", "log.retention.ms=2000000,max.connections.per.ip.overrides=[127.0.0.1:100,localhost:50]"),
    (*ALL, "--describe"), (*ONE, "--describe"), (*T, "--describe", "--all"),
    (*T, "--alter", "--add-config", "cleanup.policy=[compact,delete],retention.ms=-1,leader.replication.throttled.replicas=*"),
    (*T, "--describe"),
    (*ONE, "--alter", "--add-config", f"{KEYSTORE}=secret,listener.name.plaintext.max.connections=100"),
    (*ONE, "--describe"), (*ONE, "--describe", "--all"),
    (*ONE, "--alter", "--delete-config", "num.io.threads", "--add-config", f"log.retention.ms=3000000,{KEYSTORE}=secret"),
    (*ONE, "--describe"),
    (*ONE, "--alter", "--delete-config", f"{KEYSTORE},log.retention.ms,log.cleanup.policy,listener.name.plaintext.max.connections"),
    (*ALL, "--alter", "--delete-config", "log.retention.ms,max.connections.per.ip.overrides"),
    (*T, "--alter", "--delete-config", "cleanup.policy,retention.ms,leader.replication.throttled.replicas"),
    (*ONE, "--describe"), (*ALL, "--describe"), (*T, "--describe"),
    (*ONE, "--alter", "--add-config", "my.own=x"), (*ONE, "--describe"),
]
REFUSED = [
    (*ONE, "--alter", "--add-config", "num.io.threads=100"), (*ONE, "--alter", "--add-config", "broker.id=5"),
    (*ALL, "--alter", "--add-config", "ssl.keystore.type=PKCS12"), (*T, "--alter", "--add-config", "retention.ms=x"),
    (*ONE, "--alter", "--add-config", "log.retention.ms=1"),  # because of my.own, which might be a secret
    (*T, "--alter", "--add-config", "no.such=1"), (*ONE, "--alter", "--delete-config", "log.retention.bytes"),
    ("--entity-type", "topics", "--entity-name", "nowhere", "--alter", "--add-config", "retention.ms=5"),
]


def plain(lines, broker):
    """The lines without what is a broker's own."""
    text = "\n".join(lines).replace(broker.zookeeper.address + broker.chroot, "ZOOKEEPER").replace(str(broker.dir), "DIR")
    return re.sub(rf"(?<!\d){broker.port}(?!\d)", "PORT", text).splitlines()


def test_the_same_is_said(run, kafka_home, command):
    pair = [run.broker(0, start=False, chroot=run.chroot + end, apache=home) for end, home in (("", None), ("-a", kafka_home))]
    for broker in pair:
        broker.props["password.encoder.secret"] = SECRET
        broker.launch()
    for broker in pair:
        broker.wait_started()
        configs.settled(broker)
        clients.create_topic(broker, "t", flush_ms=7)

    def said(broker, step):
        lines = plain(command(by_broker(broker), *step), broker)
        if "--alter" in step:
            time.sleep(0.5 * harness.SLOW)  # what was changed is described a moment later
        return lines

    for step in STEPS:
        ours, theirs = (said(broker, step) for broker in pair)
        assert ours == theirs, f"{step}\n" + "\n".join(difflib.unified_diff(theirs, ours, "Apache", "Moldau", "", "", 0, ""))
    for step in REFUSED:
        for broker in pair:
            command(by_broker(broker), *step, ok=False)


def with_secret(run, secret=SECRET, **more):
    broker = run.broker(0, start=False, **more)
    broker.props["password.encoder.secret"] = secret
    return configs.settled(broker.start())


@pytest.mark.parametrize("how", ["", ",password.encoder.cipher.algorithm=AES/GCM/NoPadding,password.encoder.iterations=1024",
                                 ",password.encoder.keyfactory.algorithm=PBKDF2WithHmacSHA256,password.encoder.key.length=256"])
def test_what_the_tool_stores_is_read(run, command, java, how):
    """Written into ZooKeeper while the broker is away; encoded with a secret that the broker was given."""
    broker = with_secret(run)
    broker.stop()
    command(by_zookeeper(broker), *ONE, "--alter", "--add-config",
            f"{KEYSTORE}={PASSWORD},log.retention.ms=1000000,password.encoder.secret={SECRET}{how}")
    stored = configs.stored(broker, "brokers/0")
    assert stored.keys() == {KEYSTORE, "log.retention.ms"}
    broker.start()
    assert configs.describe(broker, BROKER, "0", KEYSTORE)[KEYSTORE]["is_sensitive"]
    assert configs.value(broker, BROKER, "0", "log.retention.ms") == "1000000"
    assert configs.stored(broker, "brokers/0") == stored
    broker.stop()
    broker.props["password.encoder.secret"] = "another"
    broker.props["password.encoder.old.secret"] = SECRET
    broker.start()
    renewed = configs.stored(broker, "brokers/0")[KEYSTORE]
    assert renewed != stored[KEYSTORE]
    assert java("PasswordCheck", "decode", "another", "AES/CBC/PKCS5Padding", renewed) == PASSWORD + "\n"


@pytest.mark.parametrize("how", [
    {}, {"password_encoder_cipher_algorithm": "AES/GCM/NoPadding", "password_encoder_key_length": 192},
    {"password_encoder_keyfactory_algorithm": "PBKDF2WithHmacSHA1", "password_encoder_iterations": 1024},
    {"password_encoder_cipher_algorithm": "DESede/CBC/PKCS5Padding", "password_encoder_key_length": 192}])
def test_what_we_store_is_read(run, java, how):
    broker = with_secret(run, **how)
    configs.alter(broker, BROKER, "0", {KEYSTORE: PASSWORD})
    stored = configs.stored(broker, "brokers/0")[KEYSTORE]
    assert java("PasswordCheck", "decode", SECRET, how.get("password_encoder_cipher_algorithm", "AES/CBC/PKCS5Padding"), stored) == PASSWORD + "\n"


def test_one_takes_over_from_the_other(run, kafka_home, java):
    """The same broker, now ours, now Apache's: its dynamic configuration stays and goes on being changed."""
    ours = with_secret(run)
    theirs = run.broker(0, start=False, apache=kafka_home)
    theirs.props["password.encoder.secret"] = SECRET
    theirs.props["log.dirs"] = ours.props["log.dirs"]
    configs.alter(ours, BROKER, "0", {KEYSTORE: PASSWORD, "log.retention.ms": 1000000, "my.own": "x"})
    configs.alter(ours, BROKER, "", {"message.max.bytes": 500000})

    def dynamic(broker):
        return {k: (e["value"], e["is_sensitive"]) for k, e in configs.describe(broker, BROKER, "0").items()
                if e["config_source"] in (2, 3)}

    wait_until(lambda: set(dynamic(ours)) == {KEYSTORE, "log.retention.ms", "my.own", "message.max.bytes"}, 30, "all to be listed")
    want = dynamic(ours)
    for before, after in ((ours, theirs), (theirs, ours), (ours, theirs)):
        before.stop()
        configs.settled(after.start())
        assert dynamic(after) == want
        configs.alter(after, BROKER, "0", {"log.retention.ms": 1000000})  # which writes everything
        stored = configs.stored(after, "brokers/0")
        assert java("PasswordCheck", "decode", SECRET, "AES/CBC/PKCS5Padding", stored[KEYSTORE]) == PASSWORD + "\n"


def test_loggers(run, command):
    broker = configs.settled(run.broker(0))
    loggers = ("--entity-type", "broker-loggers", "--entity-name", "0")

    def level(name):
        lines = [line for line in command(by_broker(broker), *loggers, "--describe") if line.startswith(f"  {name}=")]
        return lines[0].split("=")[1].split()[0] if lines else None

    assert level("kafka.server.KafkaServer") == level("root") == "INFO"
    command(by_broker(broker), *loggers, "--alter", "--add-config", "kafka.server.KafkaServer=DEBUG,kafka=WARN")
    assert (level("kafka.server.KafkaServer"), level("root"), level("kafka.log.LogManager")) == ("DEBUG", "INFO", "WARN")
    command(by_broker(broker), *loggers, "--alter", "--delete-config", "kafka.server.KafkaServer")
    assert level("kafka.server.KafkaServer") == "WARN"
    command(by_broker(broker), *loggers, "--alter", "--add-config", "no.such.logger=DEBUG", ok=False)
    command(by_broker(broker), *loggers, "--alter", "--add-config", "root=LOUD", ok=False)
