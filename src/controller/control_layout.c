/* control_layout.c - see control_layout.h. */
#include "controller/control_layout.h"

#include <assert.h>

#include "base/str.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "zk/znode.h"

enum { ISR_BY_TOPIC_SINCE = 2, UPDATE_BY_TOPIC_SINCE = 5, UPDATE_ENDPOINTS_SINCE = 1, STOP_BY_TOPIC_SINCE = 1 };

typedef struct leader_and_isr_request lisr;
typedef struct leader_and_isr_request_leader_and_isr_partition_state lisr_partition;
typedef struct stop_replica_request stop;
typedef struct stop_replica_request_stop_replica_partition_v0 stop_partition_v0;
typedef struct stop_replica_request_stop_replica_topic_v1 stop_topic_v1;
typedef struct update_metadata_request umr;
typedef struct update_metadata_request_update_metadata_broker umr_broker;
typedef struct update_metadata_request_update_metadata_endpoint umr_endpoint;
typedef struct update_metadata_request_update_metadata_partition_state umr_partition;

/* --- LeaderAndIsr --- */

static const void *old_leader_and_isr(const lisr *req, struct arena *a)
{
	lisr *to = arena_alloc(a, sizeof(*to));
	size_t n = 0;

	for (int32_t t = 0; t < req->topic_states_n; t++)
		n += (size_t)req->topic_states[t].partition_states_n;
	if (!to)
		return NULL;
	*to = *req;
	to->topic_states = NULL;
	to->topic_states_n = to->ungrouped_partition_states_n = 0;
	to->ungrouped_partition_states = arena_array(a, n, sizeof(lisr_partition));
	if (!to->ungrouped_partition_states)
		return NULL;
	for (int32_t t = 0; t < req->topic_states_n; t++)
		for (int32_t i = 0; i < req->topic_states[t].partition_states_n; i++) {
			lisr_partition *p = &to->ungrouped_partition_states[to->ungrouped_partition_states_n++];

			*p = req->topic_states[t].partition_states[i];
			p->topic_name = req->topic_states[t].topic_name;
		}
	return to;
}

/* --- UpdateMetadata --- */

static bool flatten_updates(const umr *req, umr *to, struct arena *a)
{
	size_t n = 0;

	for (int32_t t = 0; t < req->topic_states_n; t++)
		n += (size_t)req->topic_states[t].partition_states_n;
	to->topic_states = NULL;
	to->topic_states_n = to->ungrouped_partition_states_n = 0;
	to->ungrouped_partition_states = arena_array(a, n, sizeof(umr_partition));
	if (!to->ungrouped_partition_states)
		return false;
	for (int32_t t = 0; t < req->topic_states_n; t++)
		for (int32_t i = 0; i < req->topic_states[t].partition_states_n; i++) {
			umr_partition *p = &to->ungrouped_partition_states[to->ungrouped_partition_states_n++];

			*p = req->topic_states[t].partition_states[i];
			p->topic_name = req->topic_states[t].topic_name;
		}
	return true;
}

/* The only listener that version 0 knows. */
static const umr_endpoint *plaintext(const umr_broker *b)
{
	struct str name = str_of(zk_security_protocol_name(ZK_PLAINTEXT));

	for (int32_t i = 0; i < b->endpoints_n; i++)
		if (str_eq(b->endpoints[i].listener, name))
			return &b->endpoints[i];
	return NULL;
}

static bool single_addresses(const umr *req, umr *to, struct arena *a)
{
	to->live_brokers = arena_array(a, (size_t)req->live_brokers_n, sizeof(umr_broker));
	if (!to->live_brokers)
		return false;
	for (int32_t i = 0; i < req->live_brokers_n; i++) {
		const umr_endpoint *e = plaintext(&req->live_brokers[i]);

		to->live_brokers[i] = req->live_brokers[i];
		to->live_brokers[i].v0_host = e ? e->host : STR("");
		to->live_brokers[i].v0_port = e ? e->port : -1;
	}
	return true;
}

static const void *old_update_metadata(const umr *req, int version, struct arena *a)
{
	umr *to = arena_alloc(a, sizeof(*to));

	if (!to)
		return NULL;
	*to = *req;
	if (!flatten_updates(req, to, a))
		return NULL;
	return version >= UPDATE_ENDPOINTS_SINCE || single_addresses(req, to, a) ? to : NULL;
}

/* --- StopReplica --- */

static size_t count_stops(const stop *req)
{
	size_t n = 0;

	for (int32_t t = 0; t < req->topic_states_n; t++)
		n += (size_t)req->topic_states[t].partition_states_n;
	return n;
}

static bool flatten_stops(const stop *req, stop *to, struct arena *a)
{
	to->ungrouped_partitions = arena_array(a, count_stops(req), sizeof(stop_partition_v0));
	to->ungrouped_partitions_n = 0;
	if (!to->ungrouped_partitions)
		return false;
	for (int32_t t = 0; t < req->topic_states_n; t++)
		for (int32_t i = 0; i < req->topic_states[t].partition_states_n; i++)
			to->ungrouped_partitions[to->ungrouped_partitions_n++] = (stop_partition_v0){
				.topic_name = req->topic_states[t].topic_name,
				.partition_index = req->topic_states[t].partition_states[i].partition_index,
			};
	return true;
}

static bool indexes_by_topic(const stop *req, stop *to, struct arena *a)
{
	to->topics = arena_array(a, (size_t)req->topic_states_n, sizeof(stop_topic_v1));
	to->topics_n = req->topic_states_n;
	if (!to->topics)
		return false;
	for (int32_t t = 0; t < req->topic_states_n; t++) {
		int32_t n = req->topic_states[t].partition_states_n;
		int32_t *v = arena_array(a, (size_t)n, sizeof(*v));

		if (!v)
			return false;
		for (int32_t i = 0; i < n; i++)
			v[i] = req->topic_states[t].partition_states[i].partition_index;
		to->topics[t] = (stop_topic_v1){ .name = req->topic_states[t].topic_name, .partition_indexes = v,
			.partition_indexes_n = n };
	}
	return true;
}

static const void *old_stop_replica(const stop *req, int version, struct arena *a)
{
	stop *to = arena_alloc(a, sizeof(*to));

	if (!to)
		return NULL;
	*to = *req;
	to->topic_states = NULL;
	to->topic_states_n = 0;
	to->delete_partitions = req->topic_states_n > 0 && req->topic_states[0].partition_states_n > 0 &&
	    req->topic_states[0].partition_states[0].delete_partition;
	if (version >= STOP_BY_TOPIC_SINCE)
		return indexes_by_topic(req, to, a) ? to : NULL;
	return flatten_stops(req, to, a) ? to : NULL;
}

const void *control_layout(int key, int version, const void *req, struct arena *a)
{
	if (key == API_LEADER_AND_ISR)
		return version >= ISR_BY_TOPIC_SINCE ? req : old_leader_and_isr(req, a);
	if (key == API_UPDATE_METADATA)
		return version >= UPDATE_BY_TOPIC_SINCE ? req : old_update_metadata(req, version, a);
	assert(key == API_STOP_REPLICA);
	return version >= STOP_REPLICA_MIXED_SINCE ? req : old_stop_replica(req, version, a);
}
