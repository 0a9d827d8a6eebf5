/* delete_topics.c - DeleteTopics (key 20): marks topics for deletion, waits until they are gone (protocol.md 16.2). */
#include <errno.h>

#include "api/api.h"
#include "api/config_service.h"
#include "api/topic_wait.h"
#include "controller/controller.h"
#include "controller/topic_admin.h"
#include "metadata/image.h"
#include "protocol/errors.h"
#include "protocol/messages.h"

enum { BY_ID_SINCE = 6, DISABLED_CODE_SINCE = 3 };

/* Copies what is named, by name (v0-v5) or by name or id (v6+), to the results. False when the arena is full. */
static bool name_results(struct request *req, bool *ret_both)
{
	const struct delete_topics_request *in = req->in;
	struct delete_topics_response *out = req->out;
	int32_t i, n = req->version >= BY_ID_SINCE ? in->topics_n : in->topic_names_n;

	*ret_both = false;
	out->responses = arena_array(&req->arena, (size_t)n, sizeof(*out->responses));
	if (!out->responses)
		return false;
	out->responses_n = n;
	for (i = 0; i < n; i++) {
		out->responses[i].error_message = STR_NULL;
		if (req->version >= BY_ID_SINCE) {
			out->responses[i].name = in->topics[i].name;
			out->responses[i].topic_id = in->topics[i].topic_id;
			*ret_both |= in->topics[i].name.len >= 0 && !uuid_is_zero(in->topics[i].topic_id);
		} else {
			out->responses[i].name = in->topic_names[i];
		}
	}
	return true;
}

/* The same code for every topic of the request. */
static void refuse_all(struct request *req, int code)
{
	struct delete_topics_response *out = req->out;
	int32_t i;

	for (i = 0; i < out->responses_n; i++)
		out->responses[i].error_code = kerr_of(code);
	request_reply(req);
}

static int delete_one(struct request *req, const struct image *image,
    struct delete_topics_response_deletable_topic_result *out)
{
	const struct image_topic *t;

	if (!uuid_is_zero(out->topic_id)) {
		t = image_topic_by_id(image, out->topic_id);
		if (!t)
			return KERR_UNKNOWN_TOPIC_ID;
		out->name = arena_str(&req->arena, t->name);
		if (out->name.len < 0)
			return -ENOMEM;
	} else {
		t = out->name.len >= 0 ? image_topic(image, out->name) : NULL;
		if (!t)
			return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	}
	return topic_admin_delete(req->ctx->topic_admin, &req->arena, out->name, &out->error_message);
}

static void answer(struct request *req, struct topic_expectation *v, int32_t n)
{
	struct delete_topics_response *out = req->out;
	int32_t i;

	for (i = 0; i < n; i++) {
		if (!v[i].met)
			out->responses[v[i].index].error_code = KERR_REQUEST_TIMED_OUT;
	}
	request_reply(req);
}

static void delete_all(struct request *req)
{
	const struct delete_topics_request *in = req->in;
	struct delete_topics_response *out = req->out;
	struct topic_expectation *wait = arena_array(&req->arena, (size_t)out->responses_n, sizeof(*wait));
	struct image *image;
	int32_t i, n = 0;
	int r;

	if (!wait)
		return request_close(req, "DeleteTopics is too large");
	image = metadata_image(req->ctx->metadata);
	for (i = 0; i < out->responses_n; i++) {
		r = delete_one(req, image, &out->responses[i]);
		out->responses[i].error_code = kerr_of(r);
		if (!r)
			wait[n++] = (struct topic_expectation){ .name = out->responses[i].name, .index = i };
	}
	image_unref(image);
	topic_wait(req, wait, n, in->timeout_ms, answer);
}

static void delete_topics(struct request *req)
{
	struct broker_settings settings;
	bool both;

	if (!name_results(req, &both))
		return request_close(req, "DeleteTopics is too large");
	if (!controller_is_active(req->ctx->controller))
		return refuse_all(req, KERR_NOT_CONTROLLER);
	req->ctx->configs->settings(req->ctx->configs->arg, &settings);
	if (!settings.delete_topics)
		return refuse_all(req,
		    req->version >= DISABLED_CODE_SINCE ? KERR_TOPIC_DELETION_DISABLED : KERR_INVALID_REQUEST);
	if (both)
		return refuse_all(req, KERR_INVALID_REQUEST);
	delete_all(req);
}

const struct api api_delete_topics = {
	.key = 20, .min_version = 0, .max_version = 6, .run_on = RUN_ON_WORKER, .run = delete_topics,
};
