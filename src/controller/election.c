/* election.c - see election.h; the table of zookeeper.md 4.8 is one function per row. */
#include "controller/election.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "controller/context.h"

const char *election_strategy_name(enum election_strategy s, bool unclean)
{
	switch (s) {
	case ELECT_OFFLINE:
		return unclean ? "OfflinePartitionLeaderElectionStrategy(true)" :
				 "OfflinePartitionLeaderElectionStrategy(false)";
	case ELECT_REASSIGN:
		return "ReassignPartitionLeaderElectionStrategy";
	case ELECT_PREFERRED_LEADER:
		return "PreferredReplicaPartitionLeaderElectionStrategy";
	case ELECT_CONTROLLED_SHUTDOWN:
		return "ControlledShutdownPartitionLeaderElectionStrategy";
	}
	return "";
}

/* Members of `l` that are online, in its order. */
static struct int_list online_of(const struct election_input *in, struct int_list l, bool shutting_down)
{
	struct int_list r = { .v = xcalloc(l.n + 1, sizeof(*l.v)) };

	for (size_t i = 0; i < l.n; i++)
		if (in->online(in->arg, l.v[i], shutting_down))
			r.v[r.n++] = l.v[i];
	return r;
}

/* The first of `l` that is in both others; -1: none. */
static int32_t first_in(struct int_list l, struct int_list a, struct int_list b)
{
	for (size_t i = 0; i < l.n; i++)
		if (int_list_has(a, l.v[i]) && int_list_has(b, l.v[i]))
			return l.v[i];
	return -1;
}

/* What every election writes: the old state with another leader, the next leader epoch and `isr` (taken over). */
static void decide(const struct election_input *in, int32_t leader, struct int_list isr, struct election_result *ret)
{
	ret->state = *in->stored;
	ret->state.leader = leader;
	ret->state.leader_epoch++;
	ret->state.isr = isr;
}

static bool elect_offline(const struct election_input *in, struct election_result *ret)
{
	struct int_list all = in->assignment->replicas, live = online_of(in, all, false);
	int32_t leader = first_in(all, live, in->stored->isr);

	if (leader >= 0) {
		decide(in, leader, online_of(in, in->stored->isr, false), ret);
	} else if (in->unclean && live.n > 0) {
		leader = live.v[0];
		decide(in, leader, int_list_of(&leader, 1), ret);
		if (in->recovery)
			ret->state.recovery = LEADER_RECOVERING;
	} else {
		int_list_fini(&live);
		return false;
	}
	ret->recipients = live;
	return true;
}

static bool elect_reassign(const struct election_input *in, struct election_result *ret)
{
	struct int_list target = assignment_target(in->assignment), live = online_of(in, target, false);
	int32_t leader = first_in(target, live, in->stored->isr);

	int_list_fini(&live);
	if (leader < 0) {
		int_list_fini(&target);
		return false;
	}
	decide(in, leader, int_list_copy(in->stored->isr), ret);
	ret->recipients = target;
	return true;
}

static bool elect_preferred(const struct election_input *in, struct election_result *ret)
{
	struct int_list all = in->assignment->replicas;

	if (all.n == 0 || !in->online(in->arg, all.v[0], false) || !int_list_has(in->stored->isr, all.v[0]))
		return false;
	decide(in, all.v[0], int_list_copy(in->stored->isr), ret);
	ret->recipients = int_list_copy(all);
	return true;
}

static bool elect_controlled_shutdown(const struct election_input *in, struct election_result *ret)
{
	struct int_list all = in->assignment->replicas, live = online_of(in, all, true), isr = { .v = NULL };
	int32_t leader = -1;

	for (size_t i = 0; i < live.n && leader < 0; i++)
		if (int_list_has(in->stored->isr, live.v[i]) && !in->shutting_down(in->arg, live.v[i]))
			leader = live.v[i];
	if (leader < 0) {
		int_list_fini(&live);
		return false;
	}
	isr.v = xcalloc(in->stored->isr.n + 1, sizeof(*isr.v));
	for (size_t i = 0; i < in->stored->isr.n; i++)
		if (!in->shutting_down(in->arg, in->stored->isr.v[i]))
			isr.v[isr.n++] = in->stored->isr.v[i];
	decide(in, leader, isr, ret);
	ret->recipients = live;
	return true;
}

bool election_run(enum election_strategy s, const struct election_input *in, struct election_result *ret)
{
	switch (s) {
	case ELECT_OFFLINE:
		return elect_offline(in, ret);
	case ELECT_REASSIGN:
		return elect_reassign(in, ret);
	case ELECT_PREFERRED_LEADER:
		return elect_preferred(in, ret);
	case ELECT_CONTROLLED_SHUTDOWN:
		return elect_controlled_shutdown(in, ret);
	}
	return false;
}

void election_result_fini(struct election_result *r)
{
	znode_state_fini(&r->state);
	int_list_fini(&r->recipients);
}

bool election_needs_unclean(const struct election_input *in)
{
	struct int_list live = online_of(in, in->stored->isr, false);
	bool none = live.n == 0;

	int_list_fini(&live);
	return none;
}
