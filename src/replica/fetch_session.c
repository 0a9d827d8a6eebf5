/* fetch_session.c - the partitions of a session, and the two ends of a fetch.
 *
 * A session changes only in fetch_context_begin of an incremental fetch, which also moves its epoch on. So the
 * pointers that a fetch keeps to the session's partitions are good exactly while the epoch is the one it set.
 */
#include "replica/fetch_session.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "metadata/image.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/fetch_session_priv.h"
#include "replica/partition.h"

typedef struct fetch_request_fetch_topic fetch_topic_t;
typedef struct fetch_request_fetch_partition fetch_partition_t;

enum { EPOCH_INITIAL = 0, EPOCH_FINAL = -1, SESSION_NONE = 0 };

static int32_t next_epoch(int32_t epoch)
{
	if (epoch < 0)
		return EPOCH_FINAL; /* Kafka 3.9, FetchMetadata.nextEpoch */
	return epoch == INT32_MAX ? 1 : epoch + 1;
}

/* --- a session's content; Locks: s->lock held, or nobody else knows it yet --- */

static void charge(struct fetch_session *s, int64_t bytes)
{
	s->bytes += bytes;
	atomic_fetch_add(&s->fs->bytes, bytes);
}

static int64_t topic_bytes(const struct session_topic *t)
{
	return (int64_t)(sizeof(*t) + (t->name ? strlen(t->name) + 1 : 0));
}

struct fetch_session *fetch_session_new(struct fetch_sessions *fs, bool privileged, bool topic_ids, int64_t now_ms)
{
	struct fetch_session *s = xcalloc(1, sizeof(*s));

	atomic_init(&s->refs, 1);
	s->fs = fs;
	s->privileged = privileged;
	s->topic_ids = topic_ids;
	s->created_ms = now_ms;
	s->epoch = next_epoch(EPOCH_INITIAL);
	lock_init(&s->lock, RANK_SESSION, "fetch session");
	list_init(&s->order);
	list_init(&s->lru);
	charge(s, (int64_t)sizeof(*s));
	return s;
}

static void drop_topic(struct fetch_session *s, struct session_topic *t)
{
	if (--t->refs > 0)
		return;
	charge(s, -topic_bytes(t));
	HASH_DEL(s->topics, t);
	free(t->name);
	free(t);
}

static void drop_partition(struct fetch_session *s, struct session_partition *p)
{
	struct session_topic *t = p->key.topic;

	HASH_DEL(s->partitions, p);
	list_remove(&p->link);
	partition_unref(p->quiet);
	free(p);
	charge(s, -(int64_t)sizeof(*p));
	drop_topic(s, t);
}

struct fetch_session *fetch_session_unref(struct fetch_session *s)
{
	struct session_partition *p, *tmp;

	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return NULL;
	list_foreach_safe(p, tmp, &s->order, link)
		drop_partition(s, p);
	charge(s, -s->bytes);
	lock_fini(&s->lock);
	free(s);
	return NULL;
}

static struct session_topic *find_topic(struct fetch_session *s, struct uuid id, struct str name)
{
	struct session_topic *t;

	if (uuid_is_zero(id))
		HASH_FIND(hh, s->topics, name.p, (size_t)MAX(name.len, 0), t);
	else
		HASH_FIND(hh, s->topics, id.b, sizeof(id.b), t);
	return t;
}

static struct session_topic *make_topic(struct fetch_session *s, struct uuid id, struct str name)
{
	struct session_topic *t = find_topic(s, id, name);

	if (t)
		return t;
	t = xcalloc(1, sizeof(*t));
	t->id = id;
	t->name = name.len < 0 ? NULL : str_dup(name);
	if (uuid_is_zero(id))
		HASH_ADD_KEYPTR(hh, s->topics, t->name, strlen(t->name), t);
	else
		HASH_ADD_KEYPTR(hh, s->topics, t->id.b, sizeof(t->id.b), t);
	charge(s, topic_bytes(t));
	return t;
}

static struct session_partition *find_partition(struct fetch_session *s, struct session_topic *t, int32_t index)
{
	struct session_partition_key key = { t, index };
	struct session_partition *p;

	HASH_FIND(hh, s->partitions, &key, sizeof(key), p);
	return p;
}

/* Adds the partition, or takes over what is asked now. A new one was never answered: high watermark -1. */
static struct session_partition *put_want(struct fetch_session *s, const struct fetch_want *w)
{
	struct session_topic *t = make_topic(s, w->topic_id, w->topic);
	struct session_partition *p = find_partition(s, t, w->partition);

	if (!p) {
		p = xcalloc(1, sizeof(*p));
		p->key = (struct session_partition_key){ t, w->partition };
		p->high_watermark = p->leader_start = -1;
		HASH_ADD(hh, s->partitions, key, sizeof(p->key), p);
		list_append(&s->order, &p->link);
		t->refs++;
		charge(s, (int64_t)sizeof(*p));
	}
	p->quiet = partition_unref(p->quiet);
	p->leader_epoch = w->leader_epoch;
	p->last_fetched_epoch = w->last_fetched_epoch;
	p->max_bytes = w->max_bytes;
	p->offset = w->offset;
	p->log_start = w->log_start;
	return p;
}

/* A name can be a key only without NUL inside: strlen is its length everywhere here. */
static bool name_is_plain(struct str name)
{
	return name.len < 0 || name.len == 0 || !memchr(name.p, 0, (size_t)name.len);
}

/* --- the request as wants --- */

static struct str topic_name(const fetch_topic_t *t, const struct image *image, struct arena *a)
{
	const struct image_topic *known;

	if (uuid_is_zero(t->topic_id))
		return t->topic.len > 0 ? t->topic : STR("");
	known = image_topic_by_id(image, t->topic_id);
	return known ? arena_str(a, known->name) : STR_NULL;
}

static struct fetch_want want_of(const fetch_topic_t *t, struct str name, const fetch_partition_t *p)
{
	return (struct fetch_want){
		.topic = name,
		.topic_id = t->topic_id,
		.partition = p->partition,
		.leader_epoch = p->current_leader_epoch,
		.last_fetched_epoch = p->last_fetched_epoch,
		.max_bytes = p->partition_max_bytes,
		.offset = p->fetch_offset,
		.log_start = p->log_start_offset,
	};
}

static int list_request(const struct fetch_request *req, const struct image *image, struct arena *a,
			struct fetch_context *c)
{
	size_t n = 0;

	for (int32_t t = 0; t < req->topics_n; t++)
		n += (size_t)req->topics[t].partitions_n;
	c->v = arena_array(a, n, sizeof(*c->v));
	if (!c->v)
		return FAIL(-ENOMEM);
	for (int32_t t = 0; t < req->topics_n; t++) {
		struct str name = topic_name(&req->topics[t], image, a);

		for (int32_t i = 0; i < req->topics[t].partitions_n; i++)
			c->v[c->n++] = want_of(&req->topics[t], name, &req->topics[t].partitions[i]);
	}
	return 0;
}

/* --- incremental fetches; Locks: s->lock held --- */

static void apply_changes(struct fetch_session *s, const struct fetch_request *req, const struct fetch_context *asked)
{
	for (int32_t i = 0; i < asked->n; i++) {
		if (name_is_plain(asked->v[i].topic))
			(void)put_want(s, &asked->v[i]);
	}
	for (int32_t f = 0; f < req->forgotten_topics_data_n; f++) {
		const struct fetch_request_forgotten_topic *gone = &req->forgotten_topics_data[f];

		for (int32_t i = 0; i < gone->partitions_n; i++) {
			/* Looked up each time: the topic goes with its last partition. */
			struct session_topic *t = find_topic(s, gone->topic_id, gone->topic);
			struct session_partition *p = t ? find_partition(s, t, gone->partitions[i]) : NULL;

			if (p)
				drop_partition(s, p);
		}
	}
}

/* The topic's name, copied once per fetch; a name that was not known is looked up again. */
static struct str copy_name(struct fetch_session *s, struct session_topic *t, const struct image *image,
			    struct arena *a)
{
	if (t->copy_stamp == s->stamp)
		return t->copy;
	if (!t->name) {
		const struct image_topic *known = image_topic_by_id(image, t->id);

		if (known) {
			charge(s, -topic_bytes(t));
			t->name = xstrdup(known->name);
			charge(s, topic_bytes(t));
		}
	}
	t->copy = t->name ? arena_str(a, t->name) : STR_NULL;
	t->copy_stamp = s->stamp;
	return t->copy;
}

/* Room for `n` partitions on the list, those that are on it first. */
static int make_room(struct fetch_context *c, size_t n, struct arena *a)
{
	struct fetch_want *v = arena_array(a, n, sizeof(*v));
	struct session_partition **parts = arena_array(a, n, sizeof(struct session_partition *));

	if (!v || !parts)
		return FAIL(-ENOMEM);
	for (int32_t i = 0; i < c->n; i++) {
		v[i] = c->v[i];
		parts[i] = c->parts[i];
	}
	c->v = v;
	c->parts = parts;
	return 0;
}

static void list_partition(struct fetch_session *s, struct session_partition *p, const struct image *image,
			   struct arena *a, struct fetch_context *c)
{
	c->parts[c->n] = p;
	c->v[c->n++] = (struct fetch_want){
		.topic = copy_name(s, p->key.topic, image, a),
		.topic_id = p->key.topic->id,
		.partition = (int32_t)p->key.partition,
		.leader_epoch = p->leader_epoch,
		.last_fetched_epoch = p->last_fetched_epoch,
		.max_bytes = p->max_bytes,
		.offset = p->offset,
		.log_start = p->log_start,
	};
}

static struct quiet_point point_of(const struct session_partition *p)
{
	return (struct quiet_point){ p->leader_epoch, p->leader_start, p->offset };
}

static void drop_quiet(struct fetch_context *c)
{
	for (int32_t i = 0; i < c->quiet_n; i++)
		partition_unref(c->quiet[i].p);
	c->quiet_n = 0;
}

/* Notes who is quiet, and that the follower was there again; the others have to be listed. */
static int skip_quiet(struct fetch_session *s, struct arena *a, struct fetch_context *c)
{
	struct session_partition *p;
	size_t n = HASH_COUNT(s->partitions);

	c->by.session = s->id;
	c->by.now_ms = clock_mono_ms(c->fs->clock);
	c->quiet = arena_array(a, n, sizeof(*c->quiet));
	if (!c->quiet)
		return FAIL(-ENOMEM);
	list_foreach(p, &s->order, link) {
		struct quiet_point point = point_of(p);

		p->skipped = c->skips && p->quiet && partition_fetched_quietly(p->quiet, &point, &c->by);
		if (p->skipped)
			c->quiet[c->quiet_n++] = (struct fetch_quiet){ partition_ref(p->quiet), p, point };
	}
	return 0;
}

static int list_session(struct fetch_session *s, const struct image *image, struct arena *a, struct fetch_context *c)
{
	size_t listed;
	struct session_partition *p;
	int r = skip_quiet(s, a, c);

	s->stamp++;
	c->n = 0;
	listed = HASH_COUNT(s->partitions) - (size_t)c->quiet_n;
	if (r == 0)
		r = make_room(c, listed, a);
	if (r)
		drop_quiet(c);
	if (r || listed == 0)
		return r;
	list_foreach(p, &s->order, link) {
		if (!p->skipped)
			list_partition(s, p, image, a, c);
	}
	return 0;
}

bool fetch_context_has_news(const struct fetch_context *c)
{
	for (int32_t i = 0; i < c->quiet_n; i++) {
		const struct fetch_quiet *q = &c->quiet[i];

		if (!partition_is_at(q->p, q->point.leader_epoch, q->point.end))
			return true;
	}
	return false;
}

/* Locks: the session's, and its epoch is the fetch's. */
static int join(struct fetch_context *c, const struct image *image, struct arena *a)
{
	int32_t n = 0;
	int r;

	for (int32_t i = 0; i < c->quiet_n; i++) {
		c->quiet[i].part->skipped = partition_is_quiet(c->quiet[i].p, &c->quiet[i].point);
		n += !c->quiet[i].part->skipped;
	}
	if (n == 0)
		return 0;
	r = make_room(c, (size_t)c->n + (size_t)n, a);
	for (int32_t i = 0; r == 0 && i < c->quiet_n; i++) {
		if (!c->quiet[i].part->skipped)
			list_partition(c->session, c->quiet[i].part, image, a, c);
	}
	return r;
}

int fetch_context_join(struct fetch_context *c, const struct image *image, struct arena *a)
{
	int r = 0;

	if (c->quiet_n == 0)
		return 0;
	lock_take(&c->session->lock);
	if (c->session->epoch == c->epoch) /* else the fetch will end with an error, and whatever it found is of no use */
		r = join(c, image, a);
	lock_release(&c->session->lock);
	return r;
}

/* Steps 2 to 7 of protocol.md section 11. *ret_size: partitions left, -1: the session is too large to live on. */
static int step_session(struct fetch_session *s, const struct fetch_request *req, const struct image *image,
			struct arena *a, struct fetch_context *c, int32_t *ret_size)
{
	int r;

	if (s->epoch != req->session_epoch)
		return KERR_INVALID_FETCH_SESSION_EPOCH;
	if (s->topic_ids != c->topic_ids)
		return KERR_FETCH_SESSION_TOPIC_ID_ERROR;
	apply_changes(s, req, c);
	*ret_size = (int32_t)HASH_COUNT(s->partitions);
	if (atomic_load(&s->fs->bytes) > FETCH_SESSIONS_BYTES_MAX)
		*ret_size = -1;
	if (*ret_size <= 0)
		return 0;
	r = list_session(s, image, a, c);
	if (r)
		return r;
	c->epoch = s->epoch = next_epoch(s->epoch);
	return 0;
}

static int begin_incremental(struct fetch_context *c, const struct fetch_request *req, const struct image *image,
			     struct arena *a)
{
	struct fetch_session *s = session_cache_get(c->fs, req->session_id);
	int32_t size = 0;
	int r;

	if (!s)
		return KERR_FETCH_SESSION_ID_NOT_FOUND;
	lock_take(&s->lock);
	r = step_session(s, req, image, a, c, &size);
	lock_release(&s->lock);
	if (r == 0 && size > 0) {
		session_cache_touch(c->fs, s, size, clock_mono_ms(c->fs->clock));
		c->kind = FETCH_INCREMENTAL;
		c->session = s; /* the reference goes along */
		return 0;
	}
	if (r == 0) {
		session_cache_remove(c->fs, s->id);
		c->n = 0;
		if (size < 0)
			r = KERR_FETCH_SESSION_ID_NOT_FOUND; /* the fetcher starts again, and gets no session */
	}
	fetch_session_unref(s);
	return r;
}

int fetch_context_begin(struct fetch_sessions *fs, const struct fetch_request *req, int16_t version,
			uint64_t connection, const struct image *image, struct arena *a, struct fetch_context *ret)
{
	/* Below v7 the decoded request says (0, -1). */
	bool full = req->session_epoch == EPOCH_INITIAL || req->session_epoch == EPOCH_FINAL;
	int32_t replica = version >= 15 ? req->replica_state.replica_id : req->replica_id;
	int r;

	*ret = (struct fetch_context){
		.fs = fs,
		.follower = replica >= 0,
		.topic_ids = version >= 13,
		/* Whoever wants more than one byte must be told how many there are. */
		.skips = replica >= 0 && req->min_bytes <= 1,
		.by = {
			.replica_id = replica,
			.broker_epoch = version >= 15 ? req->replica_state.replica_epoch : -1,
			.connection = connection,
		},
	};
	r = list_request(req, image, a, ret);
	if (r)
		return r;
	if (!full)
		return begin_incremental(ret, req, image, a);
	if (req->session_id != SESSION_NONE)
		session_cache_remove(fs, req->session_id);
	ret->kind = req->session_epoch == EPOCH_INITIAL ? FETCH_FULL : FETCH_SESSIONLESS;
	return 0;
}

/* --- the end of a fetch --- */

/* The high watermark that the other side knows now; -1: the partition is answered again, even if nothing else changes. A
 * follower whose log diverges takes no mark over before it has cut its log off (KAFKA-14704), and without another one it
 * would stay behind for as long as nothing is produced. */
static int64_t mark_told(const struct fetch_got *got)
{
	return got->error || got->diverging ? -1 : got->high_watermark;
}

/* What the other side knows now. */
static void remember(struct session_partition *p, const struct fetch_got *got)
{
	p->high_watermark = mark_told(got);
	p->leader_start = got->log_start;
	if (p->quiet == got->quiet)
		return;
	partition_unref(p->quiet);
	p->quiet = got->quiet ? partition_ref(got->quiet) : NULL;
}

static int32_t end_full(struct fetch_context *c, const struct fetch_got *got)
{
	int64_t now_ms = clock_mono_ms(c->fs->clock);
	struct fetch_session *s;
	int32_t id = SESSION_NONE;
	bool plain = true;

	for (int32_t i = 0; i < c->n && plain; i++)
		plain = name_is_plain(c->v[i].topic);
	if (!plain || atomic_load(&c->fs->bytes) > FETCH_SESSIONS_BYTES_MAX)
		return SESSION_NONE;
	s = fetch_session_new(c->fs, c->follower, c->topic_ids, now_ms);
	for (int32_t i = 0; i < c->n; i++) {
		struct session_partition *p = put_want(s, &c->v[i]);

		remember(p, &got[i]);
	}
	if (session_cache_add(c->fs, s, (int32_t)HASH_COUNT(s->partitions), now_ms))
		id = s->id;
	fetch_session_unref(s);
	return id;
}

/* Does the answer say anything new about the partition? Remembers what it says. */
static bool update(struct session_partition *p, const struct fetch_got *got)
{
	bool news = got->has_records || got->has_preferred_replica || got->diverging || got->error != 0 ||
		    p->high_watermark != got->high_watermark || p->leader_start != got->log_start;

	remember(p, got);
	return news;
}

static int end_incremental(struct fetch_context *c, struct fetch_got *got)
{
	struct fetch_session *s = c->session;
	int r = 0;

	lock_take(&s->lock);
	if (s->epoch != c->epoch)
		r = KERR_INVALID_FETCH_SESSION_EPOCH;
	for (int32_t i = 0; r == 0 && i < c->n; i++) {
		got[i].include = update(c->parts[i], &got[i]);
		if (got[i].has_records) { /* the others get their turn first next time */
			list_remove(&c->parts[i]->link);
			list_append(&s->order, &c->parts[i]->link);
		}
	}
	lock_release(&s->lock);
	return r;
}

int fetch_context_end(struct fetch_context *c, struct fetch_got *got, int32_t *ret_session)
{
	*ret_session = SESSION_NONE;
	if (c->kind == FETCH_INCREMENTAL) {
		*ret_session = c->session->id;
		return end_incremental(c, got);
	}
	for (int32_t i = 0; i < c->n; i++)
		got[i].include = true;
	if (c->kind == FETCH_FULL)
		*ret_session = end_full(c, got);
	return 0;
}

void fetch_context_fini(struct fetch_context *c)
{
	drop_quiet(c);
	c->session = fetch_session_unref(c->session);
}
