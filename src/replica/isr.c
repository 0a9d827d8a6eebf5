/* isr.c - the rules of replication.md 5.4 and 5.5, on plain numbers.
 *
 * Remotes are few (the replication factor), so every look-up is a walk.
 */
#include "replica/isr.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"

static bool contains(const int32_t *v, int32_t n, int32_t id)
{
	for (int32_t i = 0; i < n; i++) {
		if (v[i] == id)
			return true;
	}
	return false;
}

static struct remote_replica *find(const struct isr *i, int32_t broker)
{
	for (int32_t r = 0; r < i->remotes_n; r++) {
		if (i->remotes[r].broker_id == broker)
			return &i->remotes[r];
	}
	return NULL;
}

static void isr_check(const struct isr *i UNUSED)
{
	assert(i->remotes_n >= 0 && i->committed_n >= 0);
	assert(i->state != ISR_COMMITTED || i->pending == -1);
	assert((i->state == ISR_COMMITTED) == (i->proposed == NULL));
}

void isr_init(struct isr *i, int32_t self)
{
	*i = (struct isr){ .self = self, .pending = -1 };
}

void isr_fini(struct isr *i)
{
	uint64_t change = i->change;

	free(i->remotes);
	free(i->committed);
	free(i->proposed);
	isr_init(i, i->self);
	i->change = change + 1;
}

void isr_set(struct isr *i, const int32_t *replicas, int32_t replicas_n, const int32_t *isr, int32_t isr_n)
{
	struct remote_replica *next = xcalloc((size_t)replicas_n + 1, sizeof(*next));
	int32_t n = 0;

	for (int32_t r = 0; r < replicas_n; r++) {
		struct remote_replica *old = find(i, replicas[r]);

		if (replicas[r] == i->self)
			continue;
		if (old)
			next[n++] = *old;
		else
			next[n++] = (struct remote_replica){ .broker_id = replicas[r], .end_offset = -1,
							     .start_offset = -1, .last_fetch_leader_end = -1,
							     .broker_epoch = -1 };
	}
	free(i->remotes);
	i->remotes = next;
	i->remotes_n = n;
	isr_agree(i, isr, isr_n);
}

void isr_clear(struct isr *i)
{
	isr_fini(i);
	isr_check(i);
}

void isr_new_epoch(struct isr *i, bool was_leader, int64_t leader_end, int64_t now_ms)
{
	for (int32_t r = 0; r < i->remotes_n; r++) {
		struct remote_replica *x = &i->remotes[r];
		bool in_sync = contains(i->committed, i->committed_n, x->broker_id);

		x->last_caught_up_ms = in_sync ? now_ms : 0;
		x->last_fetch_ms = was_leader && in_sync ? now_ms : 0;
		x->previous_fetch_ms = 0;
		x->last_fetch_leader_end = was_leader ? leader_end : -1;
		if (!was_leader) {
			x->end_offset = x->start_offset = -1;
			x->broker_epoch = -1;
		}
	}
}

bool isr_has(const struct isr *i, int32_t broker)
{
	return contains(i->committed, i->committed_n, broker);
}

bool isr_has_maximal(const struct isr *i, int32_t broker)
{
	return isr_has(i, broker) || (i->state == ISR_PENDING_EXPAND && i->pending == broker);
}

int32_t isr_size(const struct isr *i)
{
	return i->committed_n;
}

int32_t isr_maximal_size(const struct isr *i)
{
	return i->committed_n + (i->state == ISR_PENDING_EXPAND ? 1 : 0);
}

bool isr_knows(const struct isr *i, int32_t broker)
{
	return broker == i->self || find(i, broker);
}

int32_t isr_effective_min(const struct isr *i, int32_t min_insync_replicas)
{
	return MIN(min_insync_replicas, i->remotes_n + 1);
}

bool isr_proves_leadership(const struct isr *i, int64_t since_ms, int32_t min_insync_replicas)
{
	int32_t elsewhere = 0;
	bool electable = false;

	for (int32_t r = 0; r < i->remotes_n; r++) {
		if (i->remotes[r].previous_fetch_ms > since_ms)
			continue;
		elsewhere++;
		electable = electable || isr_has_maximal(i, i->remotes[r].broker_id);
	}
	return !electable || elsewhere < isr_effective_min(i, min_insync_replicas);
}

static void heard_of(struct remote_replica *x, int64_t broker_epoch, uint64_t connection, int64_t now_ms)
{
	x->previous_fetch_ms = connection == x->connection ? x->last_fetch_ms : 0;
	x->connection = connection;
	x->last_fetch_ms = now_ms;
	x->broker_epoch = broker_epoch;
}

bool isr_fetched(struct isr *i, int32_t broker, int64_t offset, int64_t start_offset, int64_t leader_end,
		 int64_t broker_epoch, uint64_t connection, int64_t now_ms)
{
	struct remote_replica *x = find(i, broker);

	if (!x)
		return false;
	/* The second branch credits a follower that has reached what was the end at its previous fetch: one that is
	 * always a little behind under load stays in sync (Kafka 3.9, Replica.scala). */
	if (offset >= leader_end)
		x->last_caught_up_ms = MAX(x->last_caught_up_ms, now_ms);
	else if (offset >= x->last_fetch_leader_end)
		x->last_caught_up_ms = MAX(x->last_caught_up_ms, x->last_fetch_ms);
	x->end_offset = offset;
	x->start_offset = start_offset;
	x->session = 0;
	x->last_fetch_leader_end = MAX(leader_end, x->last_fetch_leader_end);
	heard_of(x, broker_epoch, connection, now_ms);
	return true;
}

bool isr_fetched_again(struct isr *i, int32_t broker, int64_t end, int64_t broker_epoch, uint64_t connection,
		       int32_t session, int64_t now_ms)
{
	struct remote_replica *x = find(i, broker);

	if (!x || x->end_offset != end || x->last_fetch_leader_end != end)
		return false;
	x->last_caught_up_ms = MAX(x->last_caught_up_ms, now_ms);
	x->session = session;
	heard_of(x, broker_epoch, connection, now_ms);
	return true;
}

/* --- changes --- */

static bool caught_up(const struct remote_replica *x, int64_t leader_end, int64_t lag_max_ms, int64_t now_ms)
{
	return x->end_offset == leader_end || now_ms - x->last_caught_up_ms <= lag_max_ms;
}

static void settle(struct isr *i)
{
	free(i->proposed);
	i->proposed = NULL;
	i->proposed_n = 0;
	i->pending = -1;
	i->state = ISR_COMMITTED;
	i->change++;
	isr_check(i);
}

void isr_agree(struct isr *i, const int32_t *isr, int32_t isr_n)
{
	int32_t *next = xcalloc((size_t)isr_n + 1, sizeof(*next));

	if (isr_n > 0)
		memcpy(next, isr, (size_t)isr_n * sizeof(*isr));
	free(i->committed);
	i->committed = next;
	i->committed_n = isr_n;
	settle(i);
}

void isr_withdraw(struct isr *i)
{
	struct remote_replica *x = i->state == ISR_PENDING_EXPAND ? find(i, i->pending) : NULL;

	if (x)
		x->last_caught_up_ms = 0;
	settle(i);
}

bool isr_may_add(const struct isr *i, int32_t broker, int64_t high_watermark, int64_t epoch_start, bool alive)
{
	const struct remote_replica *x = find(i, broker);

	/* Catching up with a stale mark of a fresh leader is not enough (KAFKA-7128). */
	return i->state == ISR_COMMITTED && x && alive && !isr_has(i, broker) && x->end_offset >= high_watermark &&
	    x->end_offset >= epoch_start;
}

void isr_propose_add(struct isr *i, int32_t broker)
{
	assert(i->state == ISR_COMMITTED && !isr_has(i, broker));
	i->proposed = xcalloc((size_t)i->committed_n + 1, sizeof(*i->proposed));
	memcpy(i->proposed, i->committed, (size_t)i->committed_n * sizeof(*i->committed));
	i->proposed[i->committed_n] = broker;
	i->proposed_n = i->committed_n + 1;
	i->pending = broker;
	i->state = ISR_PENDING_EXPAND;
	i->change++;
	isr_check(i);
}

bool isr_propose_remove(struct isr *i, int64_t leader_end, int64_t lag_max_ms, int64_t now_ms)
{
	int32_t *stay;
	int32_t n = 0;

	if (i->state != ISR_COMMITTED)
		return false;
	stay = xcalloc((size_t)i->committed_n + 1, sizeof(*stay));
	for (int32_t c = 0; c < i->committed_n; c++) {
		const struct remote_replica *x = find(i, i->committed[c]);

		if (i->committed[c] == i->self || (x && caught_up(x, leader_end, lag_max_ms, now_ms)))
			stay[n++] = i->committed[c];
	}
	if (n == i->committed_n) {
		free(stay);
		return false;
	}
	i->proposed = stay;
	i->proposed_n = n;
	i->state = ISR_PENDING_SHRINK;
	i->change++;
	isr_check(i);
	return true;
}

int64_t isr_high_watermark(const struct isr *i, int64_t leader_end, int32_t min_insync_replicas,
			   int64_t lag_max_ms, int64_t now_ms, bool (*alive)(void *arg, int32_t broker), void *arg)
{
	int64_t hw = leader_end;

	if (i->committed_n < isr_effective_min(i, min_insync_replicas))
		return -1; /* KAFKA-15583 */
	for (int32_t r = 0; r < i->remotes_n; r++) {
		const struct remote_replica *x = &i->remotes[r];

		if (x->end_offset >= hw)
			continue;
		/* One that is about to join holds the mark back too, or it could never catch it. */
		if (isr_has_maximal(i, x->broker_id) ||
		    (caught_up(x, leader_end, lag_max_ms, now_ms) && alive(arg, x->broker_id)))
			hw = x->end_offset;
	}
	return hw;
}

int64_t isr_low_watermark(const struct isr *i, int64_t leader_start, bool (*alive)(void *arg, int32_t broker),
			  void *arg)
{
	int64_t low = leader_start;

	for (int32_t r = 0; r < i->remotes_n; r++) {
		if (alive(arg, i->remotes[r].broker_id))
			low = MIN(low, i->remotes[r].start_offset);
	}
	return low;
}
