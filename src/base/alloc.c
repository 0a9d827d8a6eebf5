/* alloc.c - allocation that aborts, and allocation that is checked. */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static NORETURN void out_of_memory(size_t size)
{
	(void)fprintf(stderr, "out of memory: %zu bytes wanted\n", size);
	abort();
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		out_of_memory(size);
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		out_of_memory(n > 0 && size > SIZE_MAX / n ? SIZE_MAX : n * size);
	return p;
}

void *xrealloc(void *p, size_t size)
{
	void *q = realloc(p, size ? size : 1);

	if (!q)
		out_of_memory(size);
	return q;
}

void *xmemdup(const void *p, size_t n)
{
	void *q = xmalloc(n);

	if (n > 0)
		memcpy(q, p, n);
	return q;
}

char *xstrdup(const char *s)
{
	return xmemdup(s, strlen(s) + 1);
}

char *xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *q = xmalloc(len + 1);

	memcpy(q, s, len);
	q[len] = '\0';
	return q;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) < 0)
		out_of_memory(0);
	return s;
}

void *try_array(size_t n, size_t size, size_t limit)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total) || total > limit)
		return NULL;
	return calloc(total ? total : 1, 1);
}

void *grow_array(void *p, size_t *cap, size_t need, size_t size)
{
	size_t to = *cap ? *cap : 8;
	size_t total;

	if (need <= *cap)
		return p;
	while (to < need)
		to = to > SIZE_MAX / 2 ? need : to * 2;
	if (__builtin_mul_overflow(to, size, &total))
		out_of_memory(SIZE_MAX);
	p = xrealloc(p, total);
	*cap = to;
	return p;
}

void freep(void *pp)
{
	free(*(void **)pp);
}
