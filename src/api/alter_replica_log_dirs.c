/* alter_replica_log_dirs.c - AlterReplicaLogDirs (key 34): moves replicas to other log directories of this broker (KIP-113).
 */
#include <stdlib.h>

#include "api/api.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "replica/partitions.h"

typedef struct alter_replica_log_dirs_request_alter_replica_log_dir dir_t;
typedef struct alter_replica_log_dirs_request_alter_replica_log_dir_topic topic_t;
typedef struct alter_replica_log_dirs_response_alter_replica_log_dir_topic_result result_t;

/* False when the arena is full. */
static bool move_topic(struct request *req, const char *dir, const topic_t *in, result_t *out)
{
	out->topic_name = in->name;
	out->partitions = CODEC_NEW(&req->arena, alter_replica_log_dirs_response_alter_replica_log_dir_partition_result,
	    (size_t)in->partitions_n);
	if (!out->partitions)
		return false;
	out->partitions_n = in->partitions_n;
	for (int32_t i = 0; i < in->partitions_n; i++) {
		out->partitions[i].partition_index = in->partitions[i];
		out->partitions[i].error_code = kerr_of(partitions_move_to_dir(req->ctx->partitions, in->name, in->partitions[i],
		    dir));
	}
	return true;
}

static bool move_all(struct request *req)
{
	const struct alter_replica_log_dirs_request *in = req->in;
	struct alter_replica_log_dirs_response *out = req->out;
	size_t n = 0;

	for (int32_t d = 0; d < in->dirs_n; d++)
		n += (size_t)in->dirs[d].topics_n;
	out->results = CODEC_NEW(&req->arena, alter_replica_log_dirs_response_alter_replica_log_dir_topic_result, n);
	if (!out->results)
		return false;
	for (int32_t d = 0; d < in->dirs_n; d++) {
		const dir_t *dir = &in->dirs[d];
		char *path = arena_strdup(&req->arena, dir->path);

		if (!path)
			return false;
		for (int32_t t = 0; t < dir->topics_n; t++)
			if (!move_topic(req, path, &dir->topics[t], &out->results[out->results_n++]))
				return false;
	}
	return true;
}

static void alter_replica_log_dirs(struct request *req)
{
	if (!move_all(req))
		return request_close(req, "the answer to AlterReplicaLogDirs is too large");
	request_reply(req);
}

const struct api api_alter_replica_log_dirs = {
	.key = 34, .min_version = 0, .max_version = 2, .run_on = RUN_ON_WORKER, .run = alter_replica_log_dirs,
};
