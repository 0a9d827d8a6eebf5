/* produce_check.c - what a record set must pass before its partition's log sees it (protocol.md 8.1), and the line
 * about one that did not pass it or the log. */
#include "api/produce_work.h"

#include "api/api.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/rate_limit.h"
#include "metadata/image.h"
#include "protocol/errors.h"
#include "protocol/messages.h"
#include "record/batch.h"
#include "record/validate.h"
#include "replica/partitions.h"
#include "storage/log_config.h"

#define LOG_CLASS "kafka.server.ReplicaManager"
#include "base/logger.h"

enum {
	LOG_INTERVAL_MS = 1000,
	DECOMPRESS_WEIGHT = 32, /* bytes walked in the time that one of lz4 takes */
};

static bool first_batch(const struct records *r, struct batch *ret)
{
	return r->len > 0 && batch_parse(r->p, (size_t)r->len, ret) == 0;
}

int produce_check_transaction(const struct produce_work *w)
{
	const struct produce_request *in = w->req->in;
	int64_t producer = NO_PRODUCER_ID;
	int16_t epoch = NO_PRODUCER_EPOCH;
	struct batch b;

	for (int32_t i = 0; i < w->n; i++) {
		if (!first_batch(w->v[i].records, &b) || !b.transactional)
			continue;
		if (in->transactional_id.len < 0)
			return KERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
		if (producer != NO_PRODUCER_ID && (producer != b.producer_id || epoch != b.producer_epoch))
			return KERR_INVALID_PRODUCER_ID_MAPPING;
		producer = b.producer_id;
		epoch = b.producer_epoch;
	}
	return 0;
}

/* A transactional batch may begin a transaction only after the coordinator was asked (KIP-890, protocol.md 9.4).
 * There is none to ask yet, which is answered as an unreachable one: producers try again. */
static int check_verified(const struct produce_target *t)
{
	struct log *log;
	struct batch b;
	bool open;

	if (!first_batch(t->records, &b) || !b.transactional)
		return 0;
	log = partition_log(t->p);
	open = log && log_has_ongoing_txn(log, b.producer_id);
	log_unref(log);
	if (open)
		return 0;
	t->answer->error_message = STR("Unable to verify the partition has been added to the transaction. Underlying "
				       "error: COORDINATOR_NOT_AVAILABLE");
	return KERR_NOT_ENOUGH_REPLICAS;
}

int produce_check_target(const struct produce_work *w, struct produce_target *t)
{
	const struct request *req = w->req;
	const struct produce_request *in = req->in;
	int r;

	if (!image_partition(image_topic(w->image, t->topic), t->answer->index))
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	if (t->records->len < 0)
		return KERR_INVALID_RECORD;
	r = records_check_version(t->records->p, (size_t)t->records->len, req->version);
	if (r)
		return r;
	r = partitions_find(req->ctx->partitions, w->image, t->topic, t->answer->index, &t->p);
	if (r == 0)
		r = check_verified(t);
	if (r == 0 && in->acks != 0 && in->acks != 1 && in->acks != -1)
		r = KERR_INVALID_REQUIRED_ACKS;
	if (r == 0 && image_topic_is_internal(t->topic) && !str_is(req->client_id, "__admin_client"))
		r = KERR_INVALID_TOPIC_EXCEPTION;
	return r;
}

/* Checking a batch of lz4 or snappy takes tens of microseconds; to hand it to a worker and back costs more than
 * that. Their output is bounded as well (255 and 21 times the input), gzip's and zstd's is not in practice. */
static size_t cost_of_codec(const struct records *r)
{
	struct batch b;

	if (!first_batch(r, &b) || (b.codec != CODEC_LZ4 && b.codec != CODEC_SNAPPY) || b.magic < 2)
		return SIZE_MAX;
	return (size_t)r->len * DECOMPRESS_WEIGHT;
}

size_t produce_cost(const struct produce_target *t)
{
	struct validate_config cfg = VALIDATE_CONFIG_INIT;
	struct log *log = partition_log(t->p);
	struct log_config *config;
	size_t cost = (size_t)t->records->len;

	if (!log)
		return cost;
	config = log_get_config(log);
	cfg.target_codec = config->compression_type;
	cfg.magic = config->record_format;
	log_config_unref(config);
	log_unref(log);
	switch (records_cost(&cfg, t->records->p, (size_t)t->records->len)) {
	case RECORDS_CHEAP: break;
	case RECORDS_DECOMPRESS: cost = cost_of_codec(t->records); break;
	case RECORDS_REWRITE: cost = SIZE_MAX; break;
	}
	return partition_disk_stalls(t->p) ? SIZE_MAX : cost;
}

/* An operator should see records that are refused for what is in them or for want of replicas; one line a second,
 * since any client can cause it. Errors of routing and size are the client's own business (log-messages.md 5.1). */
void produce_log_refused(const struct produce_work *w, const struct produce_target *t, int r, struct str why)
{
	static struct rate_limit limit;
	int64_t dropped;
	char text[256];

	if (r == 0 || r == KERR_NOT_LEADER_OR_FOLLOWER || r == KERR_KAFKA_STORAGE_ERROR || r == KERR_CORRUPT_MESSAGE ||
	    r == KERR_MESSAGE_TOO_LARGE || r == KERR_RECORD_LIST_TOO_LARGE)
		return;
	if (!rate_limit_pass(&limit, clock_mono_ms(w->req->ctx->clock), LOG_INTERVAL_MS, &dropped))
		return;
	if (why.len > 0)
		(void)str_copy(why, text, sizeof(text));
	else if (r < 0)
		(void)error_text(r, text, sizeof(text));
	else
		(void)str_copy(str_of(kerr_text(r)), text, sizeof(text));
	log_at(r == KERR_INVALID_PRODUCER_EPOCH ? LOG_INFO : LOG_ERROR,
		     "[ReplicaManager broker=%d] Error processing append operation on partition %s-%d: %s "
		     "(%lld more were not logged)",
		     (int)w->req->ctx->broker_id, partition_topic(t->p), (int)partition_index(t->p), text,
		     (long long)dropped);
}
