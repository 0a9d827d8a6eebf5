/* api_versions.c - ApiVersions (key 18): which requests are served, in which versions (protocol.md 4.2, 4.3). */
#include <stdatomic.h>

#include "api/api.h"
#include "api/dispatch.h"
#include "net/connection.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/metadata_version.h"

enum { SOFTWARE_SINCE = 3 };

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* [a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])? in full (KIP-511). */
static bool is_software_text(struct str s)
{
	int32_t i;

	if (s.len < 1 || !is_alphanumeric(s.p[0]) || !is_alphanumeric(s.p[s.len - 1]))
		return false;
	for (i = 1; i < s.len - 1; i++) {
		if (!is_alphanumeric(s.p[i]) && s.p[i] != '-' && s.p[i] != '.')
			return false;
	}
	return true;
}

/* Transactions need records of format 2 at all brokers. */
static bool is_shown(const struct broker_context *ctx, int key)
{
	return key < API_ADD_PARTITIONS_TO_TXN || key > API_TXN_OFFSET_COMMIT ||
	       metadata_version_record_format(ctx->metadata_version) >= 2;
}

static bool fill_versions(struct request *req, struct api_versions_response *out)
{
	int32_t i, n = 0;

	while (apis[n])
		n++;
	out->api_keys = CODEC_NEW(&req->arena, api_versions_response_api_version, (size_t)n);
	if (!out->api_keys)
		return false;
	for (i = 0; i < n; i++) {
		struct api_versions_response_api_version *to = &out->api_keys[out->api_keys_n];

		if (!is_shown(req->ctx, apis[i]->key))
			continue;
		to->api_key = apis[i]->key;
		to->min_version = apis[i]->min_version;
		to->max_version = apis[i]->max_version;
		out->api_keys_n++;
	}
	return true;
}

static void run_api_versions(struct request *req)
{
	const struct api_versions_request *in = req->in;
	struct api_versions_response *out = req->out;

	if (req->version >= SOFTWARE_SINCE) {
		if (!is_software_text(in->client_software_name) || !is_software_text(in->client_software_version)) {
			out->error_code = KERR_INVALID_REQUEST;
			return request_reply(req);
		}
		connection_set_software(req->conn, in->client_software_name, in->client_software_version);
	}
	if (!fill_versions(req, out))
		return request_close(req, "out of memory");
	out->finalized_features_epoch = atomic_load(req->ctx->features_epoch);
	request_reply(req);
}

void api_versions_unsupported(struct request *req)
{
	struct api_versions_response *out = req->out;

	out->error_code = KERR_UNSUPPORTED_VERSION;
	out->api_keys = CODEC_NEW(&req->arena, api_versions_response_api_version, 1);
	if (!out->api_keys)
		return request_close(req, "out of memory");
	out->api_keys_n = 1;
	out->api_keys[0].api_key = req->api->key;
	out->api_keys[0].min_version = req->api->min_version;
	out->api_keys[0].max_version = req->api->max_version;
	request_reply(req);
}

const struct api api_api_versions = {
	.key = 18, .min_version = 0, .max_version = 4, .run_on = RUN_ON_LOOP, .run = run_api_versions,
};
