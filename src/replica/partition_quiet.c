/* partition_quiet.c - partitions in which nothing happens between a follower's fetches: how that is seen cheaply. */
#include "replica/partition_quiet.h"

#include "replica/partition_priv.h"
#include "storage/log.h"

/* Locks: p->lock held. */
static bool is_at(const struct partition *p, int32_t leader_epoch, int64_t end)
{
	return partition_leads(p) && p->leader_epoch == leader_epoch && log_end_offset(p->log) == end;
}

/* Locks: p->lock held. */
static bool is_quiet(const struct partition *p, const struct quiet_point *q)
{
	return is_at(p, q->leader_epoch, q->end) && log_high_watermark(p->log) == q->end &&
	       log_start_offset(p->log) == q->start;
}

bool partition_is_at(struct partition *p, int32_t leader_epoch, int64_t end)
{
	bool r;

	lock_take(&p->lock);
	r = is_at(p, leader_epoch, end);
	lock_release(&p->lock);
	return r;
}

bool partition_is_quiet(struct partition *p, const struct quiet_point *q)
{
	bool r;

	lock_take(&p->lock);
	r = is_quiet(p, q);
	lock_release(&p->lock);
	return r;
}

bool partition_fetched_quietly(struct partition *p, const struct quiet_point *q, const struct quiet_fetcher *by)
{
	bool r;

	lock_take(&p->lock);
	r = is_quiet(p, q) && isr_has(&p->isr, by->replica_id) &&
	    isr_fetched_again(&p->isr, by->replica_id, q->end, by->broker_epoch, by->connection, by->session,
			      by->now_ms);
	lock_release(&p->lock);
	return r;
}

int32_t partition_quiet_sessions(struct partition *p, int32_t *from, int32_t *ids, int32_t cap)
{
	int32_t n = 0;

	lock_take(&p->lock);
	for (; n < cap && *from < p->isr.remotes_n; (*from)++) {
		if (p->isr.remotes[*from].session != 0)
			ids[n++] = p->isr.remotes[*from].session;
	}
	lock_release(&p->lock);
	return n;
}
