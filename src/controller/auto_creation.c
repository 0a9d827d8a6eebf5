/* auto_creation.c - see auto_creation.h (Kafka 3.9, AutoTopicCreationManager). */
#include "controller/auto_creation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/rate_limit.h"
#include "base/worker.h"
#include "controller/topic_admin.h"
#include "protocol/errors.h"

#define LOG_CLASS "kafka.server.DefaultAutoTopicCreationManager"
#include "base/logger.h"

enum { LOG_INTERVAL_MS = 10000 };

/* A creation under way: on its thread's stack, or in a struct creation. */
struct attempt {
	struct list link;
	struct str name;
};

struct auto_creation {
	struct topic_admin *admin;
	const struct clock *clock;
	struct internal_topic *topics;
	int32_t topics_n;
	struct lock lock;
	struct list attempts; /* under lock */
};

struct auto_creation *auto_creation_new(struct topic_admin *admin, const struct clock *clock,
    const struct internal_topic *topics, int32_t n)
{
	struct auto_creation *c = xcalloc(1, sizeof(*c));

	c->admin = admin;
	c->clock = clock;
	c->topics = xcalloc((size_t)n + 1, sizeof(*c->topics));
	memcpy(c->topics, topics, (size_t)n * sizeof(*topics));
	c->topics_n = n;
	lock_init(&c->lock, RANK_LEAF, "automatic creation");
	list_init(&c->attempts);
	return c;
}

struct auto_creation *auto_creation_free(struct auto_creation *c)
{
	if (!c)
		return NULL;
	lock_fini(&c->lock);
	free(c->topics);
	free(c);
	return NULL;
}

/* False when the topic is being created already. */
static bool begin(struct auto_creation *c, struct attempt *mine, struct str name)
{
	struct attempt *other;
	bool first = true;

	mine->name = name;
	lock_take(&c->lock);
	list_foreach(other, &c->attempts, link)
		first &= !str_eq(other->name, name);
	if (first)
		list_append(&c->attempts, &mine->link);
	lock_release(&c->lock);
	return first;
}

static void end(struct auto_creation *c, struct attempt *mine)
{
	lock_take(&c->lock);
	list_remove(&mine->link);
	lock_release(&c->lock);
}

static const struct internal_topic *internal_topic(const struct auto_creation *c, struct str name)
{
	for (int32_t i = 0; i < c->topics_n; i++) {
		if (str_is(name, c->topics[i].name))
			return &c->topics[i];
	}
	return NULL;
}

static int create(struct auto_creation *c, struct arena *a, struct str name, struct str *ret_message)
{
	const struct internal_topic *own = internal_topic(c, name);
	struct topic_create topic = { .name = name, .partitions = -1, .replication = -1 };
	struct topic_override overrides[INTERNAL_SETTINGS_MAX];

	if (own) {
		topic.partitions = own->partitions;
		topic.replication = own->replication;
		topic.overrides = overrides;
		topic.overrides_n = own->settings_n;
		for (int32_t i = 0; i < own->settings_n; i++)
			overrides[i] = (struct topic_override){ str_of(own->settings[i].key),
				str_of(own->settings[i].value) };
	}
	return topic_admin_create(c->admin, a, &topic, false, ret_message);
}

/* The client of a coordinator only sees that there is none, again and again; the operator has to be told why. */
static void log_failure(struct auto_creation *c, struct str name, int r, struct str message)
{
	static struct rate_limit limit;
	int64_t dropped;
	char text[256];

	if (!internal_topic(c, name) ||
	    !rate_limit_pass(&limit, clock_mono_ms(c->clock), LOG_INTERVAL_MS, &dropped))
		return;
	if (message.len > 0)
		(void)str_copy(message, text, sizeof(text));
	else if (r > 0)
		(void)str_copy(str_of(kerr_text(r)), text, sizeof(text));
	else
		(void)error_text(r, text, sizeof(text));
	log_error("Topic %.*s cannot be created, so clients find no coordinator: %s", STR_ARG(name), text);
}

/* What a client is told: 0 and "exists" are the same to it. */
static int finish(struct auto_creation *c, struct arena *a, struct attempt *mine)
{
	struct str message = STR_NULL;
	int r = create(c, a, mine->name, &message);

	end(c, mine);
	if (r == 0 || r == KERR_TOPIC_ALREADY_EXISTS)
		return KERR_LEADER_NOT_AVAILABLE;
	log_failure(c, mine->name, r, message);
	return r < 0 ? FAIL(r) : r;
}

int auto_creation_run(struct auto_creation *c, struct arena *a, struct str name)
{
	struct str message = STR_NULL;
	struct attempt mine;
	int r = topic_name_check(a, name, &message);

	if (r)
		return r;
	if (!begin(c, &mine, name))
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	return finish(c, a, &mine);
}

/* A creation that nobody waits for. */
struct creation {
	struct job job;
	struct attempt attempt;
	struct auto_creation *owner;
	struct arena arena;
};

static void run_creation(struct job *job)
{
	struct creation *k = CONTAINER_OF(job, struct creation, job);
	int r UNUSED = finish(k->owner, &k->arena, &k->attempt);

	arena_fini(&k->arena);
	free(k);
}

void auto_creation_start(struct auto_creation *c, struct worker_pool *pool, const char *name)
{
	struct creation *k = xcalloc(1, sizeof(*k));

	k->owner = c;
	k->job.run = run_creation;
	if (!begin(c, &k->attempt, str_of(name))) {
		free(k);
		return;
	}
	arena_init(&k->arena, 0);
	worker_pool_submit(pool, &k->job);
}
