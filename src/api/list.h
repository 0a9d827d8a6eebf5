/* list.h - the requests that are served, a line each; no include guard, expanded by dispatch.c and its tests.
 *
 * API_ROW(name): `const struct api api_<name>` is in <name>.c. ApiVersions advertises exactly these.
 */
API_ROW(produce)
API_ROW(fetch)
API_ROW(list_offsets)
API_ROW(metadata)
API_ROW(find_coordinator)
API_ROW(api_versions)
API_ROW(create_topics)
API_ROW(delete_topics)
API_ROW(delete_records)
API_ROW(init_producer_id)
API_ROW(offset_for_leader_epoch)
API_ROW(describe_configs)
API_ROW(alter_configs)
API_ROW(describe_log_dirs)
API_ROW(create_partitions)
API_ROW(incremental_alter_configs)
API_ROW(describe_cluster)
