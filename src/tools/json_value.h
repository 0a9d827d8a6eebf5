/* json_value.h - JSON files as Kafka's tools read them: what is missing or of another type is told in the words of Jackson
 * and org.apache.kafka.server.util.json (3.9).
 *
 * Pure. Thread: any. Layer: tools.
 */
#ifndef TOOLS_JSON_VALUE_H
#define TOOLS_JSON_VALUE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

/* What follows the first value is not looked at.
 *   0        *ret is owned by the caller; NULL when the text is blank, which the calls below take for a value without a type
 *   -EINVAL  empty, or no JSON                                                                                          */
int json_value_parse(const char *text, size_t len, json_t **ret) MUST_CHECK;

/* Each returns 0, or -EINVAL with the message in *ret_error (owned). */
int json_value_object(const json_t *v, char **ret_error) MUST_CHECK;
int json_value_array(const json_t *v, char **ret_error) MUST_CHECK;
int json_value_member(const json_t *o, const char *name, json_t **ret, char **ret_error) MUST_CHECK;
int json_value_int(const json_t *v, int32_t *ret, char **ret_error) MUST_CHECK;
int json_value_long(const json_t *v, int64_t *ret, char **ret_error) MUST_CHECK;
/* In the arena; without memory `ret` is null. */
int json_value_string(
	const json_t *v, struct arena *arena, struct str *ret, char **ret_error) MUST_CHECK;

#endif
