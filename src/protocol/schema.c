/* schema.c - the rows of messages.def as tables. */
#include "protocol/schema.h"

#include "protocol/messages.h"

#define MESSAGE_LIST "protocol/messages.def"
#include "protocol/message_tables.h"

/* The list of messages. */
const struct schema *const schema_messages[] = {
#define MESSAGE_BEGIN(...) &SELF_NAME(SELF, _schema),
#define MESSAGE_END
#define STRUCT_BEGIN
#define STRUCT_END
#define FIELD(...)
#define ARRAY(...)
#define STRUCT(...)
#define STRUCT_OR_NULL(...)
#define STRUCTS(...)
#include "protocol/messages.def"
	NULL,
};

const struct schema *schema_find(struct str name)
{
	const struct schema *const *s;

	for (s = schema_messages; *s; s++) {
		if (str_is(name, (*s)->name))
			return *s;
	}
	return NULL;
}
