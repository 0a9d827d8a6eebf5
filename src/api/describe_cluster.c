/* describe_cluster.c - DescribeCluster (key 60): the brokers on this listener, the controller, the cluster id. */
#include "api/api.h"
#include "api/authorized_operations.h"
#include "api/cluster_wait.h"
#include "metadata/image.h"
#include "net/connection.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

enum { ENDPOINT_BROKER = 1, ENDPOINT_CONTROLLER = 2 };

/* This is a broker; whoever asks for controllers (KIP-919) is told so. */
static bool check_endpoint_type(struct request *req)
{
	const struct describe_cluster_request *in = req->in;
	struct describe_cluster_response *out = req->out;

	if (req->version == 0 || in->endpoint_type == ENDPOINT_BROKER)
		return true;
	if (in->endpoint_type == ENDPOINT_CONTROLLER) {
		out->error_code = KERR_MISMATCHED_ENDPOINT_TYPE;
		out->error_message = STR("The request was sent to an endpoint of type BROKER, but we wanted an "
					 "endpoint of type CONTROLLER");
	} else {
		out->error_code = KERR_UNSUPPORTED_ENDPOINT_TYPE;
		out->error_message = arena_printf(&req->arena, "Unsupported endpoint type %d", in->endpoint_type);
	}
	out->cluster_id = STR("");
	return false;
}

/* False when the arena is full. Strings are borrowed from the image, which lives until the reply is encoded. */
static bool fill_brokers(struct request *req, const struct image *image)
{
	struct describe_cluster_response *out = req->out;
	const char *listener = connection_listener(req->conn);
	const struct image_broker *const *brokers;
	const struct image_endpoint *endpoint;
	int32_t i, n = image_brokers(image, &brokers);

	out->brokers = arena_array(&req->arena, (size_t)n, sizeof(*out->brokers));
	if (!out->brokers)
		return false;
	out->controller_id = -1;
	for (i = 0; i < n; i++) {
		endpoint = image_broker_endpoint(brokers[i], listener);
		if (!endpoint)
			continue;
		out->brokers[out->brokers_n++] = (struct describe_cluster_response_describe_cluster_broker){ .broker_id = brokers[i]->id,
			.host = str_of(endpoint->host),
			.port = endpoint->port,
			.rack = str_of(brokers[i]->rack) };
		if (brokers[i]->id == image_controller(image))
			out->controller_id = brokers[i]->id;
	}
	return true;
}

static void answer(struct request *req)
{
	const struct describe_cluster_request *in = req->in;
	struct describe_cluster_response *out = req->out;
	struct image *image = metadata_image(req->ctx->metadata);

	out->cluster_id = str_of(req->ctx->cluster_id);
	if (in->include_cluster_authorized_operations)
		out->cluster_authorized_operations = AUTHORIZED_CLUSTER_OPERATIONS;
	if (fill_brokers(req, image))
		request_reply(req);
	else
		request_close(req, "the answer to DescribeCluster is too large");
	image_unref(image);
}

static void describe_cluster(struct request *req)
{
	if (!check_endpoint_type(req))
		return request_reply(req);
	cluster_wait(req, answer);
}

const struct api api_describe_cluster = {
	.key = 60, .min_version = 0, .max_version = 1, .run_on = RUN_ON_LOOP, .run = describe_cluster,
};
