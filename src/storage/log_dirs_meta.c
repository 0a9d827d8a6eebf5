/* log_dirs_meta.c - meta.properties of all directories: do they belong to one broker of one cluster? */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#define LOG_CLASS LOG_MANAGER_CLASS
#include "base/logger.h"
#include "storage/log_dirs_priv.h"

static int read_one(struct log_dirs *d, struct log_dir *dir)
{
	int r = meta_properties_read(dir->path, &dir->meta);

	if (r == -EPROTO) {
		log_error("%s/meta.properties has version %d; a broker beside ZooKeeper can use version 0 only "
			  "(version 1 belongs to a KRaft cluster).",
		    dir->path, dir->meta.version);
		return FAIL(-EINVAL);
	}
	if (r < 0)
		log_dirs_fail_doing(d, dir->path, r, "Disk error while loading ID %s", dir->path);
	return 0;
}

/* Takes over what one file says; false after a logged line when it contradicts an earlier one. */
static bool agree(const struct log_dir *dir, struct log_dirs_meta *all)
{
	const struct meta_properties *m = &dir->meta;

	if (m->broker_id >= 0 && all->broker_id >= 0 && m->broker_id != all->broker_id) {
		log_error("%s/meta.properties says broker.id=%d, another log directory says broker.id=%d: "
			  "directories of different brokers are mixed in log.dirs.",
		    dir->path, m->broker_id, all->broker_id);
		return false;
	}
	if (*m->cluster_id && *all->cluster_id && strcmp(m->cluster_id, all->cluster_id) != 0) {
		log_error("%s/meta.properties says cluster.id=%s, another log directory says cluster.id=%s: "
			  "directories of different clusters are mixed in log.dirs.",
		    dir->path, m->cluster_id, all->cluster_id);
		return false;
	}
	if (m->broker_id >= 0)
		all->broker_id = m->broker_id;
	if (*m->cluster_id)
		(void)snprintf(all->cluster_id, sizeof(all->cluster_id), "%s", m->cluster_id);
	return true;
}

static bool directory_ids_differ(const struct log_dirs *d)
{
	for (size_t i = 0; i < d->n; i++)
		for (size_t k = 0; k < i; k++)
			if (*d->v[i].meta.directory_id &&
			    strcmp(d->v[i].meta.directory_id, d->v[k].meta.directory_id) == 0) {
				log_error("%s and %s have the same directory.id in meta.properties: one is "
					  "a copy of the other.",
				    d->v[k].path, d->v[i].path);
				return false;
			}
	return true;
}

int log_dirs_read_meta(struct log_dirs *d, struct log_dirs_meta *ret)
{
	*ret = (struct log_dirs_meta){ .broker_id = -1 };
	for (size_t i = 0; i < d->n; i++) {
		struct log_dir *dir = &d->v[i];
		int r;

		if (!atomic_load(&dir->online))
			continue;
		r = read_one(d, dir);
		if (r < 0)
			return FAIL(r);
		if (atomic_load(&dir->online) && !agree(dir, ret))
			return FAIL(-EINVAL);
	}
	return directory_ids_differ(d) ? 0 : FAIL(-EINVAL);
}

static bool is_same(const struct meta_properties *m, const char *cluster_id, int32_t broker_id)
{
	return m->exists && m->broker_id == broker_id && strcmp(m->cluster_id, cluster_id) == 0;
}

int log_dirs_write_meta(struct log_dirs *d, const char *cluster_id, int32_t broker_id)
{
	if (strlen(cluster_id) >= META_CLUSTER_ID_MAX)
		return FAIL(-EINVAL);
	for (size_t i = 0; i < d->n; i++) {
		struct log_dir *dir = &d->v[i];
		int r;

		if (!atomic_load(&dir->online) || is_same(&dir->meta, cluster_id, broker_id))
			continue;
		log_to(LOG_INFO, "kafka.server.KafkaServer", "[KafkaServer id=%d] Rewriting %s/meta.properties",
		    broker_id, dir->path);
		dir->meta.exists = true;
		dir->meta.broker_id = broker_id;
		(void)snprintf(dir->meta.cluster_id, sizeof(dir->meta.cluster_id), "%s", cluster_id);
		r = meta_properties_write(dir->path, &dir->meta, clock_wall_ms(d->clock));
		if (r < 0)
			log_dirs_fail_doing(d, dir->path, r, "Error while writing meta.properties to %s", dir->path);
	}
	return log_dirs_online_count(d) > 0 ? 0 : FAIL(-EIO);
}
