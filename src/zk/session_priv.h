/* session_priv.h - the layout of a session, for session.c (its life) and session_ops.c (its operations). */
#ifndef ZK_SESSION_PRIV_H
#define ZK_SESSION_PRIV_H

#include <pthread.h>
#include <zookeeper/zookeeper.h>

#include "base/lock.h"
#include "zk/session.h"

#define SESSION_MAGIC 0x5a4b5345u

struct zk_session {
	uint32_t magic;
	struct zk_config config; /* strings owned */
	struct lock lock;	 /* everything below */
	struct cond changed;	 /* state, firing, walking, stopping */
	zhandle_t *zh;
	enum zk_state state;
	bool stopping, aborted;
	struct list waiting, again, sent;
	int32_t in_flight;
	struct list watches;
	struct zk_watch *firing; /* its `fired` is running */
	struct list listeners;
	bool walking; /* listeners are being called */
	pthread_t thread;
};

/* What the library needs to keep of a multi until it is answered. */
struct zk_wire {
	zoo_op_t *ops;
	zoo_op_result_t *results;
	struct Stat *stats;
};

/* session_ops.c. Answered operations are collected in `done` under the lock, and handed out by deliver after it. */
void session_pump(struct zk_session *s, struct list *done);	      /* Locks: s->lock held. Sends what the cap allows. */
void session_fail_unsent(struct zk_session *s, int rc, struct list *done); /* Locks: s->lock held. */
void session_deliver(struct list *done);			      /* Locks: none held. */
/* session.c: the watcher of the library. */
void session_library_event(zhandle_t *zh, int type, int state, const char *path, void *arg);

#endif
