/* metadata_partition.c - what each version says of leaders that cannot be reached (protocol.md 14.2). */
#include "api/metadata_partition.h"

#include "api/api.h"
#include "metadata/image.h"
#include "net/connection.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

enum { LISTENER_CODE_SINCE = 6, FILTERED_UNTIL = 0 };

static bool is_reachable(const struct request *req, const struct image *image, int32_t broker)
{
	const struct image_broker *b = image_broker(image, broker);

	return b && image_broker_endpoint(b, connection_listener(req->conn));
}

/* v0 lists only the replicas that are reachable. */
static int32_t *reachable(struct request *req, const struct image *image, const int32_t *v, int32_t n, int32_t *ret_n)
{
	int32_t *kept = arena_array(&req->arena, (size_t)n, sizeof(*kept));
	int32_t i, k = 0;

	for (i = 0; kept && i < n; i++) {
		if (is_reachable(req, image, v[i]))
			kept[k++] = v[i];
	}
	*ret_n = k;
	return kept;
}

static bool fill_replicas(struct request *req, const struct image *image, const struct image_partition *p,
    struct metadata_response_metadata_response_partition *out)
{
	out->replica_nodes = p->replicas;
	out->replica_nodes_n = p->replicas_n;
	out->isr_nodes = p->isr;
	out->isr_nodes_n = p->isr_n;
	out->offline_replicas = p->offline;
	out->offline_replicas_n = p->offline_n;
	if (req->version > FILTERED_UNTIL)
		return true;
	out->replica_nodes = reachable(req, image, p->replicas, p->replicas_n, &out->replica_nodes_n);
	out->isr_nodes = reachable(req, image, p->isr, p->isr_n, &out->isr_nodes_n);
	if (out->replica_nodes_n < p->replicas_n || out->isr_nodes_n < p->isr_n)
		out->error_code = KERR_REPLICA_NOT_AVAILABLE;
	return out->replica_nodes && out->isr_nodes;
}

bool metadata_fill_partition(struct request *req, const struct image *image, const struct image_partition *p,
    struct metadata_response_metadata_response_partition *out)
{
	out->partition_index = p->index;
	out->leader_id = p->leader;
	out->leader_epoch = p->leader_epoch;
	if (!fill_replicas(req, image, p, out))
		return false;
	if (is_reachable(req, image, p->leader))
		return true;
	out->leader_id = -1;
	out->error_code = KERR_LEADER_NOT_AVAILABLE;
	if (image_broker(image, p->leader) && req->version >= LISTENER_CODE_SINCE)
		out->error_code = KERR_LISTENER_NOT_FOUND;
	return true;
}
