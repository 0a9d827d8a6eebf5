/* controller_priv.h - the layout of struct controller and its events, for the files of this folder.
 *
 * An event runs on the controller's thread, one at a time; ZooKeeper's threads, sending threads and request handlers
 * only queue. Its result is 0, KERR_STALE_CONTROLLER_EPOCH (another controller was elected: look who, resign) or
 * -errno (logged, given up).
 */
#ifndef CONTROLLER_CONTROLLER_PRIV_H
#define CONTROLLER_CONTROLLER_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/lock.h"
#include "controller/controller.h"
#include "controller/machine.h"
#include "controller/topic_deletion.h"
#include "controller/zk_store.h"
#include "zk/batch.h"
#include "zk/path.h"
#include "zk/session.h"

#define TOPIC_NAME_MAX 249

struct event;
typedef int event_fn(struct controller *c, struct event *e);

struct event {
	struct list link;
	const char *name; /* Kafka's, in log lines */
	event_fn *run;
	/* Called once with run's result, or without run having been called: KERR_NOT_CONTROLLER, -ESHUTDOWN. May be
	 * NULL. */
	void (*answer)(struct controller *c, struct event *e, int r);
	bool once; /* not queued again while one like it waits (same run, topic and broker) */
	char *topic; /* owned */
	int32_t broker; /* or a partition of `topic` */
	void *payload; /* owned: freed with free() */
	struct control_request *reply; /* owned: an answered control request */
};

/* A watch that queues an event. */
struct node_watch {
	struct zk_watch watch;
	struct controller *c;
	const char *name;
	event_fn *run;
	unsigned on; /* 1u << enum zk_event */
	char *topic;
	int32_t broker;
};

struct topic_watch {
	struct node_watch node;
};

/* A registered broker's channel and watch. */
struct broker_link {
	int32_t id;
	struct channel *channel;
	struct node_watch watch;
	UT_hash_handle hh;
};

struct controller {
	struct controller_config config;
	struct lock lock; /* events, stopping, expire_started */
	struct cond changed;
	struct list events;
	bool started, stopping;
	bool expire_started;
	pthread_t thread;
	struct zk_listener session;

	/* Read anywhere, written by the controller's thread; each stands alone, so no order between them matters. */
	_Atomic int32_t active_id; /* by /controller, -1: unknown */
	_Atomic int32_t epoch;	   /* of our term, 0: not active */
	_Atomic int64_t broker_epoch;

	/* The controller's thread only. */
	struct context ctx;
	struct zk_store store;
	struct request_batch batch;
	struct machine m;
	struct topic_deletion deletion;
	struct broker_link *links;
	bool in_office; /* handlers are set, context is filled */
	struct node_watch controller_watch;
	struct node_watch watches[7]; /* of the office */
	size_t watches_n;
	struct timer *rebalance;
};

static inline bool in_charge(struct controller *c)
{
	return atomic_load(&c->active_id) == c->config.broker_id && c->in_office;
}

/* controller.c */
struct event *event_new(const char *name, event_fn *run);
void event_queue(struct controller *c, struct event *e); /* takes e; any thread */
void node_watch_start(struct controller *c, struct node_watch *w, enum zk_watch_kind kind, const char *path,
    const char *name, event_fn *run, unsigned on);
void node_watch_stop(struct node_watch *w);

/* office.c: election, failover, resignation */
event_fn office_startup, office_controller_change, office_reelect, office_expire, office_register_and_reelect;
/* Reads /controller, setting its watch; resigns when it names another broker; queues an election when there is none. */
int office_look(struct controller *c);
void office_resign(struct controller *c);

/* broker_events.c */
event_fn broker_change, broker_modified, broker_answer;
int brokers_read(struct controller *c); /* at failover: into the context, with channels and watches */
void brokers_forget(struct controller *c);
void broker_send(void *arg, int32_t broker, struct control_request *r); /* for request_batch */
int replicas_offline(struct controller *c, const struct replica_set *s);
void update_metadata_all(struct controller *c); /* without partitions, to all brokers */

/* topic_events.c */
event_fn topic_change, topic_modified, topic_deletion_change, isr_change, log_dir_change;
int topics_read(struct controller *c); /* at failover */
int deletions_read(struct controller *c);
void topics_forget(struct controller *c);
int partition_states_refresh(struct controller *c, const struct partition_set *s);
int topic_removed(void *arg, struct ctl_topic *t); /* for topic_deletion */
void topic_unwatch(struct ctl_topic *t);

/* leader_events.c */
event_fn preferred_from_zookeeper, auto_rebalance;
int preferred_pending(struct controller *c); /* at failover */
void rebalance_timer(void *arg);

/* reassignment.c */
event_fn reassign_from_zookeeper, reassigning_changed;
int reassignments_start(struct controller *c); /* at failover */
int reassignment_resume_for(struct controller *c, int32_t broker);
/* A partition's ISR changed: perhaps it has caught up. */
int reassignment_check(struct controller *c, struct ctl_partition *p);
void reassignment_unwatch(struct ctl_partition *p);
/* By request: moves the partition to `target`. 0; > 0 and -errno: not begun, or not finished; the term goes on unless it
 * is KERR_STALE_CONTROLLER_EPOCH, -ECONNRESET or -ESHUTDOWN. */
int reassignment_start(struct controller *c, struct ctl_partition *p, struct int_list target);

#endif
