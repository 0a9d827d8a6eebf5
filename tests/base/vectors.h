/* vectors.h - the rows of tests/base/data/primitives.json, values made by Apache Kafka 3.9's own classes. */
#ifndef TESTS_BASE_VECTORS_H
#define TESTS_BASE_VECTORS_H

#include <jansson.h>
#include <stdint.h>

/* The whole file; json_decref when done. Fails the test when it cannot be read. */
json_t *vectors_load(void);
const char *vector_text(const json_t *row, const char *name);
int64_t vector_number(const json_t *row, const char *name);
/* Decodes the hex text of a field; returns the number of bytes. */
size_t vector_hex(const json_t *row, const char *name, uint8_t *buf, size_t size);

#endif
