/* delivery.c - a thread that serves librdkafka's main queue, and the sender's wait for memory. */
#include "tools/delivery.h"

#include <assert.h>
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "tools/client_log.h"
#include "tools/client_metrics.h"
#include "tools/producer.h"

#define BATCH	 1000
#define POLL_MS	 100
/* What librdkafka 2.0 needs for a record besides its bytes: rd_kafka_msg_t and the allocator's share. */
#define OVERHEAD 320

struct delivery {
	struct producer *producer;
	delivery_fn take;
	void *arg;
	struct client_metrics *metrics;
	pthread_t thread;
	rd_kafka_queue_t *queue;
	atomic_bool stop; /* nothing is under way any more */
	pthread_mutex_t lock;
	pthread_cond_t taken; /* reports have been taken: there is memory for many records */
	uint64_t rounds;      /* lock; how often reports have been taken */
	bool waiting;	      /* lock; the sender waits, with so many records under way */
	int full;
};

void delivery_conf(rd_kafka_conf_t *conf, const struct producer *p, size_t record_bytes)
{
	int64_t records = MAX(p->buffer_bytes / (int64_t)(record_bytes + OVERHEAD), 1);
	char text[32], why[128];
	rd_kafka_conf_res_t r;

	snprintf(text, sizeof(text), "%lld", (long long)MIN(records, INT32_MAX));
	r = rd_kafka_conf_set(conf, "queue.buffering.max.messages", text, why, sizeof(why));
	assert(r == RD_KAFKA_CONF_OK);
	(void)r;
	rd_kafka_conf_set_events(
		conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_STATS);
}

/* Gives out one event of reports. Thread: delivery's own. */
static void take_reports(struct delivery *d, rd_kafka_event_t *event)
{
	const rd_kafka_message_t *reports[BATCH];
	size_t n;

	while ((n = rd_kafka_event_message_array(event, reports, BATCH)) > 0)
		d->take(d->arg, reports, n);
	rd_kafka_event_destroy(event); /* this is what makes room */
	pthread_mutex_lock(&d->lock);
	d->rounds++;
	/* The sender is woken when an eighth is free, not for every batch. */
	if (d->waiting && rd_kafka_outq_len(d->producer->rk) <= d->full - d->full / 8)
		pthread_cond_signal(&d->taken);
	pthread_mutex_unlock(&d->lock);
}

/* With events there are no callbacks. Thread: delivery's own. */
static void take_news(struct delivery *d, rd_kafka_event_t *event)
{
	const char *text;

	switch (rd_kafka_event_type(event)) {
	case RD_KAFKA_EVENT_STATS:
		text = rd_kafka_event_stats(event);
		if (d->metrics)
			client_metrics_take(d->metrics, text, strlen(text));
		break;
	case RD_KAFKA_EVENT_ERROR:
		client_log_error(rd_kafka_event_error(event), rd_kafka_event_error_string(event));
		break;
	default:
		break;
	}
	rd_kafka_event_destroy(event);
}

static void *serve(void *arg)
{
	struct delivery *d = arg;

	while (!atomic_load(&d->stop)) {
		rd_kafka_event_t *event = rd_kafka_queue_poll(d->queue, POLL_MS);

		if (!event)
			continue;
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR)
			take_reports(d, event);
		else
			take_news(d, event);
	}
	return NULL;
}

struct delivery *delivery_start(
	struct producer *p, delivery_fn take, void *arg, struct client_metrics *metrics)
{
	struct delivery *d = xcalloc(1, sizeof(*d));
	pthread_condattr_t attr;
	int r;

	d->producer = p;
	d->take = take;
	d->arg = arg;
	d->metrics = metrics;
	p->served = true;
	d->queue = rd_kafka_queue_get_main(p->rk);
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->taken, &attr);
	pthread_condattr_destroy(&attr);
	r = pthread_create(&d->thread, NULL, serve, d);
	assert(r == 0);
	(void)r;
	return d;
}

static uint64_t rounds(struct delivery *d)
{
	uint64_t n;

	pthread_mutex_lock(&d->lock);
	n = d->rounds;
	pthread_mutex_unlock(&d->lock);
	return n;
}

/* Waits until reports have been taken since `seen` was read. False at the deadline. */
static bool wait_taken(struct delivery *d, uint64_t seen, int64_t deadline_ms)
{
	struct timespec until = {
		.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};
	bool more;
	int r = 0;

	pthread_mutex_lock(&d->lock);
	d->waiting = true;
	d->full = rd_kafka_outq_len(d->producer->rk);
	while (d->rounds == seen && r == 0)
		r = pthread_cond_timedwait(&d->taken, &d->lock, &until);
	d->waiting = false;
	more = d->rounds != seen;
	pthread_mutex_unlock(&d->lock);
	return more;
}

static rd_kafka_resp_err_t enqueue(
	struct producer *p, struct bytes key, struct bytes value, int64_t timestamp, void *opaque)
{
	static char empty[1]; /* what is empty is not null */
	void *k = key.len < 0 ? NULL : key.len == 0 ? empty : (void *)(uintptr_t)key.p;
	void *v = value.len < 0 ? NULL : value.len == 0 ? empty : (void *)(uintptr_t)value.p;
	size_t k_len = (size_t)MAX(key.len, 0), v_len = (size_t)MAX(value.len, 0);

	if (timestamp)
		return rd_kafka_producev(p->rk, RD_KAFKA_V_RKT(p->topic),
			RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(k, k_len),
			RD_KAFKA_V_VALUE(v, v_len), RD_KAFKA_V_TIMESTAMP(timestamp),
			RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
	if (rd_kafka_produce(p->topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, v, v_len, k,
		    k_len, opaque) == 0)
		return RD_KAFKA_RESP_ERR_NO_ERROR;
	return rd_kafka_last_error();
}

static int exhausted(const struct producer *p, size_t size, char **ret_exception)
{
	*ret_exception = xasprintf(
		"org.apache.kafka.clients.producer.BufferExhaustedException: Failed to allocate "
		"%zu bytes within the configured max blocking time %lld ms. Total memory: %lld "
		"bytes. Available memory: 0 bytes. Poolable size: %lld bytes",
		size, (long long)p->max_block_ms, (long long)p->buffer_bytes,
		(long long)p->batch_bytes);
	return -EINVAL;
}

int delivery_send(struct delivery *d, struct bytes key, struct bytes value, int64_t timestamp,
	uint64_t tag, char **ret_exception)
{
	struct producer *p = d->producer;
	size_t size = (size_t)MAX(key.len, 0) + (size_t)MAX(value.len, 0);
	void *opaque = producer_opaque(size, tag);
	int64_t deadline = 0;

	if ((!p->topic_known && producer_wait_topic(p, ret_exception)) ||
		producer_check_size(p, key.len, value.len, ret_exception))
		return -EINVAL;
	for (;;) {
		uint64_t seen = deadline ? rounds(d) : 0;
		rd_kafka_resp_err_t err = enqueue(p, key, value, timestamp, opaque);

		if (!err)
			return 0;
		if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
			*ret_exception = producer_exception(p, err);
			return -EINVAL;
		}
		if (!deadline)
			deadline = clock_mono_ms(&clock_real) + p->max_block_ms;
		else if (!wait_taken(d, seen, deadline))
			return exhausted(p, size, ret_exception);
	}
}

void delivery_flush(struct delivery *d)
{
	/* Until the last report has been taken, not only until the last record was sent. */
	producer_flush(d->producer);
}

struct delivery *delivery_stop(struct delivery *d)
{
	if (!d)
		return NULL;
	delivery_flush(d);
	atomic_store(&d->stop, true);
	rd_kafka_queue_yield(d->queue);
	pthread_join(d->thread, NULL);
	rd_kafka_queue_destroy(d->queue);
	pthread_mutex_destroy(&d->lock);
	pthread_cond_destroy(&d->taken);
	free(d);
	return NULL;
}
