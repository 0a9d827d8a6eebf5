/* cluster_wait.c - a delayed operation that watches for news from the controller. */
#include "api/cluster_wait.h"

#include "api/api.h"
#include "base/clock.h"
#include "metadata/image.h"
#include "replica/delayed.h"
#include "storage/log_dirs.h"

enum {
	PATIENCE_MS = 5000,
	/* After this long a broker with logs may believe that there are no topics: the logs are stray. */
	FRESH_MS = 10000,
};

struct waiting {
	struct request *req;
	void (*done)(struct request *req);
	bool fresh; /* we have logs and have just started: there are topics, and leaders are being elected */
};

static bool is_known(const struct broker_context *ctx, bool fresh)
{
	const struct image_broker *const *brokers;
	struct image *image = metadata_image(ctx->metadata);
	bool known = image_brokers(image, &brokers) > 0;

	if (known && fresh)
		known = image_has_topics(image) && !image_awaits_election(image);
	image_unref(image);
	return known;
}

static bool stop_at_first(struct log *log UNUSED, void *arg)
{
	bool *found = arg;

	*found = true;
	return false;
}

/* Logs are here, so there are topics, unless they were deleted while we were away. */
static bool is_fresh(const struct broker_context *ctx)
{
	bool found = false;

	if (clock_mono_ms(ctx->clock) - ctx->started_ms < FRESH_MS)
		log_dirs_each(ctx->log_dirs, stop_at_first, &found);
	return found;
}

static bool try_wait(void *arg, int32_t key UNUSED)
{
	struct waiting *w = arg;

	return is_known(w->req->ctx, w->fresh);
}

static void complete_wait(void *arg, enum delayed_end end)
{
	struct waiting *w = arg;

	if (end == DELAYED_DONE || is_known(w->req->ctx, false))
		w->done(w->req);
	else
		request_close(w->req, "nothing is known of the cluster yet");
}

static const struct delayed_class waiting_class = { .try = try_wait, .complete = complete_wait };

void cluster_wait(struct request *req, void (*done)(struct request *req))
{
	static const struct delayed_key key = { .kind = DELAYED_METADATA, .name = { "", 0 } };
	bool fresh = is_fresh(req->ctx);
	struct waiting *w;

	if (is_known(req->ctx, fresh)) {
		done(req);
		return;
	}
	w = arena_alloc(&req->arena, sizeof(*w));
	if (!w) {
		request_close(req, "out of memory");
		return;
	}
	*w = (struct waiting){ .req = req, .done = done, .fresh = fresh };
	delayed_add(req->ctx->delayed, &waiting_class, w, &key, 1, clock_mono_ms(req->ctx->clock) + PATIENCE_MS);
}
