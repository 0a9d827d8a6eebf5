/* meta_properties.h - meta.properties of a log directory: whose directory this is.
 *
 * Version 0, the ZooKeeper form; a version 1 file is KRaft's and refused (storage.md 2.9, zookeeper.md 3.2).
 */
#ifndef STORAGE_META_PROPERTIES_H
#define STORAGE_META_PROPERTIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define META_CLUSTER_ID_MAX 64
#define META_DIRECTORY_ID_MAX 24

struct meta_properties {
	bool exists;
	int32_t version;
	int32_t broker_id;			      /* -1: not in the file */
	char cluster_id[META_CLUSTER_ID_MAX];	      /* "": not in the file */
	char directory_id[META_DIRECTORY_ID_MAX];     /* "": not in the file; kept when rewritten */
};

/* A missing file is success with exists = false.
 *   -EPROTO  it is not a version 0 file (*ret has the version)
 *   -EINVAL  a value is malformed
 *   -errno   the disk                                              */
int meta_properties_read(const char *dir, struct meta_properties *ret) MUST_CHECK;
/* All or nothing, durable. wall_ms is for the date comment. */
int meta_properties_write(const char *dir, const struct meta_properties *m, int64_t wall_ms) MUST_CHECK;

#endif
