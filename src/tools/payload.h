/* payload.h - what a load generator sends: random letters, lines of a file, or numbers, byte for byte as Kafka's
 * ProducerPerformance.
 *
 * Owner and thread: the sender. Layer: tools.
 */
#ifndef TOOLS_PAYLOAD_H
#define TOOLS_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct payload;

/* `size` random letters each time. */
struct payload *payload_random(size_t size);
/* The number of the record as text. */
struct payload *payload_numbers(void);
/* Parts of a file between matches of `delimiter`, a Java expression, picked at random. Says on stdout what it reads.
 *   0
 *   -EINVAL  *ret_exception is what Java throws (owned by the caller)                                    */
int payload_file(const char *path, const char *delimiter, struct payload **ret,
	char **ret_exception) MUST_CHECK;
struct payload *payload_free(struct payload *p); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct payload *, payload_free)

/* The payload of record `i`, valid until the next call. */
struct bytes payload_next(struct payload *p, int64_t i);
/* The size of the smallest. */
size_t payload_smallest(const struct payload *p);

#endif
