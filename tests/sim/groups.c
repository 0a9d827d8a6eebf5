/* groups.c - see groups.h. Commits without membership, as `assign` users make them.
 *
 * A commit without an answer may still be on its way, or in a broker that is suspended, and then sets the position back:
 * after one the committer waits until it has either arrived or never will. */
#include "groups.h"

#include "base/attr.h"
#include "clients.h"
#include "cluster.h"
#include "fiber.h"
#include "oracle.h"
#include "protocol/codec.h"
#include "protocol/header.h"
#include "protocol/messages.h"

enum { IN_DOUBT_MS = 20000, PAUSE_MAX_MS = 400, ASK_IN_1000 = 200 };

#define TOPIC "strict" /* one that is there */
#define OFFSETS "__consumer_offsets"

static int find_coordinator(struct client *c, int broker, const char *group)
{
	struct str key = str_of(group);
	struct find_coordinator_response out;
	struct find_coordinator_request in;
	struct arena a;
	int r = -1;

	CODEC_INIT(find_coordinator_request, &in);
	in.coordinator_keys = &key;
	in.coordinator_keys_n = 1;
	arena_init(&a, 0);
	if (client_call(c, broker, API_FIND_COORDINATOR, &in, &a, &out) == 0 && out.coordinators_n == 1 &&
	    out.coordinators[0].error_code == 0)
		r = out.coordinators[0].node_id;
	arena_fini(&a);
	return r < brokers_n ? r : -1;
}

static int commit(struct client *c, int broker, const char *group, int64_t offset)
{
	struct offset_commit_request_offset_commit_request_partition p;
	struct offset_commit_request_offset_commit_request_topic t = { .name = STR(TOPIC), .partitions = &p, .partitions_n = 1 };
	struct offset_commit_response out;
	struct offset_commit_request in;
	struct arena a;
	int r;

	CODEC_INIT(offset_commit_request_offset_commit_request_partition, &p);
	CODEC_INIT(offset_commit_request, &in);
	p.committed_offset = offset;
	p.committed_metadata = STR("");
	in.group_id = str_of(group);
	in.member_id = STR("");
	in.topics = &t;
	in.topics_n = 1;
	arena_init(&a, 0);
	r = client_call(c, broker, API_OFFSET_COMMIT, &in, &a, &out);
	if (r == 0)
		r = out.topics[0].partitions[0].error_code;
	arena_fini(&a);
	return r;
}

static int fetch(struct client *c, int broker, const char *group, int64_t *ret)
{
	int32_t index = 0;
	struct offset_fetch_request_offset_fetch_request_topics t = { .name = STR(TOPIC), .partition_indexes = &index,
		.partition_indexes_n = 1 };
	struct offset_fetch_request_offset_fetch_request_group g;
	struct offset_fetch_response out;
	struct offset_fetch_request in;
	struct arena a;
	int r;

	CODEC_INIT(offset_fetch_request_offset_fetch_request_group, &g);
	CODEC_INIT(offset_fetch_request, &in);
	g.group_id = str_of(group);
	g.topics = &t;
	g.topics_n = 1;
	in.groups = &g;
	in.groups_n = 1;
	arena_init(&a, 0);
	r = client_call(c, broker, API_OFFSET_FETCH, &in, &a, &out);
	if (r == 0)
		r = out.groups[0].error_code ? out.groups[0].error_code : out.groups[0].topics[0].partitions[0].error_code;
	if (r == 0)
		*ret = out.groups[0].topics[0].partitions[0].committed_offset;
	arena_fini(&a);
	return r;
}

/* A coordinator of the past may answer from what it had. */
static bool is_in_office(int broker)
{
	struct stored_view s;
	struct replica_view v;

	return oracle_stored(OFFSETS, 0, &s) && s.leader == broker && oracle_view(broker, OFFSETS, 0, &v) && v.is_leader &&
	    v.leader_epoch == s.leader_epoch;
}

static void expect_between(const struct committer *c, int broker, int64_t offset)
{
	if (!c->lenient && (offset < c->acknowledged || offset > c->sent))
		fail("group %s: coordinator %d says %lld, where %lld was acknowledged and %lld was sent", c->group, broker,
		    (long long)offset, (long long)c->acknowledged, (long long)c->sent);
}

static void step(struct committer *c, struct client *client)
{
	int asked = (int)world_random((uint64_t)brokers_n);
	int coordinator = find_coordinator(client, asked, c->group);
	bool before;
	int64_t offset;

	if (coordinator < 0)
		return;
	before = is_in_office(coordinator);
	if (c->acknowledged > 0 && world_chance(ASK_IN_1000)) {
		if (fetch(client, coordinator, c->group, &offset) == 0 && before && is_in_office(coordinator))
			expect_between(c, coordinator, offset);
	} else if (commit(client, coordinator, c->group, ++c->sent) == 0) {
		c->acknowledged = c->sent;
	} else {
		fiber_sleep_ms(IN_DOUBT_MS);
	}
}

static void *committer_main(void *arg)
{
	struct committer *c = arg;
	struct client *client = client_new();

	while (!c->stop) {
		step(c, client);
		fiber_sleep_ms(1 + (int64_t)world_random(PAUSE_MAX_MS));
	}
	c->stopped = true;
	return NULL;
}

void committer_start(struct committer *c)
{
	(void)fiber_spawn(NODE_OUTSIDE, "committer", committer_main, c);
}

bool committer_check(const struct committer *c)
{
	struct client *client = client_new();
	int coordinator = find_coordinator(client, 0, c->group);
	int64_t offset;

	if (coordinator < 0 || fetch(client, coordinator, c->group, &offset) != 0)
		return false;
	if (c->acknowledged > 0)
		expect_between(c, coordinator, offset);
	return true;
}
