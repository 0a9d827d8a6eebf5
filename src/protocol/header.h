/* header.h - the APIs with their versions, and the headers of requests and responses.
 *
 * Thread: any; const tables. Layer: protocol.
 */
#ifndef PROTOCOL_HEADER_H
#define PROTOCOL_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/cursor.h"
#include "base/writer.h"
#include "protocol/messages.h"
#include "protocol/schema.h"

/* API_PRODUCE = 0, API_FETCH = 1, ... */
enum api_key {
#define API(id, key, message, name) API_##id = (key),
#include "protocol/apis.def"
};

/* What the protocol defines. What we serve of it is the business of the api layer. */
struct api_version_row {
	int16_t key, min, max;
	int16_t flexible; /* first flexible version, or NEVER, which is above every version */
	const char *name;     /* "Fetch" */
	const char *constant; /* "FETCH": as Java's ApiKeys prints itself */
	const struct schema *request, *response;
};

extern const struct api_version_row api_versions[]; /* ascending keys */
extern const int api_versions_n;

/* The row of a key, NULL if there is none. O(1). */
const struct api_version_row *api_version_find(int key);
static inline bool api_version_has(const struct api_version_row *row, int version)
{
	return version >= row->min && version <= row->max;
}

/* Header version of a request or response (protocol.md section 4.1). The version may be out of range. */
int header_request_version(const struct api_version_row *row, int version);
int header_response_version(const struct api_version_row *row, int version);

/* Reads a request's header; the cursor is then at the body. The first four bytes decide about the rest.
 *   0			*ret is set. The version is within the range of the API, except for ApiVersions, which
 *			is to be answered even so (protocol.md section 4.3). A null client_id is made
 *			empty (Kafka 3.9, RequestHeader.java).
 *   KERR_UNSUPPORTED_VERSION	unknown key, or version out of range: close the connection
 *   -EBADMSG		not a header: close the connection                                              */
int header_decode_request(struct cursor *c, struct request_header *ret) MUST_CHECK;
/* Writes a request's header; for requests to other brokers. 0, -EINVAL, -EMSGSIZE as codec_encode. */
int header_encode_request(const struct request_header *h, struct writer *w) MUST_CHECK;

/* The same for a response to request (`row`, `version`). */
int header_encode_response(const struct api_version_row *row, int version, int32_t correlation_id,
			   struct writer *w) MUST_CHECK;
int header_decode_response(const struct api_version_row *row, int version, struct cursor *c,
			   int32_t *ret_correlation_id) MUST_CHECK;

#endif
