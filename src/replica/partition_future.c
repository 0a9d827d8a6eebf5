/* partition_future.c - the copy of a partition's log in another directory, and the moment it becomes the log. */
#include <assert.h>
#include <errno.h>

#include "base/error.h"
#include "replica/partition_priv.h"

void partition_set_future(struct partition *p, struct log *future)
{
	struct log *old;

	lock_take(&p->lock);
	old = p->future;
	p->future = future ? log_ref(future) : NULL;
	lock_release(&p->lock);
	log_unref(old);
}

struct log *partition_future(struct partition *p)
{
	struct log *log;

	lock_take(&p->lock);
	log = p->future ? log_ref(p->future) : NULL;
	lock_release(&p->lock);
	return log;
}

/* Locks: p->lock held, changing. */
static void adopt(struct partition *p, struct log *future, struct disk_pace *pace, struct log **ret_old)
{
	assert(p->future == future);
	(void)log_set_high_watermark(future, log_high_watermark(p->log));
	*ret_old = p->log;
	p->log = p->future; /* with its reference */
	p->future = NULL;
	p->pace = pace;
}

int partition_swap_future(struct partition *p, struct log *future, struct disk_pace *pace, int (*replace)(void *arg),
    void *arg)
{
	struct log *old = NULL;
	int r = 0;

	lock_take(&p->lock);
	partition_change_begin(p);
	if (p->future != future || !p->log)
		r = -ECANCELED;
	else if (log_end_offset(future) != log_end_offset(p->log))
		r = -EAGAIN;
	if (r == 0) { /* writes files: not under the lock; the gate keeps appends and role changes out */
		lock_release(&p->lock);
		r = replace(arg);
		lock_take(&p->lock);
		if (r == 0)
			adopt(p, future, pace, &old);
	}
	partition_change_end(p);
	lock_release(&p->lock);
	log_unref(old);
	return r;
}
