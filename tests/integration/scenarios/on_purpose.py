"""Where Moldau answers otherwise on purpose: {scenario: {label: {path: our value}}}; doc/differences.md says why.

A path is replaced in every version that has it, or in those named as "label @0-3". None instead of a table: the two are not
compared at all.
"""


def produced(code):
    return {".responses[0].partition_responses[0].error_code": code}


def no_text():
    return {".responses[0].partition_responses[0].error_message": None}


def created(code):
    at = ".topics[0]."
    return {at + "error_code": code, at + "error_message": "text", at + "num_partitions": -1, at + "replication_factor": -1,
            at + "topic_id": "0"}


def altered(code):
    return {".responses[0].error_code": code, ".responses[0].error_message": "text"}


UNKNOWN_CODEC = {**produced(87), ".responses[0].partition_responses[0].log_start_offset": 0}

# What has no meaning in the protocol: Apache fails with UNKNOWN_SERVER_ERROR, Moldau takes the nearest meaning.
MEANINGLESS = None

ON_PURPOSE = {
    "produce_codecs": {
        **{f"codec {n}": UNKNOWN_CODEC for n in (5, 6, 7)},
        **{f"{name} payload that is none": produced(87) for name in ("gzip", "snappy", "lz4")},
        "zstd payload that is none @7-11": produced(87),
    },
    "produce_formats": {"magic 3": no_text(), "magic -1": no_text(), "rubbish": no_text()},
    "produce_bad_batches": {"length 13": no_text()},
    "produce_legacy_wrappers": {"timestamp -2": produced(32)},
    "produce_null_records": {"null records": None},
    "fetch_ranges": {"isolation 7": MEANINGLESS, "same partition twice": None},
    "fetch_limits": {"partition limit -1": MEANINGLESS, "partition limits -1": MEANINGLESS, "limit -1": MEANINGLESS},
    "list_offsets": {
        "isolation 9": MEANINGLESS,
        **{f"-1 offsets of {at}{of}": MEANINGLESS for at in (-1, -2, "T0", "future") for of in ("", ", empty", ", cut")},
    },
    # Apache sends the first records twice to an old consumer that begins at a marker.
    "transactions": {f"from {n}, isolation {i} @0-3": None for n in (4, 6, 10, 11, 17) for i in (0, 1)},
    "offset_for_leader_epoch": {"current epoch -2": MEANINGLESS},
    "metadata_topics": {"null name and no id": {".topics[0].error_code": 42}},
    "create_topics": {"partition twice": created(39), "negative partition": created(39)},
    "delete_topics": {"neither": {".responses[0].error_code": 3}},
    "alter_configs": {"resource twice": None},
    # v1 has no other place for an error of the group.
    "group_not_coordinated": {"no coordinator: fetch @1": {".topics": [
        {"name": name, "partitions": [{"partition_index": i, "committed_offset": -1, "metadata": "", "error_code": 16}
                                      for i in partitions]} for name, partitions in (("nowhere", [0]), ("topic", [0, 9]))]}},
    "group_commits": {"no groups": None},
    "incremental_alter_configs": {"append to an unknown key": altered(40), "operation 4": altered(42),
                                  "operation -1": altered(42)},
}
