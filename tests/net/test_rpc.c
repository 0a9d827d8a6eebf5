/* test_rpc.c - calls to a scripted peer over real sockets on loopback: answers, lies, silence, interruption. */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "net/rpc.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"

/* What the peer does with a request. */
enum script {
	ANSWER,		/* heartbeat: throttle_time_ms = 7 */
	ANSWER_SLOWLY,	/* the same, a byte at a time */
	WRONG_ID,	/* the answer to another request */
	TOO_LONG,	/* announces 2 GB */
	TOO_SHORT,	/* announces 3 bytes */
	CUT,		/* half an answer, then the end */
	GARBAGE,	/* a body that is no answer */
	SILENT,		/* nothing at all */
	OLD_BROKER,	/* knows ApiVersions 0 only */
};

struct peer {
	int listener, port;
	enum script script;
	pthread_t thread;
	int accepted; /* the connection, for the end of the test */
};

static bool read_full(int fd, uint8_t *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = recv(fd, p + at, n - at, 0);

		if (got <= 0)
			return false;
		at += (size_t)got;
	}
	return true;
}

static void put(int fd, const uint8_t *p, size_t n)
{
	assert_int_equal(send(fd, p, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* A response frame with `id`; the body is filled by the caller's function. */
static void put_answer(int fd, int key, int version, int32_t id, const void *out, enum script script)
{
	const struct api_version_row *row = api_version_find(key);
	struct writer w;
	struct buf *b;

	writer_init(&w, 64, 0);
	writer_i32(&w, 0);
	assert_int_equal(header_encode_response(row, version, id, &w), 0);
	assert_int_equal(codec_encode(row->response, version, out, &w), 0);
	writer_patch_i32(&w, 0, (int32_t)writer_len(&w) - 4);
	assert_int_equal(writer_take_buf(&w, &b), 0);
	writer_fini(&w);
	if (script == ANSWER_SLOWLY)
		for (size_t i = 0; i < b->len; i++)
			put(fd, b->data + i, 1);
	else
		put(fd, b->data, script == CUT ? b->len - 1 : b->len);
	buf_unref(b);
}

static void answer_versions(const struct peer *p, int fd, const struct request_header *h)
{
	struct api_versions_response_api_version keys[] = { { .api_key = API_API_VERSIONS, .max_version = 0 },
		{ .api_key = API_HEARTBEAT, .min_version = 1, .max_version = 100 },
		{ .api_key = 30000, .max_version = 1 }, { .api_key = -5, .max_version = 1 } };
	struct api_versions_response out;

	(void)p;
	CODEC_INIT(api_versions_response, &out);
	out.api_keys = keys;
	out.api_keys_n = ARRAY_LEN(keys);
	out.error_code = h->request_api_version > 0 ? KERR_UNSUPPORTED_VERSION : 0;
	put_answer(fd, API_API_VERSIONS, 0, h->correlation_id, &out, ANSWER);
}

static bool serve_one(const struct peer *p, int fd)
{
	static const uint8_t lies[] = { 0x7f, 0xff, 0xff, 0xff }, tiny[] = { 0, 0, 0, 3, 0, 0, 0 },
			     garbage[] = { 0, 0, 0, 5, 0, 0, 0, 1, 0x80 };
	struct heartbeat_response out;
	struct request_header h;
	uint8_t size[4], frame[512];
	struct cursor c = cur_of(size, sizeof(size));
	int32_t len;

	if (!read_full(fd, size, sizeof(size)))
		return false;
	len = cur_i32(&c);
	assert_in_range(len, 8, sizeof(frame));
	if (!read_full(fd, frame, (size_t)len))
		return false;
	c = cur_of(frame, (size_t)len);
	assert_int_equal(header_decode_request(&c, &h), 0);
	assert_true(str_eq(h.client_id, STR("moldau-test")));
	if (h.request_api_key == API_API_VERSIONS) {
		answer_versions(p, fd, &h);
		return true;
	}
	CODEC_INIT(heartbeat_response, &out);
	out.throttle_time_ms = 7;
	switch (p->script) {
	case WRONG_ID:
	case OLD_BROKER:
	case ANSWER:
	case ANSWER_SLOWLY:
		put_answer(fd, API_HEARTBEAT, h.request_api_version, h.correlation_id + (p->script == WRONG_ID), &out,
		    p->script);
		return true;
	case CUT:
		put_answer(fd, API_HEARTBEAT, h.request_api_version, h.correlation_id, &out, CUT);
		return false;
	case TOO_LONG:
		put(fd, lies, sizeof(lies));
		return true;
	case TOO_SHORT:
		put(fd, tiny, sizeof(tiny));
		return true;
	case GARBAGE:
		put(fd, garbage, sizeof(garbage));
		return true;
	case SILENT:
		return true;
	}
	return false;
}

static void *serve(void *arg)
{
	struct peer *p = arg;
	int fd;

	while ((fd = accept(p->listener, NULL, NULL)) >= 0) {
		while (serve_one(p, fd))
			;
		close(fd);
	}
	return NULL;
}

static struct rpc *start(struct peer *p, enum script script)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	p->script = script;
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(listen(p->listener, 5), 0);
	p->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&p->thread, NULL, serve, p), 0);
	return rpc_new(&(struct rpc_config){ .host = "127.0.0.1", .port = p->port, .client_id = "moldau-test" });
}

static void stop(struct peer *p, struct rpc *r)
{
	rpc_free(r);
	shutdown(p->listener, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->listener);
}

static int64_t in_ms(int64_t ms)
{
	return clock_mono_ms(&clock_real) + ms;
}

static int call(struct rpc *r, struct arena *a, struct heartbeat_response *out, int64_t ms)
{
	struct heartbeat_request in;

	CODEC_INIT(heartbeat_request, &in);
	in.group_id = STR("g");
	in.member_id = STR("m");
	return rpc_call(r, API_HEARTBEAT, 4, &in, a, out, in_ms(ms));
}

static int call_once(enum script script, int64_t ms)
{
	struct heartbeat_response out = { 0 };
	struct peer p;
	struct rpc *r = start(&p, script);
	struct arena a;
	int e;

	arena_init(&a, 0);
	assert_int_equal(rpc_connect(r, in_ms(5000)), 0);
	e = call(r, &a, &out, ms);
	if (!e)
		assert_int_equal(out.throttle_time_ms, 7);
	assert_int_equal(rpc_is_connected(r), e == 0);
	arena_fini(&a);
	stop(&p, r);
	return e;
}

static void an_answer_arrives(void **state)
{
	(void)state;
	assert_int_equal(call_once(ANSWER, 5000), 0);
	assert_int_equal(call_once(ANSWER_SLOWLY, 5000), 0);
}

static void a_lie_closes_the_connection(void **state)
{
	(void)state;
	assert_int_equal(call_once(WRONG_ID, 5000), -EBADMSG);
	assert_int_equal(call_once(TOO_LONG, 5000), -EMSGSIZE);
	assert_int_equal(call_once(TOO_SHORT, 5000), -EBADMSG);
	assert_int_equal(call_once(GARBAGE, 5000), -EBADMSG);
	assert_int_equal(call_once(CUT, 5000), -ECONNRESET);
}

static void silence_ends_at_the_deadline(void **state)
{
	int64_t began = in_ms(0);

	(void)state;
	assert_int_equal(call_once(SILENT, 50), -ETIMEDOUT);
	assert_true(in_ms(0) - began >= 50);
}

static void after_a_failure_it_connects_again(void **state)
{
	struct heartbeat_response out = { 0 };
	struct peer p;
	struct rpc *r = start(&p, CUT);
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(call(r, &a, &out, 5000), -ENOTCONN);
	assert_int_equal(rpc_connect(r, in_ms(5000)), 0);
	assert_int_equal(call(r, &a, &out, 5000), -ECONNRESET);
	p.script = ANSWER;
	assert_int_equal(rpc_connect(r, in_ms(5000)), 0);
	assert_int_equal(call(r, &a, &out, 5000), 0);
	arena_fini(&a);
	stop(&p, r);
}

static void *interrupt(void *arg)
{
	rpc_interrupt(arg);
	return NULL;
}

static void another_thread_ends_a_call_and_all_later_ones(void **state)
{
	struct heartbeat_response out = { 0 };
	struct peer p;
	struct rpc *r = start(&p, SILENT);
	pthread_t thread;
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(rpc_connect(r, in_ms(5000)), 0);
	assert_int_equal(pthread_create(&thread, NULL, interrupt, r), 0);
	assert_int_equal(call(r, &a, &out, 60000), -ECANCELED);
	pthread_join(thread, NULL);
	assert_int_equal(rpc_connect(r, in_ms(5000)), -ECANCELED);
	assert_int_equal(call(r, &a, &out, 60000), -ECANCELED);
	arena_fini(&a);
	stop(&p, r);
}

/* One call with a nudge before it: allowed for this call, or before its time. */
static int nudged_call(enum script script, bool allowed, int timeout_ms)
{
	struct heartbeat_response out = { 0 };
	struct peer p;
	struct rpc *r = start(&p, script);
	struct arena a;
	int e;

	arena_init(&a, 0);
	assert_int_equal(rpc_connect(r, in_ms(5000)), 0);
	if (allowed)
		rpc_allow_nudge(r);
	rpc_nudge(r);
	e = call(r, &a, &out, timeout_ms);
	arena_fini(&a);
	stop(&p, r);
	return e;
}

static void a_nudge_ends_a_wait_for_an_answer(void **state)
{
	(void)state;
	assert_int_equal(nudged_call(SILENT, true, 60000), -ESTALE);
	assert_int_equal(nudged_call(SILENT, true, 1), -ETIMEDOUT);
	assert_int_equal(nudged_call(CUT, true, 60000), -ECONNRESET);
	assert_int_equal(nudged_call(ANSWER, true, 60000), 0);
	assert_int_equal(nudged_call(SILENT, false, 50), -ETIMEDOUT);
}

static void a_nudge_is_for_the_calls_that_allow_it(void **state)
{
	struct heartbeat_response out = { 0 };
	struct peer p;
	struct rpc *r = start(&p, ANSWER);
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(rpc_connect(r, in_ms(5000)), 0);
	rpc_nudge(r);
	rpc_allow_nudge(r); /* what came before does not count */
	assert_int_equal(call(r, &a, &out, 5000), 0);
	rpc_nudge(r);
	assert_int_equal(call(r, &a, &out, 5000), 0);
	assert_true(rpc_is_connected(r));
	arena_fini(&a);
	stop(&p, r);
}

static void an_old_broker_is_asked_again_in_its_version(void **state)
{
	struct peer p;
	struct rpc *r = start(&p, OLD_BROKER);
	int min, max;

	(void)state;
	assert_int_equal(rpc_version(r, API_HEARTBEAT), -1);
	assert_int_equal(rpc_connect(r, in_ms(5000)), 0);
	assert_int_equal(rpc_ask_versions(r, in_ms(5000)), 0);
	assert_int_equal(rpc_version(r, API_HEARTBEAT), 4);
	assert_int_equal(rpc_version(r, API_FETCH), -1);
	assert_true(rpc_served(r, API_HEARTBEAT, &min, &max));
	assert_int_equal(min, 1);
	assert_int_equal(max, 100);
	rpc_disconnect(r);
	assert_int_equal(rpc_version(r, API_HEARTBEAT), -1);
	stop(&p, r);
}

static void nobody_listens(void **state)
{
	struct peer p;
	struct rpc *r = start(&p, ANSWER);
	struct rpc *none = rpc_new(&(struct rpc_config){ .host = "no-such-host.invalid", .port = 1,
	    .client_id = "moldau-test" });

	(void)state;
	stop(&p, NULL);
	assert_int_equal(rpc_connect(r, in_ms(5000)), -ECONNREFUSED);
	rpc_free(r);
	assert_int_equal(rpc_connect(none, in_ms(5000)), -EHOSTUNREACH);
	rpc_free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_arrives),
		cmocka_unit_test(a_lie_closes_the_connection),
		cmocka_unit_test(silence_ends_at_the_deadline),
		cmocka_unit_test(after_a_failure_it_connects_again),
		cmocka_unit_test(another_thread_ends_a_call_and_all_later_ones),
		cmocka_unit_test(a_nudge_ends_a_wait_for_an_answer),
		cmocka_unit_test(a_nudge_is_for_the_calls_that_allow_it),
		cmocka_unit_test(an_old_broker_is_asked_again_in_its_version),
		cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
