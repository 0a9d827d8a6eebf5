/* fake_store.c - see fake_store.h. */
#include "fake_store.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "protocol/errors.h"
#include "protocol/metadata_version.h"
#include "zk/session.h"

static int find(struct fake *f, const struct ctl_partition *p)
{
	for (int i = 0; i < FAKE_STATES; i++)
		if (f->states[i].there && f->states[i].p == p)
			return i;
	return -1;
}

static void put(struct fake *f, const struct ctl_partition *p, const struct znode_state *s, int32_t version)
{
	int at = find(f, p);

	for (int i = 0; at < 0 && i < FAKE_STATES; i++)
		if (!f->states[i].there)
			at = i;
	if (at < 0)
		abort();
	znode_state_fini(&f->states[at].state);
	znode_state_copy(s, &f->states[at].state);
	f->states[at].state.partition_epoch = version;
	f->states[at].p = p;
	f->states[at].there = true;
}

static int fake_read(void *arg, struct ctl_partition *const *p, size_t n, struct stored_state *ret)
{
	struct fake *f = arg;

	for (size_t i = 0; i < n; i++) {
		int at = find(f, p[i]);

		ret[i].rc = at < 0 ? ZK_NO_NODE : 0;
		if (at >= 0)
			znode_state_copy(&f->states[at].state, &ret[i].state);
	}
	return 0;
}

static bool moved(struct fake *f)
{
	return f->moved == 0 || (f->moved > 0 && f->moved-- == 0);
}

static int fake_write(void *arg, struct ctl_partition *const *p, const struct znode_state *v, size_t n, int *ret_rc,
    int32_t *ret_version)
{
	struct fake *f = arg;

	if (moved(f))
		return KERR_STALE_CONTROLLER_EPOCH;
	for (size_t i = 0; i < n; i++) {
		int at = find(f, p[i]);

		if (at >= 0 && f->conflicts > 0) { /* a leader changed its ISR in between */
			f->conflicts--;
			f->states[at].state.partition_epoch++;
		}
		if (at < 0) {
			ret_rc[i] = ZK_NO_NODE;
		} else if (f->states[at].state.partition_epoch != v[i].partition_epoch) {
			ret_rc[i] = ZK_BAD_VERSION;
		} else {
			ret_rc[i] = 0;
			ret_version[i] = v[i].partition_epoch + 1;
			put(f, p[i], &v[i], ret_version[i]);
		}
	}
	return 0;
}

static int fake_create(void *arg, struct ctl_partition *const *p, const struct znode_state *v, size_t n, int *ret_rc)
{
	struct fake *f = arg;

	if (moved(f))
		return KERR_STALE_CONTROLLER_EPOCH;
	for (size_t i = 0; i < n; i++) {
		ret_rc[i] = find(f, p[i]) >= 0 ? ZK_NODE_EXISTS : 0;
		if (ret_rc[i] == 0)
			put(f, p[i], &v[i], 0);
	}
	return 0;
}

static int fake_unclean(void *arg, const char *topic, bool *ret)
{
	struct fake *f = arg;

	(void)topic;
	f->unclean_asked++;
	*ret = f->unclean;
	return 0;
}

static void fake_send(void *arg, int32_t broker, struct control_request *r)
{
	struct fake *f = arg;

	if (f->sent_n == ARRAY_LEN(f->sent))
		abort();
	f->sent[f->sent_n].broker = broker;
	f->sent[f->sent_n++].r = r;
}

void fake_init(struct fake *f)
{
	*f = (struct fake){ .moved = -1 };
	context_init(&f->ctx);
	f->ctx.epoch = 5;
	request_batch_init(&f->batch, 1, &f->ctx, "PLAINTEXT", METADATA_VERSION_3_9_IV0, fake_send, f);
	f->store = (struct ctl_store){ f, fake_read, fake_write, fake_create, fake_unclean };
	f->m = (struct machine){ 1, &f->ctx, &f->store, &f->batch, METADATA_VERSION_3_9_IV0 };
}

void fake_forget(struct fake *f)
{
	for (size_t i = 0; i < f->sent_n; i++)
		control_request_free(f->sent[i].r);
	f->sent_n = 0;
}

void fake_fini(struct fake *f)
{
	fake_forget(f);
	request_batch_fini(&f->batch);
	for (int i = 0; i < FAKE_STATES; i++)
		znode_state_fini(&f->states[i].state);
	context_clear(&f->ctx);
}

void fake_broker(struct fake *f, int32_t id)
{
	struct znode_broker info = ZNODE_BROKER_INIT;

	info.endpoints = xcalloc(1, sizeof(*info.endpoints));
	info.endpoints_n = 1;
	info.endpoints[0] = (struct zk_endpoint){ xstrdup("PLAINTEXT"), ZK_PLAINTEXT, xstrdup("host"), 9000 + id };
	context_add_broker(&f->ctx, id, 100 + id, &info);
}

struct ctl_partition *fake_partition(struct fake *f, const char *topic, int32_t index, const int32_t *replicas, size_t n)
{
	struct znode_assignment a = { .partition = index, .replicas = int_list_of(replicas, n) };

	return topic_add_partition(context_add_topic(&f->ctx, topic), &a);
}

void fake_stored(struct fake *f, struct ctl_partition *p, int32_t leader, int32_t leader_epoch, const int32_t *isr,
    size_t n)
{
	struct znode_state s = { .leader = leader, .leader_epoch = leader_epoch, .isr = int_list_of(isr, n),
		.controller_epoch = 4, .partition_epoch = 7 };

	put(f, p, &s, 7);
	partition_set_info(p, &s);
	p->state = ONLINE_PARTITION;
	for (size_t i = 0; i < p->assignment.replicas.n; i++)
		replica_set_state(p, p->assignment.replicas.v[i], ONLINE_REPLICA);
	znode_state_fini(&s);
}

const struct znode_state *fake_state(struct fake *f, const struct ctl_partition *p)
{
	int at = find(f, p);

	return at < 0 ? NULL : &f->states[at].state;
}

int fake_count(const struct fake *f, enum control_kind kind, int32_t broker)
{
	int n = 0;

	for (size_t i = 0; i < f->sent_n; i++)
		n += f->sent[i].r->kind == kind && f->sent[i].broker == broker;
	return n;
}
