/* column.c - padded cells. */
#include "tools/column.h"

#include <inttypes.h>

#include "base/attr.h"

size_t column_width(struct str s)
{
	size_t width = 0;

	for (int32_t at = 0; at < s.len;) {
		uint32_t code;
		int len = utf8_decode(s.p + at, (size_t)(s.len - at), &code);

		width += code > 0xffff ? 2 : 1;
		at += len < 0 ? -len : len;
	}
	return width;
}

void column_put(FILE *out, struct str s, size_t width)
{
	size_t used = column_width(s);

	fprintf(out, "%.*s%*s", STR_ARG(s), (int)(used < width ? width - used : 0), "");
}

void column_put_number(FILE *out, int64_t n, size_t width)
{
	fprintf(out, "%-*" PRId64, (int)width, n);
}
