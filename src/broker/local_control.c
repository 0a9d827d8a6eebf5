/* local_control.c - applies control requests to our partitions. */
#include "broker/local_control.h"

#include "base/attr.h"
#include "protocol/codec.h"
#include "protocol/messages.h"
#include "replica/control_answer.h"

static int leader_and_isr(void *arg, struct arena *a, const struct leader_and_isr_request *req,
    struct leader_and_isr_response *ret)
{
	codec_init(&leader_and_isr_response_schema, ret);
	return control_answer_leader_and_isr(arg, leader_and_isr_response_schema.last, req, a, ret);
}

static int update_metadata(void *arg, struct arena *a UNUSED, const struct update_metadata_request *req,
    struct update_metadata_response *ret)
{
	codec_init(&update_metadata_response_schema, ret);
	return control_answer_update_metadata(arg, req, ret);
}

static int stop_replica(void *arg, struct arena *a, const struct stop_replica_request *req,
    struct stop_replica_response *ret)
{
	codec_init(&stop_replica_response_schema, ret);
	return control_answer_stop_replica(arg, req, a, ret);
}

void local_control_open(struct partitions *partitions, struct control_transport *ret)
{
	*ret = (struct control_transport){
		.arg = partitions,
		.leader_and_isr = leader_and_isr,
		.update_metadata = update_metadata,
		.stop_replica = stop_replica,
	};
}
