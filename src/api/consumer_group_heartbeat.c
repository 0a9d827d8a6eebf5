/* consumer_group_heartbeat.c - ConsumerGroupHeartbeat (key 68): the newer group protocol, which needs KRaft.
 *
 * It is advertised and refused, as Kafka 3.9 does with ZooKeeper: clients take that answer as the reason to use the
 * classic protocol (coordinators.md 2.17).
 */
#include "api/api.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

static void consumer_group_heartbeat(struct request *req)
{
	struct consumer_group_heartbeat_response *out = req->out;

	out->error_code = KERR_UNSUPPORTED_VERSION;
	request_reply(req);
}

const struct api api_consumer_group_heartbeat = {
	.key = 68, .min_version = 0, .max_version = 0, .run_on = RUN_ON_LOOP, .run = consumer_group_heartbeat,
};
