/* load.c - a cheap client on the raw protocol: load WHAT --broker HOST:PORT [OPTION]...
 *
 *   topic     creates --topic with --partitions and --config k=v, waits for its leaders
 *   delete    deletes --topic
 *   produce   sends batches made beforehand: --amount bytes after --warm-up bytes
 *   consume   fetches from the beginning and throws the records away: --amount bytes after --warm-up bytes
 *   tail      produces while a consumer follows: --amount bytes after --warm-up bytes; an empty topic
 *   requests  tiny requests of --kind api_versions, metadata, list_offsets, fetch: --amount after --warm-up
 *   latency   records at a fixed --rate for --seconds, from the moment when each was due to its arrival at a consumer
 *   first     runs the command behind "--" and measures until its first acknowledged record; leaves it running
 *   idle      opens --connections, says "ready", keeps them until its input ends
 */
#include "load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/compress.h"

static const struct {
	const char *name;
	int (*run)(const struct load_options *o);
} loads[] = {
	{ "topic", load_topic },	   { "delete", load_delete },   { "produce", load_produce },
	{ "consume", load_consume },	   { "tail", load_tail }, { "requests", load_requests }, { "latency", load_latency },
	{ "first", load_first },	   { "idle", load_idle },
};

static const struct option long_options[] = {
	{ "broker", required_argument, NULL, 'b' },	 { "topic", required_argument, NULL, 't' },
	{ "pid", required_argument, NULL, 'p' },	 { "partitions", required_argument, NULL, 'n' },
	{ "connections", required_argument, NULL, 'c' }, { "depth", required_argument, NULL, 'd' },
	{ "record", required_argument, NULL, 'r' },	 { "batch", required_argument, NULL, 's' },
	{ "acks", required_argument, NULL, 'a' },	 { "codec", required_argument, NULL, 'z' },
	{ "warm-up", required_argument, NULL, 'w' },	 { "amount", required_argument, NULL, 'm' },
	{ "rate", required_argument, NULL, 'R' },	 { "seconds", required_argument, NULL, 'S' },
	{ "kind", required_argument, NULL, 'k' },	 { "config", required_argument, NULL, 'C' },
	{ 0 },
};

static int codec_by_name(const char *name)
{
	static const char *const names[] = { "none", "gzip", "snappy", "lz4", "zstd" };

	for (int i = 0; i < (int)ARRAY_LEN(names); i++) {
		if (!strcmp(names[i], name))
			return i;
	}
	die("no codec %s", name);
}

static void set(struct load_options *o, int c, const char *arg)
{
	static size_t configs_n;

	switch (c) {
	case 'b': target_parse(arg, &o->broker); break;
	case 't': o->topic = arg; break;
	case 'p': o->pid = atoi(arg); break;
	case 'n': o->partitions = atoi(arg); break;
	case 'c': o->connections = atoi(arg); break;
	case 'd': o->depth = atoi(arg); break;
	case 'r': o->record_bytes = atoi(arg); break;
	case 's': o->batch_bytes = atoi(arg); break;
	case 'a': o->acks = atoi(arg); break;
	case 'z': o->codec = codec_by_name(arg); break;
	case 'w': o->warm_up = atoll(arg); break;
	case 'm': o->amount = atoll(arg); break;
	case 'R': o->rate = atoi(arg); break;
	case 'S': o->seconds = atof(arg); break;
	case 'k': o->kind = arg; break;
	case 'C':
		if (configs_n >= 15)
			die("too many --config");
		o->configs[configs_n++] = arg;
		break;
	default: die("unknown option");
	}
}

int main(int argc, char **argv)
{
	const char *configs[16] = { 0 };
	struct load_options o = {
		.topic = "bench", .partitions = 1, .connections = 1, .depth = 1, .record_bytes = 1024,
		.batch_bytes = 65536, .acks = 1, .amount = 1 << 30, .rate = 1000, .seconds = 5,
		.kind = "api_versions", .configs = configs,
	};
	int c;

	if (argc < 2)
		die("usage: load WHAT --broker HOST:PORT [OPTION]...");
	for (optind = 2; (c = getopt_long(argc, argv, "+", long_options, NULL)) != -1;)
		set(&o, c, optarg);
	o.command = argv + optind;
	if (!o.broker.len || o.connections < 1 || o.depth < 1 || o.partitions < 1 || o.record_bytes < 16)
		die("bad or missing option");
	for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
		if (!strcmp(loads[i].name, argv[1]))
			return loads[i].run(&o);
	}
	die("no load called %s", argv[1]);
}

void meter_start(struct meter *m, pid_t pid)
{
	m->wall_ns = now_ns();
	m->server_ns = cpu_ns(pid);
	m->client_ns = cpu_ns(getpid());
}

void meter_stop(struct meter *m, pid_t pid)
{
	m->wall_ns = now_ns() - m->wall_ns;
	m->server_ns = cpu_ns(pid) - m->server_ns;
	m->client_ns = cpu_ns(getpid()) - m->client_ns;
}

void meter_print(const struct meter *m)
{
	printf("\"seconds\":%.6f,\"server_cpu\":%.6f,\"client_cpu\":%.6f", (double)m->wall_ns / 1e9,
	    (double)m->server_ns / 1e9, (double)m->client_ns / 1e9);
}
