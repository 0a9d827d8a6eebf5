/* report.c - log lines of tools, and error codes in the words of Kafka's clients. */
#include "tools/report.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "protocol/errors.h"

/* Codes whose exception is not simply their name in camel case (Kafka 3.9, Errors.java), or whose words scripts and
 * people know from the topic and console tools. */
static const struct {
	int code;
	const char *exception; /* NULL: made from the name */
	const char *message;   /* NULL: kerr_text */
} words[] = {
	{KERR_UNKNOWN_SERVER_ERROR, "UnknownServer",
		"The server experienced an unexpected error when processing the request."},
	{KERR_CORRUPT_MESSAGE, "CorruptRecord", NULL},
	{KERR_UNKNOWN_TOPIC_OR_PARTITION, NULL, "This server does not host this topic-partition."},
	{KERR_LEADER_NOT_AVAILABLE, NULL,
		"There is no leader for this topic-partition as we are in the middle of a "
		"leadership election."},
	{KERR_REQUEST_TIMED_OUT, "Timeout", "The request timed out."},
	{KERR_MESSAGE_TOO_LARGE, "RecordTooLarge",
		"The request included a message larger than the max message size the server will "
		"accept."},
	{KERR_NETWORK_EXCEPTION, "Network", NULL},
	{KERR_INVALID_TOPIC_EXCEPTION, "InvalidTopic",
		"The request attempted to perform an operation on an invalid topic."},
	{KERR_RECORD_LIST_TOO_LARGE, "RecordBatchTooLarge", NULL},
	{KERR_TOPIC_AUTHORIZATION_FAILED, "TopicAuthorization", "Topic authorization failed."},
	{KERR_GROUP_AUTHORIZATION_FAILED, "GroupAuthorization", "Group authorization failed."},
	{KERR_CLUSTER_AUTHORIZATION_FAILED, "ClusterAuthorization",
		"Cluster authorization failed."},
	{KERR_TOPIC_ALREADY_EXISTS, "TopicExists", "Topic with this name already exists."},
	{KERR_INVALID_CONFIG, "InvalidConfiguration", "Configuration is invalid."},
	{KERR_NOT_CONTROLLER, NULL, "This is not the correct controller for this cluster."},
	{KERR_TOPIC_DELETION_DISABLED, NULL, "Topic deletion is disabled."},
	{KERR_REASSIGNMENT_IN_PROGRESS, NULL, "A partition reassignment is in progress."},
};

void report(const char *level, const char *logger, const char *fmt, ...)
{
	char stamp[32], *text = NULL;
	struct timespec now;
	struct tm tm;
	va_list ap;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm);
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	fprintf(stderr, "[%s,%03ld] %s %s (%s)\n", stamp, now.tv_nsec / 1000000, level, text,
		logger);
	free(text);
}

void report_thrown(const char *exception)
{
	const char *message = strstr(exception, ": ");

	if (message)
		fprintf(stderr, "%.*s\n", (int)strcspn(message + 2, "\n"), message + 2);
	fprintf(stderr, "%s\n", exception);
}

/* NOT_CONTROLLER -> NotController */
static void camel(const char *name, char *buf, size_t size)
{
	size_t n = 0;

	for (bool upper = true; *name && n + 1 < size; name++) {
		if (*name == '_') {
			upper = true;
			continue;
		}
		buf[n++] = upper ? *name : (char)tolower((unsigned char)*name);
		upper = false;
	}
	buf[n] = '\0';
}

const char *report_exception(int code, char *buf, size_t size)
{
	const char *exception = NULL;
	char name[64];

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].code == code)
			exception = words[i].exception;
	if (!exception) {
		camel(kerr_name(code), name, sizeof(name));
		exception = name;
	}
	snprintf(buf, size, "org.apache.kafka.common.errors.%sException", exception);
	return buf;
}

const char *report_default_message(int code)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].code == code && words[i].message)
			return words[i].message;
	return kerr_text(code);
}
