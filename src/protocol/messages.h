/* messages.h - the C structs of all messages, made from the rows of messages.def.
 *
 * For a message FetchRequest: `struct fetch_request`, `fetch_request_schema`, and for each struct in it
 * `struct fetch_request_fetch_topic` with `fetch_request_fetch_topic_schema`. Members are the fields' names;
 * an array is a pointer `x` and a count `x_n` (-1: null). There is no version in a struct: a field that a version
 * lacks has its default after decoding, and is left out, if it may be, when encoding (codec.h).
 *
 * Owner: whoever holds the struct. A decoded one borrows strings and bytes from the input and has its arrays in
 * the arena. Layer: protocol.
 */
#ifndef PROTOCOL_MESSAGES_H
#define PROTOCOL_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/uuid.h"
#include "protocol/primitive.h"
#include "protocol/schema.h"

#define C_bool	  bool
#define C_int8	  int8_t
#define C_int16	  int16_t
#define C_uint16  uint16_t
#define C_int32	  int32_t
#define C_int64	  int64_t
#define C_float64 double
#define C_uuid	  struct uuid
#define C_string  struct str
#define C_bytes	  struct bytes
#define C_records struct records

#define SELF_NAME_(self, suffix) self##suffix
#define SELF_NAME(self, suffix)	 SELF_NAME_(self, suffix)

/* `fetch_request_first`, `_last` and `_flexible` are the versions, as constants. */
#define MESSAGE_BEGIN(name, first, last, flexible)                                                 \
	enum {                                                                                     \
		SELF_NAME(SELF, _first) = (first),                                                 \
		SELF_NAME(SELF, _last) = (last),                                                   \
		SELF_NAME(SELF, _flexible) = (flexible),                                           \
	};                                                                                         \
	STRUCT_BEGIN
#define MESSAGE_END STRUCT_END
#define STRUCT_BEGIN                                                                               \
	extern const struct schema SELF_NAME(SELF, _schema);                                       \
	struct SELF {
#define STRUCT_END };
#define FIELD(name, type, ...) C_##type name;
#define ARRAY(name, type, ...)                                                                     \
	C_##type *name;                                                                            \
	int32_t name##_n;
#define STRUCT(name, type, ...)		struct type name;
#define STRUCT_OR_NULL(name, type, ...) struct type *name;
#define STRUCTS(name, type, ...)                                                                   \
	struct type *name;                                                                         \
	int32_t name##_n;
#include "protocol/messages.def"

#endif
