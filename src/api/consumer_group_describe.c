/* consumer_group_describe.c - ConsumerGroupDescribe (key 69): groups of the newer protocol, which needs KRaft.
 *
 * Java's admin client asks this first, and DescribeGroups for every group that is answered UNSUPPORTED_VERSION
 * (coordinators.md 2.17).
 */
#include "api/api.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

static void consumer_group_describe(struct request *req)
{
	const struct consumer_group_describe_request *in = req->in;
	struct consumer_group_describe_response *out = req->out;
	int32_t i;

	out->groups = CODEC_NEW(&req->arena, consumer_group_describe_response_described_group, (size_t)in->group_ids_n);
	if (!out->groups)
		return request_close(req, "the answer to ConsumerGroupDescribe is too large");
	out->groups_n = in->group_ids_n;
	for (i = 0; i < in->group_ids_n; i++) {
		out->groups[i].group_id = in->group_ids[i];
		out->groups[i].error_code = KERR_UNSUPPORTED_VERSION;
	}
	request_reply(req);
}

const struct api api_consumer_group_describe = {
	.key = 69, .min_version = 0, .max_version = 0, .run_on = RUN_ON_LOOP, .run = consumer_group_describe,
};
