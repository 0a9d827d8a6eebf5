/* checkpoint.c - see checkpoint.h. The reader works on the whole file in memory: these files are small. */
#include "storage/checkpoint.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

struct lines {
	const char *p, *end;
};

/* The next line without its end; false at the end of the text. A last line needs no end. */
static bool lines_next(struct lines *l, struct str *ret)
{
	const char *at = l->p;

	if (at == l->end)
		return false;
	while (l->p < l->end && *l->p != '\n' && *l->p != '\r')
		l->p++;
	*ret = (struct str){ at, (int32_t)(l->p - at) };
	if (l->p < l->end && *l->p++ == '\r' && l->p < l->end && *l->p == '\n')
		l->p++;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Splits at runs of white space. Blanks at the end do not count, blanks in front make an empty first column
 * (java.lang.String.split). Returns the number of columns, at most `max` + 1. */
static int split(struct str line, struct str *ret, int max)
{
	const char *p = line.p, *end = line.p + line.len;
	int n = 0;

	while (end > p && is_blank(end[-1]))
		end--;
	while (n <= max) {
		const char *at = p;

		while (p < end && !is_blank(*p))
			p++;
		if (n < max)
			ret[n] = (struct str){ at, (int32_t)(p - at) };
		n++;
		if (p == end)
			break;
		while (p < end && is_blank(*p))
			p++;
	}
	return n;
}

static int read_rows(struct lines *l, int columns, int64_t expected,
    int (*row)(void *arg, const struct str *columns), void *arg)
{
	struct str line, col[CHECKPOINT_COLUMNS_MAX];
	int64_t n = 0;
	int r;

	while (lines_next(l, &line)) {
		if (split(line, col, columns) != columns)
			return FAIL(-EIO);
		r = row(arg, col);
		if (r < 0)
			return FAIL(r);
		n++;
	}
	if (n != expected)
		return FAIL(-EIO);
	return 0;
}

int checkpoint_read(const char *path, int columns, int (*row)(void *arg, const struct str *columns),
    void *arg)
{
	CLEANUP(freep) char *text = NULL;
	struct lines l;
	struct str line;
	int64_t version, expected;
	size_t len;
	int r;

	assert(columns >= 1 && columns <= CHECKPOINT_COLUMNS_MAX);
	r = fs_read_file(path, CHECKPOINT_SIZE_MAX, &text, &len);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return FAIL(r == -EFBIG ? -EIO : r);
	l = (struct lines){ text, text + len };
	if (!lines_next(&l, &line))
		return 0;
	if (!str_to_i64(line, INT32_MIN, INT32_MAX, &version) || version != 0)
		return FAIL(-EIO);
	if (!lines_next(&l, &line))
		return 0;
	if (!str_to_i64(line, 0, INT32_MAX, &expected))
		return FAIL(-EIO);
	return read_rows(&l, columns, expected, row, arg);
}

void checkpoint_add(struct checkpoint *c, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(n >= 0);
	c->rows = grow_array(c->rows, &c->cap, c->len + (size_t)n + 1, 1);
	va_start(ap, fmt);
	(void)vsnprintf(c->rows + c->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	c->len += (size_t)n;
	c->rows[c->len++] = '\n';
	c->n++;
}

int checkpoint_write(const struct checkpoint *c, const char *path)
{
	CLEANUP(freep) char *head = xasprintf("0\n%zu\n", c->n);
	size_t head_len = strlen(head);
	CLEANUP(freep) char *text = xmalloc(head_len + c->len + 1);
	int r;

	memcpy(text, head, head_len);
	if (c->len > 0)
		memcpy(text + head_len, c->rows, c->len);
	r = fs_replace_file(path, text, head_len + c->len);
	if (r < 0)
		return FAIL(r);
	return 0;
}

void checkpoint_fini(struct checkpoint *c)
{
	free(c->rows);
	*c = (struct checkpoint)CHECKPOINT_INIT;
}

int checkpoint_create(const char *path)
{
	struct file *f;
	int r;

	r = file_open(path, O_WRONLY | O_CREAT, 0644, &f);
	if (r < 0)
		return FAIL(r);
	file_unref(f);
	return 0;
}
