/* dispatch.c - the one way in: nothing of a frame is believed before it has been checked here or in the codec. */
#include "api/dispatch.h"

#include <errno.h>
#include <stdlib.h>

#include "api/api.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "net/connection.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"

enum {
	/* A request may use this much memory besides its frame, plus ARENA_PER_BYTE for each byte of it: decoded arrays
	 * and the response. Listing every topic of a large cluster fits, a small hostile frame cannot make us hold much. */
	ARENA_BASE = 64 << 20,
	ARENA_PER_BYTE = 4,
	ARENA_MAX = 512 << 20,
	KEYS = 128, /* above every key that is served */
};

#define API_ROW(name) extern const struct api api_##name;
#include "api/list.h"
#undef API_ROW

const struct api *const apis[] = {
#define API_ROW(name) &api_##name,
#include "api/list.h"
#undef API_ROW
	NULL,
};

const struct api *api_find(int key)
{
	size_t i;

	for (i = 0; apis[i]; i++) {
		if (apis[i]->key == key)
			return apis[i];
	}
	return NULL;
}

static struct request *request_new(const struct broker_context *ctx, struct connection *c, struct buf *frame)
{
	struct request *req = xcalloc(1, sizeof(*req));
	size_t limit = ARENA_BASE + frame->len * ARENA_PER_BYTE;

	req->ctx = ctx;
	req->conn = connection_ref(c);
	req->frame = frame;
	req->arrived_ms = clock_mono_ms(ctx->clock);
	arena_init(&req->arena, MIN(limit, (size_t)ARENA_MAX));
	return req;
}

/* Structs for the decoded body and the response, both with their defaults. */
static int prepare_bodies(struct request *req)
{
	req->in = codec_new(req->row->request, &req->arena, 1);
	req->out = codec_new(req->row->response, &req->arena, 1);
	return req->in && req->out ? 0 : -ENOMEM;
}

/* NULL when the request was refused or answered here. */
static const char *decode(struct request *req)
{
	struct cursor c = cur_of(req->frame->data, req->frame->len);
	struct request_header h;
	const struct api *api;

	if (header_decode_request(&c, &h))
		return "request header cannot be parsed, or its api key or version is not served";
	api = api_find(h.request_api_key);
	if (!api)
		return "api key is not served";
	req->api = api;
	req->row = api_version_find(api->key);
	req->correlation_id = h.correlation_id;
	req->client_id = h.client_id.len < 0 ? STR("") : h.client_id;
	req->unsupported = h.request_api_version < api->min_version || h.request_api_version > api->max_version;
	req->version = req->unsupported ? 0 : h.request_api_version;
	if (req->unsupported && api->key != API_API_VERSIONS)
		return "version of the api is not served";
	if (prepare_bodies(req))
		return "out of memory";
	if (!req->unsupported && codec_decode(req->row->request, req->version, &c, &req->arena, req->in))
		return "request body cannot be parsed";
	return NULL;
}

void dispatch_frame(void *ctx, struct connection *c, struct buf *frame)
{
	struct request *req = request_new(ctx, c, frame);
	const char *why = decode(req);

	if (why)
		request_close(req, why);
	else if (req->unsupported)
		api_versions_unsupported(req);
	else if (req->api->run_on == RUN_ON_WORKER)
		request_to_worker(req, req->api->run);
	else
		req->api->run(req);
}
