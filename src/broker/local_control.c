/* local_control.c - applies control requests to our partitions and writes the answers the brokers' way. */
#include "broker/local_control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/dynamic_config.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/partitions.h"

/* Results of one topic are neighbours: the end of the run that begins at `from`. */
static int32_t run_end(const struct partition_results *results, int32_t from)
{
	int32_t i = from + 1;

	while (i < results->n && uuid_eq(results->v[i].topic_id, results->v[from].topic_id) &&
	       str_eq(results->v[i].topic, results->v[from].topic))
		i++;
	return i;
}

static int fill_topic_error(struct arena *a, const struct partition_results *results, int32_t from, int32_t to,
    struct leader_and_isr_response_leader_and_isr_topic_error *out)
{
	int32_t i;

	out->topic_id = results->v[from].topic_id;
	out->partition_errors = CODEC_NEW(a, leader_and_isr_response_leader_and_isr_partition_error,
	    (size_t)(to - from));
	if (!out->partition_errors)
		return -ENOMEM;
	out->partition_errors_n = to - from;
	for (i = from; i < to; i++) {
		out->partition_errors[i - from].topic_name = results->v[i].topic;
		out->partition_errors[i - from].partition_index = results->v[i].index;
		out->partition_errors[i - from].error_code = results->v[i].error;
	}
	return 0;
}

/* A setting that changed while a log was being made reaches it here. */
static void retell_settings(const struct local_control *l, const struct leader_and_isr_request *req)
{
	int32_t i;
	char *topic;

	for (i = 0; i < req->topic_states_n; i++) {
		topic = str_dup(req->topic_states[i].topic_name);
		dynamic_config_retell(l->dynamic, topic);
		free(topic);
	}
}

/* The settings of topics whose logs are gone go too. */
static void forget_settings(const struct local_control *l, const struct partition_results *results)
{
	int32_t i;
	char *topic;

	for (i = 0; i < results->n; i++) {
		if (i > 0 && str_eq(results->v[i].topic, results->v[i - 1].topic))
			continue;
		topic = str_dup(results->v[i].topic);
		dynamic_config_retell(l->dynamic, topic);
		free(topic);
	}
}

static int leader_and_isr(void *arg, struct arena *a, const struct leader_and_isr_request *req,
    struct leader_and_isr_response *ret)
{
	const struct local_control *l = arg;
	struct partition_results results = { 0 };
	int32_t from, to;
	int r;

	codec_init(&leader_and_isr_response_schema, ret);
	r = partitions_leader_and_isr(l->partitions, req, a, &results);
	if (r < 0)
		return r;
	retell_settings(l, req);
	ret->error_code = results.error;
	ret->topics = CODEC_NEW(a, leader_and_isr_response_leader_and_isr_topic_error, (size_t)results.n);
	if (!ret->topics)
		return -ENOMEM;
	for (from = 0; from < results.n; from = to) {
		to = run_end(&results, from);
		r = fill_topic_error(a, &results, from, to, &ret->topics[ret->topics_n++]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int update_metadata(void *arg, struct arena *a UNUSED, const struct update_metadata_request *req,
    struct update_metadata_response *ret)
{
	const struct local_control *l = arg;
	int r = partitions_update_metadata(l->partitions, req);

	if (r < 0)
		return r;
	codec_init(&update_metadata_response_schema, ret);
	ret->error_code = kerr_of(r);
	return 0;
}

static int stop_replica(void *arg, struct arena *a, const struct stop_replica_request *req,
    struct stop_replica_response *ret)
{
	const struct local_control *l = arg;
	struct partition_results results = { 0 };
	int32_t i;
	int r;

	codec_init(&stop_replica_response_schema, ret);
	r = partitions_stop_replica(l->partitions, req, a, &results);
	if (r < 0)
		return r;
	forget_settings(l, &results);
	ret->error_code = results.error;
	ret->partition_errors = CODEC_NEW(a, stop_replica_response_stop_replica_partition_error, (size_t)results.n);
	if (!ret->partition_errors)
		return -ENOMEM;
	ret->partition_errors_n = results.n;
	for (i = 0; i < results.n; i++) {
		ret->partition_errors[i].topic_name = results.v[i].topic;
		ret->partition_errors[i].partition_index = results.v[i].index;
		ret->partition_errors[i].error_code = results.v[i].error;
	}
	return 0;
}

int local_control_open(void *arg, int32_t broker_id, const struct zk_endpoint *endpoint UNUSED,
    struct control_transport *ret)
{
	const struct local_control *l = arg;

	if (broker_id != l->broker_id)
		return -EHOSTUNREACH;
	*ret = (struct control_transport){
		.arg = arg,
		.leader_and_isr = leader_and_isr,
		.update_metadata = update_metadata,
		.stop_replica = stop_replica,
	};
	return 0;
}
