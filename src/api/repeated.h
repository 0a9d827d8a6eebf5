/* repeated.h - which names of a request appear more than once, in n log n: requests may be large and hostile. */
#ifndef API_REPEATED_H
#define API_REPEATED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* One bool per name, in the arena; NULL when the arena is full. `stride` is the size of the structs that begin with,
 * or contain at `names`, the first name. */
bool *names_repeated(struct arena *a, const struct str *names, int32_t n, size_t stride);

#endif
