/* topic_deletion.h - how a topic queued for deletion goes away (zookeeper.md 4.13).
 *
 * Queue -> brokers are told (leader -2) -> replicas Offline -> DeletionStarted -> answers -> all DeletionSuccessful ->
 * the znodes go, then the topic. A replica that cannot be deleted now halts its topic (ineligible) until its broker
 * starts or a reassignment ends.
 *
 * Thread: the controller's. Results: 0 | KERR_STALE_CONTROLLER_EPOCH | -errno, as machine.h.
 */
#ifndef CONTROLLER_TOPIC_DELETION_H
#define CONTROLLER_TOPIC_DELETION_H

#include "controller/machine.h"

struct topic_deletion {
	struct machine *m;
	bool enabled; /* delete.topic.enable */
	/* Removes a topic's znodes and the wish to delete it, fenced; then the topic's watch. */
	int (*remove_topic)(void *arg, struct ctl_topic *t);
	void *arg;
};

/* Queues a topic; deletion_resume does the rest. */
void deletion_queue(struct topic_deletion *d, struct ctl_topic *t);
/* Moves all queued topics on as far as they come. */
int deletion_resume(struct topic_deletion *d) MUST_CHECK;
/* Something changed that had halted the topic. */
void deletion_lift(struct topic_deletion *d, struct ctl_topic *t);
void deletion_halt(struct topic_deletion *d, struct ctl_topic *t, const char *reason);
/* Answers of a broker: which of its replicas are deleted, which are not. Followed by deletion_resume. */
int deletion_completed(struct topic_deletion *d, const struct replica_set *s) MUST_CHECK;
int deletion_failed(struct topic_deletion *d, const struct replica_set *s) MUST_CHECK;

#endif
