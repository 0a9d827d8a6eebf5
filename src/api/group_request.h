/* group_request.h - what requests about consumer groups have in common.
 *
 * Thread: any.
 */
#ifndef API_GROUP_REQUEST_H
#define API_GROUP_REQUEST_H

#include <stdbool.h>

#include "base/str.h"

struct request;

/* Runs answer(req) here, or on a worker when the group's log is waiting for the disk: its lock is then held for long. */
void group_run(struct request *req, struct str group_id, void (*answer)(struct request *req));

/* Static members wait until all brokers know of them (inter.broker.protocol.version 2.3-IV0): an older coordinator would
 * forget the instance id. True: the request is answered KERR_UNSUPPORTED_VERSION. */
bool group_refuses_instance(const struct request *req, struct str instance_id);

/* The peer's address as Java prints it, which is how coordinators store and show it: "/10.0.0.7". In the arena; null when
 * that is full. */
struct str group_client_host(struct request *req);
/* The same for an address in text form; for tests. `ret` has room for CLIENT_HOST_MAX. */
enum { CLIENT_HOST_MAX = 80 };
const char *client_host_text(const char *address, char *ret);

#endif
