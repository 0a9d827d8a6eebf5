/* test_dispatch.c - frames over a real socket: what is answered, and what closes the connection (protocol.md 4, 5.4). */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/api.h"
#include "api/dispatch.h"
#include "api/repeated.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "metadata/image.h"
#include "net/server.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/metadata_version.h"

static _Atomic int64_t features_epoch = 0;

struct fixture {
	struct broker_context ctx;
	struct server *server;
	int fd;
};

static void fixture_init(struct fixture *f)
{
	static const struct server_listener listener = { "PLAINTEXT", "127.0.0.1", 0, { INT32_MAX, INT32_MAX } };
	struct server_config config = { .listeners = &listener, .listeners_n = 1, .network_threads = 1,
		.request_max_bytes = 1 << 20, .queued_max_bytes = -1, .send_buffer_bytes = -1,
		.receive_buffer_bytes = -1, .backlog = 50, .idle_ms = 600000,
		.limits = { { INT32_MAX, INT32_MAX }, 100, NULL }, .quota_samples = 11, .quota_window_ms = 1000,
		.on_frame = dispatch_frame, .arg = &f->ctx };
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	f->ctx = (struct broker_context){ .broker_id = 7, .metadata_version = METADATA_VERSION_3_9_IV0, .cluster_id = "test-cluster", .clock = &clock_real,
		.workers = worker_pool_new("test", 1), .metadata = metadata_new(),
		.offsets_partitions = 50, .transactions_partitions = 50, .features_epoch = &features_epoch };
	assert_int_equal(0, server_bind(&config, &f->server));
	assert_int_equal(0, server_start(f->server));
	a.sin_port = htons((uint16_t)server_port(f->server, "PLAINTEXT"));
	f->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(0, connect(f->fd, (struct sockaddr *)&a, sizeof(a)));
}

static void fixture_fini(struct fixture *f)
{
	close(f->fd);
	server_stop(f->server, 1000);
	worker_pool_free(f->ctx.workers);
	server_free(f->server);
	metadata_free(f->ctx.metadata);
}

static void send_bytes(const struct fixture *f, const void *p, size_t n)
{
	uint32_t size = htobe32((uint32_t)n);

	assert_int_equal(4, send(f->fd, &size, 4, MSG_NOSIGNAL));
	if (n)
		assert_int_equal((ssize_t)n, send(f->fd, p, n, MSG_NOSIGNAL));
}

/* The payload of the next response; *ret_n bytes, owned by the caller. NULL when the connection is closed. */
static uint8_t *receive(const struct fixture *f, size_t *ret_n)
{
	uint32_t size;
	uint8_t *p;

	if (recv(f->fd, &size, 4, MSG_WAITALL) != 4)
		return NULL;
	*ret_n = be32toh(size);
	p = xmalloc(*ret_n + 1);
	assert_int_equal((ssize_t)*ret_n, recv(f->fd, p, *ret_n, MSG_WAITALL));
	return p;
}

static void expect_payload(const struct fixture *f, const void *want, size_t n)
{
	size_t got_n = 0;
	uint8_t *got = receive(f, &got_n);

	assert_non_null(got);
	assert_int_equal(n, got_n);
	assert_memory_equal(want, got, n);
	free(got);
}

static void expect_closed(const struct fixture *f)
{
	size_t n;

	assert_null(receive(f, &n));
}

/* Header v1 with client id "t", then the body. */
static void send_request(const struct fixture *f, int16_t key, int16_t version, const void *body, size_t n)
{
	uint8_t frame[256] = { (uint8_t)(key >> 8), (uint8_t)key, (uint8_t)(version >> 8), (uint8_t)version, 0, 0, 0,
		7, 0, 1, 't' };

	memcpy(frame + 11, body, n);
	send_bytes(f, frame, 11 + n);
}

static void api_versions_lists_what_is_served(void **state UNUSED)
{
	struct api_versions_response out;
	struct fixture f;
	struct arena a;
	struct cursor c;
	size_t n = 0;
	uint8_t *payload;
	int32_t i;

	fixture_init(&f);
	arena_init(&a, 0);
	send_request(&f, API_API_VERSIONS, 0, "", 0);
	payload = receive(&f, &n);
	assert_non_null(payload);
	c = cur_of(payload, n);
	assert_int_equal(7, cur_i32(&c));
	assert_int_equal(0, codec_decode(&api_versions_response_schema, 0, &c, &a, &out));
	assert_int_equal(0, out.error_code);
	for (i = 0; apis[i]; i++) {
		assert_int_equal(apis[i]->key, out.api_keys[i].api_key);
		assert_int_equal(apis[i]->min_version, out.api_keys[i].min_version);
		assert_int_equal(apis[i]->max_version, out.api_keys[i].max_version);
		assert_true(i == 0 || apis[i - 1]->key < apis[i]->key);
	}
	assert_int_equal(i, out.api_keys_n);
	free(payload);
	arena_fini(&a);
	fixture_fini(&f);
}

/* The bytes are Kafka 3.9's (its ApiVersionsResponse with UNSUPPORTED_VERSION). */
static void a_too_new_api_versions_is_answered_in_version_0(void **state UNUSED)
{
	static const uint8_t want[] = { 0, 0, 0, 7, 0, 0x23, 0, 0, 0, 1, 0, 0x12, 0, 0, 0, 4 };
	struct fixture f;

	fixture_init(&f);
	send_request(&f, API_API_VERSIONS, 5, "\0\1\2\3", 4);
	expect_payload(&f, want, sizeof(want));
	send_request(&f, API_API_VERSIONS, -1, "", 0);
	expect_payload(&f, want, sizeof(want));
	fixture_fini(&f);
}

static void a_nameless_client_is_refused(void **state UNUSED)
{
	static const uint8_t want[] = { 0, 0, 0, 7, 0, 0x2a, 1, 0, 0, 0, 0, 0 };
	struct fixture f;

	fixture_init(&f);
	send_request(&f, API_API_VERSIONS, 3, "\0\1\1\0", 4); /* header tags, two empty strings, tags */
	expect_payload(&f, want, sizeof(want));
	fixture_fini(&f);
}

static void what_cannot_be_parsed_closes(void **state UNUSED)
{
	static const struct {
		int16_t key, version;
		const char *body;
		size_t n;
	} bad[] = {
		{ 9999, 0, "", 0 }, { -1, 0, "", 0 }, { API_LEADER_AND_ISR, 0, "", 0 }, /* not served */
		{ API_METADATA, 13, "", 0 }, { API_METADATA, -1, "", 0 },
		{ API_METADATA, 1, "", 0 },		     /* no body */
		{ API_METADATA, 1, "\x7f\xff\xff\xff", 4 }, /* a count that lies */
		{ API_METADATA, 1, "\0\0\0\1\0\5ab", 8 },   /* a string that ends early */
		{ API_FIND_COORDINATOR, 0, "\xff\xff", 2 }, /* null where it may not be */
	};
	struct fixture f;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		fixture_init(&f);
		send_request(&f, bad[i].key, bad[i].version, bad[i].body, bad[i].n);
		expect_closed(&f);
		fixture_fini(&f);
	}
}

static void a_header_cut_short_closes(void **state UNUSED)
{
	static const uint8_t header[] = { 0, 18, 0, 0, 0, 0, 0, 7, 0, 1, 't' };
	struct fixture f;
	size_t n;

	for (n = 0; n < sizeof(header); n++) {
		fixture_init(&f);
		send_bytes(&f, header, n);
		expect_closed(&f);
		fixture_fini(&f);
	}
}

static void bytes_after_the_body_are_ignored(void **state UNUSED)
{
	struct fixture f;
	uint8_t *payload;
	size_t n = 0;

	fixture_init(&f);
	send_request(&f, API_API_VERSIONS, 0, "trailing", 8);
	payload = receive(&f, &n);
	assert_non_null(payload);
	free(payload);
	fixture_fini(&f);
}

static void there_is_no_coordinator(void **state UNUSED)
{
	/* correlation id, error 15, node -1, host "", port -1 */
	static const uint8_t want[] = { 0, 0, 0, 7, 0, 15, 0xff, 0xff, 0xff, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff };
	struct fixture f;

	fixture_init(&f);
	send_request(&f, API_FIND_COORDINATOR, 0, "\0\1g", 3);
	expect_payload(&f, want, sizeof(want));
	fixture_fini(&f);
}

static void repeated_names_are_found(void **state UNUSED)
{
	const struct str names[] = { STR("b"), STR("a"), STR("b"), STR("c"), STR("b") };
	struct arena a;
	uint8_t *r;

	arena_init(&a, 0);
	r = names_repeated(&a, names, 5, sizeof(names[0]));
	assert_int_equal(REPEATED_FIRST, r[0]);
	assert_int_equal(REPEATED_NOT, r[1]);
	assert_int_equal(REPEATED_LATER, r[2]);
	assert_int_equal(REPEATED_NOT, r[3]);
	assert_int_equal(REPEATED_LATER, r[4]);
	assert_non_null(names_repeated(&a, NULL, 0, sizeof(names[0])));
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(api_versions_lists_what_is_served),
		cmocka_unit_test(a_too_new_api_versions_is_answered_in_version_0),
		cmocka_unit_test(a_nameless_client_is_refused),
		cmocka_unit_test(what_cannot_be_parsed_closes),
		cmocka_unit_test(a_header_cut_short_closes),
		cmocka_unit_test(bytes_after_the_body_are_ignored),
		cmocka_unit_test(there_is_no_coordinator),
		cmocka_unit_test(repeated_names_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
