/* find_coordinator.c - FindCoordinator (key 10): which broker coordinates a group or a transaction (protocol.md 15).
 *
 * There is no coordinator in this broker yet, so every group and transaction is answered as Kafka answers while there is
 * none: COORDINATOR_NOT_AVAILABLE, which clients retry. The internal topics are not created for it.
 */
#include "api/api.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

enum { KEY_GROUP = 0, KEY_TRANSACTION = 1, KEY_SHARE = 2, SHARE_SINCE = 6, BATCHED_SINCE = 4 };

static int answer_of(const struct request *req, int8_t key_type)
{
	if (key_type == KEY_GROUP || key_type == KEY_TRANSACTION)
		return KERR_COORDINATOR_NOT_AVAILABLE;
	if (key_type == KEY_SHARE && req->version >= SHARE_SINCE)
		return KERR_COORDINATOR_NOT_AVAILABLE;
	return KERR_INVALID_REQUEST;
}

static void find_coordinator(struct request *req)
{
	const struct find_coordinator_request *in = req->in;
	struct find_coordinator_response *out = req->out;
	int code = answer_of(req, in->key_type);
	struct str message = str_of(kerr_text(code));
	int32_t i;

	if (req->version < BATCHED_SINCE) {
		out->error_code = kerr_of(code);
		out->error_message = message;
		out->node_id = -1;
		out->host = STR("");
		out->port = -1;
		return request_reply(req);
	}
	out->coordinators = CODEC_NEW(&req->arena, find_coordinator_response_coordinator,
	    (size_t)in->coordinator_keys_n);
	if (!out->coordinators)
		return request_close(req, "the answer to FindCoordinator is too large");
	out->coordinators_n = in->coordinator_keys_n;
	for (i = 0; i < in->coordinator_keys_n; i++)
		out->coordinators[i] = (struct find_coordinator_response_coordinator){
			.key = in->coordinator_keys[i],
			.node_id = -1,
			.host = STR(""),
			.port = -1,
			.error_code = kerr_of(code),
			/* only an unknown key type fills the text, which is otherwise left unset */
			.error_message = code == KERR_INVALID_REQUEST && in->key_type != KEY_SHARE ? message : STR(""),
		};
	request_reply(req);
}

const struct api api_find_coordinator = {
	.key = 10, .min_version = 0, .max_version = 6, .run_on = RUN_ON_LOOP, .run = find_coordinator,
};
