/* delayed.c - watch lists in shards, one heap of deadlines.
 *
 * An operation is alive while it is in the heap (which holds a reference); it is in the heap from delayed_add until
 * whoever sets `completed` under its lock takes it out. Watchers hold no reference: they leave their lists before
 * that. A check collects referenced operations under the shard's lock and tries them afterwards, so no list lock is
 * held during a try, and an operation that completes meanwhile is only found completed.
 */
#include "replica/delayed.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/table.h"

enum {
	SHARDS = 64,
	KEY_HEAD = 8,	 /* kind and index in front of the name */
	KEY_MAX = 512,	 /* longer names (never topics) are cut: they share a list, which only costs tries */
	FOUND_STACK = 64, /* operations of one key that are collected without allocating */
};

/* All watchers of one key; exists while it has any. */
struct watch_list {
	UT_hash_handle hh;
	struct list watchers;
	size_t n;
	size_t key_len;
	uint8_t key[];
};

struct shard {
	struct lock lock; /* RANK_DELAYED */
	struct watch_list *lists;
};

struct watcher {
	struct list link;
	struct delayed_op *op;
	struct watch_list *list; /* NULL: not linked; under the shard's lock */
	struct shard *shard;
	int32_t index; /* of the key among the operation's keys */
	enum delayed_kind kind;
};

struct delayed_op {
	atomic_int refs;
	struct lock lock; /* RANK_OPERATION: guards completed, serialises try */
	bool completed;
	const struct delayed_class *cls;
	void *arg;
	int64_t deadline_ms;
	size_t heap_at; /* SIZE_MAX: not in the heap; under the timer's lock */
	size_t watchers_n;
	struct watcher watchers[];
};

struct delayed {
	const struct clock *clock;
	struct shard shards[SHARDS];
	atomic_size_t watched[DELAYED_KINDS]; /* watchers per kind: 0 answers a check without a lock */

	struct lock timer; /* RANK_DELAYED: guards what follows */
	struct cond wake;
	struct delayed_op **heap;
	size_t heap_n, heap_cap;
	/* When the thread looks next. It is woken only for an earlier deadline: an operation that completed leaves it
	 * asleep, so a busy fetcher, whose next deadline is always later, costs no wake-ups. */
	int64_t sleeps_until_ms;
	bool stopped, started;
	pthread_t thread;
};

struct found {
	struct delayed_op *op; /* counted */
	int32_t index;
};

static struct delayed_op *op_ref(struct delayed_op *op)
{
	atomic_fetch_add_explicit(&op->refs, 1, memory_order_relaxed);
	return op;
}

static void op_unref(struct delayed_op *op)
{
	if (atomic_fetch_sub_explicit(&op->refs, 1, memory_order_acq_rel) != 1)
		return;
	lock_fini(&op->lock);
	free(op);
}

/* --- the heap of deadlines; Locks: d->timer held --- */

static void heap_put(struct delayed *d, size_t at, struct delayed_op *op)
{
	d->heap[at] = op;
	op->heap_at = at;
}

static void heap_up(struct delayed *d, size_t at)
{
	struct delayed_op *op = d->heap[at];

	while (at > 0 && d->heap[(at - 1) / 2]->deadline_ms > op->deadline_ms) {
		heap_put(d, at, d->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_put(d, at, op);
}

static void heap_down(struct delayed *d, size_t at)
{
	struct delayed_op *op = d->heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < d->heap_n && d->heap[child + 1]->deadline_ms < d->heap[child]->deadline_ms)
			child++;
		if (child >= d->heap_n || d->heap[child]->deadline_ms >= op->deadline_ms)
			break;
		heap_put(d, at, d->heap[child]);
		at = child;
	}
	heap_put(d, at, op);
}

static void heap_add(struct delayed *d, struct delayed_op *op)
{
	d->heap = grow_array(d->heap, &d->heap_cap, d->heap_n + 1, sizeof(struct delayed_op *));
	d->heap[d->heap_n] = op;
	heap_up(d, d->heap_n++);
}

static void heap_remove(struct delayed *d, struct delayed_op *op)
{
	size_t at = op->heap_at;
	struct delayed_op *last = d->heap[--d->heap_n];

	op->heap_at = SIZE_MAX;
	if (last == op)
		return;
	heap_put(d, at, last);
	heap_up(d, at);
	heap_down(d, last->heap_at);
}

/* --- watch lists --- */

static size_t key_bytes(struct delayed_key key, uint8_t out[KEY_HEAD + KEY_MAX])
{
	int32_t kind = (int32_t)key.kind;
	size_t n = key.name.len > 0 ? (size_t)key.name.len : 0;

	if (n > KEY_MAX)
		n = KEY_MAX;
	memcpy(out, &kind, 4);
	memcpy(out + 4, &key.index, 4);
	if (n > 0)
		memcpy(out + KEY_HEAD, key.name.p, n);
	return KEY_HEAD + n;
}

static struct watch_list *list_of(struct shard *s, const uint8_t *key, size_t n, unsigned hash, bool make)
{
	struct watch_list *l;

	HASH_FIND_BYHASHVALUE(hh, s->lists, key, n, hash, l);
	if (l || !make)
		return l;
	l = xcalloc(1, sizeof(*l) + n);
	list_init(&l->watchers);
	l->key_len = n;
	memcpy(l->key, key, n);
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, s->lists, l->key, n, hash, l);
	return l;
}

static struct shard *shard_of(struct delayed *d, unsigned hash)
{
	return &d->shards[(hash >> 16) % SHARDS]; /* uthash takes the low bits for its buckets */
}

static void watch(struct delayed *d, struct watcher *w, struct delayed_key key)
{
	uint8_t bytes[KEY_HEAD + KEY_MAX];
	size_t n = key_bytes(key, bytes);
	unsigned hash;

	HASH_VALUE(bytes, n, hash);
	w->kind = key.kind;
	w->shard = shard_of(d, hash);
	/* Counted before it is linked: a checker that reads 0 ran before our second try, which sees its change
	 * (both sequentially consistent). */
	atomic_fetch_add(&d->watched[key.kind], 1);
	lock_take(&w->shard->lock);
	w->list = list_of(w->shard, bytes, n, hash, true);
	list_append(&w->list->watchers, &w->link);
	w->list->n++;
	lock_release(&w->shard->lock);
}

static void unwatch(struct delayed *d, struct watcher *w)
{
	struct shard *s = w->shard;
	struct watch_list *l;

	if (!s)
		return;
	lock_take(&s->lock);
	l = TAKE(w->list);
	if (l) {
		list_remove(&w->link);
		atomic_fetch_sub(&d->watched[w->kind], 1);
		if (--l->n == 0) {
			HASH_DEL(s->lists, l);
			free(l);
		}
	}
	lock_release(&s->lock);
}

/* --- completion --- */

/* Thread: the one that set op->completed. Holds a reference of its own. */
static void finish(struct delayed *d, struct delayed_op *op, enum delayed_end end)
{
	bool in_heap;

	for (size_t i = 0; i < op->watchers_n; i++)
		unwatch(d, &op->watchers[i]);
	lock_take(&d->timer);
	in_heap = op->heap_at != SIZE_MAX;
	if (in_heap)
		heap_remove(d, op);
	lock_release(&d->timer);
	if (in_heap)
		op_unref(op);
	op->cls->complete(op->arg, end);
}

/* Locks: op->lock held. */
static bool try_locked(struct delayed_op *op, int32_t key)
{
	if (!op->completed && op->cls->try(op->arg, key))
		return op->completed = true;
	return false;
}

static bool try_op(struct delayed *d, struct delayed_op *op, int32_t key)
{
	bool won;

	lock_take(&op->lock);
	won = try_locked(op, key);
	lock_release(&op->lock);
	if (won)
		finish(d, op, DELAYED_DONE);
	return won;
}

static void end_op(struct delayed *d, struct delayed_op *op, enum delayed_end end)
{
	bool won;

	lock_take(&op->lock);
	won = !op->completed;
	op->completed = true;
	lock_release(&op->lock);
	if (won)
		finish(d, op, end);
}

static struct delayed_op *op_new(const struct delayed_class *cls, void *arg, size_t keys_n, int64_t deadline_ms)
{
	struct delayed_op *op = xcalloc(1, sizeof(*op) + keys_n * sizeof(struct watcher));

	atomic_init(&op->refs, 1);
	lock_init(&op->lock, RANK_OPERATION, "delayed operation");
	op->cls = cls;
	op->arg = arg;
	op->deadline_ms = deadline_ms;
	op->heap_at = SIZE_MAX;
	op->watchers_n = keys_n;
	for (size_t i = 0; i < keys_n; i++) {
		list_init(&op->watchers[i].link);
		op->watchers[i].op = op;
		op->watchers[i].index = (int32_t)i;
	}
	return op;
}

/* Puts the operation under its deadline. False when we are shutting down. Locks: op->lock held. */
static bool arm(struct delayed *d, struct delayed_op *op)
{
	bool ok;

	lock_take(&d->timer);
	ok = !d->stopped;
	if (ok) {
		heap_add(d, op_ref(op));
		if (d->started && op->deadline_ms < d->sleeps_until_ms)
			cond_signal(&d->wake);
	}
	lock_release(&d->timer);
	return ok;
}

void delayed_add(struct delayed *d, const struct delayed_class *cls, void *arg, const struct delayed_key *keys,
		 size_t keys_n, int64_t deadline_ms)
{
	struct delayed_op *op = op_new(cls, arg, keys_n, deadline_ms);
	bool done, armed = true;

	lock_take(&op->lock);
	done = try_locked(op, -1);
	if (!done) {
		for (size_t i = 0; i < keys_n; i++)
			watch(d, &op->watchers[i], keys[i]);
		done = try_locked(op, -1);
	}
	if (!done) {
		armed = arm(d, op);
		op->completed = !armed;
	}
	lock_release(&op->lock);
	if (done || !armed)
		finish(d, op, done ? DELAYED_DONE : DELAYED_STOPPED);
	op_unref(op);
}

/* References to all operations that watch the key: `stack` or an owned array. */
static size_t collect(struct shard *s, const uint8_t *key, size_t key_len, unsigned hash, struct found *stack,
		      struct found **ret)
{
	struct watch_list *l;
	struct watcher *w;
	size_t n = 0;

	*ret = stack;
	lock_take(&s->lock);
	l = list_of(s, key, key_len, hash, false);
	if (l) {
		if (l->n > FOUND_STACK)
			*ret = xcalloc(l->n, sizeof(**ret));
		list_foreach(w, &l->watchers, link)
			(*ret)[n++] = (struct found){ op_ref(w->op), w->index };
	}
	lock_release(&s->lock);
	return n;
}

size_t delayed_check(struct delayed *d, struct delayed_key key)
{
	uint8_t bytes[KEY_HEAD + KEY_MAX];
	struct found stack[FOUND_STACK], *found;
	size_t key_len, n, done = 0;
	unsigned hash;

	assert((unsigned)key.kind < DELAYED_KINDS);
	if (atomic_load(&d->watched[key.kind]) == 0)
		return 0;
	key_len = key_bytes(key, bytes);
	HASH_VALUE(bytes, key_len, hash);
	n = collect(shard_of(d, hash), bytes, key_len, hash, stack, &found);
	for (size_t i = 0; i < n; i++) {
		done += try_op(d, found[i].op, found[i].index);
		op_unref(found[i].op);
	}
	if (found != stack)
		free(found);
	return done;
}

/* The first operation if it is due by `now_ms`, out of the heap, with the heap's reference. */
static struct delayed_op *pop_due(struct delayed *d, int64_t now_ms)
{
	struct delayed_op *op = NULL;

	lock_take(&d->timer);
	if (d->heap_n > 0 && d->heap[0]->deadline_ms <= now_ms) {
		op = d->heap[0];
		heap_remove(d, op);
	}
	lock_release(&d->timer);
	return op;
}

static void end_due(struct delayed *d, int64_t now_ms, enum delayed_end end)
{
	struct delayed_op *op;

	while ((op = pop_due(d, now_ms))) {
		end_op(d, op, end);
		op_unref(op);
	}
}

int64_t delayed_expire(struct delayed *d)
{
	int64_t next;

	end_due(d, clock_mono_ms(d->clock), DELAYED_EXPIRED);
	lock_take(&d->timer);
	next = d->heap_n > 0 ? d->heap[0]->deadline_ms : INT64_MAX;
	lock_release(&d->timer);
	return next;
}

/* Sleeps until the first deadline; woken when a nearer one arrives or at the end. */
static void *expiry_thread(void *arg)
{
	struct delayed *d = arg;
	bool stopped = false;

	while (!stopped) {
		delayed_expire(d);
		lock_take(&d->timer);
		if (!d->stopped) {
			d->sleeps_until_ms = d->heap_n > 0 ? d->heap[0]->deadline_ms : INT64_MAX;
			if (d->sleeps_until_ms == INT64_MAX)
				lock_wait(&d->timer, &d->wake);
			else if (d->sleeps_until_ms > clock_mono_ms(d->clock))
				(void)lock_wait_until(&d->timer, &d->wake, d->sleeps_until_ms);
			d->sleeps_until_ms = INT64_MIN; /* awake: it looks before it sleeps again */
		}
		stopped = d->stopped;
		lock_release(&d->timer);
	}
	return NULL;
}

struct delayed *delayed_new(const struct clock *clock)
{
	struct delayed *d = xcalloc(1, sizeof(*d));

	d->clock = clock;
	for (int i = 0; i < SHARDS; i++)
		lock_init(&d->shards[i].lock, RANK_DELAYED, "watch lists");
	lock_init(&d->timer, RANK_DELAYED, "deadlines");
	cond_init(&d->wake);
	return d;
}

int delayed_start(struct delayed *d)
{
	int r;

	lock_take(&d->timer);
	d->started = true;
	lock_release(&d->timer);
	r = pthread_create(&d->thread, NULL, expiry_thread, d);
	if (r) {
		d->started = false;
		return FAIL(-r);
	}
	pthread_setname_np(d->thread, "expiry");
	return 0;
}

void delayed_stop(struct delayed *d)
{
	bool join;

	lock_take(&d->timer);
	join = d->started && !d->stopped;
	d->stopped = true;
	cond_broadcast(&d->wake);
	lock_release(&d->timer);
	if (join)
		pthread_join(d->thread, NULL);
	end_due(d, INT64_MAX, DELAYED_STOPPED);
}

struct delayed *delayed_free(struct delayed *d)
{
	if (!d)
		return NULL;
	delayed_stop(d);
	for (int i = 0; i < SHARDS; i++) {
		assert(!d->shards[i].lists);
		lock_fini(&d->shards[i].lock);
	}
	lock_fini(&d->timer);
	cond_fini(&d->wake);
	free(d->heap);
	free(d);
	return NULL;
}

size_t delayed_waiting(struct delayed *d)
{
	size_t n;

	lock_take(&d->timer);
	n = d->heap_n;
	lock_release(&d->timer);
	return n;
}
