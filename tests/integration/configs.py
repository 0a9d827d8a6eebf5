"""Configurations changed and described: by requests made by hand, and by writing the znodes as other programs do."""

import json

import messages
import wire
from harness import wait_until

TOPIC, BROKER, LOGGER = 2, 4, 8
SET, DELETE, APPEND, SUBTRACT = range(4)

NONE, INVALID_REQUEST, INVALID_CONFIG, UNKNOWN_TOPIC = 0, 42, 40, 3


def ask(port, api, version, **values):
    """One request on a connection of its own."""
    where = type("Where", (), {"port": port})
    with wire.Connection(where) as c:
        c.send(wire.frame(messages.request(api, version, 1, "configs", values)))
        correlation, answer = messages.response(api, version, c.receive())
        assert correlation == 1
        return answer


def settled(broker):
    """The broker, once there is a controller: without one nothing can be altered."""
    wait_until(lambda: broker.znode("/controller")[0], 30, "a controller")
    return broker


def operations(changes):
    """{key: value, other: None} as SET and DELETE; a pair (operation, value) as it is."""
    for key, value in changes.items():
        operation = value[0] if isinstance(value, tuple) else DELETE if value is None else SET
        text = value[1] if isinstance(value, tuple) else value
        yield {"name": key, "config_operation": operation, "value": None if text is None else str(text)}


def try_alter(broker, kind, name, changes, validate_only=False, port=None):
    """IncrementalAlterConfigs: (error code, message)"""
    answer = ask(port or broker.port, "IncrementalAlterConfigs", 1, validate_only=validate_only, resources=[
        {"resource_type": kind, "resource_name": name, "configs": list(operations(changes))}])
    result = answer["responses"][0]
    return result["error_code"], result["error_message"]


def alter(broker, kind, name, changes, port=None):
    result = try_alter(broker, kind, name, changes, port=port)
    assert result[0] == 0, result


def describe(broker, kind, name, *keys, port=None):
    """{key: entry}"""
    answer = ask(port or broker.port, "DescribeConfigs", 4, include_synonyms=True, resources=[
        {"resource_type": kind, "resource_name": name, "configuration_keys": list(keys) or None}])
    result = answer["results"][0]
    assert result["error_code"] == 0, result
    return {c["name"]: c for c in result["configs"]}


def value(broker, kind, name, key, port=None):
    entry = describe(broker, kind, name, key, port=port).get(key)
    return entry and entry["value"]


# --- as other programs write ---


def stored(broker, path):
    """The config of a znode, {} when it has none."""
    data, _ = broker.znode(f"/config/{path}")
    return json.loads(data)["config"] if data else {}


def write(zk, path, config):
    """An entity's whole configuration; `config` is a dictionary, or bytes to be written as they are."""
    data = config if isinstance(config, bytes) else json.dumps({"version": 1, "config": config}).encode()
    path = f"/config/{path}"
    if zk.exists(path):
        zk.set(path, data)
    else:
        zk.create(path, data, makepath=True)


def announce(zk, notification):
    """A notification: the path of an entity (version 2), or bytes."""
    data = notification if isinstance(notification, bytes) else json.dumps(
        {"version": 2, "entity_path": notification}).encode()
    return zk.create("/config/changes/config_change_", data, sequence=True)


def announce_as_cmak(zk, kind, name):
    """Version 1: as CMAK and Kafka up to 0.10.0 write."""
    return announce(zk, json.dumps({"version": 1, "entity_type": kind, "entity_name": name}).encode())


def set_by_hand(zk, path, config):
    write(zk, path, config)
    announce(zk, path)
