/* logger.h - the classic log files: server.log (repeated on stdout), controller.log, state-change.log, ...
 *
 * A line is `[2026-11-21 01:02:03,456] INFO message (kafka.server.KafkaServer)`; the class in brackets is the
 * file's LOG_CLASS and decides where the line goes (log-messages.md section 1.1) and whether it is wanted
 * (log_levels.h). Files roll hourly to NAME.yyyy-MM-dd-HH. A file that logs defines LOG_CLASS before including this
 * header. Strings from outside go through str_quote first.
 *
 * Thread: any.
 */
#ifndef BASE_LOGGER_H
#define BASE_LOGGER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/attr.h"

enum log_level { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL, LOG_OFF }; /* no line is FATAL */

/* A place that writes lines of one class. All of them lie side by side in a section, where log_levels.c finds them. */
struct log_site {
	const char *cls;
	atomic_int level; /* that of the class; relaxed */
} __attribute__((aligned(16)));
#define LOG_SITE __attribute__((section("log_sites"), used, aligned(16)))

static inline bool log_site_wants(const struct log_site *s, enum log_level level)
{
	return (int)level >= atomic_load_explicit(&s->level, memory_order_relaxed);
}

/* `level` is that of the root, server.log; the other files have levels of their own, as in Kafka's
 * log4j.properties (controller.log TRACE, state-change.log INFO, kafka-request.log WARN). LOG_OFF silences
 * all. Without files everything from the root's level up goes to stdout.
 * Logs to stdout at INFO until called. `dir` NULL: no files. Fails with -errno when `dir` cannot be made. */
int logger_open(const char *dir, enum log_level level) MUST_CHECK;
void logger_close(void);
void logger_set_level(enum log_level level); /* of all, as logger_open does; forgets what was set since */
/* Tests, and tools, whose output is not mixed with it: lines go to `fn` instead. NULL restores. */
void logger_capture(void (*fn)(enum log_level level, const char *cls, const char *msg));
/* Writes whatever the level is; use the macros. */
void logger_write(enum log_level level, const char *cls, const char *fmt, ...) PRINTF(3, 4);

/* A line of another class than the file's; `name` is a literal. */
#define log_to(lvl, name, ...)                                                                     \
	do {                                                                                       \
		static struct log_site log_site_ LOG_SITE = { name, LOG_INFO };                     \
		enum log_level log_level_ = (lvl);                                                 \
                                                                                                   \
		if (log_site_wants(&log_site_, log_level_))                                        \
			logger_write(log_level_, log_site_.cls, __VA_ARGS__);                      \
	} while (0)
#define log_at(lvl, ...) log_to(lvl, LOG_CLASS, __VA_ARGS__)
/* Whether a line is worth preparing. */
#define log_wants(lvl)                                                                             \
	({                                                                                         \
		static struct log_site log_site_ LOG_SITE = { LOG_CLASS, LOG_INFO };               \
                                                                                                   \
		log_site_wants(&log_site_, (lvl));                                                 \
	})

#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
#define log_trace(...) log_at(LOG_TRACE, __VA_ARGS__)

#endif
