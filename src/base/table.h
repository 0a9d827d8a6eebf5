/* table.h - uthash with our hash function. Include this instead of <uthash.h>.
 *
 * The hash is seeded per process, so that keys from outside (topic names, group ids) cannot be chosen to collide.
 * Thread: as the table's owner says.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stddef.h>

unsigned table_hash(const void *key, size_t len);

#define HASH_FUNCTION(keyptr, keylen, hashv)                                                       \
	do {                                                                                       \
		(hashv) = table_hash((keyptr), (size_t)(keylen));                                  \
	} while (0)
#define uthash_fatal(msg) __builtin_trap()

#include <uthash.h>

#endif
