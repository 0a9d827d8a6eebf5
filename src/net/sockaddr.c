/* sockaddr.c - see sockaddr.h. */
#include "net/sockaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

void sockaddr_host(const struct sockaddr_storage *a, char *buf, size_t size)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)a;

	if (a->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		(void)inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, buf, (socklen_t)size);
	else if (a->ss_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &v6->sin6_addr, buf, (socklen_t)size);
	else if (a->ss_family == AF_INET)
		(void)inet_ntop(AF_INET, &v4->sin_addr, buf, (socklen_t)size);
	else
		snprintf(buf, size, "?");
}

int sockaddr_port(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)a)->sin6_port);
	return a->ss_family == AF_INET ? ntohs(((const struct sockaddr_in *)a)->sin_port) : 0;
}
