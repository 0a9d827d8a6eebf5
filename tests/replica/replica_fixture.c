/* replica_fixture.c - see replica_fixture.h. */
#include "replica_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/logger.h"
#include "base/worker.h"
#include "metadata/image.h"
#include "protocol/messages.h"
#include "record/builder.h"
#include "replica/fetch_session.h"
#include "storage/log_config.h"
#include "storage/log_dirs.h"

enum { BROKERS_MAX = 8 };

struct replica_fixture rf;

static int32_t ids[BROKERS_MAX] = { 0, 1, 2, 3, 4, 5, 6, 7 };
static int32_t brokers_n;

static struct log_config *config_of(void *arg, const char *topic)
{
	struct log_config *c = log_config_new();

	(void)arg;
	(void)topic;
	if (rf.min_insync_replicas > 0)
		c->min_insync_replicas = rf.min_insync_replicas;
	if (rf.max_message_bytes > 0)
		c->max_message_bytes = rf.max_message_bytes;
	c->compression_type = rf.compression_type;
	c->record_format = rf.record_format;
	c->cleanup_delete = !rf.compact;
	c->cleanup_compact = rf.compact;
	c->log_append_time = rf.log_append_time;
	return c;
}

static void on_dir_offline(void *arg, const char *dir)
{
	(void)arg;
	partitions_dir_offline(rf.partitions, dir);
}

static void open_dirs(void)
{
	const char *dirs[] = { rf.dir };
	struct log_dirs_config c = {
		.dirs = dirs,
		.dirs_n = 1,
		.recovery_threads_per_dir = 1,
		.retention_check_interval_ms = 300000,
		.flush_scheduler_interval_ms = INT64_MAX,
		.flush_offset_checkpoint_interval_ms = 60000,
		.flush_start_offset_checkpoint_interval_ms = 60000,
		.high_watermark_checkpoint_interval_ms = 5000,
		.producer_id_expiration_ms = 86400000,
		.producer_id_expiration_check_interval_ms = 600000,
		.initial_task_delay_ms = 30000,
		.file_delete_delay_ms = 60000,
		.config_of = config_of,
		.on_dir_offline = on_dir_offline,
	};

	assert_int_equal(0, log_dirs_open(&c, &clock_real, rf.scheduler, &rf.log_dirs));
	assert_int_equal(0, log_dirs_load(rf.log_dirs));
	log_dirs_start(rf.log_dirs);
}

static void elected(void *arg, struct str topic, int32_t index, int32_t leader_epoch)
{
	(void)arg;
	if (rf.leadership.elected)
		rf.leadership.elected(rf.leadership.arg, topic, index, leader_epoch);
}

static void resigned(void *arg, struct str topic, int32_t index, int32_t leader_epoch)
{
	(void)arg;
	if (rf.leadership.resigned)
		rf.leadership.resigned(rf.leadership.arg, topic, index, leader_epoch);
}

static void deleted(void *arg, struct str topic, int32_t index)
{
	(void)arg;
	if (rf.leadership.deleted)
		rf.leadership.deleted(rf.leadership.arg, topic, index);
}

static void open_partitions(void)
{
	struct partitions_config c = {
		.broker_id = 0,
		.clock = &clock_real,
		.metadata = rf.metadata,
		.log_dirs = rf.log_dirs,
		.delayed = rf.delayed,
		.replica_lag_time_max_ms = 30000,
		.leadership = { .elected = elected, .resigned = resigned, .deleted = deleted },
	};

	rf.partitions = partitions_new(&c);
}

int replica_fixture_setup(void **state)
{
	(void)state;
	memset(&rf, 0, sizeof(rf));
	rf.compression_type = LOG_COMPRESSION_PRODUCER;
	rf.record_format = 2;
	logger_set_level(LOG_ERROR);
	strcpy(rf.dir, "/tmp/replica-test-XXXXXX");
	assert_non_null(mkdtemp(rf.dir));
	arena_init(&rf.arena, 0);
	rf.workers = worker_pool_new("worker", 2);
	rf.scheduler = scheduler_new(rf.workers);
	rf.metadata = metadata_new();
	rf.delayed = delayed_new(&clock_real);
	assert_int_equal(0, delayed_start(rf.delayed));
	rf.sessions = fetch_sessions_new(&clock_real, 64);
	open_dirs();
	open_partitions();
	fixture_brokers(1);
	return 0;
}

int replica_fixture_teardown(void **state)
{
	(void)state;
	rf.delayed = delayed_free(rf.delayed);
	rf.log_dirs = log_dirs_close(rf.log_dirs);
	rf.partitions = partitions_free(rf.partitions);
	rf.scheduler = scheduler_free(rf.scheduler);
	rf.workers = worker_pool_free(rf.workers);
	rf.sessions = fetch_sessions_free(rf.sessions);
	rf.metadata = metadata_free(rf.metadata);
	arena_fini(&rf.arena);
	(void)fs_remove_tree(rf.dir);
	return 0;
}

void replica_fixture_restart(void)
{
	rf.log_dirs = log_dirs_close(rf.log_dirs);
	rf.partitions = partitions_free(rf.partitions);
	open_dirs();
	open_partitions();
}

static void apply(const struct update_metadata_request_update_metadata_topic_state *topic)
{
	struct update_metadata_request_update_metadata_broker brokers[BROKERS_MAX] = { 0 };
	struct update_metadata_request_update_metadata_endpoint endpoints[BROKERS_MAX] = { 0 };
	struct update_metadata_request req = { .controller_id = 0, .broker_epoch = -1, .live_brokers = brokers,
					       .live_brokers_n = brokers_n };
	char hosts[BROKERS_MAX][16];

	req.controller_epoch = partitions_controller_epoch(rf.partitions);
	for (int32_t i = 0; i < brokers_n; i++) {
		(void)snprintf(hosts[i], sizeof(hosts[i]), "host%d", (int)i);
		endpoints[i].host = str_of(hosts[i]);
		endpoints[i].port = 9092;
		endpoints[i].listener = STR("PLAINTEXT");
		brokers[i].id = i;
		brokers[i].endpoints = &endpoints[i];
		brokers[i].endpoints_n = 1;
		brokers[i].rack = STR_NULL;
	}
	if (topic) {
		req.topic_states = (struct update_metadata_request_update_metadata_topic_state *)(uintptr_t)topic;
		req.topic_states_n = 1;
	}
	assert_int_equal(0, partitions_update_metadata(rf.partitions, 0, &req));
}

void fixture_brokers(int32_t n)
{
	brokers_n = n;
	apply(NULL);
}

struct uuid fixture_topic_id(const char *topic)
{
	struct uuid id = { { 1, 2, 3 } };

	memcpy(id.b + 4, topic, MIN(strlen(topic), sizeof(id.b) - 4));
	return id;
}

void fixture_metadata(const char *topic, int32_t index, int32_t leader, int32_t leader_epoch, int32_t replicas_n)
{
	struct update_metadata_request_update_metadata_partition_state part = {
		.partition_index = index, .leader = leader, .leader_epoch = leader_epoch,
		.replicas = ids, .replicas_n = replicas_n, .isr = ids, .isr_n = replicas_n,
	};
	struct update_metadata_request_update_metadata_topic_state t = {
		.topic_name = str_of(topic), .topic_id = fixture_topic_id(topic), .partition_states = &part,
		.partition_states_n = 1,
	};

	apply(&t);
}

int16_t fixture_decide(const struct fixture_decision *d, int16_t *ret_top)
{
	struct leader_and_isr_request_leader_and_isr_partition_state part = {
		.partition_index = d->index, .leader = d->leader, .leader_epoch = d->leader_epoch,
		.partition_epoch = d->partition_epoch, .replicas = ids, .replicas_n = d->replicas_n, .isr = ids,
		.isr_n = d->isr_n, .is_new = d->is_new, .controller_epoch = d->controller_epoch,
	};
	struct leader_and_isr_request_leader_and_isr_topic_state t = {
		.topic_name = str_of(d->topic), .partition_states = &part, .partition_states_n = 1,
	};
	struct leader_and_isr_request req = { .controller_id = 0, .controller_epoch = d->controller_epoch,
					      .broker_epoch = d->broker_epoch ? d->broker_epoch : -1,
					      .topic_states = &t, .topic_states_n = 1 };
	struct partition_results results;

	if (!d->no_topic_id)
		t.topic_id = uuid_is_zero(d->topic_id) ? fixture_topic_id(d->topic) : d->topic_id;
	assert_int_equal(0, partitions_leader_and_isr(rf.partitions, 0, &req, &rf.arena, &results));
	assert_int_equal(1, results.n);
	if (ret_top)
		*ret_top = results.error;
	return results.v[0].error;
}

struct partition *fixture_lead(const char *topic, int32_t index)
{
	struct fixture_decision d = { .topic = topic, .index = index, .replicas_n = 1, .isr_n = 1, .is_new = true };
	struct partition *p;

	fixture_metadata(topic, index, 0, 0, 1);
	assert_int_equal(0, fixture_decide(&d, NULL));
	p = partitions_get(rf.partitions, str_of(topic), index);
	assert_non_null(p);
	assert_true(partition_is_leader(p));
	return p;
}

struct partition *fixture_lead_three(const char *topic, int32_t isr_n)
{
	struct fixture_decision d = { .topic = topic, .replicas_n = 3, .isr_n = isr_n, .is_new = true };

	fixture_brokers(3);
	fixture_metadata(topic, 0, 0, 0, 3);
	assert_int_equal(0, fixture_decide(&d, NULL));
	return partitions_get(rf.partitions, str_of(topic), 0);
}

int16_t fixture_stop(const char *topic, int32_t index, int32_t leader_epoch, bool delete)
{
	struct stop_replica_request_stop_replica_partition_state part = { .partition_index = index,
									  .leader_epoch = leader_epoch,
									  .delete_partition = delete };
	struct stop_replica_request_stop_replica_topic_state t = { .topic_name = str_of(topic),
								   .partition_states = &part,
								   .partition_states_n = 1 };
	struct stop_replica_request req = { .broker_epoch = -1, .topic_states = &t, .topic_states_n = 1 };
	struct partition_results results;

	req.controller_epoch = partitions_controller_epoch(rf.partitions);
	assert_int_equal(0, partitions_stop_replica(rf.partitions, 0, &req, &rf.arena, &results));
	assert_int_equal(0, results.error);
	return results.v[0].error;
}

struct buf *fixture_batch(int n)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b = { 0 };
	struct buf *ret;
	char value[16];

	assert_int_equal(0, batch_builder_init(&b, &c, NULL));
	for (int i = 0; i < n; i++) {
		int len = snprintf(value, sizeof(value), "v%d", i);
		struct bytes v = { (const uint8_t *)value, len };

		assert_int_equal(0, batch_builder_append(&b, i, 1000 + i, BYTES_NULL, v, 0, BYTES_NULL));
	}
	assert_int_equal(0, batch_builder_finish(&b, &ret));
	batch_builder_fini(&b);
	return ret;
}

int fixture_append(struct partition *p, int n, int16_t acks, int64_t *ret_last, unsigned *ret_moved)
{
	struct buf *b = fixture_batch(n);
	struct log_append_info info;
	unsigned moved;
	int r = partition_append(p, b->data, b->len, acks, APPEND_CLIENT, 9, &rf.arena, &info,
				 ret_moved ? ret_moved : &moved);

	if (ret_last)
		*ret_last = info.last_offset;
	buf_unref(b);
	return r;
}

struct partition_read fixture_consumer(int64_t offset)
{
	return (struct partition_read){ .replica_id = -1, .leader_epoch = -1, .last_fetched_epoch = -1,
					.offset = offset, .max_bytes = 1 << 20, .min_one_message = true,
					.isolation = FETCH_HIGH_WATERMARK, .leader_only = true };
}

struct partition_read fixture_follower(int32_t id, int64_t offset)
{
	struct partition_read q = fixture_consumer(offset);

	q.replica_id = id;
	q.isolation = FETCH_LOG_END;
	q.update_follower = true;
	return q;
}

int fixture_read(struct partition *p, const struct partition_read *q, size_t *ret_len, unsigned *ret_moved)
{
	struct partition_data data;
	unsigned moved;
	int r = partition_read(p, q, &rf.arena, &data, ret_moved ? ret_moved : &moved);

	if (ret_len)
		*ret_len = r ? 0 : data.slice.len;
	if (r == 0)
		log_slice_fini(&data.slice);
	return r;
}

int64_t fixture_high_watermark(struct partition *p)
{
	struct partition_view v;

	partition_view(p, &v);
	return v.high_watermark;
}
