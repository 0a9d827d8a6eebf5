/* fixture.c - see fixture.h. */
#include "fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <zookeeper/zookeeper.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "zk/session.h"

void fixture_zookeeper(int argc, char **argv)
{
	const char *top = getenv("TEST_SRCDIR");
	char script[4096];

	(void)argc;
	if (getenv("ZOOKEEPER"))
		return;
	(void)snprintf(script, sizeof(script), "%s/tests/zk/with_zookeeper.sh", top ? top : ".");
	execl(script, script, argv[0], (char *)NULL);
	(void)fprintf(stderr, "%s: %s\n", script, strerror(errno));
	exit(1);
}

struct zk_session *fixture_session(const char *name, int32_t timeout_ms)
{
	char *connect = xasprintf("%s/%s", getenv("ZOOKEEPER"), name);
	struct zk_config c = {
		.connect = connect,
		.name = "Kafka server",
		.session_timeout_ms = timeout_ms,
		.connection_timeout_ms = 20000,
		.max_in_flight = 10,
		.create_chroot = true,
	};
	struct zk_session *s = NULL;
	int r = zk_session_open(&c, &s);

	free(connect);
	assert_int_equal(0, r);
	return s;
}

static void pause_a_moment(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

void fixture_until(const char *what, int (*ok)(void *arg), void *arg)
{
	int64_t deadline = clock_mono_ms(&clock_real) + 20000;

	while (!ok(arg)) {
		if (clock_mono_ms(&clock_real) > deadline)
			fail_msg("still not: %s", what);
		pause_a_moment();
	}
}

static int is_connected(void *arg)
{
	return zoo_state(arg) == ZOO_CONNECTED_STATE;
}

void fixture_expire(struct zk_session *s)
{
	clientid_t id = { 0 };
	zhandle_t *zh;

	id.client_id = zk_session_id(s, id.passwd);
	zh = zookeeper_init(getenv("ZOOKEEPER"), NULL, 10000, &id, NULL, 0);
	assert_non_null(zh);
	fixture_until("the session is taken over", is_connected, zh);
	assert_int_equal(ZOK, zookeeper_close(zh));
}

void fixture_pause(void)
{
	assert_int_equal(0, kill((pid_t)atoi(getenv("ZOOKEEPER_PID")), SIGSTOP));
}

void fixture_resume(void)
{
	assert_int_equal(0, kill((pid_t)atoi(getenv("ZOOKEEPER_PID")), SIGCONT));
}
