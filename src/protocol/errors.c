/* errors.c - the rows of errors.def, looked up by code. */
#include "protocol/errors.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

#include "base/attr.h"

struct kerr_row {
	const char *name, *text;
	bool retriable;
};

/* Index: code + 1, since the first code is -1. */
static const struct kerr_row rows[] = {
#define KERR(id, code, retry, message) [(code) + 1] = { #id, message, retry },
#include "protocol/errors.def"
};

static const struct kerr_row *row_of(int code)
{
	static const struct kerr_row unknown = { "UNKNOWN", "not a known error code", false };

	if (code < -1 || code >= (int)ARRAY_LEN(rows) - 1)
		return &unknown;
	return &rows[code + 1];
}

const char *kerr_name(int code)
{
	return row_of(code)->name;
}

const char *kerr_text(int code)
{
	return row_of(code)->text;
}

bool kerr_retriable(int code)
{
	return row_of(code)->retriable;
}

int16_t kerr_of(int r)
{
	assert(r < (int)ARRAY_LEN(rows) - 1);
	if (r >= 0)
		return (int16_t)r;
	switch (-r) {
	case EIO:
	case ENOSPC:
	case EDQUOT:
	case EROFS:
	case EFBIG:
	case ENXIO:
	case ENODEV:
	case ENOENT: /* a directory was taken away, or made unreadable, under the broker */
	case ENOTDIR:
	case EACCES:
	case ESTALE:
	case EUCLEAN:
		return KERR_KAFKA_STORAGE_ERROR;
	default:
		return KERR_UNKNOWN_SERVER_ERROR;
	}
}
