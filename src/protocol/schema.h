/* schema.h - what a message looks like: its fields as rows of a table.
 *
 * The tables are made from the .def rows (messages.def) and are all const. A struct inside a message has a schema
 * too; its `first`, `last` and `flexible` are not set, since it follows the message it is in.
 * Layer: protocol.
 */
#ifndef PROTOCOL_SCHEMA_H
#define PROTOCOL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define VERSION_LAST INT8_MAX /* of a field without an upper bound */
#define NEVER	     INT8_MAX /* `flexible` of a message that has no flexible version */

enum field_type {
	FIELD_bool,
	FIELD_int8,
	FIELD_int16,
	FIELD_uint16,
	FIELD_int32,
	FIELD_int64,
	FIELD_float64,
	FIELD_uuid,
	FIELD_string,
	FIELD_bytes,
	FIELD_records,
	FIELD_struct,
};

enum field_shape {
	SHAPE_ONE,     /* the value itself */
	SHAPE_ARRAY,   /* pointer and count */
	SHAPE_POINTER, /* a struct that may be null */
};

struct schema;

struct field {
	const char *name;
	const struct schema *of; /* FIELD_struct: what it is made of */
	int32_t value;		 /* default of a number */
	uint16_t at;		 /* offset in the C struct */
	uint16_t count_at;	 /* SHAPE_ARRAY: offset of the count */
	uint8_t type, shape;	 /* enum field_type, field_shape */
	int8_t since, until;	 /* versions in which it is on the wire */
	int8_t nullable_since;	 /* if `nullable` */
	uint8_t tag;		 /* if `tagged` */
	bool nullable, tagged, default_null, ignorable, not_compact, redacted;
};

struct schema {
	const char *name;	/* "FetchRequest"; a nested struct: its C name */
	int16_t first, last;	/* versions */
	int16_t flexible;	/* first flexible version, or NEVER */
	uint16_t size;		/* of the C struct */
	uint16_t n;		/* fields */
	const struct field *fields;
};

/* Is the field on the wire in this version? Nested structs follow the version of their message. */
static inline bool field_in(const struct field *f, int version)
{
	return version >= f->since && version <= f->until;
}

static inline bool field_nullable_in(const struct field *f, int version)
{
	return f->nullable && version >= f->nullable_since;
}

/* The message called `name` ("FetchRequest"), or NULL. */
const struct schema *schema_find(struct str name);
/* All messages, in the order of messages.def; ends with NULL. */
extern const struct schema *const schema_messages[];

#endif
