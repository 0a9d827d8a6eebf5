/* load_requests.c - tiny requests of one kind, --depth of them in flight on each connection. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "load.h"
#include "protocol/codec.h"
#include "protocol/header.h"

enum { GATHER = 16, REPLIES = 256 * 1024 };

struct asker {
	const struct load_options *o;
	pthread_t thread;
	struct buf *frame;
	int fd;
	int64_t amount;
	uint8_t *replies;
	uint64_t skip; /* bytes of the current response that are still to come */
	uint8_t size[4];
	unsigned size_have;
};

static struct buf *list_offsets_frame(const struct load_options *o)
{
	struct list_offsets_request_list_offsets_partition part;
	struct list_offsets_request_list_offsets_topic topic = { .name = str_of(o->topic) };
	struct list_offsets_request in;

	CODEC_INIT(list_offsets_request_list_offsets_partition, &part);
	part.timestamp = -1;
	topic.partitions = &part;
	topic.partitions_n = 1;
	CODEC_INIT(list_offsets_request, &in);
	in.replica_id = -1;
	in.topics = &topic;
	in.topics_n = 1;
	return frame_of(API_LIST_OFFSETS, 5, &in);
}

static struct buf *metadata_frame(const struct load_options *o)
{
	struct metadata_request_metadata_request_topic topic = { .name = str_of(o->topic) };
	struct metadata_request in;

	CODEC_INIT(metadata_request, &in);
	in.topics = &topic;
	in.topics_n = 1;
	return frame_of(API_METADATA, 9, &in);
}

static struct buf *frame_of_kind(const struct load_options *o, int connection)
{
	struct buf *group = group_frame(o, connection);
	struct api_versions_request in;
	size_t at;

	if (group)
		return group;
	if (!strcmp(o->kind, "metadata"))
		return metadata_frame(o);
	if (!strcmp(o->kind, "list_offsets"))
		return list_offsets_frame(o);
	if (!strcmp(o->kind, "fetch"))
		return fetch_frame(o, 0, 0, 0, &at);
	if (strcmp(o->kind, "api_versions"))
		die("no requests of kind %s", o->kind);
	CODEC_INIT(api_versions_request, &in);
	return frame_of(API_API_VERSIONS, 2, &in);
}

static int64_t receive(struct asker *k)
{
	ssize_t n = recv(k->fd, k->replies, REPLIES, 0);
	const uint8_t *p = k->replies;
	int64_t got = 0;

	if (n <= 0)
		die("receive: %s", n ? strerror(errno) : "closed by the broker");
	while (n > 0) {
		if (!k->skip) {
			uint32_t size;

			k->size[k->size_have++] = *p++;
			n--;
			if (k->size_have < 4)
				continue;
			memcpy(&size, k->size, 4);
			k->skip = be32toh(size);
			k->size_have = 0;
		} else {
			ssize_t take = (ssize_t)MIN(k->skip, (uint64_t)n);

			p += take;
			n -= take;
			k->skip -= (uint64_t)take;
			got += !k->skip;
		}
	}
	return got;
}

static void *ask(void *arg)
{
	struct asker *k = arg;
	int64_t sent = 0, done = 0;

	while (done < k->amount) {
		while (sent < k->amount && sent - done < k->o->depth) {
			struct iovec iov[GATHER];
			int n = (int)MIN(MIN(k->amount - sent, k->o->depth - (sent - done)), (int64_t)GATHER);

			for (int i = 0; i < n; i++)
				iov[i] = (struct iovec){ k->frame->data, k->frame->len };
			send_all_v(k->fd, iov, n);
			sent += n;
		}
		done += receive(k);
	}
	return NULL;
}

static void ask_all(struct asker *v, const struct load_options *o, int64_t amount)
{
	for (int i = 0; i < o->connections; i++) {
		v[i].amount = amount / o->connections;
		if (pthread_create(&v[i].thread, NULL, ask, &v[i]))
			die("no thread");
	}
	for (int i = 0; i < o->connections; i++)
		(void)pthread_join(v[i].thread, NULL);
}

int load_requests(const struct load_options *o)
{
	struct asker *v = xcalloc((size_t)o->connections, sizeof(*v));
	struct buf *group = group_frame(o, 0);
	struct meter m;

	if (group)
		group_prepare(o);
	buf_unref(group);
	for (int i = 0; i < o->connections; i++) {
		v[i].o = o;
		v[i].frame = frame_of_kind(o, i);
		v[i].fd = target_connect(&o->broker);
		v[i].replies = xmalloc(REPLIES);
	}
	if (o->warm_up)
		ask_all(v, o, o->warm_up);
	meter_start(&m, o->pid);
	ask_all(v, o, o->amount);
	meter_stop(&m, o->pid);
	printf("{\"requests\":%lld,", (long long)(o->amount / o->connections * o->connections));
	meter_print(&m);
	printf("}\n");
	return 0;
}
