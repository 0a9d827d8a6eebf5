/* log_levels.h - how much each logger says, as log4j has it: a name without a level of its own takes that of the
 * nearest name above it ("kafka.server.KafkaApis", "kafka.server", "kafka"), at last that of the root.
 *
 * A logger exists when some line of this program carries its name, or the name of something below it; the other
 * existing one is "root". Every place that logs keeps the level of its class (struct log_site), so a line that is not
 * wanted costs one load and one comparison; a change of a level visits all places.
 *
 * Owner: the program. Thread: any; a mutex of its own, nothing is called from here.
 */
#ifndef BASE_LOG_LEVELS_H
#define BASE_LOG_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/logger.h"

#define LOG_ROOT "root"

/* The levels of Kafka's log4j.properties: `level` for the root and the packages "kafka", "org.apache.kafka" and
 * "org.apache.zookeeper", levels of their own for the loggers with other files. Without files those say nothing below
 * `level`. LOG_OFF: no line at all, whatever is set later. */
void log_levels_reset(enum log_level level, bool files);

bool log_levels_exists(const char *name);
/* The level in effect for a name, whether it exists or not. */
enum log_level log_levels_get(const char *name);
/* False: there is no such logger, or (unset) it is the root, which always has a level. */
bool log_levels_set(const char *name, enum log_level level);
bool log_levels_unset(const char *name);

struct log_level_entry {
	const char *name; /* lives forever */
	enum log_level level;
};
/* The root, every class that logs, and what else has a level of its own; sorted by name. The array is the caller's. */
struct log_level_entry *log_levels_list(size_t *ret_n);

#endif
