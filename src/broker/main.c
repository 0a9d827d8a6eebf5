/* main.c - moldaud, the broker: reads the configuration, starts, waits for a signal, stops.
 *
 * Exit status: 0 after an orderly stop (also --help and --version), 1 when the start failed.
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "broker/broker.h"
#include "broker/config.h"

#define LOG_CLASS "kafka.Kafka$"
#include "base/logger.h"

/* The release whose behaviour, protocol and files we keep; tools and scripts print and compare it. */
#define KAFKA_VERSION "3.9.0"

static const char usage[] =
    "USAGE: moldaud [--help | --version] server.properties [--override property=value]*\n"
    "\n"
    "Runs a Kafka broker (protocol, files and znodes of Apache Kafka " KAFKA_VERSION
    ", ZooKeeper mode).\n"
    "Logs go to standard output and to the directory that LOG_DIR names.\n"
    "SIGTERM and SIGINT stop it in order.\n";

/* Signals are taken by sigwait on the main thread; every other thread inherits the mask. SIGPIPE never helps. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, BROKER_FATAL_SIGNAL);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Frames and arenas come and go on many threads: few malloc arenas keep the resident size near what is in use. */
static void bound_malloc(void)
{
	mallopt(M_ARENA_MAX, 4);
	mallopt(M_TRIM_THRESHOLD, 8 << 20);
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
}

/* Each partition and each connection takes a descriptor, and the usual soft limit of 1024 is soon used up: take what the
 * hard limit allows, as a JVM does. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int wait_for_signal(const sigset_t *set)
{
	int got;

	while (sigwait(set, &got) || got == SIGHUP)
		;
	return got;
}

static int run(struct config *config)
{
	struct broker *broker;
	sigset_t set;
	int got, r;

	block_signals(&set);
	r = broker_start(config, &broker);
	if (r < 0)
		return 1;
	got = wait_for_signal(&set);
	if (got != BROKER_FATAL_SIGNAL)
		log_info("Terminating process due to signal %s", sigabbrev_np(got));
	r = broker_failed(broker);
	broker_stop(broker);
	return r ? 1 : 0;
}

static int load(int argc, char **argv, struct config **ret)
{
	char why[CONFIG_ERROR_MAX];
	bool with_usage = false;

	if (!config_load(argc, argv, ret, why, &with_usage))
		return 0;
	fprintf(stderr, "%s\n", why);
	if (with_usage)
		fputs(usage, stderr);
	return -1;
}

int main(int argc, char **argv)
{
	struct config *config;
	int status;

	if (argc > 1 && !strcmp(argv[1], "--version")) {
		puts(KAFKA_VERSION);
		return 0;
	}
	if (argc < 2 || !strcmp(argv[1], "--help")) {
		fputs(usage, argc < 2 ? stderr : stdout);
		return argc < 2;
	}
	bound_malloc();
	raise_descriptor_limit();
	if (load(argc, argv, &config))
		return 1;
	if (logger_open(getenv("LOG_DIR"), LOG_INFO) < 0) {
		fprintf(stderr, "LOG_DIR=%s cannot be made or written: give a directory that can be.\n",
		    getenv("LOG_DIR"));
		return 1;
	}
	status = run(config);
	config_unref(config);
	logger_close();
	return status;
}
