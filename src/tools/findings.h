/* findings.h - what a dump has found wrong: pairs of numbers by file, printed after all files.
 *
 * Owner: the tool. Memory is bounded: beyond a megabyte pairs go to a temporary file.
 * Thread: main. Layer: tools.
 */
#ifndef TOOLS_FINDINGS_H
#define TOOLS_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct pair {
	int64_t a, b;
};

struct pairs;

struct findings {
	struct finding {
		char *path;
		struct pairs *pairs;
	} *v;
	size_t n, cap;
};

#define FINDINGS_INIT                                                                              \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

void findings_add(struct findings *f, const char *path, int64_t a, int64_t b);
void findings_fini(struct findings *f);

/* Calls `file` with each path and then `pair` with its pairs, the newest first when `reversed`. Files come in the order of
 * the hash table that Kafka's tool has them in. */
void findings_each(const struct findings *f, bool reversed, void (*file)(const char *path),
	void (*pair)(struct pair p));

#endif
