/* feature_watch.c - see feature_watch.h. Events only set `wanted`; one job reads until nobody wants any more. */
#include "broker/feature_watch.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/worker.h"
#include "broker/registration.h"
#include "zk/path.h"
#include "zk/session.h"

#define LOG_CLASS "kafka.server.FinalizedFeatureChangeListener"
#include "base/logger.h"

struct feature_watch {
	struct feature_watch_config config;
	struct zk_watch watch;
	struct zk_listener session;
	struct job job;
	/* Readings asked for since the running job began; whoever makes it 1 submits the job. */
	atomic_int wanted;
};

static int read_once(struct feature_watch *f)
{
	char why[REGISTRATION_WHY_MAX] = "";
	int32_t version;
	int r = registration_check_features(f->config.zk, &version, why);

	if (r == 0)
		f->config.changed(f->config.arg, version);
	else if (r == -EINVAL)
		f->config.refused(f->config.arg, why);
	return r;
}

static void run(struct job *job)
{
	struct feature_watch *f = CONTAINER_OF(job, struct feature_watch, job);
	int seen;

	do {
		seen = atomic_load(&f->wanted);
		if (read_once(f) < 0)
			log_info("/feature could not be read; it is read again with the next session");
	} while (atomic_fetch_sub(&f->wanted, seen) != seen);
}

static void want(struct feature_watch *f)
{
	if (atomic_fetch_add(&f->wanted, 1) == 0)
		worker_pool_submit(f->config.pool, &f->job);
}

static void on_event(struct zk_watch *w, enum zk_event event)
{
	(void)event;
	want(w->arg);
}

static void on_new_session(struct zk_listener *l)
{
	want(l->arg);
}

int feature_watch_start(const struct feature_watch_config *c, struct feature_watch **ret)
{
	struct feature_watch *f = xcalloc(1, sizeof(*f));
	int r;

	f->config = *c;
	f->job.run = run;
	f->watch = (struct zk_watch){ .fired = on_event, .arg = f };
	f->session = (struct zk_listener){ .after_new_session = on_new_session, .arg = f };
	zk_session_watch(c->zk, &f->watch, ZK_WATCH_DATA, ZK_PATH_FEATURE);
	zk_session_listen(c->zk, &f->session);
	r = read_once(f);
	*ret = f; /* also on failure: a job may be on its way already */
	return r < 0 ? FAIL(r) : 0;
}

void feature_watch_stop(struct feature_watch *f)
{
	if (!f)
		return;
	zk_session_unlisten(f->config.zk, &f->session);
	zk_session_unwatch(f->config.zk, &f->watch);
}

struct feature_watch *feature_watch_free(struct feature_watch *f)
{
	free(f);
	return NULL;
}
