/* metadata.c - Metadata (key 3): brokers, topics, leaders; creates absent topics when asked and allowed (protocol.md 14).
 *
 * Answered on the loop from the current image; only automatic creation moves to a worker, since it writes to ZooKeeper.
 * The response borrows names and replica lists from the image, which the request holds until it is encoded.
 */
#include <errno.h>

#include "api/api.h"
#include "api/authorized_operations.h"
#include "api/cluster_wait.h"
#include "api/config_service.h"
#include "api/metadata_partition.h"
#include "api/repeated.h"
#include "controller/auto_creation.h"
#include "controller/topic_admin.h"
#include "metadata/image.h"
#include "net/connection.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

enum { IDS_SINCE = 12, OPERATIONS_SINCE = 8, OPERATIONS_UNTIL = 10 };

/* What one request needs besides its bodies; in the arena. */
struct work {
	struct image *image;
	struct str *absent; /* names to be created */
	int32_t absent_n;
};

static void release(struct request *req)
{
	struct work *w = req->state;

	image_unref(w->image);
}

static bool wants_all(const struct request *req)
{
	const struct metadata_request *in = req->in;

	return in->topics_n < 0 || (req->version == 0 && in->topics_n == 0);
}

/* --- topics --- */

static struct metadata_response_metadata_response_topic *add_topic(struct request *req, int code, struct str name)
{
	const struct metadata_request *in = req->in;
	struct metadata_response *out = req->out;
	struct metadata_response_metadata_response_topic *t = &out->topics[out->topics_n++];

	t->error_code = kerr_of(code);
	t->name = name;
	t->is_internal = name.len >= 0 && image_topic_is_internal(name);
	if (in->include_topic_authorized_operations && req->version >= OPERATIONS_SINCE)
		t->topic_authorized_operations = AUTHORIZED_TOPIC_OPERATIONS;
	return t;
}

static bool add_known(struct request *req, const struct image *image, const struct image_topic *topic)
{
	struct metadata_response_metadata_response_topic *t = add_topic(req, 0, str_of(topic->name));
	int32_t i;

	t->topic_id = topic->id;
	t->partitions = CODEC_NEW(&req->arena, metadata_response_metadata_response_partition,
	    (size_t)topic->partitions_n);
	if (!t->partitions)
		return false;
	t->partitions_n = topic->partitions_n;
	for (i = 0; i < topic->partitions_n; i++) {
		if (!metadata_fill_partition(req, image, &topic->partitions[i], &t->partitions[i]))
			return false;
	}
	return true;
}

static bool may_create(const struct request *req)
{
	const struct metadata_request *in = req->in;
	struct broker_settings settings;

	if (!in->allow_auto_topic_creation)
		return false;
	req->ctx->configs->settings(req->ctx->configs->arg, &settings);
	return settings.auto_create_topics;
}

static bool add_named(struct request *req, struct str name)
{
	struct work *w = req->state;
	const struct image_topic *t = image_topic(w->image, name);
	struct str why;

	if (t)
		return add_known(req, w->image, t);
	if (may_create(req))
		w->absent[w->absent_n++] = name;
	else
		add_topic(req, topic_name_check(&req->arena, name, &why) ? KERR_INVALID_TOPIC_EXCEPTION
									 : KERR_UNKNOWN_TOPIC_OR_PARTITION,
		    name);
	return true;
}

static bool add_by_id(struct request *req, struct uuid id)
{
	struct work *w = req->state;
	const struct image_topic *t = image_topic_by_id(w->image, id);
	struct metadata_response_metadata_response_topic *absent;

	if (t)
		return add_known(req, w->image, t);
	absent = add_topic(req, KERR_UNKNOWN_TOPIC_ID, STR_NULL);
	absent->topic_id = id;
	absent->topic_authorized_operations = INT32_MIN; /* whatever was asked for: nobody knows what it is */
	return true;
}

static bool add_all(struct request *req)
{
	struct work *w = req->state;
	struct metadata_response *out = req->out;
	const struct image_topic *const *topics;
	int32_t i, n = image_topics(w->image, &topics);

	out->topics = CODEC_NEW(&req->arena, metadata_response_metadata_response_topic, (size_t)n);
	for (i = 0; out->topics && i < n; i++) {
		if (!add_known(req, w->image, topics[i]))
			return false;
	}
	return out->topics;
}

/* The ids of the request as byte strings, so that repeated ones can be found like names. */
static struct str *ids_as_text(struct request *req)
{
	const struct metadata_request *in = req->in;
	struct str *ids = arena_array(&req->arena, (size_t)in->topics_n, sizeof(*ids));
	int32_t i;

	for (i = 0; ids && i < in->topics_n; i++)
		ids[i] = (struct str){ (const char *)in->topics[i].topic_id.b, sizeof(struct uuid) };
	return ids;
}

static bool uses_ids(const struct metadata_request *in)
{
	int32_t i;

	for (i = 0; i < in->topics_n; i++) {
		if (!uuid_is_zero(in->topics[i].topic_id))
			return true;
	}
	return false;
}

/* Each topic once, however often it is named. */
static bool add_asked(struct request *req)
{
	const struct metadata_request *in = req->in;
	struct metadata_response *out = req->out;
	struct work *w = req->state;
	bool by_id = uses_ids(in);
	const struct str *keys = by_id ? ids_as_text(req) : in->topics_n ? &in->topics[0].name : NULL;
	uint8_t *repeated = names_repeated(&req->arena, keys, in->topics_n,
	    by_id ? sizeof(struct str) : sizeof(in->topics[0]));
	int32_t i;
	bool ok;

	out->topics = CODEC_NEW(&req->arena, metadata_response_metadata_response_topic, (size_t)in->topics_n);
	w->absent = arena_array(&req->arena, (size_t)in->topics_n, sizeof(*w->absent));
	ok = out->topics && w->absent && repeated && (!by_id || keys);
	for (i = 0; ok && i < in->topics_n; i++) {
		if (repeated[i] == REPEATED_LATER)
			continue;
		if (!by_id)
			ok = in->topics[i].name.len >= 0 ? add_named(req, in->topics[i].name) : true;
		else if (!uuid_is_zero(in->topics[i].topic_id))
			ok = add_by_id(req, in->topics[i].topic_id);
	}
	return ok;
}

/* --- automatic creation, on a worker --- */

static void create_absent(struct request *req)
{
	struct work *w = req->state;
	int32_t i;

	for (i = 0; i < w->absent_n; i++)
		add_topic(req, auto_creation_run(req->ctx->auto_creation, &req->arena, w->absent[i]), w->absent[i]);
	request_reply(req);
}

/* --- the request --- */

static bool fill_top(struct request *req, const struct image *image)
{
	const struct metadata_request *in = req->in;
	struct metadata_response *out = req->out;
	const struct image_broker *const *brokers;
	const struct image_endpoint *e;
	int32_t i, n = image_brokers(image, &brokers);

	out->cluster_id = str_of(req->ctx->cluster_id);
	out->controller_id = image_controller(image);
	if (in->include_cluster_authorized_operations && req->version >= OPERATIONS_SINCE &&
	    req->version <= OPERATIONS_UNTIL)
		out->cluster_authorized_operations = AUTHORIZED_CLUSTER_OPERATIONS;
	out->brokers = CODEC_NEW(&req->arena, metadata_response_metadata_response_broker, (size_t)n);
	for (i = 0; out->brokers && i < n; i++) {
		e = image_broker_endpoint(brokers[i], connection_listener(req->conn));
		if (!e)
			continue;
		out->brokers[out->brokers_n++] = (struct metadata_response_metadata_response_broker){
			.node_id = brokers[i]->id,
			.host = str_of(e->host),
			.port = e->port,
			.rack = str_of(brokers[i]->rack),
		};
	}
	return out->brokers;
}

/* v10 and v11 carry ids that they may not use, v12 may carry neither name nor id: INVALID_REQUEST for every topic. */
static bool refused(struct request *req)
{
	const struct metadata_request *in = req->in;
	struct metadata_response *out = req->out;
	bool bad = false, by_id = uses_ids(in);
	int32_t i;

	for (i = 0; i < in->topics_n && !bad; i++)
		bad = by_id ? req->version < IDS_SINCE : in->topics[i].name.len < 0;
	if (!bad)
		return false;
	out->topics = CODEC_NEW(&req->arena, metadata_response_metadata_response_topic, (size_t)in->topics_n);
	for (i = 0; out->topics && i < in->topics_n; i++) {
		out->topics[i].error_code = KERR_INVALID_REQUEST;
		out->topics[i].name = in->topics[i].name.len < 0 ? STR("") : in->topics[i].name;
		out->topics[i].topic_id = in->topics[i].topic_id;
	}
	out->topics_n = out->topics ? in->topics_n : 0;
	return true;
}

static void answer(struct request *req)
{
	struct work *w = arena_alloc(&req->arena, sizeof(*w));

	if (!w)
		return request_close(req, "out of memory");
	w->image = metadata_image(req->ctx->metadata);
	req->state = w;
	req->release = release;
	if (!fill_top(req, w->image) || !(wants_all(req) ? add_all(req) : add_asked(req)))
		return request_close(req, "the answer to Metadata is too large");
	if (w->absent_n)
		return request_to_worker(req, create_absent);
	request_reply(req);
}

static void run_metadata(struct request *req)
{
	if (refused(req))
		return request_reply(req);
	cluster_wait(req, answer);
}

const struct api api_metadata = {
	.key = 3, .min_version = 0, .max_version = 12, .run_on = RUN_ON_LOOP, .run = run_metadata,
};
