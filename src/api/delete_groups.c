/* delete_groups.c - DeleteGroups (key 42): groups without members, and all their offsets (coordinators.md 2.17). */
#include "api/api.h"
#include "api/repeated.h"
#include "coordinator/groups.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

/* Each group once, however often it is named. */
static void delete_groups(struct request *req)
{
	const struct delete_groups_request *in = req->in;
	struct delete_groups_response *out = req->out;
	uint8_t *repeated = names_repeated(&req->arena, in->groups_names, in->groups_names_n, sizeof(struct str));
	struct delete_groups_response_deletable_group_result *result;
	int32_t i;

	out->results = CODEC_NEW(&req->arena, delete_groups_response_deletable_group_result,
	    (size_t)in->groups_names_n);
	if (!out->results || !repeated)
		return request_close(req, "the answer to DeleteGroups is too large");
	for (i = 0; i < in->groups_names_n; i++) {
		if (repeated[i] == REPEATED_LATER)
			continue;
		result = &out->results[out->results_n++];
		result->group_id = in->groups_names[i];
		result->error_code = kerr_of(groups_delete(req->ctx->groups, in->groups_names[i]));
	}
	request_reply(req);
}

const struct api api_delete_groups = {
	.key = 42, .min_version = 0, .max_version = 2, .run_on = RUN_ON_WORKER, .run = delete_groups,
};
