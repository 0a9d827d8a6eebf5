/* test_server.c - frames in, chains out, over real sockets on loopback: order, limits, slow and silent peers. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/worker.h"
#include "net/connection.h"
#include "net/server.h"

/* What the test handler does with a frame: its first byte tells. */
enum { ECHO = 'e', ECHO_LATER = 'l', NO_ANSWER = 'n', CLOSE = 'c', FILE_ANSWER = 'f', THROTTLE = 't' };

#define NO_LIMITS ((struct connection_limits){ INT32_MAX, INT32_MAX })

struct fixture {
	struct server *server;
	struct worker_pool *pool;
	struct file *file;
	int port;
};

struct later {
	struct job job;
	struct connection *c;
	struct chain chain;
};

static struct chain answer(const struct buf *frame, struct file *file)
{
	struct writer w;
	struct chain chain;
	int64_t file_len = file ? file_size(file) : 0;

	writer_init(&w, 64, 64 << 20);
	writer_i32(&w, (int32_t)(frame->len + (size_t)file_len));
	writer_put(&w, frame->data, frame->len);
	if (file)
		writer_file(&w, file, 0, (size_t)file_len);
	assert_int_equal(writer_take(&w, &chain), 0);
	writer_fini(&w);
	return chain;
}

static void run_later(struct job *job)
{
	struct later *l = CONTAINER_OF(job, struct later, job);

	connection_reply(l->c, &l->chain, 0);
	connection_unref(l->c);
	free(l);
}

static void on_frame(void *arg, struct connection *c, struct buf *frame)
{
	struct fixture *f = arg;
	struct chain chain = { 0 };
	struct later *l;

	switch (frame->len ? frame->data[0] : ECHO) {
	case ECHO:
		chain = answer(frame, NULL);
		connection_reply(c, &chain, 0);
		break;
	case ECHO_LATER:
		l = xcalloc(1, sizeof(*l));
		l->c = connection_ref(c);
		l->chain = answer(frame, NULL);
		l->job.run = run_later;
		worker_pool_submit(f->pool, &l->job);
		break;
	case NO_ANSWER:
		connection_done(c, 0);
		break;
	case FILE_ANSWER:
		chain = answer(frame, f->file);
		connection_reply(c, &chain, 0);
		break;
	case THROTTLE:
		chain = answer(frame, NULL);
		connection_reply(c, &chain, 200);
		break;
	default:
		connection_close(c, NULL);
	}
	buf_unref(frame);
}

static struct server_config config_default(struct fixture *f)
{
	static const struct server_listener listener = { "PLAINTEXT", "127.0.0.1", 0, { INT32_MAX, INT32_MAX } };

	return (struct server_config){ .listeners = &listener, .listeners_n = 1, .network_threads = 2,
		.request_max_bytes = 8 << 20, .queued_max_bytes = -1, .send_buffer_bytes = -1,
		.receive_buffer_bytes = -1, .backlog = 50, .idle_ms = 600000, .limits = { NO_LIMITS, 1000, NULL },
		.quota_samples = 11, .quota_window_ms = 1000, .on_frame = on_frame, .arg = f };
}

static void start(struct fixture *f, const struct server_config *config)
{
	char path[] = "/tmp/moldau-net-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(file_open(path, O_RDWR, 0, &f->file), 0);
	unlink(path);
	f->pool = worker_pool_new("test", 2);
	assert_int_equal(server_bind(config, &f->server), 0);
	f->port = server_port(f->server, "PLAINTEXT");
	assert_true(f->port > 0);
	assert_int_equal(server_start(f->server), 0);
}

static void stop(struct fixture *f)
{
	server_stop(f->server, 1000);
	f->pool = worker_pool_free(f->pool);
	f->server = server_free(f->server);
	f->file = file_unref(f->file);
}

static int dial(const struct fixture *f)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)f->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void send_all(int fd, const void *p, size_t n)
{
	const char *at = p;
	ssize_t k;

	for (; n; at += k, n -= (size_t)k) {
		k = send(fd, at, n, MSG_NOSIGNAL);
		assert_true(k > 0);
	}
}

static void send_frame(int fd, char what, const void *p, size_t n)
{
	uint32_t size = htobe32((uint32_t)(n + 1));
	char *all = xmalloc(n + 5);

	memcpy(all, &size, 4);
	all[4] = what;
	memcpy(all + 5, p, n);
	send_all(fd, all, n + 5);
	free(all);
}

static void receive_all(int fd, void *p, size_t n)
{
	char *at = p;
	ssize_t k;

	for (; n; at += k, n -= (size_t)k) {
		k = recv(fd, at, n, 0);
		assert_true(k > 0);
	}
}

static void expect_frame(int fd, char what, const void *p, size_t n)
{
	uint32_t size;
	char *got = xmalloc(n + 1);

	receive_all(fd, &size, 4);
	assert_int_equal(be32toh(size), n + 1);
	receive_all(fd, got, n + 1);
	assert_int_equal(got[0], what);
	assert_memory_equal(got + 1, p, n);
	free(got);
}

static void expect_closed(int fd)
{
	char c;
	ssize_t n = recv(fd, &c, 1, 0);

	assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
	close(fd);
}

static void frames_come_back(void **state UNUSED)
{
	struct fixture f;
	struct server_config config = config_default(&f);
	size_t sizes[] = { 0, 1, 3, 1018, 1019, 1020, 1024, 70000, 300000, 5000000 };
	uint8_t *data = xcalloc(1, 5000000);
	size_t i;
	int fd;

	for (i = 0; i < 5000000; i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	start(&f, &config);
	fd = dial(&f);
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		send_frame(fd, i % 2 ? ECHO : ECHO_LATER, data, sizes[i]);
		expect_frame(fd, i % 2 ? ECHO : ECHO_LATER, data, sizes[i]);
	}
	close(fd);
	stop(&f);
	free(data);
}

static void pipelined_requests_are_answered_in_order(void **state UNUSED)
{
	struct fixture f;
	struct server_config config = config_default(&f);
	char text[32];
	int fd, i;

	start(&f, &config);
	fd = dial(&f);
	for (i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "request %d", i);
		send_frame(fd, i % 3 == 0 ? ECHO_LATER : i % 3 == 1 ? ECHO : NO_ANSWER, text, strlen(text));
	}
	for (i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "request %d", i);
		if (i % 3 != 2)
			expect_frame(fd, i % 3 == 0 ? ECHO_LATER : ECHO, text, strlen(text));
	}
	close(fd);
	stop(&f);
}

static void a_frame_may_arrive_byte_by_byte(void **state UNUSED)
{
	struct fixture f;
	struct server_config config = config_default(&f);
	const char bytes[] = { 0, 0, 0, 3, 'e', 'x', 'y', 0, 0, 0, 1, 'e' };
	size_t i;
	int fd;

	start(&f, &config);
	fd = dial(&f);
	for (i = 0; i < sizeof(bytes); i++)
		send_all(fd, bytes + i, 1);
	expect_frame(fd, 'e', "xy", 2);
	expect_frame(fd, 'e', "", 0);
	close(fd);
	stop(&f);
}

static void a_size_out_of_range_closes(void **state UNUSED)
{
	struct fixture f;
	struct server_config config = config_default(&f);
	const uint8_t sizes[][4] = { { 0xff, 0xff, 0xff, 0xff }, { 0x80, 0, 0, 0 }, { 0x7f, 0xff, 0xff, 0xff },
		{ 0, 0x80, 0, 1 } };
	size_t i;
	int fd;

	start(&f, &config);
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		fd = dial(&f);
		send_all(fd, sizes[i], 4);
		expect_closed(fd);
	}
	stop(&f);
}

static void a_file_range_follows_the_bytes(void **state UNUSED)
{
	struct fixture f;
	struct server_config config = config_default(&f);
	size_t n = 3000000, i;
	uint8_t *data = xmalloc(n + 2);
	int fd;

	start(&f, &config);
	data[0] = 'a';
	for (i = 1; i <= n; i++)
		data[i] = (uint8_t)(i % 253);
	assert_int_equal(file_write_full(f.file, data + 1, n, 0), 0);
	fd = dial(&f);
	send_frame(fd, FILE_ANSWER, data, 1);
	send_frame(fd, FILE_ANSWER, data, 1);
	expect_frame(fd, FILE_ANSWER, data, n + 1);
	expect_frame(fd, FILE_ANSWER, data, n + 1);
	close(fd);
	stop(&f);
	free(data);
}

static void the_handler_may_close(void **state UNUSED)
{
	struct fixture f;
	struct server_config config = config_default(&f);
	int fd;

	start(&f, &config);
	fd = dial(&f);
	send_frame(fd, CLOSE, "", 0);
	expect_closed(fd);
	stop(&f);
}

static void a_throttled_connection_is_not_read(void **state UNUSED)
{
	struct fixture f;
	struct server_config config = config_default(&f);
	int64_t began;
	int fd;

	start(&f, &config);
	fd = dial(&f);
	began = clock_mono_ms(&clock_real);
	send_frame(fd, THROTTLE, "a", 1);
	send_frame(fd, ECHO, "b", 1);
	expect_frame(fd, THROTTLE, "a", 1);
	expect_frame(fd, ECHO, "b", 1);
	assert_true(clock_mono_ms(&clock_real) - began >= 190);
	close(fd);
	stop(&f);
}

static void idle_connections_are_closed(void **state UNUSED)
{
	struct fixture f;
	struct server_config config = config_default(&f);
	int fd;

	config.idle_ms = 100;
	start(&f, &config);
	fd = dial(&f);
	send_frame(fd, ECHO, "x", 1);
	expect_frame(fd, ECHO, "x", 1);
	expect_closed(fd);
	stop(&f);
}

static void an_address_has_a_limit(void **state UNUSED)
{
	struct fixture f;
	struct server_config config = config_default(&f);
	int a, b;

	config.limits.per_ip_overrides = "127.0.0.1:1";
	start(&f, &config);
	a = dial(&f);
	send_frame(a, ECHO, "x", 1);
	expect_frame(a, ECHO, "x", 1);
	b = dial(&f);
	expect_closed(b);
	send_frame(a, ECHO, "y", 1);
	expect_frame(a, ECHO, "y", 1);
	close(a);
	stop(&f);
}

static void a_full_server_accepts_when_a_slot_is_free(void **state UNUSED)
{
	struct fixture f;
	struct server_config config = config_default(&f);
	int a, b;

	config.limits.all.max_connections = 1;
	start(&f, &config);
	a = dial(&f);
	send_frame(a, ECHO, "x", 1);
	expect_frame(a, ECHO, "x", 1);
	b = dial(&f);
	send_frame(b, ECHO, "y", 1);
	assert_int_equal(poll(&(struct pollfd){ .fd = b, .events = POLLIN }, 1, 150), 0);
	close(a);
	expect_frame(b, ECHO, "y", 1);
	close(b);
	stop(&f);
}

static void queued_bytes_are_bounded(void **state UNUSED)
{
	struct fixture f;
	struct server_config config = config_default(&f);
	const char half[] = { 0, 0, 0x10, 0, 'e' };
	char *rest = xcalloc(1, 0x1000);
	int a, b;

	config.queued_max_bytes = 1000;
	start(&f, &config);
	a = dial(&f);
	send_all(a, half, sizeof(half)); /* charges 4096 bytes and keeps them */
	assert_int_equal(poll(&(struct pollfd){ .fd = a, .events = POLLIN }, 1, 100), 0);
	b = dial(&f);
	send_frame(b, ECHO, "waits", 5);
	assert_int_equal(poll(&(struct pollfd){ .fd = b, .events = POLLIN }, 1, 150), 0);
	send_all(a, rest, 0x1000 - 1);
	expect_frame(a, 'e', rest, 0x1000 - 1);
	expect_frame(b, ECHO, "waits", 5);
	close(a);
	close(b);
	stop(&f);
	free(rest);
}

static void a_port_in_use_is_an_error(void **state UNUSED)
{
	struct fixture f;
	struct server_config config = config_default(&f);
	struct server_listener taken;
	struct server *second;

	start(&f, &config);
	taken = (struct server_listener){ "PLAINTEXT", "127.0.0.1", f.port, NO_LIMITS };
	config.listeners = &taken;
	assert_int_equal(server_bind(&config, &second), -EADDRINUSE);
	stop(&f);
}

static void stop_lets_an_answer_leave(void **state UNUSED)
{
	struct fixture f;
	struct server_config config = config_default(&f);
	int busy, silent, i;

	start(&f, &config);
	busy = dial(&f);
	silent = dial(&f);
	for (i = 0; i < 20; i++)
		send_frame(busy, ECHO_LATER, "q", 1);
	expect_frame(busy, ECHO_LATER, "q", 1);
	stop(&f);
	expect_closed(silent);
	close(busy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_back),
		cmocka_unit_test(pipelined_requests_are_answered_in_order),
		cmocka_unit_test(a_frame_may_arrive_byte_by_byte),
		cmocka_unit_test(a_size_out_of_range_closes),
		cmocka_unit_test(a_file_range_follows_the_bytes),
		cmocka_unit_test(the_handler_may_close),
		cmocka_unit_test(a_throttled_connection_is_not_read),
		cmocka_unit_test(idle_connections_are_closed),
		cmocka_unit_test(an_address_has_a_limit),
		cmocka_unit_test(a_full_server_accepts_when_a_slot_is_free),
		cmocka_unit_test(queued_bytes_are_bounded),
		cmocka_unit_test(a_port_in_use_is_an_error),
		cmocka_unit_test(stop_lets_an_answer_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
