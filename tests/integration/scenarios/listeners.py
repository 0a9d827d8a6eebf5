"""Several listeners and a full configuration, as they show in answers and znodes."""

from conformance import scenario, versions
from harness import free_port

from .configs import BROKER, TOPIC, described, resource
from .state import tree

FULL = {
    "log_retention_ms": None, "log_retention_minutes": 77, "log_retention_hours": 3, "log_retention_bytes": 123456789,
    "log_roll_hours": 5, "log_roll_jitter_ms": 17, "log_segment_bytes": 1048576, "log_index_size_max_bytes": 65536,
    "log_index_interval_bytes": 1000, "log_flush_interval_messages": 1000, "log_flush_interval_ms": 60000,
    "log_cleanup_policy": "compact, delete", "log_cleaner_min_cleanable_ratio": "0.25", "log_cleaner_min_compaction_lag_ms": 5,
    "log_cleaner_delete_retention_ms": 1000, "log_message_timestamp_type": "LogAppendTime", "log_preallocate": "TRUE",
    "log_message_timestamp_before_max_ms": 99999999999, "log_message_downconversion_enable": "False",
    "compression_type": "zstd", "compression_zstd_level": 5, "compression_gzip_level": -1, "min_insync_replicas": 2,
    "unclean_leader_election_enable": "true", "message_max_bytes": 54321, "num_partitions": 4, "broker_rack": "a rack",
    "auto_create_topics_enable": "false", "delete_topic_enable": "false", "num_recovery_threads_per_data_dir": 2,
    "background_threads": 5, "replica_lag_time_max_ms": 20000, "queued_max_requests": 300, "socket_backlog_size": 10,
    "max_connections_per_ip_overrides": "127.0.0.1:200,localhost:100", "connections_max_idle_ms": 500000,
    "leader_imbalance_per_broker_percentage": 20, "fetch_max_bytes": 1000000, "quota_window_num": 12,
    "transactional_id_expiration_ms": 1000000, "offsets_retention_minutes": 99, "sasl_enabled_mechanisms": "PLAIN,SCRAM-SHA-256",
    "ssl_truststore_password": "hidden", "my_own_key": "kept", "metrics_num_samples": 3, "log_dir": "/unused",
    "zookeeper_max_in_flight_requests": 11, "replica_fetch_backoff_ms": 1234, "group_max_size": 10,
}


@scenario(**FULL)
def full_configuration(t):
    answer = t.call("CreateTopics", 7, topics=[{"name": "t", "num_partitions": -1, "replication_factor": 1, "configs": [
        {"name": "retention.ms", "value": "9"}, {"name": "flush.ms", "value": "8"}]}])
    t.learn("t", answer["topics"][0]["topic_id"])
    t.note("created", t.plain(answer))
    t.wait_led("t")
    for v in versions("DescribeConfigs"):
        for synonyms in (False, True):
            if v or not synonyms:
                described(t, f"broker {synonyms}", v, resource(BROKER, "0"), include_synonyms=synonyms)
                described(t, f"topic {synonyms}", v, resource(TOPIC, "t"), include_synonyms=synonyms)
    t.ask("not made", "Metadata", 8, topics=[{"name": "absent"}], allow_auto_topic_creation=True)
    t.ask("not deleted", "DeleteTopics", 5, topic_names=["t"], timeout_ms=1000)
    tree(t, "znodes")


@scenario(start=False)
def two_listeners(t):
    first, second = free_port(), free_port()
    t.broker.port = first
    t.broker.set(listeners=f"INT://127.0.0.1:{first},EXT://127.0.0.1:{second}",
                 listener_security_protocol_map="INT:PLAINTEXT,EXT:PLAINTEXT,UNUSED:PLAINTEXT", inter_broker_listener_name="INT",
                 advertised_listeners=f"INT://127.0.0.1:{first},EXT://localhost:{second}")
    t.broker.start()
    t.settle()
    t.create("t")
    for port in (first, second):
        t.hang_up()
        t.broker.port = port
        name = "INT" if port == first else "EXT"
        for v in versions("Metadata"):
            t.ask(f"metadata of {name}", "Metadata", v, topics=[{"name": "t"}], allow_auto_topic_creation=False)
        for v in versions("DescribeCluster"):
            t.ask(f"cluster of {name}", "DescribeCluster", v)
    t.hang_up()
    t.broker.port = first
