/* alter_configs.c - AlterConfigs (key 33): replaces the whole dynamic set of a resource (protocol.md 16.3). */
#include "api/api.h"
#include "api/config_alteration.h"
#include "protocol/messages.h"

static bool gather(struct request *req, const struct alter_configs_request_alter_configs_resource *in,
    struct config_alteration *a)
{
	int32_t i;

	a->type = in->resource_type;
	a->name = in->resource_name;
	a->changes_n = in->configs_n;
	a->changes = arena_array(&req->arena, (size_t)in->configs_n, sizeof(struct config_change));
	if (!a->changes)
		return false;
	for (i = 0; i < in->configs_n; i++)
		a->changes[i] = (struct config_change){ .name = in->configs[i].name,
			.value = in->configs[i].value,
			.op = CONFIG_OP_SET };
	return true;
}

static void alter_configs(struct request *req)
{
	const struct alter_configs_request *in = req->in;
	struct alter_configs_response *out = req->out;
	struct config_alteration *v;
	int32_t i, n = in->resources_n;

	v = arena_array(&req->arena, (size_t)n, sizeof(*v));
	out->responses = arena_array(&req->arena, (size_t)n, sizeof(*out->responses));
	out->responses_n = n;
	for (i = 0; v && out->responses && i < n; i++) {
		if (!gather(req, &in->resources[i], &v[i]))
			break;
	}
	if (!v || !out->responses || i < n)
		return request_close(req, "AlterConfigs is too large");
	config_alterations_run(req, v, n, false, in->validate_only);
	for (i = 0; i < n; i++) {
		out->responses[i].error_code = v[i].error_code;
		out->responses[i].error_message = v[i].error_message;
		out->responses[i].resource_type = v[i].type;
		out->responses[i].resource_name = v[i].name;
	}
	request_reply(req);
}

const struct api api_alter_configs = {
	.key = 33, .min_version = 0, .max_version = 2, .run_on = RUN_ON_WORKER, .run = alter_configs,
};
