/* leader_epochs.c - see leader_epochs.h. */
#include "storage/leader_epochs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "storage/replica_dir.h"

void leader_epochs_fini(struct leader_epochs *e)
{
	free(e->v);
	memset(e, 0, sizeof(*e));
}

static void push(struct leader_epochs *e, int32_t epoch, int64_t start)
{
	e->v = grow_array(e->v, &e->cap, e->n + 1, sizeof(*e->v));
	e->v[e->n++] = (struct leader_epoch){ epoch, start };
}

static int read_row(void *arg, const struct str *columns)
{
	struct leader_epochs *e = arg;
	int64_t epoch, start;

	if (!str_to_i64(columns[0], 0, INT32_MAX, &epoch) || !str_to_i64(columns[1], 0, INT64_MAX, &start))
		return FAIL(-EIO);
	(void)leader_epochs_assign(e, (int32_t)epoch, start);
	return 0;
}

int leader_epochs_load(struct leader_epochs *e, const struct replica_dir *dir)
{
	CLEANUP(freep) char *path = replica_dir_join(dir, LEADER_EPOCHS_FILE);
	int r;

	r = checkpoint_create(path);
	if (r == 0)
		r = checkpoint_read(path, 2, read_row, e);
	if (r < 0)
		return FAIL(r);
	e->version = e->written = 0;
	return 0;
}

int32_t leader_epochs_latest(const struct leader_epochs *e)
{
	return e->n > 0 ? e->v[e->n - 1].epoch : -1;
}

bool leader_epochs_assign(struct leader_epochs *e, int32_t epoch, int64_t start)
{
	const struct leader_epoch *last = e->n > 0 ? &e->v[e->n - 1] : NULL;

	if (epoch < 0 || start < 0)
		return false;
	if (last && last->epoch == epoch && start >= last->start)
		return false;
	while (e->n > 0 && (e->v[e->n - 1].epoch >= epoch || e->v[e->n - 1].start >= start))
		e->n--;
	push(e, epoch, start);
	e->version++;
	return true;
}

int32_t leader_epochs_at(const struct leader_epochs *e, int64_t offset)
{
	for (size_t i = e->n; i-- > 0;) {
		if (e->v[i].start <= offset)
			return e->v[i].epoch;
	}
	return -1;
}

int32_t leader_epochs_earliest(const struct leader_epochs *e, int64_t start)
{
	return e->n > 0 && e->v[0].start <= start ? e->v[0].epoch : -1;
}

void leader_epochs_end_offset(const struct leader_epochs *e, int32_t epoch, int64_t log_end, int32_t *ret_epoch,
    int64_t *ret_end)
{
	size_t i = 0;

	*ret_epoch = -1;
	*ret_end = -1;
	if (epoch == -1 || e->n == 0)
		return;
	if (epoch == leader_epochs_latest(e)) {
		*ret_epoch = epoch;
		*ret_end = log_end;
		return;
	}
	while (i < e->n && e->v[i].epoch <= epoch)
		i++;
	if (i == e->n) /* larger than all we know */
		return;
	*ret_epoch = i == 0 ? epoch : e->v[i - 1].epoch;
	*ret_end = e->v[i].start;
}

void leader_epochs_truncate_end(struct leader_epochs *e, int64_t end)
{
	size_t before = e->n;

	while (e->n > 0 && e->v[e->n - 1].start >= end)
		e->n--;
	if (e->n != before)
		e->version++;
}

void leader_epochs_truncate_start(struct leader_epochs *e, int64_t start)
{
	size_t drop = 0;

	while (drop < e->n && e->v[drop].start <= start)
		drop++;
	if (drop == 0 || (drop == 1 && e->v[0].start == start))
		return;
	drop--; /* the newest of them stays, from `start` on */
	memmove(e->v, e->v + drop, (e->n - drop) * sizeof(*e->v));
	e->n -= drop;
	e->v[0].start = start;
	e->version++;
}

void leader_epochs_clear(struct leader_epochs *e)
{
	if (e->n > 0)
		e->version++;
	e->n = 0;
}

void leader_epochs_text(const struct leader_epochs *e, struct checkpoint *ret)
{
	for (size_t i = 0; i < e->n; i++)
		checkpoint_add(ret, "%" PRId32 " %" PRId64, e->v[i].epoch, e->v[i].start);
}

int leader_epochs_write(const struct replica_dir *dir, const struct checkpoint *text)
{
	CLEANUP(freep) char *path = replica_dir_join(dir, LEADER_EPOCHS_FILE);
	int r = checkpoint_write(text, path);

	return r < 0 ? FAIL(r) : 0;
}

int leader_epochs_delete(const struct replica_dir *dir)
{
	CLEANUP(freep) char *path = replica_dir_join(dir, LEADER_EPOCHS_FILE);
	int r = fs_unlink(path);

	return r < 0 ? FAIL(r) : 0;
}
