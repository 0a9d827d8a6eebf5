/* local_control.c - applies control requests to our partitions.
 *
 * With an old inter.broker.protocol.version the own broker is told what others are told: the request is brought into that
 * version's bytes and read again, so that it lacks what the version lacks.
 */
#include "broker/local_control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/writer.h"
#include "controller/control_layout.h"
#include "protocol/codec.h"
#include "protocol/header.h"
#include "protocol/messages.h"
#include "protocol/metadata_version.h"
#include "replica/control_answer.h"

struct local {
	struct partitions *partitions;
	int metadata_version;
};

/* The request's bytes in `version`, in the arena. */
static int encode(const struct schema *s, int version, const void *req, struct arena *a, struct cursor *ret)
{
	struct buf *b = NULL;
	struct writer w;
	uint8_t *copy;
	int r;

	writer_init(&w, codec_size(s, version, req), 0);
	r = codec_encode(s, version, req, &w);
	if (r == 0)
		r = writer_take_buf(&w, &b);
	writer_fini(&w);
	if (r < 0)
		return FAIL(r);
	copy = arena_alloc(a, b->len + 1);
	if (copy)
		memcpy(copy, b->data, b->len);
	*ret = cur_of(copy, b->len);
	buf_unref(b);
	return copy ? 0 : FAIL(-ENOMEM);
}

/* What of *req a broker gets to know in the version of `key` that we send: *req is replaced when that is less. */
static int reduce(const struct local *l, int key, struct arena *a, const void **req, int *ret_version)
{
	const struct schema *s = api_version_find(key)->request;
	int r, version = metadata_version_of_request(l->metadata_version, key);
	struct cursor c;
	void *out;

	*ret_version = version;
	if (version == s->last)
		return 0;
	*req = control_layout(key, version, *req, a);
	out = arena_alloc(a, codec_struct_size(s));
	if (!*req || !out)
		return FAIL(-ENOMEM);
	r = encode(s, version, *req, a, &c);
	if (r == 0)
		r = codec_decode(s, version, &c, a, out);
	*req = out;
	return FAIL(r);
}

static int leader_and_isr(void *arg, struct arena *a, const struct leader_and_isr_request *req,
    struct leader_and_isr_response *ret)
{
	const struct local *l = arg;
	const void *in = req;
	int version, r = reduce(l, API_LEADER_AND_ISR, a, &in, &version);

	if (r < 0)
		return r;
	codec_init(&leader_and_isr_response_schema, ret);
	return control_answer_leader_and_isr(l->partitions, 0, version, in, a, ret);
}

static int update_metadata(void *arg, struct arena *a, const struct update_metadata_request *req,
    struct update_metadata_response *ret)
{
	const struct local *l = arg;
	const void *in = req;
	int version, r = reduce(l, API_UPDATE_METADATA, a, &in, &version);

	if (r < 0)
		return r;
	codec_init(&update_metadata_response_schema, ret);
	return control_answer_update_metadata(l->partitions, 0, in, ret);
}

static int stop_replica(void *arg, struct arena *a, const struct stop_replica_request *req,
    struct stop_replica_response *ret)
{
	const struct local *l = arg;
	const void *in = req;
	int version, r = reduce(l, API_STOP_REPLICA, a, &in, &version);

	if (r < 0)
		return r;
	codec_init(&stop_replica_response_schema, ret);
	return control_answer_stop_replica(l->partitions, 0, in, a, ret);
}

void local_control_open(struct partitions *partitions, int metadata_version, struct control_transport *ret)
{
	struct local *l = xcalloc(1, sizeof(*l));

	*l = (struct local){ partitions, metadata_version };
	*ret = (struct control_transport){
		.arg = l,
		.leader_and_isr = leader_and_isr,
		.update_metadata = update_metadata,
		.stop_replica = stop_replica,
		.close = free,
	};
}
