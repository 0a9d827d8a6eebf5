/* fuzz_request.c - any payload as a request, and any body as any other message.
 *
 * The input is what a frame holds: header and body of a request. A key of 0x4000 + i takes the i-th message of
 * messages.def instead, in the version that follows, the body right after those four bytes: so responses of other
 * brokers and the coordinators' records are covered too. What decodes can be printed, encodes to as many bytes as
 * codec_size says, and decodes from them to the same.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/walk.h"

#define LIMIT	  (16u << 20)
#define ANY_FIRST 0x4000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct schema *s, int version, const void *in)
{
	void *again = malloc(codec_struct_size(s));
	struct arena arena;
	struct buf *b = NULL;
	struct cursor c;
	struct writer w;
	int r;

	assert(again);
	arena_init(&arena, 0);
	writer_init(&w, 64, 0);
	r = codec_encode(s, version, in, &w);
	assert(r == 0);
	r = writer_take_buf(&w, &b);
	assert(r == 0);
	assert(b->len == codec_size(s, version, in));
	c = cur_of(b->data, b->len);
	r = codec_decode(s, version, &c, &arena, again);
	assert(r == 0);
	assert(cur_left(&c) == 0);
	assert(walk_equal(s, in, again));
	buf_unref(b);
	arena_fini(&arena);
	free(again);
}

static void check_print(const struct schema *s, int version, const void *in)
{
	struct writer w;
	int r;

	writer_init(&w, 64, 4u << 20);
	r = codec_print(s, version, in, &w);
	assert(r == 0 || r == -EMSGSIZE);
	writer_fini(&w);
}

static void check_body(const struct schema *s, int version, struct cursor *c)
{
	void *in = malloc(codec_struct_size(s));
	struct arena arena;
	int r;

	assert(in);
	arena_init(&arena, LIMIT);
	r = codec_decode(s, version, c, &arena, in);
	assert(r == 0 || r == -EBADMSG || r == -ENOMEM);
	if (r == 0) {
		check_print(s, version, in);
		check_round_trip(s, version, in);
	}
	arena_fini(&arena);
	free(in);
}

static void check_any(struct cursor *c)
{
	const struct schema *s;
	int i, version, n = 0;

	while (schema_messages[n])
		n++;
	i = cur_i16(c) - ANY_FIRST;
	version = cur_i16(c);
	if (c->bad || i >= n)
		return;
	s = schema_messages[i];
	if (version >= s->first && version <= s->last)
		check_body(s, version, c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cur_of(data, size);
	const struct api_version_row *row;
	struct request_header h;
	int r;

	if (size >= 4 && data[0] >= ANY_FIRST >> 8 && data[0] < 0x80) {
		check_any(&c);
		return 0;
	}
	r = header_decode_request(&c, &h);
	assert(r == 0 || r == KERR_UNSUPPORTED_VERSION || r == -EBADMSG);
	if (r != 0)
		return 0;
	row = api_version_find(h.request_api_key);
	if (api_version_has(row, h.request_api_version))
		check_body(row->request, h.request_api_version, &c);
	return 0;
}
