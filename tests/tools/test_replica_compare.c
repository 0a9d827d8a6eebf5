/* test_replica_compare.c - replicas of a partition, compared round by round. */
#include "tools/replica_compare.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "record/batch.h"
#include "record/builder.h"
#include "tests/base/unit.h"

#define REPLICAS 3

struct fixture {
	struct replica_partition p;
	struct buf *records[REPLICAS];
	char said[1024];
};

static struct fixture f;

static int set_up(void **state)
{
	(void)state;
	memset(&f, 0, sizeof(f));
	f.p = (struct replica_partition){.topic = STR("t"), .partition = 4, .n = REPLICAS};
	f.p.replicas = xcalloc(REPLICAS, sizeof(*f.p.replicas));
	for (size_t i = 0; i < REPLICAS; i++)
		f.p.replicas[i] = (struct replica){.broker = (int32_t)i + 1, .high_watermark = -1};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	replica_partition_fini(&f.p);
	for (size_t i = 0; i < REPLICAS; i++)
		buf_unref(f.records[i]);
	return 0;
}

/* A batch of so many records with that value, behind what the replica has for this round. */
static void add(size_t replica, int64_t offset, int n, char value)
{
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;

	c.base_offset = offset;
	assert_int_equal(0, batch_builder_init(&b, &c, f.records[replica]));
	for (int i = 0; i < n; i++)
		assert_int_equal(
			0, batch_builder_append(&b, offset + i, 1000, BYTES_NULL,
				   (struct bytes){(const uint8_t *)&value, 1}, 0, BYTES_NULL));
	f.records[replica] = NULL;
	assert_int_equal(0, batch_builder_finish(&b, &f.records[replica]));
	batch_builder_fini(&b);
}

static void add_all(int64_t offset, int n)
{
	for (size_t i = 0; i < REPLICAS; i++)
		add(i, offset, n, 'v');
}

/* The replica answers with what was added, less some bytes at the end. */
static void answer_cut(size_t replica, int64_t high_watermark, size_t cut)
{
	struct buf *b = f.records[replica];

	replica_take(replica_find(&f.p, (int32_t)replica + 1), high_watermark, b ? b->data : NULL,
		b ? b->len - cut : 0);
	f.records[replica] = buf_unref(b);
}

static void answer(size_t replica, int64_t high_watermark)
{
	answer_cut(replica, high_watermark, 0);
}

static void answer_all(int64_t high_watermark)
{
	for (size_t i = 0; i < REPLICAS; i++)
		answer(i, high_watermark);
}

static void say(void *arg, const char *line)
{
	(void)arg;
	strcat(strcat(f.said, line), "\n");
}

static void expect(enum replica_verdict verdict, int64_t offset, const char *said)
{
	int32_t broken = -1;

	f.said[0] = '\0';
	assert_int_equal(verdict, replica_compare(&f.p, say, NULL, &broken));
	assert_int_equal(offset, f.p.offset);
	assert_string_equal(said, f.said);
	if (verdict == REPLICAS_BROKEN)
		assert_int_equal(2, broken);
}

static uint32_t checksum(size_t replica)
{
	struct batch b;

	assert_int_equal(0, batch_parse(f.records[replica]->data, f.records[replica]->len, &b));
	return b.crc;
}

static void the_same(void **state)
{
	(void)state;
	add_all(0, 3);
	add_all(3, 1);
	answer_all(4);
	assert_int_equal(4, replica_high_watermark(&f.p));
	expect(REPLICAS_GO_ON, 4, "");
	add_all(4, 2);
	answer_all(6);
	expect(REPLICAS_GO_ON, 6, "");
	answer_all(6);
	expect(REPLICAS_GO_ON, 6, "");
}

static void up_to_the_lowest_high_watermark(void **state)
{
	(void)state;
	add_all(0, 3);
	add_all(3, 3);
	answer(0, 6);
	answer(1, 5);
	answer(2, 6);
	assert_int_equal(6, replica_high_watermark(&f.p));
	expect(REPLICAS_GO_ON, 3, "");
}

static void one_that_is_away_holds_the_others(void **state)
{
	(void)state;
	add_all(0, 1);
	answer(0, 1);
	answer(2, 1);
	expect(REPLICAS_GO_ON, 0, "");
	assert_int_equal(-1, replica_high_watermark(&f.p));
	answer(1, 1);
	expect(REPLICAS_GO_ON, 0, "");
}

static void other_bytes(void **state)
{
	char want[256];

	(void)state;
	add(0, 0, 2, 'a');
	add(1, 0, 2, 'a');
	add(2, 0, 2, 'b');
	snprintf(want, sizeof(want),
		"partition t-4 has unmatched checksum at offset 1; replica 1's checksum %u; "
		"replica 3's checksum %u\n",
		checksum(0), checksum(2));
	answer_all(2);
	expect(REPLICAS_GO_ON, 2, want);
}

/* Two of three are there, and not the same: told now, and again when the third has come. */
static void other_bytes_while_one_is_away(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++) {
		add(0, 0, 2, 'a');
		add(1, 0, 2, 'b');
		answer(0, 2);
		answer(1, 2);
		f.said[0] = '\0';
		assert_int_equal(REPLICAS_GO_ON, replica_compare(&f.p, say, NULL, NULL));
		assert_int_equal(0, f.p.offset);
		assert_non_null(strstr(f.said, "unmatched checksum at offset 1"));
	}
}

static void damage_that_the_header_does_not_show(void **state)
{
	uint32_t stored;
	char end[64];

	(void)state;
	add_all(0, 2);
	stored = checksum(1);
	f.records[1]->data[f.records[1]->len - 2] ^= 1;
	answer_all(2);
	f.said[0] = '\0';
	assert_int_equal(REPLICAS_GO_ON, replica_compare(&f.p, say, NULL, NULL));
	snprintf(end, sizeof(end), "; replica 1's checksum %u; replica 2's checksum ", stored);
	assert_non_null(strstr(f.said, end));
	assert_int_equal(2, f.p.offset);
}

static void other_offsets(void **state)
{
	(void)state;
	add(0, 0, 2, 'v');
	add(1, 0, 2, 'v');
	add(2, 0, 1, 'v');
	answer_all(2);
	expect(REPLICAS_DIFFER, 0,
		"partition t-4: replica 1's offset 1 doesn't match replica 3's offset 0\n");
}

static void a_batch_that_is_cut_off_comes_again(void **state)
{
	(void)state;
	add_all(0, 1);
	add_all(1, 9);
	answer(0, 10);
	answer_cut(1, 10, 5);
	answer(2, 10);
	expect(REPLICAS_GO_ON, 1, "");
}

static void what_is_no_batch(void **state)
{
	(void)state;
	add_all(0, 1);
	add_all(1, 1);
	memset(f.records[1]->data + f.records[1]->len / 2 + 8, 0xff,
		4); /* the second one's length */
	answer_all(2);
	expect(REPLICAS_BROKEN, 1, "");
}

static void old_formats(void **state)
{
	uint8_t message[] = {0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 15, 1, 2, 3, 4, 0, 0, 255, 255, 255,
		255, 0, 0, 0, 1, 'v'};

	(void)state;
	for (int32_t i = 1; i <= REPLICAS; i++)
		replica_take(replica_find(&f.p, i), 8, message, sizeof(message));
	expect(REPLICAS_GO_ON, 8, "");
}

static void the_largest_lag(void **state)
{
	struct replica_partition other = {.topic = STR("o"), .partition = 1, .offset = 7};
	struct replica_lag lag = REPLICA_LAG_INIT;
	char *text = replica_lag_text(&lag, 2);

	(void)state;
	assert_string_equal(
		"max lag is -1 for partition null at offset -1 among 2 partitions", text);
	free(text);
	f.p.offset = 5;
	replica_lag_add(&lag, &f.p, 5);
	replica_lag_add(&lag, &other, 7); /* no more: the first stays */
	replica_lag_add(&lag, &other, -1);
	text = replica_lag_text(&lag, 2);
	assert_string_equal("max lag is 0 for partition t-4 at offset 5 among 2 partitions", text);
	free(text);
	replica_lag_add(&lag, &other, 9);
	text = replica_lag_text(&lag, 2);
	assert_string_equal("max lag is 2 for partition o-1 at offset 7 among 2 partitions", text);
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same),
		TEST(up_to_the_lowest_high_watermark),
		TEST(one_that_is_away_holds_the_others),
		TEST(other_bytes),
		TEST(other_bytes_while_one_is_away),
		TEST(damage_that_the_header_does_not_show),
		TEST(other_offsets),
		TEST(a_batch_that_is_cut_off_comes_again),
		TEST(what_is_no_batch),
		TEST(old_formats),
		TEST(the_largest_lag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
