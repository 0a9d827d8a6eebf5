/* isr_changes.c - proposals in one list, and the request that carries them. */
#include "replica/isr_changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/list.h"
#include "base/lock.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "protocol/metadata_version.h"
#include "replica/controller_link.h"
#include "replica/partitions.h"

#define LOG_CLASS "kafka.server.DefaultAlterPartitionManager"
#include "base/logger.h"

enum { RETRY_MS = 50, BY_ID_SINCE = 2, WITH_EPOCHS_SINCE = 3 };

typedef struct alter_partition_request_topic_data topic_t;
typedef struct alter_partition_request_partition_data partition_t;
typedef struct alter_partition_response_topic_data topic_answer_t;
typedef struct alter_partition_response_partition_data answer_t;

struct item {
	struct list link;
	struct isr_proposal proposal;
};

struct isr_changes {
	struct isr_changes_config config;
	struct link_call call; /* the request on its way */
	struct lock lock;      /* RANK_QUEUE: guards what follows */
	struct list waiting;   /* all proposals that are not answered yet */
	struct list sent;      /* those in the request on its way; the link's thread alone while `busy` */
	bool busy;
};

static void item_free(struct item *it)
{
	list_remove(&it->link);
	isr_proposal_fini(&it->proposal);
	free(it);
}

/* --- the request --- */

static struct isr_changes *of(struct link_call *call)
{
	return CONTAINER_OF(call, struct isr_changes, call);
}

static int max_version(struct link_call *call)
{
	const struct isr_changes *c = of(call);
	bool by_id = c->config.metadata_version >= METADATA_VERSION_2_8_IV0;
	struct item *it;

	list_foreach(it, &c->sent, link)
		by_id = by_id && !uuid_is_zero(it->proposal.topic_id);
	return by_id ? alter_partition_request_schema.last : BY_ID_SINCE - 1;
}

/* Up to version 2 plain ids; then with broker epochs, which a cluster with ZooKeeper does not check. */
static bool fill_isr(struct arena *a, const struct isr_proposal *q, int version, partition_t *to)
{
	if (version < WITH_EPOCHS_SINCE) {
		to->new_isr = q->isr;
		to->new_isr_n = q->isr_n;
		return true;
	}
	to->new_isr_with_epochs = CODEC_NEW(a, alter_partition_request_broker_state, (size_t)q->isr_n);
	if (!to->new_isr_with_epochs)
		return false;
	to->new_isr_with_epochs_n = q->isr_n;
	for (int32_t i = 0; i < q->isr_n; i++)
		to->new_isr_with_epochs[i].broker_id = q->isr[i];
	return true;
}

static bool fill_topic(struct arena *a, const struct isr_proposal *q, int version, topic_t *to)
{
	to->topic_name = str_of(partition_topic(q->p));
	to->topic_id = q->topic_id;
	to->partitions = CODEC_NEW(a, alter_partition_request_partition_data, 1);
	if (!to->partitions)
		return false;
	to->partitions_n = 1;
	to->partitions[0].partition_index = partition_index(q->p);
	to->partitions[0].leader_epoch = q->leader_epoch;
	to->partitions[0].partition_epoch = q->partition_epoch;
	return fill_isr(a, q, version, &to->partitions[0]);
}

static const void *build(struct link_call *call, int version, struct arena *a)
{
	struct isr_changes *c = of(call);
	struct alter_partition_request *in = arena_alloc(a, sizeof(*in));
	struct item *it;
	size_t n = 0;
	bool ok = in != NULL;

	if (!ok)
		return NULL;
	CODEC_INIT(alter_partition_request, in);
	in->broker_id = c->config.broker_id;
	in->broker_epoch = partitions_broker_epoch(c->config.partitions);
	list_foreach(it, &c->sent, link)
		n++;
	in->topics = CODEC_NEW(a, alter_partition_request_topic_data, n);
	ok = in->topics != NULL;
	list_foreach(it, &c->sent, link)
		ok = ok && fill_topic(a, &it->proposal, version, &in->topics[in->topics_n]) && ++in->topics_n;
	return ok ? in : NULL;
}

static bool not_controller(const void *answer)
{
	const struct alter_partition_response *out = answer;

	if (out->error_code == KERR_NOT_CONTROLLER)
		return true;
	for (int32_t t = 0; t < out->topics_n; t++)
		for (int32_t i = 0; i < out->topics[t].partitions_n; i++)
			if (out->topics[t].partitions[i].error_code == KERR_NOT_CONTROLLER)
				return true;
	return false;
}

/* --- the answer; on the link's thread --- */

static struct item *find_sent(struct isr_changes *c, int version, const topic_answer_t *topic, int32_t index)
{
	struct item *it;

	list_foreach(it, &c->sent, link) {
		const struct isr_proposal *q = &it->proposal;

		if (partition_index(q->p) == index && (version >= BY_ID_SINCE ? uuid_eq(q->topic_id, topic->topic_id)
								: str_is(topic->topic_name, partition_topic(q->p))))
			return it;
	}
	return NULL;
}

/* True: to be sent again. */
static bool finish(struct isr_changes *c, struct item *it, const answer_t *in)
{
	const struct isr_answer a = { .code = in->error_code, .leader_epoch = in->leader_epoch,
		.partition_epoch = in->partition_epoch, .isr = in->isr, .isr_n = in->isr_n };
	struct partition *p = partition_ref(it->proposal.p);
	unsigned moved;
	bool again = partition_isr_answered(p, &it->proposal, &a, &moved);

	item_free(it); /* before the next proposal of the partition (KAFKA-14010) */
	partitions_moved(c->config.partitions, p, moved);
	if (again)
		isr_changes_propose(c, p);
	partition_unref(p);
	return again;
}

/* True: some are to be sent again. */
static bool apply(struct isr_changes *c, int version, const struct alter_partition_response *out)
{
	bool again = false;

	for (int32_t t = 0; t < out->topics_n; t++) {
		for (int32_t i = 0; i < out->topics[t].partitions_n; i++) {
			const answer_t *in = &out->topics[t].partitions[i];
			struct item *it = find_sent(c, version, &out->topics[t], in->partition_index);

			if (it)
				again |= finish(c, it, in);
		}
	}
	return again;
}

static void send_waiting(struct isr_changes *c)
{
	bool go;

	lock_take(&c->lock);
	go = !c->busy && !list_empty(&c->waiting);
	if (go) {
		c->busy = true;
		list_splice(&c->sent, &c->waiting);
	}
	lock_release(&c->lock);
	if (go)
		controller_link_send(c->config.link, &c->call);
}

/* What was sent and has no answer waits again, before what came meanwhile. */
static void take_back(struct isr_changes *c)
{
	struct list later = LIST_INIT(later);

	lock_take(&c->lock);
	list_splice(&later, &c->waiting);
	list_splice(&c->waiting, &c->sent);
	list_splice(&c->waiting, &later);
	c->busy = false;
	lock_release(&c->lock);
}

static void pause_before_retry(void)
{
	const struct timespec t = { .tv_nsec = RETRY_MS * 1000000 };

	(void)nanosleep(&t, NULL);
}

static void done(struct link_call *call, int r, int version, const void *answer)
{
	struct isr_changes *c = of(call);
	const struct alter_partition_response *out = answer;

	if (r == -ECANCELED)
		return; /* the broker stops */
	if (r == 0 && out->error_code == 0) {
		if (apply(c, version, out))
			pause_before_retry();
	} else {
		log_info("[Broker id=%d] AlterPartition was refused: %s; trying again in %d ms", (int)c->config.broker_id,
		    r ? strerror(-r) : kerr_name(out->error_code), RETRY_MS);
		pause_before_retry();
	}
	take_back(c);
	send_waiting(c);
}

/* --- life --- */

struct isr_changes *isr_changes_new(const struct isr_changes_config *config)
{
	struct isr_changes *c = xcalloc(1, sizeof(*c));

	c->config = *config;
	c->call = (struct link_call){ .key = API_ALTER_PARTITION, .deadline_ms = INT64_MAX, .max_version = max_version,
		.build = build, .not_controller = not_controller, .done = done };
	list_init(&c->call.link);
	lock_init(&c->lock, RANK_QUEUE, "ISR changes");
	list_init(&c->waiting);
	list_init(&c->sent);
	return c;
}

static void free_all(struct list *l)
{
	struct item *it, *tmp;

	list_foreach_safe(it, tmp, l, link)
		item_free(it);
}

struct isr_changes *isr_changes_free(struct isr_changes *c)
{
	if (!c)
		return NULL;
	free_all(&c->waiting);
	free_all(&c->sent);
	lock_fini(&c->lock);
	free(c);
	return NULL;
}

/* An earlier proposal of the partition gives way: the partition has changed since. It is freed without the lock. */
static void replace_waiting(struct isr_changes *c, struct item *next)
{
	struct list dropped = LIST_INIT(dropped);
	struct item *it, *tmp;

	lock_take(&c->lock);
	list_foreach_safe(it, tmp, &c->waiting, link) {
		if (it->proposal.p != next->proposal.p)
			continue;
		list_remove(&it->link);
		list_append(&dropped, &it->link);
	}
	list_append(&c->waiting, &next->link);
	lock_release(&c->lock);
	free_all(&dropped);
}

void isr_changes_propose(struct isr_changes *c, struct partition *p)
{
	struct item *it = xcalloc(1, sizeof(*it));

	list_init(&it->link);
	if (!partition_proposal(p, &it->proposal)) {
		free(it);
		return;
	}
	replace_waiting(c, it);
	send_waiting(c);
}
