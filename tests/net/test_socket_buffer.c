/* test_socket_buffer.c - which configured sizes are set, and which are left to the system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/socket_buffer.h"

static void what_the_system_reaches_is_left_to_it(void **state)
{
	(void)state;
	assert_true(socket_buffer_is_automatic(102400, 131072, 6291456));
	assert_false(socket_buffer_is_automatic(16384, 131072, 6291456)); /* a limit */
	assert_false(socket_buffer_is_automatic(8 << 20, 131072, 6291456)); /* more than it would give */
	assert_false(socket_buffer_is_automatic(102400, 0, 0)); /* it does not tell */
}

static int size_of(int fd, int option)
{
	socklen_t len = sizeof(int);
	int n = 0;

	assert_int_equal(getsockopt(fd, SOL_SOCKET, option, &n, &len), 0);
	return n;
}

static void a_limit_is_set_and_minus_one_is_not(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), before;

	(void)state;
	assert_true(fd >= 0);
	before = size_of(fd, SO_RCVBUF);
	socket_buffer_set_receive(fd, -1);
	assert_int_equal(size_of(fd, SO_RCVBUF), before);
	socket_buffer_set_receive(fd, 4096);
	assert_int_equal(size_of(fd, SO_RCVBUF), 8192);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_system_reaches_is_left_to_it),
		cmocka_unit_test(a_limit_is_set_and_minus_one_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
