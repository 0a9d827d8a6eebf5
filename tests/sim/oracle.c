/* oracle.c - see oracle.h. A fiber of its own that the scheduler runs after each slice of a broker. */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/alloc.h"
#include "base/file.h"
#include "cluster.h"
#include "fiber.h"
#include "metadata/image.h"
#include "record/reader.h"
#include "replica/partitions.h"
#include "storage/log.h"
#include "zk/znode.h"
#include "zookeeper.h"

enum { NAME_MAX_LEN = 64, REREAD_STEPS = 4000, EPOCHS_MAX = 4096, READ_MAX = 1 << 20, PRODUCERS_MAX = 32 };

#define VALUE_CONTROL UINT64_MAX

/* A partition of one topic: what was committed, and who led. */
struct history {
	struct history *next;
	char topic[NAME_MAX_LEN];
	struct uuid id; /* zero: it has none yet (inter.broker.protocol.version below 2.8) */
	int64_t czxid;	/* of the topic; tells topics of one name without ids apart */
	int32_t index;
	uint64_t *committed; /* by offset; 0: not yet */
	size_t committed_n, committed_cap;
	uint64_t *acked; /* the same, of acknowledged ones */
	size_t acked_n, acked_cap;
	int32_t leader_of[EPOCHS_MAX]; /* by epoch; 0: nobody, else id + 1 */
	int32_t stored_epoch;	       /* in ZooKeeper, newest */
};

/* A log as read. */
struct shadow {
	struct history *h; /* NULL: unused */
	uint64_t *v;
	size_t n, cap;
	size_t checked; /* against the history */
	uint64_t read_at; /* step of the last full reading */
	int32_t epoch;
	bool leads;
	int64_t leader_mark;
	bool seen;
};

enum { PARTITIONS_MAX = 64, STATES_MAX = 64 };

struct stored {
	char path[160];
	int64_t czxid;
	int32_t leader_epoch, controller_epoch;
};

static struct history *histories;
static struct shadow shadows[BROKERS_MAX][PARTITIONS_MAX];
static struct stored states[STATES_MAX];
static uint64_t committed_count;
static bool losses;

/* --- histories --- */

static int64_t topic_czxid(const char *topic)
{
	char path[160];
	struct znode *z;

	(void)snprintf(path, sizeof(path), "/brokers/topics/%s", topic);
	z = tree_find(path);
	return z ? z->stat.czxid : 0;
}

/* Without both ids: the topic that is there, or was there last. */
static bool is_of(const struct history *h, struct uuid id, int64_t czxid)
{
	if (!uuid_is_zero(id) && !uuid_is_zero(h->id))
		return uuid_eq(id, h->id);
	return czxid == 0 || czxid == h->czxid;
}

static struct history *history_of(struct uuid id, const char *topic, int32_t index)
{
	int64_t czxid = topic_czxid(topic);
	struct history *h;

	for (h = histories; h; h = h->next) {
		if (h->index != index || strcmp(h->topic, topic) != 0 || !is_of(h, id, czxid))
			continue;
		if (uuid_is_zero(h->id))
			h->id = id; /* the topic was given one */
		return h;
	}
	h = xcalloc(1, sizeof(*h));
	(void)snprintf(h->topic, sizeof(h->topic), "%s", topic);
	h->id = id;
	h->czxid = czxid;
	h->index = index;
	h->stored_epoch = -1;
	h->next = histories;
	histories = h;
	return h;
}

static void note(uint64_t **v, size_t *n, size_t *cap, size_t at, uint64_t value)
{
	size_t before = *n;

	*v = grow_array(*v, cap, at + 1, sizeof(**v));
	if (at >= before) {
		memset(*v + before, 0, (at + 1 - before) * sizeof(**v));
		*n = at + 1;
	}
	(*v)[at] = value;
}

void oracle_acknowledged(struct uuid topic_id, const char *topic, int32_t index, int64_t base, const uint64_t *values, int n)
{
	struct history *h = history_of(topic_id, topic, index);

	for (int i = 0; i < n; i++) {
		size_t at = (size_t)base + (size_t)i;

		if (!losses && at < h->committed_n && h->committed[at] && h->committed[at] != values[i])
			fail("%s-%d: acknowledged %llx at offset %zu, where %llx was committed", topic, (int)index,
			    (unsigned long long)values[i], at, (unsigned long long)h->committed[at]);
		note(&h->acked, &h->acked_n, &h->acked_cap, at, values[i]);
	}
}

uint64_t oracle_committed_count(void)
{
	return committed_count;
}

void oracle_expect_losses(void)
{
	losses = true;
}

void oracle_forgive(const char *topic)
{
	for (struct history *h = histories; h; h = h->next)
		if (strcmp(h->topic, topic) == 0)
			h->committed_n = h->acked_n = 0;
}

/* --- reading logs --- */

/* FNV-1a over key and value, for records that are not a producer's of ours. */
static uint64_t digest(const struct record *rec)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (int32_t i = 0; i < rec->key.len; i++)
		h = (h ^ rec->key.p[i]) * UINT64_C(0x100000001b3);
	for (int32_t i = 0; i < rec->value.len; i++)
		h = (h ^ rec->value.p[i]) * UINT64_C(0x100000001b3);
	return h | UINT64_C(1) << 63;
}

/* A sink of values from an offset on. */
static void take_batch(struct shadow *s, const struct batch *b)
{
	struct record_reader r;
	struct record rec;

	if (b->control) {
		note(&s->v, &s->n, &s->cap, (size_t)b->base_offset, VALUE_CONTROL);
		return;
	}
	if (record_reader_init(&r, b, NULL, false) != 0)
		fail("a batch cannot be read");
	while (record_reader_next(&r, &rec) == 0) {
		uint64_t value;

		if (rec.value.len == (int32_t)sizeof(value))
			memcpy(&value, rec.value.p, sizeof(value));
		else
			value = digest(&rec);
		note(&s->v, &s->n, &s->cap, (size_t)rec.offset, value);
	}
	record_reader_fini(&r);
}

/* Reads [from, end) of the log. False: it was cut off meanwhile. */
static bool read_log(struct log *log, struct shadow *s, int64_t from)
{
	int64_t end = log_end_offset(log), at = from;

	s->n = MIN(s->n, (size_t)from);
	while (at < end) {
		struct log_slice slice = { .file = NULL };
		struct arena a;
		struct batch b;
		uint8_t *bytes;
		size_t pos = 0;
		int r;

		arena_init(&a, 0);
		r = log_read(log, at, READ_MAX, true, FETCH_LOG_END, &a, &slice);
		if (r != 0 || !slice.file || slice.len == 0) {
			log_slice_fini(&slice);
			arena_fini(&a);
			return false;
		}
		bytes = xmalloc(slice.len);
		r = file_read_full(slice.file, bytes, slice.len, slice.at);
		while (r == 0 && batch_next(bytes, slice.len, &pos, &b) == 0) {
			if (b.last_offset >= from)
				take_batch(s, &b);
			at = b.last_offset + 1;
		}
		free(bytes);
		log_slice_fini(&slice);
		arena_fini(&a);
		if (r != 0 || pos == 0)
			return false;
	}
	return true;
}

static void forget_tail(struct shadow *s, size_t n)
{
	s->n = MIN(s->n, n);
	s->checked = MIN(s->checked, n);
}

/* Brings the shadow up to the log; a log that was cut off and has grown again differs in what was last read. */
static void follow_log(struct shadow *s, struct log *log, bool from_start)
{
	int64_t end = log_end_offset(log), start = log_start_offset(log);
	size_t last = s->n;
	uint64_t value;

	if (from_start) {
		s->checked = 0;
		(void)read_log(log, s, start);
		s->read_at = world_steps();
		return;
	}
	forget_tail(s, (size_t)end);
	if ((size_t)end == s->n && s->n == last)
		return;
	if (s->n > (size_t)start) {
		last = s->n - 1;
		value = s->v[last];
		if (!read_log(log, s, (int64_t)last))
			return forget_tail(s, last);
		if (s->n > last && s->v[last] == value)
			return;
		s->checked = 0;
		(void)read_log(log, s, start);
		return;
	}
	(void)read_log(log, s, start);
}

/* --- the rules --- */

/* What was read last does not fit: read again before anybody is blamed. While the oracle waited for a lock the log can have
 * been cut off and have grown to the same end. */
static bool is_doubtful(const struct shadow *s, int64_t mark)
{
	size_t to = MIN(MIN((size_t)MAX(mark, 0), s->n), s->h->committed_n);

	for (size_t at = s->checked; at < to; at++)
		if (s->v[at] && s->h->committed[at] && s->v[at] != s->h->committed[at])
			return true;
	return false;
}

static void check_committed(int broker, struct shadow *s, int64_t mark)
{
	struct history *h = s->h;
	size_t to = MIN((size_t)MAX(mark, 0), s->n);

	for (size_t at = s->checked; at < to; at++) {
		uint64_t had = at < h->committed_n ? h->committed[at] : 0;

		if (s->v[at] == 0)
			continue; /* between records */
		if (!losses && had && had != s->v[at])
			fail("%s-%d: broker %d has %llx at offset %zu below its high watermark %lld, where %llx was committed",
			    h->topic, (int)h->index, broker, (unsigned long long)s->v[at], at, (long long)mark,
			    (unsigned long long)had);
		if (!had) {
			note(&h->committed, &h->committed_n, &h->committed_cap, at, s->v[at]);
			committed_count++;
		}
	}
	s->checked = MAX(s->checked, to);
}

static void check_acknowledged(int broker, const struct shadow *s, int32_t epoch)
{
	const struct history *h = s->h;

	for (size_t at = 0; at < h->acked_n && !losses; at++) {
		if (!h->acked[at])
			continue;
		if (at >= s->n)
			fail("%s-%d: broker %d leads in epoch %d and ends at %zu: %llx, acknowledged at offset %zu, is lost", h->topic,
			    (int)h->index, broker, (int)epoch, s->n, (unsigned long long)h->acked[at], at);
		if (h->acked[at] != s->v[at])
			fail("%s-%d: broker %d leads in epoch %d and has %llx at offset %zu, where %llx was acknowledged", h->topic,
			    (int)h->index, broker, (int)epoch, (unsigned long long)s->v[at], at,
			    (unsigned long long)h->acked[at]);
	}
}

static void check_leader(int broker, struct shadow *s, const struct partition_view *v)
{
	struct history *h = s->h;
	int32_t *who;

	if (v->leader_epoch < 0 || v->leader_epoch >= EPOCHS_MAX)
		fail("%s-%d: broker %d leads in epoch %d", h->topic, (int)h->index, broker, (int)v->leader_epoch);
	who = &h->leader_of[v->leader_epoch];
	if (*who != 0 && *who != broker + 1)
		fail("%s-%d: brokers %d and %d both led in epoch %d", h->topic, (int)h->index, (int)*who - 1, broker,
		    (int)v->leader_epoch);
	*who = broker + 1;
	if (s->leads && s->epoch == v->leader_epoch && v->high_watermark < s->leader_mark)
		fail("%s-%d: the high watermark of leader %d fell from %lld to %lld in epoch %d", h->topic, (int)h->index, broker,
		    (long long)s->leader_mark, (long long)v->high_watermark, (int)v->leader_epoch);
	if ((!s->leads || s->epoch != v->leader_epoch) && v->leader_epoch >= h->stored_epoch) {
		trace("=== broker %d leads %s-%d in epoch %d: end %lld, mark %lld", broker, h->topic, (int)h->index,
		    (int)v->leader_epoch, (long long)v->end_offset, (long long)v->high_watermark);
		check_acknowledged(broker, s, v->leader_epoch);
	}
	s->leader_mark = v->high_watermark;
}

static struct shadow *shadow_of(int broker, struct history *h)
{
	struct shadow *free_one = NULL;

	for (int i = 0; i < PARTITIONS_MAX; i++) {
		struct shadow *s = &shadows[broker][i];

		if (s->h == h)
			return s;
		if (!s->h && !free_one)
			free_one = s;
	}
	if (!free_one)
		fail("too many partitions");
	free_one->h = h;
	free_one->epoch = -1;
	free_one->n = free_one->checked = 0;
	free_one->leads = false;
	return free_one;
}

static void check_partition(struct partition *p, void *arg)
{
	int broker = *(int *)arg;
	struct log *log = partition_log(p);
	struct partition_view v;
	bool leads_anew;
	struct shadow *s;

	if (!log)
		return;
	partition_view(p, &v);
	s = shadow_of(broker, history_of(log_topic_id(log), partition_topic(p), partition_index(p)));
	leads_anew = v.is_leader && (!s->leads || s->epoch != v.leader_epoch);
	follow_log(s, log, leads_anew || world_steps() - s->read_at > REREAD_STEPS);
	if (is_doubtful(s, v.high_watermark))
		follow_log(s, log, true);
	if (v.leader_epoch < s->epoch)
		fail("%s-%d: the leader epoch of broker %d fell from %d to %d", s->h->topic, (int)s->h->index, broker,
		    (int)s->epoch, (int)v.leader_epoch);
	check_committed(broker, s, v.high_watermark);
	if (v.is_leader)
		check_leader(broker, s, &v);
	s->epoch = v.leader_epoch;
	s->leads = v.is_leader;
	s->seen = true;
	log_unref(log);
}

/* A partition that is not there any more, or lost its log, begins anew when it comes again. */
static void check_broker(int id)
{
	const struct broker_context *parts = id < brokers_n ? broker_parts(id) : NULL;

	if (!parts)
		return;
	for (int i = 0; i < PARTITIONS_MAX; i++)
		shadows[id][i].seen = false;
	partitions_each(parts->partitions, check_partition, &id);
	for (int i = 0; i < PARTITIONS_MAX; i++)
		if (!shadows[id][i].seen)
			shadows[id][i].h = NULL;
}

static void *oracle_main(void *arg)
{
	int node;

	(void)arg;
	while (world_oracle_wait(&node))
		check_broker(node);
	return NULL;
}

void oracle_begin(void)
{
	world_set_oracle(fiber_spawn(NODE_OUTSIDE, "oracle", oracle_main, NULL));
}

void oracle_broker_gone(int id)
{
	for (int i = 0; i < PARTITIONS_MAX; i++)
		shadows[id][i].h = NULL;
}

/* A producer sends one batch at a time and numbers its values: in a log they rise, and each is there once. */
static void check_order(int broker, const struct shadow *s)
{
	uint64_t last[PRODUCERS_MAX] = { 0 };

	for (size_t at = 0; at < s->n; at++) {
		uint64_t producer = s->v[at] >> 32;

		if (s->v[at] == VALUE_CONTROL || producer == 0 || producer >= PRODUCERS_MAX)
			continue;
		if (s->v[at] <= last[producer])
			fail("%s-%d: broker %d has %llx at offset %zu behind %llx", s->h->topic, (int)s->h->index, broker,
			    (unsigned long long)s->v[at], at, (unsigned long long)last[producer]);
		last[producer] = s->v[at];
	}
}

void oracle_check_all(void)
{
	for (int id = 0; id < brokers_n; id++) {
		for (int i = 0; i < PARTITIONS_MAX; i++)
			shadows[id][i].read_at = 0;
		check_broker(id);
		for (int i = 0; i < PARTITIONS_MAX; i++)
			if (shadows[id][i].h && !losses)
				check_order(id, &shadows[id][i]);
	}
}

/* --- states in ZooKeeper --- */

static struct uuid stored_topic_id(const char *topic)
{
	struct znode_topic t = ZNODE_TOPIC_INIT;
	struct uuid id = UUID_ZERO;
	char path[160];
	struct znode *z;

	(void)snprintf(path, sizeof(path), "/brokers/topics/%s", topic);
	z = tree_find(path);
	if (z && znode_topic_decode(z->data, z->len, &t) == 0)
		id = t.id;
	znode_topic_fini(&t);
	return id;
}

static struct stored *stored_of(const char *path)
{
	int64_t czxid = tree_find(path)->stat.czxid;
	struct stored *s = NULL;

	for (int i = 0; i < STATES_MAX && !s; i++)
		if (!states[i].path[0] || strcmp(states[i].path, path) == 0)
			s = &states[i];
	if (!s)
		fail("too many partitions");
	if (s->czxid != czxid) { /* another topic of that name */
		(void)snprintf(s->path, sizeof(s->path), "%s", path);
		s->czxid = czxid;
		s->leader_epoch = s->controller_epoch = -1;
	}
	return s;
}

void oracle_state_written(const char *path, const char *data, int len)
{
	char topic[NAME_MAX_LEN];
	struct znode_state z;
	struct history *h;
	struct stored *s;
	int index, end = 0;

	if (sscanf(path, "/brokers/topics/%63[^/]/partitions/%d/state%n", topic, &index, &end) != 2 || path[end] || !end)
		return;
	if (znode_state_decode(data, len, 0, &z) != 0)
		fail("%s cannot be read: %.*s", path, len, data);
	s = stored_of(path);
	if (z.leader_epoch < s->leader_epoch || z.controller_epoch < s->controller_epoch)
		fail("%s: leader epoch %d, controller epoch %d after %d, %d", path, (int)z.leader_epoch, (int)z.controller_epoch,
		    (int)s->leader_epoch, (int)s->controller_epoch);
	s->leader_epoch = z.leader_epoch;
	s->controller_epoch = z.controller_epoch;
	h = history_of(stored_topic_id(topic), topic, index);
	h->stored_epoch = z.leader_epoch;
	trace("=== %s-%d stored: %.*s", topic, index, len, data);
	znode_state_fini(&z);
}

bool oracle_stored(const char *topic, int32_t index, struct stored_view *ret)
{
	struct znode_state z;
	char path[160];
	struct znode *node;

	(void)snprintf(path, sizeof(path), "/brokers/topics/%s/partitions/%d/state", topic, (int)index);
	node = tree_find(path);
	if (!node || znode_state_decode(node->data, node->len, node->stat.version, &z) != 0)
		return false;
	*ret = (struct stored_view){ .leader = z.leader, .leader_epoch = z.leader_epoch, .isr_n = (int32_t)z.isr.n,
		.controller_epoch = z.controller_epoch, .partition_epoch = z.partition_epoch };
	for (size_t i = 0; i < z.isr.n && i < ARRAY_LEN(ret->isr); i++)
		ret->isr[i] = z.isr.v[i];
	znode_state_fini(&z);
	return true;
}

/* --- views --- */

static struct partition *find(int broker, const char *topic, int32_t index)
{
	const struct broker_context *parts = broker_parts(broker);

	return parts ? partitions_get(parts->partitions, str_of(topic), index) : NULL;
}

bool oracle_view(int broker, const char *topic, int32_t index, struct replica_view *ret)
{
	struct partition *p = find(broker, topic, index);
	struct partition_view v;

	if (!p)
		return false;
	partition_view(p, &v);
	partition_unref(p);
	*ret = (struct replica_view){ .end = v.end_offset, .high_watermark = v.high_watermark, .leader_epoch = v.leader_epoch,
		.is_leader = v.is_leader };
	return v.end_offset >= 0;
}

uint64_t oracle_value(int broker, const char *topic, int32_t index, int64_t offset)
{
	struct partition *p = find(broker, topic, index);
	struct log *log = p ? partition_log(p) : NULL;
	struct shadow s = { .v = NULL };
	uint64_t value = 0;

	if (log && offset >= log_start_offset(log) && offset < log_end_offset(log) && read_log(log, &s, offset) &&
	    (size_t)offset < s.n)
		value = s.v[offset];
	free(s.v);
	log_unref(log);
	partition_unref(p);
	return value;
}

/* --- the end --- */

static bool same_logs(const char *topic, int32_t index, int32_t leader, const struct int_list *replicas, char why[256])
{
	struct replica_view l, v;

	if (!oracle_view(leader, topic, index, &l) || !l.is_leader || l.high_watermark != l.end) {
		(void)snprintf(why, 256, "%s-%d: leader %d does not lead, or has not committed all", topic, (int)index,
		    (int)leader);
		return false;
	}
	for (size_t i = 0; i < replicas->n; i++) {
		if (!oracle_view(replicas->v[i], topic, index, &v) || v.end != l.end || v.high_watermark != l.end ||
		    v.leader_epoch != l.leader_epoch) {
			(void)snprintf(why, 256, "%s-%d: replica %d of leader %d is not there yet: end %lld of %lld", topic,
			    (int)index, (int)replicas->v[i], (int)leader, (long long)v.end, (long long)l.end);
			return false;
		}
	}
	return true;
}

/* Every broker tells clients what is stored. */
static bool same_metadata(const char *topic, int32_t index, const struct stored_view *s, char why[256])
{
	bool ok = true;

	for (int id = 0; id < brokers_n && ok; id++) {
		const struct broker_context *parts = broker_parts(id);
		struct image *image = parts ? metadata_image(parts->metadata) : NULL;
		const struct image_topic *t = image ? image_topic(image, str_of(topic)) : NULL;
		const struct image_partition *p = t ? image_partition(t, index) : NULL;

		ok = p && p->leader == s->leader && p->leader_epoch == s->leader_epoch && p->isr_n == s->isr_n &&
		    p->partition_epoch == s->partition_epoch;
		if (!ok)
			(void)snprintf(why, 256, "%s-%d: the metadata of broker %d are old", topic, (int)index, id);
		image_unref(image);
	}
	return ok;
}

static bool topic_is_settled(const char *topic, char why[256])
{
	struct znode_topic t = ZNODE_TOPIC_INIT;
	char path[160];
	struct znode *z;
	bool ok;

	(void)snprintf(path, sizeof(path), "/brokers/topics/%s", topic);
	z = tree_find(path);
	ok = z && znode_topic_decode(z->data, z->len, &t) == 0;
	for (size_t i = 0; ok && i < t.partitions_n; i++) {
		const struct znode_assignment *a = &t.partitions[i];
		struct stored_view s;

		ok = oracle_stored(topic, a->partition, &s) && s.leader >= 0 && s.isr_n == (int32_t)a->replicas.n &&
		    a->adding.n == 0 && a->removing.n == 0;
		if (!ok)
			(void)snprintf(why, 256, "%s-%d: no leader, not all in sync, or being moved", topic, (int)a->partition);
		ok = ok && same_logs(topic, a->partition, s.leader, &a->replicas, why) &&
		    same_metadata(topic, a->partition, &s, why);
	}
	znode_topic_fini(&t);
	return ok;
}

static bool is_empty(const char *path)
{
	struct znode *z = tree_find(path);

	return !z || z->stat.numChildren == 0;
}

bool oracle_is_settled(char why[256])
{
	bool ok = is_empty("/admin/delete_topics");
	char **names;
	int n;

	(void)snprintf(why, 256, "topics are being deleted");
	if (!ok)
		return false;
	names = tree_children("/brokers/topics", &n);
	for (int i = 0; i < n; i++) {
		ok = ok && topic_is_settled(names[i], why);
		free(names[i]);
	}
	free(names);
	return ok;
}
