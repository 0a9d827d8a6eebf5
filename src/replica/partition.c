/* partition.c - the lock, the gate and the log around the decisions of isr.c.
 *
 * The gate (appending, changing) keeps Kafka's exclusion "leader append under the read lock, role changes under the
 * write lock" without holding a lock across a write: an append counts itself in while no change is under way, a
 * change waits until the count is 0. A read takes state and log together under the lock and then goes on without
 * it: what it reads is bounded by the high watermark of its moment, which only grows under one leadership.
 *
 * The high watermark is computed and stored under the lock, so two appends cannot store theirs in the wrong order.
 */
#include "replica/partition.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/lock.h"
#include "metadata/image.h"
#include "protocol/errors.h"
#include "replica/disk_pace.h"
#include "replica/partition_priv.h"
#include "storage/log_config.h"

enum {
	SILENCE_MS = 2000,	  /* without a word of the followers; idle ones fetch twice a second */
	DOUBT_FORGOTTEN_MS = 30000, /* after the last refusal: longer than producers wait before they try again */
};

struct partition *partition_new(const char *topic, int32_t index, const struct partition_env *env)
{
	struct partition *p = xcalloc(1, sizeof(*p));

	atomic_init(&p->refs, 1);
	p->env = env;
	p->topic = xstrdup(topic);
	p->index = index;
	lock_init(&p->lock, RANK_PARTITION, "partition");
	cond_init(&p->gate);
	p->leader = p->leader_epoch = -1;
	p->epoch_start = -1;
	isr_init(&p->isr, env->broker_id);
	return p;
}

struct partition *partition_ref(struct partition *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

struct partition *partition_unref(struct partition *p)
{
	if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	log_unref(p->log);
	log_unref(p->future);
	isr_fini(&p->isr);
	lock_fini(&p->lock);
	cond_fini(&p->gate);
	free(p->topic);
	free(p);
	return NULL;
}

const char *partition_topic(const struct partition *p)
{
	return p->topic;
}

int32_t partition_index(const struct partition *p)
{
	return p->index;
}

bool partition_leads(const struct partition *p)
{
	return p->leader == p->env->broker_id && p->log;
}

struct log *partition_log(struct partition *p)
{
	struct log *log;

	lock_take(&p->lock);
	log = p->log ? log_ref(p->log) : NULL;
	lock_release(&p->lock);
	return log;
}

int64_t partition_log_start(struct partition *p)
{
	int64_t r;

	lock_take(&p->lock);
	r = p->log ? log_start_offset(p->log) : -1;
	lock_release(&p->lock);
	return r;
}

bool partition_is_leader(struct partition *p)
{
	bool r;

	lock_take(&p->lock);
	r = partition_leads(p);
	lock_release(&p->lock);
	return r;
}

bool partition_is_offline(struct partition *p)
{
	bool r;

	lock_take(&p->lock);
	r = p->offline;
	lock_release(&p->lock);
	return r;
}

int32_t partition_leader_epoch(struct partition *p)
{
	int32_t r;

	lock_take(&p->lock);
	r = p->leader_epoch;
	lock_release(&p->lock);
	return r;
}

void partition_leader(struct partition *p, int32_t *ret_leader, int32_t *ret_epoch)
{
	lock_take(&p->lock);
	*ret_leader = p->leader;
	*ret_epoch = p->leader_epoch;
	lock_release(&p->lock);
}

/* --- the gate --- */

void partition_change_begin(struct partition *p)
{
	partition_await_change(p);
	p->changing = true;
	while (p->appending > 0)
		lock_wait(&p->lock, &p->gate);
}

void partition_change_end(struct partition *p)
{
	p->changing = false;
	cond_broadcast(&p->gate);
}

void partition_await_change(struct partition *p)
{
	while (p->changing)
		lock_wait(&p->lock, &p->gate);
}

void partition_leave(struct partition *p)
{
	if (--p->appending == 0 && p->changing)
		cond_broadcast(&p->gate);
}

/* --- the high watermark --- */

bool partition_broker_is_alive(void *arg, int32_t broker)
{
	const struct partition_env *env = arg;
	struct image *image = metadata_image(env->metadata);
	bool alive = image_broker(image, broker) != NULL;

	image_unref(image);
	return alive;
}

static void *alive_arg(const struct partition *p)
{
	return (void *)(uintptr_t)p->env; /* read only */
}

static int32_t min_insync(struct partition *p)
{
	struct log_config *c = log_get_config(p->log);
	int32_t n = c->min_insync_replicas;

	log_config_unref(c);
	return n;
}

unsigned partition_advance_locked(struct partition *p)
{
	int64_t hw = isr_high_watermark(&p->isr, log_end_offset(p->log), min_insync(p),
					p->env->replica_lag_time_max_ms, clock_mono_ms(p->env->clock),
					partition_broker_is_alive, alive_arg(p));

	/* Never backwards on a leader (replication.md 5.5). */
	if (hw > log_high_watermark(p->log) && log_set_high_watermark(p->log, hw))
		return MOVED_HIGH_WATERMARK;
	return 0;
}

unsigned partition_advance(struct partition *p)
{
	unsigned moved;

	lock_take(&p->lock);
	moved = partition_leads(p) ? partition_advance_locked(p) : 0;
	lock_release(&p->lock);
	return moved;
}

void partition_view(struct partition *p, struct partition_view *ret)
{
	lock_take(&p->lock);
	*ret = (struct partition_view){
		.leader = p->leader,
		.leader_epoch = p->leader_epoch,
		.partition_epoch = p->partition_epoch,
		.controller_epoch = p->controller_epoch,
		.epoch_start = p->epoch_start,
		.high_watermark = p->log ? log_high_watermark(p->log) : -1,
		.end_offset = p->log ? log_end_offset(p->log) : -1,
		.isr_n = isr_size(&p->isr),
		.replicas_n = p->isr.remotes_n + 1,
		.min_isr = partition_leads(p) ? isr_effective_min(&p->isr, min_insync(p)) : 0,
		.offline = p->offline,
		.is_leader = partition_leads(p),
	};
	lock_release(&p->lock);
}

/* --- the controller's decisions --- */

void partition_attach(struct partition *p, struct log *log, struct disk_pace *pace,
		      int64_t checkpointed_high_watermark)
{
	lock_take(&p->lock);
	assert(!p->log);
	p->log = log_ref(log);
	p->pace = pace;
	p->offline = false;
	/* Clamped to [start, end] by the log. A log that was recovered with a mark of its own keeps the higher one. */
	if (checkpointed_high_watermark > log_high_watermark(log))
		(void)log_set_high_watermark(log, checkpointed_high_watermark);
	lock_release(&p->lock);
}

/* Makes us leader in memory. Locks: p->lock held, changing, log attached. */
static unsigned lead(struct partition *p, const struct leadership *l)
{
	bool was_leader = p->leader == p->env->broker_id;
	int64_t end = log_end_offset(p->log);

	isr_set(&p->isr, l->replicas, l->replicas_n, l->isr, l->isr_n);
	if (l->leader_epoch > p->leader_epoch) {
		isr_new_epoch(&p->isr, was_leader, end, clock_mono_ms(p->env->clock));
		p->epoch_start = end;
	}
	p->leader = p->env->broker_id;
	p->leader_epoch = l->leader_epoch;
	p->partition_epoch = l->partition_epoch;
	return partition_advance_locked(p);
}

int partition_make_leader(struct partition *p, const struct leadership *l, unsigned *ret_moved)
{
	int r = 0;

	*ret_moved = 0;
	lock_take(&p->lock);
	/* Equal is accepted: an AlterPartition answer may have told us already (replication.md 4.2.1). */
	if (l->partition_epoch < p->partition_epoch) {
		lock_release(&p->lock);
		return 0;
	}
	assert(p->log);
	partition_change_begin(p);
	p->controller_epoch = l->controller_epoch;
	if (l->leader_epoch > p->leader_epoch) {
		struct log *log = p->log; /* only a change takes it away, and this is the one */

		/* Before any record of the epoch exists (KAFKA-7415). Writes a file: not under the lock; the gate
		 * keeps appends out, so the end does not move. */
		lock_release(&p->lock);
		r = log_assign_epoch(log, l->leader_epoch, log_end_offset(log));
		lock_take(&p->lock);
	}
	if (r == 0)
		*ret_moved = lead(p, l);
	partition_change_end(p);
	lock_release(&p->lock);
	return FAIL(r);
}

void partition_make_follower(struct partition *p, const struct leadership *l, unsigned *ret_moved)
{
	*ret_moved = 0;
	lock_take(&p->lock);
	if (l->partition_epoch >= p->partition_epoch) {
		partition_change_begin(p);
		p->controller_epoch = l->controller_epoch;
		*ret_moved = l->leader_epoch > p->leader_epoch ? MOVED_ROLE : 0;
		p->leader = l->leader;
		p->leader_epoch = l->leader_epoch;
		p->partition_epoch = l->partition_epoch;
		p->epoch_start = -1;
		isr_clear(&p->isr);
		partition_change_end(p);
	}
	lock_release(&p->lock);
}

static void drop_log(struct partition *p, bool offline)
{
	struct log *log, *future;

	lock_take(&p->lock);
	partition_change_begin(p);
	log = TAKE(p->log);
	future = TAKE(p->future);
	p->offline = offline;
	p->leader = -1;
	p->epoch_start = -1;
	isr_clear(&p->isr);
	partition_change_end(p);
	lock_release(&p->lock);
	log_unref(log);
	log_unref(future);
}

void partition_set_offline(struct partition *p)
{
	drop_log(p, true);
}

void partition_stop(struct partition *p)
{
	drop_log(p, false);
}

/* --- access checks --- */

/* Locks: p->lock held. The epoch comes before leadership (KAFKA-14078). */
static int check(const struct partition *p, int32_t leader_epoch, bool leader_only)
{
	if (p->offline)
		return KERR_KAFKA_STORAGE_ERROR;
	if (leader_epoch >= 0 && leader_epoch < p->leader_epoch)
		return KERR_FENCED_LEADER_EPOCH;
	if (leader_epoch >= 0 && leader_epoch > p->leader_epoch)
		return KERR_UNKNOWN_LEADER_EPOCH;
	if (!p->log || (leader_only && !partition_leads(p)))
		return KERR_NOT_LEADER_OR_FOLLOWER;
	return 0;
}

int partition_check(struct partition *p, int32_t leader_epoch, bool leader_only, struct log **ret_log)
{
	int r;

	lock_take(&p->lock);
	r = check(p, leader_epoch, leader_only);
	if (r == 0)
		*ret_log = log_ref(p->log);
	lock_release(&p->lock);
	return r;
}

/* --- append --- */

/* Counts an append in, or says why not. On 0 the log stays attached and ours until append_end. */
static int append_begin(struct partition *p, int16_t acks, int32_t *ret_epoch)
{
	int r;

	lock_take(&p->lock);
	partition_await_change(p);
	r = check(p, -1, true);
	/* The committed set counts here, not the maximal one (replication.md 5.1). */
	if (r == 0 && acks == -1 && isr_size(&p->isr) < isr_effective_min(&p->isr, min_insync(p)))
		r = KERR_NOT_ENOUGH_REPLICAS;
	if (r == 0) {
		p->appending++;
		*ret_epoch = p->leader_epoch;
	}
	lock_release(&p->lock);
	return r;
}

static unsigned append_end(struct partition *p, bool appended)
{
	unsigned moved = 0;

	lock_take(&p->lock);
	if (appended)
		moved = MOVED_END | partition_advance_locked(p);
	partition_leave(p);
	lock_release(&p->lock);
	return moved;
}

/* Could there be another leader by now? Asked when a producer's sequence numbers are ahead of ours. If there is one, the
 * producer misses nothing, it is we who do: we were cut off, or have slept, and to call its numbers out of order would end
 * it. Fetches that waited in our sockets while we slept prove nothing, so the first refusal is always a doubt. */
static bool may_be_replaced(struct partition *p)
{
	struct leadership_doubt *d = &p->doubt;
	int64_t now = clock_mono_ms(p->env->clock);
	bool r;

	lock_take(&p->lock);
	if (d->last_ms == 0 || now - d->last_ms > DOUBT_FORGOTTEN_MS)
		d->since_ms = now;
	d->last_ms = now;
	r = !partition_leads(p) || !isr_proves_leadership(&p->isr, MAX(d->since_ms, now - SILENCE_MS), min_insync(p));
	lock_release(&p->lock);
	return r;
}

int partition_append(struct partition *p, uint8_t *data, size_t len, int16_t acks, enum append_origin origin,
		     int16_t produce_version, struct arena *arena, struct log_append_info *ret,
		     unsigned *ret_moved)
{
	int64_t began_ms;
	int32_t epoch;
	int r;

	*ret_moved = 0;
	*ret = (struct log_append_info){ .first_offset = -1, .last_offset = -1, .log_append_time = -1,
					 .log_start_offset = -1, .error_message = STR_NULL };
	r = append_begin(p, acks, &epoch);
	if (r)
		return r;
	began_ms = clock_mono_ms(p->env->clock);
	disk_pace_begin(p->pace, began_ms);
	r = log_append_as_leader(p->log, data, len, epoch, origin, produce_version, arena, ret);
	disk_pace_end(p->pace, began_ms, clock_mono_ms(p->env->clock));
	if (r == KERR_OUT_OF_ORDER_SEQUENCE_NUMBER && acks == -1 && may_be_replaced(p))
		r = KERR_NOT_LEADER_OR_FOLLOWER;
	*ret_moved = append_end(p, r == 0 && ret->high_watermark_may_move);
	return FAIL(r);
}

bool partition_disk_stalls(struct partition *p)
{
	struct disk_pace *pace;

	lock_take(&p->lock);
	pace = p->log ? p->pace : NULL;
	lock_release(&p->lock);
	return pace && disk_pace_stalls(pace, clock_mono_ms(p->env->clock));
}

bool partition_check_acks(struct partition *p, int64_t required, int16_t *ret_error)
{
	bool decided = true;
	int r;

	lock_take(&p->lock);
	r = check(p, -1, true);
	if (r == 0 && log_high_watermark(p->log) < required)
		decided = false;
	else if (r == 0 && isr_maximal_size(&p->isr) < isr_effective_min(&p->isr, min_insync(p)))
		r = KERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND;
	lock_release(&p->lock);
	*ret_error = (int16_t)r;
	return decided;
}

/* --- read --- */

/* KIP-595 (replication.md 5.2.1). 0 with ret->diverging set or not; OFFSET_OUT_OF_RANGE. */
static int check_divergence(struct log *log, const struct partition_read *q, struct partition_data *ret)
{
	int32_t epoch;
	int64_t end;

	if (q->last_fetched_epoch < 0)
		return 0;
	log_end_offset_for_epoch(log, q->last_fetched_epoch, &epoch, &end);
	if (epoch < 0 || end < 0)
		return KERR_OFFSET_OUT_OF_RANGE;
	if (q->offset < ret->slice.log_start_offset)
		return KERR_OFFSET_OUT_OF_RANGE; /* even if the epochs diverge (KAFKA-12996) */
	if (epoch < q->last_fetched_epoch || end < q->offset) {
		ret->diverging = true;
		ret->diverging_epoch = epoch;
		ret->diverging_end = end;
	}
	return 0;
}

/* Who may read, and from which log. */
static int read_begin(struct partition *p, const struct partition_read *q, struct log **ret)
{
	struct uuid id;
	int r;

	lock_take(&p->lock);
	/* The directory first, then the id, then epochs and roles (ReplicaManager.readFromLog, Partition.fetchRecords). */
	r = p->offline ? KERR_KAFKA_STORAGE_ERROR : 0;
	if (r == 0 && p->log && !uuid_is_zero(q->topic_id)) {
		id = log_topic_id(p->log);
		if (!uuid_is_zero(id) && !uuid_eq(id, q->topic_id))
			r = KERR_INCONSISTENT_TOPIC_ID;
	}
	if (r == 0)
		r = check(p, q->leader_epoch, q->leader_only);
	/* A broker we do not know as a replica asks again once both have heard of the reassignment (KAFKA-13837). */
	if (r == 0 && q->replica_id >= 0 && !isr_knows(&p->isr, q->replica_id))
		r = q->leader_epoch >= 0 ? KERR_UNKNOWN_LEADER_EPOCH : KERR_NOT_LEADER_OR_FOLLOWER;
	if (r == 0)
		*ret = log_ref(p->log);
	lock_release(&p->lock);
	return r;
}

/* A follower has everything below q->offset: that may commit records, or let deleted ones go. */
static unsigned follower_read(struct partition *p, const struct partition_read *q, int64_t leader_end)
{
	unsigned moved = 0;

	lock_take(&p->lock);
	if (partition_leads(p)) {
		int64_t start = log_start_offset(p->log), low, before;

		before = isr_low_watermark(&p->isr, start, partition_broker_is_alive, alive_arg(p));
		if (isr_fetched(&p->isr, q->replica_id, q->offset, q->follower_start, leader_end,
				q->follower_broker_epoch, q->connection, clock_mono_ms(p->env->clock)))
			moved = partition_advance_locked(p);
		low = isr_low_watermark(&p->isr, start, partition_broker_is_alive, alive_arg(p));
		if (low > before)
			moved |= MOVED_LOW_WATERMARK;
		moved |= partition_try_expand(p, q->replica_id);
	}
	lock_release(&p->lock);
	return moved;
}

static void slice_bounds(struct log *log, struct log_slice *s)
{
	s->high_watermark = log_high_watermark(log);
	s->last_stable_offset = log_last_stable_offset(log);
	s->log_start_offset = log_start_offset(log);
	s->log_end_offset = log_end_offset(log);
}

int partition_read(struct partition *p, const struct partition_read *q, struct arena *arena,
		   struct partition_data *ret, unsigned *ret_moved)
{
	struct log *log;
	int r;

	*ret = (struct partition_data){ 0 };
	*ret_moved = 0;
	r = read_begin(p, q, &log);
	if (r)
		return r;
	/* Taken before the read, so that appends meanwhile do not make a follower look late. */
	slice_bounds(log, &ret->slice);
	r = check_divergence(log, q, ret);
	if (r == 0 && !ret->diverging)
		r = log_read(log, q->offset, q->max_bytes, q->min_one_message, q->isolation, arena, &ret->slice);
	if (r == 0 && !ret->diverging && q->replica_id >= 0 && q->update_follower)
		*ret_moved = follower_read(p, q, ret->slice.log_end_offset);
	log_unref(log);
	return FAIL(r);
}

int partition_look(struct partition *p, const struct partition_read *q, struct partition_data *ret)
{
	struct log *log;
	int r = read_begin(p, q, &log);

	*ret = (struct partition_data){ .elsewhere = true };
	if (r)
		return r;
	slice_bounds(log, &ret->slice);
	log_unref(log);
	return 0;
}

int64_t partition_available(struct partition *p, const struct partition_read *q)
{
	struct partition_data data = { 0 };
	struct log *log;
	int64_t n = -1;

	if (read_begin(p, q, &log))
		return -1;
	slice_bounds(log, &data.slice);
	/* Between the readable end and the log end there is nothing to read and nothing wrong: the mark may rise. */
	if (q->offset >= data.slice.log_start_offset && q->offset <= data.slice.log_end_offset &&
	    check_divergence(log, q, &data) == 0 && !data.diverging)
		n = log_bytes_available(log, q->offset, q->isolation, (int64_t)q->max_bytes);
	log_unref(log);
	return n;
}

int partition_end_for(struct partition *p, struct log *log, enum fetch_isolation isolation, int64_t *ret)
{
	int64_t epoch_start;

	lock_take(&p->lock);
	epoch_start = partition_leads(p) ? p->epoch_start : -1;
	lock_release(&p->lock);
	*ret = isolation == FETCH_LOG_END	  ? log_end_offset(log)
	       : isolation == FETCH_COMMITTED ? log_last_stable_offset(log)
					      : log_high_watermark(log);
	if (isolation != FETCH_LOG_END && log_high_watermark(log) < epoch_start)
		return KERR_OFFSET_NOT_AVAILABLE;
	return 0;
}

/* --- deleting records --- */

/* Locks: p->lock held; leading. */
static int64_t low_watermark(struct partition *p)
{
	int64_t start = log_start_offset(p->log);

	if (p->future)
		start = MIN(start, log_start_offset(p->future));
	return isr_low_watermark(&p->isr, start, partition_broker_is_alive, alive_arg(p));
}

static bool may_delete(struct log *log)
{
	struct log_config *c = log_get_config(log);
	bool r = c->cleanup_delete;

	log_config_unref(c);
	return r;
}

int partition_delete_records(struct partition *p, int64_t offset, int64_t *ret_offset, int64_t *ret_low,
			     unsigned *ret_moved)
{
	struct log *log;
	int r = partition_check(p, -1, true, &log);

	*ret_moved = 0;
	if (r)
		return r;
	if (!may_delete(log)) {
		r = KERR_POLICY_VIOLATION;
	} else {
		int64_t hw = log_high_watermark(log);

		*ret_offset = offset == -1 ? hw : offset;
		r = *ret_offset < 0 || *ret_offset > hw ? KERR_OFFSET_OUT_OF_RANGE
							: log_advance_start_offset(log, *ret_offset);
	}
	if (r == 0) {
		*ret_moved = MOVED_LOW_WATERMARK;
		lock_take(&p->lock);
		*ret_low = partition_leads(p) ? low_watermark(p) : -1;
		lock_release(&p->lock);
	}
	log_unref(log);
	return FAIL(r);
}

bool partition_check_low(struct partition *p, int64_t offset, int64_t *ret_low, int16_t *ret_error)
{
	int r;

	*ret_low = -1;
	lock_take(&p->lock);
	r = check(p, -1, true);
	if (r == 0)
		*ret_low = low_watermark(p);
	lock_release(&p->lock);
	*ret_error = (int16_t)r;
	return r != 0 || *ret_low >= offset;
}
