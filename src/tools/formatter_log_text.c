/* formatter_log_text.c - coordinator records as lines of text: what toString() of the classes of Kafka's coordinators
 * shows (GroupMetadata.scala, MemberMetadata.scala, TransactionMetadata.scala, OffsetAndMetadata.scala). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/cursor.h"
#include "protocol/codec.h"
#include "protocol/messages.h"
#include "tools/formatter_log.h"
#include "tools/java_order.h"
#include "tools/scala_hash.h"

#define UNDERFLOW "java.nio.BufferUnderflowException"
#define WRONG_VERSION "java.lang.IllegalStateException: Unknown version of the record"

/* A record that is being written. */
struct text {
	struct arena arena;
	FILE *out;
	const char *error;
};

/* Reads a versioned message; false with t->error. */
static bool decode(
	struct text *t, const struct schema *s, struct bytes b, int *ret_version, void *out)
{
	struct cursor c = cur_of(b.p, (size_t)b.len);
	int16_t version = cur_i16(&c);

	t->error = c.bad                                     ? UNDERFLOW
		   : version < s->first || version > s->last ? WRONG_VERSION
							     : NULL;
	if (!t->error && codec_decode(s, version, &c, &t->arena, out))
		t->error = UNDERFLOW;
	*ret_version = version;
	return !t->error;
}

static int version_of(struct bytes key)
{
	struct cursor c = cur_of(key.p, (size_t)key.len);

	return cur_i16(&c);
}

static void put_optional(
	const char *none, const char *open, const char *close, int64_t v, FILE *out)
{
	if (v < 0)
		fputs(none, out);
	else
		fprintf(out, "%s%" PRId64 "%s", open, v, close);
}

static bool put_offset_value(struct text *t, struct bytes value)
{
	struct offset_commit_value v;
	int version;

	if (!decode(t, &offset_commit_value_schema, value, &version, &v))
		return false;
	fprintf(t->out, "OffsetAndMetadata(offset=%" PRId64 ", leaderEpoch=", v.offset);
	put_optional("Optional.empty", "Optional[", "]", v.leader_epoch, t->out);
	fprintf(t->out, ", metadata=%.*s, commitTimestamp=%" PRId64 ", expireTimestamp=",
		STR_ARG(v.metadata), v.commit_timestamp);
	put_optional("None", "Some(", ")", v.expire_timestamp, t->out);
	fputs(")\n", t->out);
	return true;
}

static bool put_offset(struct text *t, struct bytes key, struct bytes value)
{
	struct offset_commit_key k;
	int version = version_of(key);

	if (version < offset_commit_key_first || version > offset_commit_key_last)
		return true; /* a group, or something newer */
	if (!decode(t, &offset_commit_key_schema, key, &version, &k))
		return false;
	fprintf(t->out, "[%.*s,%.*s,%" PRId32 "]::", STR_ARG(k.group), STR_ARG(k.topic),
		k.partition);
	if (value.len >= 0)
		return put_offset_value(t, value);
	fputs("NULL\n", t->out);
	return true;
}

static void put_member(
	struct text *t, const struct group_metadata_value *v, int version, size_t index, bool first)
{
	const struct group_metadata_value_member_metadata *m = &v->members[index];

	fprintf(t->out,
		"%s%.*s -> MemberMetadata(memberId=%.*s, groupInstanceId=", first ? "" : ", ",
		STR_ARG(m->member_id), STR_ARG(m->member_id));
	if (m->group_instance_id.len < 0)
		fputs("None", t->out);
	else
		fprintf(t->out, "Some(%.*s)", STR_ARG(m->group_instance_id));
	fprintf(t->out,
		", clientId=%.*s, clientHost=%.*s, sessionTimeoutMs=%d, rebalanceTimeoutMs=%d, "
		"supportedProtocols=List(",
		STR_ARG(m->client_id), STR_ARG(m->client_host), m->session_timeout,
		version == 0 ? m->session_timeout : m->rebalance_timeout);
	fprintf(t->out, v->protocol.len < 0 ? "null))" : "%.*s))", STR_ARG(v->protocol));
}

static void put_members(struct text *t, const struct group_metadata_value *v, int version)
{
	size_t n = (size_t)v->members_n;
	int32_t *hashes = xcalloc(n + 1, sizeof(*hashes));
	size_t *order = xcalloc(n + 1, sizeof(*order));
	struct scala_table table = SCALA_TABLE_INIT;

	for (size_t i = 0; i < n; i++)
		hashes[i] = str_java_hash(v->members[i].member_id);
	for (size_t i = 0; i < n; i++)
		scala_table_add(&table, true);
	scala_table_order(&table, hashes, n, order);
	for (size_t i = 0; i < n; i++)
		put_member(t, v, version, order[i], i == 0);
	free(hashes);
	free(order);
}

static bool put_group_value(struct text *t, struct str group, struct bytes value)
{
	struct group_metadata_value v;
	int version;

	if (!decode(t, &group_metadata_value_schema, value, &version, &v))
		return false;
	fprintf(t->out,
		"GroupMetadata(groupId=%.*s, generation=%" PRId32 ", protocolType=", STR_ARG(group),
		v.generation);
	if (v.protocol_type.len <= 0 && v.members_n == 0)
		fputs("None", t->out);
	else
		fprintf(t->out, "Some(%.*s)", STR_ARG(v.protocol_type));
	fprintf(t->out, ", currentState=%s, members=HashMap(", v.members_n ? "Stable" : "Empty");
	put_members(t, &v, version);
	fputs("))\n", t->out);
	return true;
}

static bool put_group(struct text *t, struct bytes key, struct bytes value)
{
	struct group_metadata_key k;
	int version = version_of(key);

	if (version < group_metadata_key_first || version > group_metadata_key_last)
		return true;
	if (!decode(t, &group_metadata_key_schema, key, &version, &k))
		return false;
	fprintf(t->out, "%.*s::", STR_ARG(k.group));
	if (value.len >= 0)
		return put_group_value(t, k.group, value);
	fputs("NULL\n", t->out);
	return true;
}

struct place {
	struct str topic;
	int32_t partition;
};

/* Partitions of a transaction, and the table that Kafka adds them to topic by topic. */
static struct place *places_of(
	const struct transaction_log_value *v, size_t *ret_n, struct scala_table *table)
{
	struct place *places = NULL;
	size_t n = 0, cap = 0;

	for (int32_t i = 0; i < v->transaction_partitions_n; i++) {
		size_t of_topic = (size_t)v->transaction_partitions[i].partition_ids_n;

		places = grow_array(places, &cap, n + of_topic, sizeof(*places));
		scala_table_hint(table, of_topic);
		for (size_t k = 0; k < of_topic; k++) {
			scala_table_add(table, true);
			places[n++] = (struct place){v->transaction_partitions[i].topic,
				v->transaction_partitions[i].partition_ids[k]};
		}
	}
	*ret_n = n;
	return places;
}

static void put_partitions(struct text *t, const struct transaction_log_value *v)
{
	struct scala_table table = SCALA_TABLE_INIT;
	size_t n, *order;
	struct place *places = places_of(v, &n, &table);
	int32_t *hashes = xcalloc(n + 1, sizeof(*hashes));

	order = xcalloc(n + 1, sizeof(*order));
	for (size_t i = 0; i < n; i++)
		hashes[i] = java_hash_partition(places[i].topic, places[i].partition);
	scala_table_order(&table, hashes, n, order);
	for (size_t i = 0; i < n; i++)
		fprintf(t->out, "%s%.*s-%" PRId32, i ? ", " : "", STR_ARG(places[order[i]].topic),
			places[order[i]].partition);
	free(order);
	free(hashes);
	free(places);
}

static bool put_transaction_value(struct text *t, struct str id, struct bytes value)
{
	static const char *const states[] = {"Empty", "Ongoing", "PrepareCommit", "PrepareAbort",
		"CompleteCommit", "CompleteAbort", "Dead", "PrepareEpochFence"};
	struct transaction_log_value v;
	int version;

	if (!decode(t, &transaction_log_value_schema, value, &version, &v))
		return false;
	if (v.transaction_status < 0 || (size_t)v.transaction_status >= ARRAY_LEN(states)) {
		t->error = "java.lang.IllegalStateException: Unknown transaction state id from the "
			   "transaction status message";
		return false;
	}
	fprintf(t->out,
		"%.*s::TransactionMetadata(transactionalId=%.*s, producerId=%" PRId64
		", producerEpoch=%d, "
		"txnTimeoutMs=%" PRId32 ", state=%s, pendingState=None, topicPartitions=HashSet(",
		STR_ARG(id), STR_ARG(id), v.producer_id, v.producer_epoch, v.transaction_timeout_ms,
		states[v.transaction_status]);
	if (v.transaction_status != 0)
		put_partitions(t, &v);
	fprintf(t->out, "), txnStartTimestamp=%" PRId64 ", txnLastUpdateTimestamp=%" PRId64 ")\n",
		v.transaction_start_timestamp_ms, v.transaction_last_update_timestamp_ms);
	return true;
}

static bool put_transaction(struct text *t, struct bytes key, struct bytes value)
{
	struct transaction_log_key k;
	int version = version_of(key);

	if (version < transaction_log_key_first || version > transaction_log_key_last) {
		fprintf(t->out, "unknown::version=%d\n", version);
		return true;
	}
	if (!decode(t, &transaction_log_key_schema, key, &version, &k))
		return false;
	if (value.len >= 0)
		return put_transaction_value(t, k.transactional_id, value);
	fprintf(t->out, "%.*s::NULL\n", STR_ARG(k.transactional_id));
	return true;
}

int formatter_log_write_text(enum formatter_log kind, struct bytes key, struct bytes value,
	FILE *out, const char **ret_error)
{
	struct text t = {.out = out};
	bool done = true;

	if (key.len < 0)
		return 0;
	if (key.len < 2) {
		*ret_error = UNDERFLOW;
		return -EINVAL;
	}
	arena_init(&t.arena, 0);
	switch (kind) {
	case FORMATTER_LOG_OFFSETS:
		done = put_offset(&t, key, value);
		break;
	case FORMATTER_LOG_GROUPS:
		done = put_group(&t, key, value);
		break;
	case FORMATTER_LOG_TRANSACTIONS:
		done = put_transaction(&t, key, value);
		break;
	}
	arena_fini(&t.arena);
	if (done)
		return 0;
	*ret_error = t.error;
	return -EINVAL;
}
