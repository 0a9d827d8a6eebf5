/* network.h - connections between nodes: bytes in order within one, any order between two; late, cut off, reset.
 *
 * socket.c gives net/rpc.c its system calls, server.c stands in for net/server.c and net/connection.c.
 */
#ifndef TESTS_SIM_NETWORK_H
#define TESTS_SIM_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct connection;
struct server;

/* What goes wrong while faults are on; per thousand messages. */
struct network_faults {
	uint32_t late_in_1000;	/* takes up to late_max_ms */
	uint32_t reset_in_1000; /* the connection breaks: before the message arrived, or after it */
	int64_t late_max_ms;
};
extern struct network_faults network_faults;

void network_begin(void);
/* Nothing arrives from `from` at `to` any more; it stays on its way. */
void network_cut(int from, int to, bool cut);
void network_heal(void);
bool network_is_cut(int from, int to);

enum wire_side { SIDE_CLIENT, SIDE_SERVER };

struct packet {
	struct list link;
	int64_t due_ms;
	size_t len; /* 0: the end */
	uint8_t bytes[];
};

struct direction {
	struct wire *wire;
	enum wire_side to;
	struct list packets;
	int64_t last_due_ms;
	bool pumping;
};

/* One connection. Both ends hold it; it lives as long as the run. */
struct wire {
	int node[2];
	uint32_t life[2];
	bool closed[2];	 /* by that end's owner */
	bool reset[2];	 /* that end has learnt that it is broken */
	struct direction dir[2]; /* by receiver */
	struct sim_socket *socket; /* the client's, NULL once closed */
	struct connection *connection; /* the server's, NULL once closed */
};

struct wire *wire_new(int client, int server);
void wire_send(struct wire *w, enum wire_side to, const void *p, size_t n);
void wire_close(struct wire *w, enum wire_side by);
void wire_reset_later(struct wire *w);
/* Ends of a node that was killed: the peers learn of it, if the machine still runs to say so. */
void network_node_killed(int node, bool silently);

/* --- towards socket.c and server.c; in the scheduler --- */

void socket_arrived(struct sim_socket *s, const void *p, size_t n); /* n 0: the end */
void socket_reset(struct sim_socket *s);
void sockets_node_killed(int node);
void connection_arrived(struct connection *c, const void *p, size_t n);
/* The server of a node that listens; NULL: connections are refused. */
struct connection *server_accept(int node, struct wire *w);
void servers_node_killed(int node);

/* The host names of brokers: "broker-3". -1: none of ours. */
int node_of_host(const char *host);

#endif
