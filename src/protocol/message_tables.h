/* message_tables.h - the second macro pass over a list of messages: their fields as const tables. No include guard:
 * MESSAGE_LIST is the list to include, in the form of messages.def; the structs must be known.
 *
 * Layer: protocol.
 */
/* What follows name and type in a row, as initialisers of struct field. Unset means: not so. */
#define SINCE(n)       .since = (n), .until = VERSION_LAST
#define VERSIONS(m, n) .since = (m), .until = (n)
#define NULLABLE(n)    .nullable = true, .nullable_since = (n)
#define TAG(n)	       .tagged = true, .tag = (n)
#define DEFAULT(v)     .value = (v)
#define DEFAULT_NULL   .default_null = true
#define IGNORABLE      .ignorable = true
#define NOT_COMPACT    .not_compact = true
#define REDACTED       .redacted = true

#define ROW(n, t, s) .name = #n, .type = (t), .shape = (s), .at = offsetof(struct SELF, n)
#define COUNT(n)     .count_at = offsetof(struct SELF, n##_n)

/* First pass: the fields of each struct. */
#define MESSAGE_BEGIN(...) STRUCT_BEGIN
#define MESSAGE_END	   STRUCT_END
#define STRUCT_BEGIN	   static const struct field SELF_NAME(SELF, _fields)[] = {
#define STRUCT_END                                                                                 \
	}                                                                                          \
	;
#define FIELD(name, type, ...) { ROW(name, FIELD_##type, SHAPE_ONE), __VA_ARGS__ },
#define ARRAY(name, type, ...) { ROW(name, FIELD_##type, SHAPE_ARRAY), COUNT(name), __VA_ARGS__ },
#define STRUCT(name, sub, ...) { ROW(name, FIELD_struct, SHAPE_ONE), .of = &sub##_schema, __VA_ARGS__ },
#define STRUCT_OR_NULL(name, sub, ...)                                                             \
	{ ROW(name, FIELD_struct, SHAPE_POINTER), .of = &sub##_schema, .default_null = true, __VA_ARGS__ },
#define STRUCTS(name, sub, ...)                                                                    \
	{ ROW(name, FIELD_struct, SHAPE_ARRAY), COUNT(name), .of = &sub##_schema, __VA_ARGS__ },
#include MESSAGE_LIST

/* Second pass: the schema of each struct. */
#define TEXT_(x) #x
#define TEXT(x)	 TEXT_(x)
#define TABLE                                                                                      \
	.size = sizeof(struct SELF), .fields = SELF_NAME(SELF, _fields),                           \
	.n = sizeof(SELF_NAME(SELF, _fields)) / sizeof(struct field)

#define MESSAGE_BEGIN(message, from, to, compact)                                                  \
	const struct schema SELF_NAME(SELF, _schema) = {                                           \
		.name = #message, .first = (from), .last = (to), .flexible = (compact), TABLE      \
	};
#define STRUCT_BEGIN const struct schema SELF_NAME(SELF, _schema) = { .name = TEXT(SELF), TABLE };
#define MESSAGE_END
#define STRUCT_END
#define FIELD(...)
#define ARRAY(...)
#define STRUCT(...)
#define STRUCT_OR_NULL(...)
#define STRUCTS(...)
#include MESSAGE_LIST

#undef MESSAGE_LIST
