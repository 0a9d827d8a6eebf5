/* create_partitions.c - CreatePartitions (key 37): adds partitions, waits until they have leaders (protocol.md 16.2). */
#include <errno.h>

#include "api/api.h"
#include "api/repeated.h"
#include "api/topic_wait.h"
#include "controller/controller.h"
#include "controller/topic_admin.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

static int grow_one(struct request *req, const struct create_partitions_request_create_partitions_topic *in,
    bool repeated, struct create_partitions_response_create_partitions_topic_result *out)
{
	const struct create_partitions_request *body = req->in;
	struct topic_grow g = { .name = in->name, .count = in->count };
	struct topic_replicas *assignment;
	int32_t i;

	if (repeated) {
		out->error_message = STR("Duplicate topic in request.");
		return KERR_INVALID_REQUEST;
	}
	if (in->assignments_n >= 0) {
		assignment = arena_array(&req->arena, (size_t)in->assignments_n, sizeof(*assignment));
		if (!assignment)
			return -ENOMEM;
		for (i = 0; i < in->assignments_n; i++)
			assignment[i] = (struct topic_replicas){ .brokers = in->assignments[i].broker_ids,
				.brokers_n = in->assignments[i].broker_ids_n };
		g.assignment = assignment;
		g.assignment_n = in->assignments_n;
	}
	return topic_admin_grow(req->ctx->topic_admin, &req->arena, &g, body->validate_only, &out->error_message);
}

static void answer(struct request *req, struct topic_expectation *v, int32_t n)
{
	struct create_partitions_response *out = req->out;
	int32_t i;

	for (i = 0; i < n; i++) {
		if (!v[i].met)
			out->results[v[i].index].error_code = KERR_REQUEST_TIMED_OUT;
	}
	request_reply(req);
}

static void create_partitions(struct request *req)
{
	const struct create_partitions_request *in = req->in;
	struct create_partitions_response *out = req->out;
	struct topic_expectation *wait = arena_array(&req->arena, (size_t)in->topics_n, sizeof(*wait));
	bool active = controller_is_active(req->ctx->controller);
	uint8_t *repeated = names_repeated(&req->arena, in->topics_n ? &in->topics[0].name : NULL, in->topics_n,
	    sizeof(in->topics[0]));
	int32_t i, n = 0;
	int r;

	out->results = arena_array(&req->arena, (size_t)in->topics_n, sizeof(*out->results));
	if (!wait || !repeated || !out->results)
		return request_close(req, "CreatePartitions is too large");
	for (i = 0; i < in->topics_n; i++) {
		struct create_partitions_response_create_partitions_topic_result *t = &out->results[out->results_n];

		if (repeated[i] == REPEATED_LATER)
			continue; /* one refusal for all entries of the name */
		t->name = in->topics[i].name;
		t->error_message = STR_NULL;
		r = active ? grow_one(req, &in->topics[i], repeated[i], t) : KERR_NOT_CONTROLLER;
		t->error_code = kerr_of(r);
		if (!r && !in->validate_only)
			wait[n++] = (struct topic_expectation){ .name = in->topics[i].name,
				.partitions = in->topics[i].count,
				.index = out->results_n };
		out->results_n++;
	}
	topic_wait(req, wait, n, in->timeout_ms, answer);
}

const struct api api_create_partitions = {
	.key = 37, .min_version = 0, .max_version = 3, .run_on = RUN_ON_WORKER, .run = create_partitions,
};
