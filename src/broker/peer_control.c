/* peer_control.c - control requests over a connection to another broker. */
#include "broker/peer_control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "broker/local_control.h"
#include "controller/control_layout.h"
#include "net/rpc.h"
#include "protocol/header.h"
#include "protocol/metadata_version.h"
#include "zk/znode.h"

struct peer {
	const struct peer_control *control;
	struct rpc *rpc;
};

static int call(struct peer *p, int key, const void *in, struct arena *a, void *out)
{
	int64_t now_ms = clock_mono_ms(&clock_real);
	int version = metadata_version_of_request(p->control->metadata_version, key);
	int r = rpc_connect(p->rpc, now_ms + p->control->connect_timeout_ms);

	if (r)
		return FAIL(r);
	in = control_layout(key, version, in, a);
	if (!in)
		return FAIL(-ENOMEM);
	return FAIL(rpc_call(p->rpc, key, version, in, a, out,
	    clock_mono_ms(&clock_real) + p->control->request_timeout_ms));
}

static int leader_and_isr(void *arg, struct arena *a, const struct leader_and_isr_request *req,
    struct leader_and_isr_response *ret)
{
	return call(arg, API_LEADER_AND_ISR, req, a, ret);
}

static int update_metadata(void *arg, struct arena *a, const struct update_metadata_request *req,
    struct update_metadata_response *ret)
{
	return call(arg, API_UPDATE_METADATA, req, a, ret);
}

static int stop_replica(void *arg, struct arena *a, const struct stop_replica_request *req,
    struct stop_replica_response *ret)
{
	return call(arg, API_STOP_REPLICA, req, a, ret);
}

static void interrupt(void *arg)
{
	struct peer *p = arg;

	rpc_interrupt(p->rpc);
}

static void peer_close(void *arg)
{
	struct peer *p = arg;

	rpc_free(p->rpc);
	free(p);
}

int peer_control_open(void *arg, int32_t broker_id, const struct zk_endpoint *endpoint,
    struct control_transport *ret)
{
	const struct peer_control *c = arg;
	struct rpc_config config;
	char client_id[16];
	struct peer *p;

	if (broker_id == c->broker_id) {
		local_control_open(c->partitions, c->metadata_version, ret);
		return 0;
	}
	if (!endpoint)
		return -EHOSTUNREACH;
	snprintf(client_id, sizeof(client_id), "%d", (int)c->broker_id);
	config = (struct rpc_config){ .host = endpoint->host, .port = endpoint->port, .client_id = client_id };
	p = xcalloc(1, sizeof(*p));
	p->control = c;
	p->rpc = rpc_new(&config);
	*ret = (struct control_transport){
		.arg = p,
		.leader_and_isr = leader_and_isr,
		.update_metadata = update_metadata,
		.stop_replica = stop_replica,
		.interrupt = interrupt,
		.close = peer_close,
	};
	return 0;
}
