/* shard_append.c - records of groups, from the effect that asks for them to the log's final answer (coordinators.md 2.3).
 *
 * Most appends are decided when they return: with one replica, or with acks other than all, nobody is waited for. Else
 * the append becomes a delayed operation, whose end is a turn of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/rate_limit.h"
#include "base/writer.h"
#include "coordinator/group_records.h"
#include "coordinator/groups_priv.h"
#include "coordinator/internal_topic.h"
#include "protocol/errors.h"
#include "record/builder.h"
#include "replica/delayed.h"
#include "replica/partitions.h"
#include "storage/log.h"
#include "storage/log_config.h"

#define LOG_CLASS "kafka.coordinator.group.GroupMetadataManager"
#include "base/logger.h"

enum {
	ACKS_ALL = -1,
	ACKS_NONE = 0,
	PRODUCE_VERSION = 11, /* of the clients that may write what we write */
	COMMIT_SEQUENCE = 0,  /* coordinators.md 2.3: without a producer, and still not -1 */
	FEW_ITEMS = 64,
	LOG_INTERVAL_MS = 1000,
};

/* An append that is in the log and not yet acknowledged. */
struct pending_append {
	struct pending_append *next;
	struct shard *shard;
	struct partition *p; /* counted */
	int64_t required;    /* the high watermark that acknowledges it */
	int16_t error;
	/* either a commit ... */
	struct group_commit *commit;
	struct groups_commit *request;
	/* ... or the record of a group, which may be gone when it ends */
	int64_t append_id;
	char *group_id;
	int32_t group_id_len;
};

/* --- the log --- */

/* What the log answered, in the codes that group.h maps: its own, or -errno. */
static int result_of(int r)
{
	return r < 0 && kerr_of(r) == KERR_KAFKA_STORAGE_ERROR ? KERR_KAFKA_STORAGE_ERROR : r;
}

static int append(struct turn *t, struct buf *batch, int16_t acks, struct log_append_info *ret)
{
	struct shard *s = t->shard;
	const struct clock *clock = s->owner->config.clock;
	struct arena errors;
	unsigned moved;
	int r;

	arena_init(&errors, 0);
	disk_pace_begin(&s->pace, t->now.mono_ms);
	r = partition_append(s->p, batch->data, batch->len, acks, APPEND_COORDINATOR, PRODUCE_VERSION, &errors, ret,
			     &moved);
	disk_pace_end(&s->pace, t->now.mono_ms, clock_mono_ms(clock));
	arena_fini(&errors);
	t->moved |= moved;
	if (r < 0 && kerr_of(r) == KERR_KAFKA_STORAGE_ERROR)
		t->failed = r;
	if ((t->moved || t->failed) && !t->p)
		t->p = partition_ref(s->p);
	return result_of(r);
}

/* Appends with the acks that are configured. 0: *ret_base is set, and *ret_required: 0 when nobody is to be waited for,
 * else the high watermark that acknowledges it. */
static int append_acked(struct turn *t, struct buf *batch, int64_t *ret_base, int64_t *ret_required)
{
	int16_t acks = t->shard->owner->config.required_acks, error;
	struct log_append_info info;
	int r;

	if (acks != ACKS_ALL && acks != ACKS_NONE && acks != 1)
		return KERR_INVALID_REQUIRED_ACKS;
	r = append(t, batch, acks, &info);
	if (r)
		return r;
	*ret_base = info.first_offset;
	*ret_required = 0;
	if (acks != ACKS_ALL)
		return 0;
	if (partition_check_acks(t->shard->p, info.last_offset + 1, &error))
		return error;
	*ret_required = info.last_offset + 1;
	return 0;
}

/* The largest batch that the log takes; 0: not known. */
static size_t batch_limit(const struct shard *s)
{
	struct log *log = partition_log(s->p);
	struct log_config *c = log ? log_get_config(log) : NULL;
	size_t limit = c ? (size_t)MIN(c->max_message_bytes, c->segment_bytes) : 0;

	log_config_unref(c);
	log_unref(log);
	return limit;
}

static struct builder_config batch_config(const struct shard *s, int32_t sequence)
{
	struct builder_config c = BUILDER_CONFIG_INIT;

	c.codec = s->owner->config.codec;
	c.base_sequence = sequence;
	return c;
}

/* --- waiting for acknowledgement --- */

static struct pending_append *pending_new(struct turn *t, int64_t required)
{
	struct pending_append *a = xcalloc(1, sizeof(*a));

	a->shard = t->shard;
	a->p = partition_ref(t->shard->p);
	a->required = required;
	a->next = t->pending;
	t->pending = a;
	return a;
}

static bool try_acks(void *arg, int32_t key)
{
	struct pending_append *a = arg;

	(void)key;
	return partition_check_acks(a->p, a->required, &a->error);
}

static void commit_ended(struct turn *t, struct groups_commit *c, int error);

static void end_acks(void *arg, enum delayed_end end)
{
	struct pending_append *a = arg;
	int error = end == DELAYED_DONE ? a->error : KERR_REQUEST_TIMED_OUT;
	struct row *row;
	struct turn t;

	turn_begin(&t, a->shard);
	if (a->commit) {
		commit_ended(&t, a->request, group_commit_end(a->commit, error));
	} else {
		row = shard_find(a->shard, (struct str){ a->group_id, a->group_id_len });
		if (row) {
			group_appended(row->g, t.now, a->append_id, error, &t.fx);
			turn_settle(&t, row);
		}
	}
	turn_end(&t);
	partition_unref(a->p);
	free(a->group_id);
	free(a);
}

void pending_appends_wait(struct groups *gs, struct pending_append *list)
{
	static const struct delayed_class cls = { try_acks, end_acks };
	struct pending_append *a, *oldest = NULL;

	while ((a = list)) { /* the list is newest first */
		list = a->next;
		a->next = oldest;
		oldest = a;
	}
	while ((a = oldest)) {
		struct delayed_key key = { DELAYED_PRODUCE, STR(OFFSETS_TOPIC), a->shard->index };

		oldest = a->next;
		delayed_add(gs->config.delayed, &cls, a, &key, 1,
			    clock_mono_ms(gs->config.clock) + gs->config.commit_timeout_ms);
	}
}

/* --- the record of a group --- */

static int build_group(struct turn *t, const struct group_append *a, struct buf **ret)
{
	struct builder_config c = batch_config(t->shard, NO_SEQUENCE);
	struct batch_builder b = { 0 };
	int r = batch_builder_init(&b, &c, NULL);

	if (r == 0)
		r = batch_builder_append(&b, 0, t->now.wall_ms, a->key, a->value, 0, BYTES_NULL);
	if (r == 0)
		r = batch_builder_finish(&b, ret);
	batch_builder_fini(&b);
	return r;
}

void turn_append_group(struct turn *t, struct row *row, const struct group_append *a)
{
	struct pending_append *pending;
	struct buf *batch = NULL;
	int64_t base, required = 0;
	int r = build_group(t, a, &batch);

	if (r == 0)
		r = append_acked(t, batch, &base, &required);
	buf_unref(batch);
	if (r || !required) {
		group_appended(row->g, t->now, a->id, r, &t->fx);
		return;
	}
	pending = pending_new(t, required);
	pending->append_id = a->id;
	pending->group_id = str_dup(group_id(row->g));
	pending->group_id_len = group_id(row->g).len;
}

/* --- a commit --- */

static void commit_ended(struct turn *t, struct groups_commit *c, int error)
{
	for (size_t i = 0; i < c->request.items_n; i++) {
		if (c->request.items[i].error == 0)
			c->request.items[i].error = error;
	}
	turn_answer(t, &c->waiter);
}

static int put_item(struct writer *w, const struct shard *s, struct str group_id, const struct group_commit_item *i,
		    size_t *ret_key_len)
{
	struct offset_commit_value v = {
		.offset = i->offset,
		.leader_epoch = i->leader_epoch,
		.metadata = i->metadata.len >= 0 ? i->metadata : STR(""),
		.commit_timestamp = i->commit_timestamp,
		.expire_timestamp = i->expire_timestamp,
	};
	size_t before = writer_len(w);
	int r = offset_record_put_key(w, group_id, i->topic, i->partition);

	*ret_key_len = writer_len(w) - before;
	return r ? r : offset_record_put_value(w, s->owner->config.group.offset_value_version, &v);
}

struct span {
	size_t key, value; /* lengths; 0 and 0: left out */
};

/* Keys and values of all that is to be written, one after the other. */
static int put_items(struct shard *s, struct str group_id, const struct group_commit_request *q, size_t limit,
		     struct span *spans, struct buf **ret)
{
	struct writer w;
	size_t before;
	int r = 0;

	writer_init(&w, 64 + 64 * MIN(q->items_n, (size_t)FEW_ITEMS), limit);
	for (size_t i = 0; i < q->items_n && r == 0 && !w.bad; i++) {
		before = writer_len(&w);
		spans[i] = (struct span){ 0, 0 };
		if (q->items[i].error)
			continue;
		r = put_item(&w, s, group_id, &q->items[i], &spans[i].key);
		spans[i].value = writer_len(&w) - before - spans[i].key;
	}
	if (r == 0)
		r = writer_take_buf(&w, ret);
	writer_fini(&w);
	return r == -EMSGSIZE ? KERR_MESSAGE_TOO_LARGE : r;
}

static int add_items(struct batch_builder *b, const struct buf *from, const struct span *spans, size_t n, int64_t now_ms)
{
	const uint8_t *at = from->data;
	int64_t offset = 0;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (!spans[i].key)
			continue;
		r = batch_builder_append(b, offset++, now_ms, (struct bytes){ at, (int32_t)spans[i].key },
					 (struct bytes){ at + spans[i].key, (int32_t)spans[i].value }, 0, BYTES_NULL);
		at += spans[i].key + spans[i].value;
	}
	return r;
}

static int build_commit(struct turn *t, struct str group_id, const struct group_commit_request *q, struct buf **ret)
{
	struct builder_config c = batch_config(t->shard, COMMIT_SEQUENCE);
	/* What is compressed may become small enough; what is not is too large before it is written. */
	size_t limit = q->items_n > FEW_ITEMS && c.codec == CODEC_NONE ? batch_limit(t->shard) : 0;
	struct span few[FEW_ITEMS];
	struct span *spans = q->items_n <= FEW_ITEMS ? few : try_array(q->items_n, sizeof(*spans), SIZE_MAX);
	struct batch_builder b = { 0 };
	struct buf *records = NULL;
	int r = spans ? put_items(t->shard, group_id, q, limit, spans, &records) : -ENOMEM;

	c.limit = limit;
	if (r == 0)
		r = batch_builder_init(&b, &c, NULL);
	if (r == 0)
		r = add_items(&b, records, spans, q->items_n, t->now.wall_ms);
	if (r == 0)
		r = batch_builder_finish(&b, ret);
	batch_builder_fini(&b);
	buf_unref(records);
	if (spans != few)
		free(spans);
	return r;
}

void turn_append_commit(struct turn *t, struct str group_id, struct group_commit *gc, struct groups_commit *c)
{
	struct pending_append *pending;
	struct buf *batch = NULL;
	int64_t base, required = 0;
	int r = build_commit(t, group_id, &c->request, &batch);

	if (r == 0) {
		base = -1;
		r = append_acked(t, batch, &base, &required);
		if (base >= 0)
			group_commit_written(gc, base);
	}
	buf_unref(batch);
	if (r || !required) {
		commit_ended(t, c, group_commit_end(gc, r));
		return;
	}
	pending = pending_new(t, required);
	pending->commit = gc;
	pending->request = c;
}

/* --- tombstones --- */

/* One batch, as many of them as the log takes. */
struct tombstones {
	struct turn *t;
	struct str group_id;
	struct batch_builder b;
	struct writer w;
	size_t limit;
	int64_t n;
	int error; /* the first */
};

static void tombstones_flush(struct tombstones *x)
{
	struct log_append_info info;
	struct buf *batch = NULL;
	int r;

	if (x->n == 0)
		return;
	r = batch_builder_finish(&x->b, &batch);
	if (r == 0)
		r = append(x->t, batch, ACKS_NONE, &info);
	buf_unref(batch);
	batch_builder_fini(&x->b);
	x->b = (struct batch_builder){ 0 };
	x->n = 0;
	x->error = x->error ? x->error : r;
}

/* Is there room for a key? What a codec makes of it is known at the end only; 64 bytes are more than a record has
 * besides its key. */
static bool tombstones_full(const struct tombstones *x, size_t key_len)
{
	size_t size = x->b.buf->len + (x->b.config.codec == CODEC_NONE ? 0 : x->b.uncompressed);

	return size + key_len + 64 > x->limit;
}

/* The key is in x->w, which it leaves empty. */
static void tombstones_add(struct tombstones *x, int r)
{
	struct builder_config c = batch_config(x->t->shard, NO_SEQUENCE);
	struct buf *key = NULL;

	if (r == 0)
		r = writer_take_buf(&x->w, &key);
	else
		writer_fini(&x->w);
	if (r == 0 && x->n > 0 && tombstones_full(x, key->len))
		tombstones_flush(x);
	if (r == 0 && x->n == 0)
		r = batch_builder_init(&x->b, &c, NULL);
	if (r == 0)
		r = batch_builder_append(&x->b, x->n++, x->t->now.wall_ms, (struct bytes){ key->data, (int32_t)key->len },
					 BYTES_NULL, 0, BYTES_NULL);
	buf_unref(key);
	x->error = x->error ? x->error : r;
}

static void log_lost_tombstones(const struct tombstones *x)
{
	static struct rate_limit limit;
	int64_t dropped;
	char text[256], id[SHARD_TEXT_MAX];

	if (!x->error || !rate_limit_pass(&limit, x->t->now.mono_ms, LOG_INTERVAL_MS, &dropped))
		return;
	if (x->error > 0)
		(void)str_copy(str_of(kerr_text(x->error)), text, sizeof(text));
	else
		(void)error_text(x->error, text, sizeof(text));
	log_error("[GroupMetadataManager brokerId=%d] Failed to append tombstones to " SHARD_NAME " for expired/deleted offsets "
		  "and/or metadata for group %s: %s (%lld more were not logged)",
	    (int)x->t->shard->owner->config.group.broker_id, (int)x->t->shard->index,
	    shard_text(x->group_id, id), text, (long long)dropped);
}

void turn_append_removal(struct turn *t, struct row *row, const struct group_removal *r)
{
	struct tombstones x = { .t = t, .group_id = group_id(row->g) };

	if (r->n || r->group_tombstone) {
		x.limit = batch_limit(t->shard);
		writer_init(&x.w, 256, 0);
		for (size_t i = 0; i < r->n; i++)
			tombstones_add(&x, offset_record_put_key(&x.w, x.group_id, r->v[i].topic, r->v[i].partition));
		if (r->group_tombstone)
			tombstones_add(&x, group_record_put_key(&x.w, x.group_id));
		tombstones_flush(&x);
		writer_fini(&x.w);
		log_lost_tombstones(&x);
	}
	if (r->dead)
		shard_remove(t->shard, row);
}
