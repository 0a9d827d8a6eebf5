/* tool.c - the table of all tools. */
#include "tools/tool.h"

#include <string.h>

#include "base/attr.h"
#include "tools/scripts.h"

static const struct tool *const tools[] = {
#define TOOL_ROW(name) &tool_##name,
#include "tools/list.h"
#undef TOOL_ROW
};

const struct tool *tool_at(size_t i)
{
	return i < ARRAY_LEN(tools) ? tools[i] : script_at(i - ARRAY_LEN(tools));
}

const struct tool *tool_find(const char *name)
{
	const struct tool *t;

	for (size_t i = 0; (t = tool_at(i)); i++)
		if ((t->name && strcmp(t->name, name) == 0) || strcmp(t->script, name) == 0)
			return t;
	return NULL;
}
