/* socket_buffer.h - socket.send.buffer.bytes and socket.receive.buffer.bytes.
 *
 * Linux sizes the buffers of a TCP socket to what the connection needs, from the second to the third number of
 * net.ipv4.tcp_rmem and tcp_wmem, until somebody sets a size: then that is what it stays at. The classic default of
 * 100 KiB, once far above what a system gave, is now far below: with it, producers wait for a small window and
 * every window update makes the broker do their sending (measured with tests/bench: 1.3 times the CPU of a bare
 * receive loop). So a size that the system reaches by itself is left to it; one below its first size (a limit) or
 * above its largest is set.
 *
 * Thread: any.
 */
#ifndef NET_SOCKET_BUFFER_H
#define NET_SOCKET_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

/* option: SO_RCVBUF or SO_SNDBUF; bytes as configured, -1: leave to the system. Failures do not matter. */
void socket_buffer_set(int fd, int option, int bytes);

/* The rule: whether the system, which begins at `initial` and goes up to `max`, reaches `bytes` by itself. Both
 * count bookkeeping, for which the kernel adds as much again to a size that is set. */
bool socket_buffer_is_automatic(int64_t bytes, int64_t initial, int64_t max);

#endif
