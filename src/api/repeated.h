/* repeated.h - which names of a request appear more than once, in n log n: requests may be large and hostile. */
#ifndef API_REPEATED_H
#define API_REPEATED_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum repetition { REPEATED_NOT, REPEATED_FIRST, REPEATED_LATER };

/* One enum repetition per name, in the arena; NULL when the arena is full. `stride` is the distance in bytes from one
 * name to the next: the size of the structs that contain them. */
uint8_t *names_repeated(struct arena *a, const struct str *names, int32_t n, size_t stride);

#endif
