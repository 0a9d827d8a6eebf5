/* socket_buffer.h - socket.receive.buffer.bytes.
 *
 * Linux sizes the receive buffer of a TCP socket to what the connection needs, from the second to the third number
 * of net.ipv4.tcp_rmem, until somebody sets a size: then that is what it stays at. With the classic default of
 * 100 KiB producers wait for a small window, and the broker's acknowledgements carry their sending (measured with
 * tests/bench: 1.15 instead of 0.78 CPU s/GB of produce). So a size that the system reaches by itself is left to it;
 * one below its first size (a limit) or above its largest is set.
 *
 * Not so for sending: there a set size is better. With the kernel's own sizes consume took 0.26 instead of 0.16 CPU
 * s/GB (medians of 12 alternating runs), so socket.send.buffer.bytes is always set.
 *
 * Thread: any.
 */
#ifndef NET_SOCKET_BUFFER_H
#define NET_SOCKET_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

/* bytes as configured, -1: leave to the system. Failures do not matter. */
void socket_buffer_set_receive(int fd, int bytes);

/* The rule: whether the system, which begins at `initial` and goes up to `max`, reaches `bytes` by itself. Both
 * count bookkeeping, for which the kernel adds as much again to a size that is set. */
bool socket_buffer_is_automatic(int64_t bytes, int64_t initial, int64_t max);

#endif
