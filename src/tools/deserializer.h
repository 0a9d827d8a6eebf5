/* deserializer.h - bytes as text, by the names of Kafka's Java deserializers.
 *
 * Thread: any; a const table. Layer: tools; pure.
 */
#ifndef TOOLS_DESERIALIZER_H
#define TOOLS_DESERIALIZER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"

struct deserializer {
	const char *class; /* without the package org.apache.kafka.common.serialization */
	/* Writes what toString() of the object shows. 0, or -EINVAL with nothing written: `error` applies. */
	int (*print)(const uint8_t *p, size_t n, FILE *out);
	const char *
		error; /* "org.apache.kafka...: Size of data received by LongDeserializer is not 8" */
};

/* The row of a class with its package; NULL when we do not have it. */
const struct deserializer *deserializer_find(const char *class);

#endif
