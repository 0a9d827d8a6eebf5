/* header.c - the table of APIs, and headers. */
#include "protocol/header.h"

#include <errno.h>
#include <stddef.h>

#include "base/error.h"
#include "protocol/codec.h"
#include "protocol/errors.h"

const struct api_version_row api_versions[] = {
#define API(id, number, message, text)                                                             \
	{ number,                                                                                  \
	  message##_request_first,                                                                 \
	  message##_request_last,                                                                  \
	  message##_request_flexible,                                                              \
	  #text,                                                                                   \
	  #id,                                                                                     \
	  &message##_request_schema,                                                               \
	  &message##_response_schema },
#include "protocol/apis.def"
};

const int api_versions_n = ARRAY_LEN(api_versions);

/* Position in api_versions by key; there are gaps. An enum gives the positions their numbers. */
enum api_position {
#define API(id, key, message, name) POSITION_##id,
#include "protocol/apis.def"
};

static const struct api_version_row *const by_key[] = {
#define API(id, key, message, name) [key] = &api_versions[POSITION_##id],
#include "protocol/apis.def"
};

const struct api_version_row *api_version_find(int key)
{
	return key >= 0 && key < (int)ARRAY_LEN(by_key) ? by_key[key] : NULL;
}

int header_request_version(const struct api_version_row *row, int version)
{
	if (row->key == API_CONTROLLED_SHUTDOWN && version == 0)
		return 0;
	return version >= row->flexible ? 2 : 1;
}

int header_response_version(const struct api_version_row *row, int version)
{
	/* A client must be able to read the answer before it knows what the broker speaks (KIP-511). */
	if (row->key == API_API_VERSIONS)
		return 0;
	return version >= row->flexible ? 1 : 0;
}

int header_decode_request(struct cursor *c, struct request_header *ret)
{
	const struct api_version_row *row;
	struct cursor peek = *c;
	int key = cur_i16(&peek), version = cur_i16(&peek);
	int r;

	if (peek.bad)
		return FAIL(-EBADMSG);
	row = api_version_find(key);
	if (!row || (!api_version_has(row, version) && key != API_API_VERSIONS))
		return KERR_UNSUPPORTED_VERSION;
	r = codec_decode(&request_header_schema, header_request_version(row, version), c, NULL, ret);
	if (r == 0 && ret->client_id.len < 0)
		ret->client_id = STR("");
	return r;
}

int header_encode_request(const struct request_header *h, struct writer *w)
{
	const struct api_version_row *row = api_version_find(h->request_api_key);

	if (!row)
		return FAIL(-EINVAL);
	return codec_encode(&request_header_schema, header_request_version(row, h->request_api_version), h, w);
}

int header_encode_response(const struct api_version_row *row, int version, int32_t correlation_id,
			   struct writer *w)
{
	const struct response_header h = { .correlation_id = correlation_id };

	return codec_encode(&response_header_schema, header_response_version(row, version), &h, w);
}

int header_decode_response(const struct api_version_row *row, int version, struct cursor *c,
			   int32_t *ret_correlation_id)
{
	struct response_header h;
	int r = codec_decode(&response_header_schema, header_response_version(row, version), c, NULL, &h);

	if (r == 0)
		*ret_correlation_id = h.correlation_id;
	return r;
}
