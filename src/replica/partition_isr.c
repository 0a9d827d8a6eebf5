/* partition_isr.c - a leader's in-sync set: when another one is proposed, and what the answer does (replication.md 6).
 *
 * A bigger set counts before it is agreed on, a smaller one only afterwards: each is the stricter choice. While a change
 * is on its way nothing else is proposed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "protocol/errors.h"
#include "replica/partition_priv.h"

#define LOG_CLASS "kafka.cluster.Partition"
#include "base/logger.h"

#define IDS_MAX 256

/* "1,2,3", cut to fit; returns buf. */
static const char *ids_text(const int32_t *v, int32_t n, char buf[IDS_MAX])
{
	size_t at = 0;

	buf[0] = '\0';
	for (int32_t i = 0; i < n && at < IDS_MAX - 12; i++)
		at += (size_t)snprintf(buf + at, IDS_MAX - at, "%s%d", i ? "," : "", (int)v[i]);
	return buf;
}

static void log_change(const struct partition *p, const char *what)
{
	char from[IDS_MAX], to[IDS_MAX];

	log_info("[Partition %s-%d broker=%d] %s ISR from %s to %s. Leader: (highWatermark: %lld, endOffset: %lld).", p->topic,
	    (int)p->index, (int)p->env->broker_id, what, ids_text(p->isr.committed, p->isr.committed_n, from),
	    ids_text(p->isr.proposed, p->isr.proposed_n, to), (long long)log_high_watermark(p->log),
	    (long long)log_end_offset(p->log));
}

unsigned partition_try_expand(struct partition *p, int32_t broker)
{
	void *env = (void *)(uintptr_t)p->env; /* read only */

	if (!isr_may_add(&p->isr, broker, log_high_watermark(p->log), p->epoch_start, true) ||
	    !partition_broker_is_alive(env, broker))
		return 0;
	isr_propose_add(&p->isr, broker);
	log_change(p, "Expanding");
	return MOVED_ISR;
}

bool partition_is_in_sync(struct partition *p, int32_t broker)
{
	bool in_sync;

	lock_take(&p->lock);
	in_sync = partition_leads(p) && isr_has(&p->isr, broker);
	lock_release(&p->lock);
	return in_sync;
}

unsigned partition_check_isr(struct partition *p)
{
	unsigned moved = 0;

	lock_take(&p->lock);
	if (partition_leads(p) && isr_propose_remove(&p->isr, log_end_offset(p->log), p->env->replica_lag_time_max_ms,
				      clock_mono_ms(p->env->clock))) {
		log_change(p, "Shrinking");
		moved = MOVED_ISR;
	}
	lock_release(&p->lock);
	return moved;
}

bool partition_proposal(struct partition *p, struct isr_proposal *ret)
{
	bool has;

	lock_take(&p->lock);
	has = partition_leads(p) && p->isr.state != ISR_COMMITTED;
	if (has) {
		*ret = (struct isr_proposal){ .p = partition_ref(p), .change = p->isr.change,
			.topic_id = log_topic_id(p->log), .leader_epoch = p->leader_epoch,
			.partition_epoch = p->partition_epoch, .controller_epoch = p->controller_epoch, .isr_n = p->isr.proposed_n };
		ret->isr = xmemdup(p->isr.proposed, (size_t)p->isr.proposed_n * sizeof(*ret->isr));
	}
	lock_release(&p->lock);
	return has;
}

void isr_proposal_fini(struct isr_proposal *q)
{
	q->p = partition_unref(q->p);
	free(q->isr);
	q->isr = NULL;
}

/* Locks: p->lock held; the change is the one that was proposed. */
static unsigned agree(struct partition *p, const struct isr_answer *a)
{
	/* The controller has decided otherwise meanwhile: its LeaderAndIsr is on its way. */
	if (a->leader_epoch != p->leader_epoch || a->partition_epoch < p->partition_epoch) {
		log_warn("[Partition %s-%d broker=%d] Ignoring new ISR with leader epoch %d and partition epoch %d, here they "
			 "are %d and %d", p->topic, (int)p->index, (int)p->env->broker_id, (int)a->leader_epoch,
		    (int)a->partition_epoch, (int)p->leader_epoch, (int)p->partition_epoch);
		return 0;
	}
	isr_agree(&p->isr, a->isr, a->isr_n);
	p->partition_epoch = a->partition_epoch;
	log_info("[Partition %s-%d broker=%d] ISR updated to %d replicas and version updated to %d", p->topic,
	    (int)p->index, (int)p->env->broker_id, (int)a->isr_n, (int)a->partition_epoch);
	return partition_advance_locked(p);
}

/* True: to be sent again. So is what meets a controller that does not know the topic or its id: we lead it, so it was one that
 * does not know yet that it is none. Locks: as above. */
static bool refused(struct partition *p, int16_t code, unsigned *ret_moved)
{
	log_info("[Partition %s-%d broker=%d] Failed to change the ISR: %s", p->topic, (int)p->index,
	    (int)p->env->broker_id, kerr_name(code));
	switch (code) {
	case KERR_OPERATION_NOT_ATTEMPTED:
	case KERR_INELIGIBLE_REPLICA:
		isr_withdraw(&p->isr); /* the next fetch or the next look begins anew */
		*ret_moved = partition_advance_locked(p);
		return false;
	case KERR_FENCED_LEADER_EPOCH:
	case KERR_INVALID_UPDATE_VERSION:
	case KERR_INVALID_REQUEST:
	case KERR_NEW_LEADER_ELECTED:
		return false; /* stays on its way, the stricter state, until a LeaderAndIsr comes */
	default:
		return true;
	}
}

bool partition_isr_answered(struct partition *p, const struct isr_proposal *q, const struct isr_answer *a,
    unsigned *ret_moved)
{
	bool again = false;

	*ret_moved = 0;
	lock_take(&p->lock);
	if (partition_leads(p) && p->isr.state != ISR_COMMITTED && p->isr.change == q->change) {
		if (a->code)
			again = refused(p, a->code, ret_moved);
		else
			*ret_moved = agree(p, a);
	}
	lock_release(&p->lock);
	return again;
}

int32_t partition_choices(struct partition *p, int64_t offset, struct replica_choice *v, int32_t max)
{
	int64_t now_ms = clock_mono_ms(p->env->clock);
	int32_t n = -1;

	lock_take(&p->lock);
	if (partition_leads(p))
		n = 0;
	for (int32_t i = 0; n >= 0 && n < max && i < p->isr.remotes_n; i++) {
		const struct remote_replica *x = &p->isr.remotes[i];

		/* One that is not in sync may fall behind further, and be chosen again and again (KAFKA-14372). */
		if (isr_has(&p->isr, x->broker_id) && x->start_offset <= offset && offset <= x->end_offset)
			v[n++] = (struct replica_choice){ .broker_id = x->broker_id, .end_offset = x->end_offset,
				.since_caught_up_ms = now_ms - x->last_caught_up_ms };
	}
	lock_release(&p->lock);
	return n;
}
