/* decode_transactions.c - records of __transaction_state (TransactionLog.formatRecordKeyAndValue of Kafka 3.9).
 *
 * The partitions come in the order of a Scala set.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "protocol/codec.h"
#include "protocol/messages.h"
#include "tools/java_exception.h"
#include "tools/message_json.h"
#include "tools/record_decoder_priv.h"
#include "tools/scala_hash.h"

#define UNDERFLOW "java.nio.BufferUnderflowException"

static const char *const states[] = {"Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit",
	"CompleteAbort", "Dead", "PrepareEpochFence"};

/* An element of the set, and what became of it when it was added. */
struct topic_partition {
	struct str topic;
	int32_t partition, hash;
	int32_t group; /* the entry of the record that it is from: those of one are added as a set */
	int32_t at;    /* in the order of the record */
	enum { FRESH, KNOWN, REPEATED } state;
};

struct partition_set {
	struct topic_partition *v;
	size_t n;
	struct scala_table table;
};

/* TopicPartition.hashCode() */
static int32_t hash_of(int32_t topic_hash, int32_t partition)
{
	return (int32_t)(31u * (31u + (uint32_t)partition) + (uint32_t)topic_hash);
}

static int compare(const struct topic_partition *x, const struct topic_partition *y)
{
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->partition != y->partition)
		return x->partition < y->partition ? -1 : 1;
	return str_cmp(x->topic, y->topic);
}

static int by_value(const void *a, const void *b)
{
	const struct topic_partition *x = a, *y = b;
	int r = compare(x, y);

	return r ? r : x->at < y->at ? -1 : x->at > y->at;
}

static int by_place(const void *a, const void *b)
{
	const struct topic_partition *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static void collect(struct partition_set *set, const struct transaction_log_value *v)
{
	for (int32_t i = 0; i < v->transaction_partitions_n; i++) {
		const struct transaction_log_value_partitions_schema *t = &v->transaction_partitions[i];
		int32_t topic = str_java_hash(t->topic);

		for (int32_t j = 0; j < t->partition_ids_n; j++) {
			set->v[set->n] = (struct topic_partition){t->topic, t->partition_ids[j],
				hash_of(topic, t->partition_ids[j]), i, (int32_t)set->n, FRESH};
			set->n++;
		}
	}
}

static void find_repeated(struct partition_set *set)
{
	qsort(set->v, set->n, sizeof(*set->v), by_value);
	for (size_t i = 1; i < set->n; i++)
		if (compare(&set->v[i - 1], &set->v[i]) == 0)
			set->v[i].state = set->v[i - 1].group == set->v[i].group ? REPEATED : KNOWN;
	qsort(set->v, set->n, sizeof(*set->v), by_place);
}

/* What the adding makes of the table; leaves only those that are in the set. */
static void add_all(struct partition_set *set)
{
	size_t n = 0;

	for (size_t i = 0, end; i < set->n; i = end) {
		size_t added = 0;

		for (end = i; end < set->n && set->v[end].group == set->v[i].group; end++)
			added += set->v[end].state != REPEATED;
		scala_table_hint(&set->table, added);
		for (size_t j = i; j < end; j++) {
			if (set->v[j].state != REPEATED)
				scala_table_add(&set->table, set->v[j].state == FRESH);
			if (set->v[j].state == FRESH)
				set->v[n++] = set->v[j];
		}
	}
	set->n = n;
}

static void put_set(const struct partition_set *set, FILE *out)
{
	int32_t *hashes = xcalloc(set->n + 1, sizeof(*hashes));
	size_t *order = xcalloc(set->n + 1, sizeof(*order));

	for (size_t i = 0; i < set->n; i++)
		hashes[i] = set->v[i].hash;
	scala_table_order(&set->table, hashes, set->n, order);
	putc('[', out);
	for (size_t i = 0; i < set->n; i++) {
		const struct topic_partition *p = &set->v[order[i]];

		fputs(i ? "," : "", out);
		message_json_plain(p->topic.p, (size_t)p->topic.len, out);
		fprintf(out, "-%" PRId32, p->partition);
	}
	putc(']', out);
	free(order);
	free(hashes);
}

static size_t partitions_of(const struct transaction_log_value *v)
{
	size_t n = 0;

	for (int32_t i = 0; i < v->transaction_partitions_n; i++)
		n += (size_t)v->transaction_partitions[i].partition_ids_n;
	return n;
}

static void put_partitions(const struct transaction_log_value *v, FILE *out)
{
	struct partition_set set = {.table = SCALA_TABLE_INIT};

	if (v->transaction_status != 0) {
		set.v = xcalloc(partitions_of(v) + 1, sizeof(*set.v));
		collect(&set, v);
		find_repeated(&set);
		add_all(&set);
	}
	put_set(&set, out);
	free(set.v);
}

static int put_metadata(const struct transaction_log_value *v, FILE *out)
{
	if (v->transaction_status < 0 || (size_t)v->transaction_status >= ARRAY_LEN(states))
		return java_exception("java.lang.IllegalStateException",
			"Unknown transaction state id %d from the transaction status message",
			v->transaction_status);
	fprintf(out, "producerId:%" PRId64 ",producerEpoch:%d,state=%s,partitions=", v->producer_id,
		v->producer_epoch, states[v->transaction_status]);
	put_partitions(v, out);
	fprintf(out, ",txnLastUpdateTimestamp=%" PRId64 ",txnTimeoutMs=%" PRId32,
		v->transaction_last_update_timestamp_ms, v->transaction_timeout_ms);
	return 0;
}

static int put_value(struct bytes b, FILE *out)
{
	struct cursor c = cur_of(b.p, (size_t)(b.len > 0 ? b.len : 0));
	int16_t version = cur_i16(&c);
	struct transaction_log_value v;
	struct arena a;
	int exit_code;

	if (b.len < 0) {
		fputs("<DELETE>", out);
		return 0;
	}
	if (c.bad)
		return java_exception(UNDERFLOW, NULL);
	if (version < transaction_log_value_first || version > transaction_log_value_last)
		return java_exception("java.lang.IllegalStateException",
			"Unknown version %d from the transaction log message value", version);
	arena_init(&a, DECODE_ARENA_MAX);
	exit_code = codec_decode(&transaction_log_value_schema, version, &c, &a, &v)
			    ? java_exception(UNDERFLOW, NULL)
			    : put_metadata(&v, out);
	arena_fini(&a);
	return exit_code;
}

int decode_transactions(const struct record *r, struct decoding *d)
{
	struct cursor c = cur_of(r->key.p, (size_t)(r->key.len > 0 ? r->key.len : 0));
	int16_t version = cur_i16(&c);
	struct transaction_log_key key;

	if (r->key.len < 0)
		return java_exception("java.lang.NullPointerException",
			"Cannot invoke \"java.nio.ByteBuffer.getShort()\" because \"buffer\" is null");
	if (c.bad)
		return java_exception(UNDERFLOW, NULL);
	d->has_key = true;
	if (version < transaction_log_key_first || version > transaction_log_key_last) {
		fprintf(d->key, "unknown::version=%d", version);
		return 0;
	}
	if (codec_decode(&transaction_log_key_schema, version, &c, NULL, &key))
		return java_exception(UNDERFLOW, NULL);
	fputs("transaction_metadata::transactionalId=", d->key);
	message_json_plain(key.transactional_id.p, (size_t)key.transactional_id.len, d->key);
	d->has_value = true;
	return put_value(r->value, d->value);
}
