/* partitions.c - the table, and what a failed log directory does to it. Control requests are in control.c. */
#include "replica/partitions.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/table.h"
#include "metadata/image.h"
#include "protocol/errors.h"
#include "replica/partition_quiet.h"
#include "replica/partitions_priv.h"
#include "storage/log_dirs.h"

#define LOG_CLASS "kafka.server.ReplicaManager"
#include "base/logger.h"

/* What the table is keyed by: the index, then the name. */
struct row_key {
	int32_t index;
	char name[PARTITION_NAME_MAX];
};

struct partition_row {
	UT_hash_handle hh;
	struct partition *p; /* counted */
	size_t key_len;
	struct row_key key; /* only the used part is allocated */
};

struct partitions *partitions_new(const struct partitions_config *config)
{
	struct partitions *ps = xcalloc(1, sizeof(*ps));

	ps->config = *config;
	ps->env = (struct partition_env){
		.broker_id = config->broker_id,
		.clock = config->clock,
		.metadata = config->metadata,
		.log_dirs = config->log_dirs,
		.replica_lag_time_max_ms = config->replica_lag_time_max_ms,
	};
	lock_init(&ps->state_change, RANK_STATE_CHANGE, "replica state change");
	lock_init(&ps->lock, RANK_TABLE, "partitions");
	atomic_init(&ps->controller_epoch, 0);
	atomic_init(&ps->broker_epoch, -1);
	return ps;
}

static void row_free(struct partitions *ps, struct partition_row *row)
{
	HASH_DEL(ps->rows, row);
	partition_unref(row->p);
	free(row);
}

struct partitions *partitions_free(struct partitions *ps)
{
	struct partition_row *row, *tmp;
	struct pace_row *pace;

	if (!ps)
		return NULL;
	HASH_ITER(hh, ps->rows, row, tmp)
		row_free(ps, row);
	while ((pace = ps->paces)) {
		ps->paces = pace->next;
		free(pace->dir);
		free(pace);
	}
	lock_fini(&ps->lock);
	lock_fini(&ps->state_change);
	free(ps);
	return NULL;
}

void partitions_set_broker_epoch(struct partitions *ps, int64_t epoch)
{
	atomic_store(&ps->broker_epoch, epoch);
}

int64_t partitions_broker_epoch(struct partitions *ps)
{
	return atomic_load(&ps->broker_epoch);
}

int32_t partitions_controller_epoch(struct partitions *ps)
{
	return atomic_load(&ps->controller_epoch);
}

/* The length of the key, 0 for a name that no topic can have. */
static size_t key_of(struct str topic, int32_t index, struct row_key *key)
{
	if (topic.len < 0 || topic.len > PARTITION_NAME_MAX)
		return 0;
	key->index = index;
	if (topic.len > 0)
		memcpy(key->name, topic.p, (size_t)topic.len);
	return offsetof(struct row_key, name) + (size_t)topic.len;
}

/* Locks: ps->lock held. */
static struct partition_row *row_find(struct partitions *ps, const struct row_key *key, size_t len)
{
	struct partition_row *row;

	HASH_FIND(hh, ps->rows, key, len, row);
	return row;
}

struct partition *partitions_get(struct partitions *ps, struct str topic, int32_t index)
{
	struct partition_row *row;
	struct partition *p = NULL;
	struct row_key key;
	size_t len = key_of(topic, index, &key);

	if (len == 0)
		return NULL;
	lock_take(&ps->lock);
	row = row_find(ps, &key, len);
	if (row)
		p = partition_ref(row->p);
	lock_release(&ps->lock);
	return p;
}

int partitions_find(struct partitions *ps, const struct image *image, struct str topic, int32_t index,
		    struct partition **ret)
{
	struct partition *p = partitions_get(ps, topic, index);

	if (!p)
		return image_partition(image_topic(image, topic), index) ? KERR_NOT_LEADER_OR_FOLLOWER
									 : KERR_UNKNOWN_TOPIC_OR_PARTITION;
	if (partition_is_offline(p)) {
		partition_unref(p);
		return KERR_KAFKA_STORAGE_ERROR;
	}
	*ret = p;
	return 0;
}

bool partitions_name_is_legal(struct str name)
{
	if (name.len < 1 || name.len > PARTITION_NAME_MAX || str_is(name, ".") || str_is(name, ".."))
		return false;
	for (int32_t i = 0; i < name.len; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
		      c == '_' || c == '-'))
			return false;
	}
	return true;
}

struct partition *partitions_get_or_make(struct partitions *ps, struct str topic, int32_t index)
{
	struct partition *p = partitions_get(ps, topic, index);
	struct partition_row *row;
	struct row_key key;
	size_t len = key_of(topic, index, &key);
	char *name;

	if (p || index < 0 || !partitions_name_is_legal(topic))
		return p;
	name = str_dup(topic);
	p = partition_new(name, index, &ps->env);
	free(name);
	row = xcalloc(1, offsetof(struct partition_row, key) + len);
	row->p = partition_ref(p);
	row->key_len = len;
	memcpy(&row->key, &key, len);
	lock_take(&ps->lock);
	HASH_ADD_KEYPTR(hh, ps->rows, &row->key, row->key_len, row);
	lock_release(&ps->lock);
	return p;
}

void partitions_remove(struct partitions *ps, struct partition *p)
{
	struct partition_row *row;
	struct row_key key;
	size_t len = key_of(str_of(partition_topic(p)), partition_index(p), &key);

	lock_take(&ps->lock);
	row = row_find(ps, &key, len);
	if (row)
		row_free(ps, row);
	lock_release(&ps->lock);
}

struct disk_pace *partitions_pace(struct partitions *ps, const char *dir)
{
	struct pace_row *row;

	lock_take(&ps->lock);
	for (row = ps->paces; row && strcmp(row->dir, dir) != 0;)
		row = row->next;
	if (!row) {
		row = xcalloc(1, sizeof(*row));
		row->dir = xstrdup(dir);
		row->next = ps->paces;
		ps->paces = row;
	}
	lock_release(&ps->lock);
	return &row->pace;
}

/* References to all partitions, owned by the caller. */
static struct partition **snapshot(struct partitions *ps, size_t *ret_n)
{
	struct partition_row *row, *tmp;
	struct partition **all;
	size_t n = 0;

	lock_take(&ps->lock);
	all = xcalloc(HASH_COUNT(ps->rows) + 1, sizeof(struct partition *));
	HASH_ITER(hh, ps->rows, row, tmp)
		all[n++] = partition_ref(row->p);
	lock_release(&ps->lock);
	*ret_n = n;
	return all;
}

void partitions_each(struct partitions *ps, void (*fn)(struct partition *p, void *arg), void *arg)
{
	size_t n;
	struct partition **all = snapshot(ps, &n);

	for (size_t i = 0; i < n; i++) {
		fn(all[i], arg);
		partition_unref(all[i]);
	}
	free(all);
}

static void count_one(struct partition *p, void *arg)
{
	struct partitions_count *c = arg;
	struct partition_view v;

	partition_view(p, &v);
	c->all++;
	c->leaders += v.is_leader;
	c->offline += v.offline;
	c->under_min_isr += v.is_leader && v.isr_n < v.min_isr;
	c->under_replicated += v.is_leader && v.isr_n < v.replicas_n;
}

void partitions_count(struct partitions *ps, struct partitions_count *ret)
{
	*ret = (struct partitions_count){ 0 };
	partitions_each(ps, count_one, ret);
}

/* --- following --- */

void partitions_set_fetching(struct partitions *ps, const struct partitions_fetching *fetching)
{
	ps->fetching = *fetching;
}

void partitions_follow(struct partitions *ps, const struct image *image, struct partition *p, struct uuid topic_id)
{
	struct log *log = partition_log(p);
	const struct image_broker *leader;
	struct partition_view v;

	partition_view(p, &v);
	leader = image_broker(image, v.leader);
	if (log && leader && v.leader != ps->config.broker_id && ps->fetching.follow)
		ps->fetching.follow(ps->fetching.arg, p, leader, v.leader_epoch, topic_id);
	log_unref(log);
}

void partitions_unfollow(struct partitions *ps, struct partition *p)
{
	if (ps->fetching.unfollow)
		ps->fetching.unfollow(ps->fetching.arg, p);
}

void partitions_settle(struct partitions *ps)
{
	if (ps->fetching.settle)
		ps->fetching.settle(ps->fetching.arg);
}

void partitions_follow_again(struct partitions *ps)
{
	struct partition **all;
	struct image *image;
	size_t n;

	lock_take(&ps->state_change);
	image = metadata_image(ps->config.metadata);
	all = snapshot(ps, &n);
	for (size_t i = 0; i < n; i++) {
		const struct image_topic *t = image_topic(image, str_of(partition_topic(all[i])));

		partitions_follow(ps, image, all[i], t ? t->id : UUID_ZERO);
		partition_unref(all[i]);
	}
	free(all);
	image_unref(image);
	lock_release(&ps->state_change);
}

/* --- waking --- */

static size_t check(struct partitions *ps, struct partition *p, enum delayed_kind kind)
{
	return delayed_check(ps->config.delayed,
			     (struct delayed_key){ kind, str_of(partition_topic(p)), partition_index(p) });
}

/* Followers watch no partition in which nothing happened for a while (fetch_session.h), but wait in their session. */
static void check_quiet(struct partitions *ps, struct partition *p, unsigned moved)
{
	int32_t ids[8], from = 0, n;

	if (moved & MOVED_ROLE)
		delayed_check(ps->config.delayed, (struct delayed_key){ DELAYED_QUIET, STR(""), 0 });
	while ((moved & MOVED_END) && (n = partition_quiet_sessions(p, &from, ids, 8)) > 0) {
		for (int32_t i = 0; i < n; i++)
			delayed_check(ps->config.delayed, (struct delayed_key){ DELAYED_QUIET, STR(""), ids[i] });
	}
}

/* Who completes what: replication.md 10.1. */
void partitions_moved(struct partitions *ps, struct partition *p, unsigned moved)
{
	if (moved & (MOVED_HIGH_WATERMARK | MOVED_LOW_WATERMARK | MOVED_ROLE))
		check(ps, p, DELAYED_PRODUCE);
	if (moved & ~(unsigned)MOVED_ISR)
		check(ps, p, DELAYED_FETCH);
	check_quiet(ps, p, moved);
	if (moved & (MOVED_HIGH_WATERMARK | MOVED_LOW_WATERMARK | MOVED_ROLE))
		check(ps, p, DELAYED_DELETE_RECORDS);
	if ((moved & MOVED_ISR) && ps->propose)
		ps->propose(ps->propose_arg, p);
}

/* --- the in-sync sets --- */

void partitions_set_proposer(struct partitions *ps, void (*propose)(void *arg, struct partition *p), void *arg)
{
	ps->propose = propose;
	ps->propose_arg = arg;
}

static void check_isr(struct partition *p, void *arg)
{
	partitions_moved(arg, p, partition_check_isr(p));
}

void partitions_check_isrs(struct partitions *ps)
{
	partitions_each(ps, check_isr, ps);
}

struct min_isr_move {
	struct partitions *ps;
	const char *topic;
};

static void advance_if_of(struct partition *p, void *arg)
{
	const struct min_isr_move *m = arg;

	if (strcmp(partition_topic(p), m->topic) == 0)
		partitions_moved(m->ps, p, partition_advance(p));
}

void partitions_min_isr_moved(struct partitions *ps, const char *topic)
{
	struct min_isr_move m = { ps, topic };

	partitions_each(ps, advance_if_of, &m);
}

static void stop_waiting(struct partition *p, void *arg)
{
	partitions_moved(arg, p, MOVED_LOW_WATERMARK | partition_advance(p));
}

void partitions_broker_left(struct partitions *ps)
{
	partitions_each(ps, stop_waiting, ps);
}

void partitions_tell_resigned(struct partitions *ps, struct str topic, int32_t index, int32_t leader_epoch)
{
	const struct leadership_listener *l = &ps->config.leadership;

	if (l->resigned)
		l->resigned(l->arg, topic, index, leader_epoch);
}

/* --- failed log directories --- */

void partitions_storage_failed(struct partitions *ps, struct partition *p, int r)
{
	struct log *log = partition_log(p);

	if (!log)
		return; /* already offline or gone */
	log_dirs_fail(ps->config.log_dirs, log_parent_dir(log), r); /* later calls back partitions_dir_offline */
	log_unref(log);
}

struct going_offline {
	struct partitions *ps;
	const char *dir;
	struct partition **v; /* counted */
	size_t n, cap;
};

static void set_offline_if_in(struct partition *p, void *arg)
{
	struct going_offline *g = arg;
	struct log *log = partition_log(p), *future = partition_future(p);
	bool here = log && strcmp(log_parent_dir(log), g->dir) == 0;

	if (future && (here || strcmp(log_parent_dir(future), g->dir) == 0))
		partitions_end_move(g->ps, p);
	log_unref(future);
	if (here) {
		partitions_unfollow(g->ps, p);
		partition_set_offline(p);
		partitions_tell_resigned(g->ps, str_of(partition_topic(p)), partition_index(p), -1);
		g->v = grow_array(g->v, &g->cap, g->n + 1, sizeof(struct partition *));
		g->v[g->n++] = partition_ref(p);
	}
	log_unref(log);
}

void partitions_dir_offline(struct partitions *ps, const char *dir)
{
	struct going_offline g = { .ps = ps, .dir = dir };

	log_warn("[ReplicaManager broker=%d] Stopping serving replicas in dir %s because the log directory has failed.",
		 (int)ps->config.broker_id, dir);
	lock_take(&ps->state_change);
	partitions_each(ps, set_offline_if_in, &g);
	lock_release(&ps->state_change);
	for (size_t i = 0; i < g.n; i++) {
		partitions_moved(ps, g.v[i], MOVED_ROLE);
		partition_unref(g.v[i]);
	}
	free(g.v);
	log_warn("[ReplicaManager broker=%d] Stopped serving replicas in dir %s", (int)ps->config.broker_id, dir);
}
