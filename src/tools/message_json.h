/* message_json.h - messages as JSON, in the form of Kafka's generated converters: names in camel case, fields that the
 * version lacks and tagged fields with their defaults left out, bytes in base64.
 *
 * Thread: any. Layer: tools; pure.
 */
#ifndef TOOLS_MESSAGE_JSON_H
#define TOOLS_MESSAGE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/str.h"

struct field;
struct schema;

/* May write the value of a field of bytes in another way; false: it has written nothing. */
typedef bool message_json_bytes_fn(const struct field *f, struct bytes b, FILE *out);

/* Writes the fields that `in`, a struct of `s`, has in `version`. `bytes` may be NULL. */
void message_json(const struct schema *s, int version, const void *in, message_json_bytes_fn *bytes,
	FILE *out);

/* Text as Java decodes UTF-8: bytes that are none become U+FFFD. */
void message_json_plain(const void *p, size_t n, FILE *out);

#endif
