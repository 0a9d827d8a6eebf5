/* fiber.c - see fiber.h. Contexts are those of ucontext.h; AddressSanitizer is told of each switch. */
#include "fiber.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/alloc.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

enum {
	STACK_SIZE = 512 << 10,
	EPOCH_MS = 1000000,  /* the clock does not begin at 0: "never" is a time long ago */
	SPIN_MAX = 2000000,  /* slices without time passing: somebody turns in a circle */
	YIELD_IN_1000 = 30,  /* of taking a lock */
	STALL_IN_1000 = 3,   /* of being woken: the thread gets no processor for a while */
	STALL_MAX_MS = 30,
};

struct timer {
	int64_t at_ms;
	uint64_t serial;
	struct fiber *fiber; /* either a wait of a fiber ... */
	uint64_t wait;
	void (*fn)(void *arg); /* ... or a call */
	void *arg;
};

uint64_t world_seed;

static struct {
	struct rng rng;
	int64_t now_ms;
	uint64_t steps, serial, spins;
	struct fiber *current, *oracle;
	struct list fibers, unused; /* by `all` */
	struct fiber **ready;
	size_t ready_n, ready_cap;
	struct timer *heap;
	size_t heap_n, heap_cap;
	bool paused[NODES];
	uint32_t life[NODES];
	int last_node;
	ucontext_t scheduler;
	void *fake_stack;
	const void *bottom;
	size_t bottom_size;
} w;

/* --- chance --- */

uint64_t world_random(uint64_t n)
{
	return rng_below(&w.rng, n);
}

bool world_chance(uint32_t in_1000)
{
	return rng_below(&w.rng, 1000) < in_1000;
}

int64_t world_now_ms(void)
{
	return w.now_ms;
}

uint64_t world_steps(void)
{
	return w.steps;
}

/* --- timers --- */

static bool before(const struct timer *a, const struct timer *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->serial < b->serial;
}

static void heap_push(struct timer t)
{
	size_t at;

	t.serial = ++w.serial;
	w.heap = grow_array(w.heap, &w.heap_cap, w.heap_n + 1, sizeof(*w.heap));
	for (at = w.heap_n++; at > 0 && before(&t, &w.heap[(at - 1) / 2]); at = (at - 1) / 2)
		w.heap[at] = w.heap[(at - 1) / 2];
	w.heap[at] = t;
}

static struct timer heap_pop(void)
{
	struct timer first = w.heap[0], last = w.heap[--w.heap_n];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < w.heap_n) {
		if (child + 1 < w.heap_n && before(&w.heap[child + 1], &w.heap[child]))
			child++;
		if (!before(&w.heap[child], &last))
			break;
		w.heap[at] = w.heap[child];
		at = child;
	}
	w.heap[at] = last;
	return first;
}

void world_at(int64_t ms, void (*fn)(void *arg), void *arg)
{
	heap_push((struct timer){ .at_ms = ms > w.now_ms ? ms : w.now_ms, .fn = fn, .arg = arg });
}

/* --- switching --- */

static void to_scheduler(bool for_good)
{
	struct fiber *f = w.current;

	f->saved_errno = errno;
#ifdef WITH_ASAN
	__sanitizer_start_switch_fiber(for_good ? NULL : &f->fake_stack, w.bottom, w.bottom_size);
#else
	(void)for_good;
#endif
	(void)swapcontext(f->context, &w.scheduler);
#ifdef WITH_ASAN
	__sanitizer_finish_switch_fiber(f->fake_stack, &w.bottom, &w.bottom_size);
#endif
	errno = f->saved_errno;
}

static void to_fiber(struct fiber *f)
{
	w.current = f;
#ifdef WITH_ASAN
	__sanitizer_start_switch_fiber(&w.fake_stack, f->stack, STACK_SIZE);
#endif
	(void)swapcontext(&w.scheduler, f->context);
#ifdef WITH_ASAN
	__sanitizer_finish_switch_fiber(w.fake_stack, NULL, NULL);
#endif
	w.current = NULL;
}

static void fiber_main(void)
{
	struct fiber *f = w.current;

#ifdef WITH_ASAN
	__sanitizer_finish_switch_fiber(NULL, &w.bottom, &w.bottom_size);
#endif
	f->result = f->run(f->arg);
	assert(f->held_n == 0);
	f->ended = true;
	if (f->joiner)
		fiber_wake(f->joiner);
	to_scheduler(true);
}

static struct fiber *fiber_unused(void)
{
	struct fiber *f;

	if (!list_empty(&w.unused)) {
		f = list_first(&w.unused, struct fiber, all);
		list_remove(&f->all);
		return f;
	}
	f = xcalloc(1, sizeof(*f));
	list_init(&f->link);
	list_init(&f->all);
	f->context = xcalloc(1, sizeof(ucontext_t));
	f->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (f->stack == MAP_FAILED)
		abort();
	return f;
}

static void make_ready(struct fiber *f)
{
	w.ready = grow_array(w.ready, &w.ready_cap, w.ready_n + 1, sizeof(struct fiber *));
	w.ready[w.ready_n++] = f;
}

static void make_context(ucontext_t *c, void *stack)
{
	if (getcontext(c) < 0)
		abort();
	c->uc_stack.ss_sp = stack;
	c->uc_stack.ss_size = STACK_SIZE;
	c->uc_link = NULL;
	makecontext(c, fiber_main, 0);
}

struct fiber *fiber_spawn(int node, const char *name, void *(*run)(void *arg), void *arg)
{
	struct fiber *f = fiber_unused();

	f->node = node;
	f->blocked = f->ended = f->timed_out = false;
	f->wait = ++w.serial;
	f->joiner = NULL;
	f->held_n = 0;
	f->fake_stack = NULL;
	f->run = run;
	f->arg = arg;
	f->saved_errno = 0;
	(void)snprintf(f->name, sizeof(f->name), "%s", name);
	make_context(f->context, f->stack);
	list_append(&w.fibers, &f->all);
	make_ready(f);
	return f;
}

/* What ended and was joined, or was killed. */
static void fiber_recycle(struct fiber *f)
{
	list_remove(&f->link);
	list_remove(&f->all);
	list_append(&w.unused, &f->all);
	f->wait = ++w.serial;
	f->ended = true;
}

struct fiber *fiber_self(void)
{
	return w.current;
}

int fiber_node(void)
{
	return w.current ? w.current->node : NODE_OUTSIDE;
}

void *fiber_join(struct fiber *f)
{
	void *result;

	while (!f->ended) {
		f->joiner = w.current;
		(void)fiber_wait(NULL, INT64_MAX);
	}
	result = f->result;
	fiber_recycle(f);
	return result;
}

/* --- waiting --- */

bool fiber_wait(struct list *list, int64_t deadline_ms)
{
	struct fiber *f = w.current;

	assert(f);
	if (deadline_ms <= w.now_ms && !list)
		return false;
	f->blocked = true;
	f->timed_out = false;
	f->wait = ++w.serial;
	if (list)
		list_append(list, &f->link);
	if (deadline_ms < INT64_MAX)
		heap_push((struct timer){ .at_ms = deadline_ms > w.now_ms ? deadline_ms : w.now_ms, .fiber = f,
		    .wait = f->wait });
	to_scheduler(false);
	return !f->timed_out;
}

static void unblock(struct fiber *f, bool timed_out)
{
	list_remove(&f->link);
	f->blocked = false;
	f->timed_out = timed_out;
	f->wait = ++w.serial;
	make_ready(f);
}

static void wake_late(void *arg)
{
	make_ready(arg);
}

void fiber_wake(struct fiber *f)
{
	if (!f->blocked)
		return;
	if (f == w.oracle || f->node == NODE_OUTSIDE || !world_chance(STALL_IN_1000)) {
		unblock(f, false);
		return;
	}
	list_remove(&f->link);
	f->blocked = false;
	f->timed_out = false;
	f->wait = ++w.serial;
	heap_push((struct timer){ .at_ms = w.now_ms + 1 + (int64_t)world_random(STALL_MAX_MS), .fiber = f, .wait = f->wait,
	    .fn = wake_late });
}

void fiber_wake_all(struct list *list)
{
	while (!list_empty(list))
		fiber_wake(list_first(list, struct fiber, link));
}

void fiber_sleep_ms(int64_t ms)
{
	(void)fiber_wait(NULL, w.now_ms + ms);
}

void fiber_yield(void)
{
	struct fiber *f = w.current;

	if (!f || f == w.oracle)
		return;
	make_ready(f);
	to_scheduler(false);
}

/* --- the scheduler --- */

static void run_timer(struct timer t)
{
	if (t.at_ms > w.now_ms) {
		w.now_ms = t.at_ms;
		w.spins = 0;
	}
	if (!t.fiber)
		t.fn(t.arg);
	else if (t.fiber->wait == t.wait && t.fn)
		t.fn(t.fiber); /* woken before, and late */
	else if (t.fiber->wait == t.wait && t.fiber->blocked)
		unblock(t.fiber, true);
}

/* One of those that can run; those of paused nodes stay in the list. NULL: none. */
static struct fiber *pick(void)
{
	size_t first, i;

	if (w.ready_n == 0)
		return NULL;
	first = (size_t)world_random(w.ready_n);
	for (i = first; i < first + w.ready_n; i++) {
		struct fiber *f = w.ready[i % w.ready_n];

		if (w.paused[f->node])
			continue;
		i %= w.ready_n;
		w.ready[i] = w.ready[--w.ready_n];
		return f;
	}
	return NULL;
}

static void consult_oracle(int node)
{
	if (!w.oracle || !w.oracle->blocked || !list_empty(&w.oracle->link))
		return; /* it waits for a lock: later */
	w.last_node = node;
	w.oracle->blocked = false;
	w.oracle->wait = ++w.serial;
	to_fiber(w.oracle);
}

static void step(void)
{
	struct fiber *f = pick();
	int node;

	if (f && f == w.oracle) { /* it got the lock that it waited for */
		to_fiber(f);
		return;
	}
	if (f) {
		node = f->node;
		w.steps++;
		if (++w.spins > SPIN_MAX) {
			(void)fprintf(stderr, "fiber %s of node %d: no time passes any more\n", f->name, node);
			abort();
		}
		to_fiber(f);
		if (node != NODE_OUTSIDE)
			consult_oracle(node);
	} else if (w.heap_n > 0) {
		run_timer(heap_pop());
	} else {
		(void)fprintf(stderr, "nobody can run and nobody will\n");
		abort();
	}
}

bool world_run(bool (*until)(void *arg), void *arg, int64_t deadline_ms)
{
	while (!until(arg)) {
		if (w.now_ms >= deadline_ms)
			return false;
		step();
	}
	return true;
}

void world_begin(uint64_t seed)
{
	world_seed = seed;
	rng_init(&w.rng, seed * UINT64_C(0x9E3779B97F4A7C15) + 1);
	w.now_ms = EPOCH_MS;
	list_init(&w.fibers);
	list_init(&w.unused);
}

void world_set_oracle(struct fiber *f)
{
	w.oracle = f;
}

bool world_oracle_wait(int *ret_node)
{
	(void)fiber_wait(NULL, INT64_MAX);
	*ret_node = w.last_node;
	return true;
}

/* --- nodes --- */

void node_pause(int node)
{
	w.paused[node] = true;
}

void node_resume(int node)
{
	w.paused[node] = false;
}

bool node_is_paused(int node)
{
	return w.paused[node];
}

uint32_t node_life(int node)
{
	return w.life[node];
}

void node_kill(int node)
{
	struct fiber *f, *tmp;
	size_t i, n = 0;

	assert(fiber_node() != node);
	w.life[node]++;
	w.paused[node] = false;
	for (i = 0; i < w.ready_n; i++)
		if (w.ready[i]->node != node)
			w.ready[n++] = w.ready[i];
	w.ready_n = n;
	list_foreach_safe(f, tmp, &w.fibers, all)
		if (f->node == node)
			fiber_recycle(f);
}



void fiber_maybe_yield(void)
{
	if (w.current && w.current != w.oracle && world_chance(YIELD_IN_1000))
		fiber_yield();
}
