/* request.c - how a request ends: exactly one of reply, done, close; and its change of thread. */
#include <errno.h>
#include <stdlib.h>

#include "api/api.h"
#include "base/writer.h"
#include "net/connection.h"
#include "protocol/codec.h"
#include "protocol/header.h"

#define LOG_CLASS "kafka.server.KafkaApis"
#include "base/logger.h"

enum { RESPONSE_HINT = 512, SIZE_FIELD = 4 };

static void request_free(struct request *req)
{
	if (req->release)
		req->release(req);
	connection_unref(req->conn);
	buf_unref(req->frame);
	arena_fini(&req->arena);
	free(req);
}

/* Size field, header and body of the response. */
static int encode(const struct request *req, struct chain *ret)
{
	struct writer w;
	int r;

	writer_init(&w, RESPONSE_HINT, INT32_MAX);
	writer_i32(&w, 0);
	r = header_encode_response(req->row, req->version, req->correlation_id, &w);
	if (!r)
		r = codec_encode(req->row->response, req->version, req->out, &w);
	if (!r) {
		writer_patch_i32(&w, 0, (int32_t)(writer_len(&w) - SIZE_FIELD));
		r = writer_take(&w, ret);
	}
	writer_fini(&w);
	return r;
}

void request_reply(struct request *req)
{
	struct chain chain;
	int r = encode(req, &chain);

	if (!r) {
		connection_reply(req->conn, &chain, req->throttle_ms);
		request_free(req);
		return;
	}
	if (r == -EINVAL)
		log_error("[KafkaApi-%d] Response of %s version %d cannot be encoded at field %s; closing the "
			  "connection.",
		    req->ctx->broker_id, req->row->name, req->version, codec_fault());
	request_close(req, "response cannot be encoded");
}

void request_done(struct request *req)
{
	connection_done(req->conn, req->throttle_ms);
	request_free(req);
}

void request_close(struct request *req, const char *why)
{
	connection_close(req->conn, why);
	request_free(req);
}

static void run_job(struct job *job)
{
	struct request *req = CONTAINER_OF(job, struct request, job);

	req->resume(req);
}

void request_to_worker(struct request *req, void (*resume)(struct request *req))
{
	req->resume = resume;
	req->job.run = run_job;
	worker_pool_submit(req->ctx->workers, &req->job);
}
