/* fuzz_frames.c - any frame through dispatch and the handlers, with real partitions behind them.
 *
 * The input is what a frame holds: header and body. Partition 0 of "t" is led by this broker, partition 1 by nobody
 * here; every waiting request is ended at once. Each frame must end in exactly one answer, silence or close
 * (tests/api/api_fixture.c aborts otherwise), and a plain produce must work afterwards. Requests that write to
 * ZooKeeper are left out: there is none here.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "api_fixture.h"
#include "protocol/codec.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "replica_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void finish(void)
{
	(void)api_fixture_teardown(NULL);
}

static void start(void)
{
	static bool started;

	if (started)
		return;
	started = true;
	if (api_fixture_setup(NULL))
		abort();
	delayed_stop(rf.delayed);
	partition_unref(fixture_lead("t", 0));
	fixture_metadata("t", 1, -1, 0, 1);
	atexit(finish);
}

static bool is_here(const uint8_t *data, size_t size)
{
	switch (size < 2 ? -1 : data[0] << 8 | data[1]) {
	case API_METADATA: /* may create topics */
	case API_CREATE_TOPICS:
	case API_DELETE_TOPICS:
	case API_CREATE_PARTITIONS:
	case API_INIT_PRODUCER_ID:
	case API_DESCRIBE_CONFIGS:
	case API_ALTER_CONFIGS:
	case API_INCREMENTAL_ALTER_CONFIGS:
		return false;
	default:
		return true;
	}
}

static void still_works(void)
{
	struct produce_request_topic_produce_data topic;
	struct produce_request_partition_produce_data part;
	struct connection *c = client_open();
	struct produce_request in;
	struct produce_response out;
	struct arena arena;
	struct buf *b = fixture_batch(1);

	arena_init(&arena, 0);
	CODEC_INIT(produce_request, &in);
	CODEC_INIT(produce_request_topic_produce_data, &topic);
	CODEC_INIT(produce_request_partition_produce_data, &part);
	in.acks = 1;
	in.topic_data = &topic;
	in.topic_data_n = 1;
	topic.name = STR("t");
	topic.partition_data = &part;
	topic.partition_data_n = 1;
	part.records = (struct records){ .p = b->data, .len = (int32_t)b->len };
	client_send(c, API_PRODUCE, 9, &in);
	if (client_wait_in(c, API_PRODUCE, 9, &arena, &out) != CALL_REPLIED ||
	    out.responses[0].partition_responses[0].error_code != 0)
		abort();
	client_close(c);
	arena_fini(&arena);
	buf_unref(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned n;
	struct connection *c;

	start();
	if (!is_here(data, size))
		return 0;
	c = client_open();
	client_send_raw(c, data, size);
	client_wait_end(c);
	client_close(c);
	if (++n % 64 == 0)
		still_works();
	return 0;
}
