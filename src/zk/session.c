/* session.c - the life of a session: opening, expiry and renewal, watches, listeners. Its operations are in
 * session_ops.c.
 *
 * CONNECTING <-> CONNECTED -> EXPIRED (or AUTH_FAILED) -> CONNECTING with a new handle, all but the last step reported
 * by the library's event thread; the last is done by renew() on the session's own thread, because a handle cannot be
 * closed on its own threads.
 *
 * The lock is never held in zookeeper_init2 (resolves names), zookeeper_close (joins threads), or anybody's callback.
 */
#include "zk/session.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "zk/batch.h"
#include "zk/session_priv.h"

#define LOG_CLASS "kafka.zookeeper.ZooKeeperClient"
#include "base/logger.h"

#define RENEW_RETRY_MS	     1000 /* zookeeper.md 3.4 */
#define LIBRARY_LOG_EVERY_MS 5000 /* while ZooKeeper is away the library would log several lines a second */

const char *zk_state_name(enum zk_state state)
{
	switch (state) {
	case ZK_CONNECTING:
		return "CONNECTING";
	case ZK_CONNECTED:
		return "CONNECTED";
	case ZK_EXPIRED:
	case ZK_CLOSED:
		return "CLOSED";
	case ZK_AUTH_FAILED:
		return "AUTH_FAILED";
	}
	return "UNKNOWN";
}

/* ---- watches and events ---- */

void zk_session_watch(struct zk_session *s, struct zk_watch *w, enum zk_watch_kind kind, const char *path)
{
	assert(!w->path);
	w->path = xstrdup(path);
	w->kind = kind;
	w->pending = false;
	lock_take(&s->lock);
	list_append(&s->watches, &w->link);
	lock_release(&s->lock);
}

void zk_session_unwatch(struct zk_session *s, struct zk_watch *w)
{
	if (!w->path)
		return;
	lock_take(&s->lock);
	while (s->firing == w)
		lock_wait(&s->lock, &s->changed);
	list_remove(&w->link);
	lock_release(&s->lock);
	free(w->path);
	w->path = NULL;
}

/* Locks: s->lock held. A watch that wants this event and has not been told yet. */
static struct zk_watch *next_pending(struct zk_session *s)
{
	struct zk_watch *w;

	list_foreach(w, &s->watches, link)
		if (w->pending)
			return w;
	return NULL;
}

static void fire(struct zk_session *s, enum zk_event event, const char *path)
{
	enum zk_watch_kind kind = event == ZK_EVENT_CHILDREN ? ZK_WATCH_CHILDREN : ZK_WATCH_DATA;
	struct zk_watch *w;

	lock_take(&s->lock);
	list_foreach(w, &s->watches, link)
		w->pending = w->kind == kind && strcmp(w->path, path) == 0;
	while ((w = next_pending(s))) {
		w->pending = false;
		s->firing = w;
		lock_release(&s->lock);
		w->fired(w, event);
		lock_take(&s->lock);
		s->firing = NULL;
		cond_broadcast(&s->changed);
	}
	lock_release(&s->lock);
}

/* Locks: s->lock held. */
static void move(struct zk_session *s, enum zk_state to, struct list *done)
{
	/* From these only renew() leads out, with a handle of its own. */
	if (s->state == ZK_EXPIRED || s->state == ZK_AUTH_FAILED || s->state == ZK_CLOSED)
		return;
	s->state = to;
	if (to == ZK_EXPIRED)
		session_fail_unsent(s, -ECONNRESET, done);
	if (to == ZK_AUTH_FAILED)
		session_fail_unsent(s, -EACCES, done);
	session_pump(s, done);
	cond_broadcast(&s->changed);
}

/* ZooKeeper's thread. The session's own events come to the handle's watcher (`path` empty) and, repeated, to each
 * one-shot watcher, where they mean nothing. */
void session_library_event(zhandle_t *zh, int type, int state, const char *path, void *arg)
{
	struct zk_session *s = arg;

	(void)zh;
	(void)state;
	assert(s->magic == SESSION_MAGIC);
	if (type == ZOO_CREATED_EVENT)
		fire(s, ZK_EVENT_CREATED, path);
	else if (type == ZOO_DELETED_EVENT)
		fire(s, ZK_EVENT_DELETED, path);
	else if (type == ZOO_CHANGED_EVENT)
		fire(s, ZK_EVENT_CHANGED, path);
	else if (type == ZOO_CHILD_EVENT)
		fire(s, ZK_EVENT_CHILDREN, path);
}

static void session_event(zhandle_t *zh, int type, int state, const char *path, void *arg)
{
	struct zk_session *s = arg;
	struct list done = LIST_INIT(done);

	assert(s->magic == SESSION_MAGIC);
	if (type != ZOO_SESSION_EVENT) {
		session_library_event(zh, type, state, path, arg);
		return;
	}
	lock_take(&s->lock);
	if (state == ZOO_EXPIRED_SESSION_STATE)
		move(s, ZK_EXPIRED, &done);
	else if (state == ZOO_AUTH_FAILED_STATE)
		move(s, ZK_AUTH_FAILED, &done);
	else if (state == ZOO_CONNECTED_STATE && s->zh)
		move(s, ZK_CONNECTED, &done); /* before s->zh is set, attach() looks at the state */
	else if (state != ZOO_CONNECTED_STATE)
		move(s, ZK_CONNECTING, &done);
	lock_release(&s->lock);
	session_deliver(&done);
}

/* ---- the library's log lines ---- */

static enum log_level library_level(const char *line)
{
	const char *at = strstr(line, ":ZOO_");

	if (!at)
		return LOG_INFO;
	return strncmp(at + 5, "ERROR", 5) == 0 || strncmp(at + 5, "WARN", 4) == 0 ? LOG_WARN :
	    strncmp(at + 5, "INFO", 4) == 0					    ? LOG_INFO :
											      LOG_DEBUG;
}

/* "2026-...:7(0x7f):ZOO_INFO@check_events@2438: initiated connection": the text behind the place. */
static void library_log(const char *line)
{
	static _Atomic int64_t last_warning_ms; /* a race only lets one line more through */
	enum log_level level = library_level(line);
	const char *at = strstr(line, ":ZOO_"), *text = at ? strstr(at, ": ") : NULL;

	if (level == LOG_WARN) {
		int64_t now = clock_mono_ms(&clock_real), last = atomic_load(&last_warning_ms);

		if (last != 0 && now - last < LIBRARY_LOG_EVERY_MS)
			level = LOG_DEBUG;
		else
			atomic_store(&last_warning_ms, now);
	}
	text = text ? text + 2 : line;
	log_to(level, "org.apache.zookeeper.ClientCnxn", "%.*s", (int)strcspn(text, "\n"), text);
}

/* ---- opening, renewing, closing ---- */

static zhandle_t *new_handle(struct zk_session *s)
{
	log_info("[ZooKeeperClient %s] Initializing a new session to %s.", s->config.name, s->config.connect);
	return zookeeper_init2(s->config.connect, session_event, s->config.session_timeout_ms, NULL, s,
	    ZOO_NO_LOG_CLIENTENV, library_log);
}

/* Locks: none held. From now on the handle is used. */
static void attach(struct zk_session *s, zhandle_t *zh)
{
	struct list done = LIST_INIT(done);
	int state;

	lock_take(&s->lock);
	s->zh = zh;
	state = zoo_state(zh); /* it may have connected before we had the handle */
	if (state == ZOO_CONNECTED_STATE)
		move(s, ZK_CONNECTED, &done);
	lock_release(&s->lock);
	session_deliver(&done);
}

/* Locks: none held. */
static void detach(struct zk_session *s)
{
	zhandle_t *zh;

	lock_take(&s->lock);
	zh = TAKE(s->zh);
	lock_release(&s->lock);
	if (zh)
		(void)zookeeper_close(zh); /* answers what was sent with ZCLOSING */
}

static void tell(struct zk_session *s, bool before)
{
	struct zk_listener *l;

	lock_take(&s->lock);
	s->walking = true; /* nobody leaves or joins the list meanwhile */
	lock_release(&s->lock);
	list_foreach(l, &s->listeners, link) {
		void (*fn)(struct zk_listener *) = before ? l->before_new_session : l->after_new_session;

		if (fn)
			fn(l);
	}
	lock_take(&s->lock);
	s->walking = false;
	cond_broadcast(&s->changed);
	lock_release(&s->lock);
}

/* Locks: none held. Waits, unless the session is being closed. */
static bool pause_ms(struct zk_session *s, int64_t ms)
{
	int64_t deadline = clock_mono_ms(&clock_real) + ms;
	bool go_on;

	lock_take(&s->lock);
	while (!s->stopping && lock_wait_until(&s->lock, &s->changed, deadline))
		;
	go_on = !s->stopping;
	lock_release(&s->lock);
	return go_on;
}

/* The order of zookeeper.md 3.4. */
static void renew(struct zk_session *s, enum zk_state why)
{
	zhandle_t *zh;

	if (why == ZK_EXPIRED)
		log_info("[ZooKeeperClient %s] Session expired.", s->config.name);
	else
		log_info("[ZooKeeperClient %s] Reinitializing due to auth failure.", s->config.name);
	if (why == ZK_AUTH_FAILED && !pause_ms(s, RENEW_RETRY_MS))
		return;
	tell(s, true);
	detach(s);
	lock_take(&s->lock);
	if (!s->stopping)
		s->state = ZK_CONNECTING;
	lock_release(&s->lock);
	while (!(zh = new_handle(s))) {
		log_info("[ZooKeeperClient %s] Error when recreating ZooKeeper, retrying after a short sleep",
		    s->config.name);
		if (!pause_ms(s, RENEW_RETRY_MS))
			return;
	}
	attach(s, zh);
	tell(s, false);
}

static void *session_main(void *arg)
{
	struct zk_session *s = arg;
	enum zk_state why;

	(void)pthread_setname_np(pthread_self(), "zk-session");
	for (;;) {
		lock_take(&s->lock);
		while (!s->stopping && s->state != ZK_EXPIRED && s->state != ZK_AUTH_FAILED)
			lock_wait(&s->lock, &s->changed);
		why = s->state;
		if (s->stopping) {
			lock_release(&s->lock);
			return NULL;
		}
		lock_release(&s->lock);
		renew(s, why);
	}
}

static struct zk_session *session_new(const struct zk_config *c)
{
	struct zk_session *s = xcalloc(1, sizeof(*s));

	s->magic = SESSION_MAGIC;
	s->config = *c;
	s->config.connect = xstrdup(c->connect);
	s->config.name = xstrdup(c->name);
	s->config.max_in_flight = MAX(c->max_in_flight, 1);
	lock_init(&s->lock, RANK_QUEUE, "zk session");
	cond_init(&s->changed);
	s->state = ZK_CONNECTING;
	list_init(&s->waiting);
	list_init(&s->again);
	list_init(&s->sent);
	list_init(&s->watches);
	list_init(&s->listeners);
	zoo_set_debug_level(ZOO_LOG_LEVEL_INFO);
	return s;
}

static void session_destroy(struct zk_session *s)
{
	assert(s->in_flight == 0);
	s->magic = 0;
	cond_fini(&s->changed);
	lock_fini(&s->lock);
	free((char *)(uintptr_t)s->config.connect);
	free((char *)(uintptr_t)s->config.name);
	free(s);
}

/* Locks: none held. Gets a handle and waits for it to connect. */
static int first_connection(struct zk_session *s)
{
	int64_t deadline = clock_mono_ms(&clock_real) + s->config.connection_timeout_ms;
	zhandle_t *zh;
	int r = 0;

	/* A host name that does not resolve yet is treated like a host that does not answer yet. */
	while (!(zh = new_handle(s))) {
		if (errno == EINVAL && !strchr(s->config.connect, ':'))
			return -EINVAL;
		if (clock_mono_ms(&clock_real) + RENEW_RETRY_MS > deadline)
			return -ETIMEDOUT;
		(void)pause_ms(s, RENEW_RETRY_MS);
	}
	attach(s, zh);
	log_info("[ZooKeeperClient %s] Waiting until connected.", s->config.name);
	lock_take(&s->lock);
	while (s->state == ZK_CONNECTING && r == 0)
		if (!lock_wait_until(&s->lock, &s->changed, deadline) && s->state == ZK_CONNECTING)
			r = -ETIMEDOUT;
	if (s->state == ZK_AUTH_FAILED)
		r = -EACCES;
	else if (s->state == ZK_EXPIRED)
		r = -ETIMEDOUT;
	lock_release(&s->lock);
	if (r == 0)
		log_info("[ZooKeeperClient %s] Connected.", s->config.name);
	return r;
}

/* The chroot is made through a session of its own that has none (zookeeper.md 1.2). */
static int make_chroot(const struct zk_config *c)
{
	const char *slash = strchr(c->connect, '/');
	struct zk_config plain = *c;
	struct zk_session *s;
	char *hosts;
	int r;

	if (!slash || slash == c->connect || slash[1] == '\0')
		return 0;
	hosts = xstrndup(c->connect, (size_t)(slash - c->connect));
	plain.connect = hosts;
	plain.create_chroot = false;
	r = zk_session_open(&plain, &s);
	if (r == 0) {
		r = zk_make_path(s, "%s", slash);
		s = zk_session_close(s);
	}
	free(hosts);
	return r > 0 ? FAIL(-EPROTO) : r;
}

int zk_session_open(const struct zk_config *c, struct zk_session **ret)
{
	struct zk_session *s;
	int r;

	if (c->create_chroot) {
		r = make_chroot(c);
		if (r < 0)
			return FAIL(r);
	}
	s = session_new(c);
	r = first_connection(s);
	if (r == 0)
		r = -pthread_create(&s->thread, NULL, session_main, s);
	if (r < 0) {
		lock_take(&s->lock);
		s->stopping = true;
		lock_release(&s->lock);
		detach(s);
		session_destroy(s);
		return FAIL(r);
	}
	*ret = s;
	return 0;
}

void zk_session_abort(struct zk_session *s)
{
	struct list done = LIST_INIT(done);

	lock_take(&s->lock);
	s->aborted = true;
	session_fail_unsent(s, -ESHUTDOWN, &done);
	lock_release(&s->lock);
	session_deliver(&done);
}

struct zk_session *zk_session_close(struct zk_session *s)
{
	struct list done = LIST_INIT(done);

	if (!s)
		return NULL;
	log_info("[ZooKeeperClient %s] Closing.", s->config.name);
	lock_take(&s->lock);
	s->stopping = true;
	session_fail_unsent(s, -ESHUTDOWN, &done);
	cond_broadcast(&s->changed);
	lock_release(&s->lock);
	session_deliver(&done);
	(void)pthread_join(s->thread, NULL);
	detach(s);
	log_info("[ZooKeeperClient %s] Closed.", s->config.name);
	session_destroy(s);
	return NULL;
}

/* ---- questions and listeners ---- */

enum zk_state zk_session_state(struct zk_session *s)
{
	enum zk_state state;

	lock_take(&s->lock);
	state = s->state;
	lock_release(&s->lock);
	return state;
}

int64_t zk_session_id(struct zk_session *s, char *passwd)
{
	const clientid_t *id;
	int64_t r = 0;

	lock_take(&s->lock);
	if (s->zh) {
		id = zoo_client_id(s->zh);
		r = id->client_id;
		if (passwd)
			memcpy(passwd, id->passwd, sizeof(id->passwd));
	}
	lock_release(&s->lock);
	return r;
}

int32_t zk_session_timeout_ms(struct zk_session *s)
{
	int32_t r = 0;

	lock_take(&s->lock);
	if (s->zh)
		r = zoo_recv_timeout(s->zh);
	lock_release(&s->lock);
	return r > 0 ? r : s->config.session_timeout_ms;
}

bool zk_session_secure(const struct zk_session *s)
{
	return s->config.set_acl;
}

void zk_session_listen(struct zk_session *s, struct zk_listener *l)
{
	lock_take(&s->lock);
	while (s->walking)
		lock_wait(&s->lock, &s->changed);
	list_append(&s->listeners, &l->link);
	lock_release(&s->lock);
}

void zk_session_unlisten(struct zk_session *s, struct zk_listener *l)
{
	lock_take(&s->lock);
	while (s->walking)
		lock_wait(&s->lock, &s->changed);
	list_remove(&l->link);
	lock_release(&s->lock);
}
