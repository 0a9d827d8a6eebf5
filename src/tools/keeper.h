/* keeper.h - a ZooKeeper session for the shell: one connection, one request at a time, watches that survive it.
 *
 * Not src/zk, which is made for a broker: the shell shows every event of the session, and has commands that
 * libzookeeper_mt does not (addWatch, whoami, getEphemerals, getAllChildrenNumber).
 *
 * Nothing happens between calls but in keeper_wait: pings, events, a new connection after the old one broke. The
 * session connects with the first call that needs it.
 *
 * Results: 0; > 0 ZooKeeper's error code without its sign; all calls may end with KEEPER_CONNECTION_LOSS, KEEPER_SESSION_EXPIRED
 * or KEEPER_MARSHALLING_ERROR.
 * Owner: the shell. Thread: main. Layer: tools.
 */
#ifndef TOOLS_KEEPER_H
#define TOOLS_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/cursor.h"
#include "base/writer.h"
#include "tools/keeper_record.h"

/* What the shell tells apart; the words are those of KeeperException. */
#define KEEPER_CODE_TABLE(X)                                                                          \
	X(SYSTEM_ERROR, 1, "SystemError")                                                          \
	X(RUNTIME_INCONSISTENCY, 2, "RuntimeInconsistency")                                        \
	X(DATA_INCONSISTENCY, 3, "DataInconsistency")                                              \
	X(CONNECTION_LOSS, 4, "ConnectionLoss")                                                    \
	X(MARSHALLING_ERROR, 5, "MarshallingError")                                                \
	X(UNIMPLEMENTED, 6, "Unimplemented")                                                       \
	X(OPERATION_TIMEOUT, 7, "OperationTimeout")                                                \
	X(BAD_ARGUMENTS, 8, "BadArguments")                                                        \
	X(NEW_CONFIG_NO_QUORUM, 13, "NewConfigNoQuorum")                                           \
	X(RECONFIG_IN_PROGRESS, 14, "ReconfigInProgress")                                          \
	X(API_ERROR, 100, "APIError")                                                              \
	X(NO_NODE, 101, "NoNode")                                                                  \
	X(NO_AUTH, 102, "NoAuth")                                                                  \
	X(BAD_VERSION, 103, "BadVersion")                                                          \
	X(NO_CHILDREN_FOR_EPHEMERALS, 108, "NoChildrenForEphemerals")                              \
	X(NODE_EXISTS, 110, "NodeExists")                                                          \
	X(NOT_EMPTY, 111, "Directory not empty")                                                   \
	X(SESSION_EXPIRED, 112, "Session expired")                                                 \
	X(INVALID_CALLBACK, 113, "Invalid callback")                                               \
	X(INVALID_ACL, 114, "InvalidACL")                                                          \
	X(AUTH_FAILED, 115, "AuthFailed")                                                          \
	X(SESSION_MOVED, 118, "Session moved")                                                     \
	X(NOT_READ_ONLY, 119, "Not a read-only call")                                              \
	X(EPHEMERAL_ON_LOCAL_SESSION, 120, "Ephemeral node on local session")                      \
	X(NO_WATCHER, 121, "No such watcher")                                                      \
	X(RECONFIG_DISABLED, 123, "Reconfig is disabled")                                          \
	X(SESSION_CLOSED_REQUIRE_SASL_AUTH, 124,                                                   \
		"Session closed because client failed to authenticate")                            \
	X(QUOTA_EXCEEDED, 125, "Quota has exceeded")                                               \
	X(THROTTLED_OP, 127, "Op throttled due to high load")

enum {
#define X(name, value, text) KEEPER_##name = (value),
	KEEPER_CODE_TABLE(X)
#undef X
};

/* "NoNode" for KEEPER_NO_NODE; "Unknown error" for what ZooKeeper 3.8 does not have. */
const char *keeper_code_text(int code);

enum keeper_op_code {
	KEEPER_OP_CREATE = 1,
	KEEPER_OP_DELETE = 2,
	KEEPER_OP_EXISTS = 3,
	KEEPER_OP_GET_DATA = 4,
	KEEPER_OP_SET_DATA = 5,
	KEEPER_OP_GET_ACL = 6,
	KEEPER_OP_SET_ACL = 7,
	KEEPER_OP_SYNC = 9,
	KEEPER_OP_PING = 11,
	KEEPER_OP_GET_CHILDREN = 12, /* the one that answers with a stat */
	KEEPER_OP_MULTI = 14,
	KEEPER_OP_RECONFIG = 16,
	KEEPER_OP_REMOVE_WATCHES = 18,
	KEEPER_OP_CREATE_CONTAINER = 19,
	KEEPER_OP_CREATE_TTL = 21,
	KEEPER_OP_AUTH = 100,
	KEEPER_OP_GET_EPHEMERALS = 103,
	KEEPER_OP_GET_ALL_CHILDREN_NUMBER = 104,
	KEEPER_OP_SET_WATCHES = 105, /* the one with persistent watches */
	KEEPER_OP_ADD_WATCH = 106,
	KEEPER_OP_WHO_AM_I = 107,
	KEEPER_OP_CLOSE = -11,
};

enum keeper_watch_kind {
	KEEPER_WATCH_DATA = 1,
	KEEPER_WATCH_EXIST = 2, /* as data, on a node that is not there */
	KEEPER_WATCH_CHILD = 4,
	KEEPER_WATCH_PERSISTENT = 8,
	KEEPER_WATCH_RECURSIVE = 16,
};

struct keeper;

struct keeper_config {
	const char *connect; /* host:port,.../chroot */
	int32_t timeout_ms;
	bool read_only; /* a server without a quorum will do */
	/* Told of events that a watch or the session is for; path NULL: of the session. */
	void (*event)(void *arg, const char *state, const char *type, const char *path);
	void *arg;
};

/* Does not connect.
 *   0
 *   -EINVAL  *ret_error is the exception of the Java client, "class: message"; owned by the caller         */
int keeper_open(const struct keeper_config *c, struct keeper **ret, char **ret_error) MUST_CHECK;
/* Without a word to the server: ephemeral nodes stay until the session times out there. Accepts NULL, returns NULL. */
struct keeper *keeper_free(struct keeper *c);
DEFINE_CLEANUP(struct keeper *, keeper_free)

/* Ends the session: its ephemeral nodes go. The client stays, closed. */
void keeper_close(struct keeper *c);
bool keeper_alive(const struct keeper *c); /* neither closed nor expired nor refused */

/* Keeps the session going until `fd` can be read. */
void keeper_wait(struct keeper *c, int fd);

/* Sends a request and waits for the answer, whose body *ret is valid until the next call; `body` is finished in any case,
 * and may be NULL. */
int keeper_call(struct keeper *c, enum keeper_op_code op, struct writer *body, struct cursor *ret) MUST_CHECK;

/* The path on the server. Owned by the caller. */
char *keeper_server_path(const struct keeper *c, const char *path);
/* How many bytes of a path from the server are the chroot. */
size_t keeper_chroot_length(const struct keeper *c);

/* Notes a watch that the server has set. */
void keeper_watch(struct keeper *c, const char *path, enum keeper_watch_kind kind);
/* Forgets watches of these kinds; returns those that there were. */
unsigned keeper_unwatch(struct keeper *c, const char *path, unsigned kinds);
unsigned keeper_watches(const struct keeper *c, const char *path);
/* Tells the event function, as if the server had. */
void keeper_tell(struct keeper *c, const char *type, const char *path);

/* Says who we are, now and on every later connection. */
int keeper_auth(struct keeper *c, const char *scheme, const void *p, int32_t len) MUST_CHECK;

#endif
