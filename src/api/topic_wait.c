/* topic_wait.c - a delayed operation that watches topics and looks at the metadata image. */
#include "api/topic_wait.h"

#include "api/api.h"
#include "base/clock.h"
#include "metadata/image.h"
#include "replica/delayed.h"

struct waiting {
	struct request *req;
	struct topic_expectation *v;
	int32_t n;
	void (*done)(struct request *req, struct topic_expectation *v, int32_t n);
};

static bool has_leaders(const struct image_topic *t, int32_t partitions)
{
	const struct image_partition *p;
	int32_t i;

	for (i = 0; i < partitions; i++) {
		p = image_partition(t, i);
		if (!p || p->leader < 0)
			return false;
	}
	return true;
}

static bool look(const struct image *image, struct topic_expectation *e)
{
	const struct image_topic *t;

	if (e->met)
		return true;
	t = image_topic(image, e->name);
	e->met = e->partitions ? t && has_leaders(t, e->partitions) : !t;
	return e->met;
}

static bool try_wait(void *arg, int32_t key UNUSED)
{
	struct waiting *w = arg;
	struct image *image = metadata_image(w->req->ctx->metadata);
	bool all = true;
	int32_t i;

	for (i = 0; i < w->n; i++)
		all &= look(image, &w->v[i]);
	image_unref(image);
	return all;
}

static void complete_wait(void *arg, enum delayed_end end UNUSED)
{
	struct waiting *w = arg;

	w->done(w->req, w->v, w->n);
}

static const struct delayed_class waiting_class = { .try = try_wait, .complete = complete_wait };

void topic_wait(struct request *req, struct topic_expectation *v, int32_t n, int32_t timeout_ms,
    void (*done)(struct request *req, struct topic_expectation *v, int32_t n))
{
	struct waiting *w = arena_alloc(&req->arena, sizeof(*w));
	struct delayed_key *keys = arena_array(&req->arena, (size_t)n, sizeof(*keys));
	int32_t i;

	if (!w || !keys || timeout_ms <= 0 || !n) {
		done(req, v, n);
		return;
	}
	*w = (struct waiting){ .req = req, .v = v, .n = n, .done = done };
	for (i = 0; i < n; i++)
		keys[i] = (struct delayed_key){ .kind = DELAYED_TOPIC, .name = v[i].name, .index = -1 };
	delayed_add(req->ctx->delayed, &waiting_class, w, keys, (size_t)n,
	    clock_mono_ms(req->ctx->clock) + timeout_ms);
}
