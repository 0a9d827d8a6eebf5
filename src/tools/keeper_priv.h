/* keeper_priv.h - the layout of a session, for its connection (keeper_connection.c), its requests (keeper.c) and its
 * watches (keeper_watches.c). */
#ifndef TOOLS_KEEPER_PRIV_H
#define TOOLS_KEEPER_PRIV_H

#include "tools/client_properties.h"
#include "tools/keeper.h"

enum keeper_state { KEEPER_CLIENT_CONNECTING, KEEPER_CLIENT_CONNECTED, KEEPER_CLIENT_CLOSED, KEEPER_CLIENT_AUTH_FAILED };

/* Largest answer that is read: more than any node, or list of names, that a server would give out. */
#define KEEPER_FRAME_MAX (64 << 20)
#define KEEPER_PASSWORD_LEN 16

/* Answers that are not to a request. */
#define KEEPER_XID_EVENT (-1)
#define KEEPER_XID_PING (-2)
#define KEEPER_XID_AUTH (-4)
#define KEEPER_XID_SET_WATCHES (-8)

struct keeper_watched {
	char *path; /* without the chroot */
	unsigned kinds;
};

struct keeper_auth {
	char *scheme;
	uint8_t *p;
	int32_t len; /* -1: null */
};

struct keeper_frame {
	uint8_t *p;
	size_t len, cap;
};

struct keeper {
	struct keeper_config config; /* connect is not kept */
	struct keeper_address {
		char *host;
		int port;
	} *hosts;
	size_t hosts_n, hosts_cap, next_host;
	char *chroot; /* NULL: none */
	int fd;	      /* -1: no connection */
	enum keeper_state state;
	int32_t xid, negotiated_ms;
	int64_t session_id, last_zxid;
	uint8_t password[KEEPER_PASSWORD_LEN];
	int64_t heard_ms, sent_ms; /* when the last bytes came and went */
	int64_t attempt_ms;	   /* not before this is the next attempt to connect while waiting */
	bool lost;		   /* a Disconnected event is still to be told */
	struct keeper_frame frame;	   /* the last one that came */
	struct keeper_watched *watches;
	size_t watches_n, watches_cap;
	struct keeper_auth *auths;
	size_t auths_n, auths_cap;
};

/* keeper_connection.c */

/* Reads host:port,.../chroot into the client. 0, or -EINVAL with *ret_error. */
int keeper_connection_parse(struct keeper *c, const char *text, char **ret_error) MUST_CHECK;
/* Tries every host once. 0, KEEPER_CONNECTION_LOSS, KEEPER_SESSION_EXPIRED, KEEPER_AUTH_FAILED. */
int keeper_connection_open(struct keeper *c) MUST_CHECK;
/* The connection is of no use any more; the reason goes to the standard error unless NULL. */
void keeper_connection_lose(struct keeper *c, const char *why);
/* Sends xid, op and body as a frame, reads a frame into c->frame. 0, -errno. */
int keeper_connection_send(struct keeper *c, int32_t xid, int op, struct writer *body) MUST_CHECK;
int keeper_connection_receive(struct keeper *c, int64_t deadline_ms) MUST_CHECK;

/* keeper.c: a frame that is no answer to a request. 0, or KEEPER_AUTH_FAILED. */
int keeper_handle(struct keeper *c, int32_t xid, int32_t error, struct cursor *body);
void keeper_tell_state(struct keeper *c, const char *state);

/* keeper_watches.c */
void keeper_watches_fini(struct keeper *c);
/* Sets all watches anew on a new connection; nothing when there are none. 0, -errno. */
int keeper_watches_send(struct keeper *c) MUST_CHECK;
/* An event of the server. */
void keeper_watches_fire(struct keeper *c, struct cursor *event);

#endif
