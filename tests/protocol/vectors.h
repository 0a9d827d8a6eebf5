/* vectors.h - reference data of the tests: files, hex, and the comparison of a decoded struct with its JSON.
 *
 * The data directory is $TEST_SRCDIR/tests/protocol/data. A missing or broken file ends the test program.
 */
#ifndef TESTS_PROTOCOL_VECTORS_H
#define TESTS_PROTOCOL_VECTORS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "protocol/schema.h"

FILE *vectors_open(const char *name);
json_t *vectors_json(const char *name); /* a whole file */

/* Bytes of hex digits, in a block of exactly that size, so that the address sanitizer sees any overrun. */
uint8_t *vectors_unhex(const char *hex, size_t *ret_n);

/* Calls fn for each line of messages.jsonl; `label` names it in messages. */
struct vector {
	const struct schema *schema;
	int version;
	const json_t *json;
	const uint8_t *p;
	size_t n;
	char label[96];
};
void vectors_each_message(void (*fn)(const struct vector *v, void *arg), void *arg);

/* Is the struct what the JSON says? Fields that the JSON lacks must have their defaults. On a difference prints
 * the path to it. The second form takes any record sets: captured-exchanges.json leaves them empty. */
bool vectors_json_matches(const struct schema *s, int version, const void *in, const json_t *json);
bool vectors_json_matches_but_records(const struct schema *s, int version, const void *in, const json_t *json);

#endif
