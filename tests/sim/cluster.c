/* cluster.c - see cluster.h. Each broker has a fiber that is its main thread. */
#include "cluster.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/logger.h"
#include "base/properties.h"
#include "broker/broker.h"
#include "broker/config.h"
#include "disk.h"
#include "fiber.h"
#include "network.h"
#include "oracle.h"
#include "zookeeper.h"

enum { TRACE_LINES = 400, TRACE_LINE = 400 };

struct node {
	int id;
	struct config *config, *later;
	uint32_t boots;
	const struct broker_context *parts;
	bool running, started, stop, failed;
	struct list stop_wait;
	uint32_t exit_life; /* of the process that has ended by itself */
};

int brokers_n;

static struct node brokers[BROKERS_MAX];
static char *dir;
static char lines[TRACE_LINES][TRACE_LINE];
static uint64_t lines_n;
static bool loud;

/* --- trace --- */

static void add_line(const char *text)
{
	char *to = lines[lines_n++ % TRACE_LINES];

	(void)snprintf(to, TRACE_LINE, "%lld.%03lld %s", (long long)world_now_ms() / 1000 - 1000,
	    (long long)world_now_ms() % 1000, text);
	if (loud)
		(void)fprintf(stderr, "%s\n", to);
}

void trace(const char *fmt, ...)
{
	char text[TRACE_LINE];
	va_list va;

	va_start(va, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, va);
	va_end(va);
	add_line(text);
}

static void on_log_line(enum log_level level, const char *cls, const char *msg)
{
	char text[TRACE_LINE];
	int node = fiber_node();

	(void)cls;
	if (node == NODE_OUTSIDE)
		return;
	(void)snprintf(text, sizeof(text), "[%d] %s%s", node, level >= LOG_WARN ? "WARN " : "", msg);
	add_line(text);
}

void trace_print(void)
{
	uint64_t from = lines_n > TRACE_LINES ? lines_n - TRACE_LINES : 0;

	if (loud)
		return;
	(void)fprintf(stderr, "the last events (second, [broker]):\n");
	for (uint64_t i = from; i < lines_n; i++)
		(void)fprintf(stderr, "  %s\n", lines[i % TRACE_LINES]);
}

static void print_place(void)
{
	trace_print();
	(void)fprintf(stderr, "seed %llu, step %llu, %lld ms after the start\n", (unsigned long long)world_seed,
	    (unsigned long long)world_steps(), (long long)world_now_ms() - 1000000);
}

void fail(const char *fmt, ...)
{
	va_list va;

	print_place();
	va_start(va, fmt);
	(void)vfprintf(stderr, fmt, va);
	va_end(va);
	(void)fprintf(stderr, "\n");
	if (dir)
		(void)fs_remove_tree(dir);
	_exit(1);
}

static void on_abort(int sig)
{
	signal(sig, SIG_DFL);
	print_place();
	if (dir)
		(void)fs_remove_tree(dir);
	raise(sig);
}

/* --- brokers --- */

static const char base_config[] =
    "zookeeper.connect=zk:2181\nzookeeper.session.timeout.ms=6000\nzookeeper.connection.timeout.ms=20000\n"
    "num.network.threads=1\nnum.io.threads=3\nbackground.threads=2\nnum.recovery.threads.per.data.dir=1\n"
    "log.cleaner.enable=false\nlog.retention.ms=-1\nlog.segment.bytes=16384\nlog.index.size.max.bytes=4096\n"
    "default.replication.factor=3\nnum.partitions=1\nmin.insync.replicas=2\nauto.create.topics.enable=false\n"
    "offsets.topic.num.partitions=1\ntransaction.state.log.num.partitions=1\n"
    "replica.lag.time.max.ms=4000\nreplica.fetch.wait.max.ms=500\nreplica.fetch.backoff.ms=200\n"
    "replica.socket.timeout.ms=3000\ncontroller.socket.timeout.ms=3000\nrequest.timeout.ms=3000\n"
    "replica.high.watermark.checkpoint.interval.ms=2000\n"
    "leader.imbalance.check.interval.seconds=15\ncontrolled.shutdown.retry.backoff.ms=500\n";

static struct config *config_of(int id, const char *extra)
{
	struct properties p = PROPERTIES_INIT;
	char why[CONFIG_ERROR_MAX], *text;
	struct config *c;

	text = xasprintf("%sbroker.id=%d\nlisteners=PLAINTEXT://broker-%d:%d\nlog.dirs=%s/broker-%d/d0,%s/broker-%d/d1\n%s",
	    base_config, id, id, BROKER_PORT, dir, id, dir, id, extra ? extra : "");
	if (properties_parse(&p, text, strlen(text), NULL) != 0 || config_new(&p, "sim.properties", &c, why) != 0) {
		(void)fprintf(stderr, "configuration: %s\n", why);
		abort();
	}
	properties_fini(&p);
	free(text);
	return c;
}

/* The process has ended: what the system does then. */
static void exit_process(void *arg)
{
	struct node *n = arg;

	if (n->exit_life != node_life(n->id))
		return; /* it was killed meanwhile */
	n->running = n->started = false;
	n->parts = NULL;
	oracle_broker_gone(n->id);
	node_kill(n->id);
	network_node_killed(n->id, false);
	zookeeper_node_killed(n->id);
	disk_node_killed(n->id, ENDING_KILL);
}

static void exit_soon(struct node *n)
{
	n->parts = NULL;
	n->exit_life = node_life(n->id);
	world_at(world_now_ms(), exit_process, n);
	(void)fiber_wait(NULL, INT64_MAX);
}

static void *broker_main(void *arg)
{
	struct node *n = arg;
	struct broker *b;
	int r = broker_start(n->boots > 1 ? n->later : n->config, &b);

	if (r < 0) {
		trace("broker %d could not start: %s", n->id, strerror(-r));
		exit_soon(n);
	}
	n->started = true;
	while (!n->stop)
		(void)fiber_wait(&n->stop_wait, INT64_MAX);
	broker_stop(b);
	exit_soon(n);
	return NULL;
}

void broker_boot(int id)
{
	struct node *n = &brokers[id];

	trace("--- broker %d boots", id);
	n->running = true;
	n->boots++;
	n->started = n->stop = n->failed = false;
	list_init(&n->stop_wait);
	(void)fiber_spawn(id, "main", broker_main, n);
}

void broker_shut_down(int id)
{
	struct node *n = &brokers[id];

	trace("--- broker %d is asked to stop", id);
	n->stop = true;
	fiber_wake_all(&n->stop_wait);
}

void broker_kill(int id, enum ending how)
{
	struct node *n = &brokers[id];

	trace("--- broker %d %s", id, how == ENDING_KILL ? "is killed" : "loses power");
	n->running = n->started = false;
	n->parts = NULL;
	oracle_broker_gone(id);
	node_kill(id);
	network_node_killed(id, how != ENDING_KILL);
	zookeeper_node_killed(id);
	disk_node_killed(id, how);
}

bool broker_is_up(int id)
{
	return brokers[id].started && !brokers[id].stop;
}

bool broker_is_gone(int id)
{
	return !brokers[id].running;
}

bool broker_is_stopping(int id)
{
	return brokers[id].running && brokers[id].stop;
}

const struct broker_context *broker_parts(int id)
{
	return broker_is_up(id) ? brokers[id].parts : NULL;
}

void cluster_broker_bound(int node, const void *ctx)
{
	brokers[node].parts = ctx;
}

void cluster_broker_failed(int node)
{
	trace("--- broker %d gives up", node);
	brokers[node].failed = true;
	broker_shut_down(node);
}

/* --- all of it --- */

void cluster_begin(const struct cluster_config *c)
{
	const char *tmp = getenv("TMPDIR"), *shm = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	loud = getenv("SIM_TRACE") != NULL;
	brokers_n = c->brokers;
	dir = xasprintf("%s/moldau-sim-XXXXXX", tmp ? tmp : shm);
	if (!mkdtemp(dir))
		abort();
	world_begin(c->seed);
	signal(SIGABRT, on_abort);
	signal(SIGSEGV, on_abort);
	logger_set_level(LOG_INFO);
	logger_capture(on_log_line);
	disk_begin(dir);
	network_begin();
	zookeeper_begin();
	for (int i = 0; i < brokers_n; i++) {
		char *path = xasprintf("%s/broker-%d", dir, i);

		if (fs_mkdir_p(path) < 0)
			abort();
		free(path);
		brokers[i].id = i;
		brokers[i].config = config_of(i, c->extra);
		brokers[i].later = config_of(i, c->later ? c->later : c->extra);
	}
}

void cluster_end(void)
{
	disk_end();
	(void)fs_remove_tree(dir);
	free(dir);
	dir = NULL;
}
