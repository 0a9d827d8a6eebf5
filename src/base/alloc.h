/* alloc.h - allocation: small sizes abort on failure, sizes from outside are checked.
 *
 * xmalloc and friends are for sizes this program chose; an error path nobody can test is worse than a clean
 * death. A size that came from the wire, a file or the configuration goes through try_array with a limit.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdarg.h>
#include <stddef.h>

#include "base/attr.h"

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size); /* aborts on overflow too */
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);
char *xvasprintf(const char *fmt, va_list ap) PRINTF(1, 0);
void *xmemdup(const void *p, size_t n);

/* n * size bytes, zeroed; NULL when the product overflows, exceeds `limit`, or memory is short. */
void *try_array(size_t n, size_t size, size_t limit) MUST_CHECK;

/* The one helper that grows arrays: makes room for `need` elements in *cap, doubling; aborts on overflow. */
void *grow_array(void *p, size_t *cap, size_t need, size_t size) MUST_CHECK;

void freep(void *pp); /* for CLEANUP: frees *(void **)pp */

#endif
