/* create_topics.c - CreateTopics (key 19): creates topics in ZooKeeper, waits until they have leaders (protocol.md 16.2). */
#include <errno.h>

#include "api/api.h"
#include "api/config_service.h"
#include "api/repeated.h"
#include "api/topic_wait.h"
#include "controller/controller.h"
#include "controller/topic_admin.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

/* Requests spell out a topic's settings; the answer carries them since this version (KIP-525). */
enum { CONFIGS_SINCE = 5 };

static bool gather(struct request *req, const struct create_topics_request_creatable_topic *in,
    struct topic_create *c)
{
	struct topic_replicas *assignment = arena_array(&req->arena, (size_t)in->assignments_n, sizeof(*assignment));
	struct topic_override *overrides = arena_array(&req->arena, (size_t)in->configs_n, sizeof(*overrides));
	int32_t i;

	if (!assignment || !overrides)
		return false;
	for (i = 0; i < in->assignments_n; i++)
		assignment[i] = (struct topic_replicas){ in->assignments[i].partition_index,
			in->assignments[i].broker_ids, in->assignments[i].broker_ids_n };
	for (i = 0; i < in->configs_n; i++)
		overrides[i] = (struct topic_override){ in->configs[i].name, in->configs[i].value };
	*c = (struct topic_create){ .name = in->name,
		.partitions = in->num_partitions,
		.replication = in->replication_factor,
		.assignment = assignment,
		.assignment_n = in->assignments_n,
		.overrides = overrides,
		.overrides_n = in->configs_n };
	return true;
}

/* The settings the topic has now, as v5+ answers them. A failure leaves them out. */
static int fill_configs(struct request *req, const struct topic_create *c,
    struct create_topics_response_creatable_topic_result *out)
{
	const struct config_service *s = req->ctx->configs;
	struct config_entry *entries;
	int32_t i, n;
	int r;

	r = s->describe_overrides(s->arg, &req->arena, c->overrides, c->overrides_n, &entries, &n);
	if (r)
		return r;
	out->configs = arena_array(&req->arena, (size_t)n, sizeof(*out->configs));
	if (!out->configs)
		return -ENOMEM;
	out->configs_n = n;
	for (i = 0; i < n; i++) {
		out->configs[i].name = entries[i].name;
		out->configs[i].value = entries[i].sensitive ? STR_NULL : entries[i].value;
		out->configs[i].read_only = entries[i].read_only;
		out->configs[i].config_source = entries[i].source;
		out->configs[i].is_sensitive = entries[i].sensitive;
	}
	return 0;
}

static int create_one(struct request *req, const struct create_topics_request_creatable_topic *in, bool repeated,
    struct create_topics_response_creatable_topic_result *out)
{
	const struct create_topics_request *body = req->in;
	struct topic_create c;
	int r;

	if (str_is(in->name, "__cluster_metadata")) {
		out->error_message = STR("Creation of internal topic __cluster_metadata is prohibited.");
		return KERR_INVALID_REQUEST;
	}
	if (repeated) {
		out->error_message = STR("Found multiple entries for this topic.");
		return KERR_INVALID_REQUEST;
	}
	if (!gather(req, in, &c))
		return -ENOMEM;
	r = topic_admin_create(req->ctx->topic_admin, &req->arena, &c, body->validate_only, &out->error_message);
	if (r)
		return r;
	out->num_partitions = c.made_partitions;
	out->replication_factor = c.made_replication;
	if (!body->validate_only)
		out->topic_id = c.id;
	return req->version >= CONFIGS_SINCE ? fill_configs(req, &c, out) : 0;
}

/* A failed topic carries no settings. */
static void fail(struct create_topics_response_creatable_topic_result *out, int r)
{
	out->error_code = kerr_of(r);
	out->num_partitions = -1;
	out->replication_factor = -1;
	out->configs_n = 0;
	out->topic_id = UUID_ZERO;
}

static void answer(struct request *req, struct topic_expectation *v, int32_t n)
{
	struct create_topics_response *out = req->out;
	int32_t i;

	for (i = 0; i < n; i++) {
		struct create_topics_response_creatable_topic_result *t = &out->topics[v[i].index];
		struct uuid id = t->topic_id;

		if (v[i].met)
			continue;
		fail(t, KERR_REQUEST_TIMED_OUT);
		t->topic_id = id; /* it was created all the same */
	}
	request_reply(req);
}

static void create_topics(struct request *req)
{
	const struct create_topics_request *in = req->in;
	struct create_topics_response *out = req->out;
	struct topic_expectation *wait = arena_array(&req->arena, (size_t)in->topics_n, sizeof(*wait));
	bool active = controller_is_active(req->ctx->controller);
	uint8_t *repeated = names_repeated(&req->arena, in->topics_n ? &in->topics[0].name : NULL, in->topics_n,
	    sizeof(in->topics[0]));
	int32_t i, n = 0;
	int r;

	out->topics = CODEC_NEW(&req->arena, create_topics_response_creatable_topic_result, (size_t)in->topics_n);
	if (!wait || !repeated || !out->topics)
		return request_close(req, "CreateTopics is too large");
	out->topics_n = in->topics_n;
	for (i = 0; i < in->topics_n; i++) {
		out->topics[i].name = in->topics[i].name;
		out->topics[i].error_message = STR_NULL;
		r = active ? create_one(req, &in->topics[i], repeated[i], &out->topics[i]) : KERR_NOT_CONTROLLER;
		if (r)
			fail(&out->topics[i], r);
		else if (!in->validate_only)
			wait[n++] = (struct topic_expectation){ .name = in->topics[i].name,
				.partitions = out->topics[i].num_partitions,
				.index = i };
	}
	topic_wait(req, wait, n, in->timeout_ms, answer);
}

const struct api api_create_topics = {
	.key = 19, .min_version = 0, .max_version = 7, .run_on = RUN_ON_WORKER, .run = create_topics,
};
