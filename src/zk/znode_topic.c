/* znode_topic.c - /brokers/topics/T and the state of its partitions. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "zk/znode.h"
#include "zk/znode_json.h"

void znode_topic_fini(struct znode_topic *t)
{
	for (size_t i = 0; i < t->partitions_n; i++) {
		int_list_fini(&t->partitions[i].replicas);
		int_list_fini(&t->partitions[i].adding);
		int_list_fini(&t->partitions[i].removing);
	}
	free(t->partitions);
	*t = ZNODE_TOPIC_INIT;
}

/* ---- encoding ---- */

struct slot {
	char key[12];
	uint32_t spread, bucket;
	const struct int_list *list;
};

static int by_bucket(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	if (x->spread != y->spread)
		return (int32_t)x->spread < (int32_t)y->spread ? -1 : 1;
	return strcmp(x->key, y->key);
}

enum which { REPLICAS, ADDING, REMOVING };

static const struct int_list *list_of(const struct znode_assignment *a, enum which which)
{
	return which == REPLICAS ? &a->replicas : which == ADDING ? &a->adding : &a->removing;
}

/* Partition numbers in the order of scala's mutable HashMap (zookeeper.md 1.5). */
static json_t *partition_map(const struct znode_topic *t, enum which which)
{
	struct slot *slots = xcalloc(t->partitions_n + 1, sizeof(*slots));
	json_t *j = json_object();
	size_t n = 0, size = 16;

	for (size_t i = 0; i < t->partitions_n; i++) {
		const struct int_list *l = list_of(&t->partitions[i], which);

		if (which != REPLICAS && l->n == 0)
			continue;
		(void)snprintf(slots[n].key, sizeof(slots[n].key), "%d", t->partitions[i].partition);
		slots[n].spread = java_spread(slots[n].key);
		slots[n++].list = l;
	}
	while (n * 4 >= size * 3)
		size *= 2;
	for (size_t i = 0; i < n; i++)
		slots[i].bucket = slots[i].spread & (uint32_t)(size - 1);
	qsort(slots, n, sizeof(*slots), by_bucket);
	for (size_t i = 0; i < n; i++)
		json_object_set_new(j, slots[i].key, json_ints(*slots[i].list));
	free(slots);
	return j;
}

char *znode_topic_encode(const struct znode_topic *t)
{
	json_t *j = json_object();
	char id[UUID_TEXT_LEN + 1];

	json_object_set_new(j, "partitions", partition_map(t, REPLICAS));
	if (!uuid_is_zero(t->id))
		json_object_set_new(j, "topic_id", json_string(uuid_text(t->id, id)));
	json_object_set_new(j, "adding_replicas", partition_map(t, ADDING));
	json_object_set_new(j, "removing_replicas", partition_map(t, REMOVING));
	json_object_set_new(j, "version", json_integer(3));
	return json_finish(j);
}

/* ---- decoding ---- */

static bool partition_number(const char *key, int32_t *ret)
{
	int64_t v;

	if (!str_to_i64(str_of(key), 0, INT32_MAX, &v))
		return false;
	*ret = (int32_t)v;
	return true;
}

static int by_partition(const void *a, const void *b)
{
	const struct znode_assignment *x = a, *y = b;

	return x->partition < y->partition ? -1 : x->partition > y->partition;
}

/* `j` maps partition numbers to lists of brokers; absent maps to nothing. */
static bool decode_side(const json_t *j, struct znode_topic *t, enum which which)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)j, key, value) {
		struct znode_assignment find = { .partition = 0 }, *a;
		struct int_list *to;

		if (!partition_number(key, &find.partition))
			return false;
		a = bsearch(&find, t->partitions, t->partitions_n, sizeof(find), by_partition);
		if (!a)
			continue; /* a reassignment of a partition that does not exist */
		to = which == ADDING ? &a->adding : &a->removing;
		int_list_fini(to);
		if (!json_int_list(value, to))
			return false;
	}
	return !j || json_is_object(j);
}

static bool decode_partitions(const json_t *j, struct znode_topic *t)
{
	const char *key;
	json_t *value;

	t->partitions = xcalloc(json_object_size(j) + 1, sizeof(*t->partitions));
	if (!j)
		return true;
	if (!json_is_object(j))
		return false;
	json_object_foreach((json_t *)(uintptr_t)j, key, value) {
		struct znode_assignment *a = &t->partitions[t->partitions_n];

		if (!partition_number(key, &a->partition) || !json_int_list(value, &a->replicas))
			return false;
		t->partitions_n++;
	}
	qsort(t->partitions, t->partitions_n, sizeof(*t->partitions), by_partition);
	for (size_t i = 1; i < t->partitions_n; i++) /* "1" and "01" */
		if (t->partitions[i].partition == t->partitions[i - 1].partition)
			return false;
	return true;
}

static bool decode_id(const json_t *j, struct uuid *ret)
{
	const char *text;

	if (!json_object_get(j, "topic_id"))
		return true;
	return json_string_at(j, "topic_id", &text) && uuid_parse(str_of(text), ret);
}

int znode_topic_decode(const char *text, int32_t len, struct znode_topic *ret)
{
	JSON_AUTO j = json_parse(text, len);
	struct znode_topic t = ZNODE_TOPIC_INIT;

	if (!text || len <= 0)
		return FAIL(-EBADMSG);
	if (!json_is_object(j)) {
		*ret = t;
		return 0;
	}
	if (!decode_id(j, &t.id) || !decode_partitions(json_object_get(j, "partitions"), &t) ||
	    !decode_side(json_object_get(j, "adding_replicas"), &t, ADDING) ||
	    !decode_side(json_object_get(j, "removing_replicas"), &t, REMOVING)) {
		znode_topic_fini(&t);
		return FAIL(-EBADMSG);
	}
	*ret = t;
	return 0;
}

/* ---- partition state ---- */

char *znode_state_encode(const struct znode_state *s)
{
	json_t *j = json_object();

	json_object_set_new(j, "controller_epoch", json_integer(s->controller_epoch));
	json_object_set_new(j, "leader", json_integer(s->leader));
	json_object_set_new(j, "version", json_integer(1));
	if (s->recovery == LEADER_RECOVERING)
		json_object_set_new(j, "leader_recovery_state", json_integer(LEADER_RECOVERING));
	json_object_set_new(j, "leader_epoch", json_integer(s->leader_epoch));
	json_object_set_new(j, "isr", json_ints(s->isr));
	return json_finish(j);
}

int znode_state_decode(const char *text, int32_t len, int32_t data_version, struct znode_state *ret)
{
	JSON_AUTO j = json_parse(text, len);
	struct znode_state s = { .recovery = LEADER_RECOVERED, .partition_epoch = data_version };

	if (!json_int(j, "leader", &s.leader) || !json_int(j, "leader_epoch", &s.leader_epoch) ||
	    !json_int(j, "controller_epoch", &s.controller_epoch))
		return FAIL(-EBADMSG);
	if (json_object_get(j, "leader_recovery_state") &&
	    (!json_int(j, "leader_recovery_state", &s.recovery) || s.recovery < LEADER_RECOVERED ||
		s.recovery > LEADER_RECOVERING))
		return FAIL(-EBADMSG);
	if (!json_int_list(json_object_get(j, "isr"), &s.isr))
		return FAIL(-EBADMSG);
	*ret = s;
	return 0;
}

void znode_state_fini(struct znode_state *s)
{
	int_list_fini(&s->isr);
}

void znode_state_copy(const struct znode_state *from, struct znode_state *ret)
{
	*ret = *from;
	ret->isr = int_list_copy(from->isr);
}
