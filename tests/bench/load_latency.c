/* load_latency.c - the time from the moment when a record was due until a consumer has it, and from exec to the first
 * acknowledged record.
 *
 * Open loop: a record that is sent late because the one before was slow counts from when it should have been sent.
 * Each record is a request and a batch of its own, with that moment at the start of its value.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "load.h"
#include "protocol/codec.h"
#include "protocol/header.h"
#include "record/batch.h"

enum { RESPONSE_MAX = 2 << 20 };

struct run {
	const struct load_options *o;
	int64_t n, warm; /* records; the first `warm` do not count */
	int64_t first_offset;
	int64_t *took_ns;
};

static void sleep_until(int64_t ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

/* Reads and checks the acknowledgements, so that they do not fill the socket. */
static void *acks_run(void *arg)
{
	void **a = arg;
	const struct run *r = a[0];
	int fd = *(int *)a[1];
	uint8_t reply[512];

	for (int64_t i = 0; r->o->acks != 0 && i < r->n; i++) {
		uint32_t size;
		int error;

		recv_all(fd, &size, 4);
		size = be32toh(size);
		if (size > sizeof(reply))
			die("Produce: a response of %u bytes", size);
		recv_all(fd, reply, size);
		error = produce_error(r->o, reply, size);
		if (error)
			die("Produce: error %d", error);
	}
	return NULL;
}

static void *produce_run(void *arg)
{
	const struct run *r = arg;
	int records, fd = target_connect(&r->o->broker);
	struct buf *batch = batch_of(r->o, &records), *frame = produce_frame(r->o, 0, batch);
	uint8_t *in_frame = memmem(frame->data, frame->len, batch->data, batch->len);
	uint8_t *value = in_frame + batch->len - 1 - r->o->record_bytes;
	int64_t gap = INT64_C(1000000000) / r->o->rate, due = now_ns() + 50000000;
	void *acks_arg[2] = { arg, &fd };
	pthread_t acks;

	if (pthread_create(&acks, NULL, acks_run, acks_arg))
		die("no thread");
	for (int64_t i = 0; i < r->n; i++, due += gap) {
		sleep_until(due);
		memcpy(value, &due, 8);
		batch_update_crc(in_frame);
		send_all(fd, frame->data, frame->len);
	}
	(void)pthread_join(acks, NULL);
	(void)close(fd);
	return NULL;
}

static int64_t end_offset(const struct load_options *o, int fd)
{
	struct list_offsets_request_list_offsets_partition part;
	struct list_offsets_request_list_offsets_topic topic = { .name = str_of(o->topic) };
	struct list_offsets_request in;
	struct list_offsets_response out;
	struct arena a;
	int64_t offset;

	CODEC_INIT(list_offsets_request_list_offsets_partition, &part);
	part.timestamp = -1;
	topic.partitions = &part;
	topic.partitions_n = 1;
	CODEC_INIT(list_offsets_request, &in);
	in.replica_id = -1;
	in.topics = &topic;
	in.topics_n = 1;
	arena_init(&a, 0);
	call(fd, API_LIST_OFFSETS, 5, &in, &a, &out);
	if (out.topics_n != 1 || out.topics[0].partitions_n != 1 || out.topics[0].partitions[0].error_code)
		die("ListOffsets failed");
	offset = out.topics[0].partitions[0].offset;
	arena_fini(&a);
	return offset;
}

/* One Fetch; returns how many records came. */
static int64_t fetch_some(struct run *r, int fd, struct buf *frame, size_t at, int64_t got, uint8_t *bytes)
{
	uint64_t raw = htobe64((uint64_t)(r->first_offset + got));
	struct fetched f;
	struct batch b;
	size_t pos = 0;
	int64_t n = 0, now;

	memcpy(frame->data + at, &raw, 8);
	send_all(fd, frame->data, frame->len);
	fetch_receive(fd, &f);
	if (f.error || f.records > RESPONSE_MAX)
		die("Fetch: error %d", f.error);
	memcpy(bytes, f.records_at, f.records_have);
	recv_all(fd, bytes + f.records_have, f.records - f.records_have);
	if (f.rest > f.records - f.records_have)
		recv_discard(fd, f.rest - (uint32_t)(f.records - f.records_have));
	now = now_ns();
	while (got + n < r->n && batch_next(bytes, f.records, &pos, &b) == 0) {
		int64_t due;

		memcpy(&due, b.data + b.size - 1 - r->o->record_bytes, 8);
		r->took_ns[got + n++] = now - due;
	}
	return n;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double percentile_ms(const int64_t *v, int64_t n, double p)
{
	return (double)v[MIN(n - 1, (int64_t)((double)n * p))] / 1e6;
}

int load_latency(const struct load_options *options)
{
	struct load_options o = *options;
	struct run r = { .o = &o, .n = (int64_t)(o.rate * o.seconds) + o.rate / 2, .warm = o.rate / 2 };
	int fd = target_connect(&o.broker);
	uint8_t *bytes = xmalloc(RESPONSE_MAX);
	struct buf *frame;
	struct meter m;
	pthread_t producer;
	size_t at;

	o.batch_bytes = 0; /* one record */
	r.took_ns = xcalloc((size_t)r.n, sizeof(int64_t));
	r.first_offset = strcmp(o.kind, "relay") ? end_offset(&o, fd) : 0; /* bare relay begins with each run */
	frame = fetch_frame(&o, 0, 0, 500, &at);
	meter_start(&m, o.pid);
	if (pthread_create(&producer, NULL, produce_run, &r))
		die("no thread");
	for (int64_t got = 0; got < r.n;)
		got += fetch_some(&r, fd, frame, at, got, bytes);
	(void)pthread_join(producer, NULL);
	meter_stop(&m, o.pid);
	qsort(r.took_ns + r.warm, (size_t)(r.n - r.warm), sizeof(int64_t), by_value);
	printf("{\"records\":%lld,\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"p999_ms\":%.4f,\"max_ms\":%.4f,",
	    (long long)(r.n - r.warm), percentile_ms(r.took_ns + r.warm, r.n - r.warm, 0.5),
	    percentile_ms(r.took_ns + r.warm, r.n - r.warm, 0.99),
	    percentile_ms(r.took_ns + r.warm, r.n - r.warm, 0.999),
	    percentile_ms(r.took_ns + r.warm, r.n - r.warm, 1));
	meter_print(&m);
	printf("}\n");
	return 0;
}

/* --- from exec to the first acknowledged record --- */

/* Sends the frame and reads the response. The error code, or -1 when the connection ended. */
static int produce_once(const struct load_options *o, int fd, const struct buf *frame)
{
	uint8_t reply[512];
	uint32_t size;

	if (send(fd, frame->data, frame->len, MSG_NOSIGNAL) != (ssize_t)frame->len)
		return -1;
	if (recv(fd, &size, 4, MSG_WAITALL) != 4 || (size = be32toh(size)) > sizeof(reply))
		return -1;
	if (recv(fd, reply, size, MSG_WAITALL) != (ssize_t)size)
		return -1;
	return produce_error(o, reply, size);
}

static pid_t spawn(char **command)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid == 0) {
		(void)setsid();
		if (!freopen("/dev/null", "r", stdin) || dup2(2, 1) < 0)
			_exit(126);
		execvp(command[0], command);
		_exit(127);
	}
	return pid;
}

int load_first(const struct load_options *options)
{
	struct load_options o = *options;
	int records, fd = -1, r = -1;
	struct buf *batch, *frame;
	int64_t begin, listens = 0, end;
	pid_t pid;

	if (!o.command[0])
		die("first: no command behind --");
	o.batch_bytes = 0;
	batch = batch_of(&o, &records);
	frame = produce_frame(&o, 0, batch);
	(void)prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
	begin = now_ns();
	pid = spawn(o.command);
	for (end = begin + INT64_C(120000000000); r && now_ns() < end; usleep(r ? 500 : 0)) {
		if (fd < 0)
			fd = target_try(&o.broker);
		if (fd < 0)
			continue;
		if (!listens)
			listens = now_ns() - begin;
		r = produce_once(&o, fd, frame);
		if (r == -1) {
			(void)close(fd);
			fd = -1;
		}
	}
	if (r)
		die("first: no acknowledged record; last error %d", r);
	printf("{\"pid\":%d,\"listens_ms\":%.3f,\"first_ms\":%.3f}\n", pid, (double)listens / 1e6,
	    (double)(now_ns() - begin) / 1e6);
	return 0;
}
