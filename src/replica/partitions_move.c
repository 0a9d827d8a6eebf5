/* partitions_move.c - AlterReplicaLogDirs, and what role changes and failures do to moves (replication.md 11.3). */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "metadata/image.h"
#include "protocol/errors.h"
#include "replica/partitions_priv.h"
#include "storage/dir_name.h"
#include "storage/log_dirs.h"

void partitions_set_mover(struct partitions *ps, struct mover *m)
{
	ps->mover = m;
}

void partitions_end_move(struct partitions *ps, struct partition *p)
{
	if (ps->mover)
		mover_remove(ps->mover, p);
}

void partitions_resume_move(struct partitions *ps, struct partition *p)
{
	struct log *future = log_dirs_get_future(ps->config.log_dirs, partition_topic(p), partition_index(p));

	if (future && ps->mover)
		mover_add(ps->mover, p, future);
	log_unref(future);
}

/* A copy in another directory than the one asked for now is not wanted any more. */
static int drop_other(struct partitions *ps, struct partition *p, const char *dir)
{
	struct log *future = log_dirs_get_future(ps->config.log_dirs, partition_topic(p), partition_index(p));
	int r = 0;

	if (future && strcmp(log_parent_dir(future), dir) != 0) {
		partitions_end_move(ps, p);
		r = log_dirs_drop_future(ps->config.log_dirs, partition_topic(p), partition_index(p));
	}
	log_unref(future);
	return r;
}

static int begin_move(struct partitions *ps, struct partition *p, const char *dir)
{
	struct log *log = partition_log(p), *future = NULL;
	int r;

	if (!log)
		return KERR_REPLICA_NOT_AVAILABLE;
	r = log_dirs_make_future(ps->config.log_dirs, partition_topic(p), partition_index(p), dir, &future);
	if (r == 0 && future && !uuid_is_zero(log_topic_id(log)))
		r = log_set_topic_id(future, log_topic_id(log));
	if (r == 0 && future && ps->mover)
		mover_add(ps->mover, p, future);
	log_unref(future);
	log_unref(log);
	return FAIL(r);
}

/* Locks: state_change held. */
static int move(struct partitions *ps, const struct image *image, const char *topic, int32_t index, const char *dir)
{
	CLEANUP(partition_unrefp) struct partition *p = partitions_get(ps, str_of(topic), index);
	char name[DIR_NAME_MAX + 1];
	int r = 0;

	if (!dir_name_format(DIR_FUTURE, topic, index, UUID_ZERO, name))
		return KERR_INVALID_TOPIC_EXCEPTION;
	r = log_dirs_check_dir(ps->config.log_dirs, dir);
	if (r == 0 && p && partition_is_offline(p))
		r = KERR_KAFKA_STORAGE_ERROR;
	if (r == 0 && p)
		r = drop_other(ps, p, dir);
	if (r)
		return r;
	log_dirs_prefer(ps->config.log_dirs, topic, index, dir);
	if (p)
		return begin_move(ps, p, dir);
	return image_partition(image_topic(image, str_of(topic)), index) ? KERR_REPLICA_NOT_AVAILABLE
									 : KERR_UNKNOWN_TOPIC_OR_PARTITION;
}

int partitions_move_to_dir(struct partitions *ps, struct str topic, int32_t index, const char *dir)
{
	struct image *image;
	char *name;
	int r;

	if (!partitions_name_is_legal(topic) || index < 0)
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	name = str_dup(topic);
	image = metadata_image(ps->config.metadata);
	lock_take(&ps->state_change);
	r = move(ps, image, name, index, dir);
	lock_release(&ps->state_change);
	image_unref(image);
	free(name);
	return FAIL(r);
}
