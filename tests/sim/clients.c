/* clients.c - see clients.h. */
#include "clients.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cluster.h"
#include "fiber.h"
#include "net/rpc.h"
#include "oracle.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "record/builder.h"

enum { TIMEOUT_MS = 3000, BATCH_MAX = 3, REFUSED_MAX = 3 };

struct client {
	struct rpc *rpc[BROKERS_MAX];
};

struct client *client_new(void)
{
	struct client *c = xcalloc(1, sizeof(*c));

	for (int i = 0; i < brokers_n; i++) {
		char host[32];

		(void)snprintf(host, sizeof(host), "broker-%d", i);
		c->rpc[i] = rpc_new(&(struct rpc_config){ .host = host, .port = BROKER_PORT, .client_id = "client" });
	}
	return c;
}

int client_call(struct client *c, int broker, int key, const void *in, struct arena *a, void *out)
{
	int64_t deadline = world_now_ms() + TIMEOUT_MS;
	struct rpc *rpc = c->rpc[broker];
	int r = 0;

	if (!rpc_is_connected(rpc)) {
		r = rpc_connect(rpc, deadline);
		if (!r)
			r = rpc_ask_versions(rpc, deadline);
	}
	return r ? r : rpc_call(rpc, key, rpc_version(rpc, key), in, a, out, deadline);
}

/* --- questions --- */

static int metadata(struct client *c, int broker, const char *topic, struct arena *a, struct metadata_response *out)
{
	struct metadata_request_metadata_request_topic t;
	struct metadata_request in;

	CODEC_INIT(metadata_request_metadata_request_topic, &t);
	CODEC_INIT(metadata_request, &in);
	t.name = str_of(topic ? topic : "");
	in.topics = &t;
	in.topics_n = topic ? 1 : 0;
	in.allow_auto_topic_creation = false;
	return client_call(c, broker, API_METADATA, &in, a, out);
}

bool client_find_leader(struct client *c, int broker, const char *topic, int32_t index, struct leader_view *ret)
{
	struct metadata_response out;
	struct arena a;
	bool found = false;

	arena_init(&a, 0);
	if (metadata(c, broker, topic, &a, &out) == 0 && out.topics_n == 1 && out.topics[0].error_code == 0)
		for (int32_t i = 0; i < out.topics[0].partitions_n; i++) {
			const struct metadata_response_metadata_response_partition *p = &out.topics[0].partitions[i];

			if (p->partition_index != index)
				continue;
			found = true;
			*ret = (struct leader_view){ .leader = p->leader_id, .epoch = p->leader_epoch,
				.topic_id = out.topics[0].topic_id };
			for (int32_t r = 0; r < p->replica_nodes_n && r < (int32_t)ARRAY_LEN(ret->replicas); r++)
				ret->replicas[ret->replicas_n++] = p->replica_nodes[r];
		}
	arena_fini(&a);
	return found;
}

int client_find_controller(struct client *c, int broker)
{
	struct metadata_response out;
	struct arena a;
	int id = -1;

	arena_init(&a, 0);
	if (metadata(c, broker, NULL, &a, &out) == 0 && out.controller_id < brokers_n)
		id = out.controller_id;
	arena_fini(&a);
	return id;
}

int client_count_brokers(struct client *c, int broker)
{
	struct metadata_response out;
	struct arena a;
	int n = 0;

	arena_init(&a, 0);
	if (metadata(c, broker, NULL, &a, &out) == 0)
		n = out.brokers_n;
	arena_fini(&a);
	return n;
}

/* --- administration --- */

int client_create_topic(struct client *c, int broker, const char *topic, int32_t partitions, const int32_t *replicas,
    int32_t replicas_n, const char *key, const char *value)
{
	struct create_topics_request_creatable_replica_assignment assignment = { .broker_ids = (int32_t *)(uintptr_t)replicas,
		.broker_ids_n = replicas_n };
	struct create_topics_request_creatable_topic_config config = { .name = str_of(key ? key : ""),
		.value = str_of(value ? value : "") };
	struct create_topics_request_creatable_topic t;
	struct create_topics_response out;
	struct create_topics_request in;
	struct arena a;
	int r;

	CODEC_INIT(create_topics_request_creatable_topic, &t);
	CODEC_INIT(create_topics_request, &in);
	t.name = str_of(topic);
	t.num_partitions = replicas_n > 0 ? -1 : partitions;
	t.replication_factor = -1;
	t.assignments = &assignment;
	t.assignments_n = replicas_n > 0;
	t.configs = &config;
	t.configs_n = key != NULL;
	in.topics = &t;
	in.topics_n = 1;
	in.timeout_ms = TIMEOUT_MS;
	arena_init(&a, 0);
	r = client_call(c, broker, API_CREATE_TOPICS, &in, &a, &out);
	if (r == 0)
		r = out.topics[0].error_code;
	arena_fini(&a);
	return r;
}

int client_delete_topic(struct client *c, int broker, const char *topic)
{
	struct delete_topics_request_delete_topic_state t;
	struct delete_topics_response out;
	struct delete_topics_request in;
	struct arena a;
	int r;

	CODEC_INIT(delete_topics_request_delete_topic_state, &t);
	CODEC_INIT(delete_topics_request, &in);
	t.name = str_of(topic);
	in.topics = &t;
	in.topics_n = 1;
	in.timeout_ms = TIMEOUT_MS;
	arena_init(&a, 0);
	r = client_call(c, broker, API_DELETE_TOPICS, &in, &a, &out);
	if (r == 0)
		r = out.responses[0].error_code;
	arena_fini(&a);
	return r;
}

int client_reassign(struct client *c, int broker, const char *topic, int32_t index, const int32_t *replicas, int32_t n)
{
	struct alter_partition_reassignments_request_reassignable_partition p = { .partition_index = index,
		.replicas = (int32_t *)(uintptr_t)replicas, .replicas_n = n };
	struct alter_partition_reassignments_request_reassignable_topic t = { .name = str_of(topic), .partitions = &p,
		.partitions_n = 1 };
	struct alter_partition_reassignments_request in = { .timeout_ms = TIMEOUT_MS, .topics = &t, .topics_n = 1 };
	struct alter_partition_reassignments_response out;
	struct arena a;
	int r;

	arena_init(&a, 0);
	r = client_call(c, broker, API_ALTER_PARTITION_REASSIGNMENTS, &in, &a, &out);
	if (r == 0)
		r = out.error_code ? out.error_code : out.responses_n ? out.responses[0].partitions[0].error_code : 0;
	arena_fini(&a);
	return r;
}

int client_elect_preferred(struct client *c, int broker, const char *topic, int32_t index)
{
	struct elect_leaders_request_topic_partitions t = { .topic = str_of(topic), .partitions = &index, .partitions_n = 1 };
	struct elect_leaders_request in = { .topic_partitions = &t, .topic_partitions_n = 1, .timeout_ms = TIMEOUT_MS };
	struct elect_leaders_response out;
	struct arena a;
	int r;

	arena_init(&a, 0);
	r = client_call(c, broker, API_ELECT_LEADERS, &in, &a, &out);
	if (r == 0)
		r = out.error_code;
	arena_fini(&a);
	return r;
}

int client_init_producer_id(struct client *c, int broker, int64_t *ret_id, int16_t *ret_epoch)
{
	struct init_producer_id_response out;
	struct init_producer_id_request in;
	struct arena a;
	int r;

	CODEC_INIT(init_producer_id_request, &in);
	in.transactional_id = STR_NULL;
	arena_init(&a, 0);
	r = client_call(c, broker, API_INIT_PRODUCER_ID, &in, &a, &out);
	if (r == 0)
		r = out.error_code;
	if (r == 0) {
		*ret_id = out.producer_id;
		*ret_epoch = out.producer_epoch;
	}
	arena_fini(&a);
	return r;
}

int client_latest(struct client *c, int broker, const char *topic, int32_t index, int32_t epoch, int64_t *ret)
{
	struct list_offsets_request_list_offsets_partition p;
	struct list_offsets_request_list_offsets_topic t = { .name = str_of(topic), .partitions = &p, .partitions_n = 1 };
	struct list_offsets_response out;
	struct list_offsets_request in;
	struct arena a;
	int r;

	CODEC_INIT(list_offsets_request_list_offsets_partition, &p);
	CODEC_INIT(list_offsets_request, &in);
	p.partition_index = index;
	p.current_leader_epoch = epoch;
	p.timestamp = -1;
	in.replica_id = -1;
	in.topics = &t;
	in.topics_n = 1;
	arena_init(&a, 0);
	r = client_call(c, broker, API_LIST_OFFSETS, &in, &a, &out);
	if (r == 0) {
		r = out.topics[0].partitions[0].error_code;
		*ret = out.topics[0].partitions[0].offset;
	}
	arena_fini(&a);
	return r;
}

/* --- producing --- */

static struct buf *build(const struct batch_spec *spec)
{
	struct builder_config config = BUILDER_CONFIG_INIT;
	struct batch_builder b = { 0 };
	struct buf *ret;
	int r;

	if (spec->producer_id >= 0) {
		config.producer_id = spec->producer_id;
		config.producer_epoch = spec->producer_epoch;
		config.base_sequence = spec->sequence;
	}
	r = batch_builder_init(&b, &config, NULL);
	for (int i = 0; i < spec->n && r == 0; i++) {
		struct bytes value = { (const uint8_t *)&spec->values[i], (int32_t)sizeof(spec->values[i]) };

		r = batch_builder_append(&b, i, clock_wall_ms(&clock_real), BYTES_NULL, value, 0, BYTES_NULL);
	}
	if (r != 0 || batch_builder_finish(&b, &ret) != 0)
		abort();
	batch_builder_fini(&b);
	return ret;
}

int client_produce(struct client *c, int broker, const char *topic, int32_t index, int16_t acks,
    const struct batch_spec *spec, int64_t *ret_base)
{
	struct buf *records = build(spec);
	struct produce_request_partition_produce_data p;
	struct produce_request_topic_produce_data t = { .name = str_of(topic), .partition_data = &p, .partition_data_n = 1 };
	struct produce_request in;
	struct produce_response out;
	struct arena a;
	int r;

	CODEC_INIT(produce_request_partition_produce_data, &p);
	CODEC_INIT(produce_request, &in);
	p.index = index;
	p.records.p = records->data;
	p.records.len = (int32_t)records->len;
	in.acks = acks;
	in.timeout_ms = TIMEOUT_MS - 500;
	in.topic_data = &t;
	in.topic_data_n = 1;
	arena_init(&a, 0);
	r = client_call(c, broker, API_PRODUCE, &in, &a, &out);
	if (r == 0) {
		r = out.responses[0].partition_responses[0].error_code;
		*ret_base = out.responses[0].partition_responses[0].base_offset;
	}
	arena_fini(&a);
	buf_unref(records);
	return r;
}

/* --- the producer --- */

struct flow {
	struct producer *p;
	struct client *c;
	int64_t id; /* -1: to be asked for */
	int16_t epoch;
	int32_t sequence[8]; /* next, by partition */
	uint64_t next_value;
	int asked; /* the broker that is asked for metadata */
	int refused; /* how often in a row a leader in office refused the sequence */
};

static bool get_id(struct flow *f)
{
	if (f->id >= 0 || f->p->plain)
		return true;
	if (client_init_producer_id(f->c, f->asked, &f->id, &f->epoch) != 0) {
		f->id = -1;
		f->asked = (f->asked + 1) % brokers_n;
		return false;
	}
	memset(f->sequence, 0, sizeof(f->sequence));
	return true;
}

/* Is it what ZooKeeper says it is, and does it know? A leader of an earlier epoch answers from what it has. */
static bool leads_indeed(const struct flow *f, int broker, int32_t index)
{
	struct stored_view s;
	struct replica_view v;

	return oracle_stored(f->p->topic, index, &s) && s.leader == broker && oracle_view(broker, f->p->topic, index, &v) &&
	    v.is_leader && v.leader_epoch == s.leader_epoch;
}

/* Sequences do not fit any more: acks=1 lost what came before, or the topic is another one. The batch may be there.
 * With acks=all only a leader of the past may say so, and the batch is sent to the next one. */
static bool start_over(struct flow *f, int broker, int32_t index, int r)
{
	if (r != KERR_OUT_OF_ORDER_SEQUENCE_NUMBER && r != KERR_UNKNOWN_PRODUCER_ID && r != KERR_INVALID_PRODUCER_EPOCH) {
		f->refused = 0;
		return false;
	}
	if (f->p->acks == -1 && !f->p->lenient) {
		f->refused = leads_indeed(f, broker, index) ? f->refused + 1 : 0;
		if (f->refused == REFUSED_MAX)
			fail("producer %u of %s-%d: %s, though all before was acknowledged", f->p->number, f->p->topic,
			    (int)index, kerr_name((int16_t)r));
		return false;
	}
	f->id = -1;
	f->p->restarts++;
	return true;
}

/* Until it is acknowledged, or given up. */
static void send_batch(struct flow *f, int32_t index, const uint64_t *values, int n)
{
	struct batch_spec spec = { .producer_id = f->id, .producer_epoch = f->epoch, .sequence = f->sequence[index],
		.values = values, .n = n };
	struct leader_view l = { .leader = -1 };
	int64_t base = -1;

	while (!f->p->stop) {
		int r = -EAGAIN;

		if (client_find_leader(f->c, f->asked, f->p->topic, index, &l) && l.leader >= 0 && l.leader < brokers_n)
			r = client_produce(f->c, l.leader, f->p->topic, index, f->p->acks, &spec, &base);
		if (r == 0) {
			f->sequence[index] += n;
			f->p->acknowledged += (uint64_t)n;
			if (f->p->acks == -1 && !f->p->lenient && base >= 0)
				oracle_acknowledged(l.topic_id, f->p->topic, index, base, values, n);
			return;
		}
		if (start_over(f, l.leader, index, r))
			return;
		f->asked = (int)world_random((uint64_t)brokers_n);
		fiber_sleep_ms(20 + (int64_t)world_random(200));
	}
}

static void *producer_main(void *arg)
{
	struct producer *p = arg;
	struct flow f = { .p = p, .c = client_new(), .id = -1 };

	while (!p->stop) {
		uint64_t values[BATCH_MAX];
		int n = p->single ? 1 : 1 + (int)world_random(BATCH_MAX);

		if (!get_id(&f)) {
			fiber_sleep_ms(100);
			continue;
		}
		for (int i = 0; i < n; i++)
			values[i] = (uint64_t)p->number << 32 | ++f.next_value;
		p->sent += (uint64_t)n;
		send_batch(&f, (int32_t)world_random((uint64_t)p->partitions), values, n);
		fiber_sleep_ms(1 + (int64_t)world_random((uint64_t)p->pause_ms));
	}
	p->stopped = true;
	return NULL;
}

void producer_start(struct producer *p)
{
	static uint32_t numbers;

	p->number = ++numbers;
	(void)fiber_spawn(NODE_OUTSIDE, "producer", producer_main, p);
}
