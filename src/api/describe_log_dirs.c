/* describe_log_dirs.c - DescribeLogDirs (key 35): what lies in each configured log directory (protocol.md 16.4). */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/alloc.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "storage/log.h"
#include "storage/log_dirs.h"

/* A partition that the request names. */
struct asked {
	struct str topic;
	int32_t partition;
};

struct found_log {
	struct log *log; /* counted */
	bool future;	 /* a copy that is being made (KIP-113) */
};

/* The logs asked for, sorted by directory, topic, partition. */
struct found {
	struct asked *asked; /* sorted; NULL: everything */
	size_t asked_n;
	struct found_log *v;
	size_t n, cap;
	bool future; /* which ones are collected just now */
};

static int compare_asked(const void *pa, const void *pb)
{
	const struct asked *a = pa, *b = pb;
	int r = str_cmp(a->topic, b->topic);

	if (r)
		return r;
	return a->partition < b->partition ? -1 : a->partition > b->partition;
}

/* Sorts what the request names, so that each log is looked up in log n: requests may be large. */
static bool gather_asked(struct request *req, struct found *f)
{
	const struct describe_log_dirs_request *in = req->in;
	size_t n = 0;
	int32_t i, j;

	if (in->topics_n < 0)
		return true;
	for (i = 0; i < in->topics_n; i++)
		n += (size_t)MAX(in->topics[i].partitions_n, 0);
	f->asked = arena_array(&req->arena, n, sizeof(*f->asked));
	if (!f->asked)
		return false;
	for (i = 0; i < in->topics_n; i++) {
		for (j = 0; j < in->topics[i].partitions_n; j++)
			f->asked[f->asked_n++] =
			    (struct asked){ in->topics[i].topic, in->topics[i].partitions[j] };
	}
	if (n)
		qsort(f->asked, n, sizeof(*f->asked), compare_asked);
	return true;
}

static bool collect(struct log *log, void *arg)
{
	struct found *f = arg;
	struct asked key = { str_of(log_topic(log)), log_partition(log) };

	if (f->asked && (!f->asked_n || !bsearch(&key, f->asked, f->asked_n, sizeof(key), compare_asked)))
		return true;
	f->v = grow_array(f->v, &f->cap, f->n + 1, sizeof(*f->v));
	f->v[f->n++] = (struct found_log){ log_ref(log), f->future };
	return true;
}

static int compare_logs(const void *pa, const void *pb)
{
	struct log *a = ((const struct found_log *)pa)->log, *b = ((const struct found_log *)pb)->log;
	int r = strcmp(log_parent_dir(a), log_parent_dir(b));

	if (!r)
		r = strcmp(log_topic(a), log_topic(b));
	return r ? r : log_partition(a) - log_partition(b);
}

static void found_free(struct found *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		log_unref(f->v[i].log);
	free(f->v);
}

/* How far a replica is behind what is known committed, and a future copy behind its log; -1: there is none. */
static int64_t offset_lag(struct request *req, const struct found_log *f)
{
	struct log *current;
	int64_t lag;

	if (!f->future) {
		lag = log_high_watermark(f->log) - log_end_offset(f->log);
		return MAX(lag, 0);
	}
	current = log_dirs_get(req->ctx->log_dirs, log_topic(f->log), log_partition(f->log));
	lag = current ? log_end_offset(current) - log_end_offset(f->log) : -1;
	log_unref(current);
	return lag;
}

/* Fills one topic from v[0], taking all its partitions; the number of logs used, 0 when the arena is full. */
static size_t fill_topic(struct request *req, const struct found_log *v, size_t n,
    struct describe_log_dirs_response_describe_log_dirs_topic *out)
{
	size_t i, count = 1;

	while (count < n && !strcmp(log_topic(v[count].log), log_topic(v[0].log)))
		count++;
	out->partitions = arena_array(&req->arena, count, sizeof(*out->partitions));
	out->name = arena_str(&req->arena, log_topic(v[0].log));
	if (!out->partitions || out->name.len < 0)
		return 0;
	out->partitions_n = (int32_t)count;
	for (i = 0; i < count; i++) {
		out->partitions[i].partition_index = log_partition(v[i].log);
		out->partitions[i].partition_size = log_size(v[i].log);
		out->partitions[i].offset_lag = offset_lag(req, &v[i]);
		out->partitions[i].is_future_key = v[i].future;
	}
	return count;
}

static bool fill_topics(struct request *req, const struct found_log *v, size_t n,
    struct describe_log_dirs_response_describe_log_dirs_result *out)
{
	size_t used, k;

	out->topics = arena_array(&req->arena, n, sizeof(*out->topics));
	if (!out->topics)
		return false;
	for (used = 0; used < n; used += k) {
		k = fill_topic(req, v + used, n - used, &out->topics[out->topics_n++]);
		if (!k)
			return false;
	}
	return true;
}

static bool fill_dir(struct request *req, const struct found *f, size_t i,
    struct describe_log_dirs_response_describe_log_dirs_result *out)
{
	struct log_dir_info info;
	size_t first = 0, n = 0;

	log_dirs_info(req->ctx->log_dirs, i, &info);
	out->log_dir = arena_str(&req->arena, info.path);
	out->total_bytes = info.total_bytes;
	out->usable_bytes = info.usable_bytes;
	if (!info.online) {
		out->error_code = KERR_KAFKA_STORAGE_ERROR;
		return out->log_dir.len >= 0;
	}
	while (first < f->n && strcmp(log_parent_dir(f->v[first].log), info.path))
		first++;
	while (first + n < f->n && !strcmp(log_parent_dir(f->v[first + n].log), info.path))
		n++;
	return out->log_dir.len >= 0 && fill_topics(req, n ? f->v + first : NULL, n, out);
}

static void describe_log_dirs(struct request *req)
{
	struct describe_log_dirs_response *out = req->out;
	struct found f = { 0 };
	size_t i, dirs = log_dirs_count(req->ctx->log_dirs);
	bool ok;

	if (!gather_asked(req, &f))
		return request_close(req, "DescribeLogDirs is too large");
	log_dirs_each(req->ctx->log_dirs, collect, &f);
	f.future = true;
	log_dirs_each_future(req->ctx->log_dirs, collect, &f);
	if (f.n)
		qsort(f.v, f.n, sizeof(*f.v), compare_logs);
	out->results = arena_array(&req->arena, dirs, sizeof(*out->results));
	ok = out->results != NULL;
	for (i = 0; ok && i < dirs; i++)
		ok = fill_dir(req, &f, i, &out->results[i]);
	out->results_n = (int32_t)dirs;
	found_free(&f);
	if (ok)
		request_reply(req);
	else
		request_close(req, "the answer to DescribeLogDirs is too large");
}

const struct api api_describe_log_dirs = {
	.key = 35, .min_version = 0, .max_version = 4, .run_on = RUN_ON_WORKER, .run = describe_log_dirs,
};
