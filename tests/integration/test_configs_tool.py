"""kafka-configs.sh: output, messages and exit codes, literally, and what has changed afterwards.

The literals were printed by Kafka 3.9.1's tool for the same command lines, those of --zookeeper for topics, clients, ips
and quotas of users by Kafka 2.8.2's.
"""

import base64
import hashlib
import hmac
import json
import re

import pytest

import clients
import wire
from commands import expect, refused, tool
from harness import free_port, wait_until

DEPRECATED = ("Warning: --zookeeper is deprecated and will be removed in a future version of Kafka.\n"
              "Use --bootstrap-server instead to specify a broker to connect to.\n")
EXECUTION = "java.util.concurrent.ExecutionException: org.apache.kafka.common.errors."
DESCRIBE_CLIENT_QUOTAS, DESCRIBE_USER_SCRAM_CREDENTIALS = 48, 50


def configs(broker, *args):
    return tool("configs", "--bootstrap-server", broker.address, *args)


def failed(done, args, exception, out=""):
    """The line that names the arguments, and the exception."""
    assert (done.code, done.out) == (1, out), done.err
    assert done.err.splitlines()[:2] == [
        f"Error while executing config command with args '{' '.join(map(str, args))}'", exception], done.err


def eventually(broker, *args, out):
    """A broker takes over its own settings, and those of users, when it is told that they have changed."""
    wait_until(lambda: configs(broker, *args).out == out, 30, f"{' '.join(map(str, args))} to print\n{out}")


def serves(broker, key):
    with wire.Connection(broker) as c:
        return key in c.api_versions()


# --- topics ---


def test_topic_settings(broker, topic):
    clients.create_topic(broker, topic)
    expect(configs(broker, "--describe", "--topic", topic), 0, f"Dynamic configs for topic {topic} are:\n")
    expect(configs(broker, "--alter", "--topic", topic, "--add-config",
                   "retention.ms=1000,cleanup.policy=[compact,delete]"),
           0, f"Completed updating config for topic {topic}.\n")
    expect(configs(broker, "--describe", "--entity-type", "topics", "--entity-name", topic), 0,
           f"Dynamic configs for topic {topic} are:\n"
           "  cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, "
           "DEFAULT_CONFIG:log.cleanup.policy=delete}\n"
           "  retention.ms=1000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=1000}\n")
    expect(configs(broker, "--alter", "--topic", topic, "--add-config", "flush.ms=5", "--delete-config",
                   "retention.ms, cleanup.policy"), 0, f"Completed updating config for topic {topic}.\n")
    assert json.loads(broker.znode(f"/config/topics/{topic}")[0])["config"] == {"flush.ms": "5"}


def test_all_settings_of_a_topic(broker, topic):
    clients.create_topic(broker, topic, retention_ms=1000)
    lines = configs(broker, "--describe", "--topic", topic, "--all").out.splitlines()
    assert lines[0] == f"All configs for topic {topic} are:"
    names = [line.split("=")[0].strip() for line in lines[1:]]
    assert names == sorted(names) and len(names) > 20
    assert "  flush.ms=9223372036854775807 sensitive=false synonyms={}" in lines
    assert "  retention.ms=1000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=1000}" in lines


def test_every_topic(broker, topic):
    for suffix in "ab":
        clients.create_topic(broker, topic + suffix, retention_ms=1000)
    out = configs(broker, "--describe", "--entity-type", "topics").out
    for suffix in "ab":
        assert (f"Dynamic configs for topic {topic}{suffix} are:\n"
                "  retention.ms=1000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=1000}\n") in out


def test_settings_from_a_file(broker, topic, tmp_path):
    clients.create_topic(broker, topic)
    file = tmp_path / "some.properties"
    file.write_text("# settings\nretention.ms = 1000\ncleanup.policy:compact,\\\n  delete\n")
    expect(configs(broker, "--alter", "--topic", topic, "--add-config-file", file), 0,
           f"Completed updating config for topic {topic}.\n")
    assert json.loads(broker.znode(f"/config/topics/{topic}")[0])["config"] == {
        "retention.ms": "1000", "cleanup.policy": "compact,delete"}
    args = ("--bootstrap-server", broker.address, "--alter", "--topic", topic, "--add-config-file", "/nowhere")
    failed(tool("configs", *args), args, "java.nio.file.NoSuchFileException: /nowhere")


def test_a_topic_that_does_not_exist(broker, topic):
    args = ("--bootstrap-server", broker.address, "--describe", "--topic", topic)
    failed(tool("configs", *args), args, EXECUTION + "UnknownTopicOrPartitionException: ",
           f"Dynamic configs for topic {topic} are:\n")
    args = ("--bootstrap-server", broker.address, "--alter", "--topic", topic, "--add-config", "a=b")
    failed(tool("configs", *args), args, EXECUTION + "UnknownTopicOrPartitionException: ")


def test_what_the_broker_refuses(broker, topic):
    clients.create_topic(broker, topic)
    for change, exception in (
            ("foo=1", "InvalidConfigurationException: Unknown topic config name: foo"),
            ("retention.ms=x", f"InvalidConfigurationException: Invalid config value for resource ConfigResource(type=TOPIC, "
                               f"name='{topic}'): Invalid value x for configuration retention.ms: Not a number of type "
                               "LONG")):
        args = ("--bootstrap-server", broker.address, "--alter", "--topic", topic, "--add-config", change)
        failed(tool("configs", *args), args, EXECUTION + exception)
    refused(configs(broker, "--alter", "--topic", topic, "--delete-config", "flush.ms,foo"),
            "Invalid config(s): flush.ms,foo")


# --- brokers ---


def test_broker_settings(broker):
    expect(configs(broker, "--alter", "--broker", 0, "--add-config", "log.cleaner.threads=2"), 0,
           "Completed updating config for broker 0.\n")
    expect(configs(broker, "--alter", "--entity-type", "brokers", "--entity-default", "--add-config",
                   "log.cleaner.threads=3"), 0, "Completed updating default config for brokers in the cluster.\n")
    eventually(broker, "--describe", "--entity-type", "brokers", out=
               "Dynamic configs for broker 0 are:\n"
               "  log.cleaner.threads=2 sensitive=false synonyms={DYNAMIC_BROKER_CONFIG:log.cleaner.threads=2, "
               "DYNAMIC_DEFAULT_BROKER_CONFIG:log.cleaner.threads=3, DEFAULT_CONFIG:log.cleaner.threads=1}\n"
               "Default configs for brokers in the cluster are:\n"
               "  log.cleaner.threads=3 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:log.cleaner.threads=3}\n")
    expect(configs(broker, "--alter", "--broker", 0, "--delete-config", "log.cleaner.threads"), 0,
           "Completed updating config for broker 0.\n")
    expect(configs(broker, "--alter", "--broker-defaults", "--delete-config", "log.cleaner.threads"), 0,
           "Completed updating default config for brokers in the cluster.\n")
    eventually(broker, "--describe", "--entity-type", "brokers", out=
               "Dynamic configs for broker 0 are:\nDefault configs for brokers in the cluster are:\n")


def test_all_settings_of_a_broker(broker):
    lines = configs(broker, "--describe", "--broker", 0, "--all").out.splitlines()
    assert lines[0] == "All configs for broker 0 are:"
    assert ("  broker.id=0 sensitive=false synonyms={STATIC_BROKER_CONFIG:broker.id=0, DEFAULT_CONFIG:broker.id=-1}"
            ) in lines
    assert any(line.startswith("  ssl.key.password=null sensitive=true ") for line in lines)


def test_secret_settings_are_not_lost(broker):
    """A broker does not tell values of keys that it does not know: they have to be said again, or taken back."""
    secret = "  custom.key=null sensitive=true synonyms={DYNAMIC_BROKER_CONFIG:custom.key=null}\n"

    def shows(*lines):
        eventually(broker, "--describe", "--broker", 0, out="Dynamic configs for broker 0 are:\n" + "".join(lines))

    expect(configs(broker, "--alter", "--broker", 0, "--add-config", "custom.key=1"), 0,
           "Completed updating config for broker 0.\n")
    shows(secret)
    refused(configs(broker, "--alter", "--broker", 0, "--add-config", "log.cleaner.threads=2"),
            "All sensitive broker config entries must be specified for --alter, missing entries: Set(custom.key)")
    expect(configs(broker, "--alter", "--broker", 0, "--add-config", "log.cleaner.threads=2,custom.key=2"), 0,
           "Completed updating config for broker 0.\n")
    shows(secret, "  log.cleaner.threads=2 sensitive=false synonyms={DYNAMIC_BROKER_CONFIG:log.cleaner.threads=2, "
                  "DEFAULT_CONFIG:log.cleaner.threads=1}\n")
    expect(configs(broker, "--alter", "--broker", 0, "--delete-config", "log.cleaner.threads,custom.key"), 0,
           "Completed updating config for broker 0.\n")
    shows()


def test_what_cannot_change_while_running(broker):
    args = ("--bootstrap-server", broker.address, "--alter", "--broker", 0, "--add-config", "broker.id=1")
    failed(tool("configs", *args), args,
           EXECUTION + "InvalidRequestException: Cannot update these configs dynamically: Set(broker.id)")


def test_loggers(broker):
    def lines():
        done = configs(broker, "--describe", "--broker-logger", 0)
        assert done.code == 0 and done.out.startswith("Dynamic configs for broker-logger 0 are:\n"), done.err
        return done.out.splitlines()[1:]

    def root(level):
        expect(configs(broker, "--alter", "--broker-logger", 0, "--add-config", "root=" + level), 0,
               "Completed updating config for broker-logger 0.\n")
        assert f"  root={level} sensitive=false synonyms={{}}" in lines()

    names = [line.split("=")[0] for line in lines()]
    assert names == sorted(names) and "  root" in names
    root("DEBUG")
    root("INFO")
    refused(configs(broker, "--alter", "--broker-logger", 0, "--add-config", "x=INFO", "--delete-config", "y"),
            "Invalid broker logger(s): y,x")
    args = ("--bootstrap-server", broker.address, "--alter", "--broker-logger", 0, "--delete-config", "root")
    failed(tool("configs", *args), args,
           EXECUTION + "InvalidRequestException: Removing the log level of the root logger is not allowed")


# --- users, clients, ips ---


def test_quotas(broker, topic):
    user = "u " + topic
    describe = (broker, "--describe", "--user", user)
    if not serves(broker, DESCRIBE_CLIENT_QUOTAS):
        args = ("--bootstrap-server", broker.address, "--alter", "--user", "u", "--add-config", "producer_byte_rate=1")
        failed(tool("configs", *args), args,
               EXECUTION + "UnsupportedVersionException: The node does not support DESCRIBE_CLIENT_QUOTAS")
        return
    expect(configs(broker, "--alter", "--user", user, "--add-config",
                   "producer_byte_rate=1024,consumer_byte_rate=1e6,request_percentage=50.5"), 0,
           f"Completed updating config for user {user}.\n")
    eventually(*describe, out=f"Quota configs for user-principal '{user}' are consumer_byte_rate=1000000.0, "
                              "request_percentage=50.5, producer_byte_rate=1024.0\n")
    expect(configs(broker, "--alter", "--user", user, "--client-defaults", "--add-config", "request_percentage=200"), 0,
           f"Completed updating config for user {user}.\n")
    eventually(broker, "--describe", "--user", user, "--client-defaults", out=
               f"Quota configs for user-principal '{user}', the default client-id are request_percentage=200.0\n")
    eventually(broker, "--describe", "--entity-type", "users", "--entity-name", user, "--entity-type", "clients", out=
               f"Quota configs for user-principal '{user}', the default client-id are request_percentage=200.0\n")
    refused(configs(broker, "--alter", "--user", user, "--delete-config", "producer_byte_rate,foo"),
            "Only quota and SCRAM credential configs can be deleted for 'users' using --bootstrap-server. Unexpected "
            "config names: ArrayBuffer(foo)")
    refused(configs(broker, "--alter", "--user", user, "--delete-config", "controller_mutation_rate"),
            "Invalid config(s): controller_mutation_rate")
    for args in (("--client-defaults", "--delete-config", "request_percentage"),
                 ("--delete-config", "producer_byte_rate,consumer_byte_rate,request_percentage")):
        expect(configs(broker, "--alter", "--user", user, *args), 0, f"Completed updating config for user {user}.\n")
    eventually(*describe, out="")
    expect(configs(broker, "--alter", "--ip", "127.0.0.9", "--add-config", "connection_creation_rate=5"), 0,
           "Completed updating config for ip 127.0.0.9.\n")
    eventually(broker, "--describe", "--ip", "127.0.0.9", out=
               "Quota configs for ip '127.0.0.9' are connection_creation_rate=5.0\n")
    expect(configs(broker, "--alter", "--ip", "127.0.0.9", "--delete-config", "connection_creation_rate"), 0,
           "Completed updating config for ip 127.0.0.9.\n")


def test_credentials(broker, topic):
    add = ("--alter", "--user", topic, "--add-config", "SCRAM-SHA-256=[iterations=8192,password=pw],SCRAM-SHA-512=["
           "password=x=y,z]")
    if not serves(broker, DESCRIBE_USER_SCRAM_CREDENTIALS):
        args = ("--bootstrap-server", broker.address, *add)
        failed(tool("configs", *args), args,
               EXECUTION + "UnsupportedVersionException: The node does not support ALTER_USER_SCRAM_CREDENTIALS")
        return
    expect(configs(broker, *add), 0, f"Completed updating config for user {topic}.\n")
    eventually(broker, "--describe", "--user", topic, out=
               f"SCRAM credential configs for user-principal '{topic}' are SCRAM-SHA-256=iterations=8192, "
               "SCRAM-SHA-512=iterations=4096\n")
    check_credential(json.loads(broker.znode(f"/config/users/{topic}")[0])["config"]["SCRAM-SHA-512"], "sha512",
                     b"x=y,z", 4096)
    expect(configs(broker, "--alter", "--user", topic, "--delete-config", "SCRAM-SHA-256,SCRAM-SHA-512"), 0,
           f"Completed updating config for user {topic}.\n")
    eventually(broker, "--describe", "--user", topic, out="")


# --- command lines ---


ALTER = ("--bootstrap-server", "x:1", "--alter")


@pytest.mark.parametrize("args, message", [
    (("--bad",), "bad is not a recognized option"),
    (("--describe",), "At least one entity type must be specified"),
    (("--bootstrap-server", "x:1", "--describe"), "At least one entity type must be specified"),
    (("--bootstrap-server", "x:1", "--describe", "--entity-type", "foo"),
     "Invalid entity type foo, the entity type must be one of topics, clients, users, brokers, ips, broker-loggers, "
     "client-metrics with a --bootstrap-server or --bootstrap-controller argument"),
    (("--describe", "--entity-type", "topics"),
     "Invalid entity type topics, the entity type must be one of users, brokers with a --zookeeper argument"),
    (("--zookeeper", "x:1", "--describe", "--broker-logger", "0"),
     "Invalid entity type broker-loggers, the entity type must be one of topics, clients, users, brokers, ips with a "
     "--zookeeper argument"),
    (("--describe", "--broker", 0), "One of the required --bootstrap-server, --boostrap-controller, or --zookeeper "
                                    "arguments must be specified"),
    (("--bootstrap-server", "x:1", "--zookeeper", "x:1", "--describe", "--broker", 0),
     "Only one of --bootstrap-server, --boostrap-controller, and --zookeeper can be specified"),
    (("--zookeeper", "x:1", "--describe", "--broker", 0, "--all"), "--bootstrap-server must be specified for --all"),
    (("--bootstrap-server", "x:1", "--describe", "--user", "u", "--zk-tls-config-file", "f"),
     "Only the --zookeeper option can be used with the --zk-tls-config-file option."),
    (("--bootstrap-server", "x:1", "--describe", "--topic", "a", "--topic", "b"),
     "Found multiple arguments for option topic, but you asked for only one"),
    (("--bootstrap-server", "x:1", "--describe", "--topic", "a", "--entity-name", "b"),
     "--entity-{type,name,default} should not be used in conjunction with specific entity flags"),
    (("--bootstrap-server", "x:1", "--describe", "--entity-type", "users", "--entity-type", "users"),
     "Duplicate entity type(s) specified: users"),
    (("--bootstrap-server", "x:1", "--describe", "--topic", "a", "--broker", 0),
     "Only 'users' and 'clients' entity types may be specified together"),
    (("--bootstrap-server", "x:1", "--describe", "--entity-type", "broker-loggers"),
     "an entity name must be specified with --describe of broker-loggers"),
    ((*ALTER, "--topic", "a"),
     "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter"),
    ((*ALTER, "--topic", "a", "--add-config", "a=b", "--add-config-file", "f"),
     "Only one of --add-config or --add-config-file must be specified"),
    ((*ALTER, "--entity-type", "topics", "--add-config", "a=b"),
     "an entity name must be specified with --alter of topics"),
    ((*ALTER, "--entity-type", "users", "--add-config", "a=b"),
     "an entity-name or default entity must be specified with --alter of users, clients, brokers or ips"),
    ((*ALTER, "--broker", "x", "--add-config", "a=b"),
     "The entity name for brokers must be a valid integer broker id, but it is: x"),
    ((*ALTER, "--ip", "no.such.host.invalid", "--add-config", "a=b"),
     "The entity name for ips must be a valid IP or resolvable host, but it is: no.such.host.invalid"),
])
def test_command_lines_that_are_refused(args, message):
    refused(tool("configs", *args), message)


@pytest.mark.parametrize("args, message", [
    (("--topic", "a", "--add-config", "x"),
     'requirement failed: Invalid entity config: all configs to be added must be in the format "key=val".'),
    (("--topic", "a", "--add-config", "x y=1"), "Invalid character found for config key: x y"),
    (("--user", "u", "--add-config", "x=1,producer_byte_rate=3"),
     "Only quota and SCRAM credential configs can be added for 'users' using --bootstrap-server. Unexpected config names: "
     "Set(x)"),
    (("--client", "c", "--delete-config", "x,SCRAM-SHA-256"),
     "Only quota configs can be deleted for 'clients' using --bootstrap-server. Unexpected config names: ArrayBuffer(x, "
     "SCRAM-SHA-256)"),
    (("--user-defaults", "--add-config", "SCRAM-SHA-256=[password=x]"),
     "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using "
     "--bootstrap-server."),
    (("--user", "u", "--add-config", "SCRAM-SHA-256=[password=x],producer_byte_rate=3"),
     "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server."),
    (("--user", "u", "--add-config", "SCRAM-SHA-256=[iterations=100,password=x]"),
     "Iterations 100 is less than the minimum 4096 required for SCRAM-SHA-256"),
    (("--user", "u", "--add-config", "SCRAM-SHA-256=[iterations=100]"),
     "Invalid credential property SCRAM_SHA_256=iterations=100"),
    (("--user", "u", "--add-config", "SCRAM-SHA-256=[iterations=,password=x]"), 'For input string: ""'),
    (("--ip", "10.0.0.1", "--add-config", "connection_creation_rate=5,x=2"),
     "Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected config names: x"),
    (("--entity-type", "users", "--entity-type", "clients", "--entity-name", "u", "--add-config", "producer_byte_rate=1"),
     "An entity name must be specified for every entity type"),
])
def test_changes_that_are_refused(broker, args, message):
    refused(configs(broker, "--alter", *args), message)


@pytest.mark.parametrize("args, message", [
    ((), "This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip or "
         "client-metrics"),
    (("--help",), "This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip or "
                  "client-metrics"),
    (("--topic", "t"), "Command must include exactly one action: --describe, --alter"),
    (("--topic", "t", "--alter", "--describe"), "Command must include exactly one action: --describe, --alter"),
    (("--topic", "t", "--describe", "--add-config", "a=b"),
     'Option "[describe]" can\'t be used with option "[add-config]"'),
])
def test_wrong_usage_shows_the_options(args, message):
    done = tool("configs", *args)
    expect(done, 1)
    assert done.err.startswith(message + "\nOption "), done.err


def test_version():
    expect(tool("configs", "--version"), 0, "3.9.0\n")


def test_a_broker_is_no_controller(broker):
    args = ("--bootstrap-controller", broker.address, "--describe", "--broker", 0)
    failed(tool("configs", *args), args,
           EXECUTION + "MismatchedEndpointTypeException: The request was sent to an endpoint of type BROKER, but we "
           "wanted an endpoint of type CONTROLLER")


def test_nobody_answers(tmp_path):
    file = tmp_path / "client.properties"
    file.write_text("default.api.timeout.ms=1500\nrequest.timeout.ms=1500\n")
    args = ("--bootstrap-server", f"127.0.0.1:{free_port()}", "--command-config", file, "--describe", "--topic", "t")
    failed_last(tool("configs", *args), args, EXECUTION + "TimeoutException: Timed out waiting for a node assignment. "
                "Call: describeConfigs", "Dynamic configs for topic t are:\n")


def failed_last(done, args, exception, out):
    """As failed, with warnings before."""
    assert (done.code, done.out) == (1, out), done.err
    assert done.err.splitlines()[-2:] == [
        f"Error while executing config command with args '{' '.join(map(str, args))}'", exception], done.err


# --- ZooKeeper ---


@pytest.fixture
def ensemble(run):
    """An ensemble without brokers: a function that runs the tool, with what it needs to look at the znodes."""
    with run.zookeeper.client() as zk:
        for name in ("topics", "brokers", "clients", "users", "ips", "changes"):
            zk.ensure_path(f"{run.chroot}/config/{name}")

        def configs_zk(*args):
            return tool("configs", "--zookeeper", run.zookeeper.address + run.chroot, *args)

        def stored(path):
            return json.loads(zk.get(f"{run.chroot}/config/{path}")[0])

        def changes():
            names = sorted(zk.get_children(f"{run.chroot}/config/changes"))
            return [zk.get(f"{run.chroot}/config/changes/{n}")[0].decode() for n in names]

        configs_zk.zk, configs_zk.root, configs_zk.stored, configs_zk.changes = zk, run.chroot, stored, changes
        yield configs_zk


def check_credential(text, algorithm, password, iterations):
    """What is stored of a password, computed again."""
    parts = dict(p.split("=", 1) for p in text.split(","))
    salt = base64.b64decode(parts["salt"])
    salted = hashlib.pbkdf2_hmac(algorithm, password, salt, iterations)
    client = hmac.new(salted, b"Client Key", algorithm).digest()
    assert list(parts) == ["salt", "stored_key", "server_key", "iterations"]
    assert parts["iterations"] == str(iterations)
    assert base64.b64decode(parts["stored_key"]) == hashlib.new(algorithm, client).digest()
    assert base64.b64decode(parts["server_key"]) == hmac.new(salted, b"Server Key", algorithm).digest()


def test_credentials_before_the_first_start(ensemble):
    expect(ensemble("--alter", "--entity-type", "users", "--entity-name", "al ice", "--add-config",
                    "SCRAM-SHA-256=[iterations=8192,password=pw],SCRAM-SHA-512=[password=x=y,z]"), 0,
           DEPRECATED + "Completed updating config for entity: user-principal 'al ice'.\n")
    stored = ensemble.stored("users/al%20ice")
    assert stored["version"] == 1 and list(stored["config"]) == ["SCRAM-SHA-512", "SCRAM-SHA-256"]
    check_credential(stored["config"]["SCRAM-SHA-256"], "sha256", b"pw", 8192)
    check_credential(stored["config"]["SCRAM-SHA-512"], "sha512", b"x=y,z", 4096)
    assert ensemble.changes() == ['{"version":2,"entity_path":"users/al%20ice"}']
    expect(ensemble("--describe", "--entity-type", "users"), 0, DEPRECATED + "Configs for user-principal 'al ice' are " +
           ",".join(f"{k}={v}" for k, v in stored["config"].items()) + "\n")
    expect(ensemble("--alter", "--user", "al ice", "--delete-config", "SCRAM-SHA-256"), 0,
           DEPRECATED + "Completed updating config for entity: user-principal 'al ice'.\n")
    assert list(ensemble.stored("users/al%20ice")["config"]) == ["SCRAM-SHA-512"]
    expect(ensemble("--alter", "--user", "al ice", "--delete-config", "SCRAM-SHA-512"), 0,
           DEPRECATED + "Completed updating config for entity: user-principal 'al ice'.\n")
    assert ensemble.zk.get_children(ensemble.root + "/config/users") == []
    assert len(ensemble.changes()) == 3


@pytest.mark.parametrize("args, message", [
    (("--user", "al", "--add-config", "SCRAM-SHA-256=[iterations=100,password=pw]"),
     "Iterations 100 is less than the minimum 4096 required for SCRAM_SHA_256"),
    (("--user", "al", "--delete-config", "SCRAM-SHA-256"), "Invalid config(s): SCRAM-SHA-256"),
    (("--user-defaults", "--add-config", "SCRAM-SHA-256=[password=x]"),
     "requirement failed: Unknown Dynamic Configuration: HashSet(SCRAM-SHA-256)."),
    (("--user", "al", "--add-config", "foo=1"), "requirement failed: Unknown Dynamic Configuration: HashSet(foo)."),
    (("--client-defaults", "--add-config", "foo=1"), "requirement failed: Unknown Dynamic Configuration: HashSet(foo)."),
    (("--entity-type", "users", "--entity-name", "u", "--entity-type", "clients", "--add-config", "a=b"),
     "--entity-name or --entity-default must be specified with each --entity-type for --alter"),
    (("--broker", 5, "--add-config", "listener.name.x.ssl.key.password=x"),
     "requirement failed: password.encoder.secret must be specified to update Set(listener.name.x.ssl.key.password). "
     "Other password encoder configs like cipher algorithm and iterations may also be specified to override the default "
     "encoding parameters. Password encoder configs will not be persisted in ZooKeeper."),
])
def test_what_the_tool_refuses_itself(ensemble, args, message):
    done = ensemble("--alter", *args)
    assert (done.code, done.out, done.err) == (1, DEPRECATED, message + "\n")
    assert ensemble.changes() == []


@pytest.mark.parametrize("args, exception", [
    (("--broker", 5, "--add-config", "broker.id=3,log.dir=x"),
     "ConfigException: Cannot update these configs dynamically: Set(broker.id, log.dir)"),
    (("--broker", 5, "--add-config", "log.cleaner.threads=x"),
     "ConfigException: Invalid value x for configuration log.cleaner.threads: Not a number of type INT"),
    (("--broker", 5, "--add-config", "ssl.key.password=x"),
     "ConfigException: These security configs can be dynamically updated only per-listener using the listener prefix: "
     "HashSet(ssl.key.password)"),
    (("--broker-defaults", "--add-config", "advertised.listeners=x"),
     "ConfigException: Cannot update these configs at default cluster level, broker id must be specified: "
     "Set(advertised.listeners)"),
    (("--client", "c", "--add-config", "producer_byte_rate=x"),
     "ConfigException: Invalid value x for configuration producer_byte_rate: Not a number of type LONG"),
    (("--ip-defaults", "--add-config", "connection_creation_rate=-5"),
     "ConfigException: Invalid value -5 for configuration connection_creation_rate: Value must be at least 0"),
])
def test_values_that_are_wrong(ensemble, run, args, exception):
    done = ensemble("--alter", *args)
    failed(done, ("--zookeeper", run.zookeeper.address + run.chroot, "--alter", *args),
           "org.apache.kafka.common.config." + exception, DEPRECATED)
    assert ensemble.changes() == []


def test_settings_of_brokers_that_do_not_run(ensemble):
    expect(ensemble("--alter", "--broker", 5, "--add-config",
                    "listener.name.x.ssl.key.password=secret,password.encoder.secret=abc,password.encoder.iterations=5000,"
                    "log.cleaner.threads=2,custom.key=[a,b]"), 0,
           DEPRECATED + "Completed updating config for entity: brokers '5'.\n")
    stored = ensemble.stored("brokers/5")["config"]
    password = stored.pop("listener.name.x.ssl.key.password")
    assert stored == {"log.cleaner.threads": "2", "custom.key": "a,b"}
    assert re.fullmatch(r"initializationVector:[\w+/]{22}==,keyLength:128,salt:[\w+/]{342}==,keyFactoryAlgorithm:"
                        r"PBKDF2WithHmacSHA512,cipherAlgorithm:AES/CBC/PKCS5Padding,iterations:5000,passwordLength:6,"
                        r"encryptedPassword:[\w+/]{22}==", password)
    assert ensemble.changes() == ['{"version":2,"entity_path":"brokers/5"}']
    expect(ensemble("--alter", "--entity-type", "brokers", "--entity-default", "--add-config", "log.cleaner.threads=3"), 0,
           DEPRECATED + "Completed updating config for entity: default brokers.\n")
    expect(ensemble("--describe", "--broker-defaults"), 0,
           DEPRECATED + "Configs for default brokers are log.cleaner.threads=3\n")
    expect(ensemble("--describe", "--broker", 7), 0, DEPRECATED + "Configs for brokers '7' are \n")


def test_quotas_without_a_broker(ensemble):
    def alter(*args, entity):
        expect(ensemble("--alter", *args), 0, f"{DEPRECATED}Completed updating config for entity: {entity}.\n")

    alter("--entity-type", "clients", "--entity-name", "c", "--add-config", "producer_byte_rate=1024,consumer_byte_rate=2048",
          entity="client-id 'c'")
    alter("--entity-type", "clients", "--entity-default", "--add-config", "producer_byte_rate=9",
          entity="default client-id")
    alter("--entity-type", "users", "--entity-name", "u x", "--entity-type", "clients", "--entity-name", "c2",
          "--add-config", "request_percentage=10", entity="user-principal 'u x', client-id 'c2'")
    alter("--entity-type", "clients", "--entity-default", "--entity-type", "users", "--entity-default", "--add-config",
          "request_percentage=10.5", entity="default user-principal, default client-id")
    alter("--ip", "127.0.0.1", "--add-config", "connection_creation_rate=5", entity="ips '127.0.0.1'")
    assert ensemble.changes() == [
        '{"version":2,"entity_path":"clients/c"}', '{"version":2,"entity_path":"clients/<default>"}',
        '{"version":2,"entity_path":"users/u%20x/clients/c2"}',
        '{"version":2,"entity_path":"users/<default>/clients/<default>"}', '{"version":2,"entity_path":"ips/127.0.0.1"}']
    data = ensemble.zk.get(ensemble.root + "/config/clients/c")[0]
    assert data == b'{"version":1,"config":{"producer_byte_rate":"1024","consumer_byte_rate":"2048"}}'
    lines = ensemble("--describe", "--entity-type", "users", "--entity-type", "clients").out[len(DEPRECATED):].splitlines()
    assert sorted(lines) == ["Configs for default user-principal, default client-id are request_percentage=10.5",
                             "Configs for user-principal 'u x', client-id 'c2' are request_percentage=10"]
    expect(ensemble("--describe", "--entity-type", "users", "--entity-name", "u x", "--entity-type", "clients"), 0,
           DEPRECATED + "Configs for user-principal 'u x', client-id 'c2' are request_percentage=10\n")
    expect(ensemble("--describe", "--entity-type", "users"), 0, DEPRECATED)
    alter("--user", "u x", "--client", "c2", "--delete-config", "request_percentage",
          entity="user-principal 'u x', client-id 'c2'")
    assert ensemble.zk.get_children(ensemble.root + "/config/users") == ["<default>"]


def test_a_running_broker_follows(broker, topic):
    """What --zookeeper writes reaches a broker through its notification; what only a broker may check is refused."""
    zookeeper = ("--zookeeper", broker.zookeeper.address + broker.chroot)
    clients.create_topic(broker, topic)
    expect(tool("configs", *zookeeper, "--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config",
                "retention.ms=1000,cleanup.policy=[compact,delete]"), 0,
           f"{DEPRECATED}Completed updating config for entity: topic '{topic}'.\n")
    assert broker.znode(f"/config/topics/{topic}")[0] == \
        b'{"version":1,"config":{"cleanup.policy":"compact,delete","retention.ms":"1000"}}'
    wait_until(lambda: "retention.ms=1000" in configs(broker, "--describe", "--topic", topic).out, 30,
               "the broker to hear of it")
    expect(tool("configs", *zookeeper, "--describe", "--topic", topic), 0,
           f"{DEPRECATED}Configs for topic '{topic}' are cleanup.policy=compact,delete,retention.ms=1000\n")
    expect(tool("configs", *zookeeper, "--alter", "--broker", 0, "--add-config", "leader.replication.throttled.rate=1000"),
           0, DEPRECATED + "Completed updating config for entity: brokers '0'.\n")
    for entity, who in ((("--broker", 0), "broker 0 is running"), (("--broker-defaults",), "1 brokers are running")):
        done = tool("configs", *zookeeper, "--alter", *entity, "--add-config", "log.cleaner.threads=2")
        assert (done.code, done.out, done.err) == (
            1, DEPRECATED, "requirement failed: --bootstrap-server option must be specified to update brokers configs: "
            f"{{add: {{log.cleaner.threads=2}}, delete: List()}} - {who}. Broker configuration operations using ZooKeeper "
            "are only supported if the affected broker(s) are not running.\n")
    expect(tool("configs", *zookeeper, "--alter", "--broker", 0, "--delete-config", "leader.replication.throttled.rate"),
           0, DEPRECATED + "Completed updating config for entity: brokers '0'.\n")


def test_topics_that_cannot_be_changed(broker, topic):
    zookeeper = ("--zookeeper", broker.zookeeper.address + broker.chroot, "--alter", "--topic")
    for name, exception in ((topic, f"UnknownTopicOrPartitionException: Topic '{topic}' does not exist."),
                            ("a/b", "InvalidTopicException: Topic name is invalid: 'a/b' contains one or more characters "
                                    "other than ASCII alphanumerics, '.', '_' and '-'")):
        args = (*zookeeper, name, "--add-config", "retention.ms=1")
        failed(tool("configs", *args), args, "org.apache.kafka.common.errors." + exception, DEPRECATED)


def test_tls_to_zookeeper_is_not_left_out(ensemble, tmp_path):
    file = tmp_path / "tls.properties"
    file.write_text("zookeeper.ssl.client.enable=true\n")
    done = ensemble("--describe", "--entity-type", "users", "--zk-tls-config-file", file)
    assert (done.code, done.out) == (1, DEPRECATED)
    assert done.err == ("zookeeper.ssl.client.enable=true is not possible: the ZooKeeper library of this system has no "
                        "TLS\n")
    file.write_text("# nothing\n")
    expect(ensemble("--describe", "--entity-type", "users", "--zk-tls-config-file", file), 0, DEPRECATED)


def test_a_path_that_does_not_exist(run):
    done = tool("configs", "--zookeeper", f"{run.zookeeper.address}/no/such/path", "--alter", "--broker", 5,
                "--add-config", "a=b")
    assert (done.code, done.out) == (1, DEPRECATED)
    assert done.err.endswith("\nThe path behind the servers of --zookeeper does not exist in ZooKeeper\n")


def test_an_ensemble_that_does_not_answer():
    """Kafka's tool waits for 30 seconds too."""
    args = ("--zookeeper", f"127.0.0.1:{free_port()}", "--describe", "--entity-type", "users")
    failed_last(tool("configs", *args, timeout=60), args, "kafka.zookeeper.ZooKeeperClientTimeoutException: Timed out "
                "waiting for connection while in state: CONNECTING", DEPRECATED)
