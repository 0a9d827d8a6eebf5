/* control_answer.c - results of control requests into response structs. */
#include "replica/control_answer.h"

#include <errno.h>

#include "base/error.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/partitions.h"

enum { ERRORS_BY_TOPIC_SINCE = 5 }; /* LeaderAndIsr */

typedef struct leader_and_isr_response_leader_and_isr_partition_error partition_error;
typedef struct leader_and_isr_response_leader_and_isr_topic_error topic_errors_t;

static partition_error *fill_errors(struct arena *a, const struct partition_result *from, int32_t n)
{
	partition_error *v = CODEC_NEW(a, leader_and_isr_response_leader_and_isr_partition_error, (size_t)n);

	for (int32_t i = 0; v && i < n; i++) {
		v[i].topic_name = from[i].topic;
		v[i].partition_index = from[i].index;
		v[i].error_code = from[i].error;
	}
	return v;
}

/* Results of one topic are neighbours: the end of the run that begins at `from`. */
static int32_t run_end(const struct partition_results *results, int32_t from)
{
	int32_t i = from + 1;

	while (i < results->n && uuid_eq(results->v[i].topic_id, results->v[from].topic_id) &&
	    str_eq(results->v[i].topic, results->v[from].topic))
		i++;
	return i;
}

static int fill_by_topic(const struct partition_results *results, struct arena *a,
    struct leader_and_isr_response *ret)
{
	ret->topics = CODEC_NEW(a, leader_and_isr_response_leader_and_isr_topic_error, (size_t)results->n);
	if (!ret->topics)
		return FAIL(-ENOMEM);
	for (int32_t from = 0, to; from < results->n; from = to) {
		topic_errors_t *topic = &ret->topics[ret->topics_n++];

		to = run_end(results, from);
		topic->topic_id = results->v[from].topic_id;
		topic->partition_errors = fill_errors(a, &results->v[from], to - from);
		if (!topic->partition_errors)
			return FAIL(-ENOMEM);
		topic->partition_errors_n = to - from;
	}
	return 0;
}

int control_answer_leader_and_isr(struct partitions *ps, uint64_t connection, int version,
    const struct leader_and_isr_request *req, struct arena *a, struct leader_and_isr_response *ret)
{
	struct partition_results results = { 0 };
	int r = partitions_leader_and_isr(ps, connection, req, a, &results);

	if (r < 0)
		return r;
	ret->error_code = results.error;
	if (version >= ERRORS_BY_TOPIC_SINCE)
		return fill_by_topic(&results, a, ret);
	ret->partition_errors = fill_errors(a, results.v, results.n);
	ret->partition_errors_n = ret->partition_errors ? results.n : 0;
	return ret->partition_errors ? 0 : FAIL(-ENOMEM);
}

int control_answer_stop_replica(struct partitions *ps, uint64_t connection,
    const struct stop_replica_request *req, struct arena *a, struct stop_replica_response *ret)
{
	struct partition_results results = { 0 };
	int r = partitions_stop_replica(ps, connection, req, a, &results);

	if (r < 0)
		return r;
	ret->error_code = results.error;
	ret->partition_errors = CODEC_NEW(a, stop_replica_response_stop_replica_partition_error, (size_t)results.n);
	if (!ret->partition_errors)
		return FAIL(-ENOMEM);
	ret->partition_errors_n = results.n;
	for (int32_t i = 0; i < results.n; i++) {
		ret->partition_errors[i].topic_name = results.v[i].topic;
		ret->partition_errors[i].partition_index = results.v[i].index;
		ret->partition_errors[i].error_code = results.v[i].error;
	}
	return 0;
}

int control_answer_update_metadata(struct partitions *ps, uint64_t connection, const struct update_metadata_request *req,
    struct update_metadata_response *ret)
{
	int r = partitions_update_metadata(ps, connection, req);

	if (r < 0)
		return r;
	ret->error_code = kerr_of(r);
	return 0;
}
