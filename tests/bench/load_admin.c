/* load_admin.c - topics for the bench, and connections that do nothing. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "load.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"

static int configs_of(const struct load_options *o, struct create_topics_request_creatable_topic_config *v)
{
	int n = 0;

	for (; o->configs[n]; n++) {
		const char *eq = strchr(o->configs[n], '=');

		if (!eq)
			die("not key=value: %s", o->configs[n]);
		v[n].name = (struct str){ o->configs[n], (int32_t)(eq - o->configs[n]) };
		v[n].value = str_of(eq + 1);
	}
	return n;
}

/* Partitions of the topic that have a leader; -1 when there is no such topic. */
static int leaders(const struct load_options *o, int fd)
{
	struct metadata_request_metadata_request_topic topic = { .name = str_of(o->topic) };
	struct metadata_request in;
	struct metadata_response out;
	struct arena a;
	int n = -1;

	CODEC_INIT(metadata_request, &in);
	in.allow_auto_topic_creation = false;
	in.topics = &topic;
	in.topics_n = 1;
	arena_init(&a, 0);
	call(fd, API_METADATA, 9, &in, &a, &out);
	if (out.topics_n == 1 && out.topics[0].error_code == 0) {
		n = 0;
		for (int i = 0; i < out.topics[0].partitions_n; i++)
			n += out.topics[0].partitions[i].error_code == 0;
	}
	arena_fini(&a);
	return n;
}

static void wait_for_leaders(const struct load_options *o, int fd, int want)
{
	int64_t end = now_ns() + INT64_C(60000000000);

	while (leaders(o, fd) != want) {
		if (now_ns() > end)
			die("topic %s: not as wanted after a minute", o->topic);
		usleep(20000);
	}
}

/* A broker that has just started is not controller yet, or does not know itself yet; a topic that was just deleted
 * is gone from the metadata before it is gone from ZooKeeper. */
static bool is_passing(int error)
{
	return error == KERR_NOT_CONTROLLER || error == KERR_INVALID_REPLICATION_FACTOR ||
	       error == KERR_TOPIC_ALREADY_EXISTS;
}

int load_topic(const struct load_options *o)
{
	struct create_topics_request_creatable_topic_config configs[16] = { 0 };
	struct create_topics_request_creatable_topic topic;
	struct create_topics_request in;
	struct create_topics_response out;
	int64_t end = now_ns() + INT64_C(60000000000);
	int r, fd = target_connect(&o->broker);
	struct arena a;

	CODEC_INIT(create_topics_request_creatable_topic, &topic);
	topic.name = str_of(o->topic);
	topic.num_partitions = o->partitions;
	topic.replication_factor = 1;
	topic.configs = configs;
	topic.configs_n = configs_of(o, configs);
	CODEC_INIT(create_topics_request, &in);
	in.topics = &topic;
	in.topics_n = 1;
	do {
		arena_init(&a, 0);
		call(fd, API_CREATE_TOPICS, 5, &in, &a, &out);
		r = out.topics_n == 1 ? out.topics[0].error_code : -1;
		arena_fini(&a);
		if (r == KERR_TOPIC_ALREADY_EXISTS && leaders(o, fd) == o->partitions)
			r = 0;
	} while (is_passing(r) && usleep(20000) == 0 && now_ns() < end);
	if (r)
		die("topic %s: error %d", o->topic, r);
	wait_for_leaders(o, fd, o->partitions);
	return 0;
}

int load_delete(const struct load_options *o)
{
	struct delete_topics_request in;
	struct delete_topics_response out;
	int fd = target_connect(&o->broker);
	struct str name = str_of(o->topic);
	struct arena a;

	CODEC_INIT(delete_topics_request, &in);
	in.topic_names = &name;
	in.topic_names_n = 1;
	in.timeout_ms = 30000;
	arena_init(&a, 0);
	call(fd, API_DELETE_TOPICS, 4, &in, &a, &out);
	if (out.responses_n != 1 || out.responses[0].error_code)
		die("topic %s: error %d", o->topic, out.responses_n == 1 ? out.responses[0].error_code : -1);
	arena_fini(&a);
	wait_for_leaders(o, fd, -1);
	return 0;
}

/* Each connection has asked one thing, as every client does when it connects. */
int load_idle(const struct load_options *o)
{
	struct api_versions_request in;
	int *fds = xcalloc((size_t)o->connections, sizeof(int));
	struct buf *b;
	char c;

	CODEC_INIT(api_versions_request, &in);
	b = frame_of(API_API_VERSIONS, 0, &in);
	for (int i = 0; i < o->connections; i++) {
		uint32_t size;

		fds[i] = target_connect(&o->broker);
		send_all(fds[i], b->data, b->len);
		recv_all(fds[i], &size, 4);
		recv_discard(fds[i], be32toh(size));
	}
	printf("ready\n");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	return 0;
}
