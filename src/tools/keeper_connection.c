/* keeper_connection.c - the connection of a session: addresses, the handshake, frames. */
#include <errno.h>
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
#include "base/error.h"
#include "base/random.h"
#include "tools/report.h"
#include "tools/keeper_priv.h"

#define DEFAULT_PORT 2181
#define LOGGER "org.apache.zookeeper.ClientCnxn"

static int64_t now_ms(void)
{
	return clock_mono_ms(&clock_real);
}

/* --- addresses (ZooKeeper 3.8, ConnectStringParser) --- */

static int refuse(char **ret_error, char *text)
{
	*ret_error = text;
	return -EINVAL;
}

static int parse_port(const char *text, int *ret, char **ret_error)
{
	int64_t port;

	if (!str_to_i64(str_of(text), INT32_MIN, INT32_MAX, &port))
		return refuse(ret_error,
			xasprintf("java.lang.NumberFormatException: For input string: \"%s\"", text));
	if (port < 0 || port > 65535)
		return refuse(ret_error,
			xasprintf("java.lang.IllegalArgumentException: port out of range:%lld", (long long)port));
	*ret = (int)port;
	return 0;
}

/* [::1]:2181 */
static int parse_bracketed(char *text, char **ret_host, int *ret_port, char **ret_error)
{
	char *end = strrchr(text, ']');

	if (!end)
		return refuse(ret_error,
			xasprintf("java.lang.IllegalArgumentException: %s starts with '[' but has no matching ']'", text));
	if (end == text + 1)
		return refuse(ret_error, xstrdup("java.lang.IllegalArgumentException:  is empty."));
	if (end[1] && end[1] != ':')
		return refuse(
			ret_error, xasprintf("java.lang.IllegalArgumentException: %s does not have : after ]", text));
	if (end[1] && !end[2])
		return refuse(ret_error,
			xasprintf("java.lang.IllegalArgumentException: %s doesn't have a port after colon.", text));
	if (end[1] && parse_port(end + 2, ret_port, ret_error))
		return -EINVAL;
	*ret_host = xstrndup(text + 1, (size_t)(end - text - 1));
	return 0;
}

static int parse_host(struct keeper *c, char *text, char **ret_error)
{
	char *colon = strrchr(text, ':'), *host = NULL;
	int port = DEFAULT_PORT;

	if (*text == '[') {
		if (parse_bracketed(text, &host, &port, ret_error))
			return -EINVAL;
	} else {
		if (colon && colon[1] && parse_port(colon + 1, &port, ret_error))
			return -EINVAL;
		host = xstrndup(text, colon ? (size_t)(colon - text) : strlen(text));
	}
	c->hosts = grow_array(c->hosts, &c->hosts_cap, c->hosts_n + 1, sizeof(*c->hosts));
	c->hosts[c->hosts_n++] = (struct keeper_address){host, port};
	return 0;
}

static int parse_chroot(struct keeper *c, const char *text, char **ret_error)
{
	char *reason;

	if (strlen(text) <= 1)
		return 0;
	if (keeper_path_check(text, &reason)) {
		*ret_error = xasprintf("java.lang.IllegalArgumentException: %s", reason);
		free(reason);
		return -EINVAL;
	}
	c->chroot = xstrdup(text);
	return 0;
}

/* Not all clients of an ensemble begin with the same server. */
static void shuffle(struct keeper *c)
{
	for (size_t i = c->hosts_n; i > 1; i--) {
		size_t j = (size_t)random_below((uint32_t)i);
		struct keeper_address other = c->hosts[j];

		c->hosts[j] = c->hosts[i - 1];
		c->hosts[i - 1] = other;
	}
}

static void trim(char *s)
{
	size_t blank = strspn(s, " \t"), len;

	memmove(s, s + blank, strlen(s + blank) + 1);
	for (len = strlen(s); len > 0 && strchr(" \t", s[len - 1]); len--)
		s[len - 1] = '\0';
}

int keeper_connection_parse(struct keeper *c, const char *text, char **ret_error)
{
	size_t len = strcspn(text, "/");
	char *list = xstrndup(text, len), *rest = list, *word;
	int r = parse_chroot(c, text + len, ret_error);

	while (!r && (word = strsep(&rest, ","))) {
		trim(word);
		if (*word)
			r = parse_host(c, word, ret_error);
	}
	free(list);
	if (!r && c->hosts_n == 0)
		return refuse(ret_error, xstrdup("java.lang.IllegalArgumentException: A HostProvider may not be empty!"));
	shuffle(c);
	return r;
}

/* --- bytes --- */

static int wait_for(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		int64_t left = deadline_ms - now_ms();
		int n;

		if (left <= 0)
			return -ETIMEDOUT;
		n = poll(&p, 1, (int)MIN(left, INT32_MAX));
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static int send_all(struct keeper *c, const uint8_t *p, size_t n)
{
	int64_t deadline = now_ms() + c->config.timeout_ms;

	while (n > 0) {
		ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);
		int r;

		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_for(c->fd, POLLOUT, deadline);
		if (r)
			return r;
	}
	c->sent_ms = now_ms();
	return 0;
}

static int receive_all(struct keeper *c, uint8_t *p, size_t n, int64_t deadline_ms)
{
	while (n > 0) {
		ssize_t got = recv(c->fd, p, n, 0);
		int r;

		if (got > 0) {
			p += got;
			n -= (size_t)got;
			c->heard_ms = now_ms();
			continue;
		}
		if (got == 0)
			return -ECONNRESET;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_for(c->fd, POLLIN, deadline_ms);
		if (r)
			return r;
	}
	return 0;
}

/* The body grows as it comes, so that a length that lies costs nothing. */
static int receive_body(struct keeper *c, size_t len, int64_t deadline_ms)
{
	struct keeper_frame *f = &c->frame;

	for (f->len = 0; f->len < len;) {
		size_t n = MIN(len - f->len, MAX(f->len, 65536u));
		int r;

		f->p = grow_array(f->p, &f->cap, f->len + n, 1);
		r = receive_all(c, f->p + f->len, n, deadline_ms);
		if (r)
			return r;
		f->len += n;
	}
	return 0;
}

int keeper_connection_receive(struct keeper *c, int64_t deadline_ms)
{
	uint8_t head[4] = {0};
	struct cursor in = cur_of(head, sizeof(head));
	int r = receive_all(c, head, sizeof(head), deadline_ms);
	int32_t len;

	if (r)
		return r;
	len = cur_i32(&in);
	if (len < 0 || len > KEEPER_FRAME_MAX)
		return -EBADMSG;
	return receive_body(c, (size_t)len, deadline_ms);
}

/* Length and payload. Finishes the writer. */
static int send_frame(struct keeper *c, struct writer *w)
{
	struct buf *frame;
	int r;

	writer_patch_i32(w, 0, (int32_t)writer_len(w) - 4);
	r = writer_take_buf(w, &frame);
	writer_fini(w);
	if (r)
		return r;
	r = send_all(c, frame->data, frame->len);
	buf_unref(frame);
	return r;
}

int keeper_connection_send(struct keeper *c, int32_t xid, int op, struct writer *body)
{
	struct buf *payload = NULL;
	struct writer w;
	int r = body ? writer_take_buf(body, &payload) : 0;

	if (body)
		writer_fini(body);
	if (r)
		return r;
	writer_init(&w, 256, 0);
	writer_i32(&w, 0);
	writer_i32(&w, xid);
	writer_i32(&w, op);
	if (payload)
		writer_put(&w, payload->data, payload->len);
	if (payload)
		buf_unref(payload);
	return send_frame(c, &w);
}

/* --- the handshake --- */

static int connect_to(const struct addrinfo *ai, int64_t deadline_ms)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1, error = 0, r = 0;
	socklen_t len = sizeof(error);

	if (fd < 0)
		return -errno;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		r = errno == EINPROGRESS ? wait_for(fd, POLLOUT, deadline_ms) : -errno;
	if (!r && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error)
		r = -error;
	if (r) {
		close(fd);
		return r;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* Every address of the host. Returns the descriptor, or -errno. */
static int connect_host(const struct keeper_address *h, int64_t deadline_ms)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list;
	char service[16];
	int r = -EHOSTUNREACH;

	snprintf(service, sizeof(service), "%d", h->port);
	if (getaddrinfo(h->host, service, &hints, &list) != 0)
		return -EHOSTUNREACH;
	for (struct addrinfo *ai = list; ai && r < 0; ai = ai->ai_next)
		r = connect_to(ai, deadline_ms);
	freeaddrinfo(list);
	return r;
}

static int send_greeting(struct keeper *c)
{
	struct writer w;

	writer_init(&w, 64, 0);
	writer_i32(&w, 0);
	writer_i32(&w, 0); /* protocol version */
	writer_i64(&w, c->last_zxid);
	writer_i32(&w, c->config.timeout_ms);
	writer_i64(&w, c->session_id);
	keeper_put_buffer(&w, c->password, KEEPER_PASSWORD_LEN);
	keeper_put_bool(&w, c->config.read_only);
	return send_frame(c, &w);
}

static void expire(struct keeper *c)
{
	report("WARN", LOGGER, "Unable to reconnect to ZooKeeper service, session 0x%llx has expired",
		(unsigned long long)c->session_id);
	close(c->fd);
	c->fd = -1;
	c->state = KEEPER_CLIENT_CLOSED;
	keeper_tell_state(c, "Expired");
}

static int read_greeting(struct keeper *c, int64_t deadline_ms)
{
	int r = keeper_connection_receive(c, deadline_ms);
	struct cursor in;
	struct bytes password;
	int64_t session;
	int32_t timeout;
	bool read_only;

	if (r)
		return r;
	in = cur_of(c->frame.p, c->frame.len);
	(void)cur_i32(&in);
	timeout = cur_i32(&in);
	session = cur_i64(&in);
	password = keeper_take_buffer(&in);
	if (in.bad || password.len > KEEPER_PASSWORD_LEN)
		return -EBADMSG;
	if (timeout <= 0) {
		expire(c);
		return KEEPER_SESSION_EXPIRED;
	}
	read_only = cur_left(&in) > 0 && cur_u8(&in) != 0;
	c->session_id = session;
	c->negotiated_ms = timeout;
	memset(c->password, 0, sizeof(c->password));
	if (password.len > 0)
		memcpy(c->password, password.p, (size_t)password.len);
	c->state = KEEPER_CLIENT_CONNECTED;
	c->lost = false;
	keeper_tell_state(c, read_only ? "ConnectedReadOnly" : "SyncConnected");
	return 0;
}

static int send_auths(struct keeper *c)
{
	int r = 0;

	for (size_t i = 0; i < c->auths_n && !r; i++) {
		struct writer w;

		writer_init(&w, 128, 0);
		writer_i32(&w, 0);
		keeper_put_string(&w, c->auths[i].scheme);
		keeper_put_buffer(&w, c->auths[i].p, c->auths[i].len);
		r = keeper_connection_send(c, KEEPER_XID_AUTH, KEEPER_OP_AUTH, &w);
	}
	return r;
}

static int try_host(struct keeper *c, const struct keeper_address *h)
{
	int64_t deadline = now_ms() + MAX(c->config.timeout_ms / (int32_t)MIN(c->hosts_n, 1000u), 1);
	int r = connect_host(h, deadline);

	if (r < 0)
		return r;
	c->fd = r;
	r = send_greeting(c);
	if (!r)
		r = read_greeting(c, deadline);
	if (!r)
		r = send_auths(c);
	if (!r)
		r = keeper_watches_send(c);
	return r;
}

static const char *java_reason(int r)
{
	switch (-r) {
	case ECONNREFUSED:
		return "java.net.ConnectException: Connection refused";
	case EHOSTUNREACH:
		return "java.net.UnknownHostException: the name cannot be resolved, or there is no way to it";
	case ETIMEDOUT:
		return "org.apache.zookeeper.ClientCnxn$SessionTimeoutException: the server does not answer in time";
	case EBADMSG:
		return "java.io.IOException: this is no answer of a ZooKeeper server";
	default:
		return NULL;
	}
}

static void complain(const struct keeper *c, const char *server, const char *why)
{
	report("WARN", LOGGER,
		"Session 0x%llx for server %s, Closing socket connection. Attempting reconnect except it is a "
		"SessionExpiredException.",
		(unsigned long long)c->session_id, server);
	fprintf(stderr, "%s\n", why);
}

int keeper_connection_open(struct keeper *c)
{
	for (size_t i = 0; i < c->hosts_n; i++) {
		const struct keeper_address *h = &c->hosts[c->next_host];
		char server[300];
		int r = try_host(c, h);

		if (r == 0 || r == KEEPER_SESSION_EXPIRED)
			return r;
		snprintf(server, sizeof(server), "%s:%d", h->host, h->port);
		complain(c, server, java_reason(r) ? java_reason(r) : strerror(-r));
		c->next_host = (c->next_host + 1) % c->hosts_n;
		keeper_connection_lose(c, NULL);
	}
	return KEEPER_CONNECTION_LOSS;
}

void keeper_connection_lose(struct keeper *c, const char *why)
{
	if (why)
		complain(c, c->hosts[c->next_host].host, why);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (c->state == KEEPER_CLIENT_CONNECTED)
		c->state = KEEPER_CLIENT_CONNECTING;
	c->lost = true;
}
