/* test_listeners.c - limits and listeners of a running server: opened, moved, closed, under traffic. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/connection.h"
#include "net/server.h"

#define UNLIMITED { INT32_MAX, INT32_MAX }
#define PATIENCE_MS 10000

static struct server *server;

/* Every frame comes back with the name of its listener behind it. */
static void on_frame(void *arg UNUSED, struct connection *c, struct buf *frame)
{
	const char *name = connection_listener(c);
	struct writer w;
	struct chain chain;

	writer_init(&w, 64, 64 << 20);
	writer_i32(&w, (int32_t)(frame->len + strlen(name)));
	writer_put(&w, frame->data, frame->len);
	writer_put(&w, name, strlen(name));
	assert_int_equal(0, writer_take(&w, &chain));
	writer_fini(&w);
	connection_reply(c, &chain, 0);
	buf_unref(frame);
}

static const struct server_listener inner = { "INNER", "127.0.0.1", 0, UNLIMITED };
static const struct server_listener outer = { "OUTER", "127.0.0.1", 0, UNLIMITED };

static int prepare(void **state UNUSED)
{
	const struct server_config config = { .listeners = &inner, .listeners_n = 1, .network_threads = 3,
		.request_max_bytes = 8 << 20, .queued_max_bytes = -1, .send_buffer_bytes = -1,
		.receive_buffer_bytes = -1, .backlog = 50, .idle_ms = 600000,
		.limits = { UNLIMITED, INT32_MAX, NULL }, .quota_samples = 11, .quota_window_ms = 1000,
		.inter_broker = "INNER", .on_frame = on_frame };

	assert_int_equal(0, server_bind(&config, &server));
	return server_start(server);
}

static int finish(void **state UNUSED)
{
	server_stop(server, 1000);
	server = server_free(server);
	return 0;
}

static int dial_port(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int dial(const char *listener)
{
	int fd = dial_port(server_port(server, listener));

	assert_true(fd >= 0);
	return fd;
}

/* False when the connection is closed. */
static bool receive_all(int fd, void *p, size_t n)
{
	char *at = p;

	while (n > 0) {
		ssize_t k = recv(fd, at, n, 0);

		if (k <= 0)
			return false;
		at += k;
		n -= (size_t)k;
	}
	return true;
}

static void send_letter(int fd)
{
	(void)send(fd, "\0\0\0\1x", 5, MSG_NOSIGNAL);
}

/* The answer to send_letter is "x" and the listener's name. */
static bool answered(int fd, const char *listener)
{
	uint32_t size;
	char text[16] = "";

	if (!receive_all(fd, &size, 4) || be32toh(size) >= sizeof(text) || !receive_all(fd, text, be32toh(size)))
		return false;
	assert_int_equal('x', text[0]);
	assert_string_equal(listener, text + 1);
	return true;
}

static void expect_service(int fd, const char *listener)
{
	send_letter(fd);
	assert_true(answered(fd, listener));
}

static bool silent_for(int fd, int ms)
{
	return poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, ms) == 0;
}

static void expect_closed(int fd)
{
	char c;

	assert_true(recv(fd, &c, 1, 0) <= 0);
	close(fd);
}

static void wait_for_connections(size_t n)
{
	int64_t deadline = clock_mono_ms(&clock_real) + PATIENCE_MS;

	while (server_connections(server) != n) {
		assert_true(clock_mono_ms(&clock_real) < deadline);
		(void)poll(NULL, 0, 1);
	}
}

static void a_listener_is_opened_and_closed(void **state UNUSED)
{
	int kept, gone, port;

	assert_int_equal(-1, server_port(server, "OUTER"));
	assert_int_equal(0, server_open_listener(server, &outer));
	port = server_port(server, "OUTER");
	kept = dial("INNER");
	gone = dial("OUTER");
	expect_service(kept, "INNER");
	expect_service(gone, "OUTER");
	server_close_listener(server, "OUTER");
	assert_int_equal(1, server_connections(server));
	expect_closed(gone);
	assert_int_equal(-1, dial_port(port));
	assert_int_equal(-1, server_port(server, "OUTER"));
	expect_service(kept, "INNER");
	server_close_listener(server, "OUTER"); /* nothing to do */
	close(kept);
}

static void an_address_in_use_changes_nothing(void **state UNUSED)
{
	struct server_listener taken = outer;
	int fd;

	taken.port = server_port(server, "INNER");
	assert_int_equal(-EADDRINUSE, server_open_listener(server, &taken));
	assert_int_equal(-1, server_port(server, "OUTER"));
	assert_int_equal(0, server_open_listener(server, &outer));
	taken.port = server_port(server, "INNER");
	assert_int_equal(-EADDRINUSE, server_move_listener(server, &taken));
	fd = dial("OUTER"); /* still, or again, at its old address */
	expect_service(fd, "OUTER");
	close(fd);
}

static void a_listener_moves_and_keeps_its_connections(void **state UNUSED)
{
	struct server_listener moved = inner;
	int old = dial("INNER"), port = server_port(server, "INNER"), fd;

	expect_service(old, "INNER");
	assert_int_equal(0, server_move_listener(server, &moved));
	assert_int_not_equal(port, server_port(server, "INNER"));
	assert_int_equal(-1, dial_port(port));
	expect_service(old, "INNER");
	fd = dial("INNER");
	expect_service(fd, "INNER");
	port = moved.port = server_port(server, "INNER");
	moved.host = ""; /* the same port of all addresses, which the old socket would be in the way of */
	assert_int_equal(0, server_move_listener(server, &moved));
	assert_int_equal(port, server_port(server, "INNER"));
	close(fd);
	fd = dial("INNER");
	expect_service(fd, "INNER");
	expect_service(old, "INNER");
	close(fd);
	close(old);
}

static void a_listener_with_a_limit_keeps_others_waiting(void **state UNUSED)
{
	struct server_listener small = outer;
	int a, b, c, free_one;

	small.limits.max_connections = 1;
	assert_int_equal(0, server_open_listener(server, &small));
	a = dial("OUTER");
	expect_service(a, "OUTER");
	b = dial("OUTER");
	c = dial("OUTER");
	send_letter(b);
	send_letter(c);
	assert_true(silent_for(b, 100));
	free_one = dial("INNER");
	expect_service(free_one, "INNER");
	close(a);
	assert_true(answered(b, "OUTER"));
	assert_true(silent_for(c, 50));
	server_set_listener_limits(server, "OUTER", (struct connection_limits)UNLIMITED);
	assert_true(answered(c, "OUTER"));
	close(b);
	close(c);
	close(free_one);
}

static void a_waiting_connection_goes_with_its_listener(void **state UNUSED)
{
	struct server_listener small = outer;
	int a, b;

	small.limits.max_connections = 1;
	assert_int_equal(0, server_open_listener(server, &small));
	a = dial("OUTER");
	expect_service(a, "OUTER");
	b = dial("OUTER");
	assert_true(silent_for(b, 50));
	server_close_listener(server, "OUTER");
	expect_closed(a);
	expect_closed(b);
}

static void connections_that_come_too_fast_wait(void **state UNUSED)
{
	struct server_listener slow = outer;
	int64_t began;
	int fds[13], other;
	size_t i;

	slow.limits.creation_rate = 1; /* ten at once, then each waits a second */
	assert_int_equal(0, server_open_listener(server, &slow));
	began = clock_mono_ms(&clock_real);
	for (i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = dial("OUTER");
		send_letter(fds[i]);
	}
	other = dial("INNER");
	expect_service(other, "INNER"); /* other listeners go on meanwhile */
	for (i = 0; i < ARRAY_LEN(fds); i++)
		assert_true(answered(fds[i], "OUTER"));
	assert_true(clock_mono_ms(&clock_real) - began >= 2000);
	for (i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	close(other);
}

static void clients_make_room_for_brokers(void **state UNUSED)
{
	const struct server_limits two = { { 2, INT32_MAX }, INT32_MAX, NULL };
	int first, second, broker, more;

	assert_int_equal(0, server_open_listener(server, &outer));
	server_set_limits(server, &two);
	first = dial("OUTER");
	expect_service(first, "OUTER");
	second = dial("OUTER");
	expect_service(second, "OUTER");
	broker = dial("INNER");
	expect_service(broker, "INNER");
	wait_for_connections(2);
	expect_service(broker, "INNER");
	more = dial("INNER");
	expect_service(more, "INNER");
	expect_closed(first);
	expect_closed(second);
	expect_service(broker, "INNER");
	close(broker);
	close(more);
}

static void a_lower_limit_closes_the_quietest(void **state UNUSED)
{
	const struct server_limits two = { { 2, INT32_MAX }, INT32_MAX, NULL };
	int fds[6];
	size_t i, open = 0;

	assert_int_equal(0, server_open_listener(server, &outer));
	for (i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = dial("OUTER");
		expect_service(fds[i], "OUTER");
	}
	server_set_limits(server, &two);
	wait_for_connections(2);
	for (i = 0; i < ARRAY_LEN(fds); i++) {
		send_letter(fds[i]);
		open += answered(fds[i], "OUTER");
		close(fds[i]);
	}
	assert_int_equal(2, open);
}

/* --- under traffic --- */

static atomic_bool over;
static atomic_int served;

/* Connects, asks a few times, and comes back; listeners come and go meanwhile. */
static void *client(void *arg)
{
	const char *listener = arg;

	while (!atomic_load(&over)) {
		int port = server_port(server, listener), fd = port < 0 ? -1 : dial_port(port);

		for (int i = 0; i < 5 && fd >= 0; i++) {
			send_letter(fd);
			if (!answered(fd, listener))
				break;
			atomic_fetch_add(&served, 1);
		}
		if (fd >= 0)
			close(fd);
		else
			(void)poll(NULL, 0, 1);
	}
	return NULL;
}

static void listeners_change_under_traffic(void **state UNUSED)
{
	pthread_t t[4];
	int round;

	atomic_store(&over, false);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(0, pthread_create(&t[i], NULL, client, i % 2 ? "INNER" : "OUTER"));
	for (round = 0; round < 40; round++) {
		struct server_limits limits = { { 1 + round % 5, INT32_MAX }, INT32_MAX, NULL };
		int before = atomic_load(&served);
		int64_t deadline = clock_mono_ms(&clock_real) + PATIENCE_MS;

		assert_int_equal(0, server_open_listener(server, &outer));
		server_set_limits(server, &limits);
		server_set_listener_limits(server, "INNER", (struct connection_limits){ 1 + round % 3, INT32_MAX });
		if (round % 4 == 0)
			assert_int_equal(0, server_move_listener(server, &outer));
		if (round % 10 == 0)
			assert_int_equal(0, server_resize(server, 2 + round / 10));
		while (atomic_load(&served) < before + 20) {
			assert_true(clock_mono_ms(&clock_real) < deadline);
			(void)poll(NULL, 0, 1);
		}
		server_close_listener(server, "OUTER");
	}
	atomic_store(&over, true);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		(void)pthread_join(t[i], NULL);
	wait_for_connections(0);
}

static void nothing_is_opened_after_the_stop(void **state UNUSED)
{
	server_stop(server, 0);
	assert_int_equal(-ESHUTDOWN, server_open_listener(server, &outer));
	assert_int_equal(-ESHUTDOWN, server_move_listener(server, &inner));
	server_close_listener(server, "INNER");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, finish)
	const struct CMUnitTest tests[] = {
		TEST(a_listener_is_opened_and_closed),
		TEST(an_address_in_use_changes_nothing),
		TEST(a_listener_moves_and_keeps_its_connections),
		TEST(a_listener_with_a_limit_keeps_others_waiting),
		TEST(a_waiting_connection_goes_with_its_listener),
		TEST(connections_that_come_too_fast_wait),
		TEST(clients_make_room_for_brokers),
		TEST(a_lower_limit_closes_the_quietest),
		TEST(listeners_change_under_traffic),
		TEST(nothing_is_opened_after_the_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
