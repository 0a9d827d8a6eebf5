/* init_producer_id.c - InitProducerId (key 22): a producer id for an idempotent producer.
 *
 * Without a transactional id every call yields a new id with epoch 0, whatever the client sent before (Kafka 3.9,
 * TransactionCoordinator.handleInitProducerId). With one the transaction coordinator decides; this broker is none yet,
 * which is answered NOT_COORDINATOR, as by any broker that does not coordinate that id.
 *
 * Where Kafka answers COORDINATOR_LOAD_IN_PROGRESS while the next block of ids is fetched, and the client backs off, we
 * wait for the block for a moment first.
 */
#include "api/api.h"
#include "api/init_producer_id.h"
#include "base/clock.h"
#include "coordinator/producer_ids.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/delayed.h"

enum { BLOCK_WAIT_MS = 1000 };

const struct delayed_key init_producer_id_key = { .kind = DELAYED_GENERIC,
	.name = { "producer ids", sizeof("producer ids") - 1 } };

static int check_transactional(const struct init_producer_id_request *in)
{
	return in->transactional_id.len == 0 ? KERR_INVALID_REQUEST : KERR_NOT_COORDINATOR;
}

static void answer(struct request *req, int r, int64_t id)
{
	struct init_producer_id_response *out = req->out;

	out->error_code = kerr_of(r);
	out->producer_id = r ? -1 : id;
	out->producer_epoch = r ? -1 : 0;
	request_reply(req);
}

/* state: where the id goes once there is one. */
static bool try_next(void *arg, int32_t key UNUSED)
{
	struct request *req = arg;

	return producer_ids_next(req->ctx->producer_ids, req->state) == 0;
}

static void complete(void *arg, enum delayed_end end)
{
	struct request *req = arg;
	const int64_t *id = req->state;

	answer(req, end == DELAYED_DONE ? 0 : KERR_COORDINATOR_LOAD_IN_PROGRESS, *id);
}

static const struct delayed_class waiting = { .try = try_next, .complete = complete };

static void init_producer_id(struct request *req)
{
	const struct init_producer_id_request *in = req->in;

	if ((in->producer_id == -1) != (in->producer_epoch == -1))
		return answer(req, KERR_INVALID_REQUEST, -1);
	if (in->transactional_id.len >= 0)
		return answer(req, check_transactional(in), -1);
	req->state = arena_alloc(&req->arena, sizeof(int64_t));
	if (!req->state)
		return request_close(req, "out of memory");
	delayed_add(req->ctx->delayed, &waiting, req, &init_producer_id_key, 1,
	    clock_mono_ms(req->ctx->clock) + BLOCK_WAIT_MS);
}

const struct api api_init_producer_id = {
	.key = 22, .min_version = 0, .max_version = 5, .run_on = RUN_ON_LOOP, .run = init_producer_id,
};
