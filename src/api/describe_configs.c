/* describe_configs.c - DescribeConfigs (key 32): the configuration of topics and of this broker (protocol.md 16.3). */
#include <errno.h>

#include "api/api.h"
#include "api/config_service.h"
#include "protocol/errors.h"
#include "protocol/messages.h"


static bool fill_entry(struct request *req, const struct config_entry *e,
    struct describe_configs_response_describe_configs_resource_result *out)
{
	int32_t i;

	out->name = e->name;
	out->value = e->sensitive ? STR_NULL : e->value;
	out->read_only = e->read_only;
	out->is_default = false; /* v0 only; never true in 3.9 */
	out->config_source = e->source;
	out->is_sensitive = e->sensitive;
	out->config_type = e->type;
	out->documentation = e->documentation;
	out->synonyms_n = e->synonyms_n;
	out->synonyms = arena_array(&req->arena, (size_t)e->synonyms_n, sizeof(*out->synonyms));
	if (!out->synonyms)
		return false;
	for (i = 0; i < e->synonyms_n; i++) {
		out->synonyms[i].name = e->synonyms[i].name;
		out->synonyms[i].value = e->sensitive ? STR_NULL : e->synonyms[i].value;
		out->synonyms[i].source = e->synonyms[i].source;
	}
	return true;
}

static bool describe_one(struct request *req,
    const struct describe_configs_request_describe_configs_resource *in,
    struct describe_configs_response_describe_configs_result *out)
{
	const struct describe_configs_request *body = req->in;
	const struct config_service *s = req->ctx->configs;
	struct config_entry *entries = NULL;
	int32_t n = 0, i;
	int r;

	out->resource_type = in->resource_type;
	out->resource_name = in->resource_name;
	out->error_message = STR(""); /* the field has no null default, and success leaves it (protocol.md 5.4) */
	r = s->describe(s->arg, &req->arena, in->resource_type, in->resource_name, in->configuration_keys,
	    in->configuration_keys_n, body->include_synonyms, body->include_documentation, &entries, &n,
	    &out->error_message);
	out->error_code = kerr_of(r);
	if (r)
		return r != -ENOMEM;
	out->configs = arena_array(&req->arena, (size_t)n, sizeof(*out->configs));
	if (!out->configs)
		return false;
	out->configs_n = n;
	for (i = 0; i < n; i++) {
		if (!fill_entry(req, &entries[i], &out->configs[i]))
			return false;
	}
	return true;
}

static bool known_type(int8_t type)
{
	return type == CONFIG_RESOURCE_TOPIC || type == CONFIG_RESOURCE_BROKER ||
	       type == CONFIG_RESOURCE_BROKER_LOGGER || type == CONFIG_RESOURCE_CLIENT_METRICS;
}

/* A type that does not exist fails every resource of the request. */
static void refuse_all(struct request *req)
{
	const struct describe_configs_request *in = req->in;
	struct describe_configs_response *out = req->out;
	int32_t i;

	for (i = 0; i < in->resources_n; i++) {
		out->results[i].error_code = KERR_INVALID_REQUEST;
		out->results[i].error_message = STR("Unexpected resource type in the request");
		out->results[i].resource_type = in->resources[i].resource_type;
		out->results[i].resource_name = in->resources[i].resource_name;
	}
	request_reply(req);
}

static void describe_configs(struct request *req)
{
	const struct describe_configs_request *in = req->in;
	struct describe_configs_response *out = req->out;
	int32_t i;

	out->results = arena_array(&req->arena, (size_t)in->resources_n, sizeof(*out->results));
	out->results_n = in->resources_n;
	if (!out->results)
		return request_close(req, "the answer to DescribeConfigs is too large");
	for (i = 0; i < in->resources_n; i++) {
		if (!known_type(in->resources[i].resource_type))
			return refuse_all(req);
	}
	for (i = 0; i < in->resources_n; i++) {
		if (!describe_one(req, &in->resources[i], &out->results[i]))
			return request_close(req, "the answer to DescribeConfigs is too large");
	}
	request_reply(req);
}

const struct api api_describe_configs = {
	.key = 32, .min_version = 0, .max_version = 4, .run_on = RUN_ON_WORKER, .run = describe_configs,
};
