/* java_date.h - points in time by a pattern of java.text.SimpleDateFormat, in English and in the local time zone.
 *
 * Thread: any. Layer: tools.
 */
#ifndef TOOLS_JAVA_DATE_H
#define TOOLS_JAVA_DATE_H

#include <stdint.h>

#include "base/attr.h"

/* 0, or -EINVAL with Java's message in *ret_error (owned by the caller). */
int java_date_check(const char *pattern, char **ret_error) MUST_CHECK;
/* `pattern` must have passed the check. `ms` since 1970. Owned by the caller. */
char *java_date_format(const char *pattern, int64_t ms);

#endif
