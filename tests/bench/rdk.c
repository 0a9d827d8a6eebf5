/* rdk.c - a producer on librdkafka, as an application would write it: rdk --broker HOST:PORT [OPTION]...
 *
 * Prints one line of JSON: what was acknowledged, the seconds it took, and the CPU seconds of the process --pid.
 * "none" of --linger is librdkafka's linger.ms=0; everything else is librdkafka's default.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "base/attr.h"

enum { VALUES = 1000 }; /* different ones */

struct options {
	const char *broker, *topic, *linger_ms, *acks, *codec;
	pid_t pid;
	size_t record_bytes;
	long long warm_up, amount; /* records */
};

static long long acked;

static void die(const char *fmt, ...) PRINTF(1, 2) NORETURN;
static void die(const char *fmt, ...)
{
	va_list va;

	va_start(va, fmt);
	vfprintf(stderr, fmt, va);
	va_end(va);
	fputc('\n', stderr);
	exit(1);
}

static double seconds(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts))
		die("no clock");
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double cpu(pid_t pid)
{
	clockid_t id;

	if (!pid)
		return 0;
	if (clock_getcpuclockid(pid, &id))
		die("process %d: no CPU clock", pid);
	return seconds(id);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *arg)
{
	(void)rk;
	(void)arg;
	if (m->err)
		die("delivery: %s", rd_kafka_err2str(m->err));
	acked++;
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value)
{
	char why[256];

	if (rd_kafka_conf_set(conf, key, value, why, sizeof(why)) != RD_KAFKA_CONF_OK)
		die("%s", why);
}

static rd_kafka_t *producer(const struct options *o)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *rk;
	char why[256];

	set(conf, "bootstrap.servers", o->broker);
	set(conf, "linger.ms", o->linger_ms);
	set(conf, "acks", o->acks);
	set(conf, "compression.codec", o->codec);
	set(conf, "queue.buffering.max.messages", "500000");
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (!rk)
		die("%s", why);
	return rk;
}

static void send_all(rd_kafka_t *rk, rd_kafka_topic_t *topic, const struct options *o, char *value, long long n)
{
	acked = 0;
	for (long long i = 0; i < n;) {
		char *p = value + (size_t)(i % VALUES) * o->record_bytes;

		if (rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, p, o->record_bytes, NULL, 0, NULL) == 0) {
			if (++i % 1000 == 0)
				rd_kafka_poll(rk, 0);
		} else if (rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
			rd_kafka_poll(rk, 10);
		} else {
			die("produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
		}
	}
	while (acked < n)
		rd_kafka_poll(rk, 10);
}

/* Half text that compresses, half that does not, as load.c has. */
static void fill(char *p, size_t n)
{
	static const char text[] = "the quick brown fox jumps over the lazy dog while a broker looks on; ";
	uint64_t x = 88172645463325252u;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (i / 16) % 2 ? (char)(x >> 32) : text[i % (sizeof(text) - 1)];
	}
}

static void run(const struct options *o)
{
	rd_kafka_t *rk = producer(o);
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, o->topic, NULL);
	char *value = malloc(o->record_bytes * VALUES);
	double wall, server, client;

	if (!topic || !value)
		die("no topic");
	fill(value, o->record_bytes * VALUES);
	send_all(rk, topic, o, value, o->warm_up);
	wall = seconds(CLOCK_MONOTONIC);
	server = cpu(o->pid);
	client = cpu(getpid());
	send_all(rk, topic, o, value, o->amount);
	printf("{\"records\":%lld,\"bytes\":%lld,\"seconds\":%.6f,\"server_cpu\":%.6f,\"client_cpu\":%.6f}\n",
	    o->amount, o->amount * (long long)o->record_bytes, seconds(CLOCK_MONOTONIC) - wall,
	    cpu(o->pid) - server, cpu(getpid()) - client);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
	free(value);
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "broker", required_argument, NULL, 'b' }, { "topic", required_argument, NULL, 't' },
		{ "linger", required_argument, NULL, 'l' }, { "acks", required_argument, NULL, 'a' },
		{ "codec", required_argument, NULL, 'z' },  { "pid", required_argument, NULL, 'p' },
		{ "record", required_argument, NULL, 'r' }, { "warm-up", required_argument, NULL, 'w' },
		{ "amount", required_argument, NULL, 'm' }, { 0 },
	};
	struct options o = {
		.topic = "bench", .linger_ms = "5", .acks = "1", .codec = "none", .record_bytes = 100,
		.warm_up = 10000, .amount = 1000000,
	};
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (c) {
		case 'b': o.broker = optarg; break;
		case 't': o.topic = optarg; break;
		case 'l': o.linger_ms = strcmp(optarg, "none") ? optarg : "0"; break;
		case 'a': o.acks = optarg; break;
		case 'z': o.codec = optarg; break;
		case 'p': o.pid = atoi(optarg); break;
		case 'r': o.record_bytes = (size_t)atoi(optarg); break;
		case 'w': o.warm_up = atoll(optarg); break;
		case 'm': o.amount = atoll(optarg); break;
		default: die("unknown option");
		}
	}
	if (!o.broker || o.record_bytes < 16)
		die("bad or missing option");
	run(&o);
	return 0;
}
