/* network.c - packets on their way. */
#include "network.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "fiber.h"

enum { RETRANSMIT_MS = 20, USUAL_MAX_MS = 4, RARE_IN_1000 = 10, RARE_MAX_MS = 60 };

struct network_faults network_faults;

static bool cut[NODES][NODES];
static struct wire **wires;
static size_t wires_n, wires_cap;

void network_begin(void)
{
	network_faults = (struct network_faults){ 0 };
	network_heal();
}

void network_cut(int from, int to, bool is)
{
	cut[from][to] = is;
}

void network_heal(void)
{
	memset(cut, 0, sizeof(cut));
}

bool network_is_cut(int from, int to)
{
	return cut[from][to];
}

int node_of_host(const char *host)
{
	return strncmp(host, "broker-", 7) == 0 ? atoi(host + 7) : -1;
}

struct wire *wire_new(int client, int server)
{
	struct wire *w = xcalloc(1, sizeof(*w));

	w->node[SIDE_CLIENT] = client;
	w->node[SIDE_SERVER] = server;
	for (int side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
		w->life[side] = node_life(w->node[side]);
		w->dir[side].wire = w;
		w->dir[side].to = (enum wire_side)side;
		list_init(&w->dir[side].packets);
	}
	wires = grow_array(wires, &wires_cap, wires_n + 1, sizeof(struct wire *));
	wires[wires_n++] = w;
	return w;
}

static bool lives(const struct wire *w, enum wire_side side)
{
	return w->life[side] == node_life(w->node[side]);
}

static void reset_end(struct wire *w, enum wire_side side)
{
	if (w->reset[side] || w->closed[side] || !lives(w, side))
		return;
	w->reset[side] = true;
	if (side == SIDE_CLIENT && w->socket)
		socket_reset(w->socket);
	if (side == SIDE_SERVER && w->connection)
		connection_arrived(w->connection, NULL, 0);
}

static void deliver(struct direction *d, struct packet *p)
{
	struct wire *w = d->wire;
	enum wire_side from = d->to == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;

	if (!lives(w, d->to)) {
		reset_end(w, from); /* a new process, or none: the system refuses */
	} else if (!w->closed[d->to] && !w->reset[d->to]) {
		if (d->to == SIDE_CLIENT && w->socket)
			socket_arrived(w->socket, p->bytes, p->len);
		if (d->to == SIDE_SERVER && w->connection)
			connection_arrived(w->connection, p->bytes, p->len);
	}
	list_remove(&p->link);
	free(p);
}

static void pump(void *arg)
{
	struct direction *d = arg;
	struct wire *w = d->wire;
	int from = w->node[d->to == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT];
	struct packet *p;
	int64_t next;

	d->pumping = false;
	while ((p = list_first(&d->packets, struct packet, link)) && p->due_ms <= world_now_ms() &&
	    !cut[from][w->node[d->to]])
		deliver(d, p);
	p = list_first(&d->packets, struct packet, link);
	if (!p)
		return;
	next = p->due_ms > world_now_ms() ? p->due_ms : world_now_ms() + RETRANSMIT_MS;
	d->pumping = true;
	world_at(next, pump, d);
}

static int64_t delay(void)
{
	if (network_faults.late_in_1000 && world_chance(network_faults.late_in_1000))
		return (int64_t)world_random((uint64_t)network_faults.late_max_ms + 1);
	return 1 + (int64_t)world_random(world_chance(RARE_IN_1000) ? RARE_MAX_MS : USUAL_MAX_MS);
}

static void put(struct direction *d, const void *bytes, size_t n)
{
	struct packet *p = xmalloc(sizeof(*p) + n);

	list_init(&p->link);
	p->len = n;
	if (n)
		memcpy(p->bytes, bytes, n);
	p->due_ms = MAX(d->last_due_ms, world_now_ms() + delay());
	d->last_due_ms = p->due_ms;
	list_append(&d->packets, &p->link);
	if (d->pumping)
		return;
	d->pumping = true;
	world_at(p->due_ms, pump, d);
}

static void reset_now(void *arg)
{
	struct wire *w = arg;

	reset_end(w, SIDE_CLIENT);
	reset_end(w, SIDE_SERVER);
}

void wire_reset_later(struct wire *w)
{
	world_at(world_now_ms() + (int64_t)world_random(100), reset_now, w);
}

void wire_send(struct wire *w, enum wire_side to, const void *p, size_t n)
{
	if (w->reset[SIDE_CLIENT] || w->reset[SIDE_SERVER])
		return;
	if (network_faults.reset_in_1000 && world_chance(network_faults.reset_in_1000)) {
		wire_reset_later(w);
		if (world_chance(500))
			return;
	}
	put(&w->dir[to], p, n);
}

void wire_close(struct wire *w, enum wire_side by)
{
	w->closed[by] = true;
	if (by == SIDE_CLIENT)
		w->socket = NULL;
	else
		w->connection = NULL;
	put(&w->dir[by == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT], NULL, 0); /* behind what was sent before */
}

void network_node_killed(int node, bool silently)
{
	sockets_node_killed(node);
	servers_node_killed(node);
	for (size_t i = 0; i < wires_n; i++) {
		struct wire *w = wires[i];

		if (w->node[SIDE_CLIENT] == node)
			w->socket = NULL;
		if (w->node[SIDE_SERVER] == node)
			w->connection = NULL;
		if (!silently && (w->node[SIDE_CLIENT] == node || w->node[SIDE_SERVER] == node))
			wire_reset_later(w);
	}
}
