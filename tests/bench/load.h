/* load.h - the cheap client: its options, and one function per kind of load.
 *
 * Each prints one line of JSON with what it did, the seconds it took, and the CPU seconds of the process --pid.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "wire.h"

struct load_options {
	struct target broker;
	const char *topic;
	pid_t pid;	   /* whose CPU time is read; 0: none */
	int partitions;
	int connections;
	int depth;	   /* requests in flight on a connection */
	int record_bytes;  /* of a value */
	int batch_bytes;   /* at most; at least one record */
	int acks;
	int codec;	   /* enum codec */
	int64_t warm_up;   /* bytes or requests before the measured ones, of all connections */
	int64_t amount;	   /* bytes or requests, of all connections */
	int rate;	   /* records a second */
	double seconds;
	const char *kind;
	char **command;	   /* behind "--" */
	const char **configs; /* key=value, NULL at the end */
};

/* What a phase of load cost. */
struct meter {
	int64_t wall_ns, server_ns, client_ns;
};
void meter_start(struct meter *m, pid_t pid);
void meter_stop(struct meter *m, pid_t pid);
/* `"seconds":1.5,"server_cpu":0.3,"client_cpu":0.4` */
void meter_print(const struct meter *m);

/* A batch of equal records, and how many are in it. */
struct buf *batch_of(const struct load_options *o, int *ret_records) MUST_CHECK;
/* A Produce request (version 9) with that batch. */
struct buf *produce_frame(const struct load_options *o, int partition, const struct buf *batch) MUST_CHECK;
/* The error code in the response to it, without its size field. */
int produce_error(const struct load_options *o, const uint8_t *p, size_t n);
/* A Fetch request (version 12, no session) and, of its frame, where the eight bytes of the offset are. */
struct buf *fetch_frame(const struct load_options *o, int partition, int64_t offset, int wait_ms, size_t *ret_offset_at)
    MUST_CHECK;

/* A request about the connection's own group: offset_commit, offset_fetch, heartbeat. NULL: kind is none of these. */
struct buf *group_frame(const struct load_options *o, int connection);
/* Waits until every connection's group has a coordinator and a committed offset. */
void group_prepare(const struct load_options *o);

/* Reads the size field and the start of a Fetch response up to the records; the rest is still to be received.
 * `head` holds what was received of the records. */
struct fetched {
	int error;
	int64_t high_watermark;
	uint32_t records; /* bytes */
	uint32_t rest;	  /* bytes of the frame that are not received yet */
	uint8_t head[512];
	const uint8_t *records_at; /* in head */
	size_t records_have;
};
void fetch_receive(int fd, struct fetched *ret);

int load_topic(const struct load_options *o);
int load_delete(const struct load_options *o);
int load_produce(const struct load_options *o);
int load_consume(const struct load_options *o);
int load_tail(const struct load_options *o);
int load_requests(const struct load_options *o);
int load_latency(const struct load_options *o);
int load_first(const struct load_options *o);
int load_idle(const struct load_options *o);

#endif
