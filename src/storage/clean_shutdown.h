/* clean_shutdown.h - .kafka_cleanshutdown, the marker that the last stop was orderly.
 *
 * Only its existence matters to whoever starts next, Kafka included (storage.md 2.10). It must never lie beside
 * untrimmed indexes or unflushed logs, so it is written last and removed first.
 */
#ifndef STORAGE_CLEAN_SHUTDOWN_H
#define STORAGE_CLEAN_SHUTDOWN_H

#include <stdbool.h>

#include "base/attr.h"

/* Removes the marker. *ret_was_clean tells whether it was there. The removal is on disk before this returns,
 * since a crash while loading must count as unclean. */
int clean_shutdown_take(const char *dir, bool *ret_was_clean) MUST_CHECK;
/* Writes it durably. */
int clean_shutdown_put(const char *dir) MUST_CHECK;

#endif
