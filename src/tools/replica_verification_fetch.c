/* replica_verification_fetch.c - the same offsets fetched from every replica (ReplicaVerificationTool.ReplicaFetcher).
 *
 * A round sends a request to each broker and then takes the answers, so that brokers wait for records at the same time.
 * Requests ask as a debugging consumer, which followers answer too. An answer holds a bounded number of bytes and is gone
 * before the next is read; so that none of many partitions starves, each round begins with another one, the same in all
 * its requests.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/replica_verification_priv.h"
#include "tools/report.h"
#include "tools/wire.h"

#define NETWORK_CLIENT "org.apache.kafka.clients.NetworkClient"
#define LOGGER "org.apache.kafka.tools.ReplicaVerificationTool"
#define DEBUGGING_CONSUMER (-2)
#define TOPIC_ID_SINCE 13
#define REPLICA_STATE_SINCE 15
#define ANSWER_BYTES (32 * 1024 * 1024)
#define ANSWER_BYTES_MAX (128 * 1024 * 1024) /* wire takes twice that */
#define SETUP_MS 10000
#define REQUEST_MS 30000 /* request.timeout.ms of a consumer */
#define PAUSE_MS 50
#define PAUSE_MAX_MS 1000

typedef struct fetch_request_fetch_topic request_topic;
typedef struct fetch_request_fetch_partition request_partition;
typedef struct fetch_response_fetchable_topic_response response_topic;
typedef struct fetch_response_partition_data response_partition;

static int64_t now(void)
{
	return clock_mono_ms(&clock_real);
}

/* ---- connections ---- */

static void drop(struct verified_broker *b)
{
	b->wire = wire_close(b->wire);
	b->version = -1;
	b->pause_ms = MIN(MAX(b->pause_ms * 2, PAUSE_MS), PAUSE_MAX_MS);
	b->retry_ms = now() + b->pause_ms;
}

/* A broker that goes away is told once. */
static void say_away(struct verified_broker *b, const char *what)
{
	if (!b->away)
		report("WARN", NETWORK_CLIENT,
			"Connection to node %d (%s:%d) could not be %s. Node may not be available.",
			b->id, b->host, b->port, what);
	b->away = true;
}

static bool connected(struct verified_broker *b, size_t number)
{
	char id[64];

	if (b->wire)
		return true;
	if (now() < b->retry_ms)
		return false;
	snprintf(id, sizeof(id), "broker-%d-fetcher-%zu", DEBUGGING_CONSUMER, number + 1);
	if (wire_open(b->host, b->port, id, now() + SETUP_MS, &b->wire) == 0)
		return true;
	say_away(b, "established");
	drop(b);
	return false;
}

/* ---- the request ---- */

/* Goes through all partitions, round and round. */
struct walk {
	const struct replica_fetch *f;
	size_t topic, partition;
};

static void walk_next(struct walk *w)
{
	if (++w->partition < w->f->topics[w->topic].n)
		return;
	w->partition = 0;
	do
		w->topic = (w->topic + 1) % w->f->topics_n;
	while (w->f->topics[w->topic].n == 0);
}

static size_t count_partitions(const struct replica_fetch *f)
{
	size_t n = 0;

	for (size_t t = 0; t < f->topics_n; t++)
		n += f->topics[t].n;
	return n;
}

/* From the partition that this round begins with. */
static struct walk walk_begin(const struct replica_fetch *f, size_t partitions)
{
	struct walk w = {f, 0, 0};
	size_t at = f->first % partitions;

	for (; at >= f->topics[w.topic].n; w.topic++)
		at -= f->topics[w.topic].n;
	w.partition = at;
	return w;
}

static int32_t answer_bytes(const struct replica_fetch *f)
{
	return MIN(MAX(f->fetch_size, ANSWER_BYTES), ANSWER_BYTES_MAX);
}

static void fill_head(const struct replica_fetch *f, int version, struct fetch_request *in)
{
	CODEC_INIT(fetch_request, in);
	if (version >= REPLICA_STATE_SINCE)
		in->replica_state.replica_id = DEBUGGING_CONSUMER;
	else
		in->replica_id = DEBUGGING_CONSUMER;
	in->max_wait_ms = f->max_wait_ms;
	in->min_bytes = 1;
	in->max_bytes = answer_bytes(f);
}

/* The partitions that this broker has. */
static int fill_partitions(const struct replica_fetch *f, int32_t broker, struct arena *arena,
	struct fetch_request *in)
{
	size_t all = count_partitions(f);
	struct walk w = walk_begin(f, all);
	request_partition *next = CODEC_NEW(arena, fetch_request_fetch_partition, all);
	const struct verified_topic *last = NULL;
	request_topic *topic = NULL;

	in->topics = CODEC_NEW(arena, fetch_request_fetch_topic, f->topics_n + 1);
	if (!in->topics || !next)
		return -ENOMEM;
	for (size_t i = 0; i < all; i++, walk_next(&w)) {
		const struct verified_topic *t = &f->topics[w.topic];
		struct replica_partition *p = &t->partitions[w.partition];

		if (!replica_find(p, broker))
			continue;
		/* The topic that the round begins within may come again at the end. */
		if (!topic || t != last) {
			topic = &in->topics[in->topics_n++];
			topic->topic = t->name;
			topic->topic_id = t->id;
			topic->partitions = next;
			last = t;
		}
		next->partition = p->partition;
		next->fetch_offset = p->offset;
		next->log_start_offset = 0;
		next->partition_max_bytes = f->fetch_size;
		next++;
		topic->partitions_n++;
	}
	return 0;
}

/* Without topic ids only versions that name topics will do. */
static int choose_version(const struct replica_fetch *f, const struct verified_broker *b)
{
	int version = wire_version(b->wire, API_FETCH);

	for (size_t t = 0; t < f->topics_n; t++)
		if (uuid_is_zero(f->topics[t].id))
			return MIN(version, TOPIC_ID_SINCE - 1);
	return version;
}

static void ask(const struct replica_fetch *f, struct verified_broker *b, size_t number)
{
	struct fetch_request in;
	struct arena arena;
	int version, r;

	if (!connected(b, number))
		return;
	version = choose_version(f, b);
	arena_init(&arena, 0);
	fill_head(f, version, &in);
	r = version < 0 ? -ENOTSUP : fill_partitions(f, b->id, &arena, &in);
	if (!r)
		r = wire_send(b->wire, API_FETCH, version, &in, now() + REQUEST_MS);
	arena_fini(&arena);
	if (!r) {
		b->version = version;
		return;
	}
	say_away(b, "used");
	drop(b);
}

/* ---- the answer ---- */

/* Answers have the topics as the request has them, so the next is at or behind *at. */
static struct verified_topic *find_topic(
	const struct replica_fetch *f, int version, const response_topic *row, size_t *at)
{
	for (size_t i = 0; i < f->topics_n; i++) {
		size_t t = (*at + i) % f->topics_n;
		struct verified_topic *topic = &f->topics[t];

		if (version >= TOPIC_ID_SINCE ? uuid_eq(topic->id, row->topic_id)
					      : str_eq(topic->name, row->topic)) {
			*at = t;
			return topic;
		}
	}
	return NULL;
}

static int by_number(const void *key, const void *element)
{
	const int32_t *number = key;
	const struct replica_partition *p = element;

	return *number < p->partition ? -1 : *number > p->partition;
}

/* An error that stays is told once. */
static void take_error(const struct replica_partition *p, struct replica *r, int code)
{
	char exception[REPORT_EXCEPTION_MAX];

	if (code && code != r->error)
		report("WARN", LOGGER,
			"Replica %d of partition %.*s-%d cannot be read at offset %lld: %s",
			r->broker, STR_ARG(p->topic), p->partition, (long long)p->offset,
			report_exception(code, exception, sizeof(exception)));
	r->error = code;
}

static void take_partition(
	const struct verified_topic *t, int32_t broker, const response_partition *row)
{
	struct replica_partition *p = bsearch(
		&row->partition_index, t->partitions, t->n, sizeof(*t->partitions), by_number);
	struct replica *r = p ? replica_find(p, broker) : NULL;

	if (!r)
		return;
	take_error(p, r, row->error_code);
	replica_take(r, row->high_watermark, row->records.p, (size_t)MAX(row->records.len, 0));
}

static void take_answer(const struct replica_fetch *f, const struct verified_broker *b,
	const struct fetch_response *out)
{
	size_t at = 0;

	for (int32_t i = 0; i < out->responses_n; i++) {
		const response_topic *row = &out->responses[i];
		const struct verified_topic *t = find_topic(f, b->version, row, &at);

		for (int32_t k = 0; t && k < row->partitions_n; k++)
			take_partition(t, b->id, &row->partitions[k]);
	}
}

static void receive(const struct replica_fetch *f, struct verified_broker *b)
{
	struct fetch_response out;
	struct arena arena;
	int r;

	arena_init(&arena, 0);
	r = wire_receive(
		b->wire, API_FETCH, b->version, &arena, &out, now() + f->max_wait_ms + REQUEST_MS);
	if (!r) {
		take_answer(f, b, &out);
		b->version = -1;
		b->away = false;
		b->pause_ms = 0;
	} else {
		say_away(b, "used");
		drop(b);
	}
	arena_fini(&arena);
}

void replica_fetch_round(struct replica_fetch *f)
{
	for (size_t i = 0; i < f->brokers_n; i++)
		ask(f, &f->brokers[i], i);
	for (size_t i = 0; i < f->brokers_n; i++)
		if (f->brokers[i].version >= 0)
			receive(f, &f->brokers[i]);
	f->first++;
}

void replica_fetch_close(struct replica_fetch *f)
{
	for (size_t i = 0; i < f->brokers_n; i++)
		f->brokers[i].wire = wire_close(f->brokers[i].wire);
}
