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

/* The library formats addresses for its log lines in one static buffer. */
#if defined(__SANITIZE_THREAD__)
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:libzookeeper_mt.so\n";
}
#endif

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

static int is_decided(void *arg)
{
	return zoo_state(arg) == ZOO_CONNECTED_STATE || zoo_state(arg) == ZOO_EXPIRED_SESSION_STATE;
}

/* True when the session is known to be over within half a second. */
static int is_over(struct zk_session *s, int64_t id)
{
	int64_t deadline = clock_mono_ms(&clock_real) + 500;

	while (zk_session_id(s, NULL) == id && clock_mono_ms(&clock_real) < deadline)
		pause_a_moment();
	return zk_session_id(s, NULL) != id;
}

void fixture_expire(struct zk_session *s)
{
	clientid_t id = { 0 };
	zhandle_t *zh;

	/* The owner, thrown out by the second client, may come back before that closes: then once more. */
	id.client_id = zk_session_id(s, id.passwd);
	for (int i = 0; i < 40; i++) {
		zh = zookeeper_init2(getenv("ZOOKEEPER"), NULL, 10000, &id, NULL, ZOO_NO_LOG_CLIENTENV, NULL);
		assert_non_null(zh);
		fixture_until("the session is taken over", is_decided, zh);
		(void)zookeeper_close(zh);
		if (is_over(s, id.client_id))
			return;
	}
	fail_msg("the session does not end");
}

void fixture_pause(void)
{
	assert_int_equal(0, kill((pid_t)atoi(getenv("ZOOKEEPER_PID")), SIGSTOP));
}

void fixture_resume(void)
{
	assert_int_equal(0, kill((pid_t)atoi(getenv("ZOOKEEPER_PID")), SIGCONT));
}
