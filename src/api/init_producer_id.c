/* init_producer_id.c - InitProducerId (key 22): a producer id for an idempotent producer.
 *
 * Without a transactional id every call yields a new id with epoch 0, whatever the client sent before (Kafka 3.9,
 * TransactionCoordinator.handleInitProducerId). With one the transaction coordinator decides; this broker is none yet,
 * which is answered NOT_COORDINATOR, as by any broker that does not coordinate that id.
 */
#include "api/api.h"
#include "coordinator/producer_ids.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

static int check_transactional(const struct init_producer_id_request *in)
{
	return in->transactional_id.len == 0 ? KERR_INVALID_REQUEST : KERR_NOT_COORDINATOR;
}

static void init_producer_id(struct request *req)
{
	const struct init_producer_id_request *in = req->in;
	struct init_producer_id_response *out = req->out;
	int64_t id = -1;
	int r;

	if ((in->producer_id == -1) != (in->producer_epoch == -1))
		r = KERR_INVALID_REQUEST;
	else if (in->transactional_id.len >= 0)
		r = check_transactional(in);
	else
		r = producer_ids_next(req->ctx->producer_ids, &id);
	out->error_code = kerr_of(r);
	out->producer_id = r ? -1 : id;
	out->producer_epoch = r ? -1 : 0;
	request_reply(req);
}

const struct api api_init_producer_id = {
	.key = 22, .min_version = 0, .max_version = 5, .run_on = RUN_ON_WORKER, .run = init_producer_id,
};
