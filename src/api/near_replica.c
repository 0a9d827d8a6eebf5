/* near_replica.c - the in-sync replica in the consumer's rack that has caught up most. */
#include "api/near_replica.h"

#include "api/api.h"
#include "base/attr.h"
#include "metadata/image.h"
#include "net/connection.h"
#include "replica/partition.h"

enum { CHOICES_MAX = 32 }; /* more replicas of a partition are not looked at */

static bool is_in_rack(const struct request *req, const struct image *image, int32_t broker_id, struct str rack)
{
	const struct image_broker *b = image_broker(image, broker_id);

	return b && b->rack && str_is(rack, b->rack) && image_broker_endpoint(b, connection_listener(req->conn));
}

/* ReplicaView.comparator */
static bool is_better(const struct replica_choice *a, const struct replica_choice *b)
{
	if (a->end_offset != b->end_offset)
		return a->end_offset > b->end_offset;
	if (a->since_caught_up_ms != b->since_caught_up_ms)
		return a->since_caught_up_ms < b->since_caught_up_ms;
	return a->broker_id > b->broker_id;
}

int32_t near_replica(const struct request *req, const struct image *image, struct partition *p, int64_t offset,
    struct str rack)
{
	struct replica_choice v[CHOICES_MAX];
	const struct replica_choice *best = NULL;
	int32_t n;

	if (rack.len <= 0 || is_in_rack(req, image, req->ctx->broker_id, rack))
		return -1;
	n = partition_choices(p, offset, v, CHOICES_MAX);
	for (int32_t i = 0; i < n; i++)
		if (is_in_rack(req, image, v[i].broker_id, rack) && (!best || is_better(&v[i], best)))
			best = &v[i];
	return best ? best->broker_id : -1;
}
