/* arena.c - chunks of rising size; the first of the list is the one being filled. */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN 2048
#define CHUNK_MAX 65536
#define ALIGN	  alignof(max_align_t)

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, cap;
	alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){ .limit = limit };
}

void arena_fini(struct arena *a)
{
	while (a->chunks) {
		struct arena_chunk *c = a->chunks;

		a->chunks = c->next;
		free(c);
	}
	a->used = 0;
}

static struct arena_chunk *chunk_new(size_t cap)
{
	struct arena_chunk *c;

	if (cap > SIZE_MAX - sizeof(*c))
		return NULL;
	c = calloc(1, sizeof(*c) + cap);
	if (c)
		c->cap = cap;
	return c;
}

/* A chunk with `size` bytes free. A large size gets its own behind the current one, which stays in use. */
static struct arena_chunk *chunk_with(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunks;
	size_t cap = c ? MIN(c->cap * 2, CHUNK_MAX) : CHUNK_MIN;

	if (c && c->cap - c->used >= size)
		return c;
	if (size > cap / 4 && c) {
		struct arena_chunk *own = chunk_new(size);

		if (own) {
			own->next = c->next;
			c->next = own;
		}
		return own;
	}
	c = chunk_new(MAX(cap, size));
	if (c) {
		c->next = a->chunks;
		a->chunks = c;
	}
	return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c;
	size_t need;
	void *p;

	if (size > SIZE_MAX - ALIGN)
		return NULL;
	need = (MAX(size, 1) + ALIGN - 1) & ~(ALIGN - 1);
	if (a->limit != 0 && (a->used > a->limit || need > a->limit - a->used))
		return NULL;
	c = chunk_with(a, need);
	if (!c)
		return NULL;
	p = c->data + c->used;
	c->used += need;
	a->used += need;
	assert(c->used <= c->cap);
	return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		return NULL;
	return arena_alloc(a, total);
}

char *arena_strdup(struct arena *a, struct str s)
{
	size_t n = s.len > 0 ? (size_t)s.len : 0;
	char *q = arena_alloc(a, n + 1);

	if (q && n > 0)
		memcpy(q, s.p, n);
	return q;
}

struct str arena_str(struct arena *a, const char *s)
{
	struct str v = str_of(s);
	char *q;

	if (v.len < 0)
		return STR_NULL;
	q = arena_strdup(a, v);
	return q ? (struct str){ q, v.len } : STR_NULL;
}

bool arena_keep(struct arena *a, struct str *s)
{
	char *q;

	if (s->len < 0)
		return true;
	q = arena_strdup(a, *s);
	if (q)
		s->p = q;
	return q;
}

bool arena_keep_bytes(struct arena *a, struct bytes *b)
{
	struct str s = { (const char *)b->p, b->len };
	bool kept = arena_keep(a, &s);

	b->p = (const uint8_t *)s.p;
	return kept;
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *q = NULL;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0)
		q = arena_alloc(a, (size_t)n + 1);
	if (q)
		(void)vsnprintf(q, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return q ? (struct str){ q, n } : STR_NULL;
}
