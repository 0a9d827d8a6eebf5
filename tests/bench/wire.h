/* wire.h - what the programs of the bench share: sockets that end the program on failure, request frames, clocks.
 *
 * Blocking sockets, one thread per connection: the cheapest client that there is, so that the broker is the one
 * that is measured. Thread: the holder's.
 */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"

struct target {
	struct sockaddr_storage addr;
	socklen_t len;
};

/* Prints and ends the program with status 1. */
void die(const char *fmt, ...) PRINTF(1, 2) NORETURN;

void target_parse(const char *host_port, struct target *ret);
int target_try(const struct target *t); /* a connected descriptor, or -errno */
int target_connect(const struct target *t);

void send_all(int fd, const void *p, size_t n);
void send_all_v(int fd, struct iovec *iov, int n);
void recv_all(int fd, void *p, size_t n);
void recv_discard(int fd, size_t n); /* the kernel throws the bytes away without copying them */

/* A whole request, its size field included, ready to be sent as often as wanted. */
struct buf *frame_of(int key, int version, const void *body) MUST_CHECK;
/* Sends a request and decodes its response, which borrows from the arena; for what is not measured. */
void call(int fd, int key, int version, const void *in, struct arena *a, void *out);

int64_t now_ns(void);
/* CPU time that all threads of a process have used, the ended ones too; 0 when pid is 0. */
int64_t cpu_ns(pid_t pid);

/* The deterministic bytes of record `i`: half text that compresses, half that does not. */
void fill(uint8_t *p, size_t n, uint64_t i);

#endif
