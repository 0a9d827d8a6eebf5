/* dir_name.h - names of replica directories: t-0, t-0.<32 hex>-delete, -future and -stray.
 *
 * Rules: storage.md 1.2 (Kafka 3.9, LocalLog.scala). Pure; any thread.
 */
#ifndef STORAGE_DIR_NAME_H
#define STORAGE_DIR_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/uuid.h"

#define DIR_NAME_MAX  255 /* what a file system allows, and Kafka's limit */
#define TOPIC_MAX_LEN 249

enum dir_role {
	DIR_CURRENT, /* <topic>-<partition> */
	DIR_DELETE,  /* waits for removal */
	DIR_FUTURE,  /* the copy a move between log directories is building */
	DIR_STRAY,   /* set aside by an operator or a migration: never served, never deleted */
};

struct dir_name {
	char topic[DIR_NAME_MAX + 1];
	int32_t partition;
	enum dir_role role;
};

/* False when `name` has none of the four forms. */
bool dir_name_parse(const char *name, struct dir_name *ret);

/* Writes the name into buf (DIR_NAME_MAX + 1 bytes). DIR_DELETE and DIR_STRAY cut the topic so that the whole
 * fits; the others are refused (false) when too long. `uid` is not used for DIR_CURRENT. */
bool dir_name_format(enum dir_role role, const char *topic, int32_t partition, struct uuid uid, char *buf);

#endif
