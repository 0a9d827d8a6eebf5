/* codec_priv.h - access to a message struct through its field rows. For the files of the codec and its tests.
 *
 * Thread: any. Layer: protocol.
 */
#ifndef PROTOCOL_CODEC_PRIV_H
#define PROTOCOL_CODEC_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/schema.h"

/* The value of SHAPE_ONE, or the pointer of the other shapes. */
static inline void *field_at(const struct field *f, void *out)
{
	return (char *)out + f->at;
}

static inline const void *field_at_const(const struct field *f, const void *in)
{
	return (const char *)in + f->at;
}

/* SHAPE_ARRAY: the count. */
static inline int32_t *field_count(const struct field *f, void *out)
{
	return (int32_t *)((char *)out + f->count_at);
}

static inline int32_t field_n(const struct field *f, const void *in)
{
	return *(const int32_t *)((const char *)in + f->count_at);
}

/* Sets the field to its default, and whether it has it. */
void field_init(const struct field *f, void *out);
bool field_is_default(const struct field *f, const void *in);

/* Size in memory of the value, or of one element. */
size_t field_element_size(const struct field *f);

#endif
