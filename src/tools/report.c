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
	{KERR_OFFSET_OUT_OF_RANGE, NULL,
		"The requested offset is not within the range of offsets maintained by the server."},
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
	{KERR_NOT_LEADER_OR_FOLLOWER, NULL,
		"For requests intended only for the leader, this error indicates that the broker "
		"is not "
		"the current leader. For requests intended for any replica, this error indicates "
		"that "
		"the broker is not a replica of the topic partition."},
	{KERR_COORDINATOR_LOAD_IN_PROGRESS, NULL,
		"The coordinator is loading and hence can't process requests."},
	{KERR_COORDINATOR_NOT_AVAILABLE, NULL, "The coordinator is not available."},
	{KERR_NOT_COORDINATOR, NULL, "This is not the correct coordinator."},
	{KERR_ILLEGAL_GENERATION, NULL, "Specified group generation id is not valid."},
	{KERR_INCONSISTENT_GROUP_PROTOCOL, NULL,
		"The group member's supported protocols are incompatible with those of existing "
		"members "
		"or first group member tried to join with empty protocol type or empty protocol "
		"list."},
	{KERR_INVALID_GROUP_ID, NULL, "The configured groupId is invalid."},
	{KERR_INVALID_SESSION_TIMEOUT, NULL,
		"The session timeout is not within the range allowed by the broker (as configured "
		"by "
		"group.min.session.timeout.ms and group.max.session.timeout.ms)."},
	{KERR_GROUP_MAX_SIZE_REACHED, NULL, "The consumer group has reached its max size."},
	{KERR_FENCED_INSTANCE_ID, NULL,
		"The broker rejected this static consumer since another consumer with the same "
		"group.instance.id has registered with a different member.id."},
	{KERR_UNKNOWN_MEMBER_ID, NULL, "The coordinator is not aware of this member."},
	{KERR_REBALANCE_IN_PROGRESS, NULL, "The group is rebalancing, so a rejoin is needed."},
	{KERR_INVALID_COMMIT_OFFSET_SIZE, NULL, "The committing offset data size is not valid."},
	{KERR_UNSUPPORTED_VERSION, NULL, "The version of API is not supported."},
	{KERR_KAFKA_STORAGE_ERROR, "KafkaStorage",
		"Disk error when trying to access log file on the disk."},
	{KERR_NON_EMPTY_GROUP, "GroupNotEmpty", "The group is not empty."},
	{KERR_GROUP_ID_NOT_FOUND, NULL, "The group id does not exist."},
	{KERR_GROUP_SUBSCRIBED_TO_TOPIC, NULL,
		"Deleting offsets of a topic is forbidden while the consumer group is actively "
		"subscribed to it."},
	{KERR_UNSTABLE_OFFSET_COMMIT, NULL, "There are unstable offsets that need to be cleared."},
	{KERR_NOT_CONTROLLER, NULL, "This is not the correct controller for this cluster."},
	{KERR_TOPIC_DELETION_DISABLED, NULL, "Topic deletion is disabled."},
	{KERR_POLICY_VIOLATION, NULL,
		"Request parameters do not satisfy the configured policy."},
	{KERR_PREFERRED_LEADER_NOT_AVAILABLE, NULL, "The preferred leader was not available."},
	{KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE, NULL,
		"Eligible topic partition leaders are not available."},
	{KERR_ELECTION_NOT_NEEDED, NULL, "Leader election not needed for topic partition."},
	{KERR_INVALID_REPLICA_ASSIGNMENT, NULL, "Replica assignment is invalid."},
	{KERR_LOG_DIR_NOT_FOUND, NULL,
		"The user-specified log directory is not found in the broker config."},
	{KERR_NO_REASSIGNMENT_IN_PROGRESS, NULL, "No partition reassignment is in progress."},
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
	text = xvasprintf(fmt, ap);
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
