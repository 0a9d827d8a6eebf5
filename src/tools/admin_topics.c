/* admin_topics.c - topics from Metadata. */
#include "tools/admin_topics.h"

#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/report.h"

typedef struct metadata_response_metadata_response_topic topic_row;

static int by_number(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static struct str exception_of(struct arena *arena, int code)
{
	char class[REPORT_EXCEPTION_MAX];

	return arena_printf(arena, "%s: %s", report_exception(code, class, sizeof(class)),
		report_default_message(code));
}

static int take_topic(struct topic_description *t, const topic_row *row, struct arena *arena)
{
	t->internal = row->is_internal;
	t->error = row->error_code ? exception_of(arena, row->error_code) : STR_NULL;
	t->partitions_n = row->error_code ? 0 : (size_t)row->partitions_n;
	t->partitions = arena_array(arena, t->partitions_n, sizeof(*t->partitions));
	if (!t->partitions)
		return -ENOMEM;
	for (size_t i = 0; i < t->partitions_n; i++)
		t->partitions[i] = row->partitions[i].partition_index;
	if (t->partitions_n)
		qsort(t->partitions, t->partitions_n, sizeof(*t->partitions), by_number);
	return 0;
}

static int ask(struct admin *a, const struct topic_description *topics, size_t n,
	struct arena *arena, struct metadata_response *out)
{
	struct metadata_request in;

	CODEC_INIT(metadata_request, &in);
	in.topics = CODEC_NEW(arena, metadata_request_metadata_request_topic, n);
	if (!in.topics)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		in.topics[in.topics_n++].name = topics[i].name;
	in.allow_auto_topic_creation = false;
	return admin_call(a, false, API_METADATA, &in, arena, out);
}

int admin_describe_topics(
	struct admin *a, struct topic_description *topics, size_t n, struct arena *arena)
{
	struct metadata_response out;
	int r = n ? ask(a, topics, n, arena, &out) : 0;

	for (size_t i = 0; !r && i < n; i++) {
		topics[i].error = exception_of(arena, KERR_UNKNOWN_TOPIC_OR_PARTITION);
		for (int32_t k = 0; !r && k < out.topics_n; k++)
			if (str_eq(out.topics[k].name, topics[i].name))
				r = take_topic(&topics[i], &out.topics[k], arena);
	}
	return r;
}

int admin_list_topics(
	struct admin *a, struct arena *arena, struct topic_description **ret, size_t *ret_n)
{
	struct metadata_request in;
	struct metadata_response out;
	struct topic_description *v;
	int r;

	CODEC_INIT(metadata_request, &in);
	in.topics_n = -1;
	in.allow_auto_topic_creation = true; /* the default, the only value before version 4 */
	r = admin_call(a, false, API_METADATA, &in, arena, &out);
	if (r)
		return r;
	v = arena_array(arena, (size_t)out.topics_n, sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (int32_t i = 0; !r && i < out.topics_n; i++) {
		v[i].name = out.topics[i].name;
		r = take_topic(&v[i], &out.topics[i], arena);
	}
	*ret = v;
	*ret_n = (size_t)out.topics_n;
	return r;
}
