/* codec.h - messages between bytes and C structs: one interpreter over the field tables (schema.h).
 *
 * It is the only code that reads message bodies, and trusts nothing in them: every length and count is checked
 * against the bytes left before it is used, and arrays come from an arena with a limit. The rules are those of
 * protocol.md sections 2 and 3.
 * Thread: any; no state of its own. Layer: protocol.
 */
#ifndef PROTOCOL_CODEC_H
#define PROTOCOL_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/cursor.h"
#include "base/writer.h"
#include "protocol/schema.h"

/* Reads a message of `version` into `out`, the struct of `s`. Fields that the version lacks get their defaults.
 * Strings, bytes and records point into the input, arrays are in the arena; `a` may be NULL for a schema without
 * arrays. Bytes after the message are left unread. `version` must be within the schema's.
 *   0          done
 *   -EBADMSG   the bytes are not such a message; `out` is undefined
 *   -ENOMEM    the arena's limit does not allow it                                                      */
int codec_decode(const struct schema *s, int version, struct cursor *c, struct arena *a, void *out) MUST_CHECK;

/* Writes the message `in` in `version`.
 *   0          done
 *   -EINVAL    a fault of ours: null where it is not allowed, a string or count that cannot be encoded, or a value
 *              other than the default in a field that the version lacks and that is not ignorable
 *   -EMSGSIZE  the writer's limit or memory does not allow it                                            */
int codec_encode(const struct schema *s, int version, const void *in, struct writer *w) MUST_CHECK;

/* After -EINVAL: the name of the field that it failed at, for the log. Per thread, until the next codec_encode. */
const char *codec_fault(void);

/* Bytes that codec_encode will write for a valid message, records in files included. */
size_t codec_size(const struct schema *s, int version, const void *in);

/* Sets every field to its default. `s` is a message's or a nested struct's schema. */
void codec_init(const struct schema *s, void *out);
static inline size_t codec_struct_size(const struct schema *s)
{
	return s->size;
}

/* n structs with defaults, from the arena; NULL past its limit. As a typed expression:
 *	out->topics = CODEC_NEW(&req->arena, metadata_response_metadata_response_topic, n);              */
void *codec_new(const struct schema *s, struct arena *a, size_t n) MUST_CHECK;
#define CODEC_NEW(arena, type, n) ((struct type *)codec_new(&type##_schema, (arena), (n)))
/* Sets one struct to its defaults: CODEC_INIT(fetch_request, &in). */
#define CODEC_INIT(type, p) codec_init(&type##_schema, (struct type *){ (p) })

/* For those who walk the fields of a struct: whether one has its default, and the size in memory of a value or element. */
bool codec_is_default(const struct field *f, const void *in);
size_t codec_value_size(const struct field *f);

/* One line of JSON with the fields of `version`, for the request log. Bytes and records appear as their length,
 * redacted fields as "(redacted)"; long strings and arrays are cut.
 *   0, or -EMSGSIZE when the writer is full                                                             */
int codec_print(const struct schema *s, int version, const void *in, struct writer *w);

#endif
