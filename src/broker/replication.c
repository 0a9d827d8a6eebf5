/* replication.c - see replication.h. */
#include "broker/replication.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/worker.h"
#include "broker/config.h"
#include "broker/settings.h"
#include "protocol/metadata_version.h"
#include "replica/controller_link.h"
#include "replica/fetchers.h"
#include "replica/isr_changes.h"
#include "replica/isr_writer.h"
#include "replica/mover.h"
#include "replica/partitions.h"
#include "storage/log_dirs.h"

static void start_fetchers(struct replication *r, const struct replication_parts *parts)
{
	struct fetchers_config c;
	struct partitions_fetching hooks;

	settings_fetchers(parts->config, parts->broker_id, &c);
	c.follower.clock = &clock_real;
	c.follower.partitions = parts->partitions;
	c.follower.throttle = parts->throttle;
	r->fetchers = fetchers_new(&c);
	fetchers_hooks(r->fetchers, &hooks);
	partitions_set_fetching(parts->partitions, &hooks);
}

/* One thread per log directory unless num.replica.alter.log.dirs.threads says otherwise. */
static void start_mover(struct replication *r, const struct replication_parts *parts)
{
	struct mover_config c = { .threads = (int32_t)log_dirs_count(parts->log_dirs), .partitions = parts->partitions,
		.log_dirs = parts->log_dirs, .throttle = parts->throttle,
		.chunk_bytes = config_int(parts->config, CFG_REPLICA_FETCH_MAX_BYTES),
		.backoff_ms = config_int(parts->config, CFG_REPLICA_FETCH_BACKOFF_MS) };

	if (!config_is_null(parts->config, CFG_NUM_REPLICA_ALTER_LOG_DIRS_THREADS))
		c.threads = MAX(config_int(parts->config, CFG_NUM_REPLICA_ALTER_LOG_DIRS_THREADS), 1);
	r->mover = mover_new(&c);
	partitions_set_mover(parts->partitions, r->mover);
}

static void on_isr_timer(void *arg)
{
	struct replication *r = arg;

	partitions_check_isrs(r->partitions);
}

static void on_propose(void *arg, struct partition *p)
{
	struct replication *r = arg;

	if (r->isr_writer)
		isr_writer_propose(r->isr_writer, p);
	else
		isr_changes_propose(r->isr_changes, p);
}

static void start_isr_changes(struct replication *r, const struct replication_parts *parts)
{
	const struct controller_link_config l = { .broker_id = parts->broker_id, .clock = &clock_real,
		.metadata = parts->metadata, .name = "alter-partition", .listener = parts->listener,
		.call_timeout_ms = config_int(parts->config, CFG_CONTROLLER_SOCKET_TIMEOUT_MS) };
	struct isr_changes_config c = { .broker_id = parts->broker_id, .partitions = parts->partitions,
		.metadata_version = parts->metadata_version };
	const struct isr_writer_config w = { .broker_id = parts->broker_id, .partitions = parts->partitions,
		.zk = parts->zk };
	int64_t period_ms = config_long(parts->config, CFG_REPLICA_LAG_TIME_MAX_MS) / 2;

	r->isr_link = controller_link_new(&l);
	if (c.metadata_version < METADATA_VERSION_2_7_IV2)
		r->isr_writer = isr_writer_new(&w);
	c.link = r->isr_link;
	r->isr_changes = isr_changes_new(&c);
	partitions_set_proposer(parts->partitions, on_propose, r);
	r->isr_timer = scheduler_add(parts->scheduler, "isr-expiration", period_ms, MAX(period_ms, 1), on_isr_timer, r);
}

void replication_start(struct replication *r, const struct replication_parts *parts)
{
	r->partitions = parts->partitions;
	r->scheduler = parts->scheduler;
	start_fetchers(r, parts);
	start_mover(r, parts);
	start_isr_changes(r, parts);
}

void replication_stop(struct replication *r)
{
	if (r->isr_timer)
		scheduler_cancel(r->scheduler, TAKE(r->isr_timer));
	if (r->isr_link)
		controller_link_stop(r->isr_link);
	isr_writer_stop(r->isr_writer);
	if (r->fetchers)
		fetchers_stop(r->fetchers);
	if (r->mover)
		mover_stop(r->mover);
}

void replication_fini(struct replication *r)
{
	r->fetchers = fetchers_free(r->fetchers);
	r->mover = mover_free(r->mover);
	r->isr_changes = isr_changes_free(r->isr_changes);
	r->isr_writer = isr_writer_free(r->isr_writer);
	r->isr_link = controller_link_free(r->isr_link);
}
