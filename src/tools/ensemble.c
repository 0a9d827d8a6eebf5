/* ensemble.c - see ensemble.h.
 *
 * The session sends an operation again until ZooKeeper answers; a tool must give up at some time. A thread looks at the
 * state of the connection several times a second, and aborts the session when it has been down for too long.
 */
#include "tools/ensemble.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/logger.h"
#include "tools/report.h"
#include "zk/session.h"

#define CONNECTION_MS 30000
#define SESSION_MS    10000 /* a server that hangs is noticed after two thirds of it */
#define LOOK_MS	      200

struct ensemble {
	struct zk_session *session;
	struct lock lock; /* stopping */
	struct cond changed;
	bool stopping;
	pthread_t watcher;
};

static void log_line(enum log_level level, const char *cls, const char *text)
{
	if (level >= LOG_WARN)
		report(level == LOG_WARN ? "WARN" : "ERROR", cls, "%s", text);
}

/* Waits a little; false when the tool is done. */
static bool go_on(struct ensemble *e)
{
	int64_t deadline = clock_mono_ms(&clock_real) + LOOK_MS;
	bool stopping;

	lock_take(&e->lock);
	while (!e->stopping && lock_wait_until(&e->lock, &e->changed, deadline))
		;
	stopping = e->stopping;
	lock_release(&e->lock);
	return !stopping;
}

static void *watch(void *arg)
{
	struct ensemble *e = arg;
	int64_t seen_ms = clock_mono_ms(&clock_real);

	while (go_on(e)) {
		int64_t now = clock_mono_ms(&clock_real);

		if (zk_session_state(e->session) == ZK_CONNECTED)
			seen_ms = now;
		if (now - seen_ms > CONNECTION_MS) {
			zk_session_abort(e->session);
			return NULL;
		}
	}
	return NULL;
}

/* Hosts without a port have the usual one, as for Java's client. Owned text. */
static char *with_ports(const char *connect)
{
	const char *chroot = strchrnul(connect, '/');
	char *text = xmalloc(strlen(connect) * 6 + 8), *to = text;

	for (const char *p = connect; p < chroot;) {
		size_t n = strcspn(p, ",/");

		to += sprintf(to, "%s%.*s%s", p == connect ? "" : ",", (int)n, p,
			memchr(p, ':', n) ? "" : ":2181");
		p += n + (p[n] == ',');
	}
	strcpy(to, chroot);
	return text;
}

int ensemble_open(const char *connect, struct ensemble **ret)
{
	CLEANUP(freep) char *servers = with_ports(connect);
	struct zk_config config = {
		.connect = servers,
		.name = "tool",
		.session_timeout_ms = SESSION_MS,
		.connection_timeout_ms = CONNECTION_MS,
		.max_in_flight = 100,
	};
	struct ensemble *e = xcalloc(1, sizeof(*e));
	int r;

	logger_capture(log_line);
	lock_init(&e->lock, RANK_LEAF, "ensemble");
	cond_init(&e->changed);
	r = zk_session_open(&config, &e->session);
	if (!r)
		r = -pthread_create(&e->watcher, NULL, watch, e);
	if (r) {
		zk_session_close(e->session);
		cond_fini(&e->changed);
		lock_fini(&e->lock);
		free(e);
		return FAIL(r);
	}
	*ret = e;
	return 0;
}

struct ensemble *ensemble_close(struct ensemble *e)
{
	if (!e)
		return NULL;
	lock_take(&e->lock);
	e->stopping = true;
	cond_broadcast(&e->changed);
	lock_release(&e->lock);
	pthread_join(e->watcher, NULL);
	zk_session_close(e->session);
	cond_fini(&e->changed);
	lock_fini(&e->lock);
	free(e);
	return NULL;
}

struct zk_session *ensemble_session(const struct ensemble *e)
{
	return e->session;
}

const char *ensemble_failure(int r, const char *path, char *buf, size_t size)
{
	char text[160];

	if (r == -ESHUTDOWN || r == -ETIMEDOUT || r == -ECONNRESET)
		snprintf(buf, size,
			"kafka.zookeeper.ZooKeeperClientTimeoutException: Timed out waiting for "
			"connection while in state: CONNECTING");
	else if (r == -EINVAL && !path)
		snprintf(buf, size,
			"java.lang.IllegalArgumentException: The connection string cannot be used");
	else if (r == -EACCES)
		snprintf(buf, size, "org.apache.zookeeper.KeeperException$NoAuthException: "
				    "KeeperErrorCode = NoAuth%s%s",
			path ? " for " : "", path ? path : "");
	else if (r > 0)
		snprintf(buf, size,
			"org.apache.zookeeper.KeeperException$%sException: KeeperErrorCode = "
			"%s%s%s",
			zk_code_text(r), zk_code_text(r), path ? " for " : "", path ? path : "");
	else
		snprintf(buf, size, "kafka.common.KafkaException: %s%s%s", path ? path : "",
			path ? ": " : "", error_text(r, text, sizeof(text)));
	return buf;
}

const char *ensemble_message(int r, const char *path, char *buf, size_t size)
{
	char text[512];
	const char *colon;

	ensemble_failure(r, path, text, sizeof(text));
	colon = strstr(text, ": ");
	snprintf(buf, size, "%s", colon ? colon + 2 : text);
	return buf;
}
