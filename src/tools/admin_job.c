/* admin_job.c - looking up who is responsible and sending everyone their part (Kafka 3.9, AdminApiDriver,
 * CoordinatorStrategy, PartitionLeaderStrategy).
 *
 * A piece moves between three conditions: no node (to be looked up), a node (to be sent), done. Rounds of both steps
 * follow each other, with a pause before any but the first, until all pieces are done or time is up. Within a round the
 * brokers are called one after the other.
 *
 * The pieces are worked on through pointers in order of name and partition, in which answers find them by bisection.
 */
#include "tools/admin_job.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "protocol/codec.h"
#include "protocol/errors.h"
#include "protocol/header.h"
#include "tools/report.h"

/* First version of FindCoordinator that takes several keys (KIP-699). */
#define FIND_MANY_SINCE 4
#define NAME_MAX_LEN 64

struct run {
	struct admin *admin;
	const struct admin_job *job;
	struct arena *arena;
	struct admin_piece **sorted; /* all pieces */
	size_t n;
	struct admin_piece **part; /* room for those of one request */
	char name[NAME_MAX_LEN];   /* of the operation */
	int look_up_key;
};

static int compare(const struct admin_piece *x, struct str name, int32_t partition)
{
	int c = str_cmp(x->name, name);

	return c ? c : (x->partition > partition) - (x->partition < partition);
}

static int by_place(const void *a, const void *b)
{
	const struct admin_piece *const *x = a, *const *y = b;

	return compare(*x, (*y)->name, (*y)->partition);
}

struct admin_piece *admin_piece_find(
	struct admin_piece *const *pieces, size_t n, struct str name, int32_t partition)
{
	size_t from = 0;

	while (from < n) {
		size_t middle = from + (n - from) / 2;
		int c = compare(pieces[middle], name, partition);

		if (c == 0)
			return pieces[middle];
		if (c < 0)
			from = middle + 1;
		else
			n = middle;
	}
	return NULL;
}

static void finish(struct admin_piece *p, int code, struct str message)
{
	p->done = true;
	p->code = code;
	p->message = message.len > 0 || !code ? message : str_of(report_default_message(code));
}

/* Does the code mean that another broker is responsible now? (subclasses of InvalidMetadataException) */
static bool is_elsewhere(enum admin_place place, int code)
{
	if (place == ADMIN_AT_GROUP || place == ADMIN_AT_TRANSACTION)
		return code == KERR_NOT_COORDINATOR || code == KERR_COORDINATOR_NOT_AVAILABLE;
	return place == ADMIN_AT_LEADER &&
	       (code == KERR_NOT_LEADER_OR_FOLLOWER || code == KERR_LEADER_NOT_AVAILABLE ||
		       code == KERR_UNKNOWN_TOPIC_OR_PARTITION ||
		       code == KERR_KAFKA_STORAGE_ERROR || code == KERR_REPLICA_NOT_AVAILABLE ||
		       code == KERR_NETWORK_EXCEPTION || code == KERR_FENCED_LEADER_EPOCH ||
		       code == KERR_UNKNOWN_LEADER_EPOCH || code == KERR_LISTENER_NOT_FOUND);
}

static bool is_not_ready(enum admin_place place, int code)
{
	if (place == ADMIN_AT_LEADER)
		return kerr_retriable(code);
	return code == KERR_COORDINATOR_LOAD_IN_PROGRESS || code == KERR_COORDINATOR_NOT_AVAILABLE;
}

void admin_piece_end(
	const struct admin_job *job, struct admin_piece *p, int code, struct str message)
{
	if (code && is_elsewhere(job->place, code))
		p->node = ADMIN_ANY;
	else if (!code || !is_not_ready(job->place, code))
		finish(p, code, message);
}

struct str admin_piece_exception(struct arena *arena, const struct admin_piece *p)
{
	char class[REPORT_EXCEPTION_MAX];

	return arena_printf(arena, "%s: %.*s", report_exception(p->code, class, sizeof(class)),
		STR_ARG(p->message));
}

static bool is_unplaced(const struct run *r, const struct admin_piece *p)
{
	return !p->done && p->node < 0 && r->job->place != ADMIN_AT_NODE;
}

/* "describeGroups(api=FIND_COORDINATOR)": what a time-out calls the step that it ended. Calls of certain brokers are one
 * step. */
static void name_step(struct run *r, int key)
{
	char text[NAME_MAX_LEN + 72];

	if (r->job->place == ADMIN_AT_NODE)
		return;
	snprintf(text, sizeof(text), "%s(api=%s)", r->name, api_version_find(key)->constant);
	admin_rename(r->admin, text);
}

/* The outcome of a call that failed; 0 when it is to be tried again. */
static int code_of(int error)
{
	switch (error) {
	case -ENOTSUP:
	case -EINVAL: /* a value that the version cannot say */
		return KERR_UNSUPPORTED_VERSION;
	case -EBADMSG:
	case -ENOMEM:
		return KERR_UNKNOWN_SERVER_ERROR;
	default:
		return 0;
	}
}

/* A call for some pieces failed: for good, or they are to be looked up again. */
static void fail_part(struct run *r, struct admin_piece *const *pieces, size_t n, int error)
{
	int code = code_of(error);
	struct str why = code ? arena_printf(r->arena, "%s", admin_error(r->admin)) : STR_NULL;

	for (size_t i = 0; i < n; i++) {
		if (code)
			finish(pieces[i], code, why);
		else if (r->job->place != ADMIN_AT_NODE)
			pieces[i]->node = ADMIN_ANY;
	}
}

static void fail_look_up(struct run *r, struct admin_piece *p, int code)
{
	bool group = r->job->place == ADMIN_AT_GROUP;
	bool denied = code == (group ? KERR_GROUP_AUTHORIZATION_FAILED
				     : KERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED);

	finish(p, code,
		arena_printf(r->arena,
			"FindCoordinator request for %s `CoordinatorKey(idValue='%.*s', type=%s)` "
			"failed "
			"due to %s",
			!denied ? "key"
			: group ? "groupId"
				: "transactionalId",
			STR_ARG(p->name), group ? "GROUP" : "TRANSACTION",
			denied ? "authorization failure" : "an unexpected error"));
}

/* Takes over who coordinates a piece. */
static void take_coordinator(struct run *r, struct admin_piece *p, int code, int32_t node)
{
	if (!code && node >= 0)
		p->node = node;
	else if (code && code != KERR_COORDINATOR_NOT_AVAILABLE &&
		 code != KERR_COORDINATOR_LOAD_IN_PROGRESS)
		fail_look_up(r, p, code);
}

static int8_t key_type(const struct run *r)
{
	return r->job->place == ADMIN_AT_GROUP ? 0 : 1;
}

static int find_coordinators(struct run *r, struct admin_piece **pieces, size_t n)
{
	struct find_coordinator_request in;
	struct find_coordinator_response out;
	struct str *keys = arena_array(r->arena, n, sizeof(*keys));
	int e;

	if (!keys)
		return -ENOMEM;
	CODEC_INIT(find_coordinator_request, &in);
	for (size_t i = 0; i < n; i++)
		keys[i] = pieces[i]->name;
	in.key_type = key_type(r);
	in.coordinator_keys = keys;
	in.coordinator_keys_n = (int32_t)n;
	e = admin_try(r->admin, ADMIN_ANY, API_FIND_COORDINATOR, &in, r->arena, &out);
	for (int32_t i = 0; !e && i < out.coordinators_n; i++) {
		const struct find_coordinator_response_coordinator *c = &out.coordinators[i];
		struct admin_piece *p = admin_piece_find(pieces, n, c->key, 0);

		if (p)
			take_coordinator(r, p, c->error_code, c->node_id);
	}
	return e;
}

static int find_coordinator(struct run *r, struct admin_piece *p)
{
	struct find_coordinator_request in;
	struct find_coordinator_response out;
	int e;

	CODEC_INIT(find_coordinator_request, &in);
	in.key = p->name;
	in.key_type = key_type(r);
	e = admin_try(r->admin, ADMIN_ANY, API_FIND_COORDINATOR, &in, r->arena, &out);
	if (!e)
		take_coordinator(r, p, out.error_code, out.node_id);
	return e;
}

/* Gives pieces[0..n) the nodes of their coordinators. */
static void look_up_coordinators(struct run *r, struct admin_piece **pieces, size_t n)
{
	int version;
	int e = admin_broker_version(r->admin, ADMIN_ANY, API_FIND_COORDINATOR, &version);

	if (e) {
		fail_part(r, pieces, n, e);
		return;
	}
	if (version >= FIND_MANY_SINCE) {
		e = find_coordinators(r, pieces, n);
		if (e)
			fail_part(r, pieces, n, e);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		e = find_coordinator(r, pieces[i]);
		if (e)
			fail_part(r, &pieces[i], 1, e);
	}
}

static int ask_leaders(
	struct run *r, struct admin_piece **pieces, size_t n, struct metadata_response *out)
{
	struct metadata_request in;
	struct metadata_request_metadata_request_topic *topics =
		CODEC_NEW(r->arena, metadata_request_metadata_request_topic, n);
	int32_t topics_n = 0;

	if (!topics)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !str_eq(pieces[i]->name, pieces[i - 1]->name))
			topics[topics_n++].name = pieces[i]->name;
	CODEC_INIT(metadata_request, &in);
	in.topics = topics;
	in.topics_n = topics_n;
	in.allow_auto_topic_creation = false;
	return admin_try(r->admin, ADMIN_ANY, API_METADATA, &in, r->arena, out);
}

static bool may_pass(int code)
{
	return code == KERR_UNKNOWN_TOPIC_OR_PARTITION || code == KERR_LEADER_NOT_AVAILABLE ||
	       code == KERR_BROKER_NOT_AVAILABLE;
}

static void fail_topic(struct run *r, struct admin_piece *p, int code)
{
	struct str t = p->name;
	struct str why = code == KERR_TOPIC_AUTHORIZATION_FAILED
				 ? STR("due to topic authorization failure")
			 : code == KERR_UNKNOWN_TOPIC_OR_PARTITION
				 ? arena_printf(r->arena,
					   "because metadata for topic `%.*s` could not be found",
					   STR_ARG(t))
			 : code == KERR_INVALID_TOPIC_EXCEPTION
				 ? arena_printf(r->arena, "due to invalid topic `%.*s`", STR_ARG(t))
				 : arena_printf(r->arena,
					   "due to unexpected error for topic `%.*s`", STR_ARG(t));

	finish(p, code,
		arena_printf(r->arena, "Failed to fetch metadata for partition %.*s-%d %.*s",
			STR_ARG(t), p->partition, STR_ARG(why)));
}

static bool partition_may_pass(int code)
{
	return may_pass(code) || code == KERR_NOT_LEADER_OR_FOLLOWER ||
	       code == KERR_REPLICA_NOT_AVAILABLE || code == KERR_KAFKA_STORAGE_ERROR;
}

static void take_leader(struct run *r, struct admin_piece *p, int code, int32_t leader)
{
	if (!code)
		p->node = leader >= 0 ? leader : ADMIN_ANY;
	else if (!partition_may_pass(code))
		finish(p, code,
			arena_printf(r->arena,
				"Unexpected error during metadata lookup for %.*s-%d",
				STR_ARG(p->name), p->partition));
}

static void take_leaders(struct run *r, struct admin_piece **pieces, size_t n,
	const struct metadata_response_metadata_response_topic *t)
{
	if (may_pass(t->error_code) &&
		!(r->job->must_exist && t->error_code == KERR_UNKNOWN_TOPIC_OR_PARTITION))
		return;
	for (size_t i = 0; t->error_code && i < n; i++)
		if (!pieces[i]->done && str_eq(pieces[i]->name, t->name))
			fail_topic(r, pieces[i], t->error_code);
	for (int32_t i = 0; !t->error_code && i < t->partitions_n; i++) {
		const struct metadata_response_metadata_response_partition *at = &t->partitions[i];
		struct admin_piece *p = admin_piece_find(pieces, n, t->name, at->partition_index);

		if (p && !p->done)
			take_leader(r, p, at->error_code, at->leader_id);
	}
}

static void look_up_leaders(struct run *r, struct admin_piece **pieces, size_t n)
{
	struct metadata_response out;
	int e = ask_leaders(r, pieces, n, &out);

	if (e) {
		fail_part(r, pieces, n, e);
		return;
	}
	for (int32_t i = 0; i < out.topics_n; i++)
		take_leaders(r, pieces, n, &out.topics[i]);
}

/* Looks up all pieces without a node. */
static void look_up(struct run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (is_unplaced(r, r->sorted[i]))
			r->part[n++] = r->sorted[i];
	if (!n)
		return;
	name_step(r, r->look_up_key);
	if (r->job->place == ADMIN_AT_LEADER)
		look_up_leaders(r, r->part, n);
	else
		look_up_coordinators(r, r->part, n);
}

/* One request with r->part[0..n), all at the same node. */
static void send_part(struct run *r, int version, size_t n)
{
	const struct api_version_row *row = api_version_find(r->job->key);
	void *in = arena_alloc(r->arena, codec_struct_size(row->request));
	void *out = arena_alloc(r->arena, codec_struct_size(row->response));
	int e = in && out ? 0 : -ENOMEM;

	if (!e) {
		codec_init(row->request, in);
		e = r->job->build(r->job->arg, version, r->part, n, r->arena, in);
	}
	if (!e)
		e = admin_try(r->admin, r->part[0]->node, r->job->key, in, r->arena, out);
	if (e)
		fail_part(r, r->part, n, e);
	else
		r->job->take(r->job->arg, version, r->part, n, out);
}

static bool is_ready(const struct admin_piece *p, int32_t node)
{
	return !p->done && p->node == node;
}

/* Sends a node all pieces that it is responsible for: `first` is the first of them. */
static void send_node(struct run *r, size_t first, bool *sent)
{
	int32_t node = r->sorted[first]->node;
	int version = 0;
	int e = admin_try_version(r->admin, node, r->job->key, &version);
	size_t n = 0;

	for (size_t i = first; i < r->n; i++) {
		if (sent[i] || !is_ready(r->sorted[i], node))
			continue;
		sent[i] = true;
		r->part[n++] = r->sorted[i];
		if (e || version >= r->job->many_since)
			continue;
		send_part(r, version, n);
		n = 0;
	}
	if (!n)
		return;
	if (e)
		fail_part(r, r->part, n, e);
	else
		send_part(r, version, n);
}

static void send_all(struct run *r)
{
	bool *sent = xcalloc(r->n + 1, sizeof(*sent));

	name_step(r, r->job->key);
	for (size_t i = 0; i < r->n; i++) {
		const struct admin_piece *p = r->sorted[i];

		if (!sent[i] && !p->done && (p->node >= 0 || r->job->place == ADMIN_AT_NODE))
			send_node(r, i, sent);
	}
	free(sent);
}

static bool all_done(const struct run *r, bool located)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->sorted[i]->done && !(located && r->sorted[i]->node >= 0))
			return false;
	return true;
}

static struct str timeout_text(struct run *r, int key, unsigned tries)
{
	name_step(r, key);
	return arena_printf(r->arena, "%s", admin_timeout_text(r->admin, tries));
}

static void time_out(struct run *r, bool locate, unsigned tries)
{
	struct str looking = timeout_text(r, r->look_up_key, tries);
	struct str sending = locate ? STR_NULL : timeout_text(r, r->job->key, tries);

	for (size_t i = 0; i < r->n; i++) {
		struct admin_piece *p = r->sorted[i];

		if (!p->done && !(locate && p->node >= 0))
			finish(p, KERR_REQUEST_TIMED_OUT, is_unplaced(r, p) ? looking : sending);
	}
}

/* `locate`: only look up. */
static void run(struct admin *a, const struct admin_job *job, bool locate,
	struct admin_piece *pieces, size_t n, struct arena *arena)
{
	struct run r = {.admin = a, .job = job, .arena = arena, .n = n};

	r.sorted = xcalloc(n + 1, sizeof(struct admin_piece *));
	r.part = xcalloc(n + 1, sizeof(struct admin_piece *));
	r.look_up_key = job->place == ADMIN_AT_LEADER ? API_METADATA : API_FIND_COORDINATOR;
	snprintf(r.name, sizeof(r.name), "%s", admin_name(a));
	for (size_t i = 0; i < n; i++)
		r.sorted[i] = &pieces[i];
	qsort(r.sorted, n, sizeof(*r.sorted), by_place);
	for (unsigned attempt = 0; !all_done(&r, locate); attempt++) {
		if (attempt && !admin_pause(a, attempt - 1)) {
			time_out(&r, locate, attempt);
			break;
		}
		look_up(&r);
		if (!locate)
			send_all(&r);
	}
	admin_rename(a, r.name);
	free(r.part);
	free(r.sorted);
}

void admin_run(struct admin *a, const struct admin_job *job, struct admin_piece *pieces, size_t n,
	struct arena *arena)
{
	run(a, job, false, pieces, n, arena);
}

void admin_locate(struct admin *a, enum admin_place place, struct admin_piece *pieces, size_t n,
	struct arena *arena)
{
	struct admin_job job = {.place = place};

	assert(place != ADMIN_AT_NODE);
	run(a, &job, true, pieces, n, arena);
}
