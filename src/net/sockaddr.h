/* sockaddr.h - addresses as text.
 *
 * Thread: any. Layer: pure.
 */
#ifndef NET_SOCKADDR_H
#define NET_SOCKADDR_H

#include <stddef.h>
#include <sys/socket.h>

/* "1.2.3.4", "::1"; IPv4-mapped addresses print as IPv4. */
void sockaddr_host(const struct sockaddr_storage *a, char *buf, size_t size);
int sockaddr_port(const struct sockaddr_storage *a);

#endif
