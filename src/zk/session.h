/* session.h - a ZooKeeper session that comes back: connection, expiry, watches, asynchronous operations.
 *
 * One handle of libzookeeper_mt at a time. Operations (struct zk_op) are pipelined up to the in-flight cap,
 * answered in order, and sent again after a lost connection until ZooKeeper answers or the session expires
 * (zookeeper.md 1.3). After an expiry the session is made anew by a thread of its own: listeners are told
 * before, the old handle is closed, a new one opened, listeners are told after. Watches are one-shot: a
 * struct zk_watch says who wants to know; the watch itself is set by every later read of its path (1.4).
 *
 * Owner: the broker's start-up. Thread: every function on any thread, except where said. The library's threads
 * only copy an event and post it.
 * Layer: knows ZooKeeper; nothing of what a znode means.
 */
#ifndef ZK_SESSION_H
#define ZK_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/list.h"
#include "base/worker.h"

struct zk_session;
struct zk_wire;

struct zk_config {
	const char *connect; /* host:port[,host:port...][/chroot] */
	const char *name;    /* in log lines: "Kafka server" */
	int32_t session_timeout_ms;
	int32_t connection_timeout_ms; /* for the first connection */
	int32_t max_in_flight;	       /* unanswered requests; at least 1 */
	bool set_acl;		       /* secure ACLs on created nodes (zookeeper.md 1.6) */
	bool create_chroot;	       /* make the chroot when absent */
};

/* ZooKeeper's answers, as results > 0. Everything else is a -errno:
 *   -ECONNRESET  the session expired while the request waited
 *   -ESHUTDOWN   the session is being closed
 *   -EACCES      authentication failed
 *   -EPROTO      any other failure of the library or the server                            */
#define ZK_CODE_TABLE(X)                                                                           \
	X(NO_NODE, 1, ZNONODE, "NoNode")                                                           \
	X(NODE_EXISTS, 2, ZNODEEXISTS, "NodeExists")                                               \
	X(BAD_VERSION, 3, ZBADVERSION, "BadVersion")                                               \
	X(NOT_EMPTY, 4, ZNOTEMPTY, "NotEmpty")                                                     \
	X(NO_AUTH, 5, ZNOAUTH, "NoAuth")                                                           \
	X(NO_CHILDREN_FOR_EPHEMERALS, 6, ZNOCHILDRENFOREPHEMERALS, "NoChildrenForEphemerals")      \
	X(INVALID_ACL, 7, ZINVALIDACL, "InvalidACL")                                               \
	X(BAD_ARGUMENTS, 8, ZBADARGUMENTS, "BadArguments")                                         \
	X(ROLLED_BACK, 9, ZRUNTIMEINCONSISTENCY, "RuntimeInconsistency")

enum zk_code {
#define X(name, value, code, text) ZK_##name = (value),
	ZK_CODE_TABLE(X)
#undef X
	/* A guarded write was refused because the guard's version moved (batch.h). */
	ZK_GUARD_FAILED = 20,
};

/* "NoNode" for ZK_NO_NODE and so on; "OK" for 0; the errno's text for r < 0. */
const char *zk_code_text(int r);

enum zk_state {
	ZK_CONNECTING,
	ZK_CONNECTED,
	ZK_EXPIRED,
	ZK_AUTH_FAILED,
	ZK_CLOSED,
};
const char *zk_state_name(enum zk_state state);

/* Opens a session and waits until it is connected.
 *   0            *ret is connected
 *   -ETIMEDOUT   no connection within the connection timeout
 *   -EACCES      authentication failed
 *   -EINVAL      the connect string cannot be used                                          */
int zk_session_open(const struct zk_config *c, struct zk_session **ret) MUST_CHECK;
/* Fails what waits with -ESHUTDOWN, closes the session (its ephemeral nodes vanish), frees. Accepts NULL. Not on a
 * thread of ZooKeeper and not in a listener. */
struct zk_session *zk_session_close(struct zk_session *s);
/* From now on every waiting and new operation ends with -ESHUTDOWN; the session itself stays open. Lets a thread
 * that waits for a ZooKeeper that is away be stopped. What was sent ends with its answer, or when the library gives
 * the connection up, at the latest after the session timeout. */
void zk_session_abort(struct zk_session *s);

enum zk_state zk_session_state(struct zk_session *s);
/* The current session's id, 0 while there is none; `passwd` (16 bytes) may be NULL. */
int64_t zk_session_id(struct zk_session *s, char *passwd);
/* Negotiated with the server; the configured one before that. */
int32_t zk_session_timeout_ms(struct zk_session *s);
bool zk_session_secure(const struct zk_session *s); /* zookeeper.set.acl */

/* Told about the life of the session, in order of registration. Called on the session's own thread, which waits
 * meanwhile; a listener may block for a while and may use other sessions, but in before_new_session this one
 * answers -ECONNRESET. Unset functions are skipped. */
struct zk_listener {
	struct list link;
	void (*before_new_session)(struct zk_listener *l);
	void (*after_new_session)(struct zk_listener *l);
	void *arg;
};
void zk_session_listen(struct zk_session *s, struct zk_listener *l);
/* When it returns the listener is not running and will not run. Not in a listener. */
void zk_session_unlisten(struct zk_session *s, struct zk_listener *l);

enum zk_watch_kind {
	ZK_WATCH_DATA,	   /* set by exists (absent nodes too) and by get (present nodes only) */
	ZK_WATCH_CHILDREN, /* set by children */
};

enum zk_event {
	ZK_EVENT_CREATED,
	ZK_EVENT_DELETED,
	ZK_EVENT_CHANGED,
	ZK_EVENT_CHILDREN,
};

/* Who wants to hear of a path. `fired` runs on ZooKeeper's thread: it copies and posts, nothing else; it must
 * not call this header. Never rely on the event's content, re-read (zookeeper.md 8.12). */
struct zk_watch {
	struct list link; /* private */
	char *path;	  /* private copy */
	enum zk_watch_kind kind;
	void (*fired)(struct zk_watch *w, enum zk_event event);
	void *arg;
	bool pending; /* private */
};
/* Registers only; the next read of the path sets the watch. Survives expiry (read again to set it). */
void zk_session_watch(struct zk_session *s, struct zk_watch *w, enum zk_watch_kind kind, const char *path);
/* When it returns `fired` is not running and will not run. Harmless on a zeroed or removed watch. */
void zk_session_unwatch(struct zk_session *s, struct zk_watch *w);

/* Where the completion of an asynchronous operation runs: something that takes jobs, e.g. a worker pool. */
struct zk_executor {
	void (*submit)(void *arg, struct job *job);
	void *arg;
};

struct zk_stat {
	int64_t czxid, mzxid, pzxid;
	int64_t ctime_ms, mtime_ms;
	int64_t ephemeral_owner; /* session id, 0: persistent */
	int32_t version, child_version, children;
};

enum zk_op_kind { ZK_GET, ZK_EXISTS, ZK_GET_CHILDREN, ZK_CREATE, ZK_SET, ZK_DELETE, ZK_CHECK, ZK_MULTI };
enum zk_create_mode { ZK_PERSISTENT, ZK_EPHEMERAL, ZK_PERSISTENT_SEQUENTIAL };

#define ZK_ANY_VERSION (-1)

/* One operation. Build it with batch.h or with zk_op_new; owned by its maker, valid until its job has run. */
struct zk_op {
	enum zk_op_kind kind;
	char *path;
	char *data_in;	/* create, set: NUL-terminated text; NULL: the NULL data of zookeeper.md 1.5 */
	int32_t version;
	enum zk_create_mode mode;
	struct zk_op **parts; /* multi */
	int32_t parts_n;
	bool guarded; /* multi made by a guard: parts[0] is the check */

	/* The answer. */
	int rc;		     /* 0, enum zk_code, -errno */
	struct zk_stat stat; /* get, exists, children, set; inside a multi: set */
	char *data;	     /* get: NUL-terminated; NULL for NULL data */
	int32_t data_len;    /* -1 for NULL data */
	char **children;     /* names, in no order */
	int32_t children_n;
	char *created; /* create: the real name */

	struct job job; /* submitted to the executor when answered; `run` is set by the maker */
	void *arg;	/* the maker's */

	/* private to session.c */
	struct list link;
	struct zk_session *session;
	struct zk_executor executor;
	struct zk_wire *wire;
};

struct zk_op *zk_op_new(enum zk_op_kind kind, const char *path);
struct zk_op *zk_op_free(struct zk_op *op); /* accepts NULL */
/* Sends the operation; one that is larger than a server takes (about 1 MiB) ends with ZK_BAD_ARGUMENTS. op->job is submitted to the executor exactly once, when op->rc and the answer are set. */
void zk_op_submit(struct zk_session *s, struct zk_op *op, struct zk_executor executor);

#endif
