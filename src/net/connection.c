/* connection.c - one connection as a small state machine, driven by conn_step on its loop.
 *
 *   READING     a frame is being received                          -> PROCESSING (frame complete)
 *   PROCESSING  the handler has the request; nothing is read       -> WRITING (reply), THROTTLED or READING (done)
 *   WRITING     the response is leaving                            -> THROTTLED or READING
 *   THROTTLED   muted until the throttle time is over              -> READING
 *   CLOSED      off its loop; only counted references keep it      (final)
 *
 * The handler ends a request from any thread by leaving an `ending` in the connection and posting its message; there
 * is one request at a time, so there is one message. When the handler ends it within on_frame, the message is saved:
 * conn_step sees the ending when on_frame returns, so pipelined requests run in a loop, not in a recursion.
 *
 * Receiving: up to AHEAD bytes are read into a stack buffer (header, small requests, the start of large ones), the rest
 * of a large frame goes straight into its buffer. Bytes read beyond a frame wait in `ahead`.
 */
#include "net/connection.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/server_priv.h"

#define LOG_CLASS "org.apache.kafka.common.network.Selector"
#include "base/logger.h"

enum {
	AHEAD = 1024,		   /* bytes of speculative reading */
	FRAME_FIRST = 256 * 1024,  /* first allocation for a larger frame; grows with what arrives */
	STEP_FRAMES = 32,	   /* requests served per wake-up before others get their turn */
	STEP_BYTES = 1024 * 1024 + 65536, /* moved per wake-up, each way: the usual largest fetch in one go */
	GATHER = 16,		   /* memory pieces per sendmsg */
};

enum conn_state { CONN_READING, CONN_PROCESSING, CONN_WRITING, CONN_THROTTLED, CONN_CLOSED };
enum ending { ENDING_NONE, ENDING_REPLY, ENDING_DONE, ENDING_CLOSE };

struct connection {
	atomic_int refs;
	struct net_thread *thread;
	int fd;
	enum conn_state state; /* loop only */
	atomic_bool open;
	bool delivering; /* loop only: on_frame is running */
	bool ended;	 /* loop only: `ending` may be applied */
	bool starved;	 /* loop only: on thread->starved */
	int armed;	 /* events asked of libev */
	ev_io io;
	ev_timer throttle;
	struct list link, starved_link;
	double active_at; /* loop time of the last traffic */

	uint8_t size_bytes[4];
	unsigned size_have;
	struct buf *frame;
	size_t frame_size;
	int64_t charged; /* to server->queued_bytes, until the request ends */
	uint8_t *ahead;
	uint32_t ahead_at, ahead_len;

	struct chain out;
	size_t out_i, out_at;

	struct loop_msg msg;
	enum ending ending; /* the handler's until `ended`, then the loop's; so are out, throttle_ms, why */
	int32_t throttle_ms;
	const char *why;

	struct sockaddr_storage addr;
	struct listener *listener; /* counted */
	char *software_name, *software_version;
	char peer[56], host[48];
	char id[128];
	uint64_t serial;
};

static void conn_step(struct connection *c);

/* --- references and accessors --- */

struct connection *connection_ref(struct connection *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

struct connection *connection_unref(struct connection *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	assert(c->state == CONN_CLOSED);
	chain_fini(&c->out);
	listener_unref(c->listener);
	free(c->software_name);
	free(c->software_version);
	free(c);
	return NULL;
}

bool connection_is_open(const struct connection *c)
{
	return atomic_load_explicit(&c->open, memory_order_relaxed);
}

const char *connection_listener(const struct connection *c)
{
	return c->listener->name;
}

const char *connection_peer(const struct connection *c)
{
	return c->peer;
}

const char *connection_peer_host(const struct connection *c)
{
	return c->host;
}

uint64_t connection_serial(const struct connection *c)
{
	return c->serial;
}

struct loop *connection_loop(const struct connection *c)
{
	return c->thread->loop;
}

void connection_set_software(struct connection *c, struct str name, struct str version)
{
	free(c->software_name);
	free(c->software_version);
	c->software_name = str_dup(name);
	c->software_version = str_dup(version);
}

const char *connection_software_name(const struct connection *c)
{
	return c->software_name ? c->software_name : "unknown";
}

const char *connection_software_version(const struct connection *c)
{
	return c->software_version ? c->software_version : "unknown";
}

/* --- the end of a request, from any thread --- */

static void on_ending(struct loop_msg *m)
{
	struct connection *c = CONTAINER_OF(m, struct connection, msg);

	c->ended = true;
	if (c->state == CONN_CLOSED)
		chain_fini(&c->out);
	else
		conn_step(c);
	connection_unref(c);
}

static void conn_end(struct connection *c, enum ending ending)
{
	assert(c->ending == ENDING_NONE);
	c->ending = ending;
	if (loop_is_here(c->thread->loop) && c->delivering) {
		c->ended = true;
		return;
	}
	connection_ref(c);
	c->msg.run = on_ending;
	loop_post(c->thread->loop, &c->msg);
}

void connection_reply(struct connection *c, struct chain *chain, int32_t throttle_ms)
{
	c->out = *chain;
	*chain = (struct chain){ 0 };
	c->throttle_ms = throttle_ms;
	conn_end(c, ENDING_REPLY);
}

void connection_done(struct connection *c, int32_t throttle_ms)
{
	c->throttle_ms = throttle_ms;
	conn_end(c, ENDING_DONE);
}

void connection_close(struct connection *c, const char *why)
{
	c->why = why;
	conn_end(c, ENDING_CLOSE);
}

/* --- on the loop --- */

static void conn_active(struct connection *c)
{
	struct net_thread *t = c->thread;

	c->active_at = ev_now(loop_ev(t->loop));
	list_remove(&c->link);
	list_append(&t->connections, &c->link);
}

static void conn_arm(struct connection *c, int events)
{
	struct ev_loop *ev = loop_ev(c->thread->loop);

	if (c->armed == events)
		return;
	ev_io_stop(ev, &c->io);
	if (events) {
		ev_io_set(&c->io, c->fd, events);
		ev_io_start(ev, &c->io);
	}
	c->armed = events;
}

static void conn_unstarve(struct connection *c)
{
	if (!c->starved)
		return;
	c->starved = false;
	list_remove(&c->starved_link);
	atomic_fetch_sub(&c->thread->server->starved, 1);
}

static void conn_discharge(struct connection *c)
{
	int64_t charged = c->charged;

	c->charged = 0;
	if (charged)
		server_discharge(c->thread->server, charged);
}

static void conn_close(struct connection *c)
{
	struct net_thread *t = c->thread;
	struct ev_loop *ev = loop_ev(t->loop);
	enum conn_state was = c->state;

	assert(was != CONN_CLOSED);
	c->state = CONN_CLOSED;
	atomic_store_explicit(&c->open, false, memory_order_relaxed);
	conn_arm(c, 0);
	ev_timer_stop(ev, &c->throttle);
	conn_unstarve(c);
	list_remove(&c->link);
	(void)close(c->fd);
	c->fd = -1;
	c->frame = buf_unref(c->frame);
	if (was == CONN_WRITING)
		chain_fini(&c->out); /* in PROCESSING it is still the handler's */
	free(c->ahead);
	c->ahead = NULL;
	conn_discharge(c);
	connection_quotas_release(t->server->quotas, &c->listener->quota, &c->addr);
	server_connection_gone(t->server);
	connection_unref(c);
}

/* One line for a connection that we close, at most a few a second: a client must not fill our log. */
static void log_closing(const struct connection *c, const char *why)
{
	static atomic_long second, lines;
	long now = (long)ev_now(loop_ev(c->thread->loop));

	if (atomic_exchange(&second, now) != now)
		atomic_store(&lines, 0);
	if (atomic_fetch_add(&lines, 1) >= 5)
		return;
	log_warn("[SocketServer listenerType=ZK_BROKER, nodeId=%d] Unexpected error from /%s "
		 "(channelId=%s); closing connection: %s", c->thread->server->config.broker_id, c->host, c->id, why);
}

/* --- receiving --- */

/* A frame begins: checks its size and finds memory. 0, 1 when it has to wait for memory, -errno. */
static int frame_begin(struct connection *c)
{
	struct server *s = c->thread->server;
	uint32_t raw;
	char why[96];

	memcpy(&raw, c->size_bytes, 4);
	raw = be32toh(raw);
	if (raw > (uint32_t)s->config.request_max_bytes) {
		snprintf(why, sizeof(why), "Invalid receive (size = %d larger than %d)", (int32_t)raw,
		    s->config.request_max_bytes);
		log_closing(c, why);
		return -EMSGSIZE;
	}
	if (s->config.queued_max_bytes > 0 && atomic_load(&s->queued_bytes) >= s->config.queued_max_bytes)
		return 1;
	c->frame_size = raw;
	c->frame = buf_new(MIN(raw, (size_t)FRAME_FIRST));
	if (!c->frame)
		return FAIL(-ENOMEM);
	c->charged = raw;
	atomic_fetch_add(&s->queued_bytes, c->charged);
	return 0;
}

/* Room at the end of the frame for at least one byte. */
static int frame_room(struct connection *c)
{
	if (c->frame->len < c->frame->cap)
		return 0;
	return buf_reserve(c->frame, MIN(c->frame_size, c->frame->cap * 4)) ? 0 : FAIL(-ENOMEM);
}

static bool frame_complete(const struct connection *c)
{
	return c->frame && c->frame->len == c->frame_size;
}

/* Feeds bytes into size and frame; *used tells how many. 1 when starved, 0, -errno. */
static int consume(struct connection *c, const uint8_t *p, size_t n, size_t *used)
{
	size_t at = 0, k;
	int r;

	while (c->size_have < 4 && at < n)
		c->size_bytes[c->size_have++] = p[at++];
	*used = at;
	if (c->size_have < 4)
		return 0;
	if (!c->frame) {
		r = frame_begin(c);
		if (r)
			return r;
	}
	while (at < n && !frame_complete(c)) {
		r = frame_room(c);
		if (r < 0)
			return r;
		k = MIN(n - at, c->frame->cap - c->frame->len);
		k = MIN(k, c->frame_size - c->frame->len);
		memcpy(c->frame->data + c->frame->len, p + at, k);
		c->frame->len += k;
		at += k;
	}
	*used = at;
	return 0;
}

static void stash(struct connection *c, const uint8_t *p, size_t n)
{
	if (!n)
		return;
	assert(!c->ahead_len && n <= AHEAD);
	if (!c->ahead)
		c->ahead = xmalloc(AHEAD);
	memcpy(c->ahead, p, n);
	c->ahead_at = 0;
	c->ahead_len = (uint32_t)n;
}

static int consume_ahead(struct connection *c)
{
	size_t used = 0;
	int r;

	if (!c->ahead_len)
		return 0;
	r = consume(c, c->ahead + c->ahead_at, c->ahead_len, &used);
	c->ahead_at += (uint32_t)used;
	c->ahead_len -= (uint32_t)used;
	if (!c->ahead_len) {
		free(c->ahead);
		c->ahead = NULL;
	}
	return r;
}

/* One recv: straight into a large frame, otherwise through the stack. Bytes, 0 when it would block, -errno. */
static ssize_t receive_some(struct connection *c, bool *starved)
{
	uint8_t small[AHEAD];
	size_t used = 0;
	ssize_t n;
	int r;

	if (c->frame && c->frame_size - c->frame->len >= AHEAD) {
		r = frame_room(c);
		if (r < 0)
			return r;
		n = recv(c->fd, c->frame->data + c->frame->len, MIN(c->frame->cap, c->frame_size) - c->frame->len, 0);
		if (n > 0)
			c->frame->len += (size_t)n;
	} else {
		n = recv(c->fd, small, sizeof(small), 0);
		if (n > 0) {
			r = consume(c, small, (size_t)n, &used);
			if (r < 0)
				return r;
			*starved = r == 1;
			stash(c, small + used, (size_t)n - used);
		}
	}
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return n ? n : -ECONNRESET;
}

/* 1 a frame is complete, 0 wait for more (readable or memory), -errno gone or malformed. */
static int receive(struct connection *c)
{
	int r = consume_ahead(c);
	bool starved;
	size_t total = 0;
	ssize_t n;

	if (r == 0 && c->size_have == 4 && !c->frame)
		r = frame_begin(c); /* it was starved before */
	if (r < 0)
		return r;
	starved = r == 1;
	while (!frame_complete(c) && !starved) {
		if (total >= STEP_BYTES)
			return 0;
		n = receive_some(c, &starved);
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		total += (size_t)n;
	}
	if (total)
		conn_active(c);
	if (starved && !c->starved) {
		c->starved = true;
		list_append(&c->thread->starved, &c->starved_link);
		atomic_fetch_add(&c->thread->server->starved, 1);
	}
	return frame_complete(c);
}

/* --- sending --- */

static ssize_t send_memory(struct connection *c)
{
	struct iovec iov[GATHER];
	struct msghdr msg = { .msg_iov = iov };
	size_t i = c->out_i, at = c->out_at;
	ssize_t n;

	for (; i < c->out.n && c->out.v[i].buf && msg.msg_iovlen < GATHER; i++, at = 0) {
		struct piece *p = &c->out.v[i];

		iov[msg.msg_iovlen++] = (struct iovec){ p->buf->data + p->at + at, p->len - at };
	}
	n = sendmsg(c->fd, &msg, MSG_NOSIGNAL | (i < c->out.n ? MSG_MORE : 0));
	return n < 0 ? -errno : n;
}

static ssize_t send_file(struct connection *c)
{
	struct piece *p = &c->out.v[c->out_i];
	off_t at = (off_t)(p->at + (int64_t)c->out_at);
	ssize_t n = sendfile(c->fd, p->file->fd, &at, MIN(p->len - c->out_at, (size_t)STEP_BYTES));

	if (n < 0)
		return -errno;
	return n ? n : -ENODATA; /* the file shrank under us: the frame cannot be completed */
}

static void sent(struct connection *c, size_t n)
{
	while (n) {
		struct piece *p = &c->out.v[c->out_i];
		size_t k = MIN(n, p->len - c->out_at);

		c->out_at += k;
		n -= k;
		if (c->out_at == p->len) {
			c->out_i++;
			c->out_at = 0;
		}
	}
	while (c->out_i < c->out.n && c->out_at == c->out.v[c->out_i].len) {
		c->out_i++; /* empty pieces */
		c->out_at = 0;
	}
}

/* 1 all sent, 0 blocked or it is others' turn, -errno. */
static int transmit(struct connection *c)
{
	size_t total = 0;
	ssize_t n;

	sent(c, 0);
	while (c->out_i < c->out.n) {
		if (total >= STEP_BYTES)
			break;
		n = c->out.v[c->out_i].buf ? send_memory(c) : send_file(c);
		if (n == -EAGAIN || n == -EINTR)
			break;
		if (n < 0)
			return (int)n;
		sent(c, (size_t)n);
		total += (size_t)n;
	}
	if (total)
		conn_active(c);
	if (c->out_i < c->out.n)
		return 0;
	chain_fini(&c->out);
	c->out_i = c->out_at = 0;
	return 1;
}

/* --- the machine --- */

static void deliver(struct connection *c)
{
	struct server *s = c->thread->server;
	struct buf *frame = TAKE(c->frame);

	c->size_have = 0;
	c->state = CONN_PROCESSING;
	c->delivering = true;
	s->config.on_frame(s->config.arg, c, frame);
	c->delivering = false;
}

/* The request is over: reads on, after the throttle time if there is one. */
static void conn_unmute(struct connection *c)
{
	struct ev_loop *ev = loop_ev(c->thread->loop);
	int32_t throttle_ms = c->throttle_ms;

	c->throttle_ms = 0;
	if (throttle_ms > 0) {
		c->state = CONN_THROTTLED;
		ev_timer_set(&c->throttle, throttle_ms / 1000.0, 0);
		ev_timer_start(ev, &c->throttle);
	} else {
		c->state = CONN_READING;
	}
}

/* Applies what the handler left. False when the connection is closed now. */
static bool conn_apply_ending(struct connection *c)
{
	enum ending ending = c->ending;

	assert(ending != ENDING_NONE);
	c->ending = ENDING_NONE;
	c->ended = false;
	conn_discharge(c);
	switch (ending) {
	case ENDING_REPLY:
		c->state = CONN_WRITING;
		return true;
	case ENDING_DONE:
		conn_unmute(c);
		return true;
	case ENDING_CLOSE:
		if (c->why)
			log_closing(c, c->why);
		break;
	case ENDING_NONE:
		break;
	}
	conn_close(c);
	return false;
}

/* One transition. True to go on, false when it waits or is closed. */
static bool conn_turn(struct connection *c, unsigned *frames)
{
	int r;

	switch (c->state) {
	case CONN_READING:
		if (c->thread->stopping) {
			conn_close(c);
			return false;
		}
		r = c->starved ? 0 : receive(c);
		if (r < 0) {
			conn_close(c);
			return false;
		}
		if (r == 0) {
			conn_arm(c, c->starved ? 0 : EV_READ);
			return false;
		}
		deliver(c);
		(*frames)++;
		return true;
	case CONN_PROCESSING:
		if (c->ended)
			return conn_apply_ending(c);
		conn_arm(c, 0);
		return false;
	case CONN_WRITING:
		r = transmit(c);
		if (r < 0) {
			conn_close(c);
			return false;
		}
		if (r == 0) {
			conn_arm(c, EV_WRITE);
			return false;
		}
		conn_unmute(c);
		return true;
	case CONN_THROTTLED:
		conn_arm(c, 0);
		return false;
	case CONN_CLOSED:
		break;
	}
	return false;
}

static void conn_step(struct connection *c)
{
	unsigned frames = 0;

	while (conn_turn(c, &frames)) {
		if (frames < STEP_FRAMES || c->state != CONN_READING)
			continue;
		conn_arm(c, EV_READ); /* others first; bytes may wait in `ahead`, where epoll does not see them */
		ev_feed_event(loop_ev(c->thread->loop), &c->io, EV_READ);
		return;
	}
}

static void on_io(struct ev_loop *ev UNUSED, ev_io *w, int events UNUSED)
{
	conn_step(w->data);
}

static void on_throttle_over(struct ev_loop *ev UNUSED, ev_timer *w, int events UNUSED)
{
	struct connection *c = w->data;

	c->state = CONN_READING;
	conn_step(c);
}

/* --- birth, idleness, shutdown --- */

static void idle_arm(struct net_thread *t)
{
	struct ev_loop *ev = loop_ev(t->loop);
	struct connection *first = list_first(&t->connections, struct connection, link);
	double after;

	if (!first || t->server->config.idle_ms <= 0 || ev_is_active(&t->idle))
		return;
	after = first->active_at + (double)t->server->config.idle_ms / 1000.0 - ev_now(ev);
	ev_timer_set(&t->idle, MAX(after, 0.01), 0);
	ev_timer_start(ev, &t->idle);
}

static void on_idle(struct ev_loop *ev, ev_timer *w, int events UNUSED)
{
	struct net_thread *t = w->data;
	double limit = ev_now(ev) - (double)t->server->config.idle_ms / 1000.0;
	struct connection *c, *tmp;

	list_foreach_safe(c, tmp, &t->connections, link) {
		if (c->active_at > limit)
			break;
		if (c->state == CONN_PROCESSING || c->state == CONN_THROTTLED)
			conn_active(c); /* busy on our side, not idle */
		else
			conn_close(c);
	}
	idle_arm(t);
}

static void on_adopt(struct loop_msg *m)
{
	struct connection *c = CONTAINER_OF(m, struct connection, msg);

	ev_io_init(&c->io, on_io, c->fd, EV_READ);
	c->io.data = c;
	ev_timer_init(&c->throttle, on_throttle_over, 0, 0);
	c->throttle.data = c;
	conn_active(c);
	idle_arm(c->thread);
	conn_step(c);
}

static void conn_describe(struct connection *c, uint64_t index)
{
	struct sockaddr_storage local = { 0 };
	socklen_t len = sizeof(local);
	char host[48] = "";

	sockaddr_host(&c->addr, c->host, sizeof(c->host));
	snprintf(c->peer, sizeof(c->peer), "%s:%d", c->host, sockaddr_port(&c->addr));
	if (getsockname(c->fd, (struct sockaddr *)&local, &len) == 0)
		sockaddr_host(&local, host, sizeof(host));
	snprintf(c->id, sizeof(c->id), "%s:%d-%s-%llu", host, sockaddr_port(&local), c->peer,
	    (unsigned long long)index);
}

static void socket_options(int fd, const struct server_config *config)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (config->send_buffer_bytes > 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &config->send_buffer_bytes, sizeof(int));
}

void connection_new(struct net_thread *t, int fd, const struct sockaddr_storage *peer, struct listener *l,
    uint64_t index)
{
	struct connection *c = xcalloc(1, sizeof(*c));

	atomic_init(&c->refs, 1);
	atomic_init(&c->open, true);
	c->thread = t;
	c->fd = fd;
	c->addr = *peer;
	c->listener = listener_ref(l);
	list_init(&c->link);
	list_init(&c->starved_link);
	socket_options(fd, &t->server->config);
	conn_describe(c, index);
	c->serial = index + 1;
	c->msg.run = on_adopt;
	loop_post(t->loop, &c->msg);
}

void connections_init(struct net_thread *t)
{
	list_init(&t->connections);
	list_init(&t->starved);
	ev_timer_init(&t->idle, on_idle, 0, 0);
	t->idle.data = t;
}

void connections_stop(struct net_thread *t)
{
	struct connection *c, *tmp;

	t->stopping = true;
	list_foreach_safe(c, tmp, &t->connections, link) {
		if (c->state == CONN_READING || c->state == CONN_THROTTLED)
			conn_close(c);
	}
}

void connections_kill(struct net_thread *t, const struct listener *l)
{
	struct connection *c, *tmp;

	list_foreach_safe(c, tmp, &t->connections, link) {
		if (!l || c->listener == l)
			conn_close(c);
	}
	if (list_empty(&t->connections))
		ev_timer_stop(loop_ev(t->loop), &t->idle);
}

bool connections_shed(struct net_thread *t)
{
	struct connection *c;

	list_foreach(c, &t->connections, link) {
		if (connection_quotas_protects(t->server->quotas, &c->listener->quota))
			continue;
		conn_close(c);
		return true;
	}
	return false;
}

void connections_feed(struct net_thread *t)
{
	struct list ready;

	list_init(&ready);
	list_splice(&ready, &t->starved);
	while (!list_empty(&ready)) {
		struct connection *c = list_first(&ready, struct connection, starved_link);

		conn_unstarve(c);
		conn_step(c);
	}
}
