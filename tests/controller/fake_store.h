/* fake_store.h - a machine over memory: stored states in an array, requests counted instead of sent. */
#ifndef TESTS_CONTROLLER_FAKE_STORE_H
#define TESTS_CONTROLLER_FAKE_STORE_H

#include "controller/machine.h"

#define FAKE_STATES 16

struct fake {
	struct context ctx;
	struct request_batch batch;
	struct ctl_store store;
	struct machine m;
	struct {
		const struct ctl_partition *p;
		struct znode_state state;
		bool there;
	} states[FAKE_STATES];
	bool unclean;	 /* the topics' unclean.leader.election.enable */
	int unclean_asked;
	int conflicts;	 /* so many next writes find that somebody else wrote */
	int moved;	 /* so many writes succeed, then another controller is there; -1: never */
	/* The requests sent, newest last; owned. */
	struct {
		int32_t broker;
		struct control_request *r;
	} sent[64];
	size_t sent_n;
};

void fake_init(struct fake *f); /* controller 1, epoch 5 */
void fake_fini(struct fake *f);
void fake_broker(struct fake *f, int32_t id);
/* A partition of topic `t` with these replicas, n of them. */
struct ctl_partition *fake_partition(struct fake *f, const char *topic, int32_t index, const int32_t *replicas, size_t n);
/* Stores a state and lets the context know it. */
void fake_stored(struct fake *f, struct ctl_partition *p, int32_t leader, int32_t leader_epoch, const int32_t *isr,
    size_t n);
const struct znode_state *fake_state(struct fake *f, const struct ctl_partition *p); /* NULL: none */
/* How many requests of the kind went to the broker; forgets nothing. */
int fake_count(const struct fake *f, enum control_kind kind, int32_t broker);
void fake_forget(struct fake *f);

#endif
