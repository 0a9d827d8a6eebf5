/* test_group_load.c - groups from the records of a partition (coordinators.md 2.4), good and bad ones. */
#include <errno.h>
#include <string.h>

#include "base/unit.h"

#include "base/writer.h"
#include "coordinator/group_load.h"
#include "coordinator/group_priv.h"
#include "coordinator/group_records.h"
#include "group_fixture.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "record/builder.h"
#include "record/control.h"

#define MAX_GROUPS 8

/* A load under way; w->g is not part of it. */
struct loader {
	struct world *w;
	struct group_load *l;
	int64_t base;
	struct group *groups[MAX_GROUPS];
	int n;
};

static struct loader load_new(struct world *w)
{
	return (struct loader){ .w = w, .l = group_load_new(w->pool) };
}

static void finish(struct loader *l)
{
	struct group *g;

	while ((g = group_load_next(l->l, l->w->now, &l->w->fx))) {
		group_check(g);
		l->groups[l->n++] = g;
	}
	group_load_free(l->l);
}

static void done(struct loader *l)
{
	group_effects_reset(&l->w->fx);
	for (int i = 0; i < l->n; i++) {
		group_unload(l->groups[i], &l->w->fx);
		group_effects_reset(&l->w->fx);
		group_free(l->groups[i]);
	}
	world_free(l->w);
}

static struct group *group_of(const struct loader *l, const char *id)
{
	for (int i = 0; i < l->n; i++)
		if (str_is(group_id(l->groups[i]), id))
			return l->groups[i];
	return NULL;
}

static struct buf *written(struct writer *w)
{
	struct buf *b;

	assert_int_equal(0, writer_take_buf(w, &b));
	writer_fini(w);
	return b;
}

static struct bytes bytes(const struct buf *b)
{
	return b ? (struct bytes){ b->data, (int32_t)b->len } : BYTES_NULL;
}

static struct buf *offset_key(const char *group, const char *topic, int32_t partition)
{
	struct writer w;

	writer_init(&w, 64, 0);
	assert_int_equal(0, offset_record_put_key(&w, str_of(group), str_of(topic), partition));
	return written(&w);
}

static struct buf *offset_value(int64_t offset)
{
	struct offset_commit_value v;
	struct writer w;

	CODEC_INIT(offset_commit_value, &v);
	v.offset = offset;
	v.commit_timestamp = WORLD_WALL;
	v.metadata = STR("m");
	writer_init(&w, 64, 0);
	assert_int_equal(0, offset_record_put_value(&w, 3, &v));
	return written(&w);
}

static struct buf *group_key(const char *group)
{
	struct writer w;

	writer_init(&w, 64, 0);
	assert_int_equal(0, group_record_put_key(&w, str_of(group)));
	return written(&w);
}

static struct buf *group_value(const struct group_metadata_value *v)
{
	struct writer w;

	writer_init(&w, 64, 0);
	assert_int_equal(0, group_record_put_value(&w, 3, v));
	return written(&w);
}

static void feed(struct loader *l, int64_t producer, struct buf *key, struct buf *value)
{
	assert_int_equal(0, group_load_record(l->l, l->base++, producer, bytes(key), bytes(value)));
	buf_unref(key);
	buf_unref(value);
}

static void feed_offset(struct loader *l, const char *group, int32_t partition, int64_t offset)
{
	feed(l, -1, offset_key(group, "t", partition), offset < 0 ? NULL : offset_value(offset));
}

static void feed_txn(struct loader *l, int64_t producer, const char *group, int32_t partition, int64_t offset)
{
	feed(l, producer, offset_key(group, "t", partition), offset < 0 ? NULL : offset_value(offset));
}

static struct group_metadata_value_member_metadata member(const char *id, const char *instance)
{
	struct group_metadata_value_member_metadata m;

	CODEC_INIT(group_metadata_value_member_metadata, &m);
	m.member_id = str_of(id);
	m.group_instance_id = str_of(instance);
	m.client_id = STR("c");
	m.client_host = STR("/h");
	m.session_timeout = 10000;
	m.rebalance_timeout = 60000;
	m.subscription = subscription("mine", NULL);
	m.assignment = (struct bytes){ (const uint8_t *)"A", 1 };
	return m;
}

static void feed_group(struct loader *l, const char *group, int32_t generation, const char *leader, int32_t n,
		       struct group_metadata_value_member_metadata *m)
{
	struct group_metadata_value v;

	CODEC_INIT(group_metadata_value, &v);
	v.protocol_type = STR("consumer");
	v.generation = generation;
	v.protocol = n ? STR("range") : STR_NULL;
	v.leader = str_of(leader);
	v.current_state_timestamp = WORLD_WALL - 5;
	v.members = m;
	v.members_n = n;
	feed(l, -1, group_key(group), group_value(&v));
}

static int64_t offset_in(const struct group *g, int32_t partition)
{
	struct group_offset o;

	assert_int_equal(0, group_offset_fetch(g, STR("t"), partition, false, &o));
	return o.offset;
}

/* --- groups --- */

static void a_group_goes_on_where_it_was(void **state)
{
	struct group_metadata_value_member_metadata m[2] = { member("m1", NULL), member("m2", "i") };
	struct loader l = load_new(world_new());
	struct group_member_view v;
	struct group_view gv;
	struct group *g;

	(void)state;
	feed_group(&l, "a", 7, "m2", 2, m);
	feed_offset(&l, "a", 0, 5);
	finish(&l);
	assert_int_equal(1, l.n);
	g = group_of(&l, "a");
	group_view(g, &gv);
	assert_string_equal("Stable", gv.state_name);
	assert_int_equal(7, gv.generation);
	assert_true(str_is(gv.leader, "m2") && str_is(gv.protocol_type, "consumer") && str_is(gv.protocol_name, "range"));
	assert_int_equal(WORLD_WALL - 5, gv.state_timestamp_ms);
	group_member_view(g, group_member_next(g, NULL), &v);
	assert_true(str_is(v.id, "m1") && str_is(v.client_id, "c") && str_is(v.client_host, "/h"));
	assert_int_equal(60000, v.rebalance_timeout_ms);
	assert_int_equal(1, v.assignment.len);
	assert_int_equal(0, group_heartbeat(g, l.w->now, STR("m1"), STR_NULL, 7));
	assert_int_equal(0, group_heartbeat(g, l.w->now, STR("m2"), STR("i"), 7));
	assert_int_equal(l.w->now.mono_ms + 10000, group_deadline(g)); /* full sessions */
	assert_int_equal(l.w->now.mono_ms + 10000, l.w->fx.deadline);
	assert_true(group_subscribed(g, STR("mine")));
	assert_false(group_subscribed(g, STR("else")));
	assert_int_equal(5, offset_in(g, 0));
	done(&l);
}

static void the_last_record_of_a_group_counts(void **state)
{
	struct group_metadata_value_member_metadata m = member("m1", NULL);
	struct loader l = load_new(world_new());

	(void)state;
	feed_group(&l, "a", 1, "m1", 1, &m);
	feed_group(&l, "a", 2, NULL, 0, NULL);
	feed_group(&l, "b", 3, NULL, 0, NULL);
	feed_group(&l, "b", 4, "m1", 1, &m);
	feed_group(&l, "gone", 4, "m1", 1, &m);
	feed(&l, -1, group_key("gone"), NULL);
	feed(&l, -1, group_key("never"), NULL);
	finish(&l);
	assert_int_equal(2, l.n);
	assert_int_equal(GROUP_EMPTY, group_state(group_of(&l, "a")));
	assert_int_equal(GROUP_STABLE, group_state(group_of(&l, "b")));
	done(&l);
}

static void offsets_alone_make_an_empty_group(void **state)
{
	struct loader l = load_new(world_new());
	struct group_metadata_value_member_metadata m = member("m1", NULL);
	struct group_view v;

	(void)state;
	feed_offset(&l, "a", 0, 5);
	feed_group(&l, "was", 4, "m1", 1, &m);
	feed_offset(&l, "was", 0, 6);
	feed(&l, -1, group_key("was"), NULL);
	finish(&l);
	assert_int_equal(2, l.n);
	for (int i = 0; i < 2; i++) {
		group_view(l.groups[i], &v);
		assert_string_equal("Empty", v.state_name);
		assert_int_equal(0, v.generation);
		assert_int_equal(0, v.protocol_type.len);
	}
	done(&l);
}

static void a_group_above_the_size_rebalances(void **state)
{
	struct group_metadata_value_member_metadata m[2] = { member("m1", NULL), member("m2", NULL) };
	struct group_settings s = GROUP_SETTINGS_INIT;
	struct loader l;

	(void)state;
	s.max_size = 1;
	l = load_new(world_with(&s));
	feed_group(&l, "a", 7, "m2", 2, m);
	finish(&l);
	assert_int_equal(GROUP_PREPARING, group_state(group_of(&l, "a")));
	assert_int_equal(KERR_REBALANCE_IN_PROGRESS, group_heartbeat(group_of(&l, "a"), l.w->now, STR("m1"), STR_NULL, 7));
	done(&l);
}

/* --- offsets --- */

static void the_last_offset_counts_and_tombstones_remove(void **state)
{
	struct loader l = load_new(world_new());

	(void)state;
	feed_offset(&l, "a", 0, 5);
	feed_offset(&l, "a", 0, 3); /* lower, but later */
	feed_offset(&l, "a", 1, 9);
	feed_offset(&l, "a", 1, -1);
	feed_offset(&l, "b", 0, 9);
	feed_offset(&l, "b", 0, -1);
	feed_offset(&l, "c", 0, -1);
	finish(&l);
	assert_int_equal(1, l.n); /* nothing is left of b */
	assert_int_equal(3, offset_in(group_of(&l, "a"), 0));
	assert_int_equal(-1, offset_in(group_of(&l, "a"), 1));
	done(&l);
}

static void markers_decide_as_in_a_living_group(void **state)
{
	struct loader l = load_new(world_new());
	struct group_offset o;
	struct group *g;

	(void)state;
	feed_txn(&l, 4, "a", 0, 5);
	feed_txn(&l, 4, "a", 1, 6);
	feed_txn(&l, 5, "a", 2, 7);
	feed_txn(&l, 6, "a", 3, 8);
	feed_offset(&l, "a", 1, 60); /* behind the transaction's */
	group_load_marker(l.l, 4, l.base++, true);
	group_load_marker(l.l, 5, l.base++, false);
	feed_txn(&l, 7, "pending", 0, 9);
	feed_txn(&l, 8, "a", 4, 9);
	feed_txn(&l, 8, "a", 4, -1); /* a tombstone in a transaction takes its own back */
	group_load_marker(l.l, 8, l.base++, true);
	finish(&l);
	assert_int_equal(2, l.n);
	g = group_of(&l, "a");
	assert_int_equal(5, offset_in(g, 0));
	assert_int_equal(60, offset_in(g, 1));
	assert_int_equal(-1, offset_in(g, 2));
	assert_int_equal(-1, offset_in(g, 4));
	assert_int_equal(KERR_UNSTABLE_OFFSET_COMMIT, group_offset_fetch(g, STR("t"), 3, true, &o));
	group_pool_marker(l.w->pool, 6, l.base++, true); /* the transaction ends later */
	assert_int_equal(8, offset_in(g, 3));
	group_pool_marker(l.w->pool, 7, l.base++, true);
	assert_int_equal(9, offset_in(group_of(&l, "pending"), 0));
	done(&l);
}

/* --- what cannot be understood --- */

static void a_bad_record_is_left_out_and_counted(void **state)
{
	struct group_metadata_value_member_metadata m = member("m1", NULL), nameless = member("", NULL);
	struct loader l = load_new(world_new());
	struct buf *b;

	(void)state;
	feed_offset(&l, "a", 0, 5);
	b = offset_value(6);
	b->len--; /* cut short: the one before stays */
	feed(&l, -1, offset_key("a", "t", 0), b);
	b = offset_value(6);
	b->data[1] = 9; /* a version that does not exist */
	feed(&l, -1, offset_key("a", "t", 0), b);
	assert_int_equal(2, group_load_stats(l.l)->damaged);
	assert_int_equal(1, group_load_stats(l.l)->damaged_at);
	assert_int_equal(0, group_load_record(l.l, 9, -1, BYTES_NULL, BYTES_NULL)); /* no key */
	assert_int_equal(3, group_load_stats(l.l)->damaged);
	feed_group(&l, "a", 7, "m1", 1, &m);
	feed_group(&l, "a", -1, "m1", 1, &m);	  /* a generation that cannot be */
	feed_group(&l, "a", 8, "m1", 1, &nameless);
	assert_int_equal(5, group_load_stats(l.l)->damaged);
	b = group_key("a");
	b->data[1] = 3; /* a record of a later Kafka */
	feed(&l, -1, b, NULL);
	assert_int_equal(5, group_load_stats(l.l)->damaged);
	assert_int_equal(1, group_load_stats(l.l)->unknown_keys);
	assert_int_equal(3, group_load_stats(l.l)->unknown_version);
	finish(&l);
	assert_int_equal(5, offset_in(group_of(&l, "a"), 0));
	assert_int_equal(7, group_of(&l, "a")->generation);
	assert_int_equal(GROUP_STABLE, group_state(group_of(&l, "a")));
	done(&l);
}

static void odd_members_do_no_harm(void **state)
{
	struct group_metadata_value_member_metadata m[4] = { member("m1", "i"), member("m1", NULL), member("m2", "i"),
		member("m3", NULL) };
	struct loader l = load_new(world_new());
	struct group *g;

	(void)state;
	m[3].session_timeout = m[3].rebalance_timeout = INT32_MIN;
	m[3].subscription = m[3].assignment = (struct bytes){ (const uint8_t *)"", 0 };
	feed_group(&l, "a", INT32_MAX, "nobody", 4, m);
	finish(&l);
	g = group_of(&l, "a");
	assert_int_equal(2, g->members_n); /* an id, an instance only once */
	assert_ptr_equal(group_member_next(g, NULL), g->leader);
	group_expire(g, l.w->now, &l.w->fx);
	group_check(g);
	assert_int_equal(1, g->members_n);
	done(&l);
}

static void a_load_may_end_in_the_middle(void **state)
{
	struct group_metadata_value_member_metadata m = member("m1", NULL);
	struct loader l = load_new(world_new());
	struct group *g;

	(void)state;
	feed_group(&l, "a", 7, "m1", 1, &m);
	feed_offset(&l, "b", 0, 5);
	feed_txn(&l, 4, "c", 0, 5);
	g = group_load_next(l.l, l.w->now, &l.w->fx);
	assert_non_null(g);
	group_free(g);
	group_load_free(l.l);
	assert_int_equal(0, group_pool_counts(l.w->pool)->offsets);
	group_pool_marker(l.w->pool, 4, 99, true);
	done(&l);
}

/* --- whole batches --- */

static struct buf *batch_of(const struct builder_config *c, int n, struct buf **keys, struct buf **values)
{
	struct batch_builder b;
	struct buf *out;

	assert_int_equal(0, batch_builder_init(&b, c, NULL));
	for (int i = 0; i < n; i++) {
		assert_int_equal(0, batch_builder_append(&b, c->base_offset + i, WORLD_WALL, bytes(keys[i]), bytes(values[i]),
					    0, BYTES_NULL));
		buf_unref(keys[i]);
		buf_unref(values[i]);
	}
	assert_int_equal(0, batch_builder_finish(&b, &out));
	batch_builder_fini(&b);
	return out;
}

static void feed_batch(struct loader *l, struct buf *b)
{
	struct batch parsed;

	assert_int_equal(0, batch_parse(b->data, b->len, &parsed));
	assert_int_equal(0, group_load_batch(l->l, &parsed));
	buf_unref(b);
}

static struct buf *marker_at(int64_t offset, int64_t producer, enum control_type type)
{
	struct buf *b;

	assert_int_equal(0, control_build_marker(type, producer, 0, 0, WORLD_WALL, &b));
	batch_set_base_offset(b->data, offset);
	return b;
}

static void batches_of_every_kind_are_read(void **state)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct loader l = load_new(world_new());
	struct buf *keys[2], *values[2];
	struct group_offset o;
	struct group *g;

	(void)state;
	c.codec = CODEC_GZIP;
	c.base_offset = 10;
	c.base_sequence = 0; /* as Kafka writes plain commits */
	keys[0] = offset_key("a", "t", 0);
	values[0] = offset_value(1);
	keys[1] = offset_key("a", "t", 1);
	values[1] = offset_value(2);
	feed_batch(&l, batch_of(&c, 2, keys, values));
	c.codec = CODEC_NONE;
	c.base_offset = 12;
	c.producer_id = 4;
	c.producer_epoch = 0;
	c.transactional = true;
	keys[0] = offset_key("a", "t", 0);
	values[0] = offset_value(3);
	keys[1] = offset_key("a", "t", 2);
	values[1] = offset_value(4);
	feed_batch(&l, batch_of(&c, 2, keys, values));
	feed_batch(&l, marker_at(14, 4, CONTROL_COMMIT));
	c.base_offset = 15;
	keys[0] = offset_key("a", "t", 3);
	values[0] = offset_value(5);
	feed_batch(&l, batch_of(&c, 1, keys, values));
	feed_batch(&l, marker_at(16, 4, CONTROL_ABORT));
	finish(&l);
	g = group_of(&l, "a");
	assert_int_equal(3, offset_in(g, 0));
	assert_int_equal(2, offset_in(g, 1));
	assert_int_equal(4, offset_in(g, 2));
	assert_int_equal(-1, offset_in(g, 3));
	assert_int_equal(0, group_offset_fetch(g, STR("t"), 1, false, &o));
	assert_int_equal(10, o.batch_base); /* of the batch, not of the record */
	done(&l);
}

static void old_formats_are_read_too(void **state)
{
	struct loader l = load_new(world_new());

	(void)state;
	for (int8_t magic = 0; magic <= 1; magic++) {
		struct builder_config c = BUILDER_CONFIG_INIT;
		struct buf *key = offset_key("a", "t", magic), *value = offset_value(5 + magic);

		c.magic = magic;
		c.base_offset = magic;
		c.codec = magic ? CODEC_GZIP : CODEC_NONE;
		feed_batch(&l, batch_of(&c, 1, &key, &value));
	}
	finish(&l);
	assert_int_equal(5, offset_in(group_of(&l, "a"), 0));
	assert_int_equal(6, offset_in(group_of(&l, "a"), 1));
	done(&l);
}

static void a_damaged_batch_is_left_out(void **state)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct loader l = load_new(world_new());
	struct buf *keys[2], *values[2], *b;

	(void)state;
	keys[0] = offset_key("a", "t", 0);
	values[0] = offset_value(1);
	keys[1] = offset_key("a", "t", 1);
	values[1] = offset_value(2);
	c.base_offset = 5;
	b = batch_of(&c, 2, keys, values);
	b->data[60]++; /* one record more than there is */
	feed_batch(&l, b);
	assert_int_equal(1, group_load_stats(l.l)->damaged);
	assert_int_equal(5, group_load_stats(l.l)->damaged_at);
	b = marker_at(14, 4, CONTROL_COMMIT);
	b->data[BATCH_HEADER_SIZE] = 0x7f; /* the length of its record */
	feed_batch(&l, b);
	assert_int_equal(2, group_load_stats(l.l)->damaged);
	assert_int_equal(2, group_load_stats(l.l)->batches);
	finish(&l);
	assert_int_equal(1, offset_in(group_of(&l, "a"), 0)); /* what could be read before the damage */
	done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_goes_on_where_it_was),
		cmocka_unit_test(the_last_record_of_a_group_counts),
		cmocka_unit_test(offsets_alone_make_an_empty_group),
		cmocka_unit_test(a_group_above_the_size_rebalances),
		cmocka_unit_test(the_last_offset_counts_and_tombstones_remove),
		cmocka_unit_test(markers_decide_as_in_a_living_group),
		cmocka_unit_test(a_bad_record_is_left_out_and_counted),
		cmocka_unit_test(odd_members_do_no_harm),
		cmocka_unit_test(a_load_may_end_in_the_middle),
		cmocka_unit_test(batches_of_every_kind_are_read),
		cmocka_unit_test(old_formats_are_read_too),
		cmocka_unit_test(a_damaged_batch_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
