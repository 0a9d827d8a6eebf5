/* test_group_records.c - the bytes of __consumer_offsets: those of coordinators.md 2.2, every version, and none. */
#include <stdio.h>
#include <string.h>

#include "base/unit.h"

#include "base/arena.h"
#include "base/writer.h"
#include "coordinator/group_records.h"
#include "protocol/codec.h"
#include "protocol/errors.h"

#define TS INT64_C(1700000000000)

static char *hex_of(struct writer *w)
{
	struct buf *b;
	char *s;

	assert_int_equal(0, writer_take_buf(w, &b));
	s = xcalloc(b->len * 2 + 1, 1);
	for (size_t i = 0; i < b->len; i++)
		(void)sprintf(s + i * 2, "%02x", b->data[i]);
	buf_unref(b);
	return s;
}

#define assert_writes(expected, call)                                                              \
	do {                                                                                       \
		struct writer w;                                                                   \
		char *s;                                                                           \
		writer_init(&w, 64, 0);                                                            \
		assert_int_equal(0, call);                                                         \
		s = hex_of(&w);                                                                    \
		assert_string_equal(expected, s);                                                  \
		free(s);                                                                           \
		writer_fini(&w);                                                                   \
	} while (0)

static struct bytes from_hex(const char *hex, uint8_t *out)
{
	int32_t n = 0;

	for (; hex[0]; hex += hex[0] == ' ' ? 1 : 2) {
		unsigned v;

		if (hex[0] == ' ')
			continue;
		assert_int_equal(1, sscanf(hex, "%2x", &v));
		out[n++] = (uint8_t)v;
	}
	return (struct bytes){ out, n };
}

static void offset_records_have_kafkas_bytes(void **state)
{
	struct offset_commit_value v;

	(void)state;
	CODEC_INIT(offset_commit_value, &v);
	v.offset = 5;
	v.commit_timestamp = TS;
	assert_writes("0001000267310001740000" "0000", offset_record_put_key(&w, STR("g1"), STR("t"), 0));
	assert_writes("00030000000000000005ffffffff00000000018bcfe56800", offset_record_put_value(&w, 3, &v));
	assert_writes("0002000000000000000500000000018bcfe56800", offset_record_put_value(&w, 2, &v));
	v.leader_epoch = 9;
	assert_writes("0003000000000000000500000009" "0000" "0000018bcfe56800", offset_record_put_value(&w, 3, &v));
	/* an expiry makes it version 1, which has no room for the leader epoch */
	v.expire_timestamp = TS + 86400000;
	assert_writes("0001000000000000000500000000018bcfe568000000018bd50bc400",
	    offset_record_put_value(&w, 3, &v));
	v.expire_timestamp = -1;
	assert_writes("00010000000000000005" "0000" "0000018bcfe56800" "ffffffffffffffff",
	    offset_record_put_value(&w, 1, &v));
}

static struct group_metadata_value_member_metadata member(void)
{
	struct group_metadata_value_member_metadata m;

	CODEC_INIT(group_metadata_value_member_metadata, &m);
	m.member_id = STR("m");
	m.client_id = STR("c");
	m.client_host = STR("/h");
	m.session_timeout = 1;
	m.rebalance_timeout = 2;
	m.subscription = (struct bytes){ (const uint8_t *)"s", 1 };
	m.assignment = (struct bytes){ (const uint8_t *)"a", 1 };
	return m;
}

static void group_records_have_kafkas_bytes(void **state)
{
	struct group_metadata_value_member_metadata m = member();
	struct group_metadata_value v;

	(void)state;
	assert_writes("000200026731", group_record_put_key(&w, STR("g1")));
	CODEC_INIT(group_metadata_value, &v);
	v.protocol_type = STR("consumer");
	v.generation = 2;
	v.protocol = v.leader = STR_NULL;
	v.current_state_timestamp = TS;
	assert_writes("00030008636f6e73756d657200000002ffffffff0000018bcfe5680000000000",
	    group_record_put_value(&w, 3, &v));
	v.protocol_type = STR("p");
	v.protocol = STR("r");
	v.leader = STR("m");
	v.members = &m;
	v.members_n = 1;
	m.group_instance_id = STR("i");
	assert_writes("0003" "000170" "00000002" "000172" "00016d" "0000018bcfe56800" "00000001"
		      "00016d" "000169" "000163" "00022f68" "00000002" "00000001" "0000000173" "0000000161",
	    group_record_put_value(&w, 3, &v));
	assert_writes("0002" "000170" "00000002" "000172" "00016d" "0000018bcfe56800" "00000001"
		      "00016d" "000163" "00022f68" "00000002" "00000001" "0000000173" "0000000161",
	    group_record_put_value(&w, 2, &v));
	assert_writes("0001" "000170" "00000002" "000172" "00016d" "00000001"
		      "00016d" "000163" "00022f68" "00000002" "00000001" "0000000173" "0000000161",
	    group_record_put_value(&w, 1, &v));
	assert_writes("0000" "000170" "00000002" "000172" "00016d" "00000001"
		      "00016d" "000163" "00022f68" "00000001" "0000000173" "0000000161",
	    group_record_put_value(&w, 0, &v));
}

static void keys_are_read(void **state)
{
	struct group_record_key k;
	uint8_t b[64];

	(void)state;
	for (int version = 0; version <= 1; version++) {
		struct bytes in = from_hex("0001 00026731 000174 00000003", b);

		b[1] = (uint8_t)version;
		assert_int_equal(0, group_record_parse_key(in, &k));
		assert_int_equal(GROUP_RECORD_OFFSET, k.type);
		assert_int_equal(version, k.version);
		assert_true(str_is(k.group, "g1") && str_is(k.topic, "t"));
		assert_int_equal(3, k.partition);
	}
	assert_int_equal(0, group_record_parse_key(from_hex("0002 00026731", b), &k));
	assert_int_equal(GROUP_RECORD_GROUP, k.type);
	assert_true(str_is(k.group, "g1"));
	assert_int_equal(0, group_record_parse_key(from_hex("0003 00026731", b), &k)); /* KIP-848 */
	assert_int_equal(GROUP_RECORD_UNKNOWN, k.type);
	assert_int_equal(3, k.version);
	assert_int_equal(0, group_record_parse_key(from_hex("ffff", b), &k));
	assert_int_equal(GROUP_RECORD_UNKNOWN, k.type);
}

static void values_of_every_version_are_read(void **state)
{
	static const struct {
		const char *hex;
		int32_t epoch;
		int64_t expire;
	} v[] = {
		{ "0000 0000000000000005 00026d64 0000018bcfe56800", -1, -1 },
		{ "0001 0000000000000005 00026d64 0000018bcfe56800 0000018bd50bc400", -1, TS + 86400000 },
		{ "0001 0000000000000005 00026d64 0000018bcfe56800 ffffffffffffffff", -1, -1 },
		{ "0002 0000000000000005 00026d64 0000018bcfe56800", -1, -1 },
		{ "0003 0000000000000005 00000007 00026d64 0000018bcfe56800", 7, -1 },
		{ "0004 0000000000000005 00000007 036d64 0000018bcfe56800 00", 7, -1 },
		{ "0004 0000000000000005 00000007 036d64 0000018bcfe56800 01 05 03 616263", 7, -1 }, /* a tag */
	};
	struct offset_commit_value out;
	uint8_t b[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		assert_int_equal(0, offset_record_parse_value(from_hex(v[i].hex, b), &out));
		assert_int_equal(5, out.offset);
		assert_true(str_is(out.metadata, "md"));
		assert_int_equal(TS, out.commit_timestamp);
		assert_int_equal(v[i].epoch, out.leader_epoch);
		assert_int_equal(v[i].expire, out.expire_timestamp);
	}
}

static void groups_of_every_version_are_read(void **state)
{
	static const struct {
		const char *hex;
		int32_t rebalance;
		int64_t ts;
		const char *instance;
	} v[] = {
		{ "0000 000170 00000002 000172 00016d 00000001 00016d 000163 00022f68 00000001 0000000173 0000000161", 1,
		  -1, NULL },
		{ "0001 000170 00000002 000172 00016d 00000001 00016d 000163 00022f68 00000002 00000001 0000000173 "
		  "0000000161", 2, -1, NULL },
		{ "0002 000170 00000002 000172 00016d 0000018bcfe56800 00000001 00016d 000163 00022f68 00000002 "
		  "00000001 0000000173 0000000161", 2, TS, NULL },
		{ "0003 000170 00000002 000172 00016d 0000018bcfe56800 00000001 00016d 000169 000163 00022f68 00000002 "
		  "00000001 0000000173 0000000161", 2, TS, "i" },
		{ "0004 0270 00000002 0272 026d 0000018bcfe56800 02 026d 0269 0263 032f68 00000002 00000001 0273 0261 00 "
		  "00", 2, TS, "i" },
	};
	struct group_metadata_value out;
	struct arena a;
	uint8_t b[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		arena_init(&a, 0);
		assert_int_equal(0, group_record_parse_value(from_hex(v[i].hex, b), &a, &out));
		assert_true(str_is(out.protocol_type, "p") && str_is(out.protocol, "r") && str_is(out.leader, "m"));
		assert_int_equal(2, out.generation);
		assert_int_equal(v[i].ts, out.current_state_timestamp);
		assert_int_equal(1, out.members_n);
		assert_true(str_is(out.members[0].member_id, "m") && str_is(out.members[0].client_host, "/h"));
		assert_int_equal(1, out.members[0].session_timeout);
		assert_int_equal(v[i].rebalance, out.members[0].rebalance_timeout);
		assert_true(str_eq(out.members[0].group_instance_id, str_of(v[i].instance)));
		assert_int_equal('s', out.members[0].subscription.p[0]);
		assert_int_equal('a', out.members[0].assignment.p[0]);
		arena_fini(&a);
	}
}

static void anything_cut_short_or_unknown_is_refused(void **state)
{
	static const char *offset = "0003 0000000000000005 00000007 00026d64 0000018bcfe56800";
	static const char *group = "0003 000170 00000002 000172 00016d 0000018bcfe56800 00000001 00016d 000169 000163 "
				   "00022f68 00000002 00000001 0000000173 0000000161";
	struct group_metadata_value g;
	struct offset_commit_value o;
	struct group_record_key k;
	struct arena a;
	uint8_t b[256];
	struct bytes in;

	(void)state;
	arena_init(&a, 0);
	in = from_hex(offset, b);
	for (; in.len > 0; ) {
		in.len--;
		assert_int_equal(KERR_INVALID_RECORD, offset_record_parse_value(in, &o));
	}
	in = from_hex(group, b);
	for (; in.len > 0; ) {
		in.len--;
		assert_int_equal(KERR_INVALID_RECORD, group_record_parse_value(in, &a, &g));
	}
	in = from_hex("0001 00026731 000174 00000003", b);
	for (; in.len > 0; ) {
		in.len--;
		assert_int_equal(KERR_INVALID_RECORD, group_record_parse_key(in, &k));
	}
	assert_int_equal(KERR_INVALID_RECORD, group_record_parse_key(BYTES_NULL, &k));
	assert_int_equal(KERR_INVALID_RECORD, group_record_parse_key(from_hex("0002 ffff", b), &k));
	assert_int_equal(KERR_INVALID_RECORD,
	    offset_record_parse_value(from_hex("0005 0000000000000005 00000007 036d64 0000018bcfe56800 00", b), &o));
	assert_int_equal(KERR_INVALID_RECORD,
	    offset_record_parse_value(from_hex("0003 0000000000000005 00000007 ffff 0000018bcfe56800", b), &o));
	assert_int_equal(KERR_INVALID_RECORD, offset_record_parse_value(from_hex("ffff", b), &o));
	/* a count that the bytes cannot hold */
	assert_int_equal(KERR_INVALID_RECORD,
	    group_record_parse_value(from_hex("0003 000170 00000002 ffff ffff 0000018bcfe56800 7fffffff", b), &a, &g));
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offset_records_have_kafkas_bytes),
		cmocka_unit_test(group_records_have_kafkas_bytes),
		cmocka_unit_test(keys_are_read),
		cmocka_unit_test(values_of_every_version_are_read),
		cmocka_unit_test(groups_of_every_version_are_read),
		cmocka_unit_test(anything_cut_short_or_unknown_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
