/* current_leader.c - the hint in answers with NOT_LEADER_OR_FOLLOWER (KafkaApis.getCurrentLeader of 3.9). */
#include "api/current_leader.h"

#include "api/api.h"
#include "metadata/image.h"
#include "net/connection.h"
#include "replica/partitions.h"

void current_leader_of(const struct request *req, const struct image *image, struct str topic, int32_t index,
		       struct current_leader *ret)
{
	const struct image_partition *known;
	const struct image_endpoint *endpoint;
	const struct image_broker *broker;
	struct partition *p;

	*ret = (struct current_leader){ .id = -1, .epoch = -1, .rack = STR_NULL };
	if (partitions_find(req->ctx->partitions, image, topic, index, &p) == 0) {
		partition_leader(p, &ret->id, &ret->epoch);
		partition_unref(p);
	} else if ((known = image_partition(image_topic(image, topic), index))) {
		ret->id = known->leader;
		ret->epoch = known->leader_epoch;
	}
	broker = image_broker(image, ret->id);
	endpoint = image_broker_endpoint(broker, connection_listener(req->conn));
	if (!endpoint)
		return;
	ret->has_endpoint = true;
	ret->host = str_of(endpoint->host);
	ret->port = endpoint->port;
	ret->rack = str_of(broker->rack);
}
