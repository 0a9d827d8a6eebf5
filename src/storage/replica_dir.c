/* replica_dir.c - see replica_dir.h. */
#include "storage/replica_dir.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

void replica_dir_init(struct replica_dir *d, const char *parent, const char *name)
{
	memset(d, 0, sizeof(*d));
	d->parent = xstrdup(parent);
	atomic_init(&d->path, xasprintf("%s/%s", parent, name));
}

void replica_dir_fini(struct replica_dir *d)
{
	for (size_t i = 0; i < d->old_n; i++)
		free(d->old[i]);
	free(d->old);
	free(atomic_load(&d->path));
	free(d->parent);
	memset(d, 0, sizeof(*d));
}

const char *replica_dir_path(const struct replica_dir *d)
{
	return atomic_load(&d->path);
}

const char *replica_dir_name(const struct replica_dir *d)
{
	return replica_dir_path(d) + strlen(d->parent) + 1;
}

int replica_dir_rename(struct replica_dir *d, const char *name)
{
	char *from = atomic_load(&d->path);
	char *to = xasprintf("%s/%s", d->parent, name);
	int r = fs_rename(from, to);

	if (r < 0) {
		free(to);
		return FAIL(r);
	}
	d->old = grow_array(d->old, &d->old_cap, d->old_n + 1, sizeof(*d->old));
	d->old[d->old_n++] = from; /* a reader may be using it */
	atomic_store(&d->path, to);
	r = fs_sync_dir(d->parent);
	return r < 0 ? FAIL(r) : 0;
}

char *replica_dir_join(const struct replica_dir *d, const char *name)
{
	return xasprintf("%s/%s", replica_dir_path(d), name);
}

char *replica_dir_file(const struct replica_dir *d, int64_t offset, const char *ext, const char *suffix)
{
	return xasprintf("%s/%020" PRId64 "%s%s", replica_dir_path(d), offset, ext, suffix);
}

bool replica_file_offset(const char *name, int64_t *ret)
{
	const char *dot = strchr(name, '.');

	if (!dot || dot - name > 20)
		return false;
	return str_to_i64((struct str){ name, (int32_t)(dot - name) }, 0, INT64_MAX, ret);
}
