/* group_request.c - see group_request.h. */
#include "api/group_request.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "coordinator/groups.h"
#include "net/connection.h"
#include "protocol/metadata_version.h"

void group_run(struct request *req, struct str group_id, void (*answer)(struct request *req))
{
	if (groups_stall(req->ctx->groups, group_id))
		request_to_worker(req, answer);
	else
		answer(req);
}

bool group_refuses_instance(const struct request *req, struct str instance_id)
{
	return instance_id.len >= 0 && req->ctx->metadata_version < METADATA_VERSION_2_3_IV0;
}

/* Inet6Address.getHostAddress: eight numbers, none left out. */
static void put_v6(const struct in6_addr *a, const char *scope, char *ret)
{
	const uint8_t *b = a->s6_addr;
	int n = snprintf(ret, CLIENT_HOST_MAX, "/");

	for (int i = 0; i < 16; i += 2)
		n += snprintf(ret + n, CLIENT_HOST_MAX - (size_t)n, i ? ":%x" : "%x", (unsigned)(b[i] << 8 | b[i + 1]));
	if (scope)
		(void)snprintf(ret + n, CLIENT_HOST_MAX - (size_t)n, "%.30s", scope);
}

const char *client_host_text(const char *address, char *ret)
{
	const char *scope = strchr(address, '%');
	char bare[INET6_ADDRSTRLEN];
	struct in6_addr a;

	(void)snprintf(bare, sizeof(bare), "%.*s", scope ? (int)(scope - address) : (int)sizeof(bare), address);
	if (inet_pton(AF_INET6, bare, &a) != 1)
		(void)snprintf(ret, CLIENT_HOST_MAX, "/%.70s", address);
	else if (IN6_IS_ADDR_V4MAPPED(&a)) /* to Java that is an IPv4 address */
		(void)snprintf(ret, CLIENT_HOST_MAX, "/%u.%u.%u.%u", a.s6_addr[12], a.s6_addr[13], a.s6_addr[14],
		    a.s6_addr[15]);
	else
		put_v6(&a, scope, ret);
	return ret;
}

struct str group_client_host(struct request *req)
{
	char text[CLIENT_HOST_MAX];

	return arena_str(&req->arena, client_host_text(connection_peer_host(req->conn), text));
}
