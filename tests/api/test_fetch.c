/* test_fetch.c - Fetch in all versions against real partitions: what is returned, when, and in which bytes. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "base/clock.h"
#include "base/page_cache.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "record/batch.h"
#include "replica/throttle.h"
#include "replica_fixture.h"
#include "storage/log_config.h"

typedef struct fetch_response_partition_data data_t;

enum { WANTS = 4 };

struct ask {
	struct fetch_request in;
	struct fetch_request_fetch_topic topics[WANTS];
	struct fetch_request_fetch_partition parts[WANTS];
	int16_t version;
};

static void ask_init(struct ask *a, int16_t version)
{
	CODEC_INIT(fetch_request, &a->in);
	a->version = version;
	a->in.max_wait_ms = 0;
	a->in.min_bytes = 1;
	a->in.max_bytes = version >= 3 ? 1 << 20 : INT32_MAX;
	a->in.topics = a->topics;
}

static void ask_add(struct ask *a, const char *topic, int32_t partition, int64_t offset, int32_t max_bytes)
{
	int n = a->in.topics_n++;

	CODEC_INIT(fetch_request_fetch_topic, &a->topics[n]);
	CODEC_INIT(fetch_request_fetch_partition, &a->parts[n]);
	if (a->version >= 13)
		a->topics[n].topic_id = fixture_topic_id(topic);
	else
		a->topics[n].topic = str_of(topic);
	a->topics[n].partitions = &a->parts[n];
	a->topics[n].partitions_n = 1;
	a->parts[n].partition = partition;
	a->parts[n].fetch_offset = offset;
	a->parts[n].partition_max_bytes = max_bytes;
}

static data_t *fetch_one(int16_t version, const char *topic, int64_t offset, int32_t max_bytes)
{
	static struct fetch_response out;
	struct ask a;

	ask_init(&a, version);
	ask_add(&a, topic, 0, offset, max_bytes);
	assert_int_equal(CALL_REPLIED, call(API_FETCH, version, &a.in, &out));
	assert_int_equal(0, out.error_code);
	assert_int_equal(1, out.responses_n);
	return &out.responses[0].partitions[0];
}

/* Batches of 2 records each. */
static struct partition *filled(const char *topic, int batches)
{
	struct partition *p = fixture_lead(topic, 0);

	for (int i = 0; i < batches; i++)
		assert_int_equal(0, fixture_append(p, 2, -1, NULL, NULL));
	return p;
}

static int batches_in(const struct records *r)
{
	struct batch b;
	size_t pos = 0;
	int n = 0;

	while (r->len > 0 && batch_next(r->p, (size_t)r->len, &pos, &b) == 0) {
		assert_true(batch_crc_ok(&b));
		n++;
	}
	return n;
}

static void every_version_reads(void **state)
{
	struct partition *p = filled("t", 3);

	(void)state;
	for (int16_t v = 0; v <= 17; v++) {
		data_t *d = fetch_one(v, "t", 2, 1 << 20);

		assert_int_equal(0, d->error_code);
		assert_int_equal(6, d->high_watermark);
		assert_int_equal(v >= 4 ? 6 : -1, d->last_stable_offset);
		assert_int_equal(v >= 5 ? 0 : -1, d->log_start_offset);
		if (v >= 4) {
			assert_int_equal(2, batches_in(&d->records));
			assert_int_equal(-1, d->aborted_transactions_n);
		} else {
			struct batch b;

			assert_int_equal(0, batch_parse(d->records.p, (size_t)d->records.len, &b));
			assert_int_equal(v < 2 ? 0 : 1, b.magic);
			assert_int_equal(2, b.base_offset);
			assert_int_equal(4, batches_in(&d->records)); /* one message per record; then an overflow batch */
		}
	}
	partition_unref(p);
}

static void errors_of_the_request_checks(void **state)
{
	struct partition *p = filled("t", 1);
	data_t *d;

	(void)state;
	d = fetch_one(12, "nowhere", 0, 1000);
	assert_int_equal(KERR_UNKNOWN_TOPIC_OR_PARTITION, d->error_code);
	assert_int_equal(-1, d->high_watermark);
	assert_int_equal(0, d->aborted_transactions_n);
	assert_int_equal(0, d->records.len); /* not null, as observed with 3.9.1 */
	d = fetch_one(13, "nowhere", 0, 1000);
	assert_int_equal(KERR_UNKNOWN_TOPIC_ID, d->error_code);
	d = fetch_one(12, "t", 3, 1000);
	assert_int_equal(KERR_OFFSET_OUT_OF_RANGE, d->error_code);
	assert_int_equal(-1, d->aborted_transactions_n);
	assert_int_equal(0, d->records.len);
	partitions_dir_offline(rf.partitions, rf.dir);
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, fetch_one(5, "t", 0, 1000)->error_code);
	assert_int_equal(KERR_KAFKA_STORAGE_ERROR, fetch_one(6, "t", 0, 1000)->error_code);
	partition_unref(p);
}

static void an_elsewhere_leader_is_named(void **state)
{
	struct fetch_response out;
	struct ask a;
	data_t *d;

	(void)state;
	fixture_brokers(3);
	fixture_metadata("t", 0, 2, 8, 3);
	ask_init(&a, 16);
	ask_add(&a, "t", 0, 0, 1000);
	assert_int_equal(CALL_REPLIED, call(API_FETCH, 16, &a.in, &out));
	d = &out.responses[0].partitions[0];
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, d->error_code);
	assert_int_equal(2, d->current_leader.leader_id);
	assert_int_equal(1, out.node_endpoints_n);
	assert_true(str_is(out.node_endpoints[0].host, "host2"));
}

static void limits(void **state)
{
	struct partition *p = filled("t", 4), *q = filled("u", 4);
	int32_t one = fetch_one(12, "t", 6, 1000)->records.len;
	struct fetch_response out;
	struct ask a;

	(void)state;
	assert_int_equal(one, fetch_one(12, "t", 0, 1)->records.len);	   /* the first batch comes whole */
	assert_int_equal(0, fetch_one(2, "t", 0, 10)->records.len);	   /* ... but not up to v2 */
	assert_int_equal(2 * one + 5, fetch_one(12, "t", 0, 2 * one + 5)->records.len);
	ask_init(&a, 12); /* the second partition gets what is left, the third nothing */
	a.in.max_bytes = 3 * one;
	ask_add(&a, "t", 0, 0, 2 * one);
	ask_add(&a, "u", 0, 0, 2 * one);
	ask_add(&a, "t", 0, 0, 2 * one);
	assert_int_equal(CALL_REPLIED, call(API_FETCH, 12, &a.in, &out));
	assert_int_equal(3, out.responses_n); /* only neighbours are grouped */
	assert_int_equal(2 * one, out.responses[0].partitions[0].records.len);
	assert_int_equal(one, out.responses[1].partitions[0].records.len);
	assert_int_equal(0, out.responses[2].partitions[0].records.len);
	partition_unref(p);
	partition_unref(q);
}

static void an_incremental_fetch_carries_news_only(void **state)
{
	struct partition *p = filled("t", 1), *q = filled("u", 1);
	struct fetch_response out;
	struct ask a;
	int32_t id;

	(void)state;
	ask_init(&a, 13);
	a.in.session_epoch = 0;
	ask_add(&a, "t", 0, 2, 1000);
	ask_add(&a, "u", 0, 2, 1000);
	assert_int_equal(CALL_REPLIED, call(API_FETCH, 13, &a.in, &out));
	assert_int_equal(2, out.responses_n);
	id = out.session_id;
	assert_true(id > 0);
	assert_int_equal(0, fixture_append(q, 2, -1, NULL, NULL));
	ask_init(&a, 13);
	a.in.session_id = id;
	a.in.session_epoch = 1;
	assert_int_equal(CALL_REPLIED, call(API_FETCH, 13, &a.in, &out));
	assert_int_equal(id, out.session_id);
	assert_int_equal(1, out.responses_n);
	assert_true(uuid_eq(fixture_topic_id("u"), out.responses[0].topic_id));
	assert_int_equal(1, batches_in(&out.responses[0].partitions[0].records));
	assert_int_equal(CALL_REPLIED, call(API_FETCH, 13, &a.in, &out));
	assert_int_equal(KERR_INVALID_FETCH_SESSION_EPOCH, out.error_code);
	assert_int_equal(0, out.session_id);
	partition_unref(p);
	partition_unref(q);
}

static void waits_for_bytes(void **state)
{
	struct partition *p = filled("t", 1), *q = filled("u", 1);
	struct connection *c = client_open();
	struct fetch_response out;
	struct ask a;
	unsigned moved;

	(void)state;
	ask_init(&a, 12);
	a.in.max_wait_ms = 60000;
	ask_add(&a, "t", 0, 2, 1000);
	ask_add(&a, "u", 0, 2, 1000);
	client_send(c, API_FETCH, 12, &a.in);
	assert_false(client_has_ended(c));
	assert_int_equal(1, delayed_waiting(rf.delayed));
	assert_int_equal(0, fixture_append(q, 2, -1, NULL, &moved));
	partitions_moved(rf.partitions, q, moved);
	assert_int_equal(CALL_REPLIED, client_wait(c, API_FETCH, 12, &out));
	assert_int_equal(0, out.responses[0].partitions[0].records.len);
	assert_int_equal(1, batches_in(&out.responses[1].partitions[0].records));
	assert_int_equal(0, delayed_waiting(rf.delayed));
	client_close(c);
	partition_unref(p);
	partition_unref(q);
}

static void min_bytes_add_up_over_partitions(void **state)
{
	struct partition *p = filled("t", 1), *q = filled("u", 1);
	int32_t one = fetch_one(12, "t", 0, 1000)->records.len;
	struct connection *c = client_open();
	struct fetch_response out;
	struct ask a;
	unsigned moved;

	(void)state;
	ask_init(&a, 12);
	a.in.max_wait_ms = 60000;
	a.in.min_bytes = 3 * one;
	ask_add(&a, "t", 0, 0, 10000);
	ask_add(&a, "u", 0, 2, 10000);
	client_send(c, API_FETCH, 12, &a.in);
	assert_int_equal(0, fixture_append(q, 2, -1, NULL, &moved));
	partitions_moved(rf.partitions, q, moved);
	assert_false(client_has_ended(c));
	assert_int_equal(0, fixture_append(q, 2, -1, NULL, &moved));
	partitions_moved(rf.partitions, q, moved);
	assert_true(client_has_ended(c));
	assert_int_equal(CALL_REPLIED, client_wait(c, API_FETCH, 12, &out));
	assert_int_equal(1, batches_in(&out.responses[0].partitions[0].records));
	assert_int_equal(2, batches_in(&out.responses[1].partitions[0].records));
	client_close(c);
	partition_unref(p);
	partition_unref(q);
}

static void the_time_is_up(void **state)
{
	struct partition *p = filled("t", 1);
	int64_t began = clock_mono_ms(&clock_real);
	struct fetch_response out;
	struct ask a;

	(void)state;
	ask_init(&a, 12);
	a.in.max_wait_ms = 30;
	ask_add(&a, "t", 0, 2, 1000);
	assert_int_equal(CALL_REPLIED, call(API_FETCH, 12, &a.in, &out));
	assert_true(clock_mono_ms(&clock_real) - began >= 30);
	assert_int_equal(0, out.responses[0].partitions[0].records.len);
	assert_int_equal(2, out.responses[0].partitions[0].high_watermark);
	partition_unref(p);
}

static void deletion_ends_the_wait(void **state)
{
	struct partition *p = filled("t", 1);
	struct connection *c = client_open(), *gone = client_open();
	struct fetch_response out;
	struct ask a;

	(void)state;
	ask_init(&a, 12);
	a.in.max_wait_ms = 60000;
	ask_add(&a, "t", 0, 2, 1000);
	client_send(c, API_FETCH, 12, &a.in);
	client_send(gone, API_FETCH, 12, &a.in);
	client_close(gone); /* the request keeps it until it ends */
	assert_int_equal(0, fixture_stop("t", 0, -2, true));
	assert_int_equal(CALL_REPLIED, client_wait(c, API_FETCH, 12, &out));
	assert_int_equal(KERR_NOT_LEADER_OR_FOLLOWER, out.responses[0].partitions[0].error_code);
	client_close(c);
	partition_unref(p);
}

static void a_follower_reads_to_the_end_and_commits(void **state)
{
	struct fixture_decision d = { .topic = "t", .replicas_n = 2, .isr_n = 2, .is_new = true };
	struct fetch_response out;
	struct partition *p;
	struct partition_view v;
	struct ask a;

	(void)state;
	fixture_brokers(2);
	fixture_metadata("t", 0, 0, 0, 2);
	assert_int_equal(0, fixture_decide(&d, NULL));
	p = partitions_get(rf.partitions, STR("t"), 0);
	assert_int_equal(0, fixture_append(p, 2, 1, NULL, NULL));
	assert_int_equal(0, fetch_one(17, "t", 0, 1000)->records.len); /* a consumer sees nothing yet */
	for (int16_t version = 14; version <= 17; version += 3) {
		ask_init(&a, version);
		if (version >= 15)
			a.in.replica_state.replica_id = 1; /* the tagged field: v15 hides it there */
		else
			a.in.replica_id = 1;
		ask_add(&a, "t", 0, version >= 15 ? 2 : 0, 1000);
		assert_int_equal(CALL_REPLIED, call(API_FETCH, version, &a.in, &out));
		assert_int_equal(version >= 15 ? 0 : 1, batches_in(&out.responses[0].partitions[0].records));
	}
	partition_view(p, &v);
	assert_int_equal(2, v.high_watermark);
	assert_int_equal(1, batches_in(&fetch_one(17, "t", 0, 1000)->records));
	partition_unref(p);
}

/* A follower of before 0.11 has no use for records of format 2, which it might be sent while releases are mixed. */
static void an_old_follower_is_sent_its_format(void **state)
{
	static const struct {
		int8_t format;
		int16_t version;
		int8_t want;
	} rows[] = { { 2, 5, 2 }, { 2, 3, 1 }, { 2, 1, 0 }, { 1, 3, 1 }, { 1, 1, 0 }, { 0, 1, 0 }, { 0, 5, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char topic[] = { 't', (char)('0' + i), '\0' };
		struct fixture_decision d = { .topic = topic, .replicas_n = 2, .isr_n = 2, .is_new = true };
		struct fetch_response out;
		struct partition *p;
		struct batch b;
		struct ask a;

		rf.record_format = rows[i].format;
		fixture_brokers(2);
		fixture_metadata(topic, 0, 0, 0, 2);
		assert_int_equal(0, fixture_decide(&d, NULL));
		p = partitions_get(rf.partitions, str_of(topic), 0);
		assert_int_equal(0, fixture_append(p, 2, 1, NULL, NULL));
		ask_init(&a, rows[i].version);
		a.in.replica_id = 1;
		ask_add(&a, topic, 0, 0, 1000);
		assert_int_equal(CALL_REPLIED, call(API_FETCH, rows[i].version, &a.in, &out));
		assert_int_equal(0, out.responses[0].partitions[0].error_code);
		assert_int_equal(0, batch_parse(out.responses[0].partitions[0].records.p,
		    (size_t)out.responses[0].partitions[0].records.len, &b));
		assert_int_equal(rows[i].want, b.magic);
		partition_unref(p);
	}
}

/* --- throttled replication --- */

static struct clock_fake throttle_now;

/* Topic t lists all its replicas; from 1000 bytes per second on they wait. */
static void throttle_begin(void)
{
	const struct throttle_config c = { .clock = &throttle_now.clock, .replication = { 11, 1000 },
					   .moves = { 11, 1000 } };
	struct log_config *settings = log_config_new();

	clock_fake_init(&throttle_now, 1700000000000);
	api_ctx.throttle = throttle_new(&c);
	settings->leader_throttled.all = true;
	throttle_set_topic(api_ctx.throttle, "t", settings);
	throttle_set_rate(api_ctx.throttle, THROTTLE_LEADER, 1000);
	log_config_unref(settings);
}

static void throttle_end(void)
{
	api_ctx.throttle = throttle_free(api_ctx.throttle);
}

/* Led by us with a follower, broker 1, in sync or not. */
static struct partition *filled_for_follower(const char *topic, int batches, int32_t isr_n)
{
	struct fixture_decision d = { .topic = topic, .replicas_n = 2, .isr_n = isr_n, .is_new = true };
	struct partition *p;

	fixture_brokers(2);
	fixture_metadata(topic, 0, 0, 0, 2);
	assert_int_equal(0, fixture_decide(&d, NULL));
	p = partitions_get(rf.partitions, str_of(topic), 0);
	for (int i = 0; i < batches; i++)
		assert_int_equal(0, fixture_append(p, 2, 1, NULL, NULL));
	return p;
}

static void ask_as_follower(struct ask *a, const char *topic, int32_t max_wait_ms)
{
	ask_init(a, 17);
	a->in.replica_state.replica_id = 1;
	a->in.max_wait_ms = max_wait_ms;
	ask_add(a, topic, 0, 0, 1 << 20);
}

static int batches_for_follower(const char *topic)
{
	struct fetch_response out;
	struct ask a;

	ask_as_follower(&a, topic, 0);
	assert_int_equal(CALL_REPLIED, call(API_FETCH, 17, &a.in, &out));
	assert_int_equal(0, out.responses[0].partitions[0].error_code);
	assert_true(out.responses[0].partitions[0].high_watermark >= 0);
	return batches_in(&out.responses[0].partitions[0].records);
}

static void a_follower_that_is_behind_waits_for_the_quota(void **state)
{
	struct partition *p = filled_for_follower("t", 2, 1), *q = filled_for_follower("u", 2, 1);
	struct fetch_response out;
	struct ask a;

	(void)state;
	throttle_begin();
	assert_int_equal(2, batches_for_follower("t"));
	throttle_record(api_ctx.throttle, THROTTLE_LEADER, 2000);
	assert_int_equal(0, batches_for_follower("t"));
	assert_int_equal(2, batches_for_follower("u")); /* not listed */
	ask_init(&a, 17); /* a consumer */
	ask_add(&a, "t", 0, 0, 1 << 20);
	assert_int_equal(CALL_REPLIED, call(API_FETCH, 17, &a.in, &out));
	assert_int_equal(2, batches_in(&out.responses[0].partitions[0].records));
	clock_fake_advance(&throttle_now, 4000);
	assert_int_equal(2, batches_for_follower("t"));
	throttle_end();
	partition_unref(p);
	partition_unref(q);
}

static void a_follower_in_sync_is_served_and_counts(void **state)
{
	struct partition *p = filled_for_follower("t", 2, 2);
	struct fetch_response out;
	size_t size;
	struct ask a;

	(void)state;
	throttle_begin();
	throttle_set_rate(api_ctx.throttle, THROTTLE_LEADER, 1);
	ask_as_follower(&a, "t", 0);
	assert_int_equal(CALL_REPLIED, call(API_FETCH, 17, &a.in, &out));
	size = 4 + codec_size(&fetch_response_schema, 17, &out); /* as Kafka counts, FetchResponse.sizeOf */
	throttle_set_rate(api_ctx.throttle, THROTTLE_LEADER, (int64_t)size);
	assert_false(throttle_is_exceeded(api_ctx.throttle, THROTTLE_LEADER));
	throttle_set_rate(api_ctx.throttle, THROTTLE_LEADER, (int64_t)size - 1);
	assert_true(throttle_is_exceeded(api_ctx.throttle, THROTTLE_LEADER));
	assert_int_equal(2, batches_for_follower("t"));
	throttle_end();
	partition_unref(p);
}

static void what_is_throttled_does_not_end_a_wait(void **state)
{
	struct partition *p = filled_for_follower("t", 2, 1), *q = filled_for_follower("u", 0, 1);
	struct connection *c = client_open();
	struct fetch_response out;
	unsigned moved;
	struct ask a;

	(void)state;
	throttle_begin();
	throttle_record(api_ctx.throttle, THROTTLE_LEADER, 2000);
	ask_as_follower(&a, "t", 60000);
	ask_add(&a, "u", 0, 0, 1 << 20);
	client_send(c, API_FETCH, 17, &a.in);
	assert_false(client_has_ended(c));
	assert_int_equal(0, fixture_append(p, 2, 1, NULL, &moved));
	partitions_moved(rf.partitions, p, moved);
	assert_false(client_has_ended(c));
	assert_int_equal(0, fixture_append(q, 2, 1, NULL, &moved));
	partitions_moved(rf.partitions, q, moved);
	assert_int_equal(CALL_REPLIED, client_wait(c, API_FETCH, 17, &out));
	assert_int_equal(0, batches_in(&out.responses[0].partitions[0].records));
	assert_int_equal(1, batches_in(&out.responses[1].partitions[0].records));
	client_close(c);
	throttle_end();
	partition_unref(p);
	partition_unref(q);
}

/* The bytes that were readable when they were looked at last may be so no more, and the other way round. */
static void a_wait_looks_again_at_what_time_changes(void **state)
{
	struct partition *p = filled_for_follower("t", 2, 1), *q = filled_for_follower("u", 0, 1);
	struct connection *c = client_open();
	struct buf *one = fixture_batch(2);
	struct fetch_response out;
	unsigned moved;
	struct ask a;

	(void)state;
	throttle_begin();
	throttle_record(api_ctx.throttle, THROTTLE_LEADER, 2000);
	ask_as_follower(&a, "t", 60000);
	a.in.min_bytes = 3 * (int32_t)one->len; /* two of t, and one of u */
	ask_add(&a, "u", 0, 0, 1 << 20);
	client_send(c, API_FETCH, 17, &a.in);
	clock_fake_advance(&throttle_now, 4000);
	assert_int_equal(0, fixture_append(q, 2, 1, NULL, &moved));
	partitions_moved(rf.partitions, q, moved);
	assert_int_equal(CALL_REPLIED, client_wait(c, API_FETCH, 17, &out));
	assert_int_equal(2, batches_in(&out.responses[0].partitions[0].records));
	assert_int_equal(1, batches_in(&out.responses[1].partitions[0].records));
	buf_unref(one);
	client_close(c);
	throttle_end();
	partition_unref(p);
	partition_unref(q);
}

static void a_wait_for_a_throttled_replica_ends_in_time(void **state)
{
	struct partition *p = filled_for_follower("t", 2, 1);
	struct fetch_response out;
	struct ask a;

	(void)state;
	throttle_begin();
	throttle_record(api_ctx.throttle, THROTTLE_LEADER, 2000);
	ask_as_follower(&a, "t", 30);
	assert_int_equal(CALL_REPLIED, call(API_FETCH, 17, &a.in, &out));
	assert_int_equal(0, batches_in(&out.responses[0].partitions[0].records));
	throttle_end();
	partition_unref(p);
}

/* Bytes that are not in memory are loaded by a worker; the answer is the same. */
static void cold_bytes_come_too(void **state)
{
	struct partition *p = filled("t", 50);
	struct log *log = partition_log(p);
	struct log_slice s;
	data_t *d;

	(void)state;
	assert_int_equal(0, log_flush(log));
	assert_int_equal(0, log_read(log, 0, 1 << 20, true, FETCH_HIGH_WATERMARK, &rf.arena, &s));
	assert_int_equal(0, posix_fadvise(s.file->fd, 0, 0, POSIX_FADV_DONTNEED));
	printf("in memory after DONTNEED: %d\n", page_cache_has(s.file, s.at, s.len));
	log_slice_fini(&s);
	d = fetch_one(12, "t", 0, 1 << 20);
	assert_int_equal(50, batches_in(&d->records));
	log_unref(log);
	partition_unref(p);
}

static void zstd_is_not_for_old_clients(void **state)
{
	struct partition *p;

	(void)state;
	rf.compression_type = 4;
	p = filled("t", 1);
	assert_int_equal(KERR_UNSUPPORTED_COMPRESSION_TYPE, fetch_one(9, "t", 0, 1000)->error_code);
	assert_int_equal(0, fetch_one(10, "t", 0, 1000)->error_code);
	partition_unref(p);
}

#define T(name) cmocka_unit_test_setup_teardown(name, api_fixture_setup, api_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_version_reads),
		T(errors_of_the_request_checks),
		T(an_elsewhere_leader_is_named),
		T(limits),
		T(an_incremental_fetch_carries_news_only),
		T(waits_for_bytes),
		T(min_bytes_add_up_over_partitions),
		T(the_time_is_up),
		T(deletion_ends_the_wait),
		T(a_follower_reads_to_the_end_and_commits),
		T(a_follower_that_is_behind_waits_for_the_quota),
		T(a_follower_in_sync_is_served_and_counts),
		T(what_is_throttled_does_not_end_a_wait),
		T(a_wait_looks_again_at_what_time_changes),
		T(a_wait_for_a_throttled_replica_ends_in_time),
		T(an_old_follower_is_sent_its_format),
		T(cold_bytes_come_too),
		T(zstd_is_not_for_old_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
