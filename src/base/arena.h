/* arena.h - memory that is freed in one go: a request's decoded body and its response.
 *
 * Owner: one request. Thread: whoever holds the request.
 * Sizes may come from the wire: every allocation can return NULL once the limit is reached.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct arena_chunk;
struct arena {
	struct arena_chunk *chunks;
	size_t used;  /* bytes handed out */
	size_t limit; /* of `used`; 0: none */
};

void arena_init(struct arena *a, size_t limit);
void arena_fini(struct arena *a);

/* Zeroed, aligned for any type. NULL past the limit. Large sizes get a chunk of their own. */
void *arena_alloc(struct arena *a, size_t size) MUST_CHECK;
/* n * size with overflow check. n == 0 yields a valid pointer. */
void *arena_array(struct arena *a, size_t n, size_t size) MUST_CHECK;
/* Copies as a C string; NULL past the limit (a null str copies as ""). */
char *arena_strdup(struct arena *a, struct str s) MUST_CHECK;
/* A str with its own copy of the text; the null string past the limit. */
struct str arena_str(struct arena *a, const char *s);
struct str arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
/* Makes a borrowed string or bytes the arena's own; null stays null. False past the limit. */
bool arena_keep(struct arena *a, struct str *s) MUST_CHECK;
bool arena_keep_bytes(struct arena *a, struct bytes *b) MUST_CHECK;

#endif
