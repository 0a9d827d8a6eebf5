/* findings.c - pairs in memory, and in a temporary file when there are many. */
#include "tools/findings.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/str.h"
#include "tools/scala_hash.h"

#define IN_MEMORY 65536u

struct pairs {
	struct pair *v; /* IN_MEMORY of them: the newest */
	size_t n;
	FILE *file;    /* blocks of IN_MEMORY older ones; NULL: none */
	size_t blocks;
};

/* Without a temporary file the oldest pairs are lost, and that is said. */
static void spill(struct pairs *p)
{
	if (!p->file)
		p->file = tmpfile();
	if (p->file && fwrite(p->v, sizeof(*p->v), p->n, p->file) == p->n)
		p->blocks++;
	else
		perror("findings are left out, no temporary file");
	p->n = 0;
}

static struct pairs *pairs_of(struct findings *f, const char *path)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].path, path) == 0)
			return f->v[i].pairs;
	f->v = grow_array(f->v, &f->cap, f->n + 1, sizeof(*f->v));
	f->v[f->n].path = xstrdup(path);
	f->v[f->n].pairs = xcalloc(1, sizeof(struct pairs));
	f->v[f->n].pairs->v = xcalloc(IN_MEMORY, sizeof(struct pair));
	return f->v[f->n++].pairs;
}

void findings_add(struct findings *f, const char *path, int64_t a, int64_t b)
{
	struct pairs *p = pairs_of(f, path);

	if (p->n == IN_MEMORY)
		spill(p);
	p->v[p->n++] = (struct pair){a, b};
}

void findings_fini(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i].pairs->file)
			fclose(f->v[i].pairs->file);
		free(f->v[i].pairs->v);
		free(f->v[i].pairs);
		free(f->v[i].path);
	}
	free(f->v);
	*f = (struct findings)FINDINGS_INIT;
}

static void each(const struct pair *v, size_t n, bool reversed, void (*fn)(struct pair p))
{
	for (size_t i = 0; i < n; i++)
		fn(v[reversed ? n - 1 - i : i]);
}

static void each_block(const struct pairs *p, bool reversed, void (*fn)(struct pair p))
{
	struct pair *v = xcalloc(IN_MEMORY, sizeof(*v));

	for (size_t i = 0; i < p->blocks; i++) {
		size_t block = reversed ? p->blocks - 1 - i : i;

		if (fseeko(p->file, (off_t)(block * IN_MEMORY * sizeof(*v)), SEEK_SET) == 0)
			each(v, fread(v, sizeof(*v), IN_MEMORY, p->file), reversed, fn);
	}
	free(v);
}

static void each_pair(const struct pairs *p, bool reversed, void (*fn)(struct pair p))
{
	if (!reversed && p->blocks > 0)
		each_block(p, reversed, fn);
	each(p->v, p->n, reversed, fn);
	if (reversed && p->blocks > 0)
		each_block(p, reversed, fn);
}

void findings_each(const struct findings *f, bool reversed, void (*file)(const char *path),
	void (*pair)(struct pair p))
{
	struct scala_table table = SCALA_TABLE_INIT;
	int32_t *hashes = xcalloc(f->n + 1, sizeof(*hashes));
	size_t *order = xcalloc(f->n + 1, sizeof(*order));

	for (size_t i = 0; i < f->n; i++) {
		scala_table_add(&table, true);
		hashes[i] = str_java_hash(str_of(f->v[i].path));
	}
	scala_table_order(&table, hashes, f->n, order);
	for (size_t i = 0; i < f->n; i++) {
		file(f->v[order[i]].path);
		each_pair(f->v[order[i]].pairs, reversed, pair);
	}
	free(order);
	free(hashes);
}
