/* cleaner_table.c - see cleaner_table.h. */
#include "storage/cleaner_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/lock.h"
#include "base/table.h"

struct state {
	UT_hash_handle hh;
	bool cleaning;
	int pauses; /* asked for; in effect once `cleaning` is over */
	char key[];
};

struct uncleanable {
	UT_hash_handle hh;
	char *dir;
	const char *key; /* in `name`, behind the newline */
	char name[];	 /* dir, newline, key */
};

struct cleaner_table {
	struct lock lock;
	struct cond released;
	struct state *states;
	struct uncleanable *uncleanable;
};

struct cleaner_table *cleaner_table_new(void)
{
	struct cleaner_table *t = xcalloc(1, sizeof(*t));

	lock_init(&t->lock, RANK_LEAF, "cleaner_table");
	cond_init(&t->released);
	return t;
}

static void drop_uncleanable(struct cleaner_table *t, struct uncleanable *u)
{
	HASH_DEL(t->uncleanable, u);
	free(u->dir);
	free(u);
}

struct cleaner_table *cleaner_table_free(struct cleaner_table *t)
{
	struct state *s, *stmp;
	struct uncleanable *u, *utmp;

	if (!t)
		return NULL;
	HASH_ITER(hh, t->states, s, stmp) {
		assert(!s->cleaning);
		HASH_DEL(t->states, s);
		free(s);
	}
	HASH_ITER(hh, t->uncleanable, u, utmp)
		drop_uncleanable(t, u);
	cond_fini(&t->released);
	lock_fini(&t->lock);
	free(t);
	return NULL;
}

/* --- states; lock held --- */

static struct state *find(struct cleaner_table *t, const char *key)
{
	struct state *s;

	HASH_FIND_STR(t->states, key, s);
	return s;
}

static struct state *find_or_add(struct cleaner_table *t, const char *key)
{
	struct state *s = find(t, key);
	size_t size = strlen(key) + 1;

	if (s)
		return s;
	s = xcalloc(1, sizeof(*s) + size);
	memcpy(s->key, key, size);
	HASH_ADD_STR(t->states, key, s);
	return s;
}

static void drop_if_free(struct cleaner_table *t, struct state *s)
{
	if (s->cleaning || s->pauses > 0)
		return;
	HASH_DEL(t->states, s);
	free(s);
}

/* --- claims --- */

bool cleaner_table_claim(struct cleaner_table *t, const char *key)
{
	bool is_free;

	lock_take(&t->lock);
	is_free = !find(t, key);
	if (is_free)
		find_or_add(t, key)->cleaning = true;
	lock_release(&t->lock);
	return is_free;
}

bool cleaner_table_is_aborted(struct cleaner_table *t, const char *key)
{
	struct state *s;
	bool is;

	lock_take(&t->lock);
	s = find(t, key);
	is = s && s->cleaning && s->pauses > 0;
	lock_release(&t->lock);
	return is;
}

void cleaner_table_release(struct cleaner_table *t, const char *key)
{
	struct state *s;

	lock_take(&t->lock);
	s = find(t, key);
	assert(s && s->cleaning);
	s->cleaning = false;
	drop_if_free(t, s);
	cond_broadcast(&t->released);
	lock_release(&t->lock);
}

/* --- pauses --- */

void cleaner_table_pause(struct cleaner_table *t, const char *key)
{
	struct state *s;

	lock_take(&t->lock);
	s = find_or_add(t, key);
	s->pauses++; /* keeps the entry while we wait */
	while (s->cleaning)
		lock_wait(&t->lock, &t->released);
	lock_release(&t->lock);
}

bool cleaner_table_pause_if_free(struct cleaner_table *t, const char *key)
{
	bool is_free;

	lock_take(&t->lock);
	is_free = !find(t, key);
	if (is_free)
		find_or_add(t, key)->pauses = 1;
	lock_release(&t->lock);
	return is_free;
}

void cleaner_table_resume(struct cleaner_table *t, const char *key)
{
	struct state *s;

	lock_take(&t->lock);
	s = find(t, key);
	assert(s && s->pauses > 0);
	s->pauses--;
	drop_if_free(t, s);
	lock_release(&t->lock);
}

/* --- uncleanable --- */

static struct uncleanable *find_uncleanable(struct cleaner_table *t, const char *dir, const char *key)
{
	CLEANUP(freep) char *name = xasprintf("%s\n%s", dir, key);
	struct uncleanable *u;

	HASH_FIND_STR(t->uncleanable, name, u);
	return u;
}

void cleaner_table_mark_uncleanable(struct cleaner_table *t, const char *dir, const char *key)
{
	CLEANUP(freep) char *name = xasprintf("%s\n%s", dir, key);
	struct uncleanable *u;

	lock_take(&t->lock);
	if (!find_uncleanable(t, dir, key)) {
		u = xcalloc(1, sizeof(*u) + strlen(name) + 1);
		memcpy(u->name, name, strlen(name) + 1);
		u->key = u->name + strlen(dir) + 1;
		u->dir = xstrdup(dir);
		HASH_ADD_STR(t->uncleanable, name, u);
	}
	lock_release(&t->lock);
}

bool cleaner_table_is_uncleanable(struct cleaner_table *t, const char *dir, const char *key)
{
	bool is;

	lock_take(&t->lock);
	is = t->uncleanable && find_uncleanable(t, dir, key);
	lock_release(&t->lock);
	return is;
}

void cleaner_table_forget_uncleanable(struct cleaner_table *t, const char *key)
{
	struct uncleanable *u, *tmp;

	lock_take(&t->lock);
	HASH_ITER(hh, t->uncleanable, u, tmp) {
		if (strcmp(u->key, key) == 0)
			drop_uncleanable(t, u);
	}
	lock_release(&t->lock);
}

size_t cleaner_table_uncleanable_count(struct cleaner_table *t, const char *dir)
{
	struct uncleanable *u;
	size_t n = 0;

	lock_take(&t->lock);
	for (u = t->uncleanable; u; u = u->hh.next)
		n += strcmp(u->dir, dir) == 0;
	lock_release(&t->lock);
	return n;
}
