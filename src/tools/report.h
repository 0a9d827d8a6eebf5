/* report.h - what a tool says on stderr besides its output: log lines in the shape of tools-log4j.properties, with the
 * names of Kafka's exceptions, which scripts look for.
 *
 * Thread: any (one write per line). Layer: tools.
 */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <stddef.h>

#include "base/attr.h"

/* "[2026-11-21 01:02:03,456] ERROR text (logger)" on stderr. `level` is "WARN", "ERROR" ... */
void report(const char *level, const char *logger, const char *fmt, ...) PRINTF(3, 4);

/* What Java prints for an exception that nobody caught, less the trace: its message, and "class: message". */
void report_thrown(const char *exception);

#define REPORT_EXCEPTION_MAX 128
/* "org.apache.kafka.common.errors.TopicExistsException" for an error code; never NULL. Returns buf. */
const char *report_exception(int code, char *buf, size_t size);
/* What Kafka's clients say when the broker sends the code without a message. */
const char *report_default_message(int code);

#endif
