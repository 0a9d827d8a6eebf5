/* wire.c - a blocking client connection, with poll() before every read and write so that no call outlives its deadline.
 *
 * The version handshake is that of Kafka's clients: ApiVersions in our newest version; a broker that does not know it
 * answers in version 0 with UNSUPPORTED_VERSION and the range it knows (protocol.md section 4.3).
 */
#include "tools/wire.h"

#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"

/* Largest answer we hold in memory. Metadata of 100,000 partitions is some 10 MB. */
#define RESPONSE_MAX (256 * 1024 * 1024)
#define KEYS_MAX 128 /* API keys that we remember versions of */

struct wire {
	int fd;
	int32_t correlation_id;
	char *client_id;
	struct {
		int16_t min, max; /* max -1: not served */
	} served[KEYS_MAX];
};

/* Waits until fd is ready for `events`: 0, -ETIMEDOUT, -errno. */
static int wait_for(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		int64_t left = deadline_ms - clock_mono_ms(&clock_real);
		int n;

		if (left <= 0)
			return FAIL(-ETIMEDOUT);
		n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return FAIL(-errno);
	}
}

static int connect_to(const struct addrinfo *ai, int64_t deadline_ms, int *ret_fd)
{
	int one = 1, error = 0, r = 0;
	socklen_t len = sizeof(error);
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return FAIL(-errno);
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		r = errno == EINPROGRESS ? wait_for(fd, POLLOUT, deadline_ms) : FAIL(-errno);
	if (!r && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error)
		r = FAIL(-error);
	if (r) {
		close(fd);
		return r;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*ret_fd = fd;
	return 0;
}

/* Tries every address of the host. */
static int connect_host(const char *host, int port, int64_t deadline_ms, int *ret_fd)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list;
	char service[16];
	int r = -EHOSTUNREACH;

	snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(host, service, &hints, &list) != 0)
		return FAIL(-EHOSTUNREACH);
	for (struct addrinfo *ai = list; ai && r; ai = ai->ai_next)
		r = connect_to(ai, deadline_ms, ret_fd);
	freeaddrinfo(list);
	return r;
}

static int send_all(int fd, const uint8_t *p, size_t n, int64_t deadline_ms)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
		int r;

		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
			continue;
		}
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return FAIL(-errno);
		r = wait_for(fd, POLLOUT, deadline_ms);
		if (r)
			return r;
	}
	return 0;
}

static int receive_all(int fd, uint8_t *p, size_t n, int64_t deadline_ms)
{
	while (n > 0) {
		ssize_t got = recv(fd, p, n, 0);
		int r;

		if (got > 0) {
			p += got;
			n -= (size_t)got;
			continue;
		}
		if (got == 0)
			return FAIL(-ECONNRESET);
		if (errno != EAGAIN && errno != EINTR)
			return FAIL(-errno);
		r = wait_for(fd, POLLIN, deadline_ms);
		if (r)
			return r;
	}
	return 0;
}

int wire_send(struct wire *w, int key, int version, const void *in, int64_t deadline_ms)
{
	const struct api_version_row *row = api_version_find(key);
	struct request_header h;
	struct writer out;
	struct buf *frame;
	int r;

	CODEC_INIT(request_header, &h);
	h.request_api_key = (int16_t)key;
	h.request_api_version = (int16_t)version;
	h.correlation_id = ++w->correlation_id;
	h.client_id = str_of(w->client_id);
	writer_init(&out, 512, 0);
	writer_i32(&out, 0);
	r = header_encode_request(&h, &out);
	if (!r)
		r = codec_encode(row->request, version, in, &out);
	if (r) {
		writer_fini(&out);
		return FAIL(r);
	}
	writer_patch_i32(&out, 0, (int32_t)writer_len(&out) - 4);
	r = writer_take_buf(&out, &frame);
	writer_fini(&out);
	if (r)
		return FAIL(r);
	r = send_all(w->fd, frame->data, frame->len, deadline_ms);
	buf_unref(frame);
	return r;
}

/* Reads one frame into the arena. */
static int receive_frame(struct wire *w, struct arena *a, struct cursor *ret, int64_t deadline_ms)
{
	uint8_t size[4], *p;
	struct cursor c = cur_of(size, sizeof(size));
	int32_t len;
	int r = receive_all(w->fd, size, sizeof(size), deadline_ms);

	if (r)
		return r;
	len = cur_i32(&c);
	if (len < 4 || len > RESPONSE_MAX)
		return FAIL(-EBADMSG);
	p = arena_alloc(a, (size_t)len);
	if (!p)
		return FAIL(-ENOMEM);
	r = receive_all(w->fd, p, (size_t)len, deadline_ms);
	if (r)
		return r;
	*ret = cur_of(p, (size_t)len);
	return 0;
}

static int receive_header(
	struct wire *w, const struct api_version_row *row, int version, struct cursor *c)
{
	int32_t id;
	int r = header_decode_response(row, version, c, &id);

	if (r)
		return FAIL(r);
	return id == w->correlation_id ? 0 : FAIL(-EBADMSG);
}

int wire_receive(struct wire *w, int key, int version, struct arena *a, void *out, int64_t deadline_ms)
{
	const struct api_version_row *row = api_version_find(key);
	struct cursor c;
	int r = receive_frame(w, a, &c, deadline_ms);

	if (!r)
		r = receive_header(w, row, version, &c);
	if (r)
		return r;
	return FAIL(codec_decode(row->response, version, &c, a, out));
}

int wire_call(struct wire *w, int key, int version, const void *in, struct arena *a, void *out,
	int64_t deadline_ms)
{
	int r = wire_send(w, key, version, in, deadline_ms);

	return r ? r : wire_receive(w, key, version, a, out, deadline_ms);
}

static void remember_versions(struct wire *w, const struct api_versions_response *out)
{
	for (int i = 0; i < KEYS_MAX; i++)
		w->served[i].max = -1;
	for (int32_t i = 0; i < out->api_keys_n; i++) {
		const struct api_versions_response_api_version *v = &out->api_keys[i];

		if (v->api_key < 0 || v->api_key >= KEYS_MAX)
			continue;
		w->served[v->api_key].min = v->min_version;
		w->served[v->api_key].max = v->max_version;
	}
}

/* The answer to ApiVersions is decoded by hand, since one to an unknown version is in version 0. */
static int call_api_versions(struct wire *w, int version, struct arena *a,
	struct api_versions_response *out, int64_t deadline_ms)
{
	const struct api_version_row *row = api_version_find(API_API_VERSIONS);
	struct api_versions_request in;
	struct cursor c;
	int r;

	CODEC_INIT(api_versions_request, &in);
	in.client_software_name = STR("moldau");
	in.client_software_version = STR(PACKAGE_VERSION);
	r = wire_send(w, API_API_VERSIONS, version, &in, deadline_ms);
	if (!r)
		r = receive_frame(w, a, &c, deadline_ms);
	if (!r)
		r = receive_header(w, row, version, &c);
	if (r)
		return r;
	if (cur_left(&c) >= 2 && c.p[0] == 0 && c.p[1] == KERR_UNSUPPORTED_VERSION)
		version = 0;
	return FAIL(codec_decode(row->response, version, &c, a, out));
}

static int ask_versions(struct wire *w, int64_t deadline_ms)
{
	const struct api_version_row *row = api_version_find(API_API_VERSIONS);
	struct api_versions_response out;
	struct arena a;
	int r;

	arena_init(&a, 0);
	r = call_api_versions(w, row->max, &a, &out, deadline_ms);
	if (!r && out.error_code == KERR_UNSUPPORTED_VERSION) {
		remember_versions(w, &out);
		r = call_api_versions(
			w, MAX(wire_version(w, API_API_VERSIONS), 0), &a, &out, deadline_ms);
	}
	if (!r && out.error_code)
		r = FAIL(-EPROTO);
	if (!r)
		remember_versions(w, &out);
	arena_fini(&a);
	return r;
}

int wire_open(
	const char *host, int port, const char *client_id, int64_t deadline_ms, struct wire **ret)
{
	struct wire *w = xcalloc(1, sizeof(*w));
	int r;

	w->fd = -1;
	w->client_id = xstrdup(client_id);
	r = connect_host(host, port, deadline_ms, &w->fd);
	if (!r)
		r = ask_versions(w, deadline_ms);
	if (r) {
		wire_close(w);
		return FAIL(r);
	}
	*ret = w;
	return 0;
}

struct wire *wire_close(struct wire *w)
{
	if (!w)
		return NULL;
	if (w->fd >= 0)
		close(w->fd);
	free(w->client_id);
	free(w);
	return NULL;
}

int wire_version(const struct wire *w, int key)
{
	const struct api_version_row *row = api_version_find(key);
	int min, max;

	if (!row || key >= KEYS_MAX || w->served[key].max < 0)
		return -1;
	min = MAX(row->min, w->served[key].min);
	max = MIN(row->max, w->served[key].max);
	return min <= max ? max : -1;
}
