/* keeper_record.c - numbers are big-endian, lengths are int32, null is -1. */
#include "tools/keeper_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void keeper_acls_add(struct keeper_acls *l, int32_t perms, struct str scheme, struct str id)
{
	l->v = grow_array(l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = (struct keeper_acl){perms, xstrndup(scheme.p, (size_t)MAX(scheme.len, 0)),
		xstrndup(id.p, (size_t)MAX(id.len, 0))};
}

void keeper_acls_fini(struct keeper_acls *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].scheme);
		free(l->v[i].id);
	}
	free(l->v);
	*l = (struct keeper_acls){NULL, 0, 0};
}

void keeper_names_add(struct keeper_names *l, struct str name)
{
	l->v = grow_array(l->v, &l->cap, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = xstrndup(name.p, (size_t)MAX(name.len, 0));
}

/* By UTF-16 units: characters beyond the first plane come before the last of that plane. */
static uint32_t rank_of(uint32_t code)
{
	return code >= 0x10000 ? 0xd800 : code >= 0xe000 ? code + 0x10000 : code;
}

static int by_java_order(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	while (*x && *y) {
		uint32_t p, q;
		int n = utf8_decode(x, strlen(x), &p), m = utf8_decode(y, strlen(y), &q);

		if (rank_of(p) != rank_of(q))
			return rank_of(p) < rank_of(q) ? -1 : 1;
		if (p != q)
			return p < q ? -1 : 1;
		x += abs(n);
		y += abs(m);
	}
	return *x ? 1 : *y ? -1 : 0;
}

void keeper_names_sort(struct keeper_names *l)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), by_java_order);
}

void keeper_names_fini(struct keeper_names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct keeper_names){NULL, 0, 0};
}

void keeper_put_bool(struct writer *w, bool v)
{
	writer_i8(w, v ? 1 : 0);
}

void keeper_put_string(struct writer *w, const char *s)
{
	keeper_put_buffer(w, s, s ? (int32_t)strlen(s) : -1);
}

void keeper_put_buffer(struct writer *w, const void *p, int32_t len)
{
	writer_i32(w, len);
	if (len > 0)
		writer_put(w, p, (size_t)len);
}

void keeper_put_acls(struct writer *w, const struct keeper_acls *l)
{
	writer_i32(w, (int32_t)l->n);
	for (size_t i = 0; i < l->n; i++) {
		writer_i32(w, l->v[i].perms);
		keeper_put_string(w, l->v[i].scheme);
		keeper_put_string(w, l->v[i].id);
	}
}

void keeper_put_names(struct writer *w, const struct keeper_names *l)
{
	writer_i32(w, (int32_t)l->n);
	for (size_t i = 0; i < l->n; i++)
		keeper_put_string(w, l->v[i]);
}

struct bytes keeper_take_buffer(struct cursor *c)
{
	int32_t len = cur_i32(c);
	const uint8_t *p;

	if (c->bad || len < 0)
		return BYTES_NULL;
	p = cur_take(c, (size_t)len);
	return p ? (struct bytes){p, len} : BYTES_NULL;
}

struct str keeper_take_string(struct cursor *c)
{
	struct bytes b = keeper_take_buffer(c);

	return (struct str){(const char *)b.p, b.len};
}

void keeper_take_stat(struct cursor *c, struct keeper_stat *ret)
{
	ret->czxid = cur_i64(c);
	ret->mzxid = cur_i64(c);
	ret->ctime = cur_i64(c);
	ret->mtime = cur_i64(c);
	ret->version = cur_i32(c);
	ret->cversion = cur_i32(c);
	ret->aversion = cur_i32(c);
	ret->ephemeral_owner = cur_i64(c);
	ret->data_length = cur_i32(c);
	ret->num_children = cur_i32(c);
	ret->pzxid = cur_i64(c);
}

/* How many elements follow; each takes 4 bytes at least. */
static int32_t take_count(struct cursor *c, size_t least)
{
	int32_t n = cur_i32(c);

	if (n > 0 && (size_t)n > cur_left(c) / least)
		c->bad = true;
	return c->bad || n < 0 ? 0 : n;
}

void keeper_take_acls(struct cursor *c, struct keeper_acls *ret)
{
	for (int32_t i = take_count(c, 12); i > 0 && !c->bad; i--) {
		int32_t perms = cur_i32(c);
		struct str scheme = keeper_take_string(c), id = keeper_take_string(c);

		keeper_acls_add(ret, perms, scheme, id);
	}
}

void keeper_take_names(struct cursor *c, struct keeper_names *ret)
{
	for (int32_t i = take_count(c, 4); i > 0 && !c->bad; i--)
		keeper_names_add(ret, keeper_take_string(c));
}

/* The rule that is broken between two slashes or by a character (ZooKeeper 3.8, PathUtils); *at counts UTF-16 units. */
static const char *check_characters(const char *path, size_t *at)
{
	size_t len = strlen(path), unit = 1;

	for (size_t i = 1, n; i < len; i += n, unit++) {
		const char *p = path + i;
		bool ends = p[1] == '/' || p[1] == '\0';
		uint32_t code;

		n = (size_t)abs(utf8_decode(p, len - i, &code));
		*at = unit;
		if (code == '/' && p[-1] == '/')
			return "empty node name specified";
		if (code == '.' && ends && (p[-1] == '/' || (p[-1] == '.' && p[-2] == '/')))
			return "relative paths not allowed";
		if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0xd800 && code <= 0xf8ff) ||
			code >= 0xfff0)
			return "invalid character";
	}
	return NULL;
}

int keeper_path_check(const char *path, char **ret_reason)
{
	const char *reason = NULL;
	size_t at;

	if (*path == '\0')
		*ret_reason = xstrdup("Path length must be > 0");
	else if (*path != '/')
		*ret_reason = xstrdup("Path must start with / character");
	else if (path[1] && path[strlen(path) - 1] == '/')
		*ret_reason = xstrdup("Path must not end with / character");
	else if ((reason = check_characters(path, &at)))
		*ret_reason = xasprintf("Invalid path string \"%s\" caused by %s @%zu", path, reason, at);
	else
		return 0;
	return -EINVAL;
}
