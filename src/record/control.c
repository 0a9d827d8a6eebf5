/* control.c - see control.h. */
#include "record/control.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "base/error.h"
#include "protocol/errors.h"
#include "record/builder.h"
#include "record/reader.h"

int control_build_marker(enum control_type type, int64_t producer_id, int16_t producer_epoch,
    int32_t coordinator_epoch, int64_t timestamp, struct buf **ret)
{
	const uint32_t epoch = (uint32_t)coordinator_epoch;
	const uint8_t key[4] = { 0, 0, 0, (uint8_t)type }; /* version 0, type */
	const uint8_t value[6] = { 0, 0, (uint8_t)(epoch >> 24), (uint8_t)(epoch >> 16),
		(uint8_t)(epoch >> 8), (uint8_t)epoch };   /* version 0, coordinator epoch */
	struct builder_config c = BUILDER_CONFIG_INIT;
	struct batch_builder b;
	int r;

	assert(type == CONTROL_ABORT || type == CONTROL_COMMIT);
	c.producer_id = producer_id;
	c.producer_epoch = producer_epoch;
	c.transactional = c.control = true;
	r = batch_builder_init(&b, &c, NULL);
	if (r != 0)
		return FAIL(r);
	r = batch_builder_append(&b, 0, timestamp, (struct bytes){ key, sizeof(key) },
	    (struct bytes){ value, sizeof(value) }, 0, BYTES_NULL);
	if (r == 0)
		r = batch_builder_finish(&b, ret);
	batch_builder_fini(&b);
	return FAIL(r);
}

int control_type_of(struct bytes key, enum control_type *ret)
{
	struct cursor c = cur_of(key.p, (size_t)MAX(key.len, 0));
	int16_t version = cur_i16(&c), type = cur_i16(&c);

	if (c.bad || version < 0)
		return KERR_INVALID_RECORD;
	*ret = type == CONTROL_ABORT || type == CONTROL_COMMIT ? (enum control_type)type
							       : CONTROL_OTHER;
	return 0;
}

int control_parse_marker(const struct record *rec, struct txn_marker *ret)
{
	struct txn_marker m = { .type = CONTROL_OTHER };
	struct cursor c = cur_of(rec->value.p, (size_t)MAX(rec->value.len, 0));
	int16_t version;
	int r = control_type_of(rec->key, &m.type);

	if (r != 0)
		return FAIL(r);
	if (m.type != CONTROL_OTHER) {
		version = cur_i16(&c);
		m.coordinator_epoch = cur_i32(&c);
		if (c.bad || version < 0)
			return KERR_INVALID_RECORD;
	}
	*ret = m;
	return 0;
}

int control_parse_batch(const struct batch *b, struct txn_marker *ret)
{
	struct record_reader in;
	struct record rec;
	int r;

	if (!b->control)
		return KERR_INVALID_RECORD;
	r = record_reader_init(&in, b, NULL, false);
	if (r != 0)
		return FAIL(r);
	r = record_reader_next(&in, &rec);
	if (r == 0)
		r = control_parse_marker(&rec, ret);
	record_reader_fini(&in);
	return r == RECORDS_END ? KERR_INVALID_RECORD : FAIL(r);
}
