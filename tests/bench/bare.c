/* bare.c - the limits of this machine: servers that do nothing but what the kernel must do for a broker.
 *
 *   bare fetch FILE TOPIC     answers each Fetch with 1 MiB of a page-cached file by sendfile
 *   bare produce FILE TOPIC   of each Produce request: CRC-32C of the batch, pwrite to the file, a constant answer
 *   bare relay FILE TOPIC     the same, and the batch goes to the Fetch that waits for it: the limit of latency
 *   bare answer FILE TOPIC    a constant answer to whatever it is asked: the limit of tiny requests
 *
 * They understand just enough of the requests of load.c to be driven by the same client: version 12 of Fetch and 9
 * of Produce, one partition. A thread for each connection, blocking calls. Listens on a free port of 127.0.0.1 and
 * prints it. Nothing is checked beyond memory safety: checks are what a broker adds.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/cursor.h"
#include "protocol/codec.h"
#include "protocol/header.h"
#include "record/batch.h"
#include "record/builder.h"
#include "wire.h"

enum {
	SLICE = 1 << 20,
	REQUEST_MAX = 2 << 20,
	FILE_BYTES = 512 << 20,
	RECORD_BYTES = 1024,
	RECORDS = 63, /* of a batch: 64 KiB */
	OFFSET_FROM_END = 29, /* the fetch offset in a Fetch request, see load_frames.c */
	TAIL = 3, /* the last bytes of a response: tags of partition, topic, message */
};

static int file;
static struct str topic;
static size_t batch_bytes;
static struct buf *answer; /* a whole response; of a Fetch one with SLICE bytes of records */
static atomic_llong written;

static struct buf *response_frame(int key, int version, const void *body)
{
	const struct api_version_row *row = api_version_find(key);
	struct buf *b;
	struct writer w;

	writer_init(&w, 256, 0);
	writer_i32(&w, 0);
	if (header_encode_response(row, version, 1, &w) || codec_encode(row->response, version, body, &w))
		die("response cannot be encoded");
	writer_patch_i32(&w, 0, (int32_t)(writer_len(&w) - 4));
	if (writer_take_buf(&w, &b))
		die("out of memory");
	return b;
}

static struct buf *fetch_response_frame(struct records records)
{
	struct fetch_response_partition_data part;
	struct fetch_response_fetchable_topic_response t;
	struct fetch_response out;

	CODEC_INIT(fetch_response_partition_data, &part);
	part.high_watermark = part.last_stable_offset = INT64_MAX;
	part.records = records;
	CODEC_INIT(fetch_response_fetchable_topic_response, &t);
	t.topic = topic;
	t.partitions = &part;
	t.partitions_n = 1;
	CODEC_INIT(fetch_response, &out);
	out.responses = &t;
	out.responses_n = 1;
	return response_frame(API_FETCH, 12, &out);
}

static void fetch_answer(void)
{
	uint8_t *records = calloc(1, SLICE);

	if (!records)
		die("out of memory");
	answer = fetch_response_frame((struct records){ .p = records, .len = SLICE });
	free(records);
}

static void produce_answer(void)
{
	struct produce_response_partition_produce_response part;
	struct produce_response_topic_produce_response t = { .name = topic };
	struct produce_response out;

	CODEC_INIT(produce_response_partition_produce_response, &part);
	t.partition_responses = &part;
	t.partition_responses_n = 1;
	CODEC_INIT(produce_response, &out);
	out.responses = &t;
	out.responses_n = 1;
	answer = response_frame(API_PRODUCE, 9, &out);
}

static struct buf *one_batch(void)
{
	struct builder_config config = BUILDER_CONFIG_INIT;
	struct batch_builder b;
	uint8_t value[RECORD_BYTES];
	struct buf *out = NULL;

	fill(value, sizeof(value), 0);
	if (batch_builder_init(&b, &config, NULL))
		die("batch: cannot begin");
	for (int i = 0; i < RECORDS; i++) {
		if (batch_builder_append(&b, i, 1700000000000, BYTES_NULL, (struct bytes){ value, sizeof(value) }, 0,
			BYTES_NULL))
			die("batch: cannot append");
	}
	if (batch_builder_finish(&b, &out))
		die("batch: cannot finish");
	return out;
}

static void fill_file(void)
{
	struct buf *b = one_batch();

	batch_bytes = b->len;
	for (int64_t i = 0; i * (int64_t)b->len < FILE_BYTES; i++) {
		batch_set_base_offset(b->data, i * RECORDS);
		if (pwrite(file, b->data, b->len, i * (int64_t)b->len) != (ssize_t)b->len)
			die("write: %s", strerror(errno));
	}
}

static void fetch_prepare(void)
{
	fill_file();
	fetch_answer();
}

/* A whole request; 0 when the client is gone. */
static size_t request_receive(int fd, uint8_t *p)
{
	uint32_t size;

	if (recv(fd, &size, 4, MSG_WAITALL) != 4)
		return 0;
	size = be32toh(size);
	if (size > REQUEST_MAX || size < OFFSET_FROM_END)
		die("a request of %u bytes", size);
	return recv(fd, p, size, MSG_WAITALL) == (ssize_t)size ? size : 0;
}

static bool send_piece(int fd, const uint8_t *p, size_t n, int flags)
{
	return send(fd, p, n, flags | MSG_NOSIGNAL) == (ssize_t)n;
}

static void *fetch_serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	uint8_t *p = malloc(REQUEST_MAX);
	size_t n, head = answer->len - SLICE - TAIL;

	while (p && (n = request_receive(fd, p)) > 0) {
		struct cursor c = cur_of(p + n - OFFSET_FROM_END, 8);
		off_t at = (off_t)(cur_u64(&c) / RECORDS * batch_bytes) % (FILE_BYTES - SLICE), end = at + SLICE;

		at -= at % (off_t)batch_bytes;
		end = at + SLICE;
		if (!send_piece(fd, answer->data, head, MSG_MORE))
			break;
		while (at < end && sendfile(fd, file, &at, (size_t)(end - at)) > 0)
			;
		if (!send_piece(fd, answer->data + answer->len - TAIL, TAIL, 0))
			break;
	}
	free(p);
	(void)close(fd);
	return NULL;
}

/* Checks and writes the batch of a Produce request, and shows where it is. */
static const uint8_t *produce_write(const uint8_t *p, size_t n, uint32_t *ret_len)
{
	struct cursor c = cur_of(p, n);
	const uint8_t *records;
	uint32_t len, crc;

	/* header, client id "bench", tags; transactional id, acks, timeout, one topic and partition */
	(void)cur_take(&c, 2 + 2 + 4 + 2 + 5 + 1 + 1 + 2 + 4 + 1 + 1 + (size_t)topic.len + 1 + 4);
	len = cur_uvarint(&c) - 1;
	records = cur_take(&c, len);
	if (!records || len < BATCH_HEADER_SIZE)
		die("malformed request");
	memcpy(&crc, records + 17, 4);
	if (crc32c(0, records + 21, len - 21) != be32toh(crc))
		die("bad checksum");
	if (pwrite(file, records, len, atomic_fetch_add(&written, len)) != (ssize_t)len)
		die("write: %s", strerror(errno));
	*ret_len = len;
	return records;
}

static void *produce_serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	uint8_t *p = malloc(REQUEST_MAX);
	uint32_t len;
	size_t n;

	while (p && (n = request_receive(fd, p)) > 0) {
		(void)produce_write(p, n, &len);
		if (!send_piece(fd, answer->data, answer->len, 0))
			break;
	}
	free(p);
	(void)close(fd);
	return NULL;
}

/* --- relay: one producer, one consumer, every batch is kept --- */

enum { RELAY_MAX = 1 << 20 };

static pthread_mutex_t relay_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t relay_more = PTHREAD_COND_INITIALIZER;
static struct bytes relayed[RELAY_MAX];
static int relayed_n;

static void relay_store(const uint8_t *records, uint32_t len)
{
	uint8_t *copy = malloc(len);

	if (!copy)
		die("out of memory");
	memcpy(copy, records, len);
	pthread_mutex_lock(&relay_lock);
	if (relayed_n == RELAY_MAX)
		die("too many batches");
	batch_set_base_offset(copy, relayed_n);
	relayed[relayed_n++] = (struct bytes){ copy, (int32_t)len };
	pthread_cond_signal(&relay_more);
	pthread_mutex_unlock(&relay_lock);
}

/* The batches from `offset` on, at least one. */
static struct buf *relay_batches(uint64_t offset)
{
	struct buf *b = buf_new(SLICE);

	if (!b)
		die("out of memory");
	pthread_mutex_lock(&relay_lock);
	while ((uint64_t)relayed_n <= offset)
		pthread_cond_wait(&relay_more, &relay_lock);
	for (int i = (int)offset; i < relayed_n && b->len + (size_t)relayed[i].len <= b->cap; i++) {
		memcpy(b->data + b->len, relayed[i].p, (size_t)relayed[i].len);
		b->len += (size_t)relayed[i].len;
	}
	pthread_mutex_unlock(&relay_lock);
	return b;
}

static bool relay_fetch(int fd, const uint8_t *p, size_t n)
{
	struct cursor c = cur_of(p + n - OFFSET_FROM_END, 8);
	struct buf *batches = relay_batches(cur_u64(&c)), *frame;
	bool ok;

	frame = fetch_response_frame((struct records){ .p = batches->data, .len = (int32_t)batches->len });
	ok = send_piece(fd, frame->data, frame->len, 0);
	buf_unref(frame);
	buf_unref(batches);
	return ok;
}

static void *relay_serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	uint8_t *p = malloc(REQUEST_MAX);
	size_t n;

	while (p && (n = request_receive(fd, p)) > 0) {
		const uint8_t *records;
		uint32_t len;

		if (p[1] == API_FETCH ? !relay_fetch(fd, p, n) : false)
			break;
		if (p[1] == API_FETCH)
			continue;
		records = produce_write(p, n, &len);
		relay_store(records, len);
		if (!send_piece(fd, answer->data, answer->len, 0))
			break;
	}
	free(p);
	(void)close(fd);
	return NULL;
}

/* --- answer --- */

static void *answer_serve(void *arg)
{
	static const uint8_t reply[32] = { 0, 0, 0, 28 };
	int fd = (int)(intptr_t)arg;
	uint8_t in[16384];
	size_t have = 0, at;
	ssize_t n;

	while ((n = recv(fd, in + have, sizeof(in) - have, 0)) > 0) {
		have += (size_t)n;
		for (at = 0; have - at >= 4; at += 4) {
			uint32_t size;

			memcpy(&size, in + at, 4);
			size = be32toh(size);
			if (size > sizeof(in) - 4)
				die("not a tiny request");
			if (have - at - 4 < size)
				break;
			at += size;
			if (!send_piece(fd, reply, sizeof(reply), 0))
				break;
		}
		memmove(in, in + at, have - at);
		have -= at;
	}
	(void)close(fd);
	return NULL;
}

static int listen_somewhere(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) || listen(fd, 64) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		die("listen: %s", strerror(errno));
	printf("127.0.0.1:%d\n", ntohs(addr.sin_port));
	fflush(stdout);
	return fd;
}

static const struct {
	const char *name;
	void (*prepare)(void);
	void *(*serve)(void *);
} servers[] = {
	{ "fetch", fetch_prepare, fetch_serve },
	{ "produce", produce_answer, produce_serve },
	{ "relay", produce_answer, relay_serve },
	{ "answer", NULL, answer_serve },
};

static void serve_all(void *(*serve)(void *))
{
	int fd, on = 1, lfd = listen_somewhere();

	while ((fd = accept4(lfd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		pthread_t thread;

		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd))
			die("no thread");
		(void)pthread_detach(thread);
	}
	die("accept: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	if (argc != 4)
		die("usage: bare fetch|produce|relay|answer FILE TOPIC");
	topic = str_of(argv[3]);
	file = open(argv[2], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (file < 0)
		die("%s: %s", argv[2], strerror(errno));
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		if (strcmp(servers[i].name, argv[1]))
			continue;
		if (servers[i].prepare)
			servers[i].prepare();
		serve_all(servers[i].serve);
	}
	die("no server called %s", argv[1]);
}
