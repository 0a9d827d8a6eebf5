/* test_codec.c - decoding, encoding and printing messages. */
#include "protocol/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "protocol/codec_priv.h"
#include "protocol/messages.h"
#include "protocol/vectors.h"
#include "protocol/walk.h"

#define LIMIT (64u << 20)

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, LIMIT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

/* A struct for messages of `s`, on the heap so that the address sanitizer watches its end. */
static void *message_new(const struct schema *s)
{
	void *p = malloc(codec_struct_size(s));

	assert_non_null(p);
	memset(p, 0xa5, codec_struct_size(s));
	return p;
}

static struct buf *encode(const struct schema *s, int version, const void *in)
{
	struct buf *b = NULL;
	struct writer w;

	writer_init(&w, 64, LIMIT);
	if (codec_encode(s, version, in, &w) < 0) {
		fail_msg("%s v%d: cannot encode %s", s->name, version, codec_fault());
		return NULL;
	}
	assert_int_equal(0, writer_take_buf(&w, &b));
	return b;
}

static int encode_result(const struct schema *s, int version, const void *in)
{
	struct writer w;
	int r;

	writer_init(&w, 64, LIMIT);
	r = codec_encode(s, version, in, &w);
	writer_fini(&w);
	return r;
}

static int decode(const struct schema *s, int version, const void *p, size_t n, void *out)
{
	struct cursor c = cur_of(p, n);

	return codec_decode(s, version, &c, &arena, out);
}

/* --- the reference vectors --- */

static void vector_round_trip(const struct vector *v, void *arg)
{
	void *m = message_new(v->schema);
	struct cursor c = cur_of(v->p, v->n);
	struct buf *b;

	arena_fini(&arena);
	arena_init(&arena, LIMIT);
	if (codec_decode(v->schema, v->version, &c, &arena, m) != 0)
		fail_msg("%s: does not decode", v->label);
	if (cur_left(&c) != 0)
		fail_msg("%s: %zu bytes left", v->label, cur_left(&c));
	if (!vectors_json_matches(v->schema, v->version, m, v->json))
		fail_msg("%s: decodes to something else", v->label);
	b = encode(v->schema, v->version, m);
	if (b->len != v->n || (v->n && memcmp(b->data, v->p, v->n) != 0))
		fail_msg("%s: encodes differently", v->label);
	if (codec_size(v->schema, v->version, m) != v->n)
		fail_msg("%s: size %zu, wanted %zu", v->label, codec_size(v->schema, v->version, m), v->n);
	buf_unref(b);
	free(m);
	++*(int *)arg;
}

static void every_vector_decodes_and_encodes_to_the_same(void **state)
{
	int n = 0;

	(void)state;
	vectors_each_message(vector_round_trip, &n);
	assert_int_equal(1204, n);
}

static void vector_cut(const struct vector *v, void *arg)
{
	void *m = message_new(v->schema);
	uint8_t *part;
	size_t n;
	int r;

	(void)arg;
	for (n = 0; n < v->n; n++) {
		part = malloc(n ? n : 1);
		assert_non_null(part);
		memcpy(part, v->p, n);
		arena_fini(&arena);
		arena_init(&arena, LIMIT);
		r = decode(v->schema, v->version, part, n, m);
		if (r != -EBADMSG)
			fail_msg("%s: cut to %zu of %zu bytes: %d", v->label, n, v->n, r);
		free(part);
	}
	free(m);
}

static void every_vector_cut_anywhere_is_refused(void **state)
{
	(void)state;
	vectors_each_message(vector_cut, NULL);
}

/* Whatever decodes can be encoded, has the size that was promised, and decodes to the same. */
static void check_damaged(const struct vector *v, const uint8_t *p)
{
	void *m = message_new(v->schema), *again = message_new(v->schema);
	struct buf *b;
	int r;

	arena_fini(&arena);
	arena_init(&arena, LIMIT);
	r = decode(v->schema, v->version, p, v->n, m);
	assert_true(r == 0 || r == -EBADMSG || r == -ENOMEM);
	if (r == 0) {
		b = encode(v->schema, v->version, m);
		assert_int_equal(b->len, codec_size(v->schema, v->version, m));
		assert_int_equal(0, decode(v->schema, v->version, b->data, b->len, again));
		assert_true(walk_equal(v->schema, m, again));
		buf_unref(b);
	}
	free(m);
	free(again);
}

static void vector_damage(const struct vector *v, void *arg)
{
	struct rng *rng = arg;
	uint8_t *p;
	int i;

	if (v->n == 0)
		return;
	p = malloc(v->n);
	assert_non_null(p);
	for (i = 0; i < 20; i++) {
		memcpy(p, v->p, v->n);
		p[rng_below(rng, v->n)] = (uint8_t)rng_u64(rng);
		if (i & 1)
			p[rng_below(rng, v->n)] ^= (uint8_t)(1u << rng_below(rng, 8));
		check_damaged(v, p);
	}
	free(p);
}

static struct rng seeded(void)
{
	const char *text = getenv("TEST_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);
	struct rng rng;

	printf("TEST_SEED=%llu\n", (unsigned long long)seed);
	rng_init(&rng, seed);
	return rng;
}

static void damaged_vectors_do_no_harm(void **state)
{
	struct rng rng = seeded();

	(void)state;
	vectors_each_message(vector_damage, &rng);
}

/* --- random round trips --- */

static void round_trip(const struct schema *s, int version, struct rng *rng)
{
	void *in = message_new(s), *out = message_new(s);
	struct buf *b;

	arena_fini(&arena);
	arena_init(&arena, LIMIT);
	walk_fill(s, version, rng, &arena, in);
	b = encode(s, version, in);
	assert_int_equal(b->len, codec_size(s, version, in));
	if (decode(s, version, b->data, b->len, out) != 0)
		fail_msg("%s v%d: does not decode what it encoded", s->name, version);
	if (!walk_equal(s, in, out))
		fail_msg("%s v%d: round trip changes the message", s->name, version);
	buf_unref(b);
	free(in);
	free(out);
}

static void random_messages_survive_the_round_trip_in_every_version(void **state)
{
	const struct schema *const *s;
	struct rng rng = seeded();
	int version, i;

	(void)state;
	for (s = schema_messages; *s; s++) {
		for (version = (*s)->first; version <= (*s)->last; version++) {
			for (i = 0; i < 20; i++)
				round_trip(*s, version, &rng);
		}
	}
}

/* --- the rules, one by one --- */

static void absent_fields_get_their_defaults(void **state)
{
	static const uint8_t v0[] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0 };
	struct fetch_request in;

	(void)state;
	memset(&in, 0xa5, sizeof(in));
	assert_int_equal(0, decode(&fetch_request_schema, 0, v0, sizeof(v0), &in));
	assert_int_equal(-1, in.replica_id);
	assert_int_equal(7, in.max_wait_ms);
	assert_int_equal(INT32_MAX, in.max_bytes);
	assert_int_equal(0, in.session_id);
	assert_int_equal(-1, in.session_epoch);
	assert_int_equal(-1, in.cluster_id.len);
	assert_int_equal(0, in.rack_id.len);
	assert_int_equal(-1, in.replica_state.replica_id);
	assert_int_equal(-1, in.replica_state.replica_epoch);
	assert_int_equal(0, in.topics_n);
	assert_null(in.forgotten_topics_data);
}

static void new_elements_have_defaults(void **state)
{
	struct fetch_response_partition_data *p;

	(void)state;
	p = CODEC_NEW(&arena, fetch_response_partition_data, 2);
	assert_non_null(p);
	assert_int_equal(-1, p[1].last_stable_offset);
	assert_int_equal(-1, p[1].preferred_read_replica);
	assert_int_equal(-1, p[1].current_leader.leader_id);
	assert_int_equal(-1, p[1].records.len);
	assert_int_equal(0, p[1].aborted_transactions_n);
	p[1].log_start_offset = 3;
	CODEC_INIT(fetch_response_partition_data, &p[1]);
	assert_int_equal(-1, p[1].log_start_offset);
}

static void bytes_after_the_message_are_left(void **state)
{
	static const uint8_t v0[] = { 0, 0, 0, 0, 0x2a };
	struct cursor c = cur_of(v0, sizeof(v0));
	struct metadata_request in;

	(void)state;
	assert_int_equal(0, codec_decode(&metadata_request_schema, 0, &c, &arena, &in));
	assert_int_equal(1, cur_left(&c));
}

static void null_where_none_is_allowed_is_refused(void **state)
{
	/* Metadata: topics may be null since version 1, a topic's name since version 10. */
	static const uint8_t array[] = { 0xff, 0xff, 0xff, 0xff, 1, 0, 0 };
	static const uint8_t name4[] = { 0, 0, 0, 1, 0xff, 0xff, 1 };
	static const uint8_t name9[] = { 2, 0, 0, 1, 0, 0, 0 };
	struct metadata_request in;

	(void)state;
	assert_int_equal(-EBADMSG, decode(&metadata_request_schema, 0, array, sizeof(array), &in));
	assert_int_equal(0, decode(&metadata_request_schema, 4, array, sizeof(array), &in));
	assert_int_equal(-1, in.topics_n);
	assert_int_equal(-EBADMSG, decode(&metadata_request_schema, 4, name4, sizeof(name4), &in));
	assert_int_equal(-EBADMSG, decode(&metadata_request_schema, 9, name9, sizeof(name9), &in));
}

static void any_negative_length_is_null(void **state)
{
	static const uint8_t header[] = { 0, 3, 0, 0, 0, 0, 0, 1, 0x80, 0 };
	static const uint8_t topics[] = { 0x80, 0, 0, 0, 1 };
	struct request_header h;
	struct metadata_request in;

	(void)state;
	assert_int_equal(0, decode(&request_header_schema, 1, header, sizeof(header), &h));
	assert_int_equal(-1, h.client_id.len);
	assert_int_equal(0, decode(&metadata_request_schema, 4, topics, sizeof(topics), &in));
	assert_int_equal(-1, in.topics_n);
}

static void a_count_that_lies_takes_no_memory(void **state)
{
	/* DeleteTopics v0: two names need at least four bytes; here are three. */
	static const uint8_t names[] = { 0, 0, 0, 2, 0, 0, 0 };
	static const uint8_t huge[] = { 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0 };
	struct delete_topics_request in;

	(void)state;
	assert_int_equal(-EBADMSG, decode(&delete_topics_request_schema, 0, names, sizeof(names), &in));
	assert_int_equal(-EBADMSG, decode(&delete_topics_request_schema, 0, huge, sizeof(huge), &in));
	assert_int_equal(0, arena.used);
}

static void the_arena_limits_memory(void **state)
{
	uint8_t *many = calloc(1, 4 + 2 * 1000 + 4);
	struct delete_topics_request in;

	(void)state;
	assert_non_null(many);
	many[2] = 1000 >> 8;
	many[3] = 1000 & 0xff;
	assert_int_equal(0, decode(&delete_topics_request_schema, 0, many, 4 + 2 * 1000 + 4, &in));
	assert_int_equal(1000, in.topic_names_n);
	arena_fini(&arena);
	arena_init(&arena, 1000);
	assert_int_equal(-ENOMEM, decode(&delete_topics_request_schema, 0, many, 4 + 2 * 1000 + 4, &in));
	free(many);
}

static void an_overlong_string_is_refused(void **state)
{
	size_t n = 3 + 32768 + 8;
	uint8_t *p = calloc(1, n);
	struct api_versions_request in;

	(void)state;
	assert_non_null(p);
	p[0] = 0x81; /* 32768 + 1 */
	p[1] = 0x80;
	p[2] = 0x02;
	assert_int_equal(-EBADMSG, decode(&api_versions_request_schema, 3, p, n, &in));
	p[0] = 0x80; /* 32767 + 1 */
	p[3 + 32767] = 1; /* "" */
	assert_int_equal(0, decode(&api_versions_request_schema, 3, p, n, &in));
	assert_int_equal(32767, in.client_software_name.len);
	free(p);
}

static void unknown_tags_are_skipped_and_known_ones_read(void **state)
{
	/* ApiVersions response v3: error, no keys, throttle time; then the tagged section. */
	static const uint8_t unknown[] = { 0, 0, 1, 0, 0, 0, 0, 2, 99, 3, 1, 2, 3, 3, 1, 1 };
	static const uint8_t twice[] = { 0, 0, 1, 0, 0, 0, 0, 2, 3, 1, 1, 3, 77, 0 };
	static const uint8_t beyond[] = { 0, 0, 1, 0, 0, 0, 0, 1, 99, 9, 1, 2, 3 };
	struct api_versions_response out;

	(void)state;
	assert_int_equal(0, decode(&api_versions_response_schema, 3, unknown, sizeof(unknown), &out));
	assert_true(out.zk_migration_ready);
	assert_int_equal(-1, out.finalized_features_epoch);
	/* The last of two wins, and the size of a known tag is not looked at. */
	assert_int_equal(0, decode(&api_versions_response_schema, 3, twice, sizeof(twice), &out));
	assert_false(out.zk_migration_ready);
	assert_int_equal(-EBADMSG, decode(&api_versions_response_schema, 3, beyond, sizeof(beyond), &out));
}

static void a_known_tag_of_another_version_is_refused(void **state)
{
	/* Fetch v12 has replica_id and no replica_state, which is tag 1 since version 15. */
	uint8_t v12[64] = { 0 };
	size_t n = 0;
	struct fetch_request in;

	(void)state;
	n += 4 + 4 + 4 + 4 + 1 + 4 + 4;
	v12[n++] = 1; /* topics: none */
	v12[n++] = 1; /* forgotten: none */
	v12[n++] = 1; /* rack_id: "" */
	v12[n++] = 1; /* one tag */
	v12[n++] = 0; /* cluster_id */
	v12[n++] = 2;
	v12[n++] = 2;
	v12[n++] = 'c';
	assert_int_equal(0, decode(&fetch_request_schema, 12, v12, n, &in));
	assert_int_equal(1, in.cluster_id.len);
	v12[n - 4] = 1;
	assert_int_equal(-EBADMSG, decode(&fetch_request_schema, 12, v12, n, &in));
}

static void encoding_refuses_what_the_version_cannot_say(void **state)
{
	struct delete_topics_request in;
	struct fetch_request fetch;

	(void)state;
	codec_init(&delete_topics_request_schema, &in);
	assert_int_equal(0, encode_result(&delete_topics_request_schema, 6, &in));
	in.topic_names_n = -1;
	assert_int_equal(-EINVAL, encode_result(&delete_topics_request_schema, 1, &in));
	assert_string_equal("topic_names", codec_fault());

	CODEC_INIT(fetch_request, &fetch);
	fetch.max_bytes = 5; /* ignorable, since 3 */
	assert_int_equal(0, encode_result(&fetch_request_schema, 0, &fetch));
	fetch.replica_state.replica_epoch = 5; /* not ignorable, since 15 */
	assert_int_equal(-EINVAL, encode_result(&fetch_request_schema, 14, &fetch));
	assert_string_equal("replica_state", codec_fault());
	assert_int_equal(0, encode_result(&fetch_request_schema, 15, &fetch));
	fetch.rack_id = STR_NULL;
	assert_int_equal(-EINVAL, encode_result(&fetch_request_schema, 15, &fetch));
	assert_string_equal("rack_id", codec_fault());
	fetch.rack_id = (struct str){ "", WIRE_STRING_MAX + 1 };
	assert_int_equal(-EINVAL, encode_result(&fetch_request_schema, 15, &fetch));
}

static void a_full_writer_is_reported(void **state)
{
	struct api_versions_request in = { .client_software_name = STR("0123456789"),
					   .client_software_version = STR("1") };
	struct writer w;

	(void)state;
	writer_init(&w, 4, 8);
	assert_int_equal(-EMSGSIZE, codec_encode(&api_versions_request_schema, 3, &in, &w));
	writer_fini(&w);
}

/* A fetch response with one partition that has these records; the chain it becomes. */
static struct chain fetch_chain(struct records records)
{
	struct fetch_response out;
	struct chain chain;
	struct writer w;

	CODEC_INIT(fetch_response, &out);
	out.responses = CODEC_NEW(&arena, fetch_response_fetchable_topic_response, 1);
	assert_non_null(out.responses);
	out.responses_n = 1;
	out.responses->partitions = CODEC_NEW(&arena, fetch_response_partition_data, 1);
	assert_non_null(out.responses->partitions);
	out.responses->partitions_n = 1;
	out.responses->partitions->records = records;
	writer_init(&w, 64, LIMIT);
	assert_int_equal(0, codec_encode(&fetch_response_schema, 17, &out, &w));
	assert_int_equal(codec_size(&fetch_response_schema, 17, &out), writer_len(&w));
	assert_int_equal(0, writer_take(&w, &chain));
	return chain;
}

static void record_sets_leave_without_a_copy(void **state)
{
	struct file *file = NULL;
	struct buf *buf = buf_new(64);
	struct chain chain;
	size_t i, found = 0;

	(void)state;
	assert_non_null(buf);
	buf->len = 64;
	chain = fetch_chain((struct records){ .p = buf->data + 10, .len = 20, .buf = buf });
	for (i = 0; i < chain.n; i++)
		found += chain.v[i].buf == buf && chain.v[i].at == 10 && chain.v[i].len == 20;
	assert_int_equal(1, found);
	chain_fini(&chain);
	assert_int_equal(1, buf->refs);
	buf_unref(buf);

	assert_int_equal(0, file_open("/dev/null", O_RDONLY, 0, &file));
	chain = fetch_chain((struct records){ .len = 1000, .file = file, .at = 4711 });
	for (found = 0, i = 0; i < chain.n; i++)
		found += chain.v[i].file == file && chain.v[i].at == 4711 && chain.v[i].len == 1000;
	assert_int_equal(1, found);
	chain_fini(&chain);
	file_unref(file);
}

static char *print(const struct schema *s, int version, const void *in)
{
	struct buf *b = NULL;
	struct writer w;
	char *text;

	writer_init(&w, 256, LIMIT);
	assert_int_equal(0, codec_print(s, version, in, &w));
	assert_int_equal(0, writer_take_buf(&w, &b));
	text = strndup((const char *)b->data, b->len);
	buf_unref(b);
	return text;
}

static void a_message_prints_as_json_without_secrets(void **state)
{
	struct incremental_alter_configs_request in;
	struct sasl_authenticate_request sasl;
	char *text;

	(void)state;
	CODEC_INIT(incremental_alter_configs_request, &in);
	in.resources = CODEC_NEW(&arena, incremental_alter_configs_request_alter_configs_resource, 1);
	assert_non_null(in.resources);
	in.resources_n = 1;
	in.resources->resource_type = 4;
	in.resources->resource_name = STR("a\"\n\xff");
	in.resources->configs = CODEC_NEW(&arena, incremental_alter_configs_request_alterable_config, 1);
	assert_non_null(in.resources->configs);
	in.resources->configs_n = 1;
	in.resources->configs->name = STR("ssl.key.password");
	in.resources->configs->value = STR("hunter2");
	text = print(&incremental_alter_configs_request_schema, 1, &in);
	assert_string_equal("{\"resources\":[{\"resourceType\":4,\"resourceName\":\"a\\\"\\u000a\\u00ff\","
			    "\"configs\":[{\"name\":\"ssl.key.password\",\"configOperation\":0,"
			    "\"value\":\"(redacted)\"}]}],\"validateOnly\":false}",
			    text);
	free(text);

	sasl.auth_bytes = (struct bytes){ (const uint8_t *)"\0u\0p", 4 };
	text = print(&sasl_authenticate_request_schema, 2, &sasl);
	assert_string_equal("{\"authBytes\":\"(4 bytes)\"}", text);
	free(text);
}

static void vector_print(const struct vector *v, void *arg)
{
	void *m = message_new(v->schema);
	json_error_t error;
	json_t *json;
	char *text;

	(void)arg;
	arena_fini(&arena);
	arena_init(&arena, LIMIT);
	assert_int_equal(0, decode(v->schema, v->version, v->p, v->n, m));
	text = print(v->schema, v->version, m);
	json = json_loads(text, 0, &error);
	if (!json)
		fail_msg("%s: prints as %s: %s", v->label, text, error.text);
	json_decref(json);
	free(text);
	free(m);
}

static void every_vector_prints_as_json(void **state)
{
	(void)state;
	vectors_each_message(vector_print, NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_vector_decodes_and_encodes_to_the_same),
		T(every_vector_cut_anywhere_is_refused),
		T(damaged_vectors_do_no_harm),
		T(random_messages_survive_the_round_trip_in_every_version),
		T(absent_fields_get_their_defaults),
		T(new_elements_have_defaults),
		T(bytes_after_the_message_are_left),
		T(null_where_none_is_allowed_is_refused),
		T(any_negative_length_is_null),
		T(a_count_that_lies_takes_no_memory),
		T(the_arena_limits_memory),
		T(an_overlong_string_is_refused),
		T(unknown_tags_are_skipped_and_known_ones_read),
		T(a_known_tag_of_another_version_is_refused),
		T(encoding_refuses_what_the_version_cannot_say),
		T(a_full_writer_is_reported),
		T(record_sets_leave_without_a_copy),
		T(a_message_prints_as_json_without_secrets),
		T(every_vector_prints_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
