"""The life of consumer groups as their members see it, in every version of every request."""

import pathlib
import time

from conformance import ZERO, now_ms, scenario, versions
from harness import SLOW, wait_until

from .groups import Member, commit, consumer, coordinate, describe, fetch, last, note_log, note_tombstones, protocols, ready, wait_state

from .old_formats import replace_log

DAY = 86_400_000
DATA = pathlib.Path(__file__).resolve().parent / "data"
SOME_ID = "nobody-00000000-0000-4000-8000-000000000000"


def named(t, name):
    """A group of its own for a version: it appears without its number."""
    t.ids[name] = ZERO
    return name


@scenario()
def group_life(t):
    """One member, alone, in every version."""
    ready(t, "topic")
    for v in versions("JoinGroup"):
        group = named(t, f"life-{v}")
        m = Member(t, group, v)
        if v >= 4:
            m.send_join()
            m.joined("id wanted")
            m.describe("pending")
        m.join("join")
        m.describe("joined")
        m.heartbeat("heartbeat before sync")
        m.join("join again before sync")
        m.sync("sync", [(m.id, b"mine"), ("stranger", b"other")])
        m.describe("synced")
        m.heartbeat("heartbeat")
        m.sync("sync again", [(m.id, b"ignored")])
        m.join("rejoin as leader")
        m.sync("sync without assignment")
        m.commit("commit", last("OffsetCommit", max(v, 1)), ("topic", 0, 5, "note"))
        m.fetch("fetch", last("OffsetFetch", max(v, 1)), ("topic", 0), ("topic", 1))
        m.leave("leave")
        m.describe("left")
        m.leave("leave again")
        m.heartbeat("heartbeat afterwards")
        m.join("join with the old id", member_id=m.id)
    note_log(t, "records")


def form(t, *members, label=None):
    """Makes a new group of one or two members; the first one leads and assigns to each its own name."""
    a, b = (*members, None)[:2]
    if b:
        a.join()
        b.send_join()
        wait_state(t, a.group, "PreparingRebalance")
    a.send_join()
    for m in reversed(members):
        m.joined(label and f"{label}: {'leader' if m is a else 'follower'}")
    if b:
        b.send_sync()
    a.send_sync([(m.id, f"for {i}".encode()) for i, m in enumerate(members)])
    for m in members:
        m.synced(label and f"{label}: sync of {'leader' if m is a else 'follower'}")


@scenario()
def group_of_two(t):
    ready(t, "topic")
    for v in versions("JoinGroup"):
        group = named(t, f"two-{v}")
        a = Member(t, group, v, protocols=protocols("range", "roundrobin", topics=("topic", "b")))
        b = Member(t, group, v, protocols=protocols("sticky", "roundrobin"))
        if v >= 4:
            a.identify()
            b.identify()
        a.join("first join")
        a.send_sync([(a.id, b"all")])
        a.synced("first sync")
        b.send_join()
        wait_state(t, group, "PreparingRebalance")
        a.heartbeat("heartbeat while preparing")
        a.sync("sync while preparing")
        a.commit("commit while preparing", last("OffsetCommit", max(v, 1)), ("topic", 0, 5))
        a.describe("preparing")
        a.send_join()
        b.joined("follower joins")
        a.joined("leader joins")
        a.fields["protocols"] = b.fields["protocols"] = protocols("roundrobin")
        b.send_sync()
        wait_state(t, group, "CompletingRebalance")
        a.heartbeat("heartbeat while completing")
        a.commit("commit while completing", last("OffsetCommit", max(v, 1)), ("topic", 0, 5))
        a.send_sync([(a.id, b"one"), (b.id, b"two")])
        a.synced("sync of leader")
        b.synced("sync of follower")
        a.describe("stable")
        b.heartbeat("wrong generation", generation_id=b.generation - 1)
        b.leave("follower leaves")
        a.heartbeat("heartbeat after it left")
        a.join("leader rejoins")
        b.heartbeat("of who left")
        a.leave("leader leaves before sync")
        a.describe("empty")


@scenario()
def group_rejoins(t):
    """Members whose data change or do not, and a leader who goes."""
    ready(t, "topic")
    a, b = (Member(t, "rejoins") for _ in range(2))
    b.identify()
    form(t, a, b, label="first")
    b.join("follower, same data")
    b.sync("follower, same data, sync")
    b.send_join(protocols=protocols("range", topics=("other",)))
    wait_state(t, "rejoins", "PreparingRebalance")
    b.fields["protocols"] = protocols("range", topics=("other",))
    a.send_join()
    b.joined("follower, new data")
    a.joined("leader after new data")
    a.send_sync([(a.id, b"1"), (b.id, b"2")])
    b.send_sync()
    for m in (a, b):
        m.synced()
    a.send_join()
    wait_state(t, "rejoins", "PreparingRebalance")
    b.send_join()
    b.joined("follower after leader's wish")
    a.joined("leader's wish")
    b.send_sync()
    wait_state(t, "rejoins", "CompletingRebalance")
    a.leave("leader leaves while the follower waits")
    b.synced("sync that waited")
    b.join("follower becomes leader")
    b.sync("follower leads", [(b.id, b"all")])
    describe(t, "at the end", "rejoins")
    note_log(t, "records")


@scenario()
def group_protocols(t):
    ready(t, "topic")
    a = Member(t, "protocols", 5, protocols=protocols("range", "sticky"))
    a.join()
    a.sync(assignments=[(a.id, b"x")])
    for v in versions("JoinGroup"):
        for label, more in (("none in common", {"protocols": protocols("roundrobin")}), ("none at all", {"protocols": []}),
                            ("other type", {"protocol_type": "connect"}), ("empty type", {"protocol_type": ""})):
            fields = {"session_timeout_ms": 10000, "rebalance_timeout_ms": 10000, "protocol_type": "consumer",
                      "protocols": protocols("range"), "member_id": "", **more}
            t.ask(label, "JoinGroup", v, group_id="protocols", **fields)
            t.ask(f"{label}, by a member", "JoinGroup", v, group_id="protocols", **{**fields, "member_id": SOME_ID})
            if "none in common" != label:
                t.ask(f"{label}, new group", "JoinGroup", v, group_id="protocols of nobody", **fields)
    describe(t, "left over", "protocols of nobody")
    for v in versions("SyncGroup"):
        for label, more in (("wrong type", {"protocol_type": "connect"}), ("wrong protocol", {"protocol_name": "sticky"}),
                            ("no type", {"protocol_type": None}), ("no protocol", {"protocol_name": None})):
            if v >= 5:
                t.ask(label, "SyncGroup", v, **{**a.sync_fields(protocol_type="consumer", protocol_name="range"), **more})
    c = Member(t, "connect", 7, protocol_type="connect", protocols=[{"name": "sessioned", "metadata": b"\0\1rubbish"}])
    c.join("other type of group")
    c.sync("sync of other type", [(c.id, b"task")], protocol_type="connect")
    describe(t, "connect", "connect")
    d = Member(t, "rubbish", 7, protocols=[{"name": "range", "metadata": b"\0"}])
    d.join("subscription that is none")
    d.sync("its sync", [(d.id, b"")])
    for group in ("protocols", "connect", "rubbish"):
        t.ask(f"offsets of {group}", "OffsetDelete", 0, group_id=group, topics=[
            {"name": "topic", "partitions": [{"partition_index": 0}]}])


def refusals(t, label, group, **join):
    """What strangers are answered."""
    fields = {"session_timeout_ms": 10000, "rebalance_timeout_ms": 10000, "protocol_type": "consumer",
              "protocols": protocols("range"), "member_id": SOME_ID, **join}
    for v in versions("JoinGroup"):
        t.ask(f"{label}: join", "JoinGroup", v, group_id=group, **fields)
        if v >= 5:
            t.ask(f"{label}: join of an instance", "JoinGroup", v, group_id=group, group_instance_id="some", **fields)
    for v in versions("SyncGroup"):
        types = {"protocol_type": "consumer", "protocol_name": "range"} if v >= 5 else {}
        t.ask(f"{label}: sync", "SyncGroup", v, group_id=group, generation_id=1, member_id=SOME_ID, **types)
        if v >= 3:
            t.ask(f"{label}: sync of an instance", "SyncGroup", v, group_id=group, generation_id=1, member_id=SOME_ID,
                  group_instance_id="some", **types)
    for v in versions("Heartbeat"):
        t.ask(f"{label}: heartbeat", "Heartbeat", v, group_id=group, generation_id=1, member_id=SOME_ID)
        if v >= 3:
            t.ask(f"{label}: heartbeat of an instance", "Heartbeat", v, group_id=group, generation_id=1, member_id=SOME_ID,
                  group_instance_id="some")
    for v in versions("LeaveGroup"):
        if v < 3:
            t.ask(f"{label}: leave", "LeaveGroup", v, group_id=group, member_id=SOME_ID)
            continue
        t.ask(f"{label}: leave", "LeaveGroup", v, group_id=group, members=[
            {"member_id": SOME_ID}, {"member_id": ""}, {"member_id": "", "group_instance_id": "some"},
            {"member_id": SOME_ID, "group_instance_id": "some"}])
        t.ask(f"{label}: nobody leaves", "LeaveGroup", v, group_id=group, members=[])
    for v in versions("OffsetCommit", 1):
        for generation, member in ((-1, ""), (-1, SOME_ID), (1, ""), (1, SOME_ID), (-2, "")):
            commit(t, f"{label}: commit {generation} {member[:6]}", v, ("topic", 0, 1), group_id=group, member_id=member,
                   generation_id_or_member_epoch=generation)
        if v >= 7:
            commit(t, f"{label}: commit of an instance", v, ("topic", 0, 1), group_id=group, member_id=SOME_ID,
                   group_instance_id="some", generation_id_or_member_epoch=1)
            commit(t, f"{label}: commit of an instance without generation", v, ("topic", 0, 1), group_id=group,
                   group_instance_id="some")
    for v in versions("OffsetFetch", 1):
        fetch(t, f"{label}: fetch", v, group, ("topic", 0), ("topic", 9), ("nowhere", 0))
    describe(t, f"{label}: describe", group)
    for v in versions("DeleteGroups"):
        t.ask(f"{label}: delete", "DeleteGroups", v, groups_names=[group])
    t.ask(f"{label}: delete offsets", "OffsetDelete", 0, group_id=group, topics=[
        {"name": "topic", "partitions": [{"partition_index": 0}, {"partition_index": 7}]},
        {"name": "nowhere", "partitions": [{"partition_index": 0}]}])


@scenario()
def group_refusals(t):
    ready(t, "topic")
    refusals(t, "unknown group", "unknown")
    refusals(t, "no group id", "")
    t.call("OffsetCommit", 5, group_id="empty", topics=[])
    m = Member(t, "empty", 5)
    m.join()
    m.sync(assignments=[(m.id, b"")])
    refusals(t, "stable group", "empty")
    m.leave()
    refusals(t, "empty group", "empty")


@scenario()
def group_not_coordinated(t):
    """No __consumer_offsets yet: nobody coordinates anything."""
    t.create("topic")
    refusals(t, "no coordinator", "g")
    for v in versions("ListGroups"):
        t.ask("list", "ListGroups", v)


@scenario(group_min_session_timeout_ms=1000, group_max_session_timeout_ms=20000)
def group_session_bounds(t):
    ready(t, "topic")
    for v in versions("JoinGroup"):
        for timeout in (999, 20001, -1, 0):
            t.ask(f"{timeout} ms", "JoinGroup", v, group_id="g", session_timeout_ms=timeout, rebalance_timeout_ms=10000,
                  member_id="", protocol_type="consumer", protocols=protocols("range"))
        m = Member(t, named(t, f"bounds-{v}"), v, session_timeout_ms=1000, rebalance_timeout_ms=-1)
        m.join("lowest, rebalance timeout -1")


@scenario(group_max_size=2)
def group_max_size(t):
    ready(t, "topic")
    for v in (3, 5, 9):
        group = named(t, f"full-{v}")
        a, b, c = (Member(t, group, v) for _ in range(3))
        a.join()
        if v >= 4:
            b.identify()
        b.send_join()
        wait_state(t, group, "PreparingRebalance")
        a.send_join()
        for m in (b, a):
            m.joined()
        c.send_join()
        c.joined("third while completing")
        b.send_sync()
        a.send_sync([(a.id, b"1"), (b.id, b"2")])
        for m in (a, b):
            m.synced()
        c.send_join()
        c.joined("third while stable")
        b.leave()
        wait_state(t, group, "PreparingRebalance")
        a.send_join()
        a.joined()
        d = Member(t, group, v)
        d.send_join()
        if v >= 4:
            d.joined("one more has room")
        else:
            wait_state(t, group, "PreparingRebalance")


@scenario(group_min_session_timeout_ms=10)
def group_timeouts(t):
    """Who does not come in time."""
    ready(t, "topic")
    t.ask("pending", "JoinGroup", 9, group_id="pending", session_timeout_ms=300, rebalance_timeout_ms=300, member_id="",
          protocol_type="consumer", protocols=protocols("range"))
    a = Member(t, "late", 5, session_timeout_ms=int(1000 * SLOW), rebalance_timeout_ms=60000)
    a.join()
    a.sync(assignments=[(a.id, b"x")])
    wait_state(t, "late", "Empty")
    a.heartbeat("after the session")
    a.sync("sync after the session")
    describe(t, "session over", "late")
    a, b = (Member(t, "rebalance", 9, session_timeout_ms=60000, rebalance_timeout_ms=int(1500 * SLOW)) for _ in range(2))
    b.identify()
    form(t, a, b)
    b.send_join(protocols=protocols("range", topics=("new",)))
    b.joined("only the follower came back")
    a.heartbeat("of who did not")
    b.sync("its sync", [(b.id, b"all")])
    a, b = (Member(t, "no sync", 9, session_timeout_ms=60000, rebalance_timeout_ms=int(1500 * SLOW)) for _ in range(2))
    b.identify()
    a.join()
    b.send_join()
    wait_state(t, "no sync", "PreparingRebalance")
    a.send_join()
    for m in (b, a):
        m.joined()
    b.send_sync()
    b.synced("the leader did not sync")
    b.send_join()
    b.joined("alone")
    a.heartbeat("leader that did not sync")


@scenario(group_initial_rebalance_delay_ms=1500)
def group_initial_delay(t):
    ready(t, "topic")
    a, b = (Member(t, "delayed", 5) for _ in range(2))
    a.identify()
    b.identify()
    a.send_join()
    wait_state(t, "delayed", "PreparingRebalance")
    b.send_join()
    began = time.monotonic()
    b.joined("second")
    t.note("waited twice", time.monotonic() - began > 2)
    a.joined("first")
    a.send_sync([(a.id, b"1"), (b.id, b"2")])
    b.send_sync()
    for m in (a, b):
        m.synced()
        m.leave()
    a.id = ""
    began = time.monotonic()
    a.join()
    t.note("waited once", 1 < time.monotonic() - began < 2.9)


@scenario(group_min_session_timeout_ms=10)
def group_static_members(t):
    ready(t, "topic")
    for v in versions("JoinGroup", 5):
        group = named(t, f"static-{v}")
        a, b = (Member(t, group, v, instance=name) for name in ("one", "two"))
        a.send_join()
        a.joined("first")
        a.sync("first sync", [(a.id, b"x")])
        b.send_join()
        wait_state(t, group, "PreparingRebalance")
        a.send_join()
        b.joined("second")
        a.joined("first again")
        b.send_sync()
        a.send_sync([(a.id, b"1"), (b.id, b"2")])
        a.synced("sync of the leader")
        b.synced("sync of the follower")
        a.describe("stable")
        old = b.id
        b.send_join(member_id="")
        b.joined("follower restarts")
        b.sync("sync of the new one")
        b.heartbeat("new id")
        b.heartbeat("old id", member_id=old)
        b.sync("sync with the old id", member_id=old)
        b.join("join with the old id", member_id=old)
        b.commit("commit with the old id", last("OffsetCommit", 9), ("topic", 0, 1), member_id=old)
        b.commit("commit with the new id", last("OffsetCommit", 9), ("topic", 0, 1))
        b.leave("leave with the old id", members=[{"member_id": old, "group_instance_id": "two"}])
        b.heartbeat("unknown instance", group_instance_id="three")
        b.heartbeat("without instance", group_instance_id=None)
        a.send_join(member_id="")
        a.joined("leader restarts")
        if a.t.notes["leader restarts"][v].get("skip_assignment"):
            a.sync("sync of the new leader")
        a.describe("stable still")
        b.send_join(member_id="", protocols=protocols("range", topics=("new",)))
        b.joined("follower restarts with another subscription")
        c = Member(t, group, v, instance="two", protocols=protocols("roundrobin"))
        c.send_join()
        c.joined("restart with another protocol")
        b.leave("one is removed", members=[{"member_id": "", "group_instance_id": "two"},
                                           {"member_id": "", "group_instance_id": "nobody"}])
        wait_state(t, group, "PreparingRebalance")
        b.heartbeat("of who was removed")
        a.send_join()
        a.joined("alone")
    note_log(t, "records")


@scenario(group_min_session_timeout_ms=10)
def group_static_member_waits(t):
    """A restart while the old connection's request is parked."""
    ready(t, "topic")
    a = Member(t, "g", 7, instance="one")
    b = Member(t, "g", 7, instance="two")
    form(t, a, label="alone")
    b.send_join()
    wait_state(t, "g", "PreparingRebalance")
    b2 = Member(t, "g", 7, instance="two")
    b2.send_join()
    b.joined("the parked one")
    a.send_join()
    b2.joined("the new one")
    a.joined("the leader")
    b2.send_sync()
    wait_state(t, "g", "CompletingRebalance")
    time.sleep(0.3)
    b3 = Member(t, "g", 7, instance="two")
    b3.send_join()
    b2.synced("the parked sync")
    wait_state(t, "g", "PreparingRebalance")
    a.send_join()
    b3.joined("the newest one")
    a.joined("the leader again")


@scenario(offset_metadata_max_bytes=10)
def group_commits(t):
    """A simple consumer, which belongs to no group of members."""
    ready(t, "topic", "other")
    end = note_log(t, "nothing")
    for v in versions("OffsetCommit", 1):
        group = named(t, f"simple-{v}")
        commit(t, "commit", v, ("topic", 0, 5, "note"), ("topic", 1, 6), ("topic", 2, 7), ("other", 0, 8), ("nowhere", 0, 9),
               group_id=group)
        fetch(t, "fetch", min(v, 9), group, ("topic", 0), ("topic", 1), ("topic", 2), ("other", 0), ("other", 1), ("nowhere", 0))
        commit(t, "long metadata", v, ("topic", 0, 15, "x" * 11), ("topic", 1, 16, "ü" * 10), ("other", 0, 17, "😀" * 6),
               ("other", 1, 18, "😀" * 5), group_id=group)
        commit(t, "only long metadata", v, ("topic", 0, 25, "x" * 11), group_id=group)
        commit(t, "null metadata", v, ("topic", 0, 26, None, {"committed_metadata": None}), group_id=group)
        commit(t, "strange offsets", v, ("topic", 0, -1), ("topic", 1, -7), ("other", 0, (1 << 63) - 1), group_id=group)
        commit(t, "no topics", v, group_id=group)
        commit(t, "with an epoch", v, ("topic", 0, 30, "", {"committed_leader_epoch": 3} if v >= 6 else {}), group_id=group)
        if v == 1:
            commit(t, "with a time", v, ("topic", 1, 31, "", {"commit_timestamp": 1_700_000_000_000}), group_id=group)
        if 2 <= v <= 4:
            for retention in (DAY, 0, -2):
                commit(t, f"kept for {retention}", v, ("topic", 1, 32), group_id=group, retention_time_ms=retention)
            commit(t, "kept for long", v, ("topic", 1, 33), group_id=group, retention_time_ms=DAY)
        for f in versions("OffsetFetch", 1):
            fetch(t, f"fetch of {v}", f, group, ("topic", 0), ("topic", 1), ("other", 0), ("other", 1))
            if f >= 2:
                fetch(t, f"fetch of all of {v}", f, group, everything=True)
            if f >= 7:
                fetch(t, f"stable fetch of {v}", f, group, ("topic", 0), require_stable=True)
        end = note_log(t, f"records of {v}", offset=end)
    commit(t, "commit without group id", 5, ("topic", 0, 1), group_id="")
    fetch(t, "fetch without group id", 5, "", ("topic", 0))
    for v in versions("OffsetFetch", 8):
        t.ask("several groups", "OffsetFetch", v, groups=[
            {"group_id": "simple-5", "topics": [{"name": "topic", "partition_indexes": [0, 1]}]},
            {"group_id": "simple-6", "topics": None}, {"group_id": "unknown", "topics": None},
            {"group_id": "unknown too", "topics": []}, {"group_id": "", "topics": None}])
        t.silent("no groups", "OffsetFetch", v, 3, groups=[])
    for v in versions("OffsetFetch", 2):
        fetch(t, "unknown group", v, "unknown", everything=True)
        fetch(t, "fetch of no topics", v, "simple-5")


@scenario(offsets_topic_compression_codec=1)
def group_commits_compressed(t):
    ready(t, "topic")
    m = Member(t, "g", 9)
    m.join()
    m.sync(assignments=[(m.id, b"x")])
    m.commit("commit", 9, ("topic", 0, 1), ("topic", 1, 2))
    m.leave()
    note_log(t, "records")


@scenario()
def group_administration(t):
    ready(t, "topic", "other")
    for name in ("simple", "deleted", "empty", "Stable"):
        commit(t, f"commit of {name}", 5, ("topic", 0, 1), ("topic", 1, 2), ("other", 0, 3), group_id=name)
    m = Member(t, "Stable", 9)
    m.join()
    m.sync(assignments=[(m.id, b"x")])
    c = Member(t, "connect", 9, protocol_type="connect")
    c.join()
    c.sync(assignments=[(c.id, b"x")], protocol_type="connect")
    e = Member(t, "empty", 9)
    e.join()
    e.sync(assignments=[(e.id, b"x")])
    e.leave()
    p = Member(t, "pending", 9)
    p.identify()
    for v in versions("ListGroups"):
        t.ask("list", "ListGroups", v)
        if v >= 4:
            for states in (["Stable"], ["stable", "EMPTY"], ["Dead"], ["nonsense"], ["PreparingRebalance", "Empty"]):
                t.ask(f"list states {states}", "ListGroups", v, states_filter=states)
        if v >= 5:
            for types in (["classic"], ["CLASSIC"], ["consumer"], ["nonsense"], ["consumer", "Classic"]):
                t.ask(f"list types {types}", "ListGroups", v, types_filter=types)
            t.ask("list both", "ListGroups", v, states_filter=["Empty"], types_filter=["classic"])
    describe(t, "describe", "Stable", "connect", "empty", "simple", "pending", "unknown", "", "Stable")
    describe(t, "describe none")
    end = note_log(t, "records before")

    def delete_offsets(label, group, *partitions):
        topics = {}
        for topic, index in partitions:
            topics.setdefault(topic, []).append({"partition_index": index})
        t.ask(label, "OffsetDelete", 0, group_id=group, topics=[{"name": n, "partitions": p} for n, p in topics.items()])

    delete_offsets("of a simple group", "simple", ("topic", 0), ("topic", 9), ("nowhere", 0))
    delete_offsets("of a stable group", "Stable", ("topic", 0), ("other", 0), ("other", 1))
    delete_offsets("of another type", "connect", ("topic", 0))
    delete_offsets("of an empty group", "empty", ("topic", 0), ("topic", 1))
    delete_offsets("of an unknown group", "unknown", ("topic", 0))
    delete_offsets("of no group", "", ("topic", 0))
    delete_offsets("of nothing", "simple")
    delete_offsets("unknown topics only", "simple", ("nowhere", 0))
    end = note_log(t, "records of deleted offsets", offset=end)
    for group in ("simple", "Stable", "empty"):
        fetch(t, f"what is left of {group}", 9, group, everything=True)
    delete_offsets("the last one", "simple", ("topic", 1), ("other", 0))
    describe(t, "without offsets", "simple")
    delete_offsets("the last one of a group with a generation", "empty", ("other", 0))
    describe(t, "without offsets, with a generation", "empty")
    end = note_log(t, "records of the last offsets", offset=end)
    t.ask("delete groups", "DeleteGroups", 2, groups_names=["deleted", "Stable", "unknown", "pending", "", "deleted"])
    end = note_log(t, "records of a deleted group", offset=end)
    t.ask("no groups", "DeleteGroups", 1, groups_names=[])
    m.leave()
    t.ask("now empty", "DeleteGroups", 0, groups_names=["Stable"])
    note_log(t, "records of a deleted group with a generation", offset=end)
    m.heartbeat("of a deleted group")
    t.ask("list at the end", "ListGroups", 5)


@scenario()
def group_of_another_protocol(t):
    """KIP-848 is not served with ZooKeeper, and says so."""
    ready(t, "topic")
    t.ask("heartbeat", "ConsumerGroupHeartbeat", 0, group_id="g", member_id="", member_epoch=0, rebalance_timeout_ms=10000,
          subscribed_topic_names=["topic"], topic_partitions=[])
    t.ask("describe", "ConsumerGroupDescribe", 0, group_ids=["g", "h"], include_authorized_operations=True)
    t.ask("describe none", "ConsumerGroupDescribe", 0, group_ids=[])


@scenario(offsets_topic_num_partitions=2, group_min_session_timeout_ms=10)
def group_restart(t):
    """What the coordinator knows after a restart."""
    ready(t, "topic", "other")
    for group in ("a", "b", "c"):
        commit(t, f"commit of {group}", 9, ("topic", 0, 10, group), ("topic", 1, 20), ("other", 0, 30), group_id=group)
    commit(t, "later commit", 9, ("topic", 0, 11, "later"), group_id="a")
    t.ask("deleted offset", "OffsetDelete", 0, group_id="b", topics=[{"name": "topic", "partitions": [{"partition_index": 1}]}])
    t.ask("deleted group", "DeleteGroups", 2, groups_names=["c"])
    m, s = Member(t, "dynamic", 9), Member(t, "static", 9, instance="one")
    for x in (m, s):
        x.join()
        x.sync(assignments=[(x.id, b"kept")])
        x.commit("commit by a member", 9, ("topic", 0, 7), ("topic", 1, 8, "note", {"committed_leader_epoch": 2})) \
            if x is m else x.commit("commit by a static member", 9, ("topic", 0, 9))
    e = Member(t, "emptied", 9)
    e.join()
    e.sync(assignments=[(e.id, b"x")])
    e.leave()
    t.leave()
    t.broker.stop()
    t.broker.start()
    t.settle()
    coordinate(t)
    wait_until(lambda: t.call("ListGroups", 5)["error_code"] == 0, 30, "all partitions to be loaded")
    t.ask("list", "ListGroups", 5)
    describe(t, "describe", "a", "b", "c", "dynamic", "static", "emptied")
    for group in ("a", "b", "c", "dynamic", "static"):
        fetch(t, f"fetch of {group}", 9, group, everything=True)
    for x in (m, s):
        kind = "dynamic" if x is m else "static"
        x.heartbeat(f"heartbeat of the {kind} member")
        x.sync(f"sync of the {kind} member")
        x.commit(f"commit of the {kind} member", 9, ("topic", 0, 70))
    s.send_join(member_id="")
    s.joined("static member restarts")
    m.join("dynamic member rejoins")
    m.sync("dynamic member syncs", [(m.id, b"new")])
    for p in range(2):
        note_log(t, f"records of partition {p}", p)


@scenario(offsets_retention_check_interval_ms=500, group_min_session_timeout_ms=10)
def group_offsets_expire(t):
    """Explicit retention of old clients; the rest takes a minute at least."""
    ready(t, "topic", "other")
    commit(t, "soon over", 3, ("topic", 0, 1), group_id="simple", retention_time_ms=1)
    commit(t, "over at once and kept", 3, ("topic", 1, 2), group_id="mixed", retention_time_ms=1)
    commit(t, "kept", 5, ("topic", 0, 3), group_id="mixed")
    commit(t, "very old", 1, ("topic", 0, 4, "", {"commit_timestamp": now_ms() - 30 * DAY}), ("topic", 1, 5), group_id="old")
    m = Member(t, "member", 3)
    m.join()
    m.sync(assignments=[(m.id, b"x")])
    m.commit("soon over, in a group", 3, ("topic", 0, 1), retention_time_ms=1)
    m.commit("soon over, not subscribed", 3, ("other", 0, 1), retention_time_ms=1)

    def left(group):
        answer = t.call("OffsetFetch", 5, group_id=group, topics=None)
        return sum(len(x["partitions"]) for x in answer["topics"])
    wait_until(lambda: left("mixed") == 1 and left("old") == 1 and left("simple") == 0, 30, "offsets to expire")
    time.sleep(1.2 * SLOW)
    for group in ("simple", "mixed", "old", "member"):
        fetch(t, f"left of {group}", 5, group, everything=True)
    describe(t, "groups", "simple", "mixed", "old", "member")
    m.leave()
    m2 = Member(t, "gone", 3)
    m2.join()
    m2.sync(assignments=[(m2.id, b"x")])
    m2.leave()

    def gone():
        return "gone" not in [g["group_id"] for g in t.call("ListGroups", 0)["groups"]]
    wait_until(gone, 30, "the empty group to go")
    note_tombstones(t, "tombstones")


@scenario(offsets_retention_check_interval_ms=3600000)
def group_offsets_of_deleted_topics(t):
    ready(t, "topic", "doomed")
    for group in ("both", "doomed only"):
        commit(t, f"commit of {group}", 9, *([("topic", 0, 1)] if group == "both" else []), ("doomed", 0, 2), ("doomed", 1, 3),
               group_id=group)
    m = Member(t, "member", 9, protocols=[{"name": "range", "metadata": consumer("doomed")}])
    m.join()
    m.sync(assignments=[(m.id, b"x")])
    m.commit("commit by a member", 9, ("doomed", 0, 4))
    note_log(t, "before")
    t.call("DeleteTopics", 5, topic_names=["doomed"], timeout_ms=10000)

    def left():
        return [t.call("OffsetFetch", 5, group_id=g, topics=None)["topics"] for g in ("doomed only", "member")]
    wait_until(lambda: not any(left()), 30, "the offsets to go")
    for group in ("both", "doomed only", "member"):
        fetch(t, f"left of {group}", 9, group, everything=True)
    describe(t, "groups", "both", "doomed only", "member")
    t.ask("list", "ListGroups", 5)
    note_tombstones(t, "tombstones")


@scenario(offsets_retention_minutes=2147483647)
def group_log_of_apache(t):
    """A __consumer_offsets partition that Apache Kafka 3.9.1 wrote (tests/peers/test_java_groups.py), and goes on with."""
    coordinate(t)
    t.hang_up()
    t.broker.stop()
    replace_log(t, "__consumer_offsets", (DATA / "consumer_offsets.log").read_bytes())
    t.broker.start()
    t.settle()
    coordinate(t)
    groups = [g["group_id"] for g in t.ask("list", "ListGroups", 5)["groups"]]
    assert len(groups) > 20
    describe(t, "describe", *sorted(groups))
    for group in sorted(groups):
        fetch(t, f"fetch of {group}", 9, group, everything=True)
        fetch(t, f"stable fetch of {group}", 8, group, everything=True, require_stable=True)
    t.create("topic")
    commit(t, "commit", 9, ("topic", 0, 5), group_id="simple-7")
    fetch(t, "fetch after it", 9, "simple-7", everything=True)
    t.ask("delete", "DeleteGroups", 2, groups_names=["simple-5", "txn-0", "left", "stays"])
    note_tombstones(t, "tombstones")
