/* rejoin.c - see rejoin.h. The states of the partitions whose logs are here are read again and again until none is left
 * that waits for the controller. Where no broker is registered, or none of them becomes the controller, there is nobody to
 * wait for: a cluster that lost power as a whole comes back without delay. */
#include "broker/rejoin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "storage/log.h"
#include "storage/log_dirs.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/znode.h"

#define LOG_CLASS "kafka.server.KafkaServer"
#include "base/logger.h"

enum {
	PAUSE_MS = 100,
	ELECTION_MS = 2000, /* brokers that live elect a controller in a fraction of it */
	WAIT_MAX_MS = 60000,
};

/* A partition with a log here. */
struct hosted {
	char *topic;
	int32_t index;
};

struct hosted_list {
	struct hosted *v;
	size_t n, cap;
};

static bool add_hosted(struct log *log, void *arg)
{
	struct hosted_list *l = arg;

	l->v = grow_array(l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = (struct hosted){ xstrdup(log_topic(log)), log_partition(log) };
	return true;
}

static void hosted_fini(struct hosted_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].topic);
	free(l->v);
}

/* Does the state still speak of the broker that was? A set of one keeps its member, or nobody could ever lead. */
static bool counts_on(const struct znode_state *s, int32_t broker)
{
	return s->leader == broker || (s->isr.n > 1 && int_list_has(s->isr, broker));
}

static bool is_pending(const struct rejoin *j, const struct zk_op *op)
{
	struct znode_state s;
	bool r;

	if (op->rc != 0 || znode_state_decode(op->data, op->data_len, op->stat.version, &s) != 0)
		return false;
	r = counts_on(&s, j->broker_id);
	znode_state_fini(&s);
	return r;
}

/* The controller does not touch the states of topics that are being deleted. */
static bool is_named(char *const *names, size_t n, const char *topic)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], topic) == 0)
			return true;
	return false;
}

/* Keeps in `l` what has to be waited for. */
static int keep_pending(const struct rejoin *j, struct hosted_list *l)
{
	char **deleted = NULL;
	size_t deleted_n = 0, n = 0;
	struct zk_batch b;
	int r = zk_children(j->zk, &deleted, &deleted_n, ZK_PATH_DELETE_TOPICS);

	if (r != 0 && r != ZK_NO_NODE)
		return FAIL(r > 0 ? -EPROTO : r);
	zk_batch_init(&b, j->zk);
	for (size_t i = 0; i < l->n; i++)
		zk_batch_get(&b, ZK_PATH_PARTITION_STATE, l->v[i].topic, l->v[i].index);
	r = zk_batch_run(&b);
	for (size_t i = 0; i < l->n && r == 0; i++) {
		if (is_pending(j, b.ops[i]) && !is_named(deleted, deleted_n, l->v[i].topic))
			l->v[n++] = l->v[i];
		else
			free(l->v[i].topic);
	}
	if (r == 0)
		l->n = n;
	zk_batch_fini(&b);
	zk_names_free(deleted, deleted_n);
	return r < 0 ? FAIL(r) : 0;
}

/* No broker is there, or none has been the controller for so long that none will be. `*since_ms` is when one was seen. */
static int is_alone(const struct rejoin *j, int64_t *since_ms, bool *ret)
{
	int64_t now_ms = clock_mono_ms(&clock_real);
	char **names = NULL;
	size_t n = 0;
	int r = zk_children(j->zk, &names, &n, ZK_PATH_BROKER_IDS);

	zk_names_free(names, n);
	if (r == 0)
		r = zk_exists(j->zk, NULL, ZK_PATH_CONTROLLER);
	if (r != 0 && r != ZK_NO_NODE)
		return FAIL(r > 0 ? -EPROTO : r);
	if (r == 0)
		*since_ms = now_ms;
	*ret = n == 0 || now_ms - *since_ms >= ELECTION_MS;
	return 0;
}

static void pause_before_looking(void)
{
	const struct timespec t = { .tv_nsec = PAUSE_MS * 1000000 };

	(void)nanosleep(&t, NULL);
}

static int wait_until_forgotten(const struct rejoin *j, struct hosted_list *l)
{
	int64_t began_ms = clock_mono_ms(&clock_real), seen_ms = began_ms;
	bool told = false, alone;
	int r;

	for (;;) {
		r = keep_pending(j, l);
		if (r < 0 || l->n == 0)
			return r;
		r = is_alone(j, &seen_ms, &alone);
		if (r < 0)
			return FAIL(r);
		if (alone) {
			log_info("[KafkaServer id=%d] No controller is there to notice that this broker was gone", j->broker_id);
			return 0;
		}
		if (!told)
			log_info("[KafkaServer id=%d] This broker was not stopped in order: waiting until the controller has taken "
				 "it out of the in-sync sets of %zu partitions", j->broker_id, l->n);
		told = true;
		if (clock_mono_ms(&clock_real) - began_ms >= WAIT_MAX_MS) {
			log_warn("[KafkaServer id=%d] The controller has not taken this broker out of the in-sync sets of %zu "
				 "partitions, the first of them %s-%d, within %d ms; registering anyway", j->broker_id, l->n,
			    l->v[0].topic, l->v[0].index, WAIT_MAX_MS);
			return 0;
		}
		pause_before_looking();
	}
}

int rejoin_wait(const struct rejoin *j)
{
	struct hosted_list l = { .v = NULL };
	int r = 0;

	if (log_dirs_were_clean(j->log_dirs))
		return 0;
	log_dirs_each(j->log_dirs, add_hosted, &l);
	if (l.n > 0)
		r = wait_until_forgotten(j, &l);
	hosted_fini(&l);
	return FAIL(r);
}
