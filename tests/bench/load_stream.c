/* load_stream.c - produce and consume as fast as it goes, one thread for each connection.
 *
 * The offset after a Fetch is computed from the first batch of the response: all batches of a bench topic are of one
 * size, as load_produce has written them.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "load.h"
#include "record/batch.h"

enum { GATHER = 16, REPLIES = 64 * 1024 };

struct stream {
	const struct load_options *o;
	pthread_t thread;
	int fd, partition;
	int64_t amount;		/* to do in this phase */
	int64_t done, records;	/* bytes and records in this phase */
	int64_t requests;
	struct buf **frames;	/* produce: one for each partition */
	int batch_records;
	size_t batch_bytes;	/* of values, before compression */
	uint8_t *replies;
	size_t replies_len;
	struct buf *frame;	/* fetch */
	size_t offset_at;
	int64_t offset;
};

static void run_all(struct stream *v, const struct load_options *o, int64_t amount, void *(*run)(void *))
{
	for (int i = 0; i < o->connections; i++) {
		v[i].amount = amount / o->connections;
		v[i].done = v[i].records = v[i].requests = 0;
		if (pthread_create(&v[i].thread, NULL, run, &v[i]))
			die("no thread");
	}
	for (int i = 0; i < o->connections; i++)
		(void)pthread_join(v[i].thread, NULL);
}

static int measure(struct stream *v, const struct load_options *o, void *(*run)(void *))
{
	int64_t bytes = 0, records = 0, requests = 0;
	struct meter m;

	if (o->warm_up)
		run_all(v, o, o->warm_up, run);
	meter_start(&m, o->pid);
	run_all(v, o, o->amount, run);
	meter_stop(&m, o->pid);
	for (int i = 0; i < o->connections; i++) {
		bytes += v[i].done;
		records += v[i].records;
		requests += v[i].requests;
	}
	printf("{\"bytes\":%lld,\"records\":%lld,\"requests\":%lld,", (long long)bytes, (long long)records,
	    (long long)requests);
	meter_print(&m);
	printf("}\n");
	return 0;
}

/* Receives at least one response; returns how many. */
static int64_t receive_replies(struct stream *s)
{
	ssize_t n = recv(s->fd, s->replies + s->replies_len, REPLIES - s->replies_len, 0);
	size_t at = 0;
	int64_t got = 0;
	uint32_t size;

	if (n <= 0)
		die("receive: %s", n ? strerror(errno) : "closed by the broker");
	s->replies_len += (size_t)n;
	while (s->replies_len - at >= 4) {
		int error;

		memcpy(&size, s->replies + at, 4);
		size = be32toh(size);
		if (s->replies_len - at - 4 < size)
			break;
		error = produce_error(s->o, s->replies + at + 4, size);
		if (error)
			die("Produce: error %d", error);
		at += 4 + (size_t)size;
		got++;
	}
	memmove(s->replies, s->replies + at, s->replies_len - at);
	s->replies_len -= at;
	return got;
}

static void send_some(struct stream *s, int64_t n)
{
	while (n > 0) {
		struct iovec iov[GATHER];
		int k = (int)MIN(n, (int64_t)GATHER);

		for (int i = 0; i < k; i++) {
			struct buf *b = s->frames[s->partition];

			iov[i] = (struct iovec){ b->data, b->len };
			s->partition = (s->partition + 1) % s->o->partitions;
		}
		send_all_v(s->fd, iov, k);
		n -= k;
	}
}

static void *produce_run(void *arg)
{
	struct stream *s = arg;
	int64_t n = (s->amount + (int64_t)s->batch_bytes - 1) / (int64_t)s->batch_bytes, sent = 0, acked = 0;

	while (acked < n) {
		int64_t room = MIN(n - sent, s->o->depth - (sent - acked));

		send_some(s, room);
		sent += room;
		if (s->o->acks == 0)
			acked = sent;
		else
			acked += receive_replies(s);
	}
	s->requests = n;
	s->done = n * (int64_t)s->batch_bytes;
	s->records = n * s->batch_records;
	return NULL;
}

int load_produce(const struct load_options *o)
{
	struct stream *v = xcalloc((size_t)o->connections, sizeof(*v));
	int records;
	struct buf *batch = batch_of(o, &records);
	struct buf **frames = xcalloc((size_t)o->partitions, sizeof(struct buf *));

	for (int i = 0; i < o->partitions; i++)
		frames[i] = produce_frame(o, i, batch);
	for (int i = 0; i < o->connections; i++) {
		v[i] = (struct stream){ .o = o, .fd = target_connect(&o->broker), .partition = i % o->partitions };
		v[i].frames = frames;
		v[i].replies = xmalloc(REPLIES);
		v[i].batch_records = records;
		v[i].batch_bytes = (size_t)records * (size_t)o->record_bytes;
	}
	return measure(v, o, produce_run);
}

static void fetch_from(struct stream *s, int64_t offset)
{
	uint64_t raw = htobe64((uint64_t)offset);

	s->offset = offset;
	memcpy(s->frame->data + s->offset_at, &raw, 8);
}

/* One request. Bytes of records. */
static uint32_t fetch_once(struct stream *s)
{
	struct fetched f;
	struct batch b;
	int64_t batches;

	send_all(s->fd, s->frame->data, s->frame->len);
	fetch_receive(s->fd, &f);
	recv_discard(s->fd, f.rest);
	if (f.error)
		die("Fetch at %lld: error %d", (long long)s->offset, f.error);
	s->requests++;
	if (f.records < BATCH_HEADER_SIZE)
		return 0;
	if (f.records_have < BATCH_HEADER_SIZE ||
	    batch_parse_header(f.records_at, BATCH_HEADER_SIZE, UINT32_MAX, &b))
		die("Fetch: no batch at the start of the records");
	batches = f.records / b.size;
	if (!batches || b.base_offset > s->offset)
		die("Fetch: offset %lld asked, batch at %lld, %u bytes", (long long)s->offset, (long long)b.base_offset,
		    f.records);
	s->records += batches * b.record_count;
	s->done += (int64_t)f.records;
	fetch_from(s, b.base_offset + batches * b.record_count);
	return f.records;
}

/* Follows a producer: the frame waits at the end of the log. */
static void *tail_run(void *arg)
{
	struct stream *s = arg;

	while (s->records < s->amount)
		(void)fetch_once(s);
	return NULL;
}

static void *consume_run(void *arg)
{
	struct stream *s = arg;

	while (s->done < s->amount) {
		if (!fetch_once(s)) {
			if (!s->offset)
				die("Fetch: topic %s is empty", s->o->topic);
			fetch_from(s, 0); /* the end: once more */
		}
	}
	return NULL;
}

int load_consume(const struct load_options *o)
{
	struct stream *v = xcalloc((size_t)o->connections, sizeof(*v));

	for (int i = 0; i < o->connections; i++) {
		v[i] = (struct stream){ .o = o, .fd = target_connect(&o->broker) };
		v[i].frame = fetch_frame(o, i % o->partitions, 0, 0, &v[i].offset_at);
	}
	return measure(v, o, consume_run);
}

/* A consumer at the end of the log while a producer writes; from the first byte sent to the last one received. */
int load_tail(const struct load_options *o)
{
	int records;
	struct buf *batch = batch_of(o, &records), *frame = produce_frame(o, 0, batch);
	struct stream in = { .o = o, .fd = target_connect(&o->broker), .frames = &frame };
	struct stream out = { .o = o, .fd = target_connect(&o->broker) };
	int64_t phases[2] = { o->warm_up, o->amount };
	struct meter m = { 0 };

	in.replies = xmalloc(REPLIES);
	in.batch_records = records;
	in.batch_bytes = (size_t)records * (size_t)o->record_bytes;
	out.frame = fetch_frame(o, 0, 0, 500, &out.offset_at);
	for (int i = 0; i < 2; i++) {
		in.amount = phases[i];
		out.amount = (phases[i] + (int64_t)in.batch_bytes - 1) / (int64_t)in.batch_bytes * records;
		out.records = out.requests = out.done = 0;
		meter_start(&m, o->pid);
		if (pthread_create(&out.thread, NULL, tail_run, &out))
			die("no thread");
		(void)produce_run(&in);
		(void)pthread_join(out.thread, NULL);
		meter_stop(&m, o->pid);
	}
	printf("{\"bytes\":%lld,\"records\":%lld,\"requests\":%lld,", (long long)in.done, (long long)out.records,
	    (long long)out.requests);
	meter_print(&m);
	printf("}\n");
	return 0;
}
