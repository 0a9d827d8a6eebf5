/* json_decode.h - the JSON files that Kafka's tools read: values of the types that they expect, or else the words of
 * their exceptions (DecodeJson and JsonValue of Kafka, Jackson's parser).
 *
 * Pure. Thread: any. Layer: tools.
 */
#ifndef TOOLS_JSON_DECODE_H
#define TOOLS_JSON_DECODE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

/* What follows the first value is not looked at. An empty text is no JSON; one of blanks is no value, *ret is NULL then.
 *   0        *ret is owned by the caller
 *   -EINVAL  *ret_error has the message, owned by the caller, and *ret_class the class of the exception                                         */
int json_decode_text(const char *text, size_t len, json_t **ret, char **ret_error,
	const char **ret_class) MUST_CHECK;

/* The rest: 0, or -EINVAL with the message of a JsonMappingException in *ret_error, owned by the caller. `v` may be NULL:
 * no value. Texts are borrowed from the document. */
int json_decode_object(const json_t *v, char **ret_error) MUST_CHECK;
int json_decode_array(const json_t *v, char **ret_error) MUST_CHECK;
int json_decode_member(
	const json_t *object, const char *name, const json_t **ret, char **ret_error) MUST_CHECK;
int json_decode_string(const json_t *v, struct str *ret, char **ret_error) MUST_CHECK;
int json_decode_int(const json_t *v, int32_t *ret, char **ret_error) MUST_CHECK;
int json_decode_long(const json_t *v, int64_t *ret, char **ret_error) MUST_CHECK;
/* An array that is taken as a list of values: as json_decode_array, in other words. */
int json_decode_list(const json_t *v, char **ret_error) MUST_CHECK;

#endif
