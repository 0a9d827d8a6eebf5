/* keeper.c - requests and answers of a session, and what happens while it waits. */
#include "tools/keeper.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/random.h"
#include "tools/keeper_priv.h"

#define RETRY_MS 1000 /* between attempts to connect while the shell waits for its user, as the Java client at most */
#define PING_MAX_MS 10000

static int64_t now_ms(void)
{
	return clock_mono_ms(&clock_real);
}

const char *keeper_code_text(int code)
{
	switch (code) {
#define X(name, value, text)                                                                       \
	case value:                                                                                \
		return text;
		KEEPER_CODE_TABLE(X)
#undef X
	default:
		return "Unknown error";
	}
}

int keeper_open(const struct keeper_config *config, struct keeper **ret, char **ret_error)
{
	CLEANUP(keeper_freep) struct keeper *c = xcalloc(1, sizeof(*c));
	int r;

	c->config = *config;
	c->config.connect = NULL;
	c->fd = -1;
	r = keeper_connection_parse(c, config->connect, ret_error);
	if (r)
		return r;
	*ret = TAKE(c);
	return 0;
}

struct keeper *keeper_free(struct keeper *c)
{
	if (!c)
		return NULL;
	if (c->fd >= 0)
		close(c->fd);
	for (size_t i = 0; i < c->hosts_n; i++)
		free(c->hosts[i].host);
	for (size_t i = 0; i < c->auths_n; i++) {
		free(c->auths[i].scheme);
		free(c->auths[i].p);
	}
	keeper_watches_fini(c);
	free(c->hosts);
	free(c->auths);
	free(c->chroot);
	free(c->frame.p);
	free(c);
	return NULL;
}

bool keeper_alive(const struct keeper *c)
{
	return c->state == KEEPER_CLIENT_CONNECTING || c->state == KEEPER_CLIENT_CONNECTED;
}

char *keeper_server_path(const struct keeper *c, const char *path)
{
	return xasprintf("%s%s", c->chroot ? c->chroot : "", c->chroot && !path[1] ? "" : path);
}

size_t keeper_chroot_length(const struct keeper *c)
{
	return c->chroot ? strlen(c->chroot) : 0;
}

void keeper_tell(struct keeper *c, const char *type, const char *path)
{
	c->config.event(c->config.arg, "SyncConnected", type, path);
}

void keeper_tell_state(struct keeper *c, const char *state)
{
	c->config.event(c->config.arg, state, "None", NULL);
}

/* The loss of a connection is told when there is time for it: after the answer of the command that noticed it. */
static void tell_loss(struct keeper *c)
{
	if (c->lost)
		keeper_tell_state(c, "Disconnected");
	c->lost = false;
}

int keeper_handle(struct keeper *c, int32_t xid, int32_t error, struct cursor *body)
{
	if (xid == KEEPER_XID_EVENT)
		keeper_watches_fire(c, body);
	if (xid != KEEPER_XID_AUTH || error != -KEEPER_AUTH_FAILED)
		return 0;
	c->state = KEEPER_CLIENT_AUTH_FAILED;
	keeper_tell_state(c, "AuthFailed");
	return KEEPER_AUTH_FAILED;
}

/* The head of the frame that has come. */
static bool take_head(struct keeper *c, struct cursor *in, int32_t *ret_xid, int32_t *ret_error)
{
	int64_t zxid;

	*in = cur_of(c->frame.p, c->frame.len);
	*ret_xid = cur_i32(in);
	zxid = cur_i64(in);
	*ret_error = cur_i32(in);
	if (!in->bad && zxid > 0)
		c->last_zxid = zxid;
	return !in->bad;
}

static int64_t read_timeout(const struct keeper *c)
{
	return (int64_t)c->negotiated_ms * 2 / 3;
}

static int64_t next_ping(const struct keeper *c)
{
	return c->sent_ms + MIN(read_timeout(c) / 2, PING_MAX_MS);
}

static int ping(struct keeper *c)
{
	return keeper_connection_send(c, KEEPER_XID_PING, KEEPER_OP_PING, NULL);
}

/* Waits until there is something to read, with pings meanwhile. `fd` -1: only the server counts. Sets *ret_fd when `fd` can be
 * read. 0, or -errno: the connection is broken. */
static int wait_for_frame(struct keeper *c, int fd, bool *ret_fd)
{
	for (*ret_fd = false;;) {
		struct pollfd p[2] = {{.fd = c->fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
		int64_t now = now_ms(), end = c->heard_ms + read_timeout(c), until = MIN(end, next_ping(c));
		int n;

		if (now >= end)
			return -ETIMEDOUT;
		if (now >= next_ping(c)) {
			n = ping(c);
			if (n)
				return n;
			continue;
		}
		n = poll(p, fd >= 0 ? 2 : 1, (int)(until - now));
		*ret_fd = n > 0 && !p[0].revents; /* what the server has to say comes first */
		if (n > 0)
			return 0;
	}
}

/* One frame that has begun to come. */
static int receive(struct keeper *c, struct cursor *in, int32_t *ret_xid, int32_t *ret_error)
{
	int r = keeper_connection_receive(c, now_ms() + read_timeout(c));

	if (!r && !take_head(c, in, ret_xid, ret_error))
		r = -EBADMSG;
	return r;
}

/* Until the answer with this xid. */
static int await(struct keeper *c, int32_t wanted, int32_t *ret_error, struct cursor *ret)
{
	for (;;) {
		int32_t xid, error;
		struct cursor in;
		bool other;
		int r = wait_for_frame(c, -1, &other);

		if (!r)
			r = receive(c, &in, &xid, &error);
		if (r)
			return r;
		if (xid == wanted) {
			*ret_error = error;
			*ret = in;
			return xid < 0 ? keeper_handle(c, xid, error, &in) : 0;
		}
		if (xid >= 0)
			return -EBADMSG; /* an answer to nothing that we asked */
		r = keeper_handle(c, xid, error, &in);
		if (r)
			return r;
	}
}

static int ensure_connected(struct keeper *c)
{
	if (!keeper_alive(c))
		return c->state == KEEPER_CLIENT_AUTH_FAILED ? KEEPER_AUTH_FAILED : KEEPER_SESSION_EXPIRED;
	tell_loss(c);
	return c->fd >= 0 ? 0 : keeper_connection_open(c);
}

/* What a failure of the connection means to the caller. */
static int lose(struct keeper *c, int r)
{
	if (r > 0)
		return r;
	keeper_connection_lose(c, strerror(-r));
	return r == -EBADMSG ? KEEPER_MARSHALLING_ERROR : KEEPER_CONNECTION_LOSS;
}

int keeper_call(struct keeper *c, enum keeper_op_code op, struct writer *body, struct cursor *ret)
{
	int32_t error, xid;
	int r = ensure_connected(c);

	if (r) {
		if (body)
			writer_fini(body);
		return r;
	}
	xid = c->xid = c->xid == INT32_MAX ? 1 : c->xid + 1;
	r = keeper_connection_send(c, xid, op, body);
	if (!r)
		r = await(c, xid, &error, ret);
	if (r)
		return lose(c, r);
	return error < 0 && error > -1000 ? -error : error == 0 ? 0 : KEEPER_SYSTEM_ERROR;
}

int keeper_auth(struct keeper *c, const char *scheme, const void *p, int32_t len)
{
	struct cursor in;
	struct writer w;
	int32_t error;
	int r = ensure_connected(c);

	if (r)
		return r;
	c->auths = grow_array(c->auths, &c->auths_cap, c->auths_n + 1, sizeof(*c->auths));
	c->auths[c->auths_n++] = (struct keeper_auth){xstrdup(scheme), len > 0 ? xmemdup(p, (size_t)len) : NULL, len};
	writer_init(&w, 128, 0);
	writer_i32(&w, 0);
	keeper_put_string(&w, scheme);
	keeper_put_buffer(&w, p, len);
	r = keeper_connection_send(c, KEEPER_XID_AUTH, KEEPER_OP_AUTH, &w);
	if (!r)
		r = await(c, KEEPER_XID_AUTH, &error, &in);
	return r ? lose(c, r) : 0;
}

void keeper_close(struct keeper *c)
{
	struct cursor in;
	int32_t error;

	if (!keeper_alive(c))
		return;
	if (c->fd >= 0 && keeper_connection_send(c, ++c->xid, KEEPER_OP_CLOSE, NULL) == 0)
		(void)!await(c, c->xid, &error, &in);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->lost = false;
	c->state = KEEPER_CLIENT_CLOSED;
	keeper_tell_state(c, "Closed");
}

/* Waits for `fd` alone, until the time of the next attempt. True: it can be read. */
static bool wait_without_connection(struct keeper *c, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left = keeper_alive(c) ? MAX(c->attempt_ms - now_ms(), 0) : -1;

	return poll(&p, 1, (int)left) > 0;
}

static void connect_again(struct keeper *c)
{
	if (keeper_connection_open(c) == KEEPER_CONNECTION_LOSS)
		tell_loss(c);
	c->attempt_ms = now_ms() + RETRY_MS / 2 + (int64_t)random_below(RETRY_MS / 2);
}

void keeper_wait(struct keeper *c, int fd)
{
	for (;;) {
		int32_t xid, error;
		struct cursor in;
		bool ready;
		int r;

		tell_loss(c);
		if (c->fd < 0) {
			if (wait_without_connection(c, fd))
				return;
			if (keeper_alive(c))
				connect_again(c);
			continue;
		}
		r = wait_for_frame(c, fd, &ready);
		if (!r && ready)
			return;
		if (!r)
			r = receive(c, &in, &xid, &error);
		if (!r)
			r = keeper_handle(c, xid, error, &in);
		if (r)
			(void)lose(c, r);
	}
}
