/* api_fixture.c - see api_fixture.h. Defines connection.h's functions itself; net/connection.c is not linked. */
#include "api_fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "api/config_service.h"
#include "api/dispatch.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "net/connection.h"
#include "protocol/codec.h"
#include "protocol/header.h"
#include "protocol/metadata_version.h"
#include "replica/fetch_session.h"
#include "replica_fixture.h"

enum { CORRELATION = 4711 };

struct broker_context api_ctx;

static const _Atomic int64_t features_epoch = 0;

struct connection {
	atomic_int refs;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool ended;
	enum call_end end;
	const char *why;
	struct buf *reply; /* flattened */
	char software[64];
};

static void settings(void *arg, struct broker_settings *ret)
{
	(void)arg;
	*ret = (struct broker_settings){ .num_partitions = 1, .default_replication_factor = 1,
					 .fetch_max_bytes = 57671680, .fetch_session_slots = 64 };
}

static const struct config_service configs = { .settings = settings };

int api_fixture_setup(void **state)
{
	if (replica_fixture_setup(state))
		return -1;
	api_ctx = (struct broker_context){
		.metadata_version = METADATA_VERSION_3_9_IV0,
		.broker_id = 0,
		.cluster_id = "cluster",
		.clock = &clock_real,
		.workers = rf.workers,
		.scheduler = rf.scheduler,
		.metadata = rf.metadata,
		.log_dirs = rf.log_dirs,
		.partitions = rf.partitions,
		.fetch_sessions = rf.sessions,
		.delayed = rf.delayed,
		.configs = &configs,
		.features_epoch = &features_epoch,
	};
	return 0;
}

int api_fixture_teardown(void **state)
{
	return replica_fixture_teardown(state);
}

/* --- the connection --- */

struct connection *client_open(void)
{
	struct connection *c = xcalloc(1, sizeof(*c));

	atomic_init(&c->refs, 1);
	pthread_mutex_init(&c->mutex, NULL);
	pthread_cond_init(&c->cond, NULL);
	return c;
}

struct connection *connection_ref(struct connection *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

struct connection *connection_unref(struct connection *c)
{
	if (c && atomic_fetch_sub(&c->refs, 1) == 1) {
		buf_unref(c->reply);
		pthread_mutex_destroy(&c->mutex);
		pthread_cond_destroy(&c->cond);
		free(c);
	}
	return NULL;
}

void client_close(struct connection *c)
{
	connection_unref(c);
}

/* A request ends exactly once. */
static void finish(struct connection *c, enum call_end end, struct buf *reply, const char *why)
{
	pthread_mutex_lock(&c->mutex);
	if (c->ended)
		abort();
	c->ended = true;
	c->end = end;
	c->why = why;
	c->reply = reply;
	pthread_cond_broadcast(&c->cond);
	pthread_mutex_unlock(&c->mutex);
}

static struct buf *flatten(struct chain *chain)
{
	size_t n = 0;
	struct buf *b;

	for (size_t i = 0; i < chain->n; i++)
		n += chain->v[i].len;
	b = buf_new(n + 1);
	for (size_t i = 0; i < chain->n; i++) {
		const struct piece *p = &chain->v[i];

		if (p->buf)
			memcpy(b->data + b->len, p->buf->data + p->at, p->len);
		else if (file_read_full(p->file, b->data + b->len, p->len, p->at))
			abort();
		b->len += p->len;
	}
	return b;
}

void connection_reply(struct connection *c, struct chain *chain, int32_t throttle_ms)
{
	(void)throttle_ms;
	finish(c, CALL_REPLIED, flatten(chain), NULL);
	chain_fini(chain);
}

void connection_done(struct connection *c, int32_t throttle_ms)
{
	(void)throttle_ms;
	finish(c, CALL_DONE, NULL, NULL);
}

void connection_close(struct connection *c, const char *why)
{
	finish(c, CALL_CLOSED, NULL, why);
}

const char *connection_listener(const struct connection *c)
{
	(void)c;
	return "PLAINTEXT";
}

const char *connection_peer_host(const struct connection *c)
{
	(void)c;
	return "10.0.0.7";
}

uint64_t connection_serial(const struct connection *c)
{
	(void)c;
	return 1;
}

void connection_set_software(struct connection *c, struct str name, struct str version)
{
	(void)version;
	str_copy(name, c->software, sizeof(c->software));
}

/* --- the client --- */

void client_send_raw(struct connection *c, const void *p, size_t n)
{
	struct buf *frame = buf_new(n + 1);

	memcpy(frame->data, p, n);
	frame->len = n;
	pthread_mutex_lock(&c->mutex);
	c->ended = false;
	c->reply = buf_unref(c->reply);
	pthread_mutex_unlock(&c->mutex);
	dispatch_frame(&api_ctx, c, frame);
}

void client_send(struct connection *c, int key, int16_t version, const void *in)
{
	const struct api_version_row *row = api_version_find(key);
	struct request_header h;
	struct writer w;
	struct buf *b;

	CODEC_INIT(request_header, &h);
	h.request_api_key = (int16_t)key;
	h.request_api_version = version;
	h.correlation_id = CORRELATION;
	h.client_id = STR("test");
	writer_init(&w, 256, 0);
	assert_int_equal(0, header_encode_request(&h, &w));
	assert_int_equal(0, codec_encode(row->request, version, in, &w));
	assert_int_equal(0, writer_take_buf(&w, &b));
	writer_fini(&w);
	client_send_raw(c, b->data, b->len);
	buf_unref(b);
}

bool client_has_ended(struct connection *c)
{
	bool r;

	pthread_mutex_lock(&c->mutex);
	r = c->ended;
	pthread_mutex_unlock(&c->mutex);
	return r;
}

const char *client_why(struct connection *c)
{
	return c->why;
}

enum call_end client_wait_end(struct connection *c)
{
	pthread_mutex_lock(&c->mutex);
	while (!c->ended)
		pthread_cond_wait(&c->cond, &c->mutex);
	pthread_mutex_unlock(&c->mutex);
	return c->end;
}

enum call_end client_wait(struct connection *c, int key, int16_t version, void *ret_out)
{
	return client_wait_in(c, key, version, &rf.arena, ret_out);
}

enum call_end client_wait_in(struct connection *c, int key, int16_t version, struct arena *a, void *ret_out)
{
	const struct api_version_row *row = api_version_find(key);
	struct cursor cur;
	int32_t correlation;

	if (client_wait_end(c) != CALL_REPLIED)
		return c->end;
	cur = cur_of(c->reply->data, c->reply->len);
	assert_int_equal(c->reply->len - 4, cur_u32(&cur));
	assert_int_equal(0, header_decode_response(row, version, &cur, &correlation));
	assert_int_equal(CORRELATION, correlation);
	assert_int_equal(0, codec_decode(row->response, version, &cur, a, ret_out));
	assert_int_equal(0, cur_left(&cur));
	return CALL_REPLIED;
}

/* The connection lives until the arena's strings, which point into its reply, are not used any more: the next call. */
enum call_end call(int key, int16_t version, const void *in, void *ret_out)
{
	struct connection *c = client_open();
	enum call_end end;

	client_send(c, key, version, in);
	end = client_wait(c, key, version, ret_out);
	if (c->reply) { /* keep the bytes that ret_out borrows */
		uint8_t *keep = arena_alloc(&rf.arena, c->reply->len);
		struct cursor cur;
		int32_t correlation;

		memcpy(keep, c->reply->data, c->reply->len);
		cur = cur_of(keep + 4, c->reply->len - 4);
		assert_int_equal(0, header_decode_response(api_version_find(key), version, &cur, &correlation));
		assert_int_equal(0, codec_decode(api_version_find(key)->response, version, &cur, &rf.arena, ret_out));
	}
	client_close(c);
	return end;
}
