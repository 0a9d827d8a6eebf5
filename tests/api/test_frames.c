/* test_frames.c - frames of all handlers over real partitions: what is closed, what is answered, cut at every byte;
 * nothing else happens, whatever the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api/dispatch.h"
#include "api_fixture.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "replica_fixture.h"

static void raw_is_closed(const void *p, size_t n)
{
	struct connection *c = client_open();

	client_send_raw(c, p, n);
	assert_int_equal(CALL_CLOSED, client_wait(c, API_API_VERSIONS, 0, NULL));
	assert_non_null(client_why(c));
	client_close(c);
}

static void short_and_unknown_headers_close(void **state)
{
	static const uint8_t unknown[] = { 0x03, 0xe7, 0, 0, 0, 0, 0, 1, 0xff, 0xff };
	static const uint8_t negative[] = { 0xff, 0xff, 0, 0, 0, 0, 0, 1, 0xff, 0xff };
	static const uint8_t version[] = { 0, 0, 0, 99, 0, 0, 0, 1, 0xff, 0xff };
	static const uint8_t kraft[] = { 0, 52, 0, 0, 0, 0, 0, 1, 0xff, 0xff };

	(void)state;
	for (size_t n = 0; n < sizeof(unknown); n++)
		raw_is_closed(unknown, n);
	raw_is_closed(unknown, sizeof(unknown));
	raw_is_closed(negative, sizeof(negative));
	raw_is_closed(version, sizeof(version));
	raw_is_closed(kraft, sizeof(kraft));
}

static void advertises_exactly_what_is_served(void **state)
{
	struct api_versions_request in;
	struct api_versions_response out;

	(void)state;
	CODEC_INIT(api_versions_request, &in);
	in.client_software_name = STR("apache-kafka-java");
	in.client_software_version = STR("3.9.0");
	for (int16_t v = 0; v <= 4; v++) {
		int n = 0;

		assert_int_equal(CALL_REPLIED, call(API_API_VERSIONS, v, &in, &out));
		assert_int_equal(0, out.error_code);
		for (; apis[n]; n++) {
			const struct api_version_row *row = api_version_find(apis[n]->key);

			assert_int_equal(apis[n]->key, out.api_keys[n].api_key);
			assert_int_equal(row->min, out.api_keys[n].min_version);
			assert_int_equal(row->max, out.api_keys[n].max_version);
			if (n > 0)
				assert_true(apis[n]->key > apis[n - 1]->key);
		}
		assert_int_equal(n, out.api_keys_n);
	}
}

static void api_versions_of_the_future_falls_back(void **state)
{
	static const uint8_t frame[] = { 0, 18, 0, 9, 0, 0, 0x12, 0x67, 0xff, 0xff, 0 };
	struct connection *c = client_open();
	struct api_versions_response out;

	(void)state;
	client_send_raw(c, frame, sizeof(frame));
	assert_int_equal(CALL_REPLIED, client_wait(c, API_API_VERSIONS, 0, &out));
	assert_int_equal(KERR_UNSUPPORTED_VERSION, out.error_code);
	assert_int_equal(1, out.api_keys_n);
	assert_int_equal(18, out.api_keys[0].api_key);
	assert_int_equal(0, out.api_keys[0].min_version);
	assert_int_equal(4, out.api_keys[0].max_version);
	client_close(c);
}

/* Default bodies cut at every byte: every api and version either answers or closes, and nothing leaks. The handlers
 * that need ZooKeeper are left out: they have no broker around them here. */
static bool is_here(int key)
{
	switch (key) {
	case API_PRODUCE:
	case API_FETCH:
	case API_LIST_OFFSETS:
	case API_DELETE_RECORDS:
	case API_OFFSET_FOR_LEADER_EPOCH:
	case API_FIND_COORDINATOR:
	case API_API_VERSIONS:
		return true;
	default:
		return false;
	}
}

static void send_cut(const struct api_version_row *row, int16_t version)
{
	struct request_header h;
	struct buf *b;
	struct writer w;
	void *in = codec_new(row->request, &rf.arena, 1);

	CODEC_INIT(request_header, &h);
	h.request_api_key = row->key;
	h.request_api_version = version;
	h.client_id = STR("test");
	writer_init(&w, 64, 0);
	assert_int_equal(0, header_encode_request(&h, &w));
	assert_int_equal(0, codec_encode(row->request, version, in, &w));
	assert_int_equal(0, writer_take_buf(&w, &b));
	writer_fini(&w);
	for (size_t n = 0; n < b->len; n++) {
		struct connection *c = client_open();

		client_send_raw(c, b->data, n);
		assert_int_equal(CALL_CLOSED, client_wait(c, row->key, version, NULL));
		client_close(c);
	}
	buf_unref(b);
}

static void truncated_bodies_close(void **state)
{
	(void)state;
	for (int i = 0; apis[i]; i++) {
		if (!is_here(apis[i]->key))
			continue;
		for (int16_t v = apis[i]->min_version; v <= apis[i]->max_version; v++)
			send_cut(api_version_find(apis[i]->key), v);
	}
}

/* A count that lies: 2^31 - 1 topics in a frame of a few bytes. */
static void a_lying_count_closes(void **state)
{
	static const uint8_t fetch[] = { 0, 1, 0, 4, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
					 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x7f, 0xff, 0xff, 0xff };

	(void)state;
	raw_is_closed(fetch, sizeof(fetch));
}

#define T(name) cmocka_unit_test_setup_teardown(name, api_fixture_setup, api_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(short_and_unknown_headers_close),
		T(advertises_exactly_what_is_served),
		T(api_versions_of_the_future_falls_back),
		T(truncated_bodies_close),
		T(a_lying_count_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
