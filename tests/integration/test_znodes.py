"""What other brokers, tools and people see in ZooKeeper, byte for byte. Times and generated ids excepted."""

import json
import re
import time

import pytest
from confluent_kafka.admin import ConfigResource, NewPartitions

import clients
from harness import free_port, running_moldau, wait_until

ID = r"[A-Za-z0-9_-]{22}"
MS = r"[0-9]{13}"


@pytest.fixture
def zk(broker):
    with broker.zookeeper.client(broker.chroot) as client:
        yield client


def text(zk, path):
    data, _ = zk.get(path)
    return data.decode()


def matches(zk, path, pattern):
    got = text(zk, path)
    assert re.fullmatch(pattern, got), got


def recent(ms):
    return abs(int(ms) - time.time() * 1000) < 600_000


def test_the_persistent_paths_exist_without_data(zk):
    for path in ("/consumers", "/brokers/ids", "/brokers/topics", "/config/changes", "/admin/delete_topics",
                 "/isr_change_notification", "/log_dir_event_notification", "/config/topics", "/config/clients",
                 "/config/users", "/config/brokers", "/config/ips", "/latest_producer_id_block", "/brokers/seqid",
                 "/brokers", "/config", "/admin"):
        data, stat = zk.get(path)
        assert stat.ephemeralOwner == 0 and stat.dataLength == 0, path
        assert data is None, f"{path} must hold NULL, which is not the same as empty (zookeeper.md 1.5)"
        acls, _ = zk.get_acls(path)
        assert [(a.perms, a.id.scheme, a.id.id) for a in acls] == [(31, "world", "anyone")], path


def test_the_chroot_is_made(broker, zookeeper):
    with zookeeper.client() as root:
        data, stat = root.get(broker.chroot)
        assert data is None and stat.ephemeralOwner == 0


def test_the_registration(broker, zk):
    data, stat = zk.get("/brokers/ids/0")
    want = (r'\{"features":\{\},"listener_security_protocol_map":\{"PLAINTEXT":"PLAINTEXT"\},'
            rf'"endpoints":\["PLAINTEXT://127\.0\.0\.1:{broker.port}"\],"jmx_port":-1,"port":{broker.port},'
            rf'"host":"127\.0\.0\.1","version":5,"timestamp":"({MS})"\}}')
    got = re.fullmatch(want, data.decode())
    assert got, data
    assert recent(got.group(1))
    assert stat.ephemeralOwner != 0
    assert stat.version == 1  # created empty, then set, in one multi
    assert stat.czxid == stat.mzxid


def test_rack_and_several_listeners(run):
    broker = run.broker(7, broker_rack="az-a", start=False)
    internal, external = free_port(), free_port()
    broker.set(listeners=f"INT://127.0.0.1:{internal},EXT://127.0.0.1:{external}",
               listener_security_protocol_map="INT:PLAINTEXT,EXT:PLAINTEXT",
               inter_broker_listener_name="INT",
               advertised_listeners=f"INT://127.0.0.1:{internal},EXT://localhost:{external}")
    broker.start()
    data, _ = broker.znode("/brokers/ids/7")
    want = ('{"features":{},"listener_security_protocol_map":{"INT":"PLAINTEXT","EXT":"PLAINTEXT"},'
            f'"endpoints":["INT://127.0.0.1:{internal}","EXT://localhost:{external}"],"rack":"az-a","jmx_port":-1,'
            f'"port":{internal},"host":"127.0.0.1","version":5,"timestamp":"')
    assert data.decode().startswith(want), data


def test_the_cluster_id_is_also_in_meta_properties(broker, zk):
    matches(zk, "/cluster/id", rf'\{{"version":"1","id":"{ID}"\}}')
    cluster_id = json.loads(text(zk, "/cluster/id"))["id"]
    for directory in broker.log_dirs:
        meta = (directory / "meta.properties").read_text().splitlines()
        assert meta[0] == "#" and meta[1].startswith("#")
        assert sorted(meta[2:]) == ["broker.id=0", f"cluster.id={cluster_id}", "version=0"]
    assert clients.admin(broker).list_topics(timeout=30).cluster_id == cluster_id


def test_the_controller(zk):
    data, stat = zk.get("/controller")
    got = re.fullmatch(rf'\{{"version":2,"brokerid":0,"timestamp":"({MS})","kraftControllerEpoch":-1\}}', data.decode())
    assert got and recent(got.group(1)), data
    assert stat.ephemeralOwner == zk.get("/brokers/ids/0")[1].ephemeralOwner
    data, stat = zk.get("/controller_epoch")
    assert data == b"1" and stat.version == 1 and stat.ephemeralOwner == 0


def test_the_features(zk):
    assert text(zk, "/feature") == '{"features":{},"version":2,"status":1}'


def test_a_topic(broker, zk, topic):
    clients.create_topic(broker, topic, partitions=2)
    got = re.fullmatch(rf'\{{"partitions":\{{"0":\[0\],"1":\[0\]\}},"topic_id":"({ID})","adding_replicas":\{{\}},'
                       r'"removing_replicas":\{\},"version":3\}', text(zk, f"/brokers/topics/{topic}"))
    assert got, text(zk, f"/brokers/topics/{topic}")
    assert zk.get(f"/brokers/topics/{topic}")[1].version == 0
    for p in range(2):
        data, stat = zk.get(f"/brokers/topics/{topic}/partitions/{p}/state")
        assert data == b'{"controller_epoch":1,"leader":0,"version":1,"leader_epoch":0,"isr":[0]}'
        assert stat.version == 0 and stat.ephemeralOwner == 0
        assert zk.get(f"/brokers/topics/{topic}/partitions/{p}")[0] is None
    assert zk.get(f"/brokers/topics/{topic}/partitions")[0] is None
    assert text(zk, f"/config/topics/{topic}") == '{"version":1,"config":{}}'
    for p in range(2):
        meta = (broker.partition_dir(topic, p) / "partition.metadata").read_bytes()
        assert meta == b"version: 0\ntopic_id: " + got.group(1).encode()


def test_the_order_of_twelve_and_more_partitions(broker, zk, topic):
    """The order of a Scala hash map, which other brokers write too (zookeeper.md 1.5)."""
    clients.create_topic(broker, topic, partitions=12)
    keys = list(json.loads(text(zk, f"/brokers/topics/{topic}"))["partitions"])
    assert keys == ["11"] + [str(i) for i in range(11)]
    clients.create_topic(broker, topic + "x", partitions=20)
    keys = list(json.loads(text(zk, f"/brokers/topics/{topic}x"))["partitions"])
    assert keys == [str(i) for i in range(11, 20)] + [str(i) for i in range(11)]


def test_a_topic_with_configs(broker, zk, topic):
    clients.create_topic(broker, topic, retention_ms=3600000, cleanup_policy="compact")
    got = json.loads(text(zk, f"/config/topics/{topic}"))
    assert got == {"version": 1, "config": {"retention.ms": "3600000", "cleanup.policy": "compact"}}
    assert text(zk, f"/config/topics/{topic}").startswith('{"version":1,"config":{"')
    assert " " not in text(zk, f"/config/topics/{topic}")


def test_a_config_change_leaves_a_notification(broker, zk, topic):
    clients.create_topic(broker, topic)
    before = set(zk.get_children("/config/changes"))
    resource = ConfigResource("topic", topic, set_config={"retention.bytes": "123456789"})
    for future in clients.admin(broker).alter_configs([resource]).values():
        future.result(30)
    assert text(zk, f"/config/topics/{topic}") == '{"version":1,"config":{"retention.bytes":"123456789"}}'
    new = set(zk.get_children("/config/changes")) - before
    assert len(new) == 1
    name = new.pop()
    assert re.fullmatch(r"config_change_\d{10}", name)
    assert text(zk, f"/config/changes/{name}") == '{"version":2,"entity_path":"topics/%s"}' % topic


def test_a_config_written_by_a_tool_takes_effect(broker, zk, topic):
    """kafka-configs --zookeeper of another installation: the node, then the notification."""
    clients.create_topic(broker, topic)
    zk.set(f"/config/topics/{topic}", b'{"version":1,"config":{"max.message.bytes":"2000"}}')
    zk.create("/config/changes/config_change_", b'{"version":2,"entity_path":"topics/%s"}' % topic.encode(),
              sequence=True)

    def effective():
        resource = ConfigResource("topic", topic)
        future = clients.admin(broker).describe_configs([resource])[resource]
        return future.result(30)["max.message.bytes"].value == "2000"

    wait_until(effective, 30, "the new value in DescribeConfigs")

    def refused():
        try:
            clients.confluent_produce(broker, topic, [clients.Record(None, b"x" * 5000)])
            return False
        except Exception as e:  # noqa: BLE001 - whichever client error says "too large"
            return "large" in str(e).lower()

    wait_until(refused, 30, "the new limit to hold")


def test_more_partitions(broker, zk, topic):
    clients.create_topic(broker, topic)
    before = json.loads(text(zk, f"/brokers/topics/{topic}"))
    for future in clients.admin(broker).create_partitions([NewPartitions(topic, 3)]).values():
        future.result(30)
    after = json.loads(text(zk, f"/brokers/topics/{topic}"))
    assert after == {**before, "partitions": {"0": [0], "1": [0], "2": [0]}}
    assert zk.get(f"/brokers/topics/{topic}")[1].version == 1
    clients.wait_for_leader(broker, topic, 3)
    assert '"leader":0' in text(zk, f"/brokers/topics/{topic}/partitions/2/state")


def test_partitions_added_in_zookeeper_are_picked_up(broker, zk, topic):
    """An old kafka-topics --zookeeper --alter, or a person."""
    clients.create_topic(broker, topic)
    now = json.loads(text(zk, f"/brokers/topics/{topic}"))
    now["partitions"]["1"] = [0]
    zk.set(f"/brokers/topics/{topic}", json.dumps(now, separators=(",", ":")).encode())
    clients.wait_for_leader(broker, topic, 2)


def test_a_topic_made_in_zookeeper_comes_alive_and_gets_an_id(broker, zk, topic):
    """An old kafka-topics --zookeeper --create writes version 1, without an id."""
    zk.create(f"/config/topics/{topic}", b'{"version":1,"config":{}}')
    zk.create(f"/brokers/topics/{topic}", b'{"version":1,"partitions":{"0":[0]}}')
    clients.wait_for_leader(broker, topic, 1)
    assert clients.confluent_produce(broker, topic, [clients.Record(None, b"x")]) == [0]
    matches(zk, f"/brokers/topics/{topic}", rf'\{{"partitions":\{{"0":\[0\]\}},"topic_id":"{ID}","adding_replicas":'
            r'\{\},"removing_replicas":\{\},"version":3\}')


def test_a_deleted_topic_leaves_nothing(broker, zk, topic):
    clients.create_topic(broker, topic, partitions=3)
    clients.delete_topic(broker, topic)
    for path in (f"/brokers/topics/{topic}", f"/config/topics/{topic}", f"/admin/delete_topics/{topic}"):
        wait_until(lambda path=path: zk.exists(path) is None, 30, f"{path} to go")


def test_a_topic_deleted_through_zookeeper(broker, zk, topic):
    clients.create_topic(broker, topic)
    zk.create(f"/admin/delete_topics/{topic}", b"")
    wait_until(lambda: zk.exists(f"/brokers/topics/{topic}") is None, 30, "the topic to go")
    wait_until(lambda: zk.exists(f"/admin/delete_topics/{topic}") is None, 30, "the order to go")


def test_the_producer_id_block(broker, zk, topic):
    clients.create_topic(broker, topic)
    clients.confluent_produce(broker, topic, [clients.Record(None, b"x")], enable_idempotence=True)
    matches(zk, "/latest_producer_id_block", r'\{"version":1,"broker":0,"block_start":"\d+","block_end":"\d+"\}')
    block = json.loads(text(zk, "/latest_producer_id_block"))
    assert int(block["block_end"]) - int(block["block_start"]) == 999
    assert int(block["block_start"]) % 1000 == 0


def test_a_generated_broker_id(run):
    broker = run.broker(0, start=False)
    broker.set(broker_id=-1)
    broker.start()
    with broker.zookeeper.client(broker.chroot) as zk:
        assert zk.get_children("/brokers/ids") == ["1001"]
        assert zk.get("/brokers/seqid")[1].version == 1
    assert "broker.id=1001" in (broker.log_dirs[0] / "meta.properties").read_text().splitlines()
    broker.restart()
    assert broker.znode("/brokers/ids/1001")[0]


def test_a_second_broker_with_the_same_id_refuses_to_start(run):
    first = run.broker(3)
    second = run.broker(3, start=False).set(zookeeper_session_timeout_ms=2000)
    second.launch()
    assert second.wait_exit(60) == 1
    assert second.log_lines("ERROR"), second.tail()
    assert first.alive()
    assert str(first.port) in first.znode("/brokers/ids/3")[0].decode()


def test_a_directory_of_another_cluster_is_refused(run, topic):
    broker = run.broker(0)
    broker.stop()
    with broker.zookeeper.client() as root:
        root.delete(broker.chroot, recursive=True)
    broker.launch()
    assert broker.wait_exit(60) == 1
    assert broker.log_lines("ERROR") and "cluster.id" in broker.output(), broker.tail()


def test_another_broker_id_than_the_directory_says_is_refused(run):
    broker = run.broker(0)
    broker.stop()
    broker.set(broker_id=5)
    broker.launch()
    assert broker.wait_exit(60) == 1
    assert "broker.id" in broker.output() or "5" in broker.output()


def test_a_clean_stop_removes_the_ephemeral_nodes_before_the_exit(run):
    broker = run.broker(0)
    wait_until(lambda: broker.znode("/controller")[0], 30, "the election")
    broker.stop()
    with broker.zookeeper.client(broker.chroot) as zk:
        assert zk.exists("/brokers/ids/0") is None
        assert zk.exists("/controller") is None
        assert zk.get("/controller_epoch")[0] == b"1"
    assert (broker.log_dirs[0] / ".kafka_cleanshutdown").read_bytes() == b'{"version":0,"brokerEpoch":-1}'
    assert not (broker.log_dirs[0] / ".lock").exists()
    broker.start()
    wait_until(lambda: broker.znode("/controller_epoch")[0] == b"2", 30, "the next election")


def test_the_controller_moves_when_its_node_is_deleted(run):
    broker = run.broker(0)
    clients.create_topic(broker, "before-election")  # the first election is over
    with broker.zookeeper.client(broker.chroot) as zk:
        zk.delete("/controller")
        wait_until(lambda: zk.exists("/controller"), 30, "a new election")
        wait_until(lambda: zk.get("/controller_epoch")[0] == b"2", 30, "a new epoch")
    clients.create_topic(broker, "after-election")
    state = json.loads(broker.znode("/brokers/topics/after-election/partitions/0/state")[0])
    assert state["controller_epoch"] == 2


def test_no_zookeeper_is_one_clear_error(run):
    broker = run.broker(0, start=False)
    broker.set(zookeeper_connect=f"127.0.0.1:{free_port()}/x", zookeeper_connection_timeout_ms=1500)
    broker.launch()
    assert broker.wait_exit(60) == 1
    if running_moldau():
        assert len(broker.log_lines("ERROR")) == 1, broker.tail()
