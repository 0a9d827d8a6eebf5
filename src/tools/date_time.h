/* date_time.h - points in time and durations as --to-datetime and --by-duration take them.
 *
 * Thread: any. Layer: tools; pure.
 */
#ifndef TOOLS_DATE_TIME_H
#define TOOLS_DATE_TIME_H

#include <stdint.h>
#include <time.h>

#include "base/attr.h"

/* "2026-11-26T07:58:36.148", with "Z", "+01", "+01:00" or nothing for UTC (Kafka 3.9, Utils.getDateTime). What follows
 * is ignored, as Java does.
 *   0        *ret_ms since 1970
 *   -EINVAL  *ret_error is the text of Java's exception; owned by the caller                           */
int date_time_parse(const char *text, int64_t *ret_ms, char **ret_error) MUST_CHECK;

struct duration {
	int64_t seconds;
	int32_t nanos; /* 0 to 999,999,999, also when seconds are negative */
};

/* "P1DT2H3M4.5S" (java.time.Duration.parse). 0, or -EINVAL as above. */
int duration_parse(const char *text, struct duration *ret, char **ret_error) MUST_CHECK;

/* Milliseconds since 1970 of the time so long before `now`. 0, or -EINVAL as above: out of Java's range. */
int duration_before(const struct duration *d, struct timespec now, int64_t *ret_ms,
	char **ret_error) MUST_CHECK;

#endif
