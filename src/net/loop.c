/* loop.c - the mailbox is a locked list and an ev_async; the loop takes the whole list at once, so a post costs one
 * uncontended lock, and one wake-up covers all that was posted meanwhile. */
#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/lock.h"

struct loop {
	struct ev_loop *ev;
	ev_async wake;
	struct lock lock; /* guards mail, stop */
	struct list mail;
	bool stop;
	bool running;
	pthread_t thread;
	char name[16];
};

static _Thread_local const struct loop *current; /* the loop this thread runs */

static bool run_mail(struct loop *l)
{
	struct list mail;
	bool stop;

	list_init(&mail);
	lock_take(&l->lock);
	list_splice(&mail, &l->mail);
	stop = l->stop;
	lock_release(&l->lock);
	while (!list_empty(&mail)) {
		struct loop_msg *m = list_first(&mail, struct loop_msg, link);

		list_remove(&m->link);
		m->run(m);
	}
	return stop;
}

static void on_wake(struct ev_loop *ev, ev_async *w, int events UNUSED)
{
	struct loop *l = w->data;

	if (run_mail(l))
		ev_break(ev, EVBREAK_ALL);
}

static void *loop_main(void *arg)
{
	struct loop *l = arg;

	current = l;
	pthread_setname_np(pthread_self(), l->name);
	ev_run(l->ev, 0);
	(void)run_mail(l);
	return NULL;
}

struct loop *loop_new(const char *name)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	l->ev = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	assert(l->ev);
	lock_init(&l->lock, RANK_QUEUE, "loop mailbox");
	list_init(&l->mail);
	ev_async_init(&l->wake, on_wake);
	l->wake.data = l;
	ev_async_start(l->ev, &l->wake);
	strncpy(l->name, name, sizeof(l->name) - 1);
	return l;
}

int loop_start(struct loop *l)
{
	int r;

	assert(!l->running);
	r = pthread_create(&l->thread, NULL, loop_main, l);
	if (r)
		return FAIL(-r);
	l->running = true;
	return 0;
}

void loop_post(struct loop *l, struct loop_msg *m)
{
	bool first;

	lock_take(&l->lock);
	first = list_empty(&l->mail);
	list_append(&l->mail, &m->link);
	lock_release(&l->lock);
	if (first)
		ev_async_send(l->ev, &l->wake);
}

struct call {
	struct loop_msg msg;
	void (*fn)(void *arg);
	void *arg;
	struct lock lock; /* guards done */
	struct cond cond;
	bool done;
};

static void run_call(struct loop_msg *m)
{
	struct call *c = CONTAINER_OF(m, struct call, msg);

	c->fn(c->arg);
	lock_take(&c->lock);
	c->done = true;
	cond_signal(&c->cond);
	lock_release(&c->lock);
}

void loop_call(struct loop *l, void (*fn)(void *arg), void *arg)
{
	struct call c = { .msg.run = run_call, .fn = fn, .arg = arg };

	if (!l->running || loop_is_here(l)) {
		fn(arg);
		return;
	}
	lock_init(&c.lock, RANK_LEAF, "loop call");
	cond_init(&c.cond);
	loop_post(l, &c.msg);
	lock_take(&c.lock);
	while (!c.done)
		lock_wait(&c.lock, &c.cond);
	lock_release(&c.lock);
	cond_fini(&c.cond);
	lock_fini(&c.lock);
}

bool loop_is_here(const struct loop *l)
{
	return current == l;
}

void loop_assert_here(const struct loop *l)
{
	assert(loop_is_here(l));
}

struct ev_loop *loop_ev(struct loop *l)
{
	return l->ev;
}

struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;
	if (l->running) {
		lock_take(&l->lock);
		l->stop = true;
		lock_release(&l->lock);
		ev_async_send(l->ev, &l->wake);
		pthread_join(l->thread, NULL);
		l->running = false;
	} else {
		(void)run_mail(l);
	}
	ev_async_stop(l->ev, &l->wake);
	ev_loop_destroy(l->ev);
	lock_fini(&l->lock);
	free(l);
	return NULL;
}
