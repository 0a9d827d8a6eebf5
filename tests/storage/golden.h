/* golden.h - for tests: batches that Apache Kafka 3.9 wrote, one a line in hex, from tests/storage/data. */
#ifndef TESTS_STORAGE_GOLDEN_H
#define TESTS_STORAGE_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"

#define GOLDEN_MAX 8

struct golden {
	struct buf *batch[GOLDEN_MAX];
	int n;
};

static inline struct buf *buf_of_hex(const char *hex, size_t len)
{
	struct buf *b = buf_new(len / 2 + 1);

	assert_non_null(b);
	for (size_t i = 0; i + 1 < len; i += 2) {
		char two[3] = { hex[i], hex[i + 1], '\0' };

		b->data[b->len++] = (uint8_t)strtol(two, NULL, 16);
	}
	return b;
}

static inline void golden_load(struct golden *g, const char *name)
{
	const char *src = getenv("TEST_SRCDIR");
	CLEANUP(freep) char *path = xasprintf("%s/tests/storage/data/%s", src ? src : ".", name);
	CLEANUP(freep) char *text = NULL;
	size_t len;

	assert_int_equal(0, fs_read_file(path, 1 << 20, &text, &len));
	g->n = 0;
	for (char *at = text; *at;) {
		size_t n = strcspn(at, "\n");

		assert_true(g->n < GOLDEN_MAX);
		g->batch[g->n++] = buf_of_hex(at, n);
		at += n + (at[n] == '\n');
	}
}

static inline struct buf *golden_copy(const struct golden *g, int i)
{
	struct buf *b = buf_new(g->batch[i]->len);

	assert_non_null(b);
	memcpy(b->data, g->batch[i]->data, g->batch[i]->len);
	b->len = g->batch[i]->len;
	return b;
}

static inline void golden_free(struct golden *g)
{
	for (int i = 0; i < g->n; i++)
		buf_unref(g->batch[i]);
	g->n = 0;
}

#endif
