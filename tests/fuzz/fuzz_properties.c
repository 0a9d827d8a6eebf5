/* fuzz_properties.c - any text: no crash, and what was read is read again from what we write. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/properties.h"
#include "base/str.h"
#include "base/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct properties *a, const struct properties *b)
{
	assert(a->n == b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert(strcmp(a->v[i].key, b->v[i].key) == 0);
		assert(strcmp(a->v[i].value, b->v[i].value) == 0);
		assert(str_is_utf8(str_of(a->v[i].key)));
		assert(str_is_utf8(str_of(a->v[i].value)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct properties p = PROPERTIES_INIT, again = PROPERTIES_INIT;
	struct writer w;
	struct buf *b;
	int line, r;

	if (properties_parse(&p, (const char *)data, size, &line) < 0) {
		assert(line >= 1);
		assert(p.n == 0);
		return 0;
	}
	writer_init(&w, 0, 0);
	properties_write(&p, &w);
	r = writer_take_buf(&w, &b);
	assert(r == 0);
	r = properties_parse(&again, (const char *)b->data, b->len, &line);
	assert(r == 0);
	check_same(&p, &again);
	buf_unref(b);
	properties_fini(&again);
	properties_fini(&p);
	return 0;
}
