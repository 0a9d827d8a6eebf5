/* offset_checkpoint.c - see offset_checkpoint.h. */
#include "storage/offset_checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "base/table.h"
#include "storage/checkpoint.h"
#include "storage/dir_name.h"

struct offset_entry {
	UT_hash_handle hh;
	int64_t offset;
	char key[]; /* topic-partition, the name of the directory */
};

struct offset_checkpoint {
	struct offset_entry *map;
};

static int add_row(void *arg, const struct str *col)
{
	struct offset_checkpoint *c = arg;
	struct offset_entry *e, *old;
	int64_t partition, offset;
	size_t size;
	unsigned len;

	if (!str_to_i64(col[1], INT32_MIN, INT32_MAX, &partition) ||
	    !str_to_i64(col[2], INT64_MIN, INT64_MAX, &offset))
		return FAIL(-EINVAL);
	size = (size_t)MAX(col[0].len, 0) + 16;
	e = xcalloc(1, sizeof(*e) + size);
	len = (unsigned)snprintf(e->key, size, "%.*s-%d", STR_ARG(col[0]), (int32_t)partition);
	e->offset = offset;
	HASH_REPLACE(hh, c->map, key, len, e, old);
	free(old);
	return 0;
}

int offset_checkpoint_read(const char *dir, const char *name, struct offset_checkpoint **ret)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", dir, name);
	CLEANUP(offset_checkpoint_freep) struct offset_checkpoint *c = xcalloc(1, sizeof(*c));
	int r;

	r = checkpoint_read(path, 3, add_row, c);
	if (r < 0)
		return FAIL(r);
	*ret = TAKE(c);
	return 0;
}

int64_t offset_checkpoint_get(const struct offset_checkpoint *c, const char *topic, int32_t partition,
    int64_t absent)
{
	struct offset_entry *e = NULL;
	char key[DIR_NAME_MAX + 16];
	int n;

	if (!c)
		return absent;
	n = snprintf(key, sizeof(key), "%s-%d", topic, partition);
	if (n < 0 || (size_t)n >= sizeof(key))
		return absent;
	HASH_FIND(hh, c->map, key, (unsigned)n, e);
	return e ? e->offset : absent;
}

size_t offset_checkpoint_count(const struct offset_checkpoint *c)
{
	return c ? HASH_COUNT(c->map) : 0;
}

struct offset_checkpoint *offset_checkpoint_free(struct offset_checkpoint *c)
{
	struct offset_entry *e, *tmp;

	if (!c)
		return NULL;
	HASH_ITER(hh, c->map, e, tmp) {
		HASH_DEL(c->map, e);
		free(e);
	}
	free(c);
	return NULL;
}
