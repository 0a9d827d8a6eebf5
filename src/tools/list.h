/* list.h - the tools of the program `moldau`, a line each, in alphabetical order; no include guard.
 *
 * TOOL_ROW(name): `const struct tool tool_<name>` is in a file of its own.
 */
TOOL_ROW(broker_api_versions)
TOOL_ROW(cluster)
TOOL_ROW(configs)
TOOL_ROW(console_consumer)
TOOL_ROW(console_producer)
TOOL_ROW(consumer_groups)
TOOL_ROW(consumer_perf)
TOOL_ROW(delete_records)
TOOL_ROW(dump_log)
TOOL_ROW(e2e_latency)
TOOL_ROW(get_offsets)
TOOL_ROW(log_dirs)
TOOL_ROW(producer_perf)
TOOL_ROW(reassign_partitions)
TOOL_ROW(topics)
TOOL_ROW(verifiable_consumer)
TOOL_ROW(verifiable_producer)
TOOL_ROW(zookeeper_shell)
