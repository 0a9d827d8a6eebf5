/* vectors.h - the reference vectors of tests/record/data and comparison with what we decode.
 *
 * The files were written by Kafka's own classes and by client libraries (never by us); fields as in the vectors
 * themselves. Every check fails the running cmocka test with the name of the vector.
 */
#ifndef TESTS_RECORD_VECTORS_H
#define TESTS_RECORD_VECTORS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "record/batch.h"

struct buf;

/* tests/record/data/<name>, an array; the test fails when it cannot be read. Release with json_decref. */
json_t *vectors_load(const char *name);

const char *vec_str(const json_t *o, const char *key);
int64_t vec_int(const json_t *o, const char *key);
bool vec_has(const json_t *o, const char *key);
/* Hex field as bytes; NULL buffer for a JSON null. */
struct buf *vec_hex(const json_t *o, const char *key);

/* Decodes data[0 .. len) and compares batches and records with the array `batches`. `sizes`: also sizes and
 * checksums, which differ when a codec library of another release compressed the bytes. */
void vec_check_batches(const char *name, const json_t *batches, const uint8_t *data, size_t len, bool sizes);

/* "tests/record/data/x" as the test finds it. */
void vec_path(char *out, size_t size, const char *name);

/* A small generator of repeatable random numbers for the tests. */
struct rnd {
	uint64_t state;
};
uint64_t rnd_next(struct rnd *r);
size_t rnd_below(struct rnd *r, size_t n);

#endif
