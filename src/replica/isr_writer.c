/* isr_writer.c - a list of proposals, the thread that writes them, and the notifications to the controller.
 *
 * Proposals that wait are written together, each conditional on the partition epoch it was made in, so that a decision of
 * the controller always wins. A conflict is read back: when what stands there is what was to be written, the answer to an
 * earlier try was lost with its connection (ReplicationUtils.checkLeaderAndIsrZkData).
 */
#include "replica/isr_writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/lock.h"
#include "protocol/errors.h"
#include "replica/isr_notices.h"
#include "replica/partitions.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

#define LOG_CLASS "kafka.server.ZkAlterPartitionManager"
#include "base/logger.h"

enum { RETRY_MS = 50 };

struct item {
	struct list link;
	struct isr_proposal proposal;
	struct zk_op *op; /* of the batch that runs */
	int rc;		  /* 0 with `version`, enum zk_code, -errno */
	int32_t version;
};

struct isr_writer {
	struct isr_writer_config config;
	pthread_t thread;
	struct lock lock; /* RANK_QUEUE: guards waiting, stop */
	struct cond wake;
	struct list waiting;
	bool stop, joined;
	struct isr_notices notices; /* the thread's own, as is what follows */
	int64_t check_ms;	    /* when to look at them next */
};

static void item_free(struct item *it)
{
	list_remove(&it->link);
	isr_proposal_fini(&it->proposal);
	free(it);
}

static void free_all(struct list *l)
{
	struct item *it, *tmp;

	list_foreach_safe(it, tmp, l, link)
		item_free(it);
}

/* --- writing --- */

static char *state_text(const struct isr_proposal *q, const struct isr_writer *w)
{
	struct znode_state s = {
		.leader = w->config.broker_id,
		.leader_epoch = q->leader_epoch,
		.isr = int_list_of(q->isr, (size_t)q->isr_n),
		.controller_epoch = q->controller_epoch,
		.recovery = LEADER_RECOVERED,
	};
	char *text = znode_state_encode(&s);

	znode_state_fini(&s);
	return text;
}

/* Each operation has its own result afterwards. */
static void run_batch(const struct isr_writer *w, struct zk_batch *b)
{
	int r = zk_batch_run(b);

	if (r < 0 && r != -ESHUTDOWN)
		log_info("[Broker id=%d] In-sync sets wait for ZooKeeper: %s", (int)w->config.broker_id, zk_code_text(r));
}

static void write_all(struct isr_writer *w, struct list *items)
{
	struct zk_batch b;
	struct item *it;

	zk_batch_init(&b, w->config.zk);
	list_foreach(it, items, link) {
		char *text = state_text(&it->proposal, w);

		it->op = zk_batch_set(&b, text, it->proposal.partition_epoch, ZK_PATH_PARTITION_STATE,
		    partition_topic(it->proposal.p), (int)partition_index(it->proposal.p));
		free(text);
	}
	run_batch(w, &b);
	list_foreach(it, items, link) {
		it->rc = it->op->rc;
		it->version = it->op->stat.version;
	}
	zk_batch_fini(&b);
}

static bool is_ours(const struct isr_writer *w, const struct isr_proposal *q, const struct zk_op *op)
{
	struct int_list isr = { .v = q->isr, .n = (size_t)q->isr_n };
	struct znode_state s;
	bool same;

	if (op->rc != 0 || znode_state_decode(op->data, op->data_len, op->stat.version, &s) != 0)
		return false;
	same = s.leader == w->config.broker_id && s.leader_epoch == q->leader_epoch &&
	    s.controller_epoch == q->controller_epoch && s.recovery == LEADER_RECOVERED && int_list_eq(s.isr, isr);
	znode_state_fini(&s);
	return same;
}

/* Those whose condition failed: perhaps the write is there all the same. */
static void read_back(struct isr_writer *w, struct list *items)
{
	struct zk_batch b;
	struct item *it;

	zk_batch_init(&b, w->config.zk);
	list_foreach(it, items, link)
		if (it->rc == ZK_BAD_VERSION)
			it->op = zk_batch_get(&b, ZK_PATH_PARTITION_STATE, partition_topic(it->proposal.p),
			    (int)partition_index(it->proposal.p));
	if (b.n > 0)
		run_batch(w, &b);
	list_foreach(it, items, link) {
		if (it->rc != ZK_BAD_VERSION)
			continue;
		if (it->op->rc < 0) { /* nobody knows: the write is tried again, and fails again or is there */
			it->rc = it->op->rc;
		} else if (is_ours(w, &it->proposal, it->op)) {
			it->rc = 0;
			it->version = it->op->stat.version;
		}
	}
	zk_batch_fini(&b);
}

/* --- the answers --- */

static int16_t code_of(int rc)
{
	if (rc == 0)
		return 0;
	if (rc == ZK_BAD_VERSION || rc == ZK_NO_NODE) /* the controller has decided otherwise, and says so soon */
		return KERR_INVALID_UPDATE_VERSION;
	return KERR_NETWORK_EXCEPTION; /* again, in the next session */
}

/* True: to be tried again, after a pause. */
static bool finish(struct isr_writer *w, struct item *it)
{
	const struct isr_answer a = { .code = code_of(it->rc), .leader_epoch = it->proposal.leader_epoch,
		.partition_epoch = it->version, .isr = it->proposal.isr, .isr_n = it->proposal.isr_n };
	struct partition *p = partition_ref(it->proposal.p);
	unsigned moved;
	bool again = partition_isr_answered(p, &it->proposal, &a, &moved);

	if (a.code == 0)
		isr_notices_add(&w->notices, partition_topic(p), partition_index(p), clock_mono_ms(&clock_real));
	item_free(it); /* before the next proposal of the partition (KAFKA-14010) */
	partitions_moved(w->config.partitions, p, moved);
	if (again)
		isr_writer_propose(w, p);
	partition_unref(p);
	return again;
}

/* True: some are to be tried again. */
static bool write_waiting(struct isr_writer *w, struct list *items)
{
	struct item *it, *tmp;
	bool again = false;

	if (list_empty(items))
		return false;
	write_all(w, items);
	read_back(w, items);
	list_foreach_safe(it, tmp, items, link) {
		if (it->rc == -ESHUTDOWN)
			item_free(it); /* this broker stops */
		else
			again |= finish(w, it);
	}
	return again;
}

/* --- telling the controller --- */

static void tell(struct isr_writer *w)
{
	char *text;
	int r = 0;

	while (r == 0 && (text = isr_notices_text(&w->notices)) != NULL) {
		r = zk_create(w->config.zk, ZK_PERSISTENT_SEQUENTIAL, text, ZK_PATH_ISR_CHANGE);
		if (r == 0)
			isr_notices_told(&w->notices, clock_mono_ms(&clock_real));
		free(text);
	}
	if (r != 0 && r != -ESHUTDOWN)
		log_warn("[Broker id=%d] The changed in-sync sets of %zu partitions could not be announced in ZooKeeper: %s",
		    (int)w->config.broker_id, isr_notices_count(&w->notices), zk_code_text(r));
}

static void tell_if_due(struct isr_writer *w)
{
	int64_t now_ms = clock_mono_ms(&clock_real);

	if (now_ms < w->check_ms)
		return;
	w->check_ms = now_ms + ISR_NOTICE_CHECK_MS;
	if (isr_notices_due(&w->notices, now_ms))
		tell(w);
}

/* --- the thread --- */

/* Waits for proposals, until there is something to be told, and at least until `not_before`. False: stop. */
static bool take_waiting(struct isr_writer *w, int64_t not_before, struct list *ret)
{
	bool stop, quiet = isr_notices_count(&w->notices) == 0;

	lock_take(&w->lock);
	while (!w->stop && not_before > 0 && lock_wait_until(&w->lock, &w->wake, not_before))
		;
	while (!w->stop && list_empty(&w->waiting)) {
		if (quiet)
			lock_wait(&w->lock, &w->wake);
		else if (!lock_wait_until(&w->lock, &w->wake, w->check_ms))
			break;
	}
	stop = w->stop;
	list_splice(ret, &w->waiting);
	lock_release(&w->lock);
	return !stop;
}

static void *run(void *arg)
{
	struct isr_writer *w = arg;
	struct list items = LIST_INIT(items);
	int64_t not_before = 0;

	pthread_setname_np(pthread_self(), "isr-writer");
	while (take_waiting(w, not_before, &items)) {
		not_before = write_waiting(w, &items) ? clock_mono_ms(&clock_real) + RETRY_MS : 0;
		tell_if_due(w);
	}
	free_all(&items);
	return NULL;
}

/* --- life --- */

struct isr_writer *isr_writer_new(const struct isr_writer_config *config)
{
	struct isr_writer *w = xcalloc(1, sizeof(*w));

	w->config = *config;
	lock_init(&w->lock, RANK_QUEUE, "ISR writer");
	cond_init(&w->wake);
	list_init(&w->waiting);
	isr_notices_init(&w->notices, clock_mono_ms(&clock_real));
	if (pthread_create(&w->thread, NULL, run, w))
		abort();
	return w;
}

void isr_writer_stop(struct isr_writer *w)
{
	if (!w || w->joined)
		return;
	lock_take(&w->lock);
	w->stop = true;
	cond_broadcast(&w->wake);
	lock_release(&w->lock);
	(void)pthread_join(w->thread, NULL);
	w->joined = true;
}

struct isr_writer *isr_writer_free(struct isr_writer *w)
{
	if (!w)
		return NULL;
	free_all(&w->waiting);
	isr_notices_fini(&w->notices);
	cond_fini(&w->wake);
	lock_fini(&w->lock);
	free(w);
	return NULL;
}

/* An earlier proposal of the partition that is not being written yet gives way. It is freed without the lock. */
void isr_writer_propose(struct isr_writer *w, struct partition *p)
{
	struct item *next = xcalloc(1, sizeof(*next)), *it, *tmp;
	struct list dropped = LIST_INIT(dropped);

	list_init(&next->link);
	if (!partition_proposal(p, &next->proposal)) {
		free(next);
		return;
	}
	lock_take(&w->lock);
	list_foreach_safe(it, tmp, &w->waiting, link) {
		if (it->proposal.p != p)
			continue;
		list_remove(&it->link);
		list_append(&dropped, &it->link);
	}
	list_append(&w->waiting, &next->link);
	cond_signal(&w->wake);
	lock_release(&w->lock);
	free_all(&dropped);
}
