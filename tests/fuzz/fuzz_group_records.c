/* fuzz_group_records.c - any records of __consumer_offsets: keys, values, subscriptions, and the groups that a load
 * makes of them do no harm, and what was understood is written back as it was.
 *
 * Input: records one after the other: a byte (0x03: producer, 0 none; 0x04: no value; 0x08: a marker instead, 0x10: of
 * a commit), then key and value, each with a 16-bit length in front.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/logger.h"
#include "base/writer.h"
#include "coordinator/group.h"
#include "coordinator/group_load.h"
#include "coordinator/group_offsets.h"
#include "coordinator/group_records.h"
#include "coordinator/topic_set.h"

#define RECORDS_MAX 1000
#define must(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void no_random(void *arg, void *p, size_t n)
{
	(void)arg;
	memset(p, 7, n);
}

static struct bytes take(struct cursor *c, uint8_t **ret_copy)
{
	size_t len = cur_u16(c);
	const uint8_t *p = len <= cur_left(c) ? cur_take(c, len) : NULL;

	*ret_copy = NULL;
	if (!p)
		return BYTES_NULL;
	*ret_copy = malloc(len ? len : 1); /* exactly the bytes: a sanitizer sees one read too many */
	must(*ret_copy);
	memcpy(*ret_copy, p, len);
	return (struct bytes){ *ret_copy, (int32_t)len };
}

static void write_offset_back(const struct offset_commit_value *v)
{
	struct offset_commit_value again;
	struct writer w;
	struct buf *b;

	writer_init(&w, 64, 0);
	must(offset_record_put_value(&w, 3, v) == 0);
	must(writer_take_buf(&w, &b) == 0);
	writer_fini(&w);
	must(offset_record_parse_value((struct bytes){ b->data, (int32_t)b->len }, &again) == 0);
	must(again.offset == v->offset && again.commit_timestamp == v->commit_timestamp);
	must(again.expire_timestamp == v->expire_timestamp && str_eq(again.metadata, v->metadata));
	must(again.leader_epoch == (v->expire_timestamp == -1 ? v->leader_epoch : -1));
	buf_unref(b);
}

static void write_group_back(const struct group_metadata_value *v, struct arena *a)
{
	struct group_metadata_value again;
	struct writer w;
	struct buf *b;

	writer_init(&w, 64, 0);
	must(group_record_put_value(&w, 3, v) == 0);
	must(writer_take_buf(&w, &b) == 0);
	writer_fini(&w);
	must(group_record_parse_value((struct bytes){ b->data, (int32_t)b->len }, a, &again) == 0);
	must(again.generation == v->generation && again.members_n == v->members_n);
	must(str_eq(again.protocol, v->protocol) && str_eq(again.leader, v->leader));
	buf_unref(b);
}

static void parse(struct bytes key, struct bytes value)
{
	struct topic_set topics = TOPIC_SET_INIT;
	struct offset_commit_value offset;
	struct group_metadata_value group;
	struct group_record_key k;
	struct arena a;

	(void)!group_record_parse_key(key, &k);
	(void)!topic_set_add_subscription(&topics, key);
	topic_set_fini(&topics);
	if (value.len >= 0 && offset_record_parse_value(value, &offset) == 0)
		write_offset_back(&offset);
	arena_init(&a, 1 << 22);
	if (value.len >= 0 && group_record_parse_value(value, &a, &group) == 0)
		write_group_back(&group, &a);
	arena_fini(&a);
}

static void feed(struct group_load *l, struct cursor *c)
{
	for (int64_t at = 0; cur_left(c) && at < RECORDS_MAX; at++) {
		uint8_t flags = cur_u8(c), *key_copy, *value_copy;
		struct bytes key, value;

		if (flags & 8) {
			group_load_marker(l, flags & 3, at, flags & 16);
			continue;
		}
		key = take(c, &key_copy);
		value = take(c, &value_copy);
		parse(key, value);
		(void)!group_load_record(l, at, flags & 3 ? flags & 3 : -1, key, flags & 4 ? BYTES_NULL : value);
		free(key_copy);
		free(value_copy);
	}
}

static void use(struct group *g, struct group_now now, struct group_effects *fx)
{
	struct group_removal removal;
	struct group_offset o;

	group_check(g);
	for (size_t i = 0; i < group_offsets_n(g); i++)
		group_offset_at(g, i, &o);
	for (int i = 0; i < 3; i++) { /* all members expire, and the group with them */
		now.mono_ms = group_deadline(g) == GROUP_NO_DEADLINE ? now.mono_ms : group_deadline(g);
		group_expire(g, now, fx);
		group_check(g);
	}
	group_removal_init(&removal);
	now.wall_ms = INT64_MAX;
	group_expire_offsets(g, now, &removal);
	group_clean(g, &removal);
	group_removal_fini(&removal);
	group_unload(g, fx);
	group_effects_reset(fx);
	group_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct group_settings s = GROUP_SETTINGS_INIT;
	struct group_now now = { 1000, INT64_C(1700000000000) };
	struct cursor c = cur_of(data, size);
	struct group_effects fx;
	struct group_pool *pool;
	struct group_load *l;
	struct group *g;

	logger_set_level(LOG_OFF);
	s.max_size = 3;
	pool = group_pool_new(&s, 0, no_random, NULL);
	l = group_load_new(pool);
	group_effects_init(&fx);
	feed(l, &c);
	while ((g = group_load_next(l, now, &fx)))
		use(g, now, &fx);
	group_load_free(l);
	group_effects_fini(&fx);
	must(group_pool_counts(pool)->offsets == 0 && group_pool_counts(pool)->memory == 0);
	group_pool_free(pool);
	return 0;
}
