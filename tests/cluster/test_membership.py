"""Brokers come, go and follow one controller; topics without replicas are spread over them."""

import contextlib
import struct

import pytest
from kafka import KafkaProducer

import members
import wire
from harness import wait_until


@pytest.fixture
def three(run):
    return [run.broker(i) for i in range(3)]


def test_topics_are_spread_and_every_broker_serves_its_part(three):
    members.create_topic(three, "t", partitions=6)
    with members.admin_client(three) as admin:
        found = members.leaders(admin, "t")
    assert sorted(found.values()) == [0, 0, 1, 1, 2, 2]
    for p in range(6):
        members.write(three, "t", [b"%d-%d" % (p, i) for i in range(100)], p, **{"enable.idempotence": True})
    for p in range(6):
        assert members.read(three, "t", 100, p) == [b"%d-%d" % (p, i) for i in range(100)]


def test_producer_ids_are_never_given_twice(three):
    """Blocks come from the controller, by request for the other brokers."""
    ids = [producer_id_of(b) for b in three for _ in range(5)]
    assert len(set(ids)) == len(ids)


def producer_id_of(broker):
    """InitProducerId v1 without a transactional id."""
    with wire.Connection(broker) as c:
        _, error, producer_id, epoch = c.request(22, 1, struct.pack(">hi", -1, 0)).take("ihqh")
    assert (error, epoch) == (0, 0)
    return producer_id


def test_another_broker_takes_the_office_over(run, three):
    first = members.await_controller(run, three)
    others = [b for b in three if b.id != first]
    members.create_topic(three, "before", partitions=3)
    three[first].kill()
    second = members.await_controller(run, others)
    assert second != first
    members.create_topic(others, "after", partitions=4)
    with members.admin_client(others) as admin:
        assert set(members.leaders(admin, "after").values()) == {b.id for b in others}
        wait_until(lambda: set(members.leaders(admin, "before").values()) == {b.id for b in others}, 20,
                   "the dead broker's partition to have no leader")
    three[first].start_again_after_kill()
    with members.admin_client(three) as admin:
        wait_until(lambda: set(members.leaders(admin, "before").values()) == {0, 1, 2}, 20, "its leader to be back")


def first_word(broker, topic):
    """What a broker answers first when it is asked for a topic, as a tuple; None: it does not answer yet."""
    with contextlib.suppress(OSError, wire.Closed), wire.Connection(broker) as c:
        return (c.metadata(topic),)
    return None


@pytest.mark.moldau
def test_a_broker_that_comes_back_while_the_office_is_vacant_denies_no_topic(run, three):
    """It has to wait for the next controller to know what there is; clients would believe that the topic is gone."""
    controller = members.await_controller(run, three)
    members.create_topic(three, "t", 3, 3)
    other = three[(controller + 1) % 3]
    other.stop()
    three[controller].kill()
    other.launch()
    assert wait_until(lambda: first_word(other, "t"), 60, "an answer") == (0,)


def test_a_stop_tells_the_controller_first(run, three):
    controller = members.await_controller(run, three)
    other = three[(controller + 1) % 3]
    other.stop()
    assert other.log_lines("Controlled shutdown request returned successfully")
    assert f"Shutting down broker {other.id}" in (three[controller].dir / "logs" / "controller.log").read_text()


def test_all_stop_one_right_after_the_other(three):
    """The office moves while they go, and nobody waits for a controller that is gone."""
    for broker in three:
        broker.stop(timeout=4)


def test_kafka_python_reaches_all(three):
    members.create_topic(three, "k", partitions=3)
    producer = KafkaProducer(bootstrap_servers=members.bootstrap(three), acks="all")
    for p in range(3):
        assert producer.send("k", b"v", partition=p).get(30).offset == 0
    producer.close()
