/* cluster.h - brokers, whole ones: broker_start and broker_stop of src/broker on simulated machines. */
#ifndef TESTS_SIM_CLUSTER_H
#define TESTS_SIM_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

struct broker_context;

enum { BROKERS_MAX = 5, BROKER_PORT = 9092 };

struct cluster_config {
	int brokers;
	uint64_t seed;
	const char *extra; /* lines of server.properties for all of them; NULL: none */
	const char *later; /* the same from the second start of each on; NULL: no difference */
};

extern int brokers_n;

void cluster_begin(const struct cluster_config *c);
void cluster_end(void);

/* All from outside of the node. */
void broker_boot(int id);
void broker_shut_down(int id); /* asks for an orderly stop; broker_is_up tells when it is done */
enum ending {
	ENDING_KILL,	 /* SIGKILL: what was written is in the page cache */
	ENDING_POWER,	 /* some of what was not synced is lost */
	ENDING_POWER_ALL, /* all of it */
};
void broker_kill(int id, enum ending how);
bool broker_is_up(int id);	/* it has started and was not told to stop */
bool broker_is_gone(int id); /* no process is there */
bool broker_is_stopping(int id);
/* What its requests work with; NULL while it is not bound. Good until the node is killed or stops. */
const struct broker_context *broker_parts(int id);

/* From the pieces that the broker stands on. */
void cluster_broker_bound(int node, const void *ctx);
void cluster_broker_failed(int node);

/* --- what happened, for whoever has to find out why --- */
void trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void trace_print(void);
/* Prints what is wrong, the seed, the step and the trace, and ends the process. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
