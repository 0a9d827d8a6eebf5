/* load_groups.c - requests of consumer groups, for load_requests.c: every connection is a group of its own. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"

enum { COMMIT_VERSION = 7, FETCH_VERSION = 5, FIND_VERSION = 0, HEARTBEAT_VERSION = 3 };

struct group_name {
	char text[32];
};

static struct str name_of(struct group_name *n, int connection)
{
	(void)snprintf(n->text, sizeof(n->text), "bench-%d", connection);
	return str_of(n->text);
}

/* One offset of partition 0, by a simple consumer. */
static void commit_body(const struct load_options *o, struct str group,
			struct offset_commit_request_offset_commit_request_partition *part,
			struct offset_commit_request_offset_commit_request_topic *topic, struct offset_commit_request *ret)
{
	CODEC_INIT(offset_commit_request_offset_commit_request_partition, part);
	part->committed_offset = 1234567;
	*topic = (struct offset_commit_request_offset_commit_request_topic){ .name = str_of(o->topic), .partitions = part,
		.partitions_n = 1 };
	CODEC_INIT(offset_commit_request, ret);
	ret->group_id = group;
	ret->topics = topic;
	ret->topics_n = 1;
}

static struct buf *commit_frame(const struct load_options *o, struct str group)
{
	struct offset_commit_request_offset_commit_request_partition part;
	struct offset_commit_request_offset_commit_request_topic topic;
	struct offset_commit_request in;

	commit_body(o, group, &part, &topic, &in);
	return frame_of(API_OFFSET_COMMIT, COMMIT_VERSION, &in);
}

static struct buf *fetch_offset_frame(const struct load_options *o, struct str group)
{
	int32_t partition = 0;
	struct offset_fetch_request_offset_fetch_request_topic topic = { .name = str_of(o->topic),
		.partition_indexes = &partition, .partition_indexes_n = 1 };
	struct offset_fetch_request in;

	CODEC_INIT(offset_fetch_request, &in);
	in.group_id = group;
	in.topics = &topic;
	in.topics_n = 1;
	return frame_of(API_OFFSET_FETCH, FETCH_VERSION, &in);
}

/* Of nobody: what it costs to find that out is what it costs to find somebody. */
static struct buf *heartbeat_frame(struct str group)
{
	struct heartbeat_request in;

	CODEC_INIT(heartbeat_request, &in);
	in.group_id = group;
	in.member_id = STR("nobody");
	return frame_of(API_HEARTBEAT, HEARTBEAT_VERSION, &in);
}

struct buf *group_frame(const struct load_options *o, int connection)
{
	struct group_name n;
	struct str group = name_of(&n, connection);

	if (!strcmp(o->kind, "offset_commit"))
		return commit_frame(o, group);
	if (!strcmp(o->kind, "offset_fetch"))
		return fetch_offset_frame(o, group);
	return strcmp(o->kind, "heartbeat") ? NULL : heartbeat_frame(group);
}

static bool committed(const struct load_options *o, int fd, struct str group)
{
	struct offset_commit_request_offset_commit_request_partition part;
	struct offset_commit_request_offset_commit_request_topic topic;
	struct find_coordinator_request find;
	struct find_coordinator_response found;
	struct offset_commit_request in;
	struct offset_commit_response out;
	struct arena a;
	bool ok;

	arena_init(&a, 0);
	CODEC_INIT(find_coordinator_request, &find);
	find.key = group;
	call(fd, API_FIND_COORDINATOR, FIND_VERSION, &find, &a, &found); /* makes the topic */
	commit_body(o, group, &part, &topic, &in);
	call(fd, API_OFFSET_COMMIT, COMMIT_VERSION, &in, &a, &out);
	ok = out.topics[0].partitions[0].error_code == 0;
	arena_fini(&a);
	return ok;
}

void group_prepare(const struct load_options *o)
{
	int64_t end = now_ns() + INT64_C(60000000000);
	int fd = target_connect(&o->broker);
	struct group_name n;

	for (int i = 0; i < o->connections; i++) {
		while (!committed(o, fd, name_of(&n, i))) {
			if (now_ns() > end)
				die("group %s has no coordinator after a minute", n.text);
			usleep(50000);
		}
	}
	(void)close(fd);
}
