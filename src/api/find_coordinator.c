/* find_coordinator.c - FindCoordinator (key 10): which broker coordinates a group or a transaction
 * (coordinators.md 1.3).
 *
 * The answer is the leader of the id's partition in the internal topic, on the listener the client came through, from
 * the metadata image alone. Whoever asks first has the topic created, and is told that there is no coordinator yet.
 */
#include "api/api.h"
#include "controller/auto_creation.h"
#include "coordinator/internal_topic.h"
#include "coordinator/owner.h"
#include "metadata/image.h"
#include "net/connection.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

enum { KEY_GROUP = 0, KEY_TRANSACTION = 1, KEY_SHARE = 2, SHARE_SINCE = 6, BATCHED_SINCE = 4 };

static void release(struct request *req)
{
	image_unref(req->state);
}

/* The internal topic and its number of partitions; NULL: there is none for this type. */
static const char *topic_of(const struct request *req, int32_t *ret_partitions)
{
	const struct find_coordinator_request *in = req->in;

	if (in->key_type == KEY_GROUP)
		*ret_partitions = req->ctx->offsets_partitions;
	else
		*ret_partitions = req->ctx->transactions_partitions;
	return in->key_type == KEY_GROUP ? OFFSETS_TOPIC : in->key_type == KEY_TRANSACTION ? TRANSACTIONS_TOPIC : NULL;
}

static int find(const struct request *req, struct str key, struct find_coordinator_response_coordinator *out)
{
	const struct find_coordinator_request *in = req->in;
	const struct image *image = req->state;
	const struct image_partition *p;
	const struct image_broker *leader;
	const struct image_endpoint *e;
	int32_t partitions;
	const char *topic = topic_of(req, &partitions);

	if (!topic)
		return in->key_type == KEY_SHARE && req->version >= SHARE_SINCE ? KERR_COORDINATOR_NOT_AVAILABLE
										 : KERR_INVALID_REQUEST;
	p = image_partition(image_topic(image, str_of(topic)), coordinator_partition(key, partitions));
	leader = p ? image_broker(image, p->leader) : NULL;
	e = leader ? image_broker_endpoint(leader, connection_listener(req->conn)) : NULL;
	if (!e)
		return KERR_COORDINATOR_NOT_AVAILABLE;
	out->node_id = leader->id;
	out->host = str_of(e->host);
	out->port = e->port;
	return 0;
}

static struct find_coordinator_response_coordinator answer_of(const struct request *req, struct str key)
{
	struct find_coordinator_response_coordinator c = { .key = key, .node_id = -1, .host = STR(""), .port = -1,
		.error_message = STR("") };

	c.error_code = kerr_of(find(req, key, &c));
	return c;
}

static void answer_one(struct request *req)
{
	const struct find_coordinator_request *in = req->in;
	struct find_coordinator_response *out = req->out;
	struct find_coordinator_response_coordinator c = answer_of(req, in->key);

	out->error_code = c.error_code;
	out->error_message = c.error_code ? str_of(kerr_text(c.error_code)) : STR("NONE"); /* as Kafka has it */
	out->node_id = c.node_id;
	out->host = c.host;
	out->port = c.port;
	request_reply(req);
}

static void answer(struct request *req)
{
	const struct find_coordinator_request *in = req->in;
	struct find_coordinator_response *out = req->out;
	int32_t i;

	if (req->version < BATCHED_SINCE)
		return answer_one(req);
	out->coordinators = CODEC_NEW(&req->arena, find_coordinator_response_coordinator,
	    (size_t)in->coordinator_keys_n);
	if (!out->coordinators)
		return request_close(req, "the answer to FindCoordinator is too large");
	out->coordinators_n = in->coordinator_keys_n;
	for (i = 0; i < in->coordinator_keys_n; i++) {
		out->coordinators[i] = answer_of(req, in->coordinator_keys[i]);
		/* only an unknown key type fills the text */
		if (out->coordinators[i].error_code == KERR_INVALID_REQUEST && in->key_type != KEY_SHARE)
			out->coordinators[i].error_message = str_of(kerr_text(KERR_INVALID_REQUEST));
	}
	request_reply(req);
}

/* Just after the start nothing is known, not even that the topic is absent. */
static bool must_create(const struct request *req)
{
	const struct find_coordinator_request *in = req->in;
	const struct image_broker *const *brokers;
	int32_t partitions;
	const char *topic = topic_of(req, &partitions);

	return topic && (req->version < BATCHED_SINCE || in->coordinator_keys_n > 0) &&
	       image_brokers(req->state, &brokers) > 0 && !image_topic(req->state, str_of(topic));
}

static void find_coordinator(struct request *req)
{
	int32_t partitions;

	req->state = metadata_image(req->ctx->metadata);
	req->release = release;
	if (must_create(req)) /* whatever comes of it, the client asks again, and the log says what went wrong */
		auto_creation_start(req->ctx->auto_creation, req->ctx->workers, topic_of(req, &partitions));
	answer(req);
}

const struct api api_find_coordinator = {
	.key = 10, .min_version = 0, .max_version = 6, .run_on = RUN_ON_LOOP, .run = find_coordinator,
};
