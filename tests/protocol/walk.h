/* walk.h - any message: filled at random, compared.
 *
 * Works on the field rows, for the round trips of the tests and of the fuzz target.
 */
#ifndef TESTS_PROTOCOL_WALK_H
#define TESTS_PROTOCOL_WALK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/random.h"
#include "protocol/schema.h"

/* Fills the fields of `version`; the others get their defaults. */
void walk_fill(const struct schema *s, int version, struct rng *rng, struct arena *a, void *out);
/* Same values, by content. Prints the path to the first difference. */
bool walk_equal(const struct schema *s, const void *a, const void *b);

#endif
