"""CreateTopics, DeleteTopics, CreatePartitions, DescribeLogDirs."""

from conformance import ZERO, scenario, versions
from harness import wait_until
from records import batch

UNKNOWN_ID = bytes(range(100, 116))


def topic(name, partitions=1, replicas=1, assignment=None, **configs):
    return {"name": name, "num_partitions": partitions, "replication_factor": replicas,
            "assignments": [{"partition_index": p, "broker_ids": r} for p, r in assignment or []],
            "configs": [{"name": k.replace("_", "."), "value": v} for k, v in configs.items()]}


def only_first_configs(t, answer):
    """The list of all configs once in full, then only what is set for the topic."""
    for one in answer["topics"]:
        if one.get("configs"):
            one["configs"] = [c for c in one["configs"] if c["config_source"] == 1]
    return t.plain(answer)


@scenario(num_partitions=3)
def create_topics(t):
    t.create("there")
    t.create("dot.dot")
    for v in versions("CreateTopics"):
        def ask(label, *topics, v=v, timeout_ms=20000, full=False, **more):
            for one in topics:
                t.ids.setdefault(one["name"], ZERO)  # so that the suffix is hidden
            answer = t.call("CreateTopics", v, topics=list(topics), timeout_ms=timeout_ms, **more)
            t.note(label, t.plain(answer) if full else only_first_configs(t, answer), v)

        ask("plain", topic(f"plain-{v}"), full=True)
        ask("two", topic(f"two-a-{v}", 2), topic(f"two-b-{v}"))
        ask("with configs", topic(f"configured-{v}", retention_ms="1000", cleanup_policy="compact", segment_bytes="1048576"))
        ask("default numbers", topic(f"default-{v}", -1, -1))
        ask("assigned", topic(f"assigned-{v}", -1, -1, [(0, [0]), (1, [0])]))
        ask("assigned, ids in another order", topic(f"assigned-order-{v}", -1, -1, [(1, [0]), (0, [0])]))
        ask("no topics")
        ask("exists", topic("there"))
        ask("exists and new", topic("there"), topic(f"beside-{v}"))
        ask("twice", topic(f"twice-{v}"), topic(f"twice-{v}"))
        ask("twice and once", topic(f"twice-{v}"), topic(f"twice-{v}"), topic(f"once-{v}"))
        for bad in ("", ".", "..", "a b", "a/b", "\u00e4", "x" * 250, "x" * 248 + "/"):
            ask(f"name {bad[:20]!r} {len(bad)}", topic(bad))
        ask("collides", topic("dot_dot"))
        ask("metadata topic", topic("__cluster_metadata"))
        ask("unknown config", topic(f"no-{v}", no_such_config="1"))
        ask("bad config value", topic(f"no-{v}", retention_ms="soon"))
        ask("config out of range", topic(f"no-{v}", segment_bytes="3"))
        ask("config of the wrong list", topic(f"no-{v}", cleanup_policy="compact,shred"))
        ask("null config value", topic(f"no-{v}", retention_ms=None))
        ask("empty config value", topic(f"no-{v}", retention_ms=""))
        ask("config with blanks", topic(f"blanks-{v}", retention_ms=" 5000 "))
        ask("config twice", {**topic(f"configtwice-{v}"), "configs": [
            {"name": "retention.ms", "value": "1"}, {"name": "retention.ms", "value": "2"}]})
        ask("old message format", topic(f"oldformat-{v}", message_format_version="0.9.0"))
        ask("minimal above maximal lag", topic(f"no-{v}", min_compaction_lag_ms="100", max_compaction_lag_ms="10"))
        ask("remote storage", topic(f"no-{v}", remote_storage_enable="true"))
        for n in (0, -2, -1):
            ask(f"{n} partitions", topic(f"some-{n + 9}-{v}", n))
        for n in (0, -2, 2, 100):
            ask(f"{n} replicas", topic(f"no-{v}", 1, n))
        ask("assignment and partitions", topic(f"assignmentandpartitions-{v}", 1, -1, [(0, [0])]))
        ask("assignment and replicas", topic(f"assignmentandreplicas-{v}", -1, 1, [(0, [0])]))
        ask("ids from 1", topic(f"idsfrom1-{v}", -1, -1, [(1, [0])]))
        ask("ids with a gap", topic(f"idswithagap-{v}", -1, -1, [(0, [0]), (2, [0])]))
        ask("partition twice", topic(f"partitiontwice-{v}", -1, -1, [(0, [0]), (0, [0])]))
        ask("replica twice", topic(f"replicatwice-{v}", -1, -1, [(0, [0, 0])]))
        ask("different sizes", topic(f"differentsizes-{v}", -1, -1, [(0, [0]), (1, [0, 1])]))
        ask("negative partition", topic(f"negativepartition-{v}", -1, -1, [(-1, [0])]))
        if v >= 1:
            ask("validate", topic(f"valid-{v}", 2, 1, retention_ms="1000"), topic("there"), topic("a/b"), validate_only=True)
            ask("validate assignment", topic(f"valid-{v}", -1, -1, [(0, [0])]), validate_only=True)
            ask("validate, no time", topic(f"valid-{v}"), validate_only=True, timeout_ms=0)
        ask("no time", topic(f"hasty-{v}"), timeout_ms=0)
        t.wait_led(f"hasty-{v}")
        ask("negative time", topic(f"hastier-{v}"), timeout_ms=-1)
        t.wait_led(f"hastier-{v}")
    t.ask("found", "Metadata", 7, allow_auto_topic_creation=False, topics=[
        {"name": n} for n in ("plain-7", "default-7", "valid-7", "assigned-7", "assigned-order-7", "two-a-7")])


@scenario()
def delete_topics(t):
    for v in versions("DeleteTopics"):
        def ask(label, *names, v=v, timeout_ms=20000):
            key = {"topics": [{"name": n} for n in names]} if v >= 6 else {"topic_names": list(names)}
            t.ask(label, "DeleteTopics", v, timeout_ms=timeout_ms, **key)

        for i in range(5):
            t.create(f"d{i}-{v}", 2)
        ask("one", f"d0-{v}")
        ask("one again", f"d0-{v}")
        ask("two and one unknown", f"d1-{v}", "nowhere", f"d2-{v}")
        ask("twice", f"d3-{v}", f"d3-{v}")
        ask("bad name", "a/b", "")
        ask("nothing")
        ask("no time", f"d4-{v}", timeout_ms=0)
        if v >= 6:
            for i in range(5, 8):
                t.create(f"d{i}-{v}")

            def by(label, *topics):
                t.ask(label, "DeleteTopics", 6, timeout_ms=20000, topics=[{"name": n, "topic_id": i} for n, i in topics])

            by("by id", (None, t.ids[f"d5-{v}"]))
            by("by unknown id", (None, UNKNOWN_ID))
            by("neither", (None, ZERO))
            by("both", (f"d6-{v}", t.ids[f"d6-{v}"]))
            by("both, one of two", (f"d7-{v}", ZERO), (f"d6-{v}", t.ids[f"d6-{v}"]))
            by("name and id of the same", (f"d6-{v}", ZERO), (None, t.ids[f"d6-{v}"]))
            by("id twice", (None, t.ids[f"d7-{v}"]), (None, t.ids[f"d7-{v}"]))


@scenario(delete_topic_enable=False)
def delete_topics_disabled(t):
    t.create("kept")
    for v in versions("DeleteTopics"):
        key = {"topics": [{"name": "kept"}, {"name": "nowhere"}]} if v >= 6 else {"topic_names": ["kept", "nowhere"]}
        t.ask("kept", "DeleteTopics", v, timeout_ms=1000, **key)
    t.ask("still there", "Metadata", 7, topics=[{"name": "kept"}], allow_auto_topic_creation=False)


@scenario()
def create_partitions(t):
    for v in versions("CreatePartitions"):
        name = t.create(f"grow-{v}", 2)

        def ask(label, *topics, v=v, timeout_ms=20000, validate_only=False):
            t.ask(label, "CreatePartitions", v, timeout_ms=timeout_ms, validate_only=validate_only, topics=[
                {"name": n, "count": c, "assignments": None if a is None else [{"broker_ids": r} for r in a]}
                for n, c, a in topics])

        ask("to 3", (name, 3, None))
        ask("to 3 again", (name, 3, None))
        ask("to 2", (name, 2, None))
        ask("to 0", (name, 0, None))
        ask("to -1", (name, -1, None))
        ask("unknown", ("nowhere", 3, None))
        ask("bad name", ("a/b", 3, None))
        ask("twice", (name, 4, None), (name, 5, None))
        ask("assigned", (name, 4, [[0]]))
        ask("assigned too few", (name, 6, [[0]]))
        ask("assigned too many", (name, 5, [[0], [0]]))
        ask("assigned to nobody", (name, 5, [[]]))
        ask("empty assignment", (name, 5, []))
        ask("assigned to a stranger", (name, 5, [[9]]))
        ask("assigned twice", (name, 5, [[0, 0]]))
        ask("assigned to two", (name, 5, [[0, 9]]))
        ask("validate", (name, 9, None), ("nowhere", 2, None), validate_only=True)
        ask("validate assigned", (name, 5, [[0]]), validate_only=True)
        ask("nothing")
        ask("good and bad", (name, 5, None), ("nowhere", 2, None))
        ask("no time", (name, 6, None), timeout_ms=0)
        wait_until(lambda: len(t.call("Metadata", 7, topics=[{"name": name}])["topics"][0]["partitions"]) == 6, 30, "6 partitions")
        t.wait_led(name)
        if v == 0:
            t.ask("found", "Metadata", 7, topics=[{"name": name}], allow_auto_topic_creation=False)


@scenario()
def describe_log_dirs(t):


    t.create("a", 2)
    t.create("b")
    t.produce("a", batch(b"x" * 100))
    for v in versions("DescribeLogDirs"):
        def ask(label, topics, v=v):
            t.ask(label, "DescribeLogDirs", v, topics=topics)

        ask("all", None)
        ask("none", [])
        ask("one", [{"topic": "a", "partitions": [0]}])
        ask("two", [{"topic": "a", "partitions": [0, 1]}, {"topic": "b", "partitions": [0]}])
        ask("unknown", [{"topic": "a", "partitions": [7]}, {"topic": "nowhere", "partitions": [0]}])
        ask("no partitions", [{"topic": "a", "partitions": []}])
        ask("twice", [{"topic": "a", "partitions": [0]}, {"topic": "a", "partitions": [0]}])
