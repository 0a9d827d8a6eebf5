/* reassignment_calls.c - AlterPartitionReassignments and ListPartitionReassignments on the controller's thread
 * (zookeeper.md 4.12). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "controller/controller_priv.h"
#include "protocol/errors.h"

#define LOG_CLASS "kafka.controller.KafkaController"
#include "base/logger.h"

enum { LIST_TEXT_MAX = 512 };

static struct ctl_partition *find(struct controller *c, const struct topic_partition_ref *ref)
{
	struct ctl_topic *t = context_topic_of(&c->ctx, ref->topic);

	return t ? topic_partition(t, ref->partition) : NULL;
}

/* ---- AlterPartitionReassignments ---- */

struct reassign_call {
	struct arena *a;
	struct reassignment_target *v;
	int32_t n;
	controller_done_fn *done;
	void *arg;
};

static bool repeats(const int32_t *v, int32_t n)
{
	for (int32_t i = 1; i < n; i++)
		for (int32_t j = 0; j < i; j++)
			if (v[i] == v[j])
				return true;
	return false;
}

static bool negative(const int32_t *v, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		if (v[i] < 0)
			return true;
	return false;
}

/* Every broker that would be added must live; those of an unknown partition are all added. */
static bool added_live(struct controller *c, const struct ctl_partition *p, struct int_list target)
{
	static const struct znode_assignment none = { .partition = 0 };
	struct znode_assignment a = assignment_reassign_to(p ? &p->assignment : &none, target);
	bool live = true;

	for (size_t i = 0; i < a.adding.n; i++)
		live = live && context_is_live(&c->ctx, a.adding.v[i]);
	assignment_fini(&a);
	return live;
}

static int check_target(struct controller *c, struct arena *a, struct reassignment_target *t,
    const struct ctl_partition *p)
{
	/* The list is only read; int_list has no const form. */
	struct int_list target = { (int32_t *)(uintptr_t)t->replicas, (size_t)t->replicas_n };
	char text[LIST_TEXT_MAX];

	if (t->replicas_n == 0)
		t->message = STR("Empty replica list specified in partition reassignment.");
	else if (repeats(t->replicas, t->replicas_n))
		t->message = arena_printf(a, "Duplicate replica ids in partition reassignment replica list: ArrayBuffer(%s)",
		    int_list_text(target, text, sizeof(text)));
	else if (negative(t->replicas, t->replicas_n))
		t->message = arena_printf(a, "Invalid broker id in replica list: ArrayBuffer(%s)",
		    int_list_text(target, text, sizeof(text)));
	else if (!added_live(c, p, target))
		t->message = arena_printf(a, "Replica assignment has brokers that are not alive. Replica list: ArrayBuffer(%s)",
		    int_list_text(target, text, sizeof(text)));
	else
		return 0;
	return KERR_INVALID_REPLICA_ASSIGNMENT;
}

/* Where a cancelled reassignment goes back to: the replicas it began with. */
static struct int_list target_of(const struct reassignment_target *t, const struct ctl_partition *p)
{
	struct int_list given = { (int32_t *)(uintptr_t)t->replicas, (size_t)MAX(t->replicas_n, 0) };

	return t->replicas_n < 0 ? assignment_origin(&p->assignment) : int_list_copy(given);
}

static bool is_moving(const struct ctl_partition *p)
{
	return p && (p->assignment.adding.n > 0 || p->assignment.removing.n > 0);
}

/* 0 or the partition's error; the term ends with -ECONNRESET, -ESHUTDOWN, KERR_STALE_CONTROLLER_EPOCH. */
static int reassign_one(struct controller *c, struct arena *a, struct reassignment_target *t)
{
	struct ctl_partition *p = find(c, &t->ref);
	struct int_list target;
	int r = t->replicas_n < 0 ? 0 : check_target(c, a, t, p);

	if (r)
		return r;
	if (t->replicas_n < 0 && !is_moving(p))
		return KERR_NO_REASSIGNMENT_IN_PROGRESS;
	if (!p || p->topic->to_delete) {
		t->message = STR("The partition does not exist.");
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	}
	target = target_of(t, p);
	r = reassignment_start(c, p, target);
	int_list_fini(&target);
	return r;
}

static bool ends_term(int r)
{
	return r == -ECONNRESET || r == -ESHUTDOWN || r == KERR_STALE_CONTROLLER_EPOCH;
}

static int run_reassign(struct controller *c, struct event *e)
{
	struct reassign_call *call = e->payload;

	if (!in_charge(c))
		return KERR_NOT_CONTROLLER;
	for (int32_t i = 0; i < call->n; i++) {
		struct reassignment_target *t = &call->v[i];

		t->message = STR_NULL;
		t->error = reassign_one(c, call->a, t);
		if (ends_term(t->error))
			return t->error;
	}
	return 0;
}

static int as_answer(int r)
{
	return r == KERR_STALE_CONTROLLER_EPOCH || r == -ECONNRESET ? KERR_NOT_CONTROLLER : r;
}

static void answer_reassign(struct controller *c, struct event *e, int r)
{
	struct reassign_call *call = e->payload;

	(void)c;
	call->done(call->arg, as_answer(r));
}

void controller_reassign(struct controller *c, struct arena *a, struct reassignment_target *v, int32_t n,
    controller_done_fn *done, void *arg)
{
	struct event *e = event_new("ApiPartitionReassignment", run_reassign);
	struct reassign_call *call = xcalloc(1, sizeof(*call));

	*call = (struct reassign_call){ .a = a, .v = v, .n = n, .done = done, .arg = arg };
	e->payload = call;
	e->answer = answer_reassign;
	event_queue(c, e);
}

/* ---- ListPartitionReassignments ---- */

struct list_call {
	struct arena *a;
	const struct topic_partition_ref *refs;
	int32_t n; /* -1: all */
	struct reassignment_view *found; /* in the arena */
	int32_t found_n;
	controller_reassignments_fn *done;
	void *arg;
};

static const int32_t *ints(struct arena *a, struct int_list l)
{
	int32_t *v = arena_array(a, l.n, sizeof(*v));

	if (v && l.n > 0)
		memcpy(v, l.v, l.n * sizeof(*v));
	return v;
}

static int add_view(struct list_call *call, const struct ctl_partition *p)
{
	const struct znode_assignment *from = &p->assignment;
	struct reassignment_view *v = &call->found[call->found_n];

	*v = (struct reassignment_view){
		.ref = { arena_str(call->a, p->topic->name), p->index },
		.replicas = ints(call->a, from->replicas),
		.adding = ints(call->a, from->adding),
		.removing = ints(call->a, from->removing),
		.replicas_n = (int32_t)from->replicas.n,
		.adding_n = (int32_t)from->adding.n,
		.removing_n = (int32_t)from->removing.n,
	};
	call->found_n++;
	return v->ref.topic.len >= 0 && v->replicas && v->adding && v->removing ? 0 : -ENOMEM;
}

static int list_all(struct controller *c, struct list_call *call)
{
	struct partition_set all = { .v = NULL };
	int r = 0;

	context_all_partitions(&c->ctx, &all);
	call->found = arena_array(call->a, all.n, sizeof(*call->found));
	for (size_t i = 0; call->found && i < all.n && r == 0; i++)
		if (is_moving(all.v[i]))
			r = add_view(call, all.v[i]);
	partition_set_fini(&all);
	return call->found ? r : -ENOMEM;
}

static int list_named(struct controller *c, struct list_call *call)
{
	int r = 0;

	call->found = arena_array(call->a, (size_t)call->n, sizeof(*call->found));
	for (int32_t i = 0; call->found && i < call->n && r == 0; i++) {
		const struct ctl_partition *p = find(c, &call->refs[i]);

		if (is_moving(p))
			r = add_view(call, p);
	}
	return call->found ? r : -ENOMEM;
}

static int run_list(struct controller *c, struct event *e)
{
	struct list_call *call = e->payload;

	if (!in_charge(c))
		return KERR_NOT_CONTROLLER;
	return call->n < 0 ? list_all(c, call) : list_named(c, call);
}

static void answer_list(struct controller *c, struct event *e, int r)
{
	struct list_call *call = e->payload;

	(void)c;
	call->done(call->arg, as_answer(r), call->found, r ? 0 : call->found_n);
}

void controller_reassignments(struct controller *c, struct arena *a, const struct topic_partition_ref *refs, int32_t n,
    controller_reassignments_fn *done, void *arg)
{
	struct event *e = event_new("ListPartitionReassignments", run_list);
	struct list_call *call = xcalloc(1, sizeof(*call));

	*call = (struct list_call){ .a = a, .refs = refs, .n = n, .done = done, .arg = arg };
	e->payload = call;
	e->answer = answer_list;
	event_queue(c, e);
}
