/* fetch.c - Fetch (key 1): records of partitions from given offsets on (protocol.md sections 10 and 11).
 *
 * Life of one: begin the session's part, read every partition (a slice of a segment file each, no bytes); answer, or
 * wait until enough has come or the time is up, and read again. A waiting fetch keeps what each partition has and
 * looks only at the one that moved, so a session of thousands of partitions costs what moves in it (at all of them
 * when some may be throttled, since that goes with time and not with what happens to them). A follower's partitions in
 * which nothing happens are not even looked up (fetch_session.h). The last step before the answer is a worker's when a
 * slice is not in memory or an old version wants other bytes.
 */
#include "api/fetch_work.h"

#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "api/config_service.h"
#include "base/clock.h"
#include "metadata/image.h"
#include "net/connection.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "record/convert.h"
#include "replica/delayed.h"

enum { FRESH_MS = 5000 }; /* written so long ago at most is in memory, written back or not */

static void release(struct request *req)
{
	struct fetch_work *w = req->state;

	fetch_drop(w);
	for (int32_t i = 0; i < w->n; i++)
		partition_unref(w->v[i].p);
	if (w->has_context)
		fetch_context_fini(&w->context);
	image_unref(w->image);
}

/* --- the end --- */

static void load_and_answer(struct request *req)
{
	struct fetch_work *w = req->state;

	fetch_load(w);
	fetch_answer(w);
}

static void finish(struct fetch_work *w, bool fresh)
{
	if (fetch_is_heavy(w, fresh))
		request_to_worker(w->req, load_and_answer);
	else
		fetch_answer(w);
}

/* --- waiting --- */

static void look_at(struct fetch_work *w, int32_t i)
{
	int64_t n = fetch_available(w, i);

	w->hopeless |= n < 0;
	w->available += MAX(n, 0) - w->v[i].available;
	w->v[i].available = MAX(n, 0);
}

static bool try_waiting(void *arg, int32_t key)
{
	struct fetch_work *w = arg;

	if (key >= 0 && key < w->n && !w->listed) {
		look_at(w, key);
	} else {
		for (int32_t i = 0; i < w->n; i++)
			look_at(w, i);
		w->hopeless |= fetch_context_has_news(&w->context);
	}
	return w->hopeless || w->available >= w->min_bytes;
}

/* Those in which something happened meanwhile are read with the others. */
static bool join_quiet(struct fetch_work *w)
{
	int32_t n = w->n;
	struct fetch_part *v;

	if (fetch_context_join(&w->context, w->image, &w->req->arena))
		return false;
	if (w->context.n == n)
		return true;
	v = arena_array(&w->req->arena, (size_t)w->context.n, sizeof(*v));
	if (!v)
		return false;
	if (n > 0)
		memcpy(v, w->v, (size_t)n * sizeof(*v));
	w->v = v;
	w->n = w->context.n;
	(void)fetch_prepare(w, n);
	return true;
}

static void end_waiting(void *arg, enum delayed_end end)
{
	struct fetch_work *w = arg;
	const struct fetch_request *in = w->req->in;

	if (!join_quiet(w))
		return request_close(w->req, "the answer to Fetch is too large");
	fetch_read(w, false);
	finish(w, w->found_nothing && end == DELAYED_DONE && in->max_wait_ms <= FRESH_MS);
}

static void wait_for_bytes(struct fetch_work *w)
{
	static const struct delayed_class cls = { try_waiting, end_waiting };
	const struct fetch_request *in = w->req->in;
	struct delayed_key *keys = arena_array(&w->req->arena, (size_t)w->n + 2, sizeof(*keys));
	size_t n = (size_t)w->n;

	if (!keys)
		return request_close(w->req, "out of memory");
	/* Then all that it will find was written while it waited. */
	w->found_nothing = w->bytes == 0 && !w->listed;
	fetch_drop(w); /* everything is read again; nothing is held meanwhile */
	for (int32_t i = 0; i < w->n; i++)
		keys[i] = (struct delayed_key){ DELAYED_FETCH, w->context.v[i].topic, w->context.v[i].partition };
	if (w->context.quiet_n > 0) {
		keys[n++] = (struct delayed_key){ DELAYED_QUIET, STR(""), w->context.by.session };
		keys[n++] = (struct delayed_key){ DELAYED_QUIET, STR(""), 0 };
	}
	delayed_add(w->req->ctx->delayed, &cls, w, keys, n,
		    clock_mono_ms(w->req->ctx->clock) + in->max_wait_ms);
}

/* --- the beginning --- */

static struct fetch_work *work_new(struct request *req)
{
	const struct fetch_request *in = req->in;
	struct fetch_work *w = arena_alloc(&req->arena, sizeof(*w));
	struct broker_settings settings;

	if (!w)
		return NULL;
	req->ctx->configs->settings(req->ctx->configs->arg, &settings);
	w->req = req;
	w->image = metadata_image(req->ctx->metadata);
	w->by_rack = settings.rack_aware_reads;
	w->magic = convert_magic_of_fetch(req->version);
	w->max_bytes = MAX(MIN(in->max_bytes, settings.fetch_max_bytes), 0);
	w->min_bytes = MIN((int64_t)in->min_bytes, w->max_bytes);
	req->state = w;
	req->release = release;
	return w;
}

/* 0, > 0 for the top of the answer, -errno. */
static int begin(struct fetch_work *w)
{
	struct request *req = w->req;
	int r = fetch_context_begin(req->ctx->fetch_sessions, req->in, req->version, connection_serial(req->conn), w->image,
				    &req->arena, &w->context);

	if (r)
		return r;
	w->has_context = true;
	w->follower = w->context.follower;
	w->v = arena_array(&req->arena, (size_t)w->context.n, sizeof(*w->v));
	if (!w->v)
		return -ENOMEM;
	w->n = w->context.n;
	return 0;
}

static void fetch(struct request *req)
{
	const struct fetch_request *in = req->in;
	struct fetch_response *out = req->out;
	struct fetch_work *w = work_new(req);
	bool some;
	int r = w ? begin(w) : -ENOMEM;

	if (r < 0)
		return request_close(req, "the answer to Fetch is too large");
	if (r > 0) {
		out->error_code = (int16_t)r;
		return request_reply(req);
	}
	some = fetch_prepare(w, 0) || w->context.quiet_n > 0;
	fetch_read(w, true);
	if (!some || in->max_wait_ms <= 0 || w->bytes >= w->min_bytes || w->answer_now)
		finish(w, false);
	else
		wait_for_bytes(w);
}

const struct api api_fetch = {
	.key = 1, .min_version = 0, .max_version = 17, .run_on = RUN_ON_LOOP, .run = fetch,
};
