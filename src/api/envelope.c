/* envelope.c - Envelope (key 58): a request forwarded for a client. A cluster with ZooKeeper forwards nothing: Kafka 3.9
 * lists the API and closes the connection of whoever uses it (replication.md 14.4). */
#include "api/api.h"

static void envelope(struct request *req)
{
	request_close(req, "Envelope is not used with ZooKeeper");
}

const struct api api_envelope = {
	.key = 58, .min_version = 0, .max_version = 0, .run_on = RUN_ON_LOOP, .run = envelope,
};
