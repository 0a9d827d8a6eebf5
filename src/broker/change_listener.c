/* change_listener.c - the generic notification mechanism of zookeeper.md 2.8 (ZkNodeChangeNotificationListener). */
#define LOG_CLASS "kafka.common.ZkNodeChangeNotificationListener"

#include "broker/change_listener.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/logger.h"
#include "base/str.h"
#include "zk/batch.h"
#include "zk/session.h"

#define EXPIRES_MS (INT64_C(15) * 60 * 1000)
#define RETRY_MS 1000

struct change_listener {
	struct change_listener_config c;
	struct lock lock; /* guards wanted, renewed and stop */
	struct cond cond;
	bool wanted, stop;
	bool renewed;	/* a new session has to be caught up with */
	int64_t parent; /* czxid of the node whose children are followed */
	int64_t last;	/* number of the last announcement handed on */
	struct zk_watch children;
	struct zk_watch deleted; /* the node itself, a watch on its children is not told */
	struct zk_listener session;
	pthread_t thread;
};

static void want_run(struct change_listener *l)
{
	lock_take(&l->lock);
	l->wanted = true;
	cond_signal(&l->cond);
	lock_release(&l->lock);
}

static void on_change(struct zk_watch *w, enum zk_event event)
{
	(void)event;
	want_run(w->arg);
}

static void set_renewed(struct change_listener *l, bool renewed)
{
	lock_take(&l->lock);
	l->renewed = renewed;
	lock_release(&l->lock);
}

static void on_new_session(struct zk_listener *l)
{
	set_renewed(l->arg, true);
	want_run(l->arg);
}

static bool number_of(const struct change_listener *l, const char *name, int64_t *ret)
{
	size_t n = strlen(l->c.prefix);

	return !strncmp(name, l->c.prefix, n) && str_to_i64(str_of(name + n), 0, INT32_MAX, ret);
}

static int process_new(struct change_listener *l, char **names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct zk_value v = ZK_VALUE_INIT;
		int64_t number;
		int r;

		if (!number_of(l, names[i], &number) || number <= l->last)
			continue;
		r = zk_get(l->c.zk, &v, "%s/%s", l->c.path, names[i]);
		if (r < 0)
			return FAIL(r);
		if (r == 0)
			l->c.process(l->c.arg, v.data, v.len);
		else if (r != ZK_NO_NODE) /* gone: another broker purged it */
			log_error("Error reading notification %s/%s: %s", l->c.path, names[i],
				zk_code_text(r));
		zk_value_fini(&v);
		l->last = number;
	}
	return 0;
}

/* Every broker purges, and only while it handles a run. */
static int purge_old(struct change_listener *l, char **names, size_t n)
{
	int64_t now = clock_wall_ms(l->c.clock);

	for (size_t i = 0; i < n; i++) {
		struct zk_stat st;
		int r = zk_exists(l->c.zk, &st, "%s/%s", l->c.path, names[i]);

		if (r == 0 && now - st.ctime_ms > EXPIRES_MS) {
			log_debug("Purging change notification %s", names[i]);
			r = zk_delete(l->c.zk, ZK_ANY_VERSION, "%s/%s", l->c.path, names[i]);
		}
		if (r < 0)
			return FAIL(r);
	}
	return 0;
}

static int catch_up(struct change_listener *l)
{
	bool renewed;
	int r;

	lock_take(&l->lock);
	renewed = l->renewed;
	l->renewed = false;
	lock_release(&l->lock);
	if (!renewed)
		return 0;
	r = l->c.catch_up(l->c.arg);
	if (r < 0)
		set_renewed(l, true);
	return r < 0 ? FAIL(r) : 0;
}

/* Somebody may have deleted the node, and its children's numbers begin anew. */
static int look_at_parent(struct change_listener *l)
{
	struct zk_stat st;
	int r;

	while ((r = zk_exists(l->c.zk, &st, "%s", l->c.path)) == ZK_NO_NODE) {
		r = zk_make_path(l->c.zk, "%s", l->c.path);
		if (r)
			break;
	}
	if (r)
		return r > 0 ? FAIL(-EPROTO) : FAIL(r);
	if (l->parent && l->parent != st.czxid) {
		log_warn("%s was deleted and made again, all in it is new", l->c.path);
		l->last = -1;
	}
	l->parent = st.czxid;
	return 0;
}

static int list(struct change_listener *l, char ***ret, size_t *ret_n)
{
	int r;

	do {
		r = look_at_parent(l);
		if (r == 0)
			r = zk_children(l->c.zk, ret, ret_n, "%s", l->c.path); /* sets the watch again */
	} while (r == ZK_NO_NODE); /* deleted in between */
	if (r > 0) {
		log_error("Error listing %s: %s", l->c.path, zk_code_text(r));
		return FAIL(-EPROTO); /* not watched then */
	}
	return r < 0 ? FAIL(r) : 0;
}

static int run(struct change_listener *l)
{
	char **names;
	size_t n;
	int r = catch_up(l);

	if (r == 0)
		r = list(l, &names, &n);
	if (r < 0)
		return FAIL(r);
	r = process_new(l, names, n);
	if (r == 0)
		r = purge_old(l, names, n);
	zk_names_free(names, n);
	return r;
}

/* Waits for a reason to run, at most `retry_ms` when that is not 0. False: stop. */
static bool wait_for_reason(struct change_listener *l, int64_t retry_ms)
{
	int64_t deadline = clock_mono_ms(&clock_real) + retry_ms;
	bool go;

	lock_take(&l->lock);
	while (!l->stop && !l->wanted) {
		if (retry_ms == 0)
			lock_wait(&l->lock, &l->cond);
		else if (!lock_wait_until(&l->lock, &l->cond, deadline))
			break;
	}
	l->wanted = false;
	go = !l->stop;
	lock_release(&l->lock);
	return go;
}

static void *thread_main(void *arg)
{
	struct change_listener *l = arg;
	int64_t retry_ms = 0;

	log_info("[%s-event-process-thread]: Starting", l->c.path);
	while (wait_for_reason(l, retry_ms)) {
		char text[256];
		int r = run(l);

		retry_ms = 0;
		if (r == -ESHUTDOWN)
			break;
		if (r == -ESTALE)
			continue; /* the new session asks for a run */
		if (r < 0) {
			log_warn("Error while processing notification change for path = %s: %s, "
				 "tried again in a second",
				l->c.path, error_text(r, text, sizeof(text)));
			retry_ms = RETRY_MS;
		}
	}
	log_info("[%s-event-process-thread]: Stopped", l->c.path);
	return NULL;
}

int change_listener_start(const struct change_listener_config *c, struct change_listener **ret)
{
	struct change_listener *l = xcalloc(1, sizeof(*l));
	int r;

	l->c = *c;
	l->last = -1;
	l->wanted = true;
	lock_init(&l->lock, RANK_QUEUE, "change listener");
	cond_init(&l->cond);
	l->children.fired = l->deleted.fired = on_change;
	l->children.arg = l->deleted.arg = l;
	l->session.after_new_session = on_new_session;
	l->session.arg = l;
	zk_session_watch(c->zk, &l->children, ZK_WATCH_CHILDREN, c->path);
	zk_session_watch(c->zk, &l->deleted, ZK_WATCH_DATA, c->path);
	zk_session_listen(c->zk, &l->session);
	r = pthread_create(&l->thread, NULL, thread_main, l);
	if (r) {
		zk_session_unlisten(c->zk, &l->session);
		zk_session_unwatch(c->zk, &l->children);
		zk_session_unwatch(c->zk, &l->deleted);
		cond_fini(&l->cond);
		lock_fini(&l->lock);
		free(l);
		return FAIL(-r);
	}
	pthread_setname_np(l->thread, "changes");
	*ret = l;
	return 0;
}

struct change_listener *change_listener_stop(struct change_listener *l)
{
	if (!l)
		return NULL;
	lock_take(&l->lock);
	l->stop = true;
	cond_signal(&l->cond);
	lock_release(&l->lock);
	pthread_join(l->thread, NULL);
	zk_session_unlisten(l->c.zk, &l->session);
	zk_session_unwatch(l->c.zk, &l->children);
	zk_session_unwatch(l->c.zk, &l->deleted);
	cond_fini(&l->cond);
	lock_fini(&l->lock);
	free(l);
	return NULL;
}
