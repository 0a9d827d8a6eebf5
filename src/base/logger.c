/* logger.c - where a line goes, and writing it.
 *
 * A class finds its row in `routes`; what no row claims goes to server.log, the one that stdout repeats. Without a
 * directory everything goes to stdout, as in container images. Whether a line is written at all was decided before,
 * by the level of its class (log_levels.c). Files roll like log4j's DailyRollingFileAppender: the first line of a new hour
 * renames the file after the hour that ended (for a file of an earlier run: the hour of its last write).
 *
 * A plain mutex, not a ranked lock: lines are written with any lock held, and nothing is called from here.
 */
#include "base/logger.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log_levels.h"

#define LINE_STACK 1024 /* longer lines are put together on the heap */
#define HOUR_TEXT  16	/* "2026-11-21-01" and some */

enum log_file { SERVER, STATE_CHANGE, CONTROLLER, LOG_CLEANER, REQUEST, AUTHORIZER, FILES };

static struct sink {
	const char *name;
	int fd; /* -1: closed */
	char hour[HOUR_TEXT];
} sinks[FILES] = {
	[SERVER] = { .name = "server.log", .fd = -1 },
	[STATE_CHANGE] = { .name = "state-change.log", .fd = -1 },
	[CONTROLLER] = { .name = "controller.log", .fd = -1 },
	[LOG_CLEANER] = { .name = "log-cleaner.log", .fd = -1 },
	[REQUEST] = { .name = "kafka-request.log", .fd = -1 },
	[AUTHORIZER] = { .name = "kafka-authorizer.log", .fd = -1 },
};

/* config/log4j.properties of Kafka 3.9. A class belongs to a row when it is the name or below it ("name."). */
static const struct route {
	const char *cls;
	enum log_file file;
} routes[] = {
	{ "kafka.controller", CONTROLLER },
	{ "org.apache.kafka.controller", CONTROLLER },
	{ "state.change.logger", STATE_CHANGE },
	{ "kafka.log.LogCleaner", LOG_CLEANER },
	{ "kafka.request.logger", REQUEST },
	{ "kafka.network.RequestChannel$", REQUEST },
	{ "kafka.authorizer.logger", AUTHORIZER },
};

static const char *const level_names[] = {
	[LOG_TRACE] = "TRACE", [LOG_DEBUG] = "DEBUG", [LOG_INFO] = "INFO",
	[LOG_WARN] = "WARN",   [LOG_ERROR] = "ERROR", [LOG_FATAL] = "FATAL",
};

static atomic_bool to_files;
static _Atomic(void (*)(enum log_level, const char *, const char *)) capture;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards sinks and log_dir */
static char *log_dir;

static const struct route *route_of(const char *cls)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		size_t n = strlen(routes[i].cls);

		if (strncmp(cls, routes[i].cls, n) == 0 && (cls[n] == '\0' || cls[n] == '.'))
			return &routes[i];
	}
	return NULL;
}

static void hour_text(time_t at, char *buf)
{
	struct tm tm;

	(void)localtime_r(&at, &tm);
	(void)strftime(buf, HOUR_TEXT, "%Y-%m-%d-%H", &tm);
}

/* Opens for appending. The period is that of the last write, so that an old file rolls at the first line. */
static int sink_open(struct sink *s, const char *dir, time_t now)
{
	CLEANUP(freep) char *path = xasprintf("%s/%s", dir, s->name);
	struct stat st;

	s->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (s->fd < 0)
		return FAIL(-errno);
	hour_text(fstat(s->fd, &st) == 0 && st.st_size > 0 ? st.st_mtime : now, s->hour);
	return 0;
}

static void sink_close(struct sink *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

/* When the new file cannot be opened the lines of this sink are lost until it can: they are on stdout. */
static void sink_roll(struct sink *s, time_t now)
{
	char hour[HOUR_TEXT];

	hour_text(now, hour);
	if (s->fd >= 0 && strcmp(hour, s->hour) == 0)
		return;
	if (s->fd >= 0) {
		CLEANUP(freep) char *from = xasprintf("%s/%s", log_dir, s->name);
		CLEANUP(freep) char *to = xasprintf("%s/%s.%s", log_dir, s->name, s->hour);

		sink_close(s);
		(void)rename(from, to);
	}
	(void)sink_open(s, log_dir, now);
}

/* One write for a whole line: with O_APPEND lines of several processes do not mix. What cannot be written
 * (disk full, closed pipe) is lost; there is nowhere to complain. */
static void write_line(int fd, const char *line, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, line, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return;
		line += put;
		n -= (size_t)put;
	}
}

static void close_all(void)
{
	for (int i = 0; i < FILES; i++)
		sink_close(&sinks[i]);
	free(log_dir);
	log_dir = NULL;
	atomic_store_explicit(&to_files, false, memory_order_relaxed);
}

static int open_all(const char *dir)
{
	int r = fs_mkdir_p(dir);

	for (int i = 0; r == 0 && i < FILES; i++)
		r = sink_open(&sinks[i], dir, time(NULL));
	if (r < 0)
		return FAIL(r);
	log_dir = xstrdup(dir);
	atomic_store_explicit(&to_files, true, memory_order_relaxed);
	return 0;
}

int logger_open(const char *dir, enum log_level level)
{
	int r = 0;

	(void)pthread_mutex_lock(&mutex);
	close_all();
	if (dir)
		r = open_all(dir);
	if (r < 0)
		close_all();
	(void)pthread_mutex_unlock(&mutex);
	logger_set_level(level);
	return FAIL(r);
}

void logger_close(void)
{
	(void)pthread_mutex_lock(&mutex);
	close_all();
	(void)pthread_mutex_unlock(&mutex);
}

void logger_set_level(enum log_level level)
{
	log_levels_reset(level, atomic_load_explicit(&to_files, memory_order_relaxed));
}

void logger_capture(void (*fn)(enum log_level level, const char *cls, const char *msg))
{
	atomic_store(&capture, fn);
}

/* "[2026-11-21 01:02:03,456] INFO ", local time. */
static size_t line_head(char *buf, size_t size, const struct timespec *now, enum log_level level)
{
	struct tm tm;
	size_t n;

	(void)localtime_r(&now->tv_sec, &tm);
	n = strftime(buf, size, "[%Y-%m-%d %H:%M:%S", &tm);
	n += (size_t)snprintf(
	    buf + n, size - n, ",%03d] %s ", (int)(now->tv_nsec / 1000000), level_names[level]);
	return n;
}

static void emit(const char *cls, time_t now, const char *line, size_t n)
{
	const struct route *to = route_of(cls);
	struct sink *s = &sinks[to ? to->file : SERVER];
	bool file;

	(void)pthread_mutex_lock(&mutex);
	file = log_dir != NULL;
	if (file)
		sink_roll(s, now);
	if (file && s->fd >= 0)
		write_line(s->fd, line, n);
	if (!to || !file)
		write_line(STDOUT_FILENO, line, n);
	(void)pthread_mutex_unlock(&mutex);
}

static void put_line(enum log_level level, const char *cls, const char *msg, size_t msg_len)
{
	struct timespec now;
	char stack[LINE_STACK], head[64];
	size_t cls_len = strlen(cls), n, head_len, total;
	char *line;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	head_len = line_head(head, sizeof(head), &now, level);
	total = head_len + msg_len + cls_len + sizeof(" ()\n");
	line = total <= sizeof(stack) ? stack : xmalloc(total);
	memcpy(line, head, head_len);
	memcpy(line + head_len, msg, msg_len);
	n = head_len + msg_len;
	n += (size_t)snprintf(line + n, total - n, " (%s)\n", cls);
	assert(n < total);
	emit(cls, now.tv_sec, line, n);
	if (line != stack)
		free(line);
}

void logger_write(enum log_level level, const char *cls, const char *fmt, ...)
{
	void (*fn)(enum log_level, const char *, const char *) = atomic_load(&capture);
	CLEANUP(freep) char *heap = NULL;
	char stack[LINE_STACK];
	const char *msg = stack;
	int saved_errno = errno, n;
	va_list ap;

	assert(level >= LOG_TRACE && level < LOG_OFF);
	va_start(ap, fmt);
	n = vsnprintf(stack, sizeof(stack), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(stack)) {
		va_start(ap, fmt);
		n = vasprintf(&heap, fmt, ap);
		va_end(ap);
		msg = heap;
	}
	if (n < 0) {
		heap = NULL; /* undefined after a failed vasprintf */
		msg = "unprintable message";
		n = (int)strlen(msg);
	}
	if (fn)
		fn(level, cls, msg);
	else
		put_line(level, cls, msg, (size_t)n);
	errno = saved_errno;
}
