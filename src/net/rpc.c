/* rpc.c - a blocking client connection, with poll() before every wait so that no call outlives its deadline, and an
 * eventfd beside the socket so that another thread can end it.
 *
 * The version handshake is that of Kafka's clients: ApiVersions in our newest version; a broker that does not know it
 * answers in version 0 with UNSUPPORTED_VERSION and the range it knows (protocol.md section 4.3).
 */
#include "net/rpc.h"

#include <assert.h>
#include <config.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
#include "net/socket_buffer.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"

#define RESPONSE_MAX_BYTES (256 << 20)
#define KEYS_MAX	   128 /* API keys whose versions are remembered */
#define NUDGE_MS	   20  /* an answer that is on its way comes in this time */

struct rpc {
	char *host, *client_id;
	int port, receive_buffer_bytes;
	int32_t response_max_bytes;
	bool keep_frame;
	uint8_t *frame; /* with keep_frame: of the last answer */
	size_t frame_cap;
	int fd;	    /* -1: not connected */
	int cancel; /* eventfd: readable once interrupted */
	int nudge;  /* eventfd: readable once nudged */
	bool nudgeable; /* the next call */
	int32_t correlation_id;
	struct {
		int16_t min, max; /* max -1: not served */
	} served[KEYS_MAX];
};

static void forget_versions(struct rpc *r)
{
	for (int i = 0; i < KEYS_MAX; i++)
		r->served[i].max = -1;
}

struct rpc *rpc_new(const struct rpc_config *c)
{
	struct rpc *r = xcalloc(1, sizeof(*r));

	r->host = xstrdup(c->host);
	r->port = c->port;
	r->client_id = xstrdup(c->client_id);
	r->receive_buffer_bytes = c->receive_buffer_bytes;
	r->keep_frame = c->keep_frame;
	r->response_max_bytes = c->response_max_bytes > 0 ? c->response_max_bytes : RESPONSE_MAX_BYTES;
	r->fd = -1;
	r->cancel = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->nudge = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	forget_versions(r);
	return r;
}

struct rpc *rpc_free(struct rpc *r)
{
	if (!r)
		return NULL;
	rpc_disconnect(r);
	if (r->cancel >= 0)
		close(r->cancel);
	if (r->nudge >= 0)
		close(r->nudge);
	free(r->frame);
	free(r->host);
	free(r->client_id);
	free(r);
	return NULL;
}

static void make_readable(int event)
{
	uint64_t one = 1;

	/* It can only fail because the counter is full: then it is readable. */
	if (write(event, &one, sizeof(one)) < 0)
		assert(errno == EAGAIN);
}

void rpc_interrupt(struct rpc *r)
{
	make_readable(r->cancel);
}

void rpc_nudge(struct rpc *r)
{
	if (r->nudge >= 0)
		make_readable(r->nudge);
}

void rpc_allow_nudge(struct rpc *r)
{
	uint64_t count;

	r->nudgeable = r->nudge >= 0;
	if (r->nudgeable && read(r->nudge, &count, sizeof(count)) < 0)
		assert(errno == EAGAIN); /* nobody nudged */
}

bool rpc_is_connected(const struct rpc *r)
{
	return r->fd >= 0;
}

void rpc_disconnect(struct rpc *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	forget_versions(r);
}

/* --- waiting --- */

/* Waits until fd is ready for `events`: 0, -ETIMEDOUT, -ECANCELED, -errno. */
static int wait_for(const struct rpc *r, int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd p[] = { { .fd = r->cancel, .events = POLLIN }, { .fd = fd, .events = events } };
		int64_t left = deadline_ms - clock_mono_ms(&clock_real);
		int n;

		n = poll(p, ARRAY_LEN(p), left <= 0 ? 0 : (int)MIN(left, INT32_MAX));
		if (n < 0 && errno != EINTR)
			return FAIL(-errno);
		if (n > 0 && p[0].revents)
			return -ECANCELED;
		if (n > 0)
			return 0;
		if (left <= 0)
			return FAIL(-ETIMEDOUT);
	}
}

/* Waits until an answer begins, or somebody nudged and it still does not: -ESTALE; else as wait_for. */
static int wait_for_answer(const struct rpc *r, int64_t deadline_ms)
{
	struct pollfd p[] = { { .fd = r->nudge, .events = POLLIN }, { .fd = r->cancel, .events = POLLIN },
		{ .fd = r->fd, .events = POLLIN } };
	int64_t left = deadline_ms - clock_mono_ms(&clock_real), soon;
	int n, e;

	do
		n = poll(p, ARRAY_LEN(p), left <= 0 ? 0 : (int)MIN(left, INT32_MAX));
	while (n < 0 && errno == EINTR);
	if (n <= 0 || p[1].revents || p[2].revents || !p[0].revents)
		return wait_for(r, r->fd, POLLIN, deadline_ms);
	soon = clock_mono_ms(&clock_real) + NUDGE_MS;
	e = wait_for(r, r->fd, POLLIN, MIN(soon, deadline_ms));
	return e == -ETIMEDOUT && soon < deadline_ms ? -ESTALE : e;
}

/* Without a system call in the common case of a call that need not wait. */
static int check_interrupted(const struct rpc *r)
{
	struct pollfd p = { .fd = r->cancel, .events = POLLIN };

	return r->cancel < 0 ? FAIL(-EMFILE) : poll(&p, 1, 0) > 0 ? -ECANCELED : 0;
}

/* --- connecting --- */

static void set_options(const struct rpc *r, int fd)
{
	int one = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (r->receive_buffer_bytes > 0)
		socket_buffer_set_receive(fd, r->receive_buffer_bytes);
}

static int connect_to(const struct rpc *r, const struct addrinfo *ai, int64_t deadline_ms, int *ret_fd)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof(int);
	int error = 0, e = 0;

	if (fd < 0)
		return FAIL(-errno);
	set_options(r, fd);
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		e = errno == EINPROGRESS ? wait_for(r, fd, POLLOUT, deadline_ms) : FAIL(-errno);
	if (!e && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error)
		e = FAIL(-error);
	if (e) {
		close(fd);
		return e;
	}
	*ret_fd = fd;
	return 0;
}

static int connect_anywhere(struct rpc *r, int64_t deadline_ms)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *list;
	char service[16];
	int e;

	snprintf(service, sizeof(service), "%d", r->port);
	if (getaddrinfo(r->host, service, &hints, &list) != 0)
		return FAIL(-EHOSTUNREACH);
	e = -EHOSTUNREACH;
	for (struct addrinfo *ai = list; ai && e && e != -ECANCELED; ai = ai->ai_next)
		e = connect_to(r, ai, deadline_ms, &r->fd);
	freeaddrinfo(list);
	return e;
}

int rpc_connect(struct rpc *r, int64_t deadline_ms)
{
	int e = check_interrupted(r);

	if (!e && r->fd < 0)
		e = connect_anywhere(r, deadline_ms);
	if (e)
		r->nudgeable = false; /* the call that could have been nudged does not come about */
	return e;
}

/* --- bytes --- */

static int send_all(const struct rpc *r, const uint8_t *p, size_t n, int64_t deadline_ms)
{
	while (n > 0) {
		ssize_t sent = send(r->fd, p, n, MSG_NOSIGNAL);
		int e;

		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
			continue;
		}
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return FAIL(-errno);
		e = wait_for(r, r->fd, POLLOUT, deadline_ms);
		if (e)
			return e;
	}
	return 0;
}

static int receive_all(const struct rpc *r, uint8_t *p, size_t n, int64_t deadline_ms)
{
	while (n > 0) {
		ssize_t got = recv(r->fd, p, n, 0);
		int e;

		if (got > 0) {
			p += got;
			n -= (size_t)got;
			continue;
		}
		if (got == 0)
			return FAIL(-ECONNRESET);
		if (errno != EAGAIN && errno != EINTR)
			return FAIL(-errno);
		e = wait_for(r, r->fd, POLLIN, deadline_ms);
		if (e)
			return e;
	}
	return 0;
}

/* --- requests --- */

static int encode_request(struct rpc *r, const struct api_version_row *row, int version, const void *in,
    struct buf **ret)
{
	struct request_header h;
	struct writer out;
	int e;

	CODEC_INIT(request_header, &h);
	h.request_api_key = row->key;
	h.request_api_version = (int16_t)version;
	h.correlation_id = ++r->correlation_id;
	h.client_id = str_of(r->client_id);
	writer_init(&out, 512, 0);
	writer_i32(&out, 0);
	e = header_encode_request(&h, &out);
	if (!e)
		e = codec_encode(row->request, version, in, &out);
	if (!e && writer_len(&out) > INT32_MAX)
		e = -EMSGSIZE;
	if (!e) {
		writer_patch_i32(&out, 0, (int32_t)writer_len(&out) - 4);
		e = writer_take_buf(&out, ret);
	}
	writer_fini(&out);
	return FAIL(e);
}

static int send_request(struct rpc *r, const struct api_version_row *row, int version, const void *in,
    int64_t deadline_ms)
{
	struct buf *frame;
	int e = encode_request(r, row, version, in, &frame);

	if (e)
		return e;
	e = send_all(r, frame->data, frame->len, deadline_ms);
	buf_unref(frame);
	return e;
}

/* Room for an answer; NULL: no memory. */
static uint8_t *frame_room(struct rpc *r, struct arena *a, size_t len)
{
	if (!r->keep_frame)
		return arena_alloc(a, len);
	if (len > r->frame_cap) {
		free(r->frame);
		r->frame = malloc(len);
		r->frame_cap = r->frame ? len : 0;
	}
	return r->frame;
}

/* Reads one frame and its header. */
static int receive_frame(struct rpc *r, const struct api_version_row *row, int version, struct arena *a,
    struct cursor *ret, int64_t deadline_ms)
{
	uint8_t size[4], *p;
	struct cursor c = cur_of(size, sizeof(size));
	int32_t len, id;
	int e = r->nudgeable ? wait_for_answer(r, deadline_ms) : 0;

	if (!e)
		e = receive_all(r, size, sizeof(size), deadline_ms);
	if (e)
		return e;
	len = cur_i32(&c);
	if (len < 4)
		return FAIL(-EBADMSG);
	if (len > r->response_max_bytes)
		return FAIL(-EMSGSIZE);
	p = frame_room(r, a, (size_t)len);
	if (!p)
		return FAIL(-ENOMEM);
	e = receive_all(r, p, (size_t)len, deadline_ms);
	if (e)
		return e;
	*ret = cur_of(p, (size_t)len);
	e = header_decode_response(row, version, ret, &id);
	if (e)
		return FAIL(e);
	return id == r->correlation_id ? 0 : FAIL(-EBADMSG);
}

/* Sends and receives; on failure the connection is of no use and closed. */
static int exchange(struct rpc *r, const struct api_version_row *row, int version, const void *in, struct arena *a,
    struct cursor *ret, int64_t deadline_ms)
{
	int e = check_interrupted(r);

	if (!e && r->fd < 0)
		e = -ENOTCONN;
	if (!e)
		e = send_request(r, row, version, in, deadline_ms);
	if (!e)
		e = receive_frame(r, row, version, a, ret, deadline_ms);
	r->nudgeable = false;
	if (e)
		rpc_disconnect(r);
	return e;
}

int rpc_call(struct rpc *r, int key, int version, const void *in, struct arena *a, void *out, int64_t deadline_ms)
{
	const struct api_version_row *row = api_version_find(key);
	struct cursor c;
	int e = row && api_version_has(row, version) ? 0 : FAIL(-EINVAL);

	if (!e)
		e = exchange(r, row, version, in, a, &c, deadline_ms);
	if (e)
		return e;
	e = codec_decode(row->response, version, &c, a, out);
	if (e)
		rpc_disconnect(r);
	return FAIL(e);
}

/* --- versions --- */

static void remember_versions(struct rpc *r, const struct api_versions_response *out)
{
	forget_versions(r);
	for (int32_t i = 0; i < out->api_keys_n; i++) {
		const struct api_versions_response_api_version *v = &out->api_keys[i];

		if (v->api_key < 0 || v->api_key >= KEYS_MAX)
			continue;
		r->served[v->api_key].min = v->min_version;
		r->served[v->api_key].max = v->max_version;
	}
}

/* Decoded by hand, since the answer to an unknown version is in version 0. */
static int call_api_versions(struct rpc *r, int version, struct arena *a, struct api_versions_response *out,
    int64_t deadline_ms)
{
	const struct api_version_row *row = api_version_find(API_API_VERSIONS);
	struct api_versions_request in;
	struct cursor c;
	int e;

	CODEC_INIT(api_versions_request, &in);
	in.client_software_name = STR("moldau");
	in.client_software_version = STR(PACKAGE_VERSION);
	e = exchange(r, row, version, &in, a, &c, deadline_ms);
	if (e)
		return e;
	if (cur_left(&c) >= 2 && c.p[0] == 0 && c.p[1] == KERR_UNSUPPORTED_VERSION)
		version = 0;
	return FAIL(codec_decode(row->response, version, &c, a, out));
}

int rpc_ask_versions(struct rpc *r, int64_t deadline_ms)
{
	const struct api_version_row *row = api_version_find(API_API_VERSIONS);
	struct api_versions_response out;
	struct arena a;
	int e;

	arena_init(&a, 0);
	e = call_api_versions(r, row->max, &a, &out, deadline_ms);
	if (!e && out.error_code == KERR_UNSUPPORTED_VERSION) {
		remember_versions(r, &out);
		e = call_api_versions(r, MAX(rpc_version(r, API_API_VERSIONS), 0), &a, &out, deadline_ms);
	}
	if (!e && out.error_code)
		e = FAIL(-EPROTO);
	if (!e)
		remember_versions(r, &out);
	else
		rpc_disconnect(r);
	arena_fini(&a);
	return e;
}

bool rpc_served(const struct rpc *r, int key, int *ret_min, int *ret_max)
{
	if (key < 0 || key >= KEYS_MAX || r->served[key].max < 0)
		return false;
	*ret_min = r->served[key].min;
	*ret_max = r->served[key].max;
	return true;
}

int rpc_version(const struct rpc *r, int key)
{
	const struct api_version_row *row = api_version_find(key);
	int min, max;

	if (!row || !rpc_served(r, key, &min, &max))
		return -1;
	min = MAX(row->min, min);
	max = MIN(row->max, max);
	return min <= max ? max : -1;
}
