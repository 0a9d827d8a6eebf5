"""Every key that Apache lets change while a broker runs, one by one and together; passwords; what is refused."""

import contextlib

import wire
from conformance import scenario
from harness import wait_until

from .configs import BROKER, DELETE, SET, TOPIC, described, resource, values

# Good values and bad ones. A value that differs from the default, so that it shows.
CLUSTER_WIDE = {
    "background.threads": ["12", "5", "4", "21", "0", "-1", "x"],
    "compression.gzip.level": ["1", "9", "-1", "0", "10"],
    "compression.lz4.level": ["1", "17", "0", "18"],
    "compression.zstd.level": ["-5", "22", "23"],
    "compression.type": ["zstd", "uncompressed", "ZSTD", "none", ""],
    "follower.replication.throttled.rate": ["1000", "0", "-1", "x"],
    "leader.replication.throttled.rate": ["1000", "-1"],
    "replica.alter.log.dirs.io.max.bytes.per.second": ["1000", "-1"],
    "log.cleanup.policy": ["compact", "compact,delete", "delete,shred", ""],
    "log.cleaner.backoff.ms": ["1000", "-1"],
    "log.cleaner.dedupe.buffer.size": ["67108864"],
    "log.cleaner.delete.retention.ms": ["5", "-1"],
    "log.cleaner.io.buffer.load.factor": ["0.5"],
    "log.cleaner.io.buffer.size": ["262144", "-1"],
    "log.cleaner.io.max.bytes.per.second": ["1000000.0"],
    "log.cleaner.max.compaction.lag.ms": ["1000000", "0"],
    "log.cleaner.min.cleanable.ratio": ["0.25", "2"],
    "log.cleaner.min.compaction.lag.ms": ["5", "-1"],
    "log.cleaner.threads": ["2", "3"],
    "log.flush.interval.messages": ["10", "0"],
    "log.flush.interval.ms": ["1000", "x"],
    "log.index.interval.bytes": ["100", "-1"],
    "log.index.size.max.bytes": ["4096", "3"],
    "log.local.retention.bytes": ["-2", "100", "-3"],
    "log.local.retention.ms": ["-2", "100", "-3", "604800001"],
    "log.message.downconversion.enable": ["false", "maybe", "TRUE"],
    "log.message.timestamp.after.max.ms": ["100000000", "-1"],
    "log.message.timestamp.before.max.ms": ["100000000", "-1"],
    "log.message.timestamp.difference.max.ms": ["100000000", "-1"],
    "log.message.timestamp.type": ["LogAppendTime", "logappendtime"],
    "log.preallocate": ["true", "1"],
    "log.retention.bytes": ["1000000", "-5", "x"],
    "log.retention.ms": ["1000000", "-1", "0", "-2", "x"],
    "log.roll.jitter.ms": ["5", "-1"],
    "log.roll.ms": ["1000000", "0"],
    "log.segment.bytes": ["1000000", "13", "2147483648"],
    "log.segment.delete.delay.ms": ["5", "-1"],
    "max.connection.creation.rate": ["1000", "0", "-1"],
    "max.connections": ["1000", "-1", "x"],
    "max.connections.per.ip": ["1000", "0", "-1"],
    "max.connections.per.ip.overrides": ["127.0.0.1:500", "localhost:100,127.0.0.1:200", "x", "127.0.0.1:x", ""],
    "message.max.bytes": ["500000", "-1", "x"],
    "metric.reporters": ["org.apache.kafka.common.metrics.JmxReporter", "no.such.Class", "java.lang.String"],
    "min.insync.replicas": ["1", "2", "0"],
    "num.io.threads": ["1", "3", "4", "5", "0"],
    "num.network.threads": ["1", "3", "4", "5", "0"],
    "num.recovery.threads.per.data.dir": ["1", "2", "3", "0"],
    "num.replica.fetchers": ["1", "2", "3", "0", "-1"],
    "producer.id.expiration.ms": ["1000", "0"],
    "remote.fetch.max.wait.ms": ["100", "0"],
    "remote.log.index.file.cache.total.size.bytes": ["1000000", "0"],
    "remote.log.manager.copy.max.bytes.per.second": ["1000", "0"],
    "remote.log.manager.fetch.max.bytes.per.second": ["1000", "0"],
    "transaction.partition.verification.enable": ["false", "x"],
    "unclean.leader.election.enable": ["true", "x"],
}

PER_BROKER = {
    "principal.builder.class": ["org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder"],
    "sasl.enabled.mechanisms": ["PLAIN"], "sasl.jaas.config": ["x required;"],
    "sasl.kerberos.kinit.cmd": ["/bin/true"], "sasl.kerberos.min.time.before.relogin": ["5", "x"],
    "sasl.kerberos.principal.to.local.rules": ["DEFAULT"], "sasl.kerberos.service.name": ["kafka"],
    "sasl.kerberos.ticket.renew.jitter": ["0.1", "x"], "sasl.kerberos.ticket.renew.window.factor": ["0.5"],
    "sasl.login.refresh.buffer.seconds": ["5", "3601"], "sasl.login.refresh.min.period.seconds": ["5", "901"],
    "sasl.login.refresh.window.factor": ["0.6", "0.1"], "sasl.login.refresh.window.jitter": ["0.1", "0.3"],
    "sasl.mechanism.inter.broker.protocol": ["PLAIN"],
    "ssl.cipher.suites": ["TLS_AES_256_GCM_SHA384"], "ssl.client.auth": ["required", "perhaps"],
    "ssl.enabled.protocols": ["TLSv1.3"], "ssl.endpoint.identification.algorithm": [""], "ssl.key.password": ["secret"],
    "ssl.keymanager.algorithm": ["PKIX"], "ssl.keystore.password": ["secret"], "ssl.keystore.type": ["PKCS12"],
    "ssl.protocol": ["TLSv1.2"], "ssl.provider": ["SunJSSE"], "ssl.secure.random.implementation": ["NativePRNG"],
    "ssl.trustmanager.algorithm": ["SunX509"], "ssl.truststore.password": ["secret"], "ssl.truststore.type": ["PKCS12"],
}

STATIC = ["auto.create.topics.enable", "broker.id", "broker.rack", "compression.level", "control.plane.listener.name",
          "default.replication.factor", "group.max.size", "inter.broker.listener.name", "inter.broker.protocol.version",
          "leader.imbalance.check.interval.seconds", "log.cleaner.enable", "log.dir", "log.dirs", "log.flush.scheduler.interval.ms",
          "log.message.format.version", "log.retention.hours", "log.retention.minutes", "log.roll.hours", "num.partitions",
          "offsets.topic.replication.factor", "password.encoder.secret", "queued.max.requests", "replica.lag.time.max.ms",
          "retention.ms", "security.inter.broker.protocol", "socket.send.buffer.bytes", "zookeeper.connect"]

LISTENERS = {
    "listeners": ["OTHER://127.0.0.1:1", "PLAINTEXT://127.0.0.1:1,EXTRA://127.0.0.1:2", "x", "", "PLAINTEXT://:x",
                  "PLAINTEXT://127.0.0.1:5,PLAINTEXT://127.0.0.1:6", "SSL://127.0.0.1:5"],
    "advertised.listeners": ["PLAINTEXT://x:1", "OTHER://x:1", "PLAINTEXT://0.0.0.0:1", ""],
    "listener.security.protocol.map": ["PLAINTEXT:PLAINTEXT", "EXTRA:PLAINTEXT", "PLAINTEXT:NOTHING", "PLAINTEXT:SSL", "x"],
}


def requested(who, changes, validate_only=False):
    return {"validate_only": validate_only, "resources": [{"resource_type": BROKER, "resource_name": who, "configs": [
        {"name": k, "config_operation": DELETE if v is None else SET, "value": v} for k, v in changes.items()]}]}


def change(t, label, who, changes):
    t.ask(label, "IncrementalAlterConfigs", 1, **requested(who, changes))


def judged(t, who, key, value):
    """The error code for one change that is not made."""
    answer = t.call("IncrementalAlterConfigs", 1, **requested(who, {key: value}, True))["responses"][0]
    assert bool(answer["error_code"]) == bool(answer["error_message"])
    return answer["error_code"]


def becomes(t, who, keys):
    off = None

    def there():
        nonlocal off
        try:
            off = set(values(t, BROKER, who)) ^ set(keys)
        except wire.Closed:  # a network thread less, and its connections with it
            t.hang_up()
        return off == set()

    with contextlib.suppress(AssertionError):
        wait_until(there, 20)
    assert not off, f"{who!r}: {off}"


@scenario(password_encoder_secret="the encoder's secret")
def dynamic_keys(t):
    """Whether a change would be taken."""
    for who in ("0", ""):
        for key, many in {**CLUSTER_WIDE, **PER_BROKER, **LISTENERS}.items():
            t.note(f"{who!r} {key}", {value: judged(t, who, key, value) for value in many})
            key = "listener.name.plaintext." + key
            t.note(f"{who!r} {key}", {value: judged(t, who, key, value) for value in many})
        for key in STATIC:
            t.note(f"{who!r} {key}", [judged(t, who, key, "5"), judged(t, who, key, None)])
        for prefix in ("listener.name.unknown.", "listener.name.", "listener.name.plaintext", "listener.name.PLAINTEXT.",
                       "listener.name.plaintext.plain.", "listener.", "x."):
            t.note(f"{who!r} {prefix}", {key: judged(t, who, prefix + key, "5") for key in (
                "ssl.keystore.type", "max.connections", "sasl.jaas.config", "num.network.threads")})


TOGETHER = {**{key: many[0] for key, many in CLUSTER_WIDE.items()}, "num.replica.fetchers": "2", "background.threads": "12",
            "num.io.threads": "4", "num.network.threads": "1", "num.recovery.threads.per.data.dir": "2",
            "listener.name.plaintext.max.connections": "500", "listener.name.plaintext.max.connection.creation.rate": "500",
            "my.own.key": "kept", "log.local.retention.ms": "100", "log.local.retention.bytes": "100"}


@scenario(password_encoder_secret="the encoder's secret", my_own_key="fixed", log_retention_hours=50)
def dynamic_together(t):
    """All at once, as the default of the cluster, then the broker's own over it, then gone again."""
    t.create("t", min_insync_replicas=1)
    own = {**TOGETHER, "log.retention.ms": "2000000", "message.max.bytes": "600000", "num.io.threads": "2",
           "listener.name.plaintext.ssl.keystore.password": "very secret"}

    def show(label, keys=None):
        described(t, f"{label}, broker", 4, resource(BROKER, "0", keys), include_synonyms=True)
        described(t, f"{label}, topic", 4, resource(TOPIC, "t"), include_synonyms=True)

    change(t, "default", "", TOGETHER)
    becomes(t, "", TOGETHER)
    described(t, "default", 4, resource(BROKER, ""), include_synonyms=True)
    show("default", list(own))
    change(t, "own", "0", own)
    becomes(t, "0", own)
    show("own")
    for key in ("listener.name.plaintext.ssl.keystore.password", "listener.name.plaintext.max.connections", "no.such.key",
                "listener.name.unknown.max.connections", "ssl.keystore.password"):
        described(t, f"only {key}", 4, resource(BROKER, "0", [key]), include_synonyms=True)
    change(t, "half", "0", {key: None for key in list(own)[::2]})
    half = list(own)[1::2]
    becomes(t, "0", half)
    show("half", list(own))
    change(t, "one bad", "0", {"log.retention.ms": "88", "message.max.bytes": "x"})
    change(t, "one static", "0", {"log.retention.ms": "88", "broker.id": "5"})
    change(t, "deleted what is not there", "0", {list(own)[0]: None, "no.such.key": None})
    change(t, "deleted what is static", "0", {half[0]: None, "broker.id": None})
    becomes(t, "0", half[1:])
    change(t, "nothing of its own", "0", {key: None for key in own})
    becomes(t, "0", [])
    show("nothing of its own", list(own))
    change(t, "no default", "", {key: None for key in TOGETHER})
    becomes(t, "", [])
    show("no default", list(own))


@scenario()
def dynamic_without_secret(t):
    """No password.encoder.secret: passwords are refused, everything else is not."""
    for who in ("0", ""):
        for key in ("ssl.keystore.password", "listener.name.plaintext.ssl.key.password", "sasl.jaas.config"):
            change(t, f"{who!r} {key}", who, {key: "x"})
            change(t, f"{who!r} delete {key}", who, {key: None})
        t.note(f"{who!r} ssl.keystore.type", judged(t, who, "ssl.keystore.type", "PKCS12"))
