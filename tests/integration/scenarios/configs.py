"""DescribeConfigs, AlterConfigs, IncrementalAlterConfigs."""

from conformance import scenario, versions
from harness import wait_until

TOPIC, BROKER, LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = range(4)


def resource(kind, name, keys=None):
    return {"resource_type": kind, "resource_name": name, "configuration_keys": keys}


def described(t, label, v, *resources, **more):
    t.ask(label, "DescribeConfigs", v, resources=list(resources), **more)


def values(t, kind, name):
    """{key: value} of what is set dynamically on the resource itself."""
    answer = t.call("DescribeConfigs", 4, resources=[resource(kind, name)])["results"][0]
    own = {TOPIC: 1, BROKER: 3 if name == "" else 2}[kind]
    return {c["name"]: c["value"] for c in answer["configs"] if c["config_source"] == own}


@scenario(log_retention_hours=100, compression_type="lz4", message_max_bytes=2000000, some_unknown_key="v",
          log_cleanup_policy="delete", ssl_keystore_password="secret")
def describe_configs(t):
    t.create("t", retention_ms=5000, cleanup_policy="compact", min_insync_replicas=1)
    t.create("plain")
    for v in versions("DescribeConfigs"):
        for synonyms in (False, True):
            if synonyms and v == 0:
                continue
            more = {"include_synonyms": synonyms}
            described(t, f"topic {synonyms}", v, resource(TOPIC, "t"), **more)
            described(t, f"plain topic {synonyms}", v, resource(TOPIC, "plain"), **more)
            described(t, f"broker {synonyms}", v, resource(BROKER, "0"), **more)
            described(t, f"cluster default {synonyms}", v, resource(BROKER, ""), **more)
        if v >= 3:
            described(t, "documentation, topic", v, resource(TOPIC, "t"), include_documentation=True)
            described(t, "documentation, broker", v, resource(BROKER, "0"), include_documentation=True)
        described(t, "keys", v, resource(TOPIC, "t", ["retention.ms", "nonsense", "segment.bytes", "retention.ms"]))
        described(t, "no keys", v, resource(TOPIC, "t", []))
        described(t, "broker keys", v, resource(BROKER, "0", ["log.retention.hours", "some.unknown.key", "broker.id",
                                                              "ssl.keystore.password"]))
        described(t, "several", v, resource(TOPIC, "t", ["retention.ms"]), resource(TOPIC, "nowhere"),
                  resource(TOPIC, "plain", ["retention.ms"]), resource(BROKER, "0", ["log.retention.ms"]))
        for kind, name in ((TOPIC, "nowhere"), (TOPIC, ""), (TOPIC, "a/b"), (BROKER, "1"), (BROKER, "x"), (BROKER, "-1"),
                           (BROKER, "00"), (LOGGER, "1"), (LOGGER, ""), (CLIENT_METRICS, "m"), (CLIENT_METRICS, "")):
            described(t, f"type {kind} {name!r}", v, resource(kind, name))
        for kind in (0, 1, 3, 32, -1):
            described(t, f"type {kind}", v, resource(kind, "t"))
            described(t, f"type {kind} and a good one", v, resource(TOPIC, "t", ["retention.ms"]), resource(kind, "t"))
        described(t, "nothing", v)
        described(t, "twice", v, resource(TOPIC, "t", ["retention.ms"]), resource(TOPIC, "t", ["segment.ms"]))


def entries(configs):
    return [{"name": k, "value": v} for k, v in configs.items()]


@scenario()
def alter_configs(t):
    for v in versions("AlterConfigs"):
        name = t.create(f"alter-{v}", flush_ms=7)

        def ask(label, *resources, v=v, **more):
            t.ask(label, "AlterConfigs", v, resources=[
                {"resource_type": k, "resource_name": n, "configs": entries(c) if isinstance(c, dict) else c}
                for k, n, c in resources], **{"validate_only": False, **more})

        def show(label, kind=TOPIC, name=name, v=v):
            t.note("then: " + label, values(t, kind, name), v)

        def until(kind, name, want):
            wait_until(lambda: values(t, kind, name) == want, 20, f"{want}, not {values(t, kind, name)}")

        ask("one", (TOPIC, name, {"retention.ms": "1000"}))
        until(TOPIC, name, {"retention.ms": "1000"})
        ask("two", (TOPIC, name, {"segment.bytes": "1048576", "cleanup.policy": "compact,delete"}))
        until(TOPIC, name, {"segment.bytes": "1048576", "cleanup.policy": "compact,delete"})
        ask("validate", (TOPIC, name, {"retention.ms": "5"}), validate_only=True)
        ask("a default value", (TOPIC, name, {"retention.ms": "604800000"}))
        until(TOPIC, name, {"retention.ms": "604800000"})
        for label, configs in {"unknown key": {"no.such": "1"}, "bad value": {"retention.ms": "x"}, "null": {"retention.ms": None},
                               "out of range": {"segment.bytes": "1"}, "empty": {"cleanup.policy": ""},
                               "bad with good": {"flush.ms": "5", "segment.ms": "-5"},
                               "throttled": {"leader.replication.throttled.replicas": "0:0,1:0"},
                               "throttled badly": {"leader.replication.throttled.replicas": "a-b"}}.items():
            ask(label, (TOPIC, name, configs))
        ask("key twice", (TOPIC, name, [{"name": "flush.ms", "value": "1"}, {"name": "flush.ms", "value": "2"}]))
        t.silent("resource twice", "AlterConfigs", v, 3, validate_only=False, resources=[
            {"resource_type": TOPIC, "resource_name": name, "configs": entries({"flush.ms": n})} for n in "12"])
        ask("good and unknown topic", (TOPIC, name, {"flush.ms": "3"}), (TOPIC, "nowhere", {"flush.ms": "3"}))
        until(TOPIC, name, {"flush.ms": "3"})
        ask("nothing set", (TOPIC, name, {}))
        until(TOPIC, name, {})
        ask("nothing")
        for kind, who in ((TOPIC, ""), (TOPIC, "nowhere"), (TOPIC, "a/b"), (BROKER, "1"), (BROKER, "x"), (LOGGER, "0"),
                          (CLIENT_METRICS, "m"), (32, "g"), (0, "x"), (1, "x"), (3, "x"), (-1, "x")):
            ask(f"type {kind} {who!r}", (kind, who, {"retention.ms": "1"}))
        for who in ("0", ""):
            ask(f"broker {who!r} dynamic", (BROKER, who, {"log.retention.ms": "900000"}))
            until(BROKER, who, {"log.retention.ms": "900000"})
            described(t, f"broker {who!r} shows", v, resource(BROKER, "0", ["log.retention.ms", "log.retention.hours"]),
                      include_synonyms=True)
            described(t, f"topic shows broker {who!r}", v, resource(TOPIC, name, ["retention.ms"]), include_synonyms=True)
            ask(f"broker {who!r} static", (BROKER, who, {"log.dirs": "/x"}))
            ask(f"broker {who!r} unknown", (BROKER, who, {"my.own.key": "x"}))
            until(BROKER, who, {"my.own.key": None})
            ask(f"broker {who!r} bad", (BROKER, who, {"log.retention.ms": "x"}))
            ask(f"broker {who!r} threads", (BROKER, who, {"num.io.threads": "100"}))
            ask(f"broker {who!r} of one broker", (BROKER, who, {"ssl.keystore.location": "/x"}), validate_only=True)
            ask(f"broker {who!r} listeners", (BROKER, who, {"advertised.listeners": "PLAINTEXT://x:1"}), validate_only=True)
            ask(f"broker {who!r} validate", (BROKER, who, {"log.flush.interval.ms": "1"}), validate_only=True)
            ask(f"broker {who!r} null", (BROKER, who, {"log.retention.ms": None}))
            ask(f"broker {who!r} empty", (BROKER, who, {}))
            until(BROKER, who, {})


@scenario()
def incremental_alter_configs(t):
    for v in versions("IncrementalAlterConfigs"):
        name = t.create(f"incremental-{v}", flush_ms=7)

        def ask(label, *resources, v=v, **more):
            t.ask(label, "IncrementalAlterConfigs", v, resources=[
                {"resource_type": k, "resource_name": n, "configs": [
                    {"name": key, "config_operation": op, "value": value} for key, op, value in c]}
                for k, n, c in resources], **{"validate_only": False, **more})

        def becomes(kind, who, **want):
            want = {k.replace("_", "."): x for k, x in want.items()}
            wait_until(lambda: values(t, kind, who) == want, 20, f"{want}, not {values(t, kind, who)}")

        ask("set", (TOPIC, name, [("retention.ms", SET, "1000")]))
        becomes(TOPIC, name, flush_ms="7", retention_ms="1000")
        ask("delete", (TOPIC, name, [("flush.ms", DELETE, None)]))
        becomes(TOPIC, name, retention_ms="1000")
        ask("delete with a value", (TOPIC, name, [("retention.ms", DELETE, "9")]))
        becomes(TOPIC, name)
        ask("delete what is not set", (TOPIC, name, [("retention.ms", DELETE, None)]))
        ask("append to the default", (TOPIC, name, [("cleanup.policy", APPEND, "compact")]))
        becomes(TOPIC, name, cleanup_policy="delete,compact")
        ask("append what is there", (TOPIC, name, [("cleanup.policy", APPEND, "compact")]))
        ask("append two", (TOPIC, name, [("cleanup.policy", APPEND, "compact,delete")]))
        ask("subtract", (TOPIC, name, [("cleanup.policy", SUBTRACT, "delete")]))
        becomes(TOPIC, name, cleanup_policy="compact")
        ask("subtract what is not there", (TOPIC, name, [("cleanup.policy", SUBTRACT, "delete")]))
        ask("subtract the last", (TOPIC, name, [("cleanup.policy", SUBTRACT, "compact")]))
        ask("throttled append", (TOPIC, name, [("leader.replication.throttled.replicas", APPEND, "0:0")]))
        ask("throttled append more", (TOPIC, name, [("leader.replication.throttled.replicas", APPEND, "1:0,2:0")]))
        ask("throttled subtract", (TOPIC, name, [("leader.replication.throttled.replicas", SUBTRACT, "1:0")]))
        t.note("then", values(t, TOPIC, name), v)
        ask("several operations", (TOPIC, name, [("flush.ms", SET, "1"), ("cleanup.policy", DELETE, None),
                                                 ("leader.replication.throttled.replicas", DELETE, None)]))
        becomes(TOPIC, name, flush_ms="1")
        ask("validate", (TOPIC, name, [("flush.ms", SET, "2")]), validate_only=True)
        ask("append to a number", (TOPIC, name, [("retention.ms", APPEND, "5")]))
        ask("subtract from a number", (TOPIC, name, [("retention.ms", SUBTRACT, "5")]))
        ask("append to an unknown key", (TOPIC, name, [("no.such", APPEND, "5")]))
        ask("operation 4", (TOPIC, name, [("retention.ms", 4, "5")]))
        ask("operation -1", (TOPIC, name, [("retention.ms", -1, "5")]))
        ask("unknown key", (TOPIC, name, [("no.such", SET, "5")]))
        ask("delete an unknown key", (TOPIC, name, [("no.such", DELETE, None)]))
        ask("bad value", (TOPIC, name, [("retention.ms", SET, "x")]))
        ask("bad list", (TOPIC, name, [("cleanup.policy", APPEND, "shred")]))
        ask("null set", (TOPIC, name, [("retention.ms", SET, None)]))
        ask("null append", (TOPIC, name, [("cleanup.policy", APPEND, None)]))
        ask("key twice", (TOPIC, name, [("flush.ms", SET, "1"), ("flush.ms", DELETE, None)]))
        t.silent("resource twice", "IncrementalAlterConfigs", v, 3, validate_only=False, resources=[
            {"resource_type": TOPIC, "resource_name": name, "configs": [
                {"name": "flush.ms", "config_operation": SET, "value": n}]} for n in "12"])
        ask("good and bad", (TOPIC, name, [("flush.ms", SET, "4")]), (TOPIC, "nowhere", [("flush.ms", SET, "4")]),
            (BROKER, "7", [("log.retention.ms", SET, "4")]))
        becomes(TOPIC, name, flush_ms="4")
        ask("no operations", (TOPIC, name, []))
        ask("nothing")
        for kind, who in ((TOPIC, ""), (TOPIC, "nowhere"), (TOPIC, "a/b"), (BROKER, "1"), (BROKER, "x"), (CLIENT_METRICS, "m"),
                          (32, "g"), (0, "x"), (1, "x"), (-1, "x")):
            ask(f"type {kind} {who!r}", (kind, who, [("retention.ms", SET, "1")]))
        for who in ("0", ""):
            ask(f"broker {who!r}", (BROKER, who, [("log.retention.ms", SET, "900000")]))
            becomes(BROKER, who, log_retention_ms="900000")
            ask(f"broker {who!r} append", (BROKER, who, [("log.cleanup.policy", APPEND, "compact")]))
            becomes(BROKER, who, log_retention_ms="900000", log_cleanup_policy="delete,compact")
            described(t, f"broker {who!r} shows", v, resource(TOPIC, name, ["cleanup.policy", "retention.ms"]),
                      resource(BROKER, "", ["log.cleanup.policy"]), include_synonyms=True)
            ask(f"broker {who!r} subtract", (BROKER, who, [("log.cleanup.policy", SUBTRACT, "delete")]))
            becomes(BROKER, who, log_retention_ms="900000", log_cleanup_policy="compact")
            ask(f"broker {who!r} delete", (BROKER, who, [("log.cleanup.policy", DELETE, None),
                                                          ("log.retention.ms", DELETE, None)]))
            becomes(BROKER, who)
            ask(f"broker {who!r} static", (BROKER, who, [("broker.rack", SET, "x")]))
            ask(f"broker {who!r} bad", (BROKER, who, [("log.retention.ms", SET, "x")]))
            ask(f"broker {who!r} unknown", (BROKER, who, [("my.own", SET, "x")]))
            becomes(BROKER, who, my_own=None)
            ask(f"broker {who!r} unknown, deleted", (BROKER, who, [("my.own", DELETE, None)]))
            becomes(BROKER, who)
            ask(f"broker {who!r} append to a number", (BROKER, who, [("log.retention.ms", APPEND, "1")]))
            ask(f"broker {who!r} many threads", (BROKER, who, [("num.io.threads", SET, "100")]))
        ask("unknown logger level", (LOGGER, "0", [("kafka.server.KafkaApis", SET, "LOUD")]))
        ask("unknown logger", (LOGGER, "0", [("no.such.logger", SET, "INFO")]))
        ask("another broker's logger", (LOGGER, "1", [("kafka", SET, "INFO")]))
        ask("append to a logger", (LOGGER, "0", [("root", APPEND, "INFO")]))
        ask("delete the root logger", (LOGGER, "0", [("root", DELETE, None)]))
