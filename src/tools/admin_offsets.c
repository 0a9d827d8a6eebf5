/* admin_offsets.c - ListOffsets (Kafka 3.9, ListOffsetsHandler). */
#include "tools/admin_offsets.h"

#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/admin_job.h"

struct listing {
	struct admin_job job;
	int64_t timestamp;
	struct partition_offset *offsets;
};

/* First version that knows a timestamp. */
static int version_of(int64_t timestamp)
{
	switch (timestamp) {
	case OFFSETS_MAX_TIMESTAMP:
		return 7;
	case OFFSETS_EARLIEST_LOCAL:
		return 8;
	case OFFSETS_LATEST_TIERED:
		return 9;
	default:
		return 1;
	}
}

/* Pieces of one topic follow each other. */
static int build(void *arg, int version, struct admin_piece *const *pieces, size_t n,
	struct arena *arena, void *request)
{
	const struct listing *l = arg;
	struct list_offsets_request *in = request;
	struct list_offsets_request_list_offsets_topic
		*topic = NULL,
		*topics = CODEC_NEW(arena, list_offsets_request_list_offsets_topic, n);
	struct list_offsets_request_list_offsets_partition *partition =
		CODEC_NEW(arena, list_offsets_request_list_offsets_partition, n);

	if (!topics || !partition)
		return -ENOMEM;
	if (version < version_of(l->timestamp))
		return -ENOTSUP;
	in->replica_id = -1;
	in->topics = topics;
	for (size_t i = 0; i < n; i++, partition++) {
		if (i == 0 || !str_eq(pieces[i]->name, pieces[i - 1]->name)) {
			topic = &topics[in->topics_n++];
			*topic = (struct list_offsets_request_list_offsets_topic){
				.name = pieces[i]->name, .partitions = partition};
		}
		topic->partitions_n++;
		partition->partition_index = pieces[i]->partition;
		partition->timestamp = l->timestamp;
	}
	return 0;
}

static void take(
	void *arg, int version, struct admin_piece *const *pieces, size_t n, const void *answer)
{
	struct listing *l = arg;
	const struct list_offsets_response *out = answer;

	(void)version;
	for (int32_t i = 0; i < out->topics_n; i++) {
		const struct list_offsets_response_list_offsets_topic_response *t = &out->topics[i];

		for (int32_t k = 0; k < t->partitions_n; k++) {
			struct admin_piece *p = admin_piece_find(
				pieces, n, t->name, t->partitions[k].partition_index);

			if (!p || p->done)
				continue;
			l->offsets[p->index].offset = t->partitions[k].offset;
			admin_piece_end(&l->job, p, t->partitions[k].error_code, STR_NULL);
		}
	}
}

void admin_list_offsets(struct admin *a, int64_t timestamp, struct partition_offset *offsets,
	size_t n, struct arena *arena)
{
	struct listing l = {
		.job = {.place = ADMIN_AT_LEADER,
			.must_exist = true,
			.key = API_LIST_OFFSETS,
			.build = build,
			.take = take},
		.timestamp = timestamp,
		.offsets = offsets,
	};
	struct admin_piece *pieces = xcalloc(n + 1, sizeof(*pieces));

	l.job.arg = &l;
	for (size_t i = 0; i < n; i++)
		pieces[i] = (struct admin_piece){.name = offsets[i].topic,
			.partition = offsets[i].partition,
			.node = ADMIN_ANY,
			.index = i};
	admin_run(a, &l.job, pieces, n, arena);
	for (size_t i = 0; i < n; i++)
		offsets[i].error =
			pieces[i].code ? admin_piece_exception(arena, &pieces[i]) : STR_NULL;
	free(pieces);
}
