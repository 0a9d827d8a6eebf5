/* control.c - LeaderAndIsr, StopReplica and UpdateMetadata, applied to the table (replication.md 4.1 to 4.4).
 *
 * A request is flattened into steps first, whatever the layout of its version; then decided, leaders before
 * followers, under the state change lock; then, without it, waiting requests are woken. The controller repeats
 * requests that were answered late, so each must be idempotent: an equal leader epoch changes nothing.
 */
#include "replica/partitions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "metadata/image.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/partitions_priv.h"
#include "storage/log_dirs.h"

#define LOG_CLASS "state.change.logger"
#include "base/logger.h"

typedef struct leader_and_isr_request_leader_and_isr_partition_state isr_state_t;

typedef struct update_metadata_request_update_metadata_partition_state update_state_t;

enum { EPOCH_DURING_DELETE = -2, EPOCH_NONE = -1 }; /* StopReplica (replication.md section 1) */
enum { LEADER_DURING_DELETE = -2 };		    /* UpdateMetadata */

enum step_role { STEP_NONE, STEP_LEADER, STEP_FOLLOWER };

/* One partition of a LeaderAndIsr request on its way. */
struct step {
	const isr_state_t *state;
	struct partition_result *result;
	struct partition *p; /* counted; NULL: refused before it was made */
	enum step_role role;
	unsigned moved;
	bool attached; /* its log, just now */
};

struct isr_change {
	struct partitions *ps;
	const struct leader_and_isr_request *req;
	struct image *image;
	struct step *steps; /* in the arena */
	int32_t n;
};

/* A controller has one connection to us at a time, and sends again over the next one what the last one did not bring an
 * answer to. What waited in the socket of an earlier one, while we slept, must not come behind what was sent later: it
 * would put old metadata in the place of new ones. Locks: state_change held. */
static bool is_overtaken(struct partitions *ps, int32_t controller_epoch, uint64_t connection)
{
	if (controller_epoch > atomic_load(&ps->controller_epoch))
		ps->controller_connection = 0;
	if (connection > 0 && connection < ps->controller_connection)
		return true;
	ps->controller_connection = MAX(ps->controller_connection, connection);
	return false;
}

/* Epochs in the order of replication.md 4.1. Remembers the controller's. Locks: state_change held. */
static int check_epochs(struct partitions *ps, const char *what, int32_t controller, int32_t controller_epoch,
			int64_t broker_epoch, uint64_t connection)
{
	int64_t own = atomic_load(&ps->broker_epoch);
	int32_t latest = atomic_load(&ps->controller_epoch);

	if (broker_epoch != -1 && broker_epoch < own) {
		log_info("[Broker id=%d] Received %s request with broker epoch %lld smaller than the current broker "
			 "epoch %lld", (int)ps->config.broker_id, what, (long long)broker_epoch, (long long)own);
		return KERR_STALE_BROKER_EPOCH;
	}
	if (controller_epoch < latest) {
		log_warn("[Broker id=%d] Ignoring %s request from controller %d since its controller epoch %d is old. "
			 "Latest known controller epoch is %d", (int)ps->config.broker_id, what, (int)controller,
			 (int)controller_epoch, (int)latest);
		return KERR_STALE_CONTROLLER_EPOCH;
	}
	if (is_overtaken(ps, controller_epoch, connection)) {
		log_info("[Broker id=%d] Ignoring %s request from controller %d that came over an earlier connection than what it "
			 "sent since", (int)ps->config.broker_id, what, (int)controller);
		return -ESTALE;
	}
	atomic_store(&ps->controller_epoch, controller_epoch);
	return 0;
}

/* --- LeaderAndIsr --- */

static void add_step(struct isr_change *c, struct partition_results *ret, struct str topic, struct uuid id,
		     const isr_state_t *state)
{
	ret->v[c->n] = (struct partition_result){ .topic = topic, .topic_id = id, .index = state->partition_index };
	c->steps[c->n] = (struct step){ .state = state, .result = &ret->v[c->n] };
	ret->n = ++c->n;
}

static int flatten(struct isr_change *c, struct arena *a, struct partition_results *ret)
{
	const struct leader_and_isr_request *req = c->req;
	size_t n = (size_t)req->ungrouped_partition_states_n;

	for (int32_t t = 0; t < req->topic_states_n; t++)
		n += (size_t)req->topic_states[t].partition_states_n;
	c->steps = arena_array(a, n, sizeof(*c->steps));
	ret->v = arena_array(a, n, sizeof(*ret->v));
	if (!c->steps || !ret->v)
		return FAIL(-ENOMEM);
	for (int32_t i = 0; i < req->ungrouped_partition_states_n; i++)
		add_step(c, ret, req->ungrouped_partition_states[i].topic_name, UUID_ZERO,
			 &req->ungrouped_partition_states[i]);
	for (int32_t t = 0; t < req->topic_states_n; t++) {
		for (int32_t i = 0; i < req->topic_states[t].partition_states_n; i++)
			add_step(c, ret, req->topic_states[t].topic_name, req->topic_states[t].topic_id,
				 &req->topic_states[t].partition_states[i]);
	}
	return 0;
}

/* The log of the partition, attached or only on disk, with a reference; NULL: none. */
static struct log *known_log(struct partitions *ps, struct partition *p)
{
	struct log *log = partition_log(p);

	return log ? log : log_dirs_get(ps->config.log_dirs, partition_topic(p), partition_index(p));
}

static bool ids_differ(struct partitions *ps, const struct step *s)
{
	struct log *log = known_log(ps, s->p);
	struct uuid local = log ? log_topic_id(log) : UUID_ZERO;

	log_unref(log);
	return !uuid_is_zero(local) && !uuid_is_zero(s->result->topic_id) && !uuid_eq(local, s->result->topic_id);
}

/* Equal epoch: nothing to do but learn the topic id (replication.md 4.2 step 4). 0, or 11 for a plain repeat. */
static int same_epoch(struct partitions *ps, struct step *s)
{
	struct log *log = partition_log(s->p);
	struct uuid local = log ? log_topic_id(log) : UUID_ZERO;
	int r = KERR_STALE_CONTROLLER_EPOCH;

	if (log && uuid_is_zero(local) && !uuid_is_zero(s->result->topic_id))
		r = log_set_topic_id(log, s->result->topic_id);
	else if (!uuid_is_zero(local) && uuid_is_zero(s->result->topic_id) && !partition_is_leader(s->p))
		r = 0; /* KAFKA-13394: the controller went back to a version without ids */
	if (r == 0 && ps->fetching.set_topic_id)
		ps->fetching.set_topic_id(ps->fetching.arg, s->p, s->result->topic_id);
	log_unref(log);
	return r;
}

static bool lists(const int32_t *v, int32_t n, int32_t id)
{
	for (int32_t i = 0; i < n; i++) {
		if (v[i] == id)
			return true;
	}
	return false;
}

/* What is to be done for one partition; 0 or the error it is answered. */
static int decide(struct isr_change *c, struct step *s)
{
	int32_t self = c->ps->config.broker_id, epoch;

	s->p = partitions_get_or_make(c->ps, s->result->topic, s->state->partition_index);
	if (!s->p)
		return KERR_INVALID_TOPIC_EXCEPTION; /* no such name can be a directory */
	if (partition_is_offline(s->p))
		return KERR_KAFKA_STORAGE_ERROR;
	if (ids_differ(c->ps, s))
		return KERR_INCONSISTENT_TOPIC_ID;
	epoch = partition_leader_epoch(s->p);
	if (s->state->leader_epoch < epoch)
		return KERR_STALE_CONTROLLER_EPOCH;
	if (s->state->leader_epoch == epoch && !c->req->is_kraft_controller)
		return same_epoch(c->ps, s);
	if (!lists(s->state->replicas, s->state->replicas_n, self))
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	s->role = s->state->leader == self ? STEP_LEADER : STEP_FOLLOWER;
	return 0;
}

static struct leadership leadership_of(const isr_state_t *s)
{
	return (struct leadership){
		.controller_epoch = s->controller_epoch,
		.leader = s->leader,
		.leader_epoch = s->leader_epoch,
		.partition_epoch = s->partition_epoch,
		.replicas = s->replicas,
		.replicas_n = s->replicas_n,
		.isr = s->isr,
		.isr_n = s->isr_n,
		.adding = s->adding_replicas,
		.adding_n = s->adding_replicas_n,
		.removing = s->removing_replicas,
		.removing_n = s->removing_replicas_n,
	};
}

/* Gives the partition its log, creating it where it has none. 0, > 0, -errno. */
static int ensure_log(struct isr_change *c, struct step *s)
{
	struct log *log = partition_log(s->p);
	int r = 0;

	if (!log) {
		r = log_dirs_get_or_create(c->ps->config.log_dirs, partition_topic(s->p), partition_index(s->p),
					   s->result->topic_id, s->state->is_new, &log);
		if (r)
			return FAIL(r);
		partition_attach(s->p, log, partitions_pace(c->ps, log_parent_dir(log)),
				 log_dirs_checkpointed_high_watermark(c->ps->config.log_dirs, log));
		s->attached = true;
		partitions_resume_move(c->ps, s->p);
	}
	if (uuid_is_zero(log_topic_id(log)) && !uuid_is_zero(s->result->topic_id))
		r = log_set_topic_id(log, s->result->topic_id);
	log_unref(log);
	return FAIL(r);
}

/* Storage failed under one partition: it is offline from now on, its directory soon. */
static void step_failed(struct isr_change *c, struct step *s, int r)
{
	char text[256];

	if (r > 0 && r != KERR_KAFKA_STORAGE_ERROR) {
		s->result->error = (int16_t)r;
		return;
	}
	log_error("[Broker id=%d] Error while processing LeaderAndIsr request received from controller %d epoch %d "
		  "for partition %s-%d: %s", (int)c->ps->config.broker_id, (int)c->req->controller_id,
		  (int)c->req->controller_epoch, partition_topic(s->p), (int)partition_index(s->p),
		  r > 0 ? "its log directory is offline" : error_text(r, text, sizeof(text)));
	if (r < 0)
		partitions_storage_failed(c->ps, s->p, r);
	partition_set_offline(s->p);
	partitions_tell_resigned(c->ps, s->result->topic, s->result->index, EPOCH_NONE);
	s->moved = MOVED_ROLE;
	s->result->error = KERR_KAFKA_STORAGE_ERROR;
}

static void log_started(const struct isr_change *c, const struct step *s, const struct partition_view *was)
{
	struct partition_view now;
	char previous[24] = "None";

	if (!log_wants(LOG_INFO))
		return;
	partition_view(s->p, &now);
	if (was->leader >= 0)
		(void)snprintf(previous, sizeof(previous), "Some(%d)", (int)was->leader);
	if (s->role == STEP_LEADER)
		log_info("[Broker id=%d] Leader %s-%d starts at leader epoch %d from offset %lld with partition epoch "
			 "%d, high watermark %lld, ISR of %d replicas. Previous leader %s and previous leader epoch "
			 "was %d.", (int)c->ps->config.broker_id, partition_topic(s->p), (int)partition_index(s->p),
			 (int)now.leader_epoch, (long long)now.epoch_start, (int)now.partition_epoch,
			 (long long)now.high_watermark, (int)now.isr_n, previous, (int)was->leader_epoch);
	else
		log_info("[Broker id=%d] Follower %s-%d starts at leader epoch %d from offset %lld with partition "
			 "epoch %d and high watermark %lld. Current leader is %d. Previous leader %s and previous "
			 "leader epoch was %d.", (int)c->ps->config.broker_id, partition_topic(s->p),
			 (int)partition_index(s->p), (int)now.leader_epoch, (long long)now.end_offset,
			 (int)now.partition_epoch, (long long)now.high_watermark, (int)now.leader, previous,
			 (int)was->leader_epoch);
}

/* A new epoch of a partition that we led already changes nothing for its coordinator. */
static void tell_elected(const struct isr_change *c, const struct step *s, const struct partition_view *was)
{
	const struct leadership_listener *l = &c->ps->config.leadership;

	if (!was->is_leader && partition_is_leader(s->p) && l->elected)
		l->elected(l->arg, s->result->topic, s->result->index, partition_leader_epoch(s->p));
}

static void make_leader(struct isr_change *c, struct step *s)
{
	struct leadership l = leadership_of(s->state);
	struct partition_view was;
	int r = ensure_log(c, s);

	partition_view(s->p, &was);
	if (r == 0)
		r = partition_make_leader(s->p, &l, &s->moved);
	if (r)
		return step_failed(c, s, r);
	log_started(c, s, &was);
	tell_elected(c, s, &was);
}

static void make_follower(struct isr_change *c, struct step *s)
{
	struct leadership l = leadership_of(s->state);
	struct partition_view was;
	int r = ensure_log(c, s);

	if (r)
		return step_failed(c, s, r);
	/* Without a leader only the log is made, so that its high watermark stays in the checkpoint (KAFKA-1647);
	 * role and epoch wait for a leader that lives. */
	if (!image_broker(c->image, l.leader)) {
		log_error("[Broker id=%d] Received LeaderAndIsr request from controller %d epoch %d for partition %s-%d "
			  "but cannot become follower since the new leader %d is unavailable.",
			  (int)c->ps->config.broker_id, (int)c->req->controller_id, (int)c->req->controller_epoch,
			  partition_topic(s->p), (int)partition_index(s->p), (int)l.leader);
		return;
	}
	partition_view(s->p, &was);
	partition_make_follower(s->p, &l, &s->moved);
	log_started(c, s, &was);
	if (s->moved & MOVED_ROLE)
		partitions_tell_resigned(c->ps, s->result->topic, s->result->index, l.leader_epoch);
}

/* Those whose leader or epoch has changed are fetched from their leaders anew: out of the fetchers first, so that where
 * to begin is read from logs that nobody writes (KAFKA-13266). */
static void follow_all(struct isr_change *c)
{
	for (int32_t i = 0; i < c->n; i++) {
		if (c->steps[i].role == STEP_FOLLOWER && c->steps[i].moved)
			partitions_unfollow(c->ps, c->steps[i].p);
	}
	for (int32_t i = 0; i < c->n; i++) {
		if (c->steps[i].role == STEP_FOLLOWER && c->steps[i].moved && !c->steps[i].result->error)
			partitions_follow(c->ps, c->image, c->steps[i].p, c->steps[i].result->topic_id);
	}
	partitions_settle(c->ps);
}

/* Locks: state_change held. */
static void apply_steps(struct isr_change *c)
{
	for (int32_t i = 0; i < c->n; i++)
		c->steps[i].result->error = kerr_of(decide(c, &c->steps[i]));
	for (int32_t i = 0; i < c->n; i++) {
		if (c->steps[i].role == STEP_LEADER)
			partitions_unfollow(c->ps, c->steps[i].p);
	}
	for (int32_t i = 0; i < c->n; i++) {
		if (c->steps[i].role == STEP_LEADER)
			make_leader(c, &c->steps[i]);
	}
	for (int32_t i = 0; i < c->n; i++) {
		if (c->steps[i].role == STEP_FOLLOWER)
			make_follower(c, &c->steps[i]);
	}
	follow_all(c);
}

static void wake_steps(struct isr_change *c)
{
	for (int32_t i = 0; i < c->n; i++) {
		struct step *s = &c->steps[i];

		if (s->attached && c->ps->config.logs_changed)
			c->ps->config.logs_changed(c->ps->config.arg, partition_topic(s->p));
		if (s->p && s->moved)
			partitions_moved(c->ps, s->p, s->moved);
		s->p = partition_unref(s->p);
	}
}

int partitions_leader_and_isr(struct partitions *ps, uint64_t connection, const struct leader_and_isr_request *req,
			      struct arena *a, struct partition_results *ret)
{
	struct isr_change c = { .ps = ps, .req = req };
	int64_t began_ms = clock_mono_ms(ps->config.clock);
	int r;

	*ret = (struct partition_results){ 0 };
	r = flatten(&c, a, ret);
	if (r)
		return r;
	lock_take(&ps->state_change);
	r = check_epochs(ps, "LeaderAndIsr", req->controller_id, req->controller_epoch, req->broker_epoch, connection);
	if (r == 0) {
		log_info("[Broker id=%d] Handling LeaderAndIsr request from controller %d for %d partitions",
			 (int)ps->config.broker_id, (int)req->controller_id, (int)c.n);
		c.image = metadata_image(ps->config.metadata);
		apply_steps(&c);
		image_unref(c.image);
	}
	lock_release(&ps->state_change);
	wake_steps(&c);
	if (r < 0)
		return r;
	ret->error = (int16_t)r;
	if (r) {
		for (int32_t i = 0; i < ret->n; i++)
			ret->v[i].error = (int16_t)r;
		return 0;
	}
	log_info("[Broker id=%d] Finished LeaderAndIsr request in %lldms from controller %d for %d partitions",
		 (int)ps->config.broker_id, (long long)(clock_mono_ms(ps->config.clock) - began_ms),
		 (int)req->controller_id, (int)c.n);
	return 0;
}

/* --- StopReplica --- */

struct stop {
	struct str topic;
	int32_t index, leader_epoch;
	bool delete;
	struct partition *p; /* counted */
};

static void add_stop(struct stop *v, struct partition_results *ret, struct str topic, int32_t index, int32_t epoch,
		     bool delete)
{
	v[ret->n] = (struct stop){ .topic = topic, .index = index, .leader_epoch = epoch, .delete = delete };
	ret->v[ret->n++] = (struct partition_result){ .topic = topic, .index = index };
}

/* Up to v2 the delete flag is one for all and the leader epoch counts as absent. */
static int flatten_stop(const struct stop_replica_request *req, struct arena *a, struct stop **ret_stops,
			struct partition_results *ret)
{
	size_t n = (size_t)req->ungrouped_partitions_n;
	struct stop *v = NULL;

	for (int32_t t = 0; t < req->topics_n; t++)
		n += (size_t)req->topics[t].partition_indexes_n;
	for (int32_t t = 0; t < req->topic_states_n; t++)
		n += (size_t)req->topic_states[t].partition_states_n;
	v = arena_array(a, n, sizeof(*v));
	ret->v = arena_array(a, n, sizeof(*ret->v));
	if (!v || !ret->v)
		return FAIL(-ENOMEM);
	for (int32_t i = 0; i < req->ungrouped_partitions_n; i++)
		add_stop(v, ret, req->ungrouped_partitions[i].topic_name,
			 req->ungrouped_partitions[i].partition_index, EPOCH_NONE, req->delete_partitions);
	for (int32_t t = 0; t < req->topics_n; t++) {
		for (int32_t i = 0; i < req->topics[t].partition_indexes_n; i++)
			add_stop(v, ret, req->topics[t].name, req->topics[t].partition_indexes[i], EPOCH_NONE,
				 req->delete_partitions);
	}
	for (int32_t t = 0; t < req->topic_states_n; t++) {
		const struct stop_replica_request_stop_replica_topic_state *ts = &req->topic_states[t];

		for (int32_t i = 0; i < ts->partition_states_n; i++)
			add_stop(v, ret, ts->topic_name, ts->partition_states[i].partition_index,
				 ts->partition_states[i].leader_epoch, ts->partition_states[i].delete_partition);
	}
	*ret_stops = v;
	return 0;
}

/* Locks: state_change held. 0 or the error the partition is answered. */
static int stop_one(struct partitions *ps, struct stop *s)
{
	char name[PARTITION_NAME_MAX + 1];

	s->p = partitions_get(ps, s->topic, s->index);
	if (s->p && partition_is_offline(s->p))
		return KERR_KAFKA_STORAGE_ERROR;
	/* Not "greater": a cancelled reassignment does not move the epoch (KAFKA-13972). */
	if (s->p && s->leader_epoch != EPOCH_DURING_DELETE && s->leader_epoch != EPOCH_NONE &&
	    s->leader_epoch < partition_leader_epoch(s->p))
		return KERR_FENCED_LEADER_EPOCH;
	if (!partitions_name_is_legal(s->topic))
		return KERR_INVALID_TOPIC_EXCEPTION;
	if (s->p)
		partitions_unfollow(ps, s->p);
	if (!s->delete)
		return 0; /* nothing is fetched any more; the partition stays until a higher epoch revives it */
	if (s->index < 0)
		return 0; /* no log has such a number */
	if (s->p) {
		partitions_end_move(ps, s->p);
		partitions_remove(ps, s->p);
		partition_stop(s->p);
	}
	partitions_tell_resigned(ps, s->topic, s->index, MAX(s->leader_epoch, EPOCH_NONE));
	return log_dirs_delete(ps->config.log_dirs, str_copy(s->topic, name, sizeof(name)), s->index);
}

int partitions_stop_replica(struct partitions *ps, uint64_t connection, const struct stop_replica_request *req,
			    struct arena *a, struct partition_results *ret)
{
	struct stop *v = NULL;
	int r;

	*ret = (struct partition_results){ 0 };
	r = flatten_stop(req, a, &v, ret);
	if (r)
		return r;
	lock_take(&ps->state_change);
	r = check_epochs(ps, "StopReplica", req->controller_id, req->controller_epoch, req->broker_epoch, connection);
	ret->error = (int16_t)MAX(r, 0);
	if (r) {
		ret->n = 0;
	} else {
		log_info("[Broker id=%d] Handling StopReplica request from controller %d for %d partitions",
			 (int)ps->config.broker_id, (int)req->controller_id, (int)ret->n);
	}
	for (int32_t i = 0; i < ret->n; i++)
		ret->v[i].error = kerr_of(stop_one(ps, &v[i]));
	partitions_settle(ps);
	lock_release(&ps->state_change);
	for (int32_t i = 0; i < ret->n; i++) {
		if (v[i].p && !ret->v[i].error)
			partitions_moved(ps, v[i].p, MOVED_ROLE);
		if (v[i].p && v[i].delete && ps->config.logs_changed)
			ps->config.logs_changed(ps->config.arg, partition_topic(v[i].p));
		partition_unref(v[i].p);
	}
	return MIN(r, 0);
}

/* --- UpdateMetadata --- */

/* Locks: state_change held. */
static void tell_deleted(struct partitions *ps, const update_state_t *v, int32_t n, struct str topic)
{
	const struct leadership_listener *l = &ps->config.leadership;

	for (int32_t i = 0; i < n && l->deleted; i++) {
		if (v[i].leader == LEADER_DURING_DELETE)
			l->deleted(l->arg, topic.len >= 0 ? topic : v[i].topic_name, v[i].partition_index);
	}
}

static void tell_all_deleted(struct partitions *ps, const struct update_metadata_request *req)
{
	tell_deleted(ps, req->ungrouped_partition_states, req->ungrouped_partition_states_n, STR_NULL);
	for (int32_t t = 0; t < req->topic_states_n; t++)
		tell_deleted(ps, req->topic_states[t].partition_states, req->topic_states[t].partition_states_n,
			     req->topic_states[t].topic_name);
}

static void wake_topic(struct partitions *ps, struct str topic)
{
	delayed_check(ps->config.delayed, (struct delayed_key){ DELAYED_TOPIC, topic, -1 });
}

static void wake_elections(struct partitions *ps, struct str topic,
			   const struct update_metadata_request_update_metadata_partition_state *v, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		delayed_check(ps->config.delayed,
			      (struct delayed_key){ DELAYED_ELECT_LEADERS, topic, v[i].partition_index });
}

static bool has_all_brokers_of(const struct image *image, const struct image *before)
{
	const struct image_broker *const *v;
	int32_t n = image_brokers(before, &v);

	for (int32_t i = 0; i < n; i++) {
		if (!image_broker(image, v[i]->id))
			return false;
	}
	return true;
}

/* Locks: state_change held. *ret_left: a broker is not there any more. */
static int apply_metadata(struct partitions *ps, const struct update_metadata_request *req, bool *ret_left)
{
	struct image *before = metadata_image(ps->config.metadata), *after;
	int r = metadata_apply(ps->config.metadata, req);

	after = metadata_image(ps->config.metadata);
	*ret_left = !has_all_brokers_of(after, before);
	image_unref(before);
	image_unref(after);
	return r;
}

int partitions_update_metadata(struct partitions *ps, uint64_t connection, const struct update_metadata_request *req)
{
	bool left = false;
	int r;

	lock_take(&ps->state_change);
	r = check_epochs(ps, "UpdateMetadata", req->controller_id, req->controller_epoch, req->broker_epoch, connection);
	if (r == 0)
		r = apply_metadata(ps, req, &left);
	if (r == 0)
		tell_all_deleted(ps, req);
	lock_release(&ps->state_change);
	if (r)
		return r;
	if (left)
		partitions_broker_left(ps);
	log_info("[Broker id=%d] Applied UpdateMetadata request sent by controller %d epoch %d for %d topics",
		 (int)ps->config.broker_id, (int)req->controller_id, (int)req->controller_epoch,
		 (int)(req->topic_states_n + req->ungrouped_partition_states_n));
	delayed_check(ps->config.delayed, (struct delayed_key){ .kind = DELAYED_METADATA, .name = STR("") });
	for (int32_t i = 0; i < req->ungrouped_partition_states_n; i++) {
		wake_topic(ps, req->ungrouped_partition_states[i].topic_name);
		wake_elections(ps, req->ungrouped_partition_states[i].topic_name, &req->ungrouped_partition_states[i], 1);
	}
	for (int32_t i = 0; i < req->topic_states_n; i++) {
		wake_topic(ps, req->topic_states[i].topic_name);
		wake_elections(ps, req->topic_states[i].topic_name, req->topic_states[i].partition_states,
			       req->topic_states[i].partition_states_n);
	}
	return 0;
}
