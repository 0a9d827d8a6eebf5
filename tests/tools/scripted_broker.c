/* scripted_broker.c - reads frames, decodes requests and encodes answers with our own codec, one after the other. */
#include "tests/tools/scripted_broker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/codec.h"
#include "protocol/header.h"
#include "tests/base/unit.h"

static bool read_all(int fd, void *p, size_t n)
{
	for (size_t got = 0; got < n;) {
		ssize_t r = recv(fd, (char *)p + got, n - got, 0);

		if (r <= 0)
			return false;
		got += (size_t)r;
	}
	return true;
}

static void answer_versions(
	struct scripted_broker *b, struct api_versions_response *out, struct arena *arena)
{
	out->api_keys = CODEC_NEW(arena, api_versions_response_api_version, SCRIPTED_KEYS);
	for (int key = 0; key < SCRIPTED_KEYS; key++) {
		if (b->max_version[key] < 0)
			continue;
		out->api_keys[out->api_keys_n].api_key = (int16_t)key;
		out->api_keys[out->api_keys_n++].max_version = (int16_t)b->max_version[key];
	}
}

static void answer_brokers(
	struct scripted_broker *b, struct metadata_response *out, struct arena *arena)
{
	out->brokers = CODEC_NEW(arena, metadata_response_metadata_response_broker, b->peers_n);
	for (size_t i = 0; i < b->peers_n; i++) {
		out->brokers[i].node_id = b->peers[i]->id;
		out->brokers[i].host = STR("127.0.0.1");
		out->brokers[i].port = b->peers[i]->port;
	}
	out->brokers_n = (int32_t)b->peers_n;
	out->controller_id = b->id;
}

static void send_answer(
	int fd, const struct api_version_row *row, int version, int32_t id, const void *out)
{
	struct writer w;
	struct buf *frame;

	writer_init(&w, 512, 0);
	writer_i32(&w, 0);
	assert_int_equal(0, header_encode_response(row, version, id, &w));
	assert_int_equal(0, codec_encode(row->response, version, out, &w));
	writer_patch_i32(&w, 0, (int32_t)writer_len(&w) - 4);
	assert_int_equal(0, writer_take_buf(&w, &frame));
	writer_fini(&w);
	(void)!send(fd, frame->data, frame->len, MSG_NOSIGNAL);
	buf_unref(frame);
}

/* One request of a connection; false: close it. */
static bool serve(struct scripted_broker *b, int fd)
{
	const struct api_version_row *row;
	struct request_header h;
	struct arena arena;
	struct cursor c;
	uint8_t size[4], *frame;
	void *in, *out;
	size_t len;
	bool stay = true;

	if (!read_all(fd, size, sizeof(size)))
		return false;
	len = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
	arena_init(&arena, 0);
	frame = arena_alloc(&arena, len);
	assert_true(read_all(fd, frame, len));
	c = cur_of(frame, len);
	assert_int_equal(0, header_decode_request(&c, &h));
	row = api_version_find(h.request_api_key);
	in = arena_alloc(&arena, codec_struct_size(row->request));
	out = arena_alloc(&arena, codec_struct_size(row->response));
	assert_int_equal(0, codec_decode(row->request, h.request_api_version, &c, &arena, in));
	codec_init(row->response, out);
	atomic_fetch_add(&b->calls[row->key], 1);
	if (row->key == API_API_VERSIONS)
		answer_versions(b, out, &arena);
	else if (row->key == API_METADATA)
		answer_brokers(b, out, &arena);
	if (row->key != API_API_VERSIONS)
		stay = b->answer(b, row->key, h.request_api_version, in, &arena, out);
	if (stay)
		send_answer(fd, row, h.request_api_version, h.correlation_id, out);
	arena_fini(&arena);
	return stay;
}

static void *run(void *arg)
{
	struct scripted_broker *b = arg;

	for (;;) {
		struct pollfd p[SCRIPTED_CONNECTIONS + 2] = {{.fd = b->wake[0], .events = POLLIN},
			{.fd = b->listener, .events = POLLIN}};
		size_t n = b->connections_n, kept = 0;

		for (size_t i = 0; i < n; i++)
			p[i + 2] = (struct pollfd){.fd = b->connections[i], .events = POLLIN};
		assert_true(poll(p, n + 2, -1) > 0);
		if (p[0].revents)
			return NULL;
		for (size_t i = 0; i < n; i++) {
			if (!p[i + 2].revents || serve(b, b->connections[i]))
				b->connections[kept++] = b->connections[i];
			else
				close(b->connections[i]);
		}
		b->connections_n = kept;
		if (p[1].revents && kept < SCRIPTED_CONNECTIONS)
			b->connections[b->connections_n++] = accept(b->listener, NULL, NULL);
	}
}

void scripted_broker_start(struct scripted_broker *b, int32_t id)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	b->id = id;
	b->peers[0] = b;
	b->peers_n = 1;
	for (int key = 0; key < SCRIPTED_KEYS; key++) {
		const struct api_version_row *row = api_version_find(key);

		b->max_version[key] = row ? row->max : -1;
	}
	b->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(0, bind(b->listener, (struct sockaddr *)&at, sizeof(at)));
	assert_int_equal(0, listen(b->listener, 8));
	assert_int_equal(0, getsockname(b->listener, (struct sockaddr *)&at, &len));
	b->port = ntohs(at.sin_port);
	assert_int_equal(0, pipe(b->wake));
	assert_int_equal(0, pthread_create(&b->thread, NULL, run, b));
}

void scripted_broker_stop(struct scripted_broker *b)
{
	assert_int_equal(1, write(b->wake[1], "x", 1));
	pthread_join(b->thread, NULL);
	for (size_t i = 0; i < b->connections_n; i++)
		close(b->connections[i]);
	close(b->listener);
	close(b->wake[0]);
	close(b->wake[1]);
}
