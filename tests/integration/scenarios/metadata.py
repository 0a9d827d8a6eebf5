"""ApiVersions, Metadata, DescribeCluster, FindCoordinator."""

import messages
from conformance import ZERO, scenario, versions
from harness import wait_until

UNKNOWN_ID = bytes(range(100, 116))


@scenario()
def api_versions(t):
    def plain(answer):
        """Only what both have: the list is compared with api-versions.tsv elsewhere."""
        ours = {0, 1, 2, 3, 10, 18, 19, 20, 21, 22, 23, 32, 33, 35, 37, 44, 60}
        return {**answer, "api_keys": [k for k in answer["api_keys"] if k["api_key"] in ours]}

    for v in versions("ApiVersions"):
        for name, version in (("moldau", "1.0"), ("", ""), ("a b", "1"), ("-a", "1"), ("a-", "1"), ("a", ""), ("a.b-c", "1.0-x"),
                              ("\u00e4", "1"), ("a", "1\n")):
            values = {"client_software_name": name, "client_software_version": version}
            t.send("ApiVersions", v, values)
            t.note(f"name {name!r} {version!r}", plain(t.receive("ApiVersions", v)), v)
    for v in (5, 6, 100, 32767, -1):
        t.send("ApiVersions", v, b"whatever")
        conn = t.connection()
        correlation, answer = messages.response("ApiVersions", 0, conn.receive())
        assert correlation == conn.correlation
        t.note(f"version {v}", answer)
        t.ask(f"lives on after version {v}", "Metadata", 1, topics=[])


@scenario(num_partitions=2)
def metadata_topics(t):
    t.create("one")
    t.create("two", 3)
    for v in versions("Metadata"):
        def ask(label, *names, v=v, create=False, **more):
            return t.ask(label, "Metadata", v, topics=[{"name": n} for n in names], allow_auto_topic_creation=create, **more)

        if v:
            t.ask("all", "Metadata", v, topics=None)
        ask("empty list", create=True)
        ask("one", "one")
        ask("both", "two", "one")
        ask("twice", "one", "one")
        if v >= 4:
            ask("unknown", "nowhere")
            ask("unknown and known", "nowhere", "one", "elsewhere")
            ask("unknown twice", "nowhere", "nowhere")
        for bad in ("", ".", "..", "a b", "a/b", "\u00e4", "x" * 250, "__cluster_metadata!"):
            ask(f"name {bad[:20]!r}", bad, create=True)
            if v >= 4:
                ask(f"name {bad[:20]!r}, no creation", bad)
        if v >= 8:
            for cluster in (False, True):
                for topic in (False, True):
                    ask(f"operations {cluster} {topic}", "one", "nowhere", include_topic_authorized_operations=topic,
                        **({"include_cluster_authorized_operations": cluster} if v <= 10 else {}))
        if v >= 10:
            def by(label, *topics, v=v, **more):
                t.ask(label, "Metadata", v, topics=[{"topic_id": i, "name": n} for i, n in topics],
                      allow_auto_topic_creation=False, **more)

            by("by id", (t.ids["one"], None))
            by("by ids", (t.ids["two"], None), (t.ids["one"], None), (t.ids["two"], None))
            by("by unknown id", (UNKNOWN_ID, None))
            by("by unknown and known id", (UNKNOWN_ID, None), (t.ids["one"], None))
            by("by id and name", (t.ids["one"], "two"))
            by("by id, another by name", (t.ids["one"], None), (ZERO, "two"))
            by("null name and no id", (ZERO, None))
            by("by id with operations", (t.ids["one"], None), (UNKNOWN_ID, None), include_topic_authorized_operations=True)


@scenario(num_partitions=2)
def metadata_auto_creation(t):
    for v in versions("Metadata"):
        name = f"auto-{v}"
        t.ids[name] = ZERO
        t.ask("first", "Metadata", v, topics=[{"name": name}], allow_auto_topic_creation=True)
        t.wait_led(name)
        t.ask("afterwards", "Metadata", v, topics=[{"name": name}], allow_auto_topic_creation=True)
    t.create("with.dot")
    for v in versions("Metadata"):
        t.ask("collides", "Metadata", v, topics=[{"name": "with_dot"}], allow_auto_topic_creation=True)


@scenario(auto_create_topics_enable=False)
def metadata_without_auto_creation(t):
    for v in versions("Metadata"):
        for name in ("nowhere", "a/b", "__consumer_offsets"):
            t.ask(name, "Metadata", v, topics=[{"name": name}], allow_auto_topic_creation=True)


@scenario(broker_rack="here")
def describe_cluster(t):
    for v in versions("DescribeCluster"):
        for operations in (False, True):
            t.ask(f"operations {operations}", "DescribeCluster", v, include_cluster_authorized_operations=operations)
        for endpoint in (0, 1, 2, 3, -1):
            if v >= 1:
                t.ask(f"endpoint type {endpoint}", "DescribeCluster", v, endpoint_type=endpoint)
    for v in versions("Metadata"):
        t.ask("rack", "Metadata", v, topics=[])


@scenario(offsets_topic_num_partitions=3, transaction_state_log_num_partitions=2)
def find_coordinator(t):
    """Until there is a coordinator: the errors only."""
    for v in versions("FindCoordinator"):
        for key_type in (2, 3, -1, 99):
            if v < 1:
                continue
            keys = {"key": "k"} if v < 4 else {"coordinator_keys": ["k", "l"]}
            t.ask(f"type {key_type}", "FindCoordinator", v, key_type=key_type, **keys)
        if v >= 4:
            t.ask("no keys", "FindCoordinator", v, key_type=0, coordinator_keys=[])
    t.ask("group", "FindCoordinator", 0, key="first")  # later ones may find what this one creates


def with_id(t, v, extra):
    """The answer, once there is a block of ids to give out from; COORDINATOR_LOAD_IN_PROGRESS before."""
    answer = t.call("InitProducerId", v, transactional_id=None, transaction_timeout_ms=60000, **extra)
    return None if answer["error_code"] == 14 else answer


@scenario()
def init_producer_id(t):
    last = None
    for v in versions("InitProducerId"):
        for extra in ({}, {"producer_id": 5, "producer_epoch": 3}, {"producer_id": 5, "producer_epoch": -1},
                      {"producer_id": -1, "producer_epoch": 3}):
            if extra and v < 3:
                continue
            answer = wait_until(lambda v=v, extra=extra: with_id(t, v, extra), 30, "a block of producer ids")
            new = answer.get("producer_id", -1)
            if new >= 0:
                assert last is None or new == last + 1 or new >= 1000, "ids are given out in order"
                last = new
                answer["producer_id"] = "NEW"
            t.note(f"given {extra}", t.plain(answer), v)
        t.ask("no transaction time-out", "InitProducerId", v, transactional_id="", transaction_timeout_ms=60000)
