/* load_frames.c - the requests that are sent many times, and the start of their responses.
 *
 * Versions: Produce 9 and Fetch 12, the flexible ones that still name topics; what is read by hand here is checked
 * with the codec's cursor.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cursor.h"
#include "load.h"
#include "protocol/codec.h"
#include "protocol/header.h"
#include "record/batch.h"
#include "record/builder.h"

struct buf *batch_of(const struct load_options *o, int *ret_records)
{
	struct builder_config config = BUILDER_CONFIG_INIT;
	struct batch_builder b;
	struct buf *out = NULL;
	uint8_t *value = malloc((size_t)o->record_bytes);
	int64_t now = (int64_t)time(NULL) * 1000;
	/* attributes, length, three deltas, key, headers: at most 14 bytes beside a value */
	int n = MAX(1, (o->batch_bytes - (int)BATCH_HEADER_SIZE) / (o->record_bytes + 10));

	if (!value)
		die("out of memory");
	config.codec = (enum codec)o->codec;
	if (batch_builder_init(&b, &config, NULL))
		die("batch: cannot begin");
	for (int i = 0; i < n; i++) {
		struct bytes v = { value, o->record_bytes };

		fill(value, (size_t)o->record_bytes, (uint64_t)i);
		if (batch_builder_append(&b, i, now, BYTES_NULL, v, 0, BYTES_NULL))
			die("batch: cannot append");
	}
	if (batch_builder_finish(&b, &out))
		die("batch: cannot finish");
	free(value);
	*ret_records = n;
	return out;
}

struct buf *produce_frame(const struct load_options *o, int partition, const struct buf *batch)
{
	struct produce_request_partition_produce_data data = {
		.index = partition,
		.records = { .p = batch->data, .len = (int32_t)batch->len },
	};
	struct produce_request_topic_produce_data topic = {
		.name = str_of(o->topic),
		.partition_data = &data,
		.partition_data_n = 1,
	};
	struct produce_request in;

	CODEC_INIT(produce_request, &in);
	in.acks = (int16_t)o->acks;
	in.timeout_ms = 30000;
	in.topic_data = &topic;
	in.topic_data_n = 1;
	return frame_of(API_PRODUCE, 9, &in);
}

int produce_error(const struct load_options *o, const uint8_t *p, size_t n)
{
	struct cursor c = cur_of(p, n);
	int error;

	/* correlation id, header tags, count of topics, name, count of partitions, index */
	(void)cur_take(&c, 4 + 1 + 1 + 1 + strlen(o->topic) + 1 + 4);
	error = cur_i16(&c);
	if (c.bad)
		die("short response to Produce");
	return error;
}

struct buf *fetch_frame(const struct load_options *o, int partition, int64_t offset, int wait_ms, size_t *ret_offset_at)
{
	struct fetch_request_fetch_partition part;
	struct fetch_request_fetch_topic topic;
	struct fetch_request in;
	struct buf *b;

	CODEC_INIT(fetch_request_fetch_partition, &part);
	part.partition = partition;
	part.fetch_offset = offset;
	part.partition_max_bytes = 1 << 20;
	CODEC_INIT(fetch_request_fetch_topic, &topic);
	topic.topic = str_of(o->topic);
	topic.partitions = &part;
	topic.partitions_n = 1;
	CODEC_INIT(fetch_request, &in);
	in.max_wait_ms = wait_ms;
	in.min_bytes = 1;
	in.max_bytes = 50 << 20;
	in.topics = &topic;
	in.topics_n = 1;
	b = frame_of(API_FETCH, 12, &in);
	/* from the end: request tags, rack_id, forgotten topics; topic tags; partition tags, max bytes, log start,
	 * last fetched epoch, offset */
	*ret_offset_at = b->len - (1 + 1 + 1) - 1 - (1 + 4 + 8 + 4 + 8);
	return b;
}

void fetch_receive(int fd, struct fetched *ret)
{
	uint32_t size, n;
	struct cursor c;

	recv_all(fd, &size, 4);
	size = be32toh(size);
	n = MIN(size, (uint32_t)sizeof(ret->head));
	recv_all(fd, ret->head, n);
	c = cur_of(ret->head, n);
	(void)cur_take(&c, 4 + 1 + 4); /* correlation id, tags, throttle time */
	ret->error = cur_i16(&c);
	(void)cur_take(&c, 4); /* session */
	if (cur_uvarint(&c) != 2)
		die("Fetch: error %d, or not one topic", ret->error);
	(void)cur_take(&c, cur_uvarint(&c) - 1); /* name */
	(void)cur_uvarint(&c);
	(void)cur_take(&c, 4);
	ret->error = cur_i16(&c);
	ret->high_watermark = cur_i64(&c);
	(void)cur_take(&c, 8 + 8);
	if (cur_uvarint(&c) > 1)
		die("Fetch: aborted transactions");
	(void)cur_take(&c, 4);
	ret->records = cur_uvarint(&c);
	ret->records -= ret->records > 0;
	if (c.bad)
		die("Fetch: malformed response");
	ret->records_at = c.p;
	ret->records_have = MIN(cur_left(&c), ret->records);
	ret->rest = size - n;
}
